package tui

// rect is a part of the screen, in cells from its top left corner.
type rect struct{ x, y, w, h int }

func (r rect) empty() bool { return r.w <= 0 || r.h <= 0 }

// Least size of the terminal that the screen is drawn in.
const (
	leastWidth  = 60
	leastHeight = 15
)

// mode is what the layout depends on besides the size.
type mode struct {
	// noteRows is how many rows the walk's words take at this width.
	noteRows int
	// focus is the home of the pane with the focus; lower which of the side and the
	// lower slot shows where there is room for one.
	focus, lower slot
	// zoom gives the focus all of the middle.
	zoom bool
	// presenter has large narration and few rows of everything else.
	presenter bool
	// asks is how many rows a question takes that is open.
	asks int
}

// places is where everything stands. A slot that does not show is empty.
type places struct {
	title, rail, note, foot rect
	// ask is where a question stands.
	ask rect
	// boxed tells that the rail has a border.
	boxed bool
	slot  [slots]rect
}

const (
	railRows   = 3
	twoColumns = 104 // width from which why stands beside the story
	threeWide  = 168 // width from which state stands beside both
	tall       = 30  // height from which the rail has a border
	roomy      = 20  // height from which the walk's words have a place of their own
	twoHigh    = 36  // height of the middle from which there is a slot below each
	longNote   = 6   // rows of the walk's words that are shown
)

// layout divides a screen. The parts cover it without gaps or overlaps.
func layout(w, h int, m mode) places {
	var p places
	p.title = rect{0, 0, w, 1}
	p.foot = rect{0, h - 1, w, 1}
	y := 1
	rail := railRows
	if h >= tall {
		p.boxed = true
		rail += 2
	}
	p.rail = rect{0, y, w, rail}
	y += rail
	if h >= roomy && m.noteRows > 0 && (m.asks == 0 || h >= tall) {
		most := longNote
		if h < tall {
			most = longNote - 2
		}
		p.note = rect{0, y, w, min(m.noteRows, most)}
		y += p.note.h
	}
	if m.presenter && !m.zoom && m.asks == 0 {
		p.note = rect{0, p.rail.y + p.rail.h, w, (h - 1 - p.rail.y - p.rail.h) * 68 / 100}
		y = p.note.y + p.note.h
	}
	middle := rect{0, y, w, h - 1 - y}
	if m.asks > 0 {
		if rest := middle.h - m.asks; rest >= questionLeast {
			middle.h = rest
		} else {
			middle.h = 0
		}
		p.ask = rect{0, y + middle.h, w, h - 1 - y - middle.h}
	}
	switch {
	case middle.h == 0:
	case m.asks > 0 && middle.h < storyAlone && w < threeWide && !m.zoom:
		p.slot[mainSlot] = middle
	case m.presenter:
		p.slot[m.focus] = middle
	case m.zoom:
		p.slot[m.focus] = middle
	case w >= threeWide:
		a, b := w*44/100, w*31/100
		p.slot[mainSlot] = rect{0, y, a, middle.h}
		p.slot[sideSlot] = rect{a, y, b, middle.h}
		p.slot[lowerSlot] = rect{a + b, y, w - a - b, middle.h}
		if middle.h >= twoHigh {
			for s, share := range [columns]int{mainSlot: 55, sideSlot: 50, lowerSlot: 55} {
				p.split(slot(s), share)
			}
		}
	case w >= twoColumns:
		a, top := w*59/100, middle.h*62/100
		p.slot[mainSlot] = rect{0, y, a, middle.h}
		p.slot[sideSlot] = rect{a, y, w - a, top}
		p.slot[lowerSlot] = rect{a, y + top, w - a, middle.h - top}
	default:
		top := middle.h / 2
		p.slot[mainSlot] = rect{0, y, w, top}
		p.slot[m.lower] = rect{0, y + top, w, middle.h - top}
	}
	return p
}

// split gives a share of a slot, in percent, to what stands above, and the rest to
// the slot below.
func (p *places) split(s slot, share int) {
	r := &p.slot[s]
	top := r.h * share / 100
	p.slot[s.under()] = rect{r.x, r.y + top, r.w, r.h - top}
	r.h = top
}
