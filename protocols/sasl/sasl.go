package sasl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Errors of an exchange. All others are those of a Users, of the source of random
// octets, or of the context.
var (
	// ErrRefused says that the client did not prove who it is: the user is unknown,
	// the proof wrong, or the message malformed. A server does not tell the client
	// which. What a mechanism finds wrong is a *[Refusal].
	ErrRefused = errors.New("sasl: credentials refused")
	// ErrNoUser is what a Users returns for a user that it does not have.
	ErrNoUser = errors.New("sasl: no such user")
	// ErrMechanism says that a mechanism is not known, or lacks what it needs.
	ErrMechanism = errors.New("sasl: unknown mechanism")
	// ErrServer says that the server sent what the mechanism does not have, or did
	// not prove that it knows the password: it may be another's.
	ErrServer = errors.New("sasl: the server has not kept to the mechanism")
	// ErrCredentials says that a client's credentials cannot be said in the
	// mechanism.
	ErrCredentials = errors.New("sasl: credentials cannot be sent")
)

// Credentials are what a client proves itself with.
type Credentials struct {
	// Identity is on whose behalf the user acts, "" for the user's own. Not every
	// mechanism can say it.
	Identity string
	User     string
	Password string
}

// Passwords checks a password that the client has shown: what PLAIN and LOGIN
// need.
type Passwords interface {
	// Auth returns nil if the password is the user's and the user may act as
	// identity, "" for the user's own.
	Auth(ctx context.Context, mechanism, identity, user, password string) error
}

// Users has what a proof is checked against that does not show the password: what
// CRAM-MD5 and SCRAM-SHA-256 need. A user that does not exist is ErrNoUser, which
// may be wrapped: the exchange then goes on to its end as if there were one.
type Users interface {
	// Password returns a user's password, for CRAM-MD5.
	Password(ctx context.Context, user string) (string, error)
	// Verifier returns what is kept of a user's password, for SCRAM-SHA-256.
	Verifier(ctx context.Context, user string) (Verifier, error)
	// Authorize is called when the user has proved who it is, and returns nil if it
	// may act as identity, "" for its own.
	Authorize(ctx context.Context, mechanism, identity, user string) error
}

// Server is the server's side of one exchange.
type Server interface {
	// Next takes a response and returns the next challenge. The first call has the
	// initial response, nil if the client has sent none; an empty one is not nil.
	// done says that the client has proved who it is; then there is no challenge. No
	// call may follow done or an error.
	Next(ctx context.Context, response []byte) (challenge []byte, done bool, err error)
	// Who returns who has authenticated, or tried to as far as it is known.
	Who() (identity, user string)
}

// ServerOptions are what the mechanisms of a server work with.
type ServerOptions struct {
	Passwords Passwords // for PLAIN and LOGIN
	Users     Users     // for CRAM-MD5 and SCRAM-SHA-256
	Hostname  string    // for CRAM-MD5's challenge
	Now       time.Time // for CRAM-MD5's challenge
	Rand      io.Reader // of nonces
	// DecoyKey makes the salts of users that do not exist, so that they cannot be
	// told from others (RFC 5802 §7). It is secret, and the same for all exchanges.
	DecoyKey []byte
}

// Has tells whether a mechanism is known and the options have what it needs.
func (o ServerOptions) Has(mechanism string) bool {
	m, ok := Lookup(mechanism)
	if m.ShowsPassword {
		return o.Passwords != nil
	}
	return ok && o.Users != nil
}

// NewServer begins an exchange. The error is ErrMechanism.
func NewServer(mechanism string, o ServerOptions) (Server, error) {
	if !o.Has(mechanism) {
		return nil, fmt.Errorf("%w: %q", ErrMechanism, mechanism)
	}
	switch mechanism {
	case Plain:
		return &plainServer{passwords: o.Passwords}, nil
	case Login:
		return &loginServer{passwords: o.Passwords}, nil
	case CRAMMD5:
		return &cramServer{o: o}, nil
	}
	return &scramServer{o: o, h: sha256Hash}, nil
}

// Client is the client's side of one exchange.
type Client interface {
	// Start returns the initial response, nil if the server speaks first.
	Start() ([]byte, error)
	// Next takes a challenge and returns the response to it. An error that is
	// ErrServer is to end the exchange.
	Next(challenge []byte) ([]byte, error)
	// Finish is called when the server has said that the client is authenticated.
	// ErrServer says that it is not to be believed: it has not proved itself, where
	// the mechanism demands it.
	Finish() error
}

// ClientOptions are what the mechanisms of a client work with.
type ClientOptions struct {
	Rand io.Reader // of nonces
}

// NewClient begins an exchange. The error is ErrMechanism, or ErrCredentials if
// the mechanism cannot carry them.
func NewClient(mechanism string, c Credentials, o ClientOptions) (Client, error) {
	m, ok := Lookup(mechanism)
	switch {
	case !ok:
		return nil, fmt.Errorf("%w: %q", ErrMechanism, mechanism)
	case strings.ContainsRune(c.Identity+c.User+c.Password, 0):
		return nil, fmt.Errorf("%w: NUL in them", ErrCredentials)
	case c.Identity != "" && !m.HasIdentity:
		return nil, fmt.Errorf("%w: %s has no word for another identity", ErrCredentials, mechanism)
	}
	switch mechanism {
	case Plain:
		return &plainClient{c: c}, nil
	case Login:
		return &loginClient{c: c}, nil
	case CRAMMD5:
		return &cramClient{c: c}, nil
	}
	return newScramClient(c, o, sha256Hash)
}

// Refusal is why a client has not proved who it is, for the log. It matches
// ErrRefused.
type Refusal struct {
	User    string // as the client gave it, "" where it has not come to that
	Because string
}

func (r *Refusal) Error() string {
	if r.User == "" {
		return ErrRefused.Error() + ": " + r.Because
	}
	return fmt.Sprintf("%v: user %q: %s", ErrRefused, r.User, r.Because)
}

// Unwrap returns ErrRefused.
func (*Refusal) Unwrap() error { return ErrRefused }

// refused refuses who has not said for whom it speaks.
func refused(format string, args ...any) error {
	return &Refusal{Because: fmt.Sprintf(format, args...)}
}

// misproved refuses a user whose proof does not fit, or who does not exist.
func misproved(user string) error {
	return &Refusal{User: user, Because: "the proof does not fit"}
}

func badServer(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrServer}, args...)...)
}
