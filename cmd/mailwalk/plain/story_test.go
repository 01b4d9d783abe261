package plain

import (
	"net/netip"
	"strings"
	"time"

	"mailwalk/protocols/dialog"
	"mailwalk/sim/trace"
)

const letter = "From: alice@acme.test\r\nTo: bob@globex.test\r\nSubject: Hello\r\n\r\nHello Bob,\r\n\x1b[31mred\r\n"

// storyteller makes events as a recorder would, one millisecond apart.
type storyteller struct {
	t   *trace.Trace
	at  time.Duration
	ids trace.IDs
	off map[bool]int64
}

func (s *storyteller) add(host, what string, body trace.Body) *trace.Event {
	s.at += time.Millisecond
	e := &trace.Event{At: s.at, Host: host, Kind: body.Kind(), What: what, IDs: s.ids, Body: body}
	s.t.Append(e)
	return e
}

func (s *storyteller) note(what, newcomer, engineer string) {
	s.add("", what, &trace.NoteBody{Newcomer: newcomer, Engineer: engineer})
}

// say has a line sent, carried by one packet over one link, and read.
func (s *storyteller) say(fromServer bool, b trace.LineBody) {
	client, server, _ := strings.Cut(s.ids.Conn, ">")
	server, _, _ = strings.Cut(server, ":")
	from, to := client, server
	if fromServer {
		from, to = server, client
	}
	b.FromServer, b.From = fromServer, s.off[fromServer]
	length := int64(len(b.Text)) + 2
	if b.Content != nil {
		length = b.Content.Size
	}
	b.To = b.From + length
	s.off[fromServer] = b.To
	s.add(from, trace.Sent, &b)
	const segment = 60
	for at := b.From; at < b.To; at += segment {
		end := min(at+segment, b.To)
		p := &trace.PacketBody{
			Frame: s.t.Len(), Link: "acme-net", From: from + "/eth0", To: to + "/eth0", Data: make([]byte, 54+end-at),
			Head: trace.Head{
				Proto: "TCP", Flags: "PA", Len: int(end - at), TTL: 64, Window: 65535,
				Src: netip.MustParseAddr("192.0.2.10"), Dst: netip.MustParseAddr("192.0.2.25"), SrcPort: 49152, DstPort: 587,
			},
			Range: &trace.Range{FromServer: fromServer, From: at, To: end},
		}
		s.add(from, trace.Sent, p)
		s.add(to, trace.Delivered, p)
	}
	received := b
	s.add(to, trace.Received, &received)
}

func story() *trace.Trace {
	s := &storyteller{t: trace.New(trace.Header{Name: "first-letter", Seed: 7}), off: map[bool]int64{}}
	content := s.t.Bodies.Put([]byte(letter))
	s.note(trace.Narration, "Alice writes a mail to Bob.", "MUA to MSA.")
	s.add("", "send", &trace.ActBody{By: "alice", Detail: "mail letter"})
	s.ids.Mail = "1"
	s.add("alice-laptop", trace.Composed, &trace.MailBody{
		ReversePath: "alice@acme.test", Recipients: []string{"bob@globex.test"}, Subject: "Hello", Content: &content,
	})
	s.add("alice-laptop", trace.Changed, &trace.MailBody{Changes: []string{"line 4: a bare LF became CRLF", "Bcc was taken out"}})

	s.ids.Hop = "1.1"
	s.add("alice-laptop", trace.HopStarts, &trace.MailBody{Purpose: trace.Submission, From: "alice-laptop", Toward: "mail.acme.test"})
	s.ids.Conn = "alice-laptop>mail.acme.test:587#1"
	conn := &trace.ConnectionBody{Client: "alice-laptop", Server: "mail.acme.test", Service: "submission", ServerAddr: netip.MustParseAddrPort("192.0.2.25:587")}
	s.add("alice-laptop", trace.Opening, conn)
	s.add("alice-laptop", trace.Opened, conn)
	smtp := func(fromServer bool, role dialog.Role, verb, code, text string, secret bool) {
		s.say(fromServer, trace.LineBody{Service: "submission", Role: role, Verb: verb, Code: code, Text: text, Secret: secret})
	}
	smtp(true, dialog.Greeting, "", "220", "220 mail.acme.test ESMTP", false)
	smtp(false, dialog.Command, "EHLO", "", "EHLO alice-laptop.acme.test", false)
	smtp(true, dialog.Reply, "EHLO", "250", "250-mail.acme.test", false)
	smtp(true, dialog.Reply, "EHLO", "250", "250 SIZE 26214400", false)
	s.note(trace.Warning, "The password is readable.", "")
	smtp(false, dialog.Command, "AUTH", "", "AUTH PLAIN AGFsaWNlAGxvb2tpbmctZ2xhc3M=", true)
	smtp(true, dialog.Reply, "AUTH", "235", "235 2.7.0 Welcome", false)
	smtp(false, dialog.Command, "MAIL", "", "MAIL FROM:<alice@acme.test>", false)
	smtp(true, dialog.Reply, "MAIL", "250", "250 2.1.0 OK", false)
	smtp(false, dialog.Command, "RCPT", "", "RCPT TO:<bob@globex.test>", false)
	smtp(true, dialog.Reply, "RCPT", "250", "250 2.1.5 OK", false)
	s.say(false, trace.LineBody{Service: "submission", Role: dialog.Body, Verb: "DATA", Content: &content})
	smtp(true, dialog.Reply, "DATA", "250", "250 2.0.0 Taken as 1A", false)
	s.add("mail.acme.test", trace.Accept, &trace.MailBody{
		ReversePath: "alice@acme.test", Recipients: []string{"bob@globex.test"}, Added: []string{"Received: from alice-laptop.acme.test by mail.acme.test"},
	})
	s.ids.Conn = ""
	s.add("mail.acme.test", trace.CutDomain, &trace.DecisionBody{Subject: "bob@globex.test", Choice: "globex.test", Because: "it stands behind the @"})

	s.ids.Hop = "1.2"
	s.add("mail.acme.test", trace.HopStarts, &trace.MailBody{Purpose: trace.Relay, From: "mail.acme.test", Toward: "globex.test"})
	s.ids.Lookup = "mail.acme.test?globex.test. MX#1"
	look := func(host, what string, b trace.LookupBody) {
		b.Name, b.Type = "globex.test.", "MX"
		s.add(host, what, &b)
	}
	look("mail.acme.test", trace.Asked, trace.LookupBody{})
	look("resolver.acme.test", trace.Query, trace.LookupBody{Zone: ".", Server: "a.root-servers.test"})
	look("resolver.acme.test", trace.Referral, trace.LookupBody{Zone: "test.", Server: "a.root-servers.test", Authority: []trace.Record{{Type: "NS", Data: "ns.nic.test."}}})
	look("resolver.acme.test", trace.Query, trace.LookupBody{Zone: "test.", Server: "ns.nic.test"})
	look("resolver.acme.test", trace.Referral, trace.LookupBody{Zone: "globex.test.", Server: "ns.nic.test", Authority: []trace.Record{{Type: "NS", Data: "ns.globex.test."}}})
	look("resolver.acme.test", trace.Query, trace.LookupBody{Zone: "globex.test.", Server: "ns.globex.test"})
	look("resolver.acme.test", trace.Answer, trace.LookupBody{Server: "ns.globex.test", Records: []trace.Record{{Type: "MX", Data: "10 mail.globex.test."}}})
	look("mail.acme.test", trace.Resolved, trace.LookupBody{Records: []trace.Record{{Type: "MX", Data: "10 mail.globex.test."}}})
	s.ids.Lookup = ""
	s.add("mail.acme.test", trace.Relayed, &trace.MailBody{Toward: "mail.globex.test"})
	s.ids.Hop = "1.3"
	s.add("mail.globex.test", trace.HopStarts, &trace.MailBody{Purpose: trace.Delivery, From: "mail.globex.test", Toward: "mail.globex.test", Recipients: []string{"bob@globex.test"}})
	s.add("mail.globex.test", trace.Stored, &trace.MailBody{Mailbox: "bob@globex.test/INBOX", UID: 1})
	s.ids = trace.IDs{Hop: "bob-laptop.1"}
	s.add("bob-laptop", trace.HopStarts, &trace.MailBody{Purpose: trace.Retrieval, From: "mail.globex.test", Toward: "bob-laptop"})
	late := s.ids
	s.ids = trace.IDs{Mail: "1", Hop: "1.1", Conn: "alice-laptop>mail.acme.test:587#1"}
	smtp(false, dialog.Command, "QUIT", "", "QUIT", false)
	s.ids = late
	s.ids.Mail = "1"
	s.add("bob-laptop", trace.Fetched, &trace.MailBody{Content: &content})
	s.add("bob-laptop", trace.Compared, &trace.MailBody{SentHash: string(content.ID), ArrivedHash: string(content.ID), Same: true})
	s.add("router", trace.Dropped, &trace.PacketBody{Frame: 999, Link: "acme-net", From: "router/eth0", To: "bob-laptop/eth0", Why: "the link is cut", Head: trace.Head{Proto: "UDP", SrcPort: 53, DstPort: 999}})
	return s.t
}
