package trace

import (
	"cmp"
	"slices"
	"sync"

	"mailwalk/protocols/dialog"
)

// Level is how near a node is to the wire.
type Level int

// The levels, from the mail down to the packet. A connection and a look-up are
// on the same level.
const (
	MailLevel Level = iota
	HopLevel
	ConnLevel
	LookupLevel
	LineLevel
	PacketLevel
)

// Node is a thing of the story: a mail, a hop, a connection, a look-up, a line
// or a packet. It may be compared and used as a key.
type Node struct {
	Level Level
	// ID is that of a mail, hop, connection or look-up.
	ID string
	// Seq is, for a line, the event that it was sent by, or received by if the
	// trace has no other; for a packet, the first event of the frame.
	Seq uint64
}

// Index ties the events of a trace together: from a mail to its hops, from a hop
// to its connections and look-ups, from a connection to its lines and packets,
// from a line to the packets that carried it, and back. It grows as events are
// added, and is safe for use by several goroutines. The lists that it returns
// must not be changed.
type Index struct {
	mu   sync.RWMutex
	seq  uint64
	tops []Node // mails, in the order of their first events
	// things are the mails, hops, connections and look-ups.
	things map[Node]*thing
	conns  map[string]*connIndex
	lines  map[uint64]*LineInfo // by either of its events
	frames map[uint64]*frameInfo
	// frameOf is the frame of a packet event.
	frameOf map[uint64]uint64
}

// thing is what is known of a mail, hop, connection or look-up.
type thing struct {
	up, down []Node
	events   []uint64
}

// LineInfo is one line or content of a dialogue.
type LineInfo struct {
	Node Node
	Conn string
	Role dialog.Role
	Range
	// Sent and Received are the events; 0 when there is none.
	Sent, Received uint64
	// Command is the node of the line that this one answers or belongs to, Seq 0
	// when there is none.
	Command Node
	// Replies are the lines that answer or belong to this one.
	Replies []Node
	hop     string
	mail    string
}

// frameInfo is one frame on one link.
type frameInfo struct {
	node   Node
	conn   string
	hop    string
	lookup string
	rng    *Range
	events []uint64
}

// connIndex is a connection's lines and segments, by direction.
type connIndex struct {
	lines    []Node // of both directions, in the order in which they were sent
	dialogue pairing
	said     [2][]*LineInfo // sorted by their ranges, which do not overlap
	segments [2]segments
}

// segments are the frames that carried parts of one stream, sorted by the start
// of what they carry.
type segments struct {
	frames  []*frameInfo
	longest int64
}

// NewIndex makes an index of no events.
func NewIndex() *Index {
	return &Index{
		things: make(map[Node]*thing), conns: make(map[string]*connIndex),
		lines: make(map[uint64]*LineInfo), frames: make(map[uint64]*frameInfo),
		frameOf: make(map[uint64]uint64),
	}
}

// Index returns the trace's index, with all events there are in it. From a file
// that cannot be read it is as far as reading goes; Err tells.
func (t *Trace) Index() *Index {
	t.indexing.Lock()
	defer t.indexing.Unlock()
	if t.index == nil {
		t.index = NewIndex()
	}
	for e := range t.Events(t.index.Len()+1, t.Len()) {
		t.index.Add(e)
	}
	return t.index
}

// Len is the number of the last event added.
func (x *Index) Len() uint64 {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.seq
}

// Add adds the next event.
func (x *Index) Add(e *Event) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.seq = e.Seq

	mail, hop := Node{Level: MailLevel, ID: e.Mail}, Node{Level: HopLevel, ID: e.Hop}
	conn, lookup := Node{Level: ConnLevel, ID: e.Conn}, Node{Level: LookupLevel, ID: e.Lookup}
	for _, n := range [...]Node{mail, hop, conn, lookup} {
		if n.ID != "" {
			t := x.thing(n)
			t.events = append(t.events, e.Seq)
		}
	}
	x.tie(mail, hop)
	if hop.ID != "" {
		x.tie(hop, conn)
		x.tie(hop, lookup)
	} else {
		// What a mail needs between its hops hangs on the mail itself.
		x.tie(mail, conn)
		x.tie(mail, lookup)
	}
	switch b := e.Body.(type) {
	case *LineBody:
		x.addLine(e, b)
	case *PacketBody:
		x.addPacket(e, b)
	}
}

// thing finds what is known of a node above lines, and makes it known.
func (x *Index) thing(n Node) *thing {
	t := x.things[n]
	if t == nil {
		t = new(thing)
		x.things[n] = t
		if n.Level == MailLevel {
			x.tops = append(x.tops, n)
		}
		if n.Level == ConnLevel {
			x.conns[n.ID] = new(connIndex)
		}
	}
	return t
}

// tie makes one node the parent of another, where there are both.
func (x *Index) tie(parent, child Node) {
	if parent.ID == "" || child.ID == "" {
		return
	}
	c := x.things[child]
	if slices.Contains(c.up, parent) {
		return
	}
	c.up = append(c.up, parent)
	p := x.things[parent]
	p.down = append(p.down, child)
}

func (x *Index) addLine(e *Event, b *LineBody) {
	if e.Conn == "" || !Spoken(e.What) {
		return // what was not said is a step of its connection
	}
	c := x.conns[e.Conn]
	said := &c.said[direction(b.FromServer)]
	i, found := slices.BinarySearchFunc(*said, b.From, func(l *LineInfo, from int64) int { return cmp.Compare(l.From, from) })
	if found {
		// The other moment of the same line. A line that is said again at the same
		// place, as an empty one may be, is the same line too.
		l := (*said)[i]
		if e.What == Received {
			l.Received = e.Seq
		} else {
			l.Sent = e.Seq
		}
		x.lines[e.Seq] = l
		return
	}
	if i > 0 && e.What == Received && b.From < (*said)[i-1].To && (*said)[i-1].Sent != 0 {
		// An end that has lost the thread reads other units than were said: here a part
		// of one.
		l := (*said)[i-1]
		if b.To == l.To {
			l.Received = e.Seq
		}
		x.lines[e.Seq] = l
		return
	}
	l := &LineInfo{
		Node: Node{Level: LineLevel, Seq: e.Seq}, Conn: e.Conn, Role: b.Role, Range: b.Range,
		hop: e.Hop, mail: e.Mail,
	}
	if e.What == Received {
		l.Received = e.Seq
	} else {
		l.Sent = e.Seq
	}
	*said = slices.Insert(*said, i, l)
	x.lines[e.Seq] = l
	c.lines = append(c.lines, l.Node)
	if to := c.dialogue.next(l, b); to != nil {
		l.Command = to.Node
		to.Replies = append(to.Replies, l.Node)
	}
}

func (x *Index) addPacket(e *Event, b *PacketBody) {
	x.frameOf[e.Seq] = b.Frame
	f := x.frames[b.Frame]
	if f != nil {
		f.events = append(f.events, e.Seq)
		return
	}
	f = &frameInfo{
		node: Node{Level: PacketLevel, Seq: e.Seq}, conn: e.Conn, hop: e.Hop, lookup: e.Lookup,
		rng: b.Range, events: []uint64{e.Seq},
	}
	x.frames[b.Frame] = f
	switch {
	case e.Conn != "":
		t := x.things[Node{Level: ConnLevel, ID: e.Conn}]
		t.down = append(t.down, f.node)
		if b.Range != nil {
			x.conns[e.Conn].segments[direction(b.Range.FromServer)].add(f)
		}
	case e.Lookup != "":
		t := x.things[Node{Level: LookupLevel, ID: e.Lookup}]
		t.down = append(t.down, f.node)
	}
}

func (s *segments) add(f *frameInfo) {
	i := len(s.frames)
	for i > 0 && s.frames[i-1].rng.From > f.rng.From {
		i-- // segments come nearly in order
	}
	s.frames = slices.Insert(s.frames, i, f)
	s.longest = max(s.longest, f.rng.To-f.rng.From)
}

// overlapping are the frames that carried a part of [from, to), in the order in
// which they were sent.
func (s *segments) overlapping(from, to int64) []Node {
	start, _ := slices.BinarySearchFunc(s.frames, from-s.longest, func(f *frameInfo, at int64) int {
		return cmp.Compare(f.rng.From, at)
	})
	var nodes []Node
	for _, f := range s.frames[start:] {
		if f.rng.From >= to {
			break
		}
		if f.rng.To > from {
			nodes = append(nodes, f.node)
		}
	}
	slices.SortFunc(nodes, func(a, b Node) int { return cmp.Compare(a.Seq, b.Seq) })
	return nodes
}
