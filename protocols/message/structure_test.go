package message

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// outline writes a tree as lines: path, type, encoding, file name, sizes,
// problems.
func outline(p *Part) string {
	var b strings.Builder
	p.Walk(func(q *Part) {
		fmt.Fprintf(&b, "%s %s %s %q %d/%d %d", q.Path, q.Type, q.Encoding, q.FileName, q.Size, q.DecodedSize, q.LineCount)
		for _, problem := range q.Problems {
			fmt.Fprintf(&b, " !%s", problem)
		}
		b.WriteByte('\n')
	})
	return b.String()
}

func TestStructure(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"no MIME", "From: a@b.test\n\nHello\nBob\n",
			`1 text/plain 7bit "" 10/10 2`},
		{"empty", "", `1 text/plain 7bit "" 0/0 0`},
		{"mixed", `Content-Type: multipart/mixed; boundary=b

preamble
--b
Content-Type: multipart/alternative; boundary="b 1"

--b 1

plain
--b 1
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

<p>=C3=BC</p>
--b 1--
--b  
Content-Type: image/png; name="=?utf-8?q?=C3=BC.png?="
Content-Transfer-Encoding: BASE64
Content-Disposition: Attachment; filename*=iso-8859-1''%FC.png

AAEC
/w==
--b--
epilogue
--b
`, ` multipart/mixed 7bit "" 379/379 23
1 multipart/alternative 7bit "" 124/124 9
1.1 text/plain 7bit "" 5/5 1
1.2 text/html quoted-printable "" 13/9 1
2 image/png base64 "ü.png" 9/4 2`},
		{"mail in a mail", `Content-Type: multipart/mixed; boundary=b

--b
Content-Type: message/rfc822

Content-Type: multipart/mixed; boundary=c

--c

x
--c--
--b
Content-Type: message/rfc822

Subject: single

y
--b--
`, ` multipart/mixed 7bit "" 149/149 16
1 message/rfc822 7bit "" 55/55 6
1 multipart/mixed 7bit "" 12/12 4
1.1 text/plain 7bit "" 1/1 1
2 message/rfc822 7bit "" 18/18 3
2.1 text/plain 7bit "" 1/1 1`},
		{"digest", "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: x\n\ny\n--b--\n",
			` multipart/digest 7bit "" 25/25 6
1 message/rfc822 7bit "" 13/13 3
1.1 text/plain 7bit "" 1/1 1`},
		{"no close", "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n",
			` multipart/mixed 7bit "" 7/7 3 !its last boundary, with -- at the end, is missing: the mail may have been cut off
1 text/plain 7bit "" 2/2 1`},
		{"no boundary", "Content-Type: multipart/mixed\n\nx\n",
			` multipart/mixed 7bit "" 2/2 1 !it is a multipart and names no boundary`},
		{"boundary never", "Content-Type: multipart/mixed; boundary=b\n\n--bc\nx --b\n",
			` multipart/mixed 7bit "" 11/11 2 !its boundary "b" never comes`},
		{"no parts", "Content-Type: multipart/mixed; boundary=b\n\n--b--\n",
			` multipart/mixed 7bit "" 6/6 1 !it has no parts`},
		{"empty parts", "Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\n\n--b--",
			` multipart/mixed 7bit "" 14/14 4
1 text/plain 7bit "" 0/0 0
2 text/plain 7bit "" 0/0 0`},
		{"strange type", "Content-Type: text\n\nx\n",
			`1 text/plain 7bit "" 2/2 1 !Content-Type: "text" is not of the form type/subtype`},
		{"two types", "Content-Type: text/html\nContent-Type: text/plain\n\nx\n",
			`1 text/html 7bit "" 2/2 1 !it has 2 fields Content-Type; the first counts`},
		{"encoded multipart", "Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64\n\n--b\n\nx\n--b--\n",
			` multipart/mixed base64 "" 13/13 4 !a multipart may not be encoded in base64; it is read as if it were not
1 text/plain 7bit "" 1/1 1`},
		{"encoded mail", "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nAAAA\n",
			`1 message/rfc822 base64 "" 5/3 1 !the message inside is encoded in base64, and is not looked into`},
		{"strange encoding", "Content-Transfer-Encoding: uuencode\n\nx\n",
			`1 text/plain uuencode "" 2/2 1 !its encoding "uuencode" is not known`},
		{"evil name", "Content-Disposition: attachment; filename=\"..\\\\../etc/pass\x1bwd\"\n\nx\n",
			"1 text/plain 7bit \"pass\uFFFDwd\" 2/2 1"},
	} {
		for _, eol := range []string{"\n", "\r\n"} {
			in := []byte(strings.ReplaceAll(tt.in, "\n", eol))
			root := Structure(in)
			got := strings.TrimSuffix(outline(root), "\n")
			if eol == "\n" && got != tt.want {
				t.Errorf("%s: got\n%s\nwant\n%s", tt.name, got, tt.want)
			}
			if eol == "\r\n" && strings.Count(got, "\n") != strings.Count(tt.want, "\n") {
				t.Errorf("%s with CRLF: got\n%s", tt.name, got)
			}
			checkRanges(t, in, root)
		}
	}
}

// checkRanges holds the ranges of a tree against the mail.
func checkRanges(t *testing.T, raw []byte, root *Part) {
	t.Helper()
	root.Walk(func(p *Part) {
		if p.HeaderFrom > p.HeaderTo || p.HeaderTo > p.BodyFrom || p.BodyFrom > p.BodyTo || p.BodyTo > len(raw) || p.Size != p.BodyTo-p.BodyFrom {
			t.Fatalf("part %q has impossible ranges: %d %d %d %d", p.Path, p.HeaderFrom, p.HeaderTo, p.BodyFrom, p.BodyTo)
		}
		for _, f := range p.Header.Fields {
			if !bytes.Equal(raw[f.From:f.To], f.Raw) {
				t.Fatalf("part %q: a field's range is not its bytes", p.Path)
			}
		}
		from := p.BodyFrom
		for _, child := range p.Children {
			if child.HeaderFrom < from || child.BodyTo > p.BodyTo {
				t.Fatalf("part %q is not inside of %q", child.Path, p.Path)
			}
			from = child.BodyTo
		}
	})
}

func TestStructureIsBounded(t *testing.T) {
	deep := strings.Repeat("Content-Type: message/rfc822\r\n\r\n", 100)
	many := "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\n\r\nx\r\n", 5000)
	fieldful := "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\n"+strings.Repeat("a:\r\n", 1000)+"\r\n", 50)
	nested := ""
	for i := range 100 {
		nested += fmt.Sprintf("Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	for _, tt := range []struct{ name, in, want string }{
		{"deep", deep, "not deeper"}, {"many", many, "more than 1000 parts"},
		{"fields", fieldful, "more fields than are read"}, {"nested", nested, "not deeper"},
	} {
		parts, fields, problems := 0, 0, ""
		Structure([]byte(tt.in)).Walk(func(p *Part) {
			parts++
			fields += len(p.Header.Fields)
			problems += strings.Join(p.Problems, " ")
		})
		if parts > MaxParts || fields > maxPartsFields+MaxParts || !strings.Contains(problems, tt.want) {
			t.Errorf("%s: %d parts, %d fields, %q", tt.name, parts, fields, clip(problems))
		}
	}
}

func TestDecode(t *testing.T) {
	for _, tt := range []struct {
		encoding, body, want string
		err                  error
	}{
		{"7bit", "a=\r\n", "a=\r\n", nil},
		{"base64", "SGVs\r\nbG8=\r\n", "Hello", nil},
		{"base64", "SGVsbG8", "Hello", ErrDamaged},
		{"base64", "SGV*sbG8=", "Hello", ErrDamaged},
		{"base64", "SGVsbG8=SGVs", "Hello", ErrDamaged},
		{"base64", "SGVsS", "Hel", ErrDamaged},
		{"base64", "", "", nil},
		{"base64", "====", "", ErrDamaged},
		{"quoted-printable", "a=3Db=\r\nc  \r\nd=e9\r\n", "a=bc\r\nd\xe9\r\n", nil},
		{"quoted-printable", "a=zz=", "a=zz", ErrDamaged},
		{"quoted-printable", "soft= \t\r\nbreak", "softbreak", nil},
		{"x-unknown", "abc", "abc", ErrUnknownEncoding},
	} {
		p := Structure([]byte("Content-Transfer-Encoding: " + tt.encoding + "\r\n\r\n" + tt.body))
		got, err := p.Decode()
		if string(got) != tt.want || !errors.Is(err, tt.err) || p.DecodedSize != len(tt.want) || (tt.err != nil) != (len(p.Problems) > 0) {
			t.Errorf("%s %q: got %q, %v; size %d, problems %v", tt.encoding, tt.body, got, err, p.DecodedSize, p.Problems)
		}
	}
}

func TestText(t *testing.T) {
	for _, tt := range []struct {
		charset, body, want string
		fails               bool
	}{
		{"utf-8", "Grüße\r\n", "Grüße\n", false},
		{"iso-8859-1", "Gr\xfc\xdfe", "Grüße", false},
		{"Windows-1252", "\x80", "€", false},
		{"shift_jis", "\x93\xfa\x96{", "日本", false},
		{"", "a\xff", "a\uFFFD", true},
		{"x-none", "a\xff", "a\uFFFD", true},
		{"utf-8", "\x1b[2Jx", "\uFFFD[2Jx", false},
	} {
		field := "Content-Type: text/plain; charset=" + tt.charset
		if tt.charset == "" {
			field = "X: y"
		}
		got, err := Structure([]byte(field + "\r\n\r\n" + tt.body)).Text()
		if got != tt.want || (err != nil) != tt.fails {
			t.Errorf("%s %q: got %q, %v", tt.charset, tt.body, got, err)
		}
	}
}

func TestForShow(t *testing.T) {
	for _, tt := range []struct{ in, path, text string }{
		{"\nplain", "1", "plain"},
		{"Content-Type: text/html\n\n<p>", "", ""},
		{"Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>\n--b\n\nyes\n--b--", "2", "yes"},
		{"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Disposition: attachment\n\nno\n--b\n\nyes\n--b--", "2", "yes"},
		{"Content-Type: message/rfc822\n\n\nno", "", ""},
	} {
		text, part, err := Structure([]byte(tt.in)).ForShow()
		path := ""
		if part != nil {
			path = part.Path
		}
		if err != nil || text != tt.text || path != tt.path {
			t.Errorf("%q: got %q in %q, %v", tt.in, text, path, err)
		}
	}
}

func TestParseParams(t *testing.T) {
	for _, tt := range []struct{ in, want, problem string }{
		{"text/plain", "text/plain", ""},
		{"Text/PLAIN; Charset=UTF-8", "text/plain charset=UTF-8", ""},
		{` text/plain (a (nested) comment) ; a = "b;\"c" ; d=e;`, `text/plain a=b;"c d=e`, ""},
		{"a/b; n*0=x; n*1*=%C3%BC; n*2=z", "a/b n=x%C3%BCz", ""},
		{"a/b; n*0*=utf-8'de'%C3; n*1*=%BC; n*2=%20", "a/b n=ü%20", ""},
		{"a/b; n=old; n*=utf-8''n%C3%BC", "a/b n=nü", ""},
		{"a/b; n*=iso-8859-1''%FC", "a/b n=ü", ""},
		{"a/b; n*=%FC", "a/b n=\uFFFD", "no charset"},
		{"a/b; n*1=b; n*0=a", "a/b n=a", "out of order"},
		{"a/b; n=1; n=2", "a/b n=1", "twice"},
		{"a/b; n=a b.txt", "a/b n=a", "not understood"},
		{"a/b; =c; d=e", "a/b d=e", "name=value"},
		{`a/b; n="open`, "a/b n=open", ""},
	} {
		value, params, problem := parseParams(tt.in)
		got := value
		for _, p := range params {
			v := p.Value
			if tt.in == "a/b; n*0=x; n*1*=%C3%BC; n*2=z" { // no charset was named
				v = strings.ReplaceAll(v, "ü", "%C3%BC")
			}
			got += " " + p.Name + "=" + v
		}
		if got != tt.want || (tt.problem == "") != (problem == "") || !strings.Contains(problem, tt.problem) {
			t.Errorf("%s: got %q, %q", tt.in, got, problem)
		}
	}
}

func FuzzStructure(f *testing.F) {
	f.Add([]byte("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nA: b\r\n\r\ny\r\n--b--\r\n"))
	f.Add([]byte("Content-Type: multipart/digest; boundary*0=b; boundary*1*=%20c\n\n--b c\n--b c--"))
	f.Add([]byte("Content-Transfer-Encoding: base64\n\nAAA=\nA"))
	f.Add([]byte("Content-Transfer-Encoding: quoted-printable\nContent-Type: text/plain; charset=iso-2022-jp\n\n=1B=24=\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		before := bytes.Clone(raw)
		root := Structure(raw)
		checkRanges(t, raw, root)
		root.Walk(func(p *Part) {
			content, err := p.Decode()
			if len(content) != p.DecodedSize {
				t.Fatalf("part %q has %d octets, said to be %d: %v", p.Path, len(content), p.DecodedSize, err)
			}
			if text, _ := p.Text(); text != Showable(text) {
				t.Fatalf("part %q has a text that is not for showing", p.Path)
			}
		})
		if !bytes.Equal(raw, before) {
			t.Fatal("the mail was changed")
		}
	})
}
