package scenarios

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// documentation are the address ranges that are nobody's (RFC 5737, RFC 3849).
var documentation = []netip.Prefix{
	netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("2001:db8::/32"),
}

const documentationRemedy = "take it from 192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24 or 2001:db8::/32"

func isDocumentation(p netip.Prefix) bool {
	return slices.ContainsFunc(documentation, func(d netip.Prefix) bool {
		return d.Bits() <= p.Bits() && d.Contains(p.Addr())
	})
}

// addressBook says whose an address is.
type addressBook map[netip.Addr]string

// Least sizes of an IP packet that a link must carry whole: RFC 791 §3.2 and
// RFC 8200 §5.
const (
	minMTU4 = 68
	minMTU6 = 1280
	maxMTU  = 65535
)

func (c *checker) mtu(field string, mtu int, least int) {
	if mtu < least || mtu > maxMTU {
		c.fail(field, fmt.Sprintf("write a number from %d to %d", least, maxMTU), "an MTU of %d octets is out of range", mtu)
	}
}

func (c *checker) wire() {
	c.mtu("wire.mtu", c.s.Wire.MTU, minMTU4)
	for i, l := range c.s.Links {
		field := join("links", l.Name)
		c.short(field, "link", l.Name)
		if l.Latency > maxTime {
			c.fail(field+".latency", "", "%v is longer than a year", l.Latency)
		}
		if l.Jitter > l.Latency {
			c.fail(field+".jitter", "make it shorter, or latency longer", "a frame's latency would be less than nothing: jitter is %v and latency %v", l.Jitter, l.Latency)
		}
		if l.Reorder && l.Jitter == 0 {
			c.fail(field+".reorder", "write a jitter, or leave reorder out", "frames with the same latency keep their order")
		}
		if l.Queue < 0 {
			c.fail(field+".queue", "write a number from 1, or 0 for no limit", "a queue of %d frames cannot be", l.Queue)
		}
		c.prefixes(field+".prefix", l, c.s.Links[:i])
		least := minMTU4
		if slices.ContainsFunc(l.Prefixes, func(p netip.Prefix) bool { return p.Addr().Is6() }) {
			least = minMTU6
		}
		if !c.given(field + ".mtu") {
			l.MTU = max(c.s.Wire.MTU, least)
		}
		c.mtu(field+".mtu", l.MTU, least)
	}
}

func (c *checker) prefixes(field string, l *Link, before []*Link) {
	already := len(c.problems)
	defer func() { c.faulty[l] = len(c.problems) > already }()
	if len(l.Prefixes) == 0 {
		c.fail(field, "write one as in 192.0.2.0/24", "the link has no address range")
	}
	for i, p := range l.Prefixes {
		switch {
		case !isDocumentation(p):
			c.fail(field, documentationRemedy, "%s may be somebody's", p)
		case p.Bits() > p.Addr().BitLen()-2:
			c.fail(field, "choose a shorter length", "%s has no room for two machines", p)
		}
		for _, o := range l.Prefixes[:i] {
			if o.Addr().Is4() == p.Addr().Is4() {
				c.fail(field, "leave one out", "%s and %s are of the same family", o, p)
			}
		}
		for _, other := range before {
			for _, o := range other.Prefixes {
				if o.Overlaps(p) {
					c.fail(field, "choose ranges that have nothing in common", "%s overlaps %s of link %s", p, o, other.Name)
				}
			}
		}
	}
}

// machines checks where hosts and routers are.
func (c *checker) machines() {
	c.addrs = addressBook{}
	for _, r := range c.s.Routers {
		field := join("routers", r.Name)
		c.short(field, "router", r.Name)
		if r.Label == "" {
			r.Label = r.Name
		}
		if len(r.Joins) < 2 {
			c.fail(field+".joins", "name two links or more", "a router joins links")
		}
		for _, i := range r.Joins {
			at := join(field+".joins", i.Link)
			c.oneOfEach(at, i.Addresses)
			c.onLink(at, at, r.Name, i.Link, i.Addresses)
		}
	}
	for _, h := range c.s.Hosts {
		field := join("hosts", h.Name)
		switch {
		case c.s.Router(h.Name) != nil:
			c.fail(field, "name one of them otherwise", "a router is called %s too", h.Name)
		case strings.Contains(h.Name, "."):
			c.domain(field, h.Name)
		default:
			c.short(field, "host", h.Name)
		}
		if h.Label == "" {
			h.Label = h.Name
		}
		c.onLink(field+".link", field+".address", h.Name, h.Link, h.Addresses)
	}
	for _, h := range c.s.Hosts {
		c.gateway(join("hosts", h.Name)+".gateway", h)
	}
}

// oneOfEach checks that a router has one address of a family on a link, which is the
// one that others know it by.
func (c *checker) oneOfEach(field string, addrs []netip.Addr) {
	for i, a := range addrs {
		for _, o := range addrs[:i] {
			if o.Is4() == a.Is4() {
				c.fail(field, "leave one out", "%s and %s are of the same family", o, a)
			}
		}
	}
}

// onLink checks a machine's addresses on a link.
func (c *checker) onLink(linkField, addrField, machine, link string, addrs []netip.Addr) {
	l := c.s.Link(link)
	if l == nil {
		c.fail(linkField, meant(link, keys(c.s.Links)), "there is no link %s", link)
		return
	}
	if len(addrs) == 0 {
		c.fail(addrField, "write one out of "+join4and6(l.Prefixes), "%s has no address on link %s", machine, link)
	}
	for _, a := range addrs {
		if c.faulty[l] {
			c.addrs[a] = machine
			continue
		}
		j := slices.IndexFunc(l.Prefixes, func(p netip.Prefix) bool { return p.Contains(a) })
		switch owner, taken := c.addrs[a]; {
		case j < 0:
			c.fail(addrField, "write one out of "+join4and6(l.Prefixes), "%s does not belong to link %s", a, link)
		case a.Is4() && (a == l.Prefixes[j].Addr() || a == broadcast(l.Prefixes[j])), a == l.Prefixes[j].Addr():
			c.fail(addrField, "write another", "%s stands for all of %s and not for one machine", a, l.Prefixes[j])
		case taken:
			c.fail(addrField, "write another", "%s is the address of %s", a, owner)
		default:
			c.addrs[a] = machine
		}
	}
}

func join4and6(prefixes []netip.Prefix) string {
	texts := make([]string, len(prefixes))
	for i, p := range prefixes {
		texts[i] = p.String()
	}
	return strings.Join(texts, " or ")
}

// broadcast is the last address of an IPv4 prefix.
func broadcast(p netip.Prefix) netip.Addr {
	b := p.Addr().As4()
	for bit := p.Bits(); bit < 32; bit++ {
		b[bit/8] |= 1 << (7 - bit%8)
	}
	return netip.AddrFrom4(b)
}

func (c *checker) gateway(field string, h *Host) {
	var onLink []string
	for _, r := range c.s.Routers {
		if find(r.Joins, h.Link) != nil {
			onLink = append(onLink, r.Name)
		}
	}
	switch {
	case h.Gateway == "" && len(onLink) > 0:
		h.Gateway = onLink[0]
	case h.Gateway != "" && !slices.Contains(onLink, h.Gateway):
		c.fail(field, meant(h.Gateway, onLink), "no router %s joins link %s", h.Gateway, h.Link)
	}
}

// reaches checks that one host can send packets to another, and get answers.
func (c *checker) reaches(field string, from, to *Host) {
	if from == nil || to == nil || from == to {
		return
	}
	if !slices.ContainsFunc(from.Addresses, func(a netip.Addr) bool {
		return slices.ContainsFunc(to.Addresses, func(b netip.Addr) bool { return a.Is4() == b.Is4() })
	}) {
		c.fail(field, "give them addresses of the same family, IPv4 or IPv6", "%s cannot reach %s: one has IPv4 and the other IPv6", from.Name, to.Name)
		return
	}
	reached := []string{from.Link}
	for i := 0; i < len(reached); i++ {
		for _, r := range c.s.Routers {
			if find(r.Joins, reached[i]) == nil {
				continue
			}
			for _, j := range r.Joins {
				if !slices.Contains(reached, j.Link) {
					reached = append(reached, j.Link)
				}
			}
		}
	}
	if c.s.Link(to.Link) != nil && c.s.Link(from.Link) != nil && !slices.Contains(reached, to.Link) {
		c.fail(field, "join their links by a router", "%s on link %s cannot reach %s on link %s", from.Name, from.Link, to.Name, to.Link)
	}
}
