package sim

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"mailwalk/scenarios"
	"mailwalk/sim/clock"
	"mailwalk/sim/trace"
)

// caller is a visitor of a test: it says the next thing when it has heard the
// answer to the one before.
type caller struct {
	t     *testing.T
	k     *Knocker
	heard chan []byte
	ended chan error
	held  []byte
}

func knock(t *testing.T, w *World, target string) *caller {
	t.Helper()
	d := w.doorNamed(target)
	if d == nil {
		t.Fatalf("there is no door %s", target)
	}
	c := &caller{t: t, heard: make(chan []byte, 1000), ended: make(chan error, 1)}
	k, err := w.Knock(*d, "a test comes to "+target, c)
	if err != nil {
		t.Fatal(err)
	}
	c.k = k
	return c
}

func (c *caller) Send(p []byte)    { c.heard <- p }
func (c *caller) Taken(int)        {}
func (c *caller) Finish()          { close(c.heard) }
func (c *caller) HangUp(err error) { c.ended <- err }

// until waits for a text.
func (c *caller) until(text string) {
	c.t.Helper()
	for !bytes.Contains(c.held, []byte(text)) {
		select {
		case p, ok := <-c.heard:
			if !ok {
				c.t.Fatalf("the end came before %q; heard %q", text, c.held)
			}
			c.held = append(c.held, p...)
			c.k.Drained(len(p))
		case <-time.After(2 * time.Minute):
			c.t.Fatalf("no %q; heard %q", text, c.held)
		}
	}
	_, c.held, _ = bytes.Cut(c.held, []byte(text))
}

func (c *caller) say(line, answer string) {
	c.t.Helper()
	c.k.Say([]byte(line + "\r\n"))
	c.until(answer)
}

func openWithDoors(t *testing.T, walk string, idle bool) *World {
	t.Helper()
	sc, err := scenarios.Load(walk)
	if err != nil {
		t.Fatal(err)
	}
	w, err := New(sc, Options{Doors: true, Idle: idle})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// play plays a world beside what the function does.
func play(t *testing.T, w *World, s clock.Speed, f func()) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Play(ctx, s) }()
	f()
	stop()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

// TestOpenDoors: doors at which nobody comes change nothing.
func TestOpenDoors(t *testing.T) {
	for _, walk := range []string{"first-letter", "handshake", "slow-link"} {
		open := openWithDoors(t, walk, false)
		if err := open.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if fingerprint(t, open.Trace()) != fingerprint(t, runWalk(t, walk, Options{}).Trace()) {
			t.Errorf("%s: with doors it is another trace", walk)
		}
	}
}

// TestVisitors: visitors send two mails and fetch one, beside the walk's own
// people; all of it is traced, and played again without them it is the same.
func TestVisitors(t *testing.T) {
	w := openWithDoors(t, "first-letter", false)
	play(t, w, clock.RealTime, func() {
		smtp := knock(t, w, "mail.globex.test:25/tcp")
		smtp.until("220 ")
		smtp.say("EHLO outside.test", "250 ")
		for _, subject := range []string{"one", "two"} {
			smtp.say("MAIL FROM:<eve@outside.test>", "250 ")
			smtp.say("RCPT TO:<bob@globex.test>", "250 ")
			smtp.say("DATA", "354 ")
			smtp.say("Subject: "+subject+"\r\n\r\nhello\r\n.", "250 ")
		}
		smtp.say("MAIL FROM:<eve@outside.test>", "250 ")
		smtp.say("RCPT TO:<bob@globex.test>", "250 ")
		smtp.say("QUIT", "221 ")
		smtp.k.Finish()
		if err := <-smtp.ended; err != nil {
			t.Errorf("the connection ended with %v", err)
		}
		pop := knock(t, w, "mail.globex.test:110/tcp")
		pop.until("+OK")
		pop.say("USER bob", "+OK")
		pop.say("PASS marmalade", "+OK")
		pop.say("RETR 2", "hello\r\n.\r\n")
		pop.k.HangUp()
		dns := knock(t, w, "resolver.acme.test:53/udp")
		dns.k.Say([]byte("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x06globex\x04test\x00\x00\x0f\x00\x01"))
		dns.until("\x12\x34")
	})
	for selector, want := range map[string]int{
		"act.visit": 3, "mail.accepted host=mail.globex.test reversePath=eve@outside.test": 2, "mail.stored reversePath=eve@outside.test": 2,
		"mail.unsent reversePath=eve@outside.test": 1, "connection.accepted host=mail.globex.test client=visitor": 2,
	} {
		if got := times(w.Trace(), selector); got != want {
			t.Errorf("%s: %d times, want %d", selector, got, want)
		}
	}
	for _, m := range w.Trace().View(w.Trace().Len()).Mails() {
		if m.ReversePath == "eve@outside.test" && len(m.Legs) == 0 {
			t.Errorf("mail %s has no leg", m.ID)
		}
	}
	again, err := Again(w.Trace(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	for again.Trace().Len() < w.Trace().Len() && again.Step() {
	}
	diff(t, w.Trace(), again.Trace())
}

// diff tells of the first difference of two traces, as far as the first goes.
func diff(t *testing.T, a, b *trace.Trace) {
	t.Helper()
	for e := range a.All() {
		o := b.At(e.Seq)
		if o == nil {
			t.Fatalf("the second trace ends before event %d, %s", e.Seq, e.Key)
		}
		x, errX := trace.AppendJSON(nil, e, "")
		y, errY := trace.AppendJSON(nil, o, "")
		if err := errors.Join(errX, errY); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(x, y) {
			t.Fatalf("event %d:\n%s\n%s", e.Seq, x, y)
		}
	}
}

// TestSlowVisitor: a visitor that takes nothing closes the window, and gets all of
// it in the end.
func TestSlowVisitor(t *testing.T) {
	w := openWithDoors(t, "first-letter", true)
	play(t, w, 100*clock.RealTime, func() {
		smtp := knock(t, w, "mail.globex.test:25/tcp")
		smtp.until("220 ")
		smtp.say("EHLO outside.test", "250 ")
		smtp.say("MAIL FROM:<eve@outside.test>", "250 ")
		smtp.say("RCPT TO:<bob@globex.test>", "250 ")
		smtp.say("DATA", "354 ")
		smtp.say(strings.Repeat(strings.Repeat("x", 70)+"\r\n", 20_000)+".", "250 ")
		smtp.say("QUIT", "221 ")
		smtp.k.HangUp()
		pop := knock(t, w, "mail.globex.test:110/tcp")
		pop.until("+OK")
		pop.say("USER bob", "+OK")
		pop.say("PASS marmalade", "+OK")
		pop.k.Say([]byte("RETR 1\r\n"))
		var got []byte
		for !bytes.HasSuffix(got, []byte("\r\n.\r\n")) {
			p := <-pop.heard
			got = append(got, p...)
			pop.k.Drained(len(p))
		}
		if n := bytes.Count(got, []byte("x\r\n")); n != 20_000 {
			t.Errorf("%d lines came", n)
		}
		pop.k.HangUp()
	})
}

// TestUnknownDoor: who comes to no door is told so, and a door whose server is not
// there answers as a network does.
func TestUnknownDoor(t *testing.T) {
	w := openWithDoors(t, "first-letter", true)
	if _, err := w.Knock(Door{Host: "mail.acme.test", Network: "tcp"}, "", nowhere{}); err == nil {
		t.Error("there is no such door")
	}
	closed := runWalk(t, "first-letter", Options{})
	if err := closed.Do(Act{By: Visitor, What: trace.Say, Target: "visitor 1"}); err == nil {
		t.Error("somebody who never came can speak")
	}
	if err := w.Do(Act{By: Learner, What: SwitchOff, Target: "mail.globex.test"}); err != nil {
		t.Fatal(err)
	}
	play(t, w, 1000*clock.RealTime, func() {
		c := knock(t, w, "mail.globex.test:25/tcp")
		if err := <-c.ended; err == nil || !strings.Contains(err.Error(), "timed out") {
			t.Errorf("a host that is off: %v", err)
		}
	})
}

// TestWrongDoor: a visitor who speaks another protocol than the door is for is
// told of in plain words; the walk's own programs never are.
func TestWrongDoor(t *testing.T) {
	w := openWithDoors(t, "first-letter", true)
	for _, x := range []struct{ door, says, want string }{
		{"mail.acme.test:25/tcp", "GET / HTTP/1.1\r\nHost: mail.acme.test\r\n\r\n", "HTTP"},
		{"mail.acme.test:110/tcp", "a1 LOGIN alice secret\r\n", "IMAP"},
		{"mail.acme.test:143/tcp", "\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03", "TLS"},
	} {
		before := w.Trace().Len()
		play(t, w, 100*clock.RealTime, func() {
			c := knock(t, w, x.door)
			c.k.Say([]byte(x.says))
			c.k.Finish()
			<-c.ended
		})
		told := ""
		for seq := before + 1; seq <= w.Trace().Len(); seq++ {
			if e := w.Trace().At(seq); e.What == trace.Warning {
				b := e.Body.(*trace.NoteBody)
				told += b.Newcomer + b.Student + b.Engineer
				if e.Conn == "" || e.Host != "mail.acme.test" {
					t.Errorf("%s: the note is of no connection: %+v", x.door, e)
				}
			}
		}
		if !strings.Contains(told, x.want) {
			t.Errorf("%s: %q, want a word of %s", x.door, told, x.want)
		}
	}
	for _, name := range scenarios.Names() {
		for e := range runWalk(t, name, Options{}).Trace().All() {
			if e.What == trace.Warning && e.Conn != "" {
				t.Errorf("%s: event %d: %+v", name, e.Seq, e.Body)
			}
		}
	}
}
