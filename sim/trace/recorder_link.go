package trace

import (
	"net/netip"
	"slices"
	"strings"
)

// passage is a TCP segment on its way from one end of a connection to the other. On
// each link that it crosses it is another frame; copies that a fault makes share it.
type passage struct {
	analysis string   // where its sender puts it on a link
	links    []string // on which it was
}

// linkEnd is what one end of a connection has put on a link, as somebody has it who
// watches this link and no other.
type linkEnd struct {
	begun  bool
	next   uint32      // the highest sequence number that a segment has begun or ended with
	seen   [][2]uint32 // sequence numbers that were seen, [from, to), in order and apart from one another
	acked  bool        // its last segment had an acknowledgment number
	ack    uint32      // of its last segment
	window uint16      // of its last segment
	probed bool        // it has to answer a keep-alive
}

// onLink notes a frame that is put on a link, and says what those before it on this
// link make of it. What its sender did is known, and whether the very same segment
// was here before; the rest is reasoned from what was seen.
func (c *Conn) onLink(f *Frame) []string {
	h := &f.head
	me, peer := c.linkEnds(f)
	reset := strings.Contains(h.Flags, "R")
	ack := strings.Contains(h.Flags, "A")
	control := strings.ContainsAny(h.Flags, "SFR")
	counted := h.Len > 0 || strings.ContainsAny(h.Flags, "SF") // it takes up sequence numbers
	var found []string
	again := f.passage.analysis
	switch {
	case slices.Contains(f.passage.links, f.Link):
		found = append(found, Duplicate)
	case again == KeepAlive, again == Retransmission, again == FastRetransmission:
		found = append(found, again)
	case counted && !reset && me.begun && after(me.next, h.Seq):
		found = append(found, OutOfOrder)
	}
	if !reset && me.begun && after(h.Seq, me.next) {
		found = append(found, PreviousUnseen)
	}
	if ack && peer.missing(h.Ack) {
		found = append(found, AckedUnseen)
	}
	switch {
	case h.Window == 0 && !control:
		found = append(found, ZeroWindow)
	case counted || reset || !ack || !me.acked || h.Ack != me.ack || h.Seq != me.next:
	case h.Window != me.window:
		found = append(found, WindowUpdate)
	case !me.probed:
		found = append(found, DuplicateACK)
	}

	f.passage.links = append(f.passage.links, f.Link)
	me.acked, me.ack, me.window, me.probed = ack, h.Ack, h.Window, me.probed && !ack
	if reset {
		// It takes up no sequence numbers, but stands behind those before its own. One
		// that answers a SYN knows none and has 0 (RFC 9293 §3.5.2).
		if h.Seq != 0 && (!me.begun || after(h.Seq, me.next)) {
			me.begun, me.next = true, h.Seq
		}
		return found
	}
	if next := behind(h); !me.begun || after(next, me.next) {
		me.begun, me.next = true, next
	}
	if counted || len(me.seen) == 0 {
		me.see(h.Seq, behind(h))
	}
	peer.probed = again == KeepAlive
	return found
}

// linkEnds are the end that a frame comes from and the other one, on the frame's link.
func (c *Conn) linkEnds(f *Frame) (me, peer *linkEnd) {
	ends := c.links[f.Link]
	if ends == nil {
		if c.links == nil {
			c.links = map[string]*[2]linkEnd{}
		}
		ends = new([2]linkEnd)
		c.links[f.Link] = ends
	}
	if netip.AddrPortFrom(f.head.Src, f.head.SrcPort) == c.ClientAddr {
		return &ends[0], &ends[1]
	}
	return &ends[1], &ends[0]
}

// behind is the sequence number that follows a segment.
func behind(h *Head) uint32 {
	next := h.Seq + uint32(h.Len)
	if strings.ContainsAny(h.Flags, "SF") {
		next++
	}
	return next
}

// see notes that the sequence numbers [from, to) were seen.
func (e *linkEnd) see(from, to uint32) {
	i := 0
	for i < len(e.seen) && after(from, e.seen[i][1]) {
		i++
	}
	j := i
	for ; j < len(e.seen) && !after(e.seen[j][0], to); j++ {
		if after(from, e.seen[j][0]) {
			from = e.seen[j][0]
		}
		if after(e.seen[j][1], to) {
			to = e.seen[j][1]
		}
	}
	e.seen = slices.Replace(e.seen, i, j, [2]uint32{from, to})
}

// missing tells whether an acknowledgment number says that the other end has got
// what was not seen. It is told once.
func (e *linkEnd) missing(ack uint32) bool {
	if len(e.seen) == 0 || !after(ack, e.seen[0][1]) {
		return false
	}
	e.see(e.seen[0][0], ack)
	return true
}

// toPassOn notes a frame that a router takes.
func (c *Conn) toPassOn(f *Frame) {
	if c.endAt(f.ToHost, f.head.Dst, f.head.DstPort) == nil {
		c.passing = append(c.passing, f)
	}
}

// passageOf is the segment that a host or router sends in a frame: a new one, or one
// that it took from another link. What a router takes it passes on in order.
func (c *Conn) passageOf(f *Frame) *passage {
	i := slices.IndexFunc(c.passing, func(g *Frame) bool { return g.ToHost == f.FromHost && SamePacket(g.Data, f.Data) })
	if i < 0 {
		return new(passage)
	}
	g := c.passing[i]
	c.passing = slices.Delete(c.passing, i, i+1)
	return g.passage
}
