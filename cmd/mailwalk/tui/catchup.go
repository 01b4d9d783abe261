package tui

import tea "charm.land/bubbletea/v2"

// takenAtOnce is how many events the rows take in while a key is answered.
const takenAtOnce = 2000

// catchUp takes in some of the events up to where the world has got to, and has
// itself called again for the rest; nil when so few are left that they can be shown.
// What has been taken in has been seen: it is there when somebody looks back.
func (m *Model) catchUp(a advanced) tea.Cmd {
	if !m.takeIn(m.goesTo(a)) {
		return nil
	}
	return func() tea.Msg { return a }
}

// takeIn takes in some of the events up to one; false when so few are left that they
// can be shown.
func (m *Model) takeIn(to uint64) bool {
	from := m.rows.upTo
	if to <= from+takenAtOnce {
		return false
	}
	m.rows.grow(from + takenAtOnce)
	if m.rows.upTo == from { // the file behind the trace cannot be read
		return false
	}
	m.shown = max(m.shown, m.rows.upTo)
	m.trace.View(m.shown) // so that the state is near everywhere
	m.version++
	return true
}

// goesTo is the event that is shown when a command has ended, 0 for none.
func (m *Model) goesTo(a advanced) uint64 {
	switch {
	case a.found:
		return a.seq
	case m.quest.toEnd, a.over && m.quest.lost == "":
		return max(m.quest.last, a.last)
	}
	return 0
}
