package imap

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// encoder writes one response or command: lines of text, and literals between
// them. It knows which form a string needs.
type encoder struct {
	// utf8 allows UTF-8 in quoted strings and raw in mailbox names: the rule of
	// IMAP4rev2 (RFC 9051 §4.3, §A).
	utf8   bool
	pieces []piece
	text   []byte
}

// piece is a line of text, and the literal that the end of it announces.
type piece struct {
	text []byte
	lit  []byte
	has  bool
	mail bool // the literal is a mail's content
}

func (e *encoder) raw(s string) *encoder {
	e.text = append(e.text, s...)
	return e
}

func (e *encoder) sp() *encoder { return e.raw(" ") }

func (e *encoder) number(n int64) *encoder {
	e.text = strconv.AppendInt(e.text, n, 10)
	return e
}

// longestQuoted is what a string may have at most to be quoted; above, a line
// would become one that the peer may find too long.
const longestQuoted = 1000

func (e *encoder) quotable(s string) bool {
	if len(s) > longestQuoted {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\r' || c == '\n' || c == 0:
			return false
		case c >= utf8.RuneSelf && !e.utf8:
			return false
		}
	}
	return !e.utf8 || utf8.ValidString(s)
}

// str writes a string, quoted where that can be.
func (e *encoder) str(s string) *encoder {
	if !e.quotable(s) {
		return e.literal([]byte(s))
	}
	return e.quoted(s)
}

func (e *encoder) quoted(s string) *encoder {
	e.text = append(e.text, '"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			e.text = append(e.text, '\\')
		}
		e.text = append(e.text, s[i])
	}
	e.text = append(e.text, '"')
	return e
}

func (e *encoder) nilOr(s string, present bool) *encoder {
	if !present {
		return e.raw("NIL")
	}
	return e.str(s)
}

// astring writes an atom where that can be, and else a string.
func (e *encoder) astring(s string) *encoder {
	for i := range len(s) {
		if !isAStringChar(s[i]) {
			return e.str(s)
		}
	}
	if s == "" {
		return e.str(s)
	}
	return e.raw(s)
}

// mailbox writes the name of a mailbox, given in UTF-8.
func (e *encoder) mailbox(name string) *encoder {
	if !e.utf8 {
		name = encodeUTF7(name)
	}
	// An atom "NIL" would be a name, but invites mistakes (RFC 9051 §4.5).
	if len(name) == 3 && bytes.EqualFold([]byte(name), []byte("NIL")) {
		return e.quoted(name)
	}
	return e.astring(name)
}

// literal writes b as a literal. The caller must not change b before the
// response is written.
func (e *encoder) literal(b []byte) *encoder { return e.announce("", b) }

// literal8 writes b as a literal that may hold NUL, where the grammar has one.
func (e *encoder) literal8(b []byte) *encoder { return e.announce("~", b) }

// message writes a mail's content as a literal.
func (e *encoder) message(b []byte) *encoder {
	e.literal(b)
	e.pieces[len(e.pieces)-1].mail = true
	return e
}

func (e *encoder) announce(before string, b []byte) *encoder {
	e.raw(before + "{" + strconv.Itoa(len(b)) + "}")
	e.pieces = append(e.pieces, piece{text: e.text, lit: b, has: true})
	e.text = nil
	return e
}

// join writes members with single spaces between them.
func join[T any](e *encoder, members []T, write func(T)) *encoder {
	for i, m := range members {
		if i > 0 {
			e.sp()
		}
		write(m)
	}
	return e
}

func (e *encoder) flags(flags []Flag) *encoder {
	e.raw("(")
	join(e, flags, func(f Flag) { e.raw(string(f)) })
	return e.raw(")")
}

// done returns the pieces. The last has no literal.
func (e *encoder) done() []piece {
	return append(e.pieces, piece{text: e.text})
}
