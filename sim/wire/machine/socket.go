package machine

import (
	"context"
	"errors"
	"net"
	"os"
	"time"

	"mailwalk/sim/clock"
	"mailwalk/sim/wire"
)

// Socket is what connections, listeners and sockets for datagrams have in common:
// two places to wait at, deadlines in virtual time, and an end.
type Socket struct {
	// In is where one waits for something to read or to accept, Out for room to
	// write. Who changes what is waited for signals there.
	In, Out *clock.Cond
	// Group are the programs that it belongs to.
	Group *clock.Group
	// Closed tells that Shut was called.
	Closed bool

	clock       *clock.Clock
	read, write time.Duration // deadlines, since the walk's start
}

// NewSocket returns a socket of the programs that the machine runs now.
func (m *Machine) NewSocket() Socket {
	c := m.cfg.Clock
	return Socket{In: c.NewCond(), Out: c.NewCond(), Group: m.group, clock: c, read: clock.Never, write: clock.Never}
}

// Shut ends it and wakes who waits.
func (s *Socket) Shut() {
	s.Closed = true
	s.In.Broadcast()
	s.Out.Broadcast()
}

// CanRead refuses a call on a socket that is closed, of a host that is off, or past
// its deadline.
func (s *Socket) CanRead() error { return s.ready(s.read) }

// CanWrite is CanRead for writing.
func (s *Socket) CanWrite() error { return s.ready(s.write) }

// Open refuses a call on a socket that is closed or of a host that is off.
func (s *Socket) Open() error { return s.ready(clock.Never) }

func (s *Socket) ready(deadline time.Duration) error {
	switch {
	case s.Closed:
		return net.ErrClosed
	case s.Group.Down():
		return wire.ErrHostDown
	case deadline <= s.clock.Elapsed():
		return os.ErrDeadlineExceeded
	}
	return nil
}

// WaitToRead waits at In until the deadline for reading.
func (s *Socket) WaitToRead() error { return s.wait(context.Background(), s.In, &s.read) }

// WaitToWrite waits at Out until the deadline for writing.
func (s *Socket) WaitToWrite() error { return s.wait(context.Background(), s.Out, &s.write) }

// WaitAt waits at In or Out without a deadline.
func (s *Socket) WaitAt(ctx context.Context, k *clock.Cond) error {
	never := clock.Never
	return s.wait(ctx, k, &never)
}

// wait waits until the deadline, which may be moved meanwhile.
func (s *Socket) wait(ctx context.Context, k *clock.Cond, deadline *time.Duration) error {
	for {
		if s.Closed {
			return net.ErrClosed
		}
		err := k.WaitUntil(ctx, *deadline)
		switch {
		case s.Closed:
			return net.ErrClosed
		case errors.Is(err, os.ErrDeadlineExceeded) && s.clock.Elapsed() < *deadline:
			continue
		}
		return err
	}
}

// SetDeadline implements net.Conn.
func (s *Socket) SetDeadline(t time.Time) error {
	if err := s.SetReadDeadline(t); err != nil {
		return err
	}
	return s.SetWriteDeadline(t)
}

// SetReadDeadline implements net.Conn.
func (s *Socket) SetReadDeadline(t time.Time) error { return s.setDeadline(&s.read, s.In, t) }

// SetWriteDeadline implements net.Conn.
func (s *Socket) SetWriteDeadline(t time.Time) error { return s.setDeadline(&s.write, s.Out, t) }

func (s *Socket) setDeadline(which *time.Duration, k *clock.Cond, t time.Time) error {
	if s.Closed {
		return net.ErrClosed
	}
	before := *which
	switch {
	case t.IsZero():
		*which = clock.Never
	case t != t.Round(0):
		// It has a monotonic reading: it comes from time.Now, as in crypto/tls, and
		// means a distance from now.
		*which = s.clock.Elapsed() + time.Until(t).Round(100*time.Millisecond)
	default:
		*which = t.Sub(s.clock.Start())
	}
	if *which < before {
		k.Broadcast() // who waits looks at the new deadline
	}
	return nil
}
