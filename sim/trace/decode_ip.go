package trace

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// carrier is what IP says to the layer that it carries.
type carrier struct {
	src, dst netip.Addr
	// whole is empty when the layer above is all there, else it says why its
	// checksum cannot be verified.
	whole string
}

const (
	cutShort   = "not all of the packet is there"
	fragmented = "a fragment: it covers the whole packet"
)

// ipv4 reads an IPv4 packet and returns where it ends by its own account.
func (d *decoder) ipv4(off, end int) int {
	const source = "RFC 791 §3.1"
	if end-off < ipv4Len {
		d.short("IPv4", source, off, end, ipv4Len)
		return end
	}
	n := int(d.frame[off]&0xf) * 4
	total := int(d.get16(off + 2))
	l := d.header("IPv4", source, off, min(max(n, ipv4Len), end-off))
	l.add(d.bits(off, 0, 4, "Version"))
	ihl := d.bits(off, 4, 4, "IHL")
	ihl.Note = fmt.Sprintf("%d octets", n)
	l.add(ihl)
	l.add(d.trafficClass(off+1, 0, "Type of Service"))
	d.u16(l, off+2, "Total Length", "")
	d.hex(l, off+4, 2, "Identification", "")
	l.add(d.ipv4Flags(off + 6))
	fragment := d.bits(off+6, 3, 13, "Fragment Offset")
	place := int(d.get16(off+6)&0x1fff) * 8
	if place != 0 {
		fragment.Note = fmt.Sprintf("%d octets", place)
	}
	l.add(fragment)
	d.u8(l, off+8, "Time to Live", "")
	proto := d.frame[off+9]
	d.u8(l, off+9, "Protocol", protocolName(proto))

	damaged := ""
	switch {
	case d.frame[off]>>4 != 4:
		damaged = "the version is not 4"
	case n < ipv4Len:
		damaged = "the header length is less than 20 octets"
	case n > end-off:
		damaged = fmt.Sprintf("cut short: %d of %d octets of the header", end-off, n)
	case total < n:
		damaged = "the total length is less than that of the header"
	}
	if damaged != "" {
		l.add(d.checksumField("Header Checksum", off+10, 0, damaged))
	} else {
		l.add(d.checksumField("Header Checksum", off+10, checksum(0, d.frame[off:off+n]), ""))
	}
	src := netip.AddrFrom4([4]byte(d.frame[off+12:]))
	dst := netip.AddrFrom4([4]byte(d.frame[off+16:]))
	l.add(Field{Name: "Source Address", Value: src.String(), Offset: off + 12, Length: 4})
	l.add(Field{Name: "Destination Address", Value: dst.String(), Offset: off + 16, Length: 4})
	if damaged != "" {
		l.Note = damaged
		d.payload(off+l.Length, end)
		return end
	}
	d.ipv4Options(l, off+ipv4Len, off+n)

	carried := carrier{src: src, dst: dst}
	stop := off + total
	if stop > end {
		l.Note = fmt.Sprintf("cut short: %d of %d octets of the packet", end-off, total)
		stop, carried.whole = end, cutShort
	}
	if place != 0 || d.frame[off+6]&0x20 != 0 {
		carried.whole = fragmented
	}
	if place != 0 {
		d.payload(off+n, stop)
	} else {
		d.transport(proto, off+n, stop, carried)
	}
	return stop
}

func (d *decoder) ipv4Flags(off int) Field {
	f := d.bits(off, 0, 3, "Flags")
	f.Parts = []Field{
		d.bits(off, 0, 1, "Reserved"),
		d.bits(off, 1, 1, "DF"),
		d.bits(off, 2, 1, "MF"),
	}
	f.Parts[1].Note = [...]string{"may fragment", "do not fragment"}[d.frame[off]>>6&1]
	f.Parts[2].Note = [...]string{"last fragment", "more fragments"}[d.frame[off]>>5&1]
	return f
}

// trafficClass is the octet that RFC 2474 §3 and RFC 3168 §5 divide into DSCP
// and ECN; it begins at a bit of an octet.
func (d *decoder) trafficClass(off, bit int, name string) Field {
	f := d.bits(off, bit, 8, name)
	if bit == 0 {
		f.Bits = 0 // one whole octet
	}
	dscp := d.bits(off, bit, 6, "DSCP")
	at := bit + 6
	ecn := d.bits(off+at/8, at%8, 2, "ECN")
	ecn.Note = map[string]string{"0": "Not-ECT", "1": "ECT(1)", "2": "ECT(0)", "3": "CE"}[ecn.Value]
	f.Parts = []Field{dscp, ecn}
	return f
}

// ipv4Options reads the options of an IPv4 header (RFC 791 §3.1).
func (d *decoder) ipv4Options(l *Layer, off, end int) {
	names := map[byte]string{
		7: "Record Route", 68: "Internet Timestamp", 130: "Security",
		131: "Loose Source and Record Route", 136: "Stream Identifier",
		137: "Strict Source and Record Route", 148: "Router Alert",
	}
	for off < end {
		switch kind := d.frame[off]; kind {
		case 0:
			l.add(Field{Name: "End of Option List", Value: octets(d.frame[off:end]), Offset: off, Length: end - off})
			return
		case 1:
			l.add(Field{Name: "No Operation", Value: "1", Offset: off, Length: 1})
			off++
		default:
			n := d.optionLen(l, off, end, 0)
			if n == 0 {
				return
			}
			name := names[kind]
			if name == "" {
				name = "Option " + strconv.Itoa(int(kind))
			}
			l.add(Field{Name: name, Value: octets(d.frame[off+2 : off+n]), Offset: off, Length: n})
			off += n
		}
	}
}

// optionLen is the length of the option at off, whose second octet counts it all
// but the extra octets at its head. When the option does not fit, the rest
// becomes a field with a note, and the length is 0.
func (d *decoder) optionLen(l *Layer, off, end, extra int) int {
	if off+1 < end {
		if n := int(d.frame[off+1]) + extra; n >= 2 && n <= end-off {
			return n
		}
	}
	l.add(Field{
		Name: "Option " + strconv.Itoa(int(d.frame[off])), Value: octets(d.frame[off:end]),
		Offset: off, Length: end - off, Note: "its length is wrong",
	})
	return 0
}

// ipv6 reads an IPv6 packet and returns where it ends by its own account.
func (d *decoder) ipv6(off, end int) int {
	const source = "RFC 8200 §3"
	if end-off < ipv6Len {
		d.short("IPv6", source, off, end, ipv6Len)
		return end
	}
	length := int(d.get16(off + 4))
	next := d.frame[off+6]
	src := netip.AddrFrom16([16]byte(d.frame[off+8:]))
	dst := netip.AddrFrom16([16]byte(d.frame[off+24:]))
	l := d.header("IPv6", source, off, ipv6Len)
	l.add(d.bits(off, 0, 4, "Version"))
	l.add(d.trafficClass(off, 4, "Traffic Class"))
	flow := d.bits(off+1, 4, 20, "Flow Label")
	flow.Value = fmt.Sprintf("0x%05x", d.get32(off)&0xfffff)
	l.add(flow)
	d.u16(l, off+4, "Payload Length", "")
	d.u8(l, off+6, "Next Header", protocolName(next))
	d.u8(l, off+7, "Hop Limit", "")
	l.add(Field{Name: "Source Address", Value: src.String(), Offset: off + 8, Length: 16})
	l.add(Field{Name: "Destination Address", Value: dst.String(), Offset: off + 24, Length: 16})
	if d.frame[off]>>4 != 6 {
		l.Note = "the version is not 6"
		d.payload(off+ipv6Len, end)
		return end
	}
	carried := carrier{src: src, dst: dst}
	stop := off + ipv6Len + length
	if stop > end {
		l.Note = fmt.Sprintf("cut short: %d of %d octets of the packet", end-off, ipv6Len+length)
		stop, carried.whole = end, cutShort
	}
	at := off + ipv6Len
	for {
		n := extensionLen(next, d.frame[at:stop])
		if n == 0 {
			d.transport(next, at, stop, carried)
			return stop
		}
		if n > stop-at {
			d.short(extensionNames[next], extensionSources[next], at, stop, n)
			return stop
		}
		later := d.extension(next, at, n, &carried)
		next = d.frame[at]
		at += n
		if later {
			d.payload(at, stop)
			return stop
		}
	}
}

var extensionNames = map[uint8]string{
	protoHopByHop: "Hop-by-Hop Options", protoRouting: "Routing", protoFragment: "Fragment",
	protoDestOpts: "Destination Options", protoAH: "Authentication Header",
}

var extensionSources = map[uint8]string{
	protoHopByHop: "RFC 8200 §4.3", protoRouting: "RFC 8200 §4.4", protoFragment: "RFC 8200 §4.5",
	protoDestOpts: "RFC 8200 §4.6", protoAH: "RFC 4302 §2",
}

// extension reads an extension header of n octets, and says whether it makes the
// packet a fragment other than the first.
func (d *decoder) extension(kind uint8, off, n int, carried *carrier) (later bool) {
	l := d.header(extensionNames[kind], extensionSources[kind], off, n)
	d.u8(l, off, "Next Header", protocolName(d.frame[off]))
	switch kind {
	case protoFragment:
		d.u8(l, off+1, "Reserved", "")
		place := d.bits(off+2, 0, 13, "Fragment Offset")
		units := int(d.get16(off+2) >> 3)
		if units != 0 {
			place.Note = fmt.Sprintf("%d octets", units*8)
		}
		l.add(place)
		l.add(d.bits(off+3, 5, 2, "Res"))
		more := d.bits(off+3, 7, 1, "M")
		more.Note = [...]string{"last fragment", "more fragments"}[d.frame[off+3]&1]
		l.add(more)
		d.hex(l, off+4, 4, "Identification", "")
		if units != 0 || d.frame[off+3]&1 != 0 {
			carried.whole = fragmented
		}
		return units != 0
	case protoAH:
		d.u8(l, off+1, "Payload Len", "")
		d.u16(l, off+2, "RESERVED", "")
		d.hex(l, off+4, 4, "Security Parameters Index", "")
		d.u32(l, off+8, "Sequence Number", "")
		l.add(Field{Name: "Integrity Check Value", Value: octets(d.frame[off+12 : off+n]), Offset: off + 12, Length: n - 12})
	case protoRouting:
		d.u8(l, off+1, "Hdr Ext Len", "")
		d.u8(l, off+2, "Routing Type", "")
		d.u8(l, off+3, "Segments Left", "")
		l.add(Field{Name: "type-specific data", Value: octets(d.frame[off+4 : off+n]), Offset: off + 4, Length: n - 4})
		if d.frame[off+3] != 0 && carried.whole == "" {
			carried.whole = "it covers the final destination, which is in the routing header"
		}
	default:
		d.u8(l, off+1, "Hdr Ext Len", "")
		d.ipv6Options(l, off+2, off+n)
	}
	return false
}

// ipv6Options reads the options of an extension header (RFC 8200 §4.2).
func (d *decoder) ipv6Options(l *Layer, off, end int) {
	for off < end {
		kind := d.frame[off]
		if kind == 0 {
			l.add(Field{Name: "Pad1", Value: "0", Offset: off, Length: 1})
			off++
			continue
		}
		n := d.optionLen(l, off, end, 2)
		if n == 0 {
			return
		}
		f := Field{Name: "Option " + strconv.Itoa(int(kind)), Value: octets(d.frame[off+2 : off+n]), Offset: off, Length: n}
		switch {
		case kind == 1:
			f.Name = "PadN"
		case kind == 5 && n == 4: // RFC 2711 §2.1
			f.Name, f.Value = "Router Alert", strconv.Itoa(int(d.get16(off+2)))
			if f.Value == "0" {
				f.Note = "Multicast Listener Discovery"
			}
		}
		l.add(f)
		off += n
	}
}

// protocolName is the keyword of a protocol number, as the IANA lists it.
func protocolName(proto uint8) string {
	switch proto {
	case protoHopByHop:
		return "Hop-by-Hop Options"
	case protoICMP:
		return "ICMP"
	case 2:
		return "IGMP"
	case protoTCP:
		return "TCP"
	case protoUDP:
		return "UDP"
	case protoRouting:
		return "Routing"
	case protoFragment:
		return "Fragment"
	case protoESP:
		return "ESP"
	case protoAH:
		return "AH"
	case protoICMPv6:
		return "ICMPv6"
	case protoNone:
		return "No Next Header"
	case protoDestOpts:
		return "Destination Options"
	}
	return ""
}

// joined lists words with commas.
func joined(words []string) string { return strings.Join(words, ", ") }
