package scenarios

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/miekg/dns"
)

// nameSpace is what the walk's zones say together.
type nameSpace struct {
	records []zoneRecord
	byName  map[string][]int // owner's name to indexes of records
}

type zoneRecord struct {
	dns.RR
	zone  *Zone
	field string
	line  int // in the zone's text, from 1: where the record ends
}

func (n *nameSpace) of(name string, types ...uint16) []zoneRecord {
	var found []zoneRecord
	for _, i := range n.byName[strings.ToLower(name)] {
		if r := n.records[i]; slices.Contains(types, r.Header().Rrtype) {
			found = append(found, r)
		}
	}
	return found
}

// zones reads the records of all zones.
func (c *checker) zones() {
	c.names = &nameSpace{byName: map[string][]int{}}
	var before []string
	for _, z := range c.s.Zones {
		field := join("zones", z.Name)
		z.field = field
		z.Name = absolute(z.Name)
		if slices.Contains(before, z.Name) {
			c.fail(field, "put the records together", "the zone %s stands here twice", z.Name)
			continue
		}
		before = append(before, z.Name)
		if plain := strings.TrimSuffix(z.Name, "."); plain != "" && plain != "arpa" && !strings.HasSuffix(plain, ".arpa") && !c.domain(field, plain) {
			continue
		}
		c.zone(field, z)
	}
}

// lineCounter gives a text octet by octet, and counts the lines taken.
type lineCounter struct {
	strings.Reader
	line int
}

func (l *lineCounter) ReadByte() (byte, error) {
	b, err := l.Reader.ReadByte()
	if b == '\n' && err == nil {
		l.line++
	}
	return b, err
}

// zoneError is an error of the zone parser: what, the word it stumbled over, and
// where that word ends.
var zoneError = regexp.MustCompile(`^(?:dns: )?(.*?)(: "(.*)")? at line: (\d+):(\d+)$`)

func (c *checker) zone(field string, z *Zone) {
	text := &lineCounter{Reader: *strings.NewReader(z.Text)}
	p := dns.NewZoneParser(text, z.Name, "")
	first := len(c.names.records)
	for rr, ok := p.Next(); ok; rr, ok = p.Next() {
		rec := zoneRecord{RR: rr, zone: z, field: field, line: max(1, text.line)}
		if !dns.IsSubDomain(z.Name, rr.Header().Name) {
			c.zoneProblem(rec, false, "write it into the zone it belongs to, or without a dot at its end", "%s does not lie in the zone %s", rr.Header().Name, z.Name)
			continue
		}
		owner := strings.ToLower(rr.Header().Name)
		c.names.byName[owner] = append(c.names.byName[owner], len(c.names.records))
		c.names.records = append(c.names.records, rec)
	}
	if err := p.Err(); err != nil {
		c.zoneSyntax(field, err)
		return
	}
	c.zoneShape(field, z, c.names.records[first:])
}

// zonePlace is the place of a line and a column of a zone's text in the file.
func (c *checker) zonePlace(field string, line, column int) Position {
	if b, ok := c.s.blocks[field]; ok {
		return Position{b.line + line - 1, b.indent + column}
	}
	return c.s.marks.of(field)
}

func (c *checker) zoneProblem(r zoneRecord, warning bool, remedy, format string, args ...any) {
	before := len(c.problems)
	c.fail(r.field, remedy, format, args...)
	p := &c.problems[before]
	pos := c.zonePlace(r.field, r.line, 1)
	p.Line, p.Column, p.Warning = pos.Line, pos.Column, warning
}

func (c *checker) zoneSyntax(field string, err error) {
	text, line, column := err.Error(), 1, 1
	if m := zoneError.FindStringSubmatch(text); m != nil {
		text = m[1] + m[2]
		line, _ = strconv.Atoi(m[4]) // digits both, by the expression
		column, _ = strconv.Atoi(m[5])
		column -= utf8.RuneCountInString(m[3])
	}
	remedy := "write records as in a master file: name, type, data"
	if _, block := c.s.blocks[field]; !block {
		remedy = "write | behind the zone's name, and the records below it, one a line"
	}
	c.fail(field, remedy, "not a record: %s", text)
	pos := c.zonePlace(field, line, max(1, column))
	p := &c.problems[len(c.problems)-1]
	p.Line, p.Column = pos.Line, pos.Column
}

// zoneShape checks what every zone must have (RFC 1034 §4.2.1, RFC 2181 §10.1).
func (c *checker) zoneShape(field string, z *Zone, records []zoneRecord) {
	soas, servers := 0, 0
	kinds := map[string][]uint16{}
	for _, r := range records {
		owner := strings.ToLower(r.Header().Name)
		kinds[owner] = append(kinds[owner], r.Header().Rrtype)
		switch rr := r.RR.(type) {
		case *dns.SOA:
			soas++
			if owner != z.Name || soas > 1 {
				c.zoneProblem(r, false, "leave it out", "a zone has one SOA record, at %s", z.Name)
			}
		case *dns.NS:
			if owner == z.Name {
				servers++
			}
		case *dns.A:
			c.addressRecord(r, rr.A.String())
		case *dns.AAAA:
			c.addressRecord(r, rr.AAAA.String())
		}
	}
	if soas == 0 {
		c.fail(field, "begin with: @ SOA ns hostmaster 1 7200 3600 1209600 3600", "the zone has no SOA record")
	}
	if servers == 0 {
		c.fail(field, "write: @ NS and the server's name", "the zone does not say which servers answer for it")
	}
	for _, r := range records {
		owner := strings.ToLower(r.Header().Name)
		if _, alias := r.RR.(*dns.CNAME); alias && len(kinds[owner]) > 1 {
			c.zoneProblem(r, false, "leave either out", "%s is an alias and has other records too", r.Header().Name)
		}
	}
}

// addressRecord checks an address that a zone gives out.
func (c *checker) addressRecord(r zoneRecord, text string) {
	a, err := netip.ParseAddr(text)
	if err != nil {
		return // the zone parser has checked it
	}
	name := strings.TrimSuffix(r.Header().Name, ".")
	owner, known := c.addrs[a.Unmap()]
	switch {
	case !isDocumentation(netip.PrefixFrom(a, a.BitLen())):
		c.zoneProblem(r, false, documentationRemedy, "%s may be somebody's", a)
	case !known:
		c.zoneProblem(r, true, "", "no machine has the address %s", a)
	case c.s.Host(name) != nil && owner != name:
		c.zoneProblem(r, true, "", "%s is the address of %s and not of %s", a, owner, name)
	}
}

// dnsData checks what zones say of each other and of the hosts.
func (c *checker) dnsData() {
	for _, z := range c.s.Zones {
		c.served(z)
	}
	for _, r := range c.names.records {
		switch rr := r.RR.(type) {
		case *dns.MX:
			c.exchanger(r, rr)
		case *dns.NS:
			c.delegation(r, rr)
		}
	}
	for _, h := range c.s.Hosts {
		if h.Runs.MTA != nil && strings.Contains(h.Name, ".") && len(c.names.of(dns.Fqdn(h.Name), dns.TypeA, dns.TypeAAAA)) == 0 {
			c.warn(join("hosts", h.Name), "write an A record for it", "the DNS gives no address for %s", h.Name)
		}
	}
}

func (c *checker) served(z *Zone) {
	for _, h := range c.s.Hosts {
		if h.Runs.DNS != nil && slices.Contains(h.Runs.DNS.Zones, z.Name) {
			return
		}
	}
	c.report(z.Pos, z.field, "name it in runs: {dns: {zones: […]}} of a host", true, "no name server answers for "+z.Name)
}

func (c *checker) exchanger(r zoneRecord, mx *dns.MX) {
	switch {
	case mx.Mx == ".":
	case len(c.names.of(mx.Mx, dns.TypeCNAME)) > 0:
		c.zoneProblem(r, true, "name the host itself (RFC 5321 §5.1)", "the MX of %s names the alias %s", mx.Header().Name, mx.Mx)
	case len(c.names.of(mx.Mx, dns.TypeA, dns.TypeAAAA)) == 0:
		c.zoneProblem(r, true, "write an A record for it; a name without a dot at its end gets the zone's name behind it", "the MX of %s points nowhere: %s has no address in the walk", mx.Header().Name, mx.Mx)
	}
}

// delegation checks that the server an NS record names exists and answers for
// the zone.
func (c *checker) delegation(r zoneRecord, ns *dns.NS) {
	zone := strings.ToLower(ns.Header().Name)
	if c.s.Zone(zone) == nil {
		c.zoneProblem(r, true, "write the zone", "%s is delegated, and the walk has no such zone", zone)
		return
	}
	addrs := c.names.of(ns.Ns, dns.TypeA, dns.TypeAAAA)
	if r.zone.Name != zone && dns.IsSubDomain(zone, ns.Ns) && !slices.ContainsFunc(addrs, func(a zoneRecord) bool { return a.zone == r.zone }) {
		c.zoneProblem(r, true, "write an A record for "+ns.Ns+" here too", "%s cannot be found: its name server's address is missing beside the delegation (glue)", zone)
		return
	}
	if len(addrs) == 0 {
		c.zoneProblem(r, true, "write an A record for it", "the name server %s of %s has no address in the walk", ns.Ns, zone)
		return
	}
	for _, a := range addrs {
		var addr netip.Addr
		switch rr := a.RR.(type) {
		case *dns.A:
			addr, _ = netip.AddrFromSlice(rr.A)
		case *dns.AAAA:
			addr, _ = netip.AddrFromSlice(rr.AAAA)
		}
		h := c.s.Host(c.addrs[addr.Unmap()])
		if h != nil && (h.Runs.DNS == nil || !slices.Contains(h.Runs.DNS.Zones, zone)) {
			c.zoneProblem(r, true, "", "%s is named as a server of %s, and %s does not answer for it", ns.Ns, zone, h.Name)
			return
		}
	}
}
