package trace

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"sync"
)

// EtherTypes and protocol numbers that the decoder knows by name, as the IANA
// registers them.
const (
	etherIPv4 = 0x0800
	etherARP  = 0x0806
	etherIPv6 = 0x86dd

	protoHopByHop = 0
	protoICMP     = 1
	protoTCP      = 6
	protoUDP      = 17
	protoRouting  = 43
	protoFragment = 44
	protoESP      = 50
	protoAH       = 51
	protoICMPv6   = 58
	protoNone     = 59
	protoDestOpts = 60
)

// Lengths of headers without options, in octets.
const (
	etherLen  = 14
	arpLen    = 28
	ipv4Len   = 20
	ipv6Len   = 40
	udpLen    = 8
	tcpLen    = 20
	icmpLen   = 8
	icmpv6Len = 4
)

// ParseHead reads the gist of a frame that begins with its Ethernet header, and
// the payload behind the innermost header, without the padding of short
// Ethernet frames. The payload is a part of frame. It takes any bytes: where a
// header is cut short or not known, the head says what the layers before it
// say. Checksums are not looked at; [Decode] does that.
func ParseHead(frame []byte) (head Head, payload []byte) {
	if len(frame) < etherLen {
		return Head{Len: len(frame)}, frame
	}
	rest := frame[etherLen:]
	switch etherType := binary.BigEndian.Uint16(frame[12:]); etherType {
	case etherARP:
		head.Proto = "ARP"
		if len(rest) >= arpLen && rest[4] == 6 && rest[5] == 4 {
			head.Src = netip.AddrFrom4([4]byte(rest[14:18]))
			head.Dst = netip.AddrFrom4([4]byte(rest[24:28]))
			head.Type = rest[7]
			rest = nil // ARP carries nothing; what follows is padding
		}
		payload = rest
	case etherIPv4:
		payload = head.ipv4(rest)
	case etherIPv6:
		payload = head.ipv6(rest)
	default:
		head.Proto = hexNumber(uint64(etherType), 4)
		payload = rest
	}
	head.Len = len(payload)
	return head, payload
}

// ipv4 reads an IPv4 header (RFC 791 §3.1) and what it carries.
func (h *Head) ipv4(b []byte) (payload []byte) {
	h.Proto = "IPv4"
	if len(b) < ipv4Len || b[0]>>4 != 4 {
		return b
	}
	n := int(b[0]&0xf) * 4
	total := int(binary.BigEndian.Uint16(b[2:]))
	if n < ipv4Len || n > len(b) || total < n {
		return b
	}
	h.TTL = b[8]
	h.Src = netip.AddrFrom4([4]byte(b[12:16]))
	h.Dst = netip.AddrFrom4([4]byte(b[16:20]))
	rest := b[n:min(total, len(b))]
	if binary.BigEndian.Uint16(b[6:])&0x1fff != 0 {
		return rest // a later fragment has no header of the next layer
	}
	return h.transport(b[9], rest)
}

// ipv6 reads an IPv6 header (RFC 8200 §3), its extension headers and what they
// carry.
func (h *Head) ipv6(b []byte) (payload []byte) {
	h.Proto = "IPv6"
	if len(b) < ipv6Len || b[0]>>4 != 6 {
		return b
	}
	h.TTL = b[7]
	h.Src = netip.AddrFrom16([16]byte(b[8:24]))
	h.Dst = netip.AddrFrom16([16]byte(b[24:40]))
	next := b[6]
	rest := b[ipv6Len:]
	rest = rest[:min(int(binary.BigEndian.Uint16(b[4:])), len(rest))]
	for {
		n := extensionLen(next, rest)
		if n == 0 {
			return h.transport(next, rest)
		}
		if n > len(rest) {
			return rest
		}
		later := next == protoFragment && binary.BigEndian.Uint16(rest[2:])&0xfff8 != 0
		next, rest = rest[0], rest[n:]
		if later {
			return rest
		}
	}
}

// extensionLen is the length of the IPv6 extension header of this number at the
// head of b, 0 when it is no extension header that tells its length. It may be
// more than there is.
func extensionLen(next uint8, b []byte) int {
	switch next {
	case protoHopByHop, protoRouting, protoDestOpts:
		if len(b) < 8 {
			return 8
		}
		return 8 + int(b[1])*8
	case protoFragment:
		return 8
	case protoAH: // RFC 4302 §2.2 counts in 4 octets, less 2
		if len(b) < 12 {
			return 12
		}
		return max(12, 8+int(b[1])*4)
	}
	return 0
}

// transport reads the header of the protocol that IP names. A header that is cut
// short leaves Proto with the name of the layer before.
func (h *Head) transport(proto uint8, b []byte) (payload []byte) {
	switch proto {
	case protoTCP:
		if len(b) < tcpLen {
			return b
		}
		n := int(b[12]>>4) * 4
		if n < tcpLen || n > len(b) {
			return b
		}
		h.Proto = "TCP"
		h.SrcPort = binary.BigEndian.Uint16(b)
		h.DstPort = binary.BigEndian.Uint16(b[2:])
		h.Seq = binary.BigEndian.Uint32(b[4:])
		h.Ack = binary.BigEndian.Uint32(b[8:])
		h.Flags = tcpFlags()[b[13]]
		h.Window = binary.BigEndian.Uint16(b[14:])
		if b[13]&flagSYN != 0 {
			h.MSS = maxSegmentSize(b[tcpLen:n])
		}
		return b[n:]
	case protoUDP:
		if len(b) < udpLen {
			return b
		}
		h.Proto = "UDP"
		h.SrcPort = binary.BigEndian.Uint16(b)
		h.DstPort = binary.BigEndian.Uint16(b[2:])
		n := int(binary.BigEndian.Uint16(b[4:]))
		if n < udpLen || n > len(b) {
			n = len(b)
		}
		return b[udpLen:n]
	case protoICMP:
		if len(b) < icmpLen {
			return b
		}
		h.Proto = "ICMP"
		h.Type, h.Code = b[0], b[1]
		if h.Type == 3 && h.Code == 4 { // RFC 1191 §4
			h.MTU = uint32(binary.BigEndian.Uint16(b[6:]))
		}
		return b[icmpLen:]
	case protoICMPv6:
		if len(b) < icmpv6Len {
			return b
		}
		h.Proto = "ICMPv6"
		h.Type, h.Code = b[0], b[1]
		if h.Type == 2 && len(b) >= icmpLen { // RFC 4443 §3.2
			h.MTU = binary.BigEndian.Uint32(b[4:])
		}
		return b[icmpv6Len:]
	}
	h.Proto = hexNumber(uint64(proto), 2)
	return b
}

// flagSYN is the bit of SYN in the octet of TCP's flags.
const flagSYN = 0x02

// maxSegmentSize finds the Maximum Segment Size among a header's options, 0 when
// it is not there (RFC 9293 §3.2).
func maxSegmentSize(options []byte) uint16 {
	for len(options) > 0 {
		switch kind := options[0]; {
		case kind == 0:
			return 0
		case kind == 1:
			options = options[1:]
		case len(options) < 2 || options[1] < 2 || int(options[1]) > len(options):
			return 0
		case kind == 2 && options[1] == 4:
			return binary.BigEndian.Uint16(options[2:])
		default:
			options = options[options[1]:]
		}
	}
	return 0
}

// tcpFlags are the names of all values of the octet of TCP's flags, in the order
// that Head.Flags has.
var tcpFlags = sync.OnceValue(func() *[256]string {
	order := [...]struct {
		letter byte
		bit    int
	}{
		{'S', 0x02}, {'F', 0x01}, {'R', 0x04}, {'P', 0x08},
		{'A', 0x10}, {'U', 0x20}, {'E', 0x40}, {'C', 0x80},
	}
	var all [256]string
	var name []byte
	for v := range all {
		name = name[:0]
		for _, f := range order {
			if v&f.bit != 0 {
				name = append(name, f.letter)
			}
		}
		all[v] = string(name)
	}
	return &all
})

// hexNumber writes v as 0x and at least so many hex digits.
func hexNumber(v uint64, digits int) string {
	s := strconv.FormatUint(v, 16)
	for len(s) < digits {
		s = "0" + s
	}
	return "0x" + s
}
