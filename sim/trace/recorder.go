package trace

import (
	"net/netip"
	"strconv"
	"time"

	"mailwalk/sim/clock"
)

// Recorder makes a trace while a walk runs. It gives each event its time, its
// causes, its key and the ids that it shares with others, so that a program
// says only what happened.
//
// It is used by whatever runs in the walk's steps, of which there is one at a
// time; it is not safe for other goroutines.
type Recorder struct {
	trace *Trace
	clock *clock.Clock
	root  *Scope
	// names tells whose an address is.
	names     map[netip.Addr]string
	conns     map[pair]*Conn // the latest of each pair
	flows     map[pair]IDs   // of UDP
	counts    map[string]int
	keys      map[keyHash]uint32 // how often each has come
	listeners []func(*Event)
	decide    func(*Event) LineFate
	frames    uint64
	mails     int
	hops      map[string]int    // legs so far, by mail
	messages  map[string]string // mails by Message-ID
	pending   []*Event          // recorded, and not told to the listeners yet
	telling   bool
	stopped   bool
	scratch   []byte
}

// pair is a connection's or flow's two ends, the client's first.
type pair struct{ client, server netip.AddrPort }

// NewRecorder returns a recorder that appends to t. Attach it to its clock
// before anything is recorded.
func NewRecorder(t *Trace) *Recorder {
	return &Recorder{
		trace: t, root: &Scope{},
		names: map[netip.Addr]string{}, conns: map[pair]*Conn{}, flows: map[pair]IDs{},
		counts: map[string]int{}, keys: map[keyHash]uint32{}, hops: map[string]int{}, messages: map[string]string{},
	}
}

// Root is the baggage that the clock starts with.
func (r *Recorder) Root() *Scope { return r.root }

// Attach sets the clock whose time the events get.
func (r *Recorder) Attach(c *clock.Clock) { r.clock = c }

// Trace is what was recorded so far.
func (r *Recorder) Trace() *Trace { return r.trace }

// Listen has f called with each event after it was recorded. f must not wait.
func (r *Recorder) Listen(f func(*Event)) { r.listeners = append(r.listeners, f) }

// NameAddr tells whose an address is.
func (r *Recorder) NameAddr(a netip.Addr, host string) { r.names[a] = host }

// HostOf is the host that has an address, or the address when none does.
func (r *Recorder) HostOf(a netip.Addr) string {
	if name, ok := r.names[a.Unmap()]; ok {
		return name
	}
	return a.String()
}

// Scope is what a program is about while it runs. Its events get the ids and,
// as cause, the event before. It implements clock.Baggage: what a program sets
// going is about the same thing.
type Scope struct {
	IDs
	Host string
	// Cause is the number of the event that what happens now comes from.
	Cause uint64
	// serves is the connection whose server's end the program is: its mail and
	// hop are those that the client is about.
	serves *Conn
}

// Fork implements clock.Baggage.
func (s *Scope) Fork() clock.Baggage {
	f := *s
	return &f
}

// Woken implements clock.Baggage: a program that goes on is about what it was
// about before, but because of what woke it.
func (s *Scope) Woken(by clock.Baggage) {
	if b, ok := by.(*Scope); ok && b.Cause != 0 {
		s.Cause = b.Cause
	}
}

// ids are the scope's own, completed by those of the connection it serves.
func (s *Scope) ids() IDs {
	ids := s.IDs
	if s.serves != nil {
		ids.fill(s.serves.ids)
	}
	return ids
}

// fill takes over what is empty.
func (i *IDs) fill(from IDs) {
	fill := func(to *string, v string) {
		if *to == "" {
			*to = v
		}
	}
	fill(&i.Mail, from.Mail)
	fill(&i.Hop, from.Hop)
	fill(&i.Conn, from.Conn)
	fill(&i.Lookup, from.Lookup)
	fill(&i.Queue, from.Queue)
}

// Scope is that of the program that runs.
func (r *Recorder) Scope() *Scope {
	if s, ok := r.clock.Baggage().(*Scope); ok {
		return s
	}
	return r.root
}

// Record appends an event. Time, number and key are filled in, as are host, ids
// and causes where they are empty.
func (r *Recorder) Record(e Event) *Event {
	s := r.Scope()
	ev := r.append(e, s)
	if ev.Seq != 0 && ev.Kind != Note { // what is said about a thing makes nothing happen
		s.Cause = ev.Seq
	}
	return ev
}

// Stop has nothing more be recorded: what programs do since their world is taken
// down has not happened in it.
func (r *Recorder) Stop() { r.stopped = true }

// silent tells whether what happens now has not happened in the world: it is taken
// down, or the program that runs is of a host that has lost its power. Such a program
// may still believe that it says something.
func (r *Recorder) silent() bool { return r.stopped || r.clock.Ended() }

// caused is an event and its one cause, as most have it, in one piece of memory.
type caused struct {
	Event
	cause [1]uint64
}

// append is Record without making the event the cause of what comes next.
func (r *Recorder) append(e Event, s *Scope) *Event {
	alloc := &caused{Event: e}
	ev := &alloc.Event
	if r.silent() {
		return ev
	}
	ev.At = r.clock.Elapsed()
	if ev.Host == "" {
		ev.Host = s.Host
	}
	ev.IDs.fill(s.ids())
	if ev.Causes == nil && s.Cause != 0 {
		alloc.cause[0] = s.Cause
		ev.Causes = alloc.cause[:]
	}
	if ev.Kind == "" {
		ev.Kind = ev.Body.Kind()
	}
	if ev.Key == "" {
		ev.Key = r.key(ev)
	}
	r.trace.Append(ev)
	r.tell(ev)
	return ev
}

// tell calls the listeners. What a listener records is told after, so that all
// hear of the events in their order.
func (r *Recorder) tell(ev *Event) {
	r.pending = append(r.pending, ev)
	if r.telling {
		return
	}
	r.telling = true
	for i := 0; i < len(r.pending); i++ {
		for _, f := range r.listeners {
			f(r.pending[i])
		}
	}
	clear(r.pending)
	r.pending, r.telling = r.pending[:0], false
}

// count numbers the things of one name from 1.
func (r *Recorder) count(name string) int {
	r.counts[name]++
	return r.counts[name]
}

// BeginMail makes the running program be about a mail and nothing else; an empty
// id means about none.
func (r *Recorder) BeginMail(id string) {
	s := r.Scope()
	s.IDs, s.serves = IDs{Mail: id}, nil
}

// ReserveMails keeps the numbers up to n for the mails that the walk itself names.
func (r *Recorder) ReserveMails(n int) { r.mails = max(r.mails, n) }

// NewMail gives a mail that the walk does not name its number and makes it the one
// that the running program is about.
func (r *Recorder) NewMail() string {
	s := r.Scope()
	if r.silent() {
		return s.Mail
	}
	r.mails++
	s.Mail = strconv.Itoa(r.mails)
	return s.Mail
}

// KnowMail has a mail recognised by its Message-ID wherever a copy turns up.
func (r *Recorder) KnowMail(messageID, id string) {
	if _, known := r.messages[messageID]; messageID != "" && !known {
		r.messages[messageID] = id
	}
}

// MailOf is the number of the mail that has a Message-ID, empty when none is
// known.
func (r *Recorder) MailOf(messageID string) string {
	return r.messages[messageID]
}

// ConnHere is the connection that the running program is about, empty for none.
func (r *Recorder) ConnHere() string { return r.Scope().ids().Conn }

// MailHere is the number of the mail that the running program is about.
func (r *Recorder) MailHere() string { return r.Scope().ids().Mail }

// NewHop begins the next leg of the way of the mail that the running program is
// about, and makes it what the program is about. A leg on which no mail is known
// yet, as when somebody looks whether there is one, is numbered by its host.
func (r *Recorder) NewHop(b *MailBody) string {
	s := r.Scope()
	if r.silent() {
		return s.Hop
	}
	of := s.ids().Mail
	if of == "" {
		of = s.Host
	}
	r.hops[of]++
	s.Hop = of + "." + strconv.Itoa(r.hops[of])
	r.Record(Event{What: HopStarts, Body: b})
	return s.Hop
}

// ResumeHop makes a leg that was begun what the running program is about.
func (r *Recorder) ResumeHop(id string) { r.Scope().Hop = id }

// NewLookup names a question to the DNS and makes it what the running program is
// about, until EndLookup.
func (r *Recorder) NewLookup(name, typ string) {
	s := r.Scope()
	id := s.Host + "?" + name + " " + typ
	s.Lookup = id + "#" + strconv.Itoa(r.count(id))
}

// EndLookup ends what NewLookup began.
func (r *Recorder) EndLookup() { r.Scope().Lookup = "" }

// Since is the time from the walk's start to t.
func (r *Recorder) Since(t time.Time) time.Duration { return t.Sub(r.clock.Start()) }

// Now is the time from the walk's start.
func (r *Recorder) Now() time.Duration { return r.clock.Elapsed() }
