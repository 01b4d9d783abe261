package dns

import (
	"cmp"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// Rank is how far cached data is to be trusted, by where it stood. Data of a
// lower rank never takes the place of data of a higher one.
//
// RFC 2181 §5.4.1.
type Rank int

// The ranks of what a resolver learns, from the least.
const (
	// RankAdditional: glue, and the NS records of a referral. Good for finding
	// servers, never given as an answer.
	RankAdditional Rank = iota + 1
	// RankNonAuthoritative: an answer without AA, or what followed the first alias.
	RankNonAuthoritative
	// RankAuthority: from the authority section of an authoritative answer.
	RankAuthority
	// RankAnswer: the answer of an authority to the question.
	RankAnswer
)

func (r Rank) String() string {
	switch r {
	case RankAdditional:
		return "additional"
	case RankNonAuthoritative:
		return "non-authoritative"
	case RankAuthority:
		return "authority"
	case RankAnswer:
		return "answer"
	}
	return "none"
}

// Entry is one thing a resolver remembers: an RRset, or that there is none.
type Entry struct {
	Name string // canonical
	Type uint16 // TypeNone when the name does not exist: then no type does
	// Kind is KindAnswer for data, KindNoData or KindNXDomain for its absence, and
	// KindError for a look-up that failed.
	Kind Kind
	// Data holds the records as they came, for a negative entry the SOA. TTLs are
	// those of the time it was stored.
	Data    []dns.RR
	Rank    Rank
	Zone    string         // the zone that the server spoke for
	Server  netip.AddrPort // who said so
	Stored  time.Time
	Expires time.Time // from this moment on it is not used
}

// left is how many whole seconds the entry has to live.
func (e *Entry) left(now time.Time) uint32 {
	return uint32(max(0, e.Expires.Sub(now)/time.Second)) // under maxTTL, which fits
}

// records are copies of the data whose TTLs have run down.
func (e *Entry) records(now time.Time) []dns.RR {
	out := make([]dns.RR, len(e.Data))
	for i, rr := range e.Data {
		out[i] = dns.Copy(rr)
		out[i].Header().Ttl = e.left(now)
	}
	return out
}

func (e *Entry) soa(now time.Time) *dns.SOA {
	for _, rr := range e.records(now) {
		if soa, ok := rr.(*dns.SOA); ok {
			return soa
		}
	}
	return nil
}

type cacheKey struct {
	name    string // canonical
	rrtype  uint16
	failure bool // apart from data, which a failure must not push out
}

func (e *Entry) key() cacheKey { return cacheKey{e.Name, e.Type, e.Kind == KindError} }

// cache is the memory of a resolver. The zero value is empty and ready. It is
// safe for concurrent use.
type cache struct {
	mu      sync.Mutex
	entries map[cacheKey]*Entry
}

const (
	maxCacheEntries = 10_000
	// maxTTL is the longest anything is kept, so that a slip of the pen does not
	// stay for ever. RFC 8767 §4 suggests a cap of seven days; a day is usual too.
	maxTTL = 24 * time.Hour
	// maxNegativeTTL is the longest that absence is believed (RFC 2308 §5: one to
	// three hours have been found to work well).
	maxNegativeTTL = 3 * time.Hour
	// failureTTL is how long a failure is remembered, so that impatient askers do
	// not beat upon broken servers (RFC 9520 §3.2).
	failureTTL = 5 * time.Second
)

// get finds a live entry. An entry found dead is taken out and returned as gone.
func (c *cache) get(now time.Time, key cacheKey, least Rank) (e *Entry, gone []Entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.live(now, key, least)
}

func (c *cache) live(now time.Time, key cacheKey, least Rank) (*Entry, []Entry) {
	e := c.entries[key]
	if e == nil {
		return nil, nil
	}
	if !now.Before(e.Expires) {
		delete(c.entries, key)
		return nil, []Entry{*e}
	}
	if e.Rank < least {
		return nil, nil
	}
	return e, nil
}

// put stores an entry for ttl unless what is there is more trustworthy. It
// returns what was stored, nil for nothing, and what had to go.
func (c *cache) put(now time.Time, e Entry, ttl time.Duration) (stored *Entry, gone []Entry) {
	if ttl <= 0 {
		return nil, nil // RFC 1035 §3.2.1: for this transaction only
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e.Name = canonical(e.Name)
	e.Stored, e.Expires = now, now.Add(ttl)
	key := e.key()
	old, gone := c.live(now, key, 0)
	if old != nil && old.Rank > e.Rank {
		return nil, gone
	}
	// A zone must not be able to prolong its own delegation: once the parent takes
	// it back, it ends when the parent said (the "ghost domain names" of
	// CVE-2012-1033).
	if old != nil && e.Type == dns.TypeNS && e.Zone == e.Name && e.Expires.After(old.Expires) {
		e.Expires = old.Expires
	}
	if c.entries == nil {
		c.entries = map[cacheKey]*Entry{}
	}
	if old == nil && len(c.entries) >= maxCacheEntries {
		gone = append(gone, c.makeRoom(now)...)
	}
	c.entries[key] = &e
	return &e, gone
}

// makeRoom takes out what is dead, or else the sixteenth that will be first.
func (c *cache) makeRoom(now time.Time) []Entry {
	all := c.sorted()
	slices.SortStableFunc(all, func(a, b Entry) int { return a.Expires.Compare(b.Expires) })
	n := 0
	for n < len(all) && !now.Before(all[n].Expires) {
		n++
	}
	if n == 0 {
		n = len(all)/16 + 1
	}
	for _, e := range all[:n] {
		delete(c.entries, e.key())
	}
	return all[:n]
}

func (c *cache) sorted() []Entry {
	all := make([]Entry, 0, len(c.entries))
	for _, e := range c.entries {
		all = append(all, *e)
	}
	slices.SortFunc(all, func(a, b Entry) int {
		return cmp.Or(compareNames(a.Name, b.Name), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Kind, b.Kind))
	})
	return all
}

// list returns the live entries by name (RFC 4034 §6.1) and type.
func (c *cache) list(now time.Time) []Entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.DeleteFunc(c.sorted(), func(e Entry) bool { return !now.Before(e.Expires) })
}

func (c *cache) flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries = nil
}
