package pop3

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"mailwalk/protocols/dialog"
)

// secured is a server with a certificate for dewey, and how a client comes to trust it.
func secured(t *testing.T) (*Server, *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"dewey"}, NotBefore: time.Unix(0, 0),
		NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	srv := &Server{Hostname: "dewey", Backend: mrose(), TLS: &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}}
	return srv, &tls.Config{RootCAs: roots, ServerName: "dewey"}
}

// overTCP serves one connection of the machine's, which unlike a pipe has room for what
// both ends say last.
func overTCP(t *testing.T, srv *Server, hooks *Hooks) (nc net.Conn, served <-chan error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		far, err := l.Accept()
		if err == nil {
			err = srv.ServeConn(ctxb, far, hooks)
		}
		done <- err
	}()
	nc, err = net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close(); l.Close() })
	return nc, done
}

// TestTLS: with STLS and with TLS from the first octet on, the password crosses inside,
// and the lines count from 0 there.
func TestTLS(t *testing.T) {
	for _, implicit := range []bool{false, true} {
		srv, trusting := secured(t)
		srv.ImplicitTLS = implicit
		var before dialog.Cleartext
		var ended error
		first := int64(-1)
		hooks := &Hooks{
			TLS: dialog.TLSHooks{
				Start: func(c dialog.Cleartext) { before = c },
				Done:  func(_ tls.ConnectionState, err error) { ended, first = err, -1 },
			},
			Hooks: dialog.Hooks{Received: func(u *dialog.Unit) []string {
				if first < 0 {
					first = u.From
				}
				return nil
			}},
		}
		nc, served := overTCP(t, srv, hooks)
		opts := &ClientOptions{Timeout: 10 * time.Second}
		if implicit {
			opts.ImplicitTLS = trusting
		}
		c, err := NewClient(ctxb, nc, opts)
		if err != nil {
			t.Fatal(err)
		}
		if !implicit {
			if caps, err := c.Capa(ctxb); err != nil || !has(caps, "STLS") || has(caps, "USER") {
				t.Errorf("in clear: %v, %v", caps, err)
			}
			if err := c.Login(ctxb, "mrose", "tanstaaf"); !errors.Is(err, ErrCleartext) {
				t.Errorf("a password in clear: %v", err)
			}
			if err := c.StartTLS(ctxb, trusting); err != nil {
				t.Fatal(err)
			}
		}
		if caps, err := c.Capa(ctxb); err != nil || has(caps, "STLS") || !has(caps, "USER") {
			t.Errorf("within TLS: %v, %v", caps, err)
		}
		if err := c.StartTLS(ctxb, trusting); !errors.Is(err, ErrArgument) {
			t.Errorf("TLS within TLS: %v", err)
		}
		if err := c.Login(ctxb, "mrose", "tanstaaf"); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Retr(ctxb, 1); err != nil {
			t.Error(err)
		}
		if err := c.Quit(ctxb); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil || ended != nil || first != 0 {
			t.Errorf("implicit %t: served: %v; handshake: %v; the first line within is at %d", implicit, err, ended, first)
		}
		if clear := before.FromClient > 0 && before.FromServer > 0; clear == implicit || before.Early != 0 {
			t.Errorf("implicit %t: before TLS: %+v", implicit, before)
		}
	}
}

func has(caps Capabilities, tag string) bool { _, ok := caps.Get(tag); return ok }

// TestSTLSInjection: a command glued behind STLS is not obeyed, and nothing is said in
// clear after it.
func TestSTLSInjection(t *testing.T) {
	srv, _ := secured(t)
	var heard []string
	var early int
	var ended error
	hooks := &Hooks{
		Hooks: dialog.Hooks{Received: func(u *dialog.Unit) []string { heard = append(heard, string(u.Text)); return nil }},
		TLS: dialog.TLSHooks{
			Start: func(c dialog.Cleartext) { early = c.Early },
			Done:  func(_ tls.ConnectionState, err error) { ended = err },
		},
	}
	nc, served := overTCP(t, srv, hooks)
	const glued = "USER mrose\r\n"
	if _, err := io.WriteString(nc, "STLS\r\n"+glued); err != nil {
		t.Fatal(err)
	}
	said, err := io.ReadAll(nc)
	if err != nil {
		t.Fatal(err)
	}
	// What follows on the last line in clear is an alert of TLS, if anything.
	if lines := strings.SplitAfter(string(said), "\r\n"); len(lines) != 3 || !strings.HasPrefix(lines[1], "+OK begin TLS") || strings.ContainsAny(lines[2], "+-\r\n") {
		t.Errorf("the server said %q", said)
	}
	if err := <-served; err == nil || ended == nil || early != len(glued) || len(heard) != 1 {
		t.Errorf("served: %v; handshake: %v; early: %d; heard %q", err, ended, early, heard)
	}
}

// TestHandshakeFails: after a handshake that has failed nothing is said any more.
func TestHandshakeFails(t *testing.T) {
	srv, _ := secured(t)
	nc, served := overTCP(t, srv, nil)
	c, err := NewClient(ctxb, nc, &ClientOptions{Timeout: 10 * time.Second, AllowCleartext: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.StartTLS(ctxb, &tls.Config{ServerName: "dewey", RootCAs: x509.NewCertPool()}); err == nil {
		t.Fatal("a server that nobody vouches for was trusted")
	}
	if err := c.Login(ctxb, "mrose", "tanstaaf"); !errors.Is(err, ErrUnusable) {
		t.Errorf("login after it: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	var alert tls.AlertError
	var op *net.OpError
	if err := <-served; !errors.As(err, &alert) && !errors.As(err, &op) {
		t.Errorf("served: %v", err)
	}
}

// TestEarlyReply: a server's words behind its answer to STLS are not believed.
func TestEarlyReply(t *testing.T) {
	c, err := NewClient(ctxb, canned("+OK ready\r\n+OK begin\r\n+OK but first\r\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.StartTLS(ctxb, &tls.Config{ServerName: "dewey"}); !errors.Is(err, ErrEarlyReply) {
		t.Errorf("%v", err)
	}
}
