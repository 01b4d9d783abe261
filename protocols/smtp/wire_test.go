package smtp

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

func TestParseCommand(t *testing.T) {
	tests := []struct {
		line string
		want Command
		ok   bool
	}{
		{"QUIT", Command{"QUIT", ""}, true},
		{"quit  \t ", Command{"QUIT", ""}, true},
		{"Mail FROM:<A@b.example>", Command{"MAIL", "FROM:<A@b.example>"}, true},
		{"NOOP  two  words ", Command{"NOOP", "two  words"}, true},
		{"VRFY us\xc3\xa9r", Command{"VRFY", "us\xc3\xa9r"}, true},
		{"", Command{}, false},
		{" QUIT", Command{}, false},
		{"QU\x00IT", Command{}, false},
		{"NOOP \x7f", Command{}, false},
		{"MAIL\tFROM:<>", Command{}, false},
		{"R\xc3\x9cST", Command{}, false},
	}
	for _, tt := range tests {
		got, err := ParseCommand([]byte(tt.line))
		if got != tt.want || (err == nil) != tt.ok {
			t.Errorf("%q: %+v, %v", tt.line, got, err)
		}
		var syntax *SyntaxError
		if err != nil && !errors.As(err, &syntax) {
			t.Errorf("%q: error %T", tt.line, err)
		}
	}
}

func TestPaths(t *testing.T) {
	label := strings.Repeat("d", 63)
	domain := strings.Join([]string{label, label, label}, ".") // 191 octets
	tests := []struct {
		in   string
		want Path
		rest string
		out  string // "" if not a path
	}{
		{"<a@b.example>", Path{"a", "b.example"}, "", "<a@b.example>"},
		{"<a@b.example> SIZE=1", Path{"a", "b.example"}, " SIZE=1", "<a@b.example>"},
		{"<A.b+c@B.Example>", Path{"A.b+c", "B.Example"}, "", "<A.b+c@B.Example>"},
		{"<!#$%&'*+-/=?^_`{|}~@x>", Path{"!#$%&'*+-/=?^_`{|}~", "x"}, "", "<!#$%&'*+-/=?^_`{|}~@x>"},
		{`<"a b"@x.example>`, Path{"a b", "x.example"}, "", `<"a b"@x.example>`},
		{`<"a"@x.example>`, Path{"a", "x.example"}, "", `<a@x.example>`},
		{`<"a\b\"\\"@x.example>`, Path{`ab"\`, "x.example"}, "", `<"ab\"\\"@x.example>`},
		{`<""@x.example>`, Path{"", "x.example"}, "", `<""@x.example>`},
		{`<"a>b@c"@x.example>`, Path{"a>b@c", "x.example"}, "", `<"a>b@c"@x.example>`},
		{`<"a..b"@x.example>`, Path{"a..b", "x.example"}, "", `<"a..b"@x.example>`},
		{"<@one.example,@two.example:a@x.example>", Path{"a", "x.example"}, "", "<a@x.example>"},
		{"<a@[192.0.2.1]>", Path{"a", "[192.0.2.1]"}, "", "<a@[192.0.2.1]>"},
		{"<a@[IPv6:2001:db8::1]>", Path{"a", "[IPv6:2001:db8::1]"}, "", "<a@[IPv6:2001:db8::1]>"},
		{"<a@[ipv6:::ffff:192.0.2.1]>", Path{"a", "[ipv6:::ffff:192.0.2.1]"}, "", "<a@[ipv6:::ffff:192.0.2.1]>"},
		{"<a@[x-tag:anything<>goes]>", Path{"a", "[x-tag:anything<>goes]"}, "", "<a@[x-tag:anything<>goes]>"},
		{"<" + strings.Repeat("l", 64) + "@x>", Path{strings.Repeat("l", 64), "x"}, "", "<" + strings.Repeat("l", 64) + "@x>"},
		{"<" + strings.Repeat("l", 62) + "@" + domain + ">", Path{strings.Repeat("l", 62), domain}, "", "<" + strings.Repeat("l", 62) + "@" + domain + ">"},

		{"<" + strings.Repeat("l", 63) + "@" + domain + ">", Path{}, "", ""}, // 257 octets
		{"<" + strings.Repeat("l", 65) + "@x>", Path{}, "", ""},
		{"<a@" + strings.Repeat("d", 64) + ">", Path{}, "", ""},
		{"", Path{}, "", ""},
		{"a@b.example", Path{}, "", ""},
		{"<a@b.example", Path{}, "", ""},
		{"<a>", Path{}, "", ""},
		{"<@b.example>", Path{}, "", ""},
		{"<a@>", Path{}, "", ""},
		{"<a@b..example>", Path{}, "", ""},
		{"<a@b.example.>", Path{}, "", ""},
		{"<a@-b.example>", Path{}, "", ""},
		{"<a@b_c.example>", Path{}, "", ""},
		{"<a@b@c.example>", Path{}, "", ""},
		{"<.a@b.example>", Path{}, "", ""},
		{"<a.@b.example>", Path{}, "", ""},
		{"<a..b@b.example>", Path{}, "", ""},
		{"<a b@c.example>", Path{}, "", ""},
		{"< a@c.example>", Path{}, "", ""},
		{"<a@c.example >", Path{}, "", ""},
		{`<"a@x.example>`, Path{}, "", ""},
		{`<"a"b@x.example>`, Path{}, "", ""},
		{`<"a\`, Path{}, "", ""},
		{"<\"a\x01\"@x.example>", Path{}, "", ""},
		{"<\"a\\\x01\"@x.example>", Path{}, "", ""},
		{"<us\xc3\xa9r@x.example>", Path{"us\xc3\xa9r", "x.example"}, "", "<us\xc3\xa9r@x.example>"},
		{"<a@ex\xc3\xa9.example>", Path{"a", "ex\xc3\xa9.example"}, "", "<a@ex\xc3\xa9.example>"},
		{"<用户@例え.テスト>", Path{"用户", "例え.テスト"}, "", "<用户@例え.テスト>"},
		{"<\"ä b\"@x.example>", Path{"ä b", "x.example"}, "", "<\"ä b\"@x.example>"},
		{"<us\xe9r@x.example>", Path{}, "", ""},
		{"<\"us\xe9r\"@x.example>", Path{}, "", ""},
		{"<us\u0085r@x.example>", Path{}, "", ""},
		{"<a@ex\xe9.example>", Path{}, "", ""},
		{"<a@É.example>", Path{}, "", ""},
		{"<a@\u0301x.example>", Path{}, "", ""},
		{"<a@☃.example>", Path{}, "", ""},
		{"<a@-é.example>", Path{}, "", ""},
		{"<a@é_.example>", Path{}, "", ""},
		{"<a@é..example>", Path{}, "", ""},
		{"<@one.example:>", Path{}, "", ""},
		{"<@one.example,a@x.example>", Path{}, "", ""},
		{"<@one.example,two.example:a@x.example>", Path{}, "", ""},
		{"<@bad_host:a@x.example>", Path{}, "", ""},
		{"<@:a@x.example>", Path{}, "", ""},
		{"<a@[192.0.2]>", Path{}, "", ""},
		{"<a@[192.0.2.01]>", Path{}, "", ""},
		{"<a@[192.0.2.1>", Path{}, "", ""},
		{"<a@192.0.2.1]>", Path{}, "", ""},
		{"<a@[]>", Path{}, "", ""},
		{"<a@[2001:db8::1]>", Path{}, "", "<a@[2001:db8::1]>"}, // by the grammar a tag
		{"<a@[IPv6:fe80::1%eth0]>", Path{}, "", ""},
		{"<a@[IPv6:192.0.2.1]>", Path{}, "", ""},
		{"<a@[IPv6:1:2:3:4:5:6:7::]>", Path{}, "", ""},
		{"<a@[tag:]>", Path{}, "", ""},
		{"<a@[-tag:x]>", Path{}, "", ""},
		{"<a@[tag:x\\]>", Path{}, "", ""},
	}
	for _, tt := range tests {
		p, rest, err := CutForwardPath(tt.in)
		if (err == nil) != (tt.out != "") {
			t.Errorf("%q: %+v, %v", tt.in, p, err)
			continue
		}
		if err != nil {
			continue
		}
		if tt.want != (Path{}) && p != tt.want || rest != tt.rest || p.String() != tt.out {
			t.Errorf("%q: %+v %q, prints %s", tt.in, p, rest, p)
		}
		if err := p.Check(); err != nil {
			t.Errorf("%q: its path fails Check: %v", tt.in, err)
		}
	}
}

func TestSpecialPaths(t *testing.T) {
	null, rest, err := CutReversePath("<> BODY=7BIT")
	if err != nil || !null.IsNull() || rest != " BODY=7BIT" || null.String() != "<>" {
		t.Errorf("null: %+v %q %v", null, rest, err)
	}
	if _, _, err := CutForwardPath("<>"); err == nil {
		t.Error("null forward-path was accepted")
	}
	p, _, err := CutForwardPath("<PostMaster>")
	if err != nil || !p.IsPostmaster() || p.String() != "<PostMaster>" || p.Check() != nil {
		t.Errorf("postmaster: %+v %v", p, err)
	}
	if _, _, err := CutReversePath("<postmaster>"); err == nil {
		t.Error("reverse-path without domain was accepted")
	}
	if !p.Equal(Path{Local: "POSTMASTER"}) {
		t.Error("postmaster differs from itself")
	}
	a := Path{"Smith", "Foo.com"}
	if !a.Equal(Path{"Smith", "foo.COM"}) || a.Equal(Path{"smith", "foo.com"}) {
		t.Error("Equal: a domain has no case, a local-part has")
	}
}

func TestParseMailbox(t *testing.T) {
	if p, err := ParseMailbox(`"a b"@[192.0.2.1]`); err != nil || p != (Path{"a b", "[192.0.2.1]"}) {
		t.Errorf("%+v, %v", p, err)
	}
	for _, s := range []string{"", "a", "a@b c", "a@b>", "<a@b>", "a@[192.0.2.1]x", "postmaster"} {
		if p, err := ParseMailbox(s); err == nil {
			t.Errorf("%q: %+v", s, p)
		}
	}
}

func TestAddressLiteral(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.1":        "[192.0.2.1]",
		"::ffff:192.0.2.1": "[192.0.2.1]",
		"2001:db8::1":      "[IPv6:2001:db8::1]",
		"fe80::1%eth0":     "[IPv6:fe80::1]",
		"1:2:3:4:5:6:7:0":  "[IPv6:1:2:3:4:5:6:7:0]",
	} {
		got := AddressLiteral(netip.MustParseAddr(in))
		if got != want || CheckAddressLiteral(got) != nil {
			t.Errorf("%s: %s, %v", in, got, CheckAddressLiteral(got))
		}
	}
}

func TestMailParams(t *testing.T) {
	alice := Path{"al+ice", "foo.com"}
	tests := []MailParams{
		{},
		{Size: 1},
		{Size: math.MaxInt64, Body: Body8BitMIME, Auth: &Path{}},
		{Body: Body7Bit, Auth: &alice},
		{Auth: &Path{"a=b c", "foo.com"}},
	}
	for _, want := range tests {
		var line []string
		for _, p := range want.Params() {
			line = append(line, p.String())
		}
		params, err := ParseParams(strings.Join(line, " "))
		if err != nil {
			t.Errorf("%v: %v", line, err)
			continue
		}
		var got MailParams
		for _, p := range params {
			if err := findMailParam(p.Keyword).set(&got, p); err != nil {
				t.Errorf("%v: %v", p, err)
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%v: %+v, want %+v", line, got, want)
		}
	}
	for _, bad := range []string{"AUTH=+4", "AUTH=+4a", "AUTH=nobody", "AUTH=+0D@x", "SIZE=", "SIZE=-1", "SIZE=123456789012345678901"} {
		keyword, value, _ := strings.Cut(bad, "=")
		var m MailParams
		if err := findMailParam(keyword).set(&m, Param{keyword, value, true}); err == nil {
			t.Errorf("%s was taken for %+v", bad, m)
		}
	}
}

func TestReplyWire(t *testing.T) {
	tests := []struct {
		r    *Reply
		want []string
	}{
		{NewReply(250, Enhanced{2, 1, 0}, "OK"), []string{"250 2.1.0 OK"}},
		{NewReply(354, Enhanced{}, "go"), []string{"354 go"}},
		{&Reply{Code: 250}, []string{"250 "}},
		{&Reply{Code: 250, Lines: []string{"a", "", "c"}}, []string{"250-a", "250-", "250 c"}},
		{&Reply{Code: 550, Enhanced: Enhanced{5, 1, 1}, Lines: []string{"a", "b"}}, []string{"550-5.1.1 a", "550 5.1.1 b"}},
		{NewReply(550, Enhanced{}, "a\r\n250 b\x00ü"), []string{"550 a??250 b??"}},
		{NewReply(550, Enhanced{}, "%s", strings.Repeat("x", 507)), []string{"550-" + strings.Repeat("x", 506), "550 x"}},
	}
	for _, tt := range tests {
		got := tt.r.Wire()
		if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%+v:\n got %q\nwant %q", tt.r, got, tt.want)
		}
		for _, line := range got {
			if len(line)+2 > maxReplyLine {
				t.Errorf("line of %d octets", len(line)+2)
			}
		}
	}
}

func TestReplyCheck(t *testing.T) {
	for _, r := range []*Reply{
		{Code: 200}, {Code: 559, Enhanced: Enhanced{5, 0, 0}}, {Code: 354}, {Code: 421, Enhanced: Enhanced{4, 999, 999}},
	} {
		if err := r.Check(); err != nil {
			t.Errorf("%v: %v", r, err)
		}
	}
	for _, r := range []*Reply{
		{}, {Code: 199}, {Code: 560}, {Code: 260}, {Code: 250, Enhanced: Enhanced{5, 0, 0}},
		{Code: 354, Enhanced: Enhanced{3, 0, 0}}, {Code: 550, Enhanced: Enhanced{5, 1000, 0}}, {Code: 550, Enhanced: Enhanced{5, -1, 0}},
	} {
		if r.Check() == nil {
			t.Errorf("%v passes", r)
		}
	}
}

func TestParseReply(t *testing.T) {
	tests := []struct {
		in       string
		enhanced bool
		want     string // as Error prints it
	}{
		{"250", false, "250"},
		{"250 ", false, "250"},
		{"250-a|250-|250 c", false, "250 a /  / c"},
		{"250-234 text|250", false, "250 234 text / "},
		{"550 5.1.1 no", true, "550 5.1.1 no"},
		{"550-5.1.1 no|550 5.1.1 user", true, "550 5.1.1 no / user"},
		{"550-5.1.1 no|550 user", true, "550 5.1.1 no / user"},
		{"450 5.1.1 no", true, "450 5.1.1 no"},
		{"250 2.1.0", true, "250 2.1.0"},
		{"250 2.1 no", true, "250 2.1 no"},
		{"250 2.1.0000 no", true, "250 2.1.0000 no"},
		{"250 02.1.0 no", true, "250 02.1.0 no"},
	}
	for _, tt := range tests {
		var lines [][]byte
		for l := range strings.SplitSeq(tt.in, "|") {
			lines = append(lines, []byte(l))
		}
		r, err := ParseReply(lines, tt.enhanced)
		if err != nil || r.Error() != tt.want {
			t.Errorf("%s: %v, %v, want %s", tt.in, r, err, tt.want)
		}
	}
	r, _ := ParseReply([][]byte{[]byte("450 5.1.1 no")}, true)
	if !r.Enhanced.IsZero() {
		t.Error("an enhanced code of another class was believed")
	}
	for _, bad := range [][][]byte{nil, {[]byte("250-a")}, {[]byte("250 a"), []byte("250 b")}} {
		if r, err := ParseReply(bad, false); !errors.Is(err, ErrReplySyntax) {
			t.Errorf("%q: %v, %v", bad, r, err)
		}
	}
}

func TestReplyIsError(t *testing.T) {
	err := fmt.Errorf("mailbox: %w", NewReply(452, Enhanced{4, 2, 2}, "full"))
	var r *Reply
	if !errors.As(err, &r) || !r.Temporary() || !r.Negative() || r.Permanent() || r.Positive() || r.Intermediate() {
		t.Errorf("%+v", r)
	}
	if err.Error() != "mailbox: 452 4.2.2 full" {
		t.Error(err)
	}
}

func TestStates(t *testing.T) {
	set := statesOf(StateRcpt, StateMail)
	if set.String() != "mail, rcpt" || set.Has(StateReady) || set.Has(State(99)) {
		t.Errorf("%s", set)
	}
	if got := State(99).String(); got != "State(99)" {
		t.Error(got)
	}
}

// TestCommandTable holds that the two halves of the table agree, and that it is
// whole enough to explain from.
func TestCommandTable(t *testing.T) {
	seen := map[string]bool{}
	for _, info := range Commands() {
		if seen[info.Verb] {
			t.Errorf("%s stands twice", info.Verb)
		}
		seen[info.Verb] = true
		if (handlers[info.Verb] != nil) != info.Implemented {
			t.Errorf("%s: Implemented is %t", info.Verb, info.Implemented)
		}
		if info.Syntax == "" || info.Summary == "" || !strings.HasPrefix(info.Section, "RFC ") || info.States == 0 {
			t.Errorf("%s: %+v", info.Verb, info)
		}
		if !strings.HasPrefix(info.Syntax, info.Verb) {
			t.Errorf("%s: syntax %s", info.Verb, info.Syntax)
		}
	}
	for verb := range handlers {
		if !seen[verb] {
			t.Errorf("%s has a handler and no place in the table", verb)
		}
	}
	Commands()[0].Verb = "spoiled"
	if commandTable[0].Verb != "EHLO" {
		t.Error("the table can be changed from outside")
	}
	// RFC 5321 §4.5.1: the minimum.
	for _, verb := range []string{"EHLO", "HELO", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "QUIT", "VRFY"} {
		if info, ok := LookupCommand(verb); !ok || !info.Implemented {
			t.Errorf("%s is not implemented", verb)
		}
	}
}

func TestProtocol(t *testing.T) {
	for want, p := range map[string]Peer{
		"SMTP":    {TLS: true},
		"ESMTP":   {ESMTP: true},
		"ESMTPA":  {ESMTP: true, Authenticated: true},
		"ESMTPS":  {ESMTP: true, TLS: true},
		"ESMTPSA": {ESMTP: true, TLS: true, Authenticated: true},
	} {
		if got := p.Protocol(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
