package tui

import (
	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// stage is what all panes share: the trace, the moment that is looked at, and how
// it is to be shown. Only the model changes it.
type stage struct {
	walk  Walk
	trace *trace.Trace
	rows  *rows
	signs *signs
	grain explain.Grain
	depth explain.Depth

	theme  theme
	glyphs glyphs

	// now is the number of the event that is looked at, 0 for the beginning; shown
	// is that of the last one that was ever looked at.
	now, shown uint64
	// over tells that the world has come to its end, and overAt at which grain all
	// of it has been seen.
	over   bool
	overAt explain.Grain

	// event and view belong to now; event is nil at the beginning.
	event *trace.Event
	view  *trace.View

	// version changes whenever a pane may look different.
	version int
}

// look makes seq the moment that is looked at.
func (s *stage) look(seq uint64) {
	s.now = seq
	s.shown = max(s.shown, seq)
	s.rows.grow(s.shown)
	s.event = s.trace.At(seq)
	s.view = s.trace.View(seq)
	if s.view == nil { // the file behind the trace cannot be read
		s.view = new(trace.View)
	}
	s.version++
}

// past tells that there is something later that has been seen.
func (s *stage) past() bool { return s.now < s.shown }

// atEnd tells that nothing more is to be seen at the grain.
func (s *stage) atEnd() bool { return s.over && s.grain <= s.overAt && !s.past() }

// row is the story's row of the moment, -1 at the beginning.
func (s *stage) row() int { return s.rows.row(s.grain, s.now) }

// first is the first event of a leg, look-up, connection or mail that has been
// shown, nil when there is none.
func (s *stage) first(level trace.Level, id string) *trace.Event {
	if id == "" {
		return nil
	}
	return s.trace.At(s.rows.index.First(trace.Node{Level: level, ID: id}))
}

// note is the last thing that the walk said up to the moment, nil when there is
// none.
func (s *stage) note() *trace.Event {
	i := before(s.rows.notes, s.now)
	if i < 0 {
		return nil
	}
	return s.trace.At(s.rows.notes[i])
}
