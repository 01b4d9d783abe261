package secure_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"mailwalk/protocols/dialog"
	"mailwalk/protocols/sasl"
	"mailwalk/protocols/smtp"
	"mailwalk/sim/clock"
	"mailwalk/sim/secure"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
	"mailwalk/sim/wire/virtual"
)

// submission is a server whose one user is alice.
type submission struct{ content *string }

func (s submission) NewSession(context.Context, smtp.Peer) (smtp.Session, error) { return s, nil }

func (submission) Auth(context.Context, string, string, string, string) error {
	return smtp.BadCredentials()
}
func (submission) Mail(context.Context, smtp.Path, smtp.MailParams) error { return nil }
func (submission) Rcpt(context.Context, smtp.Path, smtp.RcptParams) error { return nil }
func (submission) Reset()                                                 {}
func (submission) Close()                                                 {}

func (s submission) Data(_ context.Context, peer smtp.Peer, _ smtp.Envelope, r io.Reader) (string, error) {
	content, err := io.ReadAll(r)
	*s.content = peer.Protocol() + " " + peer.User + " " + string(content)
	return "", err
}

func (submission) Password(context.Context, string) (string, error) { return "", sasl.ErrNoUser }

func (submission) Verifier(_ context.Context, user string) (sasl.Verifier, error) {
	if user != "alice" {
		return sasl.Verifier{}, sasl.ErrNoUser
	}
	return sasl.NewVerifier("secret", []byte("sixteen octets.."), sasl.MinIterations)
}

func (submission) Authorize(context.Context, string, string, string) error { return nil }

// drawn is a stream of the walk's as octets.
type drawn struct{ *rand.Rand }

func (d drawn) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(d.Uint32())
	}
	return len(p), nil
}

// submit has a laptop hand in a mail under TLS, and returns the trace and what the
// server got.
func submit(t *testing.T, implicit bool) (tr *trace.Trace, got string) {
	t.Helper()
	start := time.Date(2030, 1, 7, 9, 0, 0, 0, time.UTC)
	tr = trace.New(trace.Header{Seed: 7})
	rec := trace.NewRecorder(tr)
	clk := clock.New(start, rec.Root())
	rec.Attach(clk)
	n := virtual.New(virtual.Config{Clock: clk, Recorder: rec, Seed: 7})
	link := n.AddLink("net", virtual.LinkConfig{Latency: 2 * time.Millisecond})
	host := func(name, addr string) wire.Host {
		h, err := n.AddHost(name, []virtual.Iface{{Link: link, Addrs: []netip.Prefix{netip.MustParsePrefix(addr)}}})
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	laptop, mail := host("laptop", "192.0.2.10/24"), host("mail.acme.test", "192.0.2.25/24")
	if err := n.Ready(); err != nil {
		t.Fatal(err)
	}
	authority, err := secure.NewAuthority(7, start)
	if err != nil {
		t.Fatal(err)
	}
	far := secure.On(mail, rec, authority)
	config, err := far.ServerConfig(secure.Server{})
	if err != nil {
		t.Fatal(err)
	}
	server := &smtp.Server{
		Hostname: mail.Name(), Backend: submission{&got}, Mode: smtp.Submission, Mechanisms: []string{sasl.SCRAMSHA256},
		TLS: config, ImplicitTLS: implicit, RequireTLS: true, Now: mail.Clock().Now, Rand: drawn{mail.Rand("AUTH")}, DecoyKey: []byte("decoy"),
	}
	l, err := mail.Listen(netip.AddrPortFrom(netip.IPv6Unspecified(), 587))
	if err != nil {
		t.Fatal(err)
	}
	serverErr, clientErr := fmt.Errorf("the server did not end"), fmt.Errorf("the client did not end")
	wire.Serve(mail, l, "server", func(ctx context.Context, nc net.Conn) {
		c := far.Watch(nc, true)
		rec.Serve(c.Traced())
		serverErr = server.ServeConn(ctx, c, &smtp.Hooks{Hooks: rec.Hooks(c.Traced(), true), TLS: smtp.TLSHooks{Done: c.Done}})
	})
	near := secure.On(laptop, rec, authority)
	laptop.Go("client", func(ctx context.Context) { clientErr = handIn(ctx, laptop, near, rec, implicit) })
	for i := 0; clk.Step(); i++ {
		if i > 1e6 {
			t.Fatal("the queue never runs dry")
		}
	}
	clk.Close()
	if err := n.Close(); err != nil {
		t.Error(err)
	}
	if serverErr != nil || clientErr != nil {
		t.Fatalf("server: %v, client: %v", serverErr, clientErr)
	}
	return tr, got
}

func handIn(ctx context.Context, h wire.Host, s *secure.Host, rec *trace.Recorder, implicit bool) error {
	nc, err := h.Dial(ctx, "tcp", netip.AddrPort{}, netip.MustParseAddrPort("192.0.2.25:587"))
	if err != nil {
		return err
	}
	conn := s.Watch(nc, false)
	var hooks dialog.Hooks = rec.Hooks(conn.Traced(), false)
	c := smtp.NewClient(conn, smtp.ClientOptions{
		Hello: "laptop.acme.test", Now: h.Clock().Now, Rand: drawn{h.Rand("AUTH")}, Hooks: &hooks, TLSHooks: smtp.TLSHooks{Done: conn.Done},
	})
	config := conn.ClientConfig("mail.acme.test", secure.Verify)
	if implicit {
		if err := c.ImplicitTLS(ctx, config); err != nil {
			return err
		}
		_, err = c.Hello(ctx)
	} else {
		_, err = c.HelloTLS(ctx, smtp.TLSRequired, config)
	}
	if err != nil {
		return err
	}
	if _, err := c.Auth(ctx, smtp.Credentials{User: "alice", Password: "secret"}); err != nil {
		return err
	}
	env := smtp.Envelope{From: smtp.Path{Local: "alice", Domain: "acme.test"}, Recipients: []smtp.Recipient{{To: smtp.Path{Local: "bob", Domain: "acme.test"}}}}
	if _, err := c.Send(ctx, env, []byte("Subject: x\r\n\r\nhello\r\n")); err != nil {
		return err
	}
	_, err = c.Quit(ctx)
	return err
}

// TestSubmissionRepeats: SMTP under TLS, with SCRAM within, makes the same trace at
// every run, to the last alert.
func TestSubmissionRepeats(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, implicit := range []bool{false, true} {
		var first []byte
		for _, procs := range []int{1, 2, 8} {
			runtime.GOMAXPROCS(procs)
			for i := range 3 {
				tr, got := submit(t, implicit)
				if want := "ESMTPSA alice Subject: x"; !strings.HasPrefix(got, want) {
					t.Fatalf("the server got %q", got)
				}
				var all bytes.Buffer
				enc := trace.NewEncoder(&all, func(*trace.Event) string { return "" })
				for e := range tr.All() {
					if err := enc.Encode(e); err != nil {
						t.Fatal(err)
					}
				}
				if first == nil {
					first = all.Bytes()
				}
				if !bytes.Equal(all.Bytes(), first) {
					t.Fatalf("implicit %t, GOMAXPROCS %d, run %d: another trace", implicit, procs, i)
				}
			}
		}
	}
}
