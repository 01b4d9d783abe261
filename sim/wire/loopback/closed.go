package loopback

import (
	"net"
	"net/netip"
	"sync"

	"mailwalk/sim/wire"
)

// closedPort is a port of the kernel's at which certainly nobody listens, so that the
// kernel itself refuses whoever connects. It is that of a connection's end: no other
// program can listen there, and segments of other connections to it are answered with
// a reset (RFC 9293 §3.5.2).
type closedPort struct {
	kernel *kernel
	at     netip.Addr

	mu      sync.Mutex
	port    netip.AddrPort
	ends    []net.Conn
	stopped bool
}

// closedPort is the host's.
func (h *Host) closedPort() *closedPort {
	if h.closed == nil {
		h.closed = &closedPort{kernel: &h.net.kernel, at: h.kernelAddr}
		h.net.kernel.keep(h.closed)
	}
	return h.closed
}

// addr is the port, which is opened when it is first asked for. It may wait for the
// kernel.
func (p *closedPort) addr() (netip.AddrPort, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.stopped:
		return netip.AddrPort{}, wire.ErrHostUnreachable
	case p.port.IsValid():
		return p.port, nil
	}
	l, err := p.kernel.listen(p.at)
	if err != nil {
		return netip.AddrPort{}, err
	}
	defer l.stop()
	dialer := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(p.at, 0)), KeepAlive: -1}
	near, err := dialer.DialContext(p.kernel.ctx, "tcp4", l.at.String())
	if err != nil {
		return netip.AddrPort{}, err
	}
	p.ends = append(p.ends, near)
	at := near.LocalAddr().(*net.TCPAddr).AddrPort()
	for {
		far, err := l.listener.AcceptTCP()
		if err != nil {
			return netip.AddrPort{}, err
		}
		if far.RemoteAddr().(*net.TCPAddr).AddrPort() == at {
			p.ends = append(p.ends, far)
			p.port = at
			return at, nil
		}
		if err := far.Close(); err != nil { // a stranger
			return netip.AddrPort{}, err
		}
	}
}

// stop implements stopper.
func (p *closedPort) stop() {
	p.kernel.forget(p)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = true
	for _, c := range p.ends {
		// There is nothing to be done about a socket that cannot be closed.
		_ = c.Close()
	}
	p.ends = nil
}
