package tui

import tea "charm.land/bubbletea/v2"

// wheelRows is how many rows one notch of the wheel scrolls.
const wheelRows = 3

// at is the slot under a cell of the screen.
func (p *places) at(x, y int) (slot, bool) {
	for s, r := range p.slot {
		if x >= r.x && x < r.x+r.w && y >= r.y && y < r.y+r.h {
			return slot(s), true
		}
	}
	return 0, false
}

// pointed takes a click or a turn of the wheel.
func (m *Model) pointed(msg tea.MouseMsg) tea.Cmd {
	m.toast, m.refused = "", false
	at := msg.Mouse()
	if m.help {
		switch at.Button {
		case tea.MouseWheelDown:
			m.helpScroll.by(wheelRows)
		case tea.MouseWheelUp:
			m.helpScroll.by(-wheelRows)
		case tea.MouseLeft:
			m.help = false
		}
		return nil
	}
	p := m.places()
	s, ok := p.at(at.X, at.Y)
	if !ok {
		return nil
	}
	id := m.in(s, &p)
	switch at.Button {
	case tea.MouseWheelDown:
		return m.wheel(id, 1)
	case tea.MouseWheelUp:
		return m.wheel(id, -1)
	case tea.MouseLeft:
		m.focusOn(id)
		if c, ok := m.panes[id].(clicked); ok {
			return c.click(m, at.X-p.slot[s].x-1, at.Y-p.slot[s].y-1)
		}
	}
	return nil
}

// wheel scrolls the pane under the pointer; where a pane follows the moment, the
// moment moves.
func (m *Model) wheel(id paneID, n int) tea.Cmd {
	if p, ok := m.panes[id].(scroller); ok {
		p.scrolling().by(n * wheelRows)
		m.version++
		return nil
	}
	focus := m.focus
	m.focus = id
	defer func() { m.focus = focus }()
	return m.move(n)
}

// toggleMouse has the terminal keep the mouse to itself, or not: then a text can be
// selected and copied as anywhere.
func (m *Model) toggleMouse() tea.Cmd {
	m.noMouse = !m.noMouse
	m.toast = "The mouse chooses and scrolls here."
	if m.noMouse {
		m.toast = "The mouse is the terminal's again: it selects text."
	}
	return nil
}
