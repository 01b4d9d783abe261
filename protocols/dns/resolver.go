package dns

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"
)

// Resolver finds out by itself what the tree of zones says: it asks the root,
// follows referrals and aliases, and remembers. It is safe for concurrent use;
// its fields must not be changed once it is in use.
//
// RFC 1034 §5.3.3.
type Resolver struct {
	// Roots are the root servers, with addresses: all that has to be known to
	// begin (RFC 1034 §5.3.2, SBELT).
	Roots []NameServer

	// Dial opens a connection to a server, always at port 53.
	Dial DialFunc
	// WithTimeout bounds Dial by a clock that the caller keeps; nil leaves it to
	// ctx and to Dial.
	WithTimeout func(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc)
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Rand is where IDs and lots come from; nil means crypto/rand. It is read by
	// one task at a time.
	Rand io.Reader
	// Use tells whether an address can be asked from here; nil means all can. A
	// host without IPv6 says so with it.
	Use func(netip.Addr) bool

	// Timeout is how long the first query to an address waits; each further one to
	// the same waits twice as long. 0 means 800 ms: RFC 1035 §4.2.1 has 2 to 5
	// seconds, of a time when a stub waited longer than the 5 it does now.
	Timeout time.Duration
	// Tries is how often each address is asked within one look-up. 0 means 2.
	Tries int
	// MaxQueries bounds the queries of one look-up, those for the addresses of
	// servers included. 0 means 50.
	MaxQueries int
	// MaxTime bounds the whole look-up. 0 means 10 seconds.
	MaxTime time.Duration

	Hooks *ResolverHooks // nil for none

	cache  cache
	infra  infra
	ids    atomic.Int64
	randMu sync.Mutex
}

const (
	maxAliases  = 11 // longer chains are a mistake
	maxDepth    = 6  // look-ups for the sake of look-ups
	maxGlueless = 5  // servers of one zone whose addresses are looked up (NXNSAttack)
	dnsPort     = 53
)

func (r *Resolver) now() time.Time {
	if r.Now == nil {
		return time.Now()
	}
	return r.Now()
}

func (r *Resolver) random() (uint16, error) {
	r.randMu.Lock()
	defer r.randMu.Unlock()
	return random16(r.Rand)
}

// Resolve finds the records of a type at name, which is taken as absolute. The
// answer, or the certainty that there is none, is a Result. An error is a
// *[LookupError]; it matches [ErrServFail] if it could not be found out, and the
// error of ctx if that is why.
//
// ctx is looked at between queries; its deadline, by the resolver's clock, bounds
// them.
func (r *Resolver) Resolve(ctx context.Context, name string, rrtype uint16) (*Result, error) {
	abs, err := checkName(name)
	if err != nil {
		return nil, &LookupError{Name: name, Type: rrtype, Err: err}
	}
	// RFC 6895 §3.1: these ask for something else than data, or for nothing.
	if rrtype == dns.TypeNone || rrtype == dns.TypeOPT || rrtype >= 128 && rrtype <= 255 {
		return nil, &LookupError{Name: name, Type: rrtype, Err: ErrBadQuestion}
	}
	t := &task{r: r, ctx: ctx, ends: r.now().Add(orElse(r.MaxTime, 10*time.Second))}
	return t.lookUp(0, abs, rrtype)
}

// Peek answers from the cache alone, as an asker without RD wants it. It returns
// nil if the cache does not know.
func (r *Resolver) Peek(ctx context.Context, name string, rrtype uint16) *Result {
	t := &task{r: r, ctx: ctx}
	res := &Result{Name: name, Type: rrtype, Cached: true}
	for range maxAliases {
		e := t.remembered(res.Target(), rrtype)
		if e == nil || e.Kind == KindError {
			return nil
		}
		if t.take(res, e) {
			return res
		}
	}
	return nil
}

// Entries lists what is in the cache and alive, by name (in the order of RFC 4034
// §6.1) and type. Their data must not be changed.
func (r *Resolver) Entries() []Entry { return r.cache.list(r.now()) }

// Flush forgets everything, servers' round-trip times too.
func (r *Resolver) Flush() {
	r.cache.flush()
	r.infra.flush()
}

// task is one call of Resolve: what it and the look-ups that it needs share.
type task struct {
	r    *Resolver
	ctx  context.Context
	ends time.Time
	sent int
	path []string // canonical names that are being found out, outermost first
}

// lookUp finds out one thing, for the asker or for a look-up that needs it.
func (t *task) lookUp(parent int64, name string, rrtype uint16) (*Result, error) {
	l := Lookup{ID: t.r.ids.Add(1), Parent: parent, Name: name, Type: rrtype}
	t.r.Hooks.question(t.ctx, l)
	t.path = append(t.path, canonical(name))
	res, err := t.chase(l)
	t.path = t.path[:len(t.path)-1]
	t.r.Hooks.done(t.ctx, l, res, err)
	return res, err
}

// chase goes from alias to alias until there is an answer.
//
// RFC 1034 §5.3.3, steps 1 and 4c.
func (t *task) chase(l Lookup) (*Result, error) {
	res := &Result{Name: l.Name, Type: l.Type, Cached: true}
	seen := map[string]bool{}
	for range maxAliases + 1 {
		name := res.Target()
		if seen[canonical(name)] {
			return nil, t.fail(l, "follow alias "+name, ErrLoop)
		}
		seen[canonical(name)] = true
		if e := t.remembered(name, l.Type); e != nil {
			t.r.Hooks.cacheHit(t.ctx, l, *e, e.Expires.Sub(t.r.now()))
			if e.Kind == KindError {
				return nil, t.fail(l, "", ErrCached)
			}
			if t.take(res, e) {
				return res, nil
			}
			continue
		}
		res.Cached = false
		m, err := t.iterate(l, name, l.Type)
		if err != nil {
			t.rememberFailure(l, name)
			return nil, err
		}
		if takeMeaning(res, m) {
			return res, nil
		}
	}
	return nil, t.fail(l, fmt.Sprintf("follow more than %d aliases", maxAliases), ErrLimit)
}

func (t *task) fail(l Lookup, step string, err error) error {
	return &LookupError{Name: l.Name, Type: l.Type, Step: step, Err: err}
}

// remembered is the entry that answers for name: its absence, its records, an
// alias, a failure a moment ago. Nil means that somebody must be asked.
func (t *task) remembered(name string, rrtype uint16) *Entry {
	if e := t.get(name, dns.TypeNone, RankNonAuthoritative); e != nil {
		return e // RFC 2308 §5: no such name, whatever the type
	}
	// RFC 2181 §5.4.1: what came along with a referral is never an answer.
	if e := t.get(name, rrtype, RankNonAuthoritative); e != nil {
		return e
	}
	if rrtype != dns.TypeCNAME {
		if e := t.get(name, dns.TypeCNAME, RankNonAuthoritative); e != nil && e.Kind == KindAnswer {
			return e
		}
	}
	return t.find(cacheKey{canonical(name), rrtype, true}, 0)
}

func (t *task) get(name string, rrtype uint16, least Rank) *Entry {
	return t.find(cacheKey{name: canonical(name), rrtype: rrtype}, least)
}

func (t *task) find(key cacheKey, least Rank) *Entry {
	e, gone := t.r.cache.get(t.r.now(), key, least)
	t.r.Hooks.expired(t.ctx, gone)
	return e
}

// take adds a cached entry to the result and tells whether that ends it.
func (t *task) take(res *Result, e *Entry) bool {
	now := t.r.now()
	if e.Kind == KindAnswer {
		owner := res.Target()
		rrs := e.records(now)
		for _, rr := range rrs {
			rr.Header().Name = owner // as the asker, or the alias, spelt it
		}
		res.Answer = append(res.Answer, rrs...)
		res.Kind = KindAnswer
		return e.Type == res.Type
	}
	res.Kind, res.SOA = e.Kind, e.soa(now)
	return true
}

// takeMeaning adds what a server said and tells whether that ends the look-up.
func takeMeaning(res *Result, m meaning) bool {
	owner := res.Target()
	if m.kind == KindAnswer || m.kind == KindAlias {
		for _, rr := range m.first.data {
			rr = dns.Copy(rr)
			rr.Header().Name = owner
			res.Answer = append(res.Answer, rr)
		}
		res.Kind = KindAnswer
		return m.kind == KindAnswer
	}
	res.Kind = m.kind
	for _, rr := range m.first.data {
		if soa, ok := dns.Copy(rr).(*dns.SOA); ok {
			soa.Hdr.Ttl = uint32(m.first.ttl / time.Second) // at most maxNegativeTTL
			res.SOA = soa
		}
	}
	return true
}

// learn puts what a response taught into the cache.
func (t *task) learn(l Lookup, x Exchange, m meaning) {
	if m.first == nil {
		return
	}
	for _, what := range append([]learnt{*m.first}, m.more...) {
		e := Entry{
			Name: what.name, Type: what.rrtype, Kind: what.kind, Data: what.data, Rank: what.rank,
			Zone: x.Zone, Server: x.Addr,
		}
		stored, gone := t.r.cache.put(t.r.now(), e, what.ttl)
		t.r.Hooks.expired(t.ctx, gone)
		if stored != nil {
			t.r.Hooks.cached(t.ctx, l, *stored)
		}
	}
}

// rememberFailure keeps a failure for a few seconds. Not one that only the way
// here brought about: inside another look-up, or with the asker gone.
func (t *task) rememberFailure(l Lookup, name string) {
	if l.Parent != 0 || t.ctx.Err() != nil {
		return
	}
	e := Entry{Name: name, Type: l.Type, Kind: KindError}
	stored, gone := t.r.cache.put(t.r.now(), e, failureTTL)
	t.r.Hooks.expired(t.ctx, gone)
	if stored != nil {
		t.r.Hooks.cached(t.ctx, l, *stored)
	}
}
