package tui

import (
	"strconv"

	tea "charm.land/bubbletea/v2"
)

// pane is a part of the screen that shows the stage in its own way. It is a plain
// struct: what it shows is a function of the stage, its own scrolling and a size.
type pane interface {
	// Title names the pane in its border, Aside says more at the right end, Foot at
	// the right end of the border below.
	Title() string
	Aside() string
	Foot() string
	// Render draws at most height rows, each exactly width cells wide.
	Render(width, height int, focused bool) []string
}

// What a pane can do besides.
type (
	// scroller scrolls by itself under the keys that move.
	scroller interface{ scrolling() *scroll }
	// mover has the keys that move choose something in it: n rows on, or back. It
	// returns why it cannot, or nothing.
	mover interface{ move(m *Model, n int) string }
	// ender has the keys for the first and the last row choose in it.
	ender interface {
		moveTo(m *Model, last bool) string
	}
	// clicked takes a click on a cell of what was last drawn.
	clicked interface {
		click(m *Model, x, y int) tea.Cmd
	}
)

// paneID names a pane. They have the numbers of their keys, less one.
type paneID int

// key is the key that brings a pane forward.
func (p paneID) key() string { return strconv.Itoa(int(p) + 1) }

// The panes.
const (
	storyPane paneID = iota
	whyPane
	statePane
	ladderPane
	mapPane
	bytesPane
	mailPane
	namesPane
	handsPane
	panes int = iota
)

// paneNames are what the panes are called where they are chosen.
var paneNames = [panes]string{
	storyPane: "story: what has happened, a row a step", whyPane: "what and why: the step, its reason, its fields", statePane: "state: connections, queues, mailboxes, caches, timers",
	ladderPane: "ladder: the hosts side by side, and what goes between them", mapPane: "map: the network, and what is under way in it",
	bytesPane: "bytes: a packet's octets and what each means", mailPane: "mail: the mail as it is at this moment",
	namesPane: "look-ups: who asks whom for a name", handsPane: "hands: what you have done, and other runs",
}

// slot is a place on the screen for one of several panes.
type slot int

// The slots. Which of them there are depends on the size of the screen.
const (
	mainSlot   slot = iota // what happens
	secondSlot             // the same in another way
	sideSlot               // more of the moment
	lowerSlot              // what lasts
	slots      int  = iota
)

// homes are the slots of the panes. Those of the main slot stand in the second one
// when there is one, except for the story.
var homes = [panes]slot{
	storyPane: mainSlot, ladderPane: mainSlot, mapPane: mainSlot,
	whyPane: sideSlot, bytesPane: sideSlot, mailPane: sideSlot,
	statePane: lowerSlot, namesPane: lowerSlot, handsPane: lowerSlot,
}

// desk is which pane lies in which slot.
type desk struct {
	// top is the one that was used last of each home. second is that of the main
	// slot which is not the story.
	top    [slots]paneID
	second paneID
	// lower is the slot that shows where there is room for one besides the main.
	lower slot
	focus paneID
}

func newDesk() desk {
	return desk{
		top:    [slots]paneID{mainSlot: storyPane, sideSlot: whyPane, lowerSlot: statePane},
		second: ladderPane, lower: sideSlot, focus: storyPane,
	}
}

// use brings a pane forward and gives it the focus.
func (d *desk) use(p paneID) {
	home := homes[p]
	d.top[home], d.focus = p, p
	if home != mainSlot {
		d.lower = home
	} else if p != storyPane {
		d.second = p
	}
}

// in is the pane that lies in a slot.
func (d *desk) in(s slot, p *places) paneID {
	hasSecond := !p.slot[secondSlot].empty()
	switch {
	case s == secondSlot:
		return d.second
	case s == mainSlot && hasSecond:
		return storyPane
	}
	return d.top[s]
}

// slotOf is where a pane lies, if it can be seen.
func (d *desk) slotOf(id paneID, p *places) (slot, bool) {
	for s := range slot(slots) {
		if !p.slot[s].empty() && d.in(s, p) == id {
			return s, true
		}
	}
	return 0, false
}

// drawPane draws one of the panes with its border.
func (m *Model) drawPane(id paneID, r rect) []string {
	p := m.panes[id]
	focused := id == m.focus
	name := strconv.Itoa(int(id)+1) + " " + p.Title()
	if focused {
		name = m.glyphs.tip + " " + name
	}
	rows := p.Render(r.w-2, r.h-2, focused)
	return m.box(name, p.Aside(), p.Foot(), focused).render(r.w, r.h, rows)
}
