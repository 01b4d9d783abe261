package trace

import (
	"net/netip"
	"sort"
)

// Frame is one frame on one link, from the moment it is sent until it is
// delivered or lost.
type Frame struct {
	Number   uint64
	Link     string
	From, To string // interfaces
	// FromHost and ToHost are whose they are.
	FromHost, ToHost string
	Data             []byte
	// Forged says why a fault puts the frame on the link in the name of From; it is
	// empty for what an interface sends.
	Forged string

	head     Head
	conn     *Conn
	rng      *Range
	ids      IDs
	analysis string
	onLink   []string // what those before it on the link make of it
	passage  *passage
	// latest is the body of the last event of the frame.
	latest *PacketBody
}

// Head is what the frame's headers say.
func (f *Frame) Head() Head { return f.head }

// Send records that a frame is put on a link, and numbers it. What is posted
// between Send and the call of restore has the frame as its cause.
func (r *Recorder) Send(f *Frame) (sent *Event, restore func()) {
	r.frames++
	f.Number = r.frames
	var payload []byte
	f.head, payload = ParseHead(f.Data)
	s := r.Scope()
	var lines []uint64
	switch f.head.Proto {
	case "TCP":
		f.conn, f.rng = r.segment(f.head)
		if f.conn != nil {
			f.ids = f.conn.ids
			f.passage = f.conn.passageOf(f)
			if f.Forged == "" {
				if f.analysis = f.conn.sending(f, r.Now()); f.analysis != "" {
					f.passage.analysis = f.analysis
				}
			}
			f.onLink = f.conn.onLink(f)
			if f.rng != nil && f.FromHost == f.conn.host(f.rng.FromServer) {
				lines = f.conn.carry(f.rng)
			}
		}
	case "UDP":
		f.ids = r.flow(f.head, s)
	case "ICMP", "ICMPv6":
		f.ids = r.quoted(f.head, payload)
	}
	ev := r.append(Event{Host: f.FromHost, Kind: Packet, What: Sent, IDs: f.ids, Causes: causes(lines, s.Cause), Body: f.body(f.Forged)}, s)
	before := s.Cause
	s.Cause = ev.Seq
	return ev, func() { s.Cause = before }
}

// causes puts the nearest first and leaves the last out if it is among them.
func causes(near []uint64, last uint64) []uint64 {
	if last == 0 {
		return near
	}
	for _, c := range near {
		if c == last {
			return near
		}
	}
	return append(near, last)
}

// Deliver records that a frame reached an interface.
func (r *Recorder) Deliver(f *Frame) {
	ev := r.Record(Event{Host: f.ToHost, Kind: Packet, What: Delivered, IDs: f.ids, Body: f.body("")})
	if f.conn != nil {
		f.conn.arriving(f, r.Now())
		f.conn.toPassOn(f)
	}
	if f.rng != nil && f.ToHost == f.conn.host(!f.rng.FromServer) {
		d := direction(f.rng.FromServer)
		f.conn.arrived[d] = append(f.conn.arrived[d], span{f.rng.From, f.rng.To, ev.Seq})
	}
}

// Interfere records what else became of a frame: dropped, delayed, duplicated,
// reordered, corrupted.
func (r *Recorder) Interfere(f *Frame, what, why string) {
	b := f.body(why)
	if what == Duplicated && f.conn != nil {
		again := *b
		again.LinkAnalysis = f.conn.onLink(f)
		b = &again
	}
	r.Record(Event{Host: f.FromHost, Kind: Packet, What: what, IDs: f.ids, Body: b})
}

// body says what the frame is now. Events between which nothing about it has
// changed, as most often its sending and its arrival, share one.
func (f *Frame) body(why string) *PacketBody {
	if b := f.latest; b != nil && b.To == f.To && b.Why == why && same(b.Data, f.Data) {
		return b
	}
	f.latest = &PacketBody{Frame: f.Number, Link: f.Link, From: f.From, To: f.To, Data: f.Data, Head: f.head, Range: f.rng, Why: why, Analysis: f.analysis, LinkAnalysis: f.onLink}
	return f.latest
}

// same tells whether two slices are the same octets in memory.
func same(a, b []byte) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// host is the one that sends in a direction.
func (c *Conn) host(fromServer bool) string {
	if fromServer {
		return c.Server
	}
	return c.Client
}

// carry finds the lines that a segment carries.
func (c *Conn) carry(g *Range) []uint64 {
	d := direction(g.FromServer)
	from, to := c.sealing[d].plain(g.From, g.To)
	return c.saying(d, from, to)
}

// saying finds the lines that have an octet in [from, to). Programs say one thing after
// the other, and in a long session many.
func (c *Conn) saying(d int, from, to int64) []uint64 {
	said := c.said[d]
	first := sort.Search(len(said), func(i int) bool { return said[i].to > from })
	last := first + sort.Search(len(said)-first, func(i int) bool { return said[first+i].from >= to })
	return overlapping(nil, said[first:last], from, to)
}

// flow finds what a datagram is about: what its first sender was about.
func (r *Recorder) flow(h Head, s *Scope) IDs {
	src, dst := netip.AddrPortFrom(h.Src, h.SrcPort), netip.AddrPortFrom(h.Dst, h.DstPort)
	if ids, ok := r.flows[pair{dst, src}]; ok {
		return ids
	}
	ids := s.ids()
	if ids != (IDs{}) {
		r.flows[pair{src, dst}] = ids
	}
	return ids
}

// AdoptFlow makes the running program, which got a datagram, about what its
// sender is about.
func (r *Recorder) AdoptFlow(client, server netip.AddrPort) {
	if ids, ok := r.flows[pair{client, server}]; ok {
		r.Scope().IDs = ids
	}
}
