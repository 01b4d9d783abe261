package sim

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"

	"mailwalk/protocols/dialog"
	"mailwalk/scenarios"
	"mailwalk/sim/clock"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
)

// What a learner's hands can do to a line or content of a dialogue, by the key of
// its line.sent event, before that happens: "line line/sent/…". A line that is held
// can be let go, or anything else can be done to it then. A server can be answered
// for by the key of what it is about to say, and by that of the line.received event
// of a command: then its program does not hear of the command. The lines of the
// answer are the act's Input.
const (
	HoldLine      = "hold-line"
	ReleaseLine   = "release-line"
	DropLine      = "drop-line"
	DelayLine     = "delay-line"
	DuplicateLine = "duplicate-line"
	CorruptLine   = "corrupt-line"
	AnswerLine    = "answer-line"
)

// Line is the target of an act that is done to a line, by the key of its event.
func Line(key string) string { return lineTarget + key }

const lineTarget = "line "

// lines decide what becomes of the lines that programs say.
type lines struct {
	clock  *clock.Clock
	seed   uint64
	faults []func(e *trace.Event) trace.LineFate
	orders map[string]trace.LineFate // of a learner, by key
	held   []*heldLine               // the first one held first
}

// heldLine is a line that waits to be let go.
type heldLine struct {
	key  string
	cond *clock.Cond
	over bool
	fate trace.LineFate
}

// meddle has the world's lines decided on, from now on.
func (w *World) meddle() *lines {
	if w.lines == nil {
		w.lines = &lines{clock: w.clock, seed: w.seed, orders: map[string]trace.LineFate{}}
		w.recorder.DecideLines(w.lines.decide)
	}
	return w.lines
}

// add has a fault of the walk decide as well.
func (l *lines) add(x *fault, percent func() int, octets *rand.ChaCha8) {
	l.faults = append(l.faults, func(e *trace.Event) trace.LineFate { return x.fate(e, percent, octets) })
}

// fate decides what a fault of lines does to one.
func (x *fault) fate(e *trace.Event, percent func() int, octets *rand.ChaCha8) trace.LineFate {
	if !x.on || !x.Line.Match(e) || x.Does == scenarios.Answer && !answerable(e) || !x.picks(x.Line, percent) {
		return trace.LineFate{}
	}
	f := trace.LineFate{Why: byWalk}
	switch x.Does {
	case scenarios.Drop:
		f.Drop = true
	case scenarios.Delay:
		f.Delay = x.By
	case scenarios.Duplicate:
		f.Copies = 1
	case scenarios.Corrupt:
		f.Corrupt = octetOf(octets)
	case scenarios.Answer:
		f.Answer, _ = scenarios.AnswerLines(x.With) // the walk was checked
	}
	return f
}

// answerable tells whether a server can be answered for: by what it says, or to what
// it has heard.
func answerable(e *trace.Event) bool {
	b := e.Body.(*trace.LineBody)
	if e.What == trace.Sent {
		return b.FromServer && b.Role != dialog.Body
	}
	return !b.FromServer && (b.Role == dialog.Command || b.Role == dialog.Body)
}

// decide is for trace.Recorder.DecideLines.
func (l *lines) decide(e *trace.Event) trace.LineFate {
	var fate trace.LineFate
	for _, f := range l.faults {
		fate = bothFates(fate, f(e))
	}
	if order, ok := l.orders[e.Key]; ok {
		delete(l.orders, e.Key)
		fate = bothFates(fate, order)
	}
	return fate
}

// bothFates is what becomes of a line to which two things are done. Of two answers
// or two octets the first counts.
func bothFates(a, b trace.LineFate) trace.LineFate {
	if a.Why == "" {
		a.Why = b.Why
	}
	a.Drop = a.Drop || b.Drop
	if len(a.Answer) == 0 {
		a.Answer = b.Answer
	}
	if a.Corrupt == 0 {
		a.Corrupt = b.Corrupt
	}
	a.Copies += b.Copies
	a.Delay += b.Delay
	if hold, done := b.Hold, a; hold != nil {
		// What else is done to it is done when it is let go.
		return trace.LineFate{Why: b.Why, Hold: func() (trace.LineFate, error) {
			then, err := hold()
			return bothFates(done, then), err
		}}
	}
	return a
}

// Held are the keys of the lines that wait to be let go, in the order in which
// they began to.
func (w *World) Held() []string {
	if w.lines == nil {
		return nil
	}
	var keys []string
	for _, h := range w.lines.held {
		keys = append(keys, h.key)
	}
	return keys
}

// hold is the fate of a line that waits until it is let go, or its host is
// switched off.
func (l *lines) hold(key string) trace.LineFate {
	return trace.LineFate{Why: byHand, Hold: func() (trace.LineFate, error) {
		h := &heldLine{key: key, cond: l.clock.NewCond()}
		l.held = append(l.held, h)
		defer func() { l.held = slices.DeleteFunc(l.held, func(x *heldLine) bool { return x == h }) }()
		for !h.over {
			if err := h.cond.Wait(context.Background()); err != nil {
				return trace.LineFate{}, err
			}
		}
		return h.fate, nil
	}}
}

func (l *lines) heldBy(key string) *heldLine {
	for _, h := range l.held {
		if h.key == key && !h.over {
			return h
		}
	}
	return nil
}

// prepareLine finds out whether an act can be done to a line, and what is to be
// done then.
func (w *World) prepareLine(a Act) (func() error, error) {
	key, ok := strings.CutPrefix(a.Target, lineTarget)
	heard, said := strings.HasPrefix(key, "line/received/"), strings.HasPrefix(key, "line/sent/")
	if !ok || !heard && !said {
		return nil, errors.New("it is no line; say line and the key of its line.sent event")
	}
	l := w.meddle()
	h := l.heldBy(key)
	if h == nil && w.recorder.Happened(key) {
		return nil, errors.New("it is too late: it has been said, and cannot be taken back")
	}
	fromServer := strings.Contains(key, "/server/")
	switch {
	case a.What == AnswerLine && heard == fromServer:
		return nil, errors.New("only what a server says, or a command that it has received, can be answered in its stead")
	case a.What != AnswerLine && heard:
		return nil, errors.New("a line is touched before it is said; say the key of its line.sent event")
	}
	fate, err := l.ordered(a, key)
	if err != nil {
		return nil, err
	}
	switch {
	case a.What == ReleaseLine && h == nil:
		if l.orders[key].Hold == nil {
			return nil, errors.New("it is not held")
		}
		return func() error { delete(l.orders, key); return nil }, nil
	case a.What == HoldLine && h != nil:
		return nil, errors.New("it is held already")
	case h == nil:
		return func() error { l.orders[key] = bothFates(l.orders[key], fate); return nil }, nil
	}
	return func() error {
		h.over, h.fate = true, fate
		h.cond.Broadcast()
		return nil
	}, nil
}

// ordered is the fate that an act gives a line.
func (l *lines) ordered(a Act, key string) (trace.LineFate, error) {
	f := trace.LineFate{Why: byHand}
	switch a.What {
	case HoldLine:
		return l.hold(key), nil
	case DropLine:
		f.Drop = true
	case DelayLine:
		if f.Delay = a.Delay; f.Delay <= 0 {
			return f, errors.New("it is not said how much later")
		}
	case DuplicateLine:
		f.Copies = 1
	case CorruptLine:
		f.Corrupt = octetOf(wire.Stream(l.seed, 0, key, "octet"))
	case AnswerLine:
		var err error
		if f.Answer, err = scenarios.AnswerLines(string(a.Input)); err != nil {
			return f, err
		}
	}
	return f, nil
}

// octetOf draws which octet is changed; it is not 0.
func octetOf(from *rand.ChaCha8) uint64 { return from.Uint64()>>1 + 1 }
