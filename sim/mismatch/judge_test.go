package mismatch

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mailwalk/protocols/imap"
	"mailwalk/protocols/pop3"
	"mailwalk/protocols/smtp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var services = []string{"smtp", "submission", "submissions", "pop3", "pop3s", "imap", "imaps", "domain", "http"}

func TestJudge(t *testing.T) {
	for _, c := range openingCases(t) {
		f, v := Judge(c.service, []byte(c.heard), c.ended)
		if v != c.want || !slices.Equal(f.Heard, c.spoken) {
			t.Errorf("%s at %s: %v %v, want %v %v", c.name, c.service, v, f.Heard, c.want, c.spoken)
		}
		if v == Foreign && f.Service != c.service || v != Foreign && f.Note.Newcomer != "" {
			t.Errorf("%s at %s: finding %+v", c.name, c.service, f)
		}
	}
}

// TestOwnCommandsFit: whatever command of its own a port hears first, nothing is
// said against it.
func TestOwnCommandsFit(t *testing.T) {
	fits := func(service, text string) {
		t.Helper()
		if f, v := Judge(service, []byte(text+"\r\n"), false); v != Fits {
			t.Errorf("%s: %q: %v %v", service, text, v, f.Heard)
		}
	}
	for _, c := range smtp.Commands() {
		for _, service := range []string{"smtp", "submission"} {
			fits(service, c.Verb)
			fits(service, strings.ToLower(c.Verb)+" something")
		}
	}
	for _, c := range pop3.Commands() {
		fits("pop3", c.Verb)
		fits("pop3", c.Verb+" 1 2")
	}
	for _, verb := range []string{"APOP a b", "AUTH", "AUTH PLAIN AGEAYg==", "STLS", "XTND XMIT"} {
		fits("pop3", verb)
	}
	for _, c := range imap.Commands() {
		for _, tag := range []string{"a1", ".", "abcd", "USER", "EHLO", "0"} {
			fits("imap", tag+" "+c.Verb)
			fits("imap", tag+" "+strings.ToLower(c.Verb)+" x")
		}
	}
	for _, text := range []string{"a1 GETQUOTAROOT INBOX", "7 SORT (DATE) UTF-8 ALL", "a1 XLIST"} {
		fits("imap", text)
	}
	for _, text := range []string{"XCLIENT NAME=spike", "AUTH PLAIN AGEAYg==", "BDAT 5 LAST", "HELP", "HELO list"} {
		fits("smtp", text)
	}
}

// TestSharedCommandsSayNothing: what several protocols have proves nothing.
func TestSharedCommandsSayNothing(t *testing.T) {
	for _, c := range []struct{ service, text string }{
		{"imap", "QUIT"}, {"imap", "NOOP"}, {"imap", "HELP"}, {"imap", "LIST"}, {"imap", "AUTH PLAIN"}, {"imap", "RSET"}, {"imap", "STARTTLS"},
		{"smtp", "LIST"}, {"smtp", "STAT"}, {"smtp", "PASS x"}, {"smtp", "CAPABILITY"}, {"smtp", "LOGIN a b"},
		{"pop3", "STARTTLS"}, {"pop3", "HELP"}, {"pop3", "LOGIN a b"}, {"pop3", "LOGOUT"},
		{"http", "QUIT"}, {"http", "HELP"}, {"domain", "QUIT"}, {"domain", "STAT"},
	} {
		if f, v := Judge(c.service, []byte(c.text+"\r\n"), false); v != Unclear {
			t.Errorf("%s: %q: %v %v", c.service, c.text, v, f.Heard)
		}
		if f, v := Judge(c.service, []byte(c.text+"\r\n"), true); v != Unknown {
			t.Errorf("%s: %q and the end: %v %v", c.service, c.text, v, f.Heard)
		}
		// What follows can tell, but not for long.
		if f, v := Judge(c.service, []byte(c.text+"\r\nSSH-2.0-x\r\n"), false); v != Foreign || !strings.HasPrefix(f.Note.Student, "The client sent the version") {
			t.Errorf("%s: %q and then SSH: %v, %s", c.service, c.text, v, f.Note.Student)
		}
		if _, v := Judge(c.service, []byte(strings.Repeat(c.text+"\r\n", maxLines)+"S"), false); v != Unknown {
			t.Errorf("%s: %q again and again: %v", c.service, c.text, v)
		}
	}
}

// TestBeginningsAreUnclear: as long as a port's own command may still come of it,
// nothing is said.
func TestBeginningsAreUnclear(t *testing.T) {
	for service, text := range map[string]string{
		"smtp": "EHLO acme.test\r\n", "pop3": "USER bob\r\n", "imap": "a1 CAPABILITY\r\n", "http": curlHTTP, "domain": digQuery,
		"imaps": recorded(t, "openssl.hello"), "pop3s": recorded(t, "openssl-name.hello"), "submissions": recorded(t, "openssl.hello"),
	} {
		for n := range len(text) {
			for _, ended := range []bool{false, true} {
				if f, v := Judge(service, []byte(text[:n]), ended); v == Foreign {
					t.Errorf("%s: %q (ended %t): %v", service, text[:n], ended, f.Heard)
				}
			}
		}
	}
}

// TestSecretsAreNotRepeated: no finding has what may be a password in it.
func TestSecretsAreNotRepeated(t *testing.T) {
	for _, text := range []string{
		"a1 LOGIN alice hunter2\r\n", "USER hunter2\r\n", "APOP alice hunter2\r\n", "GET /x?p=hunter2 HTTP/1.1\r\n", "GET http://a:hunter2@acme.test/ HTTP/1.1\r\n",
		"GET /x HTTP/1.1\r\nAuthorization: hunter2\r\n", "login alice hunter2\r\n", "hello hunter2\r\n", "a AUTHENTICATE PLAIN hunter2\r\n",
		"NICK hunter2\r\n", "MAIL FROM:<a@b> AUTH=hunter2\r\n", mstscWith("hunter2"),
	} {
		for _, service := range services {
			f, _ := Judge(service, []byte(text), true)
			if all := fmt.Sprintf("%+v", f); strings.Contains(all, "hunter2") {
				t.Errorf("%s: %q: %s", service, text, all)
			}
		}
	}
}

func mstscWith(name string) string { return strings.Replace(mstsc, "eltons", name[:6], 1) }

// TestFindings holds the words of every case and of silence.
func TestFindings(t *testing.T) {
	var b bytes.Buffer
	say := func(title string, f Finding) {
		n := f.Note
		fmt.Fprintf(&b, "%s\n  newcomer  %s\n  student   %s\n  engineer  %s\n\n", title, n.Newcomer, n.Student, n.Engineer)
		if n.Newcomer == "" || n.Student == "" || n.Engineer == "" {
			t.Errorf("%s: a depth is empty", title)
		}
	}
	for _, c := range openingCases(t) {
		if f, v := Judge(c.service, []byte(c.heard), c.ended); v == Foreign {
			say(fmt.Sprintf("%s → %s: %s", c.name, c.service, list(f.Heard)), f)
		}
	}
	for _, service := range services {
		f, ok := Silence(service, 30*time.Second)
		if !ok || len(f.Heard) != 0 {
			t.Errorf("%s: %v %t", service, f, ok)
		}
		say("nothing → "+service, f)
		left, _ := Silence(service, 0)
		say("leaves without a word → "+service, left)
	}
	golden(t, "findings.golden", b.Bytes())
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; go test -run %s -update rewrites it\n%s", file, t.Name(), got)
	}
}

func TestSilence(t *testing.T) {
	if _, ok := Silence("8080", 0); ok {
		t.Error("silence at an unknown service has a finding")
	}
	if f, _ := Silence("smtp", 0); !strings.HasPrefix(f.Note.Newcomer, "The client has left without a word. ") {
		t.Error(f.Note.Newcomer)
	}
}

// TestEveryProtocolHasWords: each can be found, and says who speaks it.
func TestEveryProtocolHasWords(t *testing.T) {
	seen := map[Protocol]bool{}
	for _, c := range openingCases(t) {
		for _, p := range c.spoken {
			seen[p] = true
		}
	}
	for p, v := range voices {
		if !seen[p] {
			t.Errorf("no case finds %s", p)
		}
		if v.who == "" {
			t.Errorf("%s has no words", p)
		}
	}
	for p := range seen {
		if _, ok := voices[p]; !ok {
			t.Errorf("%s is not described", p)
		}
	}
}

// FuzzJudge: nothing panics, a verdict stands whatever follows, and a listener
// that hears the same in pieces finds the same and keeps little.
func FuzzJudge(f *testing.F) {
	for _, c := range openingCases(f) {
		for i := range services {
			f.Add(uint8(i), []byte(c.heard), 3)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, heard []byte, cut int) {
		service := services[int(which)%len(services)]
		whole, v := Judge(service, heard, false)
		if cut < 0 || cut > len(heard) {
			cut = len(heard) / 2
		}
		first, before := Judge(service, heard[:cut], false)
		if before != Unclear && (v != before || fmt.Sprint(first.Heard) != fmt.Sprint(whole.Heard)) {
			t.Fatalf("%s: %q is %v %v, and with more, %q, %v %v", service, heard[:cut], before, first.Heard, heard, v, whole.Heard)
		}
		if ended, at := Judge(service, heard, true); at == Unclear || v != Unclear && (at != v || ended.Note != whole.Note) {
			t.Fatalf("%s: %q is %v, and at its end %v", service, heard, v, at)
		}

		l := Listener{Service: service}
		var found []Finding
		for _, piece := range [][]byte{heard[:cut], heard[cut:]} {
			if f, ok := l.Hear(piece); ok {
				found = append(found, f)
			}
			if len(l.heard) > MaxHeard {
				t.Fatalf("%d octets kept", len(l.heard))
			}
		}
		if (len(found) == 1) != (v == Foreign) || len(found) > 1 {
			t.Fatalf("%s: %q: %d findings, verdict %v", service, heard, len(found), v)
		}
	})
}
