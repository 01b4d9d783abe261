package sim

import (
	"context"
	"strings"
	"testing"

	"mailwalk/scenarios"
	"mailwalk/sim/trace"
)

// withFaults is first-letter with faults.
func withFaults(t *testing.T, faults ...string) *scenarios.Scenario {
	t.Helper()
	sc, err := scenarios.Load("first-letter")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(sc.Source), "\nnotes:\n", "\nfaults:\n  - {"+strings.Join(faults, "}\n  - {")+"}\n\nnotes:\n", 1)
	sc, err = scenarios.Parse("first-letter.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

func runScenario(t *testing.T, sc *scenarios.Scenario) *World {
	t.Helper()
	w, err := New(sc, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := w.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	return w
}

// times counts what a selector matches.
func times(tr *trace.Trace, selector string) int {
	s, n := trace.MustSelector(selector), 0
	for e := range tr.All() {
		if s.Match(e) {
			n++
		}
	}
	return n
}

// TestFaults: what the walk has go wrong goes wrong, that often and no more, and
// the mail arrives all the same.
func TestFaults(t *testing.T) {
	const data = "packet: packet.sent dstPort=25 len>0 host=mail.acme.test"
	for _, x := range []struct {
		name  string
		fault string
		count map[string]int
	}{
		{"the third data segment is lost", data + " nth=3, does: drop", map[string]int{"packet.dropped": 1}},
		{"it arrives late", data + " nth=3, does: delay, by: 3s", map[string]int{"packet.delayed": 1}},
		{"it arrives twice", data + " nth=3, does: duplicate", map[string]int{"packet.duplicated": 1}},
		{"it is damaged", data + " nth=3, does: corrupt", map[string]int{"packet.corrupted": 1}},
		{"the link is cut for a while", "link: globex-net, does: cut, after: connection.opened dstPort=25, for: 20s", nil},
		{"a server is off for a while", "host: mail.globex.test, does: off, at: 0s, for: 40m", map[string]int{"state.host after=down": 1, "state.host after=up": 1}},
		{"the resolver is off at first", "host: resolver.acme.test, does: off, at: 0s, for: 3s", nil},
		{"queries are lost", "packet: packet.sent dstPort=53 host=resolver.acme.test, does: drop, every: 2", nil},
	} {
		t.Run(x.name, func(t *testing.T) {
			if strings.Contains(x.fault, "connection.opened") {
				x.fault = strings.Replace(x.fault, "dstPort=25", "service=smtp", 1)
			}
			w := runScenario(t, withFaults(t, x.fault))
			for selector, want := range x.count {
				if got := times(w.Trace(), selector); got != want {
					t.Errorf("%s: %d times, want %d", selector, got, want)
				}
			}
			if len(x.count) == 0 && times(w.Trace(), "packet.dropped") == 0 {
				t.Error("nothing was lost")
			}
			if !compared(t, w).Same {
				t.Error("the mail arrived changed")
			}
		})
	}
}
