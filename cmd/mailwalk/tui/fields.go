package tui

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"mailwalk/protocols/dialog"
	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// field is a name and what stands behind it.
type field struct{ name, value string }

// fieldList collects those that have a value.
type fieldList []field

func (f *fieldList) add(name, value string) {
	if value != "" {
		*f = append(*f, field{name, explain.OneLine(value)})
	}
}

func (f *fieldList) number(name string, n int64) {
	if n != 0 {
		f.add(name, explain.Grouped(n))
	}
}

func (f *fieldList) list(name string, values []string) {
	for i, v := range values {
		if i > 0 {
			name = " " // one name for all
		}
		f.add(name, v)
	}
}

func (f *fieldList) addrPort(name string, a netip.AddrPort) {
	if a.IsValid() {
		f.add(name, a.String())
	}
}

// fieldsOf are the fields of an event's body, in the order in which they are
// read.
func fieldsOf(e *trace.Event) fieldList {
	var f fieldList
	switch b := e.Body.(type) {
	case *trace.PacketBody:
		packetFields(&f, b)
	case *trace.SocketBody:
		socketFields(&f, b)
	case *trace.ConnectionBody:
		f.add("client", b.Client)
		f.addrPort("at", b.ClientAddr)
		f.add("server", b.Server)
		f.addrPort("at", b.ServerAddr)
		f.add("service", b.Service)
		f.add("error", b.Error)
		f.addrPort("client's kernel address", b.KernelClient)
		f.addrPort("server's kernel address", b.KernelServer)
		tlsFields(&f, b.TLS)
	case *trace.LineBody:
		lineFields(&f, b)
	case *trace.LookupBody:
		lookupFields(&f, b)
	case *trace.DecisionBody:
		f.add("about", b.Subject)
		f.add("chosen", b.Choice)
		f.list("among", b.Options)
		f.add("because", b.Because)
	case *trace.MailBody:
		mailFields(&f, b)
	case *trace.StateBody:
		f.add("of", b.Name)
		f.add("before", b.Before)
		f.add("after", b.After)
		f.list("waiting for", b.Recipients)
		f.number("UID", int64(b.UID))
		f.add("flags", strings.Join(b.Flags, " "))
		f.number("octets", b.Size)
		if b.Due > 0 {
			f.add("due", clock(b.Due))
		}
		f.add("detail", b.Detail)
	case *trace.ActBody:
		f.add("by", b.By)
		f.add("target", b.Target)
		f.add("detail", b.Detail)
	}
	f.add("connection", e.Conn)
	f.add("look-up", e.Lookup)
	f.add("queue entry", e.Queue)
	return f
}

func packetFields(f *fieldList, b *trace.PacketBody) {
	h := &b.Head
	f.add("frame", strconv.FormatUint(b.Frame, 10)+", "+explain.Octets(int64(len(b.Data)))+" on "+b.Link)
	f.add("from", b.From)
	f.add("to", b.To)
	if h.Src.IsValid() {
		f.add("address", h.Src.String()+" to "+h.Dst.String())
	}
	f.number("TTL", int64(h.TTL))
	f.add("protocol", h.Proto)
	if h.SrcPort != 0 || h.DstPort != 0 {
		f.add("ports", fmt.Sprintf("%d to %d", h.SrcPort, h.DstPort))
	}
	switch {
	case h.Proto == "TCP":
		f.add("flags", flagNames(h.Flags))
		f.add("sequence", strconv.FormatUint(uint64(h.Seq), 10))
		if strings.Contains(h.Flags, "A") {
			f.add("acknowledges", strconv.FormatUint(uint64(h.Ack), 10))
		}
		f.add("window", explain.Grouped(int64(h.Window)))
		f.number("MSS", int64(h.MSS))
	case strings.HasPrefix(h.Proto, "ICMP"):
		f.add("type, code", fmt.Sprintf("%d, %d", h.Type, h.Code))
		f.number("next MTU", int64(h.MTU))
	case h.Proto == "ARP":
		f.add("operation", strconv.Itoa(int(h.Type)))
	}
	f.add("payload", explain.Octets(int64(h.Len)))
	if r := b.Range; r != nil {
		f.add("of stream", streamRange(*r))
	}
	f.add("analysis", b.Analysis)
	if link := strings.Join(b.LinkAnalysis, ", "); link != b.Analysis {
		f.add("seen on link", link)
	}
	f.add("why", b.Why)
}

func socketFields(f *fieldList, b *trace.SocketBody) {
	f.add("protocol", b.Proto)
	f.add("address", b.Local.String()+" to "+b.Remote.String())
	f.add("in the kernel", b.KernelLocal.String()+" to "+b.KernelRemote.String())
	f.number("octets", b.Octets)
	f.number("system calls", b.Calls)
	if r := b.Range; r != nil {
		f.add("of stream", streamRange(*r))
	}
	if i := b.TCP; i != nil {
		f.add("state", i.State)
		f.add("round trip", i.RTT.String()+", varying by "+i.RTTVar.String()+", in the machine's time")
		f.add("MSS", explain.Octets(int64(i.MSS)))
		f.add("congestion window", explain.Grouped(int64(i.CWnd))+" segments")
		f.add("segments", explain.Grouped(int64(i.SegsIn))+" received, "+explain.Grouped(int64(i.SegsOut))+" sent")
		f.add("acknowledged", explain.Octets(int64(i.BytesAcked)))
		f.add("received", explain.Octets(int64(i.BytesReceived)))
		f.add("sent again", explain.Grouped(int64(i.Retransmissions))+" segments")
	}
}

// streamRange is a part of a stream by its first and last octet.
func streamRange(r trace.Range) string {
	from := "the client's"
	if r.FromServer {
		from = "the server's"
	}
	if r.To <= r.From {
		return from + ", none"
	}
	return fmt.Sprintf("%s octets %s to %s", from, explain.Grouped(r.From), explain.Grouped(r.To-1))
}

func lineFields(f *fieldList, b *trace.LineBody) {
	f.add("line", b.Text)
	f.add("service", b.Service)
	f.add("role", string(b.Role))
	if b.Role != dialog.Command {
		f.add("answers", b.Verb)
	} else {
		f.add("verb", b.Verb)
	}
	f.add("code", b.Code)
	f.add("it believes to say", b.Meant)
	f.add("why", b.Why)
	f.add("of stream", streamRange(b.Range))
	contentFields(f, b.Content)
	if b.Role == dialog.Body {
		f.add("on the wire", explain.Octets(b.To-b.From)+", with what frames the content there")
	}
	saslFields(f, b)
	f.add("secret", exposed(b))
}

func contentFields(f *fieldList, c *trace.Content) {
	if c != nil {
		f.add("content", explain.Octets(c.Size))
		f.add("SHA-256", string(c.ID))
	}
}

func lookupFields(f *fieldList, b *trace.LookupBody) {
	f.add("question", b.Name+" "+b.Type)
	f.add("zone", b.Zone)
	f.add("server", b.Server)
	f.addrPort("at", b.ServerAddr)
	f.add("transport", strings.ToUpper(b.Transport))
	f.add("answer code", b.RCode)
	if b.Authoritative {
		f.add("authority", "the answer is authoritative (AA)")
	}
	f.list("answer", recordTexts(b.Records))
	f.list("authority", recordTexts(b.Authority))
	f.list("additional", recordTexts(b.Additional))
	if b.Until > 0 {
		f.add("kept until", clock(b.Until))
	}
	f.add("error", b.Error)
}

func recordTexts(records []trace.Record) []string {
	var all []string
	for _, r := range records {
		all = append(all, fmt.Sprintf("%s %d %s %s", r.Name, r.TTL, r.Type, r.Data))
	}
	return all
}

func mailFields(f *fieldList, b *trace.MailBody) {
	if b.ReversePath != "" || len(b.Recipients) > 0 {
		from := b.ReversePath
		if from == "" {
			from = "<>"
		}
		f.add("envelope from", from)
	}
	f.list("envelope to", b.Recipients)
	f.add("subject", b.Subject)
	f.add("Message-ID", b.MessageID)
	f.add("purpose", b.Purpose)
	f.add("from", b.From)
	f.add("toward", b.Toward)
	f.add("mailbox", b.Mailbox)
	f.number("UID", int64(b.UID))
	contentFields(f, b.Content)
	f.list("added on top", b.Added)
	f.list("changed", b.Changes)
	f.add("sent", b.SentHash)
	f.add("arrived", b.ArrivedHash)
	f.add("reason", b.Reason)
}

// left is how long something still lasts.
func left(until, now time.Duration) string {
	if until <= now {
		return "expired"
	}
	return explain.Span((until - now).Truncate(time.Second))
}

// tlsFields are what a TLS handshake has come to.
func tlsFields(f *fieldList, t *trace.TLS) {
	if t == nil {
		return
	}
	f.add("version", t.Version)
	f.add("cipher suite", t.Suite)
	f.add("key exchange", t.Group)
	f.add("asks for", t.ServerName)
	f.add("protocol", t.ALPN)
	for _, c := range t.Certificates {
		f.add("certificate of", c.Subject)
		f.list("for", c.Names)
		f.add("issued by", c.Issuer)
		f.add("from", c.NotBefore)
		f.add("until", c.NotAfter)
		f.add("key", c.PublicKey)
		f.add("SHA-256", c.Fingerprint)
	}
	f.add("checked", t.Checked)
	f.add("because", t.Because)
	f.add("alert", t.Alert)
	f.add("sent by", t.AlertFrom)
}
