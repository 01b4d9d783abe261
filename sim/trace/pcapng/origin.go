package pcapng

import "mailwalk/sim/trace"

// origins are the frames in which packets were first put on a link, by the
// frames in which routers passed them on.
type origins map[uint64]uint64

// of is the number of the frame in which a packet was first put on a link. All
// frames of the packet have it as their identifier (Enhanced Packet Block,
// epb_packetid). The events must be given in their order.
func (o origins) of(t *trace.Trace, e *trace.Event, f *trace.PacketBody) uint64 {
	if before := received(t, e, f); before != nil {
		first, ok := o[before.Frame]
		if !ok {
			first = before.Frame
		}
		o[f.Frame] = first
		return first
	}
	if first, ok := o[f.Frame]; ok { // put on the link once more
		return first
	}
	return f.Frame
}

// steps is how far apart the coming and the going of a packet are at most: a router
// that does not know the next machine's link address asks for it in between.
const steps = 6

// received is the frame in which a router got the packet that it passes on in f, by
// the causes of that, or nil if this is no packet passed on. Of several packets that
// wait for the same link address, it knows the one for which the router asked; what
// makes the others go is the answer, and by their causes they are new.
func received(t *trace.Trace, e *trace.Event, f *trace.PacketBody) *trace.PacketBody {
	causes := e.Causes
	for range steps {
		var further []uint64
		for _, seq := range causes {
			cause := t.At(seq)
			if cause == nil {
				continue
			}
			b, ok := cause.Body.(*trace.PacketBody)
			if !ok {
				continue
			}
			if cause.What == trace.Delivered && cause.Host == e.Host && b.Link != f.Link && trace.SamePacket(b.Data, f.Data) {
				return b
			}
			if resolves(b) {
				further = append(further, cause.Causes...)
			}
		}
		causes = further
	}
	return nil
}

// resolves tells whether a frame asks for a link address, or tells one: ARP, or the
// Neighbor Solicitation and Neighbor Advertisement of RFC 4861 §4.3 and §4.4.
func resolves(b *trace.PacketBody) bool {
	const solicitation, advertisement = 135, 136
	return b.Head.Proto == "ARP" || b.Head.Proto == "ICMPv6" && (b.Head.Type == solicitation || b.Head.Type == advertisement)
}
