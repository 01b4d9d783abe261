package lab

import (
	"cmp"
	"slices"
	"strings"

	"mailwalk/sim"
	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// run is a world and how it came to where it is.
type run struct {
	world *sim.World // nil when it was put away
	trace *trace.Trace
	from  int    // the index of the run that it was forked from
	at    uint64 // the last event that both share

	places []place
	acts   []deed   // what was done from outside
	sent   []uint64 // the events of the frames' sendings, by their numbers from 1
	cuts   []cut    // of links, and mendings
	power  []power  // of hosts
	zones  []zoneChange
	redo   []deed // what was taken back, the latest last
	// What is the world's, kept when it is put away: how many entries have run, which
	// acts are still to be done, and which were left out.
	ran    uint64
	ahead  []sim.PlacedAct
	missed []sim.PlacedAct
}

// place is where in a run some events happened: those from first on to the next
// place's.
type place struct {
	first uint64
	// ran is how many entries of the queue had run when they were there.
	ran uint64
	// act says that they come of an act from outside, and not of an entry.
	act bool
}

// deed is something done from outside, and the event that tells of it.
type deed struct {
	seq uint64
	sim.PlacedAct
}

// cut is a link that is cut from an event on, or mended.
type cut struct {
	seq  uint64
	link string
	cut  bool
}

// power is a host that is on from an event on, or off.
type power struct {
	seq  uint64
	host string
	up   bool
}

// zoneChange is a zone whose text is another from an event on.
type zoneChange struct {
	seq          uint64
	origin, text string
}

// newRun makes a world with acts to be done at their places.
func (l *Lab) newRun(acts []sim.PlacedAct) (*run, error) {
	o := l.options
	o.Acts = acts
	w, err := sim.New(l.scenario, o)
	if err != nil {
		return nil, err
	}
	r := &run{world: w, trace: w.Trace()}
	for e := range r.trace.All() {
		r.note(e)
	}
	w.Listen(r.note)
	return r, nil
}

// do has something done to its world, and returns the event that tells of it.
func (r *run) do(a sim.Act) (seq uint64, err error) {
	seq = r.trace.Len() + 1
	return seq, r.world.Do(a)
}

// note takes notice of an event as it happens.
func (r *run) note(e *trace.Event) {
	act, outside := sim.ActOf(e)
	if ran := r.world.Ran(); outside || len(r.places) == 0 || r.places[len(r.places)-1].ran != ran {
		r.places = append(r.places, place{e.Seq, ran, outside})
	}
	if outside {
		r.acts = append(r.acts, deed{e.Seq, act})
	}
	switch b := e.Body.(type) {
	case *trace.PacketBody:
		if e.What == trace.Sent {
			r.sent = append(r.sent, e.Seq)
		}
	case *trace.StateBody:
		if e.What == trace.HostState {
			r.power = append(r.power, power{e.Seq, b.Name, b.After == "up"})
		}
	case *trace.ActBody:
		switch e.What {
		case sim.CutLink, sim.MendLink:
			r.cuts = append(r.cuts, cut{e.Seq, b.Target, e.What == sim.CutLink})
		case sim.ChangeZone:
			r.zones = append(r.zones, zoneChange{e.Seq, b.Target, string(b.Input)})
		}
	}
}

// placeOf is the index of an event's place.
func (r *run) placeOf(seq uint64) int {
	i, found := slices.BinarySearchFunc(r.places, seq, func(p place, seq uint64) int { return cmp.Compare(p.first, seq) })
	if !found {
		i--
	}
	return i
}

// end is the last event of a place.
func (r *run) end(i int) uint64 {
	if i+1 < len(r.places) {
		return r.places[i+1].first - 1
	}
	return r.trace.Len()
}

// present tells whether nothing that shows has happened since an event.
func (r *run) present(seq uint64) bool { return r.placeOf(seq) == len(r.places)-1 }

// actsTo are the acts up to an event.
func (r *run) actsTo(seq uint64) []sim.PlacedAct {
	var acts []sim.PlacedAct
	for _, d := range r.acts {
		if d.seq <= seq {
			acts = append(acts, d.PlacedAct)
		}
	}
	return acts
}

// visitsFrom is what visitors do from an event on, by its time alone, and what they
// would have done, had they not been gone.
func (r *run) visitsFrom(seq uint64) []sim.PlacedAct {
	var acts []sim.PlacedAct
	add := func(a sim.PlacedAct) {
		if a.By == sim.Visitor {
			a.Turn = 0
			acts = append(acts, a)
		}
	}
	for _, d := range r.acts {
		if d.seq >= seq {
			add(d.PlacedAct)
		}
	}
	missed, ahead := r.missed, r.ahead
	if r.world != nil {
		missed, ahead = slices.Concat(missed, r.world.Missed()), r.world.Ahead()
	}
	since := r.trace.At(min(seq, r.trace.Len()))
	for _, a := range missed {
		if since == nil || a.At >= since.At {
			add(a)
		}
	}
	slices.SortStableFunc(acts, func(a, b sim.PlacedAct) int { return cmp.Compare(a.At, b.At) })
	for _, a := range ahead {
		add(a)
	}
	return acts
}

// lastDeed is the index in acts of what the learner did last, or -1.
func (r *run) lastDeed() int {
	for i := len(r.acts) - 1; i >= 0; i-- {
		if r.acts[i].By == sim.Learner {
			return i
		}
	}
	return -1
}

// putAway ends the world; what is needed to make it again stays.
func (r *run) putAway() error {
	w := r.world
	r.missed = append(r.missed, w.Missed()...)
	r.ran, r.ahead, r.world = w.Ran(), w.Ahead(), nil
	return w.Close()
}

// isCut tells whether a link is cut after an event.
func (r *run) isCut(link string, seq uint64) bool {
	for i := len(r.cuts) - 1; i >= 0; i-- {
		if c := r.cuts[i]; c.seq <= seq && c.link == link {
			return c.cut
		}
	}
	return false
}

// words say what was done in it since it was forked.
func (r *run) words() string {
	var done []string
	for _, d := range r.acts {
		if d.By == sim.Learner && d.seq > r.at {
			done = append(done, wordsOf(r.trace.At(d.seq)))
		}
	}
	if done == nil {
		return "as the walk has it"
	}
	return strings.Join(done, "; ")
}

// wordsOf say what the learner did: "cuts the link acme-net".
func wordsOf(e *trace.Event) string { return strings.TrimPrefix(explain.Text(e), sim.Learner+" ") }

// Deed is something that the learner did.
type Deed struct {
	// Seq is the event that tells of it.
	Seq uint64
	// Verb is what it was done by, Words what was done: "cuts the link acme-net".
	Verb, Words string
	// Last says that it is the one that Undo takes back.
	Last bool
}

// Deeds are what the learner did in the current run, and in those that it was
// forked from before that; in their order.
func (l *Lab) Deeds() []Deed {
	l.mu.RLock()
	defer l.mu.RUnlock()
	r := l.runs[l.current]
	last := r.lastDeed()
	var deeds []Deed
	for i, d := range r.acts {
		if d.By == sim.Learner {
			deeds = append(deeds, Deed{Seq: d.seq, Verb: d.What, Words: wordsOf(r.trace.At(d.seq)), Last: i == last})
		}
	}
	return deeds
}
