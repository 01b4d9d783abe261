package trace

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"mailwalk/sim/near"
)

// FilterError says where a filter is wrong and what to write instead.
type FilterError struct {
	Filter string
	// Column counts characters from 1.
	Column int
	Text   string
	Remedy string
}

// Error implements error.
func (e *FilterError) Error() string {
	return fmt.Sprintf("filter %q, %s", e.Filter, e.Words())
}

// Words is the error without the filter, for where that stands already.
func (e *FilterError) Words() string {
	s := fmt.Sprintf("column %d: %s", e.Column, e.Text)
	if e.Remedy != "" {
		s += "; " + e.Remedy
	}
	return s
}

// ParseFilter reads a filter; see [Filter] for its form. The says function tells
// in plain words what an event is, so that words are found there too; without it
// they are looked for in lines and hosts alone. An empty text is the zero Filter.
// Errors are [*FilterError].
func ParseFilter(text string, says func(*Event) string) (Filter, error) {
	p := filterParser{selectorParser: selectorParser{text: text}}
	root, err := p.all()
	switch {
	case err == nil && root == nil:
		return Filter{}, nil
	case err == nil:
		return Filter{&compiled{root, says}}, nil
	}
	var wrong *SelectorError
	if errors.As(err, &wrong) {
		err = &FilterError{Filter: wrong.Selector, Column: wrong.Column, Text: wrong.Text, Remedy: wrong.Remedy}
	}
	return Filter{}, err
}

// deepest is how many parentheses and negations may stand inside each other.
const deepest = 100

type filterParser struct {
	selectorParser
	// kind is the kind that what is read now is about, empty for any.
	kind  Kind
	depth int
}

func (p *filterParser) all() (root test, err error) {
	if p.space(); p.rest() == "" {
		return nil, nil
	}
	if root, err = p.or(); err != nil {
		return nil, err
	}
	if strings.HasPrefix(p.rest(), ")") {
		return nil, p.fail(p.pos, "leave it out, or open one before", "nothing is open that this parenthesis closes")
	}
	return root, nil
}

func (p *filterParser) rest() string { return p.text[p.pos:] }

// takes goes behind one of the signs or words, if it comes next.
func (p *filterParser) takes(sign, word string) bool {
	if strings.HasPrefix(p.rest(), sign) {
		p.pos += len(sign)
		p.space()
		return true
	}
	return p.takesWord(word)
}

func (p *filterParser) takesWord(word string) bool {
	rest := p.rest()
	if len(rest) < len(word) || !strings.EqualFold(rest[:len(word)], word) {
		return false
	}
	if behind := rest[len(word):]; behind != "" && !strings.ContainsRune(" \t\n(!", rune(behind[0])) {
		return false
	}
	// A word that an operator follows is a field.
	at := p.pos
	p.pos += len(word)
	p.space()
	if p.comparing() {
		p.pos = at
		return false
	}
	return true
}

// comparing tells whether an operator comes next.
func (p *filterParser) comparing() bool {
	rest := p.rest()
	if rest == "" {
		return false
	}
	if rest[0] == '!' {
		return len(rest) > 1 && (rest[1] == '=' || rest[1] == '~')
	}
	return strings.ContainsRune("=~<>", rune(rest[0]))
}

func (p *filterParser) or() (test, error) {
	kind := p.kind
	var tests anyOf
	for {
		p.kind = kind
		t, err := p.and()
		if err != nil {
			return nil, err
		}
		if inner, ok := t.(anyOf); ok {
			tests = append(tests, inner...)
		} else {
			tests = append(tests, t)
		}
		if !p.takes("||", "or") {
			break
		}
	}
	p.kind = kind
	if len(tests) == 1 {
		return tests[0], nil
	}
	return tests, nil
}

func (p *filterParser) and() (test, error) {
	var tests allOf
	for {
		t, err := p.not()
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case allOf:
			tests = append(tests, t...)
			for _, inner := range t {
				if k, ok := inner.(isKind); ok {
					p.kind = k.kind
				}
			}
		case isKind:
			p.kind = t.kind
			tests = append(tests, t)
		default:
			tests = append(tests, t)
		}
		if p.takes("&&", "and") {
			continue
		}
		if rest := p.rest(); rest == "" || rest[0] == ')' || strings.HasPrefix(rest, "||") || p.ahead("or") {
			break
		}
	}
	if len(tests) == 1 {
		return tests[0], nil
	}
	return tests, nil
}

// ahead tells whether a word comes next.
func (p *filterParser) ahead(word string) bool {
	at := p.pos
	found := p.takesWord(word)
	p.pos = at
	return found
}

func (p *filterParser) not() (test, error) {
	at := p.pos
	if !p.takes("!", "not") {
		return p.one()
	}
	if p.depth++; p.depth > deepest {
		return nil, p.fail(at, "", "too much stands inside of something else")
	}
	defer func() { p.depth-- }()
	kind := p.kind
	t, err := p.not()
	p.kind = kind
	if err != nil {
		return nil, err
	}
	return noneOf{t}, nil
}

// one reads what stands between the operators of logic.
func (p *filterParser) one() (t test, err error) {
	at, rest := p.pos, p.rest()
	switch {
	case rest == "":
		return nil, p.fail(at, "write what is meant, as in host=mail.globex.test", "something is missing at the end")
	case rest[0] == '(':
		return p.parenthesis()
	case rest[0] == ')' || strings.HasPrefix(rest, "||") || strings.HasPrefix(rest, "&&") || p.ahead("or") || p.ahead("and"):
		return nil, p.fail(at, "write what is meant, as in host=mail.globex.test; a word that is searched for stands in double quotes", "something is missing here")
	case rest[0] == '"':
		text, err := p.quoted()
		if err != nil {
			return nil, err
		}
		t = word(text)
	case rest[0] == '/':
		re, err := p.regexp()
		if err != nil {
			return nil, err
		}
		t = fitsRE{re}
	case p.comparing():
		return nil, p.fail(at, "write a condition as field=value; put a text that is searched for in double quotes", "a field's name is missing")
	default:
		if t, err = p.named(); err != nil {
			return nil, err
		}
	}
	p.space()
	return t, nil
}

func word(text string) test { return hasWord{text, strings.ToLower(text)} }

func (p *filterParser) parenthesis() (test, error) {
	at := p.pos
	if p.depth++; p.depth > deepest {
		return nil, p.fail(at, "", "too much stands inside of something else")
	}
	defer func() { p.depth-- }()
	p.pos++
	p.space()
	t, err := p.or()
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(p.rest(), ")") {
		return nil, p.fail(at, "close it with )", "this parenthesis is not closed")
	}
	p.pos++
	p.space()
	return t, nil
}

// named reads a condition, a list, kind.what, or a word.
func (p *filterParser) named() (test, error) {
	at := p.pos
	name := p.text[at : at+nameEnd(p.rest())]
	p.pos += len(name)
	behind := p.pos
	p.space()
	if p.comparing() {
		return p.conditionOn(at, name)
	}
	if p.takesWord(inWord) && strings.HasPrefix(p.rest(), "(") {
		return p.list(at, name)
	}
	p.pos = behind
	switch {
	case name == anyKind:
		return isKind{}, nil
	case name == faultsWord:
		return isFault{}, nil
	}
	kind, what, dotted := strings.Cut(name, ".")
	steps := Steps(Kind(kind))
	switch known := slices.Contains(Kinds(), Kind(kind)); {
	case known && (!dotted || what != "" && steps == nil || slices.Contains(steps, what)):
		return isKind{Kind(kind), what}, nil
	case known && what == "":
		return nil, p.fail(at+len(kind)+1, "leave the dot out for every step", "there is no step behind the dot")
	case known && !strings.Contains(what, "."):
		return nil, p.fail(at+len(kind)+1, meant(what, steps), "%s events have no step %q", kind, what)
	case !known && dotted && isStep(what):
		if meant := near.Name(kind, kindNames()); meant != "" {
			return nil, p.fail(at, "did you mean "+meant+"."+what+"?", "there is no kind of event %q", kind)
		}
	}
	return word(name), nil
}

func kindNames() []string {
	names := make([]string, 0, len(Kinds()))
	for _, k := range Kinds() {
		names = append(names, string(k))
	}
	return names
}

func isStep(what string) bool {
	return slices.ContainsFunc(Kinds(), func(k Kind) bool { return slices.Contains(Steps(k), what) })
}

// nameEnd is where a name or a word ends: before a space, an operator, && or ||,
// or a parenthesis that belongs to what is around it.
func nameEnd(s string) int {
	end := valueEnd(s)
	if i := strings.IndexAny(s[:end], "=~<>"); i >= 0 {
		end = i
		if i > 0 && s[i-1] == '!' {
			end--
		}
	}
	// What is no name at all is a word of one character.
	if end == 0 {
		_, end = utf8.DecodeRuneInString(s)
	}
	return end
}

// valueEnd is where a value ends that is not quoted.
func valueEnd(s string) int {
	open := 0
	for i, c := range s {
		switch {
		case c == ' ', c == '\t', c == '\n', strings.HasPrefix(s[i:], "&&"), strings.HasPrefix(s[i:], "||"):
			return i
		case c == '(':
			open++
		case c == ')':
			if open--; open < 0 {
				return i
			}
		}
	}
	return len(s)
}

func (p *filterParser) conditionOn(at int, name string) (test, error) {
	if name == nthField {
		return nil, p.fail(at, "leave it out", "a filter does not count")
	}
	c := &condition{field: name}
	var err error
	if c.fields, err = p.fields(at, p.kind, name); err != nil {
		return nil, err
	}
	if c.op, err = p.operator(name); err != nil {
		return nil, err
	}
	if c.op == opEqual && strings.HasPrefix(p.rest(), "=") {
		p.pos++
	}
	p.space()
	valueAt := p.pos
	if strings.HasPrefix(p.rest(), "/") && (c.op == opContains || c.op == opLacks) {
		if c.re, err = p.regexp(); err != nil {
			return nil, err
		}
		c.text = c.re.String()
		return c, nil
	}
	if c.text, err = p.filterValue(""); err != nil {
		return nil, err
	}
	return c, p.settle(c, p.kind, valueAt)
}

// list reads the values of "field in (x y)", with or without commas.
func (p *filterParser) list(at int, name string) (test, error) {
	fields, err := p.fields(at, p.kind, name)
	if err != nil {
		return nil, err
	}
	open := p.pos
	p.pos++
	list := &isOneOf{field: name}
	for {
		p.space()
		switch rest := p.rest(); {
		case rest == "":
			return nil, p.fail(open, "close it with )", "this list is not closed")
		case rest[0] == ',':
			p.pos++
			continue
		case rest[0] == ')':
			p.pos++
			if len(list.values) == 0 {
				return nil, p.fail(open, "write "+name+" in (x y)", "nothing stands in this list")
			}
			return list, nil
		}
		valueAt := p.pos
		text, err := p.filterValue(",")
		if err != nil {
			return nil, err
		}
		c := condition{field: name, op: opEqual, text: text, fields: fields}
		if err := p.settle(&c, p.kind, valueAt); err != nil {
			return nil, err
		}
		list.values = append(list.values, c)
	}
}

// filterValue reads a value; one that is not quoted ends before a character of
// stop too.
func (p *filterParser) filterValue(stop string) (string, error) {
	rest := p.rest()
	if strings.HasPrefix(rest, `"`) {
		return p.quoted()
	}
	end := valueEnd(rest)
	if i := strings.IndexAny(rest[:end], stop); i >= 0 {
		end = i
	}
	if end == 0 {
		return "", p.fail(p.pos, `write "" for an empty value`, "a value is missing")
	}
	p.pos += end
	return rest[:end], nil
}

// quoted reads a text in double quotes.
func (p *filterParser) quoted() (string, error) {
	at := p.pos
	q, err := strconv.QuotedPrefix(p.rest())
	if err != nil {
		return "", p.fail(at, "close it with a double quote", "the quoted text is not finished or has a wrong escape")
	}
	text, err := strconv.Unquote(q)
	if err != nil {
		return "", p.fail(at, "write it as a string of Go", "the quoted text is wrong")
	}
	p.pos += len(q)
	return text, p.ends("closing quote")
}

// regexp reads a regular expression between slashes.
func (p *filterParser) regexp() (*regexp.Regexp, error) {
	at, rest := p.pos, p.rest()
	end := 1
	for end < len(rest) && rest[end] != '/' {
		if rest[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(rest) {
		return nil, p.fail(at, "close it with a slash; put a text that begins with one in double quotes", "the regular expression is not finished")
	}
	re, err := regexp.Compile(strings.ReplaceAll(rest[1:end], `\/`, "/"))
	if err != nil {
		return nil, p.fail(at, "see https://pkg.go.dev/regexp/syntax", "the regular expression is wrong: %v", err)
	}
	p.pos += end + 1
	return re, p.ends("regular expression")
}

// ends tells that nothing stands right behind something that has an end.
func (p *filterParser) ends(what string) error {
	rest := p.rest()
	if rest == "" || strings.ContainsRune(" \t\n),&|", rune(rest[0])) {
		return nil
	}
	c, _ := utf8.DecodeRuneInString(rest)
	if unicode.IsPrint(c) {
		return p.fail(p.pos, "put a space there", "%q stands right behind the %s", c, what)
	}
	return p.fail(p.pos, "put a space there", "something stands right behind the %s", what)
}
