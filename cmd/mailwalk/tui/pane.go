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

// The slots. Which of them there are depends on the size of the screen: under each
// of the first three there is another on a large one.
const (
	mainSlot  slot = iota // what happens
	sideSlot              // more of the moment
	lowerSlot             // what lasts
	underMain             // the same in another way
	underSide
	underLower
	slots = iota
	// columns is the number of slots that panes have as their homes.
	columns = int(underMain)
)

// fromLeft are the slots from left to right and from top to bottom.
var fromLeft = [slots]slot{mainSlot, underMain, sideSlot, underSide, lowerSlot, underLower}

// under is the slot below one of the first three.
func (s slot) under() slot { return s + slot(columns) }

// homes are the slots of the panes.
var homes = [panes]slot{
	storyPane: mainSlot, ladderPane: mainSlot, mapPane: mainSlot,
	whyPane: sideSlot, bytesPane: sideSlot, mailPane: sideSlot,
	statePane: lowerSlot, namesPane: lowerSlot, handsPane: lowerSlot,
}

// firsts are the panes that keep their homes where there is another slot below.
var firsts = [columns]paneID{mainSlot: storyPane, sideSlot: whyPane, lowerSlot: statePane}

// desk is which pane lies in which slot.
type desk struct {
	// top is the one that was used last of each home, second the one used last that
	// is not its first.
	top, second [columns]paneID
	// lower is the slot that shows where there is room for one besides the main.
	lower slot
	focus paneID
}

func newDesk() desk {
	return desk{
		top: firsts, second: [columns]paneID{mainSlot: ladderPane, sideSlot: mailPane, lowerSlot: namesPane},
		lower: sideSlot, focus: storyPane,
	}
}

// use brings a pane forward and gives it the focus.
func (d *desk) use(p paneID) {
	home := homes[p]
	d.top[home], d.focus = p, p
	if p != firsts[home] {
		d.second[home] = p
	}
	if home != mainSlot {
		d.lower = home
	}
}

// in is the pane that lies in a slot.
func (d *desk) in(s slot, p *places) paneID {
	switch {
	case int(s) >= columns:
		return d.second[int(s)-columns]
	case !p.slot[s.under()].empty():
		return firsts[s]
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
