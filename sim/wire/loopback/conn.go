package loopback

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"

	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
)

// conn is one end of a TCP connection. It implements net.Conn.
type conn struct {
	socket
	pipe          *pipe
	isClient      bool
	pump          *pump
	local, remote netip.AddrPort
	bound         []binding

	buf    []byte // was read from the kernel and not by the program
	inErr  error  // comes behind buf
	unsent int    // octets that the kernel has not taken yet
	outErr error
	// because tells what each part of what is written comes from.
	because []reason
	half    bool // the program writes no more
	// shutting and closing say that the pump is to report the end of it.
	shutting, closing bool
	dead              bool // the host was switched off, or no program has taken it
}

var _ wire.Conn = (*conn)(nil)

// reason is the event that octets come from which a program has written.
type reason struct {
	to    int64 // the first octet behind them
	cause uint64
}

// newConn makes an end of a connection.
func (h *Host) newConn(p *pipe, isClient bool, k *pump) *conn {
	c := &conn{socket: socket{h.NewSocket(), h}, pipe: p, isClient: isClient, pump: k, local: p.traced.ClientAddr, remote: p.traced.ServerAddr}
	if !isClient {
		c.local, c.remote = c.remote, c.local
	}
	p.ends[c.side()] = c
	h.conns = append(h.conns, c)
	return c
}

// start has octets move.
func (c *conn) start() {
	c.pump.start(c.host.net.report, pumpReports{read: c.arrived, wrote: c.wrote, shut: c.shut, over: c.over})
}

// side is the index of the direction in which the end writes.
func (c *conn) side() int {
	if c.isClient {
		return 0
	}
	return 1
}

func (c *conn) outgoing() *flow { return &c.pipe.flows[c.side()] }
func (c *conn) incoming() *flow { return &c.pipe.flows[1-c.side()] }
func (c *conn) peer() *conn     { return c.pipe.ends[1-c.side()] }

// Traced implements wire.Conn.
func (c *conn) Traced() *trace.Conn { return c.pipe.traced }

func (c *conn) op(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return &net.OpError{Op: op, Net: "tcp", Source: net.TCPAddrFromAddrPort(c.local), Addr: net.TCPAddrFromAddrPort(c.remote), Err: err}
}

// Read implements net.Conn.
func (c *conn) Read(p []byte) (int, error) {
	for {
		switch err := c.CanRead(); {
		case err != nil:
			return 0, c.op("read", err)
		case len(p) == 0:
			return 0, nil
		case len(c.buf) > 0:
			n := copy(p, c.buf)
			c.buf = c.buf[n:]
			c.pump.took(n)
			return n, nil
		case c.inErr != nil:
			return 0, c.op("read", c.inErr)
		}
		if err := c.WaitToRead(); err != nil {
			return 0, c.op("read", err)
		}
	}
}

// Write implements net.Conn. It returns when the wire has taken all of p; the kernel
// takes it later.
func (c *conn) Write(p []byte) (int, error) {
	done := 0
	for {
		switch err := c.CanWrite(); {
		case err != nil:
			return done, c.op("write", err)
		case c.outErr != nil:
			return done, c.op("write", c.outErr)
		case c.half:
			return done, c.op("write", wire.ErrBrokenPipe)
		case done == len(p):
			return done, nil
		}
		n := min(bufferSize-c.unsent, len(p)-done)
		if n == 0 {
			if err := c.WaitToWrite(); err != nil {
				return done, c.op("write", err)
			}
			continue
		}
		c.unsent += n
		c.because = append(c.because, reason{c.outgoing().wrote + int64(c.unsent), c.host.net.rec.Scope().Cause})
		c.host.net.busy += n
		c.outgoing().sent(n)
		c.pump.put(p[done : done+n])
		done += n
	}
}

// CloseWrite says that nothing more will be written. What was is still sent.
func (c *conn) CloseWrite() error {
	switch {
	case c.Closed:
		return c.op("close", net.ErrClosed)
	case c.Group.Down():
		return c.op("close", wire.ErrHostDown)
	case c.outErr != nil:
		return c.op("close", c.outErr)
	case c.half:
		return nil
	}
	c.half, c.shutting = true, true
	c.host.net.busy++
	c.outgoing().sent(1)
	c.pump.shut()
	return nil
}

// Close implements net.Conn. What was written is still sent; what has come and was
// not read makes it a reset.
func (c *conn) Close() error {
	if c.Closed {
		return c.op("close", net.ErrClosed)
	}
	c.host.record(c.Group, c.pipe.traced, trace.Closed, "")
	c.Shut()
	if c.dead {
		return nil
	}
	c.closing = true
	c.host.net.busy++
	c.incoming().end()
	c.outgoing().sent(1)
	c.pump.close()
	return nil
}

// abort resets the connection on the spot.
func (c *conn) abort() {
	if c.dead {
		return
	}
	c.dead = true
	c.incoming().end()
	c.outgoing().sent(1)
	c.unsend()
	c.settled(&c.shutting)
	c.settled(&c.closing)
	c.pump.stop()
	c.gone()
}

// unsend forgets what the kernel will not take any more.
func (c *conn) unsend() {
	c.host.net.busy -= c.unsent
	c.outgoing().came(c.unsent)
	c.unsent = 0
}

// settled says that something is no longer under way that the pump was to report.
func (c *conn) settled(what *bool) {
	if *what {
		*what = false
		c.host.net.busy--
	}
}

// gone takes the connection from the host.
func (c *conn) gone() {
	if i := slices.Index(c.host.conns, c); i >= 0 {
		c.host.conns = slices.Delete(c.host.conns, i, i+1)
	}
	c.host.release(c.Group, c.bound)
	c.bound = nil
}

// wrote is told by the pump what the kernel has taken.
func (c *conn) wrote(n int, calls int64, err error) {
	f := c.outgoing()
	from := f.wrote
	f.wrote += int64(n)
	if n > 0 {
		c.tell(trace.Wrote, c.reasonFor(from), &trace.SocketBody{Octets: int64(n), Calls: calls, Range: &trace.Range{FromServer: !c.isClient, From: from, To: f.wrote}})
	}
	c.because = slices.DeleteFunc(c.because, func(r reason) bool { return r.to <= f.wrote })
	left := min(n, c.unsent)
	c.unsent -= left
	c.host.net.busy -= left
	if err != nil {
		c.outErr = kernelError(err)
		c.unsend()
		c.settled(&c.shutting)
	}
	c.Out.Signal()
	if p := c.peer(); p != nil {
		p.settle()
	}
}

// arrived is told by the pump what the kernel has given, and counters where there is
// news of them.
func (c *conn) arrived(data []byte, err error, info *trace.TCPInfo) {
	f := c.incoming()
	f.early = append(f.early, arrival{data, err, info})
	c.settle()
}

// settle takes in what has come and is known to be written.
func (c *conn) settle() {
	f := c.incoming()
	for {
		a, ok := f.next()
		if !ok {
			return
		}
		if n := len(a.data); n > 0 {
			from := f.got
			f.got += int64(n)
			f.came(n)
			c.tell(trace.Read, 0, &trace.SocketBody{Octets: int64(n), Calls: 1, Range: &trace.Range{FromServer: c.isClient, From: from, To: f.got}})
			if !c.Closed {
				c.buf = append(c.buf, a.data...)
			}
		}
		if a.info != nil {
			c.tell(trace.Info, 0, &trace.SocketBody{TCP: a.info})
		}
		if a.err != nil {
			f.end()
			c.ended(a.err)
		}
		c.In.Signal()
	}
}

// ended says that nothing more can be read.
func (c *conn) ended(err error) {
	c.inErr = kernelError(err)
	if errors.Is(err, io.EOF) {
		return
	}
	if !c.Closed {
		c.host.record(c.Group, c.pipe.traced, trace.Reset, c.inErr.Error())
	}
}

// shut is told by the pump that the FIN is sent.
func (c *conn) shut(err error) {
	c.settled(&c.shutting)
	if err != nil {
		c.outErr = kernelError(err)
	}
}

// over is told by the pump that the socket is closed.
func (c *conn) over(info *trace.TCPInfo) {
	if c.dead {
		return
	}
	if info != nil {
		c.tell(trace.Info, 0, &trace.SocketBody{TCP: info})
	}
	c.dead = true
	c.unsend()
	c.settled(&c.shutting)
	c.settled(&c.closing)
	c.gone()
}

// reasonFor is the event that an octet comes from which is being written.
func (c *conn) reasonFor(octet int64) uint64 {
	for _, r := range c.because {
		if octet < r.to {
			return r.cause
		}
	}
	return 0
}

// tell records what the end's socket did, unless the host is off.
func (c *conn) tell(what string, cause uint64, b *trace.SocketBody) {
	if !c.Group.Down() {
		c.host.net.rec.Socket(c.pipe.traced, !c.isClient, what, cause, b)
	}
}

// LocalAddr implements net.Conn.
func (c *conn) LocalAddr() net.Addr { return net.TCPAddrFromAddrPort(c.local) }

// RemoteAddr implements net.Conn.
func (c *conn) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(c.remote) }
