package sim

import (
	"net"
	"net/netip"

	"mailwalk/sim/mismatch"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
)

// heard is a host whose servers' clients are listened to: one that speaks
// another protocol than the port is for is told of in the trace.
type heard struct {
	wire.Host
	world *World
}

// Listen implements wire.Host.
func (h heard) Listen(at netip.AddrPort) (net.Listener, error) {
	l, err := h.Host.Listen(at)
	if err != nil {
		return nil, err
	}
	return heardListener{l, h.world, trace.ServiceName(at.Port())}, nil
}

type heardListener struct {
	net.Listener
	world   *World
	service string
}

// Accept implements net.Listener.
func (l heardListener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return mismatch.Wrap(nc, l.service, func(f mismatch.Finding) {
		e := trace.Event{What: trace.Warning, Body: &f.Note}
		if c := wire.Traced(nc); c != nil {
			e.Host, e.Conn = c.Server, c.ID
		}
		l.world.recorder.Record(e)
	}), nil
}
