package virtual

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"mailwalk/sim/clock"
	"mailwalk/sim/trace"
)

// flight is a frame under way to one interface.
type flight struct {
	frame *trace.Frame
	to    *iface
	entry *clock.Entry
	// scope is what its arrival is about and comes from, whatever is going on when
	// it is put off or let go.
	scope  trace.Scope
	leaves time.Duration // when its interface begins to put it on the link
	held   bool
	left   time.Duration // of its way, when it is held
	yields bool          // it arrives behind the next on the same way
	behind bool          // the next is under way
	due    time.Duration // when it would have arrived, when it yields
}

// launch sends a frame on its way.
func (n *Net) launch(f *trace.Frame, to *iface, t trip) *flight {
	fl := &flight{frame: f, to: to, scope: *n.rec.Scope(), leaves: n.clock.Elapsed() + t.waits}
	n.flights = append(n.flights, fl)
	for _, w := range n.yielding {
		if w.sameWay(f, to) {
			w.behind = true
		}
	}
	fl.entry = n.clock.Post(t.takes, func() { n.land(fl) })
	return fl
}

func (n *Net) land(fl *flight) {
	n.forget(fl)
	*n.rec.Scope() = fl.scope
	if fl.frame.Link == fl.to.link.name && fl.to.link.cut {
		n.rec.Interfere(fl.frame, trace.Dropped, "the link "+fl.to.link.name+" is cut")
		return
	}
	// What arrives sets the stack's workers going: from then on the network is
	// theirs until they rest.
	n.letBy(fl)
	fl.to.arrive(fl.frame)
}

// yieldFor is how long at most a frame waits for one that it is to arrive behind.
const yieldFor = time.Second

// yield has a frame arrive behind the next one on the same way, or at the end of
// its patience.
func (n *Net) yield(fl *flight) {
	fl.yields, fl.behind, fl.due = true, false, fl.entry.At()
	fl.entry.Reset(fl.due + yieldFor - n.clock.Elapsed())
	n.yielding = append(n.yielding, fl)
}

// yieldNoMore ends the waiting of a frame, if it does wait.
func (n *Net) yieldNoMore(fl *flight) {
	if !fl.yields {
		return
	}
	fl.yields = false
	n.yielding = slices.DeleteFunc(n.yielding, func(w *flight) bool { return w == fl })
}

// letBy lets those arrive that have waited for a frame to do so.
func (n *Net) letBy(fl *flight) {
	for _, w := range slices.Clone(n.yielding) {
		if w.frame.Number < fl.frame.Number && w.sameWay(fl.frame, fl.to) {
			n.yieldNoMore(w)
			w.entry.Reset(max(w.due-n.clock.Elapsed(), 0))
		}
	}
}

// sameWay tells whether a frame goes from the same interface to the same one.
func (fl *flight) sameWay(f *trace.Frame, to *iface) bool {
	return fl.to == to && fl.frame.From == f.From && fl.frame.Link == f.Link
}

// passes tells whether a frame is the next that one on the same way waits for.
func (n *Net) passes(f *trace.Frame, to *iface) bool {
	return slices.ContainsFunc(n.yielding, func(w *flight) bool { return !w.behind && w.sameWay(f, to) })
}

// befall records what becomes of a frame under way; its arrival comes from that.
func (n *Net) befall(fl *flight, what, why string) {
	n.rec.Interfere(fl.frame, what, why)
	fl.scope.Cause = n.rec.Scope().Cause
}

// loseWaiting loses what a host has not begun to put on a link yet.
func (n *Net) loseWaiting(host string) {
	for _, fl := range slices.Clone(n.flights) {
		if fl.frame.FromHost == host && fl.leaves > n.clock.Elapsed() {
			fl.entry.Stop()
			n.forget(fl)
			n.rec.Interfere(fl.frame, trace.Dropped, host+" was switched off before the packet could leave")
		}
	}
}

func (n *Net) forget(fl *flight) {
	n.yieldNoMore(fl)
	i := slices.Index(n.flights, fl)
	if i < 0 {
		return
	}
	// What arrives is mostly what was sent first, so there is less to move before it
	// than behind.
	copy(n.flights[1:i+1], n.flights[:i])
	n.flights[0] = nil
	n.flights = n.flights[1:]
}

// Flying is a frame under way, for somebody who looks at the network while it
// stands still.
type Flying struct {
	Frame uint64
	Link  string
	// From and To are interfaces.
	From, To string
	// Due is when it arrives, since the walk's start.
	Due  time.Duration
	Held bool
}

// Flying lists the frames under way, the next to arrive first; those that are held
// come last.
func (n *Net) Flying() []Flying {
	var out []Flying
	for _, fl := range n.flights {
		f := Flying{Frame: fl.frame.Number, Link: fl.frame.Link, From: fl.frame.From, To: fl.frame.To, Held: fl.held}
		if !fl.held {
			f.Due = fl.entry.At()
		}
		out = append(out, f)
	}
	slices.SortStableFunc(out, func(a, b Flying) int {
		switch {
		case a.Held != b.Held && a.Held:
			return 1
		case a.Held != b.Held:
			return -1
		}
		return cmp.Compare(a.Due, b.Due)
	})
	return out
}

// InFlight tells whether a frame is under way.
func (n *Net) InFlight(frame uint64) bool {
	_, err := n.flying(frame)
	return err == nil
}

func (n *Net) flying(frame uint64) ([]*flight, error) {
	var out []*flight
	for _, fl := range n.flights {
		if fl.frame.Number == frame {
			out = append(out, fl)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("frame %d is not under way", frame)
	}
	return out, nil
}
