package tui

import (
	"fmt"
	"net/netip"
	"time"

	"mailwalk/protocols/dialog"
	"mailwalk/sim/trace"
)

// longTrace is a trace of n events as a walk with many mails has them: each mail is
// submitted, looked up for, relayed and stored, and each segment crosses two links.
// A mail stays in its mailbox until two more have come. As in a walk, what came first
// of a long trace is in a file.
func longTrace(n int) *trace.Trace {
	l := &long{t: trace.New(trace.Header{Name: "many-mails", Seed: 7}), most: uint64(n)}
	l.t.Limit(trace.DefaultMemory)
	for mail := 1; l.t.Len() < l.most; mail++ {
		l.mail(mail)
	}
	return l.t
}

type long struct {
	t      *trace.Trace
	most   uint64 // events
	at     time.Duration
	frames uint64
	ids    trace.IDs
}

func (l *long) add(host, what string, body trace.Body) {
	if l.t.Len() >= l.most {
		return
	}
	l.at += 400 * time.Microsecond
	l.t.Append(&trace.Event{
		At: l.at, Host: host, Kind: body.Kind(), What: what, IDs: l.ids, Body: body,
		Key: fmt.Sprintf("%s/%s/%d", body.Kind(), what, l.t.Len()), Causes: []uint64{max(l.t.Len(), 1)},
	})
}

func (l *long) mail(n int) {
	id := fmt.Sprint(n)
	text := fmt.Appendf(nil, "From: Alice Arden <alice@acme.test>\r\nTo: Bob Baker <bob@globex.test>\r\nSubject: Letter %d\r\nMessage-ID: <%d@acme.test>\r\n\r\nHello Bob,\r\n\r\nthis is letter %d.\r\n", n, n, n)
	content := l.t.Bodies.Put(text)
	box := fmt.Sprintf("bob%d@globex.test/INBOX", n%2)
	mail := func(host, what string, b trace.MailBody) {
		b.ReversePath, b.Recipients, b.Subject, b.Content = "alice@acme.test", []string{"bob@globex.test"}, fmt.Sprint("Letter ", n), &content
		l.add(host, what, &b)
	}
	l.ids = trace.IDs{Mail: id}
	mail("alice-laptop", trace.Composed, trace.MailBody{})
	if n%10 == 1 {
		l.add("", trace.Narration, &trace.NoteBody{Newcomer: "Another ten letters go out."})
	}
	l.ids.Hop = id + ".1"
	mail("alice-laptop", trace.HopStarts, trace.MailBody{Purpose: trace.Submission, From: "alice-laptop", Toward: "mail.acme.test"})
	l.handOver("alice-laptop", "mail.acme.test", "submission", 587, n, &content, text)
	l.ids.Queue = "Q" + id
	mail("mail.acme.test", trace.Accept, trace.MailBody{})
	l.add("mail.acme.test", trace.QueueState, &trace.StateBody{Name: "Q" + id, After: "active", Recipients: []string{"bob@globex.test"}})
	l.ids.Hop = id + ".2"
	l.add("mail.acme.test", trace.CutDomain, &trace.DecisionBody{Subject: "bob@globex.test", Choice: "globex.test", Because: "the domain is what stands behind the last @"})
	mail("mail.acme.test", trace.HopStarts, trace.MailBody{Purpose: trace.Relay, From: "mail.acme.test", Toward: "globex.test"})
	l.ids.Lookup = fmt.Sprintf("mail.acme.test?globex.test. MX#%d", n)
	records := []trace.Record{{Name: "globex.test.", TTL: 3600, Type: "MX", Data: "10 mail.globex.test."}}
	for _, what := range []string{trace.Asked, trace.Query, trace.Answer, trace.Cached, trace.Resolved} {
		host := "resolver.acme.test"
		if what == trace.Asked || what == trace.Resolved {
			host = "mail.acme.test"
		}
		l.add(host, what, &trace.LookupBody{Name: "globex.test.", Type: "MX", Server: "ns.globex.test.", Records: records, Until: l.at + time.Hour})
	}
	l.ids.Lookup = ""
	l.handOver("mail.acme.test", "mail.globex.test", "smtp", 25, n, &content, text)
	mail("mail.acme.test", trace.Relayed, trace.MailBody{})
	l.add("mail.acme.test", trace.QueueState, &trace.StateBody{Name: "Q" + id, Before: "active"})
	l.ids = trace.IDs{Mail: id, Hop: id + ".3"}
	mail("mail.globex.test", trace.HopStarts, trace.MailBody{Purpose: trace.Delivery, From: "mail.globex.test", Toward: "mail.globex.test"})
	mail("mail.globex.test", trace.Stored, trace.MailBody{Mailbox: box, UID: uint32(n)})
	if old := n - 2; old > 0 {
		l.ids.Mail = fmt.Sprint(old)
		mail("mail.globex.test", trace.Deleted, trace.MailBody{Mailbox: fmt.Sprintf("bob%d@globex.test/INBOX", old%2), UID: uint32(old)})
	}
}

// handOver is a dialogue of SMTP from its first segment to its last.
func (l *long) handOver(client, server, service string, port uint16, n int, content *trace.Content, text []byte) {
	l.ids.Conn = fmt.Sprintf("%s>%s:%d#%d", client, server, port, n)
	from := netip.AddrPortFrom(netip.MustParseAddr(hosts[client]), uint16(49152+n%10000))
	to := netip.AddrPortFrom(netip.MustParseAddr(hosts[server]), port)
	b := &trace.ConnectionBody{Client: client, Server: server, Service: service, ClientAddr: from, ServerAddr: to}
	off := [2]int64{}
	segment := func(fromServer bool, flags string, r *trace.Range, payload []byte) {
		path, src, dst := []string{client, "router", server}, from, to
		if fromServer {
			path, src, dst = []string{server, "router", client}, to, from
		}
		for i := range 2 {
			l.frames++
			p := &trace.PacketBody{
				Frame: l.frames, Link: []string{"net-1", "net-2"}[i], From: path[i] + "/eth0", To: path[i+1] + "/eth0", Range: r,
				Head: trace.Head{
					Proto: "TCP", Flags: flags, Len: len(payload), TTL: uint8(64 - i), Window: 65535,
					Src: src.Addr(), Dst: dst.Addr(), SrcPort: src.Port(), DstPort: dst.Port(), Seq: 1000, Ack: 2000,
				},
			}
			p.Data = frameOf(&p.Head, payload)
			l.add(path[i], trace.Sent, p)
			l.add(path[i+1], trace.Delivered, p)
		}
	}
	say := func(fromServer bool, role dialog.Role, verb, code, line string, c *trace.Content) {
		payload, d := []byte(line+"\r\n"), 0
		if c != nil {
			payload = text
		}
		host, other := client, server
		if fromServer {
			host, other, d = server, client, 1
		}
		r := &trace.Range{FromServer: fromServer, From: off[d], To: off[d] + int64(len(payload))}
		off[d] = r.To
		said := trace.LineBody{Service: service, Role: role, Verb: verb, Code: code, Text: line, Content: c, Range: *r}
		l.add(host, trace.Sent, &said)
		segment(fromServer, "PA", r, payload)
		heard := said
		l.add(other, trace.Received, &heard)
	}
	l.add(client, trace.Opening, b)
	segment(false, "S", nil, nil)
	segment(true, "SA", nil, nil)
	l.add(client, trace.Opened, b)
	l.add(server, trace.Accepted, b)
	say(true, dialog.Greeting, "", "220", "220 "+server+" ESMTP", nil)
	for _, x := range [...][3]string{
		{"EHLO", "EHLO " + client, "250 " + server}, {"MAIL", "MAIL FROM:<alice@acme.test>", "250 2.1.0 OK"},
		{"RCPT", "RCPT TO:<bob@globex.test>", "250 2.1.5 OK"}, {"DATA", "DATA", "354 go on"},
	} {
		say(false, dialog.Command, x[0], "", x[1], nil)
		say(true, dialog.Reply, x[0], x[2][:3], x[2], nil)
	}
	say(false, dialog.Body, "DATA", "", "", content)
	say(true, dialog.Reply, "DATA", "250", "250 2.0.0 taken", nil)
	for _, host := range []string{client, server} {
		l.add(host, trace.Closed, b)
		segment(host == server, "FA", nil, nil)
	}
	l.ids.Conn = ""
}

// packets is a trace of so many frames, which share one body.
func packets(n int) *trace.Trace {
	t := trace.New(trace.Header{})
	var bodies []*trace.PacketBody
	for i := range 64 {
		bodies = append(bodies, &trace.PacketBody{
			Frame: uint64(i), Link: "net", From: "a/eth0", To: "b/eth0", Data: make([]byte, 60),
			Head: trace.Head{Proto: "UDP", Len: 18, SrcPort: 53, DstPort: 4000},
		})
	}
	for i := range n {
		if i%100 == 0 {
			t.Append(&trace.Event{Host: "a", Kind: trace.Decision, What: trace.CutDomain, Body: &trace.DecisionBody{Subject: "bob@globex.test", Choice: "globex.test"}})
			continue
		}
		t.Append(&trace.Event{Host: "a", Kind: trace.Packet, What: trace.Sent, Body: bodies[i%len(bodies)]})
	}
	return t
}
