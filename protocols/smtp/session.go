package smtp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"mailwalk/protocols/dialog"
)

// session is one connection as the server sees it.
type session struct {
	srv     *Server
	ctx     context.Context
	c       *dialog.Conn
	in      *inlet
	hooks   *Hooks
	backend Session

	state     State
	peer      Peer
	env       Envelope
	chunks    chunks // of the content, so far
	used      usage  // of what LIMITS limits
	crowded   bool   // recipients of this transaction were too many
	verb      string // of the command at hand
	mistakes  int
	failures  int          // of AUTH
	then      func() error // after the reply at hand
	forgiving bool         // the reply at hand is no mistake of the client's
	end       error        // why the session ends after this reply, if state is StateEnd
}

// inlet is the connection as the dialogue reads and writes it. Before it waits
// for the client it sends what the client waits for: so pipelined replies leave
// together, and never too late (RFC 2920 §3.2).
type inlet struct {
	net.Conn
	ctx      context.Context
	now      func() time.Time
	flush    func() error
	deadline time.Time     // of the command that is being read, or
	block    time.Duration // how long one read may take within a content
	begun    time.Time     // when the content was
	got      int64         // octets of it
	whole    time.Duration // how long it may take, with a second more for slowest octets
	write    time.Duration
}

func (in *inlet) Read(p []byte) (int, error) {
	if err := in.flush(); err != nil {
		return 0, err
	}
	deadline := in.deadline
	if deadline.IsZero() {
		// Each octet may come in time and the content never end.
		most := in.begun.Add(in.whole + time.Duration(in.got/slowest)*time.Second)
		deadline = earlier(in.now().Add(in.block), most)
	}
	if err := in.SetReadDeadline(deadline); err != nil {
		return 0, err
	}
	// After the deadline was set: whoever ends ctx and then sets a deadline in the
	// past is noticed either here or by the read.
	if err := in.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := in.Conn.Read(p)
	in.got += int64(n)
	if err != nil && errors.Is(err, os.ErrDeadlineExceeded) && in.ctx.Err() != nil {
		err = in.ctx.Err()
	}
	return n, err
}

// content begins a content, for which each read has its own time.
func (in *inlet) content() { in.deadline, in.begun, in.got = time.Time{}, in.now(), 0 }

func (in *inlet) Write(p []byte) (int, error) {
	if err := in.SetWriteDeadline(in.now().Add(in.write)); err != nil {
		return 0, err
	}
	return in.Conn.Write(p)
}

func newSession(ctx context.Context, srv *Server, nc net.Conn, hooks *Hooks) *session {
	in := &inlet{
		Conn: nc, ctx: ctx, now: srv.now,
		block: orDefault(srv.DataTimeout, DefaultTimeout),
		whole: orDefault(srv.ContentTimeout, DefaultContentTimeout),
		write: orDefault(srv.WriteTimeout, DefaultTimeout),
	}
	s := &session{
		srv: srv, ctx: ctx, in: in, hooks: hooks,
		peer: Peer{Addr: nc.RemoteAddr(), Local: nc.LocalAddr(), TLS: isTLS(nc), TLSState: dialog.TLSState(nc)},
	}
	s.attach()
	return s
}

// run is the whole session.
func (s *session) run() error {
	if s.srv.ImplicitTLS && !s.peer.TLS {
		if s.srv.TLS == nil {
			s.finish(ErrNoTLS)
			return step("TLS", ErrNoTLS)
		}
		if err := s.secure(); err != nil {
			return err
		}
	}
	if err := s.greet(); err != nil {
		return err
	}
	for s.state != StateEnd {
		if err := s.command(); err != nil {
			return err
		}
	}
	return s.end
}

// to changes the state.
func (s *session) to(state State) {
	if state == s.state {
		return
	}
	from := s.state
	s.state = state
	s.hooks.state(from, state)
}

// finish ends the session after the reply at hand; why is nil after QUIT.
func (s *session) finish(why error) {
	s.end = why
	s.to(StateEnd)
}

func step(what string, err error) error { return fmt.Errorf("smtp: %s: %w", what, err) }

// greet opens the session (RFC 5321 §3.1).
func (s *session) greet() error {
	greeting := s.greeting()
	backend, err := s.srv.Backend.NewSession(s.ctx, s.peer)
	s.backend = backend
	if err != nil {
		s.hooks.failed("", step("new session", err))
		r, ok := asReply(err)
		if !ok {
			r = s.closing(Enhanced{}, "Local error, try again later")
		}
		greeting = r
		s.to(StateRefused)
		if r.Code == 421 {
			s.finish(err)
		}
	}
	if err := s.writeReply(dialog.Greeting, greeting.withoutEnhanced()); err != nil {
		return step("greeting", err)
	}
	if err := s.c.Flush(); err != nil {
		return step("greeting", err)
	}
	return nil
}

// greeting has no enhanced code (RFC 2034 §3). "ESMTP" in it is custom.
func (s *session) greeting() *Reply {
	text := s.srv.hostname() + " ESMTP"
	if s.srv.Software != "" {
		text += " " + s.srv.Software
	}
	return NewReply(220, Enhanced{}, "%s", text)
}

// closing is the reply before the server hangs up on its own account (RFC 5321
// §3.8); it begins with the server's name (RFC 5321 §4.2.2).
func (s *session) closing(enhanced Enhanced, text string) *Reply {
	return NewReply(421, enhanced, "%s %s, closing transmission channel", s.srv.hostname(), text)
}

// command reads one command line and answers it.
func (s *session) command() error {
	s.verb, s.forgiving = "", false
	u, lineErr, err := s.readLine(dialog.Command, maxCommandLine)
	if err != nil {
		return s.lost("read command", err)
	}
	line, answer := s.c.Received(u)
	var reply *Reply
	switch {
	case answer != nil:
		return s.answered(line, answer)
	case lineErr != nil:
		if errors.Is(lineErr, dialog.ErrLineTooLong) {
			s.odd(LongLine, line)
		} else {
			s.odd(BareLineEnd, line)
		}
		reply = s.badCommand(line, badLine(lineErr))
	default:
		s.oddLine(line)
		if reply, err = s.execute(line); err != nil {
			return err
		}
	}
	if reply == nil { // a hook has spoken already
		return nil
	}
	if err := s.reply(s.count(reply)); err != nil || s.then == nil {
		return err
	}
	then := s.then
	s.then = nil
	return then()
}

// readLine reads a line. lineErr says that the line is unfit, err that the
// connection is.
func (s *session) readLine(role dialog.Role, limit int) (u *dialog.Unit, lineErr, err error) {
	s.in.deadline = s.srv.now().Add(orDefault(s.srv.CommandTimeout, DefaultTimeout))
	from := s.c.ReadOffset()
	line, err := s.c.ReadLine(limit)
	if errors.Is(err, dialog.ErrLineTooLong) || errors.Is(err, dialog.ErrBareLineEnd) {
		lineErr, err = err, nil
	}
	if err != nil {
		return nil, nil, err
	}
	secret := role == dialog.Continuation || isAuthLine(line)
	return &dialog.Unit{Role: role, From: from, Text: line, Secret: secret}, lineErr, nil
}

// isAuthLine tells whether a line may hold a password: AUTH with an initial
// response. It is generous, since a line that is malformed may hold one too.
func isAuthLine(line []byte) bool {
	line = bytes.TrimLeft(line, " \t")
	if len(line) < len("AUTH") || !bytes.EqualFold(line[:len("AUTH")], []byte("AUTH")) {
		return false
	}
	words := bytes.Fields(line)
	return len(words) > 2 && len(words[0]) == len("AUTH")
}

func badLine(err error) *Reply {
	if errors.Is(err, dialog.ErrLineTooLong) {
		return NewReply(500, Enhanced{5, 5, 2}, "Line too long") // RFC 5321 §4.5.3.1.9
	}
	// RFC 5321 §2.3.8
	return NewReply(500, Enhanced{5, 5, 2}, "A line ends in CRLF, and neither CR nor LF stands alone")
}

// count counts mistakes and turns the last one that is put up with into 421, so
// that each command still has one reply.
func (s *session) count(r *Reply) *Reply {
	if !r.Negative() || s.forgiving || s.state == StateEnd {
		return r
	}
	s.mistakes++
	if s.mistakes < orDefault(s.srv.MaxErrors, DefaultMaxErrors) {
		return r
	}
	s.odd(ManyErrors, nil)
	s.finish(ErrTooManyErrors)
	return s.closing(Enhanced{4, 7, 0}, "Too many errors")
}

// reply sends the answer to the command at hand.
func (s *session) reply(r *Reply) error {
	if r.Code == 421 && s.state != StateEnd {
		s.finish(r)
	}
	if s.verb == "EHLO" || s.verb == "HELO" {
		r = r.withoutEnhanced()
	}
	if err := s.writeReply(dialog.Reply, r); err != nil {
		return step("write reply", err)
	}
	return s.flushAfter(s.verb)
}

// flushAfter sends what is buffered if the client waits for it in any case: at a
// command that ends a group (RFC 2920 §3.2), and at the end.
func (s *session) flushAfter(verb string) error {
	info, known := LookupCommand(verb)
	if known && !info.EndsGroup && s.state != StateEnd {
		return nil
	}
	if err := s.c.Flush(); err != nil {
		return step("write reply", err)
	}
	return nil
}

func (s *session) writeReply(role dialog.Role, r *Reply) error {
	return s.writeLines(role, r.Wire())
}

// writeLines writes the lines of one reply.
func (s *session) writeLines(role dialog.Role, lines []string) error {
	for i, line := range lines {
		if err := s.c.WritePart(role, []byte(line), i < len(lines)-1); err != nil {
			return err
		}
	}
	return nil
}

// lost ends the session for an error of reading. Where the client may still be
// there it is told why.
func (s *session) lost(what string, err error) error {
	var last *Reply
	switch {
	case s.ctx.Err() != nil && errors.Is(err, s.ctx.Err()):
		last = s.closing(Enhanced{4, 3, 2}, "Shutting down")
	case errors.Is(err, os.ErrDeadlineExceeded):
		s.odd(Slow, nil)
		last = s.closing(Enhanced{4, 4, 2}, "Timeout")
	}
	s.finish(err)
	if last != nil {
		werr := s.writeReply(dialog.Reply, last)
		if werr == nil {
			werr = s.c.Flush()
		}
		if werr != nil {
			err = errors.Join(err, step("write reply", werr))
		}
	}
	return step(what, err)
}

// forget clears the envelope and tells the backend unless it knows.
func (s *session) forget(tell bool) {
	open := s.state == StateMail || s.state == StateRcpt || s.state == StateChunk
	s.env, s.chunks, s.crowded = Envelope{}, chunks{}, false
	if open && tell {
		s.backend.Reset()
	}
	if open || s.state == StateData {
		s.to(StateReady)
	}
}

// refused turns a backend's error into the reply that the client gets, and tells
// the log of what the client does not get. r is nil if err is none.
func (s *session) refused(err error, otherwise *Reply) (r *Reply) {
	if err == nil {
		return nil
	}
	r, ok := asReply(err)
	if !ok {
		s.hooks.failed(s.verb, err)
		return otherwise
	}
	if error(r) != err {
		s.hooks.failed(s.verb, err)
	}
	return r
}

func localError() *Reply {
	return NewReply(451, Enhanced{4, 3, 0}, "Local error in processing")
}

// unexpected makes the end of the stream within something an error of its own.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
