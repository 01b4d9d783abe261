package dns

import (
	"context"
	"fmt"

	"github.com/miekg/dns"
)

// Authority answers from zones, and from nothing else: it neither asks others
// nor caches. It is safe for concurrent use.
type Authority struct {
	zones map[string]*Zone // by origin
}

// NewAuthority returns a server of zones. It is an error if a zone has no SOA at
// its origin, for no negative answer could be given (RFC 2308 §3), or if two
// zones have the same origin. Other problems are left to [Zone.Check], so that
// their consequences can be watched.
func NewAuthority(zones ...*Zone) (*Authority, error) {
	a := &Authority{zones: make(map[string]*Zone, len(zones))}
	for _, z := range zones {
		if z.SOA() == nil {
			return nil, fmt.Errorf("zone %s: no SOA record at its origin", z.origin)
		}
		if a.zones[z.origin] != nil {
			return nil, fmt.Errorf("zone %s: given twice", z.origin)
		}
		a.zones[z.origin] = z
	}
	return a, nil
}

// ServeDNS implements [Handler].
func (a *Authority) ServeDNS(_ context.Context, q *dns.Msg, m Meta) *dns.Msg {
	return a.Handle(q, m.Transport)
}

// Handle answers a query. It depends on nothing but its arguments and the zones.
// The answer is nil if q is itself a response: answering those would let two
// servers talk for ever.
//
// RFC 1034 §4.3.2.
func (a *Authority) Handle(q *dns.Msg, t Transport) *dns.Msg {
	if q.Response {
		return nil
	}
	r := Reply(q)
	required := 0
	if r.Rcode = screen(q); r.Rcode == dns.RcodeSuccess {
		required = a.answer(r, q.Question[0], t)
	}
	finish(r, q, t, required)
	return r
}

// closest is the zone in which name is looked for: of those served that name is
// in, the one with the longest origin (RFC 1034 §4.3.2, step 2).
func (a *Authority) closest(name string, qtype uint16) *Zone {
	var top *Zone // a zone whose origin is name itself
	for up := name; ; up = parent(up) {
		if z := a.zones[up]; z != nil {
			// RFC 4035 §3.1.4.1: the DS of a zone is in the zone above, if that is
			// served here too.
			if qtype != dns.TypeDS || up != name || up == "." {
				return z
			}
			top = z
		}
		if up == "." {
			return top
		}
	}
}

// answer fills in r and returns how many of the additional records the asker
// cannot do without.
func (a *Authority) answer(r *dns.Msg, q dns.Question, t Transport) (required int) {
	name := q.Name // as it is spelt where it was found
	seen := map[string]bool{}
	for {
		key := canonical(name)
		z := a.closest(key, q.Qtype)
		if z == nil {
			if len(r.Answer) == 0 {
				r.Rcode = dns.RcodeRefused
			}
			return 0 // an alias led out of what is served here
		}
		m := z.find(key, q.Qtype)
		if m.cut != nil {
			return a.refer(r, z, m)
		}
		// RFC 1035 §4.1.1: AA is about the name asked for, the first in the answer.
		r.Authoritative = true
		if m.node == nil {
			// RFC 6604 §3: after aliases, the code is about the last name.
			r.Rcode = dns.RcodeNameError
			r.Ns = negativeSOA(z)
			return 0
		}
		alias := m.node.set(dns.TypeCNAME)
		if alias == nil || q.Qtype == dns.TypeCNAME || q.Qtype == dns.TypeANY {
			a.fill(r, z, m.node, name, q.Qtype, t)
			return 0
		}
		r.Answer = append(r.Answer, owned(alias, name)...)
		seen[key] = true
		cname, ok := alias.rrs[0].(*dns.CNAME)
		if !ok || seen[canonical(cname.Target)] {
			return 0 // round in a circle: what was found is the answer
		}
		name = cname.Target
	}
}

// fill answers from a node that exists: with data, or with none of that type.
func (a *Authority) fill(r *dns.Msg, z *Zone, n *node, name string, qtype uint16, t Transport) {
	sets := n.sets
	switch {
	case qtype != dns.TypeANY:
		sets = nil
		if s := n.set(qtype); s != nil {
			sets = []*rrset{s}
		}
	case t == UDP && len(sets) > 1:
		// RFC 8482 §4.1: one RRset of those there are. §4.4: who took the trouble
		// to come by TCP is no forged sender, and gets them all.
		sets = sets[:1]
	}
	if len(sets) == 0 {
		r.Ns = negativeSOA(z) // RFC 2308 §2.2: no data
		return
	}
	for _, s := range sets {
		r.Answer = append(r.Answer, owned(s, name)...)
	}
	for _, s := range sets {
		a.additional(r, z, s)
	}
}

// negativeSOA tells for how long "there is none" may be believed: for the lesser
// of the SOA's own TTL and its last field (RFC 2308 §3).
func negativeSOA(z *Zone) []dns.RR {
	soa := dns.Copy(z.SOA())
	if s, ok := soa.(*dns.SOA); ok {
		s.Hdr.Ttl = min(s.Hdr.Ttl, s.Minttl)
	}
	return []dns.RR{soa}
}

// refer names the servers to ask instead. The answer is not authoritative: this
// side of the cut does not own the NS records (RFC 2181 §6.1).
func (a *Authority) refer(r *dns.Msg, z *Zone, m match) (required int) {
	r.Ns = owned(m.cut, "")
	var others []string
	for _, rr := range m.cut.rrs {
		ns, ok := rr.(*dns.NS)
		if !ok {
			continue
		}
		// RFC 9471 §3.1: addresses of servers inside the delegated zone come first
		// and must not be missing, for nobody else can tell them.
		if within(m.cutName, ns.Ns) {
			a.addresses(r, z, ns.Ns, true)
		} else {
			others = append(others, ns.Ns)
		}
	}
	required = len(r.Extra)
	for _, name := range others {
		a.addresses(r, z, name, true)
	}
	return required
}

// additional adds the addresses of hosts that the records of a set name, since
// the asker will want them next (RFC 1035 §3.3.9, §3.3.11; RFC 2782).
func (a *Authority) additional(r *dns.Msg, z *Zone, s *rrset) {
	for _, rr := range s.rrs {
		switch rr := rr.(type) {
		case *dns.MX:
			a.addresses(r, z, rr.Mx, false)
		case *dns.NS:
			a.addresses(r, z, rr.Ns, true)
		case *dns.SRV:
			a.addresses(r, z, rr.Target, false)
		}
	}
}

// addresses adds the addresses of host, from the zone at hand or from another
// one served here. glue says that addresses from below a zone cut will do.
func (a *Authority) addresses(r *dns.Msg, z *Zone, host string, glue bool) {
	key := canonical(host)
	zones := []*Zone{a.closest(key, dns.TypeA)}
	if within(z.origin, key) && zones[0] != z {
		zones = []*Zone{z, zones[0]}
	}
	for _, z := range zones {
		if z == nil {
			continue
		}
		n := z.nodes[key]
		if n == nil || !glue && z.find(key, dns.TypeA).cut != nil {
			continue
		}
		found := false
		for _, t := range []uint16{dns.TypeA, dns.TypeAAAA} {
			if s := n.set(t); s != nil {
				found = true
				if !present(r, key, t) {
					r.Extra = append(r.Extra, owned(s, "")...)
				}
			}
		}
		if found {
			return
		}
	}
}

// present tells whether the message has that RRset already.
func present(r *dns.Msg, key string, rrtype uint16) bool {
	for _, section := range [][]dns.RR{r.Answer, r.Extra} {
		for _, rr := range section {
			if h := rr.Header(); h.Rrtype == rrtype && canonical(h.Name) == key {
				return true
			}
		}
	}
	return false
}
