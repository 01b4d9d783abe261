package trace

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
)

// icmp reads a message of the Internet Control Message Protocol.
func (d *decoder) icmp(off, end int, ip carrier) {
	const source = "RFC 792"
	if end-off < icmpLen {
		d.short("ICMP", source, off, end, icmpLen)
		return
	}
	kind, code := d.frame[off], d.frame[off+1]
	l := d.header("ICMP", source, off, icmpLen)
	d.u8(l, off, "Type", icmpTypes[kind])
	d.u8(l, off+1, "Code", icmpCodes[[2]uint8{kind, code}])
	l.add(d.checksumField("Checksum", off+2, checksum(0, d.frame[off:end]), ip.whole))
	quotes := false
	switch kind {
	case 0, 8, 13, 14:
		d.hex(l, off+4, 2, "Identifier", "")
		d.u16(l, off+6, "Sequence Number", "")
	case 3:
		quotes = true
		d.hex(l, off+4, 2, "unused", "")
		if code == 4 { // RFC 1191 §4
			d.u16(l, off+6, "Next-Hop MTU", "")
		} else {
			d.hex(l, off+6, 2, "unused", "")
		}
	case 5:
		quotes = true
		gateway := netip.AddrFrom4([4]byte(d.frame[off+4:]))
		l.add(Field{Name: "Gateway Internet Address", Value: gateway.String(), Offset: off + 4, Length: 4})
	case 12:
		quotes = true
		d.u8(l, off+4, "Pointer", "")
		d.hex(l, off+5, 3, "unused", "")
	case 4, 11:
		quotes = true
		d.hex(l, off+4, 4, "unused", "")
	default:
		l.add(Field{Name: "rest of header", Value: octets(d.frame[off+4 : off+8]), Offset: off + 4, Length: 4})
	}
	d.icmpData(quotes, off+icmpLen, end, d.ipv4)
}

// icmpData reads what follows the header of an ICMP message: for an error, the
// packet it complains of, as far as it is quoted.
func (d *decoder) icmpData(quotes bool, off, end int, read func(off, end int) int) {
	if !quotes || d.quoted || off == end {
		d.payload(off, end)
		return
	}
	d.quoted = true
	stop := read(off, end)
	d.payload(stop, end)
	d.quoted = false
}

var icmpTypes = map[uint8]string{
	0: "Echo Reply", 3: "Destination Unreachable", 4: "Source Quench", 5: "Redirect", 8: "Echo",
	11: "Time Exceeded", 12: "Parameter Problem", 13: "Timestamp", 14: "Timestamp Reply",
}

var icmpCodes = map[[2]uint8]string{
	{3, 0}: "net unreachable", {3, 1}: "host unreachable", {3, 2}: "protocol unreachable",
	{3, 3}: "port unreachable", {3, 4}: "fragmentation needed and DF set", {3, 5}: "source route failed",
	{3, 9}:  "communication with destination network administratively prohibited", // RFC 1122 §3.2.2.1
	{3, 10}: "communication with destination host administratively prohibited",
	{3, 13}: "communication administratively prohibited", // RFC 1812 §5.2.7.1
	{5, 0}:  "for the network", {5, 1}: "for the host",
	{11, 0}: "time to live exceeded in transit", {11, 1}: "fragment reassembly time exceeded",
	{12, 0}: "pointer indicates the error",
}

// icmpv6 reads a message of ICMPv6, which Neighbor Discovery and Multicast
// Listener Discovery are part of.
func (d *decoder) icmpv6(off, end int, ip carrier) {
	source := "RFC 4443 §2.1"
	if end-off < icmpv6Len {
		d.short("ICMPv6", source, off, end, icmpv6Len)
		return
	}
	kind, code := d.frame[off], d.frame[off+1]
	name := icmpv6Types[kind]
	need, quotes := icmpLen, false
	switch kind {
	case 1, 2, 3, 4:
		quotes = true
	case 128, 129:
	case 133:
		source = "RFC 4861 §4.1"
	case 134:
		source, need = "RFC 4861 §4.2", 16
	case 135:
		source, need = "RFC 4861 §4.3", 24
	case 136:
		source, need = "RFC 4861 §4.4", 24
	case 137:
		source, need = "RFC 4861 §4.5", 40
	case 130, 131, 132:
		source, need = "RFC 2710 §3", 24
	case 143:
		source = "RFC 3810 §5.2"
	default:
		need = icmpv6Len
	}
	l := d.header("ICMPv6", source, off, min(need, end-off))
	d.u8(l, off, "Type", name)
	d.u8(l, off+1, "Code", icmpv6Codes[[2]uint8{kind, code}])
	sum := checksum(pseudoHeader(ip.src, ip.dst, protoICMPv6, end-off), d.frame[off:end])
	l.add(d.checksumField("Checksum", off+2, sum, ip.whole))
	if end-off < need {
		l.Note = fmt.Sprintf("cut short: %d of at least %d octets", end-off, need)
		return
	}
	at := off + icmpv6Len
	switch kind {
	case 1, 3:
		d.hex(l, at, 4, "Unused", "")
	case 2:
		d.u32(l, at, "MTU", "")
	case 4:
		d.u32(l, at, "Pointer", "")
	case 128, 129:
		d.hex(l, at, 2, "Identifier", "")
		d.u16(l, at+2, "Sequence Number", "")
	case 130, 131, 132:
		d.u16(l, at, "Maximum Response Delay", "milliseconds")
		d.hex(l, at+2, 2, "Reserved", "")
		d.addr16(l, at+4, "Multicast Address")
	case 133:
		d.hex(l, at, 4, "Reserved", "")
		d.ndpOptions(off+need, end)
		return
	case 134:
		d.u8(l, at, "Cur Hop Limit", "")
		l.add(d.bits(at+1, 0, 1, "M"))
		l.add(d.bits(at+1, 1, 1, "O"))
		l.add(d.bits(at+1, 2, 6, "Reserved"))
		d.u16(l, at+2, "Router Lifetime", "seconds")
		d.u32(l, at+4, "Reachable Time", "milliseconds")
		d.u32(l, at+8, "Retrans Timer", "milliseconds")
		d.ndpOptions(off+need, end)
		return
	case 135, 136, 137:
		if kind == 136 {
			for bit, name := range []string{"R", "S", "O"} {
				f := d.bits(at, bit, 1, name)
				f.Note = [...]string{"router", "solicited", "override"}[bit]
				l.add(f)
			}
			l.add(d.bits(at, 3, 29, "Reserved"))
		} else {
			d.hex(l, at, 4, "Reserved", "")
		}
		d.addr16(l, at+4, "Target Address")
		if kind == 137 {
			d.addr16(l, at+20, "Destination Address")
		}
		d.ndpOptions(off+need, end)
		return
	case 143:
		d.hex(l, at, 2, "Reserved", "")
		d.u16(l, at+2, "Nr of Mcast Address Records", "")
		d.mldRecords(l, off+need, end)
		return
	}
	d.icmpData(quotes, off+need, end, d.ipv6)
}

func (d *decoder) addr16(l *Layer, off int, name string) {
	a := netip.AddrFrom16([16]byte(d.frame[off:]))
	l.add(Field{Name: name, Value: a.String(), Offset: off, Length: 16})
}

// ndpOptions reads the options of a Neighbor Discovery message, from off up to
// end, into the layer begun last (RFC 4861 §4.6).
func (d *decoder) ndpOptions(off, end int) {
	l := &d.layers[len(d.layers)-1]
	for off < end {
		n := 0
		if end-off >= 8 {
			n = int(d.frame[off+1]) * 8
		}
		if n == 0 || n > end-off {
			l.Note = "an option's length is wrong"
			d.payload(off, end)
			return
		}
		l.Length += n
		kind := d.frame[off]
		f := Field{Name: "Option " + strconv.Itoa(int(kind)), Value: octets(d.frame[off+2 : off+n]), Offset: off, Length: n}
		switch {
		case (kind == 1 || kind == 2) && n == 8:
			f.Name = [...]string{"Source Link-layer Address", "Target Link-layer Address"}[kind-1]
			f.Value = net.HardwareAddr(d.frame[off+2 : off+8]).String()
		case kind == 3 && n == 32:
			prefix := netip.AddrFrom16([16]byte(d.frame[off+16:]))
			f.Name, f.Value = "Prefix Information", prefix.String()+"/"+strconv.Itoa(int(d.frame[off+2]))
		case kind == 4:
			f.Name = "Redirected Header"
		case kind == 5 && n == 8:
			f.Name, f.Value = "MTU", strconv.FormatUint(uint64(d.get32(off+4)), 10)
		case kind == 14: // RFC 3971 §5.3.2
			f.Name = "Nonce"
		}
		l.add(f)
		off += n
	}
}

// mldRecords reads the multicast address records of a version 2 report into its
// layer (RFC 3810 §5.2.4).
func (d *decoder) mldRecords(l *Layer, off, end int) {
	const fixed = 20
	for range d.get16(off - 2) {
		n := 0
		if end-off >= fixed {
			n = fixed + int(d.get16(off+2))*16 + int(d.frame[off+1])*4
		}
		if n == 0 || n > end-off {
			l.Note = "cut short: an address record is not all there"
			break
		}
		l.Length += n
		group := netip.AddrFrom16([16]byte(d.frame[off+4:])).String()
		f := Field{Name: "Multicast Address Record", Value: group, Offset: off, Length: n, Note: mldRecordTypes[d.frame[off]]}
		f.Parts = []Field{
			{Name: "Record Type", Value: strconv.Itoa(int(d.frame[off])), Offset: off, Length: 1, Note: f.Note},
			{Name: "Aux Data Len", Value: strconv.Itoa(int(d.frame[off+1])), Offset: off + 1, Length: 1},
			{Name: "Number of Sources", Value: strconv.Itoa(int(d.get16(off + 2))), Offset: off + 2, Length: 2},
			{Name: "Multicast Address", Value: group, Offset: off + 4, Length: 16},
		}
		for i := range int(d.get16(off + 2)) {
			at := off + fixed + i*16
			source := netip.AddrFrom16([16]byte(d.frame[at:]))
			f.Parts = append(f.Parts, Field{Name: "Source Address", Value: source.String(), Offset: at, Length: 16})
		}
		l.add(f)
		off += n
	}
	d.payload(off, end)
}

var mldRecordTypes = map[uint8]string{
	1: "MODE_IS_INCLUDE", 2: "MODE_IS_EXCLUDE", 3: "CHANGE_TO_INCLUDE_MODE",
	4: "CHANGE_TO_EXCLUDE_MODE", 5: "ALLOW_NEW_SOURCES", 6: "BLOCK_OLD_SOURCES",
}

var icmpv6Types = map[uint8]string{
	1: "Destination Unreachable", 2: "Packet Too Big", 3: "Time Exceeded", 4: "Parameter Problem",
	128: "Echo Request", 129: "Echo Reply", 130: "Multicast Listener Query",
	131: "Multicast Listener Report", 132: "Multicast Listener Done", 133: "Router Solicitation",
	134: "Router Advertisement", 135: "Neighbor Solicitation", 136: "Neighbor Advertisement",
	137: "Redirect", 143: "Version 2 Multicast Listener Report",
}

var icmpv6Codes = map[[2]uint8]string{
	{1, 0}: "no route to destination", {1, 1}: "communication with destination administratively prohibited",
	{1, 2}: "beyond scope of source address", {1, 3}: "address unreachable", {1, 4}: "port unreachable",
	{1, 5}: "source address failed ingress/egress policy", {1, 6}: "reject route to destination",
	{3, 0}: "hop limit exceeded in transit", {3, 1}: "fragment reassembly time exceeded",
	{4, 0}: "erroneous header field encountered", {4, 1}: "unrecognized Next Header type encountered",
	{4, 2}: "unrecognized IPv6 option encountered",
}
