package smtp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"mailwalk/protocols/dialog"
)

// answers returns hooks that answer each line that begins with a key. The key
// "." is a content.
func answers(list ...string) *Hooks {
	return &Hooks{Hooks: dialog.Hooks{Received: func(u *dialog.Unit) []string {
		text := string(u.Text)
		if u.Role == dialog.Body {
			text = "."
		}
		for i := 0; i < len(list); i += 2 {
			if strings.HasPrefix(text, list[i]) {
				if list[i+1] == "" {
					return []string{}
				}
				return strings.Split(list[i+1], "|")
			}
		}
		return nil
	}}}
}

const hello = "EHLO bar.com\r\n"

// TestAnswered plays sessions in which a hook answers, and holds that the session
// stands where the client must believe it to be.
func TestAnswered(t *testing.T) {
	tests := []struct {
		name   string
		hooks  *Hooks
		blocks []string
		codes  string // of all replies but the greeting's and EHLO's
		mails  int
	}{
		{"refused recipient taken", answers("RCPT TO:<Green", "250 fine"),
			[]string{hello, "MAIL FROM:<a@bar.com>\r\nRCPT TO:<Green@foo.com>\r\nDATA\r\n", "x\r\n.\r\nQUIT\r\n"},
			"250 250 354 250 221", 1},
		{"chunk answered", answers("BDAT", "250 fine"),
			[]string{hello, "MAIL FROM:<a@bar.com>\r\nRCPT TO:<b@foo.com>\r\nBDAT 6 LAST\r\nQUIT\r\nBDAT 6 LAST\r\nQUIT\r\nDATA\r\nQUIT\r\n"},
			"250 250 250 250 503 221", 0},
		{"content of a chunk answered", answers(".", "550 no"),
			[]string{hello, "MAIL FROM:<a@bar.com>\r\nRCPT TO:<b@foo.com>\r\nBDAT 6 LAST\r\nQUIT\r\nDATA\r\nQUIT\r\n"},
			"250 250 550 503 221", 0},
		{"chunk of unknown size answered", answers("BDAT", "250 fine"),
			[]string{hello, "BDAT x\r\nQUIT\r\n"},
			"250", 0},
		{"recipient refused", answers("RCPT", "450-not|450 now"),
			[]string{hello, "MAIL FROM:<a@bar.com>\r\nRCPT TO:<b@foo.com>\r\nDATA\r\nQUIT\r\n"},
			"250 450 554 221", 0},
		{"malformed recipient taken", answers("RCPT", "250 fine"),
			[]string{hello, "MAIL FROM:<a@bar.com>\r\nRCPT TO:nobody\r\nDATA\r\nQUIT\r\n"},
			"250 250 554 221", 0},
		{"MAIL taken", answers("MAIL", "250 fine"),
			[]string{hello, "MAIL FROM:<evil@bar.com>\r\nRCPT TO:<b@foo.com>\r\nDATA\r\n", "x\r\n.\r\nQUIT\r\n"},
			"250 250 354 250 221", 1},
		{"MAIL refused", answers("MAIL", "451 later"),
			[]string{hello, "MAIL FROM:<a@bar.com>\r\nRCPT TO:<b@foo.com>\r\nQUIT\r\n"},
			"451 503 221", 0},
		{"DATA refused", answers("DATA", "451 later"),
			[]string{hello, "MAIL FROM:<a@bar.com>\r\nRCPT TO:<b@foo.com>\r\nDATA\r\nRCPT TO:<c@foo.com>\r\nQUIT\r\n"},
			"250 250 451 250 221", 0},
		{"DATA taken", answers("DATA", "354 mine"),
			[]string{hello, "MAIL FROM:<a@bar.com>\r\nRCPT TO:<b@foo.com>\r\nDATA\r\n", "x\r\n.\r\nQUIT\r\n"},
			"250 250 354 250 221", 1},
		{"DATA without envelope", answers("DATA", "354 mine"),
			[]string{hello, "DATA\r\n", "QUIT\r\n.\r\nMAIL FROM:<a@bar.com>\r\nDATA\r\n", "QUIT\r\n.\r\nMAIL FROM:<a@bar.com>\r\nQUIT\r\n"},
			"354 503 250 354 503 250 221", 0},
		{"DATA before EHLO", answers("DATA", "354 mine"),
			[]string{"DATA\r\n", "QUIT\r\n.\r\nMAIL FROM:<a@bar.com>\r\nQUIT\r\n"},
			"354 503 503 221", 0},
		{"content refused", answers(".", "554 not that"),
			[]string{hello, "MAIL FROM:<a@bar.com>\r\nRCPT TO:<b@foo.com>\r\nDATA\r\n", "x\r\n.\r\nRCPT TO:<b@foo.com>\r\nQUIT\r\n"},
			"250 250 354 554 503 221", 0},
		{"content lost", answers(".", "250 thrown away"),
			[]string{hello, "MAIL FROM:<a@bar.com>\r\nRCPT TO:<b@foo.com>\r\nDATA\r\n", "x\r\n.\r\nQUIT\r\n"},
			"250 250 354 250 221", 0},
		{"content and hangup", answers(".", "421 bye"),
			[]string{hello, "MAIL FROM:<a@bar.com>\r\nRCPT TO:<b@foo.com>\r\nDATA\r\n", "x\r\n.\r\nQUIT\r\n"},
			"250 250 354 421", 0},
		{"hangup", answers("NOOP", "421 bye"), []string{"NOOP\r\nQUIT\r\n"}, "421", 0},
		{"silence", answers("NOOP", ""), []string{"NOOP\r\nQUIT\r\n"}, "221", 0},
		{"nonsense", answers("NOOP", "gibberish"), []string{"NOOP\r\nQUIT\r\n"}, "gib 221", 0},
		{"QUIT refused", answers("QUIT", "500 stay"), []string{"QUIT\r\nNOOP\r\n"}, "500 250", 0},
		{"QUIT taken", answers("QUIT", "221 go"), []string{"QUIT\r\nNOOP\r\n"}, "221", 0},
		{"RSET taken", answers("RSET", "250 done"),
			[]string{hello, "MAIL FROM:<a@bar.com>\r\nRSET\r\nRCPT TO:<b@foo.com>\r\nQUIT\r\n"},
			"250 250 503 221", 0},
		{"bad line answered", answers("BAD", "250 fine"), []string{"BAD\nQUIT\r\n"}, "250 221", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv, b := newTestServer()
			conn, _ := play(t, srv, tt.hooks, tt.blocks...)
			if got := codes(conn.transcript.String()); got != tt.codes {
				t.Errorf("codes %s, want %s\n%s", got, tt.codes, conn.transcript.String())
			}
			if len(b.mails) != tt.mails {
				t.Errorf("%d mails, want %d", len(b.mails), tt.mails)
			}
		})
	}
}

// codes returns the codes of a transcript's replies, without those of the
// greeting and of EHLO.
func codes(transcript string) string {
	var list []string
	skip := true
	for line := range strings.SplitSeq(transcript, "\n") {
		if strings.HasPrefix(line, "C: EHLO") {
			skip = true
		}
		text, ok := strings.CutPrefix(line, "S: ")
		if !ok || len(text) > 3 && text[3] == '-' {
			continue
		}
		if !skip {
			list = append(list, text[:min(3, len(text))])
		}
		skip = false
	}
	return strings.Join(list, " ")
}

func TestAnsweredAuth(t *testing.T) {
	tests := []struct {
		name   string
		hooks  *Hooks
		blocks []string
		codes  string
	}{
		{"235", answers("AUTH", "235 fine"), []string{hello, "AUTH PLAIN\r\nMAIL FROM:<a@bar.com>\r\nQUIT\r\n"}, "235 250 221"},
		{"535", answers("AUTH", "535 no"), []string{hello, "AUTH PLAIN\r\nMAIL FROM:<a@bar.com>\r\nQUIT\r\n"}, "535 530 221"},
		{"334", answers("AUTH", "334 eA=="), []string{hello, "AUTH CRAM-MD5\r\n", "eA==\r\nQUIT\r\n"}, "334 535 221"},
		{"334 235", answers("AUTH", "334 eA==", "eA==", "235 fine"), []string{hello, "AUTH CRAM-MD5\r\n", "eA==\r\nMAIL FROM:<a@bar.com>\r\nQUIT\r\n"}, "334 235 250 221"},
		{"response 235", answers("eA==", "235 fine"), []string{hello, "AUTH PLAIN\r\n", "eA==\r\nMAIL FROM:<a@bar.com>\r\nQUIT\r\n"}, "334 235 250 221"},
		{"response 535", answers("eA==", "535 no"), []string{hello, "AUTH LOGIN\r\n", "eA==\r\nMAIL FROM:<a@bar.com>\r\nQUIT\r\n"}, "334 535 530 221"},
		{"response 421", answers("eA==", "421 no"), []string{hello, "AUTH LOGIN\r\n", "eA==\r\nQUIT\r\n"}, "334 421"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv, _ := newTestServer()
			srv.Mode, srv.AllowCleartext = Submission, true
			conn, _ := play(t, srv, tt.hooks, tt.blocks...)
			if got := codes(conn.transcript.String()); got != tt.codes {
				t.Errorf("codes %s, want %s\n%s", got, tt.codes, conn.transcript.String())
			}
		})
	}
}

// TestHookChangesText: the program acts on the new text.
func TestHookChangesText(t *testing.T) {
	srv, b := newTestServer()
	hooks := &Hooks{Hooks: dialog.Hooks{Received: func(u *dialog.Unit) []string {
		if strings.HasPrefix(string(u.Text), "RCPT") {
			u.Text = []byte("RCPT TO:<other@foo.com>")
		}
		return nil
	}}}
	play(t, srv, hooks, hello, "MAIL FROM:<a@bar.com>\r\nRCPT TO:<b@foo.com>\r\nDATA\r\n", "x\r\n.\r\n")
	if len(b.mails) != 1 || b.mails[0].env.Recipients[0].To.Local != "other" {
		t.Errorf("%+v", b.mails)
	}
}

func TestStateHook(t *testing.T) {
	srv, _ := newTestServer()
	var moves []string
	hooks := &Hooks{State: func(from, to State) { moves = append(moves, fmt.Sprintf("%v>%v", from, to)) }}
	play(t, srv, hooks, hello, "MAIL FROM:<a@bar.com>\r\nRCPT TO:<b@foo.com>\r\nRCPT TO:<c@foo.com>\r\nDATA\r\n", "x\r\n.\r\nMAIL FROM:<a@bar.com>\r\nRSET\r\nQUIT\r\n")
	want := "start>ready ready>mail mail>rcpt rcpt>data data>ready ready>mail mail>ready ready>end"
	if got := strings.Join(moves, " "); got != want {
		t.Errorf(" got %s\nwant %s", got, want)
	}
}

func TestErrorHook(t *testing.T) {
	srv, _ := newTestServer()
	srv.Mode, srv.AllowCleartext = Submission, true
	var log []string
	hooks := &Hooks{Error: func(command string, err error) { log = append(log, command+": "+err.Error()) }}
	play(t, srv, hooks, hello, "AUTH PLAIN AGFsaWNlAHdyb25n\r\nAUTH PLAIN AGFsaWNlAHNlY3JldA==\r\nMAIL FROM:<broken@bar.com>\r\nMAIL FROM:<evil@bar.com>\r\nQUIT\r\n")
	want := "AUTH: user alice: 535 5.7.8 Authentication credentials invalid|MAIL: disk is on fire"
	if got := strings.Join(log, "|"); got != want {
		t.Errorf(" got %s\nwant %s", got, want)
	}
}

// TestUnitsCoverTheWire holds that the units of a session, put together, are all
// that crossed the wire in either direction, without gap or overlap.
func TestUnitsCoverTheWire(t *testing.T) {
	srv, _ := newTestServer()
	srv.Mode, srv.AllowCleartext, srv.MaxSize = Submission, true, 100
	var next [2]int64
	side := map[bool]int{false: 0, true: 1}
	var secrets []string
	see := func(u *dialog.Unit) {
		i := side[u.FromServer]
		if u.From != next[i] || u.To < u.From {
			t.Errorf("%s %q: [%d,%d) after %d", u.Role, u.Text, u.From, u.To, next[i])
		}
		next[i] = u.To
		if u.Secret {
			secrets = append(secrets, string(u.Text))
		}
	}
	hooks := &Hooks{Hooks: dialog.Hooks{
		Received: func(u *dialog.Unit) []string { see(u); return nil },
		Sending:  see,
	}}
	blocks := []string{
		hello, "AUTH PLAIN\r\n", "AGFsaWNlAHNlY3JldA==\r\n", "auth plain AGFsaWNlAHNlY3JldA==\r\n",
		"MAIL FROM:<a@bar.com>\r\nRCPT TO:<b@foo.com>\r\nDATA\r\n", "..a\r\n.\r\nbad\nNOOP\r\n" + strings.Repeat("x", 5000) + "\r\n",
		"MAIL FROM:<a@bar.com>\r\nRCPT TO:<b@foo.com>\r\nDATA\r\n", strings.Repeat("too large\r\n", 2000) + ".\r\n",
		"MAIL FROM:<a@bar.com>\r\nRCPT TO:<b@foo.com>\r\nDATA\r\n", "bare\n\r\n.\r\nQUIT\r\n",
	}
	conn, err := play(t, srv, hooks, blocks...)
	if err != nil {
		t.Fatal(err)
	}
	if want := int64(len(strings.Join(blocks, ""))); next[0] != want {
		t.Errorf("the client said %d octets, the units cover %d", want, next[0])
	}
	var said int64
	for line := range strings.SplitSeq(conn.transcript.String(), "\n") {
		if text, ok := strings.CutPrefix(line, "S: "); ok {
			said += int64(len(text) + 2)
		}
	}
	if next[1] != said {
		t.Errorf("the server said %d octets, the units cover %d", said, next[1])
	}
	if got := strings.Join(secrets, "|"); got != "AGFsaWNlAHNlY3JldA==|auth plain AGFsaWNlAHNlY3JldA==" {
		t.Errorf("secret: %s", got)
	}
}

// TestHookBeforeCommit: a hook that holds the content's end holds it before the
// backend sees it.
func TestHookBeforeCommit(t *testing.T) {
	srv, b := newTestServer()
	seen := -1
	hooks := &Hooks{Hooks: dialog.Hooks{Received: func(u *dialog.Unit) []string {
		if u.Role == dialog.Body {
			seen = len(b.mails)
		}
		return nil
	}}}
	play(t, srv, hooks, hello, "MAIL FROM:<a@bar.com>\r\nRCPT TO:<b@foo.com>\r\nDATA\r\n", "x\r\n.\r\n")
	if seen != 0 || len(b.mails) != 1 {
		t.Errorf("%d mails at the hook, %d in the end", seen, len(b.mails))
	}
}

func TestLongLines(t *testing.T) {
	srv, _ := newTestServer()
	srv.Mode, srv.AllowCleartext = Submission, true
	conn, _ := play(t, srv, nil, hello,
		"NOOP "+strings.Repeat("x", maxCommandLine-len("NOOP \r\n"))+"\r\n",
		"NOOP "+strings.Repeat("x", maxCommandLine)+"\r\n",
		"AUTH PLAIN\r\n", strings.Repeat("x", maxResponseLine)+"\r\n",
		"QUIT\r\n")
	if got, want := codes(conn.transcript.String()), "250 500 334 500 221"; got != want {
		t.Errorf("codes %s, want %s", got, want)
	}
}

// TestBackendCalls holds what a backend may count on.
func TestBackendCalls(t *testing.T) {
	srv, b := newTestServer()
	play(t, srv, nil, hello, "RSET\r\nMAIL FROM:<a@bar.com>\r\nRSET\r\nMAIL FROM:<a@bar.com>\r\nEHLO bar.com\r\n",
		"MAIL FROM:<a@bar.com>\r\nRCPT TO:<b@foo.com>\r\nDATA\r\n", "x\r\n.\r\nRSET\r\nMAIL FROM:<a@bar.com>\r\nQUIT\r\n")
	if b.resets != 2 || b.closes != 1 || b.sessions != 1 {
		t.Errorf("%d resets, %d closes, %d sessions", b.resets, b.closes, b.sessions)
	}
}

// TestServerWakes: a session that waits for its client ends when its context ends
// and a deadline in the past is set.
func TestServerWakes(t *testing.T) {
	srv, _ := realServer()
	near, far := net.Pipe()
	defer near.Close()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- srv.ServeConn(ctx, far, nil) }()
	c := NewClient(near, ClientOptions{Hello: "bar.com"})
	if _, err := c.Hello(context.Background()); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := far.SetReadDeadline(time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(near)
	if err != nil || !strings.HasPrefix(string(text), "421 4.3.2 ") {
		t.Errorf("%q, %v", text, err)
	}
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestServerTimeout holds that a silent client is sent away, within a command and
// within a content.
func TestServerTimeout(t *testing.T) {
	for _, say := range []string{"", "NOO", hello + "MAIL FROM:<a@bar.com>\r\nRCPT TO:<b@foo.com>\r\nDATA\r\nhalf"} {
		srv, _ := realServer()
		srv.CommandTimeout, srv.DataTimeout = 20*time.Millisecond, 20*time.Millisecond
		near, far := net.Pipe()
		done := make(chan error, 1)
		go func() { done <- srv.ServeConn(context.Background(), far, nil) }()
		go func() { io.WriteString(near, say) }()
		text, err := io.ReadAll(near)
		if err != nil || !strings.Contains(string(text), "421 4.4.2 ") {
			t.Errorf("after %q: %q, %v", say, text, err)
		}
		var timeout net.Error
		if err := <-done; !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Errorf("after %q: %v", say, err)
		}
		near.Close()
	}
}

// TestDataIsNotHeldBack: 354 leaves at once, even if the client has run ahead (RFC
// 2920 §3.2).
func TestDataIsNotHeldBack(t *testing.T) {
	srv, b := newTestServer()
	conn, err := play(t, srv, nil, hello, "MAIL FROM:<a@bar.com>\r\nRCPT TO:<b@foo.com>\r\nDATA\r\nx\r\n.\r\nQUIT\r\n")
	if err != nil || len(b.mails) != 1 {
		t.Errorf("%v, %d mails\n%s", err, len(b.mails), conn.transcript.String())
	}
	for _, w := range conn.writes {
		if strings.Contains(w, "354 ") && !strings.HasSuffix(w, "<CRLF>.<CRLF>\r\n") {
			t.Errorf("354 left with what comes after it: %q", w)
		}
	}
}
