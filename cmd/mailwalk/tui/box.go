package tui

import (
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

// box is a border around rows, with words in it.
type box struct {
	glyphs *glyphs
	border lipgloss.Style
	// title stands in the top border on the left, aside on its right, foot in the
	// bottom border on the right.
	title, aside, foot string
	name, words        lipgloss.Style
}

// render draws the box around rows that are w-2 cells wide; missing rows are
// empty. It returns h rows of w cells.
func (b box) render(w, h int, rows []string) []string {
	bd := b.glyphs.border
	inner := w - 2
	out := make([]string, 0, h)
	out = append(out, b.edge(w, bd.TopLeft, bd.Top, bd.TopRight, b.title, b.aside))
	left, right := b.border.Render(bd.Left), b.border.Render(bd.Right)
	for i := range h - 2 {
		row := ""
		if i < len(rows) {
			row = rows[i]
		} else {
			row = strings.Repeat(" ", inner)
		}
		out = append(out, left+row+right)
	}
	return append(out, b.edge(w, bd.BottomLeft, bd.Bottom, bd.BottomRight, "", b.foot))
}

// edge is a horizontal border with words in it. Words that do not fit are left
// out, those on the right first.
func (b box) edge(w int, first, across, last, words, aside string) string {
	room := w - 4
	words, aside = clean(words), clean(aside)
	if words != "" {
		words = " " + cut(words, room-2, b.glyphs.more) + " "
	}
	if aside != "" {
		aside = " " + aside + " "
	}
	if ansi.StringWidth(words)+ansi.StringWidth(aside) > room {
		aside = ""
	}
	gap := room - ansi.StringWidth(words) - ansi.StringWidth(aside)
	return b.border.Render(first+across) + paint(b.name, words) +
		b.border.Render(strings.Repeat(across, max(gap, 0))) +
		paint(b.words, aside) + b.border.Render(across+last)
}

// window is the part of rows that shows from offset on. The offset is put right
// where it would show nothing.
func window(n, height, offset int) (from, to int) {
	from = min(offset, max(n-height, 0))
	return max(from, 0), min(max(from, 0)+height, n)
}
