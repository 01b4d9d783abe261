package virtual

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"

	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
)

// Dial implements wire.Host.
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

// source completes the address that a host sends from: by its routes, and with a
// port of the dynamic range (RFC 6335 §6) that does not depend on what else the
// host does.
func (h *Host) source(src, dst netip.AddrPort) (netip.AddrPort, error) {
	a, port := src.Addr(), src.Port()
	if !a.IsValid() {
		route, terr := h.stack.FindRoute(0, tcpip.Address{}, address(dst.Addr()), protocolOf(dst.Addr()), false)
		if terr != nil {
			return src, netError(terr)
		}
		a = netipAddr(route.LocalAddress())
		route.Release()
	}
	if port == 0 {
		const first, count = 49152, 16384
		port = uint16(first + h.Rand("port for "+dst.String()).IntN(count))
	}
	return netip.AddrPortFrom(a, port), nil
}

// bind gives an endpoint its own address. A port that was drawn and is in use
// gives way to the next one drawn.
func (h *Host) bind(ep tcpip.Endpoint, src, dst netip.AddrPort) (netip.AddrPort, error) {
	const tries = 64
	for range tries {
		from, err := h.source(src, dst)
		if err != nil {
			return from, err
		}
		terr := ep.Bind(tcpip.FullAddress{Addr: address(from.Addr()), Port: from.Port()})
		if terr == nil {
			return from, nil
		}
		if _, used := terr.(*tcpip.ErrPortInUse); !used || src.Port() != 0 {
			return from, netError(terr)
		}
	}
	return src, wire.ErrAddrInUse
}

func (h *Host) dialTCP(ctx context.Context, src, dst netip.AddrPort) (net.Conn, error) {
	if h.stack == nil || h.Over() {
		return nil, wire.ErrHostDown
	}
	q := new(waiter.Queue)
	ep, terr := h.stack.NewEndpoint(tcp.ProtocolNumber, protocolOf(dst.Addr()), q)
	if terr != nil {
		return nil, netError(terr)
	}
	from, err := h.bind(ep, src, dst)
	if err != nil {
		ep.Close()
		return nil, err
	}
	rec := h.net.rec
	traced := rec.Dial(from, dst)
	var s socket
	s.init(h, ep, q)
	h.dialling[ends{from, dst}] = &s
	err = h.connect(ctx, &s, dst)
	delete(h.dialling, ends{from, dst})
	if err != nil {
		s.close()
		what := trace.Failed
		if err == error(wire.ErrRefused) {
			what = trace.Refused
		}
		rec.ConnStep(traced, h.Name(), what, err.Error())
		return nil, err
	}
	q.EventUnregister(&s.entry)
	c, err := h.newConn(ep, q, true, dst, func(_, _ netip.AddrPort) *trace.Conn { return traced })
	if err != nil {
		return nil, err
	}
	rec.ConnStep(traced, h.Name(), trace.Opened, "")
	return c, nil
}

// connect waits until an endpoint is connected.
func (h *Host) connect(ctx context.Context, s *socket, dst netip.AddrPort) error {
	terr := s.ep.Connect(tcpip.FullAddress{Addr: address(dst.Addr()), Port: dst.Port()})
	if _, started := terr.(*tcpip.ErrConnectStarted); !started {
		if terr != nil {
			return netError(terr)
		}
		return nil
	}
	for {
		if err := s.WaitAt(ctx, s.Out); err != nil {
			return err
		}
		if s.failed != nil {
			return s.failed
		}
		if terr := s.ep.LastError(); terr != nil {
			return netError(terr)
		}
		switch state := tcp.EndpointState(s.ep.State()); state {
		case tcp.StateConnecting, tcp.StateSynSent, tcp.StateSynRecv:
		case tcp.StateError, tcp.StateClose:
			return wire.ErrAborted
		default:
			return nil
		}
	}
}

func (h *Host) dialUDP(src, dst netip.AddrPort) (net.Conn, error) {
	if h.stack == nil || h.Over() {
		return nil, wire.ErrHostDown
	}
	q := new(waiter.Queue)
	ep, terr := h.stack.NewEndpoint(udp.ProtocolNumber, protocolOf(dst.Addr()), q)
	if terr != nil {
		return nil, netError(terr)
	}
	from, err := h.bind(ep, src, dst)
	if err != nil {
		ep.Close()
		return nil, err
	}
	if terr := ep.Connect(tcpip.FullAddress{Addr: address(dst.Addr()), Port: dst.Port()}); terr != nil {
		ep.Close()
		return nil, netError(terr)
	}
	c := &packetConn{local: from, remote: dst}
	c.init(h, ep, q)
	return c, nil
}

// netErrors are the stack's errors in the words of package wire.
var netErrors = []struct {
	of tcpip.Error
	is *wire.Error
}{
	{&tcpip.ErrConnectionRefused{}, wire.ErrRefused},
	{&tcpip.ErrConnectionReset{}, wire.ErrReset},
	{&tcpip.ErrConnectionAborted{}, wire.ErrAborted},
	{&tcpip.ErrAborted{}, wire.ErrAborted},
	{&tcpip.ErrTimeout{}, wire.ErrTimedOut},
	{&tcpip.ErrHostUnreachable{}, wire.ErrHostUnreachable},
	{&tcpip.ErrHostDown{}, wire.ErrHostUnreachable},
	{&tcpip.ErrNetworkUnreachable{}, wire.ErrNetworkUnreachable},
	{&tcpip.ErrPortInUse{}, wire.ErrAddrInUse},
	{&tcpip.ErrBadLocalAddress{}, wire.ErrAddrNotAvailable},
	{&tcpip.ErrClosedForSend{}, wire.ErrBrokenPipe},
	{&tcpip.ErrMessageTooLong{}, wire.ErrMessageTooLong},
	{&tcpip.ErrNotConnected{}, wire.ErrNotConnected},
}

func netError(terr tcpip.Error) error {
	for _, e := range netErrors {
		if e.of.String() == terr.String() {
			return e.is
		}
	}
	return fmt.Errorf("network stack: %s", terr)
}
