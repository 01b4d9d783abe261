package virtual

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/netip"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/waiter"

	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
	"mailwalk/sim/wire/machine"
)

// backlog is how many connections may wait to be accepted.
const backlog = 128

// socket is what TCP and UDP endpoints have in common.
type socket struct {
	machine.Socket
	host   *Host
	ep     tcpip.Endpoint
	queue  *waiter.Queue
	entry  waiter.Entry
	failed error // what the host has learned that the endpoint does not know
}

func (s *socket) init(h *Host, ep tcpip.Endpoint, q *waiter.Queue) {
	s.Socket, s.host, s.ep, s.queue = h.NewSocket(), h, ep, q
	s.entry = waiter.NewFunctionEntry(waiter.ReadableEvents|waiter.WritableEvents|waiter.EventErr|waiter.EventHUp, s.notify)
	q.EventRegister(&s.entry)
}

// notify is called on the stack's goroutines.
func (s *socket) notify(mask waiter.EventMask) {
	if mask&(waiter.ReadableEvents|waiter.EventErr|waiter.EventHUp) != 0 {
		s.In.Signal()
	}
	if mask&(waiter.WritableEvents|waiter.EventErr|waiter.EventHUp) != 0 {
		s.Out.Signal()
	}
}

func (s *socket) close() error {
	if s.Closed {
		return net.ErrClosed
	}
	s.queue.EventUnregister(&s.entry)
	s.ep.Close()
	s.Shut()
	return nil
}

// conn is a TCP connection. It implements net.Conn.
type conn struct {
	socket
	local, remote netip.AddrPort
	traced        *trace.Conn
	isClient      bool
	// payload is what is being written. The endpoint keeps it as long as itself, a
	// minute and more after the end, and must not keep the program's buffer by it.
	payload bytes.Reader
}

var _ wire.Conn = (*conn)(nil)

// Traced implements wire.Conn.
func (c *conn) Traced() *trace.Conn { return c.traced }

func (c *conn) op(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return &net.OpError{Op: op, Net: "tcp", Source: net.TCPAddrFromAddrPort(c.local), Addr: net.TCPAddrFromAddrPort(c.remote), Err: err}
}

// Read implements net.Conn.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.readSome(p)
	err = c.op("read", err)
	c.tell(Reads, p[:n], err)
	return n, err
}

func (c *conn) readSome(p []byte) (int, error) {
	for {
		if err := c.CanRead(); err != nil {
			return 0, err
		}
		if len(p) == 0 {
			return 0, nil
		}
		w := tcpip.SliceWriter(p)
		res, terr := c.ep.Read(&w, tcpip.ReadOptions{})
		switch terr.(type) {
		case nil:
			c.ep.ModerateRecvBuf(res.Count)
			return res.Count, nil
		case *tcpip.ErrClosedForReceive:
			return 0, io.EOF
		case *tcpip.ErrWouldBlock:
			if err := c.WaitToRead(); err != nil {
				return 0, err
			}
		default:
			return 0, netError(terr)
		}
	}
}

// Write implements net.Conn.
func (c *conn) Write(p []byte) (int, error) {
	n, err := c.writeAll(p)
	err = c.op("write", err)
	c.tell(Writes, p[:n], err)
	return n, err
}

func (c *conn) writeAll(p []byte) (int, error) {
	done := 0
	for {
		if err := c.CanWrite(); err != nil {
			return done, err
		}
		if done == len(p) {
			return done, nil
		}
		c.payload.Reset(p[done:])
		n, terr := c.ep.Write(&c.payload, tcpip.WriteOptions{})
		c.payload.Reset(nil)
		done += int(n)
		switch terr.(type) {
		case nil:
		case *tcpip.ErrWouldBlock:
			if err := c.WaitToWrite(); err != nil {
				return done, err
			}
		default:
			return done, netError(terr)
		}
	}
}

// Close implements net.Conn. What was written is still sent.
func (c *conn) Close() error {
	if c.Closed {
		return c.op("close", net.ErrClosed)
	}
	c.host.net.rec.ConnStep(c.traced, c.host.Name(), trace.Closed, "")
	err := c.op("close", c.socket.close())
	c.tell(Closes, nil, err)
	return err
}

// CloseWrite says that nothing more will be written.
func (c *conn) CloseWrite() error {
	var err error
	if terr := c.ep.Shutdown(tcpip.ShutdownWrite); terr != nil {
		err = c.op("close", netError(terr))
	}
	c.tell(ClosesWrite, nil, err)
	return err
}

// LocalAddr implements net.Conn.
func (c *conn) LocalAddr() net.Addr { return net.TCPAddrFromAddrPort(c.local) }

// RemoteAddr implements net.Conn.
func (c *conn) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(c.remote) }

// listener implements net.Listener.
type listener struct {
	socket
	at netip.AddrPort
}

// Listen implements wire.Host.
func (h *Host) Listen(at netip.AddrPort) (net.Listener, error) {
	fail := func(err error) (net.Listener, error) {
		return nil, &net.OpError{Op: "listen", Net: "tcp", Addr: net.TCPAddrFromAddrPort(at), Err: err}
	}
	if h.stack == nil || h.Over() {
		return fail(wire.ErrHostDown)
	}
	l := &listener{at: at}
	full, proto := bindAddress(at)
	q := new(waiter.Queue)
	ep, terr := h.stack.NewEndpoint(tcp.ProtocolNumber, proto, q)
	if terr != nil {
		return fail(netError(terr))
	}
	if terr := ep.Bind(full); terr != nil {
		ep.Close()
		return fail(netError(terr))
	}
	if terr := ep.Listen(backlog); terr != nil {
		ep.Close()
		return fail(netError(terr))
	}
	l.init(h, ep, q)
	return l, nil
}

// bindAddress is an address to listen at: without one, every IPv4 and IPv6
// address of the host.
func bindAddress(at netip.AddrPort) (tcpip.FullAddress, tcpip.NetworkProtocolNumber) {
	full := tcpip.FullAddress{Port: at.Port()}
	a := at.Addr()
	if !a.IsValid() || a.IsUnspecified() {
		if a.Is4() {
			return full, protocolOf(a)
		}
		return full, protocolOf(netip.IPv6Unspecified())
	}
	full.Addr = address(a)
	return full, protocolOf(a)
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.accept()
	if err != nil {
		return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: l.Addr(), Err: err}
	}
	return c, nil
}

func (l *listener) accept() (net.Conn, error) {
	for {
		if err := l.Open(); err != nil {
			return nil, err
		}
		// What the connection itself knows of its peer is gone when it has been reset
		// meanwhile; whoever accepts it learns that by reading.
		var peer tcpip.FullAddress
		ep, q, terr := l.ep.Accept(&peer)
		switch terr.(type) {
		case nil:
			return l.host.newConn(ep, q, false, netip.AddrPortFrom(netipAddr(peer.Addr), peer.Port), func(local, remote netip.AddrPort) *trace.Conn {
				return l.host.net.rec.Accept(remote, local)
			})
		case *tcpip.ErrWouldBlock:
			if err := l.WaitAt(context.Background(), l.In); err != nil {
				return nil, err
			}
		default:
			return nil, netError(terr)
		}
	}
}

// newConn makes a net.Conn of a connected endpoint.
func (h *Host) newConn(ep tcpip.Endpoint, q *waiter.Queue, isClient bool, remote netip.AddrPort, traced func(local, remote netip.AddrPort) *trace.Conn) (*conn, error) {
	a, terr := ep.GetLocalAddress()
	if terr != nil {
		ep.Close()
		return nil, netError(terr)
	}
	c := &conn{isClient: isClient, local: netip.AddrPortFrom(netipAddr(a.Addr), a.Port), remote: remote}
	c.init(h, ep, q)
	c.traced = traced(c.local, c.remote)
	c.tell(Opened, nil, nil)
	return c, nil
}

// Close implements net.Listener.
func (l *listener) Close() error {
	if l.Closed {
		return net.ErrClosed
	}
	l.ep.Shutdown(tcpip.ShutdownRead | tcpip.ShutdownWrite)
	return l.close()
}

// Addr implements net.Listener.
func (l *listener) Addr() net.Addr { return net.TCPAddrFromAddrPort(l.at) }
