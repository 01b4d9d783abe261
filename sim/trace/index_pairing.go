package trace

import (
	"strings"

	"mailwalk/protocols/dialog"
)

// pairing finds which line of a connection answers or belongs to which.
type pairing struct {
	// open are the client's lines that wait for an answer, the oldest first.
	open []openCommand
	// answering is the command whose answer has begun and may go on.
	answering uint32
}

type openCommand struct {
	line uint32
	tag  string // IMAP's
	// body says that the answer comes after the content that follows: BDAT.
	body bool
}

// next takes the next line, in the order in which the lines were sent, and
// returns the line that it answers or belongs to, 0 when there is none.
func (p *pairing) next(l uint32, b *LineBody) uint32 {
	if b.Role == dialog.Greeting {
		return 0
	}
	switch b.Service {
	case "imap", "imaps":
		return p.imap(l, b)
	case "pop3", "pop3s":
		return p.pop3(l, b)
	}
	return p.smtp(l, b)
}

// smtp: each command, each answer to a 334 and each mail gets one reply, of one
// line or more, in the order in which they were sent (RFC 5321 §4.2, RFC 2920
// §3.1).
func (p *pairing) smtp(l uint32, b *LineBody) uint32 {
	if !b.FromServer {
		if b.Role == dialog.Body {
			if n := len(p.open); n > 0 && p.open[n-1].body {
				p.open[n-1].body = false
				return p.open[n-1].line
			}
		}
		p.open = append(p.open, openCommand{line: l, body: b.Verb == "BDAT"})
		return 0
	}
	if len(p.open) == 0 {
		return 0
	}
	to := p.open[0].line
	if more := len(b.Text) > 3 && b.Text[3] == '-'; !more {
		p.open = p.open[1:]
	}
	return to
}

// pop3: each command gets one answer; what follows its first line, up to the
// lone dot, belongs to it (RFC 1939 §3, RFC 2449 §6.6).
func (p *pairing) pop3(l uint32, b *LineBody) uint32 {
	if !b.FromServer {
		p.open = append(p.open, openCommand{line: l})
		return 0
	}
	status := strings.HasPrefix(b.Text, "+") || strings.HasPrefix(b.Text, "-ERR")
	if b.Role == dialog.Body || !status || len(p.open) == 0 {
		return p.answering
	}
	p.answering = p.open[0].line
	p.open = p.open[1:]
	return p.answering
}

// imap: an answer has its command's tag; what has none comes while a command is
// at work, or of itself (RFC 9051 §2.2).
func (p *pairing) imap(l uint32, b *LineBody) uint32 {
	if !b.FromServer {
		if b.Role == dialog.Command {
			tag, _, _ := strings.Cut(b.Text, " ")
			p.open = append(p.open, openCommand{line: l, tag: tag})
			return 0
		}
		if n := len(p.open); n > 0 { // a literal, or what a continuation asked for
			return p.open[n-1].line
		}
		return 0
	}
	if len(p.open) == 0 {
		return 0
	}
	tag, _, _ := strings.Cut(b.Text, " ")
	if b.Role == dialog.Reply {
		for i, o := range p.open {
			if o.tag == tag {
				p.open = append(p.open[:i:i], p.open[i+1:]...)
				return o.line
			}
		}
	}
	return p.open[0].line
}
