package tui

import (
	"bytes"
	"slices"
	"sort"
	"strconv"
	"strings"

	"mailwalk/protocols/dialog"
	"mailwalk/protocols/message"
	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

const (
	mostCarriers = 500 // packets of a line that are listed
	mostMissing  = 24  // events around a step that are searched for its octets
)

// octetsOf are the octets of the moment's step: its own, or those of the packet or
// line that it comes from or is about to send. It is nil when there are none.
func (s *stage) octetsOf(e *trace.Event) *octets {
	if e == nil {
		return nil
	}
	if o := s.ownOctets(e); o != nil && len(o.tree) > 0 {
		return o
	}
	if c := s.carrier(e); c != nil {
		if o := s.ownOctets(c); o != nil && len(o.tree) > 0 {
			l := s.label(c)
			o.origin = "of event " + explain.Grouped(int64(c.Seq)) + " (" + strings.ToLower(l.word) + "), which it comes from"
			if c.Seq > e.Seq {
				o.origin = "of event " + explain.Grouped(int64(c.Seq)) + " (" + strings.ToLower(l.word) + "), which carries it a moment later"
			}
			return o
		}
	}
	return nil
}

func (s *stage) ownOctets(e *trace.Event) *octets {
	switch b := e.Body.(type) {
	case *trace.PacketBody:
		if len(b.Data) > 0 {
			return s.frameOctets(e, b)
		}
	case *trace.LineBody:
		return s.lineOctets(e, b)
	case *trace.SocketBody:
		return s.socketOctets(e, b)
	case *trace.MailBody:
		if b.Content != nil {
			return s.mailOctets(b)
		}
	case *trace.ActBody:
		if len(b.Input) > 0 {
			o := &octets{title: "what the visitor sent, " + explain.Octets(int64(len(b.Input))), data: b.Input}
			o.add(part{name: "Input", value: explain.Octets(int64(len(b.Input))), means: "Octets that a program from outside sent to a door.", to: len(b.Input), tint: clientTint})
			o.paint(0, len(b.Input), clientTint, false)
			return o
		}
	}
	return nil
}

// carrier finds the packet, line or socket that a step comes from, or that it makes
// come.
func (s *stage) carrier(e *trace.Event) *trace.Event {
	sends := e.Kind == trace.Lookup && (e.What == trace.Asked || e.What == trace.Query) ||
		e.Kind == trace.Connection && (e.What == trace.Opening || e.What == trace.Closed)
	if sends {
		for seq := e.Seq + 1; seq <= min(s.shown, e.Seq+mostMissing); seq++ {
			c := s.trace.At(seq)
			if c != nil && carries(c) && c.Host == e.Host && c.Lookup == e.Lookup && (e.Conn == "" || c.Conn == e.Conn) {
				return c
			}
		}
		return nil // what it comes from is another matter
	}
	from := slices.Clone(e.Causes)
	for i := 0; i < len(from) && i < mostMissing; i++ {
		c := s.trace.At(from[i])
		if c == nil || c.Seq >= e.Seq {
			continue
		}
		if carries(c) && (e.Kind != trace.Lookup || c.Lookup == e.Lookup) {
			return c
		}
		from = append(from, c.Causes...)
	}
	return nil
}

func carries(e *trace.Event) bool {
	switch e.Kind {
	case trace.Packet, trace.Line:
		return true
	case trace.Socket:
		return e.What != trace.Info
	}
	return false
}

// frameOctets are a frame, its headers, and what it carries.
func (s *stage) frameOctets(e *trace.Event, b *trace.PacketBody) *octets {
	o := &octets{title: "frame " + strconv.FormatUint(b.Frame, 10) + ", " + explain.Octets(int64(len(b.Data))), data: b.Data}
	o.layers(b)
	if b.Range != nil {
		s.sequenceNote(o, b)
	}
	last := len(o.tree) - 1
	for last >= 0 && (o.tree[last].depth > 0 || o.tree[last].name == "Padding") {
		last--
	}
	if last >= 0 && o.tree[last].name == "TLS" && b.Range != nil {
		s.linesIn(o, e, *b.Range, o.tree[last].to-b.Head.Len)
	}
	if last < 0 || o.tree[last].name != "Payload" {
		return o
	}
	from, to := o.tree[last].from, o.tree[last].to
	h := &b.Head
	switch {
	case h.Proto == "UDP" && (h.SrcPort == domainPort || h.DstPort == domainPort):
		o.tree = slices.Delete(o.tree, last, last+1)
		o.paint(from, to, dnsTint, false)
		o.dnsMessage(from, to)
	case h.Proto == "TCP" && (h.SrcPort == domainPort || h.DstPort == domainPort) && framed(o.data[from:to]):
		o.add(part{depth: 1, name: "Length", value: explain.Octets(int64(to - from - 2)), means: "On a stream the length of a message stands before it. RFC 1035 §4.2.2.", from: from, to: from + 2, tint: dnsTint})
		o.paint(from, to, dnsTint, false)
		o.dnsMessage(from+2, to)
	case b.Range != nil:
		s.linesIn(o, e, *b.Range, from)
		o.fill(from, to, plainTint)
	default:
		o.paint(from, to, plainTint, false)
	}
	slices.SortStableFunc(o.tints, func(a, b tinted) int { return a.from - b.from })
	return o
}

// framed tells whether these are a DNS message with its length before it.
func framed(b []byte) bool {
	return len(b) > 2 && int(b[0])<<8|int(b[1]) == len(b)-2
}

// fill paints what has no tint yet.
func (o *octets) fill(from, to int, t tint) {
	for at := from; at < to; {
		if in := o.tintAtUnsorted(at); in.to > at {
			at = in.to
			continue
		}
		end := to
		for _, x := range o.tints {
			if x.from > at {
				end = min(end, x.from)
			}
		}
		o.paint(at, end, t, false)
		at = end
	}
}

func (o *octets) tintAtUnsorted(at int) tinted {
	for _, t := range o.tints {
		if t.from <= at && at < t.to {
			return t
		}
	}
	return tinted{}
}

// sequenceNote says which octets of the stream a segment has.
func (s *stage) sequenceNote(o *octets, b *trace.PacketBody) {
	for i := range o.tree {
		if p := &o.tree[i]; p.name == "Sequence Number" && p.tint == carryTint {
			p.note = streamRange(*b.Range) + " of the stream"
			return
		}
	}
}

// linesIn adds the lines of which a range of a stream has a part, the first octet
// of the range being at an offset.
func (s *stage) linesIn(o *octets, e *trace.Event, r trace.Range, at int) {
	n, ok := s.rows.index.NodeOf(e)
	if !ok {
		return
	}
	for _, up := range s.rows.index.Up(n) {
		if up.Level == trace.LineLevel {
			s.linePart(o, up, r, at)
		}
	}
}

func (s *stage) linePart(o *octets, n trace.Node, r trace.Range, at int) {
	l, ok := s.rows.index.Line(n.Seq)
	e := s.trace.At(n.Seq)
	if !ok || e == nil {
		return
	}
	onWire, sealed := s.rows.index.OnWire(n.Seq)
	i := slices.IndexFunc(onWire, r.Overlaps)
	if i < 0 {
		return
	}
	b := e.Body.(*trace.LineBody)
	from, to := max(onWire[i].From, r.From), min(onWire[i].To, r.To)
	name, t := "Client's line", clientTint
	if l.FromServer {
		name, t = "Server's line", serverTint
	}
	note := ""
	switch {
	case sealed:
		note = "sealed in TLS"
	case from > l.From || to < l.To:
		note = "octets " + explain.Grouped(from-l.From) + " to " + explain.Grouped(to-l.From-1) + " of its " + explain.Grouped(l.To-l.From)
	}
	p := part{
		depth: 1, name: name, value: spoken(b), note: note, tint: t, seq: n.Seq,
		means: "The line, or the part of it, that this packet carries. One packet may have several lines, and a long line needs several packets.",
		from:  at + int(from-r.From), to: at + int(to-r.From),
	}
	o.add(p)
	o.paint(p.from, p.to, t, true)
}

// lineOctets are a line as it goes over the wire, and the packets that carried it.
func (s *stage) lineOctets(e *trace.Event, b *trace.LineBody) *octets {
	data, body := s.wireOf(e, b)
	t, whose := clientTint, "client's"
	if b.FromServer {
		t, whose = serverTint, "server's"
	}
	o := &octets{title: "the " + whose + " line, " + explain.Octets(int64(len(data))), data: data}
	end := len(data)
	switch {
	case body:
		o.title = "the content on the wire, " + explain.Octets(int64(len(data)))
		if bytes.HasSuffix(data, []byte("\r\n.\r\n")) {
			end -= 3
		}
		o.add(part{name: "Content", value: explain.Octets(int64(end)), means: "The mail itself: header, empty line, body. Nothing in it is a command any more.", to: end, tint: t})
		if end < len(data) {
			o.add(part{name: "End", value: ". CRLF", means: "A dot alone on a line ends the content; a line that begins with a dot is sent with one more. RFC 5321 §4.5.2.", from: end, to: len(data), tint: carryTint})
		}
	default:
		end = len(bytes.TrimRight(data, "\r\n"))
		o.add(part{name: capital(string(b.Role)), value: spoken(b), means: "One line of the dialogue, as the program said it.", to: end, tint: t})
		if verb := len(b.Verb); verb > 0 && verb < end && strings.EqualFold(string(data[:verb]), b.Verb) {
			o.add(part{depth: 1, name: "Verb", value: b.Verb, means: "What is to be done.", to: verb, tint: t},
				part{depth: 1, name: "Argument", value: strings.TrimSpace(string(data[verb:end])), means: "With what.", from: verb + 1, to: end, tint: t})
		} else if code := len(b.Code); code > 0 && code < end && strings.HasPrefix(string(data), b.Code) {
			o.add(part{depth: 1, name: "Code", value: b.Code, means: "What programs go by; the words behind it are for people.", to: code, tint: t},
				part{depth: 1, name: "Text", value: strings.TrimSpace(string(data[code:end])), means: "Words for people.", from: code + 1, to: end, tint: t})
		}
		if end < len(data) {
			o.add(part{name: "CRLF", value: "end of line", means: "Carriage return and line feed end a line; neither may stand alone. RFC 5321 §2.3.8.", from: end, to: len(data), tint: carryTint})
		}
	}
	o.paint(0, end, t, false)
	o.paint(end, len(data), carryTint, true)
	s.carriers(o, e, b)
	return o
}

func capital(word string) string {
	if word == "" {
		return "Line"
	}
	return strings.ToUpper(word[:1]) + word[1:]
}

// wireOf is what went over the wire of a line, as far as the trace tells, and
// whether it is a content.
func (s *stage) wireOf(e *trace.Event, b *trace.LineBody) (data []byte, body bool) {
	size := b.To - b.From
	if b.Role == dialog.Body && b.Content != nil && s.trace.Bodies != nil {
		content, ok := s.trace.Bodies.Get(b.Content.ID)
		if ok && size == dialog.DotSize(content) {
			return dotted(content), true
		}
		return content, true
	}
	for _, end := range [...]string{"\r\n", "\n", ""} {
		if int64(len(b.Text)+len(end)) == size {
			return []byte(b.Text + end), false
		}
	}
	return []byte(b.Text), false
}

// dotted is a content with its dots stuffed and its end (RFC 5321 §4.5.2).
func dotted(content []byte) []byte {
	out := make([]byte, 0, dialog.DotSize(content))
	if len(content) > 0 && content[0] == '.' {
		out = append(out, '.')
	}
	for {
		i := bytes.Index(content, []byte("\r\n."))
		if i < 0 {
			break
		}
		out = append(append(out, content[:i+3]...), '.')
		content = content[i+3:]
	}
	out = append(out, content...)
	if len(out) > 0 && !bytes.HasSuffix(out, []byte("\r\n")) {
		out = append(out, "\r\n"...)
	}
	return append(out, ".\r\n"...)
}

// carriers adds the packets that carried a line, as far as they have been shown.
func (s *stage) carriers(o *octets, e *trace.Event, b *trace.LineBody) {
	n, ok := s.rows.index.NodeOf(e)
	if !ok || n.Level != trace.LineLevel { // a line that was never said
		return
	}
	frames := s.rows.index.Down(n)
	if len(frames) == 0 {
		return
	}
	o.add(part{
		name: "Carried by", value: count(len(frames), "frame"), to: len(o.data), refers: true,
		means: "The frames that carried it, on each link of the way and sent again if need be.",
	})
	_, sealed := s.rows.index.OnWire(e.Seq)
	for _, f := range frames[:min(len(frames), mostCarriers)] {
		c := s.trace.At(f.Seq)
		if c == nil {
			continue
		}
		p, ok := c.Body.(*trace.PacketBody)
		if !ok || p.Range == nil {
			continue
		}
		from, to := max(p.Range.From, b.From), min(p.Range.To, b.To)
		carries, means := "octets "+explain.Grouped(from-b.From)+" to "+explain.Grouped(to-b.From-1), "The part of the line that this frame carries. e goes to the frame."
		if sealed {
			from, to = b.From, b.To
			carries, means = "sealed", "The frame carries a part of the TLS record that the line lies in, which can be opened as a whole only. e goes to the frame."
		}
		note := interfaceHost(p.From) + " " + s.glyphs.hop + " " + interfaceHost(p.To) + " on " + p.Link
		if p.Analysis != "" {
			note += ", " + p.Analysis
		}
		if c.What != trace.Sent {
			note += ", " + c.What
		}
		o.add(part{
			depth: 1, name: "Frame " + strconv.FormatUint(p.Frame, 10), value: carries,
			note: note, from: int(from - b.From), to: int(min(to-b.From, int64(len(o.data)))), seq: f.Seq, refers: true,
			means: means,
		})
	}
	if rest := len(frames) - mostCarriers; rest > 0 {
		o.add(part{depth: 1, name: "and more", value: count(rest, "frame"), refers: true})
	}
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return explain.Grouped(int64(n)) + " " + what
}

func interfaceHost(iface string) string {
	host, _, _ := strings.Cut(iface, "/")
	return host
}

// socketOctets are what a host's kernel took or gave: a datagram, or a part of a
// stream, which is known from the lines in it.
func (s *stage) socketOctets(e *trace.Event, b *trace.SocketBody) *octets {
	if len(b.Data) > 0 {
		o := &octets{title: "a datagram, " + explain.Octets(int64(len(b.Data))), data: b.Data}
		o.paint(0, len(b.Data), plainTint, false)
		if b.Local.Port() == domainPort || b.Remote.Port() == domainPort {
			o.tints = nil
			o.paint(0, len(b.Data), dnsTint, false)
			o.dnsMessage(0, len(b.Data))
		} else {
			o.add(part{name: "Payload", value: explain.Octets(int64(len(b.Data))), means: meaning("Payload", "", ""), to: len(b.Data)})
		}
		return o
	}
	if b.Range == nil || b.Range.To <= b.Range.From {
		return nil
	}
	verb := "written"
	if e.What == trace.Read {
		verb = "read"
	}
	o := &octets{title: verb + ", " + explain.Octets(b.Range.To-b.Range.From)}
	for _, l := range s.spokenIn(e.Conn, *b.Range) {
		c := s.trace.At(l.Node.Seq)
		if c == nil {
			continue
		}
		data, _ := s.wireOf(c, c.Body.(*trace.LineBody))
		from, to := max(l.From, b.Range.From), min(l.To, b.Range.To)
		lo, hi := from-l.From, min(to-l.From, int64(len(data)))
		if at := from - b.Range.From; lo >= hi || at != int64(len(o.data)) {
			continue // something before it is not known, and an offset would be wrong
		}
		s.linePart(o, l.Node, *b.Range, 0)
		o.data = append(o.data, data[lo:hi]...)
	}
	if len(o.data) == 0 {
		return nil
	}
	return o
}

// spokenIn are the lines of which a range of a stream has a part.
func (s *stage) spokenIn(conn string, r trace.Range) []trace.LineInfo {
	x := s.rows.index
	all := x.Lines(conn)
	// at is the first line of the direction from an index on.
	at := func(i int) (trace.LineInfo, int, bool) {
		for ; i < len(all); i++ {
			if l, ok := x.Line(all[i].Seq); ok && l.FromServer == r.FromServer {
				return l, i, true
			}
		}
		return trace.LineInfo{}, i, false
	}
	start := sort.Search(len(all), func(i int) bool {
		l, _, ok := at(i)
		return !ok || l.To > r.From
	})
	var found []trace.LineInfo
	for {
		l, i, ok := at(start)
		if !ok || l.From >= r.To {
			return found
		}
		found = append(found, l)
		start = i + 1
	}
}

// mailOctets are a mail as it lies in a program's hands.
func (s *stage) mailOctets(b *trace.MailBody) *octets {
	if s.trace.Bodies == nil {
		return nil
	}
	data, ok := s.trace.Bodies.Get(b.Content.ID)
	if !ok {
		return nil
	}
	o := &octets{title: "the mail, " + explain.Octets(int64(len(data))), data: data}
	head, body := message.Split(data)
	o.add(part{name: "Header", value: explain.Octets(int64(len(head))), means: "Fields, a name and a value each; programs on the way put theirs on top. RFC 5322 §2.1.", to: len(head), tint: headTint})
	for i, f := range message.ParseHeader(head).Fields {
		p := part{depth: 1, name: f.Name, value: f.Value, means: "A field of the header. RFC 5322 §2.1.", from: f.From, to: f.To, tint: headTint}
		if p.name == "" {
			p.name, p.value, p.note = "?", string(f.Raw), "no field: a name and a colon are missing"
		}
		if i < len(b.Added) && strings.HasPrefix(b.Added[i], f.Name+":") {
			p.tint, p.note = freshTint, "+ added here"
		}
		o.add(p)
		o.paint(p.from, p.to, p.tint, true)
	}
	at := len(data) - len(body)
	if at > len(head) {
		o.add(part{name: "Empty line", value: "CRLF", means: "The first empty line ends the header; all below is body. RFC 5322 §2.1.", from: len(head), to: at, tint: carryTint})
		o.paint(len(head), at, carryTint, true)
	}
	if len(body) > 0 {
		o.add(part{name: "Body", value: explain.Octets(int64(len(body))), means: "What was written. RFC 5322 §2.1.", from: at, to: len(data)})
	}
	return o
}
