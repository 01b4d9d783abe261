package imap

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"mailwalk/protocols/dialog"
)

// Server holds what the sessions of one server share. Its fields must not be
// changed while a session runs. The zero values are fit for use, but for Backend.
type Server struct {
	// Hostname is told in the greeting.
	Hostname string
	// Software is told to who asks by ID (RFC 2971 §3.3); empty tells nothing.
	Software string
	// Backend has the users. It must be set.
	Backend Backend
	// TLSConfig allows STARTTLS. A connection that is encrypted already, such as a
	// *tls.Conn, is taken as it is.
	TLSConfig *tls.Config
	// ImplicitTLS begins TLS before the greeting, for port 993 (RFC 8314 §3.2). It
	// needs TLSConfig.
	ImplicitTLS bool
	// AllowCleartext allows passwords on a connection without TLS. Without it the
	// server says LOGINDISABLED there and refuses LOGIN and AUTHENTICATE PLAIN.
	AllowCleartext bool
	// MaxLiteral is the most octets that all literals of a command may have, that
	// of APPEND's message apart. 0 means 64 KiB.
	MaxLiteral int64
	// AppendLimit is the most octets of a message in APPEND (RFC 7889). 0 means
	// 32 MiB.
	AppendLimit int64
	// LiteralPlus tells LITERAL+ in place of LITERAL-: clients may then send
	// literals of any size without asking (RFC 7888 §5).
	LiteralPlus bool
	// LoginTimeout is how long a client may take until it is logged in. 0 means
	// three minutes.
	LoginTimeout time.Duration
	// IdleTimeout is how long a client that is logged in may be silent. RFC 9051
	// §5.4 wants 30 minutes at least; 0 means 30 minutes.
	IdleTimeout time.Duration
	// WriteTimeout is how long the client may take to accept one response. 0 means
	// five minutes.
	WriteTimeout time.Duration
	// MaxErrors is how many commands may be answered BAD, or logins refused, before
	// the session is ended. 0 means 10.
	MaxErrors int
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

const (
	defaultMaxLiteral   = 64 << 10
	defaultAppendLimit  = 32 << 20
	defaultLoginTimeout = 3 * time.Minute
	defaultIdleTimeout  = 30 * time.Minute
	defaultWriteTimeout = 5 * time.Minute
	defaultMaxErrors    = 10
)

func orDefault[T int | int64 | time.Duration](v, def T) T {
	if v <= 0 {
		return def
	}
	return v
}

func (s *Server) now() func() time.Time {
	if s.Now == nil {
		return time.Now
	}
	return s.Now
}

// ServeConn holds a session on nc, to its end, and closes nc. hooks may be nil.
//
// When ctx is done the session ends before the next command; to end one that waits
// in its connection, close the connection or set its deadline into the past. The
// error is nil if the client said LOGOUT or closed the connection between two
// lines.
func (s *Server) ServeConn(ctx context.Context, nc net.Conn, hooks *Hooks) error {
	sess := newSession(s, nc, hooks)
	err := sess.serve(ctx)
	sess.release()
	if cerr := sess.c.Close(); cerr != nil && err == nil && !errors.Is(cerr, net.ErrClosed) {
		// A client may be gone before the close: nothing is lost by then.
		hooks.fault("close", cerr)
	}
	if err != nil {
		return fmt.Errorf("imap: %w", err)
	}
	return nil
}

// session is one connection's dialogue.
type session struct {
	srv   *Server
	hooks *Hooks
	c     *wire
	now   func() time.Time

	state     State
	encrypted bool
	started   time.Time
	errors    int
	rev2      bool // ENABLE IMAP4rev2 was given

	user User
	box  *selected
}

func newSession(srv *Server, nc net.Conn, hooks *Hooks) *session {
	s := &session{srv: srv, hooks: hooks, now: srv.now()}
	s.encrypted = dialog.TLSState(nc) != nil
	s.attach(nc)
	s.started = s.now()
	return s
}

// attach begins a dialogue on nc, at the start and within TLS.
func (s *session) attach(nc net.Conn) {
	s.c = &wire{
		Conn:  dialog.NewServer(nc, s.hooks.dialog()),
		now:   s.now,
		waker: &waker{nc: nc},
		max:   maxLine,
	}
	s.c.Late = func() error { s.patience(); return nil }
}

func (s *session) enter(to State) {
	from := s.state
	s.state = to
	s.hooks.state(from, to)
}

// release gives back what the session holds of the backend.
func (s *session) release() {
	s.deselect("close")
	if s.user != nil {
		if err := s.user.Close(); err != nil {
			s.hooks.fault("close", err)
		}
		s.user = nil
	}
	s.enter(Logout)
}

// byeError ends a session with words to the client.
type byeError struct {
	code, text string
	cause      error
}

func (e *byeError) Error() string {
	if e.cause != nil {
		return e.text + ": " + e.cause.Error()
	}
	return e.text
}

func (e *byeError) Unwrap() error { return e.cause }

func (s *session) serve(ctx context.Context) error {
	err := s.converse(ctx)
	if errors.Is(err, errTimeout) {
		err = &byeError{"", "Autologout; idle for too long", err} // RFC 9051 §7.1.5
	}
	var bye *byeError
	if errors.As(err, &bye) {
		if werr := s.answer("*", reply{status: "BYE", code: bye.code, text: bye.text}); werr != nil {
			// The client may be gone or deaf: why the session ends is worth more.
			s.hooks.fault("bye", werr)
		}
	}
	if errors.Is(err, io.EOF) && len(s.c.line) == 0 {
		return nil
	}
	return unexpectedEOF(err)
}

func (s *session) converse(ctx context.Context) error {
	if s.srv.ImplicitTLS && !s.encrypted {
		if err := s.negotiate(ctx); err != nil {
			return err
		}
	}
	if err := s.greet(); err != nil {
		return fmt.Errorf("greeting: %w", err)
	}
	for s.state != Logout {
		if err := ctx.Err(); err != nil {
			return &byeError{"UNAVAILABLE", "Server is shutting down", err}
		}
		if s.errors >= orDefault(s.srv.MaxErrors, defaultMaxErrors) {
			return &byeError{"", "Too many errors", nil}
		}
		s.awaitCommand()
		in, err := s.readCommand()
		if err != nil {
			return fmt.Errorf("read command: %w", err)
		}
		if err := s.handle(ctx, in); err != nil {
			return err
		}
	}
	return nil
}

// awaitCommand sets the moment by which the client has to say something.
//
// RFC 9051 §5.4
func (s *session) awaitCommand() {
	if s.state == NotAuthenticated {
		s.c.until(s.started.Add(orDefault(s.srv.LoginTimeout, defaultLoginTimeout)))
	} else {
		s.c.until(s.now().Add(orDefault(s.srv.IdleTimeout, defaultIdleTimeout)))
	}
}

// progress is called while a literal comes in. Before login the whole must be in
// time, so that nobody holds a connection by one octet now and then.
func (s *session) progress() error {
	if s.state != NotAuthenticated {
		s.awaitCommand()
	}
	return nil
}

func (s *session) greet() error {
	text := "IMAP4rev2 service ready"
	if s.srv.Hostname != "" {
		text = s.srv.Hostname + " " + text
	}
	r := okCode("CAPABILITY "+s.capabilities(), text)
	if err := s.say(dialog.Greeting, r.line("*")); err != nil {
		return err
	}
	return s.flush()
}

// handle does one command and answers it.
func (s *session) handle(ctx context.Context, in *incoming) error {
	r := in.refusal
	if r.status == "" && r.instead == nil {
		var err error
		if r, err = s.dispatch(ctx, in); err != nil {
			return err
		}
	}
	if r.status == statusBAD || r.code == "AUTHENTICATIONFAILED" {
		s.errors++
	}
	if err := s.answer(in.tag, r); err != nil {
		return fmt.Errorf("write reply: %w", err)
	}
	if r.then != nil {
		return r.then()
	}
	return nil
}

// dispatch runs a command, and tells before its end what changed meanwhile.
func (s *session) dispatch(ctx context.Context, in *incoming) (reply, error) {
	r, err := in.cmd.run(s, ctx, in.call())
	if err != nil || s.box == nil || r.status == statusBAD || r.instead != nil {
		return r, err
	}
	if uerr := s.update(ctx, !in.cmd.keepNumbers); uerr != nil {
		var store *storeError
		if !errors.As(uerr, &store) {
			return r, fmt.Errorf("write updates: %w", uerr)
		}
		// The command itself was done: its reply stands.
		s.hooks.fault(in.verb, uerr)
	}
	return r, nil
}
