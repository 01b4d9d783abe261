package quiz

import (
	"fmt"
	"slices"

	"mailwalk/protocols/dialog"
	"mailwalk/protocols/message"
	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// mailNext asks which machine has the mail next.
func mailNext(s *scene) *Question {
	e := s.next(func(e *trace.Event) bool {
		return e.Kind == trace.Mail && (e.What == trace.Accept || e.What == trace.Stored || e.What == trace.Fetched)
	})
	if e == nil {
		return nil
	}
	written := s.last(func(o *trace.Event) bool { return o.Kind == trace.Mail && o.What == trace.Composed && o.Mail == e.Mail })
	if written == nil {
		return nil
	}
	what := map[string]string{trace.Accept: "takes responsibility for it next", trace.Stored: "puts it into a mailbox", trace.Fetched: "fetches it from the mailbox"}[e.What]
	hint := map[string]string{
		trace.Accept:  "A mail goes from server to server: whom does the one that has it now know, or ask for?",
		trace.Stored:  "A mail stays where the recipient's mailbox is.",
		trace.Fetched: "Only the recipient's own devices look into that mailbox.",
	}[e.What]
	mail := "mail " + e.Mail
	if b := written.Body.(*trace.MailBody); b.Subject != "" {
		mail += " (" + b.Subject + ")"
	}
	q := answered(e, Choice, fmt.Sprintf("Which machine %s: %s?", what, mail), e.Host, hint, near(e.Host))
	return q.among(s.others(s.mailHosts, "machine/"+e.Key, e.Seq)...)
}

// near is a hint that nearly names a machine.
func near(host string) string {
	if d := domain(host); d != host {
		return "It is one of the machines of " + d + "."
	}
	return fmt.Sprintf("Its name begins with %c.", host[0])
}

// base64Size asks how much a file grows when it becomes text.
func base64Size(s *scene) *Question {
	if s.last(func(e *trace.Event) bool { return e.Kind == trace.Act }) == nil {
		return nil
	}
	e := s.next(func(e *trace.Event) bool { return e.Kind == trace.Mail && e.What == trace.Composed })
	if e == nil || e.Body.(*trace.MailBody).Content == nil {
		return nil
	}
	raw, ok := s.t.Bodies.Get(e.Body.(*trace.MailBody).Content.ID)
	if !ok {
		return nil
	}
	var file *message.Part
	message.Structure(raw).Walk(func(p *message.Part) {
		if file == nil && p.Encoding == "base64" && p.DecodedSize >= 100 {
			file = p
		}
	})
	if file == nil {
		return nil
	}
	n := int64(file.DecodedSize)
	name := file.FileName
	if name == "" {
		name = "a part"
	}
	q := answered(e, Choice,
		fmt.Sprintf("The mail that is being written has %s in it, of %s. How large is it there, as base64?", name, explain.Octets(n)), about(int64(file.Size)),
		"Mail was made for text: each octet of a file is written with characters.",
		"Four characters stand for three octets, and each line of 76 characters ends in two more.")
	q.reason = fmt.Sprintf("%s become four characters for every three of them, %s, and a line end after each 76: %s in all.",
		explain.Octets(n), explain.Grouped((n+2)/3*4), explain.Octets(int64(file.Size)))
	q.why.Refs = []explain.Ref{{RFC: 2045, Section: "6.8"}}
	return q.among(about(n), about(2*n), about(n*3/4))
}

// about is a number of octets with its first two digits alone.
func about(n int64) string {
	unit := int64(1)
	for n/unit >= 100 {
		unit *= 10
	}
	return "about " + explain.Octets((n+unit/2)/unit*unit)
}

// usual are the commands of each protocol that a learner may think of.
var usual = map[string][]string{
	"smtp":       {"EHLO", "MAIL", "RCPT", "DATA", "QUIT", "RSET"},
	"submission": {"EHLO", "AUTH", "MAIL", "RCPT", "DATA", "QUIT"},
	"pop3":       {"USER", "PASS", "UIDL", "RETR", "DELE", "QUIT"},
	"imap":       {"LOGIN", "SELECT", "UID FETCH", "UID SEARCH", "LOGOUT", "UID STORE"},
}

// nextCommand asks what a client says next.
func nextCommand(s *scene) *Question {
	e := s.next(func(e *trace.Event) bool {
		return e.Kind == trace.Line && e.What == trace.Sent && s.talks(e.Conn)
	})
	if e == nil {
		return nil
	}
	b := e.Body.(*trace.LineBody)
	if b.Role != dialog.Command || b.Verb == "" || s.server(e.Conn) == "" {
		return nil
	}
	q := answered(e, Choice, fmt.Sprintf("%s is to say something to %s (%s). Which command?", e.Host, s.server(e.Conn), b.Service), b.Verb,
		"What has been said on this connection so far, and what does the server not know yet?",
		fmt.Sprintf("It begins with %c.", b.Verb[0]))
	return q.among(mix(e.Key, usual[b.Service])...)
}

// talks tells whether something has been said on a connection, or it has been
// opened.
func (s *scene) talks(conn string) bool {
	return conn != "" && s.last(func(o *trace.Event) bool {
		return o.Conn == conn && (o.Kind == trace.Line || o.Kind == trace.Connection && o.What != trace.Opening)
	}) != nil
}

// server is the server of a connection that has been seen.
func (s *scene) server(conn string) string {
	e := s.last(func(o *trace.Event) bool { return o.Conn == conn && o.Kind == trace.Connection })
	if e == nil {
		return ""
	}
	return e.Body.(*trace.ConnectionBody).Server
}

// codes are what a server may answer, as far as it is likely to be thought of.
var codes = map[string][]string{
	"smtp":       {"250", "220", "354", "221", "550", "450", "503"},
	"submission": {"250", "220", "354", "235", "221", "535", "550"},
	"pop3":       {"+OK", "-ERR"},
	"imap":       {"OK", "NO", "BAD"},
}

var classes = map[byte]string{
	'2': "The first digit 2 agrees.", '3': "The first digit 3 wants to hear more.",
	'4': "The first digit 4 puts off.", '5': "The first digit 5 refuses.", '+': "A plus agrees.", '-': "A minus refuses.",
}

// replyCode asks with which code a server answers.
func replyCode(s *scene) *Question {
	e := s.next(func(e *trace.Event) bool {
		b, ok := e.Body.(*trace.LineBody)
		return ok && e.What == trace.Sent && b.FromServer && s.talks(e.Conn)
	})
	if e == nil {
		return nil
	}
	b := e.Body.(*trace.LineBody)
	if b.Code == "" || b.Role != dialog.Reply && b.Role != dialog.Greeting || len(codes[b.Service]) == 0 {
		return nil
	}
	text := fmt.Sprintf("The connection stands. With which code does %s greet?", e.Host)
	if b.Role == dialog.Reply {
		asked := s.last(func(o *trace.Event) bool { return slices.Contains(e.Causes, o.Seq) && o.Kind == trace.Line })
		if asked == nil {
			asked = s.last(func(o *trace.Event) bool {
				l, ok := o.Body.(*trace.LineBody)
				return ok && o.Conn == e.Conn && !l.FromServer && l.Verb == b.Verb
			})
		}
		if asked == nil || s.repliedTo(e, b) {
			return nil
		}
		said := asked.Body.(*trace.LineBody)
		what := said.Text
		if said.Role == dialog.Body || what == "" || said.Secret {
			what = said.Verb
			if said.Role == dialog.Body {
				what = "the content"
			}
		}
		text = fmt.Sprintf("%s has heard: %s. With which code does it answer?", e.Host, what)
	}
	hint := ""
	switch {
	case b.Service == "imap":
		hint = "OK has done it, NO would not, BAD did not understand."
	default:
		hint = classes[b.Code[0]]
	}
	q := answered(e, Choice, text, b.Code, "Is anything the matter with what was said?", hint)
	return q.among(mix(e.Key, codes[b.Service])...)
}

// repliedTo tells whether a line goes on with an answer that has begun.
func (s *scene) repliedTo(e *trace.Event, b *trace.LineBody) bool {
	o := s.last(func(o *trace.Event) bool {
		l, ok := o.Body.(*trace.LineBody)
		return ok && o.Conn == e.Conn && o.What == trace.Sent && l.FromServer
	})
	if o == nil {
		return false
	}
	l := o.Body.(*trace.LineBody)
	return l.Verb == b.Verb && l.Role == b.Role && len(l.Text) > 3 && l.Text[3] == '-'
}
