package loopback

import (
	"fmt"
	"net"
	"net/netip"
	"slices"

	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
)

// maxPayload is what a UDP datagram can carry over IPv4 (RFC 768, RFC 791 §3.1).
const maxPayload = 65535 - 20 - 8

// packetConn is a UDP socket of the walk's. It implements net.PacketConn and,
// connected, net.Conn. It has one socket of the kernel's for each address, so that
// the kernel's addresses tell the walk's.
type packetConn struct {
	socket
	local, remote netip.AddrPort
	bound         []binding
	sockets       []*datagramSocket
	queue         []*datagram
	pending       error // of something that was sent, for the next call
	sending       int   // datagrams that the kernel has not taken yet
	warned        bool
}

var (
	_ net.PacketConn = (*packetConn)(nil)
	_ net.Conn       = (*packetConn)(nil)
)

// ListenPacket implements wire.Host.
func (h *Host) ListenPacket(at netip.AddrPort) (net.PacketConn, error) {
	c, err := h.listenPacket(at)
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: "udp", Addr: net.UDPAddrFromAddrPort(at), Err: err}
	}
	return c, nil
}

func (h *Host) listenPacket(at netip.AddrPort) (*packetConn, error) {
	if !h.up || h.Over() {
		return nil, wire.ErrHostDown
	}
	bound, err := h.bind("udp", h.covered(at.Addr()), at.Port(), "port to listen at")
	if err != nil {
		return nil, err
	}
	return h.newPacketConn(netip.AddrPortFrom(at.Addr(), bound[0].at.Port()), netip.AddrPort{}, bound)
}

func (h *Host) dialUDP(src, dst netip.AddrPort) (*packetConn, error) {
	if !h.up || h.Over() {
		return nil, wire.ErrHostDown
	}
	if h.net.owner(dst.Addr(), h) == nil {
		return nil, wire.ErrNetworkUnreachable
	}
	bound, err := h.bindSource("udp", src, dst)
	if err != nil {
		return nil, err
	}
	return h.newPacketConn(bound[0].at, dst, bound)
}

func (h *Host) newPacketConn(local, remote netip.AddrPort, bound []binding) (*packetConn, error) {
	c := &packetConn{socket: socket{h.NewSocket(), h}, local: local, remote: remote, bound: bound}
	h.packets = append(h.packets, c)
	for _, b := range bound {
		s, err := h.net.kernel.listenPacket(h.kernelAddr)
		if err != nil {
			c.end()
			return nil, kernelError(err)
		}
		s.at, s.owner = b.at, c
		c.sockets = append(c.sockets, s)
		s.start(h.net.report, c.arrived, c.sent)
	}
	return c, nil
}

// packetAt is the kernel's socket for an address of the walk, if it takes what comes
// from another.
func (h *Host) packetAt(at, from netip.AddrPort) *datagramSocket {
	for _, c := range h.packets {
		if c.remote.IsValid() && c.remote != from {
			continue
		}
		for _, s := range c.sockets {
			if s.at == at {
				return s
			}
		}
	}
	return nil
}

func (c *packetConn) op(op string, err error) error {
	if err == nil {
		return nil
	}
	return &net.OpError{Op: op, Net: "udp", Source: net.UDPAddrFromAddrPort(c.local), Addr: net.UDPAddrFromAddrPort(c.remote), Err: err}
}

// ReadFrom implements net.PacketConn.
func (c *packetConn) ReadFrom(p []byte) (int, net.Addr, error) {
	n, from, err := c.receive(p)
	if err != nil {
		return 0, nil, c.op("read", err)
	}
	return n, net.UDPAddrFromAddrPort(from), nil
}

// Read implements net.Conn.
func (c *packetConn) Read(p []byte) (int, error) {
	n, _, err := c.receive(p)
	return n, c.op("read", err)
}

func (c *packetConn) receive(p []byte) (int, netip.AddrPort, error) {
	for {
		if err := c.CanRead(); err != nil {
			return 0, netip.AddrPort{}, err
		}
		if len(c.queue) > 0 {
			d := c.queue[0]
			c.queue = c.queue[1:]
			d.to.took()
			return copy(p, d.data), d.from.at, nil
		}
		if err := c.pending; err != nil {
			c.pending = nil
			return 0, netip.AddrPort{}, err
		}
		if err := c.WaitToRead(); err != nil {
			return 0, netip.AddrPort{}, err
		}
	}
}

// WriteTo implements net.PacketConn.
func (c *packetConn) WriteTo(p []byte, to net.Addr) (int, error) {
	a, ok := to.(*net.UDPAddr)
	if !ok {
		return 0, c.op("write", net.InvalidAddrError("not a UDP address: "+to.String()))
	}
	dst := a.AddrPort()
	n, err := c.send(p, netip.AddrPortFrom(dst.Addr().Unmap(), dst.Port()))
	return n, c.op("write", err)
}

// Write implements net.Conn.
func (c *packetConn) Write(p []byte) (int, error) {
	if !c.remote.IsValid() {
		return 0, c.op("write", wire.ErrNotConnected)
	}
	n, err := c.send(p, c.remote)
	return n, c.op("write", err)
}

// send has the kernel send a datagram to where the walk's address is. At a port that
// nobody has there is no such place: the kernel gets nothing, and a connected socket
// is told at its next call that it was refused, as an ICMP message would do
// (RFC 1122 §4.1.3.3).
func (c *packetConn) send(p []byte, dst netip.AddrPort) (int, error) {
	const most = 64
	for {
		if err := c.CanWrite(); err != nil {
			return 0, err
		}
		if c.sending < most {
			break
		}
		if err := c.WaitToWrite(); err != nil {
			return 0, err
		}
	}
	if err := c.pending; err != nil {
		c.pending = nil
		return 0, err
	}
	if len(p) > maxPayload {
		return 0, wire.ErrMessageTooLong
	}
	h, n := c.host, c.host.net
	from, err := c.from(dst.Addr())
	if err != nil {
		return 0, err
	}
	owner := n.owner(dst.Addr(), h)
	switch {
	case owner == nil:
		return 0, wire.ErrNetworkUnreachable
	case !owner.up:
		return 0, wire.ErrHostUnreachable
	}
	to := owner.packetAt(dst, from.at)
	if to == nil {
		if c.remote.IsValid() {
			c.pending = wire.ErrRefused
			c.In.Signal()
		}
		return len(p), nil
	}
	d := &datagram{from: from, to: to, data: slices.Clone(p), origin: n.rec.Origin(from.at, dst)}
	d.fly(n)
	c.sending++
	from.put(d)
	return len(p), nil
}

// from is the socket that a datagram to an address leaves by.
func (c *packetConn) from(dst netip.Addr) (*datagramSocket, error) {
	src := c.local.Addr()
	if !src.IsValid() || src.IsUnspecified() {
		var err error
		if src, err = c.host.source(netip.Addr{}, dst); err != nil {
			return nil, err
		}
	}
	for _, s := range c.sockets {
		if s.at.Addr() == src && src.Is4() == dst.Is4() {
			return s, nil
		}
	}
	return nil, wire.ErrNetworkUnreachable
}

// sent is told that the kernel has taken a datagram, or has not.
func (c *packetConn) sent(d *datagram, err error) {
	c.sending--
	c.Out.Signal()
	d.written = true
	if err != nil {
		d.land(c.host.net)
		d.to.forget(d)
		c.fail(err)
		return
	}
	d.origin = c.tell(d, d.from, d.to, trace.Wrote)
	if d.arrived {
		d.land(c.host.net)
		d.to.owner.deliver(d)
		return
	}
	d.expect(c.host.net)
}

// fail has the program told of an error of the kernel's.
func (c *packetConn) fail(err error) {
	c.pending = kernelError(err)
	c.In.Signal()
}

// arrived is told what one of the sockets has got from the kernel.
func (c *packetConn) arrived(s *datagramSocket, from netip.AddrPort, data []byte) {
	d := s.find(from, data)
	if d == nil {
		s.took()
		if !c.warned && !c.Closed {
			c.warned = true
			c.host.net.warn(c.host.Name(), fmt.Sprintf("a program from outside of the walk sent a datagram to port %d of this computer, which is a socket of %s; it was thrown away, as will be all others like it", s.kernelAt.Port(), c.host.Name()))
		}
		return
	}
	d.arrived = true
	if d.written { // else it is under way until that is known
		d.land(c.host.net)
		c.deliver(d)
	}
}

// deliver gives a datagram to the program.
func (c *packetConn) deliver(d *datagram) {
	if c.Closed || c.Group.Down() {
		return
	}
	c.tell(d, d.to, d.from, trace.Read)
	c.queue = append(c.queue, d)
	c.In.Signal()
}

// tell records that a datagram was written or read, and returns what its next step
// comes from.
func (c *packetConn) tell(d *datagram, local, remote *datagramSocket, what string) trace.Origin {
	if c.Group.Down() {
		return d.origin
	}
	return c.host.net.rec.Datagram(c.host.Name(), what, d.origin, &trace.SocketBody{
		Local: local.at, Remote: remote.at, KernelLocal: local.kernelAt, KernelRemote: remote.kernelAt, Calls: 1, Data: d.data,
	})
}

// Close implements net.Conn. What was written is still sent.
func (c *packetConn) Close() error {
	if c.Closed {
		return c.op("close", net.ErrClosed)
	}
	c.Shut()
	if slices.Contains(c.host.packets, c) {
		c.leave()
		for _, s := range c.sockets {
			s.finish()
		}
	}
	return nil
}

// end closes the socket on the spot.
func (c *packetConn) end() {
	c.leave()
	for _, s := range c.sockets {
		s.stop()
	}
}

// leave takes the socket from the host. Nothing comes to it any more.
func (c *packetConn) leave() {
	n := c.host.net
	c.host.packets = slices.DeleteFunc(c.host.packets, func(o *packetConn) bool { return o == c })
	c.host.release(c.Group, c.bound)
	for _, s := range c.sockets {
		for _, d := range s.flying {
			d.land(n)
		}
		s.flying = nil
	}
}

// LocalAddr implements net.Conn.
func (c *packetConn) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(c.local) }

// RemoteAddr implements net.Conn.
func (c *packetConn) RemoteAddr() net.Addr {
	if !c.remote.IsValid() {
		return nil
	}
	return net.UDPAddrFromAddrPort(c.remote)
}
