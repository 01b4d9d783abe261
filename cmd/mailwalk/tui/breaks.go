package tui

import (
	"strconv"

	tea "charm.land/bubbletea/v2"

	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// breakpoint is a place at which a run stops: all that its filter lets through.
type breakpoint struct {
	number int
	filter trace.Filter
}

func (b *breakpoint) String() string {
	return "breakpoint " + strconv.Itoa(b.number) + ": " + b.filter.String()
}

// signs are what stands beside rows of the story: breakpoints, marks, and what is
// searched for.
type signs struct {
	breaks []*breakpoint
	made   int // how many breakpoints there ever were
	marks  map[string]uint64
	letter map[uint64]string // the other way round
	sought trace.Filter      // what n and N go to
}

func newSigns() *signs {
	return &signs{marks: map[string]uint64{}, letter: map[uint64]string{}}
}

// stops is the breakpoint that an event meets, nil for none.
func (s *signs) stops(e *trace.Event) *breakpoint { return stopsAt(s.breaks, e) }

func stopsAt(breaks []*breakpoint, e *trace.Event) *breakpoint {
	for _, b := range breaks {
		if b.filter.Match(e) {
			return b
		}
	}
	return nil
}

// sign is what stands beside an event's row: a breakpoint, a mark, or that it is
// searched for.
func (s *story) sign(e *trace.Event) span {
	switch letter, marked := s.signs.letter[e.Seq]; {
	case s.signs.stops(e) != nil:
		return span{s.glyphs.stop, s.theme.fault}
	case marked:
		return span{letter, s.theme.note}
	case s.signs.isSought(e):
		return span{s.glyphs.hit, s.theme.good}
	}
	return span{" ", s.theme.text}
}

// gap stands between the signs and the times, where there are signs.
func (s *signs) gap() string {
	if len(s.breaks) > 0 || len(s.marks) > 0 || !s.sought.IsZero() {
		return " "
	}
	return ""
}

// isSought tells whether an event is searched for.
func (s *signs) isSought(e *trace.Event) bool { return !s.sought.IsZero() && s.sought.Match(e) }

// breakAt sets or clears a breakpoint: from the filter that is on, or else at the
// moment.
func (m *Model) breakAt() tea.Cmd {
	if m.rows.only != nil {
		m.toggleBreak(m.rows.only.filter)
		return nil
	}
	m.toggleBreak(momentFilter(m.event))
	return nil
}

func (m *Model) noBreakAt() string {
	if m.event == nil && m.rows.only == nil {
		return "Nothing has happened yet. :break EXPRESSION sets a breakpoint for what is to come."
	}
	return ""
}

// momentFilter lets one event through: by its key, which the same step has in
// another run too, or by its number.
func momentFilter(e *trace.Event) trace.Filter {
	text := "seq=" + strconv.FormatUint(e.Seq, 10)
	if e.Key != "" {
		text = "key=" + strconv.Quote(e.Key)
	}
	f, err := parseFilter(text)
	if err != nil {
		panic(err) // a quoted text is a value
	}
	return f
}

func (m *Model) toggleBreak(f trace.Filter) {
	for i, b := range m.signs.breaks {
		if b.filter.String() == f.String() {
			m.unbreak(i)
			return
		}
	}
	m.signs.made++
	b := &breakpoint{m.signs.made, f}
	m.signs.breaks = append(m.signs.breaks[:len(m.signs.breaks):len(m.signs.breaks)], b)
	m.version++
	m.toast = "Set " + b.String() + ". r and c stop there; t clears it."
}

// unbreak clears the i-th breakpoint. Commands that are under way keep the list
// that they have.
func (m *Model) unbreak(i int) {
	m.toast = "Cleared " + m.signs.breaks[i].String() + "."
	rest := append([]*breakpoint(nil), m.signs.breaks[:i]...)
	m.signs.breaks = append(rest, m.signs.breaks[i+1:]...)
	m.version++
}

// runOn runs to the next breakpoint, or to the end, without showing what comes
// before.
func (m *Model) runOn() tea.Cmd {
	if m.goingOn {
		m.pause()
		return nil
	}
	m.stay()
	m.goingOn = true
	m.quest = quest{goal: m.goal(), toEnd: true}
	m.quest.breaks = m.signs.breaks
	return m.pursue(m.now, endless)
}

func (m *Model) noRunOn() string {
	if m.goingOn {
		return ""
	}
	return m.noStep()
}

// pause ends a run to a breakpoint where it has got to.
func (m *Model) pause() {
	last := m.quest.last
	m.stay()
	if last > m.now {
		m.goTo(last)
	}
	m.toast = "Paused on the way to a breakpoint."
}

// listBreaks shows all breakpoints.
func (m *Model) listBreaks() {
	m.help, m.listing = true, true
	m.helpScroll = scroll{}
}

// breaksPage lists the breakpoints and the marks.
func (m *Model) breaksPage(width int) *page {
	p := &page{stage: m.stage, width: width}
	t := &p.theme
	p.add(line{{"Breakpoints", t.heading}})
	if len(m.signs.breaks) == 0 {
		p.text(t.dim, "There is none. t sets one at the moment, or from the filter that is on; :break EXPRESSION sets one for any event.")
	}
	for _, b := range m.signs.breaks {
		p.add(line{{p.glyphs.stop + " " + fill(strconv.Itoa(b.number), 3), t.fault}, {b.filter.String(), t.text}})
	}
	if len(m.signs.breaks) > 0 {
		p.blank()
		p.text(t.dim, "A run with r stops there, and c runs on to the next. :unbreak NUMBER clears one, :unbreak all clears all.")
	}
	p.blank()
	p.add(line{{"Marks", t.heading}})
	if len(m.signs.marks) == 0 {
		p.text(t.dim, "There is none. m and a letter mark the moment, ' and the letter go back there.")
	}
	for _, letter := range m.signs.letters() {
		seq := m.signs.marks[letter]
		row := line{{fill(letter, 3), t.key}, {fillLeft(explain.Grouped(int64(seq)), 7) + "  ", t.dim}}
		if e := m.trace.At(seq); e != nil {
			row = append(row, p.saying(e)...)
		} else {
			row = append(row, span{"the beginning", t.text})
		}
		p.add(row)
	}
	return p
}
