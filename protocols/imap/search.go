package imap

import (
	"fmt"
	"strings"
	"time"
)

// SearchKey is one condition on a message. Keys that stand side by side must all
// be met.
//
// RFC 9051 §6.4.4; RECENT, NEW and OLD: RFC 3501 §6.4.4
type SearchKey struct {
	// Op is the key's name in upper case, such as "FROM" or "UNSEEN"; "SET" for a
	// set of sequence numbers, and "AND" for a list in parentheses. The fields
	// below are set as the key has arguments.
	Op    string
	Text  string      // BCC BODY CC FROM HEADER SUBJECT TEXT TO
	Field string      // HEADER
	Date  time.Time   // BEFORE ON SINCE SENTBEFORE SENTON SENTSINCE: a day
	Size  int64       // LARGER SMALLER: octets
	Flag  Flag        // KEYWORD UNKEYWORD
	Set   NumSet      // UID SET
	Keys  []SearchKey // NOT (one) OR (two) AND

	// What prepare makes of Text and Set.
	folded   string
	resolved ranges
	byUID    bool
}

const (
	maxSearchDepth = 64
	maxSearchKeys  = 512
)

// searchArg is what a key has behind its name.
type searchArg uint8

const (
	argNone searchArg = iota
	argText
	argHeader
	argDate
	argSize
	argKeyword
	argUID
	argOne
	argTwo
)

// searchArgs has a key's arguments by its name. It is never ranged over.
var searchArgs = map[string]searchArg{
	"ALL": argNone, "ANSWERED": argNone, "DELETED": argNone, "DRAFT": argNone,
	"FLAGGED": argNone, "SEEN": argNone, "UNANSWERED": argNone, "UNDELETED": argNone,
	"UNDRAFT": argNone, "UNFLAGGED": argNone, "UNSEEN": argNone,
	"NEW": argNone, "OLD": argNone, "RECENT": argNone,
	"BCC": argText, "BODY": argText, "CC": argText, "FROM": argText,
	"SUBJECT": argText, "TEXT": argText, "TO": argText,
	"HEADER": argHeader,
	"BEFORE": argDate, "ON": argDate, "SINCE": argDate,
	"SENTBEFORE": argDate, "SENTON": argDate, "SENTSINCE": argDate,
	"LARGER": argSize, "SMALLER": argSize,
	"KEYWORD": argKeyword, "UNKEYWORD": argKeyword,
	"UID": argUID, "NOT": argOne, "OR": argTwo,
}

// searchProgram is what SEARCH is given.
type searchProgram struct {
	returns bool // there was a RETURN
	min     bool
	max     bool
	all     bool
	count   bool
	save    bool
	charset string
	key     SearchKey
}

// searchProgram reads the arguments of SEARCH, with the space before them.
func (l *lexer) searchProgram() searchProgram {
	var p searchProgram
	l.sp()
	if l.wordIs("RETURN") {
		p.returns = true
		l.sp()
		l.list(0, func() {
			at := l.pos
			switch l.word() {
			case "MIN":
				p.min = true
			case "MAX":
				p.max = true
			case "ALL":
				p.all = true
			case "COUNT":
				p.count = true
			case "SAVE":
				p.save = true
			default:
				l.pos = at
				l.fail("a search result option")
			}
		})
		l.sp()
	}
	if l.wordIs("CHARSET") {
		l.sp()
		p.charset = l.astring()
		l.sp()
	}
	p.key = SearchKey{Op: "AND"}
	left := maxSearchKeys
	for l.ok() {
		p.key.Keys = append(p.key.Keys, l.searchKey(0, &left))
		if l.atEnd() {
			break
		}
		l.sp()
	}
	return p
}

// wordIs skips a word if it is the one given.
func (l *lexer) wordIs(word string) bool {
	end := l.pos + len(word)
	if l.err != nil || end >= len(l.text) || l.text[end] != ' ' ||
		!strings.EqualFold(string(l.text[l.pos:end]), word) {
		return false
	}
	l.pos = end
	return true
}

func (l *lexer) searchKey(depth int, left *int) SearchKey {
	if *left--; depth > maxSearchDepth || *left < 0 {
		l.fail("a simpler search")
		return SearchKey{}
	}
	if c := l.peek(); c == '(' {
		k := SearchKey{Op: "AND"}
		l.list(1, func() { k.Keys = append(k.Keys, l.searchKey(depth+1, left)) })
		return k
	} else if isDigit(c) || c == '*' || c == '$' {
		return SearchKey{Op: "SET", Set: l.numSet()}
	}
	at := l.pos
	k := SearchKey{Op: l.word()}
	arg, known := searchArgs[k.Op]
	if !known {
		l.pos = at
		l.fail("a search key")
		return SearchKey{}
	}
	if arg != argNone {
		l.sp()
	}
	switch arg {
	case argText:
		k.Text = l.astring()
	case argHeader:
		k.Field = l.headerName()
		l.sp()
		k.Text = l.astring()
	case argDate:
		k.Date = l.date()
	case argSize:
		k.Size = l.number64()
	case argKeyword:
		k.Flag = Flag(l.atom()).canonical()
	case argUID:
		k.Set = l.numSet()
	case argOne:
		k.Keys = []SearchKey{l.searchKey(depth+1, left)}
	case argTwo:
		a := l.searchKey(depth+1, left)
		l.sp()
		k.Keys = []SearchKey{a, l.searchKey(depth+1, left)}
	}
	return k
}

// ParseSearch reads search keys as they are written in a command, without result
// options and charset. Literals cannot occur.
func ParseSearch(s string) (SearchKey, error) {
	l := newLexer([]byte(" "+s), nil)
	p := l.searchProgram()
	if err := l.end(); err != nil {
		return SearchKey{}, err
	}
	if p.returns || p.charset != "" {
		return SearchKey{}, fmt.Errorf("search %q: more than search keys", s)
	}
	return p.key, nil
}

// write writes the key as in a command.
func (k SearchKey) write(e *encoder) {
	switch k.Op {
	case "SET":
		e.raw(k.Set.String())
		return
	case "AND":
		e.raw("(")
		join(e, k.Keys, func(k SearchKey) { k.write(e) })
		e.raw(")")
		return
	}
	e.raw(k.Op)
	switch searchArgs[k.Op] {
	case argText:
		e.sp().str(k.Text)
	case argHeader:
		e.sp().astring(k.Field).sp().str(k.Text)
	case argDate:
		e.sp().raw(k.Date.Format("2-Jan-2006"))
	case argSize:
		e.sp().number(k.Size)
	case argKeyword:
		e.sp().raw(string(k.Flag))
	case argUID:
		e.sp().raw(k.Set.String())
	case argOne, argTwo:
		for _, sub := range k.Keys {
			e.sp()
			sub.write(e)
		}
	}
}

// check says what of a key cannot be written, so that a client sends no command
// that a server would read otherwise.
func (k SearchKey) check(depth int) error {
	if depth > maxSearchDepth {
		return fmt.Errorf("search key: nested too deep")
	}
	want := 0
	switch k.Op {
	case "SET":
	case "AND":
		if want = len(k.Keys); want == 0 {
			return fmt.Errorf("search key AND: no keys")
		}
	default:
		arg, known := searchArgs[k.Op]
		switch {
		case !known:
			return fmt.Errorf("search key %q: unknown", k.Op)
		case arg == argOne:
			want = 1
		case arg == argTwo:
			want = 2
		case arg == argHeader && !isFieldName(k.Field):
			return fmt.Errorf("search key HEADER: field name %q", k.Field)
		case arg == argKeyword && !isAtom(string(k.Flag)):
			return fmt.Errorf("search key %s: keyword %q", k.Op, k.Flag)
		case arg == argSize && k.Size < 0:
			return fmt.Errorf("search key %s: size %d", k.Op, k.Size)
		case arg == argDate && k.Date.IsZero():
			return fmt.Errorf("search key %s: no date", k.Op)
		}
	}
	if (k.Op == "SET" || k.Op == "UID") && k.Set.String() == "" {
		return fmt.Errorf("search key %s: empty set", k.Op)
	}
	if len(k.Keys) != want {
		return fmt.Errorf("search key %s: %d keys for %d", k.Op, len(k.Keys), want)
	}
	for _, sub := range k.Keys {
		if err := sub.check(depth + 1); err != nil {
			return err
		}
	}
	return nil
}

func isAtom(s string) bool {
	for i := range len(s) {
		if !isAtomChar(s[i]) {
			return false
		}
	}
	return s != ""
}
