// Package virtual is a real TCP/IP network inside the process: one gVisor
// network stack for each host and router, joined by links of our own. Packets
// and the stacks' timers are entries of the walk's clock.
//
// A stack works on goroutines of its own, but only on segments that a link
// delivers to it. A link delivers one frame in one entry, and the entry is over
// when the workers of the stack that got it rest. The stack says so itself: its
// workers pause only with nothing left to do. So a run depends neither on the Go
// scheduler nor on what else the process does.
package virtual

import (
	"fmt"
	"net/netip"

	"mailwalk/sim/clock"
	"mailwalk/sim/disk"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
	"mailwalk/sim/wire/machine"
)

// Config says how a network behaves.
type Config struct {
	Clock    *clock.Clock
	Recorder *trace.Recorder
	// Seed is what all randomness is drawn from.
	Seed uint64
	// ShowARP has hosts find each other's link addresses by ARP and NDP. Otherwise
	// they know them from the start.
	ShowARP bool
	Disk    disk.Config
}

// Net is a set of hosts, routers and links. It implements wire.World.
type Net struct {
	cfg    Config
	clock  *clock.Clock
	rec    *trace.Recorder
	hosts  map[string]*Host
	order  []*Host
	links  []*Link
	ifaces int
	dirty  []*Host // whose workers have something to do

	faults  []func(sent *trace.Event) Action
	flights []*flight
	// yielding are those of the flights that wait for the next on their way.
	yielding []*flight
	calls    []func(Call)
}

var _ wire.World = (*Net)(nil)

// New returns an empty network.
func New(cfg Config) *Net {
	n := &Net{cfg: cfg, clock: cfg.Clock, rec: cfg.Recorder, hosts: map[string]*Host{}}
	n.clock.OnRest(n.settle)
	return n
}

// settle waits until the workers of the stacks that got something rest.
func (n *Net) settle() {
	for _, h := range n.dirty {
		h.dirty = false
		if h.stack != nil {
			// A worker pauses when its queue is empty, and not before.
			h.stack.Pause()
			h.stack.Resume()
		}
	}
	n.dirty = n.dirty[:0]
}

// Host implements wire.World.
func (n *Net) Host(name string) (wire.Host, bool) {
	h, ok := n.hosts[name]
	if !ok {
		return nil, false
	}
	return h, true
}

// Iface joins a host or router to a link.
type Iface struct {
	Link *Link
	// Addrs are the interface's addresses with the lengths of their networks.
	Addrs []netip.Prefix
}

// Route says by which router a destination is reached.
type Route struct {
	To  netip.Prefix
	Via netip.Addr
}

// AddHost makes a host and switches it on.
func (n *Net) AddHost(name string, ifaces []Iface, routes ...Route) (*Host, error) {
	return n.add(name, false, ifaces, routes)
}

// AddRouter makes a host that passes on what is not its own.
func (n *Net) AddRouter(name string, ifaces []Iface, routes ...Route) (*Host, error) {
	return n.add(name, true, ifaces, routes)
}

func (n *Net) add(name string, router bool, ifaces []Iface, routes []Route) (*Host, error) {
	if _, ok := n.hosts[name]; ok {
		return nil, fmt.Errorf("host %s: there is one of that name", name)
	}
	var addrs []netip.Addr
	for _, f := range ifaces {
		for _, a := range f.Addrs {
			addrs = append(addrs, a.Addr())
			n.rec.NameAddr(a.Addr(), name)
		}
	}
	m := machine.New(machine.Config{Name: name, Addrs: addrs, Clock: n.clock, Recorder: n.rec, Seed: n.cfg.Seed, Disk: n.cfg.Disk})
	h := &Host{Machine: m, net: n, router: router, routes: routes}
	for i, f := range ifaces {
		n.ifaces++
		p := &iface{host: h, link: f.Link, addrs: f.Addrs, number: i, name: fmt.Sprintf("%s/eth%d", name, i), mac: macOf(n.ifaces)}
		f.Link.ifaces = append(f.Link.ifaces, p)
		h.ifaces = append(h.ifaces, p)
	}
	h.lo = &iface{host: h, link: &Link{net: n, name: "lo " + name, cfg: LinkConfig{MTU: 65535}}, number: -1, name: name + "/lo", loopback: true}
	h.lo.link.ifaces = []*iface{h.lo}
	n.hosts[name] = h
	n.order = append(n.order, h)
	return h, h.powerOn()
}

// Ready is to be called when all hosts are there, before the first step: it tells
// hosts of their neighbours.
func (n *Net) Ready() error {
	if n.cfg.ShowARP {
		return nil
	}
	for _, l := range n.links {
		for _, p := range l.ifaces {
			if err := p.learnNeighbours(); err != nil {
				return err
			}
		}
	}
	return nil
}

// Power implements wire.World.
func (n *Net) Power(name string, on bool) error {
	h, ok := n.hosts[name]
	if !ok {
		return fmt.Errorf("power: there is no host %s", name)
	}
	switch {
	case on == (h.stack != nil):
		return nil
	case on:
		if err := h.powerOn(); err != nil {
			return err
		}
		if n.cfg.ShowARP {
			return nil
		}
		for _, p := range h.ifaces {
			if err := p.learnNeighbours(); err != nil {
				return err
			}
		}
		return nil
	default:
		h.powerOff()
		return nil
	}
}

// Close switches everything off. The clock must be closed first: stacks that are
// torn down send packets, which must not be scheduled.
func (n *Net) Close() error {
	for _, h := range n.order {
		h.destroy()
	}
	return nil
}
