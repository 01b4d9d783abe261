package imap

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestNumSet(t *testing.T) {
	for _, test := range []struct {
		text    string
		largest uint32
		want    string // resolved; "bad" for a syntax error
	}{
		{"1", 10, "1"},
		{"2,4:7,9,12:*", 15, "2,4:7,9,12:15"},
		{"*:4,5:7", 10, "4:10"},
		{"3291:*", 20, "20:3291"},
		{"*", 0, ""},
		{"5:1,1:2", 10, "1:5"},
		{"4294967295", 10, "4294967295"},
		{"$", 10, ""},
		{"0", 10, "bad"}, {"01", 10, "bad"}, {"4294967296", 10, "bad"}, {"", 10, "bad"},
		{"1,", 10, "bad"}, {"1:", 10, "bad"}, {"1::2", 10, "bad"}, {"$,1", 10, "bad"}, {"a", 10, "bad"},
	} {
		set, err := ParseNumSet(test.text)
		got := "bad"
		if err == nil {
			got = NumSet{Ranges: set.resolve(test.largest)}.String()
			if set.String() != test.text {
				t.Errorf("%q is written as %q", test.text, set)
			}
		}
		if got != test.want {
			t.Errorf("%q of %d: %s, want %s", test.text, test.largest, got, test.want)
		}
	}
	in := Span(3, 5).resolve(0)
	for n, want := range map[uint32]bool{2: false, 3: true, 5: true, 6: false} {
		if in.contains(n) != want {
			t.Errorf("3:5 contains %d: %v", n, !want)
		}
	}
	if got := formatNums([]uint32{1, 2, 3, 7, 5, 6}); got != "1:3,7,5:6" {
		t.Errorf("numbers are written as %s", got)
	}
}

func TestModifiedUTF7(t *testing.T) {
	for name, wire := range map[string]string{
		"":                      "",
		"INBOX":                 "INBOX",
		"a&b":                   "a&-b",
		"~peter/mail/台北/日本語":    "~peter/mail/&U,BTFw-/&ZeVnLIqe-", // RFC 9051 §A.1
		"台北日本語":                 "&U,BTF2XlZyyKng-",
		"☺!":                    "&Jjo-!",
		"Entwürfe \U0001F600\n": "Entw&APw-rfe &2D3eAAAK-",
	} {
		if got := encodeUTF7(name); got != wire {
			t.Errorf("%q is written as %q, want %q", name, got, wire)
		}
		if got, err := decodeUTF7(wire); err != nil || got != name {
			t.Errorf("%q is read as %q, %v", wire, got, err)
		}
	}
	for _, wire := range []string{"&Jjo!", "&U,BTFw-&ZeVnLIqe-", "&", "&AGE-", "&A-", "ü", "a\x00", "&2D0-", "&////-"} {
		if got, err := decodeUTF7(wire); err == nil {
			t.Errorf("%q is read as %q", wire, got)
		}
	}
}

func TestMatchPattern(t *testing.T) {
	for _, test := range []struct {
		pattern, name string
		want          bool
	}{
		{"*", "a/b/c", true}, {"%", "a/b", false}, {"%", "ab", true}, {"%/%", "a/b", true},
		{"a*c", "a/b/c", true}, {"a%c", "a/b/c", false}, {"%b", "ab", true}, {"*%*", "", true},
		{"inbox", "INBOX", true}, {"inb%", "INBOX", true}, {"archive", "Archive", false},
		{"", "", true}, {"", "a", false}, {"a", "", false}, {"*a*b*c", "xxaxxbxxcxc", true},
		{strings.Repeat("*a", 500), strings.Repeat("a", 499), false},
		{strings.Repeat("*", maxPattern+1), "a", false},
	} {
		if got := matchPattern(test.pattern, test.name); got != test.want {
			t.Errorf("%.20q on %.20q: %v", test.pattern, test.name, got)
		}
	}
}

func TestSectionText(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "1": "1", "1.2.3": "1.2.3", "header": "HEADER", "3.text": "3.TEXT", "4.1.MIME": "4.1.MIME",
		"HEADER.FIELDS (To \"Cc\")": "HEADER.FIELDS (To Cc)", "2.Header.Fields.Not (a)": "2.HEADER.FIELDS.NOT (a)",
		"MIME": "bad", "0": "bad", "1.": "bad", ".1": "bad", "1..2": "bad", "FOO": "bad", "HEADER.FIELDS": "bad",
		"HEADER.FIELDS ()": "bad", "HEADER.FIELDS (a:b)": "bad", "TEXT.1": "bad",
		strings.Repeat("1.", 100) + "1": "bad",
	} {
		sec, err := ParseSection(text)
		got := sec.String()
		if err != nil {
			got = "bad"
		}
		if got != want {
			t.Errorf("section %.30q: %q, want %q (%v)", text, got, want, err)
		}
	}
}

func TestLiteralAt(t *testing.T) {
	for line, want := range map[string]announcement{
		"a {5}": {size: 5}, "{0}": {}, "x {12+}": {size: 12, nonSync: true}, "~{7}": {size: 7, binary: true},
		"{9223372036854775807}": {size: 1<<63 - 1},
	} {
		if got, at := literalAt([]byte(line)); at < 0 || got != want {
			t.Errorf("%q: %+v at %d", line, got, at)
		}
	}
	for _, line := range []string{"", "}", "{}", "{+}", "{5} ", "5}", "{9223372036854775808}", "{99999999999999999999}", "{-5}", "{5 }"} {
		if got, at := literalAt([]byte(line)); at >= 0 {
			t.Errorf("%q: %+v at %d", line, got, at)
		}
	}
}

func TestFlagOps(t *testing.T) {
	have := []Flag{FlagSeen, "$Junk"}
	for _, test := range []struct {
		op    FlagOp
		flags []Flag
		want  []Flag
	}{
		{FlagsAdd, []Flag{`\seen`, FlagDraft, FlagDraft}, []Flag{FlagSeen, "$Junk", FlagDraft}},
		{FlagsRemove, []Flag{"$JUNK", FlagDraft}, []Flag{FlagSeen}},
		{FlagsReplace, []Flag{FlagDeleted}, []Flag{FlagDeleted}},
		{FlagsReplace, nil, nil},
	} {
		if got := test.op.Apply(have, test.flags); !slices.Equal(got, test.want) {
			t.Errorf("%d %q: %q, want %q", test.op, test.flags, got, test.want)
		}
	}
	if !slices.Equal(have, []Flag{FlagSeen, "$Junk"}) {
		t.Errorf("Apply changed its argument: %q", have)
	}
}

func TestAddresses(t *testing.T) {
	for text, want := range map[string]string{
		"fred@example.org":                         "[|fred@example.org]",
		"Fred F. <fred@example.org>, b@c":          "[Fred F.|fred@example.org] [|b@c]",
		`"Quoted, Name" <"odd local"@example.org>`: "[Quoted, Name|odd local@example.org]",
		"fred@example.org (Fred Foobar)":           "[Fred Foobar|fred@example.org]",
		"Friends: a@b, C <c@d>;":                   "{Friends [|a@b] [C|c@d] }",
		"undisclosed-recipients:;":                 "{undisclosed-recipients }",
		"<@hosta,@hostb:fred@example.org>":         "[|fred@example.org route @hosta,@hostb]",
		"root":                                     "[|root]",
		"a@[192.0.2.1]":                            "[|a@[192.0.2.1]]",
		"":                                         "",
		",, ,":                                     "",
		"<":                                        "[|]",
		"a b c":                                    "[|a b c]",
		"(nested (comment) here) a@b":              "[nested (comment) here|a@b]",
		"Pete(A nice \\) chap) <pete(his)@silly(h)>": "[Pete|pete@silly]",
		"g: a@b": "{g [|a@b] }",
	} {
		var got []string
		for _, a := range parseAddresses(text) {
			switch a.Mark {
			case GroupBegin:
				got = append(got, "{"+a.Mailbox)
			case GroupEnd:
				got = append(got, "}")
			default:
				s := "[" + a.Name + "|" + a.String()
				if a.Route != "" {
					s += " route " + a.Route
				}
				got = append(got, s+"]")
			}
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%q: %s, want %s", text, s, want)
		}
	}
}

func TestParams(t *testing.T) {
	for text, want := range map[string][]param{
		`text/plain; charset=us-ascii`:                            {{"charset", "us-ascii"}},
		`a/b; x="y;z\"" ; (c) q = r`:                              {{"x", `y;z"`}, {"q", "r"}},
		`a/b; name*1=b; name*0=a; z=1`:                            {{"name", "ab"}, {"z", "1"}},
		`a/b; name*0*=iso-8859-1'de'%FC; name*1=%41; name*2*=%41`: {{"name*", "ü%41A"}},
		`a/b; name*=utf-8''x`:                                     {{"name*", "utf-8''x"}},
		`a/b; ; =x; y`:                                            nil,
		`a/b; n*01=x`:                                             {{"n*01", "x"}},
	} {
		if got := parseParams(text); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}

func TestMIMELimits(t *testing.T) {
	var deep strings.Builder
	for i := range 200 {
		fmt.Fprintf(&deep, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	many := "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\n\r\nx\r\n", 3*maxMIMEParts)
	var messages strings.Builder
	for range 500 {
		messages.WriteString("Content-Type: message/rfc822\r\n\r\n")
	}
	for name, text := range map[string]string{"deep": deep.String(), "many": many, "messages": messages.String()} {
		depth, parts := measure(parseMessage([]byte(text)), 1)
		if depth > maxMIMEDepth+2 || parts > maxMIMEParts+maxMIMEDepth {
			t.Errorf("%s: %d deep, %d parts", name, depth, parts)
		}
	}
}

func measure(p *part, level int) (depth, parts int) {
	depth, parts = level, 1
	for _, c := range append(slices.Clone(p.children), p.message) {
		if c != nil {
			d, n := measure(c, level+1)
			depth, parts = max(depth, d), parts+n
		}
	}
	return depth, parts
}

func TestBoundaries(t *testing.T) {
	content := func(lines ...string) []byte { return []byte(strings.Join(lines, "\r\n")) }
	for _, test := range []struct {
		name string
		mail []byte
		want []string
	}{
		{"prefix of another", content("Content-Type: multipart/mixed; boundary=a", "", "--a", "", "one", "--ab", "still one", "--a--", ""),
			[]string{"one\r\n--ab\r\nstill one"}},
		{"white space behind", content("Content-Type: multipart/mixed; boundary=a", "", "--a \t", "", "one", "--a-- ", "no"),
			[]string{"one"}},
		{"not closed", content("Content-Type: multipart/mixed; boundary=a", "", "--a", "", "one", ""), []string{"one\r\n"}},
		{"empty parts", content("Content-Type: multipart/mixed; boundary=a", "", "--a", "--a", "", "--a--"), []string{"", ""}},
		{"no boundary", content("Content-Type: multipart/mixed", "", "--", "x"), []string{""}},
		{"bare line ends", []byte("Content-Type: multipart/mixed; boundary=a\n\n--a\n\none\n--a--\n"), []string{"one"}},
	} {
		var got []string
		for _, c := range parseMessage(test.mail).children {
			got = append(got, string(c.body))
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestDateTime(t *testing.T) {
	for text, good := range map[string]bool{
		`"17-Jul-1996 02:44:25 -0700"`: true, `" 7-Jul-1996 02:44:25 +0000"`: true,
		`"7-Jul-1996 02:44:25 +0000"`: false, `"17-Jul-1996 02:44:25"`: false, `"32-Jul-1996 02:44:25 +0000"`: false,
	} {
		l := newLexer([]byte(text), nil)
		d := l.dateTime()
		if (l.end() == nil) != good {
			t.Errorf("%s: %v", text, l.err)
		}
		if good && `"`+formatDateTime(d)+`"` != text {
			t.Errorf("%s is written as %q", text, formatDateTime(d))
		}
	}
	if l := newLexer([]byte("1-Feb-1994"), nil); !l.date().Equal(time.Date(1994, 2, 1, 0, 0, 0, 0, time.UTC)) {
		t.Error("date")
	}
}

func TestCommandTable(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Commands() {
		if seen[c.Verb] || c.Section == "" || c.Summary == "" || len(c.States) == 0 || findCommand(c.Verb) == nil {
			t.Errorf("command %+v", c)
		}
		seen[c.Verb] = true
	}
	Commands()[0].States[0] = Logout
	if Commands()[0].States[0] == Logout {
		t.Error("the table can be changed from outside")
	}
}

func TestEncoderStrings(t *testing.T) {
	for _, test := range []struct {
		utf8 bool
		s    string
		want string
	}{
		{false, `a"b\c`, `"a\"b\\c"`}, {false, "a\nb", "{3}\r\na\nb"}, {false, "ü", "{2}\r\nü"}, {true, "ü", `"ü"`},
		{true, "\xff", "{1}\r\n\xff"}, {false, "", `""`},
	} {
		e := &encoder{utf8: test.utf8}
		e.str(test.s)
		var got bytes.Buffer
		for _, p := range e.done() {
			got.Write(p.text)
			if p.has {
				got.WriteString("\r\n" + string(p.lit))
			}
		}
		if got.String() != test.want {
			t.Errorf("%q: %q, want %q", test.s, got.String(), test.want)
		}
	}
}

func TestDecodeTransfer(t *testing.T) {
	for _, test := range []struct{ encoding, in, want string }{
		{"base64", "SGVs\r\nbG8=\r\n", "Hello"}, {"base64", "SGVsbG8*=!", "Hello"}, {"base64", "SGVsbG", "Hel"},
		{"quoted-printable", "a=3Db=\r\nc", "a=bc"}, {"8bit", "x", "x"},
	} {
		if got, known := decodeTransfer(test.encoding, []byte(test.in)); !known || string(got) != test.want {
			t.Errorf("%s %q: %q", test.encoding, test.in, got)
		}
	}
	if _, known := decodeTransfer("x-uuencode", nil); known {
		t.Error("x-uuencode is known")
	}
}
