package tui

import (
	"strconv"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// why says what the moment's step is, why it comes, what it holds and what it
// came from.
type why struct {
	*stage
	scroll
	memo memo
}

// scroll is how far a pane is scrolled, and how much there is.
type scroll struct {
	offset      int
	rows, shown int
}

// by scrolls so many rows, as far as there is something to see.
func (s *scroll) by(n int) {
	s.offset = max(0, min(s.offset+n, s.rows-s.shown))
}

// rest says how much is below what shows.
func (s *scroll) rest(g *glyphs) string {
	if n := s.rows - s.offset - s.shown; n > 0 {
		return strconv.Itoa(n) + " more " + g.down
	}
	if s.offset > 0 {
		return g.up + " from the top"
	}
	return ""
}

// draw draws the rows of a page that show.
func (s *scroll) draw(p *page, height int) []string {
	from, to := window(len(p.rows), height, s.offset)
	s.offset, s.rows, s.shown = from, len(p.rows), to-from
	rows := make([]string, 0, to-from)
	for _, l := range p.rows[from:to] {
		rows = append(rows, l.render(p.width, p.theme.text, p.glyphs.more))
	}
	return rows
}

const (
	longLine  = 998 // octets of a line that are shown: longer ones are not in any mail (RFC 5322 §2.1.1)
	nameWidth = 14  // widest name of a field
)

// Title and Aside are the words in the border.
func (y *why) Title() string { return "what and why" }

func (y *why) Aside() string { return "for " + article(y.depth) }

func article(d explain.Depth) string {
	if d == explain.Engineer {
		return "an " + d.String()
	}
	return "a " + d.String()
}

// Foot tells how much is not seen.
func (y *why) Foot() string { return y.rest(&y.glyphs) }

func (y *why) scrolling() *scroll { return &y.scroll }

// Render draws what can be seen.
func (y *why) Render(width, height int, focused bool) []string {
	if rows, ok := y.memo.get(width, height, y.version, focused); ok {
		return rows
	}
	p := &page{stage: y.stage, width: width}
	if y.event == nil {
		p.beginning()
	} else {
		p.step(y.event)
	}
	return y.memo.put(y.draw(p, height))
}

// page puts rows together, with a cell free on either side.
type page struct {
	*stage
	width int
	rows  []line
}

func (p *page) add(l line) {
	p.rows = append(p.rows, append(line{{" ", p.theme.text}}, l...))
}

func (p *page) blank() { p.add(line{}) }

// text adds a text in as many rows as it needs.
func (p *page) text(style lipgloss.Style, text string) {
	for _, r := range wrap(text, p.width-2) {
		p.add(line{{r, style}})
	}
}

func (p *page) heading(text string) {
	p.blank()
	p.add(line{{text, p.theme.heading}})
}

// beginning is what shows before the first step.
func (p *page) beginning() {
	w := &p.walk
	p.text(p.theme.strong, explain.OneLine(w.Title))
	if w.Summary != "" {
		p.text(p.theme.text, explain.OneLine(w.Summary))
	}
	if w.Objective != "" {
		p.heading("What to look for")
		p.text(p.theme.text, explain.OneLine(w.Objective))
	}
}

func (p *page) step(e *trace.Event) {
	x := explain.For(e)
	_, isNote := e.Body.(*trace.NoteBody)
	if !isNote {
		p.text(p.theme.strong, x.Title)
	}
	l := p.label(e)
	meta := line{{l.glyph + " " + l.word, l.style}, {" " + p.glyphs.dot + " event " + explain.Grouped(int64(e.Seq)), p.theme.dim}}
	meta = append(meta, span{" " + p.glyphs.dot + " " + clock(e.At), p.theme.dim})
	if e.Host != "" {
		meta = append(meta, span{" " + p.glyphs.dot + " " + e.Host, p.theme.dim})
	}
	p.add(meta)
	p.blank()
	p.text(p.theme.text, explain.OneLine(x.Why(p.depth)))
	if x.Mistake != "" {
		p.blank()
		for i, r := range wrap("Often misunderstood: "+x.Mistake, p.width-4) {
			style := p.theme.text
			if i == 0 {
				style = p.theme.warning
			}
			p.mistake(r, i, style)
		}
	}
	for i, r := range x.Refs {
		if i == 0 {
			p.blank()
		}
		text := r.String()
		if h := r.Heading(); h != "" {
			text += " " + h
		}
		p.text(p.theme.dim, text)
	}
	p.fields(e)
	p.carried(e)
	p.causes(e)
	p.elsewhere(e)
}

// elsewhere says which panes show more of the step.
func (p *page) elsewhere(e *trace.Event) {
	key, words := "", ""
	switch e.Body.(type) {
	case *trace.PacketBody, *trace.SocketBody, *trace.LineBody:
		key, words = bytesPane.key(), "shows its bytes, and what each means"
	case *trace.MailBody:
		key, words = mailPane.key(), "shows the mail as it is here"
	case *trace.LookupBody:
		key, words = namesPane.key(), "shows who asks whom, as a tree"
	default:
		return
	}
	p.blank()
	p.add(line{{key, p.theme.key}, {" " + words, p.theme.dim}})
}

// mistake sets a row behind a bar; the words that open it stand out.
func (p *page) mistake(row string, i int, style lipgloss.Style) {
	const opening = "Often misunderstood:"
	l := line{{p.glyphs.bar + " ", p.theme.warning}}
	if rest, ok := strings.CutPrefix(row, opening); ok && i == 0 {
		l = append(l, span{opening, style}, span{rest, p.theme.text})
	} else {
		l = append(l, span{row, p.theme.text})
	}
	p.add(l)
}

// fields are set in two columns; a value that is too long goes on below itself.
func (p *page) fields(e *trace.Event) {
	list := fieldsOf(e)
	if len(list) == 0 {
		return
	}
	p.heading("Fields")
	column := 0
	for _, f := range list {
		column = max(column, min(ansi.StringWidth(f.name), nameWidth))
	}
	for _, f := range list {
		for i, v := range wrap(f.value, max(p.width-column-4, 8)) {
			name := ""
			if i == 0 {
				name = f.name
			}
			p.add(line{{fill(cut(name, column, p.glyphs.more), column) + "  ", p.theme.dim}, {v, p.theme.text}})
		}
	}
}

// carried joins lines to the packets that carried them, and packets to lines.
func (p *page) carried(e *trace.Event) {
	x := p.stage.rows.index
	n, ok := x.NodeOf(e)
	if !ok {
		return
	}
	switch n.Level {
	case trace.LineLevel:
		p.related("Carried by", x.Down(n))
	case trace.PacketLevel:
		var lines []trace.Node
		for _, up := range x.Up(n) {
			if up.Level == trace.LineLevel {
				lines = append(lines, up)
			}
		}
		p.related("Carries", lines)
	}
}

const mostRelated = 8

func (p *page) related(title string, nodes []trace.Node) {
	var seqs []uint64
	for _, n := range nodes {
		seqs = append(seqs, n.Seq)
	}
	if len(seqs) == 0 {
		return
	}
	p.heading(title)
	for _, seq := range seqs[:min(len(seqs), mostRelated)] {
		p.event(seq)
	}
	if rest := len(seqs) - mostRelated; rest > 0 {
		p.add(line{{"and " + explain.Grouped(int64(rest)) + " more", p.theme.dim}})
	}
}

func (p *page) causes(e *trace.Event) {
	if len(e.Causes) == 0 {
		return
	}
	p.heading("Comes from")
	for _, seq := range e.Causes[:min(len(e.Causes), mostRelated)] {
		p.event(seq)
	}
	if rest := len(e.Causes) - mostRelated; rest > 0 {
		p.add(line{{"and " + explain.Grouped(int64(rest)) + " more", p.theme.dim}})
	}
}

// event is another event in one row.
func (p *page) event(seq uint64) {
	e := p.trace.At(seq)
	if e == nil {
		return
	}
	l := p.label(e)
	row := line{{fillLeft(explain.Grouped(int64(seq)), 5) + " ", p.theme.dim}, {l.glyph + " ", l.style}}
	p.add(append(row, p.saying(e)...))
}
