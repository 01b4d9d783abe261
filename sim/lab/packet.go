package lab

import (
	"strconv"
	"strings"

	"mailwalk/sim"
	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire/virtual"
)

// packetVerbs are what can be done to a packet under way. In words, done begins
// what the learner does, and asks is what must be given besides.
var packetVerbs = []struct{ name, words, done, asks string }{
	{sim.HoldFrame, "hold the packet until it is let go", "holds", ""},
	{sim.ReleaseFrame, "let the packet go the rest of its way", "lets go", ""},
	{sim.DropFrame, "lose the packet", "drops", ""},
	{sim.DelayFrame, "have the packet arrive later", "delays", "by how much, as in 300ms"},
	{sim.DuplicateFrame, "have the packet arrive twice", "doubles", ""},
	{sim.CorruptFrame, "turn over a bit of the packet's last octet", "damages", ""},
	{sim.ReorderFrame, "let the next packet on the same way pass it", "lets the next one pass", ""},
	{sim.ResetFrame, "lose the packet, and reset its connection in the name of each end to the other", "resets the connection of", ""},
}

// frame is the packet that the event is about: the event of its sending, 0 when
// there is none.
func (s subject) frame() (sent uint64) {
	var number uint64
	switch b := s.e.Body.(type) {
	case *trace.PacketBody:
		number = b.Frame
	case *trace.ActBody:
		digits, ok := strings.CutPrefix(b.Target, sim.FramePrefix)
		n, err := strconv.ParseUint(digits, 10, 64)
		if !ok || err != nil {
			return 0
		}
		number = n
	}
	if number == 0 || number > uint64(len(s.run.sent)) {
		return 0
	}
	return s.run.sent[number-1]
}

func (s subject) packet() []choice {
	sent := s.frame()
	if sent == 0 {
		return nil
	}
	e := s.run.trace.At(sent)
	b := e.Body.(*trace.PacketBody)
	where, not := behind, ""
	flying, held := s.flying(b.Frame)
	if flying {
		where = now
	} else {
		not = s.run.neverFlew(e, b.Frame)
	}
	var list []choice
	for _, v := range packetVerbs {
		c := choice{Verb: Verb{Name: v.name, Words: v.words, Asks: v.asks, Not: not}, where: where, seq: sent}
		if c.Not == "" {
			c.Not = unfit(v.name, b, flying, held)
		}
		c.act = func(given string) (sim.Act, error) {
			a := byLearner(v.name, sim.Frame(b.Frame), v.done+" a packet on "+b.Link+": "+explain.Carried(e))
			var err error
			if v.name == sim.DelayFrame {
				if a.Delay, err = parseDelay(given); err == nil {
					a.Detail += ", by " + a.Delay.String()
				}
			}
			return a, err
		}
		list = append(list, c)
	}
	return list
}

// unfit says why something cannot be done to a packet under way.
func unfit(verb string, b *trace.PacketBody, flying, held bool) string {
	switch verb {
	case sim.HoldFrame:
		return unless(!held, "it is held")
	case sim.ReleaseFrame:
		if !flying {
			return "it is not under way any more"
		}
		return unless(held, "nobody holds it")
	case sim.ResetFrame:
		return unless(virtual.Resettable(b.Head), "it holds no TCP segment that can be answered with an RST")
	}
	return ""
}

// flying tells whether a frame is under way now, and held.
func (s subject) flying(frame uint64) (flying, held bool) {
	for _, f := range s.run.world.Flying() {
		if f.Frame == frame {
			return true, f.Held
		}
	}
	return false, false
}

// neverFlew says why a packet that is not under way now was not when it was sent
// either; it is empty when it was.
func (r *run) neverFlew(sent *trace.Event, frame uint64) string {
	x := r.trace.Index()
	node, ok := x.NodeOf(sent)
	if !ok {
		return ""
	}
	events := x.Events(node)
	if len(events) == 1 {
		return "nobody was there to get it"
	}
	for _, seq := range events[1:] {
		e := r.trace.At(seq)
		b := e.Body.(*trace.PacketBody)
		if e.What == trace.Dropped && r.placeOf(seq) == r.placeOf(sent.Seq) {
			return "it was lost as it was sent: " + b.Why
		}
	}
	return ""
}
