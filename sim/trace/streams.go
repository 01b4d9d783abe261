package trace

// Streams maps what programs say to the TCP streams that carry it, and back, for who
// goes along with the events of a trace: an [Index] does so for a whole trace. The zero
// Streams is ready.
type Streams struct {
	conns map[string]*[2]sealing
}

// Add adds the next event.
func (s *Streams) Add(e *Event) {
	b, ok := e.Body.(*ConnectionBody)
	if !ok || b.TLS == nil && b.Record == nil {
		return
	}
	c := s.conns[e.Conn]
	if c == nil {
		if s.conns == nil {
			s.conns = map[string]*[2]sealing{}
		}
		c = new([2]sealing)
		s.conns[e.Conn] = c
	}
	sealings(c, b)
}

// sealings notes what a step of a connection says of TLS.
func sealings(c *[2]sealing, b *ConnectionBody) {
	if t := b.TLS; t != nil {
		c[0].begin(t.ToServer)
		c[1].begin(t.ToClient)
	}
	if r := b.Record; r != nil {
		c[direction(r.FromServer)].add(r)
	}
}

// Said is what programs have said of which a part of a TCP stream, such as a packet's,
// carries something; empty when it carries but what belongs to TLS itself.
func (s *Streams) Said(conn string, onWire Range) Range {
	if c := s.conns[conn]; c != nil {
		onWire.From, onWire.To = c[direction(onWire.FromServer)].plain(onWire.From, onWire.To)
	}
	return onWire
}

// OnWire is the part of the TCP stream that carries what was said, such as a line, from
// its first octet to its last.
func (s *Streams) OnWire(conn string, said Range) Range {
	c := s.conns[conn]
	if c == nil {
		return said
	}
	parts := c[direction(said.FromServer)].wire(said.From, said.To)
	if len(parts) == 0 {
		return Range{FromServer: said.FromServer}
	}
	said.From, said.To = parts[0].from, parts[len(parts)-1].to
	return said
}

// Sealed tells whether what was said was said inside TLS.
func (s *Streams) Sealed(conn string, said Range) bool {
	c := s.conns[conn]
	if c == nil {
		return false
	}
	d := &c[direction(said.FromServer)]
	return d.begun && said.To > d.start
}
