package virtual

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"

	"mailwalk/sim/trace"
)

// iface is one end of a link. It implements stack.LinkEndpoint: a stack writes
// its packets to it, and it hands the stack what arrives.
type iface struct {
	host     *Host
	link     *Link
	addrs    []netip.Prefix
	number   int
	name     string
	mac      tcpip.LinkAddress
	mtu      uint32
	loopback bool
	stack    stack.NetworkDispatcher
	egress   egress
	arrives  time.Duration // the last frame that was sent, on a link that keeps the order
}

var _ stack.LinkEndpoint = (*iface)(nil)

// WritePackets implements stack.LinkWriter. It is called on whatever goroutine
// sends, with the stack's locks held: the frames go into the queue.
func (p *iface) WritePackets(pkts stack.PacketBufferList) (int, tcpip.Error) {
	if p.host.stack == nil {
		return 0, &tcpip.ErrClosedForSend{}
	}
	for _, pkt := range pkts.AsSlice() {
		p.send(octetsOf(pkt))
	}
	return pkts.Len(), nil
}

// octetsOf is a copy of a packet's octets, for the trace to keep.
func octetsOf(pkt *stack.PacketBuffer) []byte {
	data := make([]byte, 0, pkt.Size())
	views, skip := pkt.AsViewList()
	for v := views.Front(); v != nil; v = v.Next() {
		octets := v.AsSlice()
		n := min(skip, len(octets))
		data = append(data, octets[n:]...)
		skip -= n
	}
	return data
}

// send puts a frame on the link.
func (p *iface) send(data []byte) {
	rec := p.link.net.rec
	dst := tcpip.LinkAddress(data[:header.EthernetAddressSize])
	if dst == p.mac {
		p.sendToSelf(data)
		return
	}
	p.host.tellMTU(data)
	to := p.receivers(dst)
	f := &trace.Frame{Link: p.link.name, From: p.name, FromHost: p.host.Name(), Data: data}
	if len(to) == 1 {
		f.To, f.ToHost = to[0].name, to[0].host.Name()
	}
	sent, restore := rec.Send(f)
	defer restore()
	action := p.link.net.decide(sent)
	trip, lost := p.leave(len(data))
	if lost != "" {
		action = Action{Drop: true, Why: lost}
	}
	for i, q := range to {
		g := f
		if i < len(to)-1 { // the last one has no need for a frame of its own
			g = new(*f)
		}
		g.To, g.ToHost = q.name, q.host.Name()
		p.dispatch(g, q, trip, action)
	}
}

// dispatch sends a frame to one receiver, as far as the action lets it.
func (p *iface) dispatch(f *trace.Frame, to *iface, t trip, a Action) {
	n := p.link.net
	switch {
	case a.Drop:
		n.rec.Interfere(f, trace.Dropped, a.Why)
		return
	case a.Reset && Resettable(f.Head()):
		n.rec.Interfere(f, trace.Dropped, a.Why)
		n.forge(f.Data, p, to, t.later(a.Delay).takes, a.Why)
		return
	}
	if a.Delay > 0 {
		n.rec.Interfere(f, trace.Delayed, a.Why)
	}
	if a.Corrupt != 0 {
		f.Data = spoiled(f.Data, a.Corrupt)
		n.rec.Interfere(f, trace.Corrupted, a.Why)
	}
	waits := a.Reorder && !n.passes(f, to)
	if waits {
		n.rec.Interfere(f, trace.Reordered, a.Why)
	}
	fl := n.launch(f, to, t.later(a.Delay))
	if waits {
		n.yield(fl)
	}
	for range a.Copies {
		copied := *f
		n.rec.Interfere(f, trace.Duplicated, a.Why)
		n.launch(&copied, to, t.later(a.Delay))
	}
}

// sendToSelf sends a frame over the loopback link, back to the interface it was
// meant for.
func (p *iface) sendToSelf(data []byte) {
	f := &trace.Frame{Link: p.host.lo.link.name, From: p.name, FromHost: p.host.Name(), To: p.name, ToHost: p.host.Name(), Data: data}
	sent, restore := p.link.net.rec.Send(f)
	defer restore()
	p.dispatch(f, p, trip{}, p.link.net.decide(sent))
}

// receivers are the interfaces to which a link address belongs.
func (p *iface) receivers(dst tcpip.LinkAddress) []*iface {
	if p.loopback {
		return p.link.ifaces
	}
	many := header.IsMulticastEthernetAddress(dst) || dst == header.EthernetBroadcastAddress
	var to []*iface
	for i, q := range p.link.ifaces {
		switch {
		case q == p:
		case q.mac == dst:
			return p.link.ifaces[i : i+1 : i+1]
		case many:
			to = append(to, q)
		}
	}
	return to
}

// trip is what a frame's way takes, from now on.
type trip struct {
	waits time.Duration // until the interface begins to put it on the link
	takes time.Duration // until it arrives
}

func (t trip) later(by time.Duration) trip { return trip{t.waits, t.takes + by} }

// leave is the trip of a frame of so many octets, or why there is none.
func (p *iface) leave(octets int) (t trip, lost string) {
	l := p.link
	travel, lost := l.travel(), l.loses() // drawn for each frame, whatever becomes of it
	now := l.net.clock.Elapsed()
	waits, left, ok := p.egress.put(now, octets, &l.cfg)
	if !ok {
		return trip{}, fmt.Sprintf("the queue of %s for the link %s is full: %d packets wait there", p.name, l.name, l.cfg.Queue)
	}
	arrives := now + left + travel
	if !l.cfg.Reorder {
		arrives = max(arrives, p.arrives)
		p.arrives = arrives
	}
	return trip{waits, arrives - now}, lost
}

// arrive hands a frame to the stack.
func (p *iface) arrive(f *trace.Frame) {
	h := p.host
	if h.stack == nil || p.stack == nil {
		h.net.rec.Interfere(f, trace.Dropped, h.Name()+" is switched off")
		return
	}
	h.net.rec.Deliver(f)
	pkt := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(h.lastHop(f))})
	defer pkt.DecRef()
	if !p.ParseHeader(pkt) {
		return
	}
	eth := header.Ethernet(pkt.LinkHeader().Slice())
	switch dst := eth.DestinationAddress(); {
	case dst == header.EthernetBroadcastAddress:
		pkt.PktType = tcpip.PacketBroadcast
	case header.IsMulticastEthernetAddress(dst):
		pkt.PktType = tcpip.PacketMulticast
	default:
		pkt.PktType = tcpip.PacketHost
	}
	if !h.dirty && !h.forwards(f) {
		h.dirty = true
		h.net.dirty = append(h.net.dirty, h)
	}
	p.stack.DeliverNetworkPacket(eth.Type(), pkt)
	h.passing.release()
	h.hearUnreachable(f.Data)
}

// forwards tells whether a frame is one that a router passes on: it does so at
// once, and its workers hear nothing of it.
func (h *Host) forwards(f *trace.Frame) bool {
	dst := f.Head().Dst
	return h.router && dst.IsGlobalUnicast() && !slices.Contains(h.Addrs(), dst)
}

// learnNeighbours tells the host the link addresses of all others on the link.
func (p *iface) learnNeighbours() error {
	for _, q := range p.link.ifaces {
		if q == p {
			continue
		}
		for _, a := range q.addrs {
			if err := p.host.stack.AddStaticNeighbor(tcpip.NICID(p.number+1), protocolOf(a.Addr()), address(a.Addr()), q.mac); err != nil {
				return fmt.Errorf("host %s: neighbour %s: %s", p.host.Name(), a.Addr(), err)
			}
		}
	}
	return nil
}

// MTU implements stack.LinkEndpoint.
func (p *iface) MTU() uint32 { return p.mtu }

// SetMTU implements stack.LinkEndpoint.
func (p *iface) SetMTU(mtu uint32) { p.mtu = mtu }

// MaxHeaderLength implements stack.LinkEndpoint.
func (p *iface) MaxHeaderLength() uint16 { return header.EthernetMinimumSize }

// LinkAddress implements stack.LinkEndpoint.
func (p *iface) LinkAddress() tcpip.LinkAddress { return p.mac }

// SetLinkAddress implements stack.LinkEndpoint.
func (p *iface) SetLinkAddress(mac tcpip.LinkAddress) { p.mac = mac }

// Capabilities implements stack.LinkEndpoint.
func (p *iface) Capabilities() stack.LinkEndpointCapabilities {
	switch {
	case p.loopback:
		return stack.CapabilityNone
	case p.host.router:
		// A stack that forwards writes the checksums of TCP and UDP anew, and so hides
		// what a link has damaged, unless the interface says that it does that itself.
		// A router sends nothing of its own by TCP or UDP.
		return stack.CapabilityResolutionRequired | stack.CapabilityTXChecksumOffload
	}
	return stack.CapabilityResolutionRequired
}

// Attach implements stack.LinkEndpoint.
func (p *iface) Attach(d stack.NetworkDispatcher) { p.stack = d }

// IsAttached implements stack.LinkEndpoint.
func (p *iface) IsAttached() bool { return p.stack != nil }

// Wait implements stack.LinkEndpoint: there are no goroutines to wait for.
func (p *iface) Wait() {}

// ARPHardwareType implements stack.LinkEndpoint.
func (p *iface) ARPHardwareType() header.ARPHardwareType {
	if p.loopback {
		return header.ARPHardwareLoopback
	}
	return header.ARPHardwareEther
}

// AddHeader implements stack.LinkEndpoint. On the loopback interface both
// addresses are zero, as captures of Linux have it.
func (p *iface) AddHeader(pkt *stack.PacketBuffer) {
	fields := header.EthernetFields{SrcAddr: zeroMAC, DstAddr: zeroMAC, Type: pkt.NetworkProtocolNumber}
	if !p.loopback {
		fields.SrcAddr, fields.DstAddr = pkt.EgressRoute.LocalLinkAddress, pkt.EgressRoute.RemoteLinkAddress
	}
	header.Ethernet(pkt.LinkHeader().Push(header.EthernetMinimumSize)).Encode(&fields)
}

const zeroMAC = tcpip.LinkAddress("\x00\x00\x00\x00\x00\x00")

// ParseHeader implements stack.LinkEndpoint.
func (p *iface) ParseHeader(pkt *stack.PacketBuffer) bool {
	_, ok := pkt.LinkHeader().Consume(header.EthernetMinimumSize)
	return ok
}

// Close implements stack.LinkEndpoint.
func (p *iface) Close() {}

// SetOnCloseAction implements stack.LinkEndpoint: nothing is to be done.
func (p *iface) SetOnCloseAction(func()) {}
