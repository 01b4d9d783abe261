// Package loopback runs the hosts of a walk on the sockets of the machine's own
// kernel, all of them on its loopback interface.
//
// Programs see the walk's addresses, IPv4 and IPv6 alike. Behind them, each host has
// an address of 127.0.0.0/8 of its own where the system has them, or else shares
// 127.0.0.1 with all others, and each of its ports is whatever port the kernel gave.
// Nothing of a walk listens beyond the loopback interface.
//
// What happens is known from the calls on the sockets and from the kernel's
// counters. Packets are not seen and none are made up.
//
// Programs are tasks of the walk's clock and never wait in a system call. All calls
// that may wait are made by goroutines of the wire, which know nothing but the socket
// and buffers of their own; what they find they put into the clock's inbox. So all
// that the wire knows of the walk is touched by one goroutine at a time, the one that
// steps.
//
// Octets in the kernel are not in the clock's queue, and so [Net.Busy] counts what is
// under way: from the call that starts it until the world has taken in the end of it.
package loopback

import (
	"fmt"
	"net/netip"
	"slices"

	"mailwalk/sim/clock"
	"mailwalk/sim/disk"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
	"mailwalk/sim/wire/machine"
)

// Config says what a network is made with.
type Config struct {
	Clock    *clock.Clock
	Inbox    *clock.Inbox
	Recorder *trace.Recorder
	// Seed is what the programs' randomness is drawn from.
	Seed uint64
	Disk disk.Config
	// OneAddress has all hosts share 127.0.0.1, as they do where the system has no
	// other address of 127.0.0.0/8.
	OneAddress bool
}

// Net is a set of hosts. It implements wire.World.
type Net struct {
	cfg    Config
	clock  *clock.Clock
	rec    *trace.Recorder
	hosts  map[string]*Host
	order  []*Host
	owners map[netip.Addr]*Host
	busy   int
	kernel kernel
}

var _ wire.World = (*Net)(nil)

// New returns a network without hosts.
func New(cfg Config) *Net {
	n := &Net{
		cfg: cfg, clock: cfg.Clock, rec: cfg.Recorder,
		hosts: map[string]*Host{}, owners: map[netip.Addr]*Host{},
	}
	n.kernel.init()
	return n
}

// Busy tells whether something is under way that the clock's queue does not know of:
// octets that were written and not yet read by the other end's side of the wire, a
// connection that is being made, ended or reset, a datagram. As long as it is, the
// walk's time must not jump. It is for the goroutine that steps.
//
// An end that does not read keeps the wire busy once its buffer is full, for then the
// kernel holds what comes after.
func (n *Net) Busy() bool { return n.busy > 0 }

// report has f happen when the world is at rest. It is what goroutines of the wire
// tell what they have found by.
func (n *Net) report(f func()) { n.cfg.Inbox.Put(f) }

// Host implements wire.World.
func (n *Net) Host(name string) (wire.Host, bool) {
	h, ok := n.hosts[name]
	if !ok {
		return nil, false
	}
	return h, true
}

// AddHost makes a host with the walk's addresses and switches it on.
func (n *Net) AddHost(name string, addrs []netip.Addr) (*Host, error) {
	if _, ok := n.hosts[name]; ok {
		return nil, fmt.Errorf("host %s: there is one of that name", name)
	}
	for _, a := range addrs {
		if o := n.owners[a]; o != nil {
			return nil, fmt.Errorf("host %s: %s is the address of %s", name, a, o.Name())
		}
	}
	m := machine.New(machine.Config{Name: name, Addrs: addrs, Clock: n.clock, Recorder: n.rec, Seed: n.cfg.Seed, Disk: n.cfg.Disk})
	h := &Host{Machine: m, net: n, kernelAddr: localhost}
	if !n.cfg.OneAddress {
		h.kernelAddr = addrOfItsOwn(len(n.order))
	}
	for _, a := range addrs {
		n.owners[a] = h
		n.rec.NameAddr(a, name)
	}
	n.hosts[name] = h
	n.order = append(n.order, h)
	h.powerOn()
	return h, nil
}

// Power implements wire.World. Switched off, a host's connections are reset.
func (n *Net) Power(name string, on bool) error {
	h, ok := n.hosts[name]
	if !ok {
		return fmt.Errorf("power: there is no host %s", name)
	}
	switch {
	case on == h.up:
	case on:
		h.powerOn()
	default:
		h.powerOff()
	}
	return nil
}

// Close ends everything and returns when no goroutine of the wire is left. The clock
// must be closed first.
func (n *Net) Close() error {
	for _, h := range n.order {
		for _, c := range slices.Clone(h.packets) {
			c.leave() // no timer is left
		}
	}
	n.kernel.close()
	return nil
}

// warn tells of what a person should know and no program is told.
func (n *Net) warn(host, text string) {
	n.rec.Record(trace.Event{Host: host, What: trace.Warning, Body: &trace.NoteBody{Newcomer: text}})
}

// owner is the host that has an address, seen from another: a loopback address of
// the walk is the asking host's own.
func (n *Net) owner(a netip.Addr, asking *Host) *Host {
	if a.IsLoopback() {
		return asking
	}
	return n.owners[a]
}
