package lab

import (
	"bytes"
	"slices"
	"testing"

	"mailwalk/sim"
	"mailwalk/sim/trace"
)

// caller is a visitor who says his next line each time that he is answered.
type caller struct {
	k     *sim.Knocker
	lines []string
	gone  bool
}

// Send implements sim.Outlet.
func (c *caller) Send(p []byte) {
	c.k.Drained(len(p))
	if bytes.HasSuffix(p, []byte("\r\n")) && len(c.lines) > 0 {
		c.k.Say([]byte(c.lines[0] + "\r\n"))
		c.lines = c.lines[1:]
	}
}

func (c *caller) Taken(int)    {}
func (c *caller) Finish()      { c.k.HangUp(); c.gone = true }
func (c *caller) HangUp(error) { c.gone = true }

// visited is a lab in which a visitor has brought a mail to globex's SMTP server.
func visited(t *testing.T) *Lab {
	t.Helper()
	l := open(t, "first-letter", sim.Options{Doors: true, Idle: true})
	c := &caller{lines: []string{
		"EHLO visitor.test", "MAIL FROM:<carol@visitor.test>", "RCPT TO:<bob@globex.test>", "DATA", "Subject: Hi\r\n\r\nHello.\r\n.", "QUIT",
	}}
	doors := l.World().Doors()
	i := slices.IndexFunc(doors, func(d sim.Door) bool { return d.Host == "mail.globex.test" && d.Service == "smtp" })
	k, err := l.World().Knock(doors[i], "a test", c)
	if err != nil {
		t.Fatal(err)
	}
	c.k = k
	for l.Step() {
	}
	if !c.gone {
		t.Fatal("the visitor has not come to an end")
	}
	return l
}

// TestVisitors: in a fork visitors do again what they did; what they did after it
// comes at its time, and fares as it does.
func TestVisitors(t *testing.T) {
	l := visited(t)
	old := l.Trace()
	whole := fingerprint(t, old)
	find(t, old, "mail.stored mailbox~bob")
	e := find(t, old, "line.received verb=MAIL")
	out := do(t, l, e.Seq, "crash", "")
	samePrefix(t, old, l.Trace(), out.At-1)
	toEnd(l)
	for e := range l.Trace().All() {
		if e.Kind == trace.Mail && e.What == trace.Stored {
			t.Error("the mail has arrived by way of a server that knows nothing of it")
		}
	}
	if err := l.Undo(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	toEnd(l)
	find(t, l.Trace(), "mail.stored mailbox~bob")
	if fingerprint(t, old) != whole {
		t.Error("the old run has changed")
	}
	if err := l.Switch(t.Context(), 0, nil); err != nil {
		t.Fatal(err)
	}
	out = do(t, l, find(t, old, "line.received verb=QUIT").Seq, "off", "")
	samePrefix(t, old, l.Trace(), out.At-1)
}
