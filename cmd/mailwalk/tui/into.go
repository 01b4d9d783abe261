package tui

import (
	tea "charm.land/bubbletea/v2"

	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// into looks closer: at the first part of what the moment's step consists of, or,
// when none of it is known yet, at the next step. It is a debugger's step into.
func (m *Model) into() tea.Cmd {
	first := m.firstPart(m.grain + 1)
	running := m.running
	m.setGrain(m.grain + 1)
	if first == 0 {
		m.running = running
		return m.onward(1)
	}
	m.stay()
	m.goTo(first)
	return nil
}

// firstPart is the first event that is seen at a grain of what the moment's event
// belongs to and begins or ends; 0 when there is none.
func (m *Model) firstPart(g explain.Grain) uint64 {
	if m.event == nil {
		return 0
	}
	x := m.rows.index
	n, ok := x.NodeOf(m.event)
	if !ok {
		return 0
	}
	first := uint64(0)
	look := func(n trace.Node, seen func(explain.Grain) bool) {
		for _, seq := range x.Events(n) {
			if first != 0 && seq >= first {
				return
			}
			if e := m.trace.At(seq); e != nil && seq != m.now && seen(explain.GrainOf(e)) {
				first = seq
				return
			}
		}
	}
	look(n, func(of explain.Grain) bool { return of == g })
	for _, part := range x.Down(n) {
		look(part, func(of explain.Grain) bool { return of <= g })
	}
	return first
}

// out looks from farther off, and goes on to where what the moment is part of has
// come to something. It is a debugger's step out.
func (m *Model) out() tea.Cmd {
	m.setGrain(m.grain - 1)
	m.running = false
	return m.onward(1)
}

func (m *Model) noOut() string {
	if reason := m.noFarther(); reason != "" {
		return reason
	}
	return m.noStep()
}
