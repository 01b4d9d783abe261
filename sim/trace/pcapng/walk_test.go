package pcapng

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"mailwalk/protocols/dialog"
	"mailwalk/sim/trace"
)

// walk makes a trace in which a client and a server talk through a router:
//
//	laptop 192.0.2.10 -- near -- router -- far -- server 198.51.100.25
type walk struct {
	t      *trace.Trace
	now    time.Duration
	number uint64
	at     [2]int64 // octets said, by direction
}

var (
	laptopAddr = netip.MustParseAddr("192.0.2.10")
	serverAddr = netip.MustParseAddr("198.51.100.25")
)

const conn = "laptop>server:25#1"

func newWalk() *walk {
	return &walk{t: trace.New(trace.Header{Name: "test", Seed: 7, Build: "v1"})}
}

func (w *walk) add(host, what string, body trace.Body, causes ...uint64) *trace.Event {
	w.now += time.Millisecond
	e := &trace.Event{At: w.now, Host: host, Kind: body.Kind(), What: what, Causes: causes, Body: body}
	switch body.(type) {
	case *trace.PacketBody, *trace.LineBody:
		e.Conn = conn
	}
	w.t.Append(e)
	return e
}

func (w *walk) note(host, what, text string) { w.add(host, what, &trace.NoteBody{Newcomer: text}) }

// ipFrame is a frame with an IPv4 packet.
func ipFrame(src, dst netip.Addr, ttl byte, payload string) []byte {
	f := make([]byte, 14, 14+20+len(payload))
	f[0] = ttl // other links have other addresses
	binary.BigEndian.PutUint16(f[12:], 0x0800)
	h := make([]byte, 20)
	h[0], h[8], h[9] = 0x45, ttl, 6
	binary.BigEndian.PutUint16(h[2:], uint16(20+len(payload)))
	binary.BigEndian.PutUint16(h[10:], uint16(ttl)*257) // changes with the TTL
	copy(h[12:], src.AsSlice())
	copy(h[16:], dst.AsSlice())
	return append(append(f, h...), payload...)
}

func (w *walk) body(link, from, to string, data []byte, r *trace.Range) *trace.PacketBody {
	w.number++
	src, _ := netip.AddrFromSlice(data[26:30])
	dst, _ := netip.AddrFromSlice(data[30:34])
	return &trace.PacketBody{
		Frame: w.number, Link: link, From: from, To: to, Data: data, Range: r,
		Head: trace.Head{Proto: "TCP", Src: src, Dst: dst},
	}
}

// first sends a packet from one end over its own link and has it arrive at the
// router.
func (w *walk) first(fromServer bool, payload string, r *trace.Range) (sent, delivered *trace.Event) {
	link, from, to, src, dst := "near", "laptop", "router/eth0", laptopAddr, serverAddr
	if fromServer {
		link, from, to, src, dst = "far", "server", "router/eth1", serverAddr, laptopAddr
	}
	b := w.body(link, from+"/eth0", to, ipFrame(src, dst, 64, payload), r)
	sent = w.add(from, trace.Sent, b)
	return sent, w.add("router", trace.Delivered, b, sent.Seq)
}

// cross sends a packet from one end over both links to the other.
func (w *walk) cross(fromServer bool, payload string, r *trace.Range) {
	_, delivered := w.first(fromServer, payload, r)
	link, from, to, src, dst := "far", "router/eth1", "server", laptopAddr, serverAddr
	if fromServer {
		link, from, to, src, dst = "near", "router/eth0", "laptop", serverAddr, laptopAddr
	}
	b := w.body(link, from, to+"/eth0", ipFrame(src, dst, 63, payload), r)
	sent := w.add("router", trace.Sent, b, delivered.Seq)
	w.add(to, trace.Delivered, b, sent.Seq)
}

// say has one end say a line, or a content of so many octets when text is empty,
// and returns where it is in the stream.
func (w *walk) say(fromServer bool, text string, content int64) trace.Range {
	size := int64(len(text)) + 2
	b := &trace.LineBody{Service: "smtp", Role: dialog.Command, Text: text}
	if content > 0 {
		size = content
		b.Role, b.Content = dialog.Body, &trace.Content{Size: content - 3}
	}
	host, d := "laptop", 0
	if fromServer {
		host, d = "server", 1
		b.Role = dialog.Reply
	}
	b.Range = trace.Range{FromServer: fromServer, From: w.at[d], To: w.at[d] + size}
	w.at[d] += size
	w.add(host, trace.Sent, b)
	return b.Range
}

// capture writes a trace and reads the file back.
func capture(t *testing.T, tr *trace.Trace, o Options) []block {
	t.Helper()
	c, err := New(tr, o)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	n, err := c.WriteTo(&file)
	if err != nil {
		t.Fatal(err)
	}
	if n != int64(file.Len()) {
		t.Errorf("WriteTo says it wrote %d octets; it wrote %d", n, file.Len())
	}
	return readBlocks(t, file.Bytes())
}
