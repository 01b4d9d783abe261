package mta

import (
	"slices"
	"strings"

	"mailwalk/protocols/smtp"
	"mailwalk/sim/trace"
)

// forwards are the addresses that get the mail of an address, nil if it stands for
// no others.
func (s *Server) forwards(address string) []string { return s.Forward[strings.ToLower(address)] }

// targetsOf are the addresses at which the mail of an address ends as far as this
// server can tell: what stands for others is followed, each address once. It is
// empty when addresses stand for each other and none has a mailbox.
func (s *Server) targetsOf(address string) []string {
	var ends []string
	seen := map[string]bool{} // looked up only
	var follow func(a string)
	follow = func(a string) {
		key := strings.ToLower(a)
		if seen[key] {
			return
		}
		seen[key] = true
		next := s.forwards(a)
		if next == nil {
			ends = append(ends, a)
			return
		}
		for _, n := range next {
			if strings.EqualFold(n, a) {
				ends = append(ends, a) // its own copy
				continue
			}
			follow(n)
		}
	}
	follow(address)
	return ends
}

// rcptForwarded answers RCPT for an address that stands for others.
func (s *session) rcptForwarded(address string, accept func(string) error, refuse func(*smtp.Reply, string) error) error {
	if len(s.targetsOf(address)) == 0 {
		return refuse(smtp.NewReply(550, smtp.Enhanced{5, 4, 6}, "<%s>: forwarded in a circle", address), "the addresses that it stands for stand for each other, and none of them is a mailbox")
	}
	return accept("it stands for " + strings.Join(s.forwards(address), " and ") + ", to which this server hands on")
}

// addRecipient adds an address to an envelope: what it stands for, and each
// address once. The reverse-path stays, so reports go to who has written the mail
// (RFC 5321 §3.9.1), and what he wants to be told of stays with them. If they are
// several he is told at once that there are, in place of the success of each (RFC
// 3461 §5.2.7.3).
func (s *session) addRecipient(e *entry, address string, params smtp.RcptParams) {
	ends := []string{address}
	if s.forwards(address) != nil {
		ends = s.targetsOf(address)
		if len(ends) > 1 && params.Notify.Has(smtp.NotifySuccess) && e.ReversePath != "" {
			e.Recipients = append(e.Recipients, &recipient{
				Address: address, Notify: params.Notify, ORcpt: params.ORcpt, Passed: expanded,
				Reply: smtp.NewReply(250, smtp.Enhanced{2, 0, 0}, "<%s>: it stands for %d addresses", address, len(ends)),
			})
		}
		if len(ends) > 1 {
			params.Notify = withoutSuccess(params.Notify)
		}
		s.decide(trace.Forward, address, strings.Join(ends, ", "), "the address stands for others; the sender in the envelope stays as it is")
	}
	for _, a := range ends {
		if !slices.Contains(e.addresses(), a) {
			e.Recipients = append(e.Recipients, &recipient{Address: a, Notify: params.Notify, ORcpt: params.ORcpt})
		}
	}
}
