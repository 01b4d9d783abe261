package scenarios

import (
	"fmt"
	"iter"
	"regexp"
	"strconv"
	"strings"

	"mailwalk/sim/trace"
)

// Expect is something that must be seen in the trace at the end of a walk. It
// is one of happens, never, in-order, delivered and same-bytes.
type Expect struct {
	Pos Position `yaml:"-"`
	// What it means, in plain words.
	Says string `yaml:"says"`
	// An event that happens, as a selector: at least once, unless a count is given.
	Happens trace.Selector `yaml:"happens"`
	// For happens: exactly so many times.
	Exactly *int `yaml:"exactly"`
	// For happens: so many times or more.
	AtLeast *int `yaml:"at-least"`
	// For happens: so many times or fewer.
	AtMost *int `yaml:"at-most"`
	// An event that does not happen.
	Never trace.Selector `yaml:"never"`
	// For happens and never: only what comes after this event's first time counts, and it must come.
	After trace.Selector `yaml:"after"`
	// For happens and never: only what comes before this event's first time counts, and it must come.
	Before trace.Selector `yaml:"before"`
	// Events that happen one after the other, with anything between.
	InOrder []trace.Selector `yaml:"in-order"`
	// A mail that lies in somebody's mailbox at some moment.
	Delivered *Delivered `yaml:"delivered"`
	// A mail that arrived as it was sent, byte for byte, below the header fields added on the way.
	SameBytes string `yaml:"same-bytes"`

	// mail is the trace's number of the mail in SameBytes.
	mail string
}

// Delivered is a mail and one of its recipients.
type Delivered struct {
	// The mail.
	Mail string `yaml:"mail,required"`
	// The address of the mailbox.
	To string `yaml:"to,required"`

	mail string
}

// Result is what became of an expectation.
type Result struct {
	Expect *Expect
	// Held tells whether it is so.
	Held bool
	// Got is how often the event happened; for in-order how many of the events
	// came in their order.
	Got int
	// Want says in plain words what was to be.
	Want string
	// Missed says in plain words why it did not hold; it is empty when it did.
	Missed string
	// Nearest is the event that came closest to one that was missed; nil when
	// there is none.
	Nearest *trace.Event
}

// Check tests the expectations of a walk against the events of a run. It goes
// through the events once, and once more for what did not hold.
func Check(expects []*Expect, events iter.Seq[*trace.Event]) []Result {
	states := make([]progress, len(expects))
	for i, e := range expects {
		states[i] = e.begin()
	}
	for ev := range events {
		for i := range states {
			states[i].see(ev)
		}
	}
	results := make([]Result, len(expects))
	for i := range states {
		results[i] = states[i].result(events)
	}
	return results
}

// progress is how far an expectation has come. Every expectation comes down to
// a list of events in order, the last of which is counted, up to an event that
// ends the counting.
type progress struct {
	expect  *Expect
	order   []trace.Selector // each to come after the one before
	until   trace.Selector   // zero for the end of the walk
	least   int
	most    int // -1 for any number
	want    string
	reached int // events of order that came, but for the last
	count   int
	seen    map[int]int // times that a selector with nth matched, by its index
	ended   bool
}

func (e *Expect) begin() progress {
	p := progress{expect: e, until: e.Before, least: 1, most: -1, seen: map[int]int{}}
	if !e.After.IsZero() {
		p.order = append(p.order, e.After)
	}
	switch {
	case e.Delivered != nil:
		p.order = append(p.order, storedSelector(e.Delivered.mail, e.Delivered.To))
		p.want = fmt.Sprintf("mail %s lies in the mailbox of %s", e.Delivered.Mail, e.Delivered.To)
	case e.SameBytes != "":
		p.order = append(p.order, comparedSelector(e.mail))
		p.want = fmt.Sprintf("mail %s arrives byte for byte as it was sent", e.SameBytes)
	case !e.Never.IsZero():
		p.order = append(p.order, e.Never)
		p.least, p.most = 0, 0
		p.want = fmt.Sprintf("%s never happens", e.Never)
	case e.InOrder != nil:
		p.order = e.InOrder
		p.want = "these happen in order: " + joinSelectors(e.InOrder)
	default:
		p.order = append(p.order, e.Happens)
		p.wantCount(e)
	}
	if !e.After.IsZero() {
		p.want += fmt.Sprintf(", after %s", e.After)
	}
	if !e.Before.IsZero() {
		p.want += fmt.Sprintf(", before %s", e.Before)
	}
	return p
}

// wantCount takes over how often the event is to happen.
func (p *progress) wantCount(e *Expect) {
	p.want = e.Happens.String() + " happens"
	switch {
	case e.Exactly != nil:
		p.least, p.most = *e.Exactly, *e.Exactly
		p.want += fmt.Sprintf(" exactly %s", times(*e.Exactly))
	case e.AtLeast != nil || e.AtMost != nil:
		p.least = 0
		if e.AtLeast != nil {
			p.least = *e.AtLeast
			p.want += fmt.Sprintf(" at least %s", times(p.least))
		}
		if e.AtMost != nil {
			p.most = *e.AtMost
			p.want += fmt.Sprintf(" at most %s", times(p.most))
		}
	}
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return strconv.Itoa(n) + " times"
}

func joinSelectors(sels []trace.Selector) string {
	texts := make([]string, len(sels))
	for i, s := range sels {
		texts[i] = s.String()
	}
	return strings.Join(texts, ", then ")
}

func storedSelector(mail, to string) trace.Selector {
	return trace.MustSelector(fmt.Sprintf("mail.%s mail=%q mailbox~/^%s\\//", trace.Stored, mail, strings.ReplaceAll(regexp.QuoteMeta(to), "/", `\/`)))
}

func comparedSelector(mail string) trace.Selector {
	return trace.MustSelector(fmt.Sprintf("mail.%s mail=%q same=true", trace.Compared, mail))
}

const untilIndex = -1

func (p *progress) see(ev *trace.Event) {
	if p.ended {
		return
	}
	if !p.until.IsZero() && p.comes(untilIndex, p.until, ev) {
		p.ended = true
		return
	}
	last := len(p.order) - 1
	switch {
	case p.reached < last:
		if p.comes(p.reached, p.order[p.reached], ev) {
			p.reached++
		}
	case p.order[last].Match(ev):
		p.count++
	}
}

// comes tells whether the event is the n-th that the selector asks for.
func (p *progress) comes(index int, s trace.Selector, ev *trace.Event) bool {
	if !s.Match(ev) {
		return false
	}
	p.seen[index]++
	return p.seen[index] >= s.Nth()
}

func (p *progress) result(events iter.Seq[*trace.Event]) Result {
	r := Result{Expect: p.expect, Want: p.want, Got: p.count}
	if p.expect.InOrder != nil {
		r.Got = p.reached + min(p.count, 1)
	}
	missing := trace.Selector{} // what did not come
	switch {
	case !p.until.IsZero() && !p.ended:
		missing = p.until
		r.Missed = fmt.Sprintf("%s did not happen", missing)
	case p.reached < len(p.order)-1:
		missing = p.order[p.reached]
		r.Missed = fmt.Sprintf("%s did not happen%s", missing, p.behind())
	case p.count == 0 && p.least > 0:
		missing = p.order[len(p.order)-1]
		r.Missed = "it did not happen" + p.behind()
		if p.expect.InOrder != nil {
			r.Missed = fmt.Sprintf("%s did not happen%s", missing, p.behind())
		}
	case p.count < p.least:
		missing = p.order[len(p.order)-1]
		r.Missed = fmt.Sprintf("it happened %s", times(p.count))
	case p.most >= 0 && p.count > p.most:
		r.Missed = fmt.Sprintf("it happened %s", times(p.count))
		r.Nearest = p.firstOf(events)
		return r
	default:
		r.Held = true
		return r
	}
	var lacks string
	r.Nearest, lacks = missing.Nearest(events)
	if lacks != "" {
		r.Missed += "; " + lacks
	}
	return r
}

// behind names the event that the next one was to come after.
func (p *progress) behind() string {
	if p.reached == 0 {
		return ""
	}
	return fmt.Sprintf(" after %s", p.order[p.reached-1])
}

// firstOf is the first event that was counted.
func (p *progress) firstOf(events iter.Seq[*trace.Event]) *trace.Event {
	again := p.expect.begin()
	for ev := range events {
		if again.see(ev); again.count > 0 {
			return ev
		}
	}
	return nil
}
