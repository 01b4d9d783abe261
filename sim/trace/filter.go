package trace

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Filter picks events by an expression over them. It is what a person types to
// see some steps of a walk and not the others, to find one, and to stop there.
//
//	line.sent verb=RCPT
//	line.sent verb in (MAIL RCPT DATA) and not host=mail.acme.test
//	(packet.dropped or packet analysis~retransmission) at>2s
//	lookup globex.test
//	faults or "try again later"
//
// What a [Selector] says is said in the same way, but for its count: kind.what,
// the kind alone, any, and conditions on fields. They may stand in any order, and
// alone. Besides there are
//
//	A and B, A && B, A B   both hold; or binds less tightly
//	A or B, A || B         one of them holds
//	not A, !A              it does not hold
//	( )                    what belongs together
//	field in (x y z)       the field is equal to one of them
//	faults                 what goes wrong: see [Faults]
//	word, "some words"     what the event says contains it; upper and lower case
//	                       are the same
//	/re/                   what the event says matches a regular expression
//
// Spaces may stand around an operator, and == is =. A value that holds a closing
// parenthesis without an opening one, && or ||, or that begins with = stands in
// double quotes. So does a word that means something else here.
//
// The zero Filter lets every event through.
type Filter struct{ *compiled }

// compiled is a filter as it is read.
type compiled struct {
	root test
	says func(*Event) string
}

// IsZero tells whether the filter lets every event through since nothing was
// asked for.
func (f Filter) IsZero() bool { return f.compiled == nil }

// Match tells whether the filter lets an event through.
func (f Filter) Match(e *Event) bool { return f.compiled == nil || f.root.match(e, f.compiled) }

// Names tells whether the filter lets an event through and asks for its kind by
// name, so that it is wanted however closely one looks otherwise.
func (f Filter) Names(e *Event) bool { return f.compiled != nil && f.root.names(e, f.compiled) }

// String prints the filter so that [ParseFilter] reads it back.
func (f Filter) String() string {
	if f.compiled == nil {
		return ""
	}
	var b strings.Builder
	f.root.print(&b, 0)
	return b.String()
}

// contains tells whether what an event says contains a text in lower case: its
// words, and for a line the line.
func (f *compiled) contains(e *Event, folded string) bool {
	return f.said(e, func(text string) bool { return containsFold(text, folded) })
}

func (f *compiled) said(e *Event, fits func(string) bool) bool {
	if b, ok := e.Body.(*LineBody); ok && fits(b.Text) {
		return true
	}
	return fits(e.Host) || f.says != nil && fits(f.says(e))
}

// containsFold is strings.Contains for a text in lower case, without making
// another of what is searched as long as that is ASCII.
func containsFold(s, folded string) bool {
	if !isASCII(s) || !isASCII(folded) {
		return strings.Contains(strings.ToLower(s), folded)
	}
	n := len(folded)
	for i := 0; i+n <= len(s); i++ {
		j := 0
		for j < n && lowerASCII(s[i+j]) == folded[j] {
			j++
		}
		if j == n {
			return true
		}
	}
	return n == 0
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func lowerASCII(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// test is a part of a filter.
type test interface {
	match(e *Event, f *compiled) bool
	names(e *Event, f *compiled) bool
	// print writes the part, in parentheses when it binds less tightly than outer.
	print(b *strings.Builder, outer int)
}

// How tightly the parts bind.
const (
	looseOr = iota + 1
	tightAnd
	tightNot
)

type (
	// isKind asks for kind.what; the kind is empty for any.
	isKind struct {
		kind Kind
		what string
	}
	isOneOf struct {
		field  string
		values []condition
	}
	// hasWord asks for a text in what the event says.
	hasWord struct{ text, folded string }
	fitsRE  struct{ re *regexp.Regexp }
	isFault struct{}
	noneOf  struct{ of test }
	allOf   []test
	anyOf   []test
)

func (k isKind) match(e *Event, _ *compiled) bool {
	return k.kind == "" || k.kind == e.Kind && (k.what == "" || k.what == e.What)
}

func (k isKind) names(e *Event, f *compiled) bool { return k.kind != "" && k.match(e, f) }

func (k isKind) print(b *strings.Builder, _ int) {
	switch {
	case k.kind == "":
		b.WriteString(anyKind)
	case k.what == "":
		b.WriteString(string(k.kind))
	default:
		b.WriteString(string(k.kind) + "." + k.what)
	}
}

func (c *condition) match(e *Event, _ *compiled) bool { return c.holds(e) }
func (c *condition) names(*Event, *compiled) bool     { return false }
func (c *condition) print(b *strings.Builder, _ int)  { b.WriteString(c.filterString()) }

// filterString prints the condition as it is written in a filter.
func (c *condition) filterString() string {
	if c.re != nil {
		return c.String()
	}
	return c.field + string(c.op) + quoteInFilter(c.text)
}

// quoteInFilter quotes a value where it would end too early, or not.
func quoteInFilter(s string) string {
	if q := quoteValue(s); q != s {
		return q
	}
	if s[0] == '=' || valueEnd(s) < len(s) || strings.Count(s, "(") != strings.Count(s, ")") || strings.Contains(s, ",") {
		return `"` + s + `"`
	}
	return s
}

func (o *isOneOf) match(e *Event, _ *compiled) bool {
	for i := range o.values {
		if o.values[i].holds(e) {
			return true
		}
	}
	return false
}

func (o *isOneOf) names(*Event, *compiled) bool { return false }

func (o *isOneOf) print(b *strings.Builder, _ int) {
	b.WriteString(o.field + " in (")
	for i := range o.values {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(quoteInFilter(o.values[i].text))
	}
	b.WriteByte(')')
}

func (w hasWord) match(e *Event, f *compiled) bool { return f.contains(e, w.folded) }
func (w hasWord) names(*Event, *compiled) bool     { return false }

func (w hasWord) print(b *strings.Builder, _ int) {
	// What is read as a word and nothing else needs no quotes.
	if again, err := ParseFilter(w.text, nil); err == nil && !again.IsZero() && again.root == test(w) && !strings.EqualFold(w.text, inWord) {
		b.WriteString(quoteInFilter(w.text))
		return
	}
	b.WriteString(strconv.Quote(w.text))
}

func (r fitsRE) match(e *Event, f *compiled) bool { return f.said(e, r.re.MatchString) }
func (r fitsRE) names(*Event, *compiled) bool     { return false }

func (r fitsRE) print(b *strings.Builder, _ int) {
	b.WriteString("/" + strings.ReplaceAll(r.re.String(), "/", `\/`) + "/")
}

func (isFault) match(e *Event, f *compiled) bool  { return faults().Match(e) }
func (isFault) names(e *Event, f *compiled) bool  { return faults().Match(e) }
func (isFault) print(b *strings.Builder, _ int)   { b.WriteString(faultsWord) }
func (n noneOf) match(e *Event, f *compiled) bool { return !n.of.match(e, f) }
func (noneOf) names(*Event, *compiled) bool       { return false }
func (n noneOf) print(b *strings.Builder, _ int)  { b.WriteString("not "); n.of.print(b, tightNot) }
func (all allOf) print(b *strings.Builder, o int) { printAll(b, all, " ", tightAnd, o) }
func (any anyOf) print(b *strings.Builder, o int) { printAll(b, any, " or ", looseOr, o) }

func (all allOf) match(e *Event, f *compiled) bool {
	for _, t := range all {
		if !t.match(e, f) {
			return false
		}
	}
	return true
}

func (all allOf) names(e *Event, f *compiled) bool {
	return all.match(e, f) && slices.ContainsFunc(all, func(t test) bool { return t.names(e, f) })
}

func (any anyOf) match(e *Event, f *compiled) bool {
	for _, t := range any {
		if t.match(e, f) {
			return true
		}
	}
	return false
}

func (any anyOf) names(e *Event, f *compiled) bool {
	return slices.ContainsFunc(any, func(t test) bool { return t.names(e, f) })
}

func printAll(b *strings.Builder, tests []test, between string, binds, outer int) {
	if binds <= outer {
		b.WriteByte('(')
		defer b.WriteByte(')')
	}
	for i, t := range tests {
		if i > 0 {
			b.WriteString(between)
		}
		t.print(b, binds)
	}
}

// inWord stands between a field and a list.
const inWord = "in"

// faultsWord is the filter of what goes wrong, as a word of the language.
const faultsWord = "faults"

// FaultsExpression is what the word faults stands for.
const FaultsExpression = `packet.dropped or packet.duplicated or packet.delayed or packet.reordered or packet.corrupted or packet.sent why!=""
	or packet.sent analysis in (retransmission fast-retransmission zero-window)
	or packet.sent proto=ICMP type in (3 11 12) or packet.sent proto=ICMPv6 type<128
	or connection.refused or connection.failed or connection.reset or connection.tls-failed
	or line.dropped or line.delayed or line.held or line.duplicated or line.corrupted or line.replaced or line.answered
	or line.sent code>=400 or line.sent code in (NO BAD -ERR)
	or lookup.timeout or lookup.lame or lookup.server-error or lookup.not-found or lookup.unsolved
	or decision.refuse-recipient or decision.refuse-login or decision.null-mx or decision.retry or decision.give-up or decision.ask-again
	or mail.deferred or mail.bounced or mail.undeliverable or mail.unsent or mail.compared same=false
	or state.host after=down or note.warning`

var faults = sync.OnceValue(func() Filter {
	f, err := ParseFilter(FaultsExpression, nil)
	if err != nil {
		panic(err) // a mistake in this file, which the tests meet
	}
	return f
})

// Faults is the filter of what goes wrong: what is lost, changed, refused, put
// off, sent back, sent again or waited for in vain, and what a walk warns of. See
// [FaultsExpression].
func Faults() Filter { return Filter{&compiled{root: isFault{}}} }
