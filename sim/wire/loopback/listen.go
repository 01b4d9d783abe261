package loopback

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"

	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
)

// backlog is how many connections a listener keeps that the program has not taken.
// More wait in the kernel.
const backlog = 128

// listener implements net.Listener. All of its addresses in the walk are one port of
// the kernel's.
type listener struct {
	socket
	at       netip.AddrPort
	bound    []binding
	acceptor *acceptor
	queue    []accepted // to be taken by the program
	err      error      // why there will be no more
	ended    bool

	// Which of the walk's connections the kernel has accepted is known by the client's
	// address in the kernel. dials are those on which the kernel has not answered yet,
	// waiting those that it has opened and not handed to the acceptor, early those that
	// the acceptor has and that belong to one of dials, or to no program of the walk.
	dials   int
	waiting map[netip.AddrPort]*pipe
	early   []accepted
}

// accepted is a connection that the kernel has accepted.
type accepted struct {
	pump *pump
	info *trace.TCPInfo
	conn *conn // nil as long as it is not known whose it is
}

// Listen implements wire.Host.
func (h *Host) Listen(at netip.AddrPort) (net.Listener, error) {
	l, err := h.listen(at)
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: "tcp", Addr: net.TCPAddrFromAddrPort(at), Err: err}
	}
	return l, nil
}

func (h *Host) listen(at netip.AddrPort) (*listener, error) {
	if !h.up || h.Over() {
		return nil, wire.ErrHostDown
	}
	bound, err := h.bind("tcp", h.covered(at.Addr()), at.Port(), "port to listen at")
	if err != nil {
		return nil, err
	}
	l := &listener{socket: socket{h.NewSocket(), h}, at: netip.AddrPortFrom(at.Addr(), bound[0].at.Port()), bound: bound, waiting: map[netip.AddrPort]*pipe{}}
	if l.acceptor, err = h.net.kernel.listen(h.kernelAddr); err != nil {
		h.release(h.Group(), bound)
		return nil, kernelError(err)
	}
	h.listeners = append(h.listeners, l)
	l.acceptor.start(h.net.report, l.accepted, l.fail)
	return l, nil
}

// listenerAt is what listens at an address of the walk; nil when nobody does.
func (h *Host) listenerAt(at netip.AddrPort) *listener {
	for _, l := range h.listeners {
		if slices.Contains(l.bound, binding{"tcp", at}) {
			return l
		}
	}
	return nil
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
		if len(l.queue) > 0 {
			a := l.queue[0]
			l.queue = l.queue[1:]
			l.acceptor.took()
			l.host.net.rec.AcceptOn(a.conn.pipe.traced)
			if a.info != nil {
				a.conn.tell(trace.Info, 0, &trace.SocketBody{TCP: a.info})
			}
			a.conn.start()
			return a.conn, nil
		}
		if l.err != nil {
			return nil, l.err
		}
		if err := l.WaitAt(context.Background(), l.In); err != nil {
			return nil, err
		}
	}
}

// dialled is told that the kernel has answered a dial: with a connection from an
// address, or with none.
func (l *listener) dialled(from netip.AddrPort, p *pipe) {
	l.dials--
	switch i := slices.IndexFunc(l.early, func(a accepted) bool { return a.pump.peer() == from }); {
	case p == nil:
	case l.ended:
		p.orphan()
	case i >= 0:
		a := l.early[i]
		l.early = slices.Delete(l.early, i, i+1)
		l.meet(a, p)
	default:
		l.waiting[from] = p
		l.host.net.busy++
	}
	l.expel()
}

// accepted is told of what the acceptor has.
func (l *listener) accepted(p *pump, info *trace.TCPInfo) {
	a := accepted{pump: p, info: info}
	from := p.peer()
	switch pipe := l.waiting[from]; {
	case l.ended:
		p.stop()
	case pipe != nil:
		delete(l.waiting, from)
		l.host.net.busy--
		l.meet(a, pipe)
	default:
		l.early = append(l.early, a)
		l.expel()
	}
}

// meet joins the two ends of a connection.
func (l *listener) meet(a accepted, p *pipe) {
	a.conn = l.host.newConn(p, false, a.pump)
	l.queue = append(l.queue, a)
	l.In.Signal()
}

// expel closes the connections that no program of the walk has made.
func (l *listener) expel() {
	if l.dials > 0 {
		return
	}
	for _, a := range l.early {
		l.acceptor.took()
		l.host.net.warn(l.host.Name(), fmt.Sprintf("a program from outside of the walk connected to port %d of this computer, which is a socket of %s, and was turned away", l.acceptor.at.Port(), l.host.Name()))
		a.pump.stop()
	}
	l.early = nil
}

// fail is told that the kernel accepts nothing any more.
func (l *listener) fail(err error) {
	if l.ended {
		return
	}
	l.err = kernelError(err)
	l.end()
	l.In.Broadcast()
}

// end closes the port. Connections that no program has taken are reset.
func (l *listener) end() {
	if l.ended {
		return
	}
	l.ended = true
	l.acceptor.stop()
	for _, a := range l.queue {
		a.conn.abort()
	}
	for _, a := range l.early {
		a.pump.stop()
	}
	for _, p := range l.waiting { // nobody sees in which order
		l.host.net.busy--
		p.orphan()
	}
	l.queue, l.early, l.waiting = nil, nil, nil
	l.host.listeners = slices.DeleteFunc(l.host.listeners, func(o *listener) bool { return o == l })
	l.host.release(l.Group, l.bound)
}

// Close implements net.Listener.
func (l *listener) Close() error {
	if l.Closed {
		return net.ErrClosed
	}
	l.end()
	l.Shut()
	return nil
}

// Addr implements net.Listener.
func (l *listener) Addr() net.Addr { return net.TCPAddrFromAddrPort(l.at) }

// acceptor accepts the kernel's connections to one port as long as there is room.
type acceptor struct {
	kernel   *kernel
	listener *net.TCPListener
	at       netip.AddrPort

	mu     sync.Mutex
	change sync.Cond
	room   int
	closed bool
}

// listen opens a port of the kernel's.
func (k *kernel) listen(at netip.Addr) (*acceptor, error) {
	lc := net.ListenConfig{KeepAlive: -1}
	lc.SetMultipathTCP(false)
	nl, err := lc.Listen(context.Background(), "tcp4", netip.AddrPortFrom(at, 0).String())
	if err != nil {
		return nil, err
	}
	l := nl.(*net.TCPListener)
	a := &acceptor{kernel: k, listener: l, at: l.Addr().(*net.TCPAddr).AddrPort(), room: backlog}
	a.change.L = &a.mu
	k.keep(a)
	return a, nil
}

// start reports each connection, and the error that ends it unless it was stopped.
func (a *acceptor) start(report func(func()), took func(*pump, *trace.TCPInfo), fail func(error)) {
	a.kernel.do(func() {
		for a.wait() {
			c, err := a.listener.AcceptTCP()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil {
				report(func() { fail(err) })
				return
			}
			p := newPump(a.kernel, c)
			a.kernel.keep(p)
			info := tcpInfo(c)
			report(func() { took(p, info) })
		}
	})
}

// wait waits for room. It returns false when there is nothing more to accept.
func (a *acceptor) wait() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for a.room == 0 && !a.closed {
		a.change.Wait()
	}
	a.room--
	return !a.closed
}

// took makes room for one more.
func (a *acceptor) took() {
	a.mu.Lock()
	a.room++
	a.change.Broadcast()
	a.mu.Unlock()
}

// stop implements stopper.
func (a *acceptor) stop() {
	a.mu.Lock()
	a.closed = true
	a.change.Broadcast()
	a.mu.Unlock()
	a.kernel.forget(a)
	// It fails on a socket that is closed.
	_ = a.listener.Close()
}
