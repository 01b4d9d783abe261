package imap

import (
	"context"
	"fmt"
	"strings"

	"mailwalk/protocols/dialog"
)

// say puts one line into the write buffer.
func (s *session) say(role dialog.Role, line []byte) error {
	s.patience()
	return s.c.WriteLine(role, line, false)
}

// patience gives the client time anew to take what is written next.
func (s *session) patience() {
	s.c.patience(orDefault(s.srv.WriteTimeout, defaultWriteTimeout))
}

func (s *session) flush() error { return s.c.Flush() }

// untagged begins an untagged response.
func (s *session) untagged(text string) *encoder {
	e := &encoder{utf8: s.rev2}
	return e.raw("* " + text)
}

// send puts an untagged response into the write buffer.
func (s *session) send(e *encoder) error {
	s.patience()
	return s.c.write(e.done(), dialog.Untagged, dialog.Untagged)
}

// tell sends an untagged response without literals.
func (s *session) tell(format string, args ...any) error {
	return s.send(s.untagged(fmt.Sprintf(format, args...)))
}

// answer ends a command.
func (s *session) answer(tag string, r reply) error {
	lines := r.instead
	if lines == nil {
		lines = []string{string(r.line(tag))}
	}
	for _, line := range lines {
		if err := s.say(roleOf(line), []byte(line)); err != nil {
			return err
		}
	}
	return s.flush()
}

func roleOf(line string) dialog.Role {
	switch {
	case strings.HasPrefix(line, "* "):
		return dialog.Untagged
	case strings.HasPrefix(line, "+"):
		return dialog.Continuation
	default:
		return dialog.Reply
	}
}

// capabilities lists what the server can do in the session's state.
//
// RFC 9051 §6.1.1, §7.2.2. IMAP4rev1 beside IMAP4rev2: RFC 9051 §A. ENABLE
// changes nothing in the list (RFC 9051 §6.3.1).
func (s *session) capabilities() string {
	caps := []string{"IMAP4rev1", "IMAP4rev2"}
	if s.state == NotAuthenticated {
		if s.srv.TLSConfig != nil && !s.encrypted {
			caps = append(caps, "STARTTLS")
		}
		if s.passwordsAllowed() {
			caps = append(caps, "AUTH=PLAIN", "SASL-IR")
		} else {
			caps = append(caps, "LOGINDISABLED")
		}
	}
	if s.srv.LiteralPlus {
		caps = append(caps, "LITERAL+")
	} else {
		caps = append(caps, "LITERAL-")
	}
	caps = append(caps, "ENABLE", "ID")
	if s.state != NotAuthenticated {
		caps = append(caps,
			"IDLE",          // RFC 2177
			"NAMESPACE",     // RFC 2342
			"UNSELECT",      // RFC 3691
			"UIDPLUS",       // RFC 4315
			"MOVE",          // RFC 6851
			"ESEARCH",       // RFC 4731
			"SEARCHRES",     // RFC 5182
			"LIST-EXTENDED", // RFC 5258
			"LIST-STATUS",   // RFC 5819
			"SPECIAL-USE",   // RFC 6154
			"STATUS=SIZE",   // RFC 8438
			fmt.Sprintf("APPENDLIMIT=%d", s.appendLimit()), // RFC 7889
		)
	}
	return strings.Join(caps, " ")
}

func (s *session) capability(_ context.Context, c *call) (reply, error) {
	if err := c.end(); err != nil {
		return badSyntax(c.verb, err), nil
	}
	return ok("CAPABILITY completed"), s.tell("CAPABILITY %s", s.capabilities())
}

// noop is also CHECK of IMAP4rev1, which has no more to do here.
func (s *session) noop(_ context.Context, c *call) (reply, error) {
	if err := c.end(); err != nil {
		return badSyntax(c.verb, err), nil
	}
	return ok(c.verb + " completed"), nil
}

// logout says BYE, then OK, and then the connection closes.
//
// RFC 9051 §6.1.3
func (s *session) logout(_ context.Context, c *call) (reply, error) {
	if err := c.end(); err != nil {
		return badSyntax(c.verb, err), nil
	}
	s.deselect(c.verb)
	r := ok("LOGOUT completed")
	r.then = func() error { s.enter(Logout); return nil }
	return r, s.tell("BYE IMAP4rev2 server logging out")
}

// Limits of RFC 2971 §3.3.
const (
	maxIDFields = 30
	maxIDName   = 30
	maxIDValue  = 1024
)

func (s *session) id(_ context.Context, c *call) (reply, error) {
	if c.peek() == ' ' {
		c.sp()
	}
	if c.peek() == '(' {
		n := 0
		c.list(0, func() {
			name := c.str()
			c.sp()
			value, _ := c.nstring()
			if n++; n > maxIDFields || len(name) > maxIDName || len(value) > maxIDValue {
				c.fail("fewer or shorter fields")
			}
		})
	} else if c.ok() && c.word() != "NIL" {
		c.fail("a list of fields or NIL")
	}
	if err := c.end(); err != nil {
		return badSyntax(c.verb, err), nil
	}
	e := s.untagged("ID ")
	if s.srv.Software == "" {
		e.raw("NIL")
	} else {
		e.raw(`("name" `).str(s.srv.Software).raw(")")
	}
	return ok("ID completed"), s.send(e)
}

// enable turns on IMAP4rev2, the one thing here that has to be turned on.
//
// RFC 9051 §6.3.1
func (s *session) enable(_ context.Context, c *call) (reply, error) {
	var names []string
	for c.ok() && (len(names) == 0 || !c.atEnd()) {
		c.sp()
		names = append(names, c.word())
	}
	if err := c.end(); err != nil {
		return badSyntax(c.verb, err), nil
	}
	enabled := ""
	for _, name := range names {
		if name == "IMAP4REV2" && !s.rev2 {
			s.rev2 = true
			enabled = " IMAP4rev2"
		}
	}
	return ok("ENABLE completed"), s.tell("ENABLED%s", enabled)
}

// namespace tells of one namespace, the user's own.
//
// RFC 9051 §6.3.10
func (s *session) namespace(_ context.Context, c *call) (reply, error) {
	if err := c.end(); err != nil {
		return badSyntax(c.verb, err), nil
	}
	return ok("NAMESPACE completed"), s.tell(`NAMESPACE (("" "/")) NIL NIL`)
}

// uid hands on to the command that it stands before.
//
// RFC 9051 §6.4.9
func (s *session) uid(ctx context.Context, c *call) (reply, error) {
	c.sp()
	c.verb = "UID " + c.word()
	c.uid = true
	switch c.verb {
	case "UID FETCH":
		return s.fetch(ctx, c)
	case "UID STORE":
		return s.store(ctx, c)
	case "UID SEARCH":
		return s.search(ctx, c)
	case "UID COPY", "UID MOVE":
		return s.copy(ctx, c)
	case "UID EXPUNGE":
		return s.expunge(ctx, c)
	default:
		if c.ok() {
			c.fail("a command that takes unique identifiers")
		}
		return badSyntax("UID", c.err), nil
	}
}
