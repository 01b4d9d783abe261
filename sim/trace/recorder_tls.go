package trace

// BeginTLS says that TLS begins at one end of a connection. Of the octets that were
// written at this end before, written are in clear. In the other direction it begins
// behind the last line that this end has read. BeginTLS returns where that is.
func (r *Recorder) BeginTLS(c *Conn, server bool, written int64) (read int64) {
	out, in := direction(server), direction(!server)
	read = c.heard[in]
	c.sealing[out].begin(written)
	if !c.sealing[in].begun {
		c.sealing[in].begin(read)
	}
	return read
}

// Secured records that the handshake has succeeded at one end. Where TLS begins is
// filled in. From now on its dialogue counts octets from there on.
func (r *Recorder) Secured(c *Conn, server bool, t *TLS) {
	c.inTLS[direction(server)] = true
	r.handshake(c, server, Secured, "", t)
}

// NotSecured records that it has failed, and why.
func (r *Recorder) NotSecured(c *Conn, server bool, t *TLS, err string) {
	r.handshake(c, server, NotSecured, err, t)
}

func (r *Recorder) handshake(c *Conn, server bool, what, err string, t *TLS) {
	t.ToServer, t.ToClient = c.sealing[0].start, c.sealing[1].start
	b := c.body(err)
	b.TLS = t
	r.step(c, Event{Host: c.host(server), What: what, Body: b})
}

// Heard is where the last unit ends that was read in a direction.
func (r *Recorder) Heard(c *Conn, fromServer bool) int64 { return c.heard[direction(fromServer)] }

// Said is where what the programs have said in a direction ends, and where the records
// that hold some of it end.
func (r *Recorder) Said(c *Conn, fromServer bool) (said, sealed int64) {
	d := direction(fromServer)
	if n := len(c.said[d]); n > 0 {
		said = c.said[d][n-1].to
	}
	return said, c.sealing[d].end()
}

// Seal records that so many octets, the next ones that are said in a direction, are in
// the record that takes up [wireFrom, wireTo) of the TCP stream. atServer tells at which
// end that is seen. One that was recorded at the other end already is not recorded again.
func (r *Recorder) Seal(c *Conn, atServer, fromServer bool, octets, wireFrom, wireTo int64) {
	d := direction(fromServer)
	s := &c.sealing[d]
	if n := len(s.records); n > 0 && wireFrom <= s.records[n-1].wireFrom {
		return
	}
	from := s.end()
	b := c.body("")
	b.Record = &TLSRecord{Range: Range{FromServer: fromServer, From: from, To: from + octets}, WireFrom: wireFrom, WireTo: wireTo}
	s.add(b.Record)
	e := Event{Host: c.host(atServer), What: Sealed, IDs: c.ids, Body: b}
	e.Causes = causes(c.saying(d, from, from+octets), r.Scope().Cause)
	r.Record(e)
}

// shift is what is to be added to the offsets of a direction that an end's dialogue
// counts.
func (c *Conn) shift(server, fromServer bool) int64 {
	if !c.inTLS[direction(server)] {
		return 0
	}
	return c.sealing[direction(fromServer)].start
}
