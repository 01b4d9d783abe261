package lab

import (
	"context"
	"errors"
)

// Outcome is what came of doing something.
type Outcome struct {
	// Forked says that it was done in the past: the current run is a new one, and the
	// old one is kept beside it.
	Forked bool
	// At is the event in the current run that tells of it.
	At uint64
}

// Do does what a verb of an event is. At the present it is done at once. In the
// past it is done in a fork: the world is made again and runs until it is where the
// old one was then, which is checked; there it is done. The new run goes on from
// there and is the current one. An error, and a ctx that ends, leave all as it is;
// an [*ImpossibleError] says that it cannot be done.
func (l *Lab) Do(ctx context.Context, seq uint64, verb, given string, progress Progress) (Outcome, error) {
	l.working.Lock()
	defer l.working.Unlock()
	c, r, err := l.choose(seq, verb)
	if err != nil {
		return Outcome{}, err
	}
	act, err := c.act(given)
	if err != nil {
		return Outcome{}, &ImpossibleError{verb, err}
	}
	if c.where == now {
		l.mu.Lock()
		defer l.mu.Unlock()
		at, err := r.do(act)
		if err != nil {
			return Outcome{}, &ImpossibleError{verb, err}
		}
		r.redo = nil
		return Outcome{At: at}, nil
	}
	fork := l.fork
	if c.where == before {
		fork = l.forkBefore
	}
	n, err := fork(ctx, r, c.seq, progress)
	if err != nil {
		return Outcome{}, err
	}
	n.at = n.trace.Len()
	at, err := n.do(act)
	if err != nil {
		return Outcome{}, errors.Join(&ImpossibleError{verb, err}, n.discard())
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	n.from = l.current
	l.runs = append(l.runs, n)
	l.current = len(l.runs) - 1
	return Outcome{Forked: true, At: at}, l.use(n)
}

// choose finds a verb of an event of the current run that can be done.
func (l *Lab) choose(seq uint64, verb string) (choice, *run, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	r := l.runs[l.current]
	for _, c := range l.choices(r, seq) {
		switch {
		case c.Name != verb:
		case c.Not != "":
			return choice{}, nil, &ImpossibleError{verb, errors.New(c.Not)}
		default:
			return c, r, nil
		}
	}
	return choice{}, nil, &ImpossibleError{verb, errors.New("that is nothing that can be done here")}
}
