package scenarios

import (
	"fmt"
	"slices"
	"strconv"

	"mailwalk/sim/trace"
)

func (c *checker) expectations() {
	if len(c.s.Expect) == 0 {
		c.warn("expect", "write expect: and what must have happened", "nothing tells whether the walk went right")
	}
	for i, e := range c.s.Expect {
		field := fmt.Sprintf("expect[%d]", i)
		if !c.oneOf(field, "happens", "never", "in-order", "delivered", "same-bytes") {
			continue
		}
		c.counts(field, e)
		for name, sel := range e.selectors() {
			c.selector(join(field, name), sel)
			if sel.Nth() > 1 && name != "after" && name != "before" {
				c.fail(join(field, name), "write at-least: "+strconv.Itoa(sel.Nth()), "nth has no meaning in %s", name)
			}
		}
		if len(e.InOrder) == 1 {
			c.fail(field+".in-order", "write happens instead, or a second event", "one event alone has no order")
		}
		if d := e.Delivered; d != nil {
			d.mail = c.mailNumber(field+".delivered.mail", d.Mail)
			if c.s.Account(d.To) == nil {
				c.fail(field+".delivered.to", meant(d.To, keys(c.s.Accounts)), "there is no account %s", d.To)
			}
		}
		if e.SameBytes != "" {
			e.mail = c.mailNumber(field+".same-bytes", e.SameBytes)
		}
	}
}

func (c *checker) mailNumber(field, id string) string {
	m := c.s.Mail(id)
	if m == nil {
		c.fail(field, meant(id, keys(c.s.Mails)), "there is no mail %s", id)
		return ""
	}
	return strconv.Itoa(m.Number)
}

func (c *checker) counts(field string, e *Expect) {
	for _, f := range []string{"exactly", "at-least", "at-most"} {
		if c.given(join(field, f)) && e.Happens.IsZero() {
			c.fail(join(field, f), "write it beside happens", "there is nothing to count")
		}
	}
	for _, f := range []string{"after", "before"} {
		if c.given(join(field, f)) && e.Happens.IsZero() && e.Never.IsZero() {
			c.fail(join(field, f), "write it beside happens or never", "there is nothing that %s could be about", f)
		}
	}
	if e.Exactly != nil && (e.AtLeast != nil || e.AtMost != nil) {
		c.fail(field+".exactly", "choose one", "exactly leaves nothing for at-least and at-most")
	}
	if e.AtLeast != nil && e.AtMost != nil && *e.AtLeast > *e.AtMost {
		c.fail(field+".at-most", "", "it is less than at-least")
	}
}

// selectors yields the selectors of an expectation with their fields' names.
func (e *Expect) selectors() func(yield func(string, trace.Selector) bool) {
	return func(yield func(string, trace.Selector) bool) {
		for _, f := range slices.Concat([]namedSelector{
			{"happens", e.Happens}, {"never", e.Never}, {"after", e.After}, {"before", e.Before},
		}, inOrder(e.InOrder)) {
			if !f.IsZero() && !yield(f.name, f.Selector) {
				return
			}
		}
	}
}

type namedSelector struct {
	name string
	trace.Selector
}

func inOrder(sels []trace.Selector) []namedSelector {
	named := make([]namedSelector, len(sels))
	for i, sel := range sels {
		named[i] = namedSelector{"in-order[" + strconv.Itoa(i) + "]", sel}
	}
	return named
}
