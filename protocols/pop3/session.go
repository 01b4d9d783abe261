package pop3

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"

	"mailwalk/protocols/dialog"
)

// session is one client's connection to a server.
type session struct {
	srv      *Server
	conn     *dialog.Conn
	hooks    *Hooks
	mayLogin bool // with a password that goes over this connection as it is

	state State
	named string // by a USER that was the last command; "" for none
	quit  bool
	then  func(ctx context.Context) error // what follows on the reply; nil for nothing
	fault int                             // errors of the client so far

	drop     Maildrop // from login to end
	messages []MessageInfo
	deleted  []bool // marked, by index into messages
}

// attach begins a dialogue on nc, at the start and within TLS.
func (s *session) attach(nc net.Conn) {
	s.conn = dialog.NewServer(nc, s.hooks.dialog())
	s.conn.Late = s.armWrite
	s.mayLogin = s.srv.AllowCleartext || private(nc)
}

// run holds the dialogue. The maildrop is left to end.
func (s *session) run(ctx context.Context) error {
	if s.srv.ImplicitTLS && !private(s.conn.NetConn()) {
		if err := s.secure(ctx); err != nil {
			return err
		}
	}
	greeting := Response{OK: true, Text: s.srv.signature() + " ready"}
	if err := s.writeLine(dialog.Greeting, greeting.String()); err != nil {
		return err
	}
	if err := s.flush(); err != nil {
		return err
	}
	s.enter(Authorization)
	for !s.quit {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("session stopped: %w", err)
		}
		if err := s.next(ctx); err != nil {
			return err
		}
	}
	return nil
}

// end releases the maildrop if it still is held. Without QUIT nothing is
// removed from it (RFC 1939 §6).
func (s *session) end() error {
	err := s.release()
	s.enter(Closed)
	return err
}

// release gives the maildrop back, once.
func (s *session) release() error {
	if s.drop == nil {
		return nil
	}
	drop := s.drop
	s.drop = nil
	if err := drop.Close(); err != nil {
		s.hooks.failed("close", err)
		return fmt.Errorf("release the maildrop: %w", err)
	}
	return nil
}

func (s *session) enter(to State) {
	from := s.state
	s.state = to
	if from != to {
		s.hooks.state(from, to)
	}
}

// next reads one command, obeys it and sends the answer.
func (s *session) next(ctx context.Context) error {
	// One deadline for the whole line: a client that sends it octet by octet
	// gains no time.
	if err := s.conn.NetConn().SetReadDeadline(s.srv.now().Add(s.srv.idleTimeout())); err != nil {
		return fmt.Errorf("set the read deadline: %w", err)
	}
	from := s.conn.ReadOffset()
	line, lineErr := s.conn.ReadLine(MaxCommand)
	switch {
	case lineErr == nil, errors.Is(lineErr, dialog.ErrLineTooLong), errors.Is(lineErr, dialog.ErrBareLineEnd):
	case timedOut(lineErr):
		// The connection closes without a word (RFC 1939 §3).
		return fmt.Errorf("read a command: %w: %w", ErrIdle, lineErr)
	default:
		return fmt.Errorf("read a command: %w", lineErr)
	}
	line, answer := s.conn.Received(&dialog.Unit{Role: dialog.Command, From: from, Text: line, Secret: secret(line)})
	if answer != nil {
		for i, l := range answer {
			if err := s.writePart(l, i < len(answer)-1); err != nil {
				return err
			}
		}
		return s.flush()
	}
	if err := s.obey(ctx, line, lineErr); err != nil {
		// What was answered before the end should still arrive; that the session
		// ends is the news, not whether this succeeds too.
		return errors.Join(err, s.flush())
	}
	if err := s.flush(); err != nil || s.then == nil {
		return err
	}
	then := s.then
	s.then = nil
	return then(ctx)
}

// obey answers one line; lineErr is what was wrong with it as a line.
func (s *session) obey(ctx context.Context, line []byte, lineErr error) error {
	// PASS must follow right on USER (RFC 1939 §7), so what USER said lasts for
	// one command.
	named := s.named
	s.named = ""

	switch {
	case errors.Is(lineErr, dialog.ErrLineTooLong):
		return s.refuse("", fmt.Sprintf("a command is at most %d octets long", MaxCommand))
	case lineErr != nil:
		return s.refuse("", "a line ends in CRLF, and CR and LF stand nowhere else")
	}
	req, err := ParseCommand(line)
	if err != nil {
		return s.refuse("", err.Error())
	}
	cmd, known := lookup(req.Verb)
	switch {
	case !known:
		return s.refuse("", "unknown command")
	case !slices.Contains(cmd.States, s.state):
		return s.refuse("", fmt.Sprintf("%s is not for the %s state", cmd.Verb, s.state))
	case len(req.Args) < cmd.min || len(req.Args) > cmd.max:
		return s.refuse("", "syntax: "+cmd.arity())
	case cmd.Verb == "PASS":
		s.named = named
	}
	return cmd.run(s, ctx, req.Args)
}

// ok gives a positive answer.
func (s *session) ok(format string, args ...any) error {
	return s.respond(Response{OK: true, Text: fmt.Sprintf(format, args...)})
}

// deny gives a negative answer that is no error of the client.
func (s *session) deny(code, text string) error {
	return s.respond(Response{Code: code, Text: text})
}

// refuse gives a negative answer and counts it: too many end the session.
func (s *session) refuse(code, text string) error {
	s.fault++
	if s.fault < s.srv.maxErrors() {
		return s.deny(code, text)
	}
	if err := s.deny(code, text+"; too many errors, closing"); err != nil {
		return err
	}
	return ErrTooManyErrors
}

// broken gives a negative answer for a fault behind the server, of which the
// client learns only whether to try again.
func (s *session) broken(step string, err error, text string) error {
	s.hooks.failed(step, err)
	code := CodeTemporary
	if errors.Is(err, ErrPermanent) {
		code = CodePermanent
	}
	return s.deny(code, text)
}

func (s *session) respond(r Response) error {
	return s.writeLine(dialog.Reply, r.String())
}

func (s *session) writeLine(role dialog.Role, line string) error {
	if err := s.conn.WriteLine(role, []byte(line), false); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	return nil
}

// writePart writes a line of an answer; more says that the answer goes on.
func (s *session) writePart(line string, more bool) error {
	if err := s.conn.WritePart(dialog.Reply, []byte(line), more); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	return nil
}

// okMore gives a positive answer that goes on in the lines or the content behind it.
func (s *session) okMore(format string, args ...any) error {
	return s.writePart(Response{OK: true, Text: fmt.Sprintf(format, args...)}.String(), true)
}

// flush sends what was written. The time that a hook or the maildrop took is
// not the client's, so the deadline is set here.
func (s *session) flush() error {
	if err := s.armWrite(); err != nil {
		return err
	}
	if err := s.conn.Flush(); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	return nil
}

// armWrite gives the client time to take what is sent from now on.
func (s *session) armWrite() error {
	if err := s.conn.NetConn().SetWriteDeadline(s.srv.now().Add(s.srv.idleTimeout())); err != nil {
		return fmt.Errorf("set the write deadline: %w", err)
	}
	return nil
}
