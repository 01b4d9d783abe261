package mta

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"

	"mailwalk/protocols/dns"
	"mailwalk/protocols/smtp"
	"mailwalk/sim/trace"
)

// addresses are those of an exchanger, in the order in which they are tried, or
// the reply that says why there are none.
func (s *Server) addresses(ctx context.Context, domain string, x *exchanger) ([]netip.Addr, *smtp.Reply) {
	if strings.HasPrefix(x.host, "[") {
		if a, ok := literal(x.host); ok {
			return []netip.Addr{a}, nil
		}
		return nil, smtp.NewReply(550, smtp.Enhanced{5, 1, 2}, "%s is no address that this server can send to", x.host)
	}
	if s.Stub == nil {
		return nil, smtp.NewReply(451, smtp.Enhanced{4, 4, 3}, "this server has no resolver to ask for %s", x.host)
	}
	found, err := s.Stub.LookupHost(ctx, x.host)
	if x.listed && found.Canonical != "" {
		if r := s.alias(domain, x.host, found.Canonical); r != nil {
			return nil, r
		}
	}
	switch {
	case err == nil:
	case temporary(err):
		s.decide(trace.NoAnswer, x.host, "keep the mail", "the DNS gave no answer, so it is not known where the host is")
		return nil, smtp.NewReply(451, smtp.Enhanced{4, 4, 3}, "%v", err)
	default:
		because := "the DNS knows the name, but has no address for it"
		if errors.Is(err, dns.ErrNXDomain) {
			because = "the DNS says that there is no such host"
		}
		s.decide(trace.SkippedMX, domain, x.host, because)
		return nil, smtp.NewReply(550, smtp.Enhanced{5, 4, 4}, "%v", err)
	}
	s.chooseAddress(x.host, found.Addrs)
	return found.Addrs, nil
}

// chooseAddress tells which address of several is tried first.
func (s *Server) chooseAddress(host string, addrs []netip.Addr) {
	if len(addrs) < 2 {
		return
	}
	options := texts(addrs)
	because := "a host's addresses are tried in the order in which the DNS gave them"
	if addrs[0].Is6() && addrs[len(addrs)-1].Is4() {
		because = "this server has IPv6 itself, so it tries a host's IPv6 addresses before those of IPv4"
	}
	s.decide(trace.ChoseAddress, host, options[0], because, options...)
}

func texts(addrs []netip.Addr) []string {
	var out []string
	for _, a := range addrs {
		out = append(out, a.String())
	}
	return out
}

// alias is the verdict on a host that an MX record names though its name is an
// alias (RFC 5321 §5.1, RFC 2181 §10.3); nil if this server goes there all the same.
func (s *Server) alias(domain, host, canonical string) *smtp.Reply {
	to := strings.TrimSuffix(canonical, ".")
	if s.FollowAliases {
		s.decide(trace.FollowedAlias, host, to, "it is an alias, which the name in an MX record must not be; this server follows it all the same, as many do")
		return nil
	}
	s.decide(trace.SkippedMX, domain, host, "it is an alias of "+to+", which the name in an MX record must not be (RFC 2181 §10.3)")
	return smtp.NewReply(550, smtp.Enhanced{5, 4, 4}, "the MX of %s names %s, which is an alias", domain, host)
}

// isSelf tells whether who connects to an address comes back to this server.
func (s *Server) isSelf(a netip.Addr) bool {
	return a.IsLoopback() || a.IsUnspecified() || slices.Contains(s.Host.Addrs(), a)
}

// literal is the address in an address literal (RFC 5321 §4.1.3).
func literal(host string) (netip.Addr, bool) {
	const tag = "IPv6:"
	inner := strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	tagged := len(inner) >= len(tag) && strings.EqualFold(inner[:len(tag)], tag)
	if tagged {
		inner = inner[len(tag):]
	}
	a, err := netip.ParseAddr(inner)
	return a, err == nil && a.Is6() == tagged
}

// temporary tells whether a look-up that failed may succeed later.
func temporary(err error) bool {
	var le *dns.LookupError
	return !errors.As(err, &le) || le.Temporary()
}
