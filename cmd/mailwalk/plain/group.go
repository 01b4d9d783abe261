package plain

import (
	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// group is the mail and the leg that the printed steps belong to.
type group struct {
	mail, hop string
	titles    map[string]string // of legs, by id
}

// enter prints a heading when an event belongs to another mail or leg than the
// one before. What belongs to none stays where it happens.
func (p *Printer) enter(e *trace.Event) {
	g := &p.group
	switch {
	case e.Hop != "" && e.Hop != g.hop:
		title, known := g.titles[e.Hop]
		if !known {
			title = "leg " + e.Hop
			if e.What == trace.HopStarts {
				title = explain.Text(e)
			}
			if g.titles == nil {
				g.titles = make(map[string]string)
			}
			g.titles[e.Hop] = title
		} else {
			title += " (continued)"
		}
		g.mail, g.hop = e.Mail, e.Hop
		p.heading(title)
		if !known && p.o.Detail > explain.MailGrain {
			if rail := p.rails.line(e.Mail, e.Hop); rail != "" {
				p.out.wrapped("   way: ", "", p.o.Style.Dim, rail)
			}
		}
	case e.Mail != "" && e.Mail != g.mail:
		g.mail, g.hop = e.Mail, ""
		p.heading("mail " + e.Mail)
	}
}

func (p *Printer) heading(title string) {
	p.out.blank()
	p.out.rule(title)
	p.apart = false
}
