package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
)

// Peer is what a server knows of the client at the other end.
type Peer struct {
	Addr  net.Addr // the client's address
	Local net.Addr // the server's own
	// Hello is the name in EHLO or HELO, "" before. It is what the client claims;
	// nothing was checked but its syntax.
	Hello string
	ESMTP bool // EHLO was said, not HELO
	TLS   bool // the connection is encrypted
	// TLSState is what the handshake has settled, nil if the connection is not
	// encrypted. It must not be changed.
	TLSState *tls.ConnectionState
	// UTF8 tells that the transaction at hand is one with SMTPUTF8; it is false
	// but in Data.
	UTF8 bool
	// Authenticated tells whether AUTH succeeded; User and Identity are of then.
	Authenticated bool
	User          string // whose password was given
	Identity      string // on whose behalf, "" for the user's own
}

// Protocol returns the keyword of the mail's transmission for the WITH clause of
// Received, such as SMTP, ESMTPA (RFC 3848 §1) or UTF8SMTPS (RFC 6531 §4.3).
func (p Peer) Protocol() string {
	if !p.ESMTP {
		return "SMTP"
	}
	with := "ESMTP"
	if p.UTF8 {
		with = "UTF8SMTP"
	}
	if p.TLS {
		with += "S"
	}
	if p.Authenticated {
		with += "A"
	}
	return with
}

// Recipient is one recipient of an envelope.
type Recipient struct {
	To     Path
	Params RcptParams
}

// Envelope is what the server and the client agree on before the content: from
// where, to whom. It decides where the mail goes; the header does not (RFC 5321
// §2.3.1).
type Envelope struct {
	From       Path
	Params     MailParams
	Recipients []Recipient
}

// Backend is the mail system behind a server.
type Backend interface {
	// NewSession is called when a client has connected, before the greeting. An
	// error that is a *Reply becomes the greeting: 554 and 421 are in place (RFC
	// 5321 §3.1). Any other error becomes 421 4.3.0.
	NewSession(ctx context.Context, peer Peer) (Session, error)
}

// Session is the backend's side of one connection. Its methods are called one
// after the other.
//
// A method refuses with an error that is, or wraps, a *Reply: that reply is sent
// and what wraps it goes to the log ([Hooks].Error). A *Reply that says yes, such
// as 251 from Rcpt, is sent and counts as success. A *Reply of 421 ends the
// session. Any other error is for the log and the client gets 451 4.3.0.
type Session interface {
	// Auth checks a user's password, for the mechanisms that show it; a Session that
	// is a [sasl.Users] serves the others. identity is on whose behalf the user wants to
	// act, "" for the user's own. A wrong password is [BadCredentials]; an error
	// that is no *Reply becomes 454 4.7.0. Whatever a 535 says, the client gets that
	// of BadCredentials.
	Auth(ctx context.Context, mechanism, identity, user, password string) error
	// Mail begins a transaction.
	Mail(ctx context.Context, from Path, params MailParams) error
	// Rcpt adds a recipient.
	Rcpt(ctx context.Context, to Path, params RcptParams) error
	// Data takes the content, with dots unstuffed and CRLF line ends, and ends the
	// transaction. The mail may be kept only if Read has returned io.EOF: any
	// other error says that the content is bad, too large, or not whole, and then
	// the server answers with what it knows of it. What Data leaves unread is read
	// and dropped. text is shown to the client after 250 2.0.0; "" is "OK". Once
	// Data returns no error, the mail is this server's to deliver (RFC 5321
	// §4.2.5).
	Data(ctx context.Context, peer Peer, env Envelope, r io.Reader) (text string, err error)
	// Reset ends a transaction that comes to no Data.
	Reset()
	// Close ends the session and any transaction in it. It is called once.
	Close()
}

// Greeter is a Session that wants to know the client's name, and may refuse it.
type Greeter interface {
	// Hello is called for each EHLO and HELO that is well formed.
	Hello(ctx context.Context, peer Peer) error
}

// Verifier is a Session that answers VRFY. Without it each VRFY gets 252, which
// says neither yes nor no (RFC 5321 §7.3).
type Verifier interface {
	// Verify returns the reply to VRFY: 250 and the mailbox, 252, 550, 551 or 553
	// (RFC 5321 §3.5.1). what is the command's argument.
	Verify(ctx context.Context, what string) (*Reply, error)
}

// BadCredentials returns the refusal of a wrong user name or password, which
// does not say which of the two it was (RFC 4954 §6).
func BadCredentials() *Reply {
	return NewReply(535, Enhanced{5, 7, 8}, "Authentication credentials invalid")
}

// asReply returns the reply in err, if there is a fit one.
func asReply(err error) (*Reply, bool) {
	var r *Reply
	if !errors.As(err, &r) || r.Check() != nil || r.Intermediate() {
		return nil, false
	}
	return r, true
}
