package dns

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// stub asks a resolver at 10.0.0.1, then one at 10.0.0.2, which is not there.
func (w *world) stub() *Stub {
	return &Stub{
		Servers: []netip.AddrPort{netip.MustParseAddrPort("10.0.0.1:53"), netip.MustParseAddrPort("10.0.0.2:53")},
		Dial:    w.Dial, Now: w.Now, Rand: &counter{},
		Hooks: &StubHooks{
			Question: func(_ context.Context, name string, t uint16) { w.logf("? %s %s", name, typeName(t)) },
			QuerySending: func(_ context.Context, x Exchange, q *dns.Msg) {
				w.logf("  > %s %s try %d id %d rd %t", x.Addr, x.Transport, x.Try, q.Id, q.RecursionDesired)
			},
			ResponseReceived: func(_ context.Context, x Exchange, r *dns.Msg, kind Kind, rtt time.Duration) {
				w.logf("  < %s %s %s", x.Addr, kind, rtt)
			},
			Ignored: func(_ context.Context, x Exchange, r *dns.Msg, reason error) { w.logf("  ! ignored: %v", reason) },
			Failed:  func(_ context.Context, x Exchange, err error) { w.logf("  ! %v", err) },
			Done: func(_ context.Context, name string, t uint16, res *Result, err error) {
				if err != nil {
					w.logf(". %v", err)
				} else {
					w.logf(". %s", res.Kind)
				}
			},
		},
	}
}

func stubWorld(t testing.TB) *world {
	w := tree(t)
	var b strings.Builder
	for i := range 100 {
		fmt.Fprintf(&b, "big A 192.0.2.%d\n", i)
	}
	b.WriteString("null MX 0 .\ndual A 192.0.2.1\ndual AAAA 2001:db8::1\nsix AAAA 2001:db8::6\nten MX 20 b\nten MX 10 c\nten MX 20 a\n")
	globex := mustZone(t, "globex.test", globexText+b.String())
	w.authority(t, globexAddr, globex)
	w.authority(t, backupAddr, globex)
	r := w.resolver(rootAddr)
	r.Hooks = nil
	w.serve("10.0.0.1", &Front{Resolver: r})
	return w
}

func TestStubSteps(t *testing.T) {
	for _, test := range []struct {
		name string
		run  func(w *world, s *Stub)
	}{
		{"answer", func(w *world, s *Stub) { s.Lookup(context.Background(), "www.globex.test", dns.TypeA) }},
		{"tcp", func(w *world, s *Stub) { s.Lookup(context.Background(), "big.globex.test", dns.TypeA) }},
		{"edns", func(w *world, s *Stub) {
			s.EDNS = true
			s.Lookup(context.Background(), "mail.globex.test", dns.TypeA)
		}},
		{"servfail", func(w *world, s *Stub) { s.Lookup(context.Background(), "lame.test", dns.TypeA) }},
		{"nobody", func(w *world, s *Stub) {
			delete(w.servers, "10.0.0.1")
			s.Lookup(context.Background(), "globex.test", dns.TypeMX)
		}},
		{"second", func(w *world, s *Stub) {
			w.servers["10.0.0.2"] = w.servers["10.0.0.1"]
			delete(w.servers, "10.0.0.1")
			s.Lookup(context.Background(), "nobody.globex.test", dns.TypeMX)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := stubWorld(t)
			begun := w.Now()
			test.run(w, w.stub())
			w.logf("after %s", w.Now().Sub(begun))
			golden(t, "stub-"+test.name+".txt", w.log.String())
		})
	}
}

func TestLookupMX(t *testing.T) {
	s := stubWorld(t).stub()
	for _, test := range []struct {
		domain string
		want   string
		null   bool
		err    error
	}{
		{"globex.test", "10 mail.globex.test. 20 mx.other.test.", false, nil},
		{"ten.globex.test", "10 c.globex.test. 20 b.globex.test. 20 a.globex.test.", false, nil},
		{"null.globex.test", "", true, nil},
		{"mail.globex.test", "", false, ErrNoData},
		{"nobody.globex.test", "", false, ErrNXDomain},
		{"lame.test", "", false, ErrServFail},
		{"a..b", "", false, ErrBadQuestion},
	} {
		list, null, err := s.LookupMX(context.Background(), test.domain)
		var got []string
		for _, mx := range list {
			got = append(got, fmt.Sprintf("%d %s", mx.Preference, mx.Host))
		}
		if strings.Join(got, " ") != test.want || null != test.null || !errors.Is(err, test.err) {
			t.Errorf("%s: %q, %t, %v", test.domain, got, null, err)
		}
		var le *LookupError
		if err != nil && (!errors.As(err, &le) || le.Temporary() != errors.Is(test.err, ErrServFail)) {
			t.Errorf("%s: %v is temporary or not", test.domain, err)
		}
	}
}

func TestLookupAddrs(t *testing.T) {
	s := stubWorld(t).stub()
	for _, test := range []struct {
		host string
		want string
		err  error
	}{
		{"dual.globex.test", "[2001:db8::1 192.0.2.1]", nil},
		{"six.globex.test", "[2001:db8::6]", nil},
		{"mail.globex.test", "[192.0.2.25]", nil},
		{"www.globex.test", "[192.0.2.25]", nil},
		{"globex.test", "[]", ErrNoData},
		{"nobody.globex.test", "[]", ErrNXDomain},
		{"dead.test", "[]", ErrServFail},
	} {
		got, err := s.LookupAddrs(context.Background(), test.host)
		if fmt.Sprint(got) != test.want || !errors.Is(err, test.err) {
			t.Errorf("%s: %v, %v", test.host, got, err)
		}
	}
}

// FuzzResponse reads what strangers send, as resolver and as stub.
func FuzzResponse(f *testing.F) {
	a, err := NewAuthority(mustZone(f, "example.test", exampleZone))
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range []string{"example.test.", "ring.example.test.", "x.sub.example.test.", "lost.example.test.", "www.example.test."} {
		f.Add(mustPack(f, a.Handle(ask(name, dns.TypeMX), TCP)), name)
	}
	f.Fuzz(func(t *testing.T, b []byte, name string) {
		name, err := checkName(name)
		if err != nil {
			return
		}
		r, err := unpack(b)
		if err != nil {
			return
		}
		for _, zone := range []string{".", "test.", "example.test."} {
			if !within(zone, name) {
				continue
			}
			m := classify(zone, name, dns.TypeMX, r)
			var all []learnt
			if m.first != nil {
				all = append(m.more, *m.first)
			}
			for _, l := range all {
				if !within(zone, l.name) {
					t.Fatalf("learnt of %s from %s", l.name, zone)
				}
			}
			switch m.kind {
			case KindReferral:
				if !below(zone, m.cut) || !within(m.cut, name) || m.first == nil {
					t.Fatalf("referral from %s to %s for %s", zone, m.cut, name)
				}
			case KindAnswer, KindAlias, KindNoData, KindNXDomain:
				if m.first == nil {
					t.Fatalf("%s without substance", m.kind)
				}
			case KindLame, KindError, KindTruncated:
			default:
				t.Fatalf("kind %q", m.kind)
			}
		}
		if r.Truncated {
			return
		}
		if res, _, err := readReply(Lookup{Name: name, Type: dns.TypeMX}, name, r); err == nil && res.Kind == KindAnswer && len(res.Answer) == 0 {
			t.Fatal("an answer without records")
		}
	})
}
