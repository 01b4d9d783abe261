package mismatch

import (
	"errors"
	"net"
	"sync"

	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
)

// Wrap returns a connection that listens to what is read from nc, the server's
// end, and calls found at most once: within Read, or within Close when what came
// before was not enough. It has the method Traced of a wire.Conn, and CloseWrite
// if nc has it. nc is returned as it is for a service that the package does not
// know.
func Wrap(nc net.Conn, service string, found func(Finding)) net.Conn {
	if ports[service] == nil {
		return nc
	}
	c := &conn{Conn: nc, listener: Listener{Service: service}, found: found}
	if _, ok := nc.(writeCloser); ok {
		return halfConn{c}
	}
	return c
}

type writeCloser interface{ CloseWrite() error }

type conn struct {
	net.Conn
	found func(Finding)

	mu       sync.Mutex // Read and Close may come from two tasks
	listener Listener
}

var _ wire.Conn = (*conn)(nil)

// Read implements net.Conn.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.tell(func(l *Listener) (Finding, bool) { return l.Hear(p[:n]) })
	var ne net.Error
	if err != nil && !(errors.As(err, &ne) && ne.Timeout()) {
		c.tell((*Listener).End)
	}
	return n, err
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.tell((*Listener).End)
	return c.Conn.Close()
}

// tell has the listener judge, and passes on what it found while nothing is
// locked.
func (c *conn) tell(judge func(*Listener) (Finding, bool)) {
	c.mu.Lock()
	f, ok := judge(&c.listener)
	c.mu.Unlock()
	if ok {
		c.found(f)
	}
}

// Traced implements wire.Conn. It is nil for a connection that is not traced.
func (c *conn) Traced() *trace.Conn { return wire.Traced(c.Conn) }

// NetConn is the connection beneath.
func (c *conn) NetConn() net.Conn { return c.Conn }

// halfConn is a conn that can close one direction.
type halfConn struct{ *conn }

// CloseWrite says that nothing more will be written.
func (c halfConn) CloseWrite() error { return c.Conn.(writeCloser).CloseWrite() }
