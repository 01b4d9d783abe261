package sim

import (
	"context"
	"fmt"

	"mailwalk/scenarios"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
	"mailwalk/sim/wire/virtual"
)

// startFaults has go wrong what the walk says.
func (w *World) startFaults() {
	for i, f := range w.scenario.Faults {
		fault := w.newFault(i, f)
		if !f.Anchored() && f.Wait == 0 && f.For == 0 && fault.packets {
			fault.on = true // from the very first packet
			continue
		}
		m := w.newMoment(&f.Anchor)
		w.people.Go("fault", func(ctx context.Context) {
			if m.wait(ctx) != nil {
				return // the world has ended
			}
			fault.begin(w)
			if f.For > 0 && w.clock.Sleep(ctx, f.For) == nil {
				fault.end(w)
			}
		})
	}
}

// fault is a fault of the walk and whether it lasts.
type fault struct {
	*scenarios.Fault
	packets bool
	on      bool
	count   int // packets that matched
}

func (w *World) newFault(i int, f *scenarios.Fault) *fault {
	x := &fault{Fault: f, packets: !f.Packet.IsZero()}
	if x.packets {
		chance := wire.Stream(w.seed, uint64(i), "the walk", "fault")
		w.virtual.OnSend(func(sent *trace.Event) virtual.Action {
			return x.act(sent, func() int { return int(chance.Uint64() % 100) })
		})
	}
	return x
}

// act decides what a fault of packets does to one.
func (x *fault) act(sent *trace.Event, percent func() int) virtual.Action {
	if !x.on || !x.Packet.Match(sent) || x.Does == scenarios.Reset && !virtual.Resettable(sent.Body.(*trace.PacketBody).Head) {
		return virtual.Action{}
	}
	x.count++
	switch {
	case x.Packet.Counted() && x.count != x.Packet.Nth(),
		x.Every > 0 && x.count%x.Every != 0,
		x.Percent > 0 && percent() >= x.Percent:
		return virtual.Action{}
	}
	a := virtual.Action{Why: "the walk has it so"}
	switch x.Does {
	case scenarios.Drop:
		a.Drop = true
	case scenarios.Delay:
		a.Delay = x.By
	case scenarios.Duplicate:
		a.Copies = 1
	case scenarios.Corrupt:
		a.Corrupt = 1
	case scenarios.Reorder:
		a.Reorder = true
	case scenarios.Reset:
		a.Reset = true
	}
	return a
}

func (x *fault) begin(w *World) {
	x.on = true
	w.record(x.Fault, string(x.Does))
	switch {
	case x.Host != "":
		w.must(w.Power(x.Host, x.Does == scenarios.SwitchOn))
	case x.Link != "":
		w.must(w.virtual.Cut(x.Link, true))
	}
}

func (x *fault) end(w *World) {
	x.on = false
	switch {
	case x.Host != "" && x.Does == scenarios.SwitchOff:
		w.record(x.Fault, string(scenarios.SwitchOn))
		w.must(w.Power(x.Host, true))
	case x.Link != "":
		w.record(x.Fault, "mend")
		w.must(w.virtual.Cut(x.Link, false))
	}
}

// record says what the walk does.
func (w *World) record(f *scenarios.Fault, verb string) {
	b := &trace.ActBody{By: "walk"}
	switch {
	case f.Host != "":
		b.Target = f.Host
		b.Detail = fmt.Sprintf("the power of %s goes %s", w.label(f.Host), verb)
	case f.Link != "":
		b.Target = f.Link
		b.Detail = fmt.Sprintf("the link %s is %s", f.Link, map[string]string{"cut": "cut", "mend": "mended"}[verb])
	default:
		b.Target = f.Packet.String()
		b.Detail = "from now on packets go wrong: " + verb + " " + f.Packet.String()
	}
	w.recorder.Record(trace.Event{What: verb, Body: b})
}

// must tells of what cannot fail in a walk that was checked.
func (w *World) must(err error) {
	if err != nil {
		w.warn(err.Error())
	}
}
