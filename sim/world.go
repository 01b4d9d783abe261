// Package sim is the world that a walk describes, and its run: hosts on a
// network with their programs, people who do what the walk says, and the trace
// that all of it leaves.
//
//	w, err := sim.New(scenario, sim.Options{})
//	for w.Step() {
//	}
//	events := w.Trace()
package sim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"mailwalk/scenarios"
	"mailwalk/sim/clock"
	"mailwalk/sim/mailbox"
	"mailwalk/sim/mta"
	"mailwalk/sim/mua"
	"mailwalk/sim/resolver"
	"mailwalk/sim/secure"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
	"mailwalk/sim/wire/loopback"
	"mailwalk/sim/wire/virtual"
)

// Options change a walk for one run.
type Options struct {
	// Seed takes the place of the walk's, if it is not nil.
	Seed *uint64
	// Message is sent as it is, in place of the walk's first mail.
	Message *File
	// Attach are put to the walk's first mail, besides what it carries.
	Attach []File
	// From, To, Subject and Text take the place of those of the walk's first mail.
	// The addresses are local-part@domain.
	From          string
	To            []string
	Subject, Text string
	// Wire is Virtual or Loopback; empty means Virtual.
	Wire string
	// Doors lets visitors come in.
	Doors bool
	// Idle has nobody do what the walk has its people do.
	Idle bool
	// Acts are done from outside at their places, as in a run that was recorded.
	Acts []PlacedAct
	// Build is the program's version, for the trace's header.
	Build string
}

// The wires: a network in the process, and the machine's own sockets.
const (
	Virtual  = "virtual"
	Loopback = "loopback"
)

// File is a file of the user's own.
type File struct {
	Name    string
	Content []byte
}

// World is a walk that runs. It is used by one goroutine at a time; its trace may
// be read by others between steps.
type World struct {
	scenario *scenarios.Scenario
	seed     uint64
	clock    *clock.Clock
	recorder *trace.Recorder
	player   *clock.Player
	inbox    *clock.Inbox // what comes from outside
	net      wire.World
	virtual  *virtual.Net // the same; nil on another wire
	loopback *loopback.Net
	acts     []PlacedAct // still to be done
	missed   []PlacedAct // that were left out
	doors    bool
	visitors string // the host at which visitors stand; empty when none can come
	visits   []*visit
	outlet   Outlet                     // of the visitor who is coming in
	left     func()                     // the same
	present  atomic.Int64               // visitors who are connected
	people   *clock.Group               // those who act, and what goes wrong
	served   map[string]*resolver.Zones // by host
	zones    map[string]string          // texts that are not the walk's any more, by origin
	due      []strike                   // faults whose event has come
	stores   map[string]*mailbox.Store
	secrets  secrets
	servers  map[string]*mta.Server
	programs map[string]*mua.Program // by device's host and person
	mails    map[string]*letter      // by short name
	sent     map[string][]byte       // contents as they were sent, by number
	off      map[string]bool         // hosts that are switched off
	going    *going                  // the latest act
	// authority vouches for the walk's servers; nil in a walk without TLS.
	authority *secure.Authority
	lines     *lines // nil as long as nobody wants anything of lines
	closed    bool
}

// New builds the world of a walk. Nothing happens in it before the first step.
func New(sc *scenarios.Scenario, o Options) (*World, error) {
	seed := sc.Seed
	if o.Seed != nil {
		seed = *o.Seed
	}
	t := trace.New(trace.Header{Build: o.Build, Seed: seed, Name: sc.Name, Scenario: string(sc.Source), Given: o.given()})
	t.Limit(trace.DefaultMemory)
	w := &World{
		scenario: sc, seed: seed, recorder: trace.NewRecorder(t),
		served: map[string]*resolver.Zones{}, zones: map[string]string{},
		stores: map[string]*mailbox.Store{}, secrets: secrets{}, servers: map[string]*mta.Server{}, programs: map[string]*mua.Program{},
		mails: map[string]*letter{}, sent: map[string][]byte{}, off: map[string]bool{},
		inbox: clock.NewInbox(), acts: slices.Clone(o.Acts), doors: o.Doors,
	}
	w.clock = clock.New(sc.Start, w.recorder.Root())
	w.recorder.Attach(w.clock)
	w.recorder.ReserveMails(len(sc.Mails))
	if sc.SpeaksTLS() {
		var err error
		if w.authority, err = secure.NewAuthority(seed, sc.Start); err != nil {
			return nil, fmt.Errorf("walk %s: %w", sc.Name, err)
		}
	}
	if err := w.lay(o.Wire); err != nil {
		return nil, fmt.Errorf("walk %s: %w", sc.Name, err)
	}
	w.clock.OnRest(w.strike)
	w.player = clock.NewPlayer(w.clock, w.inbox, w.busy, clock.Unhurried)
	if err := w.build(o); err != nil {
		return nil, fmt.Errorf("walk %s: %w", sc.Name, errors.Join(err, w.Close()))
	}
	return w, nil
}

// lay makes the wire.
func (w *World) lay(name string) error {
	switch name {
	case "", Virtual:
		w.virtual = virtual.New(virtual.Config{Clock: w.clock, Recorder: w.recorder, Seed: w.seed, ShowARP: w.scenario.Wire.ARP == scenarios.Shown})
		w.net = w.virtual
	case Loopback:
		if err := w.scenario.NeedsPackets(); err != nil {
			return fmt.Errorf("it can be run on the virtual wire alone, where packets can be seen and touched:\n%w", err)
		}
		w.loopback = loopback.New(loopback.Config{Clock: w.clock, Inbox: w.inbox, Recorder: w.recorder, Seed: w.seed})
		w.net = w.loopback
	default:
		return fmt.Errorf("there is no wire %q; the wires are %s and %s", name, Virtual, Loopback)
	}
	return nil
}

// Trace is what has happened so far. It grows with each step.
func (w *World) Trace() *trace.Trace { return w.recorder.Trace() }

// Listen has f called with each event as it happens. f must not call the world.
func (w *World) Listen(f func(*trace.Event)) { w.recorder.Listen(f) }

// Now is the virtual time since the walk's start.
func (w *World) Now() time.Duration { return w.clock.Elapsed() }

// Next is when the next step will be; false when nothing is left to happen.
func (w *World) Next() (time.Duration, bool) { return w.clock.Next() }

// Step lets the next thing happen, with all that comes of it at once: a packet
// arrives, a timer fires, a program goes on, a visitor says something. It returns
// false when nothing is left to happen. Many steps leave no event.
//
// As long as visitors are there, and on the loopback wire as long as the machine
// has something under way, time goes no faster than real time: then Step waits.
func (w *World) Step() bool {
	more, _ := w.step(context.Background()) // which does not end
	return more
}

func (w *World) step(ctx context.Context) (bool, error) {
	if w.playActs() {
		return true, nil
	}
	return w.player.Step(ctx)
}

// Play steps at a speed until ctx ends, and waits for visitors when nothing else
// is left to happen. It returns ctx's error.
func (w *World) Play(ctx context.Context, s clock.Speed) error {
	w.player.SetSpeed(s)
	defer w.player.SetSpeed(clock.Unhurried)
	return w.player.Play(ctx)
}

// Admit lets what a visitor has done happen while time stands still, one thing of
// it; false when nobody has done anything.
func (w *World) Admit() bool { return w.player.Admit() }

// OnArrival has f called when something has come from outside, on whatever
// goroutine. f must not wait.
func (w *World) OnArrival(f func()) { w.inbox.OnPut(f) }

// Player is what lets the world's time go with real time while it plays.
func (w *World) Player() *clock.Player { return w.player }

// busy tells whether something is under way outside of the queue.
func (w *World) busy() bool {
	return w.present.Load() > 0 || w.loopback != nil && w.loopback.Busy()
}

// Power switches a host off or on. Switched off, its programs end on the spot and
// what its disk had not yet taken may be lost; switched on, they start anew with
// what is on the disk. Switched to what it is, it stays so.
func (w *World) Power(host string, on bool) error {
	h := w.scenario.Host(host)
	if h == nil {
		return fmt.Errorf("there is no host %s", host)
	}
	if w.off[host] == !on {
		return nil
	}
	state := map[bool]string{true: "up", false: "down"}
	w.recorder.Record(trace.Event{Host: host, What: trace.HostState, Body: &trace.StateBody{Name: host, Before: state[!on], After: state[on]}})
	w.off[host] = !on
	if err := w.net.Power(host, on); err != nil {
		return err
	}
	if !on {
		if w.going != nil && w.going.host == host {
			w.going.end()
		}
		return nil
	}
	return w.startPrograms(h)
}

// crashes is what a crash is, in plain words.
const crashes = "it stops on the spot, starts again at once, and knows only what was synced to its disk"

// crash is a host's power failing for no time at all.
func (w *World) crash(host string) error {
	if w.off[host] {
		return fmt.Errorf("%s is switched off", host)
	}
	return errors.Join(w.Power(host, false), w.Power(host, true))
}

// Run steps until nothing is left to happen, or ctx ends.
func (w *World) Run(ctx context.Context) error {
	for {
		if more, err := w.step(ctx); !more {
			return err
		}
	}
}

// Close ends the world. Its trace stays, until it is closed itself. The error is
// also that of the file behind a long trace.
func (w *World) Close() error {
	if w.closed {
		return nil
	}
	w.closed = true
	w.recorder.Stop()
	w.clock.Close()
	return errors.Join(w.net.Close(), w.Trace().Err())
}

// given is what the trace keeps of the options.
func (o Options) given() trace.Given {
	g := trace.Given{Doors: o.Doors, Idle: o.Idle, From: o.From, To: o.To, Subject: o.Subject, Text: o.Text}
	if o.Wire != Virtual {
		g.Wire = o.Wire
	}
	if o.Message != nil {
		g.Message = o.Message.Name
	}
	for _, f := range o.Attach {
		g.Attach = append(g.Attach, f.Name)
	}
	return g
}
