package tui

import (
	"strings"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"mailwalk/sim/explain"
)

// span is a text of one style. What would move the cursor or change colours is
// taken out of it when it is drawn.
type span struct {
	text  string
	style lipgloss.Style
}

// line is one row of a pane.
type line []span

func (l line) width() int {
	n := 0
	for _, s := range l {
		n += ansi.StringWidth(s.text)
	}
	return n
}

// clock is a moment of the walk with its unit, where it has but one.
func clock(at time.Duration) string {
	s := explain.Clock(at)
	if strings.ContainsRune(s, ':') {
		return s
	}
	return s + " s"
}

// clean makes a text that a peer or a person wrote fit for one row.
func clean(text string) string {
	return explain.OneLine(strings.ToValidUTF8(text, "\uFFFD"))
}

// render is the line in exactly width cells: cut with a mark, or filled up. Over
// each span's own style lies base.
func (l line) render(width int, base lipgloss.Style, mark string) string {
	for i := range l {
		l[i].text = clean(l[i].text)
	}
	var b strings.Builder
	room := width
	full := l.width()
	if full > width {
		room -= ansi.StringWidth(mark)
	}
	for _, s := range l {
		text := s.text
		fits := ansi.StringWidth(text) <= room
		if !fits {
			text = ansi.Truncate(text, room, "")
		}
		b.WriteString(paint(s.style.Inherit(base), text))
		room -= ansi.StringWidth(text)
		if !fits {
			break
		}
	}
	if full > width && width > 0 {
		b.WriteString(paint(base, mark))
	}
	if room > 0 {
		b.WriteString(paint(base, strings.Repeat(" ", room)))
	}
	return b.String()
}

// paint spares a style's work for what has none.
func paint(s lipgloss.Style, text string) string {
	if text == "" {
		return ""
	}
	return s.Render(text)
}

// cut shortens a text to a width, with a mark when something is missing.
func cut(text string, width int, mark string) string {
	if width <= 0 {
		return ""
	}
	return ansi.Truncate(text, width, mark)
}

// wrap breaks a text into rows of at most width cells.
func wrap(text string, width int) []string {
	if width < 1 {
		return nil
	}
	rows := strings.Split(ansi.Wrap(clean(text), width, ""), "\n")
	for i, r := range rows {
		rows[i] = strings.TrimRight(r, " ")
	}
	return rows
}

// fill pads a text to a width.
func fill(text string, width int) string {
	if n := width - ansi.StringWidth(text); n > 0 {
		return text + strings.Repeat(" ", n)
	}
	return text
}

// fillLeft pads a text to a width on its left.
func fillLeft(text string, width int) string {
	if n := width - ansi.StringWidth(text); n > 0 {
		return strings.Repeat(" ", n) + text
	}
	return text
}
