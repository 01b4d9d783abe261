package trace

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"mailwalk/sim/near"
)

// SelectorError says where a selector is wrong and what to write instead.
type SelectorError struct {
	Selector string
	// Column counts characters from 1.
	Column int
	Text   string
	Remedy string
}

// Error implements error.
func (e *SelectorError) Error() string {
	s := fmt.Sprintf("selector %q, column %d: %s", e.Selector, e.Column, e.Text)
	if e.Remedy != "" {
		s += "; " + e.Remedy
	}
	return s
}

// ParseSelector reads a selector; see [Selector] for its form. Its errors are
// [*SelectorError].
func ParseSelector(text string) (Selector, error) {
	p := selectorParser{text: text}
	s, err := p.parse()
	if err != nil {
		return Selector{}, err
	}
	return s, nil
}

// MustSelector is [ParseSelector] for selectors written in a program: it panics
// when the text is wrong.
func MustSelector(text string) Selector {
	s, err := ParseSelector(text)
	if err != nil {
		panic(err)
	}
	return s
}

// Words of selectors that are no kinds and fields. They are words, and not * and
// #2, because those mean something else to YAML and to shells.
const (
	anyKind  = "any"
	nthField = "nth"
)

type selectorParser struct {
	text string
	pos  int // in octets
}

func (p *selectorParser) fail(at int, remedy, format string, args ...any) error {
	return &SelectorError{
		Selector: p.text,
		Column:   utf8.RuneCountInString(p.text[:at]) + 1,
		Text:     fmt.Sprintf(format, args...),
		Remedy:   remedy,
	}
}

func (p *selectorParser) space() {
	for p.pos < len(p.text) && (p.text[p.pos] == ' ' || p.text[p.pos] == '\t' || p.text[p.pos] == '\n') {
		p.pos++
	}
}

// word takes the characters up to one that is in stop, or a space.
func (p *selectorParser) word(stop string) string {
	from := p.pos
	for p.pos < len(p.text) && !strings.ContainsRune(" \t\n"+stop, rune(p.text[p.pos])) {
		p.pos++
	}
	return p.text[from:p.pos]
}

func (p *selectorParser) parse() (s Selector, err error) {
	p.space()
	if p.pos == len(p.text) {
		return s, p.fail(0, "write what is meant, as in mail.stored host=mail.globex.test", "there is nothing")
	}
	s.given = true
	if err := p.head(&s); err != nil {
		return s, err
	}
	for p.space(); p.pos < len(p.text); p.space() {
		at := p.pos
		if s.nth > 0 {
			return s, p.fail(at, "put the count last", "something stands behind the count")
		}
		if digits, ok := strings.CutPrefix(p.text[at:], nthField+"="); ok {
			p.pos = len(p.text) - len(digits)
			digits = p.word("")
			s.nth, err = strconv.Atoi(digits)
			if err != nil || s.nth < 1 {
				return s, p.fail(at, "write nth=2 for the second time", "%q is no count", digits)
			}
			continue
		}
		c, err := p.condition(&s)
		if err != nil {
			return s, err
		}
		s.conds = append(s.conds, c)
	}
	return s, nil
}

func (p *selectorParser) head(s *Selector) error {
	at := p.pos
	head := p.word("")
	if head == anyKind {
		return nil
	}
	if strings.ContainsAny(head, "=~<>!") {
		return p.fail(at, "put "+anyKind+" in front to look at every kind", "a condition stands where kind.what is to stand")
	}
	kind, what, dotted := strings.Cut(head, ".")
	if !slices.Contains(Kinds(), Kind(kind)) {
		names := []string{anyKind}
		for _, k := range Kinds() {
			names = append(names, string(k))
		}
		return p.fail(at, meant(kind, names), "there is no kind of event %q", kind)
	}
	s.kind = Kind(kind)
	if !dotted {
		return nil
	}
	if steps := Steps(s.kind); steps != nil && !slices.Contains(steps, what) {
		return p.fail(at+len(kind)+1, meant(what, steps), "%s events have no step %q", kind, what)
	}
	if what == "" {
		return p.fail(at+len(kind)+1, "leave the dot out for every step", "there is no step behind the dot")
	}
	s.what = what
	return nil
}

func meant(word string, names []string) string {
	if name := near.Name(word, names); name != "" {
		return "did you mean " + name + "?"
	}
	return "known are " + strings.Join(names, ", ")
}

func (p *selectorParser) condition(s *Selector) (c condition, err error) {
	at := p.pos
	c.field = p.word("=~<>!")
	if strings.HasPrefix(c.field, "#") {
		return c, p.fail(at, "write nth=2 for the second time", "%q is no condition", c.field)
	}
	if c.field == "" {
		return c, p.fail(at, "write a condition as field=value", "a field's name is missing")
	}
	fields, err := p.fields(at, s.kind, c.field)
	if err != nil {
		return c, err
	}
	c.op, err = p.operator(c.field)
	if err != nil {
		return c, err
	}
	valueAt := p.pos
	c.text, c.re, err = p.value(c.op)
	if err != nil {
		return c, err
	}
	c.fields = fields
	return c, p.settle(&c, s.kind, valueAt)
}

// kindsOf are the kinds that a selector is about.
func kindsOf(k Kind) []Kind {
	if k == "" {
		return Kinds()
	}
	return []Kind{k}
}

// fields are all that the name may mean: one for a known kind, one for each kind
// that has it otherwise.
func (p *selectorParser) fields(at int, k Kind, name string) (map[Kind]*field, error) {
	fields := make(map[Kind]*field)
	var names []string
	for _, kind := range kindsOf(k) {
		table := fieldTables()[kind]
		if f := table.find(name); f != nil {
			fields[kind] = f
		}
		for _, n := range table.names() {
			if !slices.Contains(names, n) {
				names = append(names, n)
			}
		}
	}
	if len(fields) > 0 {
		return fields, nil
	}
	of := "events"
	if k != "" {
		of = string(k) + " events"
	}
	return nil, p.fail(at, meant(name, names), "%s have no field %q", of, name)
}

func (p *selectorParser) operator(field string) (operator, error) {
	for _, op := range []operator{opDiffers, opLacks, opAtMost, opAtLeast, opEqual, opContains, opLess, opMore} {
		if strings.HasPrefix(p.text[p.pos:], string(op)) {
			p.pos += len(op)
			return op, nil
		}
	}
	return "", p.fail(p.pos, "write "+field+"=value, without spaces; or !=, ~, !~, <, <=, >, >=", "an operator is missing behind %s", field)
}

func (p *selectorParser) value(op operator) (text string, re *regexp.Regexp, err error) {
	at := p.pos
	rest := p.text[p.pos:]
	switch {
	case strings.HasPrefix(rest, `"`):
		quoted, err := strconv.QuotedPrefix(rest)
		if err != nil {
			return "", nil, p.fail(at, "close it with a double quote", "the quoted value is not finished or has a wrong escape")
		}
		p.pos += len(quoted)
		text, err = strconv.Unquote(quoted)
		if err != nil {
			return "", nil, p.fail(at, "write it as a string of Go", "the quoted value is wrong")
		}
		if p.pos < len(p.text) && !strings.ContainsRune(" \t\n", rune(p.text[p.pos])) {
			return "", nil, p.fail(p.pos, "put a space there", "something stands right behind the closing quote")
		}
		return text, nil, nil
	case strings.HasPrefix(rest, "/") && (op == opContains || op == opLacks):
		end := 1
		for end < len(rest) && rest[end] != '/' {
			if rest[end] == '\\' {
				end++
			}
			end++
		}
		if end >= len(rest) {
			return "", nil, p.fail(at, "close it with a slash", "the regular expression is not finished")
		}
		text = strings.ReplaceAll(rest[1:end], `\/`, "/")
		re, err = regexp.Compile(text)
		if err != nil {
			return "", nil, p.fail(at, "see https://pkg.go.dev/regexp/syntax", "the regular expression is wrong: %v", err)
		}
		p.pos += end + 1
		if p.pos < len(p.text) && !strings.ContainsRune(" \t\n", rune(p.text[p.pos])) {
			return "", nil, p.fail(p.pos, `write \/ for a slash inside`, "something stands right behind the regular expression")
		}
		return text, re, nil
	}
	text = p.word("")
	if text == "" {
		return "", nil, p.fail(at, `write "" for an empty value; no spaces stand around an operator`, "a value is missing")
	}
	return text, nil, nil
}

// settle finds out what the value means for the fields, and refuses a value that
// none of them can have.
func (p *selectorParser) settle(c *condition, k Kind, at int) error {
	if c.op == opContains || c.op == opLacks {
		return nil
	}
	var err error
	for _, kind := range kindsOf(k) {
		f := c.fields[kind]
		if f == nil {
			continue
		}
		n, isNum, wrong := p.number(c, f, at)
		if wrong != nil {
			err = wrong
			continue
		}
		if isNum {
			c.num, c.isNum = n, true
		}
		return nil
	}
	return err
}

func (p *selectorParser) number(c *condition, f *field, at int) (n int64, isNum bool, err error) {
	switch {
	case c.text == "" && !c.op.compares():
		return 0, false, nil
	case isDuration(f.typ):
		d, err := time.ParseDuration(c.text)
		if err != nil {
			return 0, false, p.fail(at, "write it with its unit, as in 15ms or 2m", "%s is a time and %q is none", f.name, c.text)
		}
		return int64(d), true, nil
	case isNumber(f.typ) || c.op.compares():
		n, err := strconv.ParseInt(c.text, 10, 64)
		if err != nil {
			return 0, false, p.fail(at, "", "%s is a number and %q is none", f.name, c.text)
		}
		return n, true, nil
	case elem(f.typ).Kind().String() == "bool" && c.text != "true" && c.text != "false":
		return 0, false, p.fail(at, "", "%s is true or false and not %q", f.name, c.text)
	}
	return 0, false, nil
}
