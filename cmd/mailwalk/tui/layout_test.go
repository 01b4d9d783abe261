package tui

import (
	"fmt"
	"strings"
	"testing"
)

// picture draws a layout: a letter for each part, in capitals for the pane with
// the focus.
func picture(t *testing.T, w, h int, m mode) string {
	t.Helper()
	cells := make([][]byte, h)
	for i := range cells {
		cells[i] = []byte(strings.Repeat(" ", w))
	}
	p := layout(w, h, m)
	draw := func(letter byte, r rect) {
		if r.empty() {
			return
		}
		for y := r.y; y < r.y+r.h; y++ {
			for x := r.x; x < r.x+r.w; x++ {
				if y < 0 || y >= h || x < 0 || x >= w {
					t.Fatalf("%dx%d %+v: %c stands at %d,%d", w, h, m, letter, x, y)
				}
				if cells[y][x] != ' ' {
					t.Fatalf("%dx%d %+v: %c lies over %c at %d,%d", w, h, m, letter, cells[y][x], x, y)
				}
				cells[y][x] = letter
			}
		}
	}
	draw('t', p.title)
	draw('r', p.rail)
	draw('n', p.note)
	draw('f', p.foot)
	for id, letter := range []byte("aseoiu") {
		if slot(id) == m.focus {
			letter -= 'a' - 'A'
		}
		draw(letter, p.slot[id])
	}
	var b strings.Builder
	for _, row := range cells {
		b.Write(row)
		b.WriteByte('\n')
	}
	return b.String()
}

func TestLayout(t *testing.T) {
	var b strings.Builder
	for _, l := range []struct {
		w, h int
		mode
	}{
		{60, 15, mode{noteRows: 3, lower: sideSlot}},
		{80, 24, mode{noteRows: 3, lower: sideSlot}},
		{80, 24, mode{noteRows: 9, lower: lowerSlot, focus: lowerSlot}},
		{80, 24, mode{zoom: true, focus: sideSlot, lower: sideSlot}},
		{104, 30, mode{noteRows: 2, lower: sideSlot}},
		{168, 36, mode{noteRows: 2, lower: sideSlot}},
	} {
		fmt.Fprintf(&b, "%dx%d %+v\n%s\n", l.w, l.h, l.mode, picture(t, l.w, l.h, l.mode))
	}
	golden(t, "layout.txt", b.String())
}

func TestLayoutCoversTheScreen(t *testing.T) {
	for w := leastWidth; w < 240; w += 27 {
		for h := leastHeight; h < 80; h += 4 {
			for i := range 24 {
				m := mode{noteRows: i % 8, focus: slot(i % slots), lower: sideSlot + slot(i%2), zoom: i%5 == 0, presenter: i%7 == 0}
				if strings.Contains(picture(t, w, h, m), " ") {
					t.Fatalf("%dx%d %+v leaves a gap:\n%s", w, h, m, picture(t, w, h, m))
				}
				p := layout(w, h, m)
				for id, r := range p.slot {
					if !r.empty() && (r.h < 4 || r.w < 30) {
						t.Fatalf("%dx%d %+v: pane %d is %dx%d", w, h, m, id, r.w, r.h)
					}
				}
			}
		}
	}
}
