package smtp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"mailwalk/protocols/dialog"
)

const envelopeLines = "MAIL FROM:<a@bar.com>\r\nRCPT TO:<b@foo.com>\r\n"

func chunkServer() (*Server, *testBackend) {
	srv, b := newTestServer()
	srv.Chunking = true
	return srv, b
}

func TestParseChunk(t *testing.T) {
	tests := []struct {
		arg  string
		want chunkHead
		ok   bool
	}{
		{"0", chunkHead{0, false}, true},
		{"86 LAST", chunkHead{86, true}, true},
		{"86  last", chunkHead{86, true}, true},
		{"007", chunkHead{7, false}, true},
		{"999999999999999999", chunkHead{999999999999999999, false}, true},
		{"1000000000000000000", chunkHead{}, false},
		{"", chunkHead{}, false},
		{"LAST", chunkHead{}, false},
		{"+1", chunkHead{}, false},
		{"-1", chunkHead{}, false},
		{"0x10", chunkHead{}, false},
		{"1 2", chunkHead{}, false},
		{"1 LAST LAST", chunkHead{}, false},
	}
	for _, tt := range tests {
		got, err := parseChunk(tt.arg)
		if (err == nil) != tt.ok || tt.ok && got != tt.want {
			t.Errorf("%q: %+v, %v; want %+v", tt.arg, got, err, tt.want)
		}
		var syntax *SyntaxError
		if err != nil && !errors.As(err, &syntax) {
			t.Errorf("%q: error %T", tt.arg, err)
		}
	}
}

// TestChunksMakeTheContent: however a content is cut, the backend gets it whole and
// in one piece.
func TestChunksMakeTheContent(t *testing.T) {
	const content = "Subject: x\r\n\r\n.\r\n..\r\nQUIT\r\n\r\n.\r\nend\r\n"
	for cut := range len(content) + 1 {
		for chunk := range 3 {
			srv, b := chunkServer()
			said := fmt.Sprintf("BDAT %d\r\n%sBDAT %d LAST\r\n%sQUIT\r\n", cut, content[:cut], len(content)-cut, content[cut:])
			conn := &scriptConn{blocks: []string{hello, envelopeLines + said}, chunk: chunk}
			if err := srv.ServeConn(context.Background(), conn, nil); err != nil {
				t.Fatalf("cut at %d: %v", cut, err)
			}
			if len(b.mails) != 1 || b.mails[0].content != content {
				t.Fatalf("cut at %d: kept %+v", cut, b.mails)
			}
		}
	}
}

func TestChunkContent(t *testing.T) {
	tests := []struct {
		name, mail, said string
		want             string
		kept             bool
	}{
		{"whole", envelopeLines, "BDAT 3 LAST\r\na\r\n", "a\r\n", true},
		{"completed", envelopeLines, "BDAT 4 LAST\r\na\r\nb", "a\r\nb\r\n", true},
		{"empty", envelopeLines, "BDAT 0 LAST\r\n", "", true},
		{"bare CR at the end", envelopeLines, "BDAT 2 LAST\r\na\r", "", false},
		{"bare LF", envelopeLines, "BDAT 4 LAST\r\na\nb\n", "", false},
		{"binary", "MAIL FROM:<a@bar.com> BODY=BINARYMIME\r\nRCPT TO:<b@foo.com>\r\n", "BDAT 6 LAST\r\n\x00\r.\n\xff\n", "\x00\r.\n\xff\n", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv, b := chunkServer()
			srv.BinaryMIME = true
			conn, err := play(t, srv, nil, hello, tt.mail+tt.said+"QUIT\r\n")
			if err != nil {
				t.Fatalf("%v\n%s", err, conn.transcript.String())
			}
			if (len(b.mails) == 1) != tt.kept || tt.kept && b.mails[0].content != tt.want {
				t.Errorf("kept %+v, want %q", b.mails, tt.want)
			}
		})
	}
}

// TestChunkHooks: each chunk is one unit, with its range.
func TestChunkHooks(t *testing.T) {
	srv, _ := chunkServer()
	var got []string
	hooks := &Hooks{Hooks: dialog.Hooks{Received: func(u *dialog.Unit) []string {
		if u.Role == dialog.Body {
			got = append(got, fmt.Sprintf("%d-%d %q", u.From, u.To, u.Content))
		}
		return nil
	}}}
	if _, err := play(t, srv, hooks, hello, envelopeLines+"BDAT 3\r\na\r\nBDAT 0\r\nBDAT 3 LAST\r\nb\r\nBDAT 1\r\ncQUIT\r\n"); err != nil {
		t.Fatal(err)
	}
	at := len(hello+envelopeLines) + len("BDAT 3\r\n")
	want := []string{
		fmt.Sprintf("%d-%d %q", at, at+3, "a\r\n"), fmt.Sprintf("%d-%d %q", at+11, at+11, ""),
		fmt.Sprintf("%d-%d %q", at+24, at+27, "b\r\n"), fmt.Sprintf("%d-%d %q", at+35, at+36, "c"),
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %v, want %v", got, want)
	}
}

// endless is a client that announces a chunk and never stops sending.
type endless struct {
	scriptConn
	left int64
}

func (e *endless) Read(p []byte) (int, error) {
	if len(e.blocks) > 0 || e.rest != "" {
		return e.scriptConn.Read(p)
	}
	if e.left == 0 {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), e.left))
	e.left -= int64(n)
	return n, nil
}

// TestChunkMemory: what a client announces, and what it sends over the limit, takes
// no memory.
func TestChunkMemory(t *testing.T) {
	srv, b := chunkServer()
	srv.MaxSize = 1 << 16
	conn := &endless{left: 256 << 20}
	conn.blocks = []string{hello, envelopeLines + "BDAT 999999999999999999\r\n"}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := srv.ServeConn(context.Background(), conn, nil)
	runtime.ReadMemStats(&after)
	if !errors.Is(err, io.ErrUnexpectedEOF) || len(b.mails) > 0 {
		t.Errorf("%v, kept %d mails", err, len(b.mails))
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
		t.Errorf("used %d octets", used)
	}
}

// TestSendChunks carries mails by BDAT from the client to the server.
func TestSendChunks(t *testing.T) {
	lines := strings.Repeat("\r\n.some line\r\n.\r\n", 1000)
	tests := []struct {
		name     string
		to       []string
		content  string
		opts     ClientOptions
		binary   bool // the server offers BINARYMIME
		accepted int
		code     int
		body     Body
		err      error
		kept     string
	}{
		{name: "one chunk", to: []string{"b"}, content: lines, accepted: 1, code: 250, kept: lines},
		{name: "chunks", to: []string{"b", "Green"}, content: lines, opts: ClientOptions{ChunkSize: 100}, accepted: 1, code: 250, kept: lines},
		{name: "chunks of one octet", to: []string{"b"}, content: "a\r\n", opts: ClientOptions{ChunkSize: 1}, accepted: 1, code: 250, kept: "a\r\n"},
		{name: "empty", to: []string{"b"}, accepted: 1, code: 250},
		{name: "no recipient", to: []string{"Green"}, content: "a\r\n"},
		{name: "content refused", to: []string{"b"}, content: "virus\r\n", code: 554},
		{name: "too large for the first chunks", to: []string{"b"}, content: strings.Repeat("0123456789abcd\r\n", 1<<13), opts: ClientOptions{ChunkSize: 50000}, code: 552},
		{name: "no pipelining", to: []string{"b"}, content: lines, opts: ClientOptions{NoPipelining: true, ChunkSize: 999}, accepted: 1, code: 250, kept: lines},
		{name: "binary", to: []string{"b"}, content: "\x00\n\r", binary: true, accepted: 1, code: 250, body: BodyBinaryMIME, kept: "\x00\n\r"},
		{name: "binary not offered", to: []string{"b"}, content: "\x00\n\r", err: ErrNotCanonical},
		{name: "8-bit", to: []string{"b"}, content: "\r\nü\r\n", accepted: 1, code: 250, body: Body8BitMIME, kept: "\r\nü\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv, b := realServer()
			srv.Chunking, srv.BinaryMIME, srv.MaxSize = true, tt.binary, 100<<10
			tt.opts.Chunking = true
			var verbs []string
			hooks := &Hooks{Hooks: dialog.Hooks{Received: func(u *dialog.Unit) []string {
				verb, _, _ := strings.Cut(string(u.Text), " ")
				verbs = append(verbs, verb)
				return nil
			}}}
			c := serve(t, srv, hooks, tt.opts)
			ctx := context.Background()
			if _, err := c.Hello(ctx); err != nil {
				t.Fatal(err)
			}
			env := envelopeTo(tt.to...)
			env.Params.Size = 1 // so that the server has to find out
			res, err := c.Send(ctx, env, []byte(tt.content))
			if !errors.Is(err, tt.err) || tt.err == nil && err != nil {
				t.Fatalf("%v, want %v", err, tt.err)
			}
			if got := len(res.Accepted()); got != tt.accepted {
				t.Errorf("%d accepted, want %d: %+v", got, tt.accepted, res)
			}
			if tt.code == 0 != (res.Data == nil) || tt.code != 0 && res.Data.Code != tt.code {
				t.Errorf("last word %v, want %d", res.Data, tt.code)
			}
			if (len(b.mails) == 1) != (tt.accepted > 0) {
				t.Fatalf("kept %d mails", len(b.mails))
			}
			if len(b.mails) == 1 && (b.mails[0].content != tt.kept || b.mails[0].env.Params.Body != tt.body) {
				t.Errorf("kept %.100q as %q", b.mails[0].content, b.mails[0].env.Params.Body)
			}
			if res, err := c.Send(ctx, envelopeTo("b"), []byte("next\r\n")); err != nil || len(res.Accepted()) != 1 {
				t.Errorf("next mail: %v, %+v", err, res)
			}
			if _, err := c.Quit(ctx); err != nil {
				t.Error(err)
			}
			for _, verb := range verbs {
				if verb == "DATA" {
					t.Error("DATA was said")
				}
			}
		})
	}
}

// TestSendFallsBack: where CHUNKING is not offered, Send uses DATA.
func TestSendFallsBack(t *testing.T) {
	srv, b := realServer()
	c := serve(t, srv, nil, ClientOptions{Chunking: true})
	ctx := context.Background()
	if _, err := c.Hello(ctx); err != nil {
		t.Fatal(err)
	}
	if res, err := c.Send(ctx, envelopeTo("b"), []byte("a\r\n")); err != nil || len(res.Accepted()) != 1 || b.mails[0].content != "a\r\n" {
		t.Errorf("%+v, %v", res, err)
	}
	env := envelopeTo("b")
	env.Params.Body = BodyBinaryMIME
	if _, err := c.Send(ctx, env, []byte("a\n")); !errors.Is(err, ErrNoBinary) {
		t.Errorf("binary: %v", err)
	}
}
