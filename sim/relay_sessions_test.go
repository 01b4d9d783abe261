package sim

import (
	"context"
	"fmt"
	"testing"
	"time"

	"mailwalk/scenarios"
	"mailwalk/sim/trace"
)

// TestSessionsAreShared: mails that wait for the same server go one after the other over
// the sessions that are open, and each comes to the mailbox once.
func TestSessionsAreShared(t *testing.T) {
	const mails = 40
	for _, wire := range []string{Virtual, Loopback} {
		w := handIn(t, Options{Wire: wire}, mails, nil)
		n := count(w, "mail.stored", "mail.relayed", "decision.next-mail", "connection.opening server=mail.globex.test", "line.sent host=mail.acme.test verb=QUIT role=command")
		if n[0] != mails || n[1] != mails {
			t.Errorf("%s: %d of %d mails were relayed, and %d came to the mailbox", wire, n[1], mails, n[0])
		}
		// What did not wait has opened a session of its own.
		if n[2] == 0 || n[2]+n[3] != mails {
			t.Errorf("%s: %d mails went over a session that was open, and %d sessions were opened for %d mails", wire, n[2], n[3], mails)
		}
		if n[4] != n[3] {
			t.Errorf("%s: %d sessions were opened, and QUIT was said in %d", wire, n[3], n[4])
		}
		most, open := 0, map[string]bool{}
		for e := range w.Trace().All() {
			b, ok := e.Body.(*trace.ConnectionBody)
			if !ok || b.Client != "mail.acme.test" || e.Host != b.Client {
				continue
			}
			switch e.What {
			case trace.Opening:
				open[e.Conn] = true
				most = max(most, len(open))
			case trace.Closed:
				delete(open, e.Conn)
			}
		}
		if most != 5 || len(open) > 0 {
			t.Errorf("%s: there were %d sessions at once, and %d at the end", wire, most, len(open))
		}
	}
}

// TestSessionBreaks: a mail that was to go over a session which breaks goes over another.
func TestSessionBreaks(t *testing.T) {
	const mails = 40
	for n := 1; n <= 12; n++ {
		fault := fmt.Sprintf("{line: line.received host=mail.globex.test verb=MAIL nth=%d, does: answer, with: 421 4.3.2 not now}", n)
		w := handIn(t, Options{}, mails, []string{fault})
		if got := count(w, "mail.stored", "line.sent host=mail.globex.test code=421"); got[0] != mails || got[1] != 1 {
			t.Errorf("421 to MAIL %d was said %d times: %d of %d mails came to the mailbox", n, got[1], got[0], mails)
		}
	}
}

// TestKnownDown: of many mails for a server that is off, some find that out for the
// others, and all arrive when it is back.
func TestKnownDown(t *testing.T) {
	const mails = 20
	w := handIn(t, Options{}, mails, []string{"{host: mail.globex.test, does: off, at: 0s, for: 20m}"})
	n := count(w, "mail.stored", "decision.known-down", "connection.failed client=mail.acme.test")
	if n[0] != mails || n[1] == 0 || n[1]+n[2] < mails {
		t.Errorf("%d of %d mails came to the mailbox, %d found out that nobody is there, and %d were told", n[0], mails, n[2], n[1])
	}
}

// count is how often events fit selectors.
func count(w *World, selectors ...string) []int {
	n := make([]int, len(selectors))
	for i, text := range selectors {
		s := trace.MustSelector(text)
		for e := range w.Trace().All() {
			if s.Match(e) {
				n[i]++
			}
		}
	}
	return n
}

// handIn runs the world of two servers, in which a client hands in so many mails, each
// as soon as the one before was taken.
func handIn(t *testing.T, o Options, mails int, faults []string) *World {
	t.Helper()
	text := twoServers
	if len(faults) > 0 {
		text += "faults:\n"
		for _, f := range faults {
			text += "  - " + f + "\n"
		}
	}
	sc, err := scenarios.Parse("two-servers.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	w, err := New(sc, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	h, _ := w.net.Host("client")
	for i := range mails {
		h.Go("mail", func(ctx context.Context) {
			if err := h.Clock().Sleep(ctx, time.Duration(i)*time.Millisecond); err != nil {
				t.Error(err)
				return
			}
			sent := false
			err := load(ctx, h, w, func() ([]byte, error) {
				if sent {
					return nil, nil
				}
				sent = true
				return letterOf(fmt.Sprintf("<%d@client.test>", i+1), 2048), nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	for i := 0; w.Step(); i++ {
		if i == mostSteps {
			t.Fatalf("the world does not come to rest: it is %v", w.Now())
		}
	}
	return w
}
