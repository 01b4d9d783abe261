package smtp

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// flood is a client that says blocks, then a line over and over, then what comes
// last. It reads no reply before it has said all, and keeps none but counts them.
type flood struct {
	scriptConn
	line  string
	times int
	last  string
	codes map[string]int
}

func (f *flood) Read(p []byte) (int, error) {
	for f.rest == "" {
		switch {
		case len(f.blocks) > 0:
			f.rest, f.blocks = f.blocks[0], f.blocks[1:]
		case f.times > 0:
			n := min(f.times, max(1, 4096/len(f.line)))
			f.rest = strings.Repeat(f.line, n)
			f.times -= n
		case f.last != "":
			f.rest, f.last = f.last, ""
		default:
			return 0, io.EOF
		}
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

func (f *flood) Write(p []byte) (int, error) {
	f.count(string(p))
	return len(p), nil
}

// count counts the replies that end in s; half a line is kept for the next.
func (f *flood) count(s string) {
	s = f.transcript.String() + s
	f.transcript.Reset()
	for {
		line, rest, ok := strings.Cut(s, "\r\n")
		if !ok {
			f.transcript.WriteString(s)
			return
		}
		if len(line) > 3 && line[3] == ' ' {
			f.codes[line[:3]]++
		}
		s = rest
	}
}

func run(srv *Server, f *flood) (heap int64, err error) {
	f.codes = map[string]int{}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	err = srv.ServeConn(context.Background(), f, nil)
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(f)
	return int64(after.HeapAlloc) - int64(before.HeapAlloc), err
}

// inTLS tells whether a server expects a handshake after blocks, and not a line.
func inTLS(blocks []string) bool { return slices.Contains(blocks, "STARTTLS\r\n") }

// TestManyRecipients: 100,000 of them are answered one by one, and no more are kept
// than a mail may have.
func TestManyRecipients(t *testing.T) {
	srv, b := newTestServer()
	f := &flood{line: "RCPT TO:<b@foo.com>\r\n", times: 100_000, last: "DATA\r\nx\r\n.\r\nQUIT\r\n"}
	f.blocks = []string{hello, "MAIL FROM:<a@bar.com>\r\n"}
	heap, err := run(srv, f)
	if err != nil {
		t.Fatal(err)
	}
	if len(b.mails) != 1 || len(b.mails[0].env.Recipients) != DefaultMaxRecipients {
		t.Fatalf("kept %d mails", len(b.mails))
	}
	if got, want := f.codes["452"], 100_000-DefaultMaxRecipients; got != want {
		t.Errorf("%d were refused, want %d", got, want)
	}
	if got, want := f.codes["250"], DefaultMaxRecipients+3; got != want || f.codes["221"] != 1 {
		t.Errorf("replies %v, want %d times 250", f.codes, want)
	}
	if heap > 4<<20 {
		t.Errorf("%d octets stayed", heap)
	}
}

// TestHugeLines: a line of 2^20 octets is one mistake as a command, wherever it
// comes, and content like any other after DATA.
func TestHugeLines(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	for _, prefix := range prefixes {
		if prefix.state == StateData || prefix.state == StateRefused || inTLS(prefix.blocks) {
			continue
		}
		srv, b := fuzzServer(t, prefix.state)
		f := &flood{line: long + "\r\n", times: 2, last: "NOOP\r\nQUIT\r\n"}
		f.blocks = prefix.blocks
		heap, err := run(srv, f)
		if err != nil || f.codes["500"] != 2 || f.codes["221"] != 1 || len(b.mails) > 0 {
			t.Errorf("%v: %v, replies %v", prefix.state, err, f.codes)
		}
		if heap > 1<<20 {
			t.Errorf("%v: %d octets stayed", prefix.state, heap)
		}
	}
	srv, b := newTestServer()
	f := &flood{line: long + "\r\n", times: 3, last: ".\r\nQUIT\r\n"}
	f.blocks = []string{hello, envelopeLines + "DATA\r\n"}
	if _, err := run(srv, f); err != nil || len(b.mails) != 1 || len(b.mails[0].content) != 3*(1<<20+2) {
		t.Errorf("content: %v, replies %v", err, f.codes)
	}
}

// TestGarbage: pipelined nonsense is answered line by line until there were too many
// mistakes; then the session ends, and the rest is not read.
func TestGarbage(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, prefix := range prefixes {
		if inTLS(prefix.blocks) {
			continue
		}
		for range 20 {
			garbage := make([]byte, 1<<16)
			for i := range garbage {
				garbage[i] = byte(rng.UintN(256))
			}
			srv, b := fuzzServer(t, prefix.state)
			f := &flood{line: string(garbage) + "\r\n", times: 50}
			f.blocks = prefix.blocks
			_, err := run(srv, f)
			if prefix.state == StateData {
				if !errors.Is(err, io.ErrUnexpectedEOF) || len(b.mails) > 0 {
					t.Errorf("%v: %v, kept %d", prefix.state, err, len(b.mails))
				}
				continue
			}
			if !errors.Is(err, ErrTooManyErrors) || f.codes["421"] != 1 || len(b.mails) > 0 {
				t.Errorf("%v: %v, replies %v", prefix.state, err, f.codes)
			}
		}
	}
}
