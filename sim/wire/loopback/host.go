package loopback

import (
	"net/netip"
	"slices"

	"mailwalk/sim/clock"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
	"mailwalk/sim/wire/machine"
)

// Host is one machine of the walk.
type Host struct {
	*machine.Machine
	net *Net
	// kernelAddr is the address of its sockets in the kernel.
	kernelAddr netip.Addr

	// What follows is of the time between switching on and off.
	up        bool
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

// KernelAddr is the address of 127.0.0.0/8 at which the host's sockets are.
func (h *Host) KernelAddr() netip.Addr { return h.kernelAddr }

// Up tells whether the host is switched on.
func (h *Host) Up() bool { return h.up }

func (h *Host) powerOn() {
	h.Begin()
	h.used = map[binding]int{}
	h.up = true
}

// powerOff ends the host's programs. What its sockets had not sent is lost, and its
// connections are reset.
func (h *Host) powerOff() {
	h.up = false
	h.End()
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
	h.Crash()
}

// record adds a step of a connection to the trace, unless the host is off.
func (h *Host) record(g *clock.Group, c *trace.Conn, what, err string) {
	if !g.Down() {
		h.net.rec.ConnStep(c, h.Name(), what, err)
	}
}

// Loopback addresses of the walk: those by which each host calls itself.
var (
	self4 = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	self6 = netip.IPv6Loopback()
)

// own tells whether an address is one of the host's.
func (h *Host) own(a netip.Addr) bool { return a.IsLoopback() || slices.Contains(h.Addrs(), a) }

// covered are the host's addresses that a socket listens at: without an address of
// its own all of them, IPv4 and IPv6; with the unspecified one of IPv4 those of IPv4.
func (h *Host) covered(at netip.Addr) []netip.Addr {
	if at.IsValid() && !at.IsUnspecified() {
		return []netip.Addr{at}
	}
	var all []netip.Addr
	for _, a := range append(slices.Clone(h.Addrs()), self4, self6) {
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
	if g != h.Group() {
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
	for _, a := range h.Addrs() {
		if a.Is4() == dst.Is4() {
			return a, nil
		}
	}
	return src, wire.ErrNetworkUnreachable
}
