package dns

import (
	"context"
	"net"
	"net/netip"

	"github.com/miekg/dns"
)

// Front puts a [Resolver] at the service of stubs: it takes their queries and
// answers with what the resolver finds. It implements [Handler]; since it waits
// for other servers, its [Server] wants Go set.
type Front struct {
	Resolver *Resolver
	// Allow tells who may ask; nil means all. A resolver open to the world lends
	// itself to floods in other people's names (RFC 5358 §4).
	Allow func(netip.Addr) bool
}

// ServeDNS answers one query.
//
// RFC 1034 §4.3.1.
func (f *Front) ServeDNS(ctx context.Context, q *dns.Msg, m Meta) *dns.Msg {
	if q.Response {
		return nil
	}
	r := Reply(q)
	r.RecursionAvailable = true
	if r.Rcode = screen(q); r.Rcode == dns.RcodeSuccess {
		if f.Allow != nil && !f.Allow(addrOf(m.Remote)) {
			r.RecursionAvailable = false
			r.Rcode = dns.RcodeRefused
		} else {
			f.fill(ctx, r, q)
		}
	}
	finish(r, q, m.Transport, 0)
	return r
}

func (f *Front) fill(ctx context.Context, r, q *dns.Msg) {
	ask := q.Question[0]
	if ask.Qtype == dns.TypeANY {
		// RFC 8482 §4.2: a resolver cannot know all there is, and says so.
		r.Answer = []dns.RR{&dns.HINFO{
			Hdr: dns.RR_Header{Name: ask.Name, Rrtype: dns.TypeHINFO, Class: dns.ClassINET, Ttl: 3600},
			Cpu: "RFC8482",
		}}
		return
	}
	var res *Result
	if q.RecursionDesired {
		var err error
		if res, err = f.Resolver.Resolve(ctx, ask.Name, ask.Qtype); err != nil {
			r.Rcode = dns.RcodeServerFailure // the hooks were told why
			return
		}
	} else if res = f.Resolver.Peek(ctx, ask.Name, ask.Qtype); res == nil {
		// Who does not want recursion wants an authority, and this is none.
		r.Rcode = dns.RcodeRefused
		return
	}
	r.Answer = res.Answer
	if res.Kind == KindNXDomain {
		r.Rcode = dns.RcodeNameError
	}
	// RFC 2308 §6: the SOA goes along, so that the asker can cache as well.
	if res.SOA != nil {
		r.Ns = []dns.RR{res.SOA}
	}
}

// addrOf is the address of a peer, the zero Addr if it has none.
func addrOf(a net.Addr) netip.Addr {
	if a == nil {
		return netip.Addr{}
	}
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Addr{} // not an IP address: Allow decides what that means
	}
	return ap.Addr().Unmap()
}
