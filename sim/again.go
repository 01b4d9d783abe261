package sim

import (
	"errors"
	"fmt"
	"time"

	"mailwalk/scenarios"
	"mailwalk/sim/trace"
)

// PlacedAct is an act with its place in a run.
type PlacedAct struct {
	Act
	// Turn is the entry of the queue before which it was done, counted from 1.
	Turn uint64
	// At is when, since the walk's start.
	At time.Duration
}

// ActsOf are the acts from outside that a trace has, in their order.
func ActsOf(t *trace.Trace) []PlacedAct {
	var acts []PlacedAct
	for e := range t.All() {
		b, ok := e.Body.(*trace.ActBody)
		if !ok || b.Turn == 0 {
			continue
		}
		acts = append(acts, PlacedAct{
			Act:  Act{By: b.By, What: e.What, Target: b.Target, Detail: b.Detail, Input: b.Input, Octets: b.Octets, Delay: b.Delay},
			Turn: b.Turn, At: e.At,
		})
	}
	return acts
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
	if len(w.acts) == 0 || w.acts[0].Turn > w.clock.Ran()+1 {
		return false
	}
	a := w.acts[0]
	w.acts = w.acts[1:]
	err := errClosed
	w.clock.Inject(a.At, func() { err = w.do(a.Act) })
	if err != nil {
		w.warn("What was done from outside cannot be done again here: " + err.Error())
	}
	return true
}
