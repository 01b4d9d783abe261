package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"mailwalk/sim/trace"
)

// A hop is a leg of a mail's way: it begins where somebody sets out to hand the mail
// on, or to fetch it.

func beginsHop(e *trace.Event) bool { return e.Kind == trace.Mail && e.What == trace.HopStarts }

// nextHop runs to where the next hop begins, or to a breakpoint before it.
func (m *Model) nextHop() tea.Cmd {
	i := before(m.rows.hops, m.now) + 1
	if i < len(m.rows.hops) && len(m.signs.breaks) == 0 {
		m.jump(m.rows.hops[i])
		return nil
	}
	m.stay()
	m.was = m.now
	m.quest = quest{goal: goal{until: beginsHop, breaks: m.signs.breaks}, lost: "no other hop begins: the walk is over. { goes back to the one before"}
	from := m.now
	if len(m.signs.breaks) == 0 {
		from = m.shown // up to there none begins
	}
	return m.pursue(from, 1)
}

// previousHop goes back to where the hop of the moment begins, or else to the one
// before.
func (m *Model) previousHop() tea.Cmd {
	i, _ := slices.BinarySearch(m.rows.hops, m.now)
	m.jump(m.rows.hops[i-1])
	return nil
}

func (m *Model) noPreviousHop() string {
	if len(m.rows.hops) == 0 || m.now <= m.rows.hops[0] {
		return "No hop has begun before this. } goes to the next."
	}
	return ""
}
