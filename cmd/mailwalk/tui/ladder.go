package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// ladder shows the hosts side by side and what goes between them, time downwards:
// a sequence diagram around the moment that is looked at.
type ladder struct {
	*stage
	memo memo
	// drawn are the events of the rows that were drawn last, 0 for rows of none.
	drawn []uint64
}

const (
	markWidth = 2 // cells of the mark of the moment, and of a blank
	// mostLooked is the most events that are looked at for the next arrow.
	mostLooked = 5000
	// farOff is the time between two steps that is worth a row of its own; farOffHop
	// that where only the hops are seen.
	farOff    = 50 * time.Millisecond
	farOffHop = time.Second
	roomyRows = 14 // height from which hosts have their labels below their names
)

// Title and Aside are the words in the border.
func (l *ladder) Title() string { return "ladder" }

func (l *ladder) Aside() string { return "seen by " + l.grain.String() }

// Foot names the moment's arrow by its ends.
func (l *ladder) Foot() string {
	if l.event == nil {
		return ""
	}
	if it := l.item(l.event); it.arrow() {
		return it.from + " " + l.glyphs.hop + " " + it.to
	}
	return ""
}

// rung is a row of the ladder: a step, or the time that goes by before one.
type rung struct {
	item
	gap time.Duration // set for a row of time alone
	// first tells that the row before has another time.
	first bool
	// bare tells that a packet's arrival is right below its leaving.
	bare bool
}

// Render draws the rows around the moment.
func (l *ladder) Render(width, height int, focused bool) []string {
	if rows, ok := l.memo.get(width, height, l.version, focused); ok {
		return rows
	}
	l.drawn = make([]uint64, height)
	head := 1
	if height >= roomyRows {
		head = 2
	}
	rungs, at := l.rungs(max(height-head, 0))
	if len(rungs) == 0 {
		return l.memo.put(l.nothing(width, height))
	}
	p := &ladderPicture{ladder: l, canvas: newCanvas(width, height, &l.theme.text), head: head}
	p.place(rungs, at)
	p.heads(rungs, at)
	out := make([]string, 0, height)
	for i := range rungs {
		p.rung(&rungs[i], head+i, i > at)
		if rungs[i].gap == 0 {
			l.drawn[head+i] = rungs[i].seq
		}
	}
	for y := head + len(rungs); y < height; y++ {
		p.lives(y, l.now)
	}
	for y := range height {
		i := y - head
		base, flat := l.theme.text, false
		if i == at {
			base, flat = l.theme.selectedIdle, l.theme.flat
			if focused {
				base = l.theme.selected
			}
		}
		out = append(out, p.canvas.row(y, base, flat))
	}
	return l.memo.put(out)
}

// nothing is what shows before the first step.
func (l *ladder) nothing(width, height int) []string {
	var out []string
	for _, r := range wrap("Nothing has gone from one host to another yet.", width-2) {
		out = append(out, line{{" " + r, l.theme.dim}}.render(width, l.theme.text, l.glyphs.more))
	}
	return out[:min(len(out), height)]
}

// shows tells whether the row of an event is in the ladder: what the walk says is
// only where it is the moment.
func (l *ladder) shows(e *trace.Event, row int) bool {
	_, note := e.Body.(*trace.NoteBody)
	return !note || row == l.row()
}

// rungs are so many rows around the moment, and which of them is the moment's; -1
// when all are later.
func (l *ladder) rungs(height int) (rungs []rung, at int) {
	n, now := l.rows.len(l.grain), l.row()
	after := l.collect(now+1, n, 1, height)
	before := l.collect(now, -1, -1, height)
	// A third of the rows is for what comes later, and more where little came before.
	later := max(height/3, height-l.tall(before))
	for l.tall(after) > later {
		after = after[:len(after)-1]
	}
	for len(before) > 0 && l.tall(before)+l.tall(after) > height {
		before = before[:len(before)-1]
	}
	at = -1
	var last *item
	add := func(it item) {
		r := rung{item: it, first: last == nil || last.at != it.at}
		if last != nil {
			if d := it.at - last.at; d >= l.farOff() {
				rungs = append(rungs, rung{gap: d})
			}
			r.bare = it.form != leaves && it.frame != 0 && it.frame == last.frame && last.form == leaves
		}
		rungs = append(rungs, r)
		last = &it
	}
	for i := len(before) - 1; i >= 0; i-- {
		add(before[i])
		at = len(rungs) - 1
	}
	for _, it := range after {
		add(it)
	}
	if extra := len(rungs) - height; extra > 0 {
		cut := min(extra, max(at, 0)) // what is later gives way last
		rungs, at = rungs[cut:], at-cut
		rungs = rungs[:min(len(rungs), height)]
	}
	return rungs, at
}

// collect makes the steps of the rows from one on, as many as a height can show.
func (l *ladder) collect(from, to, by, height int) []item {
	var items []item
	for i := from; i != to && len(items) < height; i += by {
		e := l.trace.At(l.rows.at(l.grain, i))
		if e == nil {
			break
		}
		if l.shows(e, i) {
			items = append(items, l.item(e))
		}
	}
	return items
}

// tall is how many rows steps take, with those of time between them.
func (l *ladder) tall(items []item) int {
	n := len(items)
	for i := 1; i < len(items); i++ {
		if d := items[i].at - items[i-1].at; d >= l.farOff() || -d >= l.farOff() {
			n++
		}
	}
	return n
}

func (l *ladder) farOff() time.Duration {
	if l.grain <= explain.HopGrain {
		return farOffHop
	}
	return farOff
}

// move goes to the n-th arrow after the moment, or before it.
func (l *ladder) move(m *Model, n int) string {
	by := 1
	if n < 0 {
		by, n = -1, -n
	}
	i := l.row()
	if by < 0 && i >= 0 && l.rows.at(l.grain, i) != l.now {
		i++ // the row is before the moment
	}
	found := -1
	for looked := 0; n > 0 && looked < mostLooked; looked++ {
		if i += by; i < 0 || i >= l.rows.len(l.grain) {
			break
		}
		e := l.trace.At(l.rows.at(l.grain, i))
		if e == nil {
			break
		}
		if it := l.item(e); it.arrow() {
			found = i
			n--
		}
	}
	switch {
	case found >= 0:
		m.stay()
		m.goTo(l.rows.at(l.grain, found))
		return ""
	case by < 0:
		return "No arrow comes before this one."
	}
	return "No arrow comes after this one yet. Space goes a step on."
}

// click goes to the step of the row.
func (l *ladder) click(m *Model, _, y int) tea.Cmd {
	if y >= 0 && y < len(l.drawn) && l.drawn[y] != 0 {
		m.stay()
		m.goTo(l.drawn[y])
	}
	return nil
}
