package mta

import (
	"strings"

	"mailwalk/protocols/dns"
	"mailwalk/protocols/smtp"
	"mailwalk/sim/trace"
)

// spell has a domain beyond ASCII asked for in the form in which the DNS has it (RFC
// 6531 §3.2), or returns the verdict that it has none.
func (s *Server) spell(j *job) *smtp.Reply {
	if isASCII(j.domain) || j.next != "" {
		return nil
	}
	ascii, err := dns.ToALabels(j.domain)
	if err != nil {
		return smtp.NewReply(550, smtp.Enhanced{5, 1, 2}, "the domain is not fit as a name: %v", err)
	}
	s.decide(trace.ALabels, j.domain, ascii, "the DNS has labels of ASCII alone; this is how it spells the same name")
	j.domain = ascii
	return nil
}

// sameDomain compares domains, in which neither case matters nor whether a label is a
// U-label or its A-label (RFC 5890 §2.3.2.1).
func sameDomain(a, b string) bool {
	if strings.EqualFold(a, b) {
		return true
	}
	x, err := dns.ToALabels(a)
	if err != nil {
		return false
	}
	y, err := dns.ToALabels(b)
	return err == nil && strings.EqualFold(x, y)
}

// named is a recipient as this server's configuration spells its domain.
func (s *Server) named(to smtp.Path) smtp.Path {
	for _, domains := range [][]string{s.Domains, s.RelayDomains} {
		for _, d := range domains {
			if !strings.EqualFold(d, to.Domain) && sameDomain(d, to.Domain) {
				to.Domain = d
			}
		}
	}
	return to
}

// transport is the next host that the configuration names for a domain.
func (s *Server) transport(domain string) (string, bool) {
	ascii, err := dns.ToALabels(domain)
	if err != nil {
		return "", false
	}
	next, ok := s.Transport[strings.ToLower(ascii)]
	return next, ok
}
