package secure

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"

	"mailwalk/protocols/dialog"
	"mailwalk/protocols/smtp"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
)

// maildrop takes one mail.
type maildrop struct {
	got   []byte
	inTLS bool
}

func (m *maildrop) NewSession(context.Context, smtp.Peer) (smtp.Session, error) { return m, nil }

func (m *maildrop) Auth(context.Context, string, string, string, string) error {
	return smtp.BadCredentials()
}
func (m *maildrop) Mail(context.Context, smtp.Path, smtp.MailParams) error { return nil }
func (m *maildrop) Rcpt(context.Context, smtp.Path, smtp.RcptParams) error { return nil }
func (m *maildrop) Reset()                                                 {}
func (m *maildrop) Close()                                                 {}

func (m *maildrop) Data(_ context.Context, peer smtp.Peer, _ smtp.Envelope, r io.Reader) (string, error) {
	got, err := io.ReadAll(r)
	m.got, m.inTLS = got, peer.TLS
	return "", err
}

// deliver sends a mail by the SMTP of the protocols.
func deliver(t *testing.T, implicit bool, content []byte) (*trace.Trace, *maildrop) {
	t.Helper()
	box := new(maildrop)
	port := uint16(25)
	if implicit {
		port = 465
	}
	failed := fmt.Errorf("the client did not end")
	tr := run(t, 1, func(rec *trace.Recorder, laptop, mail *Host) {
		config, err := mail.ServerConfig(Server{})
		if err != nil {
			t.Fatal(err)
		}
		s := &smtp.Server{Hostname: "mail.acme.test", Backend: box, TLS: config, ImplicitTLS: implicit, Now: mail.host.Clock().Now}
		l, err := mail.host.Listen(netip.AddrPortFrom(netip.IPv6Unspecified(), port))
		if err != nil {
			t.Fatal(err)
		}
		wire.Serve(mail.host, l, "smtp", func(ctx context.Context, nc net.Conn) {
			c := mail.Watch(nc, true)
			rec.Serve(c.Traced())
			hooks := smtp.Hooks{Hooks: rec.Hooks(c.Traced(), true), TLS: smtp.TLSHooks{Done: c.Done}}
			if err := s.ServeConn(ctx, c, &hooks); err != nil {
				t.Errorf("server: %v", err)
			}
		})
		laptop.host.Go("client", func(ctx context.Context) { failed = submit(ctx, rec, laptop, port, implicit, content) })
	})
	if failed != nil {
		t.Fatal(failed)
	}
	return tr, box
}

func submit(ctx context.Context, rec *trace.Recorder, h *Host, port uint16, implicit bool, content []byte) error {
	nc, err := h.host.Dial(ctx, "tcp", netip.AddrPort{}, netip.AddrPortFrom(netip.MustParseAddr("192.0.2.25"), port))
	if err != nil {
		return err
	}
	c := h.Watch(nc, false)
	hooks := rec.Hooks(c.Traced(), false)
	s := smtp.NewClient(c, smtp.ClientOptions{Hello: "laptop", Now: h.host.Clock().Now, Hooks: &hooks, TLSHooks: smtp.TLSHooks{Done: c.Done}})
	defer s.Close()
	config := c.ClientConfig("mail.acme.test", Verify)
	step := func(r *smtp.Reply, err error) error {
		if err == nil && r.Negative() {
			err = fmt.Errorf("%v", r)
		}
		return err
	}
	if implicit {
		if err := s.ImplicitTLS(ctx, config); err != nil {
			return err
		}
	}
	if err := step(s.Greeting(ctx)); err != nil {
		return err
	}
	if err := step(s.Hello(ctx)); err != nil {
		return err
	}
	if !implicit {
		if err := step(s.StartTLS(ctx, config)); err != nil {
			return err
		}
		if err := step(s.Hello(ctx)); err != nil {
			return err
		}
	}
	path, err := smtp.ParseMailbox("bob@acme.test")
	if err != nil {
		return err
	}
	if err := step(s.Mail(ctx, path, smtp.MailParams{})); err != nil {
		return err
	}
	if err := step(s.Rcpt(ctx, path, smtp.RcptParams{})); err != nil {
		return err
	}
	if err := step(s.Data(ctx, content)); err != nil {
		return err
	}
	return step(s.Quit(ctx))
}

func TestMailInTLS(t *testing.T) {
	content := []byte("Subject: sealed\r\n\r\n" + strings.Repeat("The same line again and again.\r\n", 3000))
	for _, implicit := range []bool{false, true} {
		tr, box := deliver(t, implicit, content)
		if !bytes.Equal(box.got, content) || !box.inTLS {
			t.Fatalf("implicit %t: %d octets arrived, in TLS: %t", implicit, len(box.got), box.inTLS)
		}
		again, _ := deliver(t, implicit, content)
		if octets(t, tr) != octets(t, again) {
			t.Errorf("implicit %t: two runs differ", implicit)
		}
		index := tr.Index()
		for e := range tr.All() {
			b, ok := e.Body.(*trace.LineBody)
			if !ok || e.What != trace.Received || b.Role != dialog.Body {
				continue
			}
			info, _ := index.Line(e.Seq)
			if n := len(index.Down(info.Node)); info.Sent == 0 || n < len(content)/1460 {
				t.Errorf("implicit %t: %d packets carried %d octets", implicit, n, len(content))
			}
		}
		for e := range tr.All() { // nothing of it is to be seen on the wire
			if b, ok := e.Body.(*trace.PacketBody); ok && bytes.Contains(b.Data, []byte("The same line")) {
				t.Fatalf("implicit %t: frame %d has it in clear", implicit, b.Frame)
			}
		}
	}
}

// octets is a sum over a whole trace.
func octets(t *testing.T, tr *trace.Trace) string {
	t.Helper()
	sum := sha256.New()
	enc := trace.NewEncoder(sum, func(*trace.Event) string { return "" })
	for e := range tr.All() {
		if err := enc.Encode(e); err != nil {
			t.Fatal(err)
		}
	}
	return fmt.Sprintf("%x", sum.Sum(nil))
}
