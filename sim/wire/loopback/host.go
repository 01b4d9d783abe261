package loopback

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"mailwalk/sim/clock"
	"mailwalk/sim/disk"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
)

// Host is one machine of the walk.
type Host struct {
	net   *Net
	name  string
	addrs []netip.Addr
	// kernelAddr is the address of its sockets in the kernel.
	kernelAddr netip.Addr
	disk       *disk.Disk
	drawn      map[string]uint64 // random streams, by purpose

	// What follows is of the time between switching on and off.
	up        bool
	group     *clock.Group
	listeners []*listener
	conns     []*conn
	packets   []*packetConn
	used      map[binding]int // sockets at the walk's ports
	closed    *closedPort
}

var _ wire.Host = (*Host)(nil)

// binding is a port of the walk's that a socket of a host has.
type binding struct {
	network string
	at      netip.AddrPort
}

// Name implements wire.Host.
func (h *Host) Name() string { return h.name }

// Addrs implements wire.Host.
func (h *Host) Addrs() []netip.Addr { return h.addrs }

// KernelAddr is the address of 127.0.0.0/8 at which the host's sockets are.
func (h *Host) KernelAddr() netip.Addr { return h.kernelAddr }

// Up tells whether the host is switched on.
func (h *Host) Up() bool { return h.up }

// Disk implements wire.Host.
func (h *Host) Disk() wire.Disk { return h.disk }

// Rand implements wire.Host.
func (h *Host) Rand(purpose string) *rand.Rand {
	h.drawn[purpose]++
	return rand.New(wire.Stream(h.net.cfg.Seed, h.drawn[purpose], h.name, purpose))
}

// Go implements wire.Host.
func (h *Host) Go(name string, f func(ctx context.Context)) { h.group.Go(name, h.program(f)) }

// program has f's events say on which host they are.
func (h *Host) program(f func(ctx context.Context)) func(ctx context.Context) {
	return func(ctx context.Context) {
		h.net.rec.Scope().Host = h.name
		f(ctx)
	}
}

// Clock implements wire.Host.
func (h *Host) Clock() wire.Clock { return hostClock{h} }

type hostClock struct{ h *Host }

func (c hostClock) Now() time.Time { return c.h.net.clock.Now() }

func (c hostClock) AfterFunc(d time.Duration, name string, f func(ctx context.Context)) wire.Timer {
	return c.h.group.AfterFunc(d, name, c.h.program(f))
}

func (c hostClock) Sleep(ctx context.Context, d time.Duration) error {
	return c.h.net.clock.Sleep(ctx, d)
}

func (c hostClock) WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return c.h.net.clock.WithTimeout(ctx, d)
}

func (c hostClock) WithCancel(ctx context.Context) (context.Context, context.CancelFunc) {
	return c.h.net.clock.WithCancel(ctx)
}

func (c hostClock) NewCond() *clock.Cond { return c.h.net.clock.NewCond() }

func (h *Host) powerOn() {
	h.group = h.net.clock.NewGroup()
	h.used = map[binding]int{}
	h.up = true
}

// powerOff ends the host's programs. What its sockets had not sent is lost, and its
// connections are reset.
func (h *Host) powerOff() {
	h.up = false
	h.group.End()
	for _, l := range slices.Clone(h.listeners) {
		l.end()
	}
	for _, c := range slices.Clone(h.conns) {
		c.abort()
	}
	for _, p := range slices.Clone(h.packets) {
		p.end()
	}
	if h.closed != nil {
		h.closed.stop()
		h.closed = nil
	}
	h.disk.Crash(h.Rand("crash"))
}

// record adds a step of a connection to the trace, unless the host is off.
func (h *Host) record(g *clock.Group, c *trace.Conn, what, err string) {
	if !g.Down() {
		h.net.rec.ConnStep(c, h.name, what, err)
	}
}

// Loopback addresses of the walk: those by which each host calls itself.
var (
	self4 = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	self6 = netip.IPv6Loopback()
)

// own tells whether an address is one of the host's.
func (h *Host) own(a netip.Addr) bool { return a.IsLoopback() || slices.Contains(h.addrs, a) }

// covered are the host's addresses that a socket listens at: without an address of
// its own all of them, IPv4 and IPv6; with the unspecified one of IPv4 those of IPv4.
func (h *Host) covered(at netip.Addr) []netip.Addr {
	if at.IsValid() && !at.IsUnspecified() {
		return []netip.Addr{at}
	}
	var all []netip.Addr
	for _, a := range append(slices.Clone(h.addrs), self4, self6) {
		if a.Is4() || !at.Is4() {
			all = append(all, a)
		}
	}
	return all
}

// The dynamic ports (RFC 6335 §6).
const (
	firstPort = 49152
	portCount = 16384
)

// bind takes a port for a socket at some of the host's addresses. A port 0 is drawn
// for a purpose, and one that is in use then gives way to the next one drawn.
func (h *Host) bind(network string, addrs []netip.Addr, port uint16, purpose string) ([]binding, error) {
	const tries = 64
	for range tries {
		p := port
		if p == 0 {
			p = uint16(firstPort + h.Rand(purpose).IntN(portCount))
		}
		var all []binding
		free := true
		for _, a := range addrs {
			if !h.own(a) {
				return nil, wire.ErrAddrNotAvailable
			}
			b := binding{network, netip.AddrPortFrom(a, p)}
			free = free && h.used[b] == 0
			all = append(all, b)
		}
		if free {
			h.take(all)
			return all, nil
		}
		if port != 0 {
			break
		}
	}
	return nil, wire.ErrAddrInUse
}

func (h *Host) take(bindings []binding) {
	for _, b := range bindings {
		h.used[b]++
	}
}

// release gives ports back that were taken in the time of a group.
func (h *Host) release(g *clock.Group, bindings []binding) {
	if g != h.group {
		return
	}
	for _, b := range bindings {
		if h.used[b]--; h.used[b] == 0 {
			delete(h.used, b)
		}
	}
}

// source is the address that the host sends from: the one asked for, or its first of
// the family of the destination.
func (h *Host) source(src, dst netip.Addr) (netip.Addr, error) {
	switch asked := src.IsValid() && !src.IsUnspecified(); {
	case asked && h.own(src):
		return src, nil
	case asked:
		return src, wire.ErrAddrNotAvailable
	case dst.IsLoopback():
		return dst, nil
	}
	for _, a := range h.addrs {
		if a.Is4() == dst.Is4() {
			return a, nil
		}
	}
	return src, wire.ErrNetworkUnreachable
}
