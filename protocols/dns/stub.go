package dns

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"github.com/miekg/dns"
)

// Stub is the part of a program that asks a resolver and believes it. It keeps
// no cache. It is safe for concurrent use if Rand is.
//
// The defaults are those of resolv.conf(5).
type Stub struct {
	// Servers are the resolvers, the first to be asked in front ("nameserver").
	Servers []netip.AddrPort
	Dial    DialFunc
	// WithTimeout bounds Dial by a clock that the caller keeps; nil leaves it to
	// ctx and to Dial.
	WithTimeout func(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc)
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Rand is where IDs come from; nil means crypto/rand.
	Rand io.Reader
	// Timeout is how long each query waits ("timeout"); 0 means 5 seconds.
	Timeout time.Duration
	// Attempts is how often the list of servers is gone through ("attempts"); 0
	// means 2.
	Attempts int
	// EDNS makes queries offer more than 512 octets by UDP ("edns0").
	EDNS bool
	// NoIPv4 and NoIPv6 have LookupAddrs leave out addresses of a kind that this
	// host has none of itself (RFC 3493 §6.1, AI_ADDRCONFIG).
	NoIPv4, NoIPv6 bool
	Hooks          *StubHooks // nil for none
}

func (s *Stub) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

// Lookup asks for the records of a type at name, which is taken as absolute: no
// search list is applied. That there are none is a Result too; see [Result.Err].
// An error is a *[LookupError] that matches [ErrServFail]: no server would or
// could answer.
func (s *Stub) Lookup(ctx context.Context, name string, rrtype uint16) (*Result, error) {
	s.Hooks.question(ctx, name, rrtype)
	res, err := s.lookup(ctx, name, rrtype)
	if err != nil {
		err = &LookupError{Name: name, Type: rrtype, Err: err}
	}
	s.Hooks.done(ctx, name, rrtype, res, err)
	return res, err
}

func (s *Stub) lookup(ctx context.Context, name string, rrtype uint16) (*Result, error) {
	abs, err := checkName(name)
	if err != nil {
		return nil, err
	}
	attempts := s.Attempts
	if attempts == 0 {
		attempts = 2
	}
	err = ErrNoServers
	for try := 1; try <= attempts; try++ {
		for _, server := range s.Servers {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			var res *Result
			x := Exchange{Addr: server, Transport: UDP, Try: try, Timeout: orElse(s.Timeout, 5*time.Second)}
			x.Lookup = Lookup{Name: name, Type: rrtype}
			if res, err = s.askServer(ctx, x, abs); err == nil {
				return res, nil
			}
			err = fmt.Errorf("ask %s: %w", server, err)
		}
	}
	return nil, err
}

// askServer asks one server, by TCP if UDP is too small for the answer.
func (s *Stub) askServer(ctx context.Context, x Exchange, name string) (*Result, error) {
	var size uint16
	if s.EDNS {
		size = maxUDPSize
	}
	a := asker{
		dial: s.Dial, now: s.now, limit: s.WithTimeout,
		sending: func(x Exchange, q *dns.Msg) { s.Hooks.querySending(ctx, x, q) },
		ignored: func(x Exchange, r *dns.Msg, reason error) { s.Hooks.ignored(ctx, x, r, reason) },
	}
	for {
		q, err := newQuery(s.Rand, name, x.Lookup.Type, size)
		if err != nil {
			return nil, err
		}
		q.RecursionDesired = true
		begun := s.now()
		r, err := a.ask(ctx, x, q)
		if err != nil {
			s.Hooks.failed(ctx, x, err)
			if errors.Is(err, errForgery) && x.Transport == UDP {
				x.Transport = TCP
				continue
			}
			return nil, err
		}
		res, kind, err := readReply(x.Lookup, name, r)
		s.Hooks.responseReceived(ctx, x, r, kind, s.now().Sub(begun))
		switch {
		case kind == KindTruncated && x.Transport == UDP:
			x.Transport = TCP // RFC 7766 §5
		case r.Rcode == dns.RcodeFormatError && size > 0:
			size = 0 // RFC 6891 §6.2.2
		default:
			return res, err
		}
	}
}

// readReply reads what a resolver found out. It is believed as a whole, but only
// what hangs together from the name asked for is used.
func readReply(l Lookup, name string, r *dns.Msg) (*Result, Kind, error) {
	switch {
	case r.Truncated:
		return nil, KindTruncated, errors.New("the answer is cut off")
	case r.Rcode != dns.RcodeSuccess && r.Rcode != dns.RcodeNameError:
		return nil, KindError, fmt.Errorf("answered %s", rcodeName(r.Rcode))
	}
	res := &Result{Name: l.Name, Type: l.Type, Kind: KindNoData}
	seen := map[string]bool{}
	for key := canonical(name); !seen[key]; {
		seen[key] = true
		if rrs := pick(r.Answer, key, l.Type); len(rrs) > 0 {
			res.Kind = KindAnswer
			res.Answer = append(res.Answer, rrs...)
			return res, res.Kind, nil
		}
		alias := pick(r.Answer, key, dns.TypeCNAME)
		if len(alias) == 0 {
			break
		}
		cname, ok := alias[0].(*dns.CNAME)
		if !ok {
			break
		}
		res.Answer = append(res.Answer, alias[0])
		key = canonical(cname.Target)
	}
	if r.Rcode == dns.RcodeNameError {
		res.Kind = KindNXDomain
	}
	// RFC 2308 §6. No SOA is no error: the stub does not cache.
	for _, rr := range r.Ns {
		if soa, ok := rr.(*dns.SOA); ok {
			res.SOA = soa
			break
		}
	}
	return res, res.Kind, nil
}
