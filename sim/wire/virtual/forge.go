package virtual

import (
	"slices"
	"strings"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/header"

	"mailwalk/sim/trace"
)

// Resettable tells whether a frame holds a TCP segment that can be answered with
// an RST.
func Resettable(h trace.Head) bool {
	return h.Proto == "TCP" && !strings.Contains(h.Flags, "R")
}

// forge puts the RSTs for a segment on its link: on towards its receiver, unless
// that knows of no connection yet, and back to its sender. They arrive when the
// segment would have.
func (n *Net) forge(segment []byte, from, to *iface, after time.Duration, why string) {
	onward, back := resets(segment)
	if onward != nil {
		n.slip(onward, from, to, after, why)
	}
	n.slip(back, to, from, after, why)
}

// slip puts a forged frame on a link. Nothing else befalls it there.
func (n *Net) slip(data []byte, from, to *iface, after time.Duration, why string) {
	f := &trace.Frame{
		Link: linkBetween(from, to).name, From: from.name, FromHost: from.host.Name(), To: to.name, ToHost: to.host.Name(),
		Data: data, Forged: why,
	}
	_, restore := n.rec.Send(f)
	defer restore()
	n.launch(f, to, trip{takes: after})
}

// linkBetween is the link that a frame from one interface to another crosses: its
// host's loopback link when both are the same.
func linkBetween(from, to *iface) *Link {
	if from == to {
		return from.host.lo.link
	}
	return from.link
}

// ifaceOf is the interface that sent a frame.
func (n *Net) ifaceOf(f *trace.Frame) *iface {
	h := n.hosts[f.FromHost]
	if i := slices.IndexFunc(h.ifaces, func(p *iface) bool { return p.name == f.From }); i >= 0 {
		return h.ifaces[i]
	}
	return h.lo
}

// resets makes of a frame with a TCP segment the two frames that end its
// connection. The one onward has the segment's own place in the stream, which is
// where its receiver is when nothing before it is missing; a SYN has no connection
// to end there yet, and onward is nil. The one back is the answer to a segment for
// which there is no connection (RFC 9293 §3.5.2).
func resets(frame []byte) (onward, back []byte) {
	segment := header.TCP(networkOf(frame).Payload())
	seq, ack, flags := segment.SequenceNumber(), segment.AckNumber(), segment.Flags()
	if flags&header.TCPFlagAck == 0 {
		next := seq + uint32(len(segment)-int(segment.DataOffset()))
		if flags&header.TCPFlagSyn != 0 {
			next++
		}
		if flags&header.TCPFlagFin != 0 {
			next++
		}
		return nil, bare(frame, true, header.TCPFields{Flags: header.TCPFlagRst | header.TCPFlagAck, AckNum: next})
	}
	onward = bare(frame, false, header.TCPFields{Flags: header.TCPFlagRst | header.TCPFlagAck, SeqNum: seq, AckNum: ack})
	return onward, bare(frame, true, header.TCPFields{Flags: header.TCPFlagRst, SeqNum: ack})
}

// networkOf is the IP packet in a frame.
func networkOf(frame []byte) header.Network {
	packet := frame[header.EthernetMinimumSize:]
	if header.IPVersion(packet) == header.IPv4Version {
		return header.IPv4(packet)
	}
	return header.IPv6(packet)
}

// forgedTTL is the time to live of what goes back: whoever forges it knows his own
// only.
const forgedTTL = 64

// bare is a frame with a TCP segment without data, made after another, on the same
// way or on the way back.
func bare(model []byte, back bool, tcp header.TCPFields) []byte {
	network := networkOf(model)
	segment := header.TCP(network.Payload())
	eth := header.Ethernet(model)
	link := header.EthernetFields{SrcAddr: eth.SourceAddress(), DstAddr: eth.DestinationAddress(), Type: eth.Type()}
	src, dst := network.SourceAddress(), network.DestinationAddress()
	tcp.SrcPort, tcp.DstPort, tcp.DataOffset = segment.SourcePort(), segment.DestinationPort(), header.TCPMinimumSize
	if back {
		link.SrcAddr, link.DstAddr = link.DstAddr, link.SrcAddr
		src, dst = dst, src
		tcp.SrcPort, tcp.DstPort = tcp.DstPort, tcp.SrcPort
	}

	frame := make([]byte, header.EthernetMinimumSize)
	header.Ethernet(frame).Encode(&link)
	switch h := network.(type) {
	case header.IPv4:
		ip := header.IPv4(make([]byte, header.IPv4MinimumSize))
		ip.Encode(&header.IPv4Fields{
			TotalLength: header.IPv4MinimumSize + header.TCPMinimumSize, Flags: header.IPv4FlagDontFragment,
			TTL: forgedHops(h.TTL(), back), Protocol: uint8(header.TCPProtocolNumber), SrcAddr: src, DstAddr: dst,
		})
		ip.SetChecksum(^ip.CalculateChecksum())
		frame = append(frame, ip...)
	case header.IPv6:
		ip := header.IPv6(make([]byte, header.IPv6MinimumSize))
		ip.Encode(&header.IPv6Fields{
			PayloadLength: header.TCPMinimumSize, HopLimit: forgedHops(h.HopLimit(), back),
			TransportProtocol: header.TCPProtocolNumber, SrcAddr: src, DstAddr: dst,
		})
		frame = append(frame, ip...)
	}
	made := header.TCP(make([]byte, header.TCPMinimumSize))
	made.Encode(&tcp)
	made.SetChecksum(^made.CalculateChecksum(header.PseudoHeaderChecksum(header.TCPProtocolNumber, src, dst, header.TCPMinimumSize)))
	return append(frame, made...)
}

func forgedHops(model uint8, back bool) uint8 {
	if back {
		return forgedTTL
	}
	return model
}
