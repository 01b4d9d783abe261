package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/checksum"
	"gvisor.dev/gvisor/pkg/tcpip/header"

	"mailwalk/sim/trace"
	"mailwalk/sim/trace/pcapng"
)

// TestTsharkSecrets: with a connection's secrets in the capture Wireshark reads what is
// said inside TLS, and without them it does not.
func TestTsharkSecrets(t *testing.T) {
	tshark := lookTshark(t)
	const said = "* OK imap.globex.test is here\r\n"
	flights, keyLog := overTLS(t, said)
	tr := trace.New(trace.Header{Name: "secrets"})
	var seq [2]uint32
	for i, f := range flights {
		me, peer := side(f.fromServer), side(!f.fromServer)
		data := imapsSegment(f, seq[me], seq[peer])
		seq[me] += uint32(len(f.octets))
		b := &trace.PacketBody{Frame: uint64(i + 1), Link: "lan", From: "host/eth0", Data: data}
		b.Head, _ = trace.ParseHead(data)
		tr.Append(&trace.Event{At: time.Duration(i) * time.Millisecond, Kind: trace.Packet, What: trace.Sent, Body: b})
	}
	for _, x := range []struct {
		secrets []byte
		want    bool
	}{{keyLog, true}, {nil, false}} {
		file := filepath.Join(t.TempDir(), "capture.pcapng")
		writeCapture(t, tr, pcapng.Options{Secrets: x.secrets}, file)
		packets, _ := dissect(t, tshark, file, []string{"frame.number", "imap.line"})
		if len(packets) != len(flights) {
			t.Fatalf("%d packets, want %d", len(packets), len(flights))
		}
		got := slices.ContainsFunc(packets, func(p map[string]string) bool {
			return strings.HasPrefix(p["imap.line"], strings.TrimSpace(said))
		})
		if got != x.want {
			t.Errorf("with %d octets of secrets, Wireshark reads the line: %v, want %v", len(x.secrets), got, x.want)
		}
	}
}

// flight is what one end wrote at once.
type flight struct {
	fromServer bool
	octets     []byte
}

// overTLS has a server say something to a client over TLS, and returns what both wrote
// and the secrets.
func overTLS(t *testing.T, said string) (flights []flight, keyLog []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"imap.globex.test"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)

	var lock sync.Mutex
	note := func(fromServer bool) func([]byte) {
		return func(b []byte) {
			lock.Lock()
			defer lock.Unlock()
			flights = append(flights, flight{fromServer, bytes.Clone(b)})
		}
	}
	a, b := net.Pipe()
	var log bytes.Buffer
	client := tls.Client(written{a, note(false)}, &tls.Config{ServerName: "imap.globex.test", RootCAs: roots, KeyLogWriter: &log})
	server := tls.Server(written{b, note(true)}, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, SessionTicketsDisabled: true})
	done := make(chan error, 1)
	go func() {
		_, err := server.Write([]byte(said))
		done <- errors.Join(err, b.Close())
	}()
	heard, err := io.ReadAll(io.LimitReader(client, int64(len(said))))
	if err := errors.Join(err, a.Close(), <-done); err != nil {
		t.Fatal(err)
	}
	if string(heard) != said {
		t.Fatalf("heard %q", heard)
	}
	return flights, log.Bytes()
}

// written is a connection that tells of what is written to it.
type written struct {
	net.Conn
	note func([]byte)
}

func (w written) Write(b []byte) (int, error) {
	w.note(b)
	return w.Conn.Write(b)
}

// imapsSegment is a frame with a TCP segment between two ends that have said so much
// before.
func imapsSegment(f flight, seq, ack uint32) []byte {
	src, dst := netip.MustParseAddrPort("192.0.2.10:49152"), netip.MustParseAddrPort("198.51.100.25:993")
	if f.fromServer {
		src, dst = dst, src
	}
	address := func(a netip.AddrPort) tcpip.Address { return tcpip.AddrFromSlice(a.Addr().AsSlice()) }
	tcp := header.TCP(append(make([]byte, header.TCPMinimumSize), f.octets...))
	tcp.Encode(&header.TCPFields{
		SrcPort: src.Port(), DstPort: dst.Port(), SeqNum: 1 + seq, AckNum: 1 + ack, DataOffset: header.TCPMinimumSize,
		Flags: header.TCPFlagAck | header.TCPFlagPsh, WindowSize: 65535,
	})
	sum := header.PseudoHeaderChecksum(header.TCPProtocolNumber, address(src), address(dst), uint16(len(tcp)))
	tcp.SetChecksum(^checksum.Checksum(tcp, sum))
	ip := header.IPv4(make([]byte, header.IPv4MinimumSize))
	ip.Encode(&header.IPv4Fields{
		TotalLength: uint16(len(ip) + len(tcp)), Flags: header.IPv4FlagDontFragment, TTL: 64,
		Protocol: uint8(header.TCPProtocolNumber), SrcAddr: address(src), DstAddr: address(dst),
	})
	ip.SetChecksum(^ip.CalculateChecksum())
	eth := header.Ethernet(make([]byte, header.EthernetMinimumSize))
	eth.Encode(&header.EthernetFields{SrcAddr: "\x02\x00\x00\x00\x00\x01", DstAddr: "\x02\x00\x00\x00\x00\x02", Type: header.IPv4ProtocolNumber})
	return slices.Concat([]byte(eth), []byte(ip), []byte(tcp))
}

// TestTsharkOpensTLS: a capture of a walk under TLS has the secrets in it, and with them
// Wireshark reads the dialogues inside, the passwords among them.
func TestTsharkOpensTLS(t *testing.T) {
	tshark := lookTshark(t)
	for link, want := range map[string][]string{"acme-net": {"AUTH", "MAIL,RCPT,DATA", "QUIT"}, "globex-net": {"CAPA", "USER", "PASS", "RETR"}} {
		file := filepath.Join(t.TempDir(), link+".pcapng")
		mustExecute(t, "run", "starttls", "--pcap", file, "--link", link)
		packets, _ := dissect(t, tshark, file, []string{"tls.record.content_type", "smtp.req.command", "pop.request.command"}, "-Y", "tls")
		var said []string
		for _, p := range packets {
			said = append(said, strings.ReplaceAll(p["smtp.req.command"], valueEnd, ","), p["pop.request.command"])
		}
		for _, w := range want {
			if !slices.Contains(said, w) {
				t.Errorf("%s: Wireshark finds no %s inside TLS, but %q", link, w, slices.DeleteFunc(said, func(s string) bool { return s == "" }))
			}
		}
	}
}
