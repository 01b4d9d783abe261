package tui

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"mailwalk/sim/explain"
)

// story is the list of what has happened, as seen at the grain, with the moment
// that is looked at marked.
type story struct {
	*stage
	top  int // the first row that shows
	memo memo
}

const (
	wordWidth  = 6
	clockLeast = 8
	// lastFraction is the last time that is written in seconds alone.
	lastFraction = 1000*time.Second - time.Microsecond
	wideIndent   = 84 // width from which each level is indented by two cells
)

// Render draws the rows that can be seen.
func (s *story) Render(width, height int, focused bool) []string {
	if rows, ok := s.memo.get(width, height, s.version, focused); ok {
		return rows
	}
	n, at := s.rows.len(s.grain), s.row()
	s.follow(n, at, height)
	clock := s.clockWidth()
	var out []string
	for i := s.top; i < min(s.top+height, n); i++ {
		out = append(out, s.item(i, at, width, clock, focused))
	}
	if n == 0 {
		for _, r := range s.empty(width, height) {
			out = append(out, r.render(width, s.theme.text, s.glyphs.more))
		}
	}
	return s.memo.put(out)
}

// clockWidth is the cells of the widest time that can stand in the story so far.
func (s *story) clockWidth() int {
	e := s.trace.At(s.shown)
	if e == nil {
		return clockLeast
	}
	// Later times may be written shorter: 0:16:40.0 comes after 999.999999.
	widest := len(explain.Clock(min(e.At, lastFraction)))
	return max(clockLeast, widest, len(explain.Clock(e.At)))
}

// follow scrolls so that the moment shows, with a row or two around it where
// there is room.
func (s *story) follow(n, at, height int) {
	margin := min(2, (height-1)/2)
	if at-margin < s.top {
		s.top = at - margin
	}
	if at+margin > s.top+height-1 {
		s.top = at + margin - height + 1
	}
	s.top = max(0, min(s.top, n-height))
}

func (s *story) item(i, at, width, clock int, focused bool) string {
	e := s.trace.At(s.rows.at(s.grain, i))
	if e == nil {
		return line{{"this event cannot be read from the file", s.theme.fault}}.render(width, s.theme.text, s.glyphs.more)
	}
	l := s.label(e)
	mark := " "
	if i == at {
		mark = s.glyphs.here
	}
	indent := ""
	switch n := level(e); {
	case n == 0:
	case width >= wideIndent:
		indent = strings.Repeat(s.glyphs.guide+" ", n)
	default:
		indent = strings.Repeat(" ", n)
	}
	row := line{
		{mark, s.theme.key},
		s.sign(e),
		{s.signs.gap(), s.theme.text},
		{fillLeft(explain.Clock(e.At), clock) + " ", s.theme.dim},
		{l.glyph + " " + fill(l.word, wordWidth) + " ", l.style},
		{indent, s.theme.border},
	}
	row = append(row, s.saying(e)...)
	base := s.theme.text
	switch {
	case i == at && focused:
		base = s.theme.selected
	case i == at:
		base = s.theme.selectedIdle
	case i > at: // it is yet to come, as seen from the moment
		for j := range row {
			row[j].style = s.theme.later
		}
	}
	if i == at && s.theme.flat {
		for j := range row {
			row[j].style = base
		}
	}
	return row.render(width, base, s.glyphs.more)
}

// click goes to the step of a row.
func (s *story) click(m *Model, _, y int) tea.Cmd {
	if i := s.top + y; y >= 0 && i < s.rows.len(s.grain) {
		m.stay()
		m.goTo(s.rows.at(s.grain, i))
	}
	return nil
}

// empty is what shows before the first step: how to take it, and to ask why. On few
// rows it is the keys alone that the footer has no room for.
func (s *story) empty(width, height int) []line {
	out := []line{{{" Nothing has happened yet.", s.theme.strong}}}
	if height < 6 {
		key, text := s.theme.key, s.theme.text
		return append(out, line{{" space", key}, {" one step on   ", text}, {"b", key}, {" one step back", text}},
			line{{" 2", key}, {" why a step comes   ", text}, {"6", key}, {" its bytes   ", text}, {"? q", key}, {" help, quit", text}})
	}
	if height > 9 {
		out = append([]line{{}}, out...)
	}
	for _, r := range wrap("Time stands still until you let it go on.", width-2) {
		out = append(out, line{{" " + r, s.theme.text}})
	}
	if height > 9 {
		out = append(out, line{})
	}
	for _, k := range []struct{ keys, does string }{
		{"space b", "one step on, one step back"},
		{"2  6", "why a step comes; its bytes"},
		{"? q", "all keys; quit"},
		{"enter", "into a step; backspace, out of it"},
		{"+ -", "look closer, down to each packet, or from farther off"},
		{"d", "reasons for a newcomer, a student or an engineer"},
	} {
		out = append(out, line{{" " + fill(k.keys, 9), s.theme.key}, {k.does, s.theme.text}})
	}
	return out
}

// Foot tells where in the story the moment is.
func (s *story) Foot() string {
	n := s.rows.len(s.grain)
	if n == 0 {
		return ""
	}
	return explain.Grouped(int64(s.row()+1)) + " of " + explain.Grouped(int64(n))
}

// Title and Aside are the words in the border.
func (s *story) Title() string { return "story" }

func (s *story) Aside() string { return "seen by " + s.grain.String() }
