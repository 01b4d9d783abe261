package imap

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Inbox is the mailbox that each user has. Its name is the only one that compares
// without regard to case.
//
// RFC 9051 §5.1
const Inbox = "INBOX"

// delimiter stands between levels of hierarchy in a name (RFC 9051 §5.1.1).
const delimiter = "/"

// mailbox reads a mailbox name and gives it in UTF-8.
func (l *lexer) mailbox(utf8 bool) string {
	at := l.pos
	name := l.astring()
	name = l.mailboxName(name, utf8, at)
	if strings.EqualFold(name, Inbox) {
		return Inbox
	}
	return name
}

// mailboxName decodes a name or pattern: UTF-8 in IMAP4rev2, modified UTF-7 in
// IMAP4rev1.
func (l *lexer) mailboxName(name string, isUTF8 bool, at int) string {
	if l.err != nil {
		return ""
	}
	if isUTF8 {
		if !utf8.ValidString(name) {
			l.pos = at
			l.fail("a mailbox name in UTF-8")
			return ""
		}
		return name
	}
	decoded, err := decodeUTF7(name)
	if err != nil {
		l.pos = at
		l.fail("a mailbox name in modified UTF-7")
		return ""
	}
	return decoded
}

// maxMailboxName bounds a name that is to be made, in octets of UTF-8.
const maxMailboxName = 255

// badName says what keeps a name from being given to a mailbox; empty for nothing.
//
// RFC 9051 §5.1: what is not Net-Unicode (RFC 5198 §2) must be refused.
func badName(name string) string {
	switch {
	case len(name) > maxMailboxName:
		return "Name too long"
	case strings.ContainsFunc(name, unicode.IsControl):
		return "Name has control characters"
	case !norm.NFC.IsNormalString(name):
		return "Name is not in Unicode normalization form C"
	case strings.ContainsAny(name, "%*"):
		return "Name has wildcards of LIST" // RFC 9051 §5.1, item 3
	}
	for level := range strings.SplitSeq(name, delimiter) {
		if level == "" {
			return "Name has an empty level"
		}
	}
	return ""
}

// parents returns the names above a name, from the top.
func parents(name string) []string {
	var out []string
	for i := range len(name) {
		if name[i] == delimiter[0] && i > 0 {
			out = append(out, name[:i])
		}
	}
	return out
}

// maxPattern bounds a LIST pattern; a longer one matches nothing.
const maxPattern = 1024

// matchPattern tells whether a name matches a LIST pattern: "*" is any characters,
// "%" any but the delimiter.
//
// RFC 9051 §6.3.9
func matchPattern(pattern, name string) bool {
	if len(pattern) > maxPattern {
		return false
	}
	if name == Inbox {
		pattern = strings.ToUpper(pattern)
	}
	// at[i] says that pattern[:i] matches what of the name was read.
	at := make([]bool, len(pattern)+1)
	next := make([]bool, len(pattern)+1)
	spread := func(set []bool) {
		for i := range len(pattern) {
			if set[i] && (pattern[i] == '*' || pattern[i] == '%') {
				set[i+1] = true
			}
		}
	}
	at[0] = true
	spread(at)
	for k := range len(name) {
		clear(next)
		alive := false
		for i := range len(pattern) {
			if !at[i] {
				continue
			}
			switch c := pattern[i]; {
			case c == '*', c == '%' && name[k] != delimiter[0]:
				next[i], alive = true, true
			case c != '%' && c == name[k]:
				next[i+1], alive = true, true
			}
		}
		if !alive {
			return false
		}
		spread(next)
		at, next = next, at
	}
	return at[len(pattern)]
}
