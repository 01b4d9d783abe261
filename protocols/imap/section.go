package imap

import (
	"strconv"
	"strings"
)

// Section names a part of a message, as it stands in BODY[…]. The zero Section is
// the whole message.
//
// RFC 9051 §6.4.5.1
type Section struct {
	// Path holds part numbers from the outside in, each from 1.
	Path []uint32
	// Text says what of the part is meant.
	Text SectionText
	// Fields are the names for HEADER.FIELDS and HEADER.FIELDS.NOT.
	Fields []string
	// Partial asks for a range of octets, or is nil for all.
	Partial *Partial
}

// SectionText is the last, non-numeric part specifier of a section.
type SectionText string

// The part specifiers. WholePart is none: the body of the part that the numbers
// name, or without numbers the message with its header.
const (
	WholePart           SectionText = ""
	SectionHeader       SectionText = "HEADER"
	SectionHeaderFields SectionText = "HEADER.FIELDS"
	SectionHeaderNot    SectionText = "HEADER.FIELDS.NOT"
	SectionBodyText     SectionText = "TEXT"
	SectionMIME         SectionText = "MIME"
)

// Partial is a range of octets of a section.
type Partial struct {
	Offset int64 // of the first octet, from 0
	Count  int64 // at most so many octets; more than 0
}

// maxPath bounds a section's numbers: nothing lies deeper in a parsed message.
const maxPath = 2 * maxMIMEDepth

// ParseSection reads a section as it stands between the brackets.
func ParseSection(s string) (Section, error) {
	l := newLexer([]byte("["+s+"]"), nil)
	sec := l.section()
	return sec, l.end()
}

// String is the section as it stands between the brackets, without its range.
func (s Section) String() string {
	e := &encoder{}
	s.write(e)
	return string(e.text)
}

func (s Section) write(e *encoder) {
	for i, n := range s.Path {
		if i > 0 {
			e.raw(".")
		}
		e.number(int64(n))
	}
	if s.Text == WholePart {
		return
	}
	if len(s.Path) > 0 {
		e.raw(".")
	}
	e.raw(string(s.Text))
	if s.Text == SectionHeaderFields || s.Text == SectionHeaderNot {
		e.raw(" (")
		join(e, s.Fields, func(name string) { e.astring(name) })
		e.raw(")")
	}
}

func (s Section) partial() string {
	if s.Partial == nil {
		return ""
	}
	return "<" + strconv.FormatInt(s.Partial.Offset, 10) + "." + strconv.FormatInt(s.Partial.Count, 10) + ">"
}

// section reads a section with its brackets.
func (l *lexer) section() Section {
	var s Section
	l.expect('[')
	if l.accept(']') {
		return s
	}
	for isDigit(l.peek()) {
		s.Path = append(s.Path, l.nzNumber())
		if len(s.Path) > maxPath {
			l.fail("fewer part numbers")
		}
		if !l.accept('.') {
			l.expect(']')
			return s
		}
	}
	at := l.pos
	s.Text = SectionText(strings.ToUpper(l.take(isSectionChar, "a part specifier")))
	switch s.Text {
	case SectionHeader, SectionBodyText:
	case SectionMIME:
		if len(s.Path) == 0 {
			l.pos = at
			l.fail("a part number before MIME")
		}
	case SectionHeaderFields, SectionHeaderNot:
		l.sp()
		l.list(1, func() { s.Fields = append(s.Fields, l.headerName()) })
	default:
		l.pos = at
		l.fail("a part specifier")
	}
	l.expect(']')
	return s
}

func isSectionChar(c byte) bool { return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || c == '.' }

func (l *lexer) headerName() string {
	at := l.pos
	name := l.astring()
	if l.ok() && !isFieldName(name) {
		l.pos = at
		l.fail("a header field name")
	}
	return name
}

// partial reads a range, if one follows.
func (l *lexer) partial() *Partial {
	if !l.accept('<') {
		return nil
	}
	p := &Partial{Offset: l.number64()}
	l.expect('.')
	if l.peek() == '0' {
		l.fail("a number of octets above 0")
	}
	p.Count = l.number64()
	l.expect('>')
	return p
}

// cut returns the range of b; beyond its end it is empty.
func (p *Partial) cut(b []byte) []byte {
	if p == nil {
		return b
	}
	b = b[min(p.Offset, int64(len(b))):]
	return b[:min(p.Count, int64(len(b)))]
}

// find follows the part numbers. whole says that the part stands for a message,
// not for the body of one: "1" of a message that is no multipart is that message's
// own body, so the same part is found for both.
func (p *part) find(path []uint32) (found *part, whole bool) {
	whole = true
	for _, n := range path {
		if !whole && p.message != nil {
			p, whole = p.message, true
		}
		switch {
		case p.multipart():
			if int64(n) > int64(len(p.children)) {
				return nil, false
			}
			p, whole = p.children[n-1], false
		case whole && n == 1:
			whole = false
		default:
			return nil, false
		}
	}
	return p, whole
}

// extract returns the octets of a section, range applied; false if the message
// has no such section.
func (s Section) extract(content []byte, root *part) ([]byte, bool) {
	b, found := s.find(content, root)
	if !found {
		return nil, false
	}
	return s.Partial.cut(b), true
}

func (s Section) find(content []byte, root *part) ([]byte, bool) {
	p, whole := root.find(s.Path)
	if p == nil {
		return nil, false
	}
	switch s.Text {
	case WholePart:
		if len(s.Path) == 0 {
			return content, true
		}
		return p.body, true
	case SectionMIME:
		return p.header, true
	}
	// The rest is of a message: the outermost, or one that a part encloses.
	if !whole {
		if p = p.message; p == nil {
			return nil, false
		}
	}
	switch s.Text {
	case SectionHeader:
		return p.header, true
	case SectionBodyText:
		return p.body, true
	case SectionHeaderFields:
		return selectFields(p.header, s.Fields, false), true
	case SectionHeaderNot:
		return selectFields(p.header, s.Fields, true), true
	default:
		return nil, false
	}
}
