package dns

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"

	"github.com/miekg/dns"
)

// DialFunc opens a connection to a server; network is "udp" or "tcp". A UDP
// connection must be bound to that server, so that nothing from elsewhere comes
// in, and leave from a port that cannot be guessed (RFC 5452 §9.2).
type DialFunc func(ctx context.Context, network string, server netip.AddrPort) (net.Conn, error)

// asker is what it takes to put one query to one server, for resolver and stub
// alike.
type asker struct {
	dial    DialFunc
	now     func() time.Time
	limit   func(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc)
	sending func(x Exchange, q *dns.Msg)
	ignored func(x Exchange, r *dns.Msg, reason error)
}

// Why something that arrives is no answer to the query.
var (
	errNotResponse = errors.New("it is not a response")
	errWrongID     = errors.New("its ID is not the query's")
	errWrongName   = errors.New("its question is not the query's")
)

// errForgery says that so much arrived that was no answer that somebody is
// guessing.
var errForgery = errors.New("too many answers that do not match")

// maxIgnored is how many of those are too many; then the query goes by TCP,
// where guessing does not help (RFC 5452 §9.3).
const maxIgnored = 32

// ask sends q and waits for the answer to it.
func (a *asker) ask(ctx context.Context, x Exchange, q *dns.Msg) (*dns.Msg, error) {
	deadline := a.now().Add(x.Timeout)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	dialCtx := ctx
	if a.limit != nil {
		var cancel context.CancelFunc
		dialCtx, cancel = a.limit(ctx, x.Timeout)
		defer cancel()
	}
	nc, err := a.dial(dialCtx, string(x.Transport), x.Addr)
	if err != nil {
		if isTimeout(err) {
			err = fmt.Errorf("%w: %w", ErrTimeout, err)
		}
		return nil, fmt.Errorf("dial %s: %w", x.Transport, err)
	}
	defer nc.Close() // nothing is in flight that its error could tell of
	if err := nc.SetDeadline(deadline); err != nil {
		return nil, fmt.Errorf("set deadline: %w", err)
	}
	x.Local = nc.LocalAddr()
	a.sending(x, q)
	b, err := q.Pack()
	if err != nil {
		return nil, fmt.Errorf("pack query: %w", err)
	}
	var r *dns.Msg
	if x.Transport == TCP {
		r, err = a.overTCP(x, nc, q, b)
	} else {
		r, err = a.overUDP(x, nc, q, b)
	}
	if err != nil && isTimeout(err) {
		err = fmt.Errorf("%w: %w", ErrTimeout, err)
	}
	return r, err
}

// overUDP waits until the answer comes. What is not the answer may be a late one
// or a forged one: it is passed over and the wait goes on (RFC 5452 §9.1).
func (a *asker) overUDP(x Exchange, nc net.Conn, q *dns.Msg, b []byte) (*dns.Msg, error) {
	if _, err := nc.Write(b); err != nil {
		return nil, fmt.Errorf("send query: %w", err)
	}
	buf := make([]byte, 4096) // more than was offered to be taken
	for range maxIgnored {
		n, err := nc.Read(buf)
		if err != nil {
			return nil, fmt.Errorf("wait for answer: %w", err)
		}
		r, err := unpack(buf[:n])
		if err != nil && (r == nil || !r.Truncated) {
			a.ignored(x, nil, err)
			continue
		}
		// Some servers cut a truncated message in the middle of a record; its
		// header and question are enough.
		if err := matches(q, r); err != nil {
			a.ignored(x, r, err)
			continue
		}
		return r, nil
	}
	return nil, errForgery
}

func (a *asker) overTCP(x Exchange, nc net.Conn, q *dns.Msg, b []byte) (*dns.Msg, error) {
	if _, err := writeFrame(nc, b); err != nil {
		return nil, fmt.Errorf("send query: %w", err)
	}
	b, err := readFrame(nc)
	if err != nil {
		return nil, fmt.Errorf("wait for answer: %w", err)
	}
	r, err := unpack(b)
	if err == nil {
		err = matches(q, r)
	}
	if err != nil {
		a.ignored(x, r, err)
		return nil, fmt.Errorf("read answer: %w", err)
	}
	return r, nil
}

// matches tells why r is no answer to q, nil if it is.
//
// RFC 5452 §9.1; the addresses and ports are the connection's to check.
func matches(q, r *dns.Msg) error {
	switch {
	case !r.Response || r.Opcode != q.Opcode:
		return errNotResponse
	case r.Id != q.Id:
		return errWrongID
	case len(r.Question) == 0 && r.Rcode != dns.RcodeSuccess && r.Rcode != dns.RcodeNameError:
		return nil // a server that could not read the question cannot repeat it
	case len(r.Question) != 1:
		return errWrongName
	}
	is, want := r.Question[0], q.Question[0]
	if is.Qtype != want.Qtype || is.Qclass != want.Qclass || !sameName(is.Name, want.Name) {
		return errWrongName
	}
	return nil
}

// newQuery makes a query with a random ID (RFC 5452 §9.2). size is the UDP size
// to offer by EDNS, 0 for no EDNS.
func newQuery(random io.Reader, name string, qtype uint16, size uint16) (*dns.Msg, error) {
	id, err := random16(random)
	if err != nil {
		return nil, err
	}
	q := new(dns.Msg)
	q.Id = id
	q.Question = []dns.Question{{Name: name, Qtype: qtype, Qclass: dns.ClassINET}}
	if size > 0 {
		q.SetEdns0(size, false)
	}
	return q, nil
}

func random16(random io.Reader) (uint16, error) {
	if random == nil {
		random = rand.Reader
	}
	var b [2]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return 0, fmt.Errorf("read random numbers: %w", err)
	}
	return binary.BigEndian.Uint16(b[:]), nil
}

// checkName makes a name absolute and tells whether it can be asked for.
func checkName(name string) (string, error) {
	if _, ok := dns.IsDomainName(name); !ok || name == "" {
		return "", ErrBadQuestion
	}
	name = dns.Fqdn(name)
	buf := make([]byte, 256)
	if _, err := dns.PackDomainName(name, buf, 0, nil, false); err != nil {
		return "", ErrBadQuestion
	}
	return name, nil
}
