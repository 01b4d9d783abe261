package lab

import (
	"context"
	"errors"
	"slices"

	"mailwalk/sim"
)

// Undo takes back what the learner did last in the current run: the run is made
// again without it, to the same moment, or to its end if this one is at its end. A
// ctx that ends leaves all as it is. It returns [ErrNothingToUndo] when nothing was
// done.
func (l *Lab) Undo(ctx context.Context, progress Progress) error {
	l.working.Lock()
	defer l.working.Unlock()
	r := l.now()
	i := r.lastDeed()
	if i < 0 {
		return ErrNothingToUndo
	}
	back := r.acts[i]
	return l.anew(ctx, r, back.seq, nil, func(n *run) {
		n.redo = append(r.redo[:len(r.redo):len(r.redo)], back)
		n.at = min(r.at, back.seq-1)
	}, progress)
}

// Redo does again, at its place, what was taken back last. It returns
// [ErrNothingToRedo] when nothing was, or something else was done since.
func (l *Lab) Redo(ctx context.Context, progress Progress) error {
	l.working.Lock()
	defer l.working.Unlock()
	r := l.now()
	if len(r.redo) == 0 {
		return ErrNothingToRedo
	}
	forth := r.redo[len(r.redo)-1]
	return l.anew(ctx, r, forth.seq, []sim.PlacedAct{forth.PlacedAct}, func(n *run) {
		n.redo = r.redo[:len(r.redo)-1]
		n.at = r.at
	}, progress)
}

// anew has the current run made again, to the same moment, with other acts from
// an event on: what visitors did stays.
func (l *Lab) anew(ctx context.Context, r *run, from uint64, acts []sim.PlacedAct, finish func(n *run), progress Progress) error {
	later, m := r.visitsFrom(from), r.moment()
	n, err := l.make(ctx, plan{
		acts: slices.Concat(r.actsTo(from-1), acts, later),
		there: func(n *run) bool {
			return len(n.world.Ahead()) <= len(later) && m.reached(n)
		},
		like: r, common: from - 1, of: m.ran,
	}, progress)
	if err != nil {
		return err
	}
	n.from = r.from
	finish(n)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.runs[l.current] = n
	l.used[len(l.used)-1] = n // the current run is the latest used
	return errors.Join(r.world.Close(), l.replace(r.trace))
}
