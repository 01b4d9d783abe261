package trace

import (
	"encoding/binary"
	"fmt"
	"net"
	"strconv"
)

// Layer is one header of a frame, or what lies behind the last one.
type Layer struct {
	// Name is the protocol's or the extension header's; "Payload" is what the
	// innermost protocol carries, "Padding" what fills up a short Ethernet frame.
	Name string
	// Source is where the layout is defined: "RFC 9293 §3.1".
	Source string
	// Offset and Length are in octets, from the frame's first.
	Offset, Length int
	// Quoted is true for the headers that an ICMP error quotes from the packet it
	// complains of.
	Quoted bool
	Fields []Field
	// Note says what is wrong with the layer, such as that it is cut short.
	Note string
}

// Field is one field of a header, under the name that the layout's source has.
type Field struct {
	Name  string
	Value string
	// Offset and Length are the octets the field touches, from the frame's first.
	Offset, Length int
	// Bits is the field's width where it is not made of whole octets, else 0; Bit
	// is its first bit, 0 being the most significant of octet Offset.
	Bit, Bits int
	// Check is the verdict on a checksum; empty for other fields.
	Check Check
	// Note says what the value means, or why it is wrong.
	Note string
	// Parts are the fields that this one is made of.
	Parts []Field
}

// Check is what became of verifying a checksum.
type Check string

// The verdicts on a checksum.
const (
	Valid     Check = "valid"
	Invalid   Check = "invalid"
	Unchecked Check = "not checked" // its Note says why
)

// Decode takes a frame apart, beginning with its Ethernet header. It takes any
// bytes: a header that is cut short or contradicts itself has a Note, and what
// cannot be understood is the Payload. The layers lie in the order of their
// offsets, and together cover the frame.
func Decode(frame []byte) []Layer {
	d := decoder{frame: frame}
	d.ethernet()
	return d.layers
}

// decoder collects the layers of a frame.
type decoder struct {
	frame  []byte
	layers []Layer
	quoted bool
}

// header begins a layer of n octets at off and returns it to be filled. It is
// valid until the next layer begins.
func (d *decoder) header(name, source string, off, n int) *Layer {
	d.layers = append(d.layers, Layer{Name: name, Source: source, Offset: off, Length: n, Quoted: d.quoted})
	return &d.layers[len(d.layers)-1]
}

// payload makes the octets from off up to end a layer, if there are any.
func (d *decoder) payload(off, end int) {
	if off < end {
		d.header("Payload", "", off, end-off)
	}
}

// short makes what there is of a header that should have n octets a layer with a
// note.
func (d *decoder) short(name, source string, off, end, n int) {
	l := d.header(name, source, off, end-off)
	l.Note = fmt.Sprintf("cut short: %d of at least %d octets", end-off, n)
}

func (l *Layer) add(f Field) { l.Fields = append(l.Fields, f) }

// u8, u16 and u32 add fields of 1, 2 and 4 octets whose value is a number.
func (d *decoder) u8(l *Layer, off int, name, note string) {
	l.add(Field{Name: name, Value: strconv.Itoa(int(d.frame[off])), Offset: off, Length: 1, Note: note})
}

func (d *decoder) u16(l *Layer, off int, name, note string) {
	l.add(Field{Name: name, Value: strconv.Itoa(int(d.get16(off))), Offset: off, Length: 2, Note: note})
}

func (d *decoder) u32(l *Layer, off int, name, note string) {
	l.add(Field{Name: name, Value: strconv.FormatUint(uint64(d.get32(off)), 10), Offset: off, Length: 4, Note: note})
}

// hex adds a field of n octets, at most 8, as a hexadecimal number.
func (d *decoder) hex(l *Layer, off, n int, name, note string) {
	l.add(Field{Name: name, Value: d.number(off, n), Offset: off, Length: n, Note: note})
}

func (d *decoder) number(off, n int) string {
	return fmt.Sprintf("0x%x", d.frame[off:off+n])
}

func (d *decoder) get16(off int) uint16 { return binary.BigEndian.Uint16(d.frame[off:]) }
func (d *decoder) get32(off int) uint32 { return binary.BigEndian.Uint32(d.frame[off:]) }

// octets writes bytes as hex pairs; empty for none.
func octets(b []byte) string {
	return fmt.Sprintf("% x", b)
}

// bits is a field of width bits from bit of the octet at off.
func (d *decoder) bits(off, bit, width int, name string) Field {
	n := (bit + width + 7) / 8
	var v uint64
	for _, b := range d.frame[off : off+n] {
		v = v<<8 | uint64(b)
	}
	v = v >> (n*8 - bit - width) & (1<<width - 1)
	return Field{Name: name, Value: strconv.FormatUint(v, 10), Offset: off, Length: n, Bit: bit, Bits: width}
}

// ethernet reads the Ethernet header. The frame check sequence is not part of
// the frames of a walk.
func (d *decoder) ethernet() {
	const source = "IEEE 802.3 §3.2; RFC 894"
	if len(d.frame) < etherLen {
		d.short("Ethernet", source, 0, len(d.frame), etherLen)
		return
	}
	etherType := d.get16(12)
	l := d.header("Ethernet", source, 0, etherLen)
	for i, name := range []string{"Destination Address", "Source Address"} {
		mac := net.HardwareAddr(d.frame[i*6 : i*6+6])
		l.add(Field{Name: name, Value: mac.String(), Offset: i * 6, Length: 6, Note: macNote(mac)})
	}
	name := etherTypeName(etherType)
	if etherType < 0x0600 {
		name = "a length, not a type"
	}
	d.hex(l, 12, 2, "EtherType", name)

	end := len(d.frame)
	switch etherType {
	case etherARP:
		end = d.arp(etherLen, end)
	case etherIPv4:
		end = d.ipv4(etherLen, end)
	case etherIPv6:
		end = d.ipv6(etherLen, end)
	default:
		d.payload(etherLen, end)
	}
	if end < len(d.frame) {
		d.header("Padding", source, end, len(d.frame)-end)
	}
}

func macNote(mac net.HardwareAddr) string {
	switch {
	case mac.String() == "ff:ff:ff:ff:ff:ff":
		return "broadcast"
	case mac[0]&1 != 0:
		return "multicast"
	}
	return ""
}

func etherTypeName(t uint16) string {
	switch t {
	case etherIPv4:
		return "IPv4"
	case etherARP:
		return "ARP"
	case etherIPv6:
		return "IPv6"
	case 0x8100:
		return "VLAN tag"
	}
	return ""
}

// arp reads a packet of the Address Resolution Protocol and returns where it
// ends.
func (d *decoder) arp(off, end int) int {
	const source = "RFC 826; RFC 5227 §1.1"
	if end-off < 8 {
		d.short("ARP", source, off, end, arpLen)
		return end
	}
	hlen, plen := int(d.frame[off+4]), int(d.frame[off+5])
	n := 8 + 2*hlen + 2*plen
	if n > end-off {
		d.short("ARP", source, off, end, n)
		return end
	}
	l := d.header("ARP", source, off, n)
	hardware := ""
	if d.get16(off) == 1 {
		hardware = "Ethernet"
	}
	d.u16(l, off, "Hardware Type", hardware)
	d.hex(l, off+2, 2, "Protocol Type", etherTypeName(d.get16(off+2)))
	d.u8(l, off+4, "Hardware Address Length", "")
	d.u8(l, off+5, "Protocol Address Length", "")
	operation := ""
	switch d.get16(off + 6) {
	case 1:
		operation = "request"
	case 2:
		operation = "reply"
	}
	d.u16(l, off+6, "Operation", operation)
	at := off + 8
	for _, whose := range []string{"Sender", "Target"} {
		value := net.HardwareAddr(d.frame[at : at+hlen]).String()
		l.add(Field{Name: whose + " Hardware Address", Value: value, Offset: at, Length: hlen})
		at += hlen
		value = octets(d.frame[at : at+plen])
		if plen == 4 {
			value = net.IP(d.frame[at : at+4]).String()
		}
		l.add(Field{Name: whose + " Protocol Address", Value: value, Offset: at, Length: plen})
		at += plen
	}
	return off + n
}
