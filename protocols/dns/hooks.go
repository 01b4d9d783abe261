package dns

import (
	"context"
	"net"
	"net/netip"
	"time"

	"github.com/miekg/dns"
)

// Hooks are structs of functions that may each be nil. They are called by the
// program that does the work, in its order, with no lock held: a function that
// blocks holds the message.

// Meta says where a message came from, or goes to, and which octets it takes up.
type Meta struct {
	Transport     Transport
	Local, Remote net.Addr
	// Begin and End are the range [Begin, End) in the stream of that direction,
	// length octets included; for a datagram it is 0 and its size.
	Begin, End int64
}

// ServerHooks let somebody look on at a [Server] and act in its stead.
type ServerHooks struct {
	// QueryReceived is called for each query before it is handled; it may change
	// q. A reply that is not nil is sent as it is in the handler's stead ([Reply]
	// makes one); with drop nothing is sent.
	QueryReceived func(ctx context.Context, m Meta, q *dns.Msg) (reply *dns.Msg, drop bool)
	// Malformed is called for what cannot be read as a query. It must not keep raw.
	Malformed func(ctx context.Context, m Meta, raw []byte, err error)
	// ResponseSending is called before a response is packed; it may change r.
	ResponseSending func(ctx context.Context, m Meta, r *dns.Msg)
	// ResponseSent is called after the attempt, with the range that r took up, or
	// with the error that kept it back.
	ResponseSent func(ctx context.Context, m Meta, r *dns.Msg, err error)
}

func (h *ServerHooks) queryReceived(ctx context.Context, m Meta, q *dns.Msg) (*dns.Msg, bool) {
	if h == nil || h.QueryReceived == nil {
		return nil, false
	}
	return h.QueryReceived(ctx, m, q)
}

func (h *ServerHooks) malformed(ctx context.Context, m Meta, raw []byte, err error) {
	if h != nil && h.Malformed != nil {
		h.Malformed(ctx, m, raw, err)
	}
}

func (h *ServerHooks) responseSending(ctx context.Context, m Meta, r *dns.Msg) {
	if h != nil && h.ResponseSending != nil {
		h.ResponseSending(ctx, m, r)
	}
}

func (h *ServerHooks) responseSent(ctx context.Context, m Meta, r *dns.Msg, err error) {
	if h != nil && h.ResponseSent != nil {
		h.ResponseSent(ctx, m, r, err)
	}
}

// Lookup identifies one thing that a [Resolver] is finding out.
type Lookup struct {
	ID     int64 // from 1, in the order in which the resolver began them
	Parent int64 // the look-up that needs this one (a server's address), 0 for none
	Name   string
	Type   uint16
}

// Exchange is one query to one server.
type Exchange struct {
	Lookup    Lookup
	Zone      string // the zone that the server is asked as an authority of; "" for a stub
	Server    string // its name; "" for a stub
	Addr      netip.AddrPort
	Transport Transport
	Try       int           // from 1: how often this address was asked within the look-up
	Timeout   time.Duration // how long the answer is waited for
	// Local is the address the query leaves from, set once dialled.
	Local net.Addr
}

// ResolverHooks let somebody look on at a [Resolver].
type ResolverHooks struct {
	// Question: a look-up begins.
	Question func(ctx context.Context, l Lookup)
	// CacheHit: e answers the look-up, or an alias on its way, and will for ttl.
	CacheHit func(ctx context.Context, l Lookup, e Entry, ttl time.Duration)
	// Servers: these are the servers to ask next, as they are known so far (SLIST
	// of RFC 1034 §5.3.2), those to be tried first in front.
	Servers func(ctx context.Context, l Lookup, d Delegation)
	// QuerySending: q is about to be written; it may be changed.
	QuerySending func(ctx context.Context, x Exchange, q *dns.Msg)
	// ResponseReceived: r passed the checks against forgery and means kind. cut is
	// the zone that a referral leads to, else "".
	ResponseReceived func(ctx context.Context, x Exchange, r *dns.Msg, kind Kind, cut string, rtt time.Duration)
	// Ignored: something arrived that is no answer to the query; r is nil if it
	// could not even be read. The wait goes on.
	Ignored func(ctx context.Context, x Exchange, r *dns.Msg, reason error)
	// Failed: no answer came. err matches ErrTimeout if nothing came in time.
	Failed func(ctx context.Context, x Exchange, err error)
	// Cached: e was put into the cache.
	Cached func(ctx context.Context, l Lookup, e Entry)
	// Expired: e is gone: found to be out of date, or to make room.
	Expired func(ctx context.Context, e Entry)
	// Done: the look-up ends, with a result or an error.
	Done func(ctx context.Context, l Lookup, res *Result, err error)
}

func (h *ResolverHooks) question(ctx context.Context, l Lookup) {
	if h != nil && h.Question != nil {
		h.Question(ctx, l)
	}
}

func (h *ResolverHooks) cacheHit(ctx context.Context, l Lookup, e Entry, ttl time.Duration) {
	if h != nil && h.CacheHit != nil {
		h.CacheHit(ctx, l, e, ttl)
	}
}

func (h *ResolverHooks) querySending(ctx context.Context, x Exchange, q *dns.Msg) {
	if h != nil && h.QuerySending != nil {
		h.QuerySending(ctx, x, q)
	}
}

func (h *ResolverHooks) responseReceived(ctx context.Context, x Exchange, r *dns.Msg, kind Kind, cut string, rtt time.Duration) {
	if h != nil && h.ResponseReceived != nil {
		h.ResponseReceived(ctx, x, r, kind, cut, rtt)
	}
}

func (h *ResolverHooks) ignored(ctx context.Context, x Exchange, r *dns.Msg, reason error) {
	if h != nil && h.Ignored != nil {
		h.Ignored(ctx, x, r, reason)
	}
}

func (h *ResolverHooks) failed(ctx context.Context, x Exchange, err error) {
	if h != nil && h.Failed != nil {
		h.Failed(ctx, x, err)
	}
}

func (h *ResolverHooks) cached(ctx context.Context, l Lookup, e Entry) {
	if h != nil && h.Cached != nil {
		h.Cached(ctx, l, e)
	}
}

func (h *ResolverHooks) expired(ctx context.Context, gone []Entry) {
	if h != nil && h.Expired != nil {
		for _, e := range gone {
			h.Expired(ctx, e)
		}
	}
}

func (h *ResolverHooks) done(ctx context.Context, l Lookup, res *Result, err error) {
	if h != nil && h.Done != nil {
		h.Done(ctx, l, res, err)
	}
}

// StubHooks let somebody look on at a [Stub].
type StubHooks struct {
	// Question: a look-up begins.
	Question func(ctx context.Context, name string, rrtype uint16)
	// QuerySending: q is about to be written; it may be changed.
	QuerySending func(ctx context.Context, x Exchange, q *dns.Msg)
	// ResponseReceived: r passed the checks against forgery and means kind.
	ResponseReceived func(ctx context.Context, x Exchange, r *dns.Msg, kind Kind, rtt time.Duration)
	// Ignored: something arrived that is no answer to the query; r is nil if it
	// could not even be read. The wait goes on.
	Ignored func(ctx context.Context, x Exchange, r *dns.Msg, reason error)
	// Failed: no answer came. err matches ErrTimeout if nothing came in time.
	Failed func(ctx context.Context, x Exchange, err error)
	// Done: the look-up ends, with a result or an error.
	Done func(ctx context.Context, name string, rrtype uint16, res *Result, err error)
}

func (h *StubHooks) question(ctx context.Context, name string, rrtype uint16) {
	if h != nil && h.Question != nil {
		h.Question(ctx, name, rrtype)
	}
}

func (h *StubHooks) querySending(ctx context.Context, x Exchange, q *dns.Msg) {
	if h != nil && h.QuerySending != nil {
		h.QuerySending(ctx, x, q)
	}
}

func (h *StubHooks) responseReceived(ctx context.Context, x Exchange, r *dns.Msg, kind Kind, rtt time.Duration) {
	if h != nil && h.ResponseReceived != nil {
		h.ResponseReceived(ctx, x, r, kind, rtt)
	}
}

func (h *StubHooks) ignored(ctx context.Context, x Exchange, r *dns.Msg, reason error) {
	if h != nil && h.Ignored != nil {
		h.Ignored(ctx, x, r, reason)
	}
}

func (h *StubHooks) failed(ctx context.Context, x Exchange, err error) {
	if h != nil && h.Failed != nil {
		h.Failed(ctx, x, err)
	}
}

func (h *StubHooks) done(ctx context.Context, name string, rrtype uint16, res *Result, err error) {
	if h != nil && h.Done != nil {
		h.Done(ctx, name, rrtype, res, err)
	}
}
