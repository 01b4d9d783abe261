package tui

import (
	"math"

	tea "charm.land/bubbletea/v2"

	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// goal is what the world is asked to go on to. It is not changed while a command
// goes by it.
type goal struct {
	// grain is that at which events are seen, through the filter.
	grain explain.Grain
	only  *sieve
	// until is in the place of both, for a jump.
	until func(*trace.Event) bool
	// breaks are where to stop, whether it is seen or not.
	breaks []*breakpoint
}

// sees tells whether an event counts.
func (g *goal) sees(e *trace.Event) bool {
	switch {
	case g.until != nil:
		return g.until(e)
	case g.only != nil:
		return g.only.shows(e, g.grain)
	}
	return explain.GrainOf(e) <= g.grain
}

// quest is a goal, and what is to be said and done at its end.
type quest struct {
	goal
	// toEnd goes to the last event that counts when there is no other.
	toEnd bool
	// lost is what to say when the world ends before.
	lost string
	// last is the last event that counted so far.
	last uint64
}

// endless is more steps than any walk has.
const endless = math.MaxInt

// goal is to step at the grain, through the filter.
func (m *Model) goal() goal { return goal{grain: m.grain, only: m.rows.only} }

// pursue has the world go on from an event.
func (m *Model) pursue(from uint64, n int) tea.Cmd {
	m.busy = true
	return m.stepper.advance(m.ticket, from, m.quest.goal, n)
}

// onTo goes on to an event that has not been shown.
func (m *Model) onTo(until func(*trace.Event) bool, lost string) tea.Cmd {
	m.stay()
	m.was = m.now
	m.quest = quest{goal: goal{until: until}, lost: lost}
	return m.pursue(m.shown, 1)
}

// arrived looks at where the world has got to, and says at which breakpoint.
func (m *Model) arrived(a advanced) {
	m.goTo(a.seq)
	if a.stop == nil {
		return
	}
	m.stay()
	m.toast = "Stopped at " + a.stop.String() + "."
}

// ended tells that the world is over before what was asked for has come.
func (m *Model) ended(a advanced) {
	q, last := m.quest, max(m.quest.last, a.last)
	m.stay()
	if q.lost != "" {
		m.warn(upperFirst(q.lost) + ".")
		return
	}
	if last > m.now {
		m.goTo(last)
	}
	m.over, m.overAt = true, m.grain
	m.warn(m.noStep())
}
