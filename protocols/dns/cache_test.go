package dns

import (
	"fmt"
	"testing"
	"time"

	"github.com/miekg/dns"
)

func rrs(t testing.TB, lines ...string) []dns.RR {
	t.Helper()
	var out []dns.RR
	for _, s := range lines {
		rr, err := dns.NewRR(s)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, rr)
	}
	return out
}

// RFC 2181 §5.4.1.
func TestCacheRank(t *testing.T) {
	now := time.Unix(0, 0)
	entry := func(rank Rank, addr string) Entry {
		return Entry{Name: "NS.test.", Type: dns.TypeA, Kind: KindAnswer, Rank: rank, Data: rrs(t, "ns.test. A "+addr)}
	}
	var c cache
	key := cacheKey{name: "ns.test.", rrtype: dns.TypeA}
	steps := []struct {
		rank   Rank
		addr   string
		stored bool
	}{
		{RankAdditional, "192.0.2.1", true},
		{RankAdditional, "192.0.2.2", true},
		{RankAnswer, "192.0.2.3", true},
		{RankAdditional, "192.0.2.4", false},
		{RankNonAuthoritative, "192.0.2.5", false},
		{RankAnswer, "192.0.2.6", true},
	}
	for _, s := range steps {
		stored, _ := c.put(now, entry(s.rank, s.addr), time.Minute)
		if (stored != nil) != s.stored {
			t.Errorf("%s %s: stored %t", s.rank, s.addr, stored != nil)
		}
	}
	if e, _ := c.get(now, key, RankNonAuthoritative); e == nil || addresses(e.Data)[0].String() != "192.0.2.6" {
		t.Errorf("got %v", e)
	}
	// What is dead outranks nothing.
	now = now.Add(time.Minute)
	stored, gone := c.put(now, entry(RankAdditional, "192.0.2.7"), time.Minute)
	if stored == nil || len(gone) != 1 {
		t.Errorf("stored %v, gone %v", stored, gone)
	}
	if e, _ := c.get(now, key, RankNonAuthoritative); e != nil {
		t.Errorf("glue was given as an answer: %v", e)
	}
	if stored, _ := c.put(now, entry(RankAnswer, "192.0.2.8"), 0); stored != nil {
		t.Error("a TTL of zero was cached")
	}
}

// A zone cannot prolong its own delegation.
func TestGhostDomain(t *testing.T) {
	now := time.Unix(0, 0)
	var c cache
	ns := Entry{Name: "ghost.test.", Type: dns.TypeNS, Kind: KindAnswer, Rank: RankAdditional, Zone: "test.", Data: rrs(t, "ghost.test. NS a.ghost.test.")}
	c.put(now, ns, time.Hour)
	ns.Zone, ns.Rank = "ghost.test.", RankAnswer
	stored, _ := c.put(now.Add(30*time.Minute), ns, 24*time.Hour)
	if stored == nil || !stored.Expires.Equal(now.Add(time.Hour)) {
		t.Errorf("got %v", stored)
	}
}

func TestCacheIsBounded(t *testing.T) {
	now := time.Unix(0, 0)
	var c cache
	total := maxCacheEntries + 100
	lost := 0
	for i := range total {
		_, gone := c.put(now, Entry{Name: fmt.Sprintf("n%d.test.", i), Type: dns.TypeA, Kind: KindNoData, Rank: RankAuthority}, time.Duration(i+1)*time.Second)
		lost += len(gone)
	}
	list := c.list(now)
	if len(list) > maxCacheEntries || len(list)+lost != total {
		t.Errorf("%d entries, %d lost", len(list), lost)
	}
	if e, _ := c.get(now, cacheKey{name: "n0.test.", rrtype: dns.TypeA}, 0); e != nil {
		t.Error("the first to die was kept")
	}
	for i := 1; i < len(list); i++ {
		if compareNames(list[i-1].Name, list[i].Name) >= 0 {
			t.Fatalf("%s before %s", list[i-1].Name, list[i].Name)
		}
	}
}

func TestTTLs(t *testing.T) {
	for _, test := range []struct {
		ttl  uint32
		want time.Duration
	}{{0, 0}, {300, 5 * time.Minute}, {1 << 30, maxTTL}, {1 << 31, 0}, {1<<32 - 1, 0}} {
		r := rrs(t, "a.test. 1 A 192.0.2.1")
		r[0].Header().Ttl = test.ttl
		if got := lowestTTL(r); got != test.want {
			t.Errorf("%d: %s", test.ttl, got)
		}
	}
}

func TestCompareNames(t *testing.T) {
	// The order of RFC 4034 §6.1.
	names := []string{"example.", "a.example.", "yljkjljk.a.example.", "Z.a.example.", "zABC.a.EXAMPLE.", "z.example.", "*.z.example."}
	for i := 1; i < len(names); i++ {
		if compareNames(names[i-1], names[i]) >= 0 || compareNames(names[i], names[i-1]) <= 0 {
			t.Errorf("%s and %s", names[i-1], names[i])
		}
	}
	if compareNames("A.example.", "a.EXAMPLE") != 0 || compareNames(".", "a.") >= 0 {
		t.Error("case or root")
	}
}
