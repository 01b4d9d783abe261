package tui

import (
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"mailwalk/sim/explain"
)

const (
	run   = 2 // strokes before the words of an arrow
	bend  = 3 // strokes behind them, up to where a packet's arrow bends
	stub  = 4 // strokes of an arrow to a host that is not seen
	least = 8 // cells of words that are worth a place inside an arrow
)

// rung draws a row.
func (p *ladderPicture) rung(r *rung, y int, later bool) {
	t := &p.theme
	if r.gap != 0 {
		p.gap(r, y, later)
		return
	}
	it := r.item
	clockStyle := &t.dim
	if later { // it is yet to come, as seen from the moment
		it.style, clockStyle = &t.later, &t.later
	}
	p.lives(y, it.seq)
	if it.seq == p.rows.at(p.grain, max(p.row(), 0)) && !later {
		p.canvas.put(0, y, p.glyphs.here, &t.key)
	}
	if r.first {
		c := explain.Clock(it.at)
		p.canvas.put(p.left-1-len(c), y, c, clockStyle)
	}
	words := it.text
	if it.glyph != "" {
		words = it.glyph + " " + words
	}
	if it.form == remark {
		p.canvas.put(p.left+1, y, p.short(words, p.canvas.w-p.left-2), it.style)
		return
	}
	from, seen := p.at[it.from]
	to, toSeen := p.at[it.to]
	switch {
	case it.to == "" && seen:
		p.dot(from, y, words, it.style)
	case it.to == "":
		p.unseen(y, it.from+": "+words, later)
	case seen && toSeen:
		p.arrow(&it, r.bare, from, to, y, words)
	case seen:
		p.away(from, p.side(it.to, it.from), y, true, it.to, words, it.style)
	case toSeen:
		p.away(to, p.side(it.from, it.to), y, false, it.from, words, it.style)
	default:
		p.unseen(y, it.from+" "+p.glyphs.hop+" "+it.to+": "+words, later)
	}
}

// gap draws how much time goes by.
func (p *ladderPicture) gap(r *rung, y int, later bool) {
	style := &p.theme.dim
	if later {
		style = &p.theme.later
	}
	text := " " + explain.Span(r.gap) + " later "
	p.canvas.across(p.left, p.canvas.w-2, y, p.glyphs.ahead, &p.theme.border)
	x := p.left + (p.canvas.w-p.left-ansi.StringWidth(text))/2
	p.canvas.put(x, y, text, style)
}

// dot is something that happens on one host.
func (p *ladderPicture) dot(x, y int, words string, style *lipgloss.Style) {
	p.canvas.put(x, y, p.glyphs.holding, style)
	p.beside(x, x, y, words, style)
}

// beside writes words to the right of some cells, or to their left where there is
// more room.
func (p *ladderPicture) beside(left, right, y int, words string, style *lipgloss.Style) {
	roomRight, roomLeft := p.canvas.w-right-3, left-p.left-2
	w := ansi.StringWidth(clean(words))
	if w <= roomRight || roomRight >= roomLeft {
		p.canvas.put(right+1, y, " "+p.short(words, roomRight)+" ", style)
		return
	}
	text := p.short(words, roomLeft)
	p.canvas.put(left-ansi.StringWidth(text)-2, y, " "+text+" ", style)
}

// unseen is a row of hosts that are not seen.
func (p *ladderPicture) unseen(y int, words string, later bool) {
	style := &p.theme.dim
	if later {
		style = &p.theme.later
	}
	text := p.glyphs.more + " " + p.short(words, p.canvas.w-p.left-5)
	p.canvas.put(p.left+1, y, text+" ", style)
}

// away is an arrow to a host that is not seen, or from one.
func (p *ladderPicture) away(x, side, y int, out bool, other, words string, style *lipgloss.Style) {
	d := &p.glyphs.draw
	end := x + side*stub
	p.canvas.across(x, end, y, d.thin, style)
	p.canvas.put(x, y, d.root(side), style)
	switch {
	case out && side > 0:
		p.canvas.put(end, y, d.right, style)
	case out:
		p.canvas.put(end, y, d.left, style)
	case side > 0:
		p.canvas.put(x+1, y, d.left, style)
	default:
		p.canvas.put(x-1, y, d.right, style)
	}
	p.beside(min(x, end), max(x, end), y, p.glyphs.more+" "+other+": "+words, style)
}

// root is where a stroke to a side leaves a host's line.
func (d *drawing) root(side int) string {
	if side > 0 {
		return d.fromLeft
	}
	return d.fromRight
}

// tip is the end of a stroke to a side.
func (d *drawing) tip(side int) string {
	if side > 0 {
		return d.right
	}
	return d.left
}

// arrow draws a step between two hosts that are seen.
func (p *ladderPicture) arrow(it *item, bare bool, from, to, y int, words string) {
	d := &p.glyphs.draw
	side := 1
	if to < from {
		side = -1
	}
	stroke := d.thin
	switch it.form {
	case leaves, arrives, suffers:
		p.packetArrow(it, bare, from, to, side, y)
		return
	case asks:
		stroke = d.dashed
	case stands:
		stroke = d.double
	case hands:
		stroke = d.heavy
	case sets:
		stroke = d.heavyDash
	}
	p.canvas.across(from, to-side, y, stroke, it.style)
	p.canvas.put(from, y, d.root(side), it.style)
	p.canvas.put(to-side, y, d.tip(side), it.style)
	switch it.form {
	case stands:
		p.canvas.put(from, y, p.glyphs.draw.life, &p.theme.border)
		p.canvas.put(from+side, y, d.tip(-side), it.style)
	case fails:
		p.canvas.put(to-side, y, p.glyphs.fault, it.style)
	}
	p.words(min(from, to), max(from, to), y, words, it.style)
}

// words stand inside an arrow where they fit, else beside it where there is more
// room.
func (p *ladderPicture) words(left, right, y int, words string, style *lipgloss.Style) {
	inside := right - left - 2*run - 2
	w := ansi.StringWidth(clean(words))
	outside := max(p.canvas.w-right-3, left-p.left-2)
	if w > inside && (outside >= w || inside < least || outside > inside*3/2) {
		p.beside(left, right, y, words, style)
		return
	}
	p.canvas.put(left+1+run, y, " "+p.short(words, inside)+" ", style)
}

// packetArrow draws a packet that leaves, arrives, or gets into trouble between.
// The arrow bends at the same place in all its rows.
func (p *ladderPicture) packetArrow(it *item, bare bool, from, to, side, y int) {
	d := &p.glyphs.draw
	gap := (to - from) * side
	most := gap - 2*run - bend
	label := p.fits(it.labels, most)
	w := ansi.StringWidth(label)
	at := from + side*max(gap/2, min(w+run+bend+2, gap-bend))
	switch it.form {
	case leaves:
		p.canvas.across(from, at, y, d.thin, it.style)
		p.canvas.put(from, y, d.root(side), it.style)
		corner := d.leavesRight
		x := from + run + 1
		if side < 0 {
			corner = d.leavesLeft
			x = from - run - 2 - w
		}
		p.canvas.put(at, y, corner, it.style)
		if most >= least {
			p.canvas.put(x, y, " "+label+" ", it.style)
		} else {
			p.beside(min(from, to), max(from, to), y, it.text, it.style)
		}
	case arrives:
		label := ""
		if !bare { // its leaving is farther up, so it is named once more
			label = " " + p.fits(it.labels, gap-run-bend-4) + " "
			at = to - side*min(gap-1, ansi.StringWidth(label)+run+bend)
		}
		corner, x := d.arrivesRight, at+run
		if side < 0 {
			corner, x = d.arrivesLeft, to+bend
		}
		p.canvas.across(at, to-side, y, d.thin, it.style)
		p.canvas.put(at, y, corner, it.style)
		p.canvas.put(to-side, y, d.tip(side), it.style)
		if gap >= least+run+bend {
			p.canvas.put(x, y, label, it.style)
		}
	default:
		corner := d.arrivesRight
		if side < 0 {
			corner = d.arrivesLeft
		}
		p.canvas.put(at, y, corner, it.style)
		p.canvas.put(at+side, y, d.dashed, it.style)
		p.canvas.put(at+2*side, y, it.glyph, it.style)
		words := it.text
		if !bare {
			words += " (" + it.gist + ")"
		}
		p.beside(min(at, at+2*side), max(at, at+2*side), y, words, it.style)
	}
}

// fits is the first of some texts that has room, else what there is room for of the
// last.
func (p *ladderPicture) fits(texts []string, width int) string {
	for _, t := range texts {
		if ansi.StringWidth(clean(t)) <= width {
			return p.short(t, width)
		}
	}
	return p.short(texts[len(texts)-1], width)
}
