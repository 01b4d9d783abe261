package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"
)

// Mode says what a server is for.
type Mode uint8

// The modes of a server.
const (
	// Relay takes mail from other servers, on port 25.
	Relay Mode = iota
	// Submission takes mail from users, on port 587, and asks them who they are
	// (RFC 6409 §4.3).
	Submission
)

// String returns "relay" or "submission".
func (m Mode) String() string {
	if m == Submission {
		return "submission"
	}
	return "relay"
}

// Defaults of a Server.
const (
	DefaultMaxSize       = 25 << 20        // octets
	DefaultMaxRecipients = 1000            // RFC 5321 §4.5.3.1.8 asks for 100 at least
	DefaultMaxErrors     = 20              // in one session
	DefaultTimeout       = 5 * time.Minute // RFC 5321 §4.5.3.2.7
	maxCommandLine       = 2048            // octets; RFC 5321 §4.5.3.1.4 and what extensions add to it
	maxResponseLine      = 12288           // octets, RFC 4954 §4
)

// Errors with which a session ends, besides those of its connection and context.
var (
	// ErrTooManyErrors says that the client was sent away for its errors.
	ErrTooManyErrors = errors.New("smtp: too many errors")
	// ErrAnswered says that a hook answered a content in the server's stead.
	ErrAnswered = errors.New("smtp: answered by a hook")
)

// Server is an SMTP server. The zero value with a Backend works; it must not be
// changed while a session runs. One Server may run many sessions at once.
type Server struct {
	// Hostname is the server's name in the greeting and elsewhere; empty is
	// "localhost".
	Hostname string
	// Software is named in the greeting if not empty.
	Software string
	Mode     Mode
	Backend  Backend
	// MaxSize is the largest content in octets, line ends counted as two (RFC
	// 1870 §5); 0 means DefaultMaxSize.
	MaxSize int64
	// MaxRecipients is the most recipients of one mail; 0 means
	// DefaultMaxRecipients. Below 100 is a violation of RFC 5321 §4.5.3.1.8.
	MaxRecipients int
	// MaxErrors is the number of failed commands at which the session is ended
	// (RFC 5321 §7.8); 0 means DefaultMaxErrors. A recipient that the backend
	// refuses is no error: a list may have many dead members.
	MaxErrors int
	// Chunking offers CHUNKING: content may come by BDAT (RFC 3030 §2). A session
	// then holds up to MaxSize octets of it in memory.
	Chunking bool
	// BinaryMIME offers BINARYMIME, and CHUNKING with it (RFC 3030 §3). The backend
	// gets content that need not consist of lines and that DATA cannot carry.
	BinaryMIME bool
	// SMTPUTF8 offers internationalized addresses and headers (RFC 6531 §3.1). The
	// backend gets paths that are not ASCII.
	SMTPUTF8 bool
	// DSN offers the parameters of delivery status notifications (RFC 3461 §4). The
	// backend has to heed them.
	DSN bool
	// Limits are announced by LIMITS, if there are any, and kept to (RFC 9422 §3).
	// One over 999999 is kept to and not announced.
	Limits Limits
	// Mechanisms are the SASL mechanisms offered, of "PLAIN" and "LOGIN". Nil
	// means both for Submission and none for Relay.
	Mechanisms []string
	// AllowCleartext lets a client send its password over a connection that is
	// not encrypted. Without it AUTH is not offered there (RFC 4954 §4).
	AllowCleartext bool
	// CommandTimeout is how long the client may take for a command, DataTimeout
	// how long it may fall silent within a content, WriteTimeout how long it may
	// take to receive a reply. 0 means DefaultTimeout.
	CommandTimeout, DataTimeout, WriteTimeout time.Duration
	// Now is the clock that deadlines are counted from; nil means time.Now.
	Now func() time.Time
}

// ServeConn runs one session on nc and closes nc at its end. It returns nil if
// the client said QUIT, and otherwise why the session ended: an error of the
// connection (io.EOF if the client just left), ErrTooManyErrors, ctx's error, or
// the *Reply of 421 that the backend or a hook ended it with. hooks may be nil.
//
// ctx is looked at before each read. A session that already waits for its client
// notices the end of ctx if a deadline in the past is set on nc, which makes the
// wait fail: it then says 421 and ends (RFC 5321 §3.8).
func (s *Server) ServeConn(ctx context.Context, nc net.Conn, hooks *Hooks) error {
	ss := newSession(ctx, s, nc, hooks)
	err := ss.run()
	if ss.backend != nil {
		ss.backend.Close()
	}
	if cerr := nc.Close(); err == nil && cerr != nil && !errors.Is(cerr, net.ErrClosed) {
		err = step("close", cerr)
	}
	return err
}

func (s *Server) hostname() string {
	if s.Hostname == "" {
		return "localhost"
	}
	return s.Hostname
}

func (s *Server) maxSize() int64 {
	if s.MaxSize <= 0 {
		return DefaultMaxSize
	}
	return s.MaxSize
}

func (s *Server) mechanisms() []string {
	if s.Mechanisms == nil && s.Mode == Submission {
		return []string{"PLAIN", "LOGIN"}
	}
	return s.Mechanisms
}

func (s *Server) now() time.Time { return clock(s.Now) }

func clock(now func() time.Time) time.Time {
	if now == nil {
		return time.Now()
	}
	return now()
}

func orDefault[T int | time.Duration](v, def T) T {
	if v <= 0 {
		return def
	}
	return v
}

// isTLS tells whether a connection is encrypted.
func isTLS(nc net.Conn) bool {
	_, ok := nc.(interface{ ConnectionState() tls.ConnectionState })
	return ok
}
