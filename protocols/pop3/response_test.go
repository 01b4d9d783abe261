package pop3

import (
	"errors"
	"fmt"
	"testing"
)

func TestParseResponse(t *testing.T) {
	tests := []struct {
		line string
		want Response
		bad  bool
	}{
		{"+OK", Response{OK: true}, false},
		{"+OK 2 320", Response{OK: true, Text: "2 320"}, false},
		{"-ERR", Response{}, false},
		{"-ERR no such message", Response{Text: "no such message"}, false},
		{"-ERR [IN-USE] Do you have another POP session running?", Response{Code: "IN-USE", Text: "Do you have another POP session running?"}, false},
		{"-ERR [sys/temp/disk] later", Response{Code: "SYS/TEMP/DISK", Text: "later"}, false},
		{"-ERR [AUTH]", Response{Code: "AUTH"}, false},
		{"-ERR [AUTH]no", Response{Code: "AUTH", Text: "no"}, false},
		{"-ERR [AUTH] [b] c", Response{Code: "AUTH", Text: "[b] c"}, false},
		{"-ERR []", Response{Text: "[]"}, false},
		{"-ERR [a//b] c", Response{Text: "[a//b] c"}, false},
		{"-ERR [a b] c", Response{Text: "[a b] c"}, false},
		{"-ERR [open", Response{Text: "[open"}, false},
		{"+OK \u00e9", Response{OK: true, Text: "\u00e9"}, false},
		{"", Response{}, true},
		{"+ok", Response{}, true},
		{"-err no", Response{}, true},
		{"+OKAY", Response{}, true},
		{" +OK", Response{}, true},
		{"+OK \x1b[2J", Response{}, true},
		{"+OK a\x00b", Response{}, true},
		{"* OK IMAP4rev1", Response{}, true},
	}
	for _, tt := range tests {
		got, err := ParseResponse([]byte(tt.line))
		if errors.Is(err, ErrResponse) != tt.bad || got != tt.want {
			t.Errorf("%q: got %+v, %v; want %+v, an error: %v", tt.line, got, err, tt.want, tt.bad)
		}
	}
}

func TestServerErrorMatches(t *testing.T) {
	all := []error{ErrAuth, ErrInUse, ErrTemporary, ErrPermanent}
	tests := []struct {
		code string
		want error
	}{
		{"AUTH", ErrAuth}, {"AUTH/EXPIRED", ErrAuth}, {"IN-USE", ErrInUse}, {"SYS/TEMP", ErrTemporary},
		{"SYS/PERM", ErrPermanent}, {"SYS/PERM/DISK", ErrPermanent}, {"SYS", nil}, {"SYS/TEMPORARY", nil},
		{"AUTHORITY", nil}, {"LOGIN-DELAY", nil}, {"", nil},
	}
	for _, tt := range tests {
		err := fmt.Errorf("fetch: %w", &ServerError{Verb: "PASS", Response: Response{Code: tt.code}})
		for _, e := range all {
			if got := errors.Is(err, e); got != (e == tt.want) {
				t.Errorf("[%s] is %v: %v", tt.code, e, got)
			}
		}
	}
}

func FuzzParseResponse(f *testing.F) {
	for _, s := range []string{"+OK", "-ERR [IN-USE] x", "-ERR [a//b] c", "+OK [", "-ERR [A]  b", "+OK  x"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := ParseResponse(line)
		if err != nil {
			if !errors.Is(err, ErrResponse) {
				t.Errorf("%q: %v", line, err)
			}
			return
		}
		again, err := ParseResponse([]byte(r.String()))
		if err != nil || again != r {
			t.Errorf("%q: %+v, printed and read again: %+v, %v", line, r, again, err)
		}
	})
}

func FuzzListings(f *testing.F) {
	for _, s := range []string{"1 120", "1 120 extra", "0 0", "-1 2", "1 a:b", "SASL PLAIN", "99999999999999999999 1", "1 9223372036854775807"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if l, err := parseScanListing(s); err == nil && (l.Message < 1 || l.Size < 0) {
			t.Errorf("%q: %+v", s, l)
		}
		if u, err := parseUniqueID(s); err == nil && (u.Message < 1 || !validUID(u.UID)) {
			t.Errorf("%q: %+v", s, u)
		}
		if n, size, err := parseDropListing(s); err == nil && (n < 0 || size < 0) {
			t.Errorf("%q: %d %d", s, n, size)
		}
		if c, err := parseCapability(s); err == nil && c.Tag == "" {
			t.Errorf("%q: no tag", s)
		}
	})
}
