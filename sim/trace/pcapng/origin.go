package pcapng

import "mailwalk/sim/trace"

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
		if before, ok := cause.Body.(*trace.PacketBody); ok && before.Link != f.Link && trace.SamePacket(before.Data, f.Data) {
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
