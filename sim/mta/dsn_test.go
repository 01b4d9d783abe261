package mta

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"

	"mailwalk/protocols/smtp"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
)

// peer is the next server for relay.test. It refuses who is called no….
type peer struct {
	envelopes []smtp.Envelope
	contents  []string
	sessions  int
}

func (w *world) next(t *testing.T, offer smtp.Server) *peer {
	t.Helper()
	h, p := w.hosts["friend"], &peer{}
	l, err := h.Listen(netip.AddrPortFrom(netip.IPv6Unspecified(), 25))
	if err != nil {
		t.Fatal(err)
	}
	offer.Hostname, offer.Backend, offer.Now = "mx.relay.test", p, h.Clock().Now
	wire.Serve(h, l, "smtp", func(ctx context.Context, nc net.Conn) {
		if err := offer.ServeConn(ctx, nc, nil); err != nil {
			t.Errorf("session: %v", err)
		}
	})
	return p
}

func (p *peer) NewSession(context.Context, smtp.Peer) (smtp.Session, error) {
	p.sessions++
	return p, nil
}
func (p *peer) Auth(context.Context, string, string, string, string) error {
	return smtp.BadCredentials()
}
func (p *peer) Mail(context.Context, smtp.Path, smtp.MailParams) error { return nil }
func (p *peer) Rcpt(_ context.Context, to smtp.Path, _ smtp.RcptParams) error {
	if strings.HasPrefix(to.Local, "no") {
		return &smtp.Reply{Code: 550, Enhanced: smtp.Enhanced{5, 1, 1}, Lines: []string{"No such user", "Try another"}}
	}
	return nil
}
func (p *peer) Data(_ context.Context, _ smtp.Peer, env smtp.Envelope, r io.Reader) (string, error) {
	content, err := io.ReadAll(r)
	p.envelopes, p.contents = append(p.envelopes, env), append(p.contents, string(content))
	return "", err
}
func (p *peer) Reset() {}
func (p *peer) Close() {}

// submitted has a host send a mail with an envelope to the server.
func (w *world) submitted(t *testing.T, env smtp.Envelope, content string) {
	t.Helper()
	h := w.hosts["friend"]
	err := errors.New("did not end")
	h.Go("send", func(ctx context.Context) {
		var nc net.Conn
		if nc, err = h.Dial(ctx, "tcp", netip.AddrPort{}, netip.AddrPortFrom(netip.MustParseAddr(server), 25)); err != nil {
			return
		}
		c := smtp.NewClient(nc, smtp.ClientOptions{Now: h.Clock().Now, Chunking: true})
		defer c.Close()
		if _, err = c.Hello(ctx); err != nil {
			return
		}
		var result smtp.Result
		if result, err = c.Send(ctx, env, []byte(content)); err == nil {
			for _, r := range result.Recipients {
				if !r.Accepted() {
					err = r.Reply
				}
			}
		}
	})
	for w.clock.Step() {
	}
	if err != nil {
		t.Fatal(err)
	}
}

// envelope is one from alice to recipients, each an address with what NOTIFY says
// behind a space.
func wishes(to ...string) smtp.Envelope {
	env := smtp.Envelope{From: smtp.Path{Local: "alice", Domain: "acme.test"}, Params: smtp.MailParams{EnvID: "QQ=1", Ret: smtp.RetFull}}
	words := map[string]smtp.Notify{
		"": 0, "NEVER": smtp.NotifyNever, "SUCCESS": smtp.NotifySuccess, "FAILURE": smtp.NotifyFailure, "DELAY": smtp.NotifyDelay,
	}
	for _, s := range to {
		address, notify, _ := strings.Cut(s, " ")
		local, domain, _ := strings.Cut(address, "@")
		r := smtp.Recipient{To: smtp.Path{Local: local, Domain: domain}}
		for word := range strings.SplitSeq(notify, ",") {
			r.Params.Notify |= words[word]
		}
		if notify != "" {
			r.Params.ORcpt = smtp.OriginalRecipient{Type: "rfc822", Address: "First." + address}
		}
		env.Recipients = append(env.Recipients, r)
	}
	return env
}

func everybody(string) bool { return true }

// fieldsOf are the parts of a report that programs read: of the mail, and of each
// recipient.
func fieldsOf(t *testing.T, report string) []string {
	t.Helper()
	_, rest, ok := strings.Cut(report, "Content-Type: message/delivery-status\r\n\r\n")
	status, _, end := strings.Cut(rest, "\r\n\r\n--")
	if !ok || !end {
		t.Fatalf("no status in %s", report)
	}
	return strings.Split(status, "\r\n\r\n")
}

// TestReports: who is told of what, by which server, and with which fields (RFC 3461
// §5.2, RFC 3464 §2.3).
func TestReports(t *testing.T) {
	const diagnosis = "\r\nStatus: 5.1.1\r\nRemote-MTA: dns; [192.0.2.30]\r\nDiagnostic-Code: smtp; 550-5.1.1 No such user\r\n 550 5.1.1 Try another"
	for _, x := range []struct {
		name string
		to   []string
		dsn  bool // the next server offers it
		want []string
	}{
		{"delivered here", []string{"carol@acme.test SUCCESS"}, true, []string{"Original-Recipient: rfc822; First.carol@acme.test\r\nFinal-Recipient: rfc822; carol@acme.test\r\nAction: delivered\r\nStatus: 2.0.0"}},
		{"delivered, not asked", []string{"carol@acme.test", "alice@acme.test FAILURE"}, true, nil},
		{"handed on", []string{"known@relay.test SUCCESS"}, true, nil},
		{"handed on to one without DSN", []string{"known@relay.test SUCCESS,FAILURE"}, false, []string{"Original-Recipient: rfc822; First.known@relay.test\r\nFinal-Recipient: rfc822; known@relay.test\r\nAction: relayed\r\nStatus: 2.0.0\r\nRemote-MTA: dns; [192.0.2.30]\r\nDiagnostic-Code: smtp; 250 2.0.0 OK"}},
		{"refused", []string{"nobody@relay.test"}, true, []string{"Final-Recipient: rfc822; nobody@relay.test\r\nAction: failed" + diagnosis}},
		{"refused, as asked", []string{"nobody@relay.test FAILURE"}, false, []string{"Original-Recipient: rfc822; First.nobody@relay.test\r\nFinal-Recipient: rfc822; nobody@relay.test\r\nAction: failed" + diagnosis}},
		{"refused, never", []string{"nobody@relay.test NEVER"}, false, nil},
		{"refused, only of success", []string{"nobody@relay.test SUCCESS"}, true, nil},
		{"one of two", []string{"nobody@relay.test NEVER", "nothing@relay.test"}, true, []string{"Final-Recipient: rfc822; nothing@relay.test\r\nAction: failed" + diagnosis}},
		{"expanded", []string{"team@acme.test SUCCESS,FAILURE"}, true, []string{"Original-Recipient: rfc822; First.team@acme.test\r\nFinal-Recipient: rfc822; team@acme.test\r\nAction: expanded\r\nStatus: 2.0.0"}},
		{"one for another", []string{"deputy@acme.test SUCCESS"}, true, []string{"Original-Recipient: rfc822; First.deputy@acme.test\r\nFinal-Recipient: rfc822; carol@acme.test\r\nAction: delivered\r\nStatus: 2.0.0"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			w := newWorld(t, func(c *Config) {
				c.Extensions = []string{"PIPELINING", "DSN"}
				c.Known = everybody
				c.Forward = map[string][]string{"team@acme.test": {"carol@acme.test", "known@relay.test"}, "deputy@acme.test": {"carol@acme.test"}}
			})
			w.boxes.users["carol@acme.test"] = ""
			next := w.next(t, smtp.Server{DSN: x.dsn})
			w.submitted(t, wishes(x.to...), hello)
			var got []string
			for _, m := range w.boxes.mail["alice@acme.test"] {
				if !strings.Contains(string(m), "multipart/report") {
					continue
				}
				fields := fieldsOf(t, string(m))
				if want := "Original-Envelope-Id: QQ=1\r\nReporting-MTA: dns; mail.acme.test\r\nArrival-Date: Mon, 7 Jan 2030 09:00:00 +0000"; fields[0] != want {
					t.Errorf("fields of the mail %q, want %q", fields[0], want)
				}
				got = append(got, fields[1:]...)
				full := strings.Contains(string(m), "Content-Type: message/rfc822\r\n\r\nReceived: ")
				if failed := strings.Contains(string(m), "Action: failed"); full != failed {
					t.Errorf("the whole mail is returned: %v, want %v", full, failed)
				}
			}
			if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", x.want) {
				t.Errorf("reports\ngot  %q\nwant %q", got, x.want)
			}
			for _, env := range next.envelopes {
				if passed := env.Params.EnvID == "QQ=1" && env.Params.Ret == smtp.RetFull; passed != x.dsn {
					t.Errorf("the next server was told %+v", env.Params)
				}
			}
		})
	}
}

// TestWishesPassedOn: a server with DSN is told what was asked, word for word (RFC
// 3461 §5.2.1).
func TestWishesPassedOn(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Extensions, c.Known = []string{"DSN"}, everybody })
	next := w.next(t, smtp.Server{DSN: true})
	env := wishes("a@relay.test SUCCESS,DELAY", "b@relay.test NEVER", "c@relay.test")
	w.submitted(t, env, hello)
	if len(next.envelopes) != 1 || fmt.Sprint(next.envelopes[0].Recipients) != fmt.Sprint(env.Recipients) {
		t.Errorf("got %+v, want %+v", next.envelopes, env.Recipients)
	}
}

// TestUnfit: a mail that the next server cannot be given comes back at once.
func TestUnfit(t *testing.T) {
	utf8 := func(env smtp.Envelope) smtp.Envelope { env.Params.UTF8 = true; return env }
	for _, x := range []struct {
		name, to, content string
		utf8              bool
		offer             smtp.Server
		status, final     string
	}{
		{"8 bit", "a@relay.test", "Subject: x\r\n\r\nü\r\n", false, smtp.Server{Without: []string{"8BITMIME"}}, "5.6.3", "rfc822; a@relay.test"},
		{"a header beyond ASCII", "a@relay.test", "Subject: ü\r\n\r\nx\r\n", true, smtp.Server{}, "5.6.9", "rfc822; a@relay.test"},
		{"an address beyond ASCII", "jörg@relay.test", hello, true, smtp.Server{}, "5.6.7", `utf-8; j\x{F6}rg@relay.test`},
		{"binary", "a@relay.test", "Subject: x\r\n\r\nx\ny", false, smtp.Server{Chunking: true}, "5.6.3", "rfc822; a@relay.test"},
	} {
		t.Run(x.name, func(t *testing.T) {
			w := newWorld(t, func(c *Config) {
				c.Extensions, c.Known = []string{"8BITMIME", "CHUNKING", "BINARYMIME", "SMTPUTF8", "DSN"}, everybody
			})
			next := w.next(t, x.offer)
			env := wishes(x.to)
			if x.utf8 {
				env = utf8(env)
			}
			w.submitted(t, env, x.content)
			if len(next.contents) > 0 {
				t.Errorf("it was handed on: %q", next.contents)
			}
			if len(w.boxes.mail["alice@acme.test"]) != 1 {
				t.Fatalf("%d reports", len(w.boxes.mail["alice@acme.test"]))
			}
			for e := range w.trace.All() {
				if e.What == trace.Deferred {
					t.Error("it was kept for another try")
				}
			}
			report := string(w.boxes.mail["alice@acme.test"][0])
			if fields := fieldsOf(t, report); fields[1] != "Final-Recipient: "+x.final+"\r\nAction: failed\r\nStatus: "+x.status {
				t.Errorf("got %q", fields)
			}
			if head, _, _ := strings.Cut(report, "Content-Type: message/rfc822"); !isASCII(head) {
				t.Errorf("the report is not ASCII: %q", report)
			}
		})
	}
}

// TestDoubleBounce: of a mail without a sender that cannot be delivered the
// postmaster is told, and of the notice to him that cannot be delivered nobody.
func TestDoubleBounce(t *testing.T) {
	for _, x := range []struct{ postmaster, want string }{
		{"alice@acme.test", "[undeliverable]"},
		{"gone@acme.test", "[undeliverable no-report]"},
		{"", "[no-report]"},
	} {
		w := newWorld(t, func(c *Config) { c.Postmaster, c.Known = x.postmaster, everybody })
		w.next(t, smtp.Server{})
		env := wishes("nobody@relay.test")
		env.From = smtp.Path{}
		w.submitted(t, env, hello)
		var got []string
		for e := range w.trace.All() {
			switch e.What {
			case trace.Bounced, trace.Undeliverable, trace.NoReport:
				got = append(got, e.What)
			}
		}
		if fmt.Sprint(got) != x.want {
			t.Errorf("postmaster %q: %v, want %s", x.postmaster, got, x.want)
		}
		if n := len(w.boxes.mail["alice@acme.test"]); (n == 1) != (x.postmaster == "alice@acme.test") {
			t.Errorf("postmaster %q: %d mails", x.postmaster, n)
		}
		if left := w.hosts["mail"].Disk().List("queue/"); len(left) > 0 {
			t.Errorf("left in the queue: %q", left)
		}
	}
}

// TestLimits: a mail goes out in as many transactions and sessions as the next server
// says that it wants, and nobody waits for a later try (RFC 9422 §4).
func TestLimits(t *testing.T) {
	for _, x := range []struct {
		limits              smtp.Limits
		sessions, contents  int
		decisions, accepted string
	}{
		{smtp.Limits{}, 1, 1, "[]", "5"},
		{smtp.Limits{RcptMax: 2}, 1, 3, "[split]", "5"},
		{smtp.Limits{MailMax: 1}, 1, 1, "[]", "5"},
		{smtp.Limits{MailMax: 1, RcptMax: 2}, 3, 3, "[split new-session split new-session]", "5"},
		{smtp.Limits{MailMax: 2, RcptMax: 1}, 3, 5, "[split new-session split new-session]", "5"},
	} {
		t.Run(x.limits.String(), func(t *testing.T) {
			w := newWorld(t, func(c *Config) { c.Known = everybody })
			next := w.next(t, smtp.Server{Limits: x.limits})
			w.submitted(t, wishes("a@relay.test", "b@relay.test", "c@relay.test", "d@relay.test", "e@relay.test"), hello)
			got := []string{}
			for e := range w.trace.All() {
				switch e.What {
				case trace.Split, trace.NewSession, trace.Deferred:
					got = append(got, e.What)
				}
			}
			n := 0
			for _, env := range next.envelopes {
				n += len(env.Recipients)
			}
			if next.sessions != x.sessions || len(next.contents) != x.contents || fmt.Sprint(got) != x.decisions || fmt.Sprint(n) != x.accepted {
				t.Errorf("%d sessions, %d contents, %v, %d recipients; want %+v", next.sessions, len(next.contents), got, n, x)
			}
		})
	}
}
