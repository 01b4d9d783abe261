package smtp

import (
	"context"
	"crypto/tls"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"mailwalk/protocols/sasl"
)

// This file makes the table of replies in doc.go, by saying every command in every
// state to servers of all kinds.

// probeServers are the servers that are asked. Their backends say yes or break:
// what a backend says of its own is not the server's.
var probeServers = []struct {
	name string
	set  func(t *testing.T, srv *Server, b *testBackend)
}{
	{"plain", func(*testing.T, *Server, *testBackend) {}},
	{"all extensions", func(t *testing.T, srv *Server, b *testBackend) {
		srv.Chunking, srv.BinaryMIME, srv.SMTPUTF8, srv.DSN = true, true, true, true
		srv.TLS, srv.AllowCleartext, b.users = testTLS(t), true, true
		srv.Mechanisms = []string{sasl.SCRAMSHA256, sasl.CRAMMD5, sasl.Plain, sasl.Login}
	}},
	{"narrow", func(_ *testing.T, srv *Server, _ *testBackend) {
		srv.Chunking, srv.MaxSize, srv.MaxRecipients, srv.Limits = true, 10, 1, Limits{MailMax: 1, RcptMax: 1, RcptDomainMax: 1}
	}},
	{"submission", func(_ *testing.T, srv *Server, _ *testBackend) {
		srv.Mode, srv.Chunking = Submission, true
	}},
	{"submission in clear", func(_ *testing.T, srv *Server, _ *testBackend) {
		srv.Mode, srv.AllowCleartext, srv.Chunking = Submission, true, true
	}},
	{"no patience", func(_ *testing.T, srv *Server, _ *testBackend) {
		srv.Mode, srv.AllowCleartext, srv.MaxAuthFailures = Submission, true, 1
	}},
	{"TLS is a must", func(t *testing.T, srv *Server, _ *testBackend) {
		srv.TLS, srv.RequireTLS, srv.Chunking = testTLS(t), true, true
	}},
	{"no certificate", func(_ *testing.T, srv *Server, _ *testBackend) { srv.TLS = &tls.Config{} }},
	{"no service", func(_ *testing.T, _ *Server, b *testBackend) { b.refuse = NewReply(554, Enhanced{}, "no") }},
}

// probeWays lead into the states. The last block has the session in its state, or
// it is not asked there.
var probeWays = []struct {
	state  State
	blocks []string
}{
	{StateStart, nil},
	{StateRefused, nil},
	{StateReady, []string{"HELO bar.com\r\n"}},
	{StateReady, []string{hello}},
	{StateReady, []string{hello, "AUTH PLAIN AGFsaWNlAHdyb25n\r\n"}},
	{StateReady, []string{hello, "AUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n"}},
	{StateReady, []string{hello, "MAIL FROM:<a@bar.com>\r\nRCPT TO:<b@foo.com>\r\nDATA\r\n", "x\r\n.\r\n"}},
	{StateMail, []string{hello, "MAIL FROM:<a@bar.com>\r\n"}},
	{StateMail, []string{hello, "MAIL FROM:<a@bar.com> BODY=BINARYMIME\r\n"}},
	{StateMail, []string{hello, "AUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n", "MAIL FROM:<a@bar.com>\r\n"}},
	{StateRcpt, []string{hello, "MAIL FROM:<a@bar.com>\r\nRCPT TO:<b@foo.com>\r\n"}},
	{StateRcpt, []string{hello, "MAIL FROM:<a@bar.com> BODY=BINARYMIME\r\nRCPT TO:<b@foo.com>\r\n"}},
	{StateChunk, []string{hello, "MAIL FROM:<a@bar.com>\r\nRCPT TO:<b@foo.com>\r\nBDAT 3\r\n", "x\r\n"}},
}

// probes are the arguments with which each command is said.
var probes = map[string][]string{
	"EHLO":     {" bar.com", " under_score"},
	"HELO":     {" bar.com", ""},
	"STARTTLS": {"", " now"},
	"AUTH": {"", " PLAIN", " PLAIN AGFsaWNlAHNlY3JldA==", " PLAIN AGFsaWNlAHdyb25n", " PLAIN AGJyb2tlbgB4", " PLAIN !", " GSSAPI", " LOGIN", " CRAM-MD5",
		" SCRAM-SHA-256 biwsbj1icm9rZW4scj1hYmM="},
	"MAIL": {" FROM:<a@bar.com>", " FROM:<>", " FROM:<broken@bar.com>", " FROM:bar", " FROM:<a@bar.com> SIZE=99999999999", " FROM:<a@bar.com> X=1", " FROM:<a@bar.com> BODY=X",
		" FROM:<\u00fc@bar.com>", " FROM:<\u00fc@bar.com> SMTPUTF8", " FROM:<a@bar.com> BODY=BINARYMIME"},
	"RCPT": {" TO:<b@foo.com>", " TO:<b@other.example>", " TO:<broken@foo.com>", " TO:foo", " TO:<b@foo.com> X=1", " TO:<\u00fc@foo.com>", " TO:<b@foo.com> NOTIFY=X"},
	"DATA": {"", " x"},
	"BDAT": {" 3\r\nx\r\n", " 3 LAST\r\nx\r\n", " 0 LAST", " x", "", " 30 LAST\r\nabcdefghijklmnopqrstuvwxyz12\r\n", " 3 LAST\r\n\nx\n", " 6 LAST\r\nfire\r\n"},
	"RSET": {"", " x"}, "VRFY": {" x", "", " \u00fc", " x SMTPUTF8"}, "EXPN": {" x"}, "HELP": {"", " MAIL", " X"}, "NOOP": {"", " x"},
	"ETRN": {" x"}, "TURN": {""}, "SEND": {" FROM:<a@bar.com>"}, "SOML": {" FROM:<a@bar.com>"}, "SAML": {" FROM:<a@bar.com>"},
	"QUIT": {"", " x"},
	"":     {"WHAT", "M4IL", "a\x01", strings.Repeat("x", 3000)},
}

// probeContents are what follows 354, and probeResponses what follows 334.
var (
	probeContents  = []string{"x\r\n.\r\n", "fire\r\n.\r\n", "bare\n.\r\n.\r\n", "larger than ten\r\n.\r\n"}
	probeResponses = []string{"*\r\n", "!\r\n", "AGFsaWNlAHNlY3JldA==\r\n", "AGFsaWNlAHdyb25n\r\n", "AGJyb2tlbgB4\r\n", "bare\n", strings.Repeat("x", maxResponseLine) + "\r\n"}
)

// probed is the replies that were had, by what was said and the state.
type probed map[string]map[State][]string

func (p probed) add(what string, state State, code string) {
	if p[what] == nil {
		p[what] = map[State][]string{}
	}
	if !slices.Contains(p[what][state], code) {
		p[what][state] = append(p[what][state], code)
	}
}

// probe says blocks and what comes last, and returns the code of the reply to
// that, "" if the session did not come into the state.
func probe(t *testing.T, i int, state State, blocks []string, last string) string {
	t.Helper()
	srv, b := newTestServer()
	probeServers[i].set(t, srv, b)
	reached := StateStart
	conn := &scriptConn{blocks: append(slices.Clone(blocks), last), endErr: errDisk}
	before := -1
	hooks := &Hooks{State: func(_, to State) {
		if before < 0 {
			reached = to
		}
	}}
	conn.onBlock = func(left int) {
		if left == 0 {
			before = conn.transcript.Len()
		}
	}
	err := srv.ServeConn(context.Background(), conn, hooks)
	if before < 0 || reached != state {
		return ""
	}
	if err == nil && !strings.HasPrefix(last, "QUIT") {
		t.Fatalf("%s: %q ends the session well", probeServers[i].name, last)
	}
	code := ""
	for line := range strings.SplitSeq(conn.transcript.String()[before:], "\n") {
		if text, ok := strings.CutPrefix(line, "S: "); ok {
			if code != "" && code != text[:3] {
				t.Fatalf("%s: two replies to %q\n%s", probeServers[i].name, last, conn.transcript.String())
			}
			code = text[:3]
		}
	}
	if code == "" {
		t.Fatalf("%s: no reply to %q: %v\n%s", probeServers[i].name, last, err, conn.transcript.String())
	}
	return code
}

// probeAll fills the table.
func probeAll(t *testing.T) probed {
	p := probed{}
	for i := range probeServers {
		for _, way := range probeWays {
			for verb, args := range probes {
				for _, arg := range args {
					last := verb + arg
					if verb != "BDAT" || !strings.Contains(last, "\r\n") {
						last += "\r\n"
					}
					code := probe(t, i, way.state, way.blocks, last)
					if code == "" {
						continue
					}
					p.add(verb, way.state, code)
					then := append(slices.Clone(way.blocks), last)
					switch code {
					case "354":
						for _, content := range probeContents {
							if c := probe(t, i, StateData, then, content); c != "" {
								p.add("content", StateData, c)
							}
						}
					case "334":
						for _, response := range probeResponses {
							if c := probe(t, i, StateAuth, then, response); c != "" {
								p.add("response", StateAuth, c)
							}
						}
					}
				}
			}
		}
	}
	return p
}

// table writes the replies as doc.go has them: for each command, states that have
// the same replies in one line.
func (p probed) table() string {
	var b strings.Builder
	names := []string{}
	for _, info := range commandTable {
		names = append(names, info.Verb)
	}
	for _, name := range append(names, "content", "response", "") {
		label := name
		if name == "" {
			label = "other"
		}
		done := map[State]bool{}
		for state := range State(stateCount) {
			codes := p[name][state]
			if len(codes) == 0 || done[state] {
				continue
			}
			slices.Sort(codes)
			var states []string
			for other := state; other < stateCount; other++ {
				same := p[name][other]
				slices.Sort(same)
				if slices.Equal(same, codes) {
					states, done[other] = append(states, other.String()), true
				}
			}
			fmt.Fprintf(&b, "//\t%-8s  %-34s  %s\n", label, strings.Join(states, " "), strings.Join(codes, " "))
			label = ""
		}
	}
	return b.String()
}

const (
	tableBegin = "//\tcommand   state                               replies\n"
	tableEnd   = "package smtp\n"
)

// TestRepliesAreDocumented holds the table in doc.go to what servers say.
func TestRepliesAreDocumented(t *testing.T) {
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), tableBegin)
	if !ok || !strings.HasSuffix(rest, tableEnd) {
		t.Fatal("doc.go has no table")
	}
	want := strings.TrimSuffix(rest, tableEnd)
	got := probeAll(t).table()
	if *update {
		if err := os.WriteFile("doc.go", []byte(head+tableBegin+got+tableEnd), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != want {
		t.Errorf("the table in doc.go is not what the servers say:\n%s", firstDifference(got, want))
	}
}

// TestRepliesAreInDialogues: each code that a command can have stands in a
// dialogue of testdata.
func TestRepliesAreInDialogues(t *testing.T) {
	var all strings.Builder
	for _, dir := range []string{"testdata/dialogs", "testdata/tls"} {
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			text, err := os.ReadFile(dir + "/" + f.Name())
			if err != nil {
				t.Fatal(err)
			}
			all.Write(text)
		}
	}
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(doc), tableBegin)
	codes := 0
	for _, word := range strings.Fields(table) {
		if len(word) == 3 && isDigit(word[0]) && isDigit(word[1]) && isDigit(word[2]) {
			codes++
			if !strings.Contains(all.String(), "\nS: "+word+" ") && !strings.Contains(all.String(), "\nS: "+word+"-") {
				t.Errorf("no dialogue has %s", word)
			}
		}
	}
	if codes == 0 {
		t.Error("the table has no codes")
	}
}
