package imap

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"mailwalk/protocols/dialog"
)

// overTCP serves one connection of the machine's, which unlike a pipe has room for what
// both ends say last.
func overTCP(t *testing.T, srv *Server, hooks *Hooks) (nc net.Conn, served <-chan error) {
	t.Helper()
	l := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	done := make(chan error, 1)
	go func() {
		far, err := l.Accept()
		if err == nil {
			err = srv.ServeConn(context.Background(), far, hooks)
		}
		done <- err
	}()
	nc = must[net.Conn](t)(net.Dial("tcp", l.Addr().String()))
	t.Cleanup(func() { nc.Close(); l.Close() })
	return nc, done
}

func TestImplicitTLS(t *testing.T) {
	cert := selfSigned(t)
	srv := testServer(newMemory(), time.Now)
	srv.AllowCleartext, srv.ImplicitTLS = false, true
	srv.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}}
	pool := x509.NewCertPool()
	pool.AddCert(cert.Leaf)
	before := dialog.Cleartext{FromServer: -1}
	nc, served := overTCP(t, srv, &Hooks{TLS: dialog.TLSHooks{Start: func(c dialog.Cleartext) { before = c }}})
	c := must[*Client](t)(Connect(t.Context(), nc, ClientOptions{ImplicitTLS: &tls.Config{RootCAs: pool, ServerName: "imap.example.org"}}))
	if c.Has("STARTTLS") || !c.Has("AUTH=PLAIN") {
		t.Errorf("capabilities: %q", c.Capabilities())
	}
	check(t, c.Login(t.Context(), "fred", "secret"))
	check(t, c.Logout(t.Context()))
	check(t, c.Disconnect())
	check(t, <-served)
	if before != (dialog.Cleartext{}) {
		t.Errorf("before TLS: %+v", before)
	}
}

// TestStartTLSFails: after a handshake that has failed nothing is said any more, in
// clear least of all.
func TestStartTLSFails(t *testing.T) {
	srv := testServer(newMemory(), time.Now)
	srv.TLSConfig = &tls.Config{Certificates: []tls.Certificate{selfSigned(t)}}
	var ended error
	hooks := &Hooks{TLS: dialog.TLSHooks{Done: func(_ tls.ConnectionState, err error) { ended = err }}}

	nc, served := overTCP(t, srv, hooks)
	var own error
	c := must[*Client](t)(Connect(t.Context(), nc, ClientOptions{Hooks: &Hooks{TLS: dialog.TLSHooks{Done: func(_ tls.ConnectionState, err error) { own = err }}}}))
	if err := c.StartTLS(t.Context(), &tls.Config{ServerName: "imap.example.org", RootCAs: x509.NewCertPool()}); err == nil || own == nil {
		t.Fatalf("a server that nobody vouches for was trusted: %v, %v", err, own)
	}
	if err := c.Login(t.Context(), "fred", "secret"); err == nil {
		t.Error("a password went out after it")
	}
	check(t, c.Disconnect())
	if err := <-served; err == nil || ended == nil {
		t.Errorf("served: %v; handshake: %v", err, ended)
	}

	// A command glued behind STARTTLS.
	nc, served = overTCP(t, srv, hooks)
	must[int](t)(io.WriteString(nc, "a STARTTLS\r\nb LOGIN fred secret\r\n"))
	said := must[[]byte](t)(io.ReadAll(nc))
	if err := <-served; err == nil || ended == nil {
		t.Errorf("served: %v; handshake: %v", err, ended)
	}
	lines := strings.SplitAfter(string(said), "\r\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[1], "a OK") || bytes.Contains(said, []byte("b ")) {
		t.Errorf("the server said %q", said)
	}
}
