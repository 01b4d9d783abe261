package trace

import (
	"cmp"
	"fmt"
	"math"
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
// added, and is safe for use by several goroutines. It takes some 40 octets an
// event. The lists that it returns are made for the caller.
type Index struct {
	mu  sync.RWMutex
	seq uint64
	// Events and things are referred to by 32 bits: an event by its number, a thing,
	// line or frame by its index. None has the number 0.
	tops    []uint32 // mails, in the order of their first events
	things  list[thing]
	thingOf map[thingID]uint32
	lines   list[lineEntry]
	frames  list[frameEntry]
	// of is what an event is of: a frame, or with isLine a line; 0 for neither.
	of list[uint32]
	// odd are the frames whose own numbers are not their indices here, as they are when
	// frames are numbered in the order of their sending.
	odd map[uint64]uint32
	// more are the events of frames that have more than two, from the third on.
	more  map[uint32][]uint32
	roles []dialog.Role
}

// isLine marks an index as that of a line.
const isLine = 1 << 31

// thingID names a mail, hop, connection or look-up.
type thingID struct {
	level uint8
	id    string
}

// thing is what is known of one.
type thing struct {
	thingID
	up, down []uint32 // things
	frames   []uint32 // below a connection or look-up
	events   seqs
	conn     *connIndex
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
}

// lineEntry is a line as the index keeps it.
type lineEntry struct {
	seq, sent, received uint32 // events
	conn, hop           uint32 // things
	// command is the line that this one answers; the lines that answer this one are a
	// chain from firstReply by nextReply to lastReply.
	command, firstReply, lastReply, nextReply uint32
	role                                      uint8 // index in roles
	fromServer                                bool
	from, to                                  int64
}

// frameEntry is one frame on one link.
type frameEntry struct {
	first, second uint32 // events
	// over is its connection or else its look-up, hop its hop; things.
	over, hop uint32
	// from and size are the part of the connection's stream that it carries; size is 0
	// when it carries none.
	from       int64
	size       uint32
	fromServer bool
	odd        bool // its own number is not its index
}

// rng is the part of the stream that a frame carries; ok is false when it carries
// none.
func (f *frameEntry) rng() (r Range, ok bool) {
	return Range{FromServer: f.fromServer, From: f.from, To: f.from + int64(f.size)}, f.size > 0
}

// connIndex is a connection's lines and segments, by direction.
type connIndex struct {
	lines    []uint32 // of both directions, in the order in which they were sent
	dialogue pairing
	said     [2][]uint32 // lines, sorted by their ranges, which do not overlap
	segments [2]segments
	sealing  [2]sealing
}

// segments are the frames that carried parts of one stream, sorted by the start
// of what they carry.
type segments struct {
	frames  []uint32
	longest int64
}

// NewIndex makes an index of no events.
func NewIndex() *Index {
	x := &Index{thingOf: make(map[thingID]uint32)}
	x.things.append(thing{})
	x.lines.append(lineEntry{})
	x.frames.append(frameEntry{})
	return x
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

// Add adds the next event. It panics when the event's number is not below 2^32-1.
func (x *Index) Add(e *Event) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if e.Seq >= math.MaxUint32 {
		panic(fmt.Sprintf("trace: event %d is too many for an index", e.Seq))
	}
	x.seq = e.Seq
	for uint64(x.of.len) <= e.Seq {
		x.of.append(0)
	}
	var ids [LookupLevel + 1]uint32
	for level, id := range [...]string{MailLevel: e.Mail, HopLevel: e.Hop, ConnLevel: e.Conn, LookupLevel: e.Lookup} {
		if id != "" {
			ids[level] = x.thing(Level(level), id)
			x.things.at(ids[level]).events.add(uint32(e.Seq))
		}
	}
	mail, hop, conn, lookup := ids[MailLevel], ids[HopLevel], ids[ConnLevel], ids[LookupLevel]
	x.tie(mail, hop)
	if hop != 0 {
		x.tie(hop, conn)
		x.tie(hop, lookup)
	} else {
		// What a mail needs between its hops hangs on the mail itself.
		x.tie(mail, conn)
		x.tie(mail, lookup)
	}
	switch b := e.Body.(type) {
	case *LineBody:
		if conn != 0 && Spoken(e.What) { // what was not said is a step of its connection
			*x.of.at(uint32(e.Seq)) = isLine | x.line(e, b, conn, hop)
		}
	case *ConnectionBody:
		if conn != 0 {
			sealings(&x.things.at(conn).conn.sealing, b)
		}
	case *PacketBody:
		over := conn
		if over == 0 {
			over = lookup
		}
		*x.of.at(uint32(e.Seq)) = x.frame(e, b, over, hop)
	}
}

// thing finds a node above lines, and makes it known.
func (x *Index) thing(level Level, id string) uint32 {
	name := thingID{uint8(level), id}
	i, known := x.thingOf[name]
	if known {
		return i
	}
	i = uint32(x.things.len)
	t := thing{thingID: name}
	switch level {
	case MailLevel:
		x.tops = append(x.tops, i)
	case ConnLevel:
		t.conn = new(connIndex)
	}
	x.things.append(t)
	x.thingOf[name] = i
	return i
}

// find is what is known of a node above lines, nil for nothing.
func (x *Index) find(n Node) *thing {
	if i := x.thingOf[thingID{uint8(n.Level), n.ID}]; i != 0 {
		return x.things.at(i)
	}
	return nil
}

// tie makes one thing the parent of another, where there are both.
func (x *Index) tie(parent, child uint32) {
	if parent == 0 || child == 0 {
		return
	}
	c := x.things.at(child)
	if slices.Contains(c.up, parent) {
		return
	}
	c.up = append(c.up, parent)
	p := x.things.at(parent)
	p.down = append(p.down, child)
}

// line finds the line that an event is of, and makes it known.
func (x *Index) line(e *Event, b *LineBody, conn, hop uint32) uint32 {
	c := x.things.at(conn).conn
	said := &c.said[direction(b.FromServer)]
	i, found := slices.BinarySearchFunc(*said, b.From, func(l uint32, from int64) int { return cmp.Compare(x.lines.at(l).from, from) })
	if found {
		// The other moment of the same line. A line that is said again at the same
		// place, as an empty one may be, is the same line too.
		n := (*said)[i]
		x.lines.at(n).moment(e)
		return n
	}
	if i > 0 && e.What == Received {
		n := (*said)[i-1]
		if l := x.lines.at(n); b.From < l.to && l.sent != 0 {
			// An end that has lost the thread reads other units than were said: here a part
			// of one.
			if b.To == l.to {
				l.received = uint32(e.Seq)
			}
			return n
		}
	}
	n := uint32(x.lines.len)
	x.lines.append(lineEntry{
		seq: uint32(e.Seq), conn: conn, hop: hop, role: x.role(b.Role), fromServer: b.FromServer, from: b.From, to: b.To,
	})
	l := x.lines.at(n)
	l.moment(e)
	*said = slices.Insert(*said, i, n)
	c.lines = append(c.lines, n)
	if to := c.dialogue.next(n, b); to != 0 {
		l.command = to
		command := x.lines.at(to)
		if command.lastReply == 0 {
			command.firstReply = n
		} else {
			x.lines.at(command.lastReply).nextReply = n
		}
		command.lastReply = n
	}
	return n
}

// moment notes when a line was sent or received.
func (l *lineEntry) moment(e *Event) {
	if e.What == Received {
		l.received = uint32(e.Seq)
	} else {
		l.sent = uint32(e.Seq)
	}
}

// role is the index of a role in the list of them.
func (x *Index) role(r dialog.Role) uint8 {
	i := slices.Index(x.roles, r)
	if i < 0 {
		i = len(x.roles)
		x.roles = append(x.roles, r)
	}
	return uint8(i)
}

// frame finds the frame that an event is of, and makes it known.
func (x *Index) frame(e *Event, b *PacketBody, over, hop uint32) uint32 {
	seq := uint32(e.Seq)
	n := x.frameNumbered(b.Frame)
	if n != 0 {
		if f := x.frames.at(n); f.second == 0 {
			f.second = seq
		} else {
			if x.more == nil {
				x.more = make(map[uint32][]uint32)
			}
			x.more[n] = append(x.more[n], seq)
		}
		return n
	}
	n = uint32(x.frames.len)
	f := frameEntry{first: seq, over: over, hop: hop, odd: b.Frame != uint64(n)}
	if f.odd {
		if x.odd == nil {
			x.odd = make(map[uint64]uint32)
		}
		x.odd[b.Frame] = n
	}
	if b.Range != nil {
		// No packet carries more than fits.
		f.from, f.size, f.fromServer = b.Range.From, uint32(b.Range.To-b.Range.From), b.Range.FromServer
	}
	x.frames.append(f)
	if over != 0 {
		t := x.things.at(over)
		t.frames = append(t.frames, n)
		if r, ok := f.rng(); ok && t.conn != nil {
			x.segment(&t.conn.segments[direction(r.FromServer)], n, r)
		}
	}
	return n
}

// frameNumbered is the frame of a number, 0 when it is not known.
func (x *Index) frameNumbered(number uint64) uint32 {
	if number > 0 && number < uint64(x.frames.len) && !x.frames.at(uint32(number)).odd {
		return uint32(number)
	}
	return x.odd[number]
}

func (x *Index) segment(s *segments, n uint32, r Range) {
	i := len(s.frames)
	for i > 0 && x.frames.at(s.frames[i-1]).from > r.From {
		i-- // segments come nearly in order
	}
	s.frames = slices.Insert(s.frames, i, n)
	s.longest = max(s.longest, r.To-r.From)
}

// overlapping are the frames that carried a part of one of the parts of a stream, in
// the order in which they were sent.
func (x *Index) overlapping(s *segments, parts []span) []Node {
	var found []uint32
	for _, p := range parts {
		start, _ := slices.BinarySearchFunc(s.frames, p.from-s.longest, func(n uint32, at int64) int {
			return cmp.Compare(x.frames.at(n).from, at)
		})
		for _, n := range s.frames[start:] {
			r, _ := x.frames.at(n).rng()
			if r.From >= p.to {
				break
			}
			if r.To > p.from {
				found = append(found, n)
			}
		}
	}
	slices.Sort(found) // frames are numbered as they are sent
	return x.frameNodes(nil, slices.Compact(found))
}
