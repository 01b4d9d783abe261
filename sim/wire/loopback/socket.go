package loopback

import (
	"context"
	"errors"
	"net"
	"os"
	"time"

	"mailwalk/sim/clock"
	"mailwalk/sim/wire"
)

// socket is what connections, listeners and UDP sockets have in common: two places to
// wait at, and deadlines in virtual time.
type socket struct {
	host   *Host
	group  *clock.Group // of the programs that it belongs to
	in     *clock.Cond  // there may be something to read or accept
	out    *clock.Cond  // there may be room to write
	read   time.Duration
	write  time.Duration
	closed bool
}

func newSocket(h *Host) socket {
	c := h.net.clock
	return socket{host: h, group: h.group, in: c.NewCond(), out: c.NewCond(), read: clock.Never, write: clock.Never}
}

// wait waits at k until the deadline, which may be moved meanwhile.
func (s *socket) wait(k *clock.Cond, deadline *time.Duration) error {
	err := k.WaitUntil(context.Background(), *deadline)
	switch {
	case s.closed:
		return net.ErrClosed
	case errors.Is(err, os.ErrDeadlineExceeded) && s.host.net.clock.Elapsed() < *deadline:
		return nil
	}
	return err
}

// ready refuses a call on a closed socket or past its deadline.
func (s *socket) ready(deadline time.Duration) error {
	switch {
	case s.closed:
		return net.ErrClosed
	case s.group.Down():
		return wire.ErrHostDown
	case deadline <= s.host.net.clock.Elapsed():
		return os.ErrDeadlineExceeded
	}
	return nil
}

// close wakes who waits.
func (s *socket) close() {
	s.closed = true
	s.in.Broadcast()
	s.out.Broadcast()
}

// SetDeadline implements net.Conn.
func (s *socket) SetDeadline(t time.Time) error {
	if err := s.SetReadDeadline(t); err != nil {
		return err
	}
	return s.SetWriteDeadline(t)
}

// SetReadDeadline implements net.Conn.
func (s *socket) SetReadDeadline(t time.Time) error { return s.setDeadline(&s.read, s.in, t) }

// SetWriteDeadline implements net.Conn.
func (s *socket) SetWriteDeadline(t time.Time) error { return s.setDeadline(&s.write, s.out, t) }

func (s *socket) setDeadline(which *time.Duration, k *clock.Cond, t time.Time) error {
	if s.closed {
		return net.ErrClosed
	}
	before := *which
	switch c := s.host.net.clock; {
	case t.IsZero():
		*which = clock.Never
	case t != t.Round(0):
		// It has a monotonic reading: it comes from time.Now, as in crypto/tls, and
		// means a distance from now.
		*which = c.Elapsed() + time.Until(t).Round(100*time.Millisecond)
	default:
		*which = t.Sub(c.Start())
	}
	if *which < before {
		k.Broadcast() // who waits looks at the new deadline
	}
	return nil
}
