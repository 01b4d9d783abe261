package tui

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"mailwalk/protocols/dialog"
	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// packetOf steps until a packet carries a line that says something, and looks at its
// bytes.
func packetOf(r *robot, text string) *robot {
	r.t.Helper()
	r.stepTo(text)
	for range 10 {
		if r.m.event.Kind == trace.Packet {
			return r.press("6")
		}
		r.step(1)
	}
	r.t.Fatalf("no packet carried %q", text)
	return r
}

func byPacket(t *testing.T, w, h int) *robot {
	return newRobot(t, firstLetter(), w, h, Options{Grain: explain.PacketGrain, Theme: Dark})
}

func TestFieldsLightTheirBytes(t *testing.T) {
	r := packetOf(byPacket(t, 120, 40), "names a recipient")
	r.sees("▶ 6 bytes", "Client's line", "RCPT TO:<bob@globex.test>", "octet 54 of")
	r.press("z").sees("TCP", "RCPT TO:<b", "✓ right").press("g").sees("▶ Ethernet")
	d := r.m.panes[bytesPane].(*dump)
	// Each row of the tree stands between brackets in the dump, where it is seen.
	for i := range d.o.tree {
		r.press("g").times(i, "j")
		p := d.o.tree[i]
		if d.at != i || p.to > p.from && d.octet != p.from {
			t.Fatalf("row %d: the cursor is on row %d, octet %d", i, d.at, d.octet)
		}
		if first := fmt.Sprintf("[%02x", d.o.data[p.from]); p.to > p.from && !strings.Contains(r.screen(), first) {
			t.Errorf("%s: no %s on the screen:\n%s", p.name, first, r.screen())
		}
	}
	r.press("G").sees("▶   Client's line").press("j").sees("▶   Client's line")
}

func TestBytesLightTheirField(t *testing.T) {
	r := packetOf(byPacket(t, 160, 50), "names a recipient").press("z", "g")
	d := r.m.panes[bytesPane].(*dump)
	for octet, name := range []string{
		1: "Destination Address", 6: "Source Address", 12: "EtherType", 14: "Version", 16: "Total Length", 23: "Protocol",
		34: "Source Port", 38: "Sequence Number", 47: "Control Bits", 53: "Urgent Pointer", 54: "Client's line",
	} {
		if name == "" {
			continue
		}
		r.times(octet-d.octet, "]").sees(fmt.Sprintf("octet %d of", octet))
		if got := d.o.tree[d.at].name; got != name {
			t.Errorf("octet %d belongs to %q and not to %q", octet, got, name)
		}
	}
	r.press("[").sees("▶   Urgent Pointer", "Where urgent octets end", "RFC 9293 §3.1", "octets 52 to 53")
	r.times(200, "]").sees(fmt.Sprintf("octet %d of %d", len(d.o.data)-1, len(d.o.data)))
}

// The same field stays selected from packet to packet.
func TestAFieldIsFollowed(t *testing.T) {
	r := packetOf(byPacket(t, 160, 50), "names a recipient").press("z")
	r.screen()
	for r.m.panes[bytesPane].(*dump).o.tree[r.m.panes[bytesPane].(*dump).at].name != "Window" {
		r.press("k")
	}
	for range 12 {
		if r.step(1); r.m.event.Kind == trace.Packet {
			r.sees("▶   Window")
		}
	}
}

func TestALineAndItsPackets(t *testing.T) {
	r := byPacket(t, 160, 50).stepTo("hands over the content").press("6", "z")
	at := r.m.now
	r.sees("▶ Content", "the content on the wire, 265 octets").misses("Frame")
	r.step(6)
	for r.m.now > at {
		r.press("b")
	}
	r.sees("Carried by", "3 frames", "octets 0 to 119", "octets 240 to 264", "yet to come")
	r.press("G").sees("[").press("e")
	e := r.m.event
	if e.Kind != trace.Packet || e.Body.(*trace.PacketBody).Range.From != e.Body.(*trace.PacketBody).Range.To-25 {
		t.Fatalf("e led to %+v", e)
	}
	r.sees("octets 240 to 264 of its 265").press("e")
	if r.m.now != at {
		t.Errorf("from the packet back to the line e led to %d and not to %d", r.m.now, at)
	}
	r.press("g", "e").sees("The cursor is on a field").press("1", "e").sees("6 brings the bytes forward")
	r.press("]").sees("6 brings them forward")
}

func TestAWrongChecksumSaysSo(t *testing.T) {
	s := firstLetter()
	for s.Step() {
	}
	var b *trace.PacketBody
	for e := range s.t.All() {
		if p, ok := e.Body.(*trace.PacketBody); ok {
			b = p
		}
	}
	right := b.Data[50:52]
	want := fmt.Sprintf("should be 0x%x", right)
	b.Data = slices.Clone(b.Data)
	b.Data[51] ^= 0xff
	r := newRobot(t, Recorded(s.t), 160, 60, Options{Grain: explain.PacketGrain, Theme: Mono, ASCII: true})
	r.m.look(s.t.Len())
	for r.m.event.Body != trace.Body(b) {
		r.press("k")
	}
	r.press("6", "z").sees("X wrong: "+want, "+ right")
}

func TestStepsWithoutBytes(t *testing.T) {
	r := open(t).press("6").sees("Nothing has crossed a wire yet")
	r.step(1).sees("the walk's own words").press("]").sees("This step has no octets").press("j").sees("This step has no octets")
	r.stepTo("the mail is written").sees("▶ Header", "Empty line", "Body")
	newRobot(t, twoHops(), 120, 40, Options{Grain: explain.PacketGrain, Theme: Dark}).step(3).press("6").
		sees("▶ Header", "Received", "+ added here")
	r.stepTo("takes the domain").sees("which it comes from")
}

// dnsFrames are frames of the DNS: a question, and an answer with glue.
func dnsFrames(t *testing.T) (question, answer *trace.PacketBody) {
	q := new(dns.Msg).SetQuestion("globex.test.", dns.TypeMX)
	q.Id = 0x1234
	a := q.Copy()
	a.Response, a.Compress = true, true
	for _, text := range []string{"globex.test. 3600 IN MX 10 mail.globex.test.", "mail.globex.test. 3600 IN A 198.51.100.25"} {
		rr, err := dns.NewRR(text)
		if err != nil {
			t.Fatal(err)
		}
		if rr.Header().Rrtype == dns.TypeMX {
			a.Answer = append(a.Answer, rr)
		} else {
			a.Extra = append(a.Extra, rr)
		}
	}
	a.SetEdns0(1232, false)
	frame := func(m *dns.Msg, from, to uint16) *trace.PacketBody {
		payload, err := m.Pack()
		if err != nil {
			t.Fatal(err)
		}
		h := trace.Head{
			Proto: "UDP", Src: netip.MustParseAddr("192.0.2.53"), Dst: netip.MustParseAddr("198.51.100.54"),
			TTL: 64, SrcPort: from, DstPort: to, Len: len(payload),
		}
		return &trace.PacketBody{Frame: 1, Link: "net", From: "resolver/eth0", To: "ns/eth0", Head: h, Data: frameOf(&h, payload)}
	}
	return frame(q, 40000, 53), frame(a, 53, 40000)
}

func TestADNSMessageIsTakenApart(t *testing.T) {
	_, answer := dnsFrames(t)
	s := &sample{t: trace.New(trace.Header{}), off: map[string][2]int64{}}
	s.do(func() {
		s.ids.Lookup = "1"
		s.add("resolver", trace.Delivered, answer)
		s.add("resolver", trace.Answer, &trace.LookupBody{Name: "globex.test.", Type: "MX"})
	})
	r := newRobot(t, s, 160, 60, Options{Grain: explain.PacketGrain, Theme: Dark}).step(1).press("6", "z")
	r.sees("▶ DNS", "0x1234", "a response", "NOERROR", "QNAME", "globex.test. MX", "MX 10 mail.globex.test.")
	r.press("G").sees("A 198.51.100.25",
		"shortened: goes on at octet 12 of the message", "EDNS", "1232")
	r.step(1).sees("of event 1 (packet), which it comes from", "▶     RDLENGTH")
	covered := 0
	for _, p := range r.m.panes[bytesPane].(*dump).o.tree {
		if p.tint == dnsTint && p.depth == 1 {
			covered += p.to - p.from
		}
	}
	if want := answer.Head.Len; covered != want {
		t.Errorf("the fields cover %d of %d octets", covered, want)
	}
}

// Whatever the octets are: nothing panics, and each part lies inside them.
func TestAnyOctetsAreTakenApart(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	question, answer := dnsFrames(t)
	st := New(Recorded(trace.New(trace.Header{})), Options{}).stage
	for range 20_000 {
		b := *question
		if rng.IntN(2) == 0 {
			b = *answer
		}
		b.Data = slices.Clone(b.Data)
		for range rng.IntN(6) {
			b.Data[42+rng.IntN(len(b.Data)-42)] = byte(rng.IntN(256))
		}
		b.Data = b.Data[:rng.IntN(len(b.Data))+1]
		o := st.frameOctets(&trace.Event{Seq: 1, Body: &b}, &b)
		for _, p := range o.tree {
			if p.from < 0 || p.to > len(b.Data) || p.from > p.to {
				t.Fatalf("%+v of %d octets: % x", p, len(b.Data), b.Data)
			}
		}
		for i := 1; i < len(o.tints); i++ {
			if o.tints[i].from < o.tints[i-1].to {
				t.Fatalf("the colours overlap: %+v", o.tints)
			}
		}
	}
}

func TestDotsAreStuffed(t *testing.T) {
	for content, want := range map[string]string{
		"": ".\r\n", "a": "a\r\n.\r\n", ".a\r\n.b\r\n": "..a\r\n..b\r\n.\r\n", "a\r\n..\r\nb\r\n": "a\r\n...\r\nb\r\n.\r\n",
	} {
		got := string(dotted([]byte(content)))
		if got != want || int64(len(got)) != dialog.DotSize([]byte(content)) {
			t.Errorf("%q is %q on the wire, and not %q", content, got, want)
		}
	}
}

func TestTheEndOfAContentIsToldApart(t *testing.T) {
	s := &sample{t: trace.New(trace.Header{}), off: map[string][2]int64{}}
	s.do(func() {
		content := []byte("Subject: dots\r\n\r\n.\r\n")
		c := s.t.Bodies.Put(content)
		s.ids.Conn = "a>b:25#1"
		s.add("a", trace.Sent, &trace.LineBody{Service: "smtp", Role: dialog.Body, Content: &c, Range: trace.Range{To: dialog.DotSize(content)}})
	})
	r := newRobot(t, s, 160, 40, Options{Grain: explain.PacketGrain, Theme: Dark}).step(1).press("6", "z")
	r.sees("the content on the wire, 24 octets", "2e 2e 0d 0a]2e", "Content      21 octets", "End          . CRLF").press("j").sees("[2e 0d 0a]", "A dot alone on a line")
}

// Of a machine's own sockets the lines tell which octets went through.
func TestASocketsOctetsAreThoseOfItsLines(t *testing.T) {
	s := &sample{t: trace.New(trace.Header{}), off: map[string][2]int64{}}
	s.do(func() {
		s.ids.Conn = "a>b:25#1"
		at := int64(0)
		for _, text := range []string{"EHLO a", "MAIL FROM:<x@a>", "QUIT"} {
			n := int64(len(text) + 2)
			s.add("a", trace.Sent, &trace.LineBody{Service: "smtp", Role: dialog.Command, Text: text, Range: trace.Range{From: at, To: at + n}})
			at += n
		}
		s.add("a", trace.Wrote, &trace.SocketBody{Proto: "TCP", Octets: 12, Range: &trace.Range{From: 8, To: 27}})
	})
	r := newRobot(t, s, 160, 50, Options{Grain: explain.PacketGrain, Theme: Dark}).step(4).press("6")
	d := r.m.panes[bytesPane].(*dump)
	r.sees("written, 19 octets")
	if got := string(d.o.data); got != "MAIL FROM:<x@a>\r\nQU" {
		t.Errorf("the octets are %q", got)
	}
	r.press("z").sees("octets 0 to 1 of its 6")
}

func TestAClickChooses(t *testing.T) {
	r := packetOf(byPacket(t, 160, 50), "names a recipient").press("z")
	d := r.m.panes[bytesPane].(*dump)
	r.screen()
	d.click(r.m, d.bytes.x+1+dumpCell(9, len(d.o.data)), d.bytes.y+1)
	r.sees("octet 25 of").screen()
	first := d.first
	if d.click(r.m, d.tree.x+3, d.tree.y+2); d.at != first+2 {
		t.Errorf("a click on the third row led to row %d, not to %d", d.at, first+2)
	}
}

// A line that was lost before it was said has no packets, though its connection has
// some.
func TestALineThatWasNotSaidHasNoPackets(t *testing.T) {
	s := firstLetter()
	s.script = s.script[:12]
	s.do(func() {
		b := trace.LineBody{Service: "submission", Verb: "NOOP", Text: "NOOP", Why: "the learner has it so", Range: trace.Range{From: 30, To: 30}}
		s.add("alice-laptop", trace.Dropped, &b)
	})
	r := newRobot(t, s, 120, 40, Options{Grain: explain.PacketGrain, Theme: Dark})
	for range 60 {
		r.press("space")
	}
	if b, ok := r.m.event.Body.(*trace.LineBody); !ok || b.Verb != "NOOP" {
		t.Fatalf("at %s", explain.Text(r.m.event))
	}
	r.press("6", "z").sees("4e 4f 4f 50").misses("Carried by")
}
