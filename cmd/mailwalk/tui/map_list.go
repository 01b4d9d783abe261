package tui

import (
	"slices"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// lister writes one thing after the other, in as many rows as it needs.
type lister struct {
	*chartPicture
	x, y, last int // last is the last row that may be used
	left       int // things for which there was no room
}

const listIndent = 3

// add writes something; what does not fit into the row goes into the next.
func (l *lister) add(text string, style *lipgloss.Style, mail bool) {
	w := ansi.StringWidth(clean(text))
	if mail {
		w += 2
	}
	if l.x+w >= l.canvas.w && l.x > listIndent {
		l.x, l.y = listIndent, l.y+1
	}
	if l.y > l.last {
		l.left++
		return
	}
	l.x = l.canvas.put(l.x, l.y, l.cutTo(text, l.canvas.w-l.x-1), style)
	if mail {
		l.x = l.canvas.put(l.x+1, l.y, l.glyphs.mail, &l.theme.mail)
	}
	l.x += 2
}

// list shows the network link by link, for want of room.
func (p *chartPicture) list() {
	on := map[string]int{}
	for _, f := range p.flying {
		if _, b := p.packet(f); b != nil {
			on[b.Link]++
		}
	}
	groups := groupHosts(p.net)
	l := p.fill(groups, on)
	if l.left > 0 { // then what the moment is about comes first
		slices.SortStableFunc(groups, func(a, b linkGroup) int { return p.concern(b) - p.concern(a) })
		p.canvas = newCanvas(p.canvas.w, p.canvas.h, &p.theme.text)
		l = p.fill(groups, on)
	}
	if l.left > 0 {
		text := " " + p.glyphs.more + " " + explain.Grouped(int64(l.left)) + " more "
		p.canvas.put(p.canvas.w-ansi.StringWidth(text), l.last, text, &p.theme.dim)
		return
	}
	if room := l.last - l.y; room > 0 {
		p.legend(p.canvas.h - min(room, max(len(p.flying), 1)))
	}
}

// fill writes groups of hosts.
func (p *chartPicture) fill(groups []linkGroup, on map[string]int) *lister {
	l := &lister{chartPicture: p, last: p.canvas.h - 1, y: -1}
	for _, g := range groups {
		l.x, l.y = 1, l.y+1
		l.heading(g.index, on)
		for _, h := range g.hosts {
			host := &p.net.Hosts[h]
			style, sign := p.style(host.Name)
			glyph, _ := p.runs(host)
			l.add(sign+glyph+" "+host.Name, style, p.mailAt(host.Name) != "")
		}
	}
	return l
}

// concern is how much the moment is about the hosts of a link.
func (p *chartPicture) concern(g linkGroup) int {
	from, to := p.talking()
	n := 0
	for _, h := range g.hosts {
		switch p.net.Hosts[h].Name {
		case p.here, p.there:
			n += 2
		case from, to:
			n++
		}
	}
	return n
}

// heading is a link, how it is, and the routers on it.
func (l *lister) heading(i int, on map[string]int) {
	if i < 0 {
		l.add("on no link:", &l.theme.dim, false)
		return
	}
	link := &l.net.Links[i]
	style, name := &l.theme.strong, link.Name
	if isDown(l.rows.wires.cut[link.Name], l.now) {
		style, name = &l.theme.fault, l.glyphs.fault+" cut: "+name
	}
	if link.Latency > 0 {
		name += " " + explain.Span(link.Latency)
	}
	l.add(name+":", style, false)
	if n := on[link.Name]; n > 0 {
		l.add(l.glyphs.packet+" "+explain.Grouped(int64(n))+" under way", &l.theme.key, false)
	}
	if b, ok := l.dropped(); ok && b.Link == link.Name {
		l.add(l.glyphs.fault+" lost here", &l.theme.fault, false)
	}
	for k := range l.net.Routers {
		if r := &l.net.Routers[k]; slices.Contains(r.Links, link.Name) {
			s, sign := l.style(r.Name)
			l.add(sign+l.glyphs.draw.router+" "+r.Name, s, false)
		}
	}
}

// dropped is the packet that is lost at the moment.
func (p *chartPicture) dropped() (*trace.PacketBody, bool) {
	if p.event == nil || p.event.What != trace.Dropped {
		return nil, false
	}
	b, ok := p.event.Body.(*trace.PacketBody)
	return b, ok
}
