package main

import (
	"net/netip"
	"slices"
	"time"

	"mailwalk/sim/trace"
)

// wireshark is a model of what Wireshark makes of the TCP segments of one capture. It
// knows what a capture has, and nothing else: so it has to guess why a segment does
// not carry on where the one before has ended. The rules are those of the chapter "TCP
// Analysis" of the Wireshark User's Guide, as version 4.0 holds them.
type wireshark struct {
	conns map[[2]netip.AddrPort]*guesser
}

// guesser is what Wireshark knows of one connection.
type guesser struct {
	ends   [2]guessed // the first sender's first
	first  netip.AddrPort
	syn    time.Duration // when the last SYN without ACK came
	synced bool
	rtt    time.Duration // from the SYN to the first segment without SYN that has an ACK
}

// guessed is what Wireshark knows of one end.
type guessed struct {
	isn       uint32
	begun     bool   // next is known
	next      uint32 // the sequence number behind the highest
	nextAt    time.Duration
	ackable   uint32 // the sequence number up to which an ACK does not surprise it
	canAck    bool   // ackable is known
	ack       uint32 // of the last segment
	ackAt     time.Duration
	repeats   int // duplicate ACKs since the number changed
	window    uint16
	spoken    bool // ack and window are known
	keepAlive bool // the last segment was one
	probe     bool // the last segment was a probe of a zero window
}

// Words of the fields tcp.analysis.*.
const (
	retransmission         = "retransmission"
	fastRetransmission     = "fast_retransmission"
	spuriousRetransmission = "spurious_retransmission"
	outOfOrder             = "out_of_order"
	lostSegment            = "lost_segment"
	ackLostSegment         = "ack_lost_segment"
	duplicateACK           = "duplicate_ack"
	zeroWindow             = "zero_window"
	zeroWindowProbe        = "zero_window_probe"
	zeroWindowProbeACK     = "zero_window_probe_ack"
	keepAlive              = "keep_alive"
	keepAliveACK           = "keep_alive_ack"
	windowUpdate           = "window_update"
)

// analysisFields are those that are compared.
var analysisFields = []string{
	retransmission, fastRetransmission, spuriousRetransmission, outOfOrder, lostSegment, ackLostSegment, duplicateACK,
	zeroWindow, zeroWindowProbe, zeroWindowProbeACK, keepAlive, keepAliveACK, windowUpdate,
}

// analyse is what Wireshark says of the next frame of the capture; nil when it is no TCP
// segment.
func (w *wireshark) analyse(frame []byte, at time.Duration) *guess {
	h, _ := trace.ParseHead(frame)
	if h.Proto != "TCP" {
		return nil
	}
	s := &guess{h: h, at: at, size: uint32(h.Len), found: map[string]bool{}}
	for _, f := range h.Flags {
		switch f {
		case 'S':
			s.syn = true
		case 'F':
			s.fin = true
		case 'R':
			s.rst = true
		case 'A':
			s.ack = true
		}
	}
	src, dst := netip.AddrPortFrom(h.Src, h.SrcPort), netip.AddrPortFrom(h.Dst, h.DstPort)
	key := [2]netip.AddrPort{src, dst}
	c := w.conns[key]
	if c == nil {
		c = w.conns[[2]netip.AddrPort{dst, src}]
	}
	if c == nil || s.syn && !s.ack && src == c.first && c.ends[0].begun && c.ends[0].isn != h.Seq {
		c = &guesser{first: src}
		w.conns[key] = c
		delete(w.conns, [2]netip.AddrPort{dst, src})
	}
	fwd, rev := &c.ends[0], &c.ends[1]
	if src != c.first {
		fwd, rev = rev, fwd
	}
	c.roundTrip(s)
	s.pure(fwd, rev)
	s.again(c, fwd, rev)
	s.learn(fwd)
	return s
}

func (c *guesser) roundTrip(s *guess) {
	switch {
	case s.syn && !s.ack:
		c.syn, c.synced = s.at, true
	case s.ack && !s.syn && c.synced && c.rtt == 0:
		c.rtt = s.at - c.syn
	}
}

// guess is what Wireshark makes of one segment.
type guess struct {
	h                  trace.Head
	at                 time.Duration
	size               uint32 // octets of data
	syn, fin, rst, ack bool
	found              map[string]bool // the fields tcp.analysis.* that it has
	// back says that it takes up sequence numbers and begins before the end of what was
	// seen.
	back bool
}

// words are the fields that it has, in the order of analysisFields.
func (s *guess) words() []string {
	return slices.DeleteFunc(slices.Clone(analysisFields), func(f string) bool { return !s.found[f] })
}

func (s *guess) control() bool { return s.syn || s.fin || s.rst }

// follows tells whether one sequence number comes behind another.
func follows(a, b uint32) bool { return int32(a-b) > 0 }

// pure are the rules for what a segment says besides its data.
func (s *guess) pure(fwd, rev *guessed) {
	h := &s.h
	defer func() {
		if h.Ack != fwd.ack {
			fwd.repeats = 0
		}
	}()
	same := fwd.begun && h.Seq == fwd.next && h.Ack == fwd.ack && fwd.spoken && s.size == 0 && !s.control()
	if s.size == 1 && fwd.begun && h.Seq == fwd.next && rev.spoken && rev.window == 0 {
		s.found[zeroWindowProbe] = true
		return
	}
	if h.Window == 0 && !s.control() {
		s.found[zeroWindow] = true
	}
	if fwd.begun && follows(h.Seq, fwd.next) && !s.rst {
		s.found[lostSegment] = true
	}
	if s.size <= 1 && fwd.begun && h.Seq == fwd.next-1 && !s.control() {
		s.found[keepAlive] = true
	}
	if same && h.Window != 0 && h.Window != fwd.window {
		s.found[windowUpdate] = true
	}
	switch {
	case same && h.Window != 0 && h.Window == fwd.window && rev.keepAlive:
		s.found[keepAliveACK] = true
	case same && h.Window == 0 && fwd.window == 0 && rev.probe:
		s.found[zeroWindowProbeACK] = true
	case same && h.Window != 0 && h.Window == fwd.window:
		fwd.repeats++
		s.found[duplicateACK] = true
	}
}

// again are the rules for a segment that does not carry on.
func (s *guess) again(c *guesser, fwd, rev *guessed) {
	h := &s.h
	if s.ack && rev.canAck && follows(h.Ack, rev.ackable) {
		s.found[ackLostSegment] = true
		rev.ackable = rev.next
	}
	if s.size == 0 && !s.syn && !s.fin {
		return
	}
	// Where it begins one octet before the end, that octet may have been a probe.
	s.back = fwd.begun && follows(fwd.next, h.Seq) && (s.size <= 1 || fwd.next-1 != h.Seq)
	if s.back && s.found[keepAlive] {
		return
	}
	if s.size > 0 && rev.ack != 0 && !follows(h.Seq+s.size, rev.ack) {
		s.found[spuriousRetransmission] = true
		s.found[retransmission] = true
		return
	}
	if !s.back {
		return
	}
	soon := 3 * time.Millisecond
	if c.rtt > 0 {
		soon = c.rtt
	}
	switch {
	case s.at-rev.ackAt < 20*time.Millisecond && rev.repeats >= 2 && rev.ack == h.Seq:
		s.found[fastRetransmission] = true
		s.found[retransmission] = true
	case s.at-fwd.nextAt < soon && fwd.next != s.behind():
		s.found[outOfOrder] = true
	default:
		s.found[retransmission] = true
	}
}

// behind is the sequence number that follows the segment.
func (s *guess) behind() uint32 {
	next := s.h.Seq + s.size
	if s.syn || s.fin {
		next++
	}
	return next
}

// learn notes the segment.
func (s *guess) learn(fwd *guessed) {
	h := &s.h
	next := s.behind()
	if !fwd.begun {
		fwd.isn = h.Seq
	}
	probe := s.found[zeroWindowProbe]
	if (!fwd.begun || follows(next, fwd.next)) && !probe {
		fwd.begun, fwd.next, fwd.nextAt = next != 0, next, s.at // 0 is not known
	}
	if (!fwd.canAck || h.Seq == fwd.ackable) && !probe {
		fwd.canAck, fwd.ackable = true, fwd.next
	}
	fwd.spoken, fwd.ack, fwd.ackAt, fwd.window = true, h.Ack, s.at, h.Window
	fwd.keepAlive, fwd.probe = s.found[keepAlive], probe
}
