package trace

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/header"

	"mailwalk/protocols/dialog"
)

// sample makes a trace as a walk does: mails that are composed, submitted over
// two links, looked up for, relayed and stored.
type sample struct {
	t      *Trace
	now    time.Duration
	frames uint64
	// quiet leaves the packets out.
	quiet bool
}

func (s *sample) add(e Event) *Event {
	s.now += time.Millisecond
	e.At, e.Kind = s.now, e.Body.Kind()
	if e.Key == "" {
		e.Key = fmt.Sprintf("%s/%s/%d", e.Kind, e.What, s.t.Len())
	}
	s.t.Append(&e)
	return &e
}

// dialogue is one TCP connection of a sample.
type dialogue struct {
	s              *sample
	ids            IDs
	client, server string
	from, to       netip.AddrPort
	at             [2]int64
	service        string
}

func (s *sample) dial(ids IDs, client, server, service string, n int) *dialogue {
	d := &dialogue{
		s: s, ids: ids, client: client, server: server, service: service,
		from: netip.AddrPortFrom(alice.Addr(), uint16(49152+n%10000)), to: netip.AddrPortFrom(netip.MustParseAddr("198.51.100.25"), 25),
	}
	d.ids.Conn = fmt.Sprintf("%s>%s:25#%d", client, server, n)
	for _, what := range []string{Opening, Opened, Accepted} {
		host := client
		if what == Accepted {
			host = server
		}
		d.step(host, what)
	}
	return d
}

func (d *dialogue) step(host, what string) {
	d.s.add(Event{Host: host, What: what, IDs: d.ids, Body: &ConnectionBody{
		Client: d.client, Server: d.server, ClientAddr: d.from, ServerAddr: d.to, Service: d.service,
	}})
}

// say has one end say a line or a content, over two links. It returns the events
// of saying and hearing it.
func (d *dialogue) say(role dialog.Role, fromServer bool, text string, content *Content) (sent, received *Event) {
	size := int64(len(text)) + 2
	b := LineBody{Service: d.service, Role: role, Text: text, Content: content}
	if content != nil {
		b.Text, size = "", content.Size+3
	}
	dir := direction(fromServer)
	b.Range = Range{FromServer: fromServer, From: d.at[dir], To: d.at[dir] + size}
	d.at[dir] += size
	hosts := [2]string{d.client, d.server}
	said, heard := b, b
	sent = d.s.add(Event{Host: hosts[dir], What: Sent, IDs: d.ids, Body: &said})
	if !d.s.quiet {
		d.carry(b.Range, text)
	}
	received = d.s.add(Event{Host: hosts[1-dir], What: Received, IDs: d.ids, Body: &heard})
	return sent, received
}

// carry sends a part of the stream in segments of up to 1000 octets.
func (d *dialogue) carry(r Range, text string) {
	for from := r.From; from < r.To; from += 1000 {
		d.segment(Range{r.FromServer, from, min(from+1000, r.To)})
	}
}

func (d *dialogue) segment(r Range) {
	rng := rand.New(rand.NewPCG(uint64(r.From), uint64(r.To)))
	data := make([]byte, r.To-r.From)
	for i := range data {
		data[i] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/"[rng.IntN(64)]
	}
	src, dst, path := d.from, d.to, []string{d.client, "router", d.server}
	if r.FromServer {
		src, dst, path = d.to, d.from, []string{d.server, "router", d.client}
	}
	frame := tcpFrame(segment{src: src, dst: dst, seq: uint32(r.From) + 1, flags: header.TCPFlagAck | header.TCPFlagPsh, payload: string(data)})
	for i := range 2 {
		frame[0] = byte(2 + i*2) // another link, another Ethernet header
		d.s.frames++
		one := append([]byte(nil), frame...)
		head, _ := ParseHead(one)
		for _, what := range []string{Sent, Delivered} {
			host := path[i]
			if what == Delivered {
				host = path[i+1]
			}
			d.s.add(Event{Host: host, What: what, IDs: d.ids, Causes: []uint64{d.s.t.Len()}, Body: &PacketBody{
				Frame: d.s.frames, Link: "lan", From: path[i] + "/eth0", To: path[i+1] + "/eth0", Data: one, Head: head, Range: &r,
			}})
		}
	}
}

// mail adds a mail's whole way; n numbers it.
func (s *sample) mail(n, size int) {
	id := fmt.Sprint(n)
	content := s.t.Bodies.Put(fmt.Appendf(nil, "Subject: mail %d\r\n\r\n%0*d\r\n", n, size, n))
	mail := func(host, what string, ids IDs, b MailBody) {
		b.ReversePath, b.Recipients = "alice@acme.test", []string{"bob@globex.test"}
		s.add(Event{Host: host, What: what, IDs: ids, Body: &b})
	}
	mail("laptop", Composed, IDs{Mail: id}, MailBody{Subject: "mail " + id, Content: &content})
	one := IDs{Mail: id, Hop: id + ".1"}
	mail("laptop", HopStarts, one, MailBody{Purpose: Submission, From: "laptop", Toward: "mail.acme.test"})
	s.talk(s.dial(one, "laptop", "mail.acme.test", "submission", n), &content)
	queued := one
	queued.Queue = "Q" + id
	mail("mail.acme.test", Accept, queued, MailBody{Content: &content})
	s.add(Event{Host: "mail.acme.test", What: QueueState, IDs: queued, Body: &StateBody{Name: "Q" + id, After: "active", Recipients: []string{"bob@globex.test"}, Due: s.now}})
	two := IDs{Mail: id, Hop: id + ".2", Queue: "Q" + id}
	mail("mail.acme.test", HopStarts, two, MailBody{Purpose: Relay, From: "mail.acme.test", Toward: "globex.test"})
	look := two
	look.Lookup = fmt.Sprintf("mail.acme.test?globex.test. MX#%d", n)
	until := s.now + time.Hour
	for _, what := range []string{Asked, Query, Answer, Cached, Resolved} {
		host := "resolver"
		if what == Asked || what == Resolved {
			host = "mail.acme.test"
		}
		s.add(Event{Host: host, What: what, IDs: look, Body: &LookupBody{
			Name: "globex.test.", Type: "MX", Until: until, Records: []Record{{"globex.test.", 3600, "MX", "10 mail.globex.test."}},
		}})
	}
	s.talk(s.dial(two, "mail.acme.test", "mail.globex.test", "smtp", n), &content)
	mail("mail.acme.test", Relayed, two, MailBody{})
	s.add(Event{Host: "mail.acme.test", What: QueueState, IDs: two, Body: &StateBody{Name: "Q" + id, Before: "active"}})
	three := IDs{Mail: id, Hop: id + ".3"}
	mail("mail.globex.test", HopStarts, three, MailBody{Purpose: Delivery, From: "mail.globex.test", Toward: "mail.globex.test"})
	mail("mail.globex.test", Stored, three, MailBody{Mailbox: "bob@globex.test/INBOX", UID: uint32(n), Content: &content})
}

// talk is an SMTP dialogue that hands over a mail.
func (s *sample) talk(d *dialogue, content *Content) {
	d.say(dialog.Greeting, true, "220 ready", nil)
	d.say(dialog.Command, false, "EHLO client", nil)
	d.say(dialog.Reply, true, "250-hello", nil)
	d.say(dialog.Reply, true, "250 PIPELINING", nil)
	d.say(dialog.Command, false, "MAIL FROM:<alice@acme.test>", nil)
	d.say(dialog.Command, false, "RCPT TO:<bob@globex.test>", nil)
	d.say(dialog.Command, false, "DATA", nil)
	d.say(dialog.Reply, true, "250 sender ok", nil)
	d.say(dialog.Reply, true, "250 recipient ok", nil)
	d.say(dialog.Reply, true, "354 go on", nil)
	d.say(dialog.Body, false, "", content)
	d.say(dialog.Reply, true, "250 taken", nil)
	d.say(dialog.Command, false, "QUIT", nil)
	d.say(dialog.Reply, true, "221 bye", nil)
	d.step(d.client, Closed)
	d.step(d.server, Closed)
}

// sampleTrace is a trace of so many mails.
func sampleTrace(mails, size int) *Trace {
	s := &sample{t: New(Header{Build: "test", Go: "go1.26", OS: "linux", Arch: "amd64", Seed: 7, Name: "sample", Scenario: "version: 1\n"})}
	input := s.t.Bodies.Put([]byte("an attachment"))
	s.t.Header.Inputs = []Input{{Name: "a.txt", Content: input}}
	for n := range mails {
		s.mail(n+1, size)
	}
	return s.t
}
