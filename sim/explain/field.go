package explain

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"mailwalk/protocols/dialog"
	"mailwalk/protocols/sasl"
	"mailwalk/sim/trace"
)

// Names of the fields that a title may use: those of every event, and those of
// each kind. They are the JSON names of the events where these say it best.
var (
	commonFields = []string{"at", "host", "what", "mail", "hop", "conn", "lookup", "queue"}
	kindFields   = map[trace.Kind][]string{
		trace.Packet:     {"carried", "frame", "link", "from", "to", "proto", "src", "dst", "srcEnd", "dstEnd", "ttl", "flags", "tcpSeq", "ack", "window", "mss", "len", "octets", "range", "type", "code", "mtu", "why"},
		trace.Socket:     {"proto", "local", "remote", "kernelLocal", "kernelRemote", "octets", "range", "state", "rtt", "mss", "cwnd", "segsIn", "segsOut", "retransmissions"},
		trace.Connection: {"client", "server", "clientAddr", "serverAddr", "service", "port", "peer", "error", "version", "subject", "checked", "alert", "octets", "wire"},
		trace.Line: {"carried", "speaker", "listener", "client", "server", "service", "text", "rest", "verb", "code", "path", "octets", "wire", "why",
			"mechanism", "user", "identity", "password", "prompt", "challenge", "digest", "salt", "iterations", "error"},
		trace.Lookup:   {"name", "type", "server", "serverAddr", "transport", "zone", "rcode", "answer", "servers", "ttl", "until", "error"},
		trace.Decision: {"subject", "choice", "options", "because"},
		trace.Mail:     {"reversePath", "recipients", "messageId", "subject", "mailbox", "uid", "from", "toward", "octets", "hash", "changes", "added", "sentHash", "arrivedHash", "reason"},
		trace.State:    {"name", "before", "after", "recipients", "uid", "flags", "octets", "due", "detail"},
		trace.Act:      {"by", "target", "detail", "size"},
		trace.Note:     {},
	}
)

// field is the value of a named field of an event, as a person reads it; empty
// when the event has none.
func field(e *trace.Event, name string) string {
	switch name {
	case "at":
		return Clock(e.At)
	case "host":
		return e.Host
	case "what":
		return e.What
	case "mail":
		return e.Mail
	case "hop":
		return e.Hop
	case "conn":
		return e.Conn
	case "lookup":
		return e.Lookup
	case "queue":
		return e.Queue
	}
	switch b := e.Body.(type) {
	case *trace.PacketBody:
		return packetField(b, name)
	case *trace.SocketBody:
		return socketField(b, name)
	case *trace.ConnectionBody:
		return connectionField(e, b, name)
	case *trace.LineBody:
		return lineField(e, b, name)
	case *trace.LookupBody:
		return lookupField(b, name)
	case *trace.DecisionBody:
		return decisionField(b, name)
	case *trace.MailBody:
		return mailField(b, name)
	case *trace.StateBody:
		return stateField(b, name)
	case *trace.ActBody:
		return actField(b, name)
	}
	return ""
}

func packetField(b *trace.PacketBody, name string) string {
	h := &b.Head
	switch name {
	case "frame":
		return strconv.FormatUint(b.Frame, 10)
	case "link":
		return b.Link
	case "from":
		return hostOf(b.From)
	case "to":
		return hostOf(b.To)
	case "proto":
		return h.Proto
	case "src":
		return addr(h.Src)
	case "dst":
		return addr(h.Dst)
	case "srcEnd":
		return end(h.Src, h.SrcPort)
	case "dstEnd":
		return end(h.Dst, h.DstPort)
	case "ttl":
		return strconv.Itoa(int(h.TTL))
	case "flags":
		return h.Flags
	case "tcpSeq":
		return strconv.FormatUint(uint64(h.Seq), 10)
	case "ack":
		return strconv.FormatUint(uint64(h.Ack), 10)
	case "window":
		return Grouped(int64(h.Window))
	case "mss":
		if h.MSS > 0 {
			return Octets(int64(h.MSS))
		}
	case "len":
		return Octets(int64(h.Len))
	case "octets":
		return Octets(int64(len(b.Data)))
	case "range":
		if b.Range != nil {
			return Grouped(b.Range.From) + "–" + Grouped(b.Range.To-1)
		}
	case "type":
		return strconv.Itoa(int(h.Type))
	case "code":
		return strconv.Itoa(int(h.Code))
	case "mtu":
		if h.MTU > 0 {
			return Octets(int64(h.MTU))
		}
	case "why":
		return b.Why
	}
	return ""
}

func connectionField(e *trace.Event, b *trace.ConnectionBody, name string) string {
	switch name {
	case "peer":
		if e.Host == b.Server {
			return b.Client
		}
		return connectionField(e, b, "server")
	case "client":
		return b.Client
	case "server":
		if b.Server == "" && b.ServerAddr.IsValid() {
			return b.ServerAddr.Addr().String()
		}
		return b.Server
	case "clientAddr":
		return addrPort(b.ClientAddr)
	case "serverAddr":
		return addrPort(b.ServerAddr)
	case "service":
		return b.Service
	case "port":
		if b.ServerAddr.IsValid() {
			return strconv.Itoa(int(b.ServerAddr.Port()))
		}
	case "error":
		return b.Error
	}
	return tlsValue(b, name)
}

// tlsValue is a field of a connection's step that TLS has made.
func tlsValue(b *trace.ConnectionBody, name string) string {
	if r := b.Record; r != nil {
		switch name {
		case "octets":
			return Grouped(r.To - r.From)
		case "wire":
			return Grouped(r.WireTo - r.WireFrom)
		}
	}
	t := b.TLS
	if t == nil {
		return ""
	}
	switch name {
	case "version":
		return t.Version
	case "subject":
		if t.Checked != "" && len(t.Certificates) > 0 {
			return t.Certificates[0].Subject
		}
	case "checked":
		return t.Checked
	case "alert":
		return t.Alert
	}
	return ""
}

func lineField(e *trace.Event, b *trace.LineBody, name string) string {
	switch name {
	case "client", "server", "speaker", "listener":
		client, server := Ends(e.Conn)
		if name == "client" || name == "speaker" && !b.FromServer || name == "listener" && b.FromServer {
			return client
		}
		return server
	case "service":
		return b.Service
	case "text":
		return b.Text
	case "rest":
		return rest(b)
	case "verb":
		return b.Verb
	case "code":
		return b.Code
	case "path":
		return path(b.Text)
	case "octets":
		if b.Content != nil {
			return Octets(b.Content.Size)
		}
	case "wire":
		return Octets(b.To - b.From)
	case "why":
		return b.Why
	case "mechanism":
		mechanism, _, _ := b.SASL()
		if mechanism == "" && b.Verb == "AUTH" {
			mechanism, _, _ = strings.Cut(rest(b), " ")
		}
		return mechanism
	}
	_, m, _ := b.SASL()
	return m.Part(sasl.PartName(name))
}

// rest is a command's arguments, or a reply's text behind its code.
func rest(b *trace.LineBody) string {
	text := b.Text
	switch b.Role {
	case dialog.Command:
		if i := indexFold(text, b.Verb); b.Verb != "" && i >= 0 {
			return strings.TrimSpace(text[i+len(b.Verb):])
		}
	case dialog.Untagged:
		return strings.TrimPrefix(text, "* ")
	case dialog.Reply, dialog.Greeting:
		if i := strings.Index(text, b.Code); b.Code != "" && i >= 0 {
			return strings.TrimLeft(text[i+len(b.Code):], " -")
		}
	}
	return text
}

func indexFold(s, word string) int {
	for i := 0; i+len(word) <= len(s); i++ {
		if strings.EqualFold(s[i:i+len(word)], word) {
			return i
		}
	}
	return -1
}

// path is what stands between the angle brackets of MAIL and RCPT.
func path(text string) string {
	_, after, ok := strings.Cut(text, "<")
	if !ok {
		return ""
	}
	in, _, ok := strings.Cut(after, ">")
	switch {
	case !ok:
		return ""
	case in == "":
		return "<>"
	}
	return in
}

func lookupField(b *trace.LookupBody, name string) string {
	switch name {
	case "name":
		return bare(b.Name)
	case "type":
		return b.Type
	case "server":
		if b.Server == "" && b.ServerAddr.IsValid() {
			return b.ServerAddr.Addr().String()
		}
		return bare(b.Server)
	case "serverAddr":
		return addrPort(b.ServerAddr)
	case "transport":
		return strings.ToUpper(b.Transport)
	case "zone":
		return bare(b.Zone)
	case "rcode":
		return b.RCode
	case "answer":
		return data(b.Records, b.Type)
	case "servers":
		return data(b.Authority, "NS")
	case "ttl":
		if len(b.Records) > 0 {
			return Span(time.Duration(b.Records[0].TTL) * time.Second)
		}
	case "until":
		if b.Until > 0 {
			return Clock(b.Until)
		}
	case "error":
		return b.Error
	}
	return ""
}

// data is what the records of a type say, or all records if none is of it.
func data(records []trace.Record, typ string) string {
	var of, all []string
	for _, r := range records {
		value := plainly(r)
		all = append(all, r.Type+" "+value)
		if r.Type == typ {
			of = append(of, value)
		}
	}
	if len(of) == 0 {
		of = all
	}
	return list(of)
}

// plainly is a record's data as people write it.
func plainly(r trace.Record) string {
	switch r.Type {
	case "NS", "CNAME", "PTR":
		return bare(r.Data)
	case "MX":
		if preference, host, ok := strings.Cut(r.Data, " "); ok {
			return bare(host) + " (preference " + preference + ")"
		}
	}
	return r.Data
}

func decisionField(b *trace.DecisionBody, name string) string {
	switch name {
	case "subject":
		return b.Subject
	case "choice":
		return b.Choice
	case "options":
		return list(b.Options)
	case "because":
		return b.Because
	}
	return ""
}

func mailField(b *trace.MailBody, name string) string {
	switch name {
	case "reversePath":
		if b.ReversePath == "" {
			return "<>"
		}
		return b.ReversePath
	case "recipients":
		return list(b.Recipients)
	case "messageId":
		return b.MessageID
	case "subject":
		return b.Subject
	case "mailbox":
		return b.Mailbox
	case "uid":
		return number(b.UID)
	case "from":
		return b.From
	case "toward":
		return b.Toward
	case "octets":
		if b.Content != nil {
			return Octets(b.Content.Size)
		}
	case "hash":
		if b.Content != nil {
			return shortHash(string(b.Content.ID))
		}
	case "changes":
		return list(b.Changes)
	case "added":
		names := make([]string, len(b.Added))
		for i, f := range b.Added {
			names[i], _, _ = strings.Cut(f, ":")
		}
		return list(names)
	case "sentHash":
		return shortHash(b.SentHash)
	case "arrivedHash":
		return shortHash(b.ArrivedHash)
	case "reason":
		return b.Reason
	}
	return ""
}

func stateField(b *trace.StateBody, name string) string {
	switch name {
	case "name":
		return b.Name
	case "before":
		return b.Before
	case "after":
		return b.After
	case "recipients":
		return list(b.Recipients)
	case "uid":
		return number(b.UID)
	case "flags":
		return strings.Join(b.Flags, " ")
	case "octets":
		if b.Size > 0 {
			return Octets(b.Size)
		}
	case "due":
		if b.Due > 0 {
			return Clock(b.Due)
		}
	case "detail":
		return b.Detail
	}
	return ""
}

func actField(b *trace.ActBody, name string) string {
	switch name {
	case "by":
		return b.By
	case "target":
		return b.Target
	case "detail":
		return b.Detail
	case "size":
		if len(b.Input) > 0 {
			return Octets(int64(len(b.Input)))
		}
	}
	return ""
}

// Ends are the two hosts of a connection, from its id client>server:port#n.
func Ends(conn string) (client, server string) {
	client, server, ok := strings.Cut(conn, ">")
	if !ok {
		return conn, ""
	}
	if i := strings.LastIndexByte(server, ':'); i >= 0 {
		server = server[:i]
	}
	return client, server
}

func hostOf(iface string) string {
	host, _, _ := strings.Cut(iface, "/")
	return host
}

func addr(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

func addrPort(a netip.AddrPort) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

func end(a netip.Addr, port uint16) string {
	if port == 0 {
		return addr(a)
	}
	return addrPort(netip.AddrPortFrom(a, port))
}

func number(n uint32) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatUint(uint64(n), 10)
}

// Listed is how many items a title lists; of more it says the number.
const Listed = 4

// list joins what a sentence can hold.
func list(items []string) string {
	if len(items) <= Listed {
		return strings.Join(items, ", ")
	}
	shown := Listed - 1
	return strings.Join(items[:shown], ", ") + " and " + strconv.Itoa(len(items)-shown) + " more"
}

// bare is a domain name without the dot that makes it absolute, as people write
// it; the root stays a dot.
func bare(name string) string {
	if len(name) > 1 {
		return strings.TrimSuffix(name, ".")
	}
	return name
}

// shortHash is enough of a hash to tell two mails apart at a glance.
func shortHash(h string) string {
	const digits = 12
	if len(h) <= digits {
		return h
	}
	return h[:digits] + "…"
}
