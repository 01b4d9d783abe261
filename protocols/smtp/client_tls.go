package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"mailwalk/protocols/dialog"
)

// Errors of going under TLS.
var (
	// ErrNoTLS says that the server does not offer TLS, or was told to begin with it
	// and has no configuration for it.
	ErrNoTLS = errors.New("smtp: the server does not offer TLS")
	// ErrEarlyReply says that there were words in the clear behind the answer to
	// STARTTLS. They are not the server's.
	ErrEarlyReply = errors.New("smtp: words in the clear behind the answer to STARTTLS")
	// ErrBroken is that of every method after a handshake that failed: nothing more
	// may be said in the clear. It wraps why.
	ErrBroken = errors.New("smtp: TLS has failed on this connection")
)

// TLSPolicy says what a client does where TLS is not to be had.
type TLSPolicy uint8

// The policies.
const (
	// TLSOpportunistic goes on in the clear if the server does not offer STARTTLS or
	// refuses it (RFC 3207 §6 says what that is worth).
	TLSOpportunistic TLSPolicy = iota
	// TLSRequired fails with ErrNoTLS then.
	TLSRequired
)

// String returns "opportunistic" or "required".
func (p TLSPolicy) String() string {
	if p == TLSRequired {
		return "required"
	}
	return "opportunistic"
}

// HelloTLS says EHLO, goes under TLS as the policy says, and says EHLO again. It
// returns the last reply to EHLO. A handshake that fails is an error whatever the
// policy: who would rather go on in the clear needs another connection.
//
// Whether the server is the right one is checked as config says; for a server that
// was found by MX records nobody can vouch, so that an opportunistic client sets
// InsecureSkipVerify, or knows better.
func (c *Client) HelloTLS(ctx context.Context, policy TLSPolicy, config *tls.Config) (*Reply, error) {
	r, err := c.Hello(ctx)
	if err != nil {
		return r, err
	}
	refusal, err := c.StartTLS(ctx, config)
	switch {
	case err == nil:
		return c.Hello(ctx)
	case policy == TLSOpportunistic && errors.Is(err, ErrNoTLS):
		return r, nil
	case policy == TLSOpportunistic && refusal != nil && refusal.Negative() && refusal.Code != 421:
		return r, nil
	}
	return refusal, err
}

// StartTLS puts the rest of the session into TLS (RFC 3207 §4). It is said after
// EHLO and before anything else; afterwards what the server said before is forgotten,
// and EHLO has to be said again (RFC 3207 §4.2). config must have a ServerName or
// InsecureSkipVerify.
//
// A reply that says no leaves the session as it was, and so does ErrNoTLS. After
// any other error only Close is of use.
func (c *Client) StartTLS(ctx context.Context, config *tls.Config) (*Reply, error) {
	if !c.extensions.Has("STARTTLS") || isTLS(c.out.Conn) {
		return nil, step("STARTTLS", ErrNoTLS)
	}
	if config == nil {
		return nil, step("STARTTLS", noConfig())
	}
	r, err := c.command(ctx, "STARTTLS", true)
	if r, err = expect("STARTTLS", r, err, 2); err != nil {
		return r, err
	}
	if c.c.Buffered() > 0 {
		return r, c.fail("STARTTLS", ErrEarlyReply)
	}
	if err := c.secure(ctx, config); err != nil {
		return r, c.fail("STARTTLS", err)
	}
	c.extensions = nil
	return r, nil
}

// ImplicitTLS begins TLS before a word is said, as port 465 has it (RFC 8314
// §3.3). It is called first of all.
func (c *Client) ImplicitTLS(ctx context.Context, config *tls.Config) error {
	if c.greeted || isTLS(c.out.Conn) {
		return step("TLS", fmt.Errorf("%w: the session has begun", ErrArgument))
	}
	if config == nil {
		return step("TLS", noConfig())
	}
	if err := c.begin(ctx); err != nil {
		return step("TLS", err)
	}
	if err := c.secure(ctx, config); err != nil {
		return c.fail("TLS", err)
	}
	return nil
}

func noConfig() error { return fmt.Errorf("%w: no TLS configuration", ErrArgument) }

// secure makes the handshake and begins the dialogue anew within TLS.
func (c *Client) secure(ctx context.Context, config *tls.Config) error {
	before := Cleartext{FromClient: c.c.WriteOffset(), FromServer: c.c.ReadOffset()}
	conn := dialog.TLSClient(c.out.Conn, config, c.out.now)
	_, err := conn.Secure(ctx, earlier(c.out.now().Add(c.t.Command), c.out.limit), &c.opts.TLSHooks, before)
	if err != nil {
		return err
	}
	// What the handshake has allowed itself is over.
	if err := conn.SetDeadline(time.Time{}); err != nil {
		return err
	}
	c.out.Conn = conn
	c.c = dialog.NewClient(c.out, c.opts.Hooks)
	return nil
}

// fail closes a connection on which nothing may be said any more.
func (c *Client) fail(what string, why error) error {
	c.broken = fmt.Errorf("%w: %w", ErrBroken, why)
	if err := c.out.Conn.Close(); err != nil {
		why = errors.Join(why, step("close", err))
	}
	return step(what, why)
}
