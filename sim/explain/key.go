package explain

import (
	"strconv"
	"strings"

	"mailwalk/protocols/dialog"
	"mailwalk/sim/trace"
)

// Key is the key of the most special entry that fits the event. It is never
// empty: each kind of event has an entry of its own.
func Key(e *trace.Event) string {
	switch b := e.Body.(type) {
	case *trace.PacketBody:
		if step := packetStep(e, b); step != trace.Sent && step != trace.Delivered {
			return first("packet."+step, "packet")
		}
		return first(frameKey(b), "packet")
	case *trace.SocketBody:
		step := "socket." + e.What
		if b.Proto == "UDP" {
			return first(step+".datagram", step, "socket")
		}
		return first(step, "socket")
	case *trace.ConnectionBody:
		return first("connection."+e.What+"."+protocol(b.Service), "connection."+e.What, "connection")
	case *trace.LineBody:
		if Befalls(e) {
			return first("line."+e.What, "line")
		}
		return lineKey(b)
	case *trace.LookupBody:
		step := "lookup." + e.What
		return first(step+"."+lookupDetail(e.What, b), step, "lookup")
	case *trace.MailBody:
		return first("mail."+e.What+"."+mailDetail(e.What, b), "mail."+e.What, "mail")
	case *trace.StateBody:
		return first(append(stateKeys("state."+e.What, b), "state")...)
	case *trace.ActBody:
		if strings.HasPrefix(b.Target, lineStep) { // a fault of the walk that is done to lines
			return first("act."+e.What+"-line", "act."+e.What, "act")
		}
	}
	kind := string(e.Kind)
	return first(kind+"."+e.What, kind)
}

// lineStep begins a selector of lines.
const lineStep = string(trace.Line) + "."

// packetStep is a packet event's step; forged for a frame that a fault puts on a
// link in another's name.
func packetStep(e *trace.Event, b *trace.PacketBody) string {
	if e.What == trace.Sent && b.Why != "" {
		return "forged"
	}
	return e.What
}

// first is the first of the keys that has an entry, or the last.
func first(keys ...string) string {
	for _, k := range keys {
		if _, ok := find(k); ok {
			return k
		}
	}
	return keys[len(keys)-1]
}

// protocol names the protocol spoken on a service's port.
func protocol(service string) string {
	switch service {
	case "smtp", "submission", "submissions", "smtps":
		return "smtp"
	case "pop3", "pop3s":
		return "pop3"
	case "imap", "imaps":
		return "imap"
	case "domain", "dns":
		return "dns"
	}
	return service
}

func lineKey(b *trace.LineBody) string {
	if key := saslKey(b); key != "" {
		return key
	}
	proto := "line." + protocol(b.Service)
	general := []string{proto, "line"}
	switch b.Role {
	case dialog.Command:
		return first(append([]string{proto + "." + bareVerb(b.Verb), proto + ".command"}, general...)...)
	case dialog.Greeting:
		k := proto + ".greeting"
		return first(append([]string{k + "." + b.Code, k + "." + class(b.Code), k}, general...)...)
	case dialog.Reply:
		return first(append(replyKeys(proto, b), general...)...)
	case dialog.Untagged:
		return first(append(untaggedKeys(proto, b.Text), general...)...)
	case dialog.Body, dialog.Continuation:
		k := proto + "." + string(b.Role)
		side := ".client"
		if b.FromServer {
			side = ".server"
		}
		return first(append([]string{k + "." + bareVerb(b.Verb), k + side, k}, general...)...)
	}
	return first(general...)
}

// replyKeys are the keys for a reply: one line of several that announces an
// extension or a capability has an entry of its own where it is a known one.
func replyKeys(proto string, b *trace.LineBody) []string {
	verb := bareVerb(b.Verb)
	k := proto + ".reply"
	var keys []string
	if proto == "line.pop3" && b.Code != "+OK" && b.Code != "-ERR" {
		switch {
		case b.Text == ".":
			return []string{proto + ".end"}
		case verb == "CAPA":
			keys = append(keys, proto+".capability."+announced(b.Text))
		}
		return append(keys, k+".more."+verb, k+".more", k)
	}
	if verb == "EHLO" && b.Code == "250" {
		keys = append(keys, proto+".extension."+announced(b.Text))
	}
	return append(keys, k+"."+b.Code+"."+verb, k+"."+class(b.Code)+"."+verb, k+"."+b.Code, k+"."+class(b.Code), k)
}

// class is the class of a three-digit code: "5xx".
func class(code string) string {
	if len(code) == 3 && code[0] >= '1' && code[0] <= '5' {
		return code[:1] + "xx"
	}
	return code
}

// announced is the keyword of a line like "250-SIZE 26214400" or "UIDL".
func announced(text string) string {
	if len(text) > 4 && (text[3] == '-' || text[3] == ' ') && text[0] == '2' {
		text = text[4:]
	}
	word, _, _ := strings.Cut(text, " ")
	return strings.ToUpper(word)
}

// untaggedKeys are the keys for IMAP's "* 3 EXISTS" and "* OK [UIDNEXT 4] …".
func untaggedKeys(proto, text string) []string {
	k := proto + ".untagged"
	if !strings.HasPrefix(text, "* ") { // what stands behind a literal
		return []string{k + ".rest", k}
	}
	f := strings.Fields(strings.TrimPrefix(text, "* "))
	if len(f) == 0 {
		return []string{k}
	}
	if _, err := strconv.ParseUint(f[0], 10, 32); err == nil && len(f) > 1 {
		f = f[1:]
	}
	name := strings.ToUpper(f[0])
	if len(f) > 1 && strings.HasPrefix(f[1], "[") {
		code := strings.ToUpper(strings.Trim(f[1], "[]"))
		return []string{k + "." + name + "." + code, k + "." + name, k}
	}
	return []string{k + "." + name, k}
}

// bareVerb takes IMAP's UID off: UID FETCH is a FETCH.
func bareVerb(verb string) string { return strings.TrimPrefix(verb, "UID ") }

func lookupDetail(what string, b *trace.LookupBody) string {
	switch what {
	case trace.Query, trace.Referral:
		switch {
		case b.Zone == ".":
			return "root"
		case strings.Count(b.Zone, ".") == 1:
			return "tld"
		}
		return ""
	}
	return b.Type
}

func mailDetail(what string, b *trace.MailBody) string {
	switch what {
	case trace.HopStarts:
		return b.Purpose
	case trace.Compared:
		if b.Same {
			return "same"
		}
		return "different"
	}
	return ""
}

// stateKeys go by the state that is reached, then by whether something begins
// or ends: what has no state before has only begun, what has none after is over.
func stateKeys(step string, b *trace.StateBody) []string {
	switch {
	case b.After == "":
		return []string{step + ".ends", step}
	case b.Before == "":
		return []string{step + "." + b.After, step + ".begins", step}
	}
	return []string{step + "." + b.After, step}
}
