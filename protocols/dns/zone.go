package dns

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/miekg/dns"
)

// maxZoneRecords bounds a zone: $GENERATE makes many records of one line.
const maxZoneRecords = 100_000

// Zone is the data of one zone: a part of the tree, from its origin down to the
// cuts below which somebody else is in charge (RFC 1034 §4.2).
type Zone struct {
	origin   string // canonical
	file     string
	records  []Record
	nodes    map[string]*node
	names    []string // keys of nodes, in the order of RFC 4034 §6.1
	problems []Problem
}

// Record is one resource record of a zone and the line it began on.
type Record struct {
	RR   dns.RR
	Line int
}

// node is a name of the zone. It may have no records: an empty non-terminal,
// which exists because something below it does (RFC 4592 §2.2.2).
type node struct {
	name string
	sets []*rrset // in the order in which the file first names their types
}

type rrset struct {
	rrtype uint16
	rrs    []dns.RR
	line   int
}

func (n *node) set(rrtype uint16) *rrset {
	for _, s := range n.sets {
		if s.rrtype == rrtype {
			return s
		}
	}
	return nil
}

// Origin is the zone's name, in lower case with the final dot.
func (z *Zone) Origin() string { return z.origin }

// Records lists the zone's records in the order of the file, without those that
// are not of the zone and without repetitions. The records must not be changed.
func (z *Zone) Records() []Record { return slices.Clone(z.records) }

// SOA is the record at the zone's origin that describes it, nil if there is
// none. It must not be changed.
func (z *Zone) SOA() *dns.SOA {
	s := z.nodes[z.origin].set(dns.TypeSOA)
	if s == nil {
		return nil
	}
	soa, _ := s.rrs[0].(*dns.SOA) // parsed as one, or nil
	return soa
}

// ZoneError is a mistake in the text of a zone.
type ZoneError struct {
	File         string // as given to ParseZone
	Line, Column int    // from 1; Column 0 means the whole line
	Text         string
}

func (e *ZoneError) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File + ":")
	}
	b.WriteString(strconv.Itoa(e.Line))
	if e.Column > 0 {
		b.WriteString(":" + strconv.Itoa(e.Column))
	}
	b.WriteString(": " + e.Text)
	return b.String()
}

// ParseZone reads a zone from master-file text. origin names the zone and stands
// as the first $ORIGIN; file is used in errors alone. $TTL, $ORIGIN and $GENERATE
// are understood, $INCLUDE is not allowed.
//
// A mistake of the text is a *[ZoneError]. What the records mean together is left
// to [Zone.Check].
//
// RFC 1035 §5, RFC 2308 §4.
func ParseZone(text io.Reader, origin, file string) (*Zone, error) {
	if _, ok := dns.IsDomainName(origin); !ok || origin == "" {
		return nil, fmt.Errorf("zone %q: not a domain name", origin)
	}
	z := &Zone{origin: canonical(origin), file: file, nodes: map[string]*node{}}
	z.add(z.origin)
	lines := &lineReader{r: bufio.NewReader(text), line: 1, blank: true}
	zp := dns.NewZoneParser(lines, dns.Fqdn(origin), "") // as it is spelt: names show it
	for rr, ok := zp.Next(); ok; rr, ok = zp.Next() {
		line := lines.entry()
		if len(z.records) == maxZoneRecords {
			return nil, &ZoneError{File: file, Line: line, Text: fmt.Sprintf("more than %d records", maxZoneRecords)}
		}
		rr, err := normalise(rr)
		if err != nil {
			return nil, &ZoneError{File: file, Line: line, Text: err.Error()}
		}
		z.insert(rr, line)
	}
	if err := zp.Err(); err != nil {
		return nil, zoneError(err, file, lines.line)
	}
	z.names = make([]string, 0, len(z.nodes))
	for name := range z.nodes {
		z.names = append(z.names, name)
	}
	slices.SortFunc(z.names, compareNames)
	return z, nil
}

// normalise takes a record through its wire form, so that names written with
// escapes compare equal to those that arrive in messages.
func normalise(rr dns.RR) (dns.RR, error) {
	h := rr.Header()
	if h.Class != dns.ClassINET {
		return nil, fmt.Errorf("class %s: only IN is served", dns.Class(h.Class))
	}
	buf := make([]byte, dns.Len(rr)+1)
	n, err := dns.PackRR(rr, buf, 0, nil, false)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", h.Name, typeName(h.Rrtype), err)
	}
	out, _, err := dns.UnpackRR(buf[:n], 0)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", h.Name, typeName(h.Rrtype), err)
	}
	if out.Header().Rdlength == 0 {
		return nil, fmt.Errorf("%s %s: no data", h.Name, typeName(h.Rrtype))
	}
	return out, nil
}

func (z *Zone) insert(rr dns.RR, line int) {
	h := rr.Header()
	if !within(z.origin, h.Name) {
		z.problem(OutOfZone, Fault, h.Name, h.Rrtype, line, "is not in zone "+z.origin+" and is left out")
		return
	}
	n := z.add(canonical(h.Name))
	s := n.set(h.Rrtype)
	if s == nil {
		s = &rrset{rrtype: h.Rrtype, line: line}
		n.sets = append(n.sets, s)
	}
	// RFC 2181 §5: an RRset has no record twice.
	for _, other := range s.rrs {
		if dns.IsDuplicate(rr, other) {
			z.problem(Duplicate, Warning, h.Name, h.Rrtype, line, "stands there twice")
			return
		}
	}
	// RFC 2181 §5.2: the records of an RRset have one TTL; the lowest counts.
	if len(s.rrs) > 0 && s.rrs[0].Header().Ttl != h.Ttl {
		z.problem(MixedTTL, Warning, h.Name, h.Rrtype, line, "has more than one TTL; the lowest is used")
		low := min(s.rrs[0].Header().Ttl, h.Ttl)
		h.Ttl = low
		for _, other := range s.rrs {
			other.Header().Ttl = low
		}
	}
	s.rrs = append(s.rrs, rr)
	z.records = append(z.records, Record{RR: rr, Line: line})
}

// add makes the node of a name, and the nodes between it and the origin.
func (z *Zone) add(name string) *node {
	if n := z.nodes[name]; n != nil {
		return n
	}
	n := &node{name: name}
	z.nodes[name] = n
	if name != z.origin {
		z.add(parent(name))
	}
	return n
}

func (z *Zone) problem(kind ProblemKind, sev Severity, name string, rrtype uint16, line int, text string) {
	z.problems = append(z.problems, Problem{
		File: z.file, Line: line, Severity: sev, Kind: kind, Name: name, Type: rrtype, Text: text,
	})
}

// at finds the place inside the parser's error, which it has in its text alone.
var at = regexp.MustCompile(`^(?:dns: )?(.*) at line: (\d+):(\d+)$`)

func zoneError(err error, file string, line int) error {
	var pe *dns.ParseError
	if !errors.As(err, &pe) {
		return fmt.Errorf("zone: read line %d: %w", line, err)
	}
	e := &ZoneError{File: file, Line: line, Text: err.Error()}
	if m := at.FindStringSubmatch(err.Error()); m != nil {
		e.Text = m[1]
		e.Line, _ = strconv.Atoi(m[2]) // digits, by the pattern
		e.Column, _ = strconv.Atoi(m[3])
	}
	return e
}

// lineReader hands bytes to the parser, which takes no more than it needs, and
// knows on which line the record just read began.
type lineReader struct {
	r     *bufio.Reader
	line  int  // of the next byte
	first int  // line of the record being read, 0 before it begins
	blank bool // nothing but blanks on this line so far
	skip  bool // this line is a comment or a directive
}

// Read is there to make an io.Reader; the parser uses ReadByte.
func (l *lineReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	c, err := l.ReadByte()
	if err != nil {
		return 0, err
	}
	p[0] = c
	return 1, nil
}

func (l *lineReader) ReadByte() (byte, error) {
	c, err := l.r.ReadByte()
	if err != nil {
		return 0, err
	}
	switch {
	case c == '\n':
		l.line++
		l.blank, l.skip = true, false
	case c == ' ' || c == '\t' || c == '\r' || l.skip:
	case l.blank && (c == ';' || c == '$'):
		l.skip = true
	default:
		l.blank = false
		if l.first == 0 {
			l.first = l.line
		}
	}
	return c, nil
}

// entry is the line on which the record just parsed began. Records that one
// $GENERATE line made have that line.
func (l *lineReader) entry() int {
	line := l.first
	l.first = 0
	if line == 0 {
		line = max(1, l.line-1)
	}
	return line
}
