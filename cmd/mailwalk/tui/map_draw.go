package tui

import (
	"strings"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"mailwalk/sim/trace"
)

// draw draws the picture, and below it what is under way in words.
func (p *chartPicture) draw() {
	for i := range p.links {
		p.link(&p.links[i])
	}
	for i := range p.bars {
		p.bar(&p.bars[i])
	}
	p.way()
	for i := range p.links {
		for _, h := range p.links[i].hosts {
			p.host(&p.links[i], h)
		}
	}
	for i := range p.bars {
		p.barName(&p.bars[i])
	}
	p.moving()
	p.lost()
	if room := p.canvas.h - p.below; room > 0 {
		p.legend(p.canvas.h - min(room, max(len(p.flying), 1)))
	}
}

// link draws the line of a link and its name.
func (p *chartPicture) link(l *linkPlace) {
	if l.index < 0 {
		p.canvas.put(l.x, 0, p.cutTo("on no link", l.w-2), &p.theme.dim)
		return
	}
	link := &p.net.Links[l.index]
	top, style, glyph := 1, &p.theme.border, p.glyphs.draw.bus
	about, aboutStyle := facts, &p.theme.dim
	if isDown(p.rows.wires.cut[link.Name], p.now) {
		glyph, style = p.glyphs.broken, &p.theme.fault
		about = func(*NetworkLink, int) string { return p.glyphs.fault + " cut" }
		aboutStyle = style
	}
	end := p.canvas.put(l.x, 0, p.cutTo(link.Name, l.w-2), &p.theme.strong)
	if p.chartLayout.facts {
		top = 2
		p.canvas.put(l.x, 1, about(link, l.w-2), aboutStyle)
	} else {
		p.canvas.put(end+1, 0, p.cutTo(about(link, l.x+l.w-end-2), l.x+l.w-end-2), aboutStyle)
	}
	p.canvas.down(l.x, top, max(l.bottom, top), glyph, style)
}

func (p *chartPicture) cutTo(text string, width int) string {
	return cut(clean(text), width, p.glyphs.more)
}

// host draws a host beside its link.
func (p *chartPicture) host(l *linkPlace, at hostPlace) {
	h := &p.net.Hosts[at.index]
	style, sign := p.style(h.Name)
	glyph, words := p.runs(h)
	mail := p.mailAt(h.Name)
	x, right := l.x, l.x+l.w-2
	if l.index >= 0 {
		p.tapped(l, at.y, p.onWay(h.Name))
	}
	x += 2
	name := sign + glyph + " " + h.Name
	switch p.tall {
	case hostBox:
		p.boxed(x, right, at.y, name, words, mail, style)
		if l.index < 0 {
			p.canvas.put(x, at.y, p.glyphs.border.Left, &p.theme.border)
		}
	case hostPair:
		p.canvas.put(x, at.y, p.cutTo(name, right-x), style)
		x += 2
		if mail != "" {
			x = p.canvas.put(x, at.y+1, p.cutTo(p.glyphs.mail+" "+mail, right-x), &p.theme.mail) + 1
		}
		p.canvas.put(x, at.y+1, p.cutTo(shorter(words, right-x), right-x), &p.theme.dim)
	default:
		room := right - x
		if mail != "" {
			// Of the words so much as leaves the name whole.
			text := p.glyphs.mail + " " + mail
			if w := ansi.StringWidth(clean(name)); w+1+ansi.StringWidth(text) > room {
				text = p.glyphs.mail
			}
			w := ansi.StringWidth(text)
			end := p.canvas.put(x, at.y, p.cutTo(name, room-w-1), style)
			p.canvas.put(end+1, at.y, text, &p.theme.mail)
			return
		}
		end := p.canvas.put(x, at.y, p.cutTo(name, room), style)
		if w := ansi.StringWidth(clean(words)); end+2+w <= right {
			p.canvas.put(end+2, at.y, words, &p.theme.dim)
		}
	}
}

// tapped draws the piece between a link and a host.
func (p *chartPicture) tapped(l *linkPlace, y int, heavy bool) {
	if heavy {
		p.canvas.put(l.x, y, p.glyphs.draw.tapHeavy, &p.heavy)
		return
	}
	p.canvas.put(l.x, y, p.glyphs.draw.tap, &p.theme.border)
}

// onWay tells whether a host is an end of the conversation of the moment.
func (p *chartPicture) onWay(name string) bool {
	from, to := p.talking()
	return name == from || name == to
}

// talking are the ends of the conversation of the moment.
func (p *chartPicture) talking() (from, to string) {
	if p.event == nil {
		return "", ""
	}
	if from, to = ends(p.event.Conn); to != "" {
		return from, to
	}
	if p.there != "" {
		return p.here, p.there
	}
	return "", ""
}

// shorter leaves out of what a host runs what can be guessed, where there is not
// room for all.
func shorter(words string, width int) string {
	if ansi.StringWidth(clean(words)) <= width {
		return words
	}
	return strings.NewReplacer("mail server", "mail", "name server", "names").Replace(words)
}

// boxed draws a host with a border.
func (p *chartPicture) boxed(x, right, y int, name, words, mail string, style *lipgloss.Style) {
	b := p.glyphs.border
	border := &p.theme.border
	if style == &p.theme.heading {
		border = &p.theme.focus
	}
	p.canvas.across(x, right, y-1, b.Top, border)
	p.canvas.across(x, right, y+1, b.Bottom, border)
	for _, row := range [...]struct {
		y           int
		left, right string
	}{{y - 1, b.TopLeft, b.TopRight}, {y, p.glyphs.draw.fromRight, b.Right}, {y + 1, b.BottomLeft, b.BottomRight}} {
		p.canvas.put(x, row.y, row.left, border)
		p.canvas.put(right, row.y, row.right, border)
	}
	p.canvas.put(x+1, y-1, " "+p.cutTo(name, right-x-3)+" ", style)
	p.canvas.put(x+2, y, p.cutTo(shorter(words, right-x-3), right-x-3), &p.theme.dim)
	if mail != "" {
		text := " " + p.cutTo(p.glyphs.mail+" "+mail, right-x-5) + " "
		p.canvas.put(right-1-ansi.StringWidth(text), y+1, text, &p.theme.mail)
	}
}

// bar draws the line of a router across the links that it joins.
func (p *chartPicture) bar(b *barPlace) {
	d := &p.glyphs.draw
	style := &p.theme.border
	p.canvas.across(b.from, b.to, b.y, d.bar, style)
	for i := range p.links {
		if l := &p.links[i]; l.index >= 0 && l.x > b.from && l.x < b.to && l.bottom > b.y {
			p.canvas.put(l.x, b.y, d.cross, style)
		}
	}
	for _, x := range b.joints {
		p.canvas.put(x, b.y, d.joint, style)
	}
}

// barName writes a router's name on the longest piece of its line, or behind it.
func (p *chartPicture) barName(b *barPlace) {
	r := &p.net.Routers[b.index]
	style, sign := p.style(r.Name)
	name := sign + p.glyphs.draw.router + " " + r.Name
	long := name
	if r.Label != "" && r.Label != r.Name {
		long += " " + p.glyphs.dot + " " + r.Label
	}
	from, room := b.to, 0
	for i := 1; i < len(b.joints); i++ {
		if d := b.joints[i] - b.joints[i-1]; d > room {
			from, room = b.joints[i-1], d
		}
	}
	if room-3 < ansi.StringWidth(clean(name)) {
		from, room = b.to, p.canvas.w-b.to
	}
	text := long
	if ansi.StringWidth(clean(text)) > room-7 { // some of the line is to be seen
		text = name
	}
	text = " " + p.cutTo(text, room-3) + " "
	at := from + 1
	if from < b.to {
		at += (room - 1 - ansi.StringWidth(text)) / 2
	}
	p.canvas.put(at, b.y, text, style)
}

// way draws the way of the conversation of the moment thick.
func (p *chartPicture) way() {
	d := &p.glyphs.draw
	from, to := p.talking()
	path := p.net.path(from, to)
	at := from
	type joint struct{ x, y int }
	var joints []joint
	for i := 0; i < len(path); i += 2 {
		next := to
		if i+1 < len(path) {
			next = path[i+1]
		}
		l := p.chartLayout.link(p.net, path[i])
		if l == nil {
			return
		}
		y1, ok1 := p.tap(p.net, l, at)
		y2, ok2 := p.tap(p.net, l, next)
		if !ok1 || !ok2 {
			return
		}
		if !isDown(p.rows.wires.cut[path[i]], p.now) {
			p.canvas.down(l.x, y1, y2, d.busHeavy, &p.heavy)
		}
		if i+2 < len(path) {
			if onward := p.chartLayout.link(p.net, path[i+2]); onward != nil {
				p.canvas.across(l.x, onward.x, y2, d.barHeavy, &p.heavy)
				p.crossings(l.x, onward.x, y2)
				joints = append(joints, joint{l.x, y2}, joint{onward.x, y2})
			}
		}
		at = next
	}
	for i := range p.bars { // what a thick line has gone over
		for _, x := range p.bars[i].joints {
			p.canvas.put(x, p.bars[i].y, d.joint, &p.theme.border)
		}
	}
	for _, j := range joints {
		p.canvas.put(j.x, j.y, d.jointHeavy, &p.heavy)
	}
}

// crossings are where a thick line goes over links on its way.
func (p *chartPicture) crossings(x1, x2, y int) {
	for i := range p.links {
		if l := &p.links[i]; l.index >= 0 && l.x > min(x1, x2) && l.x < max(x1, x2) && l.bottom > y {
			p.canvas.put(l.x, y, p.glyphs.draw.crossHeavy, &p.heavy)
		}
	}
}

// span is the piece of a link that a frame crosses.
func (p *chartPicture) span(b *trace.PacketBody) (x, y1, y2 int, ok bool) {
	l := p.chartLayout.link(p.net, b.Link)
	if l == nil {
		return 0, 0, 0, false
	}
	y1, ok1 := p.tap(p.net, l, machine(b.From))
	y2, ok2 := p.tap(p.net, l, machine(b.To))
	return l.x, y1, y2, ok1 && ok2
}

// moving draws the packets that are under way where they are, as far as the link's
// latency tells.
func (p *chartPicture) moving() {
	for _, f := range p.flying {
		e, b := p.packet(f)
		if e == nil {
			continue
		}
		x, y1, y2, ok := p.span(b)
		if !ok {
			continue
		}
		y := y1 + p.share(e, b, y2-y1)
		glyph := p.glyphs.down
		if y2 < y1 {
			glyph = p.glyphs.up
		}
		style := &p.theme.key
		if p.carriesMail(e) {
			glyph, style = p.glyphs.mail, &p.theme.mail
		}
		if f.held {
			glyph, style = p.glyphs.draw.late, &p.theme.fault
		}
		p.canvas.put(x, y, glyph, style)
	}
}

// share is how much of so many rows a packet has gone, never all.
func (p *chartPicture) share(e *trace.Event, b *trace.PacketBody, rows int) int {
	var takes time.Duration
	for i := range p.net.Links {
		if p.net.Links[i].Name == b.Link {
			takes = p.net.Links[i].Latency
		}
	}
	sign := 1
	if rows < 0 {
		sign, rows = -1, -rows
	}
	gone := rows / 2
	if takes > 0 {
		gone = int(int64(rows) * int64(max(0, min(p.view.At-e.At, takes))) / int64(takes))
	}
	return sign * max(min(gone, rows-1), min(1, rows-1))
}

// lost marks where the packet of the moment got lost.
func (p *chartPicture) lost() {
	b, ok := p.dropped()
	if !ok {
		return
	}
	if x, y1, y2, ok := p.span(b); ok {
		p.canvas.put(x, (y1+y2)/2, p.glyphs.fault, &p.theme.fault)
		p.canvas.put(x+1, (y1+y2)/2, " lost ", &p.theme.fault)
	}
}

// legend says in words what is under way.
func (p *chartPicture) legend(y int) {
	if len(p.flying) == 0 {
		p.canvas.put(1, y, p.cutTo("Nothing is under way.", p.canvas.w-2), &p.theme.dim)
		return
	}
	for i, f := range p.flying {
		if y+1 == p.canvas.h && i+1 < len(p.flying) {
			p.canvas.put(1, y, p.cutTo(count(len(p.flying)-i, "packet")+" under way, such as "+p.told(f), p.canvas.w-2), &p.theme.packet)
			return
		}
		p.canvas.put(1, y, p.cutTo(p.glyphs.packet+" "+p.told(f), p.canvas.w-2), &p.theme.packet)
		y++
	}
}
