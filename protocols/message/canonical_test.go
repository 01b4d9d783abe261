package message

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestCanonicalize(t *testing.T) {
	for _, tt := range []struct {
		name, in, out string
		changes       []string // the beginnings of Change.String
		opts          CanonicalOptions
	}{
		{name: "canonical", in: "From: a@b.test\r\n\r\nHello\r\n", out: "From: a@b.test\r\n\r\nHello\r\n"},
		{name: "no body", in: "From: a@b.test\r\n", out: "From: a@b.test\r\n"},
		{name: "bare LF everywhere", in: "From: a@b.test\n\nHello\n", out: "From: a@b.test\r\n\r\nHello\r\n",
			changes: []string{"lines 1 to 3: a bare LF"}},
		{name: "mixed", in: "From: a@b.test\r\n\r\none\ntwo\r\nthree\n", out: "From: a@b.test\r\n\r\none\r\ntwo\r\nthree\r\n",
			changes: []string{"line 3: a bare LF", "line 5: a bare LF"}},
		{name: "bare CR", in: "From: a@b.test\r\n\r\none\rtwo\r\n", out: "From: a@b.test\r\n\r\none\r\ntwo\r\n",
			changes: []string{"line 3: a bare CR"}},
		{name: "CR CR LF", in: "From: a@b.test\r\n\r\none\r\r\n", out: "From: a@b.test\r\n\r\none\r\n\r\n",
			changes: []string{"line 3: a bare CR"}},
		{name: "CR at the end", in: "From: a@b.test\r\n\r\none\r", out: "From: a@b.test\r\n\r\none\r\n",
			changes: []string{"line 3: a bare CR"}},
		{name: "no line end", in: "From: a@b.test\r\n\r\nHello", out: "From: a@b.test\r\n\r\nHello\r\n",
			changes: []string{"line 3: the last line"}},
		{name: "Bcc", in: "From: a@b.test\r\nBCC: c@d.test,\r\n\te@f.test\r\nTo:  g@h.test \r\n\r\nBcc: stays\r\n",
			out:     "From: a@b.test\r\nTo:  g@h.test \r\n\r\nBcc: stays\r\n",
			changes: []string{"lines 2 to 3: the Bcc field"}},
		{name: "Bcc with a space, first, bare LF", in: "Bcc : c@d.test\nFrom: a@b.test\n", out: "From: a@b.test\r\n",
			changes: []string{"line 1: the Bcc field", "line 2: a bare LF"}},
		{name: "Resent-Bcc", in: "From: a@b.test\r\nResent-Bcc: c@d.test\r\n", out: "From: a@b.test\r\n",
			changes: []string{"line 2: the Bcc field"}},
		{name: "Bcc kept", in: "From: a@b.test\r\nBcc: c@d.test\r\n", out: "From: a@b.test\r\nBcc: c@d.test\r\n",
			opts: CanonicalOptions{KeepBcc: true}},
		{name: "8 bit", in: "From: a@b.test\r\n\r\nGrüße\r\n", out: "From: a@b.test\r\n\r\nGrüße\r\n"},
		{name: "998 octets", in: "X: y\r\n\r\n" + strings.Repeat("a", 998) + "\r\n", out: "X: y\r\n\r\n" + strings.Repeat("a", 998) + "\r\n"},
		{name: "no colon in the body", in: "X: y\r\n\r\nno colon\r\n", out: "X: y\r\n\r\nno colon\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := bytes.Clone([]byte(tt.in))
			out, changes, err := Canonicalize(in, tt.opts)
			if err != nil {
				t.Fatal(err)
			}
			if string(out) != tt.out {
				t.Errorf("got  %q\nwant %q", out, tt.out)
			}
			if string(in) != tt.in {
				t.Error("the input was changed")
			}
			if len(changes) != len(tt.changes) {
				t.Fatalf("got changes %v, want %v", changes, tt.changes)
			}
			for i, c := range changes {
				if !strings.HasPrefix(c.String(), tt.changes[i]) {
					t.Errorf("change %d: got %q, want %q", i, c, tt.changes[i])
				}
			}
		})
	}
}

func TestCanonicalizeRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		kind     RefusalKind
		line     int
		text     string
	}{
		{"empty", "", EmptyFile, 0, "empty"},
		{"PDF", "%PDF-1.7\n", NotAMail, 0, "PDF"},
		{"Outlook", "\xd0\xcf\x11\xe0\xa1\xb1", NotAMail, 0, ".eml"},
		{"byte order mark", "\xef\xbb\xbfFrom: a@b.test\r\n", NotAMail, 0, "byte order mark"},
		{"binary", "\x01\x02\x00\x03", NotAMail, 0, "binary"},
		{"mbox", "From alice@acme.test Tue Mar  5 09:30:00 2024\n", NotAMail, 1, "mbox"},
		{"emlx", "1234  \nFrom: a@b.test\n", NotAMail, 1, "Apple"},
		{"HTML", "<!DOCTYPE html>\n", NotAMail, 1, "HTML"},
		{"letter", "Dear Bob\n\nHello\n", NotAMail, 1, "header field"},
		{"empty line", "\r\nFrom: a@b.test\r\n", NotAMail, 1, "no header"},
		{"continuation first", " From: a@b.test\r\n", NotAMail, 1, "space"},
		{"only Bcc", "Bcc: a@b.test\r\n\r\nhi\r\n", NotAMail, 0, "nothing but Bcc"},
		{"no colon", "From: a@b.test\nHello Bob\n", NoColon, 2, "empty line is missing"},
		{"space in the name", "From: a@b.test\nHello Bob: hi\n", NoColon, 2, "Hello Bob"},
		{"blank line with spaces", "From: a@b.test\n  \nHello Bob\n", NoColon, 3, "line 2 looks empty"},
		{"long", "X: y\r\n\r\n" + strings.Repeat("a", 999) + "\r\n", LineTooLong, 3, "999 octets"},
		{"long in the header", "X: " + strings.Repeat("a", 996) + "\r\n", LineTooLong, 1, "999 octets"},
		{"NUL", "X: y\r\n\r\na\x00b\r\n", NULOctet, 3, "NUL"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, changes, err := Canonicalize([]byte(tt.in), CanonicalOptions{})
			var r *Refusal
			if !errors.As(err, &r) {
				t.Fatalf("got error %v, want a Refusal", err)
			}
			if r.Kind != tt.kind || r.Line != tt.line || !strings.Contains(r.Error(), tt.text) {
				t.Errorf("got %q, line %d: %s", r.Kind, r.Line, r)
			}
			if out != nil || changes != nil {
				t.Error("a refusal came with a result")
			}
		})
	}
}

func TestManyChangesStayFew(t *testing.T) {
	in := "X: y\r\n\r\n" + strings.Repeat("a\nb\r\n", 5000)
	_, changes, err := Canonicalize([]byte(in), CanonicalOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(changes) != maxGroups {
		t.Fatalf("got %d changes, want %d", len(changes), maxGroups)
	}
	n := 0
	for _, c := range changes {
		n += c.Count
	}
	if n != 5000 {
		t.Errorf("the counts sum up to %d, want 5000", n)
	}
	last := changes[maxGroups-1].String()
	if want := "4981 of the lines 41 to 10001: "; !strings.HasPrefix(last, want) {
		t.Errorf("got %q, want %q", last, want)
	}
}

func TestNeeds(t *testing.T) {
	for _, tt := range []struct {
		in         string
		bit8, utf8 bool
	}{
		{"X: y\r\n\r\nplain\r\n", false, false},
		{"X: y\r\n\r\nGrüße\r\n", true, false},
		{"To: jürgen@x.test\r\n\r\nplain\r\n", true, true},
		{"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nX: ü\r\n\r\n--b--\r\n", true, true},
	} {
		if a, b := Needs8Bit([]byte(tt.in)), NeedsSMTPUTF8([]byte(tt.in)); a != tt.bit8 || b != tt.utf8 {
			t.Errorf("%q: got %v %v", tt.in, a, b)
		}
	}
}

func FuzzCanonicalize(f *testing.F) {
	for _, s := range []string{
		"From: a@b.test\n\nHi", "Bcc: x\n\nhi", "a:\rb:\r\n\r", "A: b\n c\nBcc : d\n e\n\n\x80\r\r\n", "X: y\n \nz", "From x\n",
	} {
		f.Add([]byte(s), false)
		f.Add([]byte(s), true)
	}
	f.Fuzz(func(t *testing.T, raw []byte, keep bool) {
		opts := CanonicalOptions{KeepBcc: keep}
		out, changes, err := Canonicalize(raw, opts)
		if err != nil {
			var r *Refusal
			if !errors.As(err, &r) {
				t.Fatalf("the error is no Refusal: %v", err)
			}
			return
		}
		if len(changes) == 0 != bytes.Equal(raw, out) {
			t.Fatalf("%d changes, yet equal is %v", len(changes), bytes.Equal(raw, out))
		}
		if !isCanonicalBody(out) || !bytes.HasSuffix(out, []byte("\r\n")) {
			t.Fatalf("not canonical: %q", out)
		}
		if h := ParseHeader(out); !keep && !h.Over && (h.Has("Bcc") || h.Has("Resent-Bcc")) {
			t.Fatalf("Bcc is left: %q", out)
		}
		again, changes, err := Canonicalize(out, opts)
		if err != nil || len(changes) > 0 || !bytes.Equal(again, out) {
			t.Fatalf("twice is not once: %v %v", changes, err)
		}
	})
}
