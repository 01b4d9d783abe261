package pop3

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"time"

	"mailwalk/protocols/dialog"
)

// offersTLS tells whether STLS may be said now.
func (s *session) offersTLS() bool { return s.srv.TLS != nil && !private(s.conn.NetConn()) }

// stlsCmd agrees to go on under TLS (RFC 2595 §4).
func (s *session) stlsCmd(context.Context, []string) error {
	switch {
	case private(s.conn.NetConn()):
		return s.refuse("", "TLS is in use already")
	case s.srv.TLS == nil:
		return s.refuse("", "TLS is not set up here")
	}
	s.then = s.secure
	return s.ok("begin TLS negotiation")
}

// secure puts the rest of the session into TLS. What a client sent behind STLS without
// waiting is taken for the beginning of the handshake: commands that somebody slipped
// in there are not obeyed, but make it fail, and then nothing more is said.
func (s *session) secure(ctx context.Context) error {
	before := dialog.Cleartext{FromClient: s.conn.ReadOffset(), FromServer: s.conn.WriteOffset(), Early: s.conn.Buffered()}
	early := make([]byte, before.Early)
	if _, err := io.ReadFull(s.conn, early); err != nil {
		return fmt.Errorf("STLS: %w", err)
	}
	conn := dialog.TLSServer(s.conn.NetConn(), early, s.srv.TLS, s.srv.now)
	if _, err := conn.Secure(ctx, s.srv.now().Add(s.srv.idleTimeout()), s.hooks.tls(), before); err != nil {
		return fmt.Errorf("STLS: %w", err)
	}
	s.attach(conn)
	s.named = ""
	return nil
}

// ErrEarlyReply says that there were words in the clear behind the answer to STLS.
// They are not the server's.
var ErrEarlyReply = errors.New("words in the clear behind the answer to STLS")

// StartTLS puts the rest of the session into TLS (RFC 2595 §4), before the login. What
// the server said of its capabilities before is to be forgotten. config must have a
// ServerName or InsecureSkipVerify.
//
// A *ServerError leaves the session as it was. After any other error the client is
// unusable.
func (c *Client) StartTLS(ctx context.Context, config *tls.Config) error {
	if private(c.conn.NetConn()) {
		return fmt.Errorf("pop3: STLS: %w: TLS is in use already", ErrArgument)
	}
	if _, err := c.do(ctx, "STLS", "STLS"); err != nil {
		return err
	}
	if c.conn.Buffered() > 0 {
		return c.spoil(ctx, "STLS", ErrEarlyReply)
	}
	if err := c.secure(ctx, config); err != nil {
		return c.spoil(ctx, "STLS", err)
	}
	return nil
}

// secure makes the handshake and begins the dialogue anew within TLS.
func (c *Client) secure(ctx context.Context, config *tls.Config) error {
	deadline := c.opts.Now().Add(c.opts.Timeout)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	conn := dialog.TLSClient(c.conn.NetConn(), config, c.opts.Now)
	before := dialog.Cleartext{FromClient: c.conn.WriteOffset(), FromServer: c.conn.ReadOffset()}
	if _, err := conn.Secure(ctx, deadline, c.opts.Hooks.tls(), before); err != nil {
		return err
	}
	c.conn = dialog.NewClient(conn, c.opts.Hooks.dialog())
	c.deadline = time.Time{} // that of the handshake is set
	return nil
}
