package trace

import "slices"

// Mails are the mails of the walk, in the order in which they came up.
func (x *Index) Mails() []Node {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return slices.Clip(x.tops)
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
		l := x.lines[n.Seq]
		if l == nil {
			return nil
		}
		return x.conns[l.Conn].segments[direction(l.FromServer)].overlapping(l.From, l.To)
	case PacketLevel:
		return nil
	case ConnLevel:
		c := x.conns[n.ID]
		if c == nil {
			return nil
		}
		return slices.Concat(c.lines, x.things[n].down)
	}
	if t := x.things[n]; t != nil {
		return slices.Clip(t.down)
	}
	return nil
}

// Up are the nodes above one: the lines that a packet carries a part of, and its
// connection if there are none; the connection of a line; the hops of a
// connection or look-up; the mail of a hop.
func (x *Index) Up(n Node) []Node {
	x.mu.RLock()
	defer x.mu.RUnlock()
	switch n.Level {
	case LineLevel:
		if l := x.lines[n.Seq]; l != nil {
			return []Node{{Level: ConnLevel, ID: l.Conn}}
		}
		return nil
	case PacketLevel:
		return x.overPacket(n.Seq)
	}
	if t := x.things[n]; t != nil {
		return slices.Clip(t.up)
	}
	return nil
}

func (x *Index) overPacket(seq uint64) []Node {
	f := x.frames[x.frameOf[seq]]
	switch {
	case f == nil:
		return nil
	case f.conn == "" && f.lookup != "":
		return []Node{{Level: LookupLevel, ID: f.lookup}}
	case f.conn == "":
		return nil
	}
	if lines := x.carried(f); len(lines) > 0 {
		return lines
	}
	return []Node{{Level: ConnLevel, ID: f.conn}}
}

// carried are the lines that a frame carries a part of.
func (x *Index) carried(f *frameInfo) []Node {
	if f.rng == nil {
		return nil
	}
	said := x.conns[f.conn].said[direction(f.rng.FromServer)]
	start, _ := slices.BinarySearchFunc(said, f.rng.From, func(l *LineInfo, from int64) int {
		if l.To <= from {
			return -1
		}
		return 1
	})
	var nodes []Node
	for _, l := range said[start:] {
		if l.From >= f.rng.To {
			break
		}
		nodes = append(nodes, l.Node)
	}
	return nodes
}

// HopOf is the hop that a node is on, and whether there is one. A line and its
// packets are on the hop that the line was said for, however many hops their
// connection serves.
func (x *Index) HopOf(n Node) (Node, bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	hop := ""
	switch n.Level {
	case HopLevel:
		hop = n.ID
	case LineLevel:
		if l := x.lines[n.Seq]; l != nil {
			hop = l.hop
		}
	case PacketLevel:
		f := x.frames[x.frameOf[n.Seq]]
		if f == nil {
			break
		}
		hop = f.hop
		if lines := x.carried(f); len(lines) > 0 {
			hop = x.lines[lines[0].Seq].hop
		}
	case ConnLevel, LookupLevel:
		if t := x.things[n]; t != nil && len(t.up) > 0 && t.up[0].Level == HopLevel {
			hop = t.up[0].ID
		}
	}
	return Node{Level: HopLevel, ID: hop}, hop != ""
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
		if l := x.lines[n.Seq]; l != nil {
			for _, s := range [...]uint64{l.Sent, l.Received} {
				if s != 0 {
					seqs = append(seqs, s)
				}
			}
		}
		return seqs
	case PacketLevel:
		if f := x.frames[x.frameOf[n.Seq]]; f != nil {
			return slices.Clip(f.events)
		}
		return nil
	}
	if t := x.things[n]; t != nil {
		return slices.Clip(t.events)
	}
	return nil
}

// Lines are the lines of a connection, in the order in which they were sent.
func (x *Index) Lines(conn string) []Node {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if c := x.conns[conn]; c != nil {
		return slices.Clip(c.lines)
	}
	return nil
}

// Line tells all of the line that an event is of, and whether it is of one.
func (x *Index) Line(seq uint64) (LineInfo, bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	l := x.lines[seq]
	if l == nil {
		return LineInfo{}, false
	}
	info := *l
	info.Replies = slices.Clip(l.Replies)
	return info, true
}

// NodeOf is the node that an event is of: the line, the packet, or the nearest
// of look-up, connection, hop and mail that it has the id of; and whether there
// is one.
func (x *Index) NodeOf(e *Event) (Node, bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if l := x.lines[e.Seq]; l != nil {
		return l.Node, true
	}
	if f := x.frames[x.frameOf[e.Seq]]; f != nil {
		return f.node, true
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
