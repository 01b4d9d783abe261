package plain

import (
	"strconv"
	"strings"

	"mailwalk/protocols/dialog"
	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// packet prints a frame: in full when its first sender sends it, by its number
// when it arrives or is passed on.
func (p *Printer) packet(e *trace.Event, b *trace.PacketBody) {
	number := numbered(b)
	before, passed := p.wire.came[cause(e)]
	switch {
	case e.What == trace.Sent && passed && b.Head.Src == before.Head.Src:
		delete(p.wire.came, cause(e))
		text := numbered(before) + " passed on by " + e.Host + " as " + number + " on " + b.Link
		if p.o.Depth > explain.Newcomer {
			text += ", TTL " + strconv.Itoa(int(b.Head.TTL))
		}
		p.waiting = waiting{}
		p.step(e, "packet", "", text)
	case e.What == trace.Sent && b.Why == "":
		ends, what := p.wire.frame(e, b)
		p.frame(e, number+" "+b.Link+" "+ends, what)
		if p.o.Depth > explain.Newcomer {
			if text := p.wire.numbers(e, b); text != "" {
				p.out.detail(p.worded(text))
			}
		}
		p.why(e)
	case e.What == trace.Delivered && p.wire.elsewhere(e, b):
		p.wire.came[e.Seq] = b
		p.waiting = waiting{arrival: e, mark: p.group.mark}
	case e.What == trace.Delivered:
		p.reached(e, b)
	case e.What == trace.Sent: // forged
		p.step(e, "FAULT", "", number+" "+explain.Text(e))
		p.why(e)
	default:
		// What it carries stands where it was sent.
		p.step(e, "FAULT", "", number+" "+strings.Replace(explain.Text(e), ": "+explain.Carried(e), "", 1))
		p.why(e)
	}
}

func numbered(b *trace.PacketBody) string { return "#" + strconv.FormatUint(b.Frame, 10) }

// cause is the nearest cause of an event; 0 when there is none.
func cause(e *trace.Event) uint64 {
	if len(e.Causes) == 0 {
		return 0
	}
	return e.Causes[0]
}

// frame prints who sends a frame to whom and what it is: on one line if it fits.
func (p *Printer) frame(e *trace.Event, ends, what string) {
	ends += ":"
	if line := ends + " " + what; width(line) <= p.o.Width-textAt-width(p.group.mark) {
		p.step(e, "packet", "", line)
		return
	}
	p.step(e, "packet", "", ends)
	p.out.detail(p.worded(what))
}

func (p *Printer) reached(e *trace.Event, b *trace.PacketBody) {
	p.step(e, "packet", "", numbered(b)+" has reached "+e.Host)
}

// waiting is a step that is not printed yet, since the next one may be part of
// it: a frame that has reached a router, or lines that are read.
type waiting struct {
	arrival *trace.Event
	reads   []string     // short names
	read    *trace.Event // the last of them
	mark    string
}

// settle prints the step that waits, if there is one.
func (p *Printer) settle() {
	w := p.waiting
	p.waiting = waiting{}
	mark := p.group.mark
	p.group.mark = w.mark
	switch {
	case w.arrival != nil:
		p.reached(w.arrival, w.arrival.Body.(*trace.PacketBody))
	case w.read != nil:
		p.step(w.read, "read", "", w.read.Host+" reads "+names(w.reads))
	}
	p.group.mark = mark
}

// joins tells whether an event can become part of the step that waits.
func (w *waiting) joins(e *trace.Event) bool {
	switch b := e.Body.(type) {
	case *trace.PacketBody:
		return w.arrival != nil && e.What == trace.Sent && cause(e) == w.arrival.Seq && b.Head.Src == w.arrival.Body.(*trace.PacketBody).Head.Src
	case *trace.LineBody:
		return w.read != nil && e.What == trace.Received && b.Role != dialog.Body && e.Conn == w.read.Conn && e.Host == w.read.Host && e.At == w.read.At
	}
	return false
}
