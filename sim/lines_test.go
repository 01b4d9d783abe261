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

func loaded(t *testing.T, walk string) *scenarios.Scenario {
	t.Helper()
	sc, err := scenarios.Load(walk)
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

// faulty is a walk with faults.
func faulty(t *testing.T, walk string, faults ...string) *scenarios.Scenario {
	t.Helper()
	text := strings.Replace(string(loaded(t, walk).Source), "\nnotes:\n", "\nfaults:\n  - {"+strings.Join(faults, "}\n  - {")+"}\n\nnotes:\n", 1)
	sc, err := scenarios.Parse(walk+".yaml", []byte(text))
	if err != nil {
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
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
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
					ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
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

// TestEffects: what becomes of the mail when lines go wrong is what the protocols say.
func TestEffects(t *testing.T) {
	for _, x := range []struct {
		name, walk, fault string
		count             map[string]int
	}{
		{"the 250 for the content is not said: the mail is sent again, and delivered twice (RFC 1047)", "first-letter",
			"line: line.sent service=smtp verb=DATA code=250 nth=1, does: drop",
			map[string]int{"line.dropped": 1, "mail.deferred": 1, "mail.stored mailbox~bob@globex.test": 2, "mail.relayed": 1, "line.sent service=smtp code=421": 1}},
		{"the server does not hear of a recipient: the mail is sent later", "first-letter",
			`line: line.received service=smtp verb=RCPT nth=1, does: answer, with: 451 4.3.0 not now`,
			map[string]int{"line.answered": 1, "mail.deferred": 1, "mail.stored": 1, "mail.relayed": 1, "decision.accept-recipient host=mail.globex.test": 1}},
		{"the server has taken the recipient, and another answer is given: an empty mail arrives as well", "first-letter",
			`line: line.sent service=smtp verb=RCPT role=reply nth=1, does: answer, with: 451 4.3.0 not now`,
			map[string]int{"line.replaced": 1, `line.sent meant="250 2.1.5 OK" text="451 4.3.0 not now"`: 1, "mail.deferred": 1, "mail.stored": 2, "mail.relayed": 1}},
		{"a recipient is refused for good: the mail is returned", "first-letter",
			`line: line.received service=smtp verb=RCPT nth=1, does: answer, with: 550 5.1.1 nobody of that name`,
			map[string]int{"mail.bounced": 1, "mail.stored mailbox~alice@acme.test": 1, "mail.stored mailbox~bob@globex.test": 0}},
		{"the server does not hear of the content: it is kept and sent later", "first-letter",
			`line: line.received service=smtp role=body nth=1, does: answer, with: 451 4.3.0 disk full`,
			map[string]int{"line.answered": 1, "mail.deferred": 1, "mail.stored": 1, "mail.accepted host=mail.globex.test": 1}},
		{"what the client says is no match for an answer", "first-letter",
			`line: line.sent service=smtp verb=RCPT nth=1, does: answer, with: 451 4.3.0 not now`,
			map[string]int{"line.replaced": 1, "line.sent service=smtp verb=RCPT role=command": 2}},
		{"an answer of several lines", "first-letter",
			`line: line.received service=smtp verb=EHLO nth=1, does: answer, with: "250-mail.globex.test\n250 8BITMIME"`,
			map[string]int{"line.sent service=smtp verb=EHLO code=250": 2, "mail.stored": 1}},
		{"an offer that is taken away: the client waits for each answer", "first-letter",
			"line: line.sent service=smtp text~PIPELINING, does: drop",
			map[string]int{"line.dropped": 1, "line.received service=smtp text~PIPELINING": 0, "mail.stored": 1}},
		{"the rest of an answer is not said", "first-letter",
			`line: line.sent service=smtp verb=EHLO role=reply nth=1, does: answer, with: 502 5.5.1 what`,
			map[string]int{"line.replaced": 1, "line.dropped": 5, "line.sent service=smtp verb=HELO role=command": 1, "mail.stored": 1}},
		{"a listing that is refused", "first-letter",
			`line: line.sent service=pop3 verb=UIDL role=reply nth=1, does: answer, with: -ERR not now`,
			map[string]int{"line.replaced": 1, "line.dropped": 2, "mail.fetched": 0, "mail.stored": 1}},
		{"a content that is refused", "first-letter",
			`line: line.sent service=pop3 verb=RETR role=reply nth=1, does: answer, with: -ERR not now`,
			map[string]int{"line.replaced": 1, "line.dropped role=body": 1, "mail.fetched": 0}},
		{"a tag is put before what is answered in IMAP", "imap-two-devices",
			`line: line.sent service=imap verb=SELECT role=reply nth=1, does: answer, with: "* OK one moment\nNO [UNAVAILABLE] later"`,
			map[string]int{`line.sent service=imap text~/^A\d+ NO .UNAVAILABLE. later$/`: 1, `line.sent service=imap text="* OK one moment" role=untagged`: 1}},
		{"a command of IMAP that the server does not hear", "imap-two-devices",
			`line: line.received service=imap verb=SELECT nth=1, does: answer, with: "NO later"`,
			map[string]int{`line.sent service=imap text~/^A\d+ NO later$/ verb=SELECT`: 1, "line.answered": 1}},
		{"a reply that is late, and not too late", "first-letter",
			"line: line.sent service=smtp verb=DATA code=354 nth=1, does: delay, by: 90s",
			map[string]int{"line.delayed": 1, "line.sent service=smtp code=354 at>90s at<91s": 1, "mail.deferred": 0, "mail.stored": 1}},
		{"a reply that is too late", "first-letter",
			"line: line.sent service=smtp verb=DATA code=250 nth=1, does: delay, by: 11m",
			map[string]int{"line.delayed": 1, "mail.deferred at>10m at<11m": 1, "mail.stored": 2}},
		{"a client that is slow", "first-letter",
			"line: line.sent service=smtp verb=MAIL role=command nth=1, does: delay, by: 6m",
			map[string]int{"line.sent service=smtp code=421 at>5m at<6m": 1, "mail.stored": 1}},
		{"what was said before goes out first", "first-letter",
			"line: line.sent service=smtp verb=RCPT role=reply nth=1, does: delay, by: 90s",
			map[string]int{"line.received service=smtp verb=MAIL role=reply at<1s": 1, "line.received service=smtp verb=RCPT role=reply at>90s": 1}},
		{"a letter of the content is changed", "first-letter",
			"line: line.sent service=submission role=body nth=1, does: corrupt",
			map[string]int{"line.corrupted": 1, "packet.corrupted": 0, "mail.stored": 1}},
	} {
		for _, wire := range wires {
			t.Run(wire+"/"+x.name, func(t *testing.T) {
				w := runOn(t, faulty(t, x.walk, x.fault), wire)
				for selector, want := range x.count {
					if wire == Loopback && strings.Contains(selector, "at<") {
						continue // its time does not only jump
					}
					if got := times(w.Trace(), selector); got != want {
						t.Errorf("%s: %d times, want %d", selector, got, want)
					}
				}
			})
		}
	}
}

// TestLineFaultsRepeat: the same walk with faults of lines leaves the same trace.
func TestLineFaultsRepeat(t *testing.T) {
	faults := []string{
		"line: line.sent service=smtp, does: corrupt, percent: 10", "line: line.sent role=reply, does: delay, by: 3s, every: 4",
		"line: line.sent role=command, does: duplicate, percent: 5", "line: line.sent service=pop3, does: drop, percent: 2",
	}
	want := fingerprint(t, runOn(t, faulty(t, "first-letter", faults...), Virtual).Trace())
	for range 3 {
		if fingerprint(t, runOn(t, faulty(t, "first-letter", faults...), Virtual).Trace()) != want {
			t.Error("another trace")
		}
	}
}
