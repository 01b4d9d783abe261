package plain

import (
	"errors"
	"maps"
	"slices"
	"sort"
	"strconv"
	"strings"

	"mailwalk/cmd/mailwalk/tui"
	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// stop is a breakpoint: a run stops at the event of a key, or at each that a
// filter lets through.
type stop struct {
	key    string
	filter trace.Filter
	says   string
}

func (b *stop) at(e *trace.Event) bool {
	if b.key != "" {
		return e.Key == b.key
	}
	return b.filter.Match(e)
}

// stopAt is the number of the breakpoint that an event is at, 0 for none.
func (s *stepper) stopAt(e *trace.Event) int {
	return slices.IndexFunc(s.stops, func(b stop) bool { return b.at(e) }) + 1
}

// parseFilter reads a filter, or says in plain words what is wrong with it.
func parseFilter(text string) (trace.Filter, string) {
	f, err := trace.ParseFilter(text, explain.Text)
	var wrong *trace.FilterError
	switch {
	case errors.As(err, &wrong):
		return f, "That is no filter: " + wrong.Words() + "."
	case err != nil:
		return f, "That is no filter: " + err.Error() + "."
	}
	return f, ""
}

const filterExample = "Examples: filter lookup; filter line.sent verb=RCPT; filter packet.dropped; filter globex.test."

// filtered has only such steps seen as a filter lets through.
func (s *stepper) filtered(given string) string {
	if given == "" || given == "off" {
		if s.filter.IsZero() {
			return "Which steps? " + filterExample
		}
		return s.unfilter("")
	}
	f, reason := parseFilter(given)
	if reason != "" {
		return reason
	}
	s.focus(s.grain, f)
	s.say("Filter on: " + f.String() + ". " + s.seen() + " filter off takes it away.")
	s.nearest()
	return ""
}

// nearest makes the moment one that the filter lets through: the last one up to it,
// or else the first.
func (s *stepper) nearest() {
	if len(s.rows) == 0 {
		return
	}
	if seq := s.rows[max(s.row(), 0)]; seq != s.now {
		s.jump(seq)
	}
}

// seen counts the rows.
func (s *stepper) seen() string {
	switch n := len(s.rows); n {
	case 0:
		return "No step so far is let through."
	case 1:
		return "1 step so far is let through."
	default:
		return explain.Grouped(int64(n)) + " steps so far are let through."
	}
}

func (s *stepper) unfilter(string) string {
	if s.filter.IsZero() {
		return "No filter is on. " + filterExample
	}
	s.focus(s.grain, trace.Filter{})
	s.say("Filter off. All steps are seen " + grainWords[s.grain] + ".")
	return ""
}

// faults has only what goes wrong seen, or all again.
func (s *stepper) faults(string) string {
	if f := trace.Faults(); s.filter.String() != f.String() {
		s.focus(s.grain, f)
		s.say("Faults only. " + s.seen() + " faults again shows all.")
		s.nearest()
		return ""
	}
	return s.unfilter("")
}

// find looks for an event among those that have been shown.
func (s *stepper) find(given string) string {
	if given == "" {
		return "Find what? find globex.test, or find line.sent verb=RCPT."
	}
	f, reason := parseFilter(given)
	if reason != "" {
		return reason
	}
	s.sought = f
	return s.findNext("")
}

func (s *stepper) findNext(string) string {
	return s.search(func(yield func(*trace.Event) bool) { s.trace.Events(s.now+1, s.shown)(yield) }, "after this one")
}

func (s *stepper) findPrevious(string) string {
	return s.search(func(yield func(*trace.Event) bool) {
		for seq := s.now - 1; seq > 0 && seq < s.now; seq-- {
			if e := s.trace.At(seq); e == nil || !yield(e) {
				return
			}
		}
	}, "before this one")
}

func (s *stepper) search(events func(func(*trace.Event) bool), where string) string {
	if s.sought.IsZero() {
		return "Nothing is looked for yet: find WORDS does."
	}
	var found *trace.Event
	events(func(e *trace.Event) bool {
		if s.ctx.Err() == nil && s.sought.Match(e) {
			found = e
			return false
		}
		return s.ctx.Err() == nil
	})
	if found == nil {
		return "Nothing " + where + " among what has been seen fits " + s.sought.String() + ". break " + s.sought.String() + ", then run, goes on to it."
	}
	s.jump(found.Seq)
	return ""
}

// setStop makes a breakpoint of the moment's event, or takes it away; or makes one
// of a filter.
func (s *stepper) setStop(given string) string {
	if given == "" && !s.filter.IsZero() {
		given = s.filter.String()
	}
	var b stop
	switch {
	case given != "":
		f, reason := parseFilter(given)
		if reason != "" {
			return reason
		}
		b = stop{filter: f, says: f.String()}
	case s.event == nil:
		return "There is no event yet to stop at. break FILTER stops at what a filter lets through, such as break line.sent verb=RCPT."
	case s.event.Key == "":
		return "This event cannot be told from others in another run. break FILTER stops at what a filter lets through."
	default:
		b = stop{key: s.event.Key, says: explain.Text(s.event)}
	}
	if i := slices.IndexFunc(s.stops, func(o stop) bool { return o.key == b.key && o.says == b.says }); i >= 0 {
		return s.clearStop(strconv.Itoa(i + 1))
	}
	s.stops = append(s.stops, b)
	s.say("Breakpoint " + strconv.Itoa(len(s.stops)) + ": " + b.says + ". run stops there.")
	return ""
}

// listStops lists the breakpoints, or takes them away.
func (s *stepper) listStops(given string) string {
	if len(s.stops) == 0 {
		return "There is no breakpoint. break sets one here, break FILTER at what a filter lets through."
	}
	for i, b := range s.stops {
		s.say(strconv.Itoa(i+1) + ": " + b.says)
	}
	return ""
}

// clearStop takes a breakpoint away, or all.
func (s *stepper) clearStop(given string) string {
	n, err := strconv.Atoi(given)
	switch {
	case given == "all":
		s.stops = nil
		s.say("No breakpoints any more.")
		return ""
	case err != nil || n < 1 || n > len(s.stops):
		return "Which one? breaks lists them; unbreak 1 takes the first away, unbreak all takes all."
	}
	s.say("Breakpoint " + given + " taken away, " + s.stops[n-1].says + ".")
	s.stops = slices.Delete(s.stops, n-1, n)
	return ""
}

// toStop goes to the next breakpoint, or to the end, and tells nothing of what comes
// before.
func (s *stepper) toStop(string) string {
	wanted := func(e *trace.Event) bool { return s.stopAt(e) > 0 }
	for e := range s.trace.Events(s.now+1, s.shown) {
		if wanted(e) {
			s.jump(e.Seq)
			s.stopped()
			return ""
		}
	}
	s.onTo(wanted)
	s.stopped()
	return ""
}

// stopped says by which breakpoint a run has stopped, if by one.
func (s *stepper) stopped() bool {
	if s.event == nil {
		return false
	}
	i := s.stopAt(s.event)
	if i > 0 {
		s.say("Stopped by breakpoint " + strconv.Itoa(i) + ", " + s.stops[i-1].says + ".")
	}
	return i > 0
}

// mark gives the moment a name.
func (s *stepper) mark(name string) string {
	if name == "" {
		if len(s.spots) == 0 {
			return "Mark it as what? mark a; then go a leads back."
		}
		for _, n := range slices.Sorted(maps.Keys(s.spots)) {
			s.say("mark " + n + ": " + eventName(s.spots[n]))
		}
		return ""
	}
	s.spots[name] = s.now
	at := "the beginning"
	if s.now > 0 {
		at = eventName(s.now)
	}
	s.say("Mark " + name + " is at " + at + ". go " + name + " leads back.")
	return ""
}

// toMark goes to a mark, or to where one was.
func (s *stepper) toMark(name string) string {
	at, marked := s.spots[name]
	switch {
	case name == "'" || name == "":
		at = s.before
	case !marked:
		return "There is no mark " + name + ". mark " + name + " sets it here; event 42 goes to event 42."
	}
	s.jump(at)
	return ""
}

func (s *stepper) toEvent(given string) string {
	n, err := strconv.ParseUint(strings.ReplaceAll(given, ",", ""), 10, 64)
	if err != nil {
		return "Which event? event 42, or :42, goes to event 42; " + eventName(s.shown) + " is the last that has been seen."
	}
	if n <= s.shown {
		s.jump(n)
		return ""
	}
	return s.onTo(func(e *trace.Event) bool { return e.Seq >= n })
}

func (s *stepper) toTime(given string) string {
	at, err := tui.ParseMoment(given)
	if err != nil {
		return "Which time? time 12.5, time 10m, time 1:30:00 or time 2d 1:30:00 goes to what was last before it."
	}
	if last := s.trace.At(s.shown); last == nil || last.At < at {
		return s.onTo(func(e *trace.Event) bool { return e.At >= at })
	}
	// Events are in the order of their times.
	n := sort.Search(int(s.shown), func(i int) bool {
		e := s.trace.At(uint64(i) + 1)
		return e == nil || e.At > at
	})
	s.jump(uint64(n))
	return ""
}

// toHop goes to where a leg begins: "2" is the second of the mail that the moment
// is about, "1.2" says the mail too.
func (s *stepper) toHop(given string) string {
	if given == "" {
		return "Which leg? hop 2 goes to where the second one of the mail's way begins."
	}
	if !strings.Contains(given, ".") && leading(given, "0123456789") == len(given) {
		mail := "1"
		if m := s.spoken(); m != nil {
			mail = m.ID
		}
		given = mail + "." + given
	}
	begins := func(e *trace.Event) bool { return e.What == trace.HopStarts && e.Hop == given }
	for _, seq := range s.index.Events(trace.Node{Level: trace.HopLevel, ID: given}) {
		if e := s.trace.At(seq); e != nil && begins(e) {
			s.jump(seq)
			return ""
		}
	}
	return s.onTo(begins)
}

// onTo goes on, over what has not been seen yet, to the first event that is
// wanted. It tells that one alone.
func (s *stepper) onTo(wanted func(*trace.Event) bool) string {
	s.before = s.now
	from := len(s.rows)
	s.quiet = true
	found := s.firstWanted(wanted)
	s.quiet = false
	if found == nil {
		if s.look(s.taken); s.over {
			s.ended()
		}
		return ""
	}
	s.look(found.Seq)
	passed := len(s.rows) - from
	if s.sees(found) {
		passed--
	}
	if passed > 0 {
		s.say(plural(passed, "step", "steps") + " passed over; story " + strconv.Itoa(passed) + " tells them.")
	}
	if s.p.enter(found); found.What != trace.HopStarts {
		s.p.again(found)
	}
	return ""
}

func (s *stepper) firstWanted(wanted func(*trace.Event) bool) *trace.Event {
	for e := range s.trace.Events(s.shown+1, s.taken) {
		if wanted(e) {
			return e
		}
	}
	for s.err == nil && s.ctx.Err() == nil {
		if e := s.take(); e == nil || wanted(e) {
			return e
		}
	}
	return nil
}
