package lab

import (
	"context"
	"testing"

	"mailwalk/scenarios"
	"mailwalk/sim"
	"mailwalk/sim/trace"
)

// TestFilesAreGivenUp: what a long trace has put into a file can be read until another
// run was put in its place twice, or the lab is closed.
func TestFilesAreGivenUp(t *testing.T) {
	sc, err := scenarios.Load("five-days")
	if err != nil {
		t.Fatal(err)
	}
	l, err := Open(sc, sim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	l.Trace().Limit(1)
	toEnd(l)
	first := l.Trace() // what came first is in a file
	readable := func(tr *trace.Trace, want bool) {
		t.Helper()
		if got := tr.At(1) != nil; got != want {
			t.Errorf("the first event can be read: %v, not %v", got, want)
		}
	}
	// At the present the trace goes on; what is taken back puts another in its place.
	do(t, l, first.Len(), "off", "")
	for _, step := range []func(context.Context, Progress) error{l.Undo, l.Redo} {
		readable(first, true)
		if err := step(context.Background(), nil); err != nil {
			t.Fatal(err)
		}
	}
	readable(first, false)
	again := l.Trace()
	readable(again, true)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	readable(again, true) // it was short enough for memory
}
