package pop3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"mailwalk/protocols/dialog"
)

// cannedConn is a server that says what it has to say whatever it hears.
type cannedConn struct {
	net.Conn  // nil: what is not defined here is not used
	says      io.Reader
	heard     bytes.Buffer
	closed    int
	deadlines []time.Time
}

func (c *cannedConn) Read(p []byte) (int, error)  { return c.says.Read(p) }
func (c *cannedConn) Write(p []byte) (int, error) { return c.heard.Write(p) }
func (c *cannedConn) Close() error                { c.closed++; return nil }
func (c *cannedConn) SetDeadline(t time.Time) error {
	c.deadlines = append(c.deadlines, t)
	return nil
}

func canned(says string) *cannedConn { return &cannedConn{says: strings.NewReader(says)} }

var ctxb = context.Background()

func TestClientAgainstServer(t *testing.T) {
	b := mrose()
	const dotty = "Subject: dots\r\n\r\n.\r\n..\r\n.a\r\nno last line end"
	b.messages = append(b.messages, memMessage{"third", dotty}, memMessage{"4", ""}, memMessage{"5", sized("big", 300_000)})
	srv := &Server{Hostname: "dewey", Backend: b, AllowCleartext: true, Software: "mailwalk test"}
	nc, wait := serve(t, srv, nil)
	c, err := NewClient(ctxb, nc, &ClientOptions{AllowCleartext: true})
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, got, want any, err error) {
		t.Helper()
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %.300v, %v; want %.300v", what, got, err, want)
		}
	}
	check("greeting", c.Greeting(), Response{OK: true, Text: "dewey POP3 server ready"}, nil)
	caps, err := c.Capa(ctxb)
	check("CAPA", len(caps), 7, err)
	impl, ok := caps.Get("IMPLEMENTATION")
	check("IMPLEMENTATION", impl, Capability{"IMPLEMENTATION", []string{"mailwalk", "test"}}, nil)
	check("IMPLEMENTATION", ok, true, nil)
	_, ok = caps.Get("STLS")
	check("STLS", ok, false, nil)

	check("state", c.State(), Authorization, nil)
	if err := c.Login(ctxb, "mrose", "wrong"); !errors.Is(err, ErrAuth) {
		t.Errorf("wrong password: %v", err)
	}
	if err := c.Login(ctxb, "mrose", "tanstaaf"); err != nil {
		t.Fatal(err)
	}
	check("state", c.State(), Transaction, nil)

	count, size, err := c.Stat(ctxb)
	check("STAT count", count, 5, err)
	check("STAT size", size, int64(120+200+len(dotty)+2+300_000), err)
	list, err := c.List(ctxb)
	check("LIST", list, []ScanListing{{1, 120}, {2, 200}, {3, int64(len(dotty) + 2)}, {4, 0}, {5, 300_000}}, err)
	one, err := c.ListMessage(ctxb, 2)
	check("LIST 2", one, ScanListing{2, 200}, err)
	ids, err := c.UIDL(ctxb)
	check("UIDL", ids, []UniqueID{{1, "whqtswO00WBw418f9t5JxYwZ"}, {2, "QhdPYR:00WBw1Ph7x7"}, {3, "third"}, {4, "4"}, {5, "5"}}, err)
	id, err := c.UIDLMessage(ctxb, 3)
	check("UIDL 3", id, UniqueID{3, "third"}, err)

	for i, m := range b.messages {
		want := m.content
		if i == 2 {
			want += "\r\n"
		}
		got, err := c.Retr(ctxb, i+1)
		if err != nil || string(got) != want {
			t.Errorf("RETR %d: %d octets %.80q, %v; want %d octets", i+1, len(got), got, err, len(want))
		}
	}
	top, err := c.Top(ctxb, 3, 2)
	check("TOP 3 2", string(top), "Subject: dots\r\n\r\n.\r\n..\r\n", err)

	check("DELE 1", nil, nil, c.Dele(ctxb, 1))
	var refused *ServerError
	if err := c.Dele(ctxb, 1); !errors.As(err, &refused) || refused.Verb != "DELE" || refused.Error() != "pop3: DELE: -ERR message 1 already deleted" {
		t.Errorf("DELE 1 again: %v", err)
	}
	check("RSET", nil, nil, c.Rset(ctxb))
	check("NOOP", nil, nil, c.Noop(ctxb))
	check("DELE 2", nil, nil, c.Dele(ctxb, 2))
	check("QUIT", nil, nil, c.Quit(ctxb))
	check("the server", nil, nil, wait())
	check("what is left", len(b.messages), 4, nil)
	check("commits", b.commits, [][]int{{2}}, nil)
	check("state", c.State(), Closed, nil)
	check("Close after QUIT", nil, nil, c.Close())
	if err := c.Noop(ctxb); !errors.Is(err, ErrUnusable) {
		t.Errorf("NOOP after QUIT: %v", err)
	}
}

func TestClientRefusesCleartext(t *testing.T) {
	conn := canned("+OK\r\n")
	c, err := NewClient(ctxb, conn, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Login(ctxb, "mrose", "tanstaaf"); !errors.Is(err, ErrCleartext) || strings.Contains(err.Error(), "tanstaaf") {
		t.Errorf("Login: %v", err)
	}
	if conn.heard.Len() > 0 {
		t.Errorf("the server heard %q", conn.heard.String())
	}
}

func TestClientChecksArguments(t *testing.T) {
	conn := canned("+OK\r\n")
	c, err := NewClient(ctxb, conn, &ClientOptions{AllowCleartext: true})
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("a", 249)
	for name, err := range map[string]error{
		"no user":           c.Login(ctxb, "", "x"),
		"space in user":     c.Login(ctxb, "a b", "x"),
		"CRLF in user":      c.Login(ctxb, "a\r\nDELE 1", "x"),
		"NUL in user":       c.Login(ctxb, "a\x00", "x"),
		"eight bits":        c.Login(ctxb, "\u00e9", "x"),
		"long user":         c.Login(ctxb, long, "x"),
		"no password":       c.Login(ctxb, "a", ""),
		"CR in password":    c.Login(ctxb, "a", "sesame\r"),
		"LF in password":    c.Login(ctxb, "a", "sesame\nDELE 1"),
		"NUL in password":   c.Login(ctxb, "a", "sesame\x00"),
		"long password":     c.Login(ctxb, "a", long),
		"DELE 0":            c.Dele(ctxb, 0),
		"DELE -1":           c.Dele(ctxb, -1),
		"RETR 0":            second(c.Retr(ctxb, 0)),
		"TOP 0 1":           second(c.Top(ctxb, 0, 1)),
		"TOP 1 -1":          second(c.Top(ctxb, 1, -1)),
		"LIST 0":            second(c.ListMessage(ctxb, 0)),
		"UIDL 0":            second(c.UIDLMessage(ctxb, 0)),
		"UIDL -9 no number": second(c.UIDLMessage(ctxb, -9)),
	} {
		if !errors.Is(err, ErrArgument) || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if conn.heard.Len() > 0 {
		t.Errorf("the server heard %q", conn.heard.String())
	}
	if err := c.Noop(ctxb); errors.Is(err, ErrUnusable) {
		t.Errorf("the client is unusable: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestClientAgainstBadGreeting(t *testing.T) {
	for says, want := range map[string]error{
		"":                            io.ErrUnexpectedEOF,
		"+OK":                         io.ErrUnexpectedEOF,
		"+OK\n":                       dialog.ErrBareLineEnd,
		"220 dewey ESMTP\r\n":         ErrResponse,
		"-ERR [SYS/TEMP] full\r\n":    ErrTemporary,
		strings.Repeat("+OK ", 1000):  io.ErrUnexpectedEOF,
		"+OK" + long(600) + "\r\n":    dialog.ErrLineTooLong,
		"+OK \x1b[2J you are owned\r": io.ErrUnexpectedEOF,
	} {
		conn := canned(says)
		c, err := NewClient(ctxb, conn, nil)
		if c != nil || !errors.Is(err, want) || conn.closed != 1 {
			t.Errorf("%.40q: %v, want %v; closed %d times", says, err, want, conn.closed)
		}
	}
}

func long(n int) string { return strings.Repeat(" x", n/2) }

func TestClientAgainstBadServer(t *testing.T) {
	tests := []struct {
		name string
		says string // after the greeting
		call func(*Client) error
		want error
		goOn bool // the session can go on
	}{
		{"cut", "", (*Client).noop, io.ErrUnexpectedEOF, false},
		{"cut in the answer", "+OK", (*Client).noop, io.ErrUnexpectedEOF, false},
		{"no status", "OK\r\n", (*Client).noop, ErrResponse, false},
		{"small letters", "+ok\r\n", (*Client).noop, ErrResponse, false},
		{"bare LF", "+OK\n", (*Client).noop, dialog.ErrBareLineEnd, false},
		{"long line", "+OK" + long(512) + "\r\n", (*Client).noop, dialog.ErrLineTooLong, false},
		{"longest line", "+OK " + strings.Repeat("x", 506) + "\r\n", (*Client).noop, nil, true},
		{"refusal", "-ERR [SYS/PERM/DISK] no\r\n", (*Client).noop, ErrPermanent, true},

		{"STAT", "+OK 2 320\r\n", (*Client).stat, nil, true},
		{"STAT with more", "+OK 2 320 and more\r\n", (*Client).stat, nil, true},
		{"STAT without size", "+OK 2\r\n", (*Client).stat, ErrResponse, false},
		{"STAT negative", "+OK -2 320\r\n", (*Client).stat, ErrResponse, false},
		{"STAT too large", "+OK 2 9223372036854775808\r\n", (*Client).stat, ErrResponse, false},

		{"LIST", "+OK\r\n1 2\r\n.\r\n", (*Client).list, nil, true},
		{"LIST with more", "+OK\r\n1 2 more\r\n.\r\n", (*Client).list, nil, true},
		{"LIST of words", "+OK\r\none two\r\n.\r\n", (*Client).list, ErrResponse, false},
		{"LIST of message 0", "+OK\r\n0 2\r\n.\r\n", (*Client).list, ErrResponse, false},
		{"LIST without end", "+OK\r\n1 2\r\n", (*Client).list, io.ErrUnexpectedEOF, false},
		{"LIST, end in bare LF", "+OK\r\n1 2\r\n.\n", (*Client).list, dialog.ErrBareLineEnd, false},
		{"LIST without limit", "+OK\r\n" + strings.Repeat("1 2\r\n", 21) + ".\r\n", (*Client).list, ErrTooLarge, false},
		{"LIST at the limit", "+OK\r\n" + strings.Repeat("1 2\r\n", 20) + ".\r\n", (*Client).list, nil, true},
		{"LIST 1 of another", "+OK 2 120\r\n", (*Client).list1, ErrResponse, false},
		{"LIST 1 of nothing", "+OK\r\n", (*Client).list1, ErrResponse, false},

		{"UIDL", "+OK\r\n1 abc\r\n.\r\n", (*Client).uidl, nil, true},
		{"UIDL with more", "+OK\r\n1 abc d\r\n.\r\n", (*Client).uidl, ErrResponse, false},
		{"UIDL of nothing", "+OK\r\n1 \r\n.\r\n", (*Client).uidl, ErrResponse, false},
		{"UIDL too long", "+OK\r\n1 " + strings.Repeat("a", 71) + "\r\n.\r\n", (*Client).uidl, ErrResponse, false},
		{"UIDL stuffed", "+OK\r\n.1 abc\r\n.\r\n", (*Client).uidl, nil, true},

		{"CAPA", "+OK\r\nsasl PLAIN\r\nTOP\r\n.\r\n", (*Client).capa, nil, true},
		{"CAPA with an empty line", "+OK\r\n\r\n.\r\n", (*Client).capa, ErrResponse, false},
		{"CAPA for a terminal", "+OK\r\nTOP \x1b[2J\r\n.\r\n", (*Client).capa, ErrResponse, false},

		{"RETR", "+OK\r\na\r\n..\r\n.\r\n", (*Client).retr, nil, true},
		{"RETR without end", "+OK\r\na\r\n", (*Client).retr, io.ErrUnexpectedEOF, false},
		{"RETR with bare LF", "+OK\r\na\n.\nb\r\n.\r\n", (*Client).retr, dialog.ErrBareLineEnd, true},
		{"RETR too large", "+OK\r\n" + strings.Repeat("x", 99) + "\r\n.\r\n", (*Client).retr, ErrTooLarge, false},
		{"RETR at the limit", "+OK\r\n" + strings.Repeat("x", 98) + "\r\n.\r\n", (*Client).retr, nil, true},
		{"RETR without limit", "+OK\r\n" + strings.Repeat("x", 1<<20), (*Client).retr, ErrTooLarge, false},
	}
	for _, tt := range tests {
		conn := canned("+OK\r\n" + tt.says + "+OK\r\n")
		if errors.Is(tt.want, io.ErrUnexpectedEOF) {
			conn = canned("+OK\r\n" + tt.says)
		}
		c, err := NewClient(ctxb, conn, &ClientOptions{MaxContent: 100, MaxMessages: 20})
		if err != nil {
			t.Fatal(err)
		}
		if err := tt.call(c); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
		if err := c.Noop(ctxb); errors.Is(err, ErrUnusable) == tt.goOn || tt.goOn && err != nil {
			t.Errorf("%s: afterwards: %v, want the session to go on: %v", tt.name, err, tt.goOn)
		}
	}
}

func (c *Client) noop() error  { return c.Noop(ctxb) }
func (c *Client) stat() error  { _, _, err := c.Stat(ctxb); return err }
func (c *Client) list() error  { return second(c.List(ctxb)) }
func (c *Client) list1() error { return second(c.ListMessage(ctxb, 1)) }
func (c *Client) uidl() error  { return second(c.UIDL(ctxb)) }
func (c *Client) capa() error  { return second(c.Capa(ctxb)) }
func (c *Client) retr() error  { return second(c.Retr(ctxb, 1)) }

func TestQuitReportsFailure(t *testing.T) {
	conn := canned("+OK\r\n+OK\r\n+OK\r\n-ERR some deleted messages not removed\r\n")
	var states []State
	c, err := NewClient(ctxb, conn, &ClientOptions{AllowCleartext: true, Hooks: &Hooks{State: func(_, to State) { states = append(states, to) }}})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Login(ctxb, "a", "b c"); err != nil {
		t.Fatal(err)
	}
	var refused *ServerError
	if err := c.Quit(ctxb); !errors.As(err, &refused) || refused.Verb != "QUIT" {
		t.Errorf("Quit: %v", err)
	}
	if conn.closed != 1 || conn.heard.String() != "USER a\r\nPASS b c\r\nQUIT\r\n" {
		t.Errorf("closed %d times, the server heard %q", conn.closed, conn.heard.String())
	}
	if want := []State{Authorization, Transaction, Update, Closed}; !reflect.DeepEqual(states, want) {
		t.Errorf("states %v, want %v", states, want)
	}
}

func TestQuitOfBrokenSessionIsNoUpdate(t *testing.T) {
	conn := canned("+OK\r\n+OK\r\n+OK\r\n")
	var states []State
	c, err := NewClient(ctxb, conn, &ClientOptions{AllowCleartext: true, Hooks: &Hooks{State: func(_, to State) { states = append(states, to) }}})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Login(ctxb, "a", "b"); err != nil {
		t.Fatal(err)
	}
	if err := c.Noop(ctxb); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("Noop: %v", err)
	}
	if err := c.Quit(ctxb); !errors.Is(err, ErrUnusable) || strings.Contains(conn.heard.String(), "QUIT") {
		t.Errorf("Quit: %v, the server heard %q", err, conn.heard.String())
	}
	if want := []State{Authorization, Transaction, Closed}; !reflect.DeepEqual(states, want) || conn.closed != 1 {
		t.Errorf("states %v, want %v; closed %d times", states, want, conn.closed)
	}
}

func TestClientDeadlines(t *testing.T) {
	late, cancel := context.WithDeadline(ctxb, frozen().Add(100*365*24*time.Hour))
	defer cancel()
	conn := canned("+OK\r\n+OK\r\n")
	c, err := NewClient(late, conn, &ClientOptions{Timeout: time.Minute, Now: frozen})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Noop(ctxb); err != nil {
		t.Fatal(err)
	}
	// The same deadline is set once.
	if want := []time.Time{frozen().Add(time.Minute)}; !reflect.DeepEqual(conn.deadlines, want) {
		t.Errorf("deadlines %v, want %v", conn.deadlines, want)
	}
	soon, cancel := context.WithTimeout(ctxb, time.Hour)
	defer cancel()
	conn = canned("+OK\r\n")
	if _, err := NewClient(soon, conn, &ClientOptions{Timeout: 2 * time.Hour}); err != nil {
		t.Fatal(err)
	}
	if want, _ := soon.Deadline(); len(conn.deadlines) != 1 || !conn.deadlines[0].Equal(want) {
		t.Errorf("deadlines %v, want %v", conn.deadlines, want)
	}
}

func TestClientTimesOut(t *testing.T) {
	client, server := net.Pipe()
	defer server.Close()
	ctx, cancel := context.WithTimeout(ctxb, 20*time.Millisecond)
	defer cancel()
	if _, err := NewClient(ctx, client, nil); !errors.Is(err, context.DeadlineExceeded) || !timedOut(err) {
		t.Errorf("a silent server, by context: %v", err)
	}
	client, server = net.Pipe()
	defer server.Close()
	if _, err := NewClient(ctxb, client, &ClientOptions{Timeout: 20 * time.Millisecond}); errors.Is(err, context.DeadlineExceeded) || !timedOut(err) {
		t.Errorf("a silent server, by timeout: %v", err)
	}

	conn := canned("+OK\r\n+OK\r\n")
	c, err := NewClient(ctxb, conn, nil)
	if err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(ctxb)
	cancel()
	if err := c.Noop(gone); !errors.Is(err, context.Canceled) || conn.heard.Len() > 0 {
		t.Errorf("cancelled: %v, the server heard %q", err, conn.heard.String())
	}
	if err := c.Noop(ctxb); err != nil {
		t.Errorf("after a call that sent nothing: %v", err)
	}
}

// recorder keeps all units of one end, and all octets it wrote.
type recorder struct {
	net.Conn
	mu    sync.Mutex
	wrote bytes.Buffer
	units []dialog.Unit
}

func (r *recorder) Write(p []byte) (int, error) {
	r.mu.Lock()
	r.wrote.Write(p)
	r.mu.Unlock()
	return r.Conn.Write(p)
}

func (r *recorder) keep(u *dialog.Unit) {
	k := *u
	k.Text, k.Content = bytes.Clone(u.Text), bytes.Clone(u.Content)
	k.More = false // that is known to the end that says it alone
	r.units = append(r.units, k)
}

func (r *recorder) hooks() *Hooks {
	return &Hooks{Hooks: dialog.Hooks{
		Received: func(u *dialog.Unit) []string { r.keep(u); return nil },
		Sending:  func(u *dialog.Unit) { r.keep(u) },
	}}
}

// TestUnitsCoverTheStreams holds that both ends tell of the same units, and
// that their byte ranges cover each direction's stream, octet for octet.
func TestUnitsCoverTheStreams(t *testing.T) {
	b := mrose()
	b.messages = append(b.messages, memMessage{"3", ".\r\n..\r\nno last line end"}, memMessage{"4", ""}, memMessage{"5", sized("big", 100_000)})
	cpipe, spipe := net.Pipe()
	client, server := &recorder{Conn: cpipe}, &recorder{Conn: spipe}
	srv := &Server{Backend: b, AllowCleartext: true}
	done := make(chan error, 1)
	go func() { done <- srv.ServeConn(ctxb, server, server.hooks()) }()

	c, err := NewClient(ctxb, client, &ClientOptions{AllowCleartext: true, Hooks: client.hooks()})
	if err != nil {
		t.Fatal(err)
	}
	steps := []func() error{
		func() error { return second(c.Capa(ctxb)) },
		func() error { return c.Login(ctxb, "mrose", "tanstaaf") },
		c.stat, c.list, c.list1, c.uidl,
		func() error { return second(c.Retr(ctxb, 3)) },
		func() error { return second(c.Retr(ctxb, 4)) },
		func() error { return second(c.Retr(ctxb, 5)) },
		func() error { return second(c.Top(ctxb, 1, 0)) },
		func() error { return c.Dele(ctxb, 1) },
		func() error { return c.Quit(ctxb) },
	}
	for i, step := range steps {
		if err := step(); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}

	if !reflect.DeepEqual(client.units, server.units) {
		t.Errorf("the client told of\n%.2000s\nthe server of\n%.2000s", fmt.Sprint(client.units), fmt.Sprint(server.units))
	}
	at := map[bool]int64{}
	stream := map[bool][]byte{true: server.wrote.Bytes(), false: client.wrote.Bytes()}
	bodies, secrets := 0, 0
	for _, u := range server.units {
		if u.From != at[u.FromServer] {
			t.Errorf("%s %q begins at %d, and what came before it ended at %d", u.Role, u.Text, u.From, at[u.FromServer])
		}
		at[u.FromServer] = u.To
		wire := stream[u.FromServer][u.From:u.To]
		if u.Role != dialog.Body {
			if string(wire) != string(u.Text)+"\r\n" {
				t.Errorf("%s %q is %q on the wire", u.Role, u.Text, wire)
			}
		} else if bodies++; !bytes.HasSuffix(wire, []byte(".\r\n")) || int64(len(wire)) != dialog.DotSize(u.Content) {
			t.Errorf("a content of %d octets is %d octets on the wire, %.80q", len(u.Content), len(wire), wire)
		}
		if u.Secret {
			secrets++
		}
		if got, want := u.Secret, bytes.HasPrefix(u.Text, []byte("PASS")); got != want {
			t.Errorf("%q: secret %v", u.Text, got)
		}
	}
	if at[true] != int64(len(stream[true])) || at[false] != int64(len(stream[false])) {
		t.Errorf("the units end at %d and %d, the streams at %d and %d", at[true], at[false], len(stream[true]), len(stream[false]))
	}
	if first := server.units[0]; first.Role != dialog.Greeting || bodies != 4 || secrets != 1 {
		t.Errorf("the first unit is a %s; %d bodies, %d secrets", first.Role, bodies, secrets)
	}
}

// FuzzClient lets a server say anything. Every call returns, and what it
// returns keeps to the limits.
func FuzzClient(f *testing.F) {
	for _, s := range []string{"", "+OK\r\n", "+OK\r\n1 2\r\n.\r\n", "+OK 2 320\r\n+OK\r\nTOP\r\n.\r\n", "-ERR [AUTH] x\r\n", "+OK\r\na\n.\n\r\n.\r\n"} {
		f.Add([]byte(s), uint8(0))
		f.Add([]byte("+OK\r\n"+s), uint8(3))
		f.Add([]byte("+OK\r\n"+s), uint8(6))
	}
	calls := []func(*Client) error{
		(*Client).noop, (*Client).stat, (*Client).list, (*Client).list1, (*Client).uidl, (*Client).capa,
		func(c *Client) error {
			content, err := c.Retr(ctxb, 1)
			if len(content) > 1000 {
				return fmt.Errorf("fuzz: %d octets", len(content))
			}
			return err
		},
		func(c *Client) error { return c.Login(ctxb, "a", "b") },
		func(c *Client) error { return c.Quit(ctxb) },
	}
	f.Fuzz(func(t *testing.T, says []byte, first uint8) {
		conn := canned(string(says))
		c, err := NewClient(ctxb, conn, &ClientOptions{AllowCleartext: true, MaxContent: 1000, MaxMessages: 10})
		if err != nil {
			if conn.closed != 1 {
				t.Errorf("closed %d times after %v", conn.closed, err)
			}
			return
		}
		for i := range calls {
			err := calls[(int(first)+i)%len(calls)](c)
			if err != nil && strings.HasPrefix(err.Error(), "fuzz") {
				t.Error(err)
			}
		}
		if err := c.Close(); err != nil || conn.closed != 1 || c.State() != Closed {
			t.Errorf("Close: %v, closed %d times, state %v", err, conn.closed, c.State())
		}
	})
}
