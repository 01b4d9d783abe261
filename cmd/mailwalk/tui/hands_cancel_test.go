package tui

import (
	"context"
	"io"
	"testing"

	tea "charm.land/bubbletea/v2"

	"mailwalk/sim/lab"
)

// slowBench is a world on which whatever is done takes until it is called off.
type slowBench struct {
	*sample
	begun chan struct{}
}

func (slowBench) Verbs(uint64) []lab.Verb {
	return []lab.Verb{{Name: "off", Words: "switch it off", Past: true}}
}

func (b slowBench) Do(ctx context.Context, _ uint64, _, _ string, p lab.Progress) (lab.Outcome, error) {
	p(37, 100)
	close(b.begun)
	<-ctx.Done()
	return lab.Outcome{}, ctx.Err()
}

func (slowBench) Undo(context.Context, lab.Progress) error        { return nil }
func (slowBench) Redo(context.Context, lab.Progress) error        { return nil }
func (slowBench) Switch(context.Context, int, lab.Progress) error { return nil }
func (slowBench) Deeds() []lab.Deed                               { return nil }
func (slowBench) Runs() []lab.Run                                 { return []lab.Run{{Name: "run 1", From: -1, Current: true}} }
func (slowBench) Difference(int, int) (lab.Difference, bool)      { return lab.Difference{}, false }
func (slowBench) Save(io.Writer) error                            { return nil }

// A fork shows how far it is, lets one look around, and is called off with esc.
func TestAForkIsCalledOff(t *testing.T) {
	begun := make(chan struct{})
	r := newRobot(t, slowBench{firstLetter(), begun}, 120, 40, Options{Theme: Dark})
	r.step(3).press("a").sees("what can be done here", "switch it off")
	_, cmd := r.m.Update(special["enter"])
	over := make(chan tea.Msg, 1)
	go func() { over <- cmd() }()
	<-begun
	r.sees("making the run again 37 %").press("u").sees("The run is still being made again; esc stops that")
	r.press("b").sees("looking back").press("esc")
	r.tell(<-over)
	r.sees("All is as it was").misses("making the run again")
}
