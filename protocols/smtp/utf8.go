package smtp

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// IsASCII tells whether p can be said to a server that does not offer SMTPUTF8:
// neither its local-part nor its domain has a character over 127 (RFC 6531 §3.2).
func (p Path) IsASCII() bool { return !is8Bit([]byte(p.Local)) && !is8Bit([]byte(p.Domain)) }

// isText tells whether s is valid UTF-8 without control characters, of ASCII's or
// of Unicode's. A local-part may have any other character (RFC 6531 §3.3).
func isText(s string) bool {
	for _, r := range s {
		if unicode.IsControl(r) {
			return false
		}
	}
	return utf8.ValidString(s)
}

// checkUTF8Domain is CheckDomain for a mailbox's domain, in which a label may be a
// U-label (RFC 6531 §3.3). The length is that of the octets sent; whether the
// A-label is short enough shows when the name is looked up.
func checkUTF8Domain(s string) error {
	if !is8Bit([]byte(s)) {
		return CheckDomain(s)
	}
	if len(s) > maxDomain {
		return syntaxError("domain", "is longer than %d octets", maxDomain)
	}
	for label := range strings.SplitSeq(s, ".") {
		check := checkLabel
		if is8Bit([]byte(label)) {
			check = checkULabel
		}
		if err := check(label); err != nil {
			return err
		}
	}
	return nil
}

// checkULabel checks what a label outside of ASCII has to have in any case:
// letters, marks, digits and inner hyphens, not beginning with a mark. It is no
// full check of RFC 5890 §2.3.2.1, whose tables change with Unicode: a name that
// passes and is none is not found in DNS.
func checkULabel(s string) error {
	if !utf8.ValidString(s) {
		return syntaxError("domain", "is not UTF-8")
	}
	if s[0] == '-' || s[len(s)-1] == '-' {
		return syntaxError("domain", "a label begins or ends with a hyphen")
	}
	if first, _ := utf8.DecodeRuneInString(s); unicode.IsMark(first) {
		return syntaxError("domain", "a label begins with a combining mark")
	}
	for _, r := range s {
		switch {
		case r == '-' || r == '\u00b7' || r == '\u30fb' || r == '\u200c' || r == '\u200d':
		case unicode.IsUpper(r):
			return syntaxError("domain", "a label outside of ASCII is in lower case")
		case !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.Is(unicode.Nd, r):
			return syntaxError("domain", "a label has letters, marks, digits and hyphens only")
		}
	}
	return nil
}

// setUTF8: the parameter has no value (RFC 6531 §3.4).
func setUTF8(m *MailParams, p Param) error {
	if p.HasValue {
		return syntaxError("SMTPUTF8", "has no value")
	}
	m.UTF8 = true
	return nil
}
