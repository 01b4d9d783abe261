package tui

import (
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"mailwalk/sim/explain"
)

// View draws the screen.
func (m *Model) View() tea.View {
	v := tea.NewView(m.render())
	v.AltScreen = true
	if !m.noMouse {
		v.MouseMode = tea.MouseModeCellMotion
	}
	v.WindowTitle = "mailwalk: " + explain.OneLine(m.walk.Title)
	return v
}

func (m *Model) render() string {
	if m.glyphs.ascii {
		return toASCII(m.draw())
	}
	return m.draw()
}

func (m *Model) draw() string {
	switch {
	case m.width <= 0 || m.height <= 0:
		return ""
	case m.width < leastWidth || m.height < leastHeight:
		return tooSmall(m.width, m.height)
	}
	p := m.places()
	screen := make([]strings.Builder, m.height)
	put := func(r rect, rows []string) {
		for i := range r.h {
			if i < len(rows) {
				screen[r.y+i].WriteString(rows[i])
			} else {
				screen[r.y+i].WriteString(strings.Repeat(" ", r.w))
			}
		}
	}
	put(p.title, []string{m.titleBar(p.title.w)})
	if p.boxed {
		b := m.box(m.rail.Title(), m.rail.Aside(), "", false)
		put(p.rail, b.render(p.rail.w, p.rail.h, m.rail.Render(p.rail.w-2, p.rail.h-2)))
	} else {
		put(p.rail, m.rail.Render(p.rail.w, p.rail.h))
	}
	if !p.note.empty() {
		if m.presenter && !m.zoom {
			put(p.note, m.presented.Render(p.note.w, p.note.h))
		} else {
			put(p.note, m.notes.Render(p.note.w, p.note.h))
		}
	}
	// From left to right and from top to bottom, so that rows join.
	for _, at := range fromLeft {
		if r := p.slot[at]; !r.empty() {
			put(r, m.drawPane(m.in(at, &p), r))
		}
	}
	if !p.ask.empty() {
		put(p.ask, m.drawQuestion(p.ask))
	}
	put(p.foot, []string{m.footer(p.foot.w)})
	rows := make([]string, m.height)
	for i := range screen {
		rows[i] = screen[i].String()
	}
	m.withPrompt(rows)
	if m.help {
		return m.withHelp(rows)
	}
	switch {
	case m.working.menu != nil:
		return m.withMenu(rows)
	case m.working.writing != nil:
		return m.withWriting(rows)
	}
	if m.entrance.shown && m.entrance.open {
		return m.withDoors(rows)
	}
	return strings.Join(rows, "\n")
}

func (m *Model) places() places {
	return layout(m.width, m.height, mode{
		noteRows: m.notes.Rows(m.width), focus: homes[m.focus], lower: m.lower, zoom: m.zoom, presenter: m.presenter, asks: m.questionRows(),
	})
}

// paneHeight is the rows of the pane with the focus.
func (m *Model) paneHeight() int {
	p := m.places()
	at, ok := m.slotOf(m.focus, &p)
	if !ok {
		return 1
	}
	return p.slot[at].h - 2
}

func (m *Model) box(title, aside, foot string, focused bool) box {
	b := box{glyphs: &m.glyphs, border: m.theme.border, title: title, aside: aside, foot: foot, name: m.theme.dim, words: m.theme.dim}
	if m.past() {
		b.border = m.theme.pastBorder
	}
	if focused {
		b.name = m.theme.heading
		if !m.past() {
			b.border = m.theme.focus
		}
	}
	return b
}

// titleBar names the walk and the moment. The past is marked by colour, by words
// and by a sign.
func (m *Model) titleBar(width int) string {
	t, g := &m.theme, &m.glyphs
	chip := " " + g.mail + " mailwalk "
	title := explain.OneLine(m.walk.Title)
	at := "the beginning"
	if m.event != nil {
		at = "event " + explain.Grouped(int64(m.now)) + "  " + clock(m.event.At)
	}
	base, left, right := t.bar, line(nil), line(nil)
	switch {
	case m.past():
		base = t.pastBar
		left = line{{chip, t.pastBar}, {g.back + " looking back: event " + explain.Grouped(int64(m.now)) + " of " + explain.Grouped(int64(m.shown)), t.pastBar}}
		if m.event != nil {
			right = line{{clock(m.event.At) + "  ", t.pastBar}}
		}
		right = append(right, span{m.pace() + " ", t.pastBar})
	default:
		left = line{{chip, t.barStrong}, {" " + title, t.bar}}
		right = line{{at + "  ", t.bar}, {" " + m.pace() + " ", t.barStrong}}
	}
	if s := m.predicting.score(); s != "" && width >= scoreWidth {
		right = slices.Insert(right, 0, span{s + "  ", base})
	}
	if s := m.rows.only; s != nil {
		if m.past() && width < twoColumns {
			right = right[len(right)-1:] // where the moment is stands on the left
		}
		if m.past() { // that it is the past is not to be cut off
			left[1].text = g.back + " event " + explain.Grouped(int64(m.now)) + " of " + explain.Grouped(int64(m.shown)) + " "
		} else {
			left = left[:1] // the filter is in the place of the walk's title
		}
		left = append(left, m.filterChip(s, width-right.width()-left.width()-1))
	}
	room := width - right.width()
	return left.render(room, base, g.more) + right.render(width-room, base, g.more)
}

// pace says whether the walk goes by itself.
func (m *Model) pace() string {
	switch {
	case m.predicting.open():
		return "a question"
	case m.goingOn:
		return m.glyphs.play + " to a breakpoint"
	case m.searching:
		return m.glyphs.play + " searching"
	case m.running:
		return m.glyphs.play + " " + rate(speeds[m.speed])
	case m.working.job != nil:
		return m.glyphs.play + " " + m.working.job.progress()
	case m.busy:
		return m.glyphs.play + " one step"
	case m.atEnd():
		return "the end"
	}
	return m.glyphs.pause + " paused"
}

func rate(n int) string {
	if n == 1 {
		return "1 step a second"
	}
	return strconv.Itoa(n) + " steps a second"
}

// footer is the keys that are wanted most, or a word on the last one.
func (m *Model) footer(width int) string {
	if m.toast != "" {
		style := m.theme.key
		if m.refused {
			style = m.theme.warning
		}
		return line{{" " + m.toast, style}}.render(width, m.theme.text, m.glyphs.more)
	}
	switch {
	case m.predicting.open():
		return m.questionFooter(width)
	case m.pending != nothing:
		return line{{" " + m.pendingHint(), m.theme.key}}.render(width, m.theme.text, m.glyphs.more)
	case m.count > 0 && m.digits > 1:
		return line{{" " + m.countHint(), m.theme.key}}.render(width, m.theme.text, m.glyphs.more)
	}
	keys, last := line{{" ", m.theme.text}}, line(nil)
	for _, b := range m.keys {
		if b.short != "" && b.group == leaving {
			last = append(last, m.hint(b)...)
		}
	}
	room := width - last.width()
	for _, b := range m.keys {
		if b.short == "" || b.group == leaving {
			continue
		}
		next := append(keys, m.hint(b)...)
		if next.width() > room {
			break
		}
		keys = next
	}
	return append(keys, last...).render(width, m.theme.text, m.glyphs.more)
}

// hint is a key and a word on what it does, dim when it cannot be done.
func (m *Model) hint(b binding) line {
	key, word, short := m.theme.key, m.theme.text, b.short
	if b.not != nil && b.not(m) != "" {
		key, word = m.theme.later, m.theme.later
	}
	if m.running && short == "run" {
		short = "pause"
	}
	return line{{b.show, key}, {" " + short + "  ", word}}
}

// tooSmall says how large a terminal is needed.
func tooSmall(width, height int) string {
	text := "mailwalk needs " + strconv.Itoa(leastWidth) + " columns and " + strconv.Itoa(leastHeight) + " rows to show a walk. This terminal has " +
		strconv.Itoa(width) + " and " + strconv.Itoa(height) + ". Make it larger, or press q to quit."
	rows := wrap(text, max(width-2, 1))
	if len(rows) > height {
		rows = rows[:height]
	}
	return lipgloss.Place(width, height, lipgloss.Center, lipgloss.Center, strings.Join(rows, "\n"))
}
