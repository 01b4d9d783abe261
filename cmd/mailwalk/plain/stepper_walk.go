package plain

import (
	"slices"
	"strconv"

	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// lens is what is seen of a walk: from how far off, and through which filter.
type lens struct {
	grain  explain.Grain
	filter trace.Filter
	// rows are the events seen so far.
	rows []uint64
}

// sees tells whether an event is seen.
func (l *lens) sees(e *trace.Event) bool {
	return l.filter.Match(e) && (explain.GrainOf(e) <= l.grain || l.filter.Names(e))
}

// last is the index of the last row up to an event, -1 for none.
func (l *lens) last(seq uint64) int {
	i, found := slices.BinarySearch(l.rows, seq)
	if found {
		return i
	}
	return i - 1
}

// focus looks through another lens at what has been shown.
func (s *stepper) focus(g explain.Grain, f trace.Filter) {
	s.grain, s.filter, s.p.o.Detail = g, f, g
	s.rows = nil
	s.see(1, s.shown)
}

func (s *stepper) see(from, to uint64) {
	for e := range s.trace.Events(from, to) {
		if s.sees(e) {
			s.rows = append(s.rows, e.Seq)
		}
	}
}

// look makes seq the moment that is looked at.
func (s *stepper) look(seq uint64) {
	if seq > s.shown {
		s.see(s.shown+1, seq)
		s.shown = seq
	}
	s.now = seq
	s.event = s.trace.At(seq)
	s.view = s.trace.View(seq)
	if s.view == nil { // the file behind the trace cannot be read
		s.view = new(trace.View)
	}
}

func (s *stepper) past() bool { return s.now < s.shown }
func (s *stepper) row() int   { return s.last(s.now) }

// comes runs the world until there is an event that was not taken yet; false when
// none comes any more.
func (s *stepper) comes() bool {
	for s.taken == s.trace.Len() {
		if s.ctx.Err() != nil {
			return false
		}
		if !s.world.Step() && s.taken == s.trace.Len() {
			s.over = true
			return false
		}
	}
	return true
}

// take takes the next event of the world, has it printed if it is seen, and
// returns it; nil when there is none.
func (s *stepper) take() *trace.Event {
	if !s.comes() {
		return nil
	}
	e := s.trace.At(s.taken + 1)
	if e == nil {
		s.over = true
		s.err = s.trace.Err()
		return nil
	}
	s.taken++
	s.index.Add(e)
	if printed := !s.quiet && s.sees(e); !printed || e.Kind == trace.Line && s.grain < explain.PacketGrain {
		s.p.wire.follow(e)
	}
	if err := s.p.Event(e); err != nil {
		s.err = err
	}
	return e
}

// follow keeps what has to be remembered of an event that is not printed in full,
// for the frames that may be printed later.
func (w *wire) follow(e *trace.Event) {
	switch b := e.Body.(type) {
	case *trace.LineBody:
		if explain.Says(e, b) {
			w.hear(e, b)
		}
	case *trace.PacketBody:
		before, passed := w.came[cause(e)]
		switch {
		case e.What == trace.Sent && passed && b.Head.Src == before.Head.Src:
			delete(w.came, cause(e))
		case e.What == trace.Sent && b.Why == "" && b.Head.Proto == "TCP" && e.Conn != "":
			w.segment(e, b)
		case e.What == trace.Delivered && w.elsewhere(e, b):
			w.came[e.Seq] = b
		}
	}
}

// onward goes to the next event that is seen, and tells of it; false when there
// is none, which it says.
func (s *stepper) onward() bool { return s.onwardTo(s.sees) }

// onwardTo goes to the next event that is seen or wanted.
func (s *stepper) onwardTo(wanted func(*trace.Event) bool) bool {
	for e := range s.trace.Events(s.now+1, s.taken) {
		if s.sees(e) || wanted(e) {
			s.goTo(e.Seq)
			return true
		}
	}
	for s.err == nil && s.ctx.Err() == nil {
		if s.standsBefore() {
			return false
		}
		e := s.take()
		if e == nil {
			break
		}
		switch {
		case s.sees(e):
			s.p.settle()
		case wanted(e):
			s.p.again(e)
		default:
			continue
		}
		s.look(e.Seq)
		return true
	}
	if s.over {
		s.ended()
	}
	return false
}

// ended says that the walk is over, and what it has come to.
func (s *stepper) ended() {
	if !s.summed {
		s.summed = true
		var all []Expectation
		if s.o.Expected != nil {
			all = s.o.Expected(s.trace)
		}
		if err := s.p.Close(all); err != nil {
			s.err = err
		}
		if s.sheet.Summary().Any() {
			s.score("")
		}
	}
	s.say("The walk is over, after " + explain.Grouped(int64(s.trace.Len())) + " events. back looks back, quit leaves.")
}

// goTo looks at a moment that has been shown already, and tells of it again.
func (s *stepper) goTo(seq uint64) {
	s.look(seq)
	switch {
	case seq == 0:
		s.say("The beginning, before event 1.")
	case s.past():
		s.say("looking back: " + eventName(seq) + " of " + explain.Grouped(int64(s.shown)))
	default:
		s.say("the present: " + eventName(seq))
	}
	if s.event != nil {
		s.p.apart = false
		s.p.again(s.event)
	}
}

// again prints an event that was printed before, or passed over, without what
// the events before it make of it.
func (p *Printer) again(e *trace.Event) {
	p.group.mark = ""
	switch b := e.Body.(type) {
	case *trace.PacketBody:
		tag := "packet"
		if e.What != trace.Sent && e.What != trace.Delivered || e.What == trace.Sent && b.Why != "" {
			tag = "FAULT"
		}
		p.step(e, tag, "", numbered(b)+" "+explain.Text(e))
	case *trace.LineBody:
		switch {
		case explain.Befalls(e):
			p.step(e, "FAULT", "", explain.Text(e))
		case explain.Says(e, b):
			p.spoken(e, b)
		default:
			p.step(e, "read", "", explain.Text(e))
		}
	case *trace.NoteBody:
		p.notice(e)
	case *trace.MailBody:
		if e.What == trace.HopStarts {
			p.step(e, "leg", "", explain.Text(e))
		} else {
			p.mail(e, b)
		}
	default:
		p.step(e, tag(e), "", explain.Text(e))
	}
}

// The commands that go somewhere. Each returns why it cannot, or nothing.

// count reads how many steps are asked for.
func count(given string) (int, string) {
	if given == "" {
		return 1, ""
	}
	n, err := strconv.Atoi(given)
	if err != nil || n < 1 {
		return 0, "How many? " + strconv.Quote(given) + " is no number of steps; step 3 goes three steps."
	}
	return n, ""
}

func (s *stepper) step(given string) string {
	n, reason := count(given)
	for ; n > 0 && reason == "" && s.onward(); n-- {
	}
	if s.try != nil {
		s.held = func() { s.step(strconv.Itoa(n)) }
	}
	return reason
}

func (s *stepper) back(given string) string {
	n, reason := count(given)
	if reason != "" {
		return reason
	}
	if s.now == 0 {
		return "This is the beginning: nothing has happened before. An empty line goes on."
	}
	i := s.row()
	if i >= 0 && s.rows[i] == s.now {
		i--
	}
	i -= n - 1
	if i < 0 {
		s.goTo(0)
		return ""
	}
	s.goTo(s.rows[i])
	return ""
}

// run goes on: so many steps, or to where a filter of stop says, or to the end.
func (s *stepper) run(given string) string {
	n := -1
	switch given {
	case "", "to the end", "end":
	default:
		var reason string
		if n, reason = count(given); reason != "" {
			return "How far? run 20 goes twenty steps, run alone goes to the end or to a breakpoint."
		}
	}
	for ; n != 0; n-- {
		if s.out.flush() != nil || !s.onwardTo(func(e *trace.Event) bool { return s.stopAt(e) > 0 }) {
			if s.try != nil {
				left := given
				if n > 0 {
					left = strconv.Itoa(n)
				}
				s.held = func() { s.run(left) }
			}
			return ""
		}
		if s.stopped() {
			return ""
		}
	}
	return ""
}

func (s *stepper) rewind(string) string {
	if s.now == 0 {
		return "This is the beginning already. An empty line goes on."
	}
	s.jump(0)
	return ""
}

// jump goes to another moment, and keeps where one was.
func (s *stepper) jump(seq uint64) {
	s.before = s.now
	s.goTo(seq)
}

// into looks closer: at the first part of what the moment's step consists of, or,
// when none of it is known yet, at the next step.
func (s *stepper) into(string) string {
	if reason := s.noCloser(); reason != "" {
		return reason
	}
	first := s.firstPart(s.grain + 1)
	s.setGrain(s.grain + 1)
	if first != 0 {
		s.goTo(first)
		return ""
	}
	return s.step("")
}

// firstPart is the first event that is seen at a grain of what the moment's event
// belongs to and begins or ends; 0 when there is none.
func (s *stepper) firstPart(g explain.Grain) uint64 {
	if s.event == nil {
		return 0
	}
	n, ok := s.index.NodeOf(s.event)
	if !ok {
		return 0
	}
	first := uint64(0)
	search := func(n trace.Node, seen func(explain.Grain) bool) {
		for _, seq := range s.index.Events(n) {
			if first != 0 && seq >= first {
				return
			}
			if e := s.trace.At(seq); e != nil && seq != s.now && seen(explain.GrainOf(e)) {
				first = seq
				return
			}
		}
	}
	search(n, func(of explain.Grain) bool { return of == g })
	for _, part := range s.index.Down(n) {
		search(part, func(of explain.Grain) bool { return of <= g })
	}
	return first
}

// outOf looks from farther off, and goes on to where what the moment is part of
// has come to something.
func (s *stepper) outOf(string) string {
	if reason := s.noFarther(); reason != "" {
		return reason
	}
	if s.over && !s.past() {
		s.ended()
		return ""
	}
	s.setGrain(s.grain - 1)
	return s.step("")
}

func (s *stepper) noCloser() string {
	if s.grain >= explain.PacketGrain {
		return "There is nothing smaller than a packet here. out, or -, looks from farther off."
	}
	return ""
}

func (s *stepper) noFarther() string {
	if s.grain <= explain.MailGrain {
		return "There is nothing larger than the mail itself. into, or +, looks closer."
	}
	return ""
}

var grainWords = [...]string{
	explain.MailGrain:   "by mail: where the mail is",
	explain.HopGrain:    "by hop: what makes the mail go where it goes",
	explain.LineGrain:   "by line: what programs say to each other",
	explain.PacketGrain: "by packet: every frame on every link",
}

func (s *stepper) setGrain(g explain.Grain) {
	s.focus(g, s.filter)
	s.say("Seen " + grainWords[g] + ".")
}

func (s *stepper) closer(string) string {
	if reason := s.noCloser(); reason != "" {
		return reason
	}
	s.setGrain(s.grain + 1)
	return ""
}

func (s *stepper) farther(string) string {
	if reason := s.noFarther(); reason != "" {
		return reason
	}
	s.setGrain(s.grain - 1)
	return ""
}

func (s *stepper) detail(given string) string {
	g, err := explain.ParseGrain(given)
	if err != nil {
		return "Look how closely? " + err.Error() + ". Now it is " + s.grain.String() + "."
	}
	s.setGrain(g)
	return ""
}

func (s *stepper) deeper(given string) string {
	if given != "" {
		d, err := explain.ParseDepth(given)
		if err != nil {
			return "Reasons for whom? " + err.Error() + "."
		}
		s.setDepth(d)
		return ""
	}
	s.setDepth(s.p.o.Depth + 1)
	return ""
}

func (s *stepper) shallower(string) string {
	s.setDepth(s.p.o.Depth - 1)
	return ""
}

func (s *stepper) setDepth(d explain.Depth) {
	n := explain.Depth(len(explain.Depths()))
	s.p.o.Depth = (d + n) % n
	article := "a "
	if s.p.o.Depth == explain.Engineer {
		article = "an "
	}
	s.say("Reasons for " + article + s.p.o.Depth.String() + ".")
	if s.event != nil {
		s.item(explain.For(s.event).Why(s.p.o.Depth))
	}
}

// down and up go over what has been shown, and not beyond.
func (s *stepper) down(given string) string {
	n, reason := count(given)
	if reason != "" {
		return reason
	}
	if !s.past() {
		return "This is the present. An empty line goes a step on."
	}
	if i := s.row() + n; i < len(s.rows) {
		s.goTo(s.rows[i])
	} else {
		s.goTo(s.shown)
	}
	return ""
}

func (s *stepper) up(given string) string {
	n, reason := count(given)
	if reason != "" {
		return reason
	}
	if s.now == 0 {
		return s.back("")
	}
	s.goTo(s.rowOr(s.row()-n, 0))
	return ""
}

// rowOr is the event of a row, or another for a row before the first.
func (s *stepper) rowOr(i int, or uint64) uint64 {
	if i < 0 || i >= len(s.rows) {
		return or
	}
	return s.rows[i]
}

func (s *stepper) top(string) string {
	s.jump(s.rowOr(0, 0))
	return ""
}

// present goes to the present, or to a step by its number.
func (s *stepper) present(given string) string {
	if given == "" {
		s.jump(s.shown)
		return ""
	}
	n, reason := count(given)
	if reason != "" {
		return reason
	}
	if n > len(s.rows) {
		return "There is no step " + given + " yet: " + s.soFar() + "."
	}
	s.jump(s.rows[n-1])
	return ""
}

func (s *stepper) soFar() string {
	if len(s.rows) == 1 {
		return "1 step has been seen"
	}
	return explain.Grouped(int64(len(s.rows))) + " steps have been seen"
}

func (s *stepper) escape(string) string {
	switch {
	case !s.filter.IsZero():
		return s.unfilter("")
	case s.past():
		s.jump(s.shown)
	default:
		return "This is the present, and nothing is filtered. quit leaves."
	}
	return ""
}
