package sim

import (
	"strings"
	"testing"
	"time"

	"mailwalk/scenarios"
	"mailwalk/sim/trace"
)

// TestPowerFailure: whenever the power of a server fails and comes back an hour
// later, the letter arrives, or its sender is told; it is never lost without a
// word.
func TestPowerFailure(t *testing.T) {
	sc, err := scenarios.Load("first-letter")
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"mail.acme.test", "mail.globex.test", "resolver.acme.test"} {
		t.Run(host, func(t *testing.T) {
			for at := 20; at < 420; at += 7 {
				w, err := New(sc, Options{})
				if err != nil {
					t.Fatal(err)
				}
				for range at {
					w.Step()
				}
				off, on := w.Power(host, false), error(nil)
				w.clock.Post(time.Hour, func() { on = w.Power(host, true) })
				for w.Step() {
				}
				if off != nil || on != nil {
					t.Fatal(off, on)
				}
				if fate := fateOf(w.Trace()); fate == "" {
					t.Errorf("the power fails at step %d: the letter is lost", at)
				}
				if err := w.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// fateOf is what became of the letter; empty when it is lost.
func fateOf(t *trace.Trace) string {
	accepted := false
	for e := range t.All() {
		b, ok := e.Body.(*trace.MailBody)
		if !ok {
			continue
		}
		switch {
		case e.What == trace.Stored && strings.HasPrefix(b.Mailbox, "bob@globex.test/"):
			return "delivered"
		case e.What == trace.Stored && strings.HasPrefix(b.Mailbox, "alice@acme.test/"):
			return "returned"
		case e.What == trace.Accept:
			accepted = true
		case e.What == trace.Unsent && !accepted:
			return "not sent"
		}
	}
	return ""
}
