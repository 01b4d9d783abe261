package mta

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"mailwalk/protocols/sasl"
	"mailwalk/protocols/smtp"
	"mailwalk/sim/clock"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
	"mailwalk/sim/wire/virtual"
)

// boxes are mailboxes in memory.
type boxes struct {
	users map[string]string
	mail  map[string][][]byte
	room  *[2]int64 // of each; nil is without limit
}

func (b *boxes) Has(address string) bool { _, ok := b.users[address]; return ok }

func (b *boxes) Deliver(_ context.Context, _, address string, content []byte, _ string) error {
	b.mail[address] = append(b.mail[address], bytes.Clone(content))
	return nil
}

func (b *boxes) Room(string) (left, all int64) {
	if b.room == nil {
		return -1, -1
	}
	return b.room[0], b.room[1]
}

func (b *boxes) Account(user string) (string, bool) {
	_, ok := b.users[user]
	return user, ok
}

func (b *boxes) Password(user string) (string, error) {
	p, ok := b.users[user]
	if !ok {
		return "", sasl.ErrNoUser
	}
	return p, nil
}

func (b *boxes) Verifier(user string) (sasl.Verifier, error) {
	p, err := b.Password(user)
	if err != nil {
		return sasl.Verifier{}, err
	}
	return sasl.NewVerifier(p, []byte("sixteen octets: "), sasl.MinIterations)
}

func (b *boxes) Authenticate(user, password string) (string, bool) {
	p, ok := b.users[user]
	return user, ok && p == password
}

// world is a server at acme.test and clients on the same link.
type world struct {
	clock *clock.Clock
	trace *trace.Trace
	rec   *trace.Recorder
	net   *virtual.Net
	boxes *boxes
	hosts map[string]wire.Host
}

const server = "192.0.2.25"

func newWorld(t *testing.T, change func(*Config)) *world {
	t.Helper()
	tr := trace.New(trace.Header{})
	rec := trace.NewRecorder(tr)
	clk := clock.New(time.Date(2030, 1, 7, 9, 0, 0, 0, time.UTC), rec.Root())
	rec.Attach(clk)
	w := &world{clock: clk, trace: tr, rec: rec, net: virtual.New(virtual.Config{Clock: clk, Recorder: rec, Seed: 1}), hosts: map[string]wire.Host{}}
	w.boxes = &boxes{users: map[string]string{"alice@acme.test": "secret"}, mail: map[string][][]byte{}}
	link := w.net.AddLink("lan", virtual.LinkConfig{Latency: time.Millisecond})
	for name, a := range map[string]string{"mail": server, "friend": "192.0.2.30", "stranger": "192.0.2.66"} {
		h, err := w.net.AddHost(name, []virtual.Iface{{Link: link, Addrs: []netip.Prefix{netip.MustParsePrefix(a + "/24")}}})
		if err != nil {
			t.Fatal(err)
		}
		w.hosts[name] = h
	}
	if err := w.net.Ready(); err != nil {
		t.Fatal(err)
	}
	cfg := Config{
		Host: w.hosts["mail"], Recorder: rec, Hostname: "mail.acme.test", Domains: []string{"acme.test"},
		RelayDomains: []string{"relay.test"}, Known: func(a string) bool { return a == "known@relay.test" },
		Transport: map[string]string{"relay.test": "[192.0.2.30]"}, Trusted: []netip.Prefix{netip.MustParsePrefix("192.0.2.30/32")},
		SMTP: true, Submission: true, AllowCleartext: true, Mailboxes: w.boxes, Postmaster: "alice@acme.test",
	}
	if change != nil {
		change(&cfg)
	}
	if _, err := Start(cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		clk.Close()
		if err := w.net.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// send has a host send a mail and returns the replies to RCPT.
func (w *world) send(t *testing.T, from string, port uint16, login *smtp.Credentials, content string, to ...string) []int {
	t.Helper()
	h := w.hosts[from]
	var codes []int
	err := errors.New("did not end")
	h.Go("send", func(ctx context.Context) {
		codes, err = submit(ctx, h, port, login, content, to)
	})
	for w.clock.Step() {
	}
	if err != nil {
		t.Fatal(err)
	}
	return codes
}

func submit(ctx context.Context, h wire.Host, port uint16, login *smtp.Credentials, content string, to []string) ([]int, error) {
	nc, err := h.Dial(ctx, "tcp", netip.AddrPort{}, netip.AddrPortFrom(netip.MustParseAddr(server), port))
	if err != nil {
		return nil, err
	}
	c := smtp.NewClient(nc, smtp.ClientOptions{AllowCleartext: true, Now: h.Clock().Now})
	defer c.Close()
	if _, err := c.Hello(ctx); err != nil {
		return nil, err
	}
	if login != nil {
		if _, err := c.Auth(ctx, *login); err != nil {
			return nil, err
		}
	}
	env := smtp.Envelope{From: smtp.Path{Local: "x", Domain: "sender.test"}}
	for _, a := range to {
		p := smtp.Path{Local: a}
		if strings.Contains(a, "@") {
			if p, err = smtp.ParseMailbox(a); err != nil {
				return nil, err
			}
		}
		env.Recipients = append(env.Recipients, smtp.Recipient{To: p})
	}
	result, err := c.Send(ctx, env, []byte(content))
	if err != nil {
		return nil, err
	}
	var codes []int
	for _, r := range result.Recipients {
		codes = append(codes, r.Reply.Code)
	}
	_, err = c.Quit(ctx)
	return codes, err
}

const hello = "Subject: hello\r\n\r\nhello\r\n"

// TestWhoseBusiness: what the server takes and what it refuses, from whom.
func TestWhoseBusiness(t *testing.T) {
	alice := &smtp.Credentials{User: "alice@acme.test", Password: "secret"}
	for _, x := range []struct {
		name, from string
		port       uint16
		login      *smtp.Credentials
		to         string
		want       int
	}{
		{"own mailbox", "stranger", 25, nil, "alice@acme.test", 250},
		{"own domain in capitals", "stranger", 25, nil, "alice@ACME.test", 550}, // the fake store compares octets
		{"no such mailbox", "stranger", 25, nil, "nobody@acme.test", 550},
		{"a stranger wants to relay", "stranger", 25, nil, "bob@globex.test", 550},
		{"a friend may", "friend", 25, nil, "bob@globex.test", 250},
		{"who logs in may", "stranger", 587, alice, "bob@globex.test", 250},
		{"a relay domain", "stranger", 25, nil, "known@relay.test", 250},
		{"a relay domain's stranger", "stranger", 25, nil, "unknown@relay.test", 550},
		{"postmaster", "stranger", 25, nil, "Postmaster", 250},
		{"postmaster of the domain", "stranger", 25, nil, "postmaster@acme.test", 250},
		{"postmaster of the host", "stranger", 25, nil, "postmaster@mail.acme.test", 250},
		{"postmaster elsewhere", "stranger", 25, nil, "postmaster@globex.test", 550},
		{"a route through us", "stranger", 25, nil, `"bob@globex.test"@acme.test`, 550},
		{"the percent hack", "stranger", 25, nil, "bob%globex.test@acme.test", 550},
	} {
		t.Run(x.name, func(t *testing.T) {
			w := newWorld(t, nil)
			if got := w.send(t, x.from, x.port, x.login, hello, x.to); got[0] != x.want {
				t.Errorf("RCPT TO:<%s> got %d, want %d", x.to, got[0], x.want)
			}
		})
	}
}

func TestLogin(t *testing.T) {
	w := newWorld(t, nil)
	h := w.hosts["stranger"]
	for _, login := range []*smtp.Credentials{nil, {User: "alice@acme.test", Password: "wrong"}, {User: "nobody", Password: "secret"}, {Identity: "bob@acme.test", User: "alice@acme.test", Password: "secret"}} {
		var err error
		h.Go("send", func(ctx context.Context) {
			var codes []int
			codes, err = submit(ctx, h, 587, login, hello, []string{"alice@acme.test"})
			if err == nil && codes[0] == 530 {
				err = &smtp.Reply{Code: 530}
			}
		})
		for w.clock.Step() {
		}
		var r *smtp.Reply
		if !errors.As(err, &r) || r.Code != 535 && r.Code != 530 {
			t.Errorf("%+v: got %v", login, err)
		}
	}
	if len(w.boxes.mail) > 0 {
		t.Error("a mail came in all the same")
	}
}

// TestDelivery: a mail to several is delivered once to each, with the fields of
// this server on top, which name no recipient to the other.
func TestDelivery(t *testing.T) {
	w := newWorld(t, nil)
	w.boxes.users["carol@acme.test"] = ""
	if got := w.send(t, "stranger", 25, nil, hello, "alice@acme.test", "nobody@acme.test", "carol@acme.test"); fmt.Sprint(got) != "[250 550 250]" {
		t.Errorf("got %v", got)
	}
	for _, user := range []string{"alice@acme.test", "carol@acme.test"} {
		if len(w.boxes.mail[user]) != 1 {
			t.Fatalf("%s has %d mails", user, len(w.boxes.mail[user]))
		}
		m := string(w.boxes.mail[user][0])
		if !strings.HasPrefix(m, "Return-Path: <x@sender.test>\r\nReceived: from [192.0.2.66]") || !strings.HasSuffix(m, hello) {
			t.Errorf("%s has %q", user, m)
		}
		if strings.Contains(m, "for <") {
			t.Errorf("the mail names a recipient: %q", m)
		}
	}
	if left := w.hosts["mail"].Disk().List("queue/"); len(left) > 0 {
		t.Errorf("left in the queue: %q", left)
	}
}

func TestLoop(t *testing.T) {
	w := newWorld(t, nil)
	if got := w.send(t, "stranger", 25, nil, strings.Repeat("Received: from a\r\n", 100)+hello, "alice@acme.test"); got[0] != 554 {
		t.Errorf("a mail that goes round in a circle got %d", got[0])
	}
}

// TestReturn: what cannot be sent on is tried for five days and then returned to
// its sender, in one report, after one note of the delay. Neither of the two can be
// delivered: of each the postmaster is told.
func TestReturn(t *testing.T) {
	w := newWorld(t, nil)
	// Nobody listens at 192.0.2.30, where relay.test's mail goes, nor is there a
	// resolver for the sender's domain.
	if got := w.send(t, "stranger", 25, nil, hello, "known@relay.test"); got[0] != 250 {
		t.Fatalf("got %d", got[0])
	}
	count := map[string]int{}
	var last time.Duration
	for e := range w.trace.All() {
		switch e.What {
		case trace.Deferred, trace.Bounced, trace.Warned, trace.Undeliverable:
			count[e.What]++
			last = e.At
		case trace.GiveUp:
			count[e.What+" "+e.Body.(*trace.DecisionBody).Choice]++
		}
	}
	if count[trace.Bounced] != 1 || count[trace.Warned] != 1 || count[trace.Undeliverable] != 2 || len(w.boxes.mail["alice@acme.test"]) != 2 {
		t.Errorf("got %v", count)
	}
	if last < 9*24*time.Hour || last > 11*24*time.Hour { // five days for the mail and five for the report
		t.Errorf("the last try was at %v", last)
	}
	if n := count[trace.Deferred]; n < 60 || n > 120 { // the mail, the note and the report
		t.Errorf("tried %d times", n)
	}
	if left := w.hosts["mail"].Disk().List("queue/"); len(left) > 0 {
		t.Errorf("left in the queue: %q", left)
	}
}

func TestSchedule(t *testing.T) {
	s := Schedule{}.orDefault()
	var at time.Duration
	var waits []string
	for try := 1; ; try++ {
		wait, more := s.next(try, at)
		if !more {
			break
		}
		if try <= 7 {
			waits = append(waits, wait.String())
		}
		at += wait
	}
	if got := strings.Join(waits, " "); got != "15m0s 30m0s 1h0m0s 2h0m0s 4h0m0s 4h0m0s 4h0m0s" {
		t.Errorf("waits: %s", got)
	}
	if at < 120*time.Hour || at > 124*time.Hour {
		t.Errorf("given up after %v", at)
	}
}

// TestOddPaths: every path that SMTP allows is taken and delivered.
func TestOddPaths(t *testing.T) {
	for _, from := range []string{`<>`, `<"john doe"@sender.test>`, `<"a@b"@sender.test>`, `<user@[192.0.2.1]>`, `<user@[IPv6:2001:db8::1]>`, `<"quo\"te"@sender.test>`, `<o'brien+tag=x@sender.test>`, `<a!b%c@sender.test>`, `<@relay.test:user@sender.test>`, `<` + strings.Repeat("l", 64) + `@sender.test>`} {
		for _, to := range []string{"alice@acme.test", `"odd one"@acme.test`, "carol@[192.0.2.25]"} {
			w := newWorld(t, func(c *Config) { c.Domains = append(c.Domains, "[192.0.2.25]") })
			w.boxes.users[`"odd one"@acme.test`], w.boxes.users["carol@[192.0.2.25]"] = "", ""
			h := w.hosts["stranger"]
			err := errors.New("did not end")
			h.Go("send", func(ctx context.Context) {
				var nc net.Conn
				if nc, err = h.Dial(ctx, "tcp", netip.AddrPort{}, netip.MustParseAddrPort(server+":25")); err != nil {
					return
				}
				defer nc.Close()
				r := bufio.NewReader(nc)
				for _, line := range []string{"", "EHLO stranger.test", "MAIL FROM:" + from, "RCPT TO:<" + to + ">", "DATA", hello + ".", "QUIT"} {
					if line != "" {
						if _, err = fmt.Fprintf(nc, "%s\r\n", line); err != nil {
							return
						}
					}
					reply := ""
					for reply == "" || reply[3] == '-' {
						if reply, err = r.ReadString('\n'); err != nil {
							return
						}
					}
					if reply[0] != '2' && reply[0] != '3' {
						err = fmt.Errorf("%s: %s", line, reply)
						return
					}
				}
			})
			for w.clock.Step() {
			}
			if err != nil {
				t.Errorf("from %s to %s: %v", from, to, err)
				continue
			}
			if len(w.boxes.mail[to]) != 1 {
				t.Errorf("from %s to %s: taken and not delivered", from, to)
			}
		}
	}
}

// TestServerFails: when the server itself cannot work on a mail, it says so, tries
// again, and never drops it without a word.
func TestServerFails(t *testing.T) {
	w := newWorld(t, nil)
	d := w.hosts["mail"].Disk()
	var kept []byte
	name := ""
	w.rec.Listen(func(e *trace.Event) {
		if e.Kind == trace.Mail && e.What == trace.Accept { // its content vanishes, and is back an hour later
			name = contentFile(e.Queue)
			kept, _ = d.Read(name)
			if err := d.Remove(name); err != nil {
				t.Error(err)
			}
			w.clock.Post(time.Hour, func() {
				if err := d.Write(name, kept); err != nil {
					t.Error(err)
				}
			})
		}
	})
	if got := w.send(t, "stranger", 25, nil, hello, "alice@acme.test"); got[0] != 250 {
		t.Fatalf("got %d", got[0])
	}
	deferred := 0
	for e := range w.trace.All() {
		if e.What == trace.Deferred {
			deferred++
		}
	}
	if deferred != 3 || len(w.boxes.mail["alice@acme.test"]) != 1 {
		t.Errorf("deferred %d times, delivered %d times", deferred, len(w.boxes.mail["alice@acme.test"]))
	}
}
