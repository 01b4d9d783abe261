package tui

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/miekg/dns"

	"mailwalk/sim/explain"
)

const (
	domainPort = 53
	dnsHeader  = 12 // RFC 1035 §4.1.1
	// mostRecords bounds the records of a message that are taken apart.
	mostRecords = 256
)

// dnsMessage takes a DNS message apart that lies at an offset of the octets.
func (o *octets) dnsMessage(off, end int) {
	msg := o.data[off:end]
	d := dnsReader{o: o, msg: msg, off: off}
	o.add(part{name: "DNS", value: explain.Octets(int64(len(msg))), means: meaning("DNS", "", "RFC 1035 §4.1.1"), from: off, to: end, tint: dnsTint})
	if len(msg) < dnsHeader {
		o.tree[len(o.tree)-1].note = "cut short: a header has 12 octets"
		return
	}
	d.header()
	at := dnsHeader
	for range min(d.count(4), mostRecords) {
		if at = d.question(at); at < 0 {
			return
		}
	}
	for i, section := range [...]string{"Answer", "Authority", "Additional"} {
		for range min(d.count(6+2*i), mostRecords) {
			if at = d.record(section, at); at < 0 {
				return
			}
		}
	}
}

// dnsReader adds the fields of a message to the tree.
type dnsReader struct {
	o   *octets
	msg []byte
	off int // of the message in the octets
}

func (d *dnsReader) count(at int) int { return int(binary.BigEndian.Uint16(d.msg[at:])) }

func (d *dnsReader) add(depth int, name, value, note string, from, to int) *part {
	d.o.add(part{
		depth: depth, name: name, value: value, note: note, means: meaning("DNS", name, ""),
		from: d.off + from, to: d.off + to, tint: dnsTint,
	})
	return &d.o.tree[len(d.o.tree)-1]
}

// header reads the header of a message (RFC 1035 §4.1.1).
func (d *dnsReader) header() {
	d.add(1, "ID", fmt.Sprintf("0x%04x", d.count(0)), "", 0, 2)
	flags := d.count(2)
	kind := "a query"
	if flags&0x8000 != 0 {
		kind = "a response"
	}
	d.add(1, "Flags", fmt.Sprintf("0x%04x", flags), kind, 2, 4)
	for _, f := range [...]struct {
		name          string
		octet, bit, n int
	}{
		{"QR", 2, 0, 1}, {"OPCODE", 2, 1, 4}, {"AA", 2, 5, 1}, {"TC", 2, 6, 1}, {"RD", 2, 7, 1},
		{"RA", 3, 0, 1}, {"Z", 3, 1, 3}, {"RCODE", 3, 4, 4},
	} {
		v := int(d.msg[f.octet]) >> (8 - f.bit - f.n) & (1<<f.n - 1)
		p := d.add(2, f.name, strconv.Itoa(v), "", f.octet, f.octet+1)
		p.bit, p.bits = f.bit, f.n
		switch f.name {
		case "RCODE":
			p.note = dns.RcodeToString[v]
		case "OPCODE":
			p.note = dns.OpcodeToString[v]
		}
	}
	for i, name := range [...]string{"QDCOUNT", "ANCOUNT", "NSCOUNT", "ARCOUNT"} {
		d.add(1, name, strconv.Itoa(d.count(4+2*i)), "", 4+2*i, 6+2*i)
	}
}

// broken says that the rest cannot be understood.
func (d *dnsReader) broken(at int, err error) int {
	if at < len(d.msg) {
		d.add(1, "Rest", explain.Octets(int64(len(d.msg)-at)), "not understood: "+err.Error(), at, len(d.msg))
	}
	return -1
}

func (d *dnsReader) question(at int) int {
	name, next, err := dns.UnpackDomainName(d.msg, at)
	if err != nil || next+4 > len(d.msg) {
		return d.broken(at, orShort(err))
	}
	kind := dns.Type(d.count(next)).String()
	d.add(1, "Question", name+" "+kind, "", at, next+4)
	d.add(2, "QNAME", name, d.pointer(at, next), at, next)
	d.add(2, "QTYPE", strconv.Itoa(d.count(next)), kind, next, next+2)
	d.add(2, "QCLASS", strconv.Itoa(d.count(next+2)), dns.Class(d.count(next+2)).String(), next+2, next+4)
	return next + 4
}

func (d *dnsReader) record(section string, at int) int {
	name, next, err := dns.UnpackDomainName(d.msg, at)
	if err != nil || next+10 > len(d.msg) {
		return d.broken(at, orShort(err))
	}
	rr, end, err := dns.UnpackRR(d.msg, at)
	if err != nil || end > len(d.msg) || end < next+10 {
		return d.broken(at, orShort(err))
	}
	kind := dns.Type(d.count(next)).String()
	data := strings.TrimPrefix(rr.String(), rr.Header().String())
	ttl := binary.BigEndian.Uint32(d.msg[next+4:])
	ttlNote := "seconds"
	if kind == "OPT" {
		data, ttlNote = "EDNS", "extended code and flags"
	}
	d.add(1, section, strings.TrimSpace(name+" "+kind+" "+data), "", at, end)
	d.add(2, "NAME", name, d.pointer(at, next), at, next)
	d.add(2, "TYPE", strconv.Itoa(d.count(next)), kind, next, next+2)
	class := dns.Class(d.count(next + 2)).String()
	if kind == "OPT" {
		class = "octets that a datagram may have"
	}
	d.add(2, "CLASS", strconv.Itoa(d.count(next+2)), class, next+2, next+4)
	d.add(2, "TTL", strconv.FormatUint(uint64(ttl), 10), ttlNote, next+4, next+8)
	d.add(2, "RDLENGTH", strconv.Itoa(d.count(next+8)), "octets", next+8, next+10)
	if end > next+10 {
		d.add(2, "RDATA", data, "", next+10, end)
	}
	return end
}

// pointer says where a name goes on that is not written out (RFC 1035 §4.1.4).
func (d *dnsReader) pointer(at, next int) string {
	if next-at < 2 || d.msg[next-2]&0xc0 != 0xc0 {
		return ""
	}
	to := (int(d.msg[next-2])&0x3f)<<8 | int(d.msg[next-1])
	return fmt.Sprintf("shortened: goes on at octet %d of the message", to)
}

type shortError struct{}

func (shortError) Error() string { return "it is cut short" }

func orShort(err error) error {
	if err != nil {
		return err
	}
	return shortError{}
}
