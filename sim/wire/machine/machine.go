// Package machine is what the hosts of all wires have in common: a name and
// addresses, programs that run as tasks of the walk's clock, a disk, randomness, and
// the waiting at a socket. What carries the octets is each wire's own.
package machine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"mailwalk/sim/clock"
	"mailwalk/sim/disk"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
)

// Config says what a machine is.
type Config struct {
	Name     string
	Addrs    []netip.Addr
	Clock    *clock.Clock
	Recorder *trace.Recorder
	// Seed is what its randomness is drawn from.
	Seed uint64
	Disk disk.Config
}

// Machine is a host but for its network. It is off until Begin.
type Machine struct {
	cfg   Config
	disk  *disk.Disk
	drawn map[string]uint64 // random streams, by purpose
	group *clock.Group      // its programs, from one switching on to the next off
	ended *clock.Group      // those before
	harm  []disk.Step       // what the last crash has done to the disk
}

// New returns a machine that is off.
func New(cfg Config) *Machine {
	m := &Machine{cfg: cfg, drawn: map[string]uint64{}}
	cfg.Disk.Tell = m.tell
	m.disk = disk.New(cfg.Clock, cfg.Disk)
	return m
}

// tell records what has become of a file.
func (m *Machine) tell(s disk.Step) {
	b := &trace.StateBody{Name: s.Name, After: s.What, Size: s.Size}
	switch {
	case s.What == trace.FileRenamed:
		b.Detail = "it was called " + s.Was
	case s.What == trace.FileWritten && s.Wrote < s.Size:
		b.Detail = fmt.Sprintf("%d octets were added", s.Wrote)
	}
	m.cfg.Recorder.Record(trace.Event{Host: m.cfg.Name, What: trace.DiskState, Body: b})
}

// Name implements wire.Host.
func (m *Machine) Name() string { return m.cfg.Name }

// Addrs implements wire.Host.
func (m *Machine) Addrs() []netip.Addr { return m.cfg.Addrs }

// Disk implements wire.Host.
func (m *Machine) Disk() wire.Disk { return m.disk }

// Rand implements wire.Host.
func (m *Machine) Rand(purpose string) *rand.Rand { return rand.New(m.Stream(purpose)) }

// Stream is what Rand draws from.
func (m *Machine) Stream(purpose string) *rand.ChaCha8 {
	m.drawn[purpose]++
	return wire.Stream(m.cfg.Seed, m.drawn[purpose], m.cfg.Name, purpose)
}

// Begin switches the machine on: programs can be started.
func (m *Machine) Begin() {
	m.group = m.cfg.Clock.NewGroup()
	for _, s := range m.harm {
		m.tell(s)
	}
	m.harm = nil
}

// End ends its programs: each call in which one waits returns wire.ErrHostDown.
func (m *Machine) End() {
	m.ended = m.group
	m.group.End()
}

// Crash takes from the disk what was not synced, as far as chance has it. What that
// has come to is seen when the machine is switched on again.
func (m *Machine) Crash() { m.harm = m.disk.Crash(m.Rand("crash")) }

// Group are the programs since it was switched on last.
func (m *Machine) Group() *clock.Group { return m.group }

// Over tells whether the task that runs is of the programs before the last
// switching off. Nothing that it asks for is done any more.
func (m *Machine) Over() bool { return m.cfg.Clock.Ended() }

// programs are those that the task which runs may start another among.
func (m *Machine) programs() *clock.Group {
	if m.Over() {
		return m.ended
	}
	return m.group
}

// Go implements wire.Host.
func (m *Machine) Go(name string, f func(ctx context.Context)) { m.programs().Go(name, m.program(f)) }

// program has f's events say on which host they are.
func (m *Machine) program(f func(ctx context.Context)) func(ctx context.Context) {
	return func(ctx context.Context) {
		m.cfg.Recorder.Scope().Host = m.cfg.Name
		f(ctx)
	}
}

// Clock implements wire.Host.
func (m *Machine) Clock() wire.Clock { return programsClock{m} }

// programsClock is the walk's clock, as the machine's programs have it.
type programsClock struct{ m *Machine }

func (c programsClock) Now() time.Time { return c.m.cfg.Clock.Now() }

func (c programsClock) AfterFunc(d time.Duration, name string, f func(ctx context.Context)) wire.Timer {
	return c.m.programs().AfterFunc(d, name, c.m.program(f))
}

func (c programsClock) Sleep(ctx context.Context, d time.Duration) error {
	return c.m.cfg.Clock.Sleep(ctx, d)
}

func (c programsClock) WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return c.m.cfg.Clock.WithTimeout(ctx, d)
}

func (c programsClock) WithCancel(ctx context.Context) (context.Context, context.CancelFunc) {
	return c.m.cfg.Clock.WithCancel(ctx)
}

func (c programsClock) NewCond() *clock.Cond { return c.m.cfg.Clock.NewCond() }
