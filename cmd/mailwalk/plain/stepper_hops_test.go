package plain

import (
	"context"
	"io"
	"testing"

	"mailwalk/sim/explain"
)

func TestFromHopToHop(t *testing.T) {
	s := newStepper(context.Background(), newSlowly(), io.Discard, StepOptions{Grain: explain.PacketGrain})
	if reason := s.previousHop(""); reason == "" {
		t.Error("before the beginning a hop begins")
	}
	var begins []uint64
	for s.nextHop(""); !s.over; s.nextHop("") {
		begins = append(begins, s.now)
		if !beginsHop(s.trace.At(s.now)) {
			t.Fatalf("at event %d no hop begins", s.now)
		}
	}
	want := 0
	for e := range s.trace.All() {
		if beginsHop(e) {
			want++
		}
	}
	if len(begins) != want || want < 2 {
		t.Fatalf("%d of %d hops were gone to", len(begins), want)
	}
	for i := len(begins) - 1; i >= 0; i-- {
		if s.previousHop(""); s.now != begins[i] {
			t.Errorf("back at event %d, not at %d", s.now, begins[i])
		}
	}
	if s.nextHop(""); s.now != begins[1] {
		t.Errorf("on again at event %d, not at %d", s.now, begins[1])
	}
}
