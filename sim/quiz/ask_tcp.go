package quiz

import (
	"fmt"
	"strconv"
	"strings"

	"mailwalk/protocols/dialog"
	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// bodyPackets asks in how many packets a content leaves.
func bodyPackets(s *scene) *Question {
	said := s.last(func(o *trace.Event) bool {
		b, ok := o.Body.(*trace.LineBody)
		return ok && o.What == trace.Sent && b.Role == dialog.Body
	})
	if said == nil {
		return nil
	}
	// Inside TLS what leaves are the records that the content is sealed in.
	on, what := said.Body.(*trace.LineBody).Range, ""
	if parts, sealed := s.t.Index().OnWire(said.Seq); sealed {
		if len(parts) == 0 {
			return nil
		}
		on.From, on.To, what = parts[0].From, parts[len(parts)-1].To, " of TLS records"
	}
	carries := func(e *trace.Event) bool {
		p, ok := e.Body.(*trace.PacketBody)
		return ok && e.What == trace.Sent && e.Conn == said.Conn && e.Host == said.Host && p.Why == "" && p.Range != nil && p.Range.Overlaps(on)
	}
	if s.last(carries) != nil {
		return nil
	}
	var end *trace.Event
	n, upTo := 0, on.From
	for _, e := range s.ahead {
		if !carries(e) {
			continue
		}
		if p := e.Body.(*trace.PacketBody); p.Range.To > upTo { // what is sent again is not counted again
			n, upTo, end = n+1, p.Range.To, e
		}
		if upTo >= on.To {
			break
		}
	}
	mss := s.mss(said.Conn)
	if upTo < on.To || mss == 0 {
		return nil
	}
	size := on.To - on.From
	q := answered(end, Number, fmt.Sprintf("%s hands over %s%s to %s. A segment takes %d octets at most. In how many packets do they leave?",
		said.Host, explain.Octets(size), what, s.otherEnd(said), mss), strconv.Itoa(n),
		"TCP cuts what a program gives it into segments.",
		fmt.Sprintf("Divide %s by %d, and round up; a few more may be needed.", explain.Grouped(size), mss))
	q.within = 100
	q.reason = fmt.Sprintf("%s through %d is %d when rounded up; it took %d. The segments are cut by TCP, which neither the program nor the mail knows of.",
		explain.Grouped(size), mss, (size+mss-1)/mss, n)
	q.why.Refs = []explain.Ref{{RFC: 9293, Section: "3.7.1"}}
	return q
}

// mss is the smaller of the maximum segment sizes that the ends of a connection
// have named, 0 when they were not seen.
func (s *scene) mss(conn string) int64 {
	var least int64
	for _, e := range s.past {
		p, ok := e.Body.(*trace.PacketBody)
		if !ok || e.Conn != conn || p.Head.MSS == 0 {
			continue
		}
		if m := int64(p.Head.MSS); least == 0 || m < least {
			least = m
		}
	}
	return least
}

// otherEnd is the host at the other end of the connection that a line is said on.
func (s *scene) otherEnd(said *trace.Event) string {
	e := s.last(func(o *trace.Event) bool { return o.Conn == said.Conn && o.Kind == trace.Connection })
	if e == nil {
		return "the other end"
	}
	b := e.Body.(*trace.ConnectionBody)
	if b.Client == said.Host {
		return b.Server
	}
	return b.Client
}

// closesFirst asks which end closes a connection first.
func closesFirst(s *scene) *Question {
	open := s.last(func(o *trace.Event) bool {
		return o.Kind == trace.Connection && (o.What == trace.Opened || o.What == trace.Accepted)
	})
	if open == nil {
		return nil
	}
	ends := func(e *trace.Event) bool {
		return e.Conn == open.Conn && e.Kind == trace.Connection && e.What == trace.Closed
	}
	e := s.next(ends)
	if e == nil || s.last(ends) != nil {
		return nil
	}
	b := open.Body.(*trace.ConnectionBody)
	if e.Host != b.Client && e.Host != b.Server {
		return nil
	}
	q := answered(e, Choice, fmt.Sprintf("The connection from %s to %s (%s) will end. Which end closes first?", b.Client, b.Server, b.Service), e.Host,
		"The client says that it wants to leave. Who says the last word?")
	q.Points = 2
	return q.among(b.Client, b.Server)
}

// nextFlags asks what the next packet of a connection is there for.
func nextFlags(s *scene) *Question {
	if s.now == nil || s.now.Conn == "" || s.now.Kind != trace.Packet && s.now.Kind != trace.Connection {
		return nil
	}
	opened := s.last(func(o *trace.Event) bool { return o.Conn == s.now.Conn && o.Kind == trace.Connection })
	if opened == nil {
		return nil
	}
	ends := opened.Body.(*trace.ConnectionBody)
	e := s.next(func(e *trace.Event) bool {
		p, ok := e.Body.(*trace.PacketBody)
		return ok && e.What == trace.Sent && e.Conn == s.now.Conn && p.Head.Proto == "TCP" && (e.Host == ends.Client || e.Host == ends.Server)
	})
	if e == nil {
		return nil
	}
	const syn, synAck, ack, data, fin, rst = "SYN: it asks for a connection", "SYN and ACK: it agrees to one", "ACK alone: it says what has arrived", "data, with ACK", "FIN: it has no more to say", "RST: it breaks the connection off"
	h := e.Body.(*trace.PacketBody).Head
	right := ack
	switch has := func(flag string) bool { return strings.Contains(h.Flags, flag) }; {
	case has("R"):
		right = rst
	case has("S") && has("A"):
		right = synAck
	case has("S"):
		right = syn
	case has("F"):
		right = fin
	case h.Len > 0:
		right = data
	}
	q := answered(e, Choice, fmt.Sprintf("%s puts a packet of this connection on %s. What for?", e.Host, e.Body.(*trace.PacketBody).Link), right,
		"What has the other end sent last, and does it wait for an answer?",
		fmt.Sprintf("The packet has %s of data.", explain.Octets(int64(h.Len))))
	return q.among(mix(e.Key, []string{syn, synAck, ack, data, fin})...)
}

// frameNext asks where a packet goes on its next link.
func frameNext(s *scene) *Question {
	if s.now == nil {
		return nil
	}
	now, ok := s.now.Body.(*trace.PacketBody)
	if !ok || s.now.What != trace.Sent && s.now.What != trace.Delivered {
		return nil
	}
	e := s.next(func(e *trace.Event) bool {
		p, ok := e.Body.(*trace.PacketBody)
		if !ok {
			return false
		}
		if s.now.What == trace.Sent {
			return p.Frame == now.Frame && (e.What == trace.Delivered || e.What == trace.Dropped)
		}
		return e.What == trace.Sent && e.Host == s.now.Host && p.Frame != now.Frame && p.To != now.From && sameDatagram(&p.Head, &now.Head)
	})
	if e == nil {
		return nil
	}
	const nobody = "none, it is lost"
	right := e.Host
	text := fmt.Sprintf("%s has put a packet for %s on %s. Which machine takes it off there?", s.now.Host, now.Head.Dst, now.Link)
	why := "A frame goes to a machine on the same link: the one that the packet is for, or a router on the way to it."
	if s.now.What == trace.Delivered {
		right, _, _ = strings.Cut(e.Body.(*trace.PacketBody).To, "/")
		text = fmt.Sprintf("%s has a packet that is for %s. To which machine does it pass it?", s.now.Host, now.Head.Dst)
	} else if e.What == trace.Dropped {
		right, why = nobody, "It was lost on the way. No machine tells of it."
	}
	q := answered(e, Choice, text, right, "A link joins some of the machines, and not all.",
		"Is the address one of this link's own? If not, a router has to take the packet.")
	q.reason = why
	others := s.others(s.machines, "frame/"+e.Key, e.Seq)
	return q.among(append(others[:min(2, len(others))], nobody)...)
}

// sameDatagram tells whether two headers are of the same packet on two links.
func sameDatagram(a, b *trace.Head) bool {
	return a.Proto == b.Proto && a.Src == b.Src && a.Dst == b.Dst && a.SrcPort == b.SrcPort && a.DstPort == b.DstPort &&
		a.Seq == b.Seq && a.Ack == b.Ack && a.Flags == b.Flags && a.Len == b.Len && a.TTL != b.TTL
}
