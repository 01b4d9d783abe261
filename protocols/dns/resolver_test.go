package dns

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
)

const (
	rootAddr   = "198.51.100.1"
	tldAddr    = "198.51.100.2"
	globexAddr = "192.0.2.53"
	backupAddr = "192.0.2.54"
	otherAddr  = "203.0.113.53"
)

const rootText = `$TTL 86400
@ SOA a.root. hostmaster.root. 1 7200 900 1209600 3600
@ NS a.root.
a.root. A 198.51.100.1
test. NS ns.test.
ns.test. A 198.51.100.2
`

const tldText = `$TTL 3600
@ SOA ns hostmaster 1 7200 900 1209600 600
@ NS ns
ns A 198.51.100.2
globex NS ns1.globex
globex NS ns2.globex
ns1.globex A 192.0.2.53
ns2.globex A 192.0.2.54
other NS ns1.other
ns1.other A 203.0.113.53
glueless NS dns.other
lame NS ns1.lame
ns1.lame A 203.0.113.53
dead NS ns1.dead
ns1.dead A 203.0.113.99
ping NS ns.pong
pong NS ns.ping
`

const globexText = `$TTL 300
@ SOA ns1 hostmaster 1 7200 900 1209600 60
@ NS ns1
@ NS ns2
ns1 A 192.0.2.53
ns2 A 192.0.2.54
@ MX 10 mail
@ MX 20 mx.other.test.
mail A 192.0.2.25
www CNAME mail
abroad CNAME www.other.test.
lost CNAME nothing
ring CNAME gnir
gnir CNAME ring
half CNAME flah.other.test.
zero 0 A 192.0.2.26
`

const otherText = `$TTL 300
@ SOA ns1 hostmaster 1 7200 900 1209600 60
@ NS ns1
ns1 A 203.0.113.53
dns A 203.0.113.54
mx A 203.0.113.25
www A 203.0.113.80
flah CNAME half.globex.test.
`

const gluelessText = `$TTL 300
@ SOA dns.other.test. hostmaster 1 7200 900 1209600 60
@ NS dns.other.test.
www A 203.0.113.81
`

// tree is a small Internet.
func tree(t testing.TB) *world {
	w := newWorld()
	w.authority(t, rootAddr, mustZone(t, ".", rootText))
	w.authority(t, tldAddr, mustZone(t, "test", tldText))
	globex := mustZone(t, "globex.test", globexText)
	w.authority(t, globexAddr, globex)
	w.authority(t, backupAddr, globex)
	w.authority(t, otherAddr, mustZone(t, "other.test", otherText))
	w.authority(t, "203.0.113.54", mustZone(t, "glueless.test", gluelessText))
	return w
}

func (w *world) resolve(r *Resolver, name string, qtype uint16) (*Result, error) {
	res, err := r.Resolve(context.Background(), name, qtype)
	if err == nil {
		for _, rr := range res.Answer {
			w.logf("%s", strings.Join(strings.Fields(rr.String()), " "))
		}
		if res.SOA != nil {
			w.logf("SOA of %s, TTL %d", res.SOA.Hdr.Name, res.SOA.Hdr.Ttl)
		}
	}
	w.logf("")
	return res, err
}

// The goldens show each step of look-ups, as the hooks see them.
func TestResolverSteps(t *testing.T) {
	for _, test := range []struct {
		name string
		run  func(w *world, r *Resolver)
	}{
		{"from-root", func(w *world, r *Resolver) {
			w.resolve(r, "globex.test", dns.TypeMX)
			w.pass(100 * time.Second)
			w.resolve(r, "Globex.TEST.", dns.TypeMX)
			w.resolve(r, "mail.globex.test", dns.TypeA)
			w.pass(200 * time.Second)
			w.resolve(r, "globex.test", dns.TypeMX)
		}},
		{"negative", func(w *world, r *Resolver) {
			w.resolve(r, "nobody.globex.test", dns.TypeA)
			w.resolve(r, "nobody.globex.test", dns.TypeMX)
			w.resolve(r, "mail.globex.test", dns.TypeMX)
			w.pass(30 * time.Second)
			w.resolve(r, "mail.globex.test", dns.TypeMX)
			w.pass(30 * time.Second)
			w.resolve(r, "mail.globex.test", dns.TypeMX)
		}},
		{"aliases", func(w *world, r *Resolver) {
			w.resolve(r, "www.globex.test", dns.TypeA)
			w.resolve(r, "abroad.globex.test", dns.TypeA)
			w.resolve(r, "lost.globex.test", dns.TypeA)
			w.resolve(r, "ring.globex.test", dns.TypeA)
			w.resolve(r, "half.globex.test", dns.TypeA)
		}},
		{"glueless", func(w *world, r *Resolver) {
			w.resolve(r, "www.glueless.test", dns.TypeA)
			w.resolve(r, "www.ping.test", dns.TypeA)
		}},
		{"lame", func(w *world, r *Resolver) {
			w.resolve(r, "lame.test", dns.TypeMX)
			w.resolve(r, "lame.test", dns.TypeMX)
		}},
		{"dead", func(w *world, r *Resolver) {
			w.resolve(r, "dead.test", dns.TypeMX)
			delete(w.servers, globexAddr)
			w.resolve(r, "mail.globex.test", dns.TypeA)
			w.resolve(r, "www.globex.test", dns.TypeA)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := tree(t)
			test.run(w, w.resolver(rootAddr))
			golden(t, "resolve-"+test.name+".txt", w.log.String())
		})
	}
}

func TestResolverResults(t *testing.T) {
	for _, test := range []struct {
		name   string
		qtype  uint16
		kind   Kind
		answer string
		target string
		err    error
	}{
		{"mail.globex.test", dns.TypeA, KindAnswer, "mail.globex.test. 300 IN A 192.0.2.25", "mail.globex.test.", nil},
		{"WWW.globex.test.", dns.TypeA, KindAnswer, "WWW.globex.test. 300 IN CNAME mail.globex.test.\nmail.globex.test. 300 IN A 192.0.2.25", "mail.globex.test.", nil},
		{"www.globex.test", dns.TypeTXT, KindNoData, "www.globex.test. 300 IN CNAME mail.globex.test.", "mail.globex.test.", ErrNoData},
		{"lost.globex.test", dns.TypeA, KindNXDomain, "lost.globex.test. 300 IN CNAME nothing.globex.test.", "nothing.globex.test.", ErrNXDomain},
		{"zero.globex.test", dns.TypeA, KindAnswer, "zero.globex.test. 0 IN A 192.0.2.26", "zero.globex.test.", nil},
		{"globex.test", dns.TypeDS, KindNoData, "", "globex.test.", ErrNoData},
		{"nothing", dns.TypeA, KindNXDomain, "", "nothing.", ErrNXDomain},
		{".", dns.TypeNS, KindAnswer, ". 86400 IN NS a.root.", ".", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			res, err := tree(t).resolver(rootAddr).Resolve(context.Background(), test.name, test.qtype)
			if err != nil {
				t.Fatal(err)
			}
			if res.Kind != test.kind || records(res.Answer) != test.answer || !sameName(res.Target(), test.target) || !errors.Is(res.Err(), test.err) {
				t.Errorf("%s, %q, target %s, %v", res.Kind, records(res.Answer), res.Target(), res.Err())
			}
			if res.Err() != nil && (errors.Is(res.Err(), ErrServFail) || res.Err().(*LookupError).Temporary()) {
				t.Error("a definite no is temporary")
			}
			if (test.kind != KindAnswer) != (res.SOA != nil) {
				t.Errorf("SOA %v", res.SOA)
			}
		})
	}
}

func TestResolverFailures(t *testing.T) {
	w := tree(t)
	r := w.resolver(rootAddr)
	for _, test := range []struct {
		name string
		want error
		text string
	}{
		{"lame.test", ErrLame, "lame.test. A: ask the servers of lame.test.: ns1.lame.test. (203.0.113.53): lame delegation: REFUSED"},
		{"dead.test", ErrTimeout, ""},
		{"ring.globex.test", ErrLoop, "ring.globex.test. A: follow alias ring.globex.test.: names lead round in a circle"},
		{"www.ping.test", ErrLoop, "www.ping.test. A: ask the servers of ping.test.: ns.pong.test. A: ask the servers of pong.test.: " +
			"ns.ping.test. A: ask the servers of ping.test.: find ns.pong.test.: names lead round in a circle"},
	} {
		_, err := r.Resolve(context.Background(), test.name, dns.TypeA)
		var le *LookupError
		if !errors.As(err, &le) || !le.Temporary() || !errors.Is(err, ErrServFail) || !errors.Is(err, test.want) {
			t.Errorf("%s: %v", test.name, err)
		}
		if test.text != "" && err.Error() != test.text {
			t.Errorf("%s: text %q", test.name, err)
		}
		if strings.HasPrefix(test.name, "ring") {
			continue // found in the cache, no failure of servers
		}
		if _, err = r.Resolve(context.Background(), test.name, dns.TypeA); !errors.Is(err, ErrCached) {
			t.Errorf("%s: asked again at once: %v", test.name, err)
		}
		w.pass(failureTTL)
		if _, err = r.Resolve(context.Background(), test.name, dns.TypeA); errors.Is(err, ErrCached) {
			t.Errorf("%s: failure remembered for too long", test.name)
		}
	}
	for _, name := range []string{"", "a..b", strings.Repeat("a", 64) + ".test", strings.Repeat("abcdefg.", 40)} {
		if _, err := r.Resolve(context.Background(), name, dns.TypeA); !errors.Is(err, ErrBadQuestion) || errors.Is(err, ErrServFail) {
			t.Errorf("%q: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := r.Resolve(ctx, "mail.other.test", dns.TypeA); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// A failure is found within what a stub waits.
func TestResolverGivesUpBeforeStub(t *testing.T) {
	w := tree(t)
	r := w.resolver(rootAddr)
	delete(w.servers, globexAddr)
	delete(w.servers, backupAddr)
	begun := w.Now()
	if _, err := r.Resolve(context.Background(), "globex.test", dns.TypeMX); !errors.Is(err, ErrTimeout) {
		t.Error(err)
	}
	if took := w.Now().Sub(begun); took >= 5*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestTCPAfterTruncation(t *testing.T) {
	w := tree(t)
	var b strings.Builder
	for i := range 100 {
		fmt.Fprintf(&b, "big A 192.0.2.%d\n", i)
	}
	big := mustZone(t, "globex.test", globexText+b.String())
	w.authority(t, globexAddr, big)
	w.authority(t, backupAddr, big)
	r := w.resolver(rootAddr)
	var used []string
	r.Hooks = &ResolverHooks{ResponseReceived: func(_ context.Context, x Exchange, m *dns.Msg, kind Kind, _ string, _ time.Duration) {
		used = append(used, string(x.Transport)+" "+string(kind))
	}}
	res, err := r.Resolve(context.Background(), "big.globex.test", dns.TypeA)
	if err != nil || len(res.Answer) != 100 {
		t.Fatalf("%v, %v", res, err)
	}
	if want := []string{"udp referral", "udp referral", "udp truncated", "tcp answer"}; !slices.Equal(used, want) {
		t.Errorf("exchanges %q", used)
	}
}

func TestWithoutEDNSAfterFormErr(t *testing.T) {
	w := tree(t)
	old := w.authority(t, globexAddr, mustZone(t, "globex.test", globexText))
	h := HandlerFunc(func(_ context.Context, q *dns.Msg, m Meta) *dns.Msg {
		if q.IsEdns0() != nil {
			return formatError(q)
		}
		return old.Handle(q, m.Transport)
	})
	w.serve(globexAddr, h)
	w.serve(backupAddr, h)
	if res, err := w.resolver(rootAddr).Resolve(context.Background(), "mail.globex.test", dns.TypeA); err != nil || len(res.Answer) != 1 {
		t.Errorf("%v, %v", res, err)
	}
}

// Forged answers arrive before the true one.
func TestForgedAnswers(t *testing.T) {
	forge := func(q *dns.Msg) *dns.Msg {
		r := Reply(q)
		r.Authoritative = true
		rr, err := dns.NewRR(q.Question[0].Name + " 300 IN A 198.18.0.1")
		if err != nil {
			panic(err)
		}
		r.Answer = []dns.RR{rr}
		return r
	}
	for _, test := range []struct {
		title  string
		forged func(q *dns.Msg) *dns.Msg
		fooled bool
	}{
		{"wrong ID", func(q *dns.Msg) *dns.Msg { r := forge(q); r.Id++; return r }, false},
		{"wrong name", func(q *dns.Msg) *dns.Msg { r := forge(q); r.Question[0].Name = "x.globex.test."; return r }, false},
		{"wrong type", func(q *dns.Msg) *dns.Msg { r := forge(q); r.Question[0].Qtype = dns.TypeMX; return r }, false},
		{"no question", func(q *dns.Msg) *dns.Msg { r := forge(q); r.Question = nil; return r }, false},
		{"a query", func(q *dns.Msg) *dns.Msg { r := forge(q); r.Response = false; return r }, false},
		{"all guessed", forge, true},
	} {
		t.Run(test.title, func(t *testing.T) {
			w := tree(t)
			for _, addr := range []string{globexAddr, backupAddr} {
				honest := w.servers[addr]
				w.servers[addr] = func(network Transport, b []byte) [][]byte {
					q, err := unpack(b)
					if err != nil {
						t.Error(err)
						return nil
					}
					bad, err := test.forged(q).Pack()
					if err != nil {
						t.Error(err)
					}
					return append([][]byte{{1, 2, 3}, bad}, honest(network, b)...)
				}
			}
			r := w.resolver(rootAddr)
			ignored := 0
			r.Hooks = &ResolverHooks{Ignored: func(context.Context, Exchange, *dns.Msg, error) { ignored++ }}
			res, err := r.Resolve(context.Background(), "mail.globex.test", dns.TypeA)
			if err != nil {
				t.Fatal(err)
			}
			if fooled := strings.Contains(records(res.Answer), "198.18.0.1"); fooled != test.fooled {
				t.Errorf("answer %s", records(res.Answer))
			}
			if want := 2; !test.fooled && ignored != want || test.fooled && ignored != 1 {
				t.Errorf("%d ignored", ignored)
			}
		})
	}
}

// A flood of guesses makes the resolver turn to TCP.
func TestForgedFlood(t *testing.T) {
	w := tree(t)
	for _, addr := range []string{globexAddr, backupAddr} {
		honest := w.servers[addr]
		w.servers[addr] = func(network Transport, b []byte) [][]byte {
			var out [][]byte
			if network == UDP {
				for range maxIgnored + 1 {
					out = append(out, []byte("not a message"))
				}
			}
			return append(out, honest(network, b)...)
		}
	}
	if res, err := w.resolver(rootAddr).Resolve(context.Background(), "mail.globex.test", dns.TypeA); err != nil || len(res.Answer) != 1 {
		t.Errorf("%v, %v", res, err)
	}
}

// What a server says of zones that are not its own is not believed.
func TestBailiwick(t *testing.T) {
	w := tree(t)
	evil := HandlerFunc(func(_ context.Context, q *dns.Msg, m Meta) *dns.Msg {
		r := Reply(q)
		r.Authoritative = true
		for _, s := range []string{
			"abroad.globex.test. 300 IN CNAME www.other.test.",
			"www.other.test. 300 IN A 198.18.0.1",
			"mail.other.test. 300 IN A 198.18.0.1",
		} {
			rr, err := dns.NewRR(s)
			if err != nil {
				panic(err)
			}
			r.Answer = append(r.Answer, rr)
		}
		for _, s := range []string{"other.test. 300 IN NS ns1.globex.test.", ". 300 IN NS ns1.globex.test."} {
			rr, err := dns.NewRR(s)
			if err != nil {
				panic(err)
			}
			r.Ns = append(r.Ns, rr)
		}
		return r
	})
	w.serve(globexAddr, evil)
	w.serve(backupAddr, evil)
	r := w.resolver(rootAddr)
	res, err := r.Resolve(context.Background(), "abroad.globex.test", dns.TypeA)
	if err != nil {
		t.Fatal(err)
	}
	if got := records(res.Answer); !strings.HasSuffix(got, "www.other.test. 300 IN A 203.0.113.80") {
		t.Errorf("answer %s", got)
	}
	for _, e := range r.Entries() {
		if e.Zone == "globex.test." && !within("globex.test.", e.Name) {
			t.Errorf("in the cache: %v", e)
		}
	}
}

// Glue finds servers but is no answer.
func TestGlueIsNoAnswer(t *testing.T) {
	w := tree(t)
	r := w.resolver(rootAddr)
	asked := 0
	r.Hooks = &ResolverHooks{QuerySending: func(context.Context, Exchange, *dns.Msg) { asked++ }}
	for i, want := range []int{3, 4} {
		if _, err := r.Resolve(context.Background(), []string{"mail.globex.test", "ns1.globex.test"}[i], dns.TypeA); err != nil {
			t.Fatal(err)
		}
		if asked != want {
			t.Errorf("%d queries, want %d", asked, want)
		}
	}
	e := r.Entries()[slices.IndexFunc(r.Entries(), func(e Entry) bool { return e.Name == "ns1.globex.test." })]
	if e.Rank != RankAnswer {
		t.Errorf("rank %s", e.Rank)
	}
}

func TestServerOrderByRTT(t *testing.T) {
	w := tree(t)
	w.latency[globexAddr] = 200 * time.Millisecond
	w.latency[backupAddr] = 20 * time.Millisecond
	r := w.resolver(rootAddr)
	used := map[string]int{}
	r.Hooks = &ResolverHooks{QuerySending: func(_ context.Context, x Exchange, _ *dns.Msg) { used[x.Addr.Addr().String()]++ }}
	for i := range 20 {
		if _, err := r.Resolve(context.Background(), fmt.Sprintf("n%d.globex.test", i), dns.TypeA); err != nil {
			t.Fatal(err)
		}
	}
	if used[globexAddr] != 1 || used[backupAddr] != 19 {
		t.Errorf("slow %d times, quick %d times", used[globexAddr], used[backupAddr])
	}
	for i := range 200 { // the slow one gets another chance some day
		if _, err := r.Resolve(context.Background(), fmt.Sprintf("m%d.globex.test", i), dns.TypeA); err != nil {
			t.Fatal(err)
		}
	}
	if used[globexAddr] < 2 {
		t.Error("the slow server was never tried again")
	}
}

func TestUse(t *testing.T) {
	w := tree(t)
	r := w.resolver(rootAddr)
	r.Use = func(a netip.Addr) bool { return a.String() != globexAddr }
	r.Hooks = &ResolverHooks{QuerySending: func(_ context.Context, x Exchange, _ *dns.Msg) {
		if x.Addr.Addr().String() == globexAddr {
			t.Error("an address that cannot be asked was asked")
		}
	}}
	for i := range 5 {
		if _, err := r.Resolve(context.Background(), fmt.Sprintf("n%d.globex.test", i), dns.TypeA); err != nil {
			t.Fatal(err)
		}
	}
}

// A delegation with many servers that have to be looked up cannot make one query
// into hundreds.
func TestQueriesAreBounded(t *testing.T) {
	w := tree(t)
	var b strings.Builder
	for i := range 20 {
		fmt.Fprintf(&b, "wide NS n%d.globex.test.\nwide NS n%d.other.test.\n", i, i)
	}
	w.authority(t, tldAddr, mustZone(t, "test", tldText+b.String()))
	r := w.resolver(rootAddr)
	asked := 0
	r.Hooks = &ResolverHooks{QuerySending: func(context.Context, Exchange, *dns.Msg) { asked++ }}
	if _, err := r.Resolve(context.Background(), "www.wide.test", dns.TypeA); !errors.Is(err, ErrNoServers) || !errors.Is(err, ErrServFail) || errors.Is(err, ErrNXDomain) {
		t.Error(err)
	}
	if most := 2 + 2 + 2*maxGlueless; asked > most {
		t.Errorf("%d queries", asked)
	}
	r.Flush()
	r.MaxQueries = 4
	if _, err := r.Resolve(context.Background(), "www2.wide.test", dns.TypeA); !errors.Is(err, ErrServFail) {
		t.Error(err)
	}
}

// RFC 1034 §6.3, from its safety belt on. Which of its servers is asked first is
// left open there; here it falls to SRI-NIC.ARPA, as in the text.
func TestRFC1034Resolution(t *testing.T) {
	w := newWorld()
	root, edu := fileZone(t, ".", "root-1034.zone"), fileZone(t, "EDU.", "edu-1034.zone")
	isi := mustZone(t, "ISI.EDU.", `$TTL 172800
@ SOA VENERA ACTION\.domains.ISI.EDU. 20 7200 600 3600000 60
@ NS A
@ NS VENERA
@ NS VAXA
@ MX 10 VENERA
@ MX 20 VAXA
A A 26.3.0.103
VENERA A 10.1.0.52
VENERA A 128.9.0.32
VAXA A 10.2.0.27
VAXA A 128.9.0.33
poneria A 10.1.0.53
`)
	for _, addr := range []string{"26.0.0.73", "10.0.0.51", "10.0.0.52"} {
		w.authority(t, addr, root, edu)
	}
	w.authority(t, "26.3.0.103", root, isi)
	for _, addr := range []string{"10.1.0.52", "128.9.0.32", "10.2.0.27", "128.9.0.33"} {
		w.authority(t, addr, isi)
	}
	r := w.resolver()
	for _, hint := range []struct{ name, addrs string }{{"SRI-NIC.ARPA.", "26.0.0.73 10.0.0.51"}, {"A.ISI.EDU.", "26.3.0.103"}} {
		s := NameServer{Name: hint.name}
		for _, a := range strings.Fields(hint.addrs) {
			s.Addrs = append(s.Addrs, netip.MustParseAddr(a))
		}
		r.Roots = append(r.Roots, s)
	}
	for _, ask := range []struct {
		name  string
		qtype uint16
	}{{"ISI.EDU.", dns.TypeMX}, {"65.0.6.26.IN-ADDR.ARPA.", dns.TypePTR}, {"poneria.ISI.EDU.", dns.TypeA}} {
		if _, err := w.resolve(r, ask.name, ask.qtype); err != nil {
			t.Error(err)
		}
	}
	golden(t, "resolve-rfc1034.txt", w.log.String())
}

// Many look-ups at once share cache and lots; run with -race.
func TestResolverConcurrently(t *testing.T) {
	w := tree(t)
	r := w.resolver(rootAddr)
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			for _, name := range []string{"globex.test", "www.glueless.test", fmt.Sprintf("n%d.globex.test", i), "abroad.globex.test"} {
				if _, err := r.Resolve(context.Background(), name, dns.TypeA); err != nil {
					t.Error(err)
				}
			}
			r.Entries()
		})
	}
	all.Wait()
}

// Same world, same numbers: the same steps.
func TestResolverRepeats(t *testing.T) {
	run := func() string {
		w := tree(t)
		r := w.resolver(rootAddr)
		for _, name := range []string{"globex.test", "www.glueless.test", "abroad.globex.test", "lame.test", "ring.globex.test"} {
			w.resolve(r, name, dns.TypeA)
		}
		for _, e := range r.Entries() {
			w.logf("%v", e)
		}
		return w.log.String()
	}
	first := run()
	for range 10 {
		if run() != first {
			t.Fatal("two runs differ")
		}
	}
}
