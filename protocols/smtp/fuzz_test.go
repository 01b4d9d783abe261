package smtp

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"mailwalk/protocols/sasl"
)

func FuzzParseCommand(f *testing.F) {
	for _, s := range []string{"EHLO bar.com", "mail from:<a@b.example> SIZE=1", "NOOP ", "", "\x00", "QUIT\t"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		cmd, err := ParseCommand(line)
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("%q: error %T", line, err)
			}
			return
		}
		again, err := ParseCommand([]byte(cmd.String()))
		if err != nil || again != cmd {
			t.Fatalf("%q: %+v, then %+v, %v", line, cmd, again, err)
		}
	})
}

func FuzzPath(f *testing.F) {
	for _, s := range []string{
		"<a@b.example>", "<>", "<Postmaster>", `<"a \"b"@[192.0.2.1]> SIZE=1`, "<@a.example,@b.example:c@d.example>",
		"<a@[IPv6:2001:db8::1]>", "<a@[tag:x]>", `<""@x>`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, cut := range []func(string) (Path, string, error){CutForwardPath, CutReversePath} {
			p, rest, err := cut(s)
			if err != nil {
				var syntax *SyntaxError
				if !errors.As(err, &syntax) {
					t.Fatalf("%q: error %T", s, err)
				}
				continue
			}
			if !strings.HasSuffix(s, rest) {
				t.Fatalf("%q: rest %q", s, rest)
			}
			if err := p.Check(); err != nil {
				t.Fatalf("%q: %+v: %v", s, p, err)
			}
			again, rest, err := cut(p.String())
			if err != nil || rest != "" || again != p {
				t.Fatalf("%q: %+v prints %s and parses %+v %q %v", s, p, p, again, rest, err)
			}
			if p.Domain == "" {
				continue
			}
			if mailbox, err := ParseMailbox(p.Mailbox()); err != nil || mailbox != p {
				t.Fatalf("%q: mailbox %s parses %+v, %v", s, p.Mailbox(), mailbox, err)
			}
		}
	})
}

func FuzzParams(f *testing.F) {
	for _, s := range []string{"", "SIZE=1 BODY=8BITMIME", "AUTH=<>", "AUTH=a+2Bb@x.example", "X", "a=", "SIZE=99999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		params, err := ParseParams(s)
		if err != nil {
			return
		}
		var m MailParams
		for _, p := range params {
			if known := findMailParam(p.Keyword); known == nil || known.set(&m, p) != nil {
				return
			}
		}
		var line []string
		for _, p := range m.Params() {
			line = append(line, p.String())
		}
		printed, err := ParseParams(strings.Join(line, " "))
		if err != nil {
			t.Fatalf("%q: prints %q: %v", s, line, err)
		}
		var again MailParams
		for _, p := range printed {
			if err := findMailParam(p.Keyword).set(&again, p); err != nil {
				t.Fatalf("%q: prints %q: %v", s, line, err)
			}
		}
		if !reflect.DeepEqual(m, again) {
			t.Fatalf("%q: %+v, then %+v", s, m, again)
		}
	})
}

func FuzzParseReply(f *testing.F) {
	for _, s := range []string{"250 ok", "250", "550-5.1.1 no\n550 5.1.1 no", "250-a\n250-b\n250 c", "220 5.1.1"} {
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, s string, enhanced bool) {
		var lines [][]byte
		for l := range strings.SplitSeq(s, "\n") {
			lines = append(lines, []byte(l))
		}
		r, err := ParseReply(lines, enhanced)
		if err != nil {
			if !errors.Is(err, ErrReplySyntax) {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		if err := r.Check(); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		lines = nil
		for _, l := range r.Wire() {
			lines = append(lines, []byte(l))
		}
		again, err := ParseReply(lines, enhanced)
		if err != nil || again.Code != r.Code {
			t.Fatalf("%q: prints %q: %v, %v", s, lines, again, err)
		}
		ParseExtensions(r)
	})
}

// prefixes lead a session into each of its states.
var prefixes = []struct {
	state  State
	blocks []string
}{
	{StateStart, nil},
	{StateReady, []string{hello}},
	{StateMail, []string{hello, "MAIL FROM:<a@bar.com>\r\n"}},
	{StateRcpt, []string{hello, "MAIL FROM:<a@bar.com>\r\nRCPT TO:<b@foo.com>\r\n"}},
	{StateData, []string{hello, "MAIL FROM:<a@bar.com>\r\nRCPT TO:<b@foo.com>\r\nDATA\r\n"}},
	{StateChunk, []string{hello, "MAIL FROM:<a@bar.com>\r\nRCPT TO:<b@foo.com>\r\nBDAT 3\r\nx\r\n"}},
	{StateAuth, []string{hello, "AUTH LOGIN\r\n"}},
	{StateAuth, []string{hello, "AUTH CRAM-MD5\r\n"}},
	{StateAuth, []string{hello, "AUTH SCRAM-SHA-256\r\n"}},
	{StateAuth, []string{hello, "AUTH SCRAM-SHA-256 biwsbj1hbGljZSxyPWFiYw==\r\n"}},
	{StateReady, []string{hello, "STARTTLS\r\n"}},
	{StateRefused, nil},
}

// fuzzServer returns a server that lets all of the states be reached.
func fuzzServer(t testing.TB, state State) (*Server, *testBackend) {
	srv, b := newTestServer()
	srv.Mechanisms, srv.AllowCleartext, srv.MaxSize = []string{sasl.SCRAMSHA256, sasl.CRAMMD5, sasl.Plain, sasl.Login}, true, 1000
	srv.TLS, b.users = testTLS(t), true
	srv.Chunking, srv.SMTPUTF8, srv.DSN, srv.Limits = true, true, true, Limits{3, 3, 2}
	if state == StateRefused {
		b.refuse = NewReply(554, Enhanced{}, "no")
	}
	return srv, b
}

func TestPrefixes(t *testing.T) {
	for _, p := range prefixes {
		srv, _ := fuzzServer(t, p.state)
		last := StateStart
		hooks := &Hooks{State: func(_, to State) {
			if to != StateEnd {
				last = to
			}
		}}
		// The last read fails before the session leaves the state.
		conn := &scriptConn{blocks: p.blocks, endErr: errDisk}
		if err := srv.ServeConn(context.Background(), conn, hooks); !errors.Is(err, errDisk) {
			t.Errorf("%v: %v", p.state, err)
		}
		if p.state != StateData && last != p.state { // a content that is lost leads on
			t.Errorf("%v: led to %v", p.state, last)
		}
	}
}

// FuzzSession puts a session into each state and then says anything. The session
// must end, every line it says must be a reply's, and no mail may be kept that is
// not whole.
func FuzzSession(f *testing.F) {
	for _, s := range []string{
		"QUIT\r\n", "x\r\n.\r\nQUIT\r\n", "*\r\nAUTH PLAIN =\r\n", "MAIL FROM:<>\r\nRCPT TO:<x@y>\r\nDATA\r\n.\r\n",
		"\n.\n", "\r\n.\r\r\n", strings.Repeat("x", 3000) + "\r\n", strings.Repeat("A\r\n", 30), "HELP\r\nVRFY a\r\n",
		"BDAT 2 LAST\r\n\r\n", "BDAT 0 LAST\r\n", "BDAT 99999\r\nx", "BDAT x\r\nQUIT\r\n", "BDAT 4\nQUIT\r\n",
		"MAIL FROM:<\xc3\xbc@x> SMTPUTF8 RET=FULL ENVID=a\r\nRCPT TO:<b@x> NOTIFY=NEVER ORCPT=rfc822;b\r\n",
		"EHLO [IPv6:::1]\r\nRSET\r\n", "YWxpY2U=\r\nc2VjcmV0\r\n",
	} {
		f.Add([]byte(s), uint8(3), false)
	}
	f.Fuzz(func(t *testing.T, said []byte, chunk uint8, hooked bool) {
		for _, p := range prefixes {
			srv, b := fuzzServer(t, p.state)
			conn := &scriptConn{blocks: append(append([]string(nil), p.blocks...), string(said)), chunk: int(chunk)}
			if len(said) == 0 {
				conn.blocks = p.blocks
			}
			var hooks *Hooks
			if hooked {
				hooks = answers("", "250 ok") // to all but contents
			}
			err := srv.ServeConn(context.Background(), conn, hooks)
			if !conn.closed {
				t.Fatalf("%v: left open, %v", p.state, err)
			}
			if b.closes != b.sessions && b.refuse == nil {
				t.Fatalf("%v: %d sessions, %d closed", p.state, b.sessions, b.closes)
			}
			for line := range strings.SplitSeq(conn.transcript.String(), "\n") {
				if text, ok := strings.CutPrefix(line, "S: "); ok {
					if _, err := parseReplyLine([]byte(text)); err != nil {
						t.Fatalf("%v: said %q", p.state, text)
					}
				}
			}
			for _, m := range b.mails {
				if !isCanonical([]byte(m.content)) || int64(len(m.content)) > srv.MaxSize || len(m.env.Recipients) == 0 {
					t.Fatalf("%v: kept %+v", p.state, m)
				}
			}
		}
	})
}

// FuzzClient answers a client with anything.
func FuzzClient(f *testing.F) {
	f.Add([]byte("220 x\r\n250-x\r\n250 PIPELINING\r\n250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n221 bye\r\n"))
	f.Add([]byte("220 x\r\n500 x\r\n250 x\r\n421 x\r\n"))
	f.Add([]byte("220 x\r\n250-x\r\n250 STARTTLS\r\n220 go\r\n"))
	f.Add([]byte("220 x\r\n250-x\r\n250-STARTTLS\r\n250 AUTH CRAM-MD5\r\n454 no\r\n334 eA==\r\n235 in\r\n"))
	f.Fuzz(func(t *testing.T, said []byte) {
		conn := &scriptConn{}
		if len(said) > 0 {
			conn.blocks = []string{string(said)}
		}
		c := NewClient(conn, ClientOptions{Hello: "bar.com", AllowCleartext: true, Rand: &octets{}})
		ctx := context.Background()
		if _, err := c.HelloTLS(ctx, TLSOpportunistic, trusting(t)); err != nil {
			return
		}
		if r, err := c.Auth(ctx, Credentials{User: "alice", Password: "secret"}); err == nil && !r.Positive() {
			t.Fatalf("authenticated by %v", r)
		}
		res, err := c.Send(ctx, envelopeTo("b", "c"), []byte("x\r\n"))
		for _, r := range res.Recipients {
			if r.Accepted() && (res.Data == nil || !res.Data.Positive()) {
				t.Fatalf("accepted without a yes: %+v, %v", res, err)
			}
		}
		if r, err := c.Quit(ctx); err == nil && !r.Positive() {
			t.Fatalf("quit by %v", r)
		}
	})
}
