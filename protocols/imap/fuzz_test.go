package imap

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func FuzzLexer(f *testing.F) {
	for _, s := range []string{`a1 LOGIN "a\"b" {3}` + "\r\n", "(\\Seen $x)", `"17-Jul-1996 02:44:25 -0700"`, "1:*,5 NIL", "&Jjo-"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, read := range []func(*lexer){
			func(l *lexer) { l.tag() }, func(l *lexer) { l.astring() }, func(l *lexer) { l.nstring() },
			func(l *lexer) { l.flagList() }, func(l *lexer) { l.numSet() }, func(l *lexer) { l.dateTime() },
			func(l *lexer) { l.date() }, func(l *lexer) { l.mailbox(false) }, func(l *lexer) { l.mailbox(true) },
			func(l *lexer) { l.value() }, func(l *lexer) { l.listCommand(false) }, func(l *lexer) { l.uidSet(1000) },
		} {
			l := newLexer(text, [][]byte{[]byte("abc")})
			read(l)
			if l.pos > len(text) {
				t.Fatalf("read to %d of %d", l.pos, len(text))
			}
		}
		if set, err := ParseNumSet(string(text)); err == nil {
			if again, err := ParseNumSet(set.String()); err != nil || again.String() != set.String() {
				t.Fatalf("set %q is written as %q", text, set)
			}
		}
		if name, err := decodeUTF7(string(text)); err == nil && encodeUTF7(name) != string(text) {
			t.Fatalf("name %q does not come back", text)
		}
	})
}

func FuzzFetchItems(f *testing.F) {
	for _, s := range []string{"ALL", "(FLAGS BODY.PEEK[1.2.HEADER.FIELDS (a b)]<0.5>)", "BINARY[1]<1.2>", "RFC822.TEXT", "BODY[]<0.0>"} {
		f.Add(s)
	}
	nested, err := os.ReadFile("testdata/mail/nested.eml")
	if err != nil {
		f.Fatal(err)
	}
	content := []byte(crlf(string(nested)))
	root := parseMessage(content)
	f.Fuzz(func(t *testing.T, text string) {
		l := newLexer([]byte(text), nil)
		items := l.fetchItems()
		if l.end() != nil {
			return
		}
		for _, it := range items {
			if it.kind != itemSection {
				continue
			}
			b, present := it.section.extract(content, root)
			if p := it.section.Partial; p != nil && int64(len(b)) > p.Count {
				t.Fatalf("%q gives %d octets", text, len(b))
			}
			// Only the selection of header fields is put together; all else is a range.
			if present && len(it.section.Fields) == 0 && !bytes.Contains(content, b) {
				t.Fatalf("%q gives octets that the message does not have", text)
			}
			if again, err := ParseSection(it.section.String()); err != nil || again.String() != it.section.String() {
				t.Fatalf("section of %q does not come back: %v", text, err)
			}
		}
	})
}

func FuzzSearch(f *testing.F) {
	for _, s := range []string{"ALL", "OR (FROM a) NOT SINCE 1-Feb-1994", "UID 1:* $ HEADER a \"\"", "((((SEEN))))", "KEYWORD $x LARGER 5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		key, err := ParseSearch(text)
		if err != nil {
			return
		}
		if err := key.check(0); err != nil {
			t.Fatalf("%q is read and cannot be written: %v", text, err)
		}
		e := &encoder{utf8: true}
		key.write(e)
		if len(e.pieces) == 0 {
			if _, err := ParseSearch(string(e.text)); err != nil {
				t.Fatalf("%q is written as %q: %v", text, e.text, err)
			}
		}
		key.prepare(3, 9, []uint32{4, 9})
		msg := &Message{UID: 9, Flags: []Flag{FlagSeen}, InternalDate: testTime, Size: 5}
		cand := candidate{seq: 3, msg: msg, load: func() ([]byte, error) { return []byte("From: a\r\n\r\nx"), nil }}
		cand.match(&key)
	})
}

// FuzzBodyStructure takes any octets for a mail. What the server makes of it a client
// must be able to read, and the parts must lie within the mail.
func FuzzBodyStructure(f *testing.F) {
	files, err := filepath.Glob("testdata/mail/*.eml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(crlf(string(b))))
	}
	f.Add([]byte("Content-Type: multipart/x; boundary=\"\"\n\n--\n\n--\n"))
	f.Add([]byte("Content-Type: message/rfc822\n\nContent-Type: multipart/digest; boundary=a\n\n--a\n\n\n--a--"))
	f.Fuzz(func(t *testing.T, content []byte) {
		root := parseMessage(content)
		for _, utf8 := range []bool{false, true} {
			for _, write := range []func(*encoder){
				func(e *encoder) { writeEnvelope(e, root.fields) },
				func(e *encoder) { writeBody(e, root, false) },
				func(e *encoder) { writeBody(e, root, true) },
			} {
				e := &encoder{utf8: utf8}
				write(e)
				l := lexerOf(e)
				l.value()
				if err := l.end(); err != nil {
					t.Fatalf("%q cannot be read: %v", e.text, err)
				}
			}
		}
		if !bytes.Equal(append(bytes.Clone(root.header), root.body...), content) {
			t.Fatal("header and body are not the message")
		}
		if got := append(selectFields(root.header, []string{"a"}, false), selectFields(root.header, []string{"a"}, true)...); len(got) < len(root.header) {
			t.Fatal("the two selections of a header are less than the header")
		}
		walk(root, func(p *part) {
			if !bytes.Contains(content, p.body) || !bytes.Contains(content, p.header) {
				t.Fatal("a part is not of the message")
			}
		})
		cand := candidate{msg: &Message{}, load: func() ([]byte, error) { return content, nil }}
		cand.inBody("x")
	})
}

func walk(p *part, visit func(*part)) {
	visit(p)
	for _, c := range p.children {
		walk(c, visit)
	}
	if p.message != nil {
		walk(p.message, visit)
	}
}

// lexerOf reads what an encoder wrote.
func lexerOf(e *encoder) *lexer {
	var text []byte
	var lits [][]byte
	for _, p := range e.done() {
		text = append(text, p.text...)
		if p.has {
			text = append(text, '\r', '\n')
			lits = append(lits, p.lit)
		}
	}
	return newLexer(text, lits)
}

// FuzzServer plays any input to a server in each of its states. The session must end,
// and every line that the server says must be a response.
func FuzzServer(f *testing.F) {
	prefixes := []string{
		"",
		"p LOGIN fred secret\r\n",
		"p LOGIN fred secret\r\nq ENABLE IMAP4rev2\r\nr SELECT INBOX\r\n",
		"p LOGIN fred secret\r\nr EXAMINE INBOX\r\n",
		"p LOGIN fred secret\r\nr SELECT INBOX\r\ns IDLE\r\n",
		"p AUTHENTICATE PLAIN\r\n",
	}
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		var said strings.Builder
		for line := range strings.SplitSeq(string(b), "\n") {
			if rest, is := strings.CutPrefix(line, "C: "); is {
				said.WriteString(rest + "\r\n")
			}
		}
		for i := range prefixes {
			f.Add(uint8(i), said.String())
		}
	}
	nested, err := os.ReadFile("testdata/mail/nested.eml")
	if err != nil {
		f.Fatal(err)
	}
	mail := crlf(string(nested))
	f.Fuzz(func(t *testing.T, state uint8, input string) {
		store := newMemory()
		store.deliver("fred", Inbox, mail)
		store.deliver("fred", Inbox, "Subject: x\r\n\r\ny", FlagDeleted)
		conn := newScriptConn()
		srv := testServer(store, conn.clock)
		done := make(chan error, 1)
		go func() { done <- srv.ServeConn(context.Background(), conn, nil) }()
		conn.feed(prefixes[int(state)%len(prefixes)] + input)
		conn.hangUp()
		select {
		case <-done:
		case <-time.After(time.Minute):
			t.Fatal("the session does not end")
		}
		conn.mu.Lock()
		out := conn.out
		conn.mu.Unlock()
		if err := readable(out); err != nil {
			t.Fatalf("%.1000v in %.1000q", err, out)
		}
	})
}

// readable checks that a server's output is nothing but responses.
func readable(out []byte) error {
	for len(out) > 0 {
		var text []byte
		var lits [][]byte
		for {
			line, rest, found := bytes.Cut(out, []byte("\r\n"))
			if !found {
				return fmt.Errorf("line %.60q has no end", out)
			}
			text, out = append(text, line...), rest
			a, at := literalAt(line)
			if at < 0 || !bytes.HasPrefix(text, []byte("* ")) || !bytes.Contains(text, []byte("FETCH")) {
				break
			}
			if int64(len(out)) < a.size {
				return fmt.Errorf("literal of %d octets in %d", a.size, len(out))
			}
			lits, out = append(lits, out[:a.size]), out[a.size:]
			text = append(text, '\r', '\n')
		}
		r, err := parseResponse(text, lits)
		if err != nil {
			return err
		}
		if r.kind == untaggedResponse && r.name == "FETCH" {
			r.message()
			if err := r.end(); err != nil {
				return fmt.Errorf("response %q: %w", text, err)
			}
		}
	}
	return nil
}
