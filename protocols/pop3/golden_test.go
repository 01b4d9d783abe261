package pop3

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite the dialogues under testdata")

// scriptConn plays the client to a server: each Read gives it the next command
// line, and what the server wrote until then is its answer. So the whole
// session runs in one goroutine.
type scriptConn struct {
	commands   []string // with line ends
	transcript bytes.Buffer
	pending    bytes.Buffer
	eof        error // after the last command; nil means io.EOF
	closed     bool
	deadlines  []time.Time // of reads

	writeDeadlines int
}

func (c *scriptConn) Read(p []byte) (int, error) {
	c.drain()
	if len(c.commands) == 0 {
		if c.eof != nil {
			return 0, c.eof
		}
		return 0, io.EOF
	}
	n := copy(p, c.commands[0])
	c.transcript.WriteString(show("C", c.commands[0][:n]))
	c.commands[0] = c.commands[0][n:]
	if c.commands[0] == "" {
		c.commands = c.commands[1:]
	}
	return n, nil
}

func (c *scriptConn) Write(p []byte) (int, error) { return c.pending.Write(p) }

func (c *scriptConn) Close() error {
	c.drain()
	c.closed = true
	return nil
}

func (c *scriptConn) drain() {
	c.transcript.WriteString(show("S", c.pending.String()))
	c.pending.Reset()
}

func (c *scriptConn) LocalAddr() net.Addr         { return nil }
func (c *scriptConn) RemoteAddr() net.Addr        { return nil }
func (c *scriptConn) SetDeadline(time.Time) error { return errors.New("not for a server") }

func (c *scriptConn) SetReadDeadline(t time.Time) error {
	c.deadlines = append(c.deadlines, t)
	return nil
}

func (c *scriptConn) SetWriteDeadline(time.Time) error {
	c.writeDeadlines++
	return nil
}

// show writes lines as "who: text". What does not end in CRLF, is not plain text
// or has a space at either end is quoted as in Go.
func show(who, s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		text, whole := strings.CutSuffix(line, "\r\n")
		if !whole || strconv.QuoteToASCII(text) != `"`+text+`"` || strings.TrimSpace(text) != text {
			text = strconv.QuoteToASCII(line)
		}
		fmt.Fprintln(&b, strings.TrimSuffix(who+": "+text, " "))
	}
	return b.String()
}

// script takes the client's lines out of a dialogue as show writes it.
func script(t *testing.T, dialogue string) (commands []string) {
	for line := range strings.Lines(dialogue) {
		text, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "C:")
		if !ok {
			continue
		}
		text = strings.TrimPrefix(text, " ")
		if strings.HasPrefix(text, `"`) {
			s, err := strconv.Unquote(text)
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			commands = append(commands, s)
			continue
		}
		commands = append(commands, text+"\r\n")
	}
	return commands
}

// heading is the comment at a dialogue's top.
func heading(dialogue string) string {
	var b strings.Builder
	for line := range strings.Lines(dialogue) {
		if !strings.HasPrefix(line, "#") {
			break
		}
		b.WriteString(line)
	}
	return b.String()
}

func TestGoldenDialogues(t *testing.T) {
	clear := func(s *Server) { s.AllowCleartext = true }
	tests := []struct {
		name    string
		backend *memBackend
		setup   func(*Server)
		want    error   // of ServeConn
		commits [][]int // what the maildrop was told to remove
	}{
		{"rfc1939-10", mrose(), clear, nil, [][]int{{1, 2}}},
		{"login", mrose(), clear, nil, nil},
		{"enumeration", mrose(), clear, nil, nil},
		{"cleartext-refused", mrose(), func(*Server) {}, nil, nil},
		{"states", mrose(), clear, nil, [][]int{nil}},
		{"syntax", mrose(), func(s *Server) { clear(s); s.MaxErrors = 100 }, nil, [][]int{nil}},
		{"delete-and-reset", mrose(), clear, nil, [][]int{{2}}},
		{"left-without-quit", mrose(), clear, io.EOF, nil},
		{"listings", mrose(), clear, nil, [][]int{{1}}},
		{"empty-maildrop", &memBackend{user: "mrose", password: "tanstaaf"}, clear, nil, [][]int{nil}},
		{"top", mrose(), clear, nil, [][]int{nil}},
		{"contents", dots(), clear, nil, [][]int{nil}},
		{"pipelining", mrose(), clear, nil, [][]int{{1}}},
		{"capa", mrose(), func(s *Server) { clear(s); s.Software = "mailwalk" }, nil, [][]int{nil}},
		{"too-many-errors", mrose(), func(s *Server) { clear(s); s.MaxErrors = 3 }, ErrTooManyErrors, nil},
		{"password-guessing", mrose(), func(s *Server) { clear(s); s.MaxErrors = 3 }, ErrTooManyErrors, nil},
		{"in-use", &memBackend{user: "mrose", password: "tanstaaf", locked: true}, clear, nil, nil},
		{"open-fails", &memBackend{openErr: errors.New("disk on fire")}, clear, nil, nil},
		{"open-fails-for-good", &memBackend{openErr: fmt.Errorf("mailbox is a directory: %w", ErrPermanent)}, clear, nil, nil},
		{"bad-uid", &memBackend{user: "mrose", password: "tanstaaf", messages: []memMessage{{"a b", "\r\n"}}}, clear, nil, nil},
		{"content-fails", with(mrose(), func(b *memBackend) { b.contentErr = errors.New("disk on fire") }), clear, nil, [][]int{nil}},
		{"commit-fails", with(mrose(), func(b *memBackend) { b.commitErr = errDisk }), clear, errDisk, [][]int{{1}}},
		{"nameless", mrose(), func(s *Server) { clear(s); s.Hostname = "" }, nil, nil},
	}
	seen := map[string]bool{}
	for _, tt := range tests {
		seen[tt.name+".txt"] = true
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join("testdata", tt.name+".txt")
			golden, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			srv := &Server{Hostname: "dewey", Backend: tt.backend, Now: frozen}
			tt.setup(srv)
			conn := &scriptConn{commands: script(t, string(golden))}
			err = srv.ServeConn(context.Background(), conn, nil)
			if !errors.Is(err, tt.want) {
				t.Errorf("ServeConn: %v, want %v", err, tt.want)
			}
			if !conn.closed {
				t.Error("the connection was not closed")
			}
			if len(conn.commands) > 0 && tt.want == nil {
				t.Errorf("the server did not read %q", conn.commands)
			}
			if got, want := fmt.Sprint(tt.backend.commits), fmt.Sprint(tt.commits); got != want {
				t.Errorf("the maildrop was told to remove %s, want %s", got, want)
			}
			if tt.backend.opened != tt.backend.closed {
				t.Errorf("the maildrop was opened %d times and closed %d times", tt.backend.opened, tt.backend.closed)
			}
			got := heading(string(golden)) + conn.transcript.String()
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != string(golden) {
				t.Errorf("the dialogue was\n%s\nwant\n%s", got, golden)
			}
		})
	}
	files, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !f.IsDir() && !seen[f.Name()] {
			t.Errorf("testdata/%s belongs to no test", f.Name())
		}
	}
}

var errDisk = errors.New("disk on fire")

func with(b *memBackend, change func(*memBackend)) *memBackend {
	change(b)
	return b
}

func frozen() time.Time { return time.Date(1996, 5, 1, 12, 0, 0, 0, time.UTC) }
