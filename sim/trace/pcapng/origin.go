package pcapng

import (
	"bytes"
	"encoding/binary"

	"mailwalk/sim/trace"
)

// origins are the frames in which packets were first put on a link, by the
// frames in which routers passed them on.
type origins map[uint64]uint64

// of is the number of the frame in which a packet was first put on a link. All
// frames of the packet have it as their identifier (Enhanced Packet Block,
// epb_packetid). The events must be given in their order.
func (o origins) of(t *trace.Trace, e *trace.Event, f *trace.PacketBody) uint64 {
	for _, seq := range e.Causes {
		cause := t.At(seq)
		if cause == nil || cause.What != trace.Delivered || cause.Host != e.Host {
			continue
		}
		if before, ok := cause.Body.(*trace.PacketBody); ok && before.Link != f.Link && samePacket(before.Data, f.Data) {
			first, ok := o[before.Frame]
			if !ok {
				first = before.Frame
			}
			o[f.Frame] = first
			return first
		}
	}
	if first, ok := o[f.Frame]; ok { // put on the link once more
		return first
	}
	return f.Frame
}

const etherLen = 14

// samePacket tells whether two Ethernet frames carry the same IP packet, as it
// is before and after a router: another time to live, and for IPv4 another
// header checksum (RFC 1812 §5.3.1, RFC 8200 §3).
func samePacket(a, b []byte) bool {
	if len(a) != len(b) || len(a) < etherLen || !bytes.Equal(a[12:etherLen], b[12:etherLen]) {
		return false
	}
	etherType := binary.BigEndian.Uint16(a[12:])
	a, b = a[etherLen:], b[etherLen:]
	switch {
	case etherType == 0x0800 && len(a) >= 20: // IPv4
		return bytes.Equal(a[:8], b[:8]) && a[9] == b[9] && bytes.Equal(a[12:], b[12:])
	case etherType == 0x86dd && len(a) >= 40: // IPv6
		return bytes.Equal(a[:7], b[:7]) && bytes.Equal(a[8:], b[8:])
	}
	return false
}
