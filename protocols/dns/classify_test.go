package dns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// Responses to "mail.globex.test. A" of a server asked as an authority of test.
func TestClassify(t *testing.T) {
	const soa = "test. 3600 SOA ns.test. h.test. 1 2 3 4 600"
	for _, test := range []struct {
		title  string
		aa, tc bool
		rcode  int
		answer string // records, parted by "|"
		ns     string
		extra  string
		kind   Kind
		learnt string // "name type rank seconds" of each
		cut    string
	}{
		{title: "answer", aa: true, answer: "mail.globex.test. 300 A 192.0.2.1",
			kind: KindAnswer, learnt: "mail.globex.test. A answer 300"},
		{title: "answer of another case", aa: true, answer: "MAIL.globex.TEST. 300 A 192.0.2.1",
			kind: KindAnswer, learnt: "mail.globex.test. A answer 300"},
		{title: "answer from no authority", answer: "mail.globex.test. 300 A 192.0.2.1",
			kind: KindAnswer, learnt: "mail.globex.test. A non-authoritative 300"},
		{title: "two TTLs", aa: true, answer: "mail.globex.test. 300 A 192.0.2.1|mail.globex.test. 60 A 192.0.2.2",
			kind: KindAnswer, learnt: "mail.globex.test. A answer 60"},
		{title: "alias and its end", aa: true, answer: "mail.globex.test. 300 CNAME x.test.|x.test. 200 A 192.0.2.1",
			kind: KindAlias, learnt: "mail.globex.test. CNAME answer 300, x.test. A non-authoritative 200"},
		{title: "alias out of the zone", aa: true, answer: "mail.globex.test. 300 CNAME x.com.|x.com. 200 A 192.0.2.1",
			kind: KindAlias, learnt: "mail.globex.test. CNAME answer 300"},
		{title: "alias to nothing", aa: true, rcode: dns.RcodeNameError, answer: "mail.globex.test. 300 CNAME x.test.", ns: soa,
			kind: KindAlias, learnt: "mail.globex.test. CNAME answer 300, x.test. None authority 600"},
		{title: "alias to itself", aa: true, answer: "mail.globex.test. 300 CNAME mail.globex.test.",
			kind: KindAlias, learnt: "mail.globex.test. CNAME answer 300"},
		{title: "two aliases at one name", aa: true, answer: "mail.globex.test. 300 CNAME x.test.|mail.globex.test. 300 CNAME y.test.",
			kind: KindError},
		{title: "no data", aa: true, ns: soa, kind: KindNoData, learnt: "mail.globex.test. A authority 600"},
		{title: "no data without SOA", aa: true, kind: KindNoData, learnt: "mail.globex.test. A authority 0"},
		{title: "no data, SOA of a stranger", aa: true, ns: "com. 3600 SOA ns.com. h.com. 1 2 3 4 600",
			kind: KindNoData, learnt: "mail.globex.test. A authority 0"},
		{title: "no data, SOA of a sibling", aa: true, ns: "other.test. 3600 SOA ns.com. h.com. 1 2 3 4 600",
			kind: KindNoData, learnt: "mail.globex.test. A authority 0"},
		{title: "no name", aa: true, rcode: dns.RcodeNameError, ns: soa, kind: KindNXDomain, learnt: "mail.globex.test. None authority 600"},
		{title: "no name for three hours at most", aa: true, rcode: dns.RcodeNameError, ns: strings.Replace(strings.Replace(soa, "3600", "86400", 1), " 600", " 86400", 1),
			kind: KindNXDomain, learnt: "mail.globex.test. None authority 10800"},
		{title: "no name, says nobody in charge", rcode: dns.RcodeNameError, kind: KindLame},
		{title: "referral", ns: "globex.test. 300 NS a.globex.test.|globex.test. 300 NS b.com.",
			extra: "a.globex.test. 200 A 192.0.2.1|b.com. 200 A 192.0.2.2|evil.test. 200 A 192.0.2.3",
			kind:  KindReferral, cut: "globex.test.",
			learnt: "globex.test. NS additional 300, a.globex.test. A additional 200"},
		{title: "referral upwards", ns: ". 300 NS a.root.", kind: KindLame},
		{title: "referral to itself", ns: "test. 300 NS a.test.", kind: KindLame},
		{title: "referral sideways", ns: "other.test. 300 NS a.test.", kind: KindLame},
		{title: "referral to another tree", ns: "com. 300 NS a.test.", kind: KindLame},
		{title: "nothing at all", kind: KindLame},
		{title: "refused", rcode: dns.RcodeRefused, kind: KindLame},
		{title: "SERVFAIL", rcode: dns.RcodeServerFailure, kind: KindError},
		{title: "a code nobody knows", rcode: 14, kind: KindError},
		{title: "cut off", aa: true, tc: true, answer: "mail.globex.test. 300 A 192.0.2.1", kind: KindTruncated},
		{title: "another class", aa: true, answer: "mail.globex.test. 300 CH A 1.2 3", kind: KindNoData, learnt: "mail.globex.test. A authority 0"},
	} {
		t.Run(test.title, func(t *testing.T) {
			m := &dns.Msg{}
			m.Authoritative, m.Truncated, m.Rcode = test.aa, test.tc, test.rcode
			for i, s := range []string{test.answer, test.ns, test.extra} {
				if s == "" {
					continue
				}
				s = strings.ReplaceAll(s, "CH A 1.2 3", `CH TXT "x"`)
				*[]*[]dns.RR{&m.Answer, &m.Ns, &m.Extra}[i] = rrs(t, strings.Split(s, "|")...)
			}
			got := classify("test.", "mail.globex.test.", dns.TypeA, m)
			var learned []string
			if got.first != nil {
				for _, l := range append([]learnt{*got.first}, got.more...) {
					learned = append(learned, fmt.Sprintf("%s %s %s %d", l.name, typeName(l.rrtype), l.rank, l.ttl/time.Second))
				}
			}
			if got.kind != test.kind || strings.Join(learned, ", ") != test.learnt || got.cut != test.cut {
				t.Errorf("%s, learnt %q, cut %q, %s", got.kind, learned, got.cut, got.reason)
			}
			if (got.kind == KindLame || got.kind == KindError || got.kind == KindTruncated) != (got.reason != "") {
				t.Errorf("reason %q of %s", got.reason, got.kind)
			}
		})
	}
}

// A server that proved lame is asked only when nobody else is left.
func TestLameLast(t *testing.T) {
	w := tree(t)
	w.serve(globexAddr, HandlerFunc(func(_ context.Context, q *dns.Msg, _ Meta) *dns.Msg {
		r := Reply(q)
		r.Rcode = dns.RcodeRefused
		return r
	}))
	r := w.resolver(rootAddr)
	asked := 0
	r.Hooks = &ResolverHooks{QuerySending: func(_ context.Context, x Exchange, _ *dns.Msg) {
		if x.Addr.Addr().String() == globexAddr {
			asked++
		}
	}}
	for i := range 20 {
		if _, err := r.Resolve(context.Background(), fmt.Sprintf("n%d.globex.test", i), dns.TypeA); err != nil {
			t.Fatal(err)
		}
	}
	if asked != 1 {
		t.Errorf("the lame server was asked %d times", asked)
	}
	w.pass(lameTTL)
	for i := range 4 {
		if _, err := r.Resolve(context.Background(), fmt.Sprintf("m%d.globex.test", i), dns.TypeA); err != nil {
			t.Fatal(err)
		}
	}
	if asked != 2 {
		t.Errorf("after a while it was asked %d times", asked)
	}
}

func TestDialFails(t *testing.T) {
	w := tree(t)
	r := w.resolver(rootAddr)
	refused := errors.New("connection refused")
	r.Dial = func(ctx context.Context, network string, server netip.AddrPort) (net.Conn, error) {
		if server.Addr().String() == globexAddr {
			return nil, refused
		}
		return w.Dial(ctx, network, server)
	}
	limited := 0
	r.WithTimeout = func(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
		limited++
		return ctx, func() { limited-- }
	}
	if res, err := r.Resolve(context.Background(), "mail.globex.test", dns.TypeA); err != nil || len(res.Answer) != 1 {
		t.Errorf("%v, %v", res, err)
	}
	if limited != 0 {
		t.Error("a context was not cancelled")
	}
	delete(w.servers, backupAddr)
	if _, err := r.Resolve(context.Background(), "globex.test", dns.TypeMX); !errors.Is(err, ErrServFail) {
		t.Error(err)
	}
	r.Dial = func(context.Context, string, netip.AddrPort) (net.Conn, error) { return nil, refused }
	if _, err := r.Resolve(context.Background(), "mail.other.test", dns.TypeA); !errors.Is(err, refused) {
		t.Error(err)
	}
}

// The same number twice: what a hook wrote is what is waited for.
func TestHookChangesQuery(t *testing.T) {
	w := tree(t)
	r := w.resolver(rootAddr)
	r.Hooks = &ResolverHooks{QuerySending: func(_ context.Context, _ Exchange, q *dns.Msg) { q.Id = 4711 }}
	if _, err := r.Resolve(context.Background(), "mail.globex.test", dns.TypeA); err != nil {
		t.Error(err)
	}
}
