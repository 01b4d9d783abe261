package trace

import (
	"strings"

	"mailwalk/protocols/dialog"
)

// Hooks returns what an end of a connection tells its dialogue to: each unit
// becomes a line event, and what was asked for by [Recorder.DecideLines] becomes of
// it. server says which end it is.
func (r *Recorder) Hooks(c *Conn, server bool) dialog.Hooks {
	x := &speaker{rec: r, conn: c, server: server, host: c.Client, verbs: &c.client}
	if server {
		x.host, x.verbs = c.Server, &c.server
	}
	return dialog.Hooks{Deciding: x.deciding, Sending: x.sending, Received: x.received}
}

// speaker is an end of a connection as its dialogue tells of it.
type speaker struct {
	rec    *Recorder
	conn   *Conn
	server bool
	host   string
	verbs  *verbs
	// meant is what the program believes to say now.
	meant LineBody
	unit  *dialog.Unit // the same
	// muted is why the rest of an answer is not said; empty when it is.
	muted string
}

// body is a unit as an event has it, but for the verb and the code.
func (x *speaker) body(u *dialog.Unit) LineBody {
	b := LineBody{Service: x.conn.Service, Role: u.Role, Range: x.placed(u), Text: string(u.Text), Secret: u.Secret}
	if u.Role == dialog.Body {
		content := x.rec.trace.Bodies.Put(u.Content)
		b.Content = &content
	}
	return b
}

// placed is where a unit is in what the programs say.
func (x *speaker) placed(u *dialog.Unit) Range {
	shift := x.conn.shift(x.server, u.FromServer)
	return Range{FromServer: u.FromServer, From: u.From + shift, To: u.To + shift}
}

// about notes what the program is about.
func (x *speaker) about() {
	if !x.server {
		// The client's mail, hop and queue entry are the connection's, until it is about
		// others.
		s := x.rec.Scope()
		x.conn.ids.Mail, x.conn.ids.Hop, x.conn.ids.Queue = s.Mail, s.Hop, s.Queue
	}
}

// event is an event of the end.
func (x *speaker) event(what string, b *LineBody) Event {
	return Event{Host: x.host, Kind: Line, What: what, IDs: x.conn.ids, Body: b}
}

func (x *speaker) sending(u *dialog.Unit) {
	if x.rec.silent() {
		return
	}
	x.about()
	var b LineBody
	if x.unit != nil {
		b = x.saidAs(u)
	} else {
		b = x.body(u)
		x.verbs.note(&b)
	}
	ev := x.rec.Record(x.event(Sent, &b))
	d := direction(u.FromServer)
	x.conn.said[d] = append(x.conn.said[d], span{b.From, b.To, ev.Seq})
}

// saidAs is what was meant, as it is said.
func (x *speaker) saidAs(u *dialog.Unit) LineBody {
	b := x.meant
	b.Range = x.placed(u)
	if u == x.unit {
		return b
	}
	b.Meant, b.MeantContent = b.Text, b.Content
	b.Role, b.Text, b.Content, b.Secret = u.Role, string(u.Text), nil, b.Secret || u.Secret
	if u.Role == dialog.Body {
		content := x.rec.trace.Bodies.Put(u.Content)
		b.Content = &content
		return b
	}
	b.reword()
	return b
}

func (x *speaker) received(u *dialog.Unit) []string {
	if x.rec.silent() {
		return nil
	}
	x.about()
	b := x.body(u)
	x.verbs.note(&b)
	c, d, s := x.conn, direction(u.FromServer), x.rec.Scope()
	b.Outside = len(c.said[d]) == 0
	e := x.event(Received, &b)
	var carriers []uint64
	if parts := c.sealing[d].wire(b.From, b.To); len(parts) > 0 {
		for _, p := range parts {
			carriers = overlapping(carriers, c.arrived[d], p.from, p.to)
		}
		// The next line may lie in the same record.
		read := parts[len(parts)-1].to
		if c.sealing[d].begun {
			read = parts[len(parts)-1].from
		}
		c.arrived[d] = dropBefore(c.arrived[d], read)
	}
	c.heard[d] = b.To
	e.Causes = causes(carriers, s.Cause)
	return x.answerTo(x.rec.Record(e), &b)
}

// verbs are the commands that one end of a dialogue has not seen answered yet,
// the oldest first.
type verbs struct {
	waiting  []waitingVerb
	answered string // the last that was
	sasl     *exchange
}

type waitingVerb struct {
	tag, verb string
	// list says that the answer goes on until a line with a lone dot.
	list bool
}

// tag is that of the command that was read last.
func (v *verbs) tag() string {
	if len(v.waiting) == 0 {
		return ""
	}
	return v.waiting[len(v.waiting)-1].tag
}

// chunked tells whether the last command is one whose content belongs to it and
// gets no reply of its own (RFC 3030 §2).
func (v *verbs) chunked() bool {
	n := len(v.waiting)
	return n > 0 && v.waiting[n-1].verb == "BDAT"
}

// note fills in the verb of a command, and the verb and the code of a reply.
func (v *verbs) note(b *LineBody) {
	switch b.Role {
	case dialog.Command:
		tag, words := b.command()
		v.waiting = append(v.waiting, waitingVerb{tag, b.Verb, isList(b, words)})
		v.sasl = begins(b)
	case dialog.Body:
		switch {
		case b.FromServer:
			b.Verb = v.answered
		case v.chunked():
			b.Verb = "BDAT"
		case b.Service != "imap":
			b.Verb = "DATA"
			v.waiting = append(v.waiting, waitingVerb{verb: "DATA"})
		}
	case dialog.Greeting, dialog.Reply, dialog.Continuation, dialog.Untagged:
		v.reply(b)
	}
}

// command fills in a command's verb, and returns its tag and how many words it has.
func (b *LineBody) command() (tag string, count int) {
	words := strings.Fields(b.Text)
	if b.Service == "imap" && len(words) > 0 {
		tag, words = words[0], words[1:]
	}
	b.Verb = ""
	if len(words) > 0 {
		b.Verb = strings.ToUpper(words[0])
		if b.Service == "imap" && b.Verb == "UID" && len(words) > 1 {
			b.Verb += " " + strings.ToUpper(words[1])
		}
	}
	return tag, len(words)
}

// answer fills in the code of what a server says.
func (b *LineBody) answer() {
	b.Code = ""
	switch {
	case !b.FromServer:
	case b.Service == "imap":
		if word, rest, _ := strings.Cut(b.Text, " "); word != "+" {
			b.Code, _, _ = strings.Cut(rest, " ")
		}
	case b.Service == "pop3":
		if code, _, _ := strings.Cut(b.Text, " "); code == "+OK" || code == "-ERR" {
			b.Code = code
		}
	case len(b.Text) >= 3:
		b.Code = b.Text[:3]
	}
}

// reword fills in the verb of a command and the code of a reply that is said in
// place of another.
func (b *LineBody) reword() {
	b.Exchange = nil
	switch b.Role {
	case dialog.Command:
		b.command()
	case dialog.Greeting, dialog.Reply, dialog.Continuation, dialog.Untagged:
		b.answer()
	}
}

func (v *verbs) reply(b *LineBody) {
	if b.answer(); !b.FromServer {
		if v.sasl != nil && b.Role == dialog.Continuation {
			b.Exchange = v.sasl.step(false)
		}
		return
	}
	switch b.Service {
	case "imap":
		word, _, _ := strings.Cut(b.Text, " ")
		for i, w := range v.waiting {
			if w.tag == word {
				b.Verb = w.verb
				v.waiting = append(v.waiting[:i], v.waiting[i+1:]...)
				return
			}
		}
	case "pop3":
		if b.Role == dialog.Reply && len(v.waiting) > 0 {
			list := v.waiting[0].list
			b.Verb = v.next(!list || b.Code == "-ERR" || b.Text == ".")
		}
	default:
		more := len(b.Text) > 3 && b.Text[3] == '-'
		if b.Code != "" && b.Role != dialog.Greeting {
			b.Verb = v.next(!more && b.Code != "334")
		}
		switch {
		case v.sasl == nil:
		case b.Code == "334":
			b.Exchange = v.sasl.step(true)
		default:
			v.sasl = nil
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
