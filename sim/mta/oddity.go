package mta

import (
	"fmt"
	"strconv"

	"mailwalk/protocols/smtp"
	"mailwalk/sim/trace"
)

// oddities are what a server does about each sort of oddity, and why.
var oddities = map[smtp.OddityKind]struct{ what, choice, because string }{
	smtp.FalseEnd:       {trace.Smuggling, "refuse the mail at its true end", "%s stands in it, which is not CRLF.CRLF but might be taken for the end of the mail elsewhere: SMTP smuggling is tried like this"},
	smtp.BareLineEnd:    {trace.BareLineEnd, "refuse it", "a CR or an LF stands alone, and another program might see two lines where this one sees one"},
	smtp.ControlOctet:   {trace.ControlOctet, "refuse it", "it has a character that is no text (%s), which another program might drop or stop at"},
	smtp.EightBit:       {trace.EightBit, "read it octet by octet", "a command has octets that are not ASCII (%s), and this server has not offered SMTPUTF8"},
	smtp.LongLine:       {trace.LongLine, "refuse it and keep none of it", "a command is longer than any may be; it might be meant to fill a buffer"},
	smtp.EarlyInput:     {trace.Injection, "take it for TLS and never for commands", "%s came behind STARTTLS without waiting for the answer: commands are injected like this"},
	smtp.ManyRecipients: {trace.ManyRecipients, "refuse the rest for now", "the mail has as many recipients as this server takes in one transaction"},
	smtp.ManyErrors:     {trace.ManyErrors, "end the session", "there were too many mistakes: this is no mail server, or one that guesses"},
	smtp.Slow:           {trace.Slow, "end the session", "the client did not finish in time what it had begun, and a connection that is held open for nothing is one that others cannot have"},
}

// odd records what a client did that no client does in earnest.
func (s *Server) odd(conn *trace.Conn, o smtp.Oddity) {
	x := oddities[o.Kind]
	because := x.because
	switch o.Kind {
	case smtp.FalseEnd, smtp.ControlOctet, smtp.EightBit, smtp.EarlyInput:
		because = fmt.Sprintf(because, strconv.QuoteToASCII(string(o.Octets)))
	}
	s.decide(x.what, conn.Client, x.choice, because)
}
