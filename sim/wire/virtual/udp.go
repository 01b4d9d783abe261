package virtual

import (
	"bytes"
	"net"
	"net/netip"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"

	"mailwalk/sim/wire"
)

// packetConn is a UDP socket. It implements net.PacketConn and, connected,
// net.Conn.
type packetConn struct {
	socket
	local, remote netip.AddrPort
}

var (
	_ net.PacketConn = (*packetConn)(nil)
	_ net.Conn       = (*packetConn)(nil)
)

// ListenPacket implements wire.Host.
func (h *Host) ListenPacket(at netip.AddrPort) (net.PacketConn, error) {
	fail := func(err error) (net.PacketConn, error) {
		return nil, &net.OpError{Op: "listen", Net: "udp", Addr: net.UDPAddrFromAddrPort(at), Err: err}
	}
	if h.stack == nil || h.Over() {
		return fail(wire.ErrHostDown)
	}
	full, proto := bindAddress(at)
	q := new(waiter.Queue)
	ep, terr := h.stack.NewEndpoint(udp.ProtocolNumber, proto, q)
	if terr != nil {
		return fail(netError(terr))
	}
	if terr := ep.Bind(full); terr != nil {
		ep.Close()
		return fail(netError(terr))
	}
	c := &packetConn{local: at}
	c.init(h, ep, q)
	return c, nil
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
		w := tcpip.SliceWriter(p)
		res, terr := c.ep.Read(&w, tcpip.ReadOptions{NeedRemoteAddr: true})
		switch terr.(type) {
		case nil:
			return res.Count, netip.AddrPortFrom(netipAddr(res.RemoteAddr.Addr), res.RemoteAddr.Port), nil
		case *tcpip.ErrWouldBlock:
			if err := c.WaitToRead(); err != nil {
				return 0, netip.AddrPort{}, err
			}
		default: // an ICMP error among them
			return 0, netip.AddrPort{}, netError(terr)
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
	full := tcpip.FullAddress{Addr: address(dst.Addr().Unmap()), Port: dst.Port()}
	return c.send(p, &full)
}

// Write implements net.Conn.
func (c *packetConn) Write(p []byte) (int, error) { return c.send(p, nil) }

func (c *packetConn) send(p []byte, to *tcpip.FullAddress) (int, error) {
	if err := c.CanWrite(); err != nil {
		return 0, c.op("write", err)
	}
	n, terr := c.ep.Write(bytes.NewReader(p), tcpip.WriteOptions{To: to})
	if terr != nil {
		return int(n), c.op("write", netError(terr))
	}
	return int(n), nil
}

// Close implements net.Conn.
func (c *packetConn) Close() error { return c.op("close", c.close()) }

// LocalAddr implements net.Conn.
func (c *packetConn) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(c.local) }

// RemoteAddr implements net.Conn.
func (c *packetConn) RemoteAddr() net.Addr {
	if !c.remote.IsValid() {
		return nil
	}
	return net.UDPAddrFromAddrPort(c.remote)
}
