package trace

import "slices"

func (t *thing) node() Node      { return Node{Level: Level(t.level), ID: t.id} }
func (l *lineEntry) node() Node  { return Node{Level: LineLevel, Seq: uint64(l.seq)} }
func (f *frameEntry) node() Node { return Node{Level: PacketLevel, Seq: uint64(f.first)} }

// thingNodes are the nodes of things, nil for none; frameNodes and lineNodes are
// likewise.
func (x *Index) thingNodes(nodes []Node, list []uint32) []Node {
	nodes = slices.Grow(nodes, len(list))
	for _, i := range list {
		nodes = append(nodes, x.things.at(i).node())
	}
	return nodes
}

func (x *Index) frameNodes(nodes []Node, list []uint32) []Node {
	nodes = slices.Grow(nodes, len(list))
	for _, i := range list {
		nodes = append(nodes, x.frames.at(i).node())
	}
	return nodes
}

func (x *Index) lineNodes(nodes []Node, list []uint32) []Node {
	nodes = slices.Grow(nodes, len(list))
	for _, i := range list {
		nodes = append(nodes, x.lines.at(i).node())
	}
	return nodes
}

// lineOf is the line that an event is of, nil when it is of none; frameOf likewise,
// with the frame's index.
func (x *Index) lineOf(seq uint64) *lineEntry {
	if seq < uint64(x.of.len) {
		if n := *x.of.at(uint32(seq)); n&isLine != 0 {
			return x.lines.at(n &^ isLine)
		}
	}
	return nil
}

func (x *Index) frameOf(seq uint64) (f *frameEntry, index uint32) {
	if seq < uint64(x.of.len) {
		if n := *x.of.at(uint32(seq)); n != 0 && n&isLine == 0 {
			return x.frames.at(n), n
		}
	}
	return nil, 0
}

// Mails are the mails of the walk, in the order in which they came up.
func (x *Index) Mails() []Node {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.thingNodes(nil, x.tops)
}

// Down are the nodes below one: the hops of a mail (and the connections and
// look-ups that it needed between them), the connections and look-ups of a hop,
// the lines and then the packets of a connection, the packets of a look-up, the
// packets that carried a line, sent again or not. Each list is in the order of
// the first events.
func (x *Index) Down(n Node) []Node {
	x.mu.RLock()
	defer x.mu.RUnlock()
	switch n.Level {
	case LineLevel:
		l := x.lineOf(n.Seq)
		if l == nil {
			return nil
		}
		c, d := x.things.at(l.conn).conn, direction(l.fromServer)
		return x.overlapping(&c.segments[d], c.sealing[d].wire(l.from, l.to))
	case PacketLevel:
		return nil
	}
	t := x.find(n)
	if t == nil {
		return nil
	}
	var nodes []Node
	if t.conn != nil {
		nodes = x.lineNodes(nodes, t.conn.lines)
	}
	return x.frameNodes(x.thingNodes(nodes, t.down), t.frames)
}

// Up are the nodes above one: the lines that a packet carries a part of, and its
// connection if there are none; the connection of a line; the hops of a
// connection or look-up; the mail of a hop.
func (x *Index) Up(n Node) []Node {
	x.mu.RLock()
	defer x.mu.RUnlock()
	switch n.Level {
	case LineLevel:
		if l := x.lineOf(n.Seq); l != nil {
			return []Node{x.things.at(l.conn).node()}
		}
		return nil
	case PacketLevel:
		f, _ := x.frameOf(n.Seq)
		if f == nil || f.over == 0 {
			return nil
		}
		if lines := x.carried(f); len(lines) > 0 {
			return x.lineNodes(nil, lines)
		}
		return []Node{x.things.at(f.over).node()}
	}
	if t := x.find(n); t != nil {
		return x.thingNodes(nil, t.up)
	}
	return nil
}

// carried are the lines that a frame carries a part of.
func (x *Index) carried(f *frameEntry) []uint32 {
	r, ok := f.rng()
	c := x.things.at(f.over).conn
	if !ok || c == nil {
		return nil
	}
	d := direction(r.FromServer)
	said := c.said[d]
	from, to := c.sealing[d].plain(r.From, r.To)
	if from >= to {
		return nil
	}
	start, _ := slices.BinarySearchFunc(said, from, func(l uint32, from int64) int {
		if x.lines.at(l).to <= from {
			return -1
		}
		return 1
	})
	end := start
	for end < len(said) && x.lines.at(said[end]).from < to {
		end++
	}
	return said[start:end]
}

// HopOf is the hop that a node is on, and whether there is one. A line and its
// packets are on the hop that the line was said for, however many hops their
// connection serves.
func (x *Index) HopOf(n Node) (Node, bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	hop := uint32(0)
	switch n.Level {
	case HopLevel:
		return n, n.ID != ""
	case LineLevel:
		if l := x.lineOf(n.Seq); l != nil {
			hop = l.hop
		}
	case PacketLevel:
		f, _ := x.frameOf(n.Seq)
		if f == nil {
			break
		}
		hop = f.hop
		if lines := x.carried(f); len(lines) > 0 {
			hop = x.lines.at(lines[0]).hop
		}
	case ConnLevel, LookupLevel:
		if t := x.find(n); t != nil && len(t.up) > 0 && x.things.at(t.up[0]).level == uint8(HopLevel) {
			hop = t.up[0]
		}
	}
	return Node{Level: HopLevel, ID: x.things.at(hop).id}, hop != 0
}

// Events are the numbers of a node's events: of all that has the id of a mail,
// hop, connection or look-up; sent and received of a line; all moments of a
// packet on its link.
func (x *Index) Events(n Node) []uint64 {
	x.mu.RLock()
	defer x.mu.RUnlock()
	switch n.Level {
	case LineLevel:
		var seqs []uint64
		if l := x.lineOf(n.Seq); l != nil {
			for _, s := range [...]uint32{l.sent, l.received} {
				if s != 0 {
					seqs = append(seqs, uint64(s))
				}
			}
		}
		return seqs
	case PacketLevel:
		f, i := x.frameOf(n.Seq)
		if f == nil {
			return nil
		}
		seqs := []uint64{uint64(f.first)}
		if f.second != 0 {
			seqs = append(seqs, uint64(f.second))
		}
		for _, s := range x.more[i] {
			seqs = append(seqs, uint64(s))
		}
		return seqs
	}
	if t := x.find(n); t != nil {
		return t.events.all()
	}
	return nil
}

// First is the number of the first event of a mail, hop, connection or look-up, 0
// when there is none.
func (x *Index) First(n Node) uint64 {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if t := x.find(n); t != nil {
		return uint64(t.events.first)
	}
	return 0
}

// Lines are the lines of a connection, in the order in which they were sent.
func (x *Index) Lines(conn string) []Node {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if t := x.find(Node{Level: ConnLevel, ID: conn}); t != nil {
		return x.lineNodes(nil, t.conn.lines)
	}
	return nil
}

// Line tells all of the line that an event is of, and whether it is of one.
func (x *Index) Line(seq uint64) (LineInfo, bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	l := x.lineOf(seq)
	if l == nil {
		return LineInfo{}, false
	}
	info := LineInfo{
		Node: l.node(), Conn: x.things.at(l.conn).id, Role: x.roles[l.role], Range: Range{FromServer: l.fromServer, From: l.from, To: l.to},
		Sent: uint64(l.sent), Received: uint64(l.received),
	}
	if l.command != 0 {
		info.Command = x.lines.at(l.command).node()
	}
	for r := l.firstReply; r != 0; r = x.lines.at(r).nextReply {
		info.Replies = append(info.Replies, x.lines.at(r).node())
	}
	return info, true
}

// OnWire are the parts of the connection's TCP stream that carry a line: its own range,
// or, of a line that is sealed inside TLS, the records that it lies in.
func (x *Index) OnWire(seq uint64) (parts []Range, sealed bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	l := x.lineOf(seq)
	if l == nil {
		return nil, false
	}
	s := &x.things.at(l.conn).conn.sealing[direction(l.fromServer)]
	for _, p := range s.wire(l.from, l.to) {
		parts = append(parts, Range{FromServer: l.fromServer, From: p.from, To: p.to})
	}
	return parts, s.begun && l.to > s.start
}

// NodeOf is the node that an event is of: the line, the packet, or the nearest
// of look-up, connection, hop and mail that it has the id of; and whether there
// is one.
func (x *Index) NodeOf(e *Event) (Node, bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if l := x.lineOf(e.Seq); l != nil {
		return l.node(), true
	}
	if f, _ := x.frameOf(e.Seq); f != nil {
		return f.node(), true
	}
	for _, n := range [...]Node{
		{Level: LookupLevel, ID: e.Lookup}, {Level: ConnLevel, ID: e.Conn},
		{Level: HopLevel, ID: e.Hop}, {Level: MailLevel, ID: e.Mail},
	} {
		if n.ID != "" {
			return n, true
		}
	}
	return Node{}, false
}
