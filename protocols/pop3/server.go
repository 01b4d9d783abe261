package pop3

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
	"unicode/utf8"

	"mailwalk/protocols/dialog"
)

// DefaultIdleTimeout is the shortest time without a command after which a
// server may end a session (RFC 1939 §3).
const DefaultIdleTimeout = 10 * time.Minute

// DefaultMaxErrors is how many errors a client may make in one session.
const DefaultMaxErrors = 10

// How a session ended, other than by QUIT or a broken connection.
var (
	// ErrIdle says that no command came for too long.
	ErrIdle = errors.New("idle for too long")
	// ErrTooManyErrors says that the client made too many errors.
	ErrTooManyErrors = errors.New("too many errors")
)

// Server serves maildrops. It may serve many connections at once, each by its
// own call of ServeConn; its fields must not change meanwhile.
type Server struct {
	// Hostname stands in the greeting and the farewell; it may be empty.
	Hostname string
	// Backend has the maildrops.
	Backend Backend
	// TLS allows STLS (RFC 2595 §4); nil does not offer it. A connection that is
	// encrypted already, such as a *tls.Conn, is taken as it is.
	TLS *tls.Config
	// ImplicitTLS begins TLS before the greeting, for port 995 (RFC 8314 §3.1). It
	// needs TLS.
	ImplicitTLS bool
	// AllowCleartext lets clients send their password over a connection without
	// TLS, for everybody on the way to read. If it is false they are refused
	// there (RFC 2595 §2.3) and CAPA does not list USER.
	AllowCleartext bool
	// IdleTimeout ends a session in which no whole command came for so long; zero
	// means DefaultIdleTimeout. A shorter one is obeyed, and breaks RFC 1939 §3.
	// An answer, too, may take no longer to be taken by the client, a message no
	// longer for each 64 KiB.
	IdleTimeout time.Duration
	// MaxErrors ends a session in which the client made so many errors: lines
	// that are no command, commands out of place, logins that failed. Zero means
	// DefaultMaxErrors.
	MaxErrors int
	// Now is the clock that deadlines are reckoned by; nil means time.Now.
	Now func() time.Time
	// Software is what CAPA says of the implementation (RFC 2449 §6.9); empty
	// says nothing.
	Software string
}

// ServeConn holds a session with the client at the other end of nc, and closes
// nc. hooks may be nil.
//
// It returns nil if the client said QUIT and all went well. Otherwise it says
// why the session ended or what went wrong in it: ErrIdle, ErrTooManyErrors,
// io.EOF for a client that left without QUIT, ctx's error, an error of the
// connection, or one of the maildrop; they are found with errors.Is.
//
// ctx goes to the Backend and is looked at between two commands. To end a
// session that waits for the client, close nc.
func (s *Server) ServeConn(ctx context.Context, nc net.Conn, hooks *Hooks) error {
	nc, err := s.serve(ctx, nc, hooks)
	// The server closes the connection after its farewell (RFC 1939 §3).
	if cerr := nc.Close(); cerr != nil {
		err = errors.Join(err, fmt.Errorf("close the connection: %w", cerr))
	}
	if err != nil {
		return fmt.Errorf("pop3: %w", err)
	}
	return nil
}

// serve returns the connection as it is at the end, to be closed.
func (s *Server) serve(ctx context.Context, nc net.Conn, hooks *Hooks) (net.Conn, error) {
	if err := s.check(); err != nil {
		return nc, fmt.Errorf("server: %w", err)
	}
	ses := &session{srv: s, hooks: hooks}
	ses.attach(nc)
	err := errors.Join(ses.run(ctx), ses.end())
	return ses.conn.NetConn(), err
}

// check makes sure that what the fields put on the wire can stand there.
func (s *Server) check() error {
	switch {
	case s.Backend == nil:
		return errors.New("no Backend")
	case s.ImplicitTLS && s.TLS == nil:
		return errors.New("ImplicitTLS without TLS")
	}
	// A "<" in the greeting would offer APOP (RFC 1939 §7).
	if len(s.Hostname) > 255 || strings.IndexFunc(s.Hostname, notVisible) >= 0 || strings.ContainsAny(s.Hostname, "<>[]") {
		return fmt.Errorf("the name %.80q cannot stand in a greeting", s.Hostname)
	}
	if len(s.Software) > 255 || !utf8.ValidString(s.Software) || strings.IndexFunc(s.Software, control) >= 0 {
		return fmt.Errorf("the software %.80q cannot stand in a capability", s.Software)
	}
	return nil
}

func (s *Server) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

func (s *Server) idleTimeout() time.Duration {
	if s.IdleTimeout <= 0 {
		return DefaultIdleTimeout
	}
	return s.IdleTimeout
}

func (s *Server) maxErrors() int {
	if s.MaxErrors <= 0 {
		return DefaultMaxErrors
	}
	return s.MaxErrors
}

// signature is how the server calls itself.
func (s *Server) signature() string {
	return strings.TrimPrefix(s.Hostname+" POP3 server", " ")
}

// private tells whether nc is under TLS.
func private(nc net.Conn) bool { return dialog.TLSState(nc) != nil }

// timedOut tells whether err is that of a deadline.
func timedOut(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}
