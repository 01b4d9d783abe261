package plain

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/miekg/dns"

	"mailwalk/protocols/dialog"
	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

const dnsPort = 53

// wire is what has to be remembered of earlier frames and lines to say of a
// frame what it means.
type wire struct {
	hosts map[netip.Addr]string
	said  map[stream][]saying
	tls   trace.Streams
	tcp   map[stream]*half
	came  map[uint64]*trace.PacketBody // what is on a router, by the event of its arrival
}

// saying is a line or a content, and where in its stream it lies.
type saying struct {
	trace.Range
	name string
}

// half is one direction of a TCP connection, as seen where it is sent.
type half struct {
	first  uint32 // sequence number of its SYN
	synced bool   // first is known
	sent   int64  // octets that were sent at least once
	fin    bool   // a FIN was sent behind them
	ack    uint32 // of its last segment
	window uint16
	acked  bool // there was such a segment
}

func newWire(hosts map[netip.Addr]string) wire {
	return wire{came: make(map[uint64]*trace.PacketBody), hosts: hosts, said: make(map[stream][]saying), tcp: make(map[stream]*half)}
}

func (w *wire) half(k stream) *half {
	h := w.tcp[k]
	if h == nil {
		h = new(half)
		w.tcp[k] = h
	}
	return h
}

// host names an address.
func (w *wire) host(a netip.Addr) string {
	if name := w.hosts[a]; name != "" {
		return name
	}
	return a.String()
}

// elsewhere tells whether a frame is delivered to a host that is only on its way.
func (w *wire) elsewhere(e *trace.Event, b *trace.PacketBody) bool {
	owner := w.hosts[b.Head.Dst]
	return owner != "" && owner != e.Host
}

// hear keeps where a line lies in its stream.
func (w *wire) hear(e *trace.Event, b *trace.LineBody) {
	k := stream{e.Conn, b.FromServer}
	w.said[k] = append(w.said[k], saying{b.Range, lineName(b)})
}

// known tells the short name of a line that was seen when it was said.
func (w *wire) known(conn string, r trace.Range) (string, bool) {
	for _, s := range w.over(conn, r) {
		if s.Range == r {
			return s.name, true
		}
	}
	return "", false
}

// over are the lines that share an octet with a range.
func (w *wire) over(conn string, r trace.Range) []saying {
	all := w.said[stream{conn, r.FromServer}]
	from, _ := slices.BinarySearchFunc(all, r.From, func(s saying, at int64) int {
		if s.To <= at {
			return -1
		}
		return 1
	})
	to := from
	for to < len(all) && all[to].From < r.To {
		to++
	}
	return all[from:to]
}

// lineName is what a line is called in passing.
func lineName(b *trace.LineBody) string {
	switch b.Role {
	case dialog.Body:
		return "content"
	case dialog.Command:
		if b.Verb != "" {
			return b.Verb
		}
	case dialog.Greeting, dialog.Reply:
		switch {
		case b.Text == ".":
			return "."
		case b.Service == "pop3" && b.Code != "+OK" && b.Code != "-ERR":
			return "a line of " + b.Verb
		case b.Code != "":
			return b.Code
		}
	case dialog.Untagged:
		if !strings.HasPrefix(b.Text, "* ") {
			return "its rest"
		}
		words := strings.Fields(explain.OneLine(b.Text))
		if len(words) > 2 && words[1] != "" && words[1][0] >= '0' && words[1][0] <= '9' {
			return "* " + words[2]
		}
		if len(words) > 1 {
			return "* " + words[1]
		}
	case dialog.Continuation:
		return "continuation"
	}
	return "a line"
}

// names lists names, those that repeat counted.
func names(all []string) string {
	var out []string
	for i := 0; i < len(all); {
		n := 1
		for i+n < len(all) && all[i+n] == all[i] {
			n++
		}
		word := all[i]
		if n > 1 {
			word += " ×" + strconv.Itoa(n)
		}
		out = append(out, word)
		i += n
	}
	return strings.Join(out, ", ")
}

// cargo names what a segment carries.
func (w *wire) cargo(conn string, r trace.Range) string {
	var all []string
	for _, s := range w.over(conn, w.tls.Said(conn, r)) {
		name := s.name
		if on := w.tls.OnWire(conn, s.Range); on.From < r.From || on.To > r.To {
			name = "part of " + name
		}
		if w.tls.Sealed(conn, s.Range) {
			name = "sealed " + name
		}
		all = append(all, name)
	}
	return names(all)
}

// frame says whose a frame is that is sent, and what it carries.
func (w *wire) frame(e *trace.Event, b *trace.PacketBody) (ends, what string) {
	h := &b.Head
	if !h.Src.IsValid() || !h.Dst.IsValid() {
		return e.Host, explain.Carried(e)
	}
	ends = w.host(h.Src) + arrow + w.host(h.Dst)
	if owner := w.hosts[h.Src]; owner != "" && owner != e.Host {
		ends = e.Host + " under the address of " + ends
	}
	switch {
	case h.Proto == "TCP" && e.Conn != "":
		return ends, w.segment(e, b)
	case h.Proto == "UDP" && (h.SrcPort == dnsPort || h.DstPort == dnsPort):
		return ends, datagram(b)
	}
	return ends, explain.Carried(e)
}

// segment says what a TCP segment means, when its sender sends it.
func (w *wire) segment(e *trace.Event, b *trace.PacketBody) string {
	h := &b.Head
	_, server := explain.Ends(e.Conn)
	k := stream{e.Conn, w.host(h.Src) == server}
	if b.Range != nil {
		k.fromServer = b.Range.FromServer
	}
	own, other := w.half(k), w.half(stream{k.conn, !k.fromServer})
	has := func(flag string) bool { return strings.Contains(h.Flags, flag) }
	defer func() {
		own.ack, own.window, own.acked = h.Ack, h.Window, has("A")
	}()
	switch {
	case has("R") && !own.synced:
		return "RST, refuses the connection"
	case has("R"):
		return "RST, breaks the connection off"
	case has("S"):
		text := "SYN to port " + strconv.Itoa(int(h.DstPort))
		if has("A") {
			text = "SYN-ACK"
		}
		if own.synced && own.first == h.Seq {
			text = "sent again: " + text
		}
		own.first, own.synced = h.Seq, true
		return text
	}
	var text string
	switch again := false; {
	case b.Range != nil:
		again = b.Range.From < own.sent
		text = explain.Octets(b.Range.To - b.Range.From)
		cargo := w.cargo(e.Conn, *b.Range)
		if cargo == "" {
			cargo = explain.Records(b)
		}
		if cargo != "" {
			text += " (" + cargo + ")"
		}
		switch {
		case b.Analysis == trace.FastRetransmission:
			text = "sent again, as the ACKs tell of a loss: " + text
		case again:
			text = "sent again: " + text
		}
		own.sent = max(own.sent, b.Range.To)
		if has("F") {
			text += ", and FIN"
		}
	case has("F"):
		text = "FIN"
		if own.fin {
			text = "sent again: " + text
		}
	default:
		text = acknowledged(h, own, other)
	}
	own.fin = own.fin || has("F")
	if h.Window == 0 && !strings.HasSuffix(text, "window now 0") {
		text += ", window 0"
	}
	return text
}

// acknowledged says what a segment without data or FIN confirms.
func acknowledged(h *trace.Head, own, other *half) string {
	if !other.synced {
		return "ACK " + strconv.FormatUint(uint64(h.Ack), 10)
	}
	has := int64(h.Ack - other.first - 1)
	var text string
	switch {
	case other.fin && has > other.sent:
		text = "ACK of the FIN"
	case has == 0:
		text = "ACK of the SYN-ACK"
	default:
		text = "ACK of " + explain.Octets(has)
	}
	switch {
	case !own.acked || own.ack != h.Ack:
	case own.window == h.Window:
		text += ", again"
	default:
		text += ", window now " + explain.Grouped(int64(h.Window))
	}
	return text
}

// datagram says what a DNS message asks or answers.
func datagram(b *trace.PacketBody) string {
	query := b.Head.DstPort == dnsPort
	what := "DNS response"
	if query {
		what = "DNS query"
	}
	m := message(b)
	if m == nil || len(m.Question) != 1 {
		return what + ", " + explain.Octets(int64(b.Head.Len))
	}
	q := m.Question[0]
	asked := bare(q.Name) + " " + dns.Type(q.Qtype).String()
	if query {
		return what + ": " + asked
	}
	what += ": "
	switch {
	case m.Rcode != dns.RcodeSuccess:
		return what + dns.RcodeToString[m.Rcode] + " for " + asked
	case m.Truncated:
		return what + "truncated, " + asked
	case len(m.Answer) > 0:
		return what + answers(m.Answer)
	}
	for _, r := range m.Ns {
		if ns, ok := r.(*dns.NS); ok {
			return what + "for " + bare(ns.Hdr.Name) + " ask " + bare(ns.Ns)
		}
	}
	return what + "no " + asked
}

// message is the DNS message in a datagram; nil when it cannot be read.
func message(b *trace.PacketBody) *dns.Msg {
	layers := trace.Decode(b.Data)
	i := slices.IndexFunc(layers, func(l trace.Layer) bool { return l.Name == "Payload" })
	if i < 0 {
		return nil
	}
	m := new(dns.Msg)
	if m.Unpack(b.Data[layers[i].Offset:layers[i].Offset+layers[i].Length]) != nil {
		return nil
	}
	return m
}

// answers are the records of an answer section, the first in full.
func answers(all []dns.RR) string {
	r := all[0]
	text := bare(r.Header().Name) + " " + dns.Type(r.Header().Rrtype).String() + " " + bare(strings.TrimPrefix(r.String(), r.Header().String()))
	if n := len(all) - 1; n > 0 {
		text += " and " + strconv.Itoa(n) + " more"
	}
	return explain.OneLine(text)
}

// bare is a domain name without the dot at its end; the root stays one.
func bare(name string) string {
	if len(name) > 1 {
		return strings.TrimSuffix(name, ".")
	}
	return name
}

// flagNames spells TCP's flags out.
var flagNames = map[rune]string{'S': "SYN", 'F': "FIN", 'R': "RST", 'P': "PSH", 'A': "ACK", 'U': "URG", 'E': "ECE", 'C': "CWR"}

// numbers are a packet's header in figures. Sequence numbers count from the SYN
// of their direction, as packet analysers show them, where it was seen.
func (w *wire) numbers(e *trace.Event, b *trace.PacketBody) string {
	h := &b.Head
	if h.SrcPort == 0 && h.DstPort == 0 {
		return ""
	}
	text := netip.AddrPortFrom(h.Src, h.SrcPort).String() + arrow + netip.AddrPortFrom(h.Dst, h.DstPort).String() +
		", TTL " + strconv.Itoa(int(h.TTL))
	if h.Proto != "TCP" {
		return text + ", " + h.Proto + ", length " + strconv.Itoa(h.Len)
	}
	_, server := explain.Ends(e.Conn)
	k := stream{e.Conn, w.host(h.Src) == server}
	var flags []string
	for _, f := range h.Flags {
		flags = append(flags, flagNames[f])
	}
	text += ", " + strings.Join(flags, " ") + ", seq " + relative(h.Seq, w.tcp[k])
	if strings.Contains(h.Flags, "A") {
		text += ", ack " + relative(h.Ack, w.tcp[stream{k.conn, !k.fromServer}])
	}
	text += ", win " + strconv.Itoa(int(h.Window))
	if h.MSS > 0 {
		text += ", MSS " + strconv.Itoa(int(h.MSS))
	}
	return text
}

func relative(n uint32, of *half) string {
	if of != nil && of.synced {
		n -= of.first
	}
	return strconv.FormatUint(uint64(n), 10)
}
