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
	return heardListener{l, h, trace.ServiceName(at.Port())}, nil
}

type heardListener struct {
	net.Listener
	host    heard
	service string
}

// Accept implements net.Listener.
func (l heardListener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	traced := wire.Traced(nc)
	found := func(f mismatch.Finding) {
		e := trace.Event{What: trace.Warning, Body: &f.Note}
		if traced != nil {
			e.Host, e.Conn = traced.Server, traced.ID
		}
		l.host.world.recorder.Record(e)
	}
	if traced != nil && traced.Client == l.host.world.visitors {
		nc = hearSilence(nc, l.service, l.host.Clock(), found)
	}
	return mismatch.Wrap(nc, l.service, found), nil
}
