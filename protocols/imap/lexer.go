package imap

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// SyntaxError says where a command or response left the grammar of RFC 9051 §9.
type SyntaxError struct {
	// Pos is the octet, counted from 0, at which it happened.
	Pos int
	// Want names what the grammar has there.
	Want string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("octet %d: expected %s", e.Pos, e.Want)
}

// lexer reads the tokens of one command or response, one after the other. The
// first error stays: from then on each method does nothing and returns a zero
// value, so that a handler may read in a row what the grammar has in a row, and
// look at the error once.
//
// The text holds whole lines. Where a literal stands, the text has its
// announcement and CRLF, and goes on with what followed the literal; the
// literal's octets are in lits.
type lexer struct {
	text []byte
	lits [][]byte
	pos  int
	err  error
}

func newLexer(text []byte, lits [][]byte) *lexer { return &lexer{text: text, lits: lits} }

func (l *lexer) fail(want string) {
	if l.err == nil {
		l.err = &SyntaxError{Pos: l.pos, Want: want}
	}
}

func (l *lexer) ok() bool { return l.err == nil }

// peek is the next octet, or 0 at the end. NUL is nowhere allowed in text.
func (l *lexer) peek() byte {
	if l.err != nil || l.pos >= len(l.text) {
		return 0
	}
	return l.text[l.pos]
}

func (l *lexer) atEnd() bool { return l.pos >= len(l.text) }

// end expects that nothing is left, and returns the first error of all.
func (l *lexer) end() error {
	if !l.atEnd() {
		l.fail("end of line")
	}
	return l.err
}

// accept skips c if it comes next.
func (l *lexer) accept(c byte) bool {
	if l.peek() != c || c == 0 {
		return false
	}
	l.pos++
	return true
}

func (l *lexer) expect(c byte) {
	if !l.accept(c) {
		l.fail(strconv.QuoteRune(rune(c)))
	}
}

// sp expects exactly one space (RFC 9051 §9, note 2).
func (l *lexer) sp() {
	if !l.accept(' ') {
		l.fail("one space")
	}
}

func (l *lexer) take(is func(byte) bool, want string) string {
	if l.err != nil {
		return ""
	}
	start := l.pos
	for l.pos < len(l.text) && is(l.text[l.pos]) {
		l.pos++
	}
	if l.pos == start {
		l.fail(want)
	}
	return string(l.text[start:l.pos])
}

// isAtomChar is ATOM-CHAR of RFC 9051 §9.
func isAtomChar(c byte) bool {
	return c > ' ' && c < 0x7f && !strings.ContainsRune(`(){%*"\]`, rune(c))
}

func isAStringChar(c byte) bool { return isAtomChar(c) || c == ']' }

func isTagChar(c byte) bool { return isAStringChar(c) && c != '+' }

func isListChar(c byte) bool { return isAStringChar(c) || c == '%' || c == '*' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func (l *lexer) atom() string { return l.take(isAtomChar, "an atom") }

func (l *lexer) tag() string { return l.take(isTagChar, "a tag") }

// word is an atom in upper case: a name that compares without regard to case.
func (l *lexer) word() string { return strings.ToUpper(l.atom()) }

// label is a fetch item's name, which ends where a "[" or "<" begins something.
func (l *lexer) label() string {
	return strings.ToUpper(l.take(func(c byte) bool {
		return isAtomChar(c) && c != '[' && c != '<'
	}, "a data item name"))
}

func (l *lexer) number64() int64 {
	s := l.take(isDigit, "a number")
	if l.err != nil {
		return 0
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		l.fail("a number below 2^63")
	}
	return n
}

func (l *lexer) number() uint32 {
	n := l.number64()
	if n > 1<<32-1 {
		l.fail("a number below 2^32")
		return 0
	}
	return uint32(n)
}

func (l *lexer) nzNumber() uint32 {
	if l.peek() == '0' {
		l.fail("a number without a leading zero")
	}
	n := l.number()
	return n
}

func (l *lexer) astring() string {
	if c := l.peek(); c == '"' || c == '{' {
		return l.str()
	}
	return l.take(isAStringChar, "a string or an atom")
}

// listMailbox is list-mailbox: as astring, with the wildcards.
func (l *lexer) listMailbox() string {
	if c := l.peek(); c == '"' || c == '{' {
		return l.str()
	}
	return l.take(isListChar, "a mailbox pattern")
}

func (l *lexer) str() string {
	switch l.peek() {
	case '"':
		return l.quoted()
	case '{':
		return string(l.literal())
	default:
		l.fail("a string")
		return ""
	}
}

// quoted reads a quoted string. UTF-8 is taken in either revision, as RFC 9051
// §4.3.1 demands; other 8-bit text needs a literal.
func (l *lexer) quoted() string {
	l.expect('"')
	if l.err != nil {
		return ""
	}
	var b []byte
	for ; l.pos < len(l.text); l.pos++ {
		c := l.text[l.pos]
		switch {
		case c == '"':
			l.pos++
			if !utf8.Valid(b) {
				l.fail("UTF-8 in a quoted string")
				return ""
			}
			return string(b)
		case c == '\\':
			l.pos++
			if l.pos >= len(l.text) || (l.text[l.pos] != '"' && l.text[l.pos] != '\\') {
				l.fail(`" or \ after \`)
				return ""
			}
			c = l.text[l.pos]
		case c == '\r' || c == '\n' || c == 0:
			l.fail("a closing quote")
			return ""
		}
		b = append(b, c)
	}
	l.fail("a closing quote")
	return ""
}

// literal returns the octets of a literal, which must not be changed.
func (l *lexer) literal() []byte {
	if l.err != nil {
		return nil
	}
	rest := l.text[l.pos:]
	ann, n, found := cutAnnouncement(rest)
	if !found || len(l.lits) == 0 || int64(len(l.lits[0])) != ann.size {
		l.fail("a literal")
		return nil
	}
	b := l.lits[0]
	l.lits = l.lits[1:]
	l.pos += n
	return b
}

func cutAnnouncement(rest []byte) (announcement, int, bool) {
	for i := 0; i+1 < len(rest) && i < maxAnnouncement; i++ {
		if rest[i] == '\r' && rest[i+1] == '\n' {
			a, at := literalAt(rest[:i])
			return a, i + 2, at == 0
		}
	}
	return announcement{}, 0, false
}

// nstring returns a string, or false for NIL.
func (l *lexer) nstring() (string, bool) {
	switch l.peek() {
	case '"', '{', '~':
		l.accept('~')
		return l.str(), true
	}
	at := l.pos
	if l.word() != "NIL" {
		l.pos = at
		if l.err == nil {
			l.fail("a string or NIL")
		}
	}
	return "", false
}

// list reads a parenthesized list whose members each is read by member, at least
// least of them, which is 0 or 1.
func (l *lexer) list(least int, member func()) {
	l.expect('(')
	if least == 0 && l.accept(')') {
		return
	}
	for l.ok() {
		start := l.pos
		member()
		if l.ok() && l.pos == start {
			l.fail("a list member")
		}
		if l.accept(')') {
			return
		}
		l.sp()
	}
}

// flag reads a flag or keyword.
func (l *lexer) flag() Flag {
	if !l.accept('\\') {
		return Flag(l.take(isAtomChar, "a flag")).canonical()
	}
	if l.accept('*') {
		return FlagWildcard
	}
	return Flag(`\` + l.atom()).canonical()
}

func (l *lexer) flagList() []Flag {
	flags := []Flag{}
	l.list(0, func() { flags = append(flags, l.flag()) })
	return flags
}

// announcement is what a line says at its end of the literal to come.
type announcement struct {
	size    int64
	nonSync bool // RFC 7888 §3
	binary  bool // literal8, RFC 9051 §9
}

// "~{" 19 digits "+}"
const maxAnnouncement = 24

// literalAt finds the announcement of a literal at the end of a line given
// without its CRLF, and where it begins; -1 if there is none.
func literalAt(line []byte) (announcement, int) {
	n := len(line)
	if n < 3 || line[n-1] != '}' {
		return announcement{}, -1
	}
	var a announcement
	i := n - 2
	if line[i] == '+' {
		a.nonSync = true
		i--
	}
	last := i
	for i >= 0 && isDigit(line[i]) && last-i < 19 {
		i--
	}
	if i < 0 || i == last || line[i] != '{' {
		return announcement{}, -1
	}
	size, err := strconv.ParseInt(string(line[i+1:last+1]), 10, 64)
	if err != nil {
		return announcement{}, -1
	}
	a.size = size
	if i > 0 && line[i-1] == '~' {
		a.binary = true
		i--
	}
	return a, i
}
