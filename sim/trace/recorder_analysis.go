package trace

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// tcpEnd is what one end of a connection has sent and what has reached it. As both
// are known, nothing has to be guessed from how soon a segment follows another, as
// an analyser of a capture must.
type tcpEnd struct {
	begun  bool   // its SYN was sent
	next   uint32 // the sequence number behind all that was sent
	acked  bool   // ack and window are known
	ack    uint32 // acknowledgment number of its last segment
	window uint16 // window of its last segment
	probed bool   // it has to answer a keep-alive

	heard     bool          // confirmed is known
	confirmed uint32        // the highest acknowledgment number that arrived
	heardAt   time.Duration // when the last ACK arrived
	slow      bool          // it goes on behind a loss that no ACK has told it of
	slowUntil uint32        // the sequence number up to which it does
}

// sending notes a segment that a host at an end of the connection sends, and says
// what the segments before make of it.
func (c *Conn) sending(f *Frame, now time.Duration) string {
	h := &f.head
	e := c.endAt(f.FromHost, h.Src, h.SrcPort)
	if e == nil {
		return ""
	}
	analysis := e.analyse(h, now)
	if next := behind(h); !e.begun || after(next, e.next) {
		e.begun, e.next = true, next
	}
	if strings.Contains(h.Flags, "A") {
		e.acked, e.ack, e.window, e.probed = true, h.Ack, h.Window, false
	}
	return analysis
}

func (e *tcpEnd) analyse(h *Head, now time.Duration) string {
	control := strings.ContainsAny(h.Flags, "SFR")
	counted := h.Len > 0 || strings.ContainsAny(h.Flags, "SF") // it takes up sequence numbers
	again := e.begun && after(e.next, h.Seq)
	switch {
	case strings.Contains(h.Flags, "R"):
		return ""
	case again && !control && h.Len <= 1 && e.heard && h.Seq == e.confirmed-1:
		return KeepAlive
	case again && counted:
		return e.repeats(now)
	case h.Window == 0 && !control:
		return ZeroWindow
	case counted || !e.acked || e.ack != h.Ack:
		return ""
	case e.window != h.Window:
		return WindowUpdate
	case e.probed:
		return ""
	}
	return DuplicateACK
}

// repeats tells the two kinds of retransmissions apart. One that goes out at
// another moment than that at which an ACK arrives comes from a timer, or from an
// ICMP error; all that was under way then is sent anew as ACKs come in.
func (e *tcpEnd) repeats(now time.Duration) string {
	if e.slow && !after(e.slowUntil, e.confirmed) {
		e.slow = false
	}
	if !e.heard || e.heardAt != now {
		e.slow, e.slowUntil = true, e.next
	}
	if e.slow {
		return Retransmission
	}
	return FastRetransmission
}

// arriving notes a segment that a host at an end of the connection takes.
func (c *Conn) arriving(f *Frame, now time.Duration) {
	h := &f.head
	e := c.endAt(f.ToHost, h.Dst, h.DstPort)
	if e == nil {
		return
	}
	e.probed = e.acked && !strings.ContainsAny(h.Flags, "SFR") && h.Len <= 1 && h.Seq == e.ack-1
	if !strings.Contains(h.Flags, "A") {
		return
	}
	if !e.heard || after(h.Ack, e.confirmed) {
		e.confirmed = h.Ack
	}
	e.heard, e.heardAt = true, now
}

// after tells whether one sequence number follows another; they wrap at 2^32 (RFC
// 9293 §3.4).
func after(a, b uint32) bool { return int32(a-b) > 0 }

// endAt is the end of the connection that a host is when it has an address and
// port; nil when it is none, as a router on the way.
func (c *Conn) endAt(host string, a netip.Addr, port uint16) *tcpEnd {
	at := netip.AddrPortFrom(a, port)
	switch {
	case host == c.Client && at == c.ClientAddr:
		return &c.ends[0]
	case host == c.Server && at == c.ServerAddr:
		return &c.ends[1]
	}
	return nil
}

// icmpErrors are the types of ICMP messages that quote a packet (RFC 792).
var icmpErrors = []uint8{3, 4, 5, 11, 12}

// quoted finds what an ICMP error is about by the packet that it quotes, of which
// there are 8 octets behind the IP header at least (RFC 792).
func (r *Recorder) quoted(h Head, payload []byte) IDs {
	var q Head
	var rest []byte // behind the quoted IP header
	switch {
	case h.Proto == "ICMP" && slices.Contains(icmpErrors, h.Type) && len(payload) >= ipv4Len:
		q.ipv4(payload)
		rest = payload[min(int(payload[0]&0xf)*4, len(payload)):]
	case h.Proto == "ICMPv6" && h.Type < 128 && len(payload) >= 4+ipv6Len: // RFC 4443 §2.1
		q.ipv6(payload[4:])
		rest = payload[4+ipv6Len:]
	}
	if len(rest) < 4 {
		return IDs{}
	}
	// The quotation may end before the transport's header does.
	src := netip.AddrPortFrom(q.Src, binary.BigEndian.Uint16(rest))
	dst := netip.AddrPortFrom(q.Dst, binary.BigEndian.Uint16(rest[2:]))
	for _, p := range []pair{{src, dst}, {dst, src}} {
		if c := r.conns[p]; c != nil {
			return c.ids
		}
		if ids, ok := r.flows[p]; ok {
			return ids
		}
	}
	return IDs{}
}
