// Package resolver runs the programs of the DNS on the hosts of a walk: name
// servers for zones, resolvers that ask them, and the stub in every program that
// asks a resolver. Each tells the trace what it does.
package resolver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"

	"mailwalk/protocols/dns"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"

	mdns "github.com/miekg/dns"
)

// port is that of the DNS, by UDP and TCP.
const port = 53

// NewStub returns the stub of a host's programs, which asks servers.
func NewStub(h wire.Host, rec *trace.Recorder, servers ...netip.Addr) *dns.Stub {
	s := &dns.Stub{
		Dial:        dialer(h),
		WithTimeout: h.Clock().WithTimeout,
		Now:         h.Clock().Now,
		Rand:        reader(h, "stub IDs"),
		Hooks:       stubHooks(rec, servers),
	}
	can := usable(h)
	s.NoIPv4, s.NoIPv6 = !can(netip.IPv4Unspecified()), !can(netip.IPv6Unspecified())
	for _, a := range servers {
		s.Servers = append(s.Servers, netip.AddrPortFrom(a, port))
	}
	return s
}

// ServeZones has a host answer for zones, which can be changed while it does.
func ServeZones(h wire.Host, rec *trace.Recorder, zones ...*dns.Zone) (*Zones, error) {
	z := new(Zones)
	if err := z.Set(zones...); err != nil {
		return nil, fmt.Errorf("host %s: name server: %w", h.Name(), err)
	}
	return z, serve(h, rec, "name server", z, false)
}

// Serve has a host find out for others, beginning at the root servers.
func Serve(h wire.Host, rec *trace.Recorder, roots []dns.NameServer) (*dns.Resolver, error) {
	r := &dns.Resolver{
		Roots:       roots,
		Dial:        dialer(h),
		WithTimeout: h.Clock().WithTimeout,
		Now:         h.Clock().Now,
		Rand:        reader(h, "resolver IDs"),
		Use:         usable(h),
		Hooks:       resolverHooks(h, rec),
	}
	return r, serve(h, rec, "resolver", &dns.Front{Resolver: r}, true)
}

// usable tells whether a host can reach addresses of a family: whether it has one
// itself.
func usable(h wire.Host) func(netip.Addr) bool {
	return func(a netip.Addr) bool {
		for _, own := range h.Addrs() {
			if own.Is4() == a.Is4() {
				return true
			}
		}
		return false
	}
}

// serve answers at port 53 by UDP and TCP. A handler that waits for others gets a
// task for each query.
func serve(h wire.Host, rec *trace.Recorder, name string, handler dns.Handler, waits bool) error {
	s := &dns.Server{Handler: handler, Now: h.Clock().Now, Hooks: &dns.ServerHooks{
		QueryReceived: func(_ context.Context, m dns.Meta, _ *mdns.Msg) (*mdns.Msg, bool) {
			if m.Transport == dns.UDP {
				for _, a := range h.Addrs() { // it came to one of them
					rec.AdoptFlow(addrPort(m.Remote), netip.AddrPortFrom(a, port))
				}
			}
			return nil, false
		},
	}}
	if waits {
		s.Go = h.Go
	}
	// A socket for each address, so that an answer comes from the one that was asked.
	for _, a := range h.Addrs() {
		pc, err := h.ListenPacket(netip.AddrPortFrom(a, port))
		if err != nil {
			return fmt.Errorf("host %s: %s: %w", h.Name(), name, err)
		}
		h.Go(name+" udp", func(ctx context.Context) {
			// The only ways to end are that the socket is closed or the host switched
			// off, and both are the world's doing.
			_ = s.ServePacket(ctx, pc)
		})
	}
	l, err := h.Listen(netip.AddrPortFrom(netip.IPv6Unspecified(), port))
	if err != nil {
		return fmt.Errorf("host %s: %s: %w", h.Name(), name, err)
	}
	wire.Serve(h, l, name+" tcp", func(ctx context.Context, nc net.Conn) {
		// How a stream ends is the client's affair; the connection's events tell it.
		_ = s.ServeStream(ctx, nc)
	})
	return nil
}

func dialer(h wire.Host) dns.DialFunc {
	return func(ctx context.Context, network string, server netip.AddrPort) (net.Conn, error) {
		return h.Dial(ctx, network, netip.AddrPort{}, server)
	}
}

// reader is a host's random stream as an io.Reader.
func reader(h wire.Host, purpose string) io.Reader {
	r := h.Rand(purpose)
	return readerFunc(func(p []byte) (int, error) {
		for i := range p {
			p[i] = byte(r.Uint32())
		}
		return len(p), nil
	})
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func addrPort(a net.Addr) netip.AddrPort {
	switch a := a.(type) {
	case *net.UDPAddr:
		return a.AddrPort()
	case *net.TCPAddr:
		return a.AddrPort()
	}
	return netip.AddrPort{}
}

// ParseZone reads a zone's text.
func ParseZone(origin string, text []byte, file string) (*dns.Zone, error) {
	return dns.ParseZone(bytes.NewReader(text), origin, file)
}

// Temporary tells whether a look-up that failed may succeed later.
func Temporary(err error) bool {
	var le *dns.LookupError
	return !errors.As(err, &le) || le.Temporary()
}
