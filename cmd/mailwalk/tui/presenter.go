package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// presented is what a class sees from the last row: the step in a few large words,
// and its reason. A terminal has letters of one size; large is what stands apart,
// in short rows with room around them.
type presented struct {
	*stage
	memo memo
}

const presentedWidth = 56 // of the rows

// Render draws the words in the middle of a part of the screen.
func (p *presented) Render(width, height int) []string {
	if rows, ok := p.memo.get(width, height, p.version, false); ok {
		return rows
	}
	t := &p.theme
	room := min(width-4, presentedWidth)
	var all []line
	add := func(style lipgloss.Style, text string) {
		for i, r := range wrap(text, room) {
			if i > 0 && height > 12 {
				all = append(all, line{})
			}
			all = append(all, line{{r, style}})
		}
	}
	title, why := p.words()
	add(t.strong, title)
	if why != "" {
		all = append(all, line{})
		add(t.text, why)
	}
	if len(all) > height {
		all = all[:height]
		all[height-1] = line{{p.glyphs.more, t.dim}}
	}
	rows := make([]string, 0, height)
	blank := strings.Repeat(" ", width)
	for range (height - len(all)) / 2 {
		rows = append(rows, blank)
	}
	left := strings.Repeat(" ", (width-room)/2)
	for _, l := range all {
		rows = append(rows, append(line{{left, t.text}}, l...).render(width, t.text, p.glyphs.more))
	}
	for len(rows) < height {
		rows = append(rows, blank)
	}
	return p.memo.put(rows)
}

// words are the step's and its reason, or the walk's own if it has just spoken.
func (p *presented) words() (title, why string) {
	switch {
	case p.event == nil:
		return p.walk.Title, p.walk.Summary
	case p.event.Kind == trace.Note:
		return explain.For(p.event).Why(p.depth), ""
	}
	x := explain.For(p.event)
	return x.Title, x.Why(p.depth)
}

func (m *Model) togglePresenter() tea.Cmd {
	m.presenter = !m.presenter
	m.zoom = false
	m.version++
	return nil
}
