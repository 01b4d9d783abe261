package dns

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

func ask(name string, qtype uint16) *dns.Msg {
	q := new(dns.Msg)
	q.Id = 1
	q.Question = []dns.Question{{Name: name, Qtype: qtype, Qclass: dns.ClassINET}}
	return q
}

// RFC 1034 §6.2: what C.ISI.EDU, which serves the root and EDU, says.
func TestRFC1034Queries(t *testing.T) {
	a, err := NewAuthority(fileZone(t, ".", "root-1034.zone"), fileZone(t, "EDU.", "edu-1034.zone"))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, test := range []struct {
		section, name string
		qtype         uint16
		transport     Transport
	}{
		{"RFC 1034 §6.2.1", "SRI-NIC.ARPA.", dns.TypeA, UDP},
		{"RFC 1034 §6.2.2", "SRI-NIC.ARPA.", dns.TypeANY, TCP},
		{"RFC 1034 §6.2.2, by UDP as RFC 8482 has it", "SRI-NIC.ARPA.", dns.TypeANY, UDP},
		{"RFC 1034 §6.2.3", "SRI-NIC.ARPA.", dns.TypeMX, UDP},
		{"RFC 1034 §6.2.4", "SRI-NIC.ARPA.", dns.TypeNS, UDP},
		{"RFC 1034 §6.2.5", "SIR-NIC.ARPA.", dns.TypeA, UDP},
		{"RFC 1034 §6.2.6", "BRL.MIL.", dns.TypeA, UDP},
		{"RFC 1034 §6.2.7", "USC-ISIC.ARPA.", dns.TypeA, UDP},
		{"RFC 1034 §6.2.8", "USC-ISIC.ARPA.", dns.TypeCNAME, UDP},
		{"RFC 1034 §6.3.1, the referral", "ISI.EDU.", dns.TypeMX, UDP},
		{"RFC 1034 §6.3.2", "65.0.6.26.IN-ADDR.ARPA.", dns.TypePTR, UDP},
		{"An empty non-terminal", "ARPA.", dns.TypeA, UDP},
	} {
		q := ask(test.name, test.qtype)
		fmt.Fprintf(&b, "; %s: %s %s\n%s\n", test.section, test.name, typeName(test.qtype), a.Handle(q, test.transport))
	}
	golden(t, "rfc1034-queries.txt", b.String())
}

const exampleZone = `$TTL 300
@ SOA ns hostmaster 1 7200 900 1209600 60
@ NS ns
@ NS ns.elsewhere.test.
@ MX 10 mail
@ MX 20 backup.elsewhere.test.
ns A 192.0.2.1
mail A 192.0.2.2
mail AAAA 2001:db8::2
www CNAME mail
far CNAME www.elsewhere.test.
lost CNAME nothing
deep CNAME host.sub
ring CNAME gnir
gnir CNAME ring
a.b.c A 192.0.2.3
sub NS ns.sub
sub NS ns
sub DS 1 8 2 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
ns.sub A 192.0.2.4
*.wild TXT "from the wildcard"
*.wild MX 10 mail
there.wild A 192.0.2.5
x.y.wild A 192.0.2.6
_smtp._tcp SRV 0 0 25 mail
`

func TestAuthority(t *testing.T) {
	zone := mustZone(t, "example.test", exampleZone)
	sub := mustZone(t, "both.test", "$TTL 300\n"+soaLine+"@ NS ns\nns A 192.0.2.9\nkid NS ns\nkid DS 1 8 2 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n@ MX 5 mail.kid\n")
	kid := mustZone(t, "kid.both.test", "$TTL 300\n"+soaLine+"@ NS ns.both.test.\nmail A 192.0.2.10\n")
	a, err := NewAuthority(zone, sub, kid)
	if err != nil {
		t.Fatal(err)
	}
	const soa = "example.test. 60 IN SOA ns.example.test. hostmaster.example.test. 1 7200 900 1209600 60"
	for _, test := range []struct {
		title, name string
		qtype       uint16
		rcode       int
		aa          bool
		answer      string
		ns          string
		extra       string
	}{
		{"answer", "ns.example.test.", dns.TypeA, 0, true, "ns.example.test. 300 IN A 192.0.2.1", "", ""},
		{"the question's case", "NS.Example.TEST.", dns.TypeA, 0, true, "NS.Example.TEST. 300 IN A 192.0.2.1", "", ""},
		{"MX with addresses", "example.test.", dns.TypeMX, 0, true,
			"example.test. 300 IN MX 10 mail.example.test.\nexample.test. 300 IN MX 20 backup.elsewhere.test.", "",
			"mail.example.test. 300 IN A 192.0.2.2\nmail.example.test. 300 IN AAAA 2001:db8::2"},
		{"SRV with addresses", "_smtp._tcp.example.test.", dns.TypeSRV, 0, true,
			"_smtp._tcp.example.test. 300 IN SRV 0 0 25 mail.example.test.", "",
			"mail.example.test. 300 IN A 192.0.2.2\nmail.example.test. 300 IN AAAA 2001:db8::2"},
		{"no data", "ns.example.test.", dns.TypeMX, 0, true, "", soa, ""},
		{"no name", "nobody.example.test.", dns.TypeA, dns.RcodeNameError, true, "", soa, ""},
		{"empty non-terminal", "b.c.example.test.", dns.TypeA, 0, true, "", soa, ""},
		{"below an empty non-terminal", "z.b.c.example.test.", dns.TypeA, dns.RcodeNameError, true, "", soa, ""},
		{"alias", "www.example.test.", dns.TypeA, 0, true, "www.example.test. 300 IN CNAME mail.example.test.\nmail.example.test. 300 IN A 192.0.2.2", "", ""},
		{"alias, no data", "www.example.test.", dns.TypeTXT, 0, true, "www.example.test. 300 IN CNAME mail.example.test.", soa, ""},
		{"alias abroad", "far.example.test.", dns.TypeA, 0, true, "far.example.test. 300 IN CNAME www.elsewhere.test.", "", ""},
		{"alias to nothing", "lost.example.test.", dns.TypeA, dns.RcodeNameError, true, "lost.example.test. 300 IN CNAME nothing.example.test.", soa, ""},
		{"alias asked for", "www.example.test.", dns.TypeCNAME, 0, true, "www.example.test. 300 IN CNAME mail.example.test.", "", ""},
		{"alias, any type", "www.example.test.", dns.TypeANY, 0, true, "www.example.test. 300 IN CNAME mail.example.test.", "", ""},
		{"alias to a referral", "deep.example.test.", dns.TypeA, 0, true, "deep.example.test. 300 IN CNAME host.sub.example.test.",
			"sub.example.test. 300 IN NS ns.sub.example.test.\nsub.example.test. 300 IN NS ns.example.test.",
			"ns.sub.example.test. 300 IN A 192.0.2.4\nns.example.test. 300 IN A 192.0.2.1"},
		{"ring of aliases", "ring.example.test.", dns.TypeA, 0, true,
			"ring.example.test. 300 IN CNAME gnir.example.test.\ngnir.example.test. 300 IN CNAME ring.example.test.", "", ""},
		{"referral", "host.sub.example.test.", dns.TypeMX, 0, false, "",
			"sub.example.test. 300 IN NS ns.sub.example.test.\nsub.example.test. 300 IN NS ns.example.test.",
			"ns.sub.example.test. 300 IN A 192.0.2.4\nns.example.test. 300 IN A 192.0.2.1"},
		{"referral at the cut", "sub.example.test.", dns.TypeNS, 0, false, "",
			"sub.example.test. 300 IN NS ns.sub.example.test.\nsub.example.test. 300 IN NS ns.example.test.",
			"ns.sub.example.test. 300 IN A 192.0.2.4\nns.example.test. 300 IN A 192.0.2.1"},
		{"glue is no answer", "ns.sub.example.test.", dns.TypeA, 0, false, "",
			"sub.example.test. 300 IN NS ns.sub.example.test.\nsub.example.test. 300 IN NS ns.example.test.",
			"ns.sub.example.test. 300 IN A 192.0.2.4\nns.example.test. 300 IN A 192.0.2.1"},
		{"DS at the cut", "sub.example.test.", dns.TypeDS, 0, true,
			"sub.example.test. 300 IN DS 1 8 2 00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF", "", ""},
		{"DS with both zones here", "kid.both.test.", dns.TypeDS, 0, true,
			"kid.both.test. 300 IN DS 1 8 2 00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF", "", ""},
		{"DS of the topmost zone", "example.test.", dns.TypeDS, 0, true, "", soa, ""},
		{"the closer zone", "mail.kid.both.test.", dns.TypeA, 0, true, "mail.kid.both.test. 300 IN A 192.0.2.10", "", ""},
		{"address from another zone here", "both.test.", dns.TypeMX, 0, true, "both.test. 300 IN MX 5 mail.kid.both.test.", "", "mail.kid.both.test. 300 IN A 192.0.2.10"},
		{"wildcard", "any.Wild.example.test.", dns.TypeTXT, 0, true, `any.Wild.example.test. 300 IN TXT "from the wildcard"`, "", ""},
		{"wildcard, two labels", "p.q.wild.example.test.", dns.TypeTXT, 0, true, `p.q.wild.example.test. 300 IN TXT "from the wildcard"`, "", ""},
		{"wildcard, no data", "any.wild.example.test.", dns.TypeA, 0, true, "", soa, ""},
		{"wildcard hidden by a name", "there.wild.example.test.", dns.TypeTXT, 0, true, "", soa, ""},
		{"wildcard hidden below a name", "q.there.wild.example.test.", dns.TypeTXT, dns.RcodeNameError, true, "", soa, ""},
		{"wildcard hidden by an empty non-terminal", "y.wild.example.test.", dns.TypeTXT, 0, true, "", soa, ""},
		{"wildcard hidden below an empty non-terminal", "q.y.wild.example.test.", dns.TypeTXT, dns.RcodeNameError, true, "", soa, ""},
		{"wildcard asked for", "*.wild.example.test.", dns.TypeTXT, 0, true, `*.wild.example.test. 300 IN TXT "from the wildcard"`, "", ""},
		{"above the wildcard", "wild.example.test.", dns.TypeTXT, 0, true, "", soa, ""},
		{"not served", "www.elsewhere.test.", dns.TypeA, dns.RcodeRefused, false, "", "", ""},
		{"zone transfer", "example.test.", dns.TypeAXFR, dns.RcodeRefused, false, "", "", ""},
		{"mailbox query", "example.test.", dns.TypeMAILB, dns.RcodeNotImplemented, false, "", "", ""},
		{"type zero", "example.test.", dns.TypeNone, dns.RcodeFormatError, false, "", "", ""},
	} {
		t.Run(test.title, func(t *testing.T) {
			r := a.Handle(ask(test.name, test.qtype), UDP)
			if r.Rcode != test.rcode || r.Authoritative != test.aa || r.Id != 1 || !r.Response || r.RecursionAvailable {
				t.Errorf("header %v", r.MsgHdr)
			}
			if got := records(r.Answer); got != test.answer {
				t.Errorf("answer %q", got)
			}
			if got := records(r.Ns); got != test.ns {
				t.Errorf("authority %q", got)
			}
			if got := records(r.Extra); got != test.extra {
				t.Errorf("additional %q", got)
			}
		})
	}
}

func TestAuthorityOddQueries(t *testing.T) {
	a, err := NewAuthority(mustZone(t, "example.test", exampleZone))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		title string
		make  func(q *dns.Msg)
		rcode int
	}{
		{"no question", func(q *dns.Msg) { q.Question = nil }, dns.RcodeFormatError},
		{"two questions", func(q *dns.Msg) { q.Question = append(q.Question, q.Question[0]) }, dns.RcodeFormatError},
		{"NOTIFY", func(q *dns.Msg) { q.Opcode = dns.OpcodeNotify }, dns.RcodeNotImplemented},
		{"CHAOS", func(q *dns.Msg) { q.Question[0].Qclass = dns.ClassCHAOS }, dns.RcodeRefused},
		{"EDNS 1", func(q *dns.Msg) { q.SetEdns0(1232, false); q.IsEdns0().SetVersion(1) }, dns.RcodeBadVers},
		{"two OPTs", func(q *dns.Msg) { q.SetEdns0(1232, false); q.SetEdns0(1232, false) }, dns.RcodeFormatError},
	} {
		t.Run(test.title, func(t *testing.T) {
			q := ask("example.test.", dns.TypeA)
			test.make(q)
			r := a.Handle(q, UDP)
			if r.Rcode != test.rcode {
				t.Errorf("rcode %s", rcodeName(r.Rcode))
			}
			if _, err := r.Pack(); err != nil {
				t.Error(err)
			}
		})
	}
	q := ask("example.test.", dns.TypeA)
	q.Response = true
	if r := a.Handle(q, UDP); r != nil {
		t.Errorf("a response was answered: %v", r)
	}
}

func TestEDNS(t *testing.T) {
	a, err := NewAuthority(mustZone(t, "example.test", exampleZone))
	if err != nil {
		t.Fatal(err)
	}
	q := ask("ns.example.test.", dns.TypeA)
	if r := a.Handle(q, UDP); r.IsEdns0() != nil {
		t.Error("OPT to somebody who sent none")
	}
	q.SetEdns0(4096, true)
	opt := a.Handle(q, UDP).IsEdns0()
	if opt == nil || opt.UDPSize() != 1232 || !opt.Do() || opt.Version() != 0 {
		t.Errorf("OPT %v", opt)
	}
}

func TestTruncation(t *testing.T) {
	var b strings.Builder
	b.WriteString("$TTL 300\n" + soaLine + "@ NS ns\nns A 192.0.2.1\n")
	for i := range 60 {
		fmt.Fprintf(&b, "many A 192.0.2.%d\n", i)
		fmt.Fprintf(&b, "some MX 10 h%d\nh%d A 192.0.2.%d\n", i%20, i, i)
		if i < 20 {
			fmt.Fprintf(&b, "cut NS ns%d.cut\nns%d.cut A 192.0.2.%d\nns%d.cut AAAA 2001:db8::%d\n", i, i, i, i, i)
			fmt.Fprintf(&b, "far NS h%d\n", i)
		}
	}
	a, err := NewAuthority(mustZone(t, "example.test", b.String()))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		title, name       string
		qtype             uint16
		edns              uint16
		transport         Transport
		tc                bool
		answer, ns, extra int // at least, where more than one depends on the packing
		exact, everything bool
	}{
		{"UDP, RRset too big", "many", dns.TypeA, 0, UDP, true, 0, 0, 0, true, false},
		{"EDNS, RRset fits", "many", dns.TypeA, 4096, UDP, false, 60, 0, 0, true, false},
		{"EDNS less than 512 is 512", "many", dns.TypeA, 100, UDP, true, 0, 0, 0, true, false},
		{"TCP", "many", dns.TypeA, 0, TCP, false, 60, 0, 0, true, false},
		{"helpful addresses go silently", "some", dns.TypeMX, 0, UDP, false, 20, 0, 1, false, false},
		{"glue that is needed does not", "www.cut", dns.TypeA, 0, UDP, true, 0, 20, 0, false, false},
		{"glue that is only a help does", "www.far", dns.TypeA, 0, UDP, false, 0, 20, 1, false, false},
	} {
		t.Run(test.title, func(t *testing.T) {
			q := ask(test.name+".example.test.", test.qtype)
			if test.edns > 0 {
				q.SetEdns0(test.edns, false)
			}
			r := a.Handle(q, test.transport)
			wire, err := r.Pack()
			if err != nil {
				t.Fatal(err)
			}
			if limit := sizeLimit(q, test.transport); len(wire) > limit {
				t.Errorf("%d octets where %d may be", len(wire), limit)
			}
			extra := len(r.Extra)
			if r.IsEdns0() != nil {
				extra--
			}
			if r.Truncated != test.tc || len(r.Answer) != test.answer || len(r.Ns) < test.ns || extra < test.extra || test.exact && extra != test.extra {
				t.Errorf("TC %t, answer %d, authority %d, additional %d", r.Truncated, len(r.Answer), len(r.Ns), extra)
			}
		})
	}
}

func TestAnswersAreCopies(t *testing.T) {
	a, err := NewAuthority(mustZone(t, "example.test", exampleZone))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"example.test.", "x.sub.example.test.", "none.example.test."} {
		q := ask(name, dns.TypeMX)
		r := a.Handle(q, UDP)
		before := r.String()
		for _, s := range [][]dns.RR{r.Answer, r.Ns, r.Extra} {
			for _, rr := range s {
				rr.Header().Ttl = 7
				rr.Header().Name = "spoilt."
			}
		}
		if after := a.Handle(q, UDP).String(); after != before {
			t.Errorf("%s: changing an answer changed the zone", name)
		}
	}
}

func TestNewAuthority(t *testing.T) {
	good := mustZone(t, "example.test", exampleZone)
	if _, err := NewAuthority(mustZone(t, "a.test", "$TTL 1\n@ NS ns\n")); err == nil {
		t.Error("a zone without SOA was taken")
	}
	if _, err := NewAuthority(good, mustZone(t, "EXAMPLE.test.", exampleZone)); err == nil {
		t.Error("the same zone was taken twice")
	}
}

// FuzzServe feeds octets to what stands behind a socket.
func FuzzServe(f *testing.F) {
	a, err := NewAuthority(fileZone(f, ".", "root-1034.zone"), mustZone(f, "example.test", exampleZone))
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range []string{"example.test.", "ring.example.test.", "x.sub.example.test.", "*.wild.example.test.", "BRL.MIL."} {
		for _, qtype := range []uint16{dns.TypeMX, dns.TypeANY, dns.TypeDS} {
			q := ask(name, qtype)
			q.SetEdns0(1232, true)
			b, err := q.Pack()
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	f.Add([]byte{})
	f.Add([]byte("\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\xc0\x0c\x00\x01\x00\x01"))
	w := newWorld()
	front := &Front{Resolver: w.resolver("192.0.2.53")}
	front.Resolver.Hooks = nil
	w.serve("192.0.2.53", a)
	f.Fuzz(func(t *testing.T, b []byte) {
		q, err := unpack(b)
		if err != nil {
			if r := formatError(q); r != nil {
				if _, err := r.Pack(); err != nil {
					t.Fatal(err)
				}
			}
			return
		}
		for _, h := range []Handler{a, front} {
			for _, transport := range []Transport{UDP, TCP} {
				r := h.ServeDNS(context.Background(), q, Meta{Transport: transport})
				if (r == nil) != q.Response {
					t.Fatalf("answer %v to %v", r, q)
				}
				if r == nil {
					continue
				}
				wire, err := r.Pack()
				if err != nil {
					t.Fatalf("%v: %v", q, err)
				}
				if len(wire) > sizeLimit(q, transport) && len(wire) > headerSize+256+5+11 {
					t.Fatalf("%d octets", len(wire))
				}
			}
		}
	})
}
