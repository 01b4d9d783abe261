package virtual

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"mailwalk/sim/clock"
	"mailwalk/sim/trace"
)

// Action is what becomes of a frame that is put on a link, other than that it
// arrives. The zero Action is nothing.
type Action struct {
	// Drop loses the frame.
	Drop bool
	// Delay is added to the link's latency.
	Delay time.Duration
	// Copies are sent besides the frame, at the same time.
	Copies int
	// Corrupt flips the bits of this mask in the frame's last octet.
	Corrupt byte
	// Why says in plain words why.
	Why string
}

// OnSend has f decide what becomes of each frame, given the event of its sending.
// The first Action that is not zero holds. f must not wait.
func (n *Net) OnSend(f func(sent *trace.Event) Action) { n.faults = append(n.faults, f) }

func (n *Net) decide(sent *trace.Event) Action {
	for _, f := range n.faults {
		if a := f(sent); a != (Action{}) {
			return a
		}
	}
	return Action{}
}

// Cut takes a link apart, or mends it. What is under way on it is lost.
func (n *Net) Cut(link string, cut bool) error {
	for _, l := range n.links {
		if l.Name == link {
			l.cut = cut
			return nil
		}
	}
	return fmt.Errorf("there is no link %s", link)
}

// flight is a frame under way to one interface.
type flight struct {
	frame *trace.Frame
	to    *iface
	entry *clock.Entry
	held  bool
	left  time.Duration // of its way, when it is held
}

// launch sends a frame on its way.
func (n *Net) launch(f *trace.Frame, to *iface, after time.Duration) {
	fl := &flight{frame: f, to: to}
	n.flights = append(n.flights, fl)
	fl.entry = n.clock.Post(after, func() { n.land(fl) })
}

func (n *Net) land(fl *flight) {
	n.forget(fl)
	if fl.frame.Link == fl.to.link.Name && fl.to.link.cut {
		n.rec.Interfere(fl.frame, trace.Dropped, "the link "+fl.to.link.Name+" is cut")
		return
	}
	fl.to.arrive(fl.frame)
}

func (n *Net) forget(fl *flight) {
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

// Hold keeps a frame from arriving until Release.
func (n *Net) Hold(frame uint64) error {
	return n.each(frame, func(fl *flight) {
		if !fl.held && fl.entry.Stop() {
			fl.held, fl.left = true, fl.entry.At()-n.clock.Elapsed()
		}
	})
}

// Release lets a frame that is held go the rest of its way.
func (n *Net) Release(frame uint64) error {
	return n.each(frame, func(fl *flight) {
		if fl.held {
			fl.held = false
			fl.entry.Reset(fl.left)
		}
	})
}

// Lose takes a frame off its link.
func (n *Net) Lose(frame uint64, why string) error {
	return n.each(frame, func(fl *flight) {
		fl.entry.Stop()
		n.forget(fl)
		n.rec.Interfere(fl.frame, trace.Dropped, why)
	})
}

// PutOff has a frame arrive later by d.
func (n *Net) PutOff(frame uint64, d time.Duration, why string) error {
	return n.each(frame, func(fl *flight) {
		if fl.held {
			fl.left += d
		} else {
			fl.entry.Reset(fl.entry.At() - n.clock.Elapsed() + d)
		}
		n.rec.Interfere(fl.frame, trace.Delayed, why)
	})
}

// Double sends a copy of a frame, which arrives right behind it.
func (n *Net) Double(frame uint64, why string) error {
	return n.each(frame, func(fl *flight) {
		copied := *fl.frame
		n.rec.Interfere(fl.frame, trace.Duplicated, why)
		n.launch(&copied, fl.to, max(fl.entry.At()-n.clock.Elapsed(), 0))
	})
}

// Spoil flips bits in the last octet of a frame: whoever checks its checksum
// throws it away.
func (n *Net) Spoil(frame uint64, mask byte, why string) error {
	return n.each(frame, func(fl *flight) {
		fl.frame.Data = spoiled(fl.frame.Data, mask)
		n.rec.Interfere(fl.frame, trace.Corrupted, why)
	})
}

func (n *Net) each(frame uint64, do func(*flight)) error {
	list, err := n.flying(frame)
	for _, fl := range list {
		do(fl)
	}
	return err
}

// spoiled is a frame with bits of its last octet flipped; the frame itself stays,
// for the trace has it as it was sent.
func spoiled(data []byte, mask byte) []byte {
	data = slices.Clone(data)
	data[len(data)-1] ^= mask
	return data
}
