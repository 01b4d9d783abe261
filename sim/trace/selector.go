package trace

import (
	"iter"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Selector picks events: by kind and step, and by conditions on fields. It is
// what a walk ties its acts, notes and expectations to, and what a learner
// filters and stops by.
//
//	mail.stored host=mail.globex.test
//	lookup.referral zone=test.
//	line.sent verb=RCPT code=250 nth=2
//	packet dstPort=25 flags~S
//	any host=bob-laptop at>2s
//
// First comes kind.what; the kind alone takes every step of it, and any takes
// every event. A condition is a field, an operator and a value. The fields are
// the JSON names of [Event], [IDs] and the kind's body; a field inside another
// is reached by its own name, or with a dot where that is not unique:
// flags or head.flags, records.type. The operators are
//
//	=  !=      the same text, or not
//	~  !~      contains the text, or not; ~/re/ matches a regular expression
//	<  <= > >= a smaller or larger number, or time: code>=500, at<15m
//
// A value with spaces, or that begins with a quote or a slash, stands in double
// quotes, as in Go. A list satisfies a condition when one of its elements does;
// != and !~ hold when = and ~ do not. A field that is empty counts as the empty
// text, and is neither smaller nor larger than anything. nth=2 at the end means
// the second such event.
//
// The zero Selector picks nothing.
type Selector struct {
	kind  Kind // "" for any
	what  string
	conds []condition
	nth   int
	given bool
}

type condition struct {
	field string
	op    operator
	text  string
	re    *regexp.Regexp // for ~/re/
	num   int64          // for the comparisons, and for = on numbers and times
	isNum bool
	// fields is what the name means for each kind that has it.
	fields map[Kind]*field
}

type operator string

const (
	opEqual    operator = "="
	opDiffers  operator = "!="
	opContains operator = "~"
	opLacks    operator = "!~"
	opLess     operator = "<"
	opAtMost   operator = "<="
	opMore     operator = ">"
	opAtLeast  operator = ">="
)

func (o operator) compares() bool {
	return o == opLess || o == opAtMost || o == opMore || o == opAtLeast
}

// IsZero tells whether nothing was asked for.
func (s Selector) IsZero() bool { return !s.given }

// Kind is the kind that is asked for, empty when any will do.
func (s Selector) Kind() Kind { return s.kind }

// Nth is which of the matching events is meant, counted from 1; 1 when nothing
// was said.
func (s Selector) Nth() int { return max(1, s.nth) }

// Counted tells whether the selector says which of the matching events is meant.
func (s Selector) Counted() bool { return s.nth > 0 }

// Step is the step of the kind that the selector asks for, empty for any.
func (s Selector) Step() string { return s.what }

// Uses tells whether the selector has a condition on a field.
func (s Selector) Uses(field string) bool {
	return slices.ContainsFunc(s.conds, func(c condition) bool { return c.field == field })
}

// Wants is the value that a field must be equal to, when the selector has such a
// condition.
func (s Selector) Wants(field string) (value string, ok bool) {
	for i := range s.conds {
		if c := &s.conds[i]; c.field == field && c.op == opEqual {
			return c.text, true
		}
	}
	return "", false
}

// String prints the selector so that [ParseSelector] reads it back.
func (s Selector) String() string {
	if !s.given {
		return ""
	}
	var b strings.Builder
	switch {
	case s.kind == "":
		b.WriteString(anyKind)
	case s.what == "":
		b.WriteString(string(s.kind))
	default:
		b.WriteString(string(s.kind) + "." + s.what)
	}
	for i := range s.conds {
		b.WriteByte(' ')
		b.WriteString(s.conds[i].String())
	}
	if s.nth > 0 {
		b.WriteString(" nth=" + strconv.Itoa(s.nth))
	}
	return b.String()
}

// String prints the condition as it is written in a selector.
func (c *condition) String() string {
	if c.re != nil {
		return c.field + string(c.op) + "/" + strings.ReplaceAll(c.text, "/", `\/`) + "/"
	}
	return c.field + string(c.op) + quoteValue(c.text)
}

func quoteValue(s string) string {
	if s == "" || s[0] == '/' || s[0] == '"' || strconv.Quote(s) != `"`+s+`"` || strings.ContainsAny(s, " ") {
		return strconv.Quote(s)
	}
	return s
}

// MarshalText implements encoding.TextMarshaler.
func (s Selector) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler; it takes what
// [ParseSelector] takes, and the empty text.
func (s *Selector) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*s = Selector{}
		return nil
	}
	parsed, err := ParseSelector(string(text))
	if err != nil {
		return err
	}
	*s = parsed
	return nil
}

// Match tells whether the event is one of those asked for; the count is not
// looked at, see [Selector.Nth].
func (s Selector) Match(e *Event) bool {
	if !s.picksKind(e) || s.what != "" && s.what != e.What {
		return false
	}
	for i := range s.conds {
		if !s.conds[i].holds(e) {
			return false
		}
	}
	return true
}

func (s Selector) picksKind(e *Event) bool {
	return s.given && (s.kind == "" || s.kind == e.Kind)
}

// Nearest finds the event that comes closest to matching: of the kind asked
// for, the first of those that satisfy the most conditions, the step being one.
// missed says in plain words what it lacks; it is empty when the event matches.
// Without an event of the kind the event is nil and missed says so.
func (s Selector) Nearest(events iter.Seq[*Event]) (nearest *Event, missed string) {
	best := -1
	for e := range events {
		if !s.picksKind(e) {
			continue
		}
		score := 0
		if s.what == "" || s.what == e.What {
			// The step weighs most: an answer is nearer to an answer than a query
			// with the right name is.
			score = 2
		}
		for i := range s.conds {
			if s.conds[i].holds(e) {
				score++
			}
		}
		if score > best {
			nearest, best = e, score
		}
	}
	if nearest == nil {
		if s.kind == "" {
			return nil, "nothing happened at all"
		}
		return nil, "no " + string(s.kind) + " event happened"
	}
	return nearest, s.missed(nearest)
}

func (s Selector) missed(e *Event) string {
	var lacks []string
	if s.what != "" && s.what != e.What {
		lacks = append(lacks, "it is "+string(e.Kind)+"."+e.What+", not "+string(s.kind)+"."+s.what)
	}
	for i := range s.conds {
		if c := &s.conds[i]; !c.holds(e) {
			lacks = append(lacks, c.lack(e))
		}
	}
	return strings.Join(lacks, "; ")
}

// lack says how the event fails the condition.
func (c *condition) lack(e *Event) string {
	f := c.fields[e.Kind]
	if f == nil {
		return "it has no " + c.field
	}
	var texts []string
	f.each(e, func(v value) bool {
		texts = append(texts, quoteValue(v.text()))
		return false
	})
	is := "empty"
	if texts != nil {
		is = strings.Join(texts, ", ")
	}
	return c.field + " is " + is + ", not " + c.wanted()
}

func (c *condition) wanted() string {
	switch text := quoteValue(c.text); c.op {
	case opEqual:
		return text
	case opDiffers:
		return "something other than " + text
	case opContains:
		if c.re != nil {
			return "matching /" + c.text + "/"
		}
		return "containing " + text
	case opLacks:
		if c.re != nil {
			return "without a match of /" + c.text + "/"
		}
		return "without " + text
	default:
		return string(c.op) + " " + text
	}
}

func (c *condition) holds(e *Event) bool {
	f := c.fields[e.Kind]
	if f == nil {
		return false
	}
	found, empty := f.each(e, c.satisfiedBy)
	if empty && !c.op.compares() {
		found = c.sameText("")
	}
	if c.op == opDiffers || c.op == opLacks {
		return !found
	}
	return found
}

// satisfiedBy tells whether one value compares, equals, contains or matches as
// is asked for; whether that is wanted or not is for holds to say.
func (c *condition) satisfiedBy(v value) bool {
	switch c.op {
	case opEqual, opDiffers:
		if n, ok := v.numeric(); ok && c.isNum {
			return n == c.num
		}
		return c.sameText(v.text())
	case opContains, opLacks:
		return c.sameText(v.text())
	}
	n, ok := v.number()
	if !ok {
		return false
	}
	switch c.op {
	case opLess:
		return n < c.num
	case opAtMost:
		return n <= c.num
	case opMore:
		return n > c.num
	}
	return n >= c.num
}

func (c *condition) sameText(text string) bool {
	switch {
	case c.re != nil:
		return c.re.MatchString(text)
	case c.op == opContains || c.op == opLacks:
		return strings.Contains(text, c.text)
	}
	return text == c.text
}
