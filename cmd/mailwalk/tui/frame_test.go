package tui

import (
	"encoding/binary"
	"strconv"
	"strings"

	"mailwalk/sim/trace"
)

// frameOf is an Ethernet frame with an IPv4 packet of TCP or UDP, as a head
// describes it, with checksums that are right.
func frameOf(h *trace.Head, payload []byte) []byte {
	data := []byte{0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2, 8, 0}
	var next []byte
	proto := byte(6)
	if h.Proto == "UDP" {
		proto = 17
		next = binary.BigEndian.AppendUint16(nil, h.SrcPort)
		next = binary.BigEndian.AppendUint16(next, h.DstPort)
		next = binary.BigEndian.AppendUint16(next, uint16(8+len(payload)))
		next = append(next, 0, 1)
	} else {
		next = binary.BigEndian.AppendUint16(nil, h.SrcPort)
		next = binary.BigEndian.AppendUint16(next, h.DstPort)
		next = binary.BigEndian.AppendUint32(next, h.Seq)
		next = binary.BigEndian.AppendUint32(next, h.Ack)
		bits := byte(0)
		for _, f := range h.Flags {
			bits |= map[rune]byte{'F': 1, 'S': 2, 'R': 4, 'P': 8, 'A': 16}[f]
		}
		next = append(next, 5<<4, bits)
		next = binary.BigEndian.AppendUint16(next, h.Window)
		next = append(next, 0, 1, 0, 0)
	}
	next = append(next, payload...)
	data = append(data, 0x45, 0)
	data = binary.BigEndian.AppendUint16(data, uint16(20+len(next)))
	data = append(data, 0, 1, 0x40, 0, h.TTL, proto, 0, 1)
	data = append(append(data, h.Src.AsSlice()...), h.Dst.AsSlice()...)
	data = append(data, next...)
	for _, l := range trace.Decode(data) {
		for _, f := range l.Fields {
			if right, ok := strings.CutPrefix(f.Note, "should be 0x"); ok && f.Check == trace.Invalid {
				sum, _ := strconv.ParseUint(right, 16, 16)
				binary.BigEndian.PutUint16(data[f.Offset:], uint16(sum))
			}
		}
	}
	return data
}
