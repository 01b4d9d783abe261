package plain

import (
	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// group is the leg that the printed steps belong to.
type group struct {
	hop    string
	titles map[string]string // of legs that have a heading, by id
	begun  map[string]string // what the legs are that have begun
	// mark stands before a step that belongs to another leg than those around it.
	mark string
}

// enter finds the group of an event. A leg that begins, or goes on with a new
// connection or a new question, gets a heading; a mere straggler of another leg,
// such as a QUIT while the mail is on its way already, stays where it happens,
// with a mark. So does what belongs to no leg, without one.
func (p *Printer) enter(e *trace.Event) {
	g := &p.group
	g.mark = ""
	switch {
	case e.Kind == trace.Act && e.Hop == "":
		// What somebody does begins something new.
		g.hop = ""
		p.out.blank()
	case e.Hop == "" && e.Mail != "" && e.What == trace.Composed:
		g.hop = ""
		p.heading("mail " + e.Mail)
	case e.Hop == "" || e.Hop == g.hop:
	case g.titles[e.Hop] == "":
		title := legName(e.Hop) + g.begun[e.Hop]
		if g.titles == nil {
			g.titles = make(map[string]string)
		}
		g.titles[e.Hop] = title
		g.hop = e.Hop
		p.heading(title)
		if rail := p.rails.line(e.Hop); rail != "" && p.o.Detail > explain.MailGrain {
			p.out.wrapped("   way: ", "", p.o.Style.Dim, p.worded(rail))
		}
	case e.What == trace.Opening || e.What == trace.Asked:
		g.hop = e.Hop
		p.heading(g.titles[e.Hop] + " (continued)")
	default:
		g.mark = "(" + legName(e.Hop) + ") "
	}
}

// see keeps what a leg is that begins, whether that is printed or not.
func (g *group) see(e *trace.Event) {
	if e.What != trace.HopStarts {
		return
	}
	if g.begun == nil {
		g.begun = make(map[string]string)
	}
	sep := ": "
	if e.Mail != "" { // the text begins with it
		sep = ", "
	}
	g.begun[e.Hop] = sep + explain.Text(e)
}

// legName names a leg by its id. A device that looks for mail does not know yet
// which mail it will get, so its leg is numbered by the device.
func legName(hop string) string {
	if hop != "" && (hop[0] < '0' || hop[0] > '9') {
		return "retrieval " + hop
	}
	return "leg " + hop
}

func (p *Printer) heading(title string) {
	p.out.blank()
	p.out.rule(title)
	p.apart = false
}
