package trace

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gvisor.dev/gvisor/pkg/tcpip"
	netsum "gvisor.dev/gvisor/pkg/tcpip/checksum"
	"gvisor.dev/gvisor/pkg/tcpip/header"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// segment describes a TCP segment for tcpFrame.
type segment struct {
	src, dst netip.AddrPort
	seq, ack uint32
	flags    header.TCPFlags
	options  []byte // of a length that 4 divides
	payload  string
}

// tcpFrame makes a frame with the TCP/IP stack's own encoders, which know nothing
// of the decoder under test.
func tcpFrame(s segment) []byte {
	n := header.TCPMinimumSize + len(s.options)
	b := make([]byte, n+len(s.payload))
	t := header.TCP(b)
	t.Encode(&header.TCPFields{
		SrcPort: s.src.Port(), DstPort: s.dst.Port(), SeqNum: s.seq, AckNum: s.ack,
		DataOffset: uint8(n), Flags: s.flags, WindowSize: 65535,
	})
	copy(b[header.TCPMinimumSize:], s.options)
	copy(b[n:], s.payload)
	sum := header.PseudoHeaderChecksum(header.TCPProtocolNumber, address(s.src.Addr()), address(s.dst.Addr()), uint16(len(b)))
	t.SetChecksum(^netsum.Checksum(b, sum))
	return ipFrame(s.src.Addr(), s.dst.Addr(), uint8(header.TCPProtocolNumber), b)
}

func udpFrame(src, dst netip.AddrPort, payload string) []byte {
	b := make([]byte, header.UDPMinimumSize+len(payload))
	u := header.UDP(b)
	u.Encode(&header.UDPFields{SrcPort: src.Port(), DstPort: dst.Port(), Length: uint16(len(b))})
	copy(b[header.UDPMinimumSize:], payload)
	sum := header.PseudoHeaderChecksum(header.UDPProtocolNumber, address(src.Addr()), address(dst.Addr()), uint16(len(b)))
	u.SetChecksum(^netsum.Checksum(b, sum))
	return ipFrame(src.Addr(), dst.Addr(), uint8(header.UDPProtocolNumber), b)
}

func address(a netip.Addr) tcpip.Address { return tcpip.AddrFromSlice(a.AsSlice()) }

func ipFrame(src, dst netip.Addr, proto uint8, payload []byte) []byte {
	if src.Is4() {
		b := make([]byte, header.IPv4MinimumSize+len(payload))
		h := header.IPv4(b)
		h.Encode(&header.IPv4Fields{
			TotalLength: uint16(len(b)), ID: 7, Flags: header.IPv4FlagDontFragment, TTL: 64, Protocol: proto,
			SrcAddr: address(src), DstAddr: address(dst),
		})
		h.SetChecksum(^h.CalculateChecksum())
		copy(b[header.IPv4MinimumSize:], payload)
		return etherFrame(header.IPv4ProtocolNumber, b)
	}
	b := make([]byte, header.IPv6MinimumSize+len(payload))
	header.IPv6(b).Encode(&header.IPv6Fields{
		PayloadLength: uint16(len(payload)), TransportProtocol: tcpip.TransportProtocolNumber(proto), HopLimit: 64,
		TrafficClass: 0xb8, FlowLabel: 0x12345, SrcAddr: address(src), DstAddr: address(dst),
	})
	copy(b[header.IPv6MinimumSize:], payload)
	return etherFrame(header.IPv6ProtocolNumber, b)
}

func etherFrame(proto tcpip.NetworkProtocolNumber, payload []byte) []byte {
	b := make([]byte, header.EthernetMinimumSize+len(payload))
	header.Ethernet(b).Encode(&header.EthernetFields{
		SrcAddr: "\x02\x00\x00\x00\x00\x01", DstAddr: "\x02\x00\x00\x00\x00\x02", Type: proto,
	})
	copy(b[header.EthernetMinimumSize:], payload)
	return b
}

var (
	alice   = netip.MustParseAddrPort("192.0.2.10:49152")
	server  = netip.MustParseAddrPort("198.51.100.25:25")
	alice6  = netip.MustParseAddrPort("[2001:db8:1::10]:49152")
	server6 = netip.MustParseAddrPort("[2001:db8:2::25]:25")
)

// frames are frames of each sort, by name.
func frames() []struct {
	name  string
	frame []byte
} {
	syn := make([]byte, 20)
	header.EncodeMSSOption(1460, syn)
	syn[4], syn[5] = 4, 2 // SACK-Permitted
	header.EncodeTSOption(1000, 0, syn[6:])
	header.EncodeNOP(syn[16:])
	header.EncodeWSOption(7, syn[17:])
	sack := make([]byte, 12)
	header.EncodeNOP(sack)
	header.EncodeNOP(sack[1:])
	header.EncodeSACKBlocks([]header.SACKBlock{{Start: 4000, End: 5460}}, sack[2:])
	data := tcpFrame(segment{src: alice, dst: server, seq: 1001, ack: 501, flags: header.TCPFlagAck | header.TCPFlagPsh, payload: "EHLO laptop.acme.test\r\n"})
	hello6 := tcpFrame(segment{src: alice6, dst: server6, seq: 1, ack: 2, flags: header.TCPFlagAck, payload: "QUIT\r\n"})

	arp := make([]byte, header.ARPSize)
	a := header.ARP(arp)
	a.SetIPv4OverEthernet()
	a.SetOp(header.ARPRequest)
	copy(a.HardwareAddressSender(), "\x02\x00\x00\x00\x00\x01")
	copy(a.ProtocolAddressSender(), alice.Addr().AsSlice())
	copy(a.ProtocolAddressTarget(), "\xc0\x00\x02\x01")

	unreachable := make([]byte, header.ICMPv4MinimumSize+28)
	i4 := header.ICMPv4(unreachable)
	i4.SetType(header.ICMPv4DstUnreachable)
	i4.SetCode(header.ICMPv4FragmentationNeeded)
	i4.SetMTU(1400)
	copy(unreachable[header.ICMPv4MinimumSize:], data[etherLen:])
	i4.SetChecksum(header.ICMPv4Checksum(i4, 0))

	ns := make([]byte, header.ICMPv6NeighborSolicitMinimumSize+8)
	i6 := header.ICMPv6(ns)
	i6.SetType(header.ICMPv6NeighborSolicit)
	nsBody := header.NDPNeighborSolicit(i6.MessageBody())
	nsBody.SetTargetAddress(address(server6.Addr()))
	copy(ns[header.ICMPv6NeighborSolicitMinimumSize:], "\x01\x01\x02\x00\x00\x00\x00\x01")
	i6.SetChecksum(header.ICMPv6Checksum(header.ICMPv6ChecksumParams{Header: i6, Src: address(alice6.Addr()), Dst: address(server6.Addr())}))

	wrong := bytes.Clone(data)
	wrong[len(wrong)-3] ^= 0x20
	fragment := bytes.Clone(data)
	header.IPv4(fragment[etherLen:]).SetFlagsFragmentOffset(0, 1480)
	header.IPv4(fragment[etherLen:]).SetChecksum(0)
	header.IPv4(fragment[etherLen:]).SetChecksum(^header.IPv4(fragment[etherLen:]).CalculateChecksum())
	hop := append([]byte{58, 0, 5, 2, 0, 0, 1, 0}, 143, 0, 0, 0, 0, 0, 0, 1,
		4, 0, 0, 0, 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 0x25)
	fragment6 := append([]byte{6, 0, 0, 8 << 3 >> 3, 0, 0, 0, 9}, hello6[etherLen+ipv6Len:]...)

	return []struct {
		name  string
		frame []byte
	}{
		{"arp", append(etherFrame(header.ARPProtocolNumber, arp), make([]byte, 18)...)},
		{"tcp-syn", tcpFrame(segment{src: alice, dst: server, seq: 1000, flags: header.TCPFlagSyn, options: syn})},
		{"tcp-data", data},
		{"tcp-sack", tcpFrame(segment{src: server, dst: alice, seq: 501, ack: 1024, flags: header.TCPFlagAck, options: sack})},
		{"tcp-wrong-checksum", wrong},
		{"tcp-padded", append(tcpFrame(segment{src: alice, dst: server, flags: header.TCPFlagRst}), 0, 0, 0, 0, 0, 0)},
		{"tcp6-data", hello6},
		{"udp", udpFrame(alice, netip.MustParseAddrPort("203.0.113.53:53"), "odd")},
		{"udp6", udpFrame(alice6, netip.MustParseAddrPort("[2001:db8::53]:53"), "query")},
		{"icmp-fragmentation-needed", ipFrame(server.Addr(), alice.Addr(), 1, unreachable)},
		{"icmpv6-neighbor-solicitation", ipFrame(alice6.Addr(), server6.Addr(), 58, ns)},
		{"icmpv6-mld-report", ipFrame(alice6.Addr(), netip.MustParseAddr("ff02::16"), 0, hop)},
		{"ipv4-fragment", fragment},
		{"ipv6-fragment", ipFrame(alice6.Addr(), server6.Addr(), protoFragment, fragment6)},
		{"ipv4-unknown-protocol", ipFrame(alice.Addr(), server.Addr(), 132, []byte("sctp"))},
		{"unknown-ethertype", etherFrame(0x88cc, []byte("lldp"))},
		{"cut-tcp-header", data[:etherLen+ipv4Len+10]},
		{"cut-payload", data[:len(data)-5]},
		{"cut-ethernet", data[:9]},
	}
}

// picture writes layers as text.
func picture(layers []Layer) string {
	var b strings.Builder
	for _, l := range layers {
		fmt.Fprintf(&b, "%s [%d:%d]", l.Name, l.Offset, l.Offset+l.Length)
		if l.Source != "" {
			fmt.Fprintf(&b, " (%s)", l.Source)
		}
		if l.Quoted {
			b.WriteString(" quoted")
		}
		if l.Note != "" {
			fmt.Fprintf(&b, " -- %s", l.Note)
		}
		b.WriteByte('\n')
		pictureFields(&b, l.Fields, "  ")
	}
	return b.String()
}

func pictureFields(b *strings.Builder, fields []Field, indent string) {
	for _, f := range fields {
		fmt.Fprintf(b, "%s[%d:%d", indent, f.Offset, f.Offset+f.Length)
		if f.Bits != 0 {
			fmt.Fprintf(b, " bits %d-%d", f.Bit, f.Bit+f.Bits-1)
		}
		fmt.Fprintf(b, "] %s: %s", f.Name, f.Value)
		if f.Check != "" {
			fmt.Fprintf(b, " <%s>", f.Check)
		}
		if f.Note != "" {
			fmt.Fprintf(b, " -- %s", f.Note)
		}
		b.WriteByte('\n')
		pictureFields(b, f.Parts, indent+"  ")
	}
}

func TestDecode(t *testing.T) {
	for _, test := range frames() {
		t.Run(test.name, func(t *testing.T) {
			head, payload := ParseHead(test.frame)
			got := fmt.Sprintf("%s\nhead %+v\npayload %q\n\n%s", hex.Dump(test.frame), head, payload, picture(Decode(test.frame)))
			file := filepath.Join("testdata", "decode", test.name+".txt")
			if *update {
				if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestChecksums holds the verdicts against checksums that the TCP/IP stack made:
// each is valid, and becomes invalid with any bit that it covers.
func TestChecksums(t *testing.T) {
	for _, test := range frames() {
		switch test.name {
		case "tcp-syn", "tcp-data", "tcp-sack", "tcp6-data", "udp", "udp6", "icmpv6-neighbor-solicitation":
		default:
			continue
		}
		if c := lastCheck(test.frame); c.Check != Valid {
			t.Errorf("%s: the checksum is %s: %s", test.name, c.Check, c.Note)
		}
		head, payload := ParseHead(test.frame)
		start := len(test.frame) - len(payload) - 4
		if head.Proto == "UDP" {
			start += 2 // a wrong length is another matter
		}
		for i := start; i < len(test.frame); i++ {
			frame := bytes.Clone(test.frame)
			frame[i] ^= 0x10
			c := lastCheck(frame)
			if c.Check != Invalid {
				t.Errorf("%s: with octet %d changed the checksum is %s", test.name, i, c.Check)
				continue
			}
			// What it should be makes it right again.
			at := c.Offset
			var sum uint16
			if _, err := fmt.Sscanf(c.Note, "should be 0x%04x", &sum); err != nil {
				t.Fatalf("%s: %v in %q", test.name, err, c.Note)
			}
			frame[at], frame[at+1] = byte(sum>>8), byte(sum)
			if c := lastCheck(frame); c.Check != Valid {
				t.Errorf("%s: the checksum it should be is %s", test.name, c.Check)
			}
		}
	}
}

// lastCheck is the checksum of the innermost layer that has one.
func lastCheck(frame []byte) Field {
	var last Field
	for _, l := range Decode(frame) {
		for _, f := range l.Fields {
			if f.Check != "" {
				last = f
			}
		}
	}
	return last
}

func TestFlagNames(t *testing.T) {
	for _, test := range []struct {
		flags header.TCPFlags
		want  string
	}{
		{header.TCPFlagSyn, "S"}, {header.TCPFlagSyn | header.TCPFlagAck, "SA"},
		{header.TCPFlagAck | header.TCPFlagPsh, "PA"}, {header.TCPFlagFin | header.TCPFlagAck, "FA"},
		{header.TCPFlagRst, "R"}, {0xff, "SFRPAUEC"}, {0, ""},
	} {
		h, _ := ParseHead(tcpFrame(segment{src: alice, dst: server, flags: test.flags}))
		if h.Flags != test.want {
			t.Errorf("%#x: got %q, want %q", test.flags, h.Flags, test.want)
		}
	}
}

// checkLayers sees that layers cover a frame without gap or overlap and that
// fields lie in their layers.
func checkLayers(t *testing.T, frame []byte, layers []Layer) {
	t.Helper()
	at := 0
	for _, l := range layers {
		if l.Offset != at || l.Length < 0 {
			t.Fatalf("layer %s is at %d, not at %d, %d long", l.Name, l.Offset, at, l.Length)
		}
		at += l.Length
		checkFields(t, l, l.Fields)
	}
	if at != len(frame) {
		t.Fatalf("layers cover %d of %d octets\n%s", at, len(frame), picture(layers))
	}
}

func checkFields(t *testing.T, l Layer, fields []Field) {
	t.Helper()
	for _, f := range fields {
		if f.Offset < l.Offset || f.Length < 0 || f.Offset+f.Length > l.Offset+l.Length {
			t.Fatalf("field %s [%d:%d] is not in layer %s [%d:%d]", f.Name, f.Offset, f.Offset+f.Length, l.Name, l.Offset, l.Offset+l.Length)
		}
		checkFields(t, l, f.Parts)
	}
}

func FuzzDecode(f *testing.F) {
	for _, test := range frames() {
		f.Add(test.frame)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		before := bytes.Clone(frame)
		layers := Decode(frame)
		checkLayers(t, frame, layers)
		head, payload := ParseHead(frame)
		if head.Len != len(payload) || len(payload) > len(frame) {
			t.Fatalf("Len %d, payload %d, frame %d", head.Len, len(payload), len(frame))
		}
		// Both ways of reading agree on what the innermost header is.
		name := ""
		for _, l := range layers {
			switch l.Name {
			case "TCP", "UDP", "ICMP", "ICMPv6", "ARP":
				if !l.Quoted && l.Note == "" {
					name = l.Name
				}
			}
		}
		if name != "" && head.Proto != name {
			t.Fatalf("head %+v, layers\n%s", head, picture(layers))
		}
		if !bytes.Equal(frame, before) {
			t.Fatal("the frame was changed")
		}
	})
}

func TestParseHeadAllocates(t *testing.T) {
	frame := tcpFrame(segment{src: alice, dst: server, flags: header.TCPFlagAck, payload: "hello"})
	if n := testing.AllocsPerRun(100, func() { ParseHead(frame) }); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}

func BenchmarkParseHead(b *testing.B) {
	frame := tcpFrame(segment{src: alice, dst: server, flags: header.TCPFlagAck, payload: "hello"})
	for b.Loop() {
		ParseHead(frame)
	}
}

func BenchmarkDecode(b *testing.B) {
	frame := tcpFrame(segment{src: alice, dst: server, flags: header.TCPFlagAck, payload: "hello"})
	for b.Loop() {
		Decode(frame)
	}
}
