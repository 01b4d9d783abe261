package smtp

import (
	"bytes"
	"context"
	"crypto/tls"
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

	"mailwalk/protocols/dialog"
)

var update = flag.Bool("update", false, "rewrite the dialogues in testdata")

// scriptConn plays a client that sends its next words only when the server waits
// for them, so that the transcript shows what left together and when. It needs
// no goroutine.
type scriptConn struct {
	blocks     []string // what the client sends, each in one piece
	rest       string
	transcript bytes.Buffer
	line       bytes.Buffer
	endErr     error // after the last block; nil is io.EOF
	chunk      int   // the most octets of one Read, 0 for all
	closed     bool
	writes     []string
	onBlock    func(left int) // is called before a block is said
	hooks      *Hooks
	ctx        context.Context
	end        context.CancelFunc // of ctx, after the last block; may be nil
}

func (c *scriptConn) Read(p []byte) (int, error) {
	if c.rest == "" {
		if len(c.blocks) == 0 {
			if c.end != nil {
				c.end()
			}
			if c.endErr != nil {
				return 0, c.endErr
			}
			return 0, io.EOF
		}
		c.rest, c.blocks = c.blocks[0], c.blocks[1:]
		if c.onBlock != nil {
			c.onBlock(len(c.blocks))
		}
		c.transcript.WriteString(scriptOf(c.rest))
	}
	if c.chunk > 0 && len(p) > c.chunk {
		p = p[:c.chunk]
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

func (c *scriptConn) Write(p []byte) (int, error) {
	c.writes = append(c.writes, string(p))
	c.line.Write(p)
	for {
		line, rest, ok := strings.Cut(c.line.String(), "\r\n")
		if !ok {
			return len(p), nil
		}
		c.line.Reset()
		c.line.WriteString(rest)
		fmt.Fprintf(&c.transcript, "S: %s\n", line)
	}
}

func (c *scriptConn) Close() error {
	if !c.closed {
		c.transcript.WriteString("S. closes\n")
	}
	c.closed = true
	return nil
}

func (*scriptConn) LocalAddr() net.Addr              { return tcpAddr("192.0.2.1:25") }
func (*scriptConn) RemoteAddr() net.Addr             { return tcpAddr("192.0.2.2:40000") }
func (*scriptConn) SetDeadline(time.Time) error      { return nil }
func (*scriptConn) SetReadDeadline(time.Time) error  { return nil }
func (*scriptConn) SetWriteDeadline(time.Time) error { return nil }

func tcpAddr(s string) net.Addr {
	a, err := net.ResolveTCPAddr("tcp", s)
	if err != nil {
		panic(err)
	}
	return a
}

// longTail is how many times a line may end in the same octet before a script says
// so in words.
const longTail = 100

// tail cuts off what a line repeats at its end.
func tail(line string) (before, last string, n int) {
	if line == "" {
		return "", "", 0
	}
	last = line[len(line)-1:]
	before = strings.TrimRight(line, last)
	return before, last, len(line) - len(before)
}

// scriptOf writes what a client sends as the lines of a script: "C: " for a line
// with CRLF, "C* " for one whose last octet is repeated many times, "C~ " and a
// quoted string for anything else.
func scriptOf(s string) string {
	var b strings.Builder
	for s != "" {
		i := strings.Index(s, "\n") + 1
		if i == 0 {
			i = len(s)
		}
		line, ok := strings.CutSuffix(s[:i], "\r\n")
		if before, last, n := tail(line); ok && n > longTail {
			fmt.Fprintf(&b, "C* %q %q %d\n", before, last, n)
		} else if ok && strconv.CanBackquote(line) {
			fmt.Fprintf(&b, "C: %s\n", line)
		} else {
			fmt.Fprintf(&b, "C~ %q\n", s[:i])
		}
		s = s[i:]
	}
	return b.String()
}

// parseScript returns the settings in a dialogue's head and what its client sends,
// in blocks: lines with no line of the server's between them, or with "C|" there,
// are sent apart.
func parseScript(t *testing.T, text string) (head string, settings []string, blocks []string) {
	t.Helper()
	var block string
	flush := func() {
		if block != "" {
			blocks = append(blocks, block)
		}
		block = ""
	}
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		kind, rest := line[:min(2, len(line))], line[min(3, len(line)):]
		switch kind {
		case "# ", "#":
			head += line + "\n"
		case "! ":
			head += line + "\n"
			settings = append(settings, strings.Fields(line[2:])...)
		case "C:":
			block += rest + "\r\n"
		case "C*":
			var before, last string
			var n int
			if _, err := fmt.Sscanf(rest, "%q %q %d", &before, &last, &n); err != nil {
				t.Fatalf("line %d: %v", i+1, err)
			}
			block += before + strings.Repeat(last, n) + "\r\n"
		case "C~":
			s, err := strconv.Unquote(rest)
			if err != nil {
				t.Fatalf("line %d: %v", i+1, err)
			}
			block += s
		case "S:", "S.":
			flush()
		default:
			t.Fatalf("line %d: %q is no line of a dialogue", i+1, line)
		}
	}
	flush()
	return head, settings, blocks
}

func configure(t *testing.T, settings []string) (*Server, *testBackend, *scriptConn) {
	t.Helper()
	srv, b := newTestServer()
	conn := &scriptConn{ctx: context.Background()}
	for _, s := range settings {
		key, value, _ := strings.Cut(s, "=")
		n, _ := strconv.Atoi(value) // only where the value is a number
		switch key {
		case "submission":
			srv.Mode = Submission
		case "cleartext":
			srv.AllowCleartext = true
		case "authfailures":
			srv.MaxAuthFailures = n
		case "mechanisms":
			srv.Mechanisms = strings.Split(value, ",")
		case "users":
			b.users = true
		case "tls":
			srv.TLS = testTLS(t)
		case "tlsbroken":
			srv.TLS = &tls.Config{}
		case "requiretls":
			srv.RequireTLS = true
		case "verifies":
			b.verifies = true
		case "lazy":
			b.lazy = true
		case "hostname":
			srv.Hostname = value
		case "answers": // a command, a colon, the code with which a hook answers it
			verb, code, _ := strings.Cut(value, ":")
			conn.hooks = &Hooks{Hooks: dialog.Hooks{Received: func(u *dialog.Unit) []string {
				if string(u.Text) == verb {
					return []string{code + " by a hook"}
				}
				return nil
			}}}
		case "software":
			srv.Software = value
		case "maxsize":
			srv.MaxSize = int64(n)
		case "chunking":
			srv.Chunking = true
		case "binarymime":
			srv.BinaryMIME = true
		case "smtputf8":
			srv.SMTPUTF8 = true
		case "dsn":
			srv.DSN = true
		case "mailmax":
			srv.Limits.MailMax = n
		case "rcptmax":
			srv.Limits.RcptMax = n
		case "rcptdomainmax":
			srv.Limits.RcptDomainMax = n
		case "maxrecipients":
			srv.MaxRecipients = n
		case "maxerrors":
			srv.MaxErrors = n
		case "refuse":
			b.refuse = NewReply(n, Enhanced{}, "foo.com does not take mail")
		case "broken":
			b.refuse = errDisk
		case "shutdown":
			conn.ctx, conn.end = context.WithCancel(conn.ctx)
			conn.endErr = os.ErrDeadlineExceeded
		case "timeout":
			conn.endErr = os.ErrDeadlineExceeded
		case "chunk":
			conn.chunk = n
		default:
			t.Fatalf("unknown setting %q", s)
		}
	}
	return srv, b, conn
}

// TestDialogs plays each dialogue of testdata/dialogs and compares all that was
// said, in the order in which it was said.
func TestDialogs(t *testing.T) {
	files, err := filepath.Glob("testdata/dialogs/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no dialogues: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			head, settings, blocks := parseScript(t, string(want))
			srv, b, conn := configure(t, settings)
			conn.blocks = blocks
			err = srv.ServeConn(conn.ctx, conn, conn.hooks)
			got := head + conn.transcript.String()
			if len(conn.blocks) > 0 {
				t.Errorf("the server closed (%v) before the client had said %q", err, conn.blocks)
			}
			if b.closes != 1 && b.refuse == nil {
				t.Errorf("Close called %d times", b.closes)
			}
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

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(g), len(w)) {
		var a, b string
		if i < len(g) {
			a = g[i]
		}
		if i < len(w) {
			b = w[i]
		}
		if a != b {
			return fmt.Sprintf("line %d\n got %s\nwant %s", i+1, a, b)
		}
	}
	return "nowhere"
}

// play runs a session in which the client says blocks.
func play(t *testing.T, srv *Server, hooks *Hooks, blocks ...string) (*scriptConn, error) {
	t.Helper()
	conn := &scriptConn{blocks: blocks}
	err := srv.ServeConn(context.Background(), conn, hooks)
	return conn, err
}

func newTestServer() (*Server, *testBackend) {
	b := &testBackend{}
	return &Server{
		Hostname: "foo.com", Backend: b, Now: func() time.Time { return time.Unix(0, 0) },
		Rand: &octets{}, DecoyKey: []byte("decoy"),
	}, b
}

func TestServeConnErrors(t *testing.T) {
	srv, _ := newTestServer()
	if _, err := play(t, srv, nil, "QUIT\r\n"); err != nil {
		t.Errorf("after QUIT: %v", err)
	}
	if _, err := play(t, srv, nil, "EHLO a.example\r\n"); !errors.Is(err, io.EOF) {
		t.Errorf("after the client left: %v", err)
	}
	if _, err := play(t, srv, nil, "EHLO a.example\r\nMAIL FROM:<a@a.example>\r\nRCPT TO:<b@foo.com>\r\nDATA\r\n", "half\r\n"); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("after the client left in a content: %v", err)
	}
	srv.MaxErrors = 2
	if _, err := play(t, srv, nil, "A\r\nB\r\nC\r\n"); !errors.Is(err, ErrTooManyErrors) {
		t.Errorf("after errors: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	conn := &scriptConn{blocks: []string{"NOOP\r\n"}}
	if err := srv.ServeConn(ctx, conn, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("after cancel: %v", err)
	}
	if got := conn.transcript.String(); !strings.Contains(got, "S: 421 4.3.2 foo.com Shutting down") {
		t.Errorf("after cancel the client was told\n%s", got)
	}
}
