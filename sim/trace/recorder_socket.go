package trace

import "net/netip"

// Socket records a step of one end of a connection on the kernel's sockets: octets
// written, octets read, or the kernel's counters. The body's addresses are filled
// in; it has the range and the octets of what was written or read.
//
// A line that was said is the cause of the writing that carried it, that of the
// reading on the other side, and that of the line as it is heard there. cause is the
// event that a step comes from besides, 0 for the connection's own last step.
func (r *Recorder) Socket(c *Conn, server bool, what string, cause uint64, b *SocketBody) {
	b.Proto = "TCP"
	b.Local, b.Remote, b.KernelLocal, b.KernelRemote = c.ClientAddr, c.ServerAddr, c.KernelClient, c.KernelServer
	if server {
		b.Local, b.Remote, b.KernelLocal, b.KernelRemote = b.Remote, b.Local, b.KernelRemote, b.KernelLocal
	}
	e := Event{Host: c.host(server), What: what, IDs: c.ids, Body: b}
	switch what {
	case Wrote:
		e.Causes = c.carry(b.Range)
	case Read:
		e.Causes = overlapping(nil, c.wrote[direction(!server)], b.Range.From, b.Range.To)
	}
	if cause == 0 && e.Causes == nil {
		cause = c.latest
	}
	e.Causes = causes(e.Causes, cause)
	ev := r.Record(e)
	switch d := direction(!server); what {
	case Wrote:
		d = direction(server)
		c.wrote[d] = append(c.wrote[d], span{b.Range.From, b.Range.To, ev.Seq})
	case Read:
		c.wrote[d] = dropBefore(c.wrote[d], b.Range.To)
		c.arrived[d] = append(c.arrived[d], span{b.Range.From, b.Range.To, ev.Seq})
	}
}

// AcceptOn is Accept for a connection of which the wire knows the client's end.
func (r *Recorder) AcceptOn(c *Conn) {
	r.step(c, Event{Host: c.Server, What: Accepted, Causes: []uint64{c.latest}, Body: c.body("")})
}

// Origin is what a datagram is about, and what it comes from.
type Origin struct {
	IDs
	Cause uint64
}

// Origin says what a datagram is about that the running program sends.
func (r *Recorder) Origin(src, dst netip.AddrPort) Origin {
	s := r.Scope()
	ids := r.flow(Head{Src: src.Addr(), SrcPort: src.Port(), Dst: dst.Addr(), DstPort: dst.Port()}, s)
	return Origin{IDs: ids, Cause: s.Cause}
}

// Datagram records that a host's socket wrote or read a datagram, and returns what
// the next step of the datagram comes from.
func (r *Recorder) Datagram(host, what string, o Origin, b *SocketBody) Origin {
	b.Proto, b.Octets = "UDP", int64(len(b.Data))
	e := Event{Host: host, What: what, IDs: o.IDs, Body: b}
	if o.Cause != 0 {
		e.Causes = []uint64{o.Cause}
	}
	o.Cause = r.Record(e).Seq
	return o
}
