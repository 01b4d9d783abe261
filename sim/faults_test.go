package sim

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"go.uber.org/goleak"

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

// TestRandomFaults: whatever goes wrong in the network, the walk comes to an end,
// no octet of a stream is wrong, the letter arrives or its sender is told, nothing
// is left behind, and it all happens again in the same way.
func TestRandomFaults(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	for range 60 {
		var faults []string
		for range 1 + r.IntN(4) {
			match := "packet: packet.sent " + pick("dstPort=25", "srcPort=25", "dstPort=587", "srcPort=110", "dstPort=53", "srcPort=53", "proto=TCP", "proto=UDP", "len>0")
			how := pick("every: 3", "every: 10", "percent: 5", "percent: 30", "percent: 70")
			does := pick("drop", "duplicate", "corrupt", "delay")
			if does == "delay" {
				does += ", by: " + pick("1ms", "300ms", "7s")
			}
			faults = append(faults, fmt.Sprintf("%s, does: %s, %s%s", match, does, how, pick("", ", for: 1m", ", at: 50ms", ", at: 10m")))
		}
		sc := withFaults(t, faults...)
		print1, fate := fateUnder(t, sc)
		print2, _ := fateUnder(t, sc)
		if fate == "" {
			t.Errorf("seed %d: the letter is lost: %q", seed, faults)
		}
		if print1 != print2 {
			t.Errorf("seed %d: not twice the same: %q", seed, faults)
		}
	}
}

func fateUnder(t *testing.T, sc *scenarios.Scenario) (print, fate string) {
	w, err := New(sc, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; w.Step(); i++ {
		if i > 1e6 {
			t.Fatal("the walk does not end")
		}
	}
	checkStreams(t, w.Trace())
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	return fingerprint(t, w.Trace()), fateOf(w.Trace())
}

// checkStreams: what was heard on a connection is the beginning of what was said.
func checkStreams(t *testing.T, tr *trace.Trace) {
	said := map[stream]map[int64]string{}
	for e := range tr.All() {
		b, ok := e.Body.(*trace.LineBody)
		if !ok {
			continue
		}
		text := b.Text
		if b.Content != nil {
			text = string(b.Content.ID)
		}
		s := stream{conn: e.Conn, fromServer: b.FromServer}
		if said[s] == nil {
			said[s] = map[int64]string{}
		}
		if e.What == trace.Sent {
			said[s][b.From] = text
		} else if got, ok := said[s][b.From]; !ok || got != text {
			t.Errorf("event %d: heard %q, said was %q", e.Seq, text, got)
		}
	}
}
