package sim

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"mailwalk/scenarios"
	"mailwalk/sim/clock"
	"mailwalk/sim/trace"
)

// timed are the fields that tell when a mail was written. Real time passes on the
// machine's own sockets, so that a second mail may be written a second later.
var timed = regexp.MustCompile(`(?m)^(Date|Message-ID): .*\r\n`)

// fates are where each mail of the walk's own ends: mailbox by mailbox, with the
// octets that its sender's program sent, but for the time, and whether they arrived.
func fates(t *testing.T, tr *trace.Trace) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	for e := range tr.All() {
		b, ok := e.Body.(*trace.MailBody)
		switch {
		case !ok:
		case e.What == trace.Stored:
			all["mail "+e.Mail+" in "+b.Mailbox] = true
		case e.What == trace.Compared:
			sent, ok := tr.Bodies.Get(trace.ContentID(b.SentHash))
			if !ok {
				t.Fatalf("mail %s is not among the contents", e.Mail)
			}
			all["mail "+e.Mail+" sent as "+string(trace.IDOf(timed.ReplaceAll(sent, nil)))] = b.Same
		}
	}
	return all
}

// TestBothWires: a walk that needs no single packets delivers the same mail on the
// machine's own sockets as on the virtual wire, and all of its expectations hold
// that can be judged there.
func TestBothWires(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	onBoth := 0
	for _, name := range scenarios.Names() {
		sc, err := scenarios.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if sc.NeedsPackets() != nil {
			if w, err := New(sc, Options{Wire: Loopback}); err == nil {
				w.Close()
				t.Errorf("%s does something to packets, and yet there is a world without them", name)
			}
			continue
		}
		onBoth++
		t.Run(name, func(t *testing.T) {
			w, err := New(sc, Options{Wire: Loopback})
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			if err := w.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			// Where nothing is waited for, time goes as the machine's does.
			if took := time.Since(began); w.Now() > 5*time.Minute && took > w.Now()/2 {
				t.Errorf("%v took %v: time did not jump", w.Now(), took)
			}
			for _, r := range scenarios.Check(scenarios.WithoutPackets(sc.Expect), w.Trace().All()) {
				if !r.Held {
					t.Errorf("%s: %s", r.Want, r.Missed)
				}
			}
			got, want := fates(t, w.Trace()), fates(t, runWalk(t, name, Options{}).Trace())
			if len(want) == 0 || !maps.Equal(got, want) {
				t.Errorf("on the machine's sockets\n%s\non the virtual wire\n%s", listed(got), listed(want))
			}
			if n := times(w.Trace(), "packet.sent"); n > 0 {
				t.Errorf("%d packets are told of, and none was seen", n)
			}
			if err := w.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	if onBoth < 8 {
		t.Errorf("only %d walks run on both wires", onBoth)
	}
}

func listed(m map[string]bool) string {
	var rows []string
	for k, v := range m {
		if v {
			rows = append(rows, "  "+k)
		} else {
			rows = append(rows, "  "+k+", and another arrived")
		}
	}
	slices.Sort(rows)
	return strings.Join(rows, "\n")
}

// TestVisitOnLoopback: visitors come in on the machine's own sockets as well.
func TestVisitOnLoopback(t *testing.T) {
	sc, err := scenarios.Load("first-letter")
	if err != nil {
		t.Fatal(err)
	}
	w, err := New(sc, Options{Wire: Loopback, Doors: true, Idle: true})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	play(t, w, clock.RealTime, func() {
		c := knock(t, w, "mail.globex.test:25/tcp")
		c.until("220 ")
		c.say("EHLO outside.test", "250 ")
		c.say("MAIL FROM:<eve@outside.test>", "250 ")
		c.say("RCPT TO:<bob@globex.test>", "250 ")
		c.say("DATA", "354 ")
		c.say("Subject: hello\r\n\r\nhello\r\n.", "250 ")
		c.say("QUIT", "221 ")
		c.k.Finish()
		<-c.ended
	})
	if err := w.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := times(w.Trace(), "mail.stored"); n != 1 {
		t.Errorf("%d mails were stored", n)
	}
}
