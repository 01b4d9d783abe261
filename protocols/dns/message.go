package dns

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/miekg/dns"
)

// Transport is how a message travels.
type Transport string

// The transports. Each is also the network that Dial functions are given.
const (
	UDP Transport = "udp"
	TCP Transport = "tcp"
)

const (
	headerSize = 12 // RFC 1035 §4.1.1
	// minUDPSize is what a UDP message may have without EDNS, in octets (RFC 1035
	// §4.2.1), and the least that EDNS can mean (RFC 6891 §6.2.3).
	minUDPSize = 512
	// maxUDPSize is what this side sends and takes by UDP with EDNS, in octets:
	// IPv6's least MTU of 1280 without the IPv6 and UDP headers, so that no
	// message is ever fragmented.
	maxUDPSize = 1280 - 40 - 8
	// maxMessage is the most that the length in front of a TCP message can say
	// (RFC 1035 §4.2.2).
	maxMessage = 65535
)

var errCounts = errors.New("sections have fewer records than the header says")

// unpack reads a message. With an error it returns what could be read of it, nil
// if not even the header.
func unpack(b []byte) (*dns.Msg, error) {
	if len(b) < headerSize {
		return nil, fmt.Errorf("message of %d octets: a header has %d", len(b), headerSize)
	}
	m := new(dns.Msg)
	if err := m.Unpack(b); err != nil {
		return m, err
	}
	for i, n := range []int{len(m.Question), len(m.Answer), len(m.Ns), len(m.Extra)} {
		if int(binary.BigEndian.Uint16(b[4+2*i:])) != n {
			return m, errCounts
		}
	}
	return m, nil
}

// Reply returns an empty response to q: the same ID, question and opcode, RD and
// CD as they came, and no error.
//
// RFC 1035 §4.1.1, RFC 4035 §3.1.6.
func Reply(q *dns.Msg) *dns.Msg {
	r := &dns.Msg{Compress: true}
	r.Id = q.Id
	r.Response = true
	r.Opcode = q.Opcode
	r.RecursionDesired = q.RecursionDesired
	r.CheckingDisabled = q.CheckingDisabled
	r.Question = append([]dns.Question(nil), q.Question...)
	return r
}

// screen tells why a query is not looked at any further, or RcodeSuccess.
func screen(q *dns.Msg) (rcode int) {
	if q.Opcode != dns.OpcodeQuery {
		return dns.RcodeNotImplemented
	}
	opts := 0
	for _, rr := range q.Extra {
		if opt, ok := rr.(*dns.OPT); ok {
			opts++
			// RFC 6891 §6.1.3: a version that is not known is answered with the one
			// that is.
			if opt.Version() != 0 {
				rcode = dns.RcodeBadVers
			}
		}
	}
	switch {
	case opts > 1: // RFC 6891 §6.1.1
		return dns.RcodeFormatError
	case rcode != dns.RcodeSuccess:
		return rcode
	case len(q.Question) != 1: // RFC 9619 §4: never more than one
		return dns.RcodeFormatError
	}
	switch t := q.Question[0].Qtype; {
	case t == dns.TypeNone || t == dns.TypeOPT:
		return dns.RcodeFormatError // not types of data (RFC 6895 §3.1)
	case t == dns.TypeAXFR || t == dns.TypeIXFR:
		return dns.RcodeRefused // nobody is allowed to (RFC 5936 §5)
	case t != dns.TypeANY && t >= 128 && t <= 255:
		return dns.RcodeNotImplemented // asks for an act, not for data (RFC 6895 §3.1)
	}
	if q.Question[0].Qclass != dns.ClassINET {
		return dns.RcodeRefused
	}
	return dns.RcodeSuccess
}

// sizeLimit is how many octets a response to q may have.
func sizeLimit(q *dns.Msg, t Transport) int {
	if t == TCP {
		return maxMessage
	}
	if opt := q.IsEdns0(); opt != nil {
		// RFC 6891 §6.2.3: less than 512 means 512.
		return max(minUDPSize, min(int(opt.UDPSize()), maxUDPSize))
	}
	return minUDPSize
}

// finish gives r its OPT record, if q had one, and makes it fit. The first
// required records of the additional section do not go without TC.
func finish(r, q *dns.Msg, t Transport, required int) {
	var opt *dns.OPT
	// RFC 6891 §6.1.1: OPT only to those who sent one.
	if asked := q.IsEdns0(); asked != nil {
		opt = &dns.OPT{Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeOPT}}
		opt.SetUDPSize(maxUDPSize)
		if asked.Do() {
			opt.SetDo() // RFC 3225 §3: copied
		}
	}
	fit(r, opt, sizeLimit(q, t), required)
}

// fit leaves out what does not go into limit octets, by whole RRsets and from
// the end. Additional records that are only a help go silently; anything else
// goes with TC set, which tells the asker to come again by TCP.
//
// RFC 2181 §9, RFC 9471 §3.1.
func fit(r *dns.Msg, opt *dns.OPT, limit, required int) {
	extra := r.Extra
	for {
		r.Extra = extra
		if opt != nil {
			r.Extra = append(extra[:len(extra):len(extra)], opt)
		}
		if r.Len() <= limit {
			return
		}
		switch {
		case len(extra) > required:
			extra = extra[:max(required, lastSet(extra))]
		case len(extra) > 0:
			r.Truncated = true
			extra, required = extra[:lastSet(extra)], 0
		case len(r.Ns) > 0:
			r.Truncated = true
			r.Ns = r.Ns[:lastSet(r.Ns)]
		case len(r.Answer) > 0:
			r.Truncated = true
			r.Answer = r.Answer[:lastSet(r.Answer)]
		default:
			return // a header, a question and an OPT fit any limit
		}
	}
}

// lastSet is the index at which the last RRset of a section begins.
func lastSet(rrs []dns.RR) int {
	i := len(rrs) - 1
	last := rrs[i].Header()
	for i > 0 && rrs[i-1].Header().Rrtype == last.Rrtype && sameName(rrs[i-1].Header().Name, last.Name) {
		i--
	}
	return i
}
