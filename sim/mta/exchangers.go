package mta

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"mailwalk/protocols/dns"
	"mailwalk/protocols/smtp"
	"mailwalk/sim/trace"
)

// exchanger is a host that may take a mail.
type exchanger struct {
	host string
	// listed says that an MX record names it.
	listed bool
	// addrs are its addresses in the order in which they are tried; empty with why,
	// the reply that says why nothing can be sent to it.
	addrs []netip.Addr
	why   *smtp.Reply
}

// exchangers are the hosts that may take a mail, those of equal preference
// together and the lowest preference first; or the verdict that there are none.
func (s *Server) exchangers(ctx context.Context, j *job) ([][]*exchanger, *smtp.Reply) {
	only := func(host string) [][]*exchanger { return [][]*exchanger{{{host: host}}} }
	switch {
	case j.next != "":
		return only(j.next), nil
	case strings.HasPrefix(j.domain, "["):
		return only(j.domain), nil // RFC 5321 §4.1.3: no look-up
	case s.Stub == nil:
		return nil, smtp.NewReply(451, smtp.Enhanced{4, 4, 3}, "this server has no resolver to ask for %s", j.domain)
	}
	list, null, err := s.Stub.LookupMX(ctx, j.domain)
	switch {
	case null:
		s.decide(trace.NullMX, j.domain, "give up", "its only MX is the root: the domain takes no mail (RFC 7505)")
		return nil, smtp.NewReply(556, smtp.Enhanced{5, 1, 10}, "%s does not accept mail", j.domain)
	case errors.Is(err, dns.ErrNoData):
		s.decide(trace.ImplicitMX, j.domain, j.domain, "the domain has no MX record, so its own address counts as one of preference 0 (RFC 5321 §5.1)")
		return only(j.domain), nil
	case errors.Is(err, dns.ErrNXDomain):
		s.decide(trace.NoDomain, j.domain, "bounce", "the DNS says for certain that there is no such domain, and asking again would change nothing")
		return nil, smtp.NewReply(550, smtp.Enhanced{5, 1, 2}, "there is no domain %s", j.domain)
	case err != nil && !temporary(err):
		return nil, smtp.NewReply(550, smtp.Enhanced{5, 1, 2}, "%v", err)
	case err != nil:
		s.decide(trace.NoAnswer, j.domain, "keep the mail", "the DNS gave no answer, and no answer is not a no: the domain may well have a mail server")
		return nil, smtp.NewReply(451, smtp.Enhanced{4, 4, 3}, "%v", err)
	}
	return s.order(j.domain, list)
}

// order puts the mail exchangers in the order in which they are tried: by
// preference, those of the same in a random one. A server that is among them
// tries only those before itself (RFC 5321 §5.1).
func (s *Server) order(domain string, list []dns.MX) ([][]*exchanger, *smtp.Reply) {
	var options []string
	for _, mx := range list {
		options = append(options, fmt.Sprintf("%d %s", mx.Preference, name(mx)))
	}
	random := s.Host.Rand("order of MX " + domain)
	var levels [][]*exchanger
	self := false
	for i := 0; i < len(list) && !self; {
		var level []*exchanger
		n := i
		for ; n < len(list) && list[n].Preference == list[i].Preference; n++ {
			if because := unusable(list[n]); because != "" {
				s.decide(trace.SkippedMX, domain, name(list[n]), because)
				continue
			}
			self = self || strings.EqualFold(name(list[n]), s.Hostname)
			level = append(level, &exchanger{host: name(list[n]), listed: true})
		}
		if self {
			break
		}
		random.Shuffle(len(level), func(a, b int) { level[a], level[b] = level[b], level[a] })
		if len(level) > 0 {
			levels = append(levels, level)
		}
		i = n
	}
	switch {
	case len(levels) == 0 && self:
		return nil, s.loops(domain, s.Hostname, options...)
	case len(levels) == 0:
		return nil, smtp.NewReply(550, smtp.Enhanced{5, 4, 4}, "no MX of %s names a host", domain)
	}
	first := levels[0]
	because := "it has the lowest preference value of the MX records, so it is tried first"
	switch {
	case len(list) == 1:
		because = "it is the only MX of the domain"
	case len(first) > 1:
		because = fmt.Sprintf("%d hosts share the lowest preference value, and among equals chance decides who is tried first", len(first))
	}
	s.decide(trace.ChoseMX, domain, first[0].host, because, options...)
	return levels, nil
}

// name is an exchanger's name as it is shown.
func name(mx dns.MX) string {
	if mx.Host == "." {
		return mx.Host
	}
	return strings.TrimSuffix(mx.Host, ".")
}

// unusable tells why an MX record names no host; empty when it may.
func unusable(mx dns.MX) string {
	if mx.Host == "." {
		return "the root stands for no host; it says that a domain takes no mail, but only where it is the domain's one MX (RFC 7505 §3)"
	}
	if _, err := netip.ParseAddr(name(mx)); err == nil {
		return "an MX record must name a host, and this is an address (RFC 5321 §5.1)"
	}
	return ""
}

// loops is the verdict on a mail whose next server would be this one. known is the
// name or the address by which it is.
func (s *Server) loops(domain, known string, options ...string) *smtp.Reply {
	s.decide(trace.GiveUp, domain, "bounce", known+" is this server itself, which does not know the domain as its own", options...)
	return smtp.NewReply(554, smtp.Enhanced{5, 4, 6}, "mail for %s loops back to %s", domain, s.Hostname)
}

// locate finds the addresses of hosts that are equal, before the first of them is
// tried: when one is this server itself, by whatever name, none of them is
// (RFC 5321 §5.1). It returns the address that is, or the zero one.
func (s *Server) locate(ctx context.Context, domain string, level []*exchanger) (self netip.Addr) {
	for _, x := range level {
		x.addrs, x.why = s.addresses(ctx, domain, x)
		for _, a := range x.addrs {
			if s.isSelf(a) {
				return a
			}
		}
	}
	return netip.Addr{}
}
