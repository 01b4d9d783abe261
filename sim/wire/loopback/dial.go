package loopback

import (
	"context"
	"net"
	"net/netip"

	"mailwalk/sim/clock"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
)

// Dial implements wire.Host. The source address that is left to the host is its
// first of the destination's family.
//
// An address of no host is answered with wire.ErrNetworkUnreachable, and one of a
// host that is off with wire.ErrHostUnreachable, both at once, since there is no
// network in which to look for them. A TCP port at which nobody listens is refused by
// the kernel, with a real reset.
func (h *Host) Dial(ctx context.Context, network string, src, dst netip.AddrPort) (net.Conn, error) {
	var c net.Conn
	var err error
	switch network {
	case "tcp":
		c, err = h.dialTCP(ctx, src, dst)
	case "udp":
		c, err = h.dialUDP(src, dst)
	default:
		err = net.UnknownNetworkError(network)
	}
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Addr: net.TCPAddrFromAddrPort(dst), Err: err}
	}
	return c, nil
}

// bindSource takes a port for a socket that sends to dst.
func (h *Host) bindSource(network string, src, dst netip.AddrPort) ([]binding, error) {
	from, err := h.source(src.Addr(), dst.Addr())
	if err != nil {
		return nil, err
	}
	return h.bind(network, []netip.Addr{from}, src.Port(), "port for "+dst.String())
}

func (h *Host) dialTCP(ctx context.Context, src, dst netip.AddrPort) (net.Conn, error) {
	if !h.up || h.Over() {
		return nil, wire.ErrHostDown
	}
	bound, err := h.bindSource("tcp", src, dst)
	if err != nil {
		return nil, err
	}
	group := h.Group()
	traced := h.net.rec.Dial(bound[0].at, dst)
	d := &dial{host: h, group: group, pipe: h.net.newPipe(traced), bound: bound, done: h.net.clock.NewCond()}
	c, err := d.connect(ctx, dst)
	if err != nil {
		what := trace.Failed
		if err == error(wire.ErrRefused) {
			what = trace.Refused
		}
		h.record(group, traced, what, err.Error())
		return nil, err
	}
	h.net.rec.ConnStep(traced, h.Name(), trace.Opened, "")
	if d.info != nil {
		c.tell(trace.Info, 0, &trace.SocketBody{TCP: d.info})
	}
	return c, nil
}

// dial is a connection that is being made.
type dial struct {
	host     *Host
	group    *clock.Group
	pipe     *pipe
	bound    []binding
	listener *listener // nil where nobody listens
	done     *clock.Cond

	ended bool // the kernel has answered
	given bool // nobody waits for it any more
	conn  *conn
	info  *trace.TCPInfo
	err   error
}

// connect has the kernel connect, and waits until it has or ctx ends.
func (d *dial) connect(ctx context.Context, dst netip.AddrPort) (*conn, error) {
	h, n := d.host, d.host.net
	to := n.owner(dst.Addr(), h)
	switch {
	case to == nil:
		h.release(d.group, d.bound)
		return nil, wire.ErrNetworkUnreachable
	case !to.up:
		h.release(d.group, d.bound)
		return nil, wire.ErrHostUnreachable
	}
	var at func() (netip.AddrPort, error)
	if d.listener = to.listenerAt(dst); d.listener != nil {
		d.listener.dials++
		kernelAt := d.listener.acceptor.at
		d.pipe.traced.KernelServer = kernelAt
		at = func() (netip.AddrPort, error) { return kernelAt, nil }
	} else {
		at = to.closedPort().addr
	}
	n.busy++
	ctxKernel, cancel := context.WithCancel(n.kernel.ctx)
	n.kernel.do(func() {
		defer cancel()
		p, info, err := n.kernel.dial(ctxKernel, h.kernelAddr, at)
		n.report(func() { d.answered(p, info, err) })
	})
	for !d.ended {
		if err := d.done.Wait(ctx); err != nil {
			d.given = true
			cancel()
			if d.conn != nil { // both came at the same time
				d.conn.abort()
			}
			return nil, err
		}
	}
	return d.conn, d.err
}

// dial makes a connection from an address of the machine.
func (k *kernel) dial(ctx context.Context, from netip.Addr, at func() (netip.AddrPort, error)) (*pump, *trace.TCPInfo, error) {
	to, err := at()
	if err != nil {
		return nil, nil, err
	}
	dialer := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0)), KeepAlive: -1}
	nc, err := dialer.DialContext(ctx, "tcp4", to.String())
	if err != nil {
		return nil, nil, err
	}
	c := nc.(*net.TCPConn)
	p := newPump(k, c)
	k.keep(p)
	return p, tcpInfo(c), nil
}

// answered is told what the kernel says.
func (d *dial) answered(p *pump, info *trace.TCPInfo, err error) {
	h, n, l := d.host, d.host.net, d.listener
	n.busy--
	d.ended = true
	if err != nil {
		h.release(d.group, d.bound)
		d.err = kernelError(err)
		if l != nil {
			l.dialled(netip.AddrPort{}, nil)
		}
		d.done.Signal()
		return
	}
	at := p.addr()
	d.pipe.traced.KernelClient = at
	d.info = info
	d.conn = h.newConn(d.pipe, true, p)
	d.conn.Group, d.conn.bound = d.group, d.bound
	if l != nil {
		l.dialled(at, d.pipe)
	} else {
		d.pipe.orphan()
	}
	if d.given || d.group.Down() {
		d.conn.abort()
		return
	}
	d.conn.start()
	d.done.Signal()
}
