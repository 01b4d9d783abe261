package dialog

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"
)

// TLSHooks let a program look on at a TLS handshake, at either end of a
// connection. Every field may be nil.
//
// Within TLS the dialogue begins anew: the byte ranges of its units count from 0
// in the plaintext of each direction. What crosses the connection itself are TLS
// records, which begin where Cleartext says.
type TLSHooks struct {
	// Start is called before the handshake, when all that was said in the clear has
	// been sent.
	Start func(before Cleartext)
	// Done is called after the handshake. If err is not nil, it has failed: state
	// is what was settled until then, and the connection is closed without another
	// word.
	Done func(state tls.ConnectionState, err error)
}

// Cleartext is what was said on a connection before TLS: nothing where TLS is
// implicit (RFC 8314 §3).
type Cleartext struct {
	FromClient, FromServer int64 // octets
	// Early is how many octets behind the command that asks for TLS had come in before
	// it was answered. They are taken for the beginning of the handshake. A client has
	// none: it fails.
	Early int
}

// TLSConn is a connection under TLS. It has what tls.Conn has, but its deadlines are
// reckoned by a clock of the caller's: the Close of a tls.Conn sets one by the
// machine's.
type TLSConn struct {
	*tls.Conn
	beneath *transport
	now     func() time.Time
}

// TLSServer is the server's end of TLS on nc, of which early was read already. now is
// the clock of nc's deadlines.
func TLSServer(nc net.Conn, early []byte, config *tls.Config, now func() time.Time) *TLSConn {
	beneath := &transport{Conn: nc, early: early}
	return &TLSConn{tls.Server(beneath, config), beneath, now}
}

// TLSClient is the client's end of TLS on nc.
func TLSClient(nc net.Conn, config *tls.Config, now func() time.Time) *TLSConn {
	beneath := &transport{Conn: nc}
	return &TLSConn{tls.Client(beneath, config), beneath, now}
}

// Secure makes the handshake until deadline, which stays set, and tells the hooks of
// it. Where it fails nothing more may be said on the connection.
func (c *TLSConn) Secure(ctx context.Context, deadline time.Time, hooks *TLSHooks, before Cleartext) (tls.ConnectionState, error) {
	if hooks.Start != nil {
		hooks.Start(before)
	}
	err := c.handshake(ctx, deadline)
	state := c.ConnectionState()
	if hooks.Done != nil {
		hooks.Done(state, err)
	}
	return state, err
}

// handshake does not call HandshakeContext: it would start a goroutine that watches
// the context.
func (c *TLSConn) handshake(ctx context.Context, deadline time.Time) error {
	if err := c.beneath.SetDeadline(deadline); err != nil {
		return fmt.Errorf("TLS handshake: %w", err)
	}
	// After the deadline was set, as for a read in the clear.
	err := ctx.Err()
	if err == nil {
		err = c.Conn.Handshake()
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("TLS handshake: %w", err)
	}
	return nil
}

// closeTimeout is how long the other end may take to accept the word that TLS
// ends.
const closeTimeout = 5 * time.Second

// Close says that nothing more will come (RFC 8446 §6.1) and closes the
// connection.
func (c *TLSConn) Close() error {
	err := c.beneath.Conn.SetWriteDeadline(c.now().Add(closeTimeout))
	c.beneath.fixed.Store(err == nil)
	err = c.Conn.Close()
	if c.beneath.closed.Load() && !errors.Is(err, net.ErrClosed) {
		return nil // all that can have failed is to tell one who has gone
	}
	return err
}

// transport is the connection beneath TLS.
type transport struct {
	net.Conn
	early  []byte      // was read already
	fixed  atomic.Bool // the deadline of writing stays as it is
	closed atomic.Bool // without an error
}

func (t *transport) Read(p []byte) (int, error) {
	if len(t.early) > 0 {
		n := copy(p, t.early)
		t.early = t.early[n:]
		return n, nil
	}
	return t.Conn.Read(p)
}

func (t *transport) SetWriteDeadline(at time.Time) error {
	if t.fixed.Load() {
		return nil
	}
	return t.Conn.SetWriteDeadline(at)
}

func (t *transport) Close() error {
	err := t.Conn.Close()
	t.closed.Store(err == nil)
	return err
}

// TLSState is what was settled for a connection under TLS, nil for another.
func TLSState(nc net.Conn) *tls.ConnectionState {
	c, ok := nc.(interface{ ConnectionState() tls.ConnectionState })
	if !ok {
		return nil
	}
	state := c.ConnectionState()
	return &state
}
