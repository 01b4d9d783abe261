package trace

import (
	"strings"
	"testing"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/header"

	"mailwalk/sim/clock"
)

// TestAnalysis: what is made of each segment, where its sender sends it.
func TestAnalysis(t *testing.T) {
	const (
		S, F, R = header.TCPFlagSyn, header.TCPFlagFin, header.TCPFlagRst
		A       = header.TCPFlagAck
		isn     = 0xffff_ff80 // so that the numbers wrap
		other   = 4999
	)
	type step struct {
		at       int // in ms
		client   bool
		flags    header.TCPFlags
		seq, ack uint32 // from the SYNs on
		window   uint16
		data     int
		lost     bool
		want     string
	}
	opened := []step{
		{0, true, S, 0, 0, 29184, 0, false, ""},
		{1, false, S | A, 0, 1, 29184, 0, false, ""},
		{2, true, A, 1, 1, 228, 0, false, ""},
	}
	for _, x := range []struct {
		name  string
		steps []step
	}{
		{"a dialogue", []step{
			{3, false, A, 1, 1, 4096, 20, false, ""},
			{4, true, A, 1, 21, 227, 0, false, ""},
			{4, true, A, 1, 21, 4096, 10, false, ""},
			{5, false, A, 21, 11, 4095, 0, false, ""},
			{5, false, A, 21, 11, 4096, 30, false, ""},
			{6, true, F | A, 11, 51, 4096, 0, false, ""},
			{7, false, A, 51, 12, 4096, 0, false, ""},
			{7, false, F | A, 51, 12, 4096, 0, false, ""},
			{8, true, A, 12, 52, 4096, 0, false, ""},
		}},
		{"the timer runs out", []step{
			{3, true, A, 1, 1, 228, 100, true, ""},
			{203, true, A, 1, 1, 228, 100, false, Retransmission},
			{204, false, A, 1, 101, 4096, 0, false, ""},
			{204, true, A, 101, 1, 228, 100, false, ""},
		}},
		{"duplicate ACKs", []step{
			{3, true, A, 1, 1, 228, 100, true, ""},
			{3, true, A, 101, 1, 228, 100, false, ""},
			{3, true, A, 201, 1, 228, 100, false, ""},
			{3, true, A, 301, 1, 228, 100, false, ""},
			{4, false, A, 1, 1, 4096, 0, false, WindowUpdate},
			{5, false, A, 1, 1, 4096, 0, false, DuplicateACK},
			{6, false, A, 1, 1, 4096, 0, false, DuplicateACK},
			{6, true, A, 1, 1, 228, 100, false, FastRetransmission},
			{6, true, A, 401, 1, 228, 100, false, ""},
			{7, false, A, 1, 401, 4096, 0, false, ""},
		}},
		{"after the timer all goes anew, up to what was under way", []step{
			{3, true, A, 1, 1, 228, 100, true, ""},
			{3, true, A, 101, 1, 228, 100, true, ""},
			{203, true, A, 1, 1, 228, 100, false, Retransmission},
			{204, false, A, 1, 101, 4096, 0, false, ""},
			{204, true, A, 101, 1, 228, 50, false, Retransmission},
			{204, true, A, 151, 1, 228, 150, true, Retransmission},
			{205, false, A, 1, 201, 4096, 0, false, ""},
			{206, false, A, 1, 201, 4096, 0, false, DuplicateACK},
			{206, true, A, 201, 1, 228, 100, false, FastRetransmission},
		}},
		{"SYN and FIN", []step{
			{1000, true, S, 0, 0, 29184, 0, false, Retransmission},
			{1001, false, S | A, 0, 1, 29184, 0, false, Retransmission},
			{1002, true, F | A, 1, 1, 228, 0, true, ""},
			{1302, true, F | A, 1, 1, 228, 0, false, Retransmission},
			{1303, true, R | A, 1, 1, 228, 0, false, ""},
		}},
		{"no room, and a probe", []step{
			{3, true, A, 1, 1, 228, 100, false, ""},
			{4, false, A, 1, 101, 0, 0, false, ZeroWindow},
			{5, false, A, 1, 101, 0, 0, false, ZeroWindow},
			{300, true, A, 100, 1, 228, 1, false, KeepAlive},
			{301, false, A, 1, 101, 0, 0, false, ZeroWindow},
			{400, false, A, 1, 101, 50, 0, false, WindowUpdate},
			{401, true, A, 101, 1, 228, 100, false, ""},
		}},
		{"a keep-alive and its answer", []step{
			{3, true, A, 1, 1, 228, 100, false, ""},
			{4, false, A, 1, 101, 4096, 0, false, ""},
			{5000, true, A, 100, 1, 228, 0, false, KeepAlive},
			{5001, false, A, 1, 101, 4096, 0, false, ""},
			{5002, false, A, 1, 101, 4096, 0, false, DuplicateACK},
		}},
		{"one octet again is no keep-alive before it was acknowledged", []step{
			{3, true, A, 1, 1, 228, 1, true, ""},
			{203, true, A, 1, 1, 228, 1, false, Retransmission},
		}},
	} {
		t.Run(x.name, func(t *testing.T) {
			r := NewRecorder(New(Header{}))
			c := clock.New(time.Date(2030, 1, 7, 9, 0, 0, 0, time.UTC), r.Root())
			r.Attach(c)
			defer c.Close()
			r.NameAddr(alice.Addr(), "laptop")
			r.NameAddr(server.Addr(), "mail")
			r.Dial(alice, server)
			for i, s := range append(opened[:len(opened):len(opened)], x.steps...) {
				c.Post(time.Duration(s.at)*time.Millisecond-c.Elapsed(), func() {
					g := segment{src: alice, dst: server, seq: isn + s.seq, ack: other + s.ack, flags: s.flags, payload: strings.Repeat("x", s.data)}
					from, to := "laptop", "mail"
					if !s.client {
						g.src, g.dst, from, to = server, alice, to, from
						g.seq, g.ack = other+s.seq, isn+s.ack
					}
					data := tcpFrame(g)
					header.TCP(data[header.EthernetMinimumSize+header.IPv4MinimumSize:]).SetWindowSize(s.window)
					near := &Frame{Link: "a", FromHost: from, ToHost: "router", Data: data}
					sent, restore := r.Send(near)
					restore()
					if got := sent.Body.(*PacketBody).Analysis; got != s.want {
						t.Errorf("step %d: %q, want %q", i, got, s.want)
					}
					if s.lost {
						return
					}
					r.Deliver(near)
					far := &Frame{Link: "b", FromHost: "router", ToHost: to, Data: near.Data}
					passed, restore := r.Send(far)
					restore()
					if got := passed.Body.(*PacketBody).Analysis; got != "" {
						t.Errorf("step %d: the router's copy is analysed as %q", i, got)
					}
					r.Deliver(far)
				})
				for c.Step() {
				}
			}
		})
	}
}

// TestQuotedPackets: an ICMP error belongs to the connection, or to the look-up,
// of the packet that it quotes, however little of it.
func TestQuotedPackets(t *testing.T) {
	for _, x := range []struct {
		name  string
		quote int // octets of the packet behind its IP header
		icmp  func(quoted []byte) []byte
		want  bool
	}{
		{"eight octets", 8, tooBig, true},
		{"all of it", 100, tooBig, true},
		{"too few to tell the ports", 3, tooBig, false},
		{"not even an IP header", -10, tooBig, false},
		{"nothing", -20, tooBig, false},
		{"an echo that looks like an error", 8, func(q []byte) []byte { q = tooBig(q); q[0] = byte(header.ICMPv4Echo); return q }, false},
	} {
		t.Run(x.name, func(t *testing.T) {
			r := newTestRecorder()
			r.NameAddr(alice.Addr(), "laptop")
			r.NameAddr(server.Addr(), "mail")
			conn := r.Dial(alice, server)
			packet := tcpFrame(segment{src: alice, dst: server, flags: header.TCPFlagAck, payload: strings.Repeat("x", 80)})[header.EthernetMinimumSize:]
			message := x.icmp(packet[:header.IPv4MinimumSize+x.quote])
			sent, restore := r.Send(&Frame{FromHost: "router", Data: ipFrame(server.Addr(), alice.Addr(), uint8(header.ICMPv4ProtocolNumber), message)})
			restore()
			if got := sent.Conn == conn.ID; got != x.want {
				t.Errorf("of connection %q, want that of the packet: %v", sent.Conn, x.want)
			}
			if got := sent.Body.(*PacketBody).Head.MTU; x.want && got != 600 {
				t.Errorf("MTU %d, want 600", got)
			}
		})
	}
}

// tooBig is an ICMP message that a packet does not fit into the next link.
func tooBig(quoted []byte) []byte {
	b := make([]byte, header.ICMPv4MinimumSize+len(quoted))
	h := header.ICMPv4(b)
	h.SetType(header.ICMPv4DstUnreachable)
	h.SetCode(header.ICMPv4FragmentationNeeded)
	h.SetMTU(600)
	copy(b[header.ICMPv4MinimumSize:], quoted)
	return b
}

// TestMaxSegmentSize reads it among other options, and takes no harm from broken
// ones.
func TestMaxSegmentSize(t *testing.T) {
	for _, x := range []struct {
		name    string
		options string
		want    uint16
	}{
		{"alone", "\x02\x04\x05\xb4", 1460},
		{"behind others", "\x01\x01\x03\x03\x07\x02\x04\x02\x1c", 540},
		{"none", "", 0},
		{"behind the end", "\x00\x02\x04\x05\xb4", 0},
		{"of a wrong length", "\x02\x03\x05\xb4", 0},
		{"cut short", "\x02\x04\x05", 0},
		{"kind alone", "\x02", 0},
		{"a length of none", "\x08\x00\x02\x04\x05\xb4", 0},
	} {
		if got := maxSegmentSize([]byte(x.options)); got != x.want {
			t.Errorf("%s: %d, want %d", x.name, got, x.want)
		}
	}
	for flags, want := range map[header.TCPFlags]uint16{header.TCPFlagSyn: 1460, header.TCPFlagAck: 0} {
		h, _ := ParseHead(tcpFrame(segment{src: alice, dst: server, flags: flags, options: []byte("\x02\x04\x05\xb4")}))
		if h.MSS != want {
			t.Errorf("flags %v: %d, want %d", flags, h.MSS, want)
		}
	}
}
