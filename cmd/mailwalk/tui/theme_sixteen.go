package tui

import (
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

// sixteen are the looks for a terminal of sixteen colours. What they are is the
// terminal's own affair, so none of them is a ground, and what is dim is the
// terminal's own letters, fainter. On a dark ground the bright ones can be read, on a
// light one the others, but for yellow.
func sixteen(dark bool) theme {
	pick := func(light, night ansi.BasicColor) lipgloss.Style {
		if dark {
			return lipgloss.NewStyle().Foreground(night)
		}
		return lipgloss.NewStyle().Foreground(light)
	}
	t := monoTheme()
	blue, green := pick(ansi.Blue, ansi.BrightBlue), pick(ansi.Green, ansi.BrightGreen)
	gold := pick(ansi.Magenta, ansi.BrightYellow)
	t.heading, t.key = blue.Bold(true), blue.Bold(true)
	t.border, t.focus, t.pastBorder = pick(ansi.BrightBlack, ansi.BrightBlack), blue, gold
	t.note, t.warning = gold, gold.Bold(true)
	t.fault, t.good = pick(ansi.Red, ansi.BrightRed).Bold(true), green.Bold(true)
	t.client, t.server = pick(ansi.Cyan, ansi.BrightCyan), pick(ansi.Magenta, ansi.BrightMagenta)
	t.mail = gold.Bold(true)
	t.lookup, t.choice, t.act = blue, gold, green
	return t
}
