package message

import (
	"errors"
	"net/mail"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestParseAddress(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want Address
		out  string // String; empty if it is the input
	}{
		{"alice@acme.test", Address{"", "alice", "acme.test"}, ""},
		{" alice@acme.test ", Address{"", "alice", "acme.test"}, "alice@acme.test"},
		{"Alice <alice@acme.test>", Address{"Alice", "alice", "acme.test"}, ""},
		{"Alice Liddell <alice@acme.test>", Address{"Alice Liddell", "alice", "acme.test"}, ""},
		{`"Liddell, Alice" <alice@acme.test>`, Address{"Liddell, Alice", "alice", "acme.test"}, ""},
		{`"a \"b\" \\ c" <alice@acme.test>`, Address{`a "b" \ c`, "alice", "acme.test"}, ""},
		{"John Q. Public <jqp@acme.test>", Address{"John Q. Public", "jqp", "acme.test"}, `"John Q. Public" <jqp@acme.test>`},
		{"<alice@acme.test>", Address{"", "alice", "acme.test"}, "alice@acme.test"},
		{"alice@acme.test (Alice)", Address{"Alice", "alice", "acme.test"}, "Alice <alice@acme.test>"},
		{"Alice (the (real) one) <alice@acme.test> (x)", Address{"Alice", "alice", "acme.test"}, "Alice <alice@acme.test>"},
		{"=?utf-8?q?J=C3=BCrgen?= <j@acme.test>", Address{"Jürgen", "j", "acme.test"}, "Jürgen <j@acme.test>"},
		{"=?iso-8859-1?q?J=FCrgen?= =?utf-8?b?IE0=?= X <j@acme.test>", Address{"Jürgen M X", "j", "acme.test"}, "Jürgen M X <j@acme.test>"},
		{`"=?utf-8?q?x?=" <j@acme.test>`, Address{"=?utf-8?q?x?=", "j", "acme.test"}, ""},
		{`"a@b"@acme.test`, Address{"", "a@b", "acme.test"}, ""},
		{`"john smith"@acme.test`, Address{"", "john smith", "acme.test"}, ""},
		{`"alice"@acme.test`, Address{"", "alice", "acme.test"}, "alice@acme.test"},
		{`"a..b"@acme.test`, Address{"", "a..b", "acme.test"}, ""},
		{"a+b@[192.0.2.1]", Address{"", "a+b", "[192.0.2.1]"}, ""},
		{"a@[IPv6:2001:db8::1]", Address{"", "a", "[IPv6:2001:db8::1]"}, ""},
		{"jürgen@bücher.test", Address{"", "jürgen", "bücher.test"}, ""},
		{"用户@例子.测试", Address{"", "用户", "例子.测试"}, ""},
		{"<@a.test,@b.test:alice@acme.test>", Address{"", "alice", "acme.test"}, "alice@acme.test"},
		{"postmaster@test", Address{"", "postmaster", "test"}, ""},
	} {
		got, err := ParseAddress(tt.in)
		if err != nil || got != tt.want {
			t.Errorf("%s: got %+v, %v", tt.in, got, err)
			continue
		}
		out := tt.out
		if out == "" {
			out = tt.in
		}
		if got.String() != out {
			t.Errorf("%s: String gives %s, want %s", tt.in, got, out)
		}
	}
}

func TestParseAddressErrors(t *testing.T) {
	long := strings.Repeat("a", 65)
	for _, tt := range []struct {
		in, want string
	}{
		{"", `"": there is no address`},
		{"alice", "alice: there is no @: an address is local-part@domain"},
		{"alice@", "alice@: nothing stands after the @: an address is local-part@domain (at character 7)"},
		{"@acme.test", "@acme.test: nothing stands before the @ (at character 1)"},
		{"<@acme.test>", "<@acme.test>: nothing stands before the @ (at character 2)"},
		{"<>", "<>: nothing stands between < and > (at character 2)"},
		{"a@b.test>", "a@b.test>: a > stands here without a < before it (at character 9)"},
		{"mailto:a@b.test", "leave it out"},
		{"a@b@c.test", "a@b@c.test: there is a second @: a local part that has one stands in quotation marks (at character 4)"},
		{"al ice@acme.test", "al ice@acme.test: a space stands in the local part: leave it out, or put the local part into quotation marks (at character 4)"},
		{"alice @acme.test", "a space or a comment stands before the @ (at character 6)"},
		{"a. b@acme.test", "beside a dot of the local part"},
		{".a@acme.test", "begins with a dot"},
		{"a.@acme.test", "ends with a dot (at character 2)"},
		{"a..b@acme.test", "two dots stand side by side in the local part (at character 3)"},
		{`a"b"@acme.test`, "a quoted piece"},
		{`""@acme.test`, "between the quotation marks"},
		{"ü,@x", "there is no @ in \"ü\": an address is local-part@domain (at character 1)"},
		{"a@acme..test", "two dots stand side by side in the domain (at character 8)"},
		{"a@.test", "begins with a dot"},
		{"a@acme.test.", "ends with a dot"},
		{"a@-acme.test", "begins with a hyphen"},
		{"a@acme-.test", "ends with a hyphen"},
		{"a@ac_me.test", "'_' may not stand in a domain: it has letters, digits and hyphens, with dots between (at character 5)"},
		{"a@[1.2.3]", "is no IP address"},
		{"a@[2001:db8::1]", "[IPv6:2001:db8::1]"},
		{"a@[IPv6:1.2.3.4]", "is no IPv6 address"},
		{"a@[192.0.2.1", "not closed with ]"},
		{long + "@acme.test", "more than 64 octets"},
		{"a@" + strings.Repeat("abcdefg.", 32) + "test", "more than 255 octets"},
		{"a@" + strings.Repeat("a", 64) + ".test", "more than 63 octets"},
		{"Alice <alice@acme.test", "not closed with > (at character 7)"},
		{"Alice <alice>", "there is no @"},
		{`"Alice <alice@acme.test>`, "a quotation mark is opened"},
		{"alice@acme.test (Alice", "a comment begins with ("},
		{"a@x.test b@y.test", "between two addresses stands a comma (at character 10)"},
		{"a@x.test, b@y.test", "more than one address"},
		{"a@x.test; b@y.test", "commas between them, not semicolons"},
		{"A: a@x.test;", "it is a group"},
		{"a\r\nb@x.test", "a control character (U+000D)"},
		{"a\xffb@x.test", "not valid UTF-8"},
	} {
		got, err := ParseAddress(tt.in)
		var e *AddressError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: got %+v, %v, want %q", tt.in, got, err, tt.want)
		}
	}
}

func TestParseAddressList(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want string
	}{
		{"a@x.test", "a@x.test"},
		{"a@x.test, Bob <b@y.test>", "a@x.test|Bob <b@y.test>"},
		{"Team: a@x.test, B <b@y.test>;, c@z.test", "a@x.test|B <b@y.test>|c@z.test"},
		{"undisclosed-recipients:;", ""},
		{"a@x.test,, b@y.test ,", "a@x.test|b@y.test"},
		{`"x, y" <a@x.test>,b@y.test`, `"x, y" <a@x.test>|b@y.test`},
	} {
		list, err := ParseAddressList(tt.in)
		var got []string
		for _, a := range list {
			got = append(got, a.String())
		}
		if err != nil || strings.Join(got, "|") != tt.want {
			t.Errorf("%s: got %q, %v", tt.in, got, err)
		}
	}
	for _, tt := range []struct{ in, want string }{
		{" ", "there is no address"},
		{",", "there is no address"},
		{"a@x.test, bob, c@z.test", `there is no @ in "bob": an address is local-part@domain (at character 11)`},
		{"a@x.test; b@y.test", "commas"},
		{"Team: a@x.test", "no semicolon"},
		{"A: B: a@x.test;;", "a group inside a group"},
		{strings.Repeat("a@b.test,", MaxAddresses+1), "more than 10000"},
	} {
		if _, err := ParseAddressList(tt.in); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", clip(tt.in), err, tt.want)
		}
	}
}

func TestSplitAddress(t *testing.T) {
	for _, tt := range []struct{ in, local, domain, err string }{
		{"alice@acme.test", "alice", "acme.test", ""},
		{`"a@b.test"@acme.test`, "a@b.test", "acme.test", ""},
		{`"\""@acme.test`, `"`, "acme.test", ""},
		{"a@[192.0.2.1]", "a", "[192.0.2.1]", ""},
		{"<a@acme.test>", "", "", "without angle brackets"},
		{"a @acme.test", "", "", "a space may not stand here"},
		{"a@acme.test ", "", "", "a space may not stand here"},
		{"a@acme.test>", "", "", "without angle brackets"},
		{"postmaster", "", "", "there is no @"},
		{"a(x)@acme.test", "", "", "parenthesis"},
		{"a@b,c@d", "", "", "more than one"},
	} {
		local, domain, err := SplitAddress(tt.in)
		if local != tt.local || domain != tt.domain || (err == nil) != (tt.err == "") ||
			err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: got %q %q %v", tt.in, local, domain, err)
		}
	}
}

func TestAddressHeaderText(t *testing.T) {
	for _, name := range []string{"", "Alice", "Jürgen Müller", "a, b", "=?x?q?y?=", "日本語の名前がここにあって行よりも長いのでいくつかに切られる",
		strings.Repeat("long", 30), " spaces ", "tab\there", "John Q. Public", `back\slash "quote"`} {
		a := Address{name, "x", "acme.test"}
		for _, text := range []string{a.String(), a.headerText()} {
			got, err := ParseAddress(text)
			if err != nil || got != a {
				t.Errorf("%q: %s reads back as %+v, %v", name, text, got, err)
			}
		}
		if text := a.headerText(); !isASCII(text) {
			t.Errorf("%q: %s is not ASCII", name, text)
		}
		// The standard library, which shares no code with this package, agrees.
		got, err := mail.ParseAddress(a.headerText())
		if err != nil || got.Name != name || got.Address != "x@acme.test" {
			t.Errorf("%q: net/mail reads %s as %+v, %v", name, a.headerText(), got, err)
		}
	}
}

func TestNonASCII(t *testing.T) {
	for _, tt := range []struct {
		a    Address
		want bool
	}{{Address{"Jürgen", "j", "x.test"}, false}, {Address{"", "jü", "x.test"}, true}, {Address{"", "j", "bü.test"}, true}} {
		if got := tt.a.NonASCII(); got != tt.want {
			t.Errorf("%s: got %v", tt.a, got)
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{"alice@acme.test", `"a b" <"c@d"@[192.0.2.1]> (x)`, "A: a@b, =?utf-8?q?=0A?= <c@d>;", "a@b (=?utf-8?b?/w==?=)",
		"<@a,@b:c@d>", "\"", "(((", "a@b@c", "J. D. <a@b.c>, ,"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		list, err := ParseAddressList(s)
		if one, oneErr := ParseAddress(s); oneErr == nil {
			list, err = append(list, one), nil
		}
		if err != nil {
			var e *AddressError
			if !errors.As(err, &e) || !utf8.ValidString(err.Error()) {
				t.Fatalf("the error is %q", err)
			}
			return
		}
		for _, a := range list {
			for _, text := range []string{a.String(), a.headerText()} {
				got, err := ParseAddress(text)
				if err != nil || got != a {
					t.Fatalf("%q: %+v is written %q and reads back as %+v, %v", s, a, text, got, err)
				}
			}
			if local, domain, err := SplitAddress(a.Mailbox()); err != nil || local != a.Local || domain != a.Domain {
				t.Fatalf("%q: split into %q and %q, %v", a.Mailbox(), local, domain, err)
			}
		}
	})
}
