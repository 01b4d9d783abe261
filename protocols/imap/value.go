package imap

import "strings"

// value is data of any form that a server may send: an atom or number, a string,
// NIL, or a list of such.
//
// RFC 9051 §4
type value struct {
	text   string
	quoted bool // text is a string; else an atom, NIL among them
	list   []value
	isList bool
}

const (
	maxValueDepth = 2*maxMIMEDepth + 8
	maxValues     = 100_000
)

// value reads data of any form.
func (l *lexer) value() value {
	left := maxValues
	return l.valueAt(0, &left)
}

func (l *lexer) valueAt(depth int, left *int) value {
	if *left--; depth > maxValueDepth || *left < 0 {
		l.fail("simpler data")
		return value{}
	}
	switch l.peek() {
	case '(':
		v := value{isList: true}
		l.expect('(')
		for l.ok() && !l.accept(')') {
			// Body parts of a multipart stand side by side without a space.
			if len(v.list) > 0 && l.peek() != '(' {
				l.sp()
			} else {
				l.accept(' ')
			}
			v.list = append(v.list, l.valueAt(depth+1, left))
		}
		return v
	case '"', '{', '~':
		s, _ := l.nstring()
		return value{text: s, quoted: true}
	default:
		return value{text: l.take(func(c byte) bool {
			return isAStringChar(c) || c == '\\' || c == '*' || c == '%'
		}, "data")}
	}
}

// isNil tells whether the value is NIL.
func (v value) isNil() bool { return !v.quoted && !v.isList && strings.EqualFold(v.text, "NIL") }

// str is a string's text, empty for NIL.
func (v value) str() string {
	if v.isNil() || v.isList {
		return ""
	}
	return v.text
}

// String writes the value on one line: literals become quoted strings, and what a
// quoted string cannot hold is replaced by "?".
func (v value) String() string {
	var b strings.Builder
	v.write(&b)
	return b.String()
}

func (v value) write(b *strings.Builder) {
	switch {
	case v.isList:
		b.WriteByte('(')
		for i, m := range v.list {
			if i > 0 && (!m.isList || !v.list[i-1].isList) {
				b.WriteByte(' ')
			}
			m.write(b)
		}
		b.WriteByte(')')
	case v.quoted:
		e := encoder{}
		e.quoted(strings.Map(func(r rune) rune {
			if r == '\r' || r == '\n' || r == 0 {
				return '?'
			}
			return r
		}, v.text))
		b.Write(e.text)
	default:
		b.WriteString(v.text)
	}
}
