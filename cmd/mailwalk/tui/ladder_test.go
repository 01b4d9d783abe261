package tui

import (
	"strconv"
	"strings"
	"testing"

	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

func TestLadders(t *testing.T) {
	moments := []struct {
		name  string
		grain explain.Grain
		act   func(r *robot)
	}{
		{"hop", explain.HopGrain, func(r *robot) { r.stepTo("what arrived is").back(3) }},
		{"line", explain.LineGrain, func(r *robot) { r.stepTo("accepts the recipient").step(2).back(1) }},
		{"look-up", explain.LineGrain, func(r *robot) { r.stepTo("asks ns.globex.test").step(1) }},
		{"packet", explain.PacketGrain, func(r *robot) { r.stepTo("hands over the content").step(4) }},
	}
	for _, size := range [][2]int{{58, 8}, {78, 16}, {118, 30}, {198, 30}} {
		for _, m := range moments {
			r := newRobot(t, firstLetter(), 120, 40, Options{Grain: m.grain})
			m.act(r)
			name := "ladder-" + m.name + "-" + strconv.Itoa(size[0]) + "x" + strconv.Itoa(size[1]) + ".txt"
			golden(t, name, r.drawn(ladderPane, size[0], size[1]))
		}
	}
	r := newRobot(t, firstLetter(), 120, 40, Options{Grain: explain.PacketGrain, ASCII: true})
	golden(t, "ladder-ascii.txt", r.stepTo("hands over the content").step(4).drawn(ladderPane, 78, 20))
	r = newRobot(t, Recorded(trip()), 120, 40, Options{Grain: explain.PacketGrain, Walk: Walk{Network: twoOffices()}})
	golden(t, "ladder-trouble.txt", r.step(18).drawn(ladderPane, 118, 22))
}

// j and k go from arrow to arrow, over what happens on one host.
func TestArrowToArrow(t *testing.T) {
	r := open(t).stepTo("names a recipient")
	at := r.m.now
	r.press("4", "k")
	if e := r.m.event; e.Seq >= at || e.Kind != trace.Line {
		t.Errorf("k went to event %d, %s", e.Seq, explain.Text(e))
	}
	r.press("j")
	if r.m.now != at {
		t.Errorf("j went to event %d and not back to %d", r.m.now, at)
	}
	r.press("j")
	if r.m.now != at {
		t.Errorf("j went to event %d, which has not been seen", r.m.now)
	}
	r.sees("No arrow comes after this one yet")
	r.times(200, "k").sees("No arrow comes before this one")
}

// A click goes to the step of a row, and nowhere on a row of none.
func TestClickOnAnArrow(t *testing.T) {
	r := open(t).stepTo("names a recipient").press("4")
	l := r.m.panes[ladderPane].(*ladder)
	rows := strings.Split(r.drawn(ladderPane, 100, 20), "\n")
	for y, row := range rows {
		if strings.Contains(row, "MAIL FROM") {
			l.click(r.m, 5, y)
		}
	}
	if b, ok := r.m.event.Body.(*trace.LineBody); !ok || b.Verb != "MAIL" {
		t.Errorf("the click went to %s", explain.Text(r.m.event))
	}
	at := r.m.now
	l.click(r.m, 5, 0)
	l.click(r.m, 5, 99)
	if r.m.now != at {
		t.Error("a click on no arrow went somewhere")
	}
}

// The two hosts of the moment are seen in any width, with the moment's row marked.
func TestTheMomentIsInTheLadder(t *testing.T) {
	r := newRobot(t, firstLetter(), 120, 40, Options{Grain: explain.PacketGrain})
	for range 150 {
		r.step(1)
		for _, w := range []int{58, 78, 118} {
			text := r.drawn(ladderPane, w, 12)
			it := r.m.panes[ladderPane].(*ladder).item(r.m.event)
			for _, name := range []string{it.from, it.to} {
				if name != "" && it.form != remark && !strings.Contains(strings.SplitN(text, "\n", 2)[0], name[:8]) {
					t.Fatalf("event %d: %s is not seen:\n%s", r.m.now, name, text)
				}
			}
			if strings.Count(text, "\n▶") != 1 {
				t.Fatalf("event %d is not marked:\n%s", r.m.now, text)
			}
		}
	}
}

// Looking back, what is later is drawn but not the moment's, and what was never
// seen is not drawn.
func TestLadderShowsNothingUnseen(t *testing.T) {
	r := open(t).stepTo("names a recipient")
	if text := r.drawn(ladderPane, 100, 40); strings.Contains(text, "DATA") {
		t.Errorf("what comes next is seen:\n%s", text)
	}
	r.back(2)
	if text := r.drawn(ladderPane, 100, 40); !strings.Contains(text, "RCPT TO") {
		t.Errorf("what was seen is gone:\n%s", text)
	}
	r.press("R")
	if text := r.drawn(ladderPane, 100, 40); strings.Contains(text, "\n▶") {
		t.Errorf("a row is marked before the beginning:\n%s", text)
	}
}
