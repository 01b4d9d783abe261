package plain

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"mailwalk/protocols/dialog"
	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

var (
	laptop = netip.MustParseAddr("192.0.2.10")
	server = netip.MustParseAddr("198.51.100.25")
	hosts  = map[netip.Addr]string{laptop: "laptop", server: "server"}
)

const mailConn = "laptop>server:25#1"

// talk is one connection, as its frames and lines are told to a printer.
type talk struct {
	t     *testing.T
	p     *Printer
	out   *bytes.Buffer
	seq   uint64
	frame uint64
}

func newTalk(t *testing.T, d explain.Depth) *talk {
	var out bytes.Buffer
	p := New(&out, Options{Detail: explain.PacketGrain, Depth: d, Width: 100})
	if err := p.Begin(Walk{Name: "talk", Title: "Talk", Hosts: hosts}); err != nil {
		t.Fatal(err)
	}
	// Reasons are tested elsewhere.
	for _, k := range explain.Keys() {
		p.told[k] = true
	}
	out.Reset()
	return &talk{t: t, p: p, out: &out}
}

func (k *talk) event(e trace.Event) uint64 {
	k.seq++
	e.Seq, e.At = k.seq, time.Duration(k.seq)*time.Millisecond
	if e.Kind == "" {
		e.Kind = e.Body.Kind()
	}
	if err := k.p.Event(&e); err != nil {
		k.t.Fatal(err)
	}
	return k.seq
}

// segment is one that the laptop sends, or the server.
func (k *talk) segment(fromServer bool, flags string, seq, ack uint32, window uint16, r *trace.Range) uint64 {
	h := trace.Head{Proto: "TCP", Src: laptop, Dst: server, TTL: 64, SrcPort: 4711, DstPort: 25, Flags: flags, Seq: seq, Ack: ack, Window: window}
	host := "laptop"
	if fromServer {
		h.Src, h.Dst, h.SrcPort, h.DstPort, host = h.Dst, h.Src, h.DstPort, h.SrcPort, "server"
	}
	if r != nil {
		h.Len = int(r.To - r.From)
	}
	k.frame++
	return k.event(trace.Event{Host: host, What: trace.Sent, IDs: trace.IDs{Conn: mailConn},
		Body: &trace.PacketBody{Frame: k.frame, Link: "net", From: host + "/eth0", Head: h, Range: r}})
}

func (k *talk) say(b trace.LineBody) {
	b.Service = "smtp"
	host := "laptop"
	if b.FromServer {
		host = "server"
	}
	k.event(trace.Event{Host: host, What: trace.Sent, IDs: trace.IDs{Conn: mailConn}, Body: &b})
}

// wants compares the packets printed since the last call, without their times.
func (k *talk) wants(want ...string) {
	k.t.Helper()
	var got []string
	for _, l := range strings.Split(strings.TrimRight(k.out.String(), "\n"), "\n") {
		if tag := strings.Fields(l); len(tag) > 1 && (tag[1] == "packet" || tag[1] == "read") || strings.HasPrefix(l, strings.Repeat(" ", detailAt)) {
			got = append(got, strings.TrimSpace(l[timeWidth:]))
		}
	}
	k.out.Reset()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		k.t.Errorf("printed\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestSegments(t *testing.T) {
	k := newTalk(t, explain.Newcomer)
	client := func(from, to int64) *trace.Range { return &trace.Range{From: from, To: to} }
	k.segment(false, "S", 1000, 0, 100, nil)
	k.segment(false, "S", 1000, 0, 100, nil)
	k.segment(true, "SA", 5000, 1001, 100, nil)
	k.segment(false, "A", 1001, 5001, 100, nil)
	k.wants(
		"packet #1 net laptop → server: SYN to port 25",
		"packet #2 net laptop → server: sent again: SYN to port 25",
		"packet #3 net server → laptop: SYN-ACK",
		"packet #4 net laptop → server: ACK of the SYN-ACK",
	)
	k.say(trace.LineBody{Role: dialog.Command, Verb: "MAIL", Text: "MAIL FROM:<>", Range: *client(0, 14)})
	k.say(trace.LineBody{Role: dialog.Command, Verb: "RCPT", Text: "RCPT TO:<b@c.test>", Range: *client(14, 34)})
	k.say(trace.LineBody{Role: dialog.Body, Range: *client(34, 2000)})
	k.segment(false, "PA", 1001, 5001, 100, client(0, 34))
	k.segment(false, "A", 1035, 5001, 100, client(34, 1400))
	k.segment(false, "A", 1035, 5001, 100, client(34, 1400))
	k.segment(false, "PAF", 2401, 5001, 100, client(1400, 2000))
	k.wants(
		"packet #5 net laptop → server: 34 octets (MAIL, RCPT)",
		"packet #6 net laptop → server: 1,366 octets (part of content)",
		"packet #7 net laptop → server: sent again: 1,366 octets (part of content)",
		"packet #8 net laptop → server: 600 octets (part of content), and FIN",
	)
	k.segment(true, "A", 5001, 1035, 100, nil)
	k.segment(true, "A", 5001, 1035, 100, nil)
	k.segment(true, "A", 5001, 1035, 0, nil)
	k.segment(true, "A", 5001, 3002, 50, nil)
	k.segment(true, "FA", 5001, 3002, 50, nil)
	k.segment(true, "RA", 5002, 3002, 0, nil)
	k.wants(
		"packet #9 net server → laptop: ACK of 34 octets",
		"packet #10 net server → laptop: ACK of 34 octets, again",
		"packet #11 net server → laptop: ACK of 34 octets, window now 0",
		"packet #12 net server → laptop: ACK of the FIN",
		"packet #13 net server → laptop: FIN",
		"packet #14 net server → laptop: RST, breaks the connection off",
	)
}

func TestRefusal(t *testing.T) {
	k := newTalk(t, explain.Newcomer)
	k.segment(false, "S", 1000, 0, 100, nil)
	k.segment(true, "RA", 0, 1001, 0, nil)
	k.wants(
		"packet #1 net laptop → server: SYN to port 25",
		"packet #2 net server → laptop: RST, refuses the connection",
	)
}

// Sequence numbers are those that packet analysers show.
func TestNumbers(t *testing.T) {
	k := newTalk(t, explain.Student)
	k.segment(false, "S", 4294967295, 0, 100, nil)
	k.segment(true, "SA", 5000, 0, 200, nil)
	k.segment(false, "PA", 0, 5001, 100, &trace.Range{From: 0, To: 6})
	k.wants(
		"packet #1 net laptop → server: SYN to port 25",
		"192.0.2.10:4711 → 198.51.100.25:25, TTL 64, SYN, seq 0, win 100",
		"packet #2 net server → laptop: SYN-ACK",
		"198.51.100.25:25 → 192.0.2.10:4711, TTL 64, SYN ACK, seq 0, ack 1, win 200",
		"packet #3 net laptop → server: 6 octets",
		"192.0.2.10:4711 → 198.51.100.25:25, TTL 64, PSH ACK, seq 1, ack 1, win 100",
	)
}

func TestFrameOverARouter(t *testing.T) {
	k := newTalk(t, explain.Newcomer)
	h := trace.Head{Proto: "TCP", Src: laptop, Dst: server, TTL: 64, SrcPort: 4711, DstPort: 25, Flags: "S"}
	hear := func(host string, frame uint64, what string, causes ...uint64) uint64 {
		return k.event(trace.Event{Host: host, What: what, Causes: causes, IDs: trace.IDs{Conn: mailConn},
			Body: &trace.PacketBody{Frame: frame, Link: "net", Head: h}})
	}
	sent := hear("laptop", 1, trace.Sent)
	at := hear("router", 1, trace.Delivered, sent)
	on := hear("router", 2, trace.Sent, at)
	hear("server", 2, trace.Delivered, on)
	// One that goes on later, or not at all, is told as well.
	late := hear("router", 3, trace.Delivered)
	hear("server", 4, trace.Delivered)
	hear("router", 5, trace.Sent, late)
	hear("router", 6, trace.Delivered)
	// Nothing came to this one: the sender's address is not its own.
	hear("forger", 7, trace.Sent)
	if err := k.p.Close(nil); err != nil {
		t.Fatal(err)
	}
	k.wants(
		"packet #1 net laptop → server: SYN to port 25",
		"packet #1 passed on by router as #2 on net",
		"packet #2 has reached server",
		"packet #3 has reached router",
		"packet #4 has reached server",
		"packet #3 passed on by router as #5 on net",
		"packet #6 has reached router",
		"packet #7 net forger under the address of laptop → server: sent again: SYN to port 25",
	)
}

// TestRouterAnswers: what a router has to say of a packet is not the packet,
// passed on.
func TestRouterAnswers(t *testing.T) {
	k := newTalk(t, explain.Newcomer)
	router := netip.MustParseAddr("192.0.2.1")
	h := trace.Head{Proto: "TCP", Src: laptop, Dst: server, TTL: 64, SrcPort: 4711, DstPort: 25, Flags: "A", Len: 1420}
	at := k.event(trace.Event{Host: "router", What: trace.Delivered, IDs: trace.IDs{Conn: mailConn}, Body: &trace.PacketBody{Frame: 1, Link: "net", Head: h}})
	tooBig := trace.Head{Proto: "ICMP", Src: router, Dst: laptop, TTL: 64, Type: 3, Code: 4, MTU: 600, Len: 548}
	k.event(trace.Event{Host: "router", What: trace.Sent, Causes: []uint64{at}, IDs: trace.IDs{Conn: mailConn}, Body: &trace.PacketBody{Frame: 2, Link: "net", Head: tooBig}})
	got := strings.Join(strings.Fields(k.out.String()), " ")
	for _, want := range []string{"#1 has reached router", "#2 net", "which takes 600 octets at most"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, k.out.String())
		}
	}
	if strings.Contains(got, "passed on") {
		t.Errorf("passed on, in\n%s", k.out.String())
	}
}

func TestReadLinesAreCounted(t *testing.T) {
	k := newTalk(t, explain.Newcomer)
	at := func(from int64) trace.LineBody {
		return trace.LineBody{Role: dialog.Reply, Service: "smtp", Verb: "EHLO", Code: "250", Text: "250-X", Range: trace.Range{FromServer: true, From: from, To: from + 7}}
	}
	for n := range int64(3) {
		k.say(at(7 * n))
	}
	k.out.Reset()
	now := k.seq + 1
	for n := range int64(3) {
		b := at(7 * n)
		e := trace.Event{Seq: now, At: time.Second, Host: "laptop", Kind: trace.Line, What: trace.Received, IDs: trace.IDs{Conn: mailConn}, Body: &b}
		if err := k.p.Event(&e); err != nil {
			t.Fatal(err)
		}
	}
	// What was said outside has been seen nowhere yet.
	b := trace.LineBody{Role: dialog.Command, Service: "smtp", Verb: "NOOP", Text: "NOOP", Range: trace.Range{From: 0, To: 6}}
	k.event(trace.Event{Host: "server", What: trace.Received, IDs: trace.IDs{Conn: mailConn}, Body: &b})
	k.wants(
		"read   laptop reads 250 ×3",
		"read   server has read: laptop asks for nothing but an answer",
	)
}

func TestDatagrams(t *testing.T) {
	rr := func(s string) dns.RR {
		r, err := dns.NewRR(s)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	question := func() *dns.Msg { return new(dns.Msg).SetQuestion("b.test.", dns.TypeMX) }
	response := func(edit func(m *dns.Msg)) *dns.Msg {
		m := question()
		m.Response = true
		edit(m)
		return m
	}
	tests := map[string]*dns.Msg{
		"DNS query: b.test MX":                 question(),
		"DNS response: b.test MX 10 mx.b.test": response(func(m *dns.Msg) { m.Answer = []dns.RR{rr("b.test. 60 MX 10 mx.b.test.")} }),
		"DNS response: b.test MX 10 mx.b.test and 1 more": response(func(m *dns.Msg) {
			m.Answer = []dns.RR{rr("b.test. 60 MX 10 mx.b.test."), rr("b.test. 60 MX 20 my.b.test.")}
		}),
		"DNS response: for b.test ask ns.b.test": response(func(m *dns.Msg) { m.Ns = []dns.RR{rr("b.test. 60 NS ns.b.test.")} }),
		"DNS response: no b.test MX":             response(func(m *dns.Msg) { m.Ns = []dns.RR{rr("b.test. 60 SOA ns.b.test. h.b.test. 1 2 3 4 5")} }),
		"DNS response: NXDOMAIN for b.test MX":   response(func(m *dns.Msg) { m.Rcode = dns.RcodeNameError }),
		"DNS response: truncated, b.test MX":     response(func(m *dns.Msg) { m.Truncated = true }),
		"DNS response: SERVFAIL for b.test MX":   response(func(m *dns.Msg) { m.Rcode = dns.RcodeServerFailure }),
	}
	for want, m := range tests {
		wire, err := m.Pack()
		if err != nil {
			t.Fatal(err)
		}
		b := &trace.PacketBody{Data: ethernet(wire, m.Response)}
		b.Head, _ = trace.ParseHead(b.Data)
		if got := datagram(b); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	garbage := &trace.PacketBody{Data: ethernet([]byte("hello"), false)}
	garbage.Head, _ = trace.ParseHead(garbage.Data)
	if got := datagram(garbage); got != "DNS query, 5 octets" {
		t.Error(got)
	}
}

// ethernet wraps a payload into UDP, IPv4 and Ethernet, to or from port 53.
func ethernet(payload []byte, fromServer bool) []byte {
	n := len(payload)
	f := make([]byte, 12, 42+n)
	f = append(f, 8, 0)
	f = append(f, 0x45, 0, byte((28+n)>>8), byte(28+n), 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 10, 192, 0, 2, 53)
	src, dst := []byte{0x12, 0x34}, []byte{0, dnsPort}
	if fromServer {
		src, dst = dst, src
	}
	f = append(append(f, src...), dst...)
	f = append(f, byte((8+n)>>8), byte(8+n), 0, 0)
	return append(f, payload...)
}

// TestSentAgainAtOnce: what the ACKs ask for is told apart from what a timer does.
func TestSentAgainAtOnce(t *testing.T) {
	k := newTalk(t, explain.Student)
	h := trace.Head{Proto: "TCP", Src: laptop, Dst: server, TTL: 64, SrcPort: 4711, DstPort: 25, Flags: "S", Seq: 1000, Window: 100, MSS: 1460}
	send := func(b trace.PacketBody) {
		k.frame++
		b.Frame, b.Link, b.From = k.frame, "net", "laptop/eth0"
		k.event(trace.Event{Host: "laptop", What: trace.Sent, IDs: trace.IDs{Conn: mailConn}, Body: &b})
	}
	send(trace.PacketBody{Head: h})
	h.Flags, h.Seq, h.MSS, h.Len = "A", 1001, 0, 100
	send(trace.PacketBody{Head: h, Range: &trace.Range{To: 100}})
	send(trace.PacketBody{Head: h, Range: &trace.Range{To: 100}, Analysis: trace.FastRetransmission})
	send(trace.PacketBody{Head: h, Range: &trace.Range{To: 100}, Analysis: trace.Retransmission})
	got := k.out.String()
	for _, want := range []string{
		"SYN, seq 0, win 100, MSS 1460",
		"laptop → server: 100 octets",
		"sent again, as the ACKs tell of a loss: 100 octets",
		"sent again: 100 octets",
	} {
		if _, rest, found := strings.Cut(strings.Join(strings.Fields(got), " "), want); !found {
			t.Errorf("%q is not, in its place, in\n%s", want, k.out.String())
		} else {
			got = rest
		}
	}
}

// TestForged: what a fault puts on a link is not told as its sender's doing.
func TestForged(t *testing.T) {
	k := newTalk(t, explain.Student)
	k.event(trace.Event{Host: "laptop", What: trace.Sent, IDs: trace.IDs{Conn: mailConn}, Body: &trace.PacketBody{
		Frame: 7, Link: "lan", From: "laptop/eth0", To: "server/eth0", Why: "the walk has it so",
		Head: trace.Head{Proto: "TCP", Src: laptop, Dst: server, SrcPort: 50000, DstPort: 25, Flags: "R"},
	}})
	const want = "FAULT #7 forged on lan, in the name of laptop: RST: "
	if got := strings.Join(strings.Fields(k.out.String()), " "); !strings.Contains(got, want) || !strings.HasSuffix(got, "(the walk has it so)") {
		t.Errorf("printed %q, want %q", got, want)
	}
}
