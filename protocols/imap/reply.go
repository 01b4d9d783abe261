package imap

import (
	"context"
	"errors"
	"strings"
)

// status is how a command ended.
//
// RFC 9051 §7.1
type status string

const (
	statusOK  status = "OK"
	statusNO  status = "NO"
	statusBAD status = "BAD"
)

// reply is a tagged response: status, response code without brackets, text. then,
// if set, is done after the reply was sent.
type reply struct {
	status status
	code   string
	text   string
	then   func() error
	// instead holds lines that a hook gave: they are sent in place of a reply.
	instead []string
}

func ok(text string) reply           { return reply{status: statusOK, text: text} }
func okCode(code, text string) reply { return reply{status: statusOK, code: code, text: text} }
func no(code, text string) reply     { return reply{status: statusNO, code: code, text: text} }
func bad(text string) reply          { return reply{status: statusBAD, text: text} }

// badSyntax answers a command that does not follow the grammar.
func badSyntax(verb string, err error) reply {
	return bad(verb + ": " + err.Error())
}

func (r reply) line(tag string) []byte {
	var b strings.Builder
	b.WriteString(tag + " " + string(r.status) + " ")
	if r.code != "" {
		b.WriteString("[" + r.code + "] ")
	}
	b.WriteString(r.text)
	return []byte(b.String())
}

// failure is the answer to a backend's error. The client learns no more than it
// can use; the hooks get the error itself.
func (s *session) failure(verb string, err error) reply {
	s.hooks.fault(verb, err)
	var told *Error
	switch {
	case errors.As(err, &told):
		return no(cleanText(told.Code), cleanText(told.Text))
	case errors.Is(err, ErrNoMailbox):
		return no("NONEXISTENT", "No such mailbox")
	case errors.Is(err, ErrMailboxExists):
		return no("ALREADYEXISTS", "There is a mailbox of that name")
	case errors.Is(err, ErrHasChildren):
		return no("HASCHILDREN", "There are mailboxes below that one")
	case errors.Is(err, ErrMessageGone):
		return no("EXPUNGEISSUED", "Some of the messages are gone")
	case errors.Is(err, ErrOverQuota):
		return no("OVERQUOTA", "No room left")
	case errors.Is(err, ErrReadOnly):
		return no("READ-ONLY", "Mailbox is read-only")
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return no("UNAVAILABLE", "Server is shutting down")
	default:
		return no("UNAVAILABLE", verb+" failed, try again later")
	}
}

// destinationFailure is failure for a command that stores into a mailbox: a
// missing one could be created (RFC 9051 §6.3.12, §6.4.7).
func (s *session) destinationFailure(verb string, err error) reply {
	r := s.failure(verb, err)
	if r.code == "NONEXISTENT" {
		r.code = "TRYCREATE"
	}
	return r
}

// cleanText keeps a backend's words on one line, in printable ASCII.
func cleanText(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == ']' {
			return '?'
		}
		return r
	}, s)
}
