package scenarios

import (
	"slices"
	"strings"
)

// mostHops is how many hops a walk may allow, so that a circle comes to its end.
const mostHops = 1000

// policies checks what a mail server does with whom, and when.
func (c *checker) policies(field string, h *Host, m *MTA) {
	if m.Hops < 2 || m.Hops > mostHops {
		c.fail(field+".hops", "write a number from 2 to 1000, such as 100", "%d Received lines", m.Hops)
	}
	if g := m.Greylist; g != nil {
		switch at := field + ".greylist"; {
		case g.Wait <= 0 || g.Keep <= 0:
			c.fail(at, "write times as in 15m", "a time of nothing")
		case g.Window <= g.Wait:
			c.fail(at+".window", "write a longer time", "who has to wait for %v can only come back too late", g.Wait)
		}
	}
	if l := m.Limit; l != nil && (l.Mails < 1 || l.Per <= 0) {
		c.fail(field+".limit", "write limit: {mails: 10, per: 1h}", "the mail server would take nothing, or anything")
	}
	if r := m.Retry; r != nil {
		switch at := field + ".retry"; {
		case r.First <= 0 || r.Notice <= 0 || r.GiveUp <= 0:
			c.fail(at, "write times as in 15m", "a time of nothing")
		case r.Most < r.First:
			c.fail(at+".most", "write a longer time", "the first wait is longer than the longest")
		}
	}
	for _, f := range m.Forward {
		c.forward(join(field+".forward", f.Address), m, f)
	}
}

// forward checks an address that stands for others.
func (c *checker) forward(field string, m *MTA, f *Forward) {
	if !c.address(field, f.Address) {
		return
	}
	if d := domainOf(f.Address); !slices.Contains(m.Domains, d) {
		c.fail(field, "write "+d+" under domains", "mail for %s does not come to its end here", d)
	}
	if len(f.To) == 0 {
		c.fail(field, "write an address behind it", "it stands for nobody")
	}
	seen := map[string]bool{}
	for _, to := range f.To {
		if !c.address(field, to) {
			continue
		}
		if key := strings.ToLower(to); seen[key] {
			c.fail(field, "leave one out", "%s stands here twice", to)
		} else {
			seen[key] = true
		}
	}
}
