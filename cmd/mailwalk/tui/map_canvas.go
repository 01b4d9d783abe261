package tui

import (
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

// canvas is a picture of cells that can be drawn over.
type canvas struct {
	w, h  int
	cells []cell
}

// cell is one cell of a canvas. The second cell of a wide character has covered
// set and no text.
type cell struct {
	text    string
	style   *lipgloss.Style
	covered bool
}

func newCanvas(w, h int, style *lipgloss.Style) *canvas {
	c := &canvas{w: w, h: h, cells: make([]cell, w*h)}
	for i := range c.cells {
		c.cells[i] = cell{text: " ", style: style}
	}
	return c
}

// put writes a text from a cell on, as far as it fits, and returns the column
// behind it.
func (c *canvas) put(x, y int, text string, style *lipgloss.Style) int {
	if y < 0 || y >= c.h {
		return x
	}
	for text = clean(text); text != ""; {
		cluster, n := ansi.FirstGraphemeCluster(text, ansi.GraphemeWidth)
		if cluster == "" {
			break
		}
		text = text[len(cluster):]
		switch {
		case n == 0:
			continue
		case x < 0:
			x += n
			continue
		case x+n > c.w:
			return x
		}
		for i := range n {
			c.free(x+i, y)
		}
		c.cells[y*c.w+x] = cell{text: cluster, style: style}
		for i := 1; i < n; i++ {
			c.cells[y*c.w+x+i] = cell{style: style, covered: true}
		}
		x += n
	}
	return x
}

// free blanks the rest of a wide character whose cell is to be written over.
func (c *canvas) free(x, y int) {
	row := c.cells[y*c.w : (y+1)*c.w]
	if row[x].covered {
		for i := x; i >= 0; i-- {
			whole := !row[i].covered
			row[i].text, row[i].covered = " ", false
			if whole {
				break
			}
		}
	}
	for i := x + 1; i < c.w && row[i].covered; i++ {
		row[i].text, row[i].covered = " ", false
	}
}

// across draws a horizontal line from one column to another, both included.
func (c *canvas) across(x1, x2, y int, glyph string, style *lipgloss.Style) {
	for x := min(x1, x2); x <= max(x1, x2); x++ {
		c.put(x, y, glyph, style)
	}
}

// down draws a vertical line from one row to another, both included.
func (c *canvas) down(x, y1, y2 int, glyph string, style *lipgloss.Style) {
	for y := min(y1, y2); y <= max(y1, y2); y++ {
		c.put(x, y, glyph, style)
	}
}

// row is a row in exactly as many cells as the canvas is wide, over base. Where
// flat is set, base replaces the styles of what is drawn.
func (c *canvas) row(y int, base lipgloss.Style, flat bool) string {
	var b, run strings.Builder
	var style *lipgloss.Style
	end := func() {
		if run.Len() == 0 {
			return
		}
		text := run.String()
		run.Reset()
		switch {
		case flat:
			text = paint(base, text)
		default:
			text = paint(style.Inherit(base), text)
		}
		b.WriteString(text)
	}
	row := c.cells[y*c.w : (y+1)*c.w]
	joined := c.joined(row)
	for _, x := range row {
		if x.covered {
			if joined {
				run.WriteByte(' ')
			}
			continue
		}
		if style != x.style {
			end()
			style = x.style
		}
		if joined && len(x.text) > 1 {
			x.text = "?"
		}
		run.WriteString(x.text)
	}
	end()
	return b.String()
}

// joined tells whether neighbours that were written apart, such as the halves of
// a flag, make one character of another width.
func (c *canvas) joined(row []cell) bool {
	var b strings.Builder
	plain := true
	for _, x := range row {
		b.WriteString(x.text)
		plain = plain && len(x.text) <= 1
	}
	return !plain && ansi.StringWidth(b.String()) != c.w
}

// rows are all rows.
func (c *canvas) rows(base lipgloss.Style) []string {
	out := make([]string, c.h)
	for y := range out {
		out[y] = c.row(y, base, false)
	}
	return out
}
