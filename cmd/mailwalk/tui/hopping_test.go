package tui

import (
	"testing"

	"mailwalk/sim/explain"
)

func TestFromHopToHop(t *testing.T) {
	r := newRobot(t, firstLetter(), 120, 40, Options{Grain: explain.PacketGrain, Theme: Dark})
	r.press("{").sees("No hop has begun before this")
	var begins []uint64
	for range 4 {
		r.press("}").misses("looking back")
		if !beginsHop(r.m.event) {
			t.Fatalf("at event %d no hop begins", r.m.now)
		}
		begins = append(begins, r.m.now)
	}
	r.press("}").sees("No other hop begins: the walk is over").at(begins[3])
	r.press("space").press("{").at(begins[3]).press("{").at(begins[2]).press("{", "{").at(begins[0])
	r.press("{").sees("No hop has begun").press("}").at(begins[1])
	// A breakpoint on the way stops it, as it stops a run.
	r.orders("break lookup.referral").press("}").sees("Stopped at")
	if r.m.event.What != "referral" || r.m.now > begins[2] {
		t.Errorf("stopped at event %d, %s", r.m.now, explain.Text(r.m.event))
	}
	r.press("}", "}").at(begins[2])
}

func TestAHopIsFoundAmongManyEvents(t *testing.T) {
	s := firstLetter()
	for s.Step() {
	}
	r := newRobot(t, Recorded(s.t), 80, 24, Options{Grain: explain.MailGrain})
	r.press("G").times(4, "}").press("R").times(2, "}").sees("looking back")
	if r.m.event.Hop != "1.2" {
		t.Errorf("the second hop is %q", r.m.event.Hop)
	}
}
