package sim

import (
	"testing"
	"time"

	"mailwalk/scenarios"
	"mailwalk/sim/trace"
)

// untilFlying steps until a TCP segment with data for a port is under way, and
// returns its frame.
func untilFlying(t *testing.T, w *World, port uint16) uint64 {
	t.Helper()
	for {
		for _, f := range w.Flying() {
			for e := range w.Trace().All() {
				b, ok := e.Body.(*trace.PacketBody)
				if ok && b.Frame == f.Frame && e.What == trace.Sent && b.Head.DstPort == port && b.Head.Len > 100 {
					return f.Frame
				}
			}
		}
		if !w.Step() {
			t.Fatal("no such packet")
		}
	}
}

// TestActs: what a learner does to a packet has the effect that it has on a
// network, and the mail arrives.
func TestActs(t *testing.T) {
	for _, x := range []struct {
		name string
		do   func(w *World, frame uint64) error
		want []string
	}{
		{"drop", func(w *World, f uint64) error { return w.Do(Act{By: Learner, What: DropFrame, Target: Frame(f)}) }, []string{"packet.dropped", "act.drop"}},
		{"duplicate", func(w *World, f uint64) error { return w.Do(Act{By: Learner, What: DuplicateFrame, Target: Frame(f)}) }, []string{"packet.duplicated"}},
		{"corrupt", func(w *World, f uint64) error { return w.Do(Act{By: Learner, What: CorruptFrame, Target: Frame(f)}) }, []string{"packet.corrupted"}},
		{"delay", func(w *World, f uint64) error {
			return w.Do(Act{By: Learner, What: DelayFrame, Target: Frame(f), Delay: 10 * time.Second})
		}, []string{"packet.delayed"}},
		{"hold and release", func(w *World, f uint64) error {
			if err := w.Do(Act{By: Learner, What: HoldFrame, Target: Frame(f)}); err != nil {
				return err
			}
			for range 50 {
				w.Step()
			}
			return w.Do(Act{By: Learner, What: ReleaseFrame, Target: Frame(f)})
		}, []string{"act.hold", "act.release"}},
		{"hold for ever", func(w *World, f uint64) error { return w.Do(Act{By: Learner, What: HoldFrame, Target: Frame(f)}) }, []string{"act.hold"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			sc, err := scenarios.Load("first-letter")
			if err != nil {
				t.Fatal(err)
			}
			w, err := New(sc, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			frame := untilFlying(t, w, 25)
			if err := x.do(w, frame); err != nil {
				t.Fatal(err)
			}
			for w.Step() {
			}
			for _, s := range x.want {
				if times(w.Trace(), s) != 1 {
					t.Errorf("%s: %d times", s, times(w.Trace(), s))
				}
			}
			if !compared(t, w).Same {
				t.Error("the mail arrived changed")
			}
			again, err := Again(w.Trace(), "")
			if err != nil {
				t.Fatal(err)
			}
			defer again.Close()
			for again.Step() {
			}
			if fingerprint(t, again.Trace()) != fingerprint(t, w.Trace()) {
				t.Error("done again at its place, it is not the same run")
			}
			if err := w.Do(Act{By: Learner, What: DropFrame, Target: Frame(frame)}); err == nil && x.name != "hold for ever" {
				t.Error("a packet that has arrived can be dropped")
			}
		})
	}
}
