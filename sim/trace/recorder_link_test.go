package trace

import (
	"slices"
	"strings"
	"testing"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/header"

	"mailwalk/sim/clock"
)

// twoLinks is a connection from laptop to mail over the links near and far, with a
// router between.
type twoLinks struct {
	t *testing.T
	r *Recorder
	c *clock.Clock
}

func newTwoLinks(t *testing.T) *twoLinks {
	r := NewRecorder(New(Header{}))
	c := clock.New(time.Date(2030, 1, 7, 9, 0, 0, 0, time.UTC), r.Root())
	r.Attach(c)
	t.Cleanup(c.Close)
	r.NameAddr(alice.Addr(), "laptop")
	r.NameAddr(server.Addr(), "mail")
	n := &twoLinks{t, r, c}
	n.do(func() { r.Dial(alice, server) })
	n.take(n.pass(n.client("S", 0, 0, 0)))
	n.take(n.pass(n.server("SA", 0, 1, 0)))
	n.take(n.pass(n.client("A", 1, 1, 0)))
	return n
}

// do has something happen a millisecond later.
func (n *twoLinks) do(f func()) {
	n.c.Post(time.Millisecond, f)
	for n.c.Step() {
	}
}

const (
	clientISN = 0xffff_ff80 // so that the numbers wrap
	serverISN = 4999
	window    = 228
)

// client has the laptop put a segment on its link; seq and ack count from the SYNs.
// The words are what the link makes of it.
func (n *twoLinks) client(flags string, seq, ack uint32, data int, words ...string) *Frame {
	g := segment{src: alice, dst: server, seq: clientISN + seq, ack: serverISN + ack, payload: strings.Repeat("x", data)}
	return n.send(&Frame{Link: "near", FromHost: "laptop", ToHost: "router"}, g, flags, window, words)
}

func (n *twoLinks) server(flags string, seq, ack uint32, data int, words ...string) *Frame {
	g := segment{src: server, dst: alice, seq: serverISN + seq, ack: clientISN + ack, payload: strings.Repeat("y", data)}
	return n.send(&Frame{Link: "far", FromHost: "mail", ToHost: "router"}, g, flags, window, words)
}

func (n *twoLinks) send(f *Frame, g segment, flags string, window uint16, words []string) *Frame {
	for _, letter := range flags {
		g.flags |= map[rune]header.TCPFlags{'S': header.TCPFlagSyn, 'F': header.TCPFlagFin, 'R': header.TCPFlagRst, 'A': header.TCPFlagAck}[letter]
	}
	f.Data = tcpFrame(g)
	header.TCP(f.Data[header.EthernetMinimumSize+header.IPv4MinimumSize:]).SetWindowSize(window)
	return n.put(f, words)
}

func (n *twoLinks) put(f *Frame, words []string) *Frame {
	n.t.Helper()
	n.do(func() {
		_, restore := n.r.Send(f)
		restore()
	})
	n.check(words)
	return f
}

// check looks at the last event.
func (n *twoLinks) check(words []string) {
	n.t.Helper()
	e := n.r.Trace().At(n.r.Trace().Len())
	if got := e.Body.(*PacketBody).LinkAnalysis; !slices.Equal(got, words) {
		n.t.Errorf("event %d, %s: %q, want %q", e.Seq, e.Key, got, words)
	}
}

// pass has a frame reach the router, which passes it on.
func (n *twoLinks) pass(f *Frame, words ...string) *Frame {
	n.t.Helper()
	n.take(f)
	g := &Frame{Link: "far", FromHost: "router", ToHost: "mail", Data: slices.Clone(f.Data)}
	if f.Link == "far" {
		g.Link, g.ToHost = "near", "laptop"
	}
	ip := header.IPv4(g.Data[header.EthernetMinimumSize:])
	ip.SetTTL(ip.TTL() - 1)
	ip.SetChecksum(0)
	ip.SetChecksum(^ip.CalculateChecksum())
	return n.put(g, words)
}

// take has a frame reach its receiver.
func (n *twoLinks) take(f *Frame) { n.do(func() { n.r.Deliver(f) }) }

// double makes a copy of a frame on its link.
func (n *twoLinks) double(f *Frame, words ...string) *Frame {
	n.t.Helper()
	copied := *f
	n.do(func() { n.r.Interfere(f, Duplicated, "") })
	n.check(words)
	return &copied
}

// TestLinkAnalysis: what each link makes of a segment that does not carry on, or says
// nothing new.
func TestLinkAnalysis(t *testing.T) {
	for _, x := range []struct {
		name  string
		story func(n *twoLinks)
	}{
		{"a dialogue", func(n *twoLinks) {
			n.take(n.pass(n.client("A", 1, 1, 100)))
			n.take(n.pass(n.server("A", 1, 101, 0)))
			n.take(n.pass(n.server("A", 1, 101, 50)))
			n.take(n.pass(n.client("FA", 101, 51, 0)))
			n.take(n.pass(n.server("FA", 51, 102, 0)))
			n.take(n.pass(n.client("A", 102, 52, 0)))
		}},
		{"a segment is lost on the first link", func(n *twoLinks) {
			n.client("A", 1, 1, 100)
			n.take(n.pass(n.client("A", 101, 1, 100), PreviousUnseen))
			n.take(n.pass(n.server("A", 1, 1, 0, DuplicateACK), DuplicateACK))
			n.take(n.pass(n.client("A", 1, 1, 100, Retransmission), Retransmission))
			n.take(n.pass(n.server("A", 1, 201, 0)))
		}},
		{"the last segment is lost on the first link", func(n *twoLinks) {
			n.client("A", 1, 1, 100)
			n.take(n.pass(n.client("A", 1, 1, 100, Retransmission), Retransmission))
		}},
		{"a segment is late", func(n *twoLinks) {
			late := n.client("A", 1, 1, 100)
			n.take(n.pass(n.client("A", 101, 1, 100), PreviousUnseen))
			n.take(n.pass(late, OutOfOrder))
			n.take(n.pass(n.client("A", 201, 1, 100)))
		}},
		{"a FIN is overtaken by an ACK", func(n *twoLinks) {
			late := n.client("FA", 1, 1, 0)
			n.take(n.pass(n.client("A", 2, 1, 0, DuplicateACK), PreviousUnseen))
			n.take(n.pass(late, OutOfOrder))
		}},
		{"a copy is made of a segment", func(n *twoLinks) {
			f := n.client("A", 1, 1, 100)
			again := n.double(f, Duplicate)
			n.take(n.pass(f))
			n.take(n.pass(again, Duplicate))
		}},
		{"a copy is made of an ACK, and of an RST", func(n *twoLinks) {
			n.take(n.pass(n.client("A", 1, 1, 100)))
			n.double(n.server("A", 1, 101, 0), Duplicate, DuplicateACK)
			n.double(n.server("R", 1, 101, 0), Duplicate)
		}},
		{"a copy of a retransmission is a copy", func(n *twoLinks) {
			n.client("A", 1, 1, 100)
			n.double(n.client("A", 1, 1, 100, Retransmission), Duplicate)
		}},
		{"an ACK is the first of its number on a link, and not on another", func(n *twoLinks) {
			n.take(n.pass(n.client("A", 1, 1, 100)))
			n.server("A", 1, 101, 0)
			n.take(n.pass(n.server("A", 1, 101, 0, DuplicateACK)))
			n.take(n.pass(n.server("A", 1, 101, 0, DuplicateACK), DuplicateACK))
		}},
		{"an ACK is for what went another way", func(n *twoLinks) {
			n.client("A", 1, 1, 100)
			n.client("A", 101, 1, 100)
			n.take(n.pass(n.client("A", 201, 1, 100), PreviousUnseen))
			n.take(n.pass(n.server("A", 1, 201, 0, AckedUnseen)))
			n.take(n.pass(n.server("A", 1, 301, 0)))
		}},
		{"two words for one segment", func(n *twoLinks) {
			n.client("A", 1, 1, 100)
			n.client("A", 101, 1, 100)
			n.client("A", 201, 1, 100)
			n.pass(n.client("A", 101, 1, 100, Retransmission), Retransmission, PreviousUnseen)
		}},
	} {
		t.Run(x.name, func(t *testing.T) { x.story(newTwoLinks(t)) })
	}
}

// TestManyGaps: whatever the order in which segments are seen, what is missing is what
// none of them has.
func TestManyGaps(t *testing.T) {
	var e linkEnd
	e.begun = true
	for _, s := range [][2]uint32{{0, 10}, {30, 40}, {50, 60}, {10, 20}, {70, 80}, {38, 52}} {
		e.see(s[0], s[1])
	}
	if want := [][2]uint32{{0, 20}, {30, 60}, {70, 80}}; !slices.Equal(e.seen, want) {
		t.Errorf("seen %v, want %v", e.seen, want)
	}
	for _, x := range []struct {
		ack  uint32
		want bool
	}{{20, false}, {25, true}, {25, false}, {60, true}, {60, false}, {80, true}, {80, false}} {
		if got := e.missing(x.ack); got != x.want {
			t.Errorf("an ACK of %d tells of something not seen: %v, want %v", x.ack, got, x.want)
		}
	}
}
