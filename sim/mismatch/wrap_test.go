package mismatch

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"

	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
)

// script is a connection whose other end sends pieces, and after each may take
// its time.
type script struct {
	net.Conn
	pieces []string
	errs   []error // after the pieces; then io.EOF
	closed bool
}

func (s *script) Read(p []byte) (int, error) {
	if len(s.pieces) > 0 {
		n := copy(p, s.pieces[0])
		if s.pieces[0] = s.pieces[0][n:]; s.pieces[0] == "" {
			s.pieces = s.pieces[1:]
		}
		return n, nil
	}
	if len(s.errs) > 0 {
		err := s.errs[0]
		s.errs = s.errs[1:]
		return 0, err
	}
	return 0, io.EOF
}

func (s *script) Close() error { s.closed = true; return nil }

type tracedScript struct {
	script
	traced *trace.Conn
	half   bool
}

func (s *tracedScript) Traced() *trace.Conn { return s.traced }
func (s *tracedScript) CloseWrite() error   { s.half = true; return nil }

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		name, service string
		pieces        []string
		errs          []error
		want          string
	}{
		{"all at once", "pop3", []string{"EHLO acme.test\r\nQUIT\r\n"}, nil, "SMTP"},
		{"octet by octet", "pop3", strings.Split("EHLO acme.test\r\n", ""), nil, "SMTP"},
		{"what is right", "smtp", []string{"EHLO acme.test\r\n", "a1 CAPABILITY\r\n"}, nil, ""},
		{"the end decides", "pop3", []string{"GET / HTTP/1.0"}, nil, "HTTP"},
		{"a time-out is no end", "pop3", []string{"EHLO acme"}, []error{os.ErrDeadlineExceeded}, "SMTP"},
		{"a reset", "pop3", []string{"EHLO acme"}, []error{wire.ErrReset}, "SMTP"},
		{"nothing", "pop3", nil, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var found []string
			inner := &script{pieces: c.pieces, errs: c.errs}
			sent := strings.Join(c.pieces, "")
			nc := Wrap(inner, c.service, func(f Finding) { found = append(found, list(f.Heard)) })
			var got []byte
			for {
				b := make([]byte, 7)
				n, err := nc.Read(b)
				got = append(got, b[:n]...)
				if errors.Is(err, os.ErrDeadlineExceeded) {
					if len(found) != 0 {
						t.Error("found at a time-out")
					}
					continue
				}
				if err != nil {
					break
				}
			}
			if err := nc.Close(); err != nil || !inner.closed {
				t.Error("not closed")
			}
			if string(got) != sent {
				t.Errorf("read %q", got)
			}
			if strings.Join(found, ", ") != c.want {
				t.Errorf("found %q, want %q", found, c.want)
			}
		})
	}
}

// TestWrapClosedByServer: what waited for more is found when the server closes.
func TestWrapClosedByServer(t *testing.T) {
	found := 0
	nc := Wrap(&script{pieces: []string{recorded(t, "openssl.hello")[:100]}}, "imap", func(Finding) { found++ })
	if _, err := nc.Read(make([]byte, 200)); err != nil || found != 0 {
		t.Fatalf("%v, %d found", err, found)
	}
	for range 2 {
		if err := nc.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if found != 1 {
		t.Errorf("%d found", found)
	}
}

// TestWrapUnderTLS: a TLS server that meets a client without TLS fails, and it is
// known why.
func TestWrapUnderTLS(t *testing.T) {
	client, server := net.Pipe()
	var found []Finding
	handshake := tls.Server(Wrap(server, "imaps", func(f Finding) { found = append(found, f) }), &tls.Config{})
	go func() {
		// The server may be gone before all is written.
		_, _ = client.Write([]byte("a1 CAPABILITY\r\n"))
		_ = client.Close()
	}()
	if err := handshake.Handshake(); err == nil {
		t.Error("the handshake succeeds")
	}
	if err := handshake.Close(); err != nil {
		t.Log(err) // the client is gone
	}
	if len(found) != 1 || list(found[0].Heard) != "IMAP" {
		t.Errorf("found %v", found)
	}
}

func TestWrapKeepsInterfaces(t *testing.T) {
	traced := &trace.Conn{ID: "a>b:25#1"}
	inner := &tracedScript{traced: traced}
	nc := Wrap(inner, "smtp", func(Finding) {})
	if wire.Traced(nc) != traced {
		t.Error("Traced is lost")
	}
	cw, ok := nc.(interface{ CloseWrite() error })
	if !ok || cw.CloseWrite() != nil || !inner.half {
		t.Error("CloseWrite is lost")
	}
	if b, ok := nc.(interface{ NetConn() net.Conn }); !ok || b.NetConn() != net.Conn(inner) {
		t.Error("NetConn is not what is beneath")
	}

	plain := Wrap(&script{}, "smtp", func(Finding) {})
	if _, ok := plain.(interface{ CloseWrite() error }); ok {
		t.Error("CloseWrite comes from nowhere")
	}
	if wire.Traced(plain) != nil {
		t.Error("what is not traced is")
	}
	if other := net.Conn(inner); Wrap(other, "8080", nil) != other {
		t.Error("a service without rules is wrapped")
	}
}

func TestListenerForgets(t *testing.T) {
	l := Listener{Service: "smtp"}
	if _, ok := l.Hear([]byte("EHLO acme.test\r\n")); ok || l.heard != nil {
		t.Errorf("%t, kept %q", ok, l.heard)
	}
	l = Listener{Service: "imap"}
	for range 3 * MaxHeard / 6 {
		if f, ok := l.Hear([]byte("NOOP\r\n")); ok {
			t.Fatal(f.Heard)
		}
	}
	if !l.done || l.heard != nil {
		t.Errorf("it listens on, with %d octets", len(l.heard))
	}
}
