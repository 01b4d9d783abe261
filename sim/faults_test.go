package sim

import (
	"context"
	"strings"
	"testing"
	"time"

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
		{"the next one passes it", data + " nth=3, does: reorder", map[string]int{"packet.reordered": 1, "packet.dropped": 0}},
		{"the connection is reset", data + " nth=3, does: reset", map[string]int{
			"packet.dropped": 1, `packet.sent flags~R why!=""`: 2, `packet.sent flags=RA host=mail.acme.test why!=""`: 1, `packet.sent flags=R host=internet why!=""`: 1,
			"mail.deferred": 1, "mail.relayed": 1,
		}},
		{"a reset of what is no TCP", "packet: packet.sent proto=UDP, does: reset", map[string]int{"packet.dropped": 0, `packet.sent why!=""`: 0}},
		{"a reset counts segments alone", "packet: packet.sent host=mail.acme.test dst!=192.0.2.10 nth=1, does: reset", map[string]int{"packet.dropped flags=S": 1, "packet.dropped": 1, "connection.refused": 1}},
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

// TestWhichPackets: a fault hits the packets that a walk means, by all that it can
// say of them, and no other.
func TestWhichPackets(t *testing.T) {
	for _, x := range []struct {
		name, which, how string
		hit              int    // so many; -1 for some
		none             string // no such packet is hit
	}{
		{"by the host that sends", "host=bob-laptop", "", -1, "host!=bob-laptop"},
		{"by a router that passes on", "host=internet", "every: 7", -1, "host!=internet"},
		{"by link", "link=registry-net", "every: 2", -1, "link!=registry-net"},
		{"by interface, out of a router to one host", "from=internet/eth1 to=mail.globex.test/eth0 len>0 nth=1", "", 1, "to!=mail.globex.test/eth0"},
		{"by address and direction", "src=192.0.2.25 dst=198.51.100.25 link=acme-net nth=2", "", 1, "src!=192.0.2.25"},
		{"by the other direction", "src=198.51.100.25 dst=192.0.2.25 link=acme-net nth=2", "", 1, "src!=198.51.100.25"},
		{"by port", "dstPort=110", "every: 3", -1, "dstPort!=110"},
		{"by protocol", "proto=UDP", "every: 4", -1, "proto!=UDP"},
		{"by one flag", "flags~S host=mail.acme.test", "", -1, "flags!~S"},
		{"by all flags", "flags=SA nth=1", "", 1, "flags!=SA"},
		{"by size", "len>500", "", -1, "len<=500"},
		{"by count", "proto=TCP host=mail.acme.test dstPort=25 nth=4", "", 1, "host!=mail.acme.test"},
		{"each so many-th", "dstPort=25 host=mail.acme.test", "every: 5", -1, "dstPort!=25"},
		{"by chance", "dstPort=25", "percent: 20", -1, "dstPort!=25"},
		{"by the connection and the mail", "conn~:25 mail=1", "every: 6", -1, "conn!~:25"},
		{"after a time, in the selector", "at>100ms host=mail.acme.test", "every: 5", -1, "at<=100ms"},
		{"after a time, by anchor", "proto=TCP", "every: 5, at: 200ms", -1, "at<200ms"},
		{"for a time", "proto=UDP", "at: 0s, for: 40ms", -1, "at>40ms"},
		{"after an event", "proto=TCP host=mail.acme.test nth=1", "after: mail.accepted host=mail.acme.test", 1, "host!=mail.acme.test"},
		{"after an event and a wait", "proto=TCP dstPort=25 nth=1", "after: connection.opened service=smtp, wait: 5ms", 1, "dstPort!=25"},
		{"what is sent again", "analysis=retransmission nth=1", "", 0, "proto!=TCP"},
	} {
		t.Run(x.name, func(t *testing.T) {
			fault := "packet: packet.sent " + x.which + ", does: duplicate"
			if x.how != "" {
				fault += ", " + x.how
			}
			w := runScenario(t, withFaults(t, fault))
			switch hit := times(w.Trace(), "packet.duplicated"); {
			case x.hit >= 0 && hit != x.hit:
				t.Errorf("%d packets were hit, not %d", hit, x.hit)
			case x.hit < 0 && (hit == 0 || hit == times(w.Trace(), "packet.sent")):
				t.Errorf("%d packets were hit", hit)
			}
			if n := times(w.Trace(), "packet.duplicated "+x.none); n != 0 {
				t.Errorf("%d of them were not meant: %s", n, x.none)
			}
			if !compared(t, w).Same {
				t.Error("the mail arrived changed")
			}
		})
	}
}

// TestFaultsTogether: what several faults do to a packet is done together.
func TestFaultsTogether(t *testing.T) {
	const third = "packet: packet.sent dstPort=25 len>0 host=mail.acme.test nth=3, does: "
	w := runScenario(t, withFaults(t, third+"delay, by: 3s", third+"duplicate", third+"delay, by: 1s"))
	for _, s := range []string{"packet.delayed", "packet.duplicated"} {
		if n := times(w.Trace(), s); n != 1 {
			t.Errorf("%s: %d times", s, n)
		}
	}
	sent := trace.MustSelector("packet.sent dstPort=25 len>0 host=mail.acme.test nth=3")
	left, at, came := 3, w.Trace().At(1), 0
	for e := range w.Trace().All() {
		if sent.Match(e) {
			if left--; left == 0 {
				at = e
			}
		}
		if b, ok := e.Body.(*trace.PacketBody); ok && left <= 0 && e.What == trace.Delivered && b.Frame == at.Body.(*trace.PacketBody).Frame {
			came++
			if e.At-at.At < 4*time.Second {
				t.Errorf("it arrives after %v", e.At-at.At)
			}
		}
	}
	if came != 2 {
		t.Errorf("it arrives %d times", came)
	}
}

// TestFaultsBehindEvents: a host crashes right behind an event, a link is mended, and
// a zone changes: who has asked before keeps what he has learnt.
func TestFaultsBehindEvents(t *testing.T) {
	w := runScenario(t, withFaults(t, "host: mail.globex.test, does: crash, after: mail.accepted host=mail.globex.test"))
	crash := 0
	for e := range w.Trace().All() {
		if e.Kind == trace.Act && e.What == CrashHost {
			crash++
			if before := w.Trace().At(e.Seq - 1); e.Causes[0] >= e.Seq || e.At != before.At || w.Trace().At(e.Causes[0]).What != trace.Accept {
				t.Errorf("it comes of %v", e.Causes)
			}
		}
	}
	if crash != 1 || times(w.Trace(), "state.host") != 2 || !compared(t, w).Same {
		t.Errorf("it crashes %d times", crash)
	}
	w = runScenario(t, withFaults(t, "link: globex-net, does: cut, after: connection.opened service=smtp", "link: globex-net, does: mend, after: connection.opened service=smtp, wait: 20s"))
	if times(w.Trace(), "act.mend") != 1 || times(w.Trace(), "packet.dropped") == 0 || !compared(t, w).Same {
		t.Error("the link was not mended")
	}
	const zone = `"$TTL 3600\n@ SOA ns hostmaster 2 7200 3600 1209600 3600\n@ NS ns\n@ MX 10 other\nns A 198.51.100.54\nother A 198.51.100.25\n"`
	for after, moved := range map[string]int{"lookup.asked name=globex.test. type=MX": 1, "lookup.cached name=globex.test. type=MX": 0} {
		w = runScenario(t, withFaults(t, "zone: globex.test, does: change, after: "+after+", records: "+zone))
		if n := times(w.Trace(), "lookup.resolved name=other.globex.test. type=A"); n != moved {
			t.Errorf("after %s the new host is found %d times, not %d", after, n, moved)
		}
	}
}
