package tui

import (
	tea "charm.land/bubbletea/v2"

	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

const (
	siftedNow    = 1000  // events that are looked at while a key is answered
	siftedAtOnce = 20000 // events that one command looks at
)

// sieve is a filter and what it has let through of the first events of a trace.
// What is asked for by its kind shows at every grain, the rest at its own.
type sieve struct {
	filter trace.Filter
	upTo   uint64
	passed [explain.PacketGrain + 1][]uint64
}

// grain is the farthest grain at which the sieve shows an event; ok tells that it
// lets it through.
func (s *sieve) grain(e *trace.Event) (g explain.Grain, ok bool) {
	if !s.filter.Match(e) {
		return 0, false
	}
	if s.filter.Names(e) {
		return explain.MailGrain, true
	}
	return explain.GrainOf(e), true
}

// shows tells whether an event is seen through the sieve at a grain.
func (s *sieve) shows(e *trace.Event, at explain.Grain) bool {
	g, ok := s.grain(e)
	return ok && g <= at
}

// take looks at the next event.
func (s *sieve) take(e *trace.Event) {
	s.upTo = e.Seq
	if g, ok := s.grain(e); ok {
		s.put(e.Seq, g)
	}
}

func (s *sieve) put(seq uint64, g explain.Grain) {
	for ; g <= explain.PacketGrain; g++ {
		s.passed[g] = append(s.passed[g], seq)
	}
}

// sifted is what a command has found that looked at the events behind from up to
// to.
type sifted struct {
	sieve    *sieve
	from, to uint64
	passed   []uint64
	grains   []explain.Grain
}

// sift is a command that looks at some more events.
func (s *sieve) sift(t *trace.Trace, upTo uint64) tea.Cmd {
	from := s.upTo
	return func() tea.Msg {
		found := sifted{sieve: s, from: from, to: from}
		for e := range t.Events(from+1, min(upTo, from+siftedAtOnce)) {
			found.to = e.Seq
			if g, ok := s.grain(e); ok {
				found.passed = append(found.passed, e.Seq)
				found.grains = append(found.grains, g)
			}
		}
		return found
	}
}

// sieved looks at what has been shown: at some of it now, and with a command at
// the rest.
func (m *Model) sieved(s *sieve) tea.Cmd {
	for e := range m.trace.Events(s.upTo+1, min(m.shown, s.upTo+siftedNow)) {
		s.take(e)
	}
	if s.upTo < m.shown {
		return s.sift(m.trace, m.shown)
	}
	return nil
}

// sifted takes in what a command has found, and goes on with the rest. What nobody
// waits for any more is dropped.
func (m *Model) sifted(f sifted) tea.Cmd {
	s := f.sieve
	if s != m.rows.only && s != m.trial || f.from != s.upTo {
		return nil
	}
	for i, seq := range f.passed {
		s.put(seq, f.grains[i])
	}
	s.upTo = f.to
	m.version++
	switch {
	case f.to == f.from: // the file behind the trace cannot be read
		s.upTo = m.shown
	case s.upTo < m.shown:
		return s.sift(m.trace, m.shown)
	}
	if s == m.rows.only {
		m.nearest()
	}
	return nil
}
