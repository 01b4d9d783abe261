package tui

import (
	"net/netip"
	"testing"
	"time"

	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// troubles is a look-up in which much goes wrong, and one from the cache.
func troubles() *sample {
	s := &sample{t: trace.New(trace.Header{}), off: map[string][2]int64{}}
	at := netip.MustParseAddrPort("203.0.113.10:53")
	step := func(host, what string, b trace.LookupBody) {
		s.do(func() {
			if b.Name == "" {
				b.Name, b.Type = "globex.test.", "MX"
			}
			s.at += 10 * time.Millisecond
			s.add(host, what, &b)
		})
	}
	ns := []trace.Record{{Name: "globex.test.", TTL: 86400, Type: "NS", Data: "ns.globex.test."}, {Name: "globex.test.", TTL: 86400, Type: "NS", Data: "ns.else.test."}}
	glue := []trace.Record{{Name: "ns.globex.test.", TTL: 86400, Type: "A", Data: "198.51.100.54"}}
	mx := []trace.Record{{Name: "globex.test.", TTL: 60, Type: "MX", Data: "10 mail.globex.test."}}
	s.do(func() { s.ids.Lookup = "mta?globex.test. MX#1" })
	step("mta", trace.Asked, trace.LookupBody{Server: "resolver"})
	step("resolver", trace.Query, trace.LookupBody{Server: "root", ServerAddr: at, Zone: "."})
	step("resolver", trace.Timeout, trace.LookupBody{Server: "root", ServerAddr: at, Zone: ".", Error: "no answer within 800ms"})
	step("resolver", trace.Query, trace.LookupBody{Server: "root", ServerAddr: at, Zone: "."})
	step("resolver", trace.Referral, trace.LookupBody{Server: "root", ServerAddr: at, Zone: "globex.test.", Authority: ns, Additional: glue})
	step("resolver", trace.Cached, trace.LookupBody{Name: "globex.test.", Type: "NS", Records: ns, Until: 24 * time.Hour})
	step("resolver", trace.Query, trace.LookupBody{Name: "ns.else.test.", Type: "A", Server: "root", ServerAddr: at, Zone: "."})
	step("resolver", trace.NXDomain, trace.LookupBody{Name: "ns.else.test.", Type: "A", Server: "root", ServerAddr: at, RCode: "NXDOMAIN"})
	step("resolver", trace.Cached, trace.LookupBody{Name: "ns.else.test.", Type: "ANY", RCode: "NXDOMAIN", Until: time.Minute})
	step("resolver", trace.Query, trace.LookupBody{Server: "ns", Zone: "globex.test.", Transport: "udp"})
	step("resolver", trace.Truncated, trace.LookupBody{Server: "ns"})
	step("resolver", trace.Query, trace.LookupBody{Server: "ns", Zone: "globex.test.", Transport: "tcp"})
	step("resolver", trace.Lame, trace.LookupBody{Server: "ns", Zone: "globex.test."})
	step("resolver", trace.ServerError, trace.LookupBody{Server: "ns", RCode: "SERVFAIL"})
	step("resolver", trace.Answer, trace.LookupBody{Server: "ns", Authoritative: true, Records: mx})
	step("resolver", trace.Cached, trace.LookupBody{Records: mx, Until: 61 * time.Second})
	step("mta", trace.Resolved, trace.LookupBody{Records: mx})
	s.do(func() { s.ids.Lookup = "mta?globex.test. MX#2" })
	step("mta", trace.Asked, trace.LookupBody{Server: "resolver"})
	step("resolver", trace.CacheHit, trace.LookupBody{Records: mx, Until: 61 * time.Second})
	step("mta", trace.Resolved, trace.LookupBody{Records: mx})
	s.do(func() { s.at += 50 * time.Second; s.ids.Lookup = "mta?nowhere.test. A#1" })
	step("mta", trace.Asked, trace.LookupBody{Name: "nowhere.test.", Type: "A", Server: "resolver"})
	step("resolver", trace.NoData, trace.LookupBody{Name: "nowhere.test.", Type: "A", Server: "root"})
	step("mta", trace.NotFound, trace.LookupBody{Name: "nowhere.test.", Type: "A", Error: "nowhere.test. has no A"})
	step("mta", trace.Unsolved, trace.LookupBody{Name: "nowhere.test.", Type: "A"})
	step("resolver", trace.Expired, trace.LookupBody{})
	return s
}

func TestALookUpIsATree(t *testing.T) {
	r := newRobot(t, troubles(), 160, 50, Options{Grain: explain.PacketGrain, Theme: Dark}).press("8").sees("No name has been looked up yet")
	r.step(17).press("z")
	r.sees("? asks      mta ▸ resolver: globex.test MX?", "├ › asks      resolver ▸ root (root): globex.test MX?", "✗ time-out  root: no answer within 800ms",
		"▸ refers    root to the servers of globex.test: ns.globex.test (glue 198.51.100.54), ns.else.test", "├ ○ keeps     globex.test NS",
		"├ › asks      resolver ▸ root (root): ns.else.test A?", "✗ NXDOMAIN  root: there is no ns.else.test", "! truncated ns: the answer is too long", "over TCP",
		"✗ lame      ns does not know the zone globex.test", "✗ error     ns: SERVFAIL", "✓ answers   ns: 10 mail.globex.test authoritative", "▶ ✓ resolved  mta has 10 mail.globex.test",
		"What resolvers know", "1 min  globex.test MX", "ns.else.test: it does not exist")
	golden(t, "pane-names-troubles.txt", r.alone(namesPane, 120, 30))
	r.step(2).sees("▶ └ ● cache     resolver knows globex.test MX: 10 mail.globex.test").misses("lame")
	r.step(5).sees("✗ NODATA    root: nowhere.test exists, but has no A", "✗ not found mta: nowhere.test. has no A", "✗ unsolved  mta: there is no answer")
	r.sees(" s  globex.test MX").step(1).sees("expired   resolver forgets").misses(" s  globex.test MX  10")
}

func TestStepsOfALookUpAreGoneThrough(t *testing.T) {
	r := newRobot(t, troubles(), 120, 40, Options{Grain: explain.PacketGrain, Theme: Dark}).step(25).press("8")
	r.press("g").sees("looking back: event 21 of 25", "▶ ? asks", "nowhere.test A")
	r.press("k").sees("event 20", "globex.test MX").press("k", "k").sees("event 18").press("k").sees("event 17", "17 of 25 steps")
	r.press("j").sees("event 18").press("G").sees("event 20").press("esc").press("j").sees("the last step that has been seen")
	r.press("g").times(40, "k").sees("event 1 of 25", "the first step of the first look-up")
	// What is later than the moment is known, and dim: it keeps its place.
	r.sees("✗ NXDOMAIN").press("k").sees("first look-up")
	n := r.m.panes[namesPane].(*names)
	n.click(r.m, 4, n.tree.y+4)
	if r.m.event.What != trace.Referral && r.m.event.What != trace.Query {
		t.Errorf("a click led to %s", r.m.event.What)
	}
}

func TestNamesBetweenPackets(t *testing.T) {
	r := byPacket(t, 80, 24).stepTo("asks who takes the mail").press("8")
	r.sees("look-ups", "asks", "globex.test MX").stepTo("knows now").sees("resolved")
	r.stepTo("the mail lies in the mailbox").sees("globex.test MX") // the last one before
}
