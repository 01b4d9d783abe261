package trace

import (
	"strings"

	"mailwalk/protocols/dialog"
)

// Hooks returns what an end of a connection tells its dialogue to: each unit
// becomes a line event. server says which end it is.
func (r *Recorder) Hooks(c *Conn, server bool) dialog.Hooks {
	return dialog.Hooks{
		Sending:  func(u *dialog.Unit) { r.line(c, server, Sent, u) },
		Received: func(u *dialog.Unit) []string { r.line(c, server, Received, u); return nil },
	}
}

func (r *Recorder) line(c *Conn, server bool, what string, u *dialog.Unit) {
	host, asked := c.Client, &c.client
	if server {
		host, asked = c.Server, &c.server
	}
	b := &LineBody{Service: c.Service, Role: u.Role, Range: Range{FromServer: u.FromServer, From: u.From, To: u.To}, Text: string(u.Text), Secret: u.Secret}
	if u.Role == dialog.Body {
		content := r.trace.Bodies.Put(u.Content)
		b.Content = &content
	}
	asked.note(b)
	s := r.Scope()
	if !server {
		// The client's mail and hop are the connection's, until it is about others.
		c.ids.Mail, c.ids.Hop = s.Mail, s.Hop
	}
	d := direction(u.FromServer)
	e := Event{Host: host, Kind: Line, What: what, IDs: c.ids, Body: b}
	if what == Received {
		b.Outside = len(c.said[d]) == 0
		e.Causes = causes(overlapping(nil, c.arrived[d], u.From, u.To), s.Cause)
		c.arrived[d] = dropBefore(c.arrived[d], u.To)
	}
	ev := r.Record(e)
	if what == Sent {
		c.said[d] = append(c.said[d], span{u.From, u.To, ev.Seq})
	}
}

// verbs are the commands that one end of a dialogue has not seen answered yet,
// the oldest first.
type verbs struct {
	waiting  []waitingVerb
	answered string // the last that was
}

type waitingVerb struct {
	tag, verb string
	// list says that the answer goes on until a line with a lone dot.
	list bool
}

// note fills in the verb of a command, and the verb and the code of a reply.
func (v *verbs) note(b *LineBody) {
	switch b.Role {
	case dialog.Command:
		tag := ""
		words := strings.Fields(b.Text)
		if b.Service == "imap" && len(words) > 0 {
			tag, words = words[0], words[1:]
		}
		if len(words) > 0 {
			b.Verb = strings.ToUpper(words[0])
			if b.Service == "imap" && b.Verb == "UID" && len(words) > 1 {
				b.Verb += " " + strings.ToUpper(words[1])
			}
		}
		v.waiting = append(v.waiting, waitingVerb{tag, b.Verb, isList(b, len(words))})
	case dialog.Body:
		switch {
		case b.FromServer:
			b.Verb = v.answered
		case b.Service != "imap":
			b.Verb = "DATA"
			v.waiting = append(v.waiting, waitingVerb{verb: "DATA"})
		}
	case dialog.Greeting, dialog.Reply, dialog.Continuation, dialog.Untagged:
		v.reply(b)
	}
}

func (v *verbs) reply(b *LineBody) {
	switch b.Service {
	case "imap":
		word, rest, _ := strings.Cut(b.Text, " ")
		if word == "+" || !b.FromServer {
			return
		}
		b.Code, _, _ = strings.Cut(rest, " ")
		for i, w := range v.waiting {
			if w.tag == word {
				b.Verb = w.verb
				v.waiting = append(v.waiting[:i], v.waiting[i+1:]...)
				return
			}
		}
	case "pop3":
		if !b.FromServer {
			return
		}
		if code, _, _ := strings.Cut(b.Text, " "); code == "+OK" || code == "-ERR" {
			b.Code = code
		}
		if b.Role == dialog.Reply && len(v.waiting) > 0 {
			list := v.waiting[0].list
			b.Verb = v.next(!list || b.Code == "-ERR" || b.Text == ".")
		}
	default:
		if !b.FromServer || len(b.Text) < 3 {
			return
		}
		b.Code = b.Text[:3]
		more := len(b.Text) > 3 && b.Text[3] == '-'
		if b.Role != dialog.Greeting {
			b.Verb = v.next(!more && b.Code != "334")
		}
	}
}

// next is the verb that is answered now; the last line of an answer takes it off.
func (v *verbs) next(last bool) string {
	if len(v.waiting) == 0 {
		return ""
	}
	v.answered = v.waiting[0].verb
	if last {
		v.waiting = v.waiting[1:]
	}
	return v.answered
}

// isList tells whether a POP3 command of so many words is answered by a list
// (RFC 1939 §5 and §7, RFC 2449 §5).
func isList(b *LineBody, words int) bool {
	if b.Service != "pop3" {
		return false
	}
	return b.Verb == "CAPA" || words == 1 && (b.Verb == "LIST" || b.Verb == "UIDL")
}
