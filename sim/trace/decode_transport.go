package trace

import (
	"fmt"
	"strconv"
)

// transport reads what IP carries in the octets from off up to end.
func (d *decoder) transport(proto uint8, off, end int, ip carrier) {
	switch proto {
	case protoTCP:
		d.tcp(off, end, ip)
	case protoUDP:
		d.udp(off, end, ip)
	case protoICMP:
		d.icmp(off, end, ip)
	case protoICMPv6:
		d.icmpv6(off, end, ip)
	default:
		d.payload(off, end)
	}
}

// udp reads a user datagram.
func (d *decoder) udp(off, end int, ip carrier) {
	const source = "RFC 768"
	if end-off < udpLen {
		d.short("UDP", source, off, end, udpLen)
		return
	}
	l := d.header("UDP", source, off, udpLen)
	d.u16(l, off, "Source Port", "")
	d.u16(l, off+2, "Destination Port", "")
	d.u16(l, off+4, "Length", "")
	n := int(d.get16(off + 4))
	reason := ip.whole
	switch {
	case n < udpLen:
		l.Note = "the length is less than that of the header"
		reason = l.Note
		n = end - off
	case n > end-off:
		if reason == "" {
			l.Note = "the length is more than the packet holds"
			reason = l.Note
		}
		n = end - off
	case d.get16(off+6) == 0 && ip.src.Is4():
		reason = "0: the sender made none"
	case d.get16(off+6) == 0:
		reason = "0: not allowed over IPv6, but for some tunnels"
	}
	sum := checksum(pseudoHeader(ip.src, ip.dst, protoUDP, n), d.frame[off:off+n])
	check := d.checksumField("Checksum", off+6, sum, reason)
	if check.Check == Invalid && check.Note == "should be 0x0000" {
		check.Note = "should be 0xffff" // for 0 says that there is none
	}
	l.add(check)
	d.payload(off+udpLen, off+n)
	if off+n < end {
		d.header("Padding", source, off+n, end-off-n).Note = "behind the datagram, inside the packet"
	}
}

// tcp reads a segment.
func (d *decoder) tcp(off, end int, ip carrier) {
	const source = "RFC 9293 §3.1"
	if end-off < tcpLen {
		d.short("TCP", source, off, end, tcpLen)
		return
	}
	n := int(d.frame[off+12]>>4) * 4
	l := d.header("TCP", source, off, min(max(n, tcpLen), end-off))
	d.u16(l, off, "Source Port", "")
	d.u16(l, off+2, "Destination Port", "")
	d.u32(l, off+4, "Sequence Number", "")
	d.u32(l, off+8, "Acknowledgment Number", "")
	offset := d.bits(off+12, 0, 4, "Data Offset")
	offset.Note = fmt.Sprintf("%d octets", n)
	l.add(offset)
	l.add(d.bits(off+12, 4, 4, "Reserved"))
	l.add(d.controlBits(off + 13))
	d.u16(l, off+14, "Window", "")
	sum := checksum(pseudoHeader(ip.src, ip.dst, protoTCP, end-off), d.frame[off:end])
	l.add(d.checksumField("Checksum", off+16, sum, ip.whole))
	d.u16(l, off+18, "Urgent Pointer", "")
	switch {
	case n < tcpLen:
		l.Note = "the data offset is less than 20 octets"
	case n > end-off:
		l.Note = fmt.Sprintf("cut short: %d of %d octets of the header", end-off, n)
	default:
		d.tcpOptions(l, off+tcpLen, off+n)
	}
	off += l.Length
	if ip.whole == "" && !d.quoted {
		off = d.tls(off, end)
	}
	d.payload(off, end)
}

// controlBits is the octet of TCP's flags (RFC 9293 §3.1, RFC 3168 §6.1).
func (d *decoder) controlBits(off int) Field {
	f := Field{Name: "Control Bits", Value: d.number(off, 1), Offset: off, Length: 1}
	var set []string
	for bit, name := range []string{"CWR", "ECE", "URG", "ACK", "PSH", "RST", "SYN", "FIN"} {
		part := d.bits(off, bit, 1, name)
		if part.Value == "1" {
			set = append(set, name)
		}
		f.Parts = append(f.Parts, part)
	}
	f.Note = joined(set)
	return f
}

// tcpOptions reads the options of a TCP header (RFC 9293 §3.2, RFC 7323, RFC
// 2018).
func (d *decoder) tcpOptions(l *Layer, off, end int) {
	for off < end {
		kind := d.frame[off]
		switch kind {
		case 0:
			l.add(Field{Name: "End of Option List Option", Value: octets(d.frame[off:end]), Offset: off, Length: end - off})
			return
		case 1:
			l.add(Field{Name: "No-Operation", Value: "1", Offset: off, Length: 1})
			off++
			continue
		}
		n := d.optionLen(l, off, end, 0)
		if n == 0 {
			return
		}
		f := Field{Name: "Option " + strconv.Itoa(int(kind)), Value: octets(d.frame[off+2 : off+n]), Offset: off, Length: n}
		switch {
		case kind == 2 && n == 4:
			f.Name, f.Value = "Maximum Segment Size", strconv.Itoa(int(d.get16(off+2)))
		case kind == 3 && n == 3:
			f.Name, f.Value = "Window Scale", strconv.Itoa(int(d.frame[off+2]))
			// RFC 7323 §2.3: a shift above 14 counts as 14.
			f.Note = fmt.Sprintf("if both ends send one, this end's later windows count %d octets each", 1<<min(d.frame[off+2], 14))
		case kind == 4 && n == 2:
			f.Name, f.Value = "SACK-Permitted", "4"
		case kind == 5 && n%8 == 2 && n > 2:
			f.Name, f.Value = "SACK", ""
			for at := off + 2; at < off+n; at += 8 {
				edges := [2]string{
					strconv.FormatUint(uint64(d.get32(at)), 10),
					strconv.FormatUint(uint64(d.get32(at+4)), 10),
				}
				if f.Value != "" {
					f.Value += ", "
				}
				f.Value += edges[0] + "-" + edges[1]
				f.Parts = append(f.Parts,
					Field{Name: "Left Edge of Block", Value: edges[0], Offset: at, Length: 4},
					Field{Name: "Right Edge of Block", Value: edges[1], Offset: at + 4, Length: 4})
			}
		case kind == 8 && n == 10:
			val := strconv.FormatUint(uint64(d.get32(off+2)), 10)
			echo := strconv.FormatUint(uint64(d.get32(off+6)), 10)
			f.Name, f.Value = "Timestamps", val+", "+echo
			f.Parts = []Field{
				{Name: "TSval", Value: val, Offset: off + 2, Length: 4},
				{Name: "TSecr", Value: echo, Offset: off + 6, Length: 4},
			}
		}
		l.add(f)
		off += n
	}
}
