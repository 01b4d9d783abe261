package virtual

import (
	"net/netip"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"

	"mailwalk/sim/wire"
)

// icmp6Of is the ICMPv6 error in a frame and the packet that it quotes; false when
// there is none.
func icmp6Of(frame []byte) (ip header.IPv6, icmp header.ICMPv6, quoted header.IPv6, ok bool) {
	if len(frame) < header.EthernetMinimumSize || header.Ethernet(frame).Type() != header.IPv6ProtocolNumber {
		return nil, nil, nil, false
	}
	ip = header.IPv6(frame[header.EthernetMinimumSize:])
	if !ip.IsValid(len(ip)) || ip.NextHeader() != uint8(header.ICMPv6ProtocolNumber) {
		return nil, nil, nil, false
	}
	icmp = header.ICMPv6(ip.Payload())
	if len(icmp) < header.ICMPv6ErrorHeaderSize+header.IPv6MinimumSize {
		return nil, nil, nil, false
	}
	return ip, icmp, header.IPv6(icmp[header.ICMPv6ErrorHeaderSize:]), true
}

// tellMTU completes what gVisor leaves out of the Packet Too Big messages of its
// routers: the MTU of the next link on the way (RFC 4443 §3.2). Without it no
// sender could find the path's.
func (h *Host) tellMTU(frame []byte) {
	if !h.router {
		return
	}
	ip, icmp, quoted, ok := icmp6Of(frame)
	if !ok || icmp.Type() != header.ICMPv6PacketTooBig || icmp.MTU() != 0 {
		return
	}
	next, ok := h.nextIface(netipAddr(quoted.DestinationAddress()))
	if !ok {
		return
	}
	icmp.SetMTU(next.mtu)
	icmp.SetChecksum(0)
	icmp.SetChecksum(header.ICMPv6Checksum(header.ICMPv6ChecksumParams{Header: icmp, Src: ip.SourceAddress(), Dst: ip.DestinationAddress()}))
}

// nextIface is the interface by which a host reaches an address, as its stack has it
// from configure.
func (h *Host) nextIface(a netip.Addr) (*iface, bool) {
	nic, ok := h.toward(a)
	for i := 0; !ok && i < len(h.routes); i++ {
		if r := h.routes[i]; r.To.Contains(a) {
			nic, ok = h.toward(r.Via)
		}
	}
	if !ok {
		return nil, false
	}
	return h.ifaces[nic-1], true
}

// ends are those of a connection that a host opens.
type ends struct{ local, remote netip.AddrPort }

// hearUnreachable tells who dials of an ICMPv6 Address Unreachable (RFC 4443 §3.1),
// which gVisor does not hand on to TCP. As with IPv4, where it does, only a
// connection that is being opened ends; an open one goes on trying.
func (h *Host) hearUnreachable(frame []byte) {
	_, icmp, quoted, ok := icmp6Of(frame)
	if !ok || icmp.Type() != header.ICMPv6DstUnreachable || icmp.Code() != header.ICMPv6AddressUnreachable {
		return
	}
	const ports = 4
	rest := icmp[header.ICMPv6ErrorHeaderSize+header.IPv6MinimumSize:]
	if quoted.NextHeader() != uint8(header.TCPProtocolNumber) || len(rest) < ports {
		return
	}
	end := func(a tcpip.Address, port uint16) netip.AddrPort { return netip.AddrPortFrom(netipAddr(a), port) }
	// The quotation may end before the TCP header does; the ports come first.
	src, dst := uint16(rest[0])<<8|uint16(rest[1]), uint16(rest[2])<<8|uint16(rest[3])
	if s := h.dialling[ends{end(quoted.SourceAddress(), src), end(quoted.DestinationAddress(), dst)}]; s != nil {
		s.failed = wire.ErrHostUnreachable
		s.Out.Signal()
	}
}
