package smtp

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mailwalk/protocols/dialog"
	"mailwalk/protocols/sasl"
)

// connect returns both ends of a TCP connection. Not net.Pipe: both sides may say
// at once that TLS ends, and neither may have to wait for the other to listen.
func connect(t *testing.T) (client, server net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err = net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err = l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); server.Close() })
	return client, server
}

// serveBeside runs srv at the other end of a TCP connection. ended gives how the
// session ended.
func serveBeside(t *testing.T, srv *Server, hooks *Hooks) (nc net.Conn, ended chan error) {
	t.Helper()
	nc, far := connect(t)
	ended = make(chan error, 1)
	go func() { ended <- srv.ServeConn(context.Background(), far, hooks) }()
	return nc, ended
}

func tlsServer(t *testing.T) (*Server, *testBackend) {
	srv, b := realServer()
	srv.TLS, srv.Mode, b.users = testTLS(t), Submission, true
	srv.Mechanisms = []string{sasl.SCRAMSHA256, sasl.CRAMMD5, sasl.Plain, sasl.Login}
	return srv, b
}

// TestSecureDialogs plays the dialogues of testdata/tls: the client says a line and
// waits for the reply, and makes the handshake at "T.". A dialogue that ends in
// "T." without a server's line behind it is one whose handshake fails.
func TestSecureDialogs(t *testing.T) {
	files, err := filepath.Glob("testdata/tls/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no dialogues: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := playSecure(t, string(want))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(want) {
				t.Errorf("the dialogue went otherwise:\n%s", firstDifference(got, string(want)))
			}
		})
	}
}

func playSecure(t *testing.T, script string) string {
	t.Helper()
	var out strings.Builder
	srv, b := tlsServer(t)
	srv.Now, srv.Mechanisms = nil, []string{sasl.Plain, sasl.Login}
	b.users = false
	lines := strings.Split(strings.TrimSuffix(script, "\n"), "\n")
	if slices.Contains(lines, "! implicit") {
		srv.ImplicitTLS = true
	}
	if slices.Contains(lines, "! required") {
		srv.RequireTLS = true
	}
	nc, ended := serveBeside(t, srv, nil)
	if err := nc.SetDeadline(time.Now().Add(2 * time.Minute)); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(nc)
	hear := func() bool {
		for {
			line, err := r.ReadString('\n')
			if errors.Is(err, io.EOF) && line == "" {
				return false
			}
			if err != nil {
				t.Fatalf("read: %v, %q\n%s", err, line, out.String())
			}
			fmt.Fprintf(&out, "S: %s\n", strings.TrimSuffix(line, "\r\n"))
			if line[3] == ' ' {
				return true
			}
		}
	}
	if !srv.ImplicitTLS {
		hear()
	}
	for _, line := range lines {
		switch {
		case strings.HasPrefix(line, "#"), strings.HasPrefix(line, "!"):
			head := out.String()
			out.Reset()
			if i := strings.LastIndex(head, "S:"); i >= 0 { // the greeting comes behind the head
				fmt.Fprintf(&out, "%s%s\n%s", head[:i], line, head[i:])
			} else {
				fmt.Fprintf(&out, "%s%s\n", head, line)
			}
		case line == "T.":
			fmt.Fprintln(&out, line)
			conn := tls.Client(nc, trusting(t))
			if err := conn.Handshake(); err != nil {
				t.Fatal(err)
			}
			nc, r = conn, bufio.NewReader(conn)
			if srv.ImplicitTLS {
				hear()
			}
		case strings.HasPrefix(line, "C: "):
			fmt.Fprintln(&out, line)
			if _, err := io.WriteString(nc, line[3:]+"\r\n"); err != nil {
				t.Fatal(err)
			}
			hear()
		}
	}
	if hear() {
		t.Error("the server says more")
	}
	fmt.Fprintln(&out, "S. closes")
	if err := <-ended; err != nil {
		t.Error(err)
	}
	return out.String()
}

// TestStartTLS holds what a client and a server have of each other once they are
// under TLS, with each mechanism.
func TestStartTLS(t *testing.T) {
	for _, implicit := range []bool{false, true} {
		for _, m := range sasl.Mechanisms() {
			t.Run(fmt.Sprintf("%s/implicit=%t", m.Name, implicit), func(t *testing.T) {
				srv, b := tlsServer(t)
				srv.ImplicitTLS, srv.RequireTLS = implicit, true
				nc, ended := serveBeside(t, srv, nil)
				c := NewClient(nc, ClientOptions{Hello: "bar.com", Mechanisms: []string{m.Name}})
				ctx := context.Background()
				if implicit {
					if err := c.ImplicitTLS(ctx, trusting(t)); err != nil {
						t.Fatal(err)
					}
				}
				if _, err := c.Hello(ctx); err != nil {
					t.Fatal(err)
				}
				if !implicit {
					if _, err := c.Auth(ctx, Credentials{User: "alice", Password: "secret"}); !errors.Is(err, ErrCleartext) {
						t.Errorf("in the clear: %v", err)
					}
					if _, err := c.StartTLS(ctx, trusting(t)); err != nil {
						t.Fatal(err)
					}
					if len(c.Extensions()) > 0 {
						t.Errorf("remembers %v", c.Extensions())
					}
					if _, err := c.Hello(ctx); err != nil {
						t.Fatal(err)
					}
				}
				if c.Extensions().Has("STARTTLS") {
					t.Error("STARTTLS is offered within TLS")
				}
				if _, err := c.StartTLS(ctx, trusting(t)); !errors.Is(err, ErrNoTLS) {
					t.Errorf("twice: %v", err)
				}
				if err := c.ImplicitTLS(ctx, trusting(t)); !errors.Is(err, ErrArgument) {
					t.Errorf("too late: %v", err)
				}
				if _, err := c.Auth(ctx, Credentials{User: "alice", Password: "secret"}); err != nil {
					t.Fatal(err)
				}
				if _, err := c.Send(ctx, envelopeTo("b"), bytes.Repeat([]byte("a line of a mail\r\n"), 10000)); err != nil {
					t.Fatal(err)
				}
				if _, err := c.Quit(ctx); err != nil {
					t.Error(err)
				}
				if err := <-ended; err != nil {
					t.Error(err)
				}
				if len(b.mails) != 1 || b.sessions != 1 || b.closes != 1 {
					t.Fatalf("%d mails, %d sessions, %d closes", len(b.mails), b.sessions, b.closes)
				}
				peer := b.mails[0].peer
				if !peer.TLS || peer.TLSState == nil || peer.TLSState.Version != tls.VersionTLS13 || peer.Protocol() != "ESMTPSA" || peer.User != "alice" || peer.Hello != "bar.com" {
					t.Errorf("peer %+v", peer)
				}
			})
		}
	}
}

// TestAllIsForgotten: nothing that was said in the clear is known within TLS (RFC
// 3207 §4.2).
func TestAllIsForgotten(t *testing.T) {
	srv, b := tlsServer(t)
	nc, _ := serveBeside(t, srv, nil)
	c := NewClient(nc, ClientOptions{Hello: "bar.com"})
	ctx := context.Background()
	if _, err := c.Hello(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := c.StartTLS(ctx, trusting(t)); err != nil {
		t.Fatal(err)
	}
	_, err := c.Mail(ctx, Path{"a", "bar.com"}, MailParams{})
	var r *Reply
	if !errors.As(err, &r) || r.Code != 503 {
		t.Errorf("MAIL before EHLO: %v", err)
	}
	if _, err := c.Hello(ctx); err != nil {
		t.Fatal(err)
	}
	if n := len(b.peers); n != 2 || b.peers[0].TLS || !b.peers[1].TLS {
		t.Errorf("peers %+v", b.peers)
	}
}

func TestTLSPolicies(t *testing.T) {
	type outcome struct {
		err error
		tls bool
	}
	clear, secure := outcome{}, outcome{tls: true}
	var refused *Reply
	tests := []struct {
		name                    string
		server                  func(*Server)
		client                  func(*tls.Config)
		opportunistic, required outcome
	}{
		{"offered", nil, nil, secure, secure},
		{"not offered", func(s *Server) { s.TLS = nil }, nil, clear, outcome{err: ErrNoTLS}},
		{"no certificate", func(s *Server) { s.TLS = &tls.Config{} }, nil, clear, outcome{err: ErrNoTLS}},
		{"wrong name", nil, func(c *tls.Config) { c.ServerName = "other.example" }, outcome{err: x509.HostnameError{}}, outcome{err: x509.HostnameError{}}},
		{"unknown authority", nil, func(c *tls.Config) { c.RootCAs = x509.NewCertPool() }, outcome{err: x509.UnknownAuthorityError{}}, outcome{err: x509.UnknownAuthorityError{}}},
		{"unchecked", nil, func(c *tls.Config) { c.RootCAs, c.ServerName, c.InsecureSkipVerify = nil, "", true }, secure, secure},
		{"no common version", func(s *Server) { s.TLS.MaxVersion = tls.VersionTLS12 }, func(c *tls.Config) { c.MinVersion = tls.VersionTLS13 }, outcome{err: &net.OpError{}}, outcome{err: &net.OpError{}}},
	}
	for _, tt := range tests {
		for _, policy := range []TLSPolicy{TLSOpportunistic, TLSRequired} {
			t.Run(tt.name+"/"+policy.String(), func(t *testing.T) {
				srv, _ := tlsServer(t)
				if tt.server != nil {
					tt.server(srv)
				}
				config := trusting(t)
				if tt.client != nil {
					tt.client(config)
				}
				var failed error
				nc, ended := serveBeside(t, srv, nil)
				c := NewClient(nc, ClientOptions{Hello: "bar.com", TLSHooks: TLSHooks{Done: func(_ tls.ConnectionState, err error) { failed = err }}})
				ctx := context.Background()
				_, err := c.HelloTLS(ctx, policy, config)
				want := tt.opportunistic
				if policy == TLSRequired {
					want = tt.required
				}
				if !sameError(err, want.err) || isTLS(c.out.Conn) != want.tls {
					t.Errorf("%v, TLS %t; want %v, %t", err, isTLS(c.out.Conn), want.err, want.tls)
				}
				if errors.As(err, &refused) {
					t.Errorf("a reply: %v", refused)
				}
				if err == nil || errors.Is(err, ErrNoTLS) {
					if _, err := c.Noop(ctx); err != nil {
						t.Error(err)
					}
					return
				}
				if failed == nil || !errors.Is(err, failed) {
					t.Errorf("the hook has %v, the caller %v", failed, err)
				}
				if _, err := c.Noop(ctx); !errors.Is(err, ErrBroken) {
					t.Errorf("after a handshake that failed: %v", err)
				}
				if err := <-ended; err == nil || strings.Contains(err.Error(), "EHLO") {
					t.Errorf("server: %v", err)
				}
			})
		}
	}
}

// sameError tells whether err is what was wanted, by identity or by type.
func sameError(err, want error) bool {
	var (
		host  x509.HostnameError
		issue x509.UnknownAuthorityError
		alert *net.OpError
	)
	switch want.(type) {
	case nil:
		return err == nil
	case x509.HostnameError:
		return errors.As(err, &host)
	case x509.UnknownAuthorityError:
		return errors.As(err, &issue)
	case *net.OpError:
		return errors.As(err, &alert) && alert.Op == "remote error"
	}
	return errors.Is(err, want)
}

// TestRefusedStartTLS: a server that has offered STARTTLS and refuses it.
func TestRefusedStartTLS(t *testing.T) {
	tests := []struct {
		reply  string
		policy TLSPolicy
		code   int // of the error, 0 for none
	}{
		{"454 4.7.0 not now\r\n", TLSOpportunistic, 0},
		{"454 4.7.0 not now\r\n", TLSRequired, 454},
		{"502 no\r\n", TLSOpportunistic, 0},
		{"421 bye\r\n", TLSOpportunistic, 421},
		{"354 what\r\n", TLSOpportunistic, 354},
	}
	for _, tt := range tests {
		conn := &scriptConn{blocks: []string{"220 x.example\r\n", "250-x.example\r\n250 STARTTLS\r\n", tt.reply, "250 ok\r\n"}}
		c := NewClient(conn, ClientOptions{Hello: "bar.com"})
		_, err := c.HelloTLS(context.Background(), tt.policy, trusting(t))
		var r *Reply
		if errors.As(err, &r) != (tt.code != 0) || r != nil && r.Code != tt.code {
			t.Errorf("%q, %v: %v", tt.reply, tt.policy, err)
		}
		if _, err := c.Noop(context.Background()); err != nil {
			t.Errorf("%q: the session does not go on: %v", tt.reply, err)
		}
	}
}

// TestEarlyReply: words in the clear behind 220 are not the server's, and make the
// client leave without another word.
func TestEarlyReply(t *testing.T) {
	conn := &scriptConn{blocks: []string{"220 x.example\r\n", "250-x.example\r\n250 STARTTLS\r\n", "220 go\r\n250-evil.example\r\n250 AUTH PLAIN\r\n"}}
	c := NewClient(conn, ClientOptions{Hello: "bar.com"})
	_, err := c.HelloTLS(context.Background(), TLSOpportunistic, trusting(t))
	if !errors.Is(err, ErrEarlyReply) || !conn.closed || !strings.HasSuffix(conn.transcript.String(), "C: 250 AUTH PLAIN\nS. closes\n") {
		t.Errorf("%v\n%s", err, conn.transcript.String())
	}
	if _, err := c.Hello(context.Background()); !errors.Is(err, ErrBroken) || !errors.Is(err, ErrEarlyReply) {
		t.Error(err)
	}
}

// TestInjection: what was slipped in behind STARTTLS is told to the hooks, is not
// executed, and ends the session, with a handshake behind it or without.
func TestInjection(t *testing.T) {
	srv, b := tlsServer(t)
	var before Cleartext
	var failed error
	hooks := &Hooks{TLS: TLSHooks{
		Start: func(at Cleartext) { before = at },
		Done:  func(_ tls.ConnectionState, err error) { failed = err },
	}}
	conn, err := play(t, srv, hooks, hello, "STARTTLS\r\nEHLO evil\r\nMAIL FROM:<evil@bar.com>\r\n", "QUIT\r\n")
	var header tls.RecordHeaderError
	if !errors.As(err, &header) || !errors.Is(err, failed) {
		t.Errorf("%v, told %v", err, failed)
	}
	if before.Early != len("EHLO evil\r\nMAIL FROM:<evil@bar.com>\r\n") || before.FromClient != int64(len(hello+"STARTTLS\r\n")) {
		t.Errorf("%+v", before)
	}
	if len(b.peers) != 1 || !conn.closed || !strings.HasSuffix(conn.transcript.String(), "S: 220 2.0.0 Ready to start TLS\nS. closes\n") {
		t.Errorf("%+v\n%s", b.peers, conn.transcript.String())
	}
}

// TestSecureUnits: the units within TLS count from 0 and cover the plaintext, at
// both ends alike; the hooks tell where the records begin.
func TestSecureUnits(t *testing.T) {
	srv, _ := tlsServer(t)
	type side struct {
		next   [2]int64
		before []Cleartext
		states []tls.ConnectionState
	}
	watch := func(s *side, name string) (dialog.Hooks, TLSHooks) {
		see := func(u *dialog.Unit) {
			i := 0
			if u.FromServer {
				i = 1
			}
			if u.From != s.next[i] {
				t.Errorf("%s: %s %q begins at %d, not %d", name, u.Role, u.Text, u.From, s.next[i])
			}
			s.next[i] = u.To
		}
		return dialog.Hooks{Received: func(u *dialog.Unit) []string { see(u); return nil }, Sending: see}, TLSHooks{
			Start: func(at Cleartext) {
				if at.FromClient != s.next[0] || at.FromServer != s.next[1] || at.Early != 0 {
					t.Errorf("%s: %+v after %v", name, at, s.next)
				}
				s.before, s.next = append(s.before, at), [2]int64{}
			},
			Done: func(state tls.ConnectionState, err error) {
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
				s.states = append(s.states, state)
			},
		}
	}
	var client, server side
	lines, handshake := watch(&server, "server")
	nc, ended := serveBeside(t, srv, &Hooks{Hooks: lines, TLS: handshake})
	lines, handshake = watch(&client, "client")
	c := NewClient(nc, ClientOptions{Hello: "bar.com", Hooks: &lines, TLSHooks: handshake})
	ctx := context.Background()
	if _, err := c.HelloTLS(ctx, TLSRequired, trusting(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Auth(ctx, Credentials{User: "alice", Password: "secret"}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Send(ctx, envelopeTo("b"), []byte("x\r\n.y\r\n")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Quit(ctx); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if client.next != server.next || !slices.Equal(client.before, server.before) || len(client.before) != 1 {
		t.Errorf("client %+v, server %+v", client, server)
	}
	for _, s := range []side{client, server} {
		if len(s.states) != 1 || !s.states[0].HandshakeComplete {
			t.Errorf("states %+v", s.states)
		}
	}
	if server.states[0].ServerName != "foo.com" {
		t.Errorf("SNI %q", server.states[0].ServerName)
	}
}

// TestHandshakeWaits: a client that does not begin TLS is not waited for for ever,
// and is told nothing.
func TestHandshakeWaits(t *testing.T) {
	for _, implicit := range []bool{false, true} {
		for _, how := range []string{"timeout", "context"} {
			srv, _ := tlsServer(t)
			srv.ImplicitTLS = implicit
			if how == "timeout" {
				srv.HandshakeTimeout = 20 * time.Millisecond
			}
			near, far := connect(t)
			ctx, cancel := context.WithCancel(context.Background())
			started := make(chan struct{})
			hooks := &Hooks{TLS: TLSHooks{Start: func(Cleartext) { close(started) }}}
			ended := make(chan error, 1)
			go func() { ended <- srv.ServeConn(ctx, far, hooks) }()
			if !implicit {
				if _, err := io.WriteString(near, hello+"STARTTLS\r\n"); err != nil {
					t.Fatal(err)
				}
			}
			<-started
			want := os.ErrDeadlineExceeded
			if how == "context" {
				want = context.Canceled
				cancel()
				// The deadline in the past may come before that of the handshake: then ctx is
				// seen to have ended.
				if err := far.SetDeadline(time.Unix(1, 0)); err != nil {
					t.Fatal(err)
				}
			}
			if err := <-ended; !errors.Is(err, want) {
				t.Errorf("implicit %t, %s: %v", implicit, how, err)
			}
			text, err := io.ReadAll(near)
			if err != nil || implicit && len(text) > 0 || !implicit && !bytes.HasSuffix(text, []byte("220 2.0.0 Ready to start TLS\r\n")) {
				t.Errorf("implicit %t, %s: %q, %v", implicit, how, text, err)
			}
			cancel()
		}
	}
}

// TestClientHandshakeWaits: a server that says 220 and no more.
func TestClientHandshakeWaits(t *testing.T) {
	near, far := connect(t)
	go io.WriteString(far, "220 x.example\r\n250-x.example\r\n250 STARTTLS\r\n")
	c := NewClient(near, ClientOptions{Hello: "bar.com", Timeouts: Timeouts{Command: 50 * time.Millisecond}})
	ctx := context.Background()
	if _, err := c.Hello(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(far, "220 go\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.StartTLS(ctx, trusting(t)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
	if _, err := c.Quit(ctx); !errors.Is(err, ErrBroken) {
		t.Error(err)
	}
}

// TestAnsweredStartTLS: a hook that says 220 has the handshake begin where there is
// one, and ends the session where there is none.
func TestAnsweredStartTLS(t *testing.T) {
	srv, _ := tlsServer(t)
	nc, ended := serveBeside(t, srv, answers("STARTTLS", "220 mine"))
	c := NewClient(nc, ClientOptions{Hello: "bar.com"})
	if _, err := c.HelloTLS(context.Background(), TLSRequired, trusting(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Quit(context.Background()); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	srv.TLS = nil
	conn, err := play(t, srv, answers("STARTTLS", "220 mine"), hello, "STARTTLS\r\n", "NOOP\r\n")
	if !errors.Is(err, ErrAnswered) || !strings.HasSuffix(conn.transcript.String(), "S: 220 mine\nS. closes\n") {
		t.Errorf("%v\n%s", err, conn.transcript.String())
	}
	srv.TLS = testTLS(t)
	conn, err = play(t, srv, answers("STARTTLS", "454 mine"), hello, "STARTTLS\r\n", "QUIT\r\n")
	if err != nil || codes(conn.transcript.String()) != "454 221" {
		t.Errorf("%v\n%s", err, conn.transcript.String())
	}
}

// TestImplicitWithoutTLS: a server that is to begin with TLS and cannot says
// nothing in the clear.
func TestImplicitWithoutTLS(t *testing.T) {
	srv, b := newTestServer()
	srv.ImplicitTLS = true
	conn, err := play(t, srv, nil, hello)
	if !errors.Is(err, ErrNoTLS) || b.sessions > 0 || !conn.closed || strings.Contains(conn.transcript.String(), "S: ") {
		t.Errorf("%v, %d sessions\n%s", err, b.sessions, conn.transcript.String())
	}
}

// TestAuthDelay: refusals are put off, each with its number, and one that is given
// up ends the session.
func TestAuthDelay(t *testing.T) {
	srv, _ := newTestServer()
	srv.Mode, srv.AllowCleartext = Submission, true
	var delays []int
	srv.AuthDelay = func(_ context.Context, failures int) error {
		delays = append(delays, failures)
		if failures == 2 {
			return errDisk
		}
		return nil
	}
	const wrong = "AUTH PLAIN AGFsaWNlAHdyb25n\r\n"
	conn, err := play(t, srv, nil, hello, wrong, "AUTH PLAIN AGJyb2tlbgB4\r\n", wrong, "QUIT\r\n")
	if !errors.Is(err, errDisk) || codes(conn.transcript.String()) != "535 454" || !slices.Equal(delays, []int{1, 2}) {
		t.Errorf("%v, %v\n%s", err, delays, conn.transcript.String())
	}
}

// TestRefusalsAreAlike: 535 is the same text whatever the backend says.
func TestRefusalsAreAlike(t *testing.T) {
	srv, b := realServer()
	srv.Mode, srv.AllowCleartext, srv.Mechanisms = Submission, true, []string{sasl.SCRAMSHA256}
	b.users = true
	var log []string
	hooks := &Hooks{Error: func(_ string, err error) { log = append(log, err.Error()) }}
	near, ended := serveBeside(t, srv, hooks)
	c := NewClient(near, ClientOptions{Hello: "bar.com", AllowCleartext: true})
	ctx := context.Background()
	if _, err := c.Hello(ctx); err != nil {
		t.Fatal(err)
	}
	_, err := c.Auth(ctx, Credentials{Identity: "eve", User: "alice", Password: "secret"})
	var r *Reply
	if !errors.As(err, &r) || r.Error() != BadCredentials().Error() {
		t.Error(err)
	}
	if _, err := c.Quit(ctx); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if len(log) != 1 || log[0] != "as eve: 535 5.7.8 Not as eve" {
		t.Errorf("log %q", log)
	}
}

// TestGoneAfterQuit: a client that hangs up at 221, without a word that TLS ends,
// is no error.
func TestGoneAfterQuit(t *testing.T) {
	srv, _ := tlsServer(t)
	srv.ImplicitTLS = true
	near, ended := serveBeside(t, srv, nil)
	conn := tls.Client(near, trusting(t))
	if _, err := io.WriteString(conn, "QUIT\r\n"); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(conn)
	for range 2 { // the greeting and 221
		if _, err := r.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	if err := near.(*net.TCPConn).SetLinger(0); err != nil {
		t.Fatal(err)
	}
	if err := near.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestNoConfig: a client without a configuration says nothing.
func TestNoConfig(t *testing.T) {
	conn := &scriptConn{}
	c := NewClient(conn, ClientOptions{})
	c.extensions = Extensions{{Keyword: "STARTTLS"}}
	if _, err := c.StartTLS(context.Background(), nil); !errors.Is(err, ErrArgument) {
		t.Error(err)
	}
	if err := c.ImplicitTLS(context.Background(), nil); !errors.Is(err, ErrArgument) || conn.transcript.Len() > 0 {
		t.Errorf("%v\n%s", err, conn.transcript.String())
	}
}

// TestImpostor: a server that says yes without having proved anything is not
// believed.
func TestImpostor(t *testing.T) {
	conn := &scriptConn{blocks: []string{"220 x.example\r\n", "250-x.example\r\n250 AUTH SCRAM-SHA-256 PLAIN\r\n", "235 2.7.0 come in\r\n"}}
	c := NewClient(conn, ClientOptions{Hello: "bar.com", AllowCleartext: true, Rand: &octets{}})
	if _, err := c.Hello(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Auth(context.Background(), Credentials{User: "alice", Password: "secret"}); !errors.Is(err, sasl.ErrServer) {
		t.Error(err)
	}
	conn = &scriptConn{blocks: []string{"220 x.example\r\n", "250-x.example\r\n250 AUTH SCRAM-SHA-256\r\n", "334 cj14\r\n", "501 5.7.0 cancelled\r\n"}}
	c = NewClient(conn, ClientOptions{Hello: "bar.com", AllowCleartext: true, Rand: &octets{}})
	if _, err := c.Hello(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Auth(context.Background(), Credentials{User: "alice", Password: "secret"}); !errors.Is(err, sasl.ErrServer) {
		t.Error(err)
	}
	if !strings.Contains(conn.transcript.String(), "S: *\n") {
		t.Errorf("does not cancel\n%s", conn.transcript.String())
	}
}

// clockedConn keeps to a clock of its own: it takes down the deadlines, and none of
// them comes.
type clockedConn struct {
	net.Conn
	deadlines []time.Time
}

func (c *clockedConn) SetDeadline(at time.Time) error      { return c.note(at) }
func (c *clockedConn) SetReadDeadline(at time.Time) error  { return c.note(at) }
func (c *clockedConn) SetWriteDeadline(at time.Time) error { return c.note(at) }

func (c *clockedConn) note(at time.Time) error {
	c.deadlines = append(c.deadlines, at)
	return nil
}

// TestDeadlinesAreOfTheClock: not one deadline is of the machine's clock, also where
// crypto/tls would have it so, and the end of TLS is said.
func TestDeadlinesAreOfTheClock(t *testing.T) {
	now := time.Date(1999, 12, 31, 23, 59, 0, 0, time.UTC)
	srv, _ := tlsServer(t)
	srv.ImplicitTLS, srv.Now = true, func() time.Time { return now }
	near, far := connect(t)
	server, client := &clockedConn{Conn: far}, &clockedConn{Conn: near}
	ended := make(chan error, 1)
	go func() { ended <- srv.ServeConn(context.Background(), server, nil) }()
	c := NewClient(client, ClientOptions{Hello: "bar.com", Now: srv.Now})
	ctx := context.Background()
	if err := c.ImplicitTLS(ctx, trusting(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Hello(ctx); err != nil {
		t.Fatal(err)
	}
	if err := c.write("QUIT"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.readReply(dialog.Reply, time.Minute, true); err != nil {
		t.Fatal(err)
	}
	// io.EOF, and not io.ErrUnexpectedEOF: the server has said that TLS ends.
	if n, err := c.out.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("after QUIT: %d, %v", n, err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	for _, at := range slices.Concat(server.deadlines, client.deadlines) {
		if !at.IsZero() && (at.Before(now) || at.Sub(now) > time.Hour) {
			t.Errorf("a deadline at %v", at)
		}
	}
	if len(server.deadlines) == 0 || len(client.deadlines) == 0 {
		t.Error("no deadlines")
	}
}
