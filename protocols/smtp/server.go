package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"time"

	"mailwalk/protocols/sasl"
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
	DefaultMaxSize         = 25 << 20        // octets
	DefaultMaxRecipients   = 1000            // RFC 5321 §4.5.3.1.8 asks for 100 at least
	DefaultMaxErrors       = 20              // in one session
	DefaultMaxAuthFailures = 3               // in one session; RFC 4954 §9 asks for 3 at least
	DefaultTimeout         = 5 * time.Minute // RFC 5321 §4.5.3.2.7
	DefaultContentTimeout  = time.Hour
	slowest                = 100   // octets a second, of a content that goes on for longer
	maxCommandLine         = 2048  // octets; RFC 5321 §4.5.3.1.4 and what extensions add to it
	maxResponseLine        = 12288 // octets, RFC 4954 §4
)

// Errors with which a session ends, besides those of its connection and context.
var (
	// ErrTooManyErrors says that the client was sent away for its errors.
	ErrTooManyErrors = errors.New("smtp: too many errors")
	// ErrTooManyFailures says that the client was sent away for wrong credentials.
	ErrTooManyFailures = errors.New("smtp: too many failed authentications")
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
	// Without are keywords of extensions that are not offered, of those that are by
	// default: PIPELINING, SIZE and 8BITMIME. MaxSize holds all the same.
	Without []string
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
	// TLS allows STARTTLS (RFC 3207). Nil, or a configuration without a
	// certificate, means that it is not offered. A connection that is encrypted
	// already, such as a *tls.Conn, is taken as it is.
	TLS *tls.Config
	// ImplicitTLS begins TLS before the greeting, for port 465 (RFC 8314 §3.3). It
	// needs TLS.
	ImplicitTLS bool
	// RequireTLS refuses with 530 what is not needed to come to TLS (RFC 3207 §4). A
	// server that takes mail from anywhere must not do so.
	RequireTLS bool
	// Mechanisms are the SASL mechanisms offered, of those in [sasl.Mechanisms].
	// Nil means PLAIN and LOGIN for Submission and none for Relay. What the backend
	// cannot check is not offered: CRAM-MD5 and SCRAM-SHA-256 need a [Session] that
	// is a [sasl.Users].
	Mechanisms []string
	// AllowCleartext lets a client authenticate over a connection that is not
	// encrypted. Without it AUTH is not offered there (RFC 4954 §4).
	AllowCleartext bool
	// MaxAuthFailures is how often AUTH may be answered 535 in one session; the next
	// AUTH gets 421. 0 means DefaultMaxAuthFailures.
	MaxAuthFailures int
	// AuthDelay is called before a 535 is sent, with the number of those of the
	// session, and may take its time, so that guessing does. An error ends the
	// session. Nil means no delay.
	AuthDelay func(ctx context.Context, failures int) error
	// Rand is where challenges and nonces come from; nil means crypto/rand. Sessions
	// that run at once read from it at once.
	Rand io.Reader
	// DecoyKey makes users that do not exist look like others to a client of
	// SCRAM-SHA-256. It is secret; nil means one that is drawn for the process, from
	// crypto/rand.
	DecoyKey []byte
	// CommandTimeout is how long the client may take for a command or a response of
	// AUTH, DataTimeout how long it may fall silent within a content, WriteTimeout
	// how long it may take to receive a reply, HandshakeTimeout how long TLS may
	// take to begin. 0 means DefaultTimeout.
	CommandTimeout, DataTimeout, WriteTimeout, HandshakeTimeout time.Duration
	// ContentTimeout is how long a content, or a chunk of one, may take as a whole,
	// with a second more for each 100 octets of it, so that a client that sends
	// octet by octet does not hold on for ever. 0 means DefaultContentTimeout.
	ContentTimeout time.Duration
	// Now is the clock that deadlines are counted from; nil means time.Now.
	Now func() time.Time
}

// ServeConn runs one session on nc and closes nc at its end. It returns nil if
// the client said QUIT, and otherwise why the session ended: an error of the
// connection (io.EOF if the client just left) or of its TLS handshake,
// ErrTooManyErrors, ErrTooManyFailures, ctx's error, or the *Reply of 421 that the backend or a hook ended it with. hooks may be nil.
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
	if cerr := ss.in.Close(); err == nil && cerr != nil && !errors.Is(cerr, net.ErrClosed) {
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
		return []string{sasl.Plain, sasl.Login}
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
