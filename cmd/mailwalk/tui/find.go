package tui

import (
	"errors"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// finding is what the person looks for among the events.
type finding struct {
	// trial is what the filter that is being typed lets through.
	trial *sieve
	// settle tells that the moment is to be one that the filter lets through, once
	// all has been looked at.
	settle bool
	// soughtText is what n and N go to, as it was written.
	soughtText string
	// search names the latest search; searching tells that it is under way.
	search    int
	searching bool
	// overBefore and overAtBefore are whether all was seen before a filter came on.
	overBefore   bool
	overAtBefore explain.Grain
	// was is the moment before the latest jump.
	was uint64
}

// inWords is where the words of a filter are looked for, besides lines and hosts: what
// happened, in plain words.
func inWords(e *trace.Event) string { return explain.Text(e) }

func parseFilter(text string) (trace.Filter, error) { return trace.ParseFilter(text, inWords) }

// mistake words what is wrong with a filter, without repeating it.
func mistake(err error) string {
	var wrong *trace.FilterError
	if errors.As(err, &wrong) {
		return wrong.Words()
	}
	return err.Error()
}

// filtered has the story show, and the keys go over, what a filter lets through.
func (m *Model) filtered(f trace.Filter) tea.Cmd {
	if f.IsZero() {
		m.unfilter()
		return nil
	}
	s := m.trial
	m.trial = nil
	begun := s != nil && s.filter == f
	if !begun {
		s = &sieve{filter: f}
	}
	m.stay()
	if m.rows.only == nil {
		m.overBefore, m.overAtBefore = m.over, m.overAt
	}
	m.rows.only = s
	m.over = false // only what passes the filter counts now
	m.settle = true
	m.version++
	var cmd tea.Cmd
	if !begun { // else a command is looking at the rest already
		cmd = m.sieved(s)
	}
	if s.upTo >= m.shown {
		m.nearest()
	}
	return cmd
}

// unfilter shows all again.
func (m *Model) unfilter() {
	if m.rows.only == nil {
		return
	}
	m.stay()
	m.rows.only, m.settle = nil, false
	m.over, m.overAt = m.overBefore, m.overAtBefore
	m.version++
}

// nearest makes the moment one that the filter lets through: the last one up to
// it, or else the first.
func (m *Model) nearest() {
	if !m.settle {
		return
	}
	m.settle = false
	n := m.rows.len(m.grain)
	if n == 0 {
		m.toast = "Nothing of what has been shown passes the filter. Space goes on to what does; esc takes it off."
		return
	}
	seq := m.rows.at(m.grain, max(m.row(), 0))
	if seq != m.now {
		m.jump(seq)
	}
}

// jump looks at another moment and keeps where one was.
func (m *Model) jump(seq uint64) {
	m.stay()
	m.was = m.now
	m.goTo(seq)
}

// onlyFaults shows what goes wrong, or all again.
func (m *Model) onlyFaults() tea.Cmd {
	if m.rows.only != nil && m.rows.only.filter.String() == trace.Faults().String() {
		m.unfilter()
		m.toast = "All steps show again."
		return nil
	}
	m.toast = "Only what goes wrong shows: lost, changed, refused, put off, sent again. x shows all again."
	f, err := parseFilter(trace.Faults().String())
	if err != nil {
		m.warn(mistake(err))
		return nil
	}
	return m.filtered(f)
}

// filterChip says in the bar at the top which filter is on, and how much it lets
// through.
func (m *Model) filterChip(s *sieve, room int) span {
	n := explain.Grouped(int64(m.rows.len(m.grain))) + " of " + explain.Grouped(int64(m.rows.total(m.grain)))
	if s.upTo < m.shown {
		n += ", " + explain.Grouped(int64(s.upTo*100/max(m.shown, 1))) + " % looked at"
	}
	style := m.theme.barStrong
	if m.past() {
		style = m.theme.pastBar
	}
	lead, end := " "+m.glyphs.sieve+" only ", " ("+n+") "
	text := cut(clean(s.filter.String()), max(room-ansi.StringWidth(lead+end), 8), m.glyphs.more)
	return span{lead + text + end, style.Underline(false)}
}

// The search.

// found is what a search has come to: the event, 0 for none, and how far it has
// looked.
type found struct {
	search int
	seq    uint64
	next   uint64 // where to go on
	left   uint64 // how many events are still to be looked at
	round  bool   // it has gone around
	back   bool
}

// seek begins a search for what f lets through, from the moment on or back.
func (m *Model) seek(f trace.Filter, text string, back bool) tea.Cmd {
	m.signs.sought, m.soughtText = f, text
	m.version++
	if m.shown == 0 {
		m.warn("Nothing has happened yet, and only what has been seen is searched. Space goes on.")
		return nil
	}
	m.search++
	m.searching = true
	return m.searchOn(found{search: m.search, next: m.after(m.now, back), left: m.shown, back: back, round: m.wraps(m.now, back)})
}

// after is the event beside another, around the end of what has been seen.
func (m *Model) after(seq uint64, back bool) uint64 { return beside(seq, m.shown, back) }

func beside(seq, last uint64, back bool) uint64 {
	switch {
	case !back && seq >= last:
		return 1
	case back && seq <= 1:
		return last
	case back:
		return seq - 1
	}
	return seq + 1
}

// wraps tells whether the event beside another lies around the end.
func (m *Model) wraps(seq uint64, back bool) bool { return !back && seq >= m.shown || back && seq <= 1 }

// searchOn is a command that looks at some more of what has been seen.
func (m *Model) searchOn(f found) tea.Cmd {
	t, last := m.trace, m.shown
	want := sieve{filter: m.signs.sought}
	grain, only := m.grain, m.rows.only
	return func() tea.Msg {
		for n := 0; f.left > 0 && n < siftedAtOnce; n++ {
			e := t.At(f.next)
			if e == nil {
				f.left = 0
				break
			}
			if want.shows(e, grain) && (only == nil || only.shows(e, grain)) {
				f.seq = f.next
				return f
			}
			next := beside(f.next, last, f.back)
			f.round = f.round || f.back != (next < f.next)
			f.next = next
			f.left--
		}
		return f
	}
}

// searched takes what a command has found.
func (m *Model) searched(f found) tea.Cmd {
	switch {
	case f.search != m.search || !m.searching:
		return nil
	case f.seq == 0 && f.left > 0:
		return m.searchOn(f)
	}
	m.searching = false
	switch {
	case f.seq == 0:
		m.warn("Not found in what has been seen: " + m.soughtText + ". What is yet to come is not searched.")
		return nil
	case f.seq == m.now:
		m.toast = "This is the only one in what has been seen."
		return nil
	case f.round && f.back:
		m.toast = "Found from the present back, around the beginning."
	case f.round:
		m.toast = "Found from the beginning on; what is yet to come is not searched."
	}
	m.jump(f.seq)
	return nil
}

func (m *Model) findNext() tea.Cmd     { return m.seek(m.signs.sought, m.soughtText, false) }
func (m *Model) findPrevious() tea.Cmd { return m.seek(m.signs.sought, m.soughtText, true) }

func (m *Model) noFind() string {
	if m.signs.sought.IsZero() {
		return "Nothing is searched for yet. ctrl+f asks for words or a filter."
	}
	return ""
}
