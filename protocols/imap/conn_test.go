package imap

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// scriptConn is a server's end of a connection in the hands of a test. Nothing in it
// depends on real time: it has a clock of its own, and the test can wait until the
// server waits for input.
type scriptConn struct {
	mu       sync.Mutex
	cond     *sync.Cond
	in, out  []byte
	waiting  bool // a Read blocks
	eof      bool
	closed   bool
	now      time.Time
	deadline time.Time
}

func newScriptConn() *scriptConn {
	c := &scriptConn{now: testTime}
	c.cond = sync.NewCond(&c.mu)
	return c
}

func (c *scriptConn) expired() bool { return !c.deadline.IsZero() && !c.now.Before(c.deadline) }

func (c *scriptConn) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		switch {
		case c.closed:
			return 0, net.ErrClosed
		case c.expired():
			return 0, os.ErrDeadlineExceeded
		case len(c.in) > 0:
			n := copy(p, c.in)
			c.in = c.in[n:]
			return n, nil
		case c.eof:
			return 0, io.EOF
		}
		c.waiting = true
		c.cond.Broadcast()
		c.cond.Wait()
		c.waiting = false
	}
}

func (c *scriptConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return 0, net.ErrClosed
	}
	c.out = append(c.out, p...)
	return len(p), nil
}

func (c *scriptConn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.cond.Broadcast()
	return nil
}

func (c *scriptConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = t
	c.cond.Broadcast()
	return nil
}

func (c *scriptConn) SetWriteDeadline(time.Time) error { return nil }
func (c *scriptConn) SetDeadline(t time.Time) error    { return c.SetReadDeadline(t) }
func (c *scriptConn) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (c *scriptConn) RemoteAddr() net.Addr             { return &net.TCPAddr{} }

func (c *scriptConn) clock() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// advance lets time pass.
func (c *scriptConn) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	c.cond.Broadcast()
}

// feed gives the server input.
func (c *scriptConn) feed(s string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.in = append(c.in, s...)
	c.cond.Broadcast()
}

// hangUp ends the input.
func (c *scriptConn) hangUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.eof = true
	c.cond.Broadcast()
}

// said waits until the server waits for input or closed the connection, and returns
// what it wrote.
func (c *scriptConn) said() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for !c.closed && !(c.waiting && len(c.in) == 0 && !c.eof && !c.expired()) {
		c.cond.Wait()
	}
	out := string(c.out)
	c.out = nil
	return out
}

func (c *scriptConn) isClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}
