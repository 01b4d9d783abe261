package dns

import (
	"cmp"
	"context"
	"errors"
	"net/netip"
	"slices"

	"github.com/miekg/dns"
)

// MX is one mail exchanger of a domain.
type MX struct {
	Preference uint16 // the lowest is tried first (RFC 5321 §5.1)
	Host       string // with the final dot
	TTL        uint32 // seconds
}

// LookupMX asks for the mail exchangers of a domain, by preference; those of
// equal preference are in the order of the answer, to be shuffled by who uses
// them. null says that the domain takes no mail at all (RFC 7505 §3); there are
// no exchangers then.
//
// An error that matches [ErrNoData] leaves the domain's own address (RFC 5321
// §5.1); one that matches [ErrNXDomain] leaves nothing; any other is temporary.
func (s *Stub) LookupMX(ctx context.Context, domain string) (list []MX, null bool, err error) {
	res, err := s.Lookup(ctx, domain, dns.TypeMX)
	if err == nil {
		err = res.Err()
	}
	if err != nil {
		return nil, false, err
	}
	for _, rr := range res.Answer {
		if mx, ok := rr.(*dns.MX); ok {
			list = append(list, MX{Preference: mx.Preference, Host: mx.Mx, TTL: mx.Hdr.Ttl})
		}
	}
	if len(list) == 1 && list[0].Host == "." {
		return nil, true, nil
	}
	slices.SortStableFunc(list, func(a, b MX) int { return cmp.Compare(a.Preference, b.Preference) })
	return list, false, nil
}

// HostAddrs are the addresses of a host.
type HostAddrs struct {
	// Addrs are those of its AAAA records, then those of its A records.
	Addrs []netip.Addr
	// Canonical is the name that the records belong to, with the final dot, if the
	// name asked for is an alias of it; else empty.
	Canonical string
}

// LookupAddrs asks for the addresses of a host: see [Stub.LookupHost].
func (s *Stub) LookupAddrs(ctx context.Context, host string) ([]netip.Addr, error) {
	h, err := s.LookupHost(ctx, host)
	return h.Addrs, err
}

// LookupHost asks for the addresses of a host, those of IPv6 first (RFC 6724 §2.1
// prefers them where both ends have them). If it has some of one kind, a failure to
// find the others is not reported. Canonical is also set with an error.
//
// An error that matches [ErrNoData] or [ErrNXDomain] says that there are none;
// any other is temporary.
func (s *Stub) LookupHost(ctx context.Context, host string) (HostAddrs, error) {
	var found HostAddrs
	var first error
	for _, t := range []uint16{dns.TypeAAAA, dns.TypeA} {
		if t == dns.TypeA && s.NoIPv4 || t == dns.TypeAAAA && s.NoIPv6 {
			continue
		}
		res, err := s.Lookup(ctx, host, t)
		if err == nil {
			err = res.Err()
			if !sameName(res.Target(), host) {
				found.Canonical = dns.Fqdn(res.Target())
			}
		}
		if err == nil {
			found.Addrs = append(found.Addrs, addresses(res.Answer)...)
			continue
		}
		if errors.Is(err, ErrNXDomain) {
			found.Addrs = nil
			return found, err // of any type
		}
		// That it is not known whether there is one outweighs that there is none.
		if first == nil || errors.Is(first, ErrNoData) {
			first = err
		}
	}
	if len(found.Addrs) > 0 {
		return found, nil
	}
	return found, first
}
