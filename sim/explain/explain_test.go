package explain

import (
	"bytes"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"mailwalk/protocols/dialog"
	"mailwalk/sim/trace"
)

func TestTableIsMadeFromData(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the go command")
	}
	cmd := exec.Command("go", "run", "./internal/gen", "-data", "data", "-out", "-")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	want, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	got, err := os.ReadFile("table.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("table.go is not what data/*.yaml says: run go generate ./sim/explain")
	}
}

// steps are one event or more for each thing that can happen, with the key
// that is to explain it.
func steps() map[string][]*trace.Event {
	all := make(map[string][]*trace.Event)
	add := func(key string, kind trace.Kind, what string, body trace.Body) {
		all[key] = append(all[key], &trace.Event{
			Kind: kind, What: what, Host: "mail.acme.test",
			IDs: trace.IDs{Mail: "1", Hop: "1.2", Conn: "alice-laptop>mail.acme.test:587#1"}, Body: body,
		})
	}
	frames(func(key, what string, h trace.Head) {
		add(key, trace.Packet, what, &trace.PacketBody{Frame: 1, Link: "acme-net", From: "alice-laptop/eth0", To: "router/eth0", Head: h})
	})
	for _, a := range []string{trace.Retransmission, trace.FastRetransmission, trace.DuplicateACK, trace.WindowUpdate} {
		h := trace.Head{Proto: "TCP", Flags: "A", Window: 100}
		if strings.HasSuffix(a, trace.Retransmission) {
			h.Len = 10
		}
		add("packet.tcp."+a, trace.Packet, trace.Sent, &trace.PacketBody{Frame: 1, From: "a/eth0", Head: h, Analysis: a})
	}
	add("packet.forged", trace.Packet, trace.Sent, &trace.PacketBody{Frame: 1, From: "a/eth0", Head: trace.Head{Proto: "TCP", Flags: "R"}, Why: "a fault"})
	for _, what := range []string{trace.Wrote, trace.Read} {
		add("socket."+what, trace.Socket, what, &trace.SocketBody{Proto: "TCP", Octets: 7, Range: &trace.Range{To: 7}})
		add("socket."+what+".datagram", trace.Socket, what, &trace.SocketBody{Proto: "UDP", Octets: 1, Data: []byte("x")})
	}
	add("socket.info", trace.Socket, trace.Info, &trace.SocketBody{Proto: "TCP", TCP: &trace.TCPInfo{State: "ESTABLISHED", RTT: time.Millisecond, MSS: 1448}})
	for _, what := range trace.Steps(trace.Connection) {
		for _, service := range []string{"submission", "smtp", "pop3", "imap", "domain"} {
			key := "connection." + what
			if what == trace.Opening {
				key += "." + protocol(service)
			}
			add(key, trace.Connection, what, &trace.ConnectionBody{
				Client: "alice-laptop", Server: "mail.acme.test", Service: service,
				ServerAddr: netip.MustParseAddrPort("192.0.2.25:587"),
			})
		}
	}
	for _, l := range append(lines(), saslLines()...) {
		add(l.key, trace.Line, trace.Sent, &l.body)
		add(l.key, trace.Line, trace.Received, &l.body)
	}
	for _, what := range trace.Steps(trace.Line) {
		if !trace.Spoken(what) {
			add("line."+what, trace.Line, what, &trace.LineBody{Service: "smtp", Role: dialog.Reply, Code: "250", Text: "250 OK", Range: trace.Range{FromServer: true}})
		}
	}
	for _, what := range trace.Steps(trace.Lookup) {
		add("lookup."+what, trace.Lookup, what, &trace.LookupBody{Name: "globex.test.", Type: "TXT", Zone: "globex.test.", Server: "ns.globex.test"})
	}
	for _, d := range []struct{ what, detail, zone, typ string }{
		{trace.Query, "root", ".", "MX"}, {trace.Query, "tld", "test.", "MX"},
		{trace.Referral, "root", ".", "MX"}, {trace.Referral, "tld", "test.", "MX"},
		{trace.Asked, "MX", "", "MX"}, {trace.Asked, "A", "", "A"}, {trace.Asked, "AAAA", "", "AAAA"},
		{trace.Answer, "MX", "", "MX"}, {trace.Answer, "A", "", "A"}, {trace.Answer, "AAAA", "", "AAAA"}, {trace.Answer, "CNAME", "", "CNAME"},
		{trace.Resolved, "MX", "", "MX"}, {trace.Resolved, "A", "", "A"}, {trace.Resolved, "AAAA", "", "AAAA"},
		{trace.NoData, "MX", "", "MX"},
	} {
		add("lookup."+d.what+"."+d.detail, trace.Lookup, d.what, &trace.LookupBody{Name: "globex.test.", Type: d.typ, Zone: d.zone, Server: "ns"})
	}
	for _, what := range append(trace.Steps(trace.Decision), trace.ChoseTransport) {
		add("decision."+what, trace.Decision, what, &trace.DecisionBody{Subject: "bob@globex.test", Choice: "globex.test", Because: "the rule"})
	}
	for _, what := range trace.Steps(trace.Mail) {
		switch what {
		case trace.HopStarts:
			for _, p := range []string{trace.Submission, trace.Relay, trace.Delivery, trace.Retrieval} {
				add("mail.hop."+p, trace.Mail, what, &trace.MailBody{Purpose: p, From: "a", Toward: "b"})
			}
		case trace.Compared:
			add("mail.compared.same", trace.Mail, what, &trace.MailBody{Same: true, SentHash: "ab", ArrivedHash: "ab"})
			add("mail.compared.different", trace.Mail, what, &trace.MailBody{SentHash: "ab", ArrivedHash: "cd"})
		default:
			add("mail."+what, trace.Mail, what, &trace.MailBody{ReversePath: "alice@acme.test", Recipients: []string{"bob@globex.test"}})
		}
	}
	for _, what := range trace.Steps(trace.State) {
		add("state."+what, trace.State, what, &trace.StateBody{Name: "n", Before: "x", After: "y"})
	}
	for _, what := range []string{trace.MailboxState, trace.SessionState, trace.TimerState} {
		add("state."+what+".begins", trace.State, what, &trace.StateBody{Name: "n", After: "y"})
		add("state."+what+".ends", trace.State, what, &trace.StateBody{Name: "n", Before: "x"})
	}
	add("state.queue.active", trace.State, trace.QueueState, &trace.StateBody{Name: "n", After: "active"})
	add("state.queue.deferred", trace.State, trace.QueueState, &trace.StateBody{Name: "n", After: "deferred"})
	add("state.queue.ends", trace.State, trace.QueueState, &trace.StateBody{Name: "n"})
	for _, after := range []string{trace.FileWritten, trace.FileSynced, trace.FileRenamed, trace.FileRemoved, trace.FileTorn, trace.FileLost, trace.FileBack} {
		add("state.disk."+after, trace.State, trace.DiskState, &trace.StateBody{Name: "n", After: after})
	}
	add("state.host.down", trace.State, trace.HostState, &trace.StateBody{Name: "n", Before: "up", After: "down"})
	add("state.host.up", trace.State, trace.HostState, &trace.StateBody{Name: "n", After: "up"})
	for _, verb := range []string{
		"compose", "send", "fetch", "read", "flag", "delete", "off", "on", "cut", "mend", "hold", "drop",
		"release", "crash", "zone", "delay", "duplicate", "corrupt", "reorder", "reset", "change", "answer", "visit", "say", "drain", "finish", "hang-up",
	} {
		add("act."+verb, trace.Act, verb, &trace.ActBody{By: "alice", Target: "alice-laptop"})
	}
	for _, verb := range []string{"hold", "release", "drop", "delay", "duplicate", "corrupt", "answer"} {
		add("act."+verb+"-line", trace.Act, verb+"-line", &trace.ActBody{By: "learner", Target: "line line/sent/x"})
		add("act."+verb+"-line", trace.Act, verb, &trace.ActBody{By: "walk", Target: "line.sent verb=RCPT"})
	}
	add("act", trace.Act, "dance", &trace.ActBody{By: "alice"})
	for _, what := range trace.Steps(trace.Note) {
		add("note."+what, trace.Note, what, &trace.NoteBody{Newcomer: "Hello."})
	}
	return all
}

func frames(add func(key, what string, h trace.Head)) {
	for key, h := range map[string]trace.Head{
		"packet.tcp.syn":                      {Proto: "TCP", Flags: "S"},
		"packet.tcp.syn-ack":                  {Proto: "TCP", Flags: "SA"},
		"packet.tcp.ack":                      {Proto: "TCP", Flags: "A", Window: 100},
		"packet.tcp.zero-window":              {Proto: "TCP", Flags: "A"},
		"packet.tcp.data":                     {Proto: "TCP", Flags: "PA", Len: 10},
		"packet.tcp.data-fin":                 {Proto: "TCP", Flags: "FPA", Len: 10},
		"packet.tcp.fin":                      {Proto: "TCP", Flags: "FA"},
		"packet.tcp.rst":                      {Proto: "TCP", Flags: "RA"},
		"packet.tcp.odd":                      {Proto: "TCP", Flags: "FS"},
		"packet.udp":                          {Proto: "UDP", SrcPort: 5, DstPort: 6},
		"packet.udp.dns-query":                {Proto: "UDP", SrcPort: 5000, DstPort: 53},
		"packet.udp.dns-response":             {Proto: "UDP", SrcPort: 53, DstPort: 5000},
		"packet.arp":                          {Proto: "ARP", Type: 9},
		"packet.arp.request":                  {Proto: "ARP", Type: 1},
		"packet.arp.reply":                    {Proto: "ARP", Type: 2},
		"packet.icmp":                         {Proto: "ICMP", Type: 40},
		"packet.icmp.echo-reply":              {Proto: "ICMP", Type: 0},
		"packet.icmp.net-unreachable":         {Proto: "ICMP", Type: 3, Code: 0},
		"packet.icmp.host-unreachable":        {Proto: "ICMP", Type: 3, Code: 1},
		"packet.icmp.unreachable":             {Proto: "ICMP", Type: 3, Code: 2},
		"packet.icmp.port-unreachable":        {Proto: "ICMP", Type: 3, Code: 3},
		"packet.icmp.too-big":                 {Proto: "ICMP", Type: 3, Code: 4},
		"packet.icmp.prohibited":              {Proto: "ICMP", Type: 3, Code: 13},
		"packet.icmp.redirect":                {Proto: "ICMP", Type: 5},
		"packet.icmp.echo-request":            {Proto: "ICMP", Type: 8},
		"packet.icmp.time-exceeded":           {Proto: "ICMP", Type: 11},
		"packet.icmp.parameter-problem":       {Proto: "ICMP", Type: 12},
		"packet.icmp6":                        {Proto: "ICMPv6", Type: 200},
		"packet.icmp6.unreachable":            {Proto: "ICMPv6", Type: 1},
		"packet.icmp6.too-big":                {Proto: "ICMPv6", Type: 2},
		"packet.icmp6.time-exceeded":          {Proto: "ICMPv6", Type: 3},
		"packet.icmp6.parameter-problem":      {Proto: "ICMPv6", Type: 4},
		"packet.icmp6.echo-request":           {Proto: "ICMPv6", Type: 128},
		"packet.icmp6.echo-reply":             {Proto: "ICMPv6", Type: 129},
		"packet.icmp6.multicast-listener":     {Proto: "ICMPv6", Type: 143},
		"packet.icmp6.router-solicitation":    {Proto: "ICMPv6", Type: 133},
		"packet.icmp6.router-advertisement":   {Proto: "ICMPv6", Type: 134},
		"packet.icmp6.neighbor-solicitation":  {Proto: "ICMPv6", Type: 135},
		"packet.icmp6.neighbor-advertisement": {Proto: "ICMPv6", Type: 136},
		"packet.icmp6.redirect":               {Proto: "ICMPv6", Type: 137},
		"packet.other":                        {Proto: "0x88cc"},
		"packet.fragment":                     {Proto: "IPv4"},
	} {
		add(key, trace.Sent, h)
		add(key, trace.Delivered, h)
	}
	for _, what := range trace.Steps(trace.Packet) {
		if what != trace.Sent && what != trace.Delivered {
			add("packet."+what, what, trace.Head{Proto: "TCP", Flags: "PA", Len: 3})
		}
	}
}

type lineCase struct {
	key  string
	body trace.LineBody
}

func lines() []lineCase {
	var all []lineCase
	command := func(service string, verbs ...string) {
		for _, v := range verbs {
			all = append(all, lineCase{"line." + protocol(service) + "." + v, trace.LineBody{
				Service: service, Role: dialog.Command, Verb: v, Text: v + " x",
			}})
		}
	}
	server := func(key, service string, role dialog.Role, verb, code, text string) {
		all = append(all, lineCase{"line." + key, trace.LineBody{
			Service: service, Role: role, Verb: verb, Code: code, Text: text, Range: trace.Range{FromServer: true},
		}})
	}
	command("submission", "EHLO", "HELO", "AUTH", "MAIL", "RCPT", "DATA", "BDAT", "RSET", "NOOP", "VRFY", "EXPN", "HELP", "QUIT", "STARTTLS")
	command("pop3", "USER", "PASS", "STAT", "LIST", "UIDL", "RETR", "TOP", "DELE", "RSET", "NOOP", "CAPA", "QUIT", "APOP", "AUTH", "STLS")
	command("imap", "CAPABILITY", "NOOP", "LOGOUT", "STARTTLS", "AUTHENTICATE", "LOGIN", "ENABLE", "SELECT", "EXAMINE",
		"CREATE", "DELETE", "RENAME", "SUBSCRIBE", "UNSUBSCRIBE", "LIST", "LSUB", "NAMESPACE", "STATUS", "APPEND", "IDLE", "DONE",
		"CHECK", "CLOSE", "UNSELECT", "EXPUNGE", "SEARCH", "FETCH", "STORE", "COPY", "MOVE", "ID")
	for _, service := range []string{"smtp", "pop3", "imap"} {
		all = append(all,
			lineCase{"line." + service + ".command", trace.LineBody{Service: service, Role: dialog.Command, Verb: "XYZZY", Text: "XYZZY"}},
			lineCase{"line." + service, trace.LineBody{Service: service, Role: "hum", Text: "hum"}})
	}
	all = append(all,
		lineCase{"line", trace.LineBody{Service: "gopher", Role: dialog.Command, Text: "/"}},
		lineCase{"line.imap.FETCH", trace.LineBody{Service: "imap", Role: dialog.Command, Verb: "UID FETCH", Text: "A1 UID FETCH 1 FLAGS"}},
		lineCase{"line.imap.body.client", trace.LineBody{Service: "imap", Role: dialog.Body}},
		lineCase{"line.imap.continuation.client", trace.LineBody{Service: "imap", Role: dialog.Continuation}},
		lineCase{"line.smtp.body", trace.LineBody{Service: "smtp", Role: dialog.Body, Content: &trace.Content{Size: 1234}}},
		lineCase{"line.smtp.body.BDAT", trace.LineBody{Service: "smtp", Role: dialog.Body, Verb: "BDAT", Content: &trace.Content{Size: 1234}}},
		lineCase{"line.smtp.continuation", trace.LineBody{Service: "smtp", Role: dialog.Continuation, Secret: true}},
		lineCase{"line.pop3.continuation", trace.LineBody{Service: "pop3", Role: dialog.Continuation, Secret: true}})
	server("smtp.greeting", "smtp", dialog.Greeting, "", "220", "220 mail.globex.test ESMTP")
	server("smtp.greeting.554", "smtp", dialog.Greeting, "", "554", "554 no")
	server("smtp.greeting.4xx", "smtp", dialog.Greeting, "", "421", "421 busy")
	for _, code := range []string{
		"211", "214", "220", "221", "235", "250", "251", "252", "334", "354", "421", "432", "450", "451", "452", "454", "455",
		"500", "501", "502", "503", "504", "521", "530", "534", "535", "538", "550", "551", "552", "553", "554", "555", "556",
	} {
		server("smtp.reply."+code, "smtp", dialog.Reply, "", code, code+" text")
	}
	for _, c := range []string{"2", "3", "4", "5"} {
		server("smtp.reply."+c+"xx", "smtp", dialog.Reply, "", c+"99", c+"99 text")
	}
	server("smtp.reply", "smtp", dialog.Reply, "", "650", "650 what")
	for _, verb := range []string{"EHLO", "HELO", "MAIL", "RCPT", "DATA", "BDAT", "RSET", "NOOP"} {
		server("smtp.reply.250."+verb, "smtp", dialog.Reply, verb, "250", "250 OK")
	}
	server("smtp.reply.421.AUTH", "smtp", dialog.Reply, "AUTH", "421", "421 4.7.0 too many failures")
	server("smtp.reply.554.DATA", "smtp", dialog.Reply, "DATA", "554", "554 5.5.1 no valid recipients")
	server("smtp.reply.550.RCPT", "smtp", dialog.Reply, "RCPT", "550", "550 5.1.1 no such user")
	for _, x := range []string{"SIZE", "8BITMIME", "PIPELINING", "ENHANCEDSTATUSCODES", "AUTH", "STARTTLS", "CHUNKING", "BINARYMIME", "SMTPUTF8", "DSN", "LIMITS", "HELP"} {
		server("smtp.extension."+x, "smtp", dialog.Reply, "EHLO", "250", "250-"+x+" 1")
	}
	server("pop3.greeting", "pop3", dialog.Greeting, "", "+OK", "+OK ready")
	server("pop3.greeting.-ERR", "pop3", dialog.Greeting, "", "-ERR", "-ERR no")
	server("pop3.body", "pop3", dialog.Body, "RETR", "", "")
	server("pop3.end", "pop3", dialog.Reply, "LIST", "", ".")
	server("pop3.reply.more", "pop3", dialog.Reply, "XYZZY", "", "a line")
	server("pop3.reply.more.LIST", "pop3", dialog.Reply, "LIST", "1", "1 1234")
	server("pop3.reply.more.UIDL", "pop3", dialog.Reply, "UIDL", "", "1 abc")
	server("pop3.reply.+OK", "pop3", dialog.Reply, "NOOP", "+OK", "+OK")
	server("pop3.reply.-ERR", "pop3", dialog.Reply, "NOOP", "-ERR", "-ERR")
	for _, verb := range []string{"USER", "PASS", "STAT", "RETR", "DELE", "QUIT"} {
		server("pop3.reply.+OK."+verb, "pop3", dialog.Reply, verb, "+OK", "+OK done")
	}
	for _, verb := range []string{"PASS", "RETR", "QUIT"} {
		server("pop3.reply.-ERR."+verb, "pop3", dialog.Reply, verb, "-ERR", "-ERR no")
	}
	for _, x := range []string{"TOP", "USER", "SASL", "RESP-CODES", "AUTH-RESP-CODE", "LOGIN-DELAY", "PIPELINING", "EXPIRE", "UIDL", "IMPLEMENTATION", "STLS"} {
		server("pop3.capability."+x, "pop3", dialog.Reply, "CAPA", "", x+" 1")
	}
	server("imap.greeting", "imap", dialog.Greeting, "", "OK", "* OK ready")
	server("imap.greeting.PREAUTH", "imap", dialog.Greeting, "", "PREAUTH", "* PREAUTH")
	server("imap.greeting.BYE", "imap", dialog.Greeting, "", "BYE", "* BYE")
	server("imap.continuation", "imap", dialog.Continuation, "", "", "+ go on")
	server("imap.body", "imap", dialog.Body, "FETCH", "", "")
	server("imap.reply", "imap", dialog.Reply, "", "HM", "A1 HM")
	for _, code := range []string{"OK", "NO", "BAD"} {
		server("imap.reply."+code, "imap", dialog.Reply, "NOOP", code, "A1 "+code+" text")
	}
	for _, k := range []string{"OK.LOGIN", "OK.AUTHENTICATE", "NO.LOGIN", "NO.AUTHENTICATE", "OK.SELECT", "OK.FETCH", "OK.LOGOUT"} {
		code, verb, _ := strings.Cut(k, ".")
		server("imap.reply."+k, "imap", dialog.Reply, verb, code, "A1 "+code+" text")
	}
	server("imap.untagged", "imap", dialog.Untagged, "", "", "* XYZZY")
	server("imap.untagged.rest", "imap", dialog.Untagged, "", "", ")")
	for _, x := range []string{"OK", "NO", "BAD", "BYE", "CAPABILITY", "ENABLED", "LIST", "LSUB", "NAMESPACE", "STATUS", "SEARCH", "ESEARCH", "FLAGS", "ID"} {
		server("imap.untagged."+x, "imap", dialog.Untagged, "", "", "* "+x+" text")
	}
	for _, x := range []string{"EXISTS", "RECENT", "EXPUNGE", "FETCH"} {
		server("imap.untagged."+x, "imap", dialog.Untagged, "", "", "* 3 "+x)
	}
	for _, x := range []string{"UIDVALIDITY", "UIDNEXT", "PERMANENTFLAGS", "UNSEEN"} {
		server("imap.untagged.OK."+x, "imap", dialog.Untagged, "", "", "* OK ["+x+" 3] text")
	}
	return all
}

func TestEveryStepHasItsEntry(t *testing.T) {
	all := steps()
	for want, events := range all {
		for _, e := range events {
			if got := Key(e); got != want {
				t.Errorf("key of %s %s %+v: %s, want %s", e.Kind, e.What, e.Body, got, want)
			}
		}
	}
	// Some entries only stand behind all others of their family.
	for _, key := range []string{"packet", "packet.sent", "packet.delivered", "socket", "connection", "connection.opening",
		"line.pop3.reply", "lookup", "decision", "mail", "mail.hop", "mail.compared", "state", "note"} {
		all[key] = nil
	}
	for _, key := range Keys() {
		if _, ok := all[key]; !ok {
			t.Errorf("%s: no event leads there", key)
		}
	}
}

func TestUnknownStepsFallBackOnTheirKind(t *testing.T) {
	for kind, body := range map[trace.Kind]trace.Body{
		trace.Packet: &trace.PacketBody{}, trace.Socket: &trace.SocketBody{}, trace.Connection: &trace.ConnectionBody{}, trace.Line: &trace.LineBody{},
		trace.Lookup: &trace.LookupBody{}, trace.Decision: &trace.DecisionBody{}, trace.Mail: &trace.MailBody{},
		trace.State: &trace.StateBody{}, trace.Act: &trace.ActBody{}, trace.Note: &trace.NoteBody{},
	} {
		e := &trace.Event{Kind: kind, What: "new", Body: body}
		if got := Key(e); got != string(kind) {
			t.Errorf("%s: key %s", kind, got)
		}
		if x := For(e); x.Key != string(kind) {
			t.Errorf("%s: explained by %q", kind, x.Key)
		}
	}
}

func TestTitlesUseKnownFields(t *testing.T) {
	for _, key := range Keys() {
		x, _ := Entry(key)
		kind, _, _ := strings.Cut(key, ".")
		for _, name := range placeholders(x.Title) {
			if !slices.Contains(commonFields, name) && !slices.Contains(kindFields[trace.Kind(kind)], name) {
				t.Errorf("%s: its title uses {%s}, which such an event does not have", key, name)
			}
		}
		if strings.HasSuffix(x.Title, ".") || strings.TrimSpace(x.Title) == "" {
			t.Errorf("%s: title %q is no clause without a full stop", key, x.Title)
		}
		for _, d := range Depths() {
			if why := x.Why(d); !strings.HasSuffix(why, ".") && !strings.HasSuffix(why, "?") {
				t.Errorf("%s: %s's reason is no sentence: %q", key, d, why)
			}
		}
	}
}

func TestReferencesHaveHeadings(t *testing.T) {
	for _, key := range Keys() {
		x, _ := Entry(key)
		for _, r := range x.Refs {
			if r.Heading() == "" {
				t.Errorf("%s: %s has no heading", key, r)
			}
		}
		if len(x.Refs) == 0 && !strings.HasPrefix(key, "note") {
			t.Errorf("%s: no source", key)
		}
	}
	if got := (Ref{5321, "4.1.1.3"}).Heading(); got != "RECIPIENT (RCPT)" {
		t.Errorf("heading %q", got)
	}
	if got := (Ref{5321, "99"}).Heading(); got != "" {
		t.Errorf("a section that is not has the heading %q", got)
	}
}

func TestText(t *testing.T) {
	conn := trace.IDs{Conn: "alice-laptop>mail.acme.test:587#1"}
	tests := []struct {
		event trace.Event
		want  string
	}{
		{trace.Event{Kind: trace.Line, What: trace.Sent, Host: "alice-laptop", IDs: conn, Body: &trace.LineBody{
			Service: "submission", Role: dialog.Command, Verb: "RCPT", Text: "RCPT TO:<bob@globex.test>",
		}}, "alice-laptop names a recipient: bob@globex.test"},
		{trace.Event{Kind: trace.Line, What: trace.Received, Host: "mail.acme.test", IDs: conn, Body: &trace.LineBody{
			Service: "submission", Role: dialog.Command, Verb: "MAIL", Text: "mail from:<> SIZE=3",
		}}, "mail.acme.test has read: alice-laptop names the sender: <>"},
		{trace.Event{Kind: trace.Line, What: trace.Sent, Host: "mail.acme.test", IDs: conn, Body: &trace.LineBody{
			Service: "submission", Role: dialog.Greeting, Code: "220", Text: "220 mail.acme.test ESMTP\x1b[2J", Range: trace.Range{FromServer: true},
		}}, "mail.acme.test greets alice-laptop: mail.acme.test ESMTP�[2J"},
		{trace.Event{Kind: trace.Line, What: trace.Dropped, Host: "mail.acme.test", IDs: conn, Body: &trace.LineBody{
			Service: "submission", Role: dialog.Reply, Verb: "RSET", Code: "250", Text: "250 2.0.0 OK", Range: trace.Range{FromServer: true}, Why: "the walk has it so",
		}}, "mail.acme.test does not get to say, and does not know it: 250 2.0.0 OK (the walk has it so)"},
		{trace.Event{Kind: trace.Line, What: trace.Sent, Host: "mail.acme.test", IDs: conn, Body: &trace.LineBody{
			Service: "submission", Role: dialog.Reply, Verb: "RSET", Code: "451", Text: "451 4.3.0 no", Meant: "250 2.0.0 OK", Range: trace.Range{FromServer: true},
		}}, "mail.acme.test has a trouble of its own: 4.3.0 no, where mail.acme.test believes to say: 250 2.0.0 OK"},
		{trace.Event{Kind: trace.Packet, What: trace.Sent, Body: &trace.PacketBody{
			Link: "acme-net", From: "alice-laptop/eth0", To: "router/eth0", Head: trace.Head{
				Proto: "TCP", Flags: "S", Src: netip.MustParseAddr("192.0.2.10"), Dst: netip.MustParseAddr("192.0.2.25"), SrcPort: 49152, DstPort: 587,
			},
		}}, "alice-laptop puts on acme-net: SYN: 192.0.2.10:49152 asks 192.0.2.25:587 to open a connection"},
		{trace.Event{Kind: trace.Packet, What: trace.Dropped, Body: &trace.PacketBody{
			Link: "acme-net", From: "alice-laptop/eth0", To: "router/eth0", Why: "fault 1", Range: &trace.Range{From: 0, To: 1460}, Head: trace.Head{
				Proto: "TCP", Flags: "PA", Len: 1460, Src: netip.MustParseAddr("2001:db8::1"), Dst: netip.MustParseAddr("2001:db8::2"), SrcPort: 1, DstPort: 25,
			},
		}}, "lost on acme-net between alice-laptop and router: 1,460 octets of data, [2001:db8::1]:1 to [2001:db8::2]:25, octets 0–1,459 of that direction (fault 1)"},
		{trace.Event{Kind: trace.Lookup, What: trace.Resolved, Host: "mail.acme.test", Body: &trace.LookupBody{
			Name: "globex.test.", Type: "MX", Records: []trace.Record{{Type: "MX", Data: "10 mail.globex.test."}},
		}}, "mail.acme.test knows now: mail for globex.test goes to mail.globex.test (preference 10)"},
		{trace.Event{Kind: trace.Lookup, What: trace.Unsolved, Host: "mail.acme.test", Body: &trace.LookupBody{Name: "globex.test.", Type: "MX"}},
			"mail.acme.test gets no answer for globex.test MX"},
		{trace.Event{Kind: trace.Mail, What: trace.Compared, Body: &trace.MailBody{Same: true, SentHash: "0123456789abcdef"}},
			"what arrived is, byte for byte, what was sent (SHA-256 0123456789ab…)"},
		{trace.Event{Kind: trace.Act, What: "send", Body: &trace.ActBody{By: "Alice", Detail: "Alice sends a mail"}}, "Alice sends a mail"},
		{trace.Event{Kind: trace.Act, What: "cut", Body: &trace.ActBody{By: "walk", Target: "acme-net"}}, "walk cuts the link acme-net"},
		{trace.Event{Kind: trace.Note, What: trace.Narration, Body: &trace.NoteBody{Newcomer: "Alice\nwrites."}}, "Alice writes."},
	}
	for _, tt := range tests {
		if got := Text(&tt.event); got != tt.want {
			t.Errorf("text\n %q, want\n %q", got, tt.want)
		}
	}
}

func TestNoteSpeaksForItself(t *testing.T) {
	x := For(&trace.Event{Kind: trace.Note, What: trace.Warning, Body: &trace.NoteBody{Newcomer: "a", Student: "b"}})
	if x.Why(Newcomer) != "a" || x.Why(Student) != "b" || x.Why(Engineer) != "b" {
		t.Errorf("%+v", x)
	}
}

func TestExpand(t *testing.T) {
	values := map[string]string{"a": "A", "b": ""}
	for template, want := range map[string]string{
		"{a} and {b}":        "A and ",
		"{a}[, with {b}].":   "A.",
		"{a}[, with {a}].":   "A, with A.",
		"[{b} x][{a} y]":     "A y",
		"[[READ-ONLY]] {{a}": "[READ-ONLY] {a}",
		"{a} {open":          "A {open",
		"plain] text":        "plain] text",
	} {
		if got := expand(template, func(n string) string { return values[n] }); got != want {
			t.Errorf("%q: %q, want %q", template, got, want)
		}
	}
}

func FuzzExpand(f *testing.F) {
	f.Add("{a}[, {b}]", "x")
	f.Fuzz(func(t *testing.T, template, value string) {
		expand(template, func(string) string { return value })
	})
}

func FuzzLineKey(f *testing.F) {
	f.Add("imap", "untagged", "* 3 EXISTS", "", "")
	f.Add("smtp", "reply", "250-SIZE 1", "EHLO", "250")
	f.Fuzz(func(t *testing.T, service, role, text, verb, code string) {
		e := &trace.Event{Kind: trace.Line, What: trace.Sent, Body: &trace.LineBody{
			Service: service, Role: dialog.Role(role), Text: text, Verb: verb, Code: code, Range: trace.Range{FromServer: true},
		}}
		if x := For(e); x.Key == "" {
			t.Errorf("no entry for %+v", e.Body)
		} else if strings.ContainsAny(x.Title, "\r\n\x1b") {
			t.Errorf("title %q moves the cursor", x.Title)
		}
	})
}

func TestMeasures(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 26214400: "26,214,400", -1234: "-1,234"} {
		if got := Grouped(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
	for d, want := range map[time.Duration]string{
		0: "0.000000", 1234567890: "1.234567", 999*time.Second + 999999999: "999.999999",
		1000 * time.Second: "0:16:40.000", 13 * time.Hour: "13:00:00.00", 25*time.Hour + 90*time.Second: "1d 01:01:30",
	} {
		if got := Clock(d); got != want {
			t.Errorf("%d: %s, want %s", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		0: "0 s", 15 * time.Minute: "15 min", 90 * time.Minute: "1 h 30 min", 1500 * time.Microsecond: "1 ms 500 µs", 48 * time.Hour: "2 d",
	} {
		if got := Span(d); got != want {
			t.Errorf("%d: %s, want %s", d, got, want)
		}
	}
}

func TestGrains(t *testing.T) {
	for _, g := range Grains() {
		if got, err := ParseGrain(g.String()); err != nil || got != g {
			t.Errorf("%s: %v %v", g, got, err)
		}
	}
	if _, err := ParseGrain("atom"); err == nil || !strings.Contains(err.Error(), "mail, hop, line, packet") {
		t.Errorf("%v", err)
	}
	for _, d := range Depths() {
		if got, err := ParseDepth(d.String()); err != nil || got != d {
			t.Errorf("%s: %v %v", d, got, err)
		}
	}
	if _, err := ParseDepth("wizard"); err == nil {
		t.Error("a depth that is not was taken")
	}
	for _, e := range []struct {
		event *trace.Event
		want  Grain
	}{
		{&trace.Event{What: trace.Composed, Body: &trace.MailBody{}}, MailGrain},
		{&trace.Event{What: trace.Opened, Body: &trace.ConnectionBody{}}, HopGrain},
		{&trace.Event{What: trace.Sent, Body: &trace.LineBody{Role: dialog.Command}}, LineGrain},
		{&trace.Event{What: trace.Received, Body: &trace.LineBody{Role: dialog.Command}}, PacketGrain},
		{&trace.Event{What: trace.Received, Body: &trace.LineBody{Role: dialog.Body}}, LineGrain},
		{&trace.Event{What: trace.Query, Body: &trace.LookupBody{}}, LineGrain},
		{&trace.Event{What: trace.Sent, Body: &trace.PacketBody{}}, PacketGrain},
	} {
		if got := GrainOf(e.event); got != e.want {
			t.Errorf("%s %T: %s, want %s", e.event.What, e.event.Body, got, e.want)
		}
	}
}

func BenchmarkText(b *testing.B) {
	var all []*trace.Event
	of := steps()
	for _, key := range Keys() {
		all = append(all, of[key]...)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		Text(all[i%len(all)])
	}
}
