package pop3

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"mailwalk/protocols/dialog"
)

// serve runs a server on one end of a pipe and returns the other end. wait
// waits for the session's end.
func serve(t *testing.T, srv *Server, hooks *Hooks) (nc net.Conn, wait func() error) {
	t.Helper()
	client, server := net.Pipe()
	done := make(chan error, 1)
	go func() { done <- srv.ServeConn(context.Background(), server, hooks) }()
	t.Cleanup(func() { client.Close() })
	return client, func() error {
		t.Helper()
		select {
		case err := <-done:
			return err
		case <-time.After(time.Minute):
			t.Fatal("the session does not end")
			return nil
		}
	}
}

func TestIdleTimeoutEndsWithoutUpdate(t *testing.T) {
	b := mrose()
	// Octets that make no command gain no time (RFC 1939 §3: a command does).
	script := &scriptConn{commands: []string{"USER mrose\r\n", "PASS tanstaaf\r\n", "DELE 1\r\n", strings.Repeat("N", 1000)}}
	conn := &drippingConn{scriptConn: script, clock: frozen()}
	srv := &Server{Backend: b, AllowCleartext: true, IdleTimeout: time.Minute, Now: func() time.Time { return conn.clock }}
	if err := srv.ServeConn(ctxb, conn, nil); !errors.Is(err, ErrIdle) {
		t.Errorf("ServeConn: %v, want %v", err, ErrIdle)
	}
	if dripped := 1000 - len(script.commands[0]); dripped != 59 {
		t.Errorf("a client that dripped an octet a second was heard for %d octets, want 59 in a minute", dripped)
	}
	if said := script.transcript.String(); strings.Count(said, "S: +OK") != 4 || strings.Count(said, "S: ") != 4 {
		t.Errorf("the server said more than its greeting and three answers:\n%s", said)
	}
	if len(b.commits) > 0 || b.locked || len(b.messages) != 2 {
		t.Errorf("commits %v, locked %v, %d messages", b.commits, b.locked, len(b.messages))
	}
}

// drippingConn gives an octet a second, by its own clock, until the deadline.
type drippingConn struct {
	*scriptConn
	clock, deadline time.Time
}

func (c *drippingConn) SetReadDeadline(t time.Time) error { c.deadline = t; return nil }

func (c *drippingConn) Read(p []byte) (int, error) {
	c.clock = c.clock.Add(time.Second)
	if !c.clock.Before(c.deadline) {
		return 0, os.ErrDeadlineExceeded
	}
	return c.scriptConn.Read(p[:1])
}

func TestDeadlines(t *testing.T) {
	for _, tt := range []struct{ set, want time.Duration }{
		{0, 10 * time.Minute}, {-time.Second, 10 * time.Minute}, {time.Hour, time.Hour}, {time.Second, time.Second},
	} {
		conn := &scriptConn{commands: []string{"NOOP\r\n", "QUIT\r\n"}}
		clock := frozen()
		srv := &Server{Backend: mrose(), IdleTimeout: tt.set, Now: func() time.Time {
			clock = clock.Add(time.Second)
			return clock
		}}
		if err := srv.ServeConn(context.Background(), conn, nil); err != nil {
			t.Fatal(err)
		}
		// The clock is asked for a write and a read deadline in turn, once each.
		want := []time.Time{frozen().Add(tt.want + 2*time.Second), frozen().Add(tt.want + 4*time.Second)}
		if !reflect.DeepEqual(conn.deadlines, want) {
			t.Errorf("IdleTimeout %v: read deadlines %v, want %v", tt.set, conn.deadlines, want)
		}
	}
}

// TestHeldLineCostsNoTime holds that a hook may hold the lines of its own end
// for longer than that end's time-out.
func TestHeldLineCostsNoTime(t *testing.T) {
	clock := frozen()
	now := func() time.Time { return clock }
	hold := &Hooks{Hooks: dialog.Hooks{
		Received: func(*dialog.Unit) []string { clock = clock.Add(time.Hour); return nil },
		Sending:  func(*dialog.Unit) { clock = clock.Add(time.Hour) },
	}}

	script := &scriptConn{commands: []string{"USER mrose\r\n", "PASS tanstaaf\r\n", "LIST\r\n", "RETR 1\r\n", "QUIT\r\n"}}
	srv := &Server{Backend: mrose(), AllowCleartext: true, Now: now}
	if err := srv.ServeConn(ctxb, &virtualConn{Conn: script, now: now}, hold); err != nil {
		t.Errorf("the server: %v", err)
	}

	says := canned("+OK\r\n+OK\r\n+OK\r\n+OK\r\n1 120\r\n2 200\r\n.\r\n+OK\r\na\r\n.\r\n+OK\r\n")
	c, err := NewClient(ctxb, &virtualConn{Conn: says, now: now}, &ClientOptions{AllowCleartext: true, Now: now, Hooks: hold})
	if err != nil {
		t.Fatalf("the client: %v", err)
	}
	for i, step := range []func() error{
		func() error { return c.Login(ctxb, "mrose", "tanstaaf") }, c.list, c.retr, func() error { return c.Quit(ctxb) },
	} {
		if err := step(); err != nil {
			t.Fatalf("the client, step %d: %v", i, err)
		}
	}
}

// virtualConn is a connection whose deadlines go by another clock. Each read
// gives little, so that much of a dialogue is yet to be read when a deadline
// passes.
type virtualConn struct {
	net.Conn
	now         func() time.Time
	read, write time.Time
}

func (c *virtualConn) SetDeadline(t time.Time) error      { c.read, c.write = t, t; return nil }
func (c *virtualConn) SetReadDeadline(t time.Time) error  { c.read = t; return nil }
func (c *virtualConn) SetWriteDeadline(t time.Time) error { c.write = t; return nil }

func (c *virtualConn) Read(p []byte) (int, error) {
	if !c.now().Before(c.read) {
		return 0, errPast
	}
	return c.Conn.Read(p[:min(len(p), 3)])
}

func (c *virtualConn) Write(p []byte) (int, error) {
	if !c.now().Before(c.write) {
		return 0, errPast
	}
	return c.Conn.Write(p)
}

var errPast = errors.New("the deadline is past")

func TestLongAnswersRenewTheDeadline(t *testing.T) {
	b := mrose()
	b.messages = []memMessage{{"1", sized("big", 5*64<<10)}}
	for range 3 * listingStep {
		b.messages = append(b.messages, memMessage{"x", ""})
	}
	conn := &scriptConn{commands: []string{"USER mrose\r\n", "PASS tanstaaf\r\n", "RETR 1\r\n", "LIST\r\n"}}
	srv := &Server{Backend: b, AllowCleartext: true, Now: frozen}
	if err := srv.ServeConn(context.Background(), conn, nil); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	// One for each answer, the greeting's among them; five pieces; four parts of
	// a listing of 3*1024+1 lines.
	if want := 5 + 5 + 4; conn.writeDeadlines != want {
		t.Errorf("%d write deadlines, want %d", conn.writeDeadlines, want)
	}
}

func TestContextEndsWithoutUpdate(t *testing.T) {
	b := mrose()
	ctx, cancel := context.WithCancel(context.Background())
	hooks := &Hooks{Hooks: dialog.Hooks{Received: func(u *dialog.Unit) []string {
		if string(u.Text) == "DELE 1" {
			cancel()
		}
		return nil
	}}}
	conn := &scriptConn{commands: []string{"USER mrose\r\n", "PASS tanstaaf\r\n", "DELE 1\r\n", "QUIT\r\n"}}
	srv := &Server{Backend: b, AllowCleartext: true, Now: frozen}
	if err := srv.ServeConn(ctx, conn, hooks); !errors.Is(err, context.Canceled) {
		t.Errorf("ServeConn: %v", err)
	}
	if len(b.commits) > 0 || b.locked {
		t.Errorf("commits %v, locked %v", b.commits, b.locked)
	}
}

func TestSecondSessionIsRefused(t *testing.T) {
	b := mrose()
	srv := &Server{Backend: b, AllowCleartext: true}
	login := func() (*Client, func() error, error) {
		nc, wait := serve(t, srv, nil)
		c, err := NewClient(context.Background(), nc, &ClientOptions{AllowCleartext: true})
		if err != nil {
			t.Fatal(err)
		}
		return c, wait, c.Login(context.Background(), "mrose", "tanstaaf")
	}
	first, firstEnds, err := login()
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := login(); !errors.Is(err, ErrInUse) {
		t.Errorf("the second session: %v, want %v", err, ErrInUse)
	}
	// The first leaves without a word; then its lock is gone.
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	// A pipe whose other end is closed refuses deadlines, too.
	if err := firstEnds(); !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("the first session: %v, want %v", err, io.EOF)
	}
	third, _, err := login()
	if err != nil {
		t.Fatalf("the third session: %v", err)
	}
	// Who reads the farewell can log in at once: no lock is left behind.
	for range 50 {
		if err := third.Quit(context.Background()); err != nil {
			t.Fatal(err)
		}
		if third, _, err = login(); err != nil {
			t.Fatalf("right after QUIT: %v", err)
		}
	}
}

func TestHookStates(t *testing.T) {
	tests := []struct {
		name     string
		commands string
		want     string
	}{
		{"quit at once", "QUIT", "CLOSED>AUTHORIZATION AUTHORIZATION>CLOSED"},
		{"left at once", "", "CLOSED>AUTHORIZATION AUTHORIZATION>CLOSED"},
		{"whole session", "USER mrose|PASS tanstaaf|QUIT", "CLOSED>AUTHORIZATION AUTHORIZATION>TRANSACTION TRANSACTION>UPDATE UPDATE>CLOSED"},
		{"left in between", "USER mrose|PASS tanstaaf", "CLOSED>AUTHORIZATION AUTHORIZATION>TRANSACTION TRANSACTION>CLOSED"},
		{"wrong password", "USER mrose|PASS x|QUIT", "CLOSED>AUTHORIZATION AUTHORIZATION>CLOSED"},
	}
	for _, tt := range tests {
		var got []string
		hooks := &Hooks{State: func(from, to State) { got = append(got, from.String()+">"+to.String()) }}
		conn := &scriptConn{}
		if tt.commands != "" {
			for c := range strings.SplitSeq(tt.commands, "|") {
				conn.commands = append(conn.commands, c+"\r\n")
			}
		}
		srv := &Server{Backend: mrose(), AllowCleartext: true, Now: frozen}
		if err := srv.ServeConn(context.Background(), conn, hooks); err != nil && !errors.Is(err, io.EOF) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, s, tt.want)
		}
	}
}

// deafConn is a connection whose other end is gone.
type deafConn struct{ *scriptConn }

func (deafConn) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestNoGreetingNoState(t *testing.T) {
	hooks := &Hooks{State: func(from, to State) { t.Errorf("%v to %v", from, to) }}
	srv := &Server{Backend: mrose(), Now: frozen}
	conn := &scriptConn{}
	if err := srv.ServeConn(ctxb, deafConn{conn}, hooks); !errors.Is(err, io.ErrClosedPipe) || !conn.closed {
		t.Errorf("ServeConn: %v, closed %v", err, conn.closed)
	}
}

func TestHookAnswersInTheServersStead(t *testing.T) {
	b := mrose()
	hooks := &Hooks{Hooks: dialog.Hooks{Received: func(u *dialog.Unit) []string {
		switch string(u.Text) {
		case "DELE 1":
			return []string{"-ERR not today", "second line"}
		case "NOOP":
			return []string{}
		case "DELE 2":
			u.Text = []byte("STAT")
		case "too\nbad":
			t.Error("a line has a line end")
		}
		return nil
	}}}
	conn := &scriptConn{commands: []string{"USER mrose\r\n", "PASS tanstaaf\r\n", "DELE 1\r\n", "NOOP\r\n", "DELE 2\r\n", "QUIT\r\n"}}
	srv := &Server{Backend: b, AllowCleartext: true, Now: frozen}
	if err := srv.ServeConn(context.Background(), conn, hooks); err != nil {
		t.Fatal(err)
	}
	_, got, _ := strings.Cut(conn.transcript.String(), "(320 octets)\n")
	want := `C: DELE 1
S: -ERR not today
S: second line
C: NOOP
C: DELE 2
S: +OK 2 320
C: QUIT
S: +OK POP3 server signing off (2 messages left)
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestHookHearsOfFaults(t *testing.T) {
	fire, rust := errors.New("disk on fire"), errors.New("rusty lock")
	tests := []struct {
		name    string
		backend *memBackend
		want    string
		err     error
	}{
		{"open", &memBackend{openErr: fire}, "PASS: disk on fire", nil},
		{"content", with(mrose(), func(b *memBackend) { b.contentErr = fire }), "RETR: message 1: disk on fire", nil},
		{"commit", with(mrose(), func(b *memBackend) { b.commitErr = fire }), "QUIT: disk on fire", fire},
		{"close", with(mrose(), func(b *memBackend) { b.closeErr = rust }), "close: rusty lock", rust},
	}
	for _, tt := range tests {
		var got []string
		hooks := &Hooks{Failed: func(step string, err error) { got = append(got, step+": "+err.Error()) }}
		conn := &scriptConn{commands: []string{"USER mrose\r\n", "PASS tanstaaf\r\n", "RETR 1\r\n", "QUIT\r\n"}}
		srv := &Server{Backend: tt.backend, AllowCleartext: true, Now: frozen}
		if err := srv.ServeConn(context.Background(), conn, hooks); !errors.Is(err, tt.err) {
			t.Errorf("%s: ServeConn: %v, want %v", tt.name, err, tt.err)
		}
		if s := strings.Join(got, ", "); s != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, s, tt.want)
		}
		if strings.Contains(conn.transcript.String(), "fire") || strings.Contains(conn.transcript.String(), "rusty") {
			t.Errorf("%s: the client was told:\n%s", tt.name, &conn.transcript)
		}
	}
}

func TestServerRefusesBadConfiguration(t *testing.T) {
	for name, srv := range map[string]*Server{
		"no backend":            {},
		"APOP in the name":      {Backend: mrose(), Hostname: "<1@dewey>"},
		"space in the name":     {Backend: mrose(), Hostname: "dewey duck"},
		"line end in the name":  {Backend: mrose(), Hostname: "dewey\r\n"},
		"code in the name":      {Backend: mrose(), Hostname: "[AUTH]"},
		"long name":             {Backend: mrose(), Hostname: strings.Repeat("a", 256)},
		"line end in software":  {Backend: mrose(), Software: "x\r\nSTLS"},
		"very long in software": {Backend: mrose(), Software: strings.Repeat("a", 256)},
	} {
		conn := &scriptConn{}
		if err := srv.ServeConn(context.Background(), conn, nil); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("%s: %v", name, err)
		}
		if conn.transcript.Len() > 0 || !conn.closed {
			t.Errorf("%s: said %q, closed %v", name, conn.transcript.String(), conn.closed)
		}
	}
}

// tlsConn stands for a connection under TLS.
type tlsConn struct{ *scriptConn }

func (tlsConn) ConnectionState() tls.ConnectionState { return tls.ConnectionState{} }

func TestPasswordsUnderTLS(t *testing.T) {
	conn := &scriptConn{commands: []string{"CAPA\r\n", "USER mrose\r\n", "PASS tanstaaf\r\n", "QUIT\r\n"}}
	srv := &Server{Backend: mrose(), Now: frozen}
	if err := srv.ServeConn(context.Background(), tlsConn{conn}, nil); err != nil {
		t.Fatal(err)
	}
	if s := conn.transcript.String(); !strings.Contains(s, "S: USER\n") || !strings.Contains(s, "2 messages left") {
		t.Errorf("the dialogue was\n%s", s)
	}
}

// fullConn takes so many octets and then no more, until the deadline by its own clock.
type fullConn struct {
	*scriptConn
	clock, deadline time.Time
	room            int
}

func (c *fullConn) SetWriteDeadline(t time.Time) error { c.deadline = t; return nil }

func (c *fullConn) Write(p []byte) (int, error) {
	if c.room -= len(p); c.room < 0 {
		if c.deadline.IsZero() {
			return 0, errors.New("this would never end")
		}
		c.clock = c.deadline
		return 0, os.ErrDeadlineExceeded
	}
	return c.scriptConn.Write(p)
}

func TestClientThatTakesNothing(t *testing.T) {
	b := mrose()
	b.messages = append(b.messages, memMessage{"3", sized("big", 1<<20)})
	script := &scriptConn{commands: []string{"USER mrose\r\n", "PASS tanstaaf\r\n", "RETR 3\r\n"}}
	conn := &fullConn{scriptConn: script, clock: frozen(), room: 100 << 10}
	srv := &Server{Backend: b, AllowCleartext: true, IdleTimeout: time.Minute, Now: func() time.Time { return conn.clock }}
	var ne net.Error
	if err := srv.ServeConn(ctxb, conn, nil); !errors.As(err, &ne) || !ne.Timeout() {
		t.Errorf("ServeConn: %v, want a time-out", err)
	}
	if took := conn.clock.Sub(frozen()); took != time.Minute {
		t.Errorf("it was waited for %v", took)
	}
	if b.locked || len(b.commits) > 0 {
		t.Errorf("locked %v, commits %v", b.locked, b.commits)
	}
}

// FuzzSession sends anything in each state. Whatever it is, the session ends,
// the maildrop is released, nothing is removed without QUIT, and each line that
// the server says is one that a client can read.
func FuzzSession(f *testing.F) {
	for _, s := range []string{"", "QUIT\r\n", "DELE 1\r\nQUIT\r\n", "RETR 1\r\n", "TOP 2 0\r\nDELE 2", "LIST\nUIDL\r\n", "\x00\r\r\n"} {
		f.Add([]byte(s), uint8(0))
		f.Add([]byte(s), uint8(1))
		f.Add([]byte(s), uint8(2))
	}
	f.Fuzz(func(t *testing.T, in []byte, state uint8) {
		prefix := []string{"USER mrose\r\n", "PASS tanstaaf\r\n"}[:state%3]
		conn := &scriptConn{commands: append(append([]string{}, prefix...), string(in))}
		if len(in) == 0 {
			conn.commands = prefix
		}
		b := mrose()
		srv := &Server{Hostname: "dewey", Backend: b, AllowCleartext: true, Now: frozen}
		err := srv.ServeConn(context.Background(), conn, nil)
		if !conn.closed || b.locked || b.opened != b.closed {
			t.Errorf("closed %v, locked %v, opened %d, closed %d", conn.closed, b.locked, b.opened, b.closed)
		}
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, ErrTooManyErrors) {
			t.Errorf("ServeConn: %v", err)
		}
		farewell := strings.Contains(conn.transcript.String(), "signing off (")
		if (len(b.commits) > 0) != farewell || farewell && err != nil || len(b.commits) > 1 {
			t.Errorf("commits %v, farewell %v, %v", b.commits, farewell, err)
		}
		for line := range strings.Lines(conn.transcript.String()) {
			if text, ok := strings.CutPrefix(line, "S: "); ok && (strings.HasPrefix(text, `"`) || len(text) > MaxResponse) {
				t.Errorf("the server said %s", fmt.Sprintf("%.600s", text))
			}
		}
	})
}
