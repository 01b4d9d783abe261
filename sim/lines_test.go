package sim

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"mailwalk/scenarios"
	"mailwalk/sim/trace"
)

// faulty is a walk with faults.
func faulty(t *testing.T, walk string, faults ...string) *scenarios.Scenario {
	t.Helper()
	sc, err := scenarios.Load(walk)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(sc.Source), "\nnotes:\n", "\nfaults:\n  - {"+strings.Join(faults, "}\n  - {")+"}\n\nnotes:\n", 1)
	if sc, err = scenarios.Parse(walk+".yaml", []byte(text)); err != nil {
		t.Fatal(err)
	}
	return sc
}

// runOn runs a walk on a wire to its end.
func runOn(t *testing.T, sc *scenarios.Scenario, wire string) *World {
	t.Helper()
	w, err := New(sc, Options{Wire: wire})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := w.Run(ctx); err != nil {
		t.Fatal(err)
	}
	return w
}

var wires = []string{Virtual, Loopback}

// lineFaults are all that can be done to what either end of each protocol says, and
// how often the step is told of.
var lineFaults = []struct{ walk, which string }{
	{"first-letter", "service=submission role=greeting"},
	{"first-letter", "service=submission verb=EHLO role=command"},
	{"first-letter", "service=submission verb=EHLO role=reply nth=1"},
	{"first-letter", "service=submission verb=EHLO role=reply nth=3"},
	{"first-letter", "service=submission verb=AUTH role=command"},
	{"first-letter", "service=submission verb=AUTH role=reply"},
	{"first-letter", "service=smtp verb=MAIL role=command"},
	{"first-letter", "service=smtp verb=RCPT role=command"},
	{"first-letter", "service=smtp verb=RCPT role=reply"},
	{"first-letter", "service=smtp verb=DATA role=command"},
	{"first-letter", "service=smtp verb=DATA role=reply code=354"},
	{"first-letter", "service=smtp role=body"},
	{"first-letter", "service=smtp verb=DATA role=reply code=250"},
	{"first-letter", "service=smtp verb=QUIT role=command"},
	{"first-letter", "service=smtp verb=QUIT role=reply"},
	{"first-letter", "service=pop3 role=greeting"},
	{"first-letter", "service=pop3 verb=PASS role=command"},
	{"first-letter", "service=pop3 verb=UIDL role=command"},
	{"first-letter", "service=pop3 verb=UIDL role=reply nth=1"},
	{"first-letter", "service=pop3 verb=UIDL role=reply nth=2"},
	{"first-letter", "service=pop3 verb=RETR role=reply"},
	{"first-letter", "service=pop3 role=body"},
	{"first-letter", "service=pop3 verb=DELE role=reply"},
	{"imap-two-devices", "service=imap role=greeting"},
	{"imap-two-devices", "service=imap verb=LOGIN role=command"},
	{"imap-two-devices", "service=imap verb=LOGIN role=reply"},
	{"imap-two-devices", "service=imap role=untagged nth=4"},
	{"imap-two-devices", "service=imap verb~FETCH role=command"},
	{"imap-two-devices", "service=imap verb~FETCH role=reply"},
	{"imap-two-devices", "service=imap role=body"},
	{"imap-two-devices", "service=imap verb=LOGOUT role=reply"},
}

var lineVerbs = []string{"drop", "delay, by: 20s", "delay, by: 2h", "duplicate", "corrupt", "answer, with: %s"}

var stepsOf = map[string]string{"drop": trace.Dropped, "delay": trace.Delayed, "duplicate": trace.Duplicated, "corrupt": trace.Corrupted, "answer": trace.Replaced}

// TestLineFaults: whatever is done to whatever either end says, on either wire, the
// walk comes to an end, the trace tells of it once, and the lines in it are the octets
// on the wire.
func TestLineFaults(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	for _, wire := range wires {
		for _, x := range lineFaults {
			for _, verb := range lineVerbs {
				name, _, _ := strings.Cut(verb, ",")
				if name == "answer" {
					if strings.Contains(x.which, "role=command") || strings.Contains(x.which, "role=body") {
						continue
					}
					verb = fmt.Sprintf(verb, refusalOf(x.which))
				}
				which := x.which
				if !strings.Contains(which, "nth=") {
					which += " nth=1"
				}
				t.Run(wire+"/"+which+"/"+verb, func(t *testing.T) {
					sc := faulty(t, x.walk, "line: line.sent "+which+", does: "+verb)
					w, err := New(sc, Options{Wire: wire})
					if err != nil {
						t.Fatal(err)
					}
					var octets *streams
					if wire == Virtual {
						octets = watchStreams(w)
					}
					began := time.Now()
					ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
					defer cancel()
					if err := w.Run(ctx); err != nil {
						t.Errorf("%v, after %v, at %v", err, time.Since(began), w.Now())
					}
					if octets != nil {
						octets.check(t)
						checkSaid(t, w.Trace(), octets)
					}
					checkHeard(t, w.Trace())
					if n := times(w.Trace(), "line."+stepsOf[name]+` why!=""`); n < 1 || name != "answer" && n != 1 {
						t.Errorf("%s: %d times", stepsOf[name], n)
					}
					if fateOf(w.Trace()) == "" {
						t.Error("the letter is lost without a word")
					}
					for _, task := range w.clock.Tasks() {
						if !slices.Contains(resident, task) && task != "people" {
							t.Errorf("%q is not over", task)
						}
					}
					if err := w.Close(); err != nil {
						t.Error(err)
					}
				})
			}
		}
	}
}

// refusalOf is how a server of a protocol says that it will not.
func refusalOf(which string) string {
	switch {
	case strings.Contains(which, "service=imap"):
		if strings.Contains(which, "role=greeting") {
			return `"* BYE not now"`
		}
		return "NO not now"
	case strings.Contains(which, "service=pop3"):
		return "-ERR not now"
	}
	return "451 4.3.0 not now"
}

// checkSaid: the lines that were sent are, one behind the other, the octets that were
// written.
func checkSaid(t *testing.T, tr *trace.Trace, s *streams) {
	t.Helper()
	end := map[stream]int64{}
	for e := range tr.All() {
		b, ok := e.Body.(*trace.LineBody)
		if !ok || e.What != trace.Sent {
			continue
		}
		k := stream{conn: e.Conn, fromServer: b.FromServer}
		if b.From != end[k] || b.To <= b.From && b.Content == nil {
			t.Errorf("event %d has the range %d to %d, the line before ended at %d", e.Seq, b.From, b.To, end[k])
		}
		end[k] = b.To
		for _, c := range s.order {
			if c.ID != e.Conn {
				continue
			}
			x := &s.ends[c][0]
			if b.FromServer {
				x = &s.ends[c][1]
			}
			if b.Content == nil && int64(len(x.wrote)) >= b.To && string(x.wrote[b.From:b.To]) != b.Text+"\r\n" {
				t.Errorf("event %d says %q, written was %q", e.Seq, b.Text, x.wrote[b.From:b.To])
			}
		}
	}
}
