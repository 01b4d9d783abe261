package sasl

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/bidi"
	"golang.org/x/text/unicode/norm"
)

// Prepare brings a user name or password into the one form in which it is
// compared: SASLprep, RFC 4013 §2, as a query. ASCII stays as it is. The error is
// ErrCredentials, for what may not stand in one.
//
// It works with the Unicode of the Go release, not with Unicode 3.2, so that
// characters that have come since are taken too.
func Prepare(s string) (string, error) {
	if !utf8.ValidString(s) {
		return "", fmt.Errorf("%w: not UTF-8", ErrCredentials)
	}
	out := norm.NFKC.String(strings.Map(mapped, s)) // RFC 4013 §2.1, §2.2
	for _, r := range out {
		if prohibited(r) {
			return "", fmt.Errorf("%w: U+%04X may not stand in them", ErrCredentials, r) // RFC 4013 §2.3
		}
	}
	if !directed(out) {
		return "", fmt.Errorf("%w: letters of both directions", ErrCredentials) // RFC 4013 §2.4
	}
	return out, nil
}

// mapped: other spaces become SPACE, and what is commonly mapped to nothing goes
// (RFC 3454 §B.1).
func mapped(r rune) rune {
	switch {
	case r == 0x200B: // in both tables; as the space it once was
		return ' '
	case r == 0x00AD, r == 0x034F, r == 0x1806, 0x180B <= r && r <= 0x180D, 0x200C <= r && r <= 0x200D,
		r == 0x2060, 0xFE00 <= r && r <= 0xFE0F, r == 0xFEFF:
		return -1
	case r != ' ' && unicode.Is(unicode.Zs, r):
		return ' '
	}
	return r
}

// prohibited: RFC 4013 §2.3.
func prohibited(r rune) bool {
	switch {
	case r != ' ' && unicode.Is(unicode.Zs, r), // not reached after mapped, but by NFKC
		unicode.Is(unicode.Cc, r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r),
		unicode.Is(unicode.Co, r), unicode.Is(unicode.Cs, r),
		unicode.Is(unicode.Noncharacter_Code_Point, r),
		0xFFF9 <= r && r <= 0xFFFD, 0x2FF0 <= r && r <= 0x2FFB, r == 0x0340, r == 0x0341:
		return true
	}
	return false
}

// directed tells whether s, if it has a right-to-left letter, begins and ends in
// one and has no left-to-right letter (RFC 3454 §6).
func directed(s string) bool {
	var rtl, ltr bool
	for _, r := range s {
		switch class(r) {
		case bidi.R, bidi.AL:
			rtl = true
		case bidi.L:
			ltr = true
		}
	}
	if !rtl {
		return true
	}
	first, _ := utf8.DecodeRuneInString(s)
	last, _ := utf8.DecodeLastRuneInString(s)
	isRTL := func(r rune) bool { return class(r) == bidi.R || class(r) == bidi.AL }
	return !ltr && isRTL(first) && isRTL(last)
}

func class(r rune) bidi.Class {
	p, _ := bidi.LookupRune(r)
	return p.Class()
}
