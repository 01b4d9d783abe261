package tui

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"mailwalk/protocols/dialog"
	"mailwalk/sim/trace"
)

const letter = "Date: Thu, 1 Jan 2026 09:00:00 +0000\r\nFrom: Alice Arden <alice@acme.test>\r\nTo: Bob Baker <bob@globex.test>\r\n" +
	"Subject: Hello from acme\r\nMessage-ID: <1@acme.test>\r\n\r\nHello Bob,\r\n\r\nthis letter crosses a few machines before you see it.\r\n日本語 and \x1b[31mred\r\n\r\nAlice\r\n"

// sample is a world made by hand: each step of it adds the events of one act of
// its script.
type sample struct {
	t      *trace.Trace
	script []func()
	done   int
	at     time.Duration
	ids    trace.IDs
	off    map[string][2]int64
	frames uint64
	cause  uint64
	closed bool
}

func (s *sample) Trace() *trace.Trace { return s.t }
func (s *sample) Now() time.Duration  { return s.at }

func (s *sample) Close() error {
	s.closed = true
	return nil
}

func (s *sample) Step() bool {
	if s.closed {
		panic("a closed world was stepped")
	}
	if s.done == len(s.script) {
		return false
	}
	s.script[s.done]()
	s.done++
	return true
}

func (s *sample) do(f func()) { s.script = append(s.script, f) }

func (s *sample) add(host, what string, body trace.Body) *trace.Event {
	s.at += 1250 * time.Microsecond
	e := &trace.Event{At: s.at, Host: host, Kind: body.Kind(), What: what, IDs: s.ids, Body: body}
	if s.cause != 0 {
		e.Causes = []uint64{s.cause}
	}
	s.t.Append(e)
	if e.Kind != trace.Note {
		s.cause = e.Seq
	}
	return e
}

func (s *sample) note(what, newcomer, student, engineer string) {
	s.do(func() {
		s.add("", what, &trace.NoteBody{Newcomer: newcomer, Student: student, Engineer: engineer})
	})
}

// hosts are the addresses of the sample's hosts.
var hosts = map[string]string{
	"alice-laptop": "192.0.2.10", "mail.acme.test": "192.0.2.25", "mail.globex.test": "198.51.100.25", "bob-laptop": "198.51.100.10",
}

// dial opens a connection.
func (s *sample) dial(client, server, service string, port uint16) {
	s.do(func() {
		s.ids.Conn = fmt.Sprintf("%s>%s:%d#1", client, server, port)
		b := &trace.ConnectionBody{
			Client: client, Server: server, Service: service,
			ClientAddr: netip.AddrPortFrom(netip.MustParseAddr(hosts[client]), 49152),
			ServerAddr: netip.AddrPortFrom(netip.MustParseAddr(hosts[server]), port),
		}
		s.add(client, trace.Opening, b)
		s.frame(client, server, "S", nil, nil)
		s.frame(server, client, "SA", nil, nil)
		s.frame(client, server, "A", nil, nil)
		s.add(client, trace.Opened, b)
		s.add(server, trace.Accepted, b)
	})
}

// hangUp closes it at both ends.
func (s *sample) hangUp() {
	s.do(func() {
		client, server, _ := strings.Cut(s.ids.Conn, ">")
		server, _, _ = strings.Cut(server, ":")
		b := *s.conn()
		s.add(client, trace.Closed, &b)
		s.frame(client, server, "FA", nil, nil)
		s.add(server, trace.Closed, &b)
		s.frame(server, client, "FA", nil, nil)
		s.ids.Conn = ""
	})
}

// conn is the body of the connection that is spoken on.
func (s *sample) conn() *trace.ConnectionBody {
	for seq := s.t.Len(); ; seq-- {
		if e := s.t.At(seq); e.Conn == s.ids.Conn && e.Kind == trace.Connection {
			return e.Body.(*trace.ConnectionBody)
		}
	}
}

// frame crosses one link.
func (s *sample) frame(from, to, flags string, r *trace.Range, payload []byte) {
	s.frames++
	p := &trace.PacketBody{
		Frame: s.frames, Link: "acme-net", From: from + "/eth0", To: to + "/eth0", Range: r,
		Head: trace.Head{
			Proto: "TCP", Flags: flags, Len: len(payload), TTL: 64, Window: 65535, SrcPort: 49152, DstPort: s.conn().ServerAddr.Port(), Seq: 1000, Ack: 2000,
			Src: netip.MustParseAddr(hosts[from]), Dst: netip.MustParseAddr(hosts[to]),
		},
	}
	if r != nil && r.FromServer {
		p.Head.SrcPort, p.Head.DstPort = p.Head.DstPort, p.Head.SrcPort
	}
	p.Data = frameOf(&p.Head, payload)
	s.add(from, trace.Sent, p)
	s.add(to, trace.Delivered, p)
}

// say has a line sent, carried and read.
func (s *sample) say(fromServer bool, role dialog.Role, verb, code, text string, content *trace.Content) {
	s.do(func() {
		client, server, _ := strings.Cut(s.ids.Conn, ">")
		server, _, _ = strings.Cut(server, ":")
		from, to, dir := client, server, 0
		if fromServer {
			from, to, dir = server, client, 1
		}
		payload := []byte(text + "\r\n")
		if content != nil {
			payload, _ = s.t.Bodies.Get(content.ID)
		}
		off := s.off[s.ids.Conn]
		b := trace.LineBody{
			Service: s.conn().Service, Role: role, Verb: verb, Code: code, Text: text, Content: content,
			Secret: verb == "AUTH" && !fromServer || verb == "PASS" && !fromServer,
			Range:  trace.Range{FromServer: fromServer, From: off[dir], To: off[dir] + int64(len(payload))},
		}
		off[dir] = b.To
		s.off[s.ids.Conn] = off
		s.add(from, trace.Sent, &b)
		const segment = 120
		for at := 0; at < len(payload); at += segment {
			end := min(at+segment, len(payload))
			s.frame(from, to, "PA", &trace.Range{FromServer: fromServer, From: b.From + int64(at), To: b.From + int64(end)}, payload[at:end])
		}
		heard := b
		s.add(to, trace.Received, &heard)
	})
}

func (s *sample) command(verb, text string) { s.say(false, dialog.Command, verb, "", text, nil) }

func (s *sample) reply(verb, code, text string) {
	role := dialog.Reply
	if verb == "" {
		role = dialog.Greeting
	}
	s.say(true, role, verb, code, text, nil)
}

func (s *sample) hop(host, id, purpose, from, toward, mailbox string) {
	s.do(func() {
		s.ids.Hop = id
		s.add(host, trace.HopStarts, &trace.MailBody{Purpose: purpose, From: from, Toward: toward, Mailbox: mailbox, ReversePath: "alice@acme.test", Recipients: []string{"bob@globex.test"}})
	})
}

// firstLetter is a mail's whole way from alice to bob.
func firstLetter() *sample {
	s := &sample{t: trace.New(trace.Header{Name: "first-letter", Seed: 7}), off: map[string][2]int64{}}
	content := s.t.Bodies.Put([]byte(letter))
	envelope := trace.MailBody{ReversePath: "alice@acme.test", Recipients: []string{"bob@globex.test"}, MessageID: "<1@acme.test>", Subject: "Hello from acme", Content: &content}
	mail := func(host, what string, change func(*trace.MailBody)) {
		s.do(func() {
			b := envelope
			if change != nil {
				change(&b)
			}
			s.add(host, what, &b)
		})
	}
	s.note(trace.Narration, "Alice writes a mail to Bob. Watch who hands it to whom, and what each has to find out before it can.",
		"Four programs touch the mail: Alice's mail program, her provider's mail server, Bob's provider's mail server, and Bob's mail program. Between them stand two protocols for mail, SMTP and POP3, and the DNS for names.",
		"MUA, MSA and MTA at acme.test, MTA and mailbox store at globex.test, MUA. Submission on 587 with AUTH PLAIN, relay on 25, retrieval on 110, all in the clear.")
	s.do(func() {
		s.add("alice-laptop", "send", &trace.ActBody{By: "alice", Detail: "mail letter"})
		s.ids.Mail = "1"
	})
	mail("alice-laptop", trace.Composed, nil)
	s.note(trace.Narration, "A mail is a text. On top stand lines such as From, To and Subject; then comes an empty line, and below it what Alice wrote.",
		"The header is a list of fields, the body follows after the first empty line.", "An RFC 5322 message with the fields of MIME.")
	s.hop("alice-laptop", "1.1", trace.Submission, "alice-laptop", "mail.acme.test", "")
	s.dial("alice-laptop", "mail.acme.test", "submission", 587)
	s.reply("", "220", "220 mail.acme.test ESMTP")
	s.command("EHLO", "EHLO alice-laptop.acme.test")
	s.reply("EHLO", "250", "250-mail.acme.test")
	s.reply("EHLO", "250", "250 SIZE 26214400")
	s.note(trace.Warning, "The mail program shows Alice's password to the server, and anybody on the way can read it. This is so that you can read it too. Real mail programs encrypt the connection first.", "", "")
	s.command("AUTH", "AUTH PLAIN AGFsaWNlAGxvb2tpbmctZ2xhc3M=")
	s.reply("AUTH", "235", "235 2.7.0 Authentication succeeded")
	s.command("MAIL", "MAIL FROM:<alice@acme.test>")
	s.reply("MAIL", "250", "250 2.1.0 OK")
	s.command("RCPT", "RCPT TO:<bob@globex.test>")
	s.reply("RCPT", "250", "250 2.1.5 OK")
	s.command("DATA", "DATA")
	s.reply("DATA", "354", "354 End data with <CR><LF>.<CR><LF>")
	s.say(false, dialog.Body, "DATA", "", "", &content)
	s.do(func() { s.ids.Queue = "Q1" })
	mail("mail.acme.test", trace.Accept, func(b *trace.MailBody) { b.Added = []string{"Received: from alice-laptop by mail.acme.test"} })
	s.do(func() {
		s.add("mail.acme.test", trace.QueueState, &trace.StateBody{Name: "Q1", After: "active", Recipients: []string{"bob@globex.test"}})
	})
	s.reply("DATA", "250", "250 2.0.0 Taken as Q1")
	s.command("QUIT", "QUIT")
	s.reply("QUIT", "221", "221 2.0.0 Bye")
	s.hangUp()
	s.do(func() {
		s.add("mail.acme.test", trace.CutDomain, &trace.DecisionBody{Subject: "bob@globex.test", Choice: "globex.test", Because: "the domain is what stands behind the last @"})
	})
	s.hop("mail.acme.test", "1.2", trace.Relay, "mail.acme.test", "globex.test", "")
	s.do(func() { s.ids.Lookup = "mail.acme.test?globex.test. MX#1" })
	look := func(host, what string, b trace.LookupBody) {
		s.do(func() {
			b.Name, b.Type = "globex.test.", "MX"
			s.add(host, what, &b)
		})
	}
	mx := []trace.Record{{Name: "globex.test.", TTL: 3600, Type: "MX", Data: "10 mail.globex.test."}}
	look("mail.acme.test", trace.Asked, trace.LookupBody{})
	look("resolver.acme.test", trace.Query, trace.LookupBody{Zone: ".", Server: "a.root-servers.test."})
	look("resolver.acme.test", trace.Referral, trace.LookupBody{Zone: "test.", Server: "a.root-servers.test.", Authority: []trace.Record{{Name: "test.", TTL: 86400, Type: "NS", Data: "ns.nic.test."}}})
	look("resolver.acme.test", trace.Query, trace.LookupBody{Zone: "test.", Server: "ns.nic.test."})
	look("resolver.acme.test", trace.Referral, trace.LookupBody{Zone: "globex.test.", Server: "ns.nic.test.", Authority: []trace.Record{{Name: "globex.test.", TTL: 86400, Type: "NS", Data: "ns.globex.test."}}})
	look("resolver.acme.test", trace.Query, trace.LookupBody{Zone: "globex.test.", Server: "ns.globex.test."})
	look("resolver.acme.test", trace.Answer, trace.LookupBody{Server: "ns.globex.test.", RCode: "NOERROR", Authoritative: true, Records: mx})
	look("resolver.acme.test", trace.Cached, trace.LookupBody{Records: mx, Until: time.Hour})
	look("mail.acme.test", trace.Resolved, trace.LookupBody{Records: mx})
	s.do(func() { s.ids.Lookup = "" })
	s.dial("mail.acme.test", "mail.globex.test", "smtp", 25)
	s.reply("", "220", "220 mail.globex.test ESMTP")
	s.command("RCPT", "RCPT TO:<bob@globex.test>")
	s.reply("RCPT", "250", "250 2.1.5 OK")
	s.say(false, dialog.Body, "DATA", "", "", &content)
	s.do(func() { s.ids.Queue = "Q7" })
	mail("mail.globex.test", trace.Accept, func(b *trace.MailBody) { b.Added = []string{"Received: from mail.acme.test by mail.globex.test"} })
	s.reply("DATA", "250", "250 2.0.0 Taken as Q7")
	s.do(func() {
		s.ids.Queue = "Q1"
		s.add("mail.acme.test", trace.Relayed, &trace.MailBody{Toward: "mail.globex.test"})
		s.add("mail.acme.test", trace.QueueState, &trace.StateBody{Name: "Q1", Before: "active"})
		s.ids.Queue = "Q7"
	})
	s.hangUp()
	s.hop("mail.globex.test", "1.3", trace.Delivery, "mail.globex.test", "mail.globex.test", "")
	mail("mail.globex.test", trace.Stored, func(b *trace.MailBody) { b.Mailbox, b.UID = "bob@globex.test/INBOX", 1 })
	s.do(func() {
		s.add("mail.globex.test", trace.QueueState, &trace.StateBody{Name: "Q7", Before: "active"})
		s.ids = trace.IDs{}
		s.add("bob-laptop", "fetch", &trace.ActBody{By: "bob", Detail: "pop3"})
	})
	s.hop("bob-laptop", "bob-laptop.1", trace.Retrieval, "mail.globex.test", "bob-laptop", "bob@globex.test/INBOX")
	s.dial("bob-laptop", "mail.globex.test", "pop3", 110)
	s.command("RETR", "RETR 1")
	s.reply("RETR", "+OK", "+OK 300 octets")
	s.say(true, dialog.Body, "RETR", "", "", &content)
	s.do(func() { s.ids.Mail = "1" })
	mail("bob-laptop", trace.Fetched, func(b *trace.MailBody) { b.Mailbox = "bob@globex.test/INBOX" })
	mail("mail.globex.test", trace.Deleted, func(b *trace.MailBody) { b.Mailbox, b.UID = "bob@globex.test/INBOX", 1 })
	s.hangUp()
	mail("bob-laptop", trace.Compared, func(b *trace.MailBody) {
		b.SentHash, b.ArrivedHash, b.Same = string(content.ID), string(content.ID), true
	})
	return s
}

var firstWalk = Walk{
	Name: "first-letter", Title: "The first letter",
	Summary:   "Alice at acme.test writes to Bob at globex.test. Bob fetches the mail with POP3.",
	Objective: "Name the programs that a mail passes through from sender to inbox, in their order, and say for each what it needs to know and whom it asks.",
}
