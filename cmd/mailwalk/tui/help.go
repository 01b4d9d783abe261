package tui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

const helpWidth = 78 // cells of the help with its border

// withHelp lays the help over a screen.
func (m *Model) withHelp(screen []string) string {
	w := min(helpWidth, m.width-2)
	title, p := "keys", m.helpPage
	if m.listing {
		title, p = "breakpoints and marks", m.breaksPage
	}
	return m.withPage(screen, title, p(w-2))
}

// withPage lays a page over a screen.
func (m *Model) withPage(screen []string, title string, p *page) string {
	w := p.width + 2
	h := min(len(p.rows)+2, m.height-2)
	shown := m.helpScroll.draw(p, h-2)
	b := m.box(title, "any other key closes this", m.helpScroll.rest(&m.glyphs), true)
	over := b.render(w, h, shown)
	x, y := (m.width-w)/2, (m.height-h)/2
	out := append([]string(nil), screen...)
	for i, r := range over {
		under := screen[y+i]
		out[y+i] = ansi.Cut(under, 0, x) + r + ansi.Cut(under, x+w, m.width)
	}
	return strings.Join(out, "\n")
}

// helpPage is the table of keys, by groups.
func (m *Model) helpPage(width int) *page {
	p := &page{stage: m.stage, width: width}
	var last group
	for _, k := range m.keys {
		if k.long == "" {
			continue
		}
		if k.group != last {
			if last != "" {
				p.blank()
			}
			p.add(line{{string(k.group), p.theme.heading}})
			last = k.group
		}
		long := k.long
		if m.glyphs.ascii {
			long = plainKeys.Replace(long)
		}
		for i, r := range wrap(long, width-keyWidth-4) {
			show := ""
			if i == 0 {
				show = k.show
			}
			p.add(line{{fill(show, keyWidth) + "  ", p.theme.key}, {r, p.theme.text}})
		}
	}
	p.commandsHelp(m)
	p.blank()
	p.add(line{{"The signs", p.theme.heading}})
	p.legend()
	return p
}

// legend says what the signs of the story and of the rail mean.
func (p *page) legend() {
	g, t := &p.glyphs, &p.theme
	for _, l := range []struct {
		label
		says string
	}{
		{label{g.mail, "mail", t.mail}, "a step of the mail itself; on the rail, a copy of it"},
		{label{g.hop, "hop", t.heading}, "a leg of its way begins"},
		{label{g.choice, "choice", t.choice}, "a server decides, and by which rule"},
		{label{g.lookup, "dns", t.lookup}, "something is looked up in the DNS"},
		{label{g.conn, "conn", t.conn}, "a TCP connection"},
		{label{g.client, "client", t.client}, "a line that a client says"},
		{label{g.server, "server", t.server}, "a line that a server says"},
		{label{g.packet, "packet", t.packet}, "a frame on a link"},
		{label{g.state, "state", t.state}, "a queue, a mailbox, a session changes"},
		{label{g.act, "act", t.act}, "a person does something"},
		{label{g.note, "note", t.note}, "the walk's own words"},
	} {
		p.add(line{{l.glyph + " " + fill(l.word, keyWidth), l.style}, {l.says, t.text}})
	}
}
