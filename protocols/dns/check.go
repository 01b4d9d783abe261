package dns

import (
	"fmt"

	"github.com/miekg/dns"
)

// Severity says how bad a [Problem] is.
type Severity int

const (
	// Warning: the zone works, though not as its author may think.
	Warning Severity = iota
	// Fault: the zone breaks a rule, and some look-up in it fails or goes astray.
	Fault
)

func (s Severity) String() string {
	if s == Fault {
		return "fault"
	}
	return "warning"
}

// ProblemKind names what is wrong with a zone.
type ProblemKind string

// The kinds of problems.
const (
	NoSOA          ProblemKind = "no-soa"            // RFC 1035 §5.2: exactly one SOA, at the origin
	ManySOA        ProblemKind = "many-soa"          // RFC 1035 §5.2
	MisplacedSOA   ProblemKind = "misplaced-soa"     // RFC 1035 §5.2
	NoNS           ProblemKind = "no-ns"             // RFC 2181 §6.1: a zone has NS records at its origin
	MissingGlue    ProblemKind = "missing-glue"      // RFC 1034 §4.2.1
	CNAMEAndOther  ProblemKind = "cname-and-other"   // RFC 1034 §3.6.2
	ManyCNAME      ProblemKind = "many-cname"        // RFC 2181 §10.1
	CNAMELoop      ProblemKind = "cname-loop"        // RFC 1034 §3.6.2
	MXToCNAME      ProblemKind = "mx-to-cname"       // RFC 2181 §10.3
	NSToCNAME      ProblemKind = "ns-to-cname"       // RFC 2181 §10.3
	NoAddress      ProblemKind = "no-address"        // RFC 2181 §10.3
	NullMXAndOther ProblemKind = "null-mx-and-other" // RFC 7505 §3
	Occluded       ProblemKind = "occluded"          // below a cut and no glue: nobody will see it
	WildcardNS     ProblemKind = "wildcard-ns"       // RFC 4592 §4.2
	Unsupported    ProblemKind = "unsupported"       // served as data, but without its effect
	OutOfZone      ProblemKind = "out-of-zone"       // RFC 1035 §5.2
	Duplicate      ProblemKind = "duplicate"         // RFC 2181 §5
	MixedTTL       ProblemKind = "mixed-ttl"         // RFC 2181 §5.2
)

// Problem is one thing wrong with a zone's data.
type Problem struct {
	File     string
	Line     int // 0 if nothing in the file stands for it
	Severity Severity
	Kind     ProblemKind
	Name     string // owner
	Type     uint16
	Text     string // what is wrong, to be read after Name and Type
}

func (p Problem) String() string {
	place := ""
	if p.File != "" {
		place = p.File + ":"
	}
	if p.Line > 0 {
		place += fmt.Sprintf("%d:", p.Line)
	}
	if place != "" {
		place += " "
	}
	return fmt.Sprintf("%s%s: %s %s %s [%s]", place, p.Severity, p.Name, typeName(p.Type), p.Text, p.Kind)
}

// Check looks for what is wrong with the zone as a whole, first what reading it
// showed, then name by name in the order of RFC 4034 §6.1.
func (z *Zone) Check() []Problem {
	c := checker{
		Zone:    &Zone{origin: z.origin, file: z.file, nodes: z.nodes, names: z.names},
		servers: map[string]bool{},
	}
	c.problems = append(c.problems, z.problems...)
	for _, r := range z.records {
		if ns, ok := r.RR.(*dns.NS); ok {
			c.servers[canonical(ns.Ns)] = true
		}
	}
	c.apex()
	for _, name := range z.names {
		c.node(z.nodes[name])
	}
	return c.problems
}

// checker gathers problems in a shallow copy of the zone.
type checker struct {
	*Zone
	servers map[string]bool // canonical names that NS records of this zone point to
}

func (c *checker) apex() {
	top := c.nodes[c.origin]
	if top.set(dns.TypeSOA) == nil {
		c.problem(NoSOA, Fault, c.origin, dns.TypeSOA, 0, "is missing: a zone has one, at its origin")
	}
	if top.set(dns.TypeNS) == nil {
		c.problem(NoNS, Fault, c.origin, dns.TypeNS, 0, "is missing: a zone names its servers at its origin")
	}
}

func (c *checker) node(n *node) {
	cut := c.cutAbove(n.name)
	if cut != "" && !c.isGlue(n) {
		for _, s := range n.sets {
			c.problem(Occluded, Warning, n.name, s.rrtype, s.line, "is below the zone cut "+cut+" and never answered")
		}
		return
	}
	for _, s := range n.sets {
		switch s.rrtype {
		case dns.TypeSOA:
			if n.name != c.origin {
				c.problem(MisplacedSOA, Fault, n.name, s.rrtype, s.line, "is not at the zone's origin "+c.origin)
			} else if len(s.rrs) > 1 {
				c.problem(ManySOA, Fault, n.name, s.rrtype, s.line, "is there more than once")
			}
		case dns.TypeCNAME:
			c.cname(n, s)
		case dns.TypeMX:
			c.mx(n, s)
		case dns.TypeNS:
			c.ns(n, s)
		case dns.TypeDNAME:
			c.problem(Unsupported, Warning, n.name, s.rrtype, s.line, "is answered as data; names below it are not rewritten")
		}
	}
}

func (c *checker) cname(n *node, s *rrset) {
	for _, other := range n.sets {
		switch other.rrtype {
		// RFC 2181 §10.1: the records that sign and prove may stand beside an alias.
		case dns.TypeCNAME, dns.TypeRRSIG, dns.TypeNSEC, dns.TypeKEY, dns.TypeSIG, dns.TypeNXT:
		default:
			c.problem(CNAMEAndOther, Fault, n.name, s.rrtype, s.line,
				"stands beside "+typeName(other.rrtype)+": an alias has no other data")
		}
	}
	if len(s.rrs) > 1 {
		c.problem(ManyCNAME, Fault, n.name, s.rrtype, s.line, "is there more than once: an alias has one target")
	}
	seen := map[string]bool{n.name: true}
	for next := c.alias(n); next != ""; next = c.alias(c.nodes[next]) {
		if seen[next] {
			c.problem(CNAMELoop, Fault, n.name, s.rrtype, s.line, "leads round in a circle by way of "+next)
			return
		}
		seen[next] = true
	}
}

// alias is the canonical target of a node's CNAME, "" if it has none.
func (c *checker) alias(n *node) string {
	if n == nil {
		return ""
	}
	s := n.set(dns.TypeCNAME)
	if s == nil {
		return ""
	}
	if rr, ok := s.rrs[0].(*dns.CNAME); ok {
		return canonical(rr.Target)
	}
	return ""
}

func (c *checker) mx(n *node, s *rrset) {
	for _, rr := range s.rrs {
		mx, ok := rr.(*dns.MX)
		if !ok {
			continue
		}
		if mx.Mx == "." {
			if len(s.rrs) > 1 {
				c.problem(NullMXAndOther, Fault, n.name, s.rrtype, s.line,
					"has a null MX and others: a domain that takes no mail has that one alone")
			}
			continue
		}
		c.target(n, s, mx.Mx, MXToCNAME)
	}
}

func (c *checker) ns(n *node, s *rrset) {
	if dns.SplitDomainName(n.name) != nil && dns.SplitDomainName(n.name)[0] == "*" {
		c.problem(WildcardNS, Warning, n.name, s.rrtype, s.line, "at a wildcard has no defined meaning")
	}
	for _, rr := range s.rrs {
		ns, ok := rr.(*dns.NS)
		if !ok {
			continue
		}
		// RFC 1034 §4.2.1: whoever follows the delegation needs the address before
		// he can ask for it.
		if n.name != c.origin && within(n.name, ns.Ns) && !c.hasAddress(ns.Ns) {
			c.problem(MissingGlue, Fault, n.name, s.rrtype, s.line, "points to "+ns.Ns+", which is inside and has no address here")
			continue
		}
		c.target(n, s, ns.Ns, NSToCNAME)
	}
}

// target checks that a name that MX or NS points to has an address of its own,
// as far as this zone can know.
func (c *checker) target(n *node, s *rrset, target string, toAlias ProblemKind) {
	key := canonical(target)
	if !within(c.origin, key) || c.cutAbove(key) != "" || c.isCut(key) {
		return
	}
	found := c.find(key, dns.TypeA)
	if found.node != nil && found.node.set(dns.TypeCNAME) != nil {
		c.problem(toAlias, Warning, n.name, s.rrtype, s.line, "points to "+target+", which is an alias")
		return
	}
	if found.node == nil || found.node.set(dns.TypeA) == nil && found.node.set(dns.TypeAAAA) == nil {
		c.problem(NoAddress, Warning, n.name, s.rrtype, s.line, "points to "+target+", which has no address")
	}
}

func (c *checker) hasAddress(name string) bool {
	n := c.nodes[canonical(name)]
	return n != nil && (n.set(dns.TypeA) != nil || n.set(dns.TypeAAAA) != nil)
}

func (c *checker) isCut(name string) bool {
	n := c.nodes[name]
	return n != nil && name != c.origin && n.set(dns.TypeNS) != nil
}

// cutAbove is the zone cut that name is strictly below, "" if there is none.
func (c *checker) cutAbove(name string) string {
	if !below(c.origin, name) {
		return ""
	}
	for up := parent(name); up != c.origin; up = parent(up) {
		if c.isCut(up) {
			return up
		}
	}
	return ""
}

// isGlue tells whether a node below a cut has nothing but addresses and is named
// by some delegation of this zone.
func (c *checker) isGlue(n *node) bool {
	for _, s := range n.sets {
		if s.rrtype != dns.TypeA && s.rrtype != dns.TypeAAAA {
			return false
		}
	}
	return c.servers[n.name]
}
