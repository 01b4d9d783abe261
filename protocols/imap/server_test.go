package imap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"mailwalk/protocols/dialog"
)

// ask logs in, and returns what the server answers to lines given then.
func ask(t *testing.T, srv *Server, lines ...string) string {
	t.Helper()
	conn := newScriptConn()
	srv.Now = conn.clock
	done := make(chan error, 1)
	go func() { done <- srv.ServeConn(t.Context(), conn, nil) }()
	conn.feed("p LOGIN fred secret\r\n")
	conn.said()
	var out strings.Builder
	for _, line := range lines {
		conn.feed(line)
		out.WriteString(conn.said())
	}
	conn.hangUp()
	<-done
	return out.String()
}

func TestBinaryWithNUL(t *testing.T) {
	store := newMemory()
	store.deliver("fred", Inbox, mailFile(t, "nested.eml"))
	got := ask(t, testServer(store, nil), "a EXAMINE INBOX\r\n", "b FETCH 1 (BINARY[2] BINARY[2]<1.2>)\r\n")
	if want := "* 1 FETCH (BINARY[2] ~{4}\r\n\x00\x01\x02\x03 BINARY[2]<1> {2}\r\n\x01\x02)\r\n"; !strings.Contains(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestUnknownEncoding(t *testing.T) {
	store := newMemory()
	store.deliver("fred", Inbox, "Content-Transfer-Encoding: x-uuencode\r\n\r\nx")
	got := ask(t, testServer(store, nil), "a EXAMINE INBOX\r\n", "b FETCH 1 BINARY.SIZE[1]\r\n")
	if want := "b NO [UNKNOWN-CTE]"; !strings.Contains(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLiteralPlus(t *testing.T) {
	srv := testServer(newMemory(), nil)
	srv.LiteralPlus = true
	got := ask(t, srv, "a APPEND INBOX {5000+}\r\n"+strings.Repeat("x", 5000)+"\r\n", "b CAPABILITY\r\n")
	if !strings.HasPrefix(got, "a OK [APPENDUID ") || !strings.Contains(got, " LITERAL+ ") || strings.Contains(got, "LITERAL-") {
		t.Errorf("got %q", got)
	}
}

// TestLongLines holds a literal's announcement at the end of a line that is too long:
// the literal must not be taken for commands.
func TestLongLines(t *testing.T) {
	long := strings.Repeat("x", 3*maxLine)
	got := ask(t, testServer(newMemory(), nil), "a STATUS "+long+" {8+}\r\nq NOOP\r\n (MESSAGES)\r\nb NOOP\r\n")
	if want := "a BAD Command line too long\r\nb OK NOOP completed\r\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	got = ask(t, testServer(newMemory(), nil), "a NOOP\nb NOOP\r\nc NO\rOP\r\n\x00d NOOP\r\ne NOOP\r\n")
	if n := strings.Count(got, " BAD "); n != 3 || !strings.HasSuffix(got, "e OK NOOP completed\r\n") {
		t.Errorf("%d refused in %q", n, got)
	}
}

func TestLineWithoutEnd(t *testing.T) {
	conn := newScriptConn()
	conn.feed(strings.Repeat("x", 2*maxSkip))
	err := testServer(newMemory(), conn.clock).ServeConn(t.Context(), conn, nil)
	if !errors.Is(err, errNoEnd) {
		t.Errorf("server ends with %v", err)
	}
}

func TestTooManyLiterals(t *testing.T) {
	got := ask(t, testServer(newMemory(), nil), "a LIST \"\" ("+strings.Repeat("{1+}\r\nx ", maxLiterals+1)+"y)\r\n", "b NOOP\r\n")
	if want := "a BAD Too many literals\r\nb OK NOOP completed\r\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestLiteralMemory announces much and sends little: memory must follow what comes.
func TestLiteralMemory(t *testing.T) {
	conn := newScriptConn()
	w := &wire{Conn: dialog.NewServer(conn, nil), now: conn.clock, max: maxLine}
	conn.feed("abc")
	conn.hangUp()
	if _, err := w.readLiteral(1<<60, func() error { return nil }); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("literal cut off: %v", err)
	}
}

func TestSilentClientIsLoggedOut(t *testing.T) {
	conn := newScriptConn()
	done := make(chan error, 1)
	go func() { done <- testServer(newMemory(), conn.clock).ServeConn(t.Context(), conn, nil) }()
	conn.feed("a LOGIN fred secret\r\nb APP")
	conn.said()
	conn.advance(defaultIdleTimeout - time.Second)
	if got := conn.said(); got != "" {
		t.Errorf("before its time: %q", got)
	}
	conn.advance(time.Second)
	if err := <-done; !errors.Is(err, errTimeout) {
		t.Errorf("server ends with %v", err)
	}
	if got := conn.said(); got != "* BYE Autologout; idle for too long\r\n" {
		t.Errorf("at the end: %q", got)
	}
}

func TestContextEndsSession(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	conn := newScriptConn()
	done := make(chan error, 1)
	go func() { done <- testServer(newMemory(), conn.clock).ServeConn(ctx, conn, nil) }()
	conn.said()
	cancel()
	conn.feed("a NOOP\r\n")
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("server ends with %v", err)
	}
	if got := conn.said(); got != "a OK NOOP completed\r\n* BYE [UNAVAILABLE] Server is shutting down\r\n" {
		t.Errorf("server says %q", got)
	}
}

// faulty is a store that breaks.
type faulty struct {
	*memorySession
	err error
}

func (f *faulty) Login(context.Context, string, string) (User, error) { return f, nil }

func (f *faulty) Append(context.Context, string, []byte, []Flag, time.Time) (uint32, uint32, error) {
	return 0, 0, f.err
}

func (f *faulty) Open(context.Context, string, bool, func()) (Mailbox, error) {
	return &faultyBox{err: f.err}, nil
}

type faultyBox struct {
	Mailbox
	err error
	n   int
}

func (f *faultyBox) Close() error { return f.err }

func (f *faultyBox) Snapshot(context.Context, uint64) (Snapshot, error) {
	if f.n++; f.n == 1 {
		return Snapshot{Version: 1, UIDValidity: 1, UIDNext: 2, Messages: []Message{{UID: 1}}}, nil
	}
	return Snapshot{}, f.err
}

func (f *faultyBox) Content(context.Context, uint32) ([]byte, error) { return nil, f.err }

func TestBackendErrors(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{errors.New("disk on fire at /var"), "NO [UNAVAILABLE] APPEND failed, try again later"},
		{fmt.Errorf("x: %w", ErrNoMailbox), "NO [TRYCREATE] No such mailbox"},
		{ErrOverQuota, "NO [OVERQUOTA] No room left"},
		{ErrReadOnly, "NO [READ-ONLY] Mailbox is read-only"},
		{&Error{"NOPERM", "Not\r\nyours"}, "NO [NOPERM] Not??yours"},
		{context.Canceled, "NO [UNAVAILABLE] Server is shutting down"},
	} {
		f := &faulty{&memorySession{newMemory().users["fred"]}, test.err}
		srv := testServer(nil, nil)
		srv.Backend = f
		got := ask(t, srv, "a APPEND INBOX {1+}\r\nx\r\n", "b SELECT INBOX\r\n", "c FETCH 1 BODY.PEEK[]\r\n", "d NOOP\r\n", "e IDLE\r\n")
		if !strings.HasPrefix(got, "a "+test.want+"\r\n") {
			t.Errorf("%v: %q, want %q", test.err, got, test.want)
		}
		if !strings.Contains(got, "\r\nc NO [") || !strings.Contains(got, "\r\nd OK ") || !strings.HasSuffix(got, "* BYE [UNAVAILABLE] Mailbox cannot be read\r\n") {
			t.Errorf("%v: a broken mailbox gives %q", test.err, got)
		}
	}
}

// TestStoreInAnotherOrder checks that a session keeps its numbers when the store hands
// out what it must not: a message below those that were seen.
func TestStoreInAnotherOrder(t *testing.T) {
	b := &selected{}
	box := &fixedBox{}
	b.box = box
	for _, uids := range [][]uint32{{5, 7}, {3, 5, 9}, {9}} {
		box.version++
		box.uids = uids
		if err := b.refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	var got []uint32
	for _, v := range b.msgs {
		got = append(got, v.UID)
	}
	if want := []uint32{5, 7, 9}; !slices.Equal(got, want) || !b.msgs[0].gone || !b.msgs[1].gone || b.msgs[2].gone {
		t.Errorf("view is %+v, want UIDs %v, two of them gone", b.msgs, want)
	}
}

type fixedBox struct {
	Mailbox
	version uint64
	uids    []uint32
}

func (f *fixedBox) Snapshot(context.Context, uint64) (Snapshot, error) {
	snap := Snapshot{Version: f.version}
	for _, uid := range f.uids {
		snap.Messages = append(snap.Messages, Message{UID: uid})
	}
	return snap, nil
}
