package main

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"mailwalk/sim/trace"
)

// judge holds what Wireshark says of the segments of a link against what the trace
// says, packet by packet. The trace knows what each host did and which packets are the
// same; Wireshark guesses from the capture. Where the two part is held by rule:
//
//   - Wireshark says just what the rules of its manual make of the capture (the model
//     in type wireshark). By them, a segment that begins before the end of what was
//     seen is a spurious retransmission when the other end has acknowledged it; else a
//     fast retransmission when it is what two duplicate ACKs ask for, the last of them
//     less than 20 ms ago; else out of order when the highest segment was seen less
//     than a round trip ago and ends elsewhere; else a retransmission.
//   - Whatever of the four it says, the trace says that the segment is a retransmission,
//     a fast one, out of order or a duplicate.
//   - Where the trace says so and Wireshark says none of the four, the segment takes up
//     no sequence numbers, or nothing behind its beginning was seen on this link: what
//     it repeats was lost before. Or it begins with the last octet seen, and Wireshark
//     takes that for a probe of a zero window.
//   - Wireshark takes an ACK for a keep-alive when it is late and has the number before
//     the last; and then a duplicate ACK of the other end for the answer.
//   - Of all else, the two say the same.
type judge struct {
	model wireshark
	exact bool // the version of Wireshark is the one whose rules the model has
	// forged are the ends in whose names the link has seen what they have not sent.
	forged map[netip.AddrPort]bool
	// mistaken are the ends whose last segment Wireshark takes for a keep-alive.
	mistaken map[netip.AddrPort]bool
}

func newJudge(version string) *judge {
	return &judge{
		model: wireshark{conns: map[[2]netip.AddrPort]*guesser{}}, exact: strings.HasPrefix(version, "4.0."),
		forged: map[netip.AddrPort]bool{}, mistaken: map[netip.AddrPort]bool{},
	}
}

// Words for a segment that does not carry on, of Wireshark and of the trace.
var (
	guessedAgain = []string{retransmission, fastRetransmission, spuriousRetransmission, outOfOrder}
	knownAgain   = []string{trace.Retransmission, trace.FastRetransmission, trace.OutOfOrder, trace.Duplicate}
)

// sameWords are the words of the trace for which Wireshark has one that says the same.
var sameWords = map[string]string{
	trace.PreviousUnseen: lostSegment,
	trace.AckedUnseen:    ackLostSegment,
	trace.ZeroWindow:     zeroWindow,
	trace.WindowUpdate:   windowUpdate,
	trace.DuplicateACK:   duplicateACK,
}

// compare judges the next packet of a link: the event that put it there, its octets as
// they arrived, and the fields that tshark prints. complain is called with each
// difference.
func (j *judge) compare(e *trace.Event, data []byte, fields map[string]string, complain func(format string, args ...any)) {
	var said []string
	for _, f := range analysisFields {
		if fields["tcp.analysis."+f] != "" {
			said = append(said, f)
		}
	}
	b := e.Body.(*trace.PacketBody)
	s := j.model.analyse(data, e.At)
	if s == nil {
		if len(said)+len(b.LinkAnalysis) > 0 {
			complain("%s is no TCP segment; Wireshark says %v, the trace %v", b.Head.Proto, said, b.LinkAnalysis)
		}
		return
	}
	if want := s.words(); !slices.Equal(want, said) && (j.exact || !slices.Equal(alike(want), alike(said))) {
		complain("Wireshark says %v; by its rules it says %v", said, want)
	}
	of := func(words, among []string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(among, w) })
	}
	guessed, known := of(said, guessedAgain), of(b.LinkAnalysis, knownAgain)
	switch {
	case guessed && !known, known && !guessed && s.back:
		complain("Wireshark says %v, the trace %v", said, b.LinkAnalysis)
	}
	end, other := netip.AddrPortFrom(b.Head.Src, b.Head.SrcPort), netip.AddrPortFrom(b.Head.Dst, b.Head.DstPort)
	for ours, theirs := range sameWords {
		if ours == trace.DuplicateACK && j.mistaken[other] {
			theirs = keepAliveACK
		}
		if slices.Contains(b.LinkAnalysis, ours) != slices.Contains(said, theirs) {
			complain("Wireshark says %v, the trace %v: they differ about %s", said, b.LinkAnalysis, ours)
		}
	}
	j.mistaken[end] = slices.Contains(said, keepAlive) && !slices.Contains(b.LinkAnalysis, trace.KeepAlive)
	if j.mistaken[end] && s.size > 0 {
		complain("Wireshark says %v, the trace %v", said, b.LinkAnalysis)
	}
	// Its sender and its first link see the same.
	j.forged[end] = j.forged[end] || e.What == trace.Sent && b.Why != ""
	if !j.forged[end] && e.What == trace.Sent && b.Analysis != "" && !slices.Contains(b.LinkAnalysis, b.Analysis) {
		complain("its sender has %q, the link %v", b.Analysis, b.LinkAnalysis)
	}
}

// alike has one word for the four of a segment that does not carry on.
func alike(words []string) []string {
	var all []string
	for _, w := range words {
		if slices.Contains(guessedAgain, w) {
			w = retransmission
		}
		if !slices.Contains(all, w) {
			all = append(all, w)
		}
	}
	slices.Sort(all)
	return all
}

// arrived tells by the number of a frame what octets have arrived, where a fault has
// changed them on the frame's link, and whether they are other than those that the
// packet's sender sent, which they may be after earlier links. What is changed twice may
// be as it was.
func arrived(tr *trace.Trace) (changed map[uint64][]byte, damaged map[uint64]bool) {
	changed, damaged = make(map[uint64][]byte), make(map[uint64]bool)
	original := make(map[uint64][]byte)
	for e := range tr.All() {
		b, ok := e.Body.(*trace.PacketBody)
		switch {
		case !ok:
		case e.What == trace.Corrupted:
			changed[b.Frame], damaged[b.Frame] = b.Data, !trace.SamePacket(original[b.Frame], b.Data)
		case e.What == trace.Sent:
			original[b.Frame] = b.Data
			for _, seq := range e.Causes {
				cause := tr.At(seq)
				before, ok := cause.Body.(*trace.PacketBody)
				if ok && cause.What == trace.Delivered && cause.Host == e.Host && trace.SamePacket(before.Data, b.Data) {
					original[b.Frame], damaged[b.Frame] = original[before.Frame], damaged[before.Frame]
				}
			}
		}
	}
	return changed, damaged
}

// checksums are the fields of each protocol that has a checksum.
var checksums = map[string]string{
	"TCP": "tcp.checksum.status", "UDP": "udp.checksum.status", "ICMP": "icmp.checksum.status", "ICMPv6": "icmpv6.checksum.status",
}

// Values of the fields *.checksum.status.
const (
	checksumBad  = "0"
	checksumGood = "1"
)

// compareChecksums: Wireshark finds a checksum bad where the trace says that the packet
// was changed, on this link or before, and nowhere else. A fault changes a packet's last
// octet, of which the IP header's checksum does not know.
func compareChecksums(b *trace.PacketBody, damaged bool, fields map[string]string, complain func(format string, args ...any)) {
	want := checksumGood
	if damaged {
		want = checksumBad
	}
	status := func(field string) string { // of the packet, not of one that it quotes
		first, _, _ := strings.Cut(fields[field], valueEnd)
		return first
	}
	if f := checksums[b.Head.Proto]; f != "" && status(f) != want {
		complain("%s is %q, want %s", f, status(f), want)
	}
	if b.Head.Src.Is4() && b.Head.Proto != "ARP" && status("ip.checksum.status") != checksumGood {
		complain("ip.checksum.status is %q", status("ip.checksum.status"))
	}
	if fields["_ws.malformed"] != "" && !damaged {
		complain("Wireshark finds it malformed")
	}
}

// TestAlike holds that only the four words become one.
func TestAlike(t *testing.T) {
	got := fmt.Sprint(alike([]string{outOfOrder, windowUpdate, fastRetransmission}))
	if want := fmt.Sprint([]string{retransmission, windowUpdate}); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
