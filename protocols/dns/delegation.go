package dns

import (
	"cmp"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// NameServer is a server of a zone, by name and addresses.
type NameServer struct {
	Name  string
	Addrs []netip.Addr // none: they have to be looked up
}

// Source says how a resolver came to know the servers of a zone.
type Source string

// The sources of delegations.
const (
	FromHints    Source = "hints"    // the root servers that it was started with (RFC 1034 §5.3.2, SBELT)
	FromCache    Source = "cache"    // remembered from an earlier referral
	FromReferral Source = "referral" // told by the zone above just now
)

// Delegation is a zone and the servers to ask about it.
//
// RFC 1034 §5.3.2, SLIST.
type Delegation struct {
	Zone    string
	From    Source
	Servers []NameServer
	// Order holds the known addresses, the next to be asked in front.
	Order []Candidate
}

// Candidate is one address that can be asked.
type Candidate struct {
	Server string
	Addr   netip.Addr
	RTT    time.Duration // smoothed, 0 if it was never heard of
	Lame   bool          // it said lately that it does not know the zone
	tries  int
	tie    uint32
	out    bool // it gave an answer that makes asking again pointless
}

// infra is what a resolver remembers of servers rather than of names. The zero
// value is ready. It is safe for concurrent use.
type infra struct {
	mu   sync.Mutex
	rtts map[netip.Addr]rtt
	lame map[lameKey]time.Time // until when
}

type rtt struct {
	smoothed time.Duration
	at       time.Time
}

type lameKey struct {
	addr netip.Addr
	zone string
}

const (
	infraTTL     = 15 * time.Minute // how long a round-trip time says anything
	lameTTL      = 10 * time.Minute // RFC 4697 §2.2.1: remember lame servers
	maxInfra     = 10_000
	maxPenalised = 10 * time.Second
)

// order completes the candidates and sorts them: lame ones last, then those
// asked least often first, then by smoothed round-trip time. A server that
// was never heard of counts as quick, so that each gets its turn (RFC 1035
// §7.2); ties fall by lot.
func (f *infra) order(now time.Time, zone string, list []Candidate) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range list {
		c := &list[i]
		c.RTT = 0
		if r, ok := f.rtts[c.Addr]; ok && now.Sub(r.at) < infraTTL {
			c.RTT = r.smoothed
		}
		until, lame := f.lame[lameKey{c.Addr, zone}]
		c.Lame = lame && now.Before(until)
	}
	slices.SortStableFunc(list, func(a, b Candidate) int {
		return cmp.Or(compareBool(a.Lame, b.Lame), cmp.Compare(a.tries, b.tries), cmp.Compare(a.RTT, b.RTT), cmp.Compare(a.tie, b.tie))
	})
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// answered notes how long an address took, and lets the others of the list seem
// a little quicker, so that one that was slow once is tried again some day.
func (f *infra) answered(now time.Time, addr netip.Addr, took time.Duration, list []Candidate) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.set(addr, func(old time.Duration, known bool) time.Duration {
		if !known {
			return took
		}
		return (7*old + 3*took) / 10
	}, now)
	for _, c := range list {
		if r, ok := f.rtts[c.Addr]; ok && c.Addr != addr {
			r.smoothed -= r.smoothed / 50
			f.rtts[c.Addr] = r
		}
	}
}

// silent notes that an address did not answer within the wait.
func (f *infra) silent(now time.Time, addr netip.Addr, wait time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.set(addr, func(old time.Duration, _ bool) time.Duration {
		return min(max(2*old, wait), maxPenalised)
	}, now)
}

func (f *infra) set(addr netip.Addr, next func(old time.Duration, known bool) time.Duration, now time.Time) {
	old, ok := f.rtts[addr]
	known := ok && now.Sub(old.at) < infraTTL
	if !known {
		old.smoothed = 0
	}
	if f.rtts == nil || len(f.rtts) >= maxInfra {
		f.rtts = map[netip.Addr]rtt{} // forgetting costs a few milliseconds, no answer
	}
	f.rtts[addr] = rtt{smoothed: next(old.smoothed, known), at: now}
}

func (f *infra) markLame(now time.Time, addr netip.Addr, zone string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lame == nil || len(f.lame) >= maxInfra {
		f.lame = map[lameKey]time.Time{}
	}
	f.lame[lameKey{addr, zone}] = now.Add(lameTTL)
}

func (f *infra) flush() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rtts, f.lame = nil, nil
}

// closest finds the nearest zone above name whose servers are known well enough
// to be asked: from the cache, at last from the hints.
//
// RFC 1034 §5.3.3, step 2.
func (t *task) closest(name string, qtype uint16) Delegation {
	start := canonical(name)
	if qtype == dns.TypeDS {
		start = parent(start) // RFC 4035 §3.1.4.1: the parent's data
	}
	for up := start; ; up = parent(up) {
		if d := t.cachedDelegation(up); d != nil {
			return *d
		}
		if up == "." {
			return Delegation{Zone: ".", From: FromHints, Servers: t.r.Roots}
		}
	}
}

func (t *task) cachedDelegation(zone string) *Delegation {
	e := t.get(zone, dns.TypeNS, RankAdditional)
	if e == nil || e.Kind != KindAnswer {
		return nil
	}
	d := t.delegation(zone, FromCache, e.Data, nil)
	for _, s := range d.Servers {
		// A server inside its own zone whose address ran out cannot be found by way
		// of that zone.
		if len(s.Addrs) > 0 || !within(zone, s.Name) {
			return &d
		}
	}
	return nil
}

// delegation makes the list of a zone's servers, with the addresses that are in
// the cache, or else in glue: what has a TTL of zero is nowhere but there.
func (t *task) delegation(zone string, from Source, servers []dns.RR, glue []learnt) Delegation {
	d := Delegation{Zone: zone, From: from}
	for _, rr := range servers {
		ns, ok := rr.(*dns.NS)
		if !ok {
			continue
		}
		s := NameServer{Name: ns.Ns, Addrs: t.cachedAddrs(ns.Ns)}
		for _, l := range glue {
			if len(s.Addrs) == 0 && sameName(l.name, ns.Ns) {
				s.Addrs = addresses(l.data)
			}
		}
		d.Servers = append(d.Servers, s)
	}
	return d
}

func (t *task) cachedAddrs(name string) []netip.Addr {
	var out []netip.Addr
	for _, rrtype := range []uint16{dns.TypeA, dns.TypeAAAA} {
		if e := t.get(name, rrtype, RankAdditional); e != nil && e.Kind == KindAnswer {
			out = append(out, addresses(e.Data)...)
		}
	}
	return out
}

// addresses are those of A and AAAA records, in their order.
func addresses(rrs []dns.RR) []netip.Addr {
	var out []netip.Addr
	for _, rr := range rrs {
		switch rr := rr.(type) {
		case *dns.A:
			if a, ok := netip.AddrFromSlice(rr.A); ok {
				out = append(out, a.Unmap()) // net.IP may hold four octets in sixteen
			}
		case *dns.AAAA:
			if a, ok := netip.AddrFromSlice(rr.AAAA); ok {
				out = append(out, a)
			}
		}
	}
	return out
}
