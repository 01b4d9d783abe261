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
		if !f.Anchored() && f.Wait == 0 && f.For == 0 && fault.standing {
			fault.on = true // from the very first packet or line
			continue
		}
		if !f.After.IsZero() && f.Wait == 0 {
			w.lieInWait(fault)
			continue
		}
		m := w.newMoment(&f.Anchor)
		w.people.Go("fault", func(ctx context.Context) {
			if m.wait(ctx) != nil {
				return // the world has ended
			}
			fault.begin(w, nil)
			if f.For > 0 && w.clock.Sleep(ctx, f.For) == nil {
				fault.end(w)
			}
		})
	}
}

// strike is a fault that is to begin, since an event has come.
type strike struct {
	fault *fault
	cause uint64
}

// lieInWait has a fault begin as soon as its event has come and the world is at
// rest: before anything else that is due at that time.
func (w *World) lieInWait(x *fault) {
	left := x.After.Nth()
	w.recorder.Listen(func(e *trace.Event) {
		if left == 0 || !x.After.Match(e) {
			return
		}
		if left--; left == 0 {
			w.due = append(w.due, strike{x, e.Seq})
		}
	})
}

// strike begins the faults whose events have come.
func (w *World) strike() {
	for len(w.due) > 0 {
		s := w.due[0]
		w.due = w.due[1:]
		w.clock.Inject(w.clock.Elapsed(), func() {
			s.fault.begin(w, []uint64{s.cause})
			if s.fault.For > 0 {
				w.clock.Post(s.fault.For, func() { s.fault.end(w) })
			}
		})
	}
}

// fault is a fault of the walk and whether it lasts.
type fault struct {
	*scenarios.Fault
	standing bool // of packets or lines, whatever comes
	on       bool
	count    int // packets or lines that matched
}

func (w *World) newFault(i int, f *scenarios.Fault) *fault {
	x := &fault{Fault: f, standing: !f.Packet.IsZero() || !f.Line.IsZero()}
	chance := wire.Stream(w.seed, uint64(i), "the walk", "fault")
	percent := func() int { return int(chance.Uint64() % 100) }
	switch {
	case !f.Packet.IsZero():
		w.virtual.OnSend(func(sent *trace.Event) virtual.Action { return x.act(sent, percent) })
	case !f.Line.IsZero():
		w.meddle().add(x, percent, wire.Stream(w.seed, uint64(i), "the walk", "octet"))
	}
	return x
}

// picks tells whether a packet or line that matches is one of those meant.
func (x *fault) picks(which trace.Selector, percent func() int) bool {
	x.count++
	switch {
	case which.Counted() && x.count != which.Nth(),
		x.Every > 0 && x.count%x.Every != 0,
		x.Percent > 0 && percent() >= x.Percent:
		return false
	}
	return true
}

// byWalk is why something happens to a packet or line.
const byWalk = "the walk has it so"

// act decides what a fault of packets does to one.
func (x *fault) act(sent *trace.Event, percent func() int) virtual.Action {
	if !x.on || !x.Packet.Match(sent) || x.Does == scenarios.Reset && !virtual.Resettable(sent.Body.(*trace.PacketBody).Head) {
		return virtual.Action{}
	}
	if !x.picks(x.Packet, percent) {
		return virtual.Action{}
	}
	a := virtual.Action{Why: byWalk}
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

// begin has the fault's moment come; causes are nil when it comes of what runs.
func (x *fault) begin(w *World, causes []uint64) {
	x.on = true
	w.record(x.Fault, string(x.Does), causes)
	switch {
	case x.Host != "" && x.Does == scenarios.Crash:
		w.must(w.crash(x.Host))
	case x.Host != "":
		w.must(w.Power(x.Host, x.Does == scenarios.SwitchOn))
	case x.Link != "":
		w.must(w.virtual.Cut(x.Link, x.Does == scenarios.Cut))
	case x.Zone != "":
		change, err := w.prepareZone(x.Zone, x.Records)
		w.must(err)
		if err == nil {
			w.must(change())
		}
	}
}

func (x *fault) end(w *World) {
	x.on = false
	switch {
	case x.Host != "" && x.Does == scenarios.SwitchOff:
		w.record(x.Fault, string(scenarios.SwitchOn), nil)
		w.must(w.Power(x.Host, true))
	case x.Link != "" && x.Does == scenarios.Cut:
		w.record(x.Fault, string(scenarios.Mend), nil)
		w.must(w.virtual.Cut(x.Link, false))
	}
}

// record says what the walk does.
func (w *World) record(f *scenarios.Fault, verb string, causes []uint64) {
	b := &trace.ActBody{By: "walk"}
	switch {
	case f.Host != "" && f.Does == scenarios.Crash:
		b.Target = f.Host
		b.Detail = "walk crashes " + w.label(f.Host) + ": " + crashes
	case f.Zone != "":
		verb, b.Target = ChangeZone, f.Zone
		text, _ := w.ZoneText(f.Zone)
		b.Detail = "walk changes the zone " + f.Zone + " " + ZoneDifference(text, f.Records)
		b.Input = []byte(f.Records)
	case f.Host != "":
		b.Target = f.Host
		b.Detail = fmt.Sprintf("the power of %s goes %s", w.label(f.Host), verb)
	case f.Link != "":
		b.Target = f.Link
		b.Detail = fmt.Sprintf("the link %s is %s", f.Link, map[string]string{"cut": "cut", "mend": "mended"}[verb])
	case !f.Line.IsZero():
		b.Target = f.Line.String()
		b.Detail = "from now on lines go wrong: " + verb + " " + f.Line.String()
	default:
		b.Target = f.Packet.String()
		b.Detail = "from now on packets go wrong: " + verb + " " + f.Packet.String()
	}
	w.recorder.Record(trace.Event{What: verb, Causes: causes, Body: b})
}

// must tells of what cannot fail in a walk that was checked.
func (w *World) must(err error) {
	if err != nil {
		w.warn(err.Error())
	}
}
