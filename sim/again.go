package sim

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"mailwalk/scenarios"
	"mailwalk/sim/trace"
)

// PlacedAct is an act with its place in a run.
type PlacedAct struct {
	Act
	// Turn is the entry of the queue before which it was done, counted from 1. It is
	// 0 for an act that is done by its time alone, as soon as all of that time and
	// before has happened: in a run that has become another, the turns are others
	// too. What a visitor says who is gone by then is left out.
	Turn uint64
	// At is when, since the walk's start.
	At time.Duration
}

// ActsOf are the acts from outside that a trace has, in their order.
func ActsOf(t *trace.Trace) []PlacedAct {
	var acts []PlacedAct
	for e := range t.All() {
		if a, ok := ActOf(e); ok {
			acts = append(acts, a)
		}
	}
	return acts
}

// ActOf is the act from outside that an event tells of, if it tells of one.
func ActOf(e *trace.Event) (a PlacedAct, ok bool) {
	b, ok := e.Body.(*trace.ActBody)
	if !ok || b.Turn == 0 {
		return a, false
	}
	return PlacedAct{
		Act:  Act{By: b.By, What: e.What, Target: b.Target, Detail: b.Detail, Input: b.Input, Octets: b.Octets, Delay: b.Delay},
		Turn: b.Turn, At: e.At,
	}, true
}

// Again makes the world of a recorded run once more: the same walk, seed and
// input, and what was done to it from outside is done again at its place. The
// trace is the same, if the program is.
func Again(t *trace.Trace, build string) (*World, error) {
	sc, err := scenarios.Parse(t.Header.Name+".yaml", []byte(t.Header.Scenario))
	if err != nil {
		return nil, fmt.Errorf("the walk in the trace: %w", err)
	}
	g := t.Header.Given
	o := Options{
		Seed: &t.Header.Seed, Build: build, Doors: g.Doors, Idle: g.Idle, Wire: g.Wire,
		From: g.From, To: g.To, Subject: g.Subject, Text: g.Text, Acts: ActsOf(t),
	}
	if o.Wire == Loopback {
		return nil, errors.New("it was run on the loopback wire, where the machine's own timing has a say: it cannot be run again the same way")
	}
	if g.Message != "" {
		if o.Message, err = inputOf(t, g.Message); err != nil {
			return nil, err
		}
	}
	for _, name := range g.Attach {
		f, err := inputOf(t, name)
		if err != nil {
			return nil, err
		}
		o.Attach = append(o.Attach, *f)
	}
	return New(sc, o)
}

func inputOf(t *trace.Trace, name string) (*File, error) {
	for _, in := range t.Header.Inputs {
		if in.Name == name {
			content, ok := t.Bodies.Get(in.ID)
			if !ok {
				return nil, fmt.Errorf("the trace has lost the content of %s", name)
			}
			return &File{Name: name, Content: content}, nil
		}
	}
	return nil, fmt.Errorf("the trace does not have the file %s", name)
}

// playActs does the next recorded act, if its place is here.
func (w *World) playActs() bool {
	if len(w.acts) == 0 || !w.actDue(w.acts[0]) {
		return false
	}
	a := w.acts[0]
	w.acts[0] = PlacedAct{} // what visitors have said may be much
	w.acts = w.acts[1:]
	if a.Turn == 0 && w.gone(a.Target) {
		w.missed = append(w.missed, a)
		return true
	}
	err := errClosed
	w.clock.Inject(a.At, func() { err = w.do(a.Act) })
	if err != nil {
		w.warn("What was done from outside cannot be done again here: " + err.Error())
	}
	return true
}

// actDue tells whether the place of a recorded act is here.
func (w *World) actDue(a PlacedAct) bool {
	if a.Turn > 0 {
		return a.Turn <= w.clock.Ran()+1
	}
	next, more := w.clock.Next()
	return !more || next > a.At
}

// Ran is the number of entries of the queue that have run.
func (w *World) Ran() uint64 { return w.clock.Ran() }

// Missed are the acts of Options.Acts that were left out, since the visitor had gone.
func (w *World) Missed() []PlacedAct { return slices.Clone(w.missed) }

// Ahead are the acts of Options.Acts that are still to be done.
func (w *World) Ahead() []PlacedAct { return slices.Clone(w.acts) }
