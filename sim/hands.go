package sim

import (
	"fmt"
	"time"

	"mailwalk/sim/trace"
	"mailwalk/sim/wire/virtual"
)

// What follows are the hands of a learner in the world: between two steps, a
// packet on its way can be held, lost, put off, doubled or spoiled. Each is
// recorded.

// Flying lists the frames that are under way, the next to arrive first.
func (w *World) Flying() []virtual.Flying { return w.net.Flying() }

// Hold keeps a frame from arriving until Release.
func (w *World) Hold(frame uint64) error {
	return w.hand("hold", frame, "", w.net.Hold(frame))
}

// Release lets a frame that is held go the rest of its way.
func (w *World) Release(frame uint64) error {
	return w.hand("release", frame, "", w.net.Release(frame))
}

// Drop takes a frame off its link.
func (w *World) Drop(frame uint64) error {
	return w.hand("drop", frame, "", w.net.Lose(frame, byHand))
}

// Delay has a frame arrive later by d.
func (w *World) Delay(frame uint64, d time.Duration) error {
	return w.hand("delay", frame, d.String(), w.net.PutOff(frame, d, byHand))
}

// Duplicate sends a frame once more.
func (w *World) Duplicate(frame uint64) error {
	return w.hand("duplicate", frame, "", w.net.Double(frame, byHand))
}

// Corrupt flips a bit of a frame.
func (w *World) Corrupt(frame uint64) error {
	return w.hand("corrupt", frame, "", w.net.Spoil(frame, 1, byHand))
}

// Cut takes a link apart, or mends it.
func (w *World) Cut(link string, cut bool) error {
	if err := w.net.Cut(link, cut); err != nil {
		return err
	}
	verb := map[bool]string{true: "cut", false: "mend"}[cut]
	w.recorder.Record(trace.Event{What: verb, Body: &trace.ActBody{By: learner, Target: link}})
	return nil
}

const (
	learner = "learner"
	byHand  = "the learner has it so"
)

// hand records what was done by hand, if it was.
func (w *World) hand(verb string, frame uint64, detail string, err error) error {
	if err == nil {
		w.recorder.Record(trace.Event{What: verb, Body: &trace.ActBody{By: learner, Target: fmt.Sprintf("frame %d", frame), Detail: detail}})
	}
	return err
}
