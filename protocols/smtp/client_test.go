package smtp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"mailwalk/protocols/dialog"
)

// serve runs srv at the other end of a pipe and returns a client of it.
func serve(t *testing.T, srv *Server, hooks *Hooks, opts ClientOptions) *Client {
	t.Helper()
	near, far := net.Pipe()
	done := make(chan error, 1)
	go func() { done <- srv.ServeConn(context.Background(), far, hooks) }()
	t.Cleanup(func() {
		near.Close()
		<-done
	})
	if opts.Hello == "" {
		opts.Hello = "bar.com"
	}
	return NewClient(near, opts)
}

func realServer() (*Server, *testBackend) {
	srv, b := newTestServer()
	srv.Now = nil
	return srv, b
}

// envelopeTo returns an envelope to the given local-parts at foo.com.
func envelopeTo(locals ...string) Envelope {
	env := Envelope{From: Path{"a", "bar.com"}}
	for _, l := range locals {
		env.Recipients = append(env.Recipients, Recipient{To: Path{l, "foo.com"}})
	}
	return env
}

func TestSend(t *testing.T) {
	many := make([]string, 300)
	for i := range many {
		many[i] = fmt.Sprintf("recipient-with-a-long-name-%d", i)
	}
	tests := []struct {
		name     string
		to       []string
		from     string
		content  string
		accepted int
		data     int // code, 0 for no reply
		temp     int // recipients that are worth another try
	}{
		{"one", []string{"b"}, "a", "Subject: x\r\n\r\nhello\r\n", 1, 250, 0},
		{"dots", []string{"b"}, "a", ".\r\n..\r\n.x\r\n\r\n.\r\n", 1, 250, 0},
		{"empty", []string{"b"}, "a", "", 1, 250, 0},
		{"8bit", []string{"b"}, "a", "\r\ngrün\r\n", 1, 250, 0},
		{"some", []string{"b", "Green", "grey", "c"}, "a", "x\r\n", 2, 250, 1},
		{"none", []string{"Green", "grey"}, "a", "x\r\n", 0, 554, 1},
		{"sender", []string{"b"}, "evil", "x\r\n", 0, 503, 0},
		{"content", []string{"b", "Green"}, "a", "virus\r\n", 0, 554, 0},
		{"many", many, "a", "x\r\n", 300, 250, 0},
		{"large", []string{"b"}, "a", strings.Repeat(".some line of text\r\n", 50000), 1, 250, 0},
	}
	for _, pipelining := range []bool{true, false} {
		for _, tt := range tests {
			t.Run(fmt.Sprintf("%s/pipelining=%t", tt.name, pipelining), func(t *testing.T) {
				srv, b := realServer()
				c := serve(t, srv, nil, ClientOptions{NoPipelining: !pipelining})
				ctx := context.Background()
				if _, err := c.Hello(ctx); err != nil {
					t.Fatal(err)
				}
				env := envelopeTo(tt.to...)
				env.From.Local = tt.from
				res, err := c.Send(ctx, env, []byte(tt.content))
				if err != nil {
					t.Fatal(err)
				}
				if got := len(res.Accepted()); got != tt.accepted {
					t.Errorf("%d accepted, want %d: %+v", got, tt.accepted, res)
				}
				temp := 0
				for _, r := range res.Recipients {
					if !r.Accepted() && r.Temporary() {
						temp++
					}
				}
				if temp != tt.temp {
					t.Errorf("%d temporary, want %d", temp, tt.temp)
				}
				if pipelining && (res.Data == nil || res.Data.Code != tt.data) {
					t.Errorf("DATA: %v, want %d", res.Data, tt.data)
				}
				if tt.accepted > 0 && (len(b.mails) != 1 || b.mails[0].content != tt.content) {
					t.Errorf("the content did not arrive as it was sent")
				}
				if tt.accepted == 0 && len(b.mails) > 0 {
					t.Errorf("kept a mail that was refused")
				}
				// The session is fit for the next mail.
				if res, err := c.Send(ctx, envelopeTo("b"), []byte("next\r\n")); err != nil || len(res.Accepted()) != 1 {
					t.Errorf("next mail: %v, %+v", err, res)
				}
				if _, err := c.Quit(ctx); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func TestSendParameters(t *testing.T) {
	srv, b := realServer()
	c := serve(t, srv, nil, ClientOptions{})
	ctx := context.Background()
	if _, err := c.Hello(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Send(ctx, envelopeTo("b"), []byte("\r\nü\r\n")); err != nil {
		t.Fatal(err)
	}
	want := MailParams{Size: 6, Body: Body8BitMIME}
	if got := b.mails[0].env.Params; got != want {
		t.Errorf("parameters %+v, want %+v", got, want)
	}
	if got := b.mails[0].peer; got.Hello != "bar.com" || got.Protocol() != "ESMTP" {
		t.Errorf("peer %+v", got)
	}
}

// TestClientChecks holds that nothing is sent that could do harm.
func TestClientChecks(t *testing.T) {
	ctx := context.Background()
	bad := Path{"a\r\nRCPT TO:<x@y.example>", "foo.com"}
	tests := []struct {
		name string
		do   func(c *Client) error
		want error
	}{
		{"from", func(c *Client) error { _, err := c.Mail(ctx, bad, MailParams{}); return err }, ErrArgument},
		{"to", func(c *Client) error { _, err := c.Rcpt(ctx, bad, RcptParams{}); return err }, ErrArgument},
		{"null to", func(c *Client) error { _, err := c.Rcpt(ctx, Path{}, RcptParams{}); return err }, ErrArgument},
		{"domain", func(c *Client) error { _, err := c.Rcpt(ctx, Path{"a", "b.example>\r\nX"}, RcptParams{}); return err }, ErrArgument},
		{"body", func(c *Client) error { _, err := c.Mail(ctx, Path{}, MailParams{Body: "7BIT X=1"}); return err }, ErrArgument},
		{"vrfy", func(c *Client) error { _, err := c.Verify(ctx, "a\r\nb"); return err }, ErrArgument},
		{"vrfy nothing", func(c *Client) error { _, err := c.Verify(ctx, ""); return err }, ErrArgument},
		{"bare LF", func(c *Client) error { _, err := c.Data(ctx, []byte("a\nb\r\n")); return err }, ErrNotCanonical},
		{"bare CR", func(c *Client) error { _, err := c.Data(ctx, []byte("a\rb\r\n")); return err }, ErrNotCanonical},
		{"no CRLF", func(c *Client) error { _, err := c.Data(ctx, []byte("a")); return err }, ErrNotCanonical},
		{"8 bit", func(c *Client) error { _, err := c.Data(ctx, []byte("ü\r\n")); return err }, ErrNo8Bit},
		{"send bare LF", func(c *Client) error {
			_, err := c.Send(ctx, envelopeTo("b"), []byte("a\n"))
			return err
		}, ErrNotCanonical},
		{"oversize", func(c *Client) error {
			c.opts.RefuseOversize = true
			c.extensions = Extensions{{"SIZE", "10"}}
			_, err := c.Send(ctx, envelopeTo("b"), []byte("eleven oct\r\n"))
			return err
		}, ErrOversize},
		{"cleartext", func(c *Client) error {
			_, err := c.Auth(ctx, Credentials{User: "alice", Password: "secret"})
			return err
		}, ErrCleartext},
		{"NUL", func(c *Client) error {
			c.opts.AllowCleartext = true
			_, err := c.Auth(ctx, Credentials{User: "alice", Password: "sec\x00ret"})
			return err
		}, ErrArgument},
		{"no mechanism", func(c *Client) error {
			c.opts.AllowCleartext = true
			_, err := c.Auth(ctx, Credentials{User: "alice", Password: "secret"})
			return err
		}, ErrNoMechanism},
		{"ended", func(c *Client) error {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			_, err := c.Noop(ctx)
			return err
		}, context.Canceled},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			conn := &scriptConn{}
			c := NewClient(conn, ClientOptions{})
			if err := tt.do(c); !errors.Is(err, tt.want) {
				t.Errorf("%v, want %v", err, tt.want)
			}
			if conn.transcript.Len() > 0 {
				t.Errorf("sent %q", conn.transcript.String())
			}
		})
	}
}

func TestClientAuth(t *testing.T) {
	long := strings.Repeat("x", 600)
	tests := []struct {
		name       string
		mechanisms []string
		creds      Credentials
		code       int
	}{
		{"plain", nil, Credentials{User: "alice", Password: "secret"}, 235},
		{"login", []string{"LOGIN"}, Credentials{User: "alice", Password: "secret"}, 235},
		{"wrong", nil, Credentials{Identity: "", User: "alice", Password: "wrong"}, 535},
		{"long", []string{"PLAIN"}, Credentials{Identity: "", User: "alice", Password: long}, 535},
		{"login wrong", []string{"LOGIN"}, Credentials{Identity: "", User: "alice", Password: "wrong"}, 535},
		{"broken", nil, Credentials{Identity: "", User: "broken", Password: "x"}, 454},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv, _ := realServer()
			srv.Mode, srv.AllowCleartext, srv.Mechanisms = Submission, true, tt.mechanisms
			var shown []string
			hooks := &dialog.Hooks{Sending: func(u *dialog.Unit) {
				if !u.Secret {
					shown = append(shown, string(u.Text))
				}
			}}
			c := serve(t, srv, nil, ClientOptions{AllowCleartext: true, Hooks: hooks})
			ctx := context.Background()
			if _, err := c.Hello(ctx); err != nil {
				t.Fatal(err)
			}
			r, err := c.Auth(ctx, tt.creds)
			if r == nil || r.Code != tt.code {
				t.Fatalf("%v, %v, want %d", r, err, tt.code)
			}
			if (err == nil) != r.Positive() {
				t.Errorf("error %v with reply %v", err, r)
			}
			for _, line := range shown {
				if line != "EHLO bar.com" && line != "AUTH PLAIN" && line != "AUTH LOGIN" {
					t.Errorf("not marked secret: %q", line)
				}
			}
		})
	}
}

func TestClientFallsBackToHelo(t *testing.T) {
	conn := &scriptConn{blocks: []string{
		"220 old.example ready\r\n",
		"500 What?\r\n",
		"250 old.example\r\n",
	}}
	c := NewClient(conn, ClientOptions{Hello: "bar.com"})
	r, err := c.Hello(context.Background())
	if err != nil || r.Text() != "old.example" {
		t.Errorf("%v, %v", r, err)
	}
	if got := conn.transcript.String(); !strings.Contains(got, "S: EHLO bar.com\n") || !strings.Contains(got, "S: HELO bar.com\n") {
		t.Errorf("said\n%s", got)
	}
}

func TestClientDoesNotFallBack(t *testing.T) {
	for _, code := range []string{"421", "450", "550", "554"} {
		conn := &scriptConn{blocks: []string{"220 x.example\r\n", code + " no\r\n", "250 surprise\r\n"}}
		_, err := NewClient(conn, ClientOptions{Hello: "bar.com"}).Hello(context.Background())
		var r *Reply
		if !errors.As(err, &r) || fmt.Sprint(r.Code) != code {
			t.Errorf("after %s: %v", code, err)
		}
	}
}

// TestClientHello: without a name the client is its address (RFC 5321 §4.1.4).
func TestClientHello(t *testing.T) {
	conn := &scriptConn{blocks: []string{"220 x.example\r\n", "250-x.example\r\n250-size 100\r\n250-AUTH=LOGIN\r\n250 x-Odd  a b \r\n"}}
	c := NewClient(conn, ClientOptions{})
	if _, err := c.Hello(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := conn.transcript.String(); !strings.Contains(got, "S: EHLO [192.0.2.1]\n") {
		t.Errorf("said\n%s", got)
	}
	want := "[SIZE 100 X-ODD a b]"
	if got := fmt.Sprint(c.Extensions()); got != want {
		t.Errorf("extensions %s, want %s", got, want)
	}
}

// TestClientStrict holds the limits of what a client takes for a reply.
func TestClientStrict(t *testing.T) {
	tests := []string{
		"",
		"250",
		"250 ok\n",
		"25 ok\r\n",
		"2500 ok\r\n",
		"150 ok\r\n",
		"650 ok\r\n",
		"260 ok\r\n",
		"250ok\r\n",
		"250-ok\r\n251 ok\r\n",
		"250-ok\r\n",
		"250 o\x00k\r\n",
		"hello\r\n",
		strings.Repeat("250-ok\r\n", maxReplyLines+1) + "250 ok\r\n",
		"250 " + strings.Repeat("x", maxClientLine) + "\r\n",
	}
	for _, text := range tests {
		conn := &scriptConn{blocks: []string{"220 x.example\r\n", text}}
		c := NewClient(conn, ClientOptions{})
		if _, err := c.Greeting(context.Background()); err != nil {
			t.Fatal(err)
		}
		if r, err := c.Noop(context.Background()); err == nil {
			t.Errorf("%.40q taken for %v", text, r)
		}
	}
}

// TestSendLoneDot: a server that says 354 though it refused every recipient gets
// nothing (RFC 2920 §3.1).
func TestSendLoneDot(t *testing.T) {
	conn := &scriptConn{blocks: []string{
		"220 x.example\r\n",
		"250-x.example\r\n250 PIPELINING\r\n",
		"250 ok\r\n550 no\r\n354 go on\r\n",
		"554 nothing to do\r\n",
	}}
	c := NewClient(conn, ClientOptions{Hello: "bar.com"})
	if _, err := c.Hello(context.Background()); err != nil {
		t.Fatal(err)
	}
	res, err := c.Send(context.Background(), envelopeTo("b"), []byte("private\r\n"))
	if err != nil || res.Recipients[0].Reply.Code != 550 {
		t.Errorf("%+v, %v", res, err)
	}
	if got := conn.transcript.String(); strings.Contains(got, "private") || !strings.Contains(got, "S: .\n") {
		t.Errorf("said\n%s", got)
	}
}

// TestSendHangup: what the server did not answer may be tried again.
func TestSendHangup(t *testing.T) {
	for _, tail := range []string{"421 bye\r\n", ""} {
		conn := &scriptConn{blocks: []string{
			"220 x.example\r\n",
			"250-x.example\r\n250 PIPELINING\r\n",
			"250 ok\r\n550 no\r\n" + tail,
		}}
		c := NewClient(conn, ClientOptions{Hello: "bar.com"})
		if _, err := c.Hello(context.Background()); err != nil {
			t.Fatal(err)
		}
		res, err := c.Send(context.Background(), envelopeTo("b", "c", "d"), []byte("x\r\n"))
		if err == nil {
			t.Errorf("no error after %q", tail)
		}
		var temp []bool
		for _, r := range res.Recipients {
			temp = append(temp, r.Temporary())
		}
		if fmt.Sprint(temp) != "[false true true]" {
			t.Errorf("after %q temporary: %v", tail, temp)
		}
	}
}

// TestClientTimeout holds that a silent server is given up.
func TestClientTimeout(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	defer near.Close()
	c := NewClient(near, ClientOptions{Timeouts: Timeouts{Greeting: 10 * time.Millisecond}})
	var timeout net.Error
	if _, err := c.Greeting(context.Background()); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("%v", err)
	}
}

// TestContentReachesHooks holds that both ends tell of one content, with the
// ranges of the wire.
func TestContentReachesHooks(t *testing.T) {
	content := []byte("a\r\n.b\r\n")
	var sent, received []dialog.Unit
	keep := func(list *[]dialog.Unit, u *dialog.Unit) {
		v := *u
		v.Content = bytes.Clone(u.Content)
		*list = append(*list, v)
	}
	srv, _ := realServer()
	hooks := &Hooks{Hooks: dialog.Hooks{Received: func(u *dialog.Unit) []string {
		if u.Role == dialog.Body {
			keep(&received, u)
		}
		return nil
	}}}
	c := serve(t, srv, hooks, ClientOptions{Hooks: &dialog.Hooks{Sending: func(u *dialog.Unit) {
		if u.Role == dialog.Body {
			keep(&sent, u)
		}
	}}})
	ctx := context.Background()
	if _, err := c.Hello(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Send(ctx, envelopeTo("b"), content); err != nil {
		t.Fatal(err)
	}
	if len(sent) != 1 || len(received) != 1 {
		t.Fatalf("%d sent, %d received", len(sent), len(received))
	}
	s, r := sent[0], received[0]
	if s.From != r.From || s.To != r.To || s.To-s.From != int64(len(content)+1+3) {
		t.Errorf("sent [%d,%d), received [%d,%d)", s.From, s.To, r.From, r.To)
	}
	if !bytes.Equal(s.Content, content) || !bytes.Equal(r.Content, content) {
		t.Errorf("sent %q, received %q", s.Content, r.Content)
	}
}

// serveTCP is serve on a connection that holds octets which nobody has read yet.
func serveTCP(t *testing.T, srv *Server, hooks *Hooks, opts ClientOptions) *Client {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- srv.ServeConn(context.Background(), far, hooks) }()
	t.Cleanup(func() {
		near.Close()
		<-done
		l.Close()
	})
	opts.Hello = "bar.com"
	return NewClient(near, opts)
}

// TestOutOfStep: a yes that belongs to another command is no yes, so that a mail is
// neither lost nor returned for it.
func TestOutOfStep(t *testing.T) {
	for _, twice := range []string{"250 2.1.0 OK", "250 2.1.5 OK", "354 Start mail input; end with <CRLF>.<CRLF>"} {
		for _, pipelining := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/pipelining=%t", twice, pipelining), func(t *testing.T) {
				srv, _ := realServer()
				c := serveTCP(t, srv, &Hooks{Hooks: dialog.Hooks{Deciding: func(u *dialog.Unit) dialog.Fate {
					if string(u.Text) == twice {
						return dialog.Fate{Copies: 1}
					}
					return dialog.Fate{}
				}}}, ClientOptions{NoPipelining: !pipelining})
				if _, err := c.Hello(context.Background()); err != nil {
					t.Fatal(err)
				}
				res, err := c.Send(context.Background(), envelopeTo("b"), []byte("x\r\n"))
				if !errors.Is(err, ErrOutOfStep) {
					t.Errorf("error %v, want %v", err, ErrOutOfStep)
				}
				if r := res.Recipients[0]; r.Accepted() || !r.Temporary() {
					t.Errorf("accepted %v, temporary %v", r.Accepted(), r.Temporary())
				}
				if err := c.Close(); err != nil {
					t.Error(err)
				}
			})
		}
	}
}
