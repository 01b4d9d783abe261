package virtual

import (
	"fmt"
	"io"
	mathrand "math/rand"
	"net/netip"
	"sync"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/network/arp"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/icmp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"

	"mailwalk/sim/clock"
	"mailwalk/sim/wire"
	"mailwalk/sim/wire/machine"
)

// loNIC is the number of each host's loopback interface; the others count from
// 1.
const loNIC = 1000

// Host is one machine or router.
type Host struct {
	*machine.Machine
	net    *Net
	router bool
	routes []Route
	ifaces []*iface
	lo     *iface

	// What follows is of the time between switching on and off.
	stack   *stack.Stack
	passing keeper // what a router passes on
	// dialling are the sockets of connections that are being opened.
	dialling map[ends]*socket
	boots    uint64
	dirty    bool
}

var _ wire.Host = (*Host)(nil)

// Up tells whether the host is switched on.
func (h *Host) Up() bool { return h.stack != nil }

// protocols are the factories of all stacks.
var protocols = struct {
	network   []stack.NetworkProtocolFactory
	transport []stack.TransportProtocolFactory
}{
	network: []stack.NetworkProtocolFactory{
		arp.NewProtocol,
		// To a stack the loopback interface is one like the others, so that packets on
		// it have checksums.
		ipv4.NewProtocolWithOptions(ipv4.Options{AllowExternalLoopbackTraffic: true}),
		ipv6.NewProtocolWithOptions(ipv6.Options{
			// Duplicate address detection would keep an address from use for its
			// first second; nobody here advertises as a router.
			DADConfigs:       stack.DADConfigurations{DupAddrDetectTransmits: 0},
			NDPConfigs:       ipv6.NDPConfigurations{MaxRtrSolicitations: 0},
			AutoGenLinkLocal: true,

			AllowExternalLoopbackTraffic: true,
		}),
	},
	transport: []stack.TransportProtocolFactory{oneWorker, udp.NewProtocol, icmp.NewProtocol4, icmp.NewProtocol6},
}

func (h *Host) powerOn() error {
	secure := &lockedReader{r: h.Stream("stack")}
	insecure := &lockedSource{s: mathrand.NewSource(int64(h.Stream("stack ports").Uint64()))}
	h.stack = stack.New(stack.Options{
		NetworkProtocols:   protocols.network,
		TransportProtocols: protocols.transport,
		Clock:              stackClock{h.net.clock},
		RandSource:         insecure,
		SecureRNG:          secure,
		NFTables:           &h.passing,
	})
	h.stack.SetNFTablesConfigured(h.router)
	h.Begin()
	h.boots++
	h.dialling = map[ends]*socket{}
	if err := h.configure(); err != nil {
		return fmt.Errorf("host %s: %w", h.Name(), err)
	}
	return nil
}

// configure gives a new stack its options, interfaces and routes.
func (h *Host) configure() error {
	// RACK (RFC 8985) makes ten retransmissions of one lost segment here; without
	// it there is the textbook's single one.
	norack := tcpip.TCPRecovery(0)
	if err := h.stack.SetTransportProtocolOption(tcp.ProtocolNumber, &norack); err != nil {
		return stackError("turn RACK off", err)
	}
	var routes []tcpip.Route
	if err := h.addNIC(loNIC, h.lo); err != nil {
		return err
	}
	for _, p := range []string{"127.0.0.1/8", "::1/128"} {
		prefix := netip.MustParsePrefix(p)
		if err := h.stack.AddProtocolAddress(loNIC, protocolAddress(prefix), stack.AddressProperties{}); err != nil {
			return stackError("add address "+p, err)
		}
		routes = append(routes, tcpip.Route{Destination: subnet(prefix), NIC: loNIC})
	}
	for _, p := range h.ifaces {
		nic := tcpip.NICID(p.number + 1)
		if err := h.addNIC(nic, p); err != nil {
			return err
		}
		for _, a := range p.addrs {
			if err := h.stack.AddProtocolAddress(nic, protocolAddress(a), stack.AddressProperties{}); err != nil {
				return stackError("add address "+a.String(), err)
			}
			// What a host sends to itself leaves as a frame like any other, to its own
			// link address; the interface sends it back on the loopback link.
			if err := h.stack.AddStaticNeighbor(nic, protocolOf(a.Addr()), address(a.Addr()), p.mac); err != nil {
				return stackError("know itself as "+a.String(), err)
			}
			routes = append(routes, tcpip.Route{Destination: subnet(a), NIC: nic})
		}
	}
	for _, r := range h.routes {
		nic, ok := h.toward(r.Via)
		if !ok {
			return fmt.Errorf("route to %s: router %s is on no link of the host", r.To, r.Via)
		}
		routes = append(routes, tcpip.Route{Destination: subnet(r.To), Gateway: address(r.Via), NIC: nic})
	}
	h.stack.SetRouteTable(routes)
	if h.router {
		for _, n := range []tcpip.NetworkProtocolNumber{ipv4.ProtocolNumber, ipv6.ProtocolNumber} {
			if err := h.stack.SetForwardingDefaultAndAllNICs(n, true); err != nil {
				return stackError("turn forwarding on", err)
			}
		}
	}
	return nil
}

func (h *Host) addNIC(nic tcpip.NICID, p *iface) error {
	p.mtu = p.link.cfg.MTU
	if err := h.stack.CreateNICWithOptions(nic, p, stack.NICOptions{Name: p.name}); err != nil {
		return stackError("add interface "+p.name, err)
	}
	return nil
}

// toward is the interface on whose link an address lies.
func (h *Host) toward(a netip.Addr) (tcpip.NICID, bool) {
	for _, p := range h.ifaces {
		for _, own := range p.addrs {
			if own.Masked().Contains(a) {
				return tcpip.NICID(p.number + 1), true
			}
		}
	}
	return 0, false
}

// powerOff ends the host's programs and takes its stack away. Nothing that it had
// under way happens any more.
func (h *Host) powerOff() {
	h.End()
	h.destroy()
	h.net.loseWaiting(h.Name())
	for _, p := range h.ifaces {
		p.egress = egress{}
	}
	h.Crash()
}

func (h *Host) destroy() {
	if h.stack == nil {
		return
	}
	s := h.stack
	h.stack = nil // what the dying stack sends goes nowhere
	s.Destroy()
}

// stackError says what was tried of a stack.
func stackError(what string, err tcpip.Error) error { return fmt.Errorf("%s: %s", what, err) }

func address(a netip.Addr) tcpip.Address {
	if a.Is4() {
		return tcpip.AddrFrom4(a.As4())
	}
	return tcpip.AddrFrom16(a.As16())
}

func netipAddr(a tcpip.Address) netip.Addr {
	ip, _ := netip.AddrFromSlice(a.AsSlice()) // a stack's address has 4 or 16 octets, or none
	return ip.Unmap()
}

func protocolOf(a netip.Addr) tcpip.NetworkProtocolNumber {
	if a.Is6() {
		return ipv6.ProtocolNumber
	}
	return ipv4.ProtocolNumber
}

func protocolAddress(p netip.Prefix) tcpip.ProtocolAddress {
	return tcpip.ProtocolAddress{
		Protocol:          protocolOf(p.Addr()),
		AddressWithPrefix: tcpip.AddressWithPrefix{Address: address(p.Addr()), PrefixLen: p.Bits()},
	}
}

func subnet(p netip.Prefix) tcpip.Subnet {
	return tcpip.AddressWithPrefix{Address: address(p.Addr()), PrefixLen: p.Bits()}.Subnet()
}

// macOf is a locally administered link address.
func macOf(n int) tcpip.LinkAddress {
	return tcpip.LinkAddress([]byte{0x02, 0x00, 0x5e, byte(n >> 16), byte(n >> 8), byte(n)})
}

// stackClock gives a stack the walk's clock.
type stackClock struct{ c *clock.Clock }

func (s stackClock) Now() time.Time { return s.c.Now() }

func (s stackClock) NowMonotonic() tcpip.MonotonicTime {
	return tcpip.MonotonicTime{}.Add(s.c.Elapsed())
}

func (s stackClock) AfterFunc(d time.Duration, f func()) tcpip.Timer { return s.c.Post(d, f) }

// lockedReader and lockedSource are what a stack draws from, on whichever of its
// goroutines.
type lockedReader struct {
	mu sync.Mutex
	r  io.Reader
}

func (l *lockedReader) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.r.Read(p)
}

type lockedSource struct {
	mu sync.Mutex
	s  mathrand.Source
}

func (l *lockedSource) Int63() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.s.Int63()
}

func (l *lockedSource) Seed(seed int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.s.Seed(seed)
}
