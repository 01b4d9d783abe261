package dns

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"
)

// Handler answers queries. A nil response means that none is sent. The response
// must fit the transport and is the caller's to change.
type Handler interface {
	ServeDNS(ctx context.Context, q *dns.Msg, m Meta) *dns.Msg
}

// HandlerFunc makes a Handler of a function.
type HandlerFunc func(ctx context.Context, q *dns.Msg, m Meta) *dns.Msg

// ServeDNS calls f.
func (f HandlerFunc) ServeDNS(ctx context.Context, q *dns.Msg, m Meta) *dns.Msg { return f(ctx, q, m) }

// Server reads queries, has them answered and sends the answers. Its fields must
// not be changed while it serves.
type Server struct {
	Handler Handler
	Hooks   *ServerHooks // nil for none

	// Now is the clock; nil means time.Now.
	Now func() time.Time

	// Go runs f in a task of its own. With it, each datagram is answered in its own
	// task, as a handler needs that waits for others; without, one after another.
	// The queries of a stream are always answered in their order.
	Go func(name string, f func(ctx context.Context))
	// MaxTasks bounds the tasks that run at once; what comes above is answered
	// SERVFAIL. 0 means 1000.
	MaxTasks int

	// IdleTimeout is how long a stream may take for the next whole query; 0 means
	// 10 seconds (RFC 7766 §6.2.3: a few seconds).
	IdleTimeout time.Duration
	// WriteTimeout is how long a stream may take to accept a response; 0 means 10
	// seconds.
	WriteTimeout time.Duration

	tasks atomic.Int64
}

func (s *Server) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

// ServePacket answers the datagrams of pc until reading fails, and returns that
// error: one that matches net.ErrClosed is the ordinary end. ctx is passed on,
// and looked at between datagrams. pc is not closed.
func (s *Server) ServePacket(ctx context.Context, pc net.PacketConn) error {
	buf := make([]byte, maxMessage)
	for {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("dns server: %w", err)
		}
		n, from, err := pc.ReadFrom(buf)
		if err != nil {
			var ne net.Error
			if errors.As(err, &ne) && ne.Timeout() {
				continue // a deadline that somebody set to have ctx looked at
			}
			return fmt.Errorf("dns server: read datagram: %w", err)
		}
		m := Meta{Transport: UDP, Local: pc.LocalAddr(), Remote: from, End: int64(n)}
		q := s.read(ctx, buf[:n], m, pc)
		if q == nil {
			continue
		}
		if s.Go == nil {
			s.answerPacket(ctx, pc, q, m, s.Handler)
			continue
		}
		if s.tasks.Add(1) > int64(s.maxTasks()) {
			s.answerPacket(ctx, pc, q, m, HandlerFunc(busy))
			s.tasks.Add(-1)
			continue
		}
		s.Go("dns query", func(ctx context.Context) {
			defer s.tasks.Add(-1)
			s.answerPacket(ctx, pc, q, m, s.Handler)
		})
	}
}

func (s *Server) maxTasks() int {
	if s.MaxTasks == 0 {
		return 1000
	}
	return s.MaxTasks
}

func busy(_ context.Context, q *dns.Msg, m Meta) *dns.Msg { return failure(q, m.Transport) }

// failure answers SERVFAIL.
func failure(q *dns.Msg, t Transport) *dns.Msg {
	r := Reply(q)
	r.Rcode = dns.RcodeServerFailure
	finish(r, q, t, 0)
	return r
}

// read makes a query of a datagram. One that cannot be read is answered FORMERR,
// if it can be seen to be a query, and nil returned.
func (s *Server) read(ctx context.Context, b []byte, m Meta, pc net.PacketConn) *dns.Msg {
	q, err := unpack(b)
	if err == nil {
		return q
	}
	s.Hooks.malformed(ctx, m, b, err)
	if r := formatError(q); r != nil {
		s.sendPacket(ctx, pc, r, m)
	}
	return nil
}

// formatError answers what could not be read whole. Only the header is sure.
func formatError(q *dns.Msg) *dns.Msg {
	if q == nil || q.Response {
		return nil
	}
	r := Reply(q)
	r.Question = nil
	r.Rcode = dns.RcodeFormatError
	return r
}

// handle has a query answered, by a hook or by h. The response may be nil.
func (s *Server) handle(ctx context.Context, q *dns.Msg, m Meta, h Handler) *dns.Msg {
	r, drop := s.Hooks.queryReceived(ctx, m, q)
	if drop {
		return nil
	}
	if r == nil {
		r = h.ServeDNS(ctx, q, m)
	}
	return r
}

func (s *Server) answerPacket(ctx context.Context, pc net.PacketConn, q *dns.Msg, m Meta, h Handler) {
	if r := s.handle(ctx, q, m, h); r != nil {
		s.sendPacket(ctx, pc, r, m)
	}
}

// sendPacket sends a response. An error is for the hooks: one asker who cannot
// be reached is no reason to stop serving, and a socket that is gone will say so
// when it is read.
func (s *Server) sendPacket(ctx context.Context, pc net.PacketConn, r *dns.Msg, m Meta) {
	b, err := s.pack(ctx, r, m)
	if err == nil {
		_, err = pc.WriteTo(b, m.Remote)
	}
	m.Begin, m.End = 0, int64(len(b))
	s.Hooks.responseSent(ctx, m, r, err)
}

// pack puts a response into octets. What cannot be packed becomes SERVFAIL.
func (s *Server) pack(ctx context.Context, r *dns.Msg, m Meta) ([]byte, error) {
	s.Hooks.responseSending(ctx, m, r)
	b, err := r.Pack()
	if err == nil && len(b) <= maxMessage {
		return b, nil
	}
	*r = dns.Msg{MsgHdr: r.MsgHdr, Question: r.Question}
	r.Rcode = dns.RcodeServerFailure
	if b, err = r.Pack(); err != nil {
		return nil, fmt.Errorf("pack response: %w", err)
	}
	return b, nil
}

// ServeStream answers the queries that come over one connection, in their order,
// until the peer closes it (then the error is nil), is idle for too long, or sends
// what is no query. nc is not closed.
//
// RFC 7766 §6.2.1, §8.
func (s *Server) ServeStream(ctx context.Context, nc net.Conn) error {
	var in, out int64 // octets read and written
	for {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("dns server: %w", err)
		}
		err := nc.SetReadDeadline(s.now().Add(orElse(s.IdleTimeout, 10*time.Second)))
		// A net.Pipe fails here when its peer has closed; reading says it better.
		if err != nil && !errors.Is(err, io.ErrClosedPipe) {
			return fmt.Errorf("dns server: %w", err)
		}
		b, err := readFrame(nc)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("dns server: read query: %w", err)
		}
		m := Meta{Transport: TCP, Local: nc.LocalAddr(), Remote: nc.RemoteAddr(), Begin: in, End: in + 2 + int64(len(b))}
		in = m.End
		q, bad := unpack(b)
		var r *dns.Msg
		if bad != nil {
			s.Hooks.malformed(ctx, m, b, bad)
			r = formatError(q)
		} else {
			r = s.handle(ctx, q, m, s.Handler)
		}
		if r != nil {
			n, err := s.sendStream(ctx, nc, r, m, out)
			out += int64(n)
			if err != nil {
				return fmt.Errorf("dns server: send response: %w", err)
			}
		}
		if bad != nil {
			return fmt.Errorf("dns server: read query: %w", bad)
		}
	}
}

func (s *Server) sendStream(ctx context.Context, nc net.Conn, r *dns.Msg, m Meta, out int64) (n int, err error) {
	b, err := s.pack(ctx, r, m)
	if err == nil {
		err = nc.SetWriteDeadline(s.now().Add(orElse(s.WriteTimeout, 10*time.Second)))
	}
	if err == nil {
		n, err = writeFrame(nc, b)
	}
	m.Begin, m.End = out, out+int64(n)
	s.Hooks.responseSent(ctx, m, r, err)
	return n, err
}

func orElse(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}

// readFrame reads a message with the two octets of length in front. The error is
// io.EOF only if nothing came at all.
//
// RFC 1035 §4.2.2.
func readFrame(r io.Reader) ([]byte, error) {
	var size [2]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, err
	}
	b := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(r, b); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return b, nil
}

// writeFrame writes length and message in one piece, so that they leave in one
// segment if they fit (RFC 7766 §8).
func writeFrame(w io.Writer, b []byte) (int, error) {
	frame := make([]byte, 2, 2+len(b))
	binary.BigEndian.PutUint16(frame, uint16(len(b)))
	return w.Write(append(frame, b...))
}
