package sim

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"mailwalk/sim/trace"
	"mailwalk/sim/wire/virtual"
)

// Act is something done to the world from outside of it, while it is at rest: by
// a learner's hand, or by a visitor. It is recorded with its place, so that it can
// be done again.
type Act struct {
	// By is learner or visitor.
	By string
	// What is the verb: one of those below, or trace.Visit and what follows it.
	What string
	// Target is what it is done to, as trace.ActBody has it.
	Target string
	// Detail says more in plain words.
	Detail string
	// Input are a visitor's octets, or what comes in place of a zone's records, of a
	// part of a mail or of a server's answer. Octets is how many a visitor has taken.
	Input  []byte
	Octets int64
	// Delay is by how much a packet or line is put off.
	Delay time.Duration
}

// Who acts from outside.
const (
	Learner = "learner"
	Visitor = "visitor"
)

// What a learner's hands can do: to a packet under way, "frame 12", ...
const (
	HoldFrame      = "hold"
	ReleaseFrame   = "release"
	DropFrame      = "drop"
	DelayFrame     = "delay"
	DuplicateFrame = "duplicate"
	CorruptFrame   = "corrupt"
	ReorderFrame   = "reorder"
	ResetFrame     = "reset"
	// ... to a link, ...
	CutLink  = "cut"
	MendLink = "mend"
	// ... to a host; it crashes when it is switched off and on at once, ...
	SwitchOn  = "on"
	SwitchOff = "off"
	CrashHost = "crash"
	// ... to a zone, by its absolute name: the name servers that answer for it do so
	// by the Input from then on, a master file. What resolvers have learnt they keep.
	ChangeZone = "zone"
	// ... and to a mail, by its number, until it is written: the Input takes the place
	// of its subject, its text, or its recipients, addresses with commas between.
	ChangeSubject    = "subject"
	ChangeText       = "text"
	ChangeRecipients = "recipients"
)

// FramePrefix begins the target of an act that is done to a packet.
const FramePrefix = "frame "

// Frame is the target of an act that is done to a packet.
func Frame(number uint64) string { return FramePrefix + strconv.FormatUint(number, 10) }

// Do does something to the world, at once. It is called by who steps. An error
// says why it cannot be done; then nothing has happened.
func (w *World) Do(a Act) error {
	err := errClosed
	w.clock.Inject(w.clock.Elapsed(), func() { err = w.do(a) })
	return err
}

var errClosed = errors.New("the walk is over")

// do is Do within the clock's Inject.
func (w *World) do(a Act) error {
	act, err := w.prepareAct(a)
	if err != nil {
		return fmt.Errorf("%s %s: %w", a.What, a.Target, err)
	}
	w.recorder.Record(trace.Event{What: a.What, Body: &trace.ActBody{
		By: a.By, Target: a.Target, Detail: a.Detail, Turn: w.clock.Ran() + 1, Input: a.Input, Octets: a.Octets, Delay: a.Delay,
	}})
	return act()
}

// prepareAct finds out whether an act can be done, and what is to be done then.
func (w *World) prepareAct(a Act) (func() error, error) {
	switch a.What {
	case SwitchOn, SwitchOff:
		if w.scenario.Host(a.Target) == nil {
			return nil, errors.New("there is no such host")
		}
		return func() error { return w.Power(a.Target, a.What == SwitchOn) }, nil
	case CrashHost:
		switch {
		case w.scenario.Host(a.Target) == nil:
			return nil, errors.New("there is no such host")
		case w.off[a.Target]:
			return nil, errors.New("it is switched off")
		}
		return func() error { return w.crash(a.Target) }, nil
	case ChangeZone:
		return w.prepareZone(a.Target, string(a.Input))
	case ChangeSubject, ChangeText, ChangeRecipients:
		return w.prepareChange(a)
	case trace.Visit, trace.Say, trace.Drain, trace.Finish, trace.HangUp:
		return w.prepareVisit(a)
	case HoldLine, ReleaseLine, DropLine, DelayLine, DuplicateLine, CorruptLine, AnswerLine:
		return w.prepareLine(a)
	}
	n := w.virtual
	if n == nil {
		return nil, errors.New("packets and links can be touched on the virtual wire alone")
	}
	switch a.What {
	case CutLink, MendLink:
		if w.scenario.Link(a.Target) == nil {
			return nil, errors.New("there is no such link")
		}
		return func() error { return n.Cut(a.Target, a.What == CutLink) }, nil
	}
	number, ok := strings.CutPrefix(a.Target, FramePrefix)
	frame, err := strconv.ParseUint(number, 10, 64)
	if !ok || err != nil {
		return nil, errors.New("it is no packet; say frame and its number")
	}
	do, ok := frameActs[a.What]
	if !ok {
		return nil, errors.New("there is no such act")
	}
	if !n.InFlight(frame) {
		return nil, errors.New("it is not under way")
	}
	if a.What == ResetFrame && !n.CanReset(frame) {
		return nil, errors.New("it holds no TCP segment that can be answered with an RST")
	}
	return func() error { return do(n, frame, a.Delay) }, nil
}

// byHand is why something happens to a packet.
const byHand = "the learner has it so"

var frameActs = map[string]func(n *virtual.Net, frame uint64, delay time.Duration) error{
	HoldFrame:      func(n *virtual.Net, f uint64, _ time.Duration) error { return n.Hold(f) },
	ReleaseFrame:   func(n *virtual.Net, f uint64, _ time.Duration) error { return n.Release(f) },
	DropFrame:      func(n *virtual.Net, f uint64, _ time.Duration) error { return n.Lose(f, byHand) },
	DelayFrame:     func(n *virtual.Net, f uint64, d time.Duration) error { return n.PutOff(f, d, byHand) },
	DuplicateFrame: func(n *virtual.Net, f uint64, _ time.Duration) error { return n.Double(f, byHand) },
	CorruptFrame:   func(n *virtual.Net, f uint64, _ time.Duration) error { return n.Spoil(f, 1, byHand) },
	ReorderFrame:   func(n *virtual.Net, f uint64, _ time.Duration) error { return n.Reorder(f, byHand) },
	ResetFrame:     func(n *virtual.Net, f uint64, _ time.Duration) error { return n.Reset(f, byHand) },
}

// Flying lists the packets under way, the next to arrive first. It is empty on a
// wire that does not show packets.
func (w *World) Flying() []virtual.Flying {
	if w.virtual == nil {
		return nil
	}
	return w.virtual.Flying()
}
