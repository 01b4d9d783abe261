package tui

import (
	"fmt"

	"charm.land/lipgloss/v2"
)

const (
	wideDump    = 75 // width from which there are 16 octets in a row
	longOffsets = 0x10000
)

// perRow is how many octets a row of a dump has at a width.
func perRow(width, size int) int {
	for _, n := range [...]int{16, 8} {
		if (n == 8 || width >= wideDump) && dumpWidth(n, size) <= width {
			return n
		}
	}
	return 4
}

// dumpWidth is the cells of a row: the offset, the octets with a cell before,
// between and behind them for the brackets, and the text.
func dumpWidth(per, size int) int { return offsetWidth(size) + 1 + 3*per + 1 + per/9 + 1 + per }

func offsetWidth(size int) int {
	if size > longOffsets {
		return 6
	}
	return 4
}

// dumpCell is the column of an octet's first digit in its row.
func dumpCell(i, size int) int { return offsetWidth(size) + 1 + 3*i + 1 + i/8 }

// dumped is one row of a dump. Brackets stand around what is selected, a rule
// where something else begins.
type dumped struct {
	*stage
	o        *octets
	per      int
	from, to int // what is selected
	at       int // the octet under the cursor
}

func (d *dumped) row(start int) line {
	size := len(d.o.data)
	l := line{{fmt.Sprintf("%0*x ", offsetWidth(size), start), d.theme.dim}}
	var text line
	// Octets that look the same are one span, for each costs the terminal its colours.
	add := func(to *line, s string, style lipgloss.Style, same bool) {
		if n := len(*to); same && n > 0 {
			(*to)[n-1].text += s
			return
		}
		*to = append(*to, span{s, style})
	}
	last := -1 // what the octet before looked like
	for i := range d.per {
		at := start + i
		gap, wide := d.gap(at, i), ""
		if i == 8 {
			wide = " "
		}
		if at >= size {
			add(&l, d.opening(gap, wide), d.theme.key, false)
			add(&l, "  ", d.theme.text, false)
			add(&text, " ", d.theme.text, false)
			last = -1
			continue
		}
		c := d.o.data[at]
		look := int(d.o.tintAt(at).tint)<<2 | btoi(d.selected(at))<<1 | btoi(at == d.at)
		same := look == last
		style := d.style(at, at == d.at)
		switch {
		case gap != " ":
			ruled := d.theme.key
			if gap == d.glyphs.guide {
				ruled = d.theme.border
			}
			add(&l, d.opening(gap, wide), ruled, false)
			add(&l, fmt.Sprintf("%02x", c), style, false)
		case same:
			add(&l, wide+" "+fmt.Sprintf("%02x", c), style, true)
		default:
			between := d.theme.text
			if d.selected(at) && i > 0 {
				between = d.style(at, false)
			}
			add(&l, wide+" ", between, false)
			add(&l, fmt.Sprintf("%02x", c), style, false)
		}
		if c < 0x20 || c > 0x7e {
			c = '.'
		}
		add(&text, string(rune(c)), style, same)
		last = look
	}
	closing := " "
	if end := start + d.per; d.to > d.from && d.to == min(end, size) && end <= size {
		closing = "]"
	}
	l = append(l, span{closing + " ", d.theme.key})
	return append(l, text...)
}

// opening sets what stands before an octet into the wider gap in the middle of a
// row: on its left what closes, on its right what opens.
func (d *dumped) opening(gap, wide string) string {
	if gap == "]" {
		return gap + wide
	}
	return wide + gap
}

// gap is what stands before an octet.
func (d *dumped) gap(at, i int) string {
	opens, closes := at == d.from && d.to > d.from, at == d.to && d.to > d.from
	switch {
	case opens:
		return "["
	case closes && i > 0:
		return "]"
	case at > d.from && at < d.to || at >= len(d.o.data):
		return " "
	}
	if t := d.o.tintAt(at); t.marked && t.from == at && i > 0 {
		return d.glyphs.guide
	}
	return " "
}

func (d *dumped) selected(at int) bool { return d.from <= at && at < d.to }

func (d *dumped) style(at int, cursor bool) lipgloss.Style {
	style := d.tintStyle(d.o.tintAt(at).tint)
	if d.selected(at) {
		if d.theme.flat {
			style = d.theme.selected
		} else {
			style = style.Inherit(d.theme.selected)
		}
	}
	if cursor {
		style = style.Underline(true).Bold(true)
	}
	return style
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
