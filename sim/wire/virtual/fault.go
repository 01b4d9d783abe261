package virtual

import (
	"fmt"
	"slices"
	"time"

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
	// Reorder has the frame arrive right behind the next one from the same interface
	// to the same one, or a second late when none comes by then. Where one waits
	// already, this is the next, and it passes.
	Reorder bool
	// Reset drops a TCP segment and ends its connection as a firewall on the way
	// does that resets both sides: each end gets an RST in the name of the other. An
	// RST, and a frame that holds no TCP segment, arrive as if nothing were.
	Reset bool
	// Why says in plain words why.
	Why string
}

// OnSend has f decide what becomes of each frame, given the event of its sending.
// What several decide is done together. f must not wait.
func (n *Net) OnSend(f func(sent *trace.Event) Action) { n.faults = append(n.faults, f) }

func (n *Net) decide(sent *trace.Event) (all Action) {
	for _, f := range n.faults {
		all = all.and(f(sent))
	}
	return all
}

// and is both: a bit that is flipped twice is as it was.
func (a Action) and(b Action) Action {
	why := a.Why
	switch {
	case why == "":
		why = b.Why
	case b.Why != "" && b.Why != why:
		why += "; " + b.Why
	}
	return Action{
		Drop: a.Drop || b.Drop, Delay: a.Delay + b.Delay, Copies: a.Copies + b.Copies, Corrupt: a.Corrupt ^ b.Corrupt,
		Reorder: a.Reorder || b.Reorder, Reset: a.Reset || b.Reset, Why: why,
	}
}

// Cut takes a link apart, or mends it. What is under way on it is lost.
func (n *Net) Cut(link string, cut bool) error {
	for _, l := range n.links {
		if l.name == link {
			l.cut = cut
			return nil
		}
	}
	return fmt.Errorf("there is no link %s", link)
}

// Hold keeps a frame from arriving until Release.
func (n *Net) Hold(frame uint64) error {
	return n.each(frame, func(fl *flight) {
		if fl.held || !fl.entry.Stop() {
			return
		}
		due := fl.entry.At()
		if fl.yields {
			due = fl.due
		}
		n.yieldNoMore(fl)
		fl.held, fl.left = true, max(due-n.clock.Elapsed(), 0)
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
			fl.due += d
			fl.entry.Reset(fl.entry.At() - n.clock.Elapsed() + d)
		}
		n.befall(fl, trace.Delayed, why)
	})
}

// Double sends a copy of a frame, which arrives right behind it.
func (n *Net) Double(frame uint64, why string) error {
	return n.each(frame, func(fl *flight) {
		copied := *fl.frame
		n.befall(fl, trace.Duplicated, why)
		second := n.launch(&copied, fl.to, trip{max(fl.leaves-n.clock.Elapsed(), 0), max(fl.entry.At()-n.clock.Elapsed(), 0)})
		second.scope = fl.scope
	})
}

// Spoil flips bits in the last octet of a frame: whoever checks its checksum
// throws it away.
func (n *Net) Spoil(frame uint64, mask byte, why string) error {
	return n.each(frame, func(fl *flight) {
		fl.frame.Data = spoiled(fl.frame.Data, mask)
		n.befall(fl, trace.Corrupted, why)
	})
}

// Reorder has a frame arrive right behind the next one from the same interface to
// the same one, or a second late when none comes by then. A frame that is held is
// let go for it.
func (n *Net) Reorder(frame uint64, why string) error {
	return n.each(frame, func(fl *flight) {
		if fl.yields {
			return
		}
		if fl.held {
			fl.held = false
			fl.entry.Reset(fl.left)
		}
		n.yield(fl)
		n.befall(fl, trace.Reordered, why)
	})
}

// CanReset tells whether a frame under way can be Reset.
func (n *Net) CanReset(frame uint64) bool {
	list, err := n.flying(frame)
	return err == nil && Resettable(list[0].frame.Head())
}

// Reset takes a TCP segment off its link and ends its connection: each end gets an
// RST in the name of the other. It returns an error, and does nothing, when the
// frame holds no TCP segment or an RST.
func (n *Net) Reset(frame uint64, why string) error {
	list, err := n.flying(frame)
	if err != nil {
		return err
	}
	fl := list[0]
	if !n.CanReset(frame) {
		return fmt.Errorf("frame %d holds no TCP segment that can be answered with an RST", frame)
	}
	from := n.ifaceOf(fl.frame)
	after := fl.left
	if !fl.held {
		after = max(fl.entry.At()-n.clock.Elapsed(), 0)
	}
	data := fl.frame.Data
	if err := n.Lose(frame, why); err != nil {
		return err
	}
	n.forge(data, from, fl.to, after, why)
	return nil
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
