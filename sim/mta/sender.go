package mta

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"mailwalk/protocols/dns"
	"mailwalk/protocols/smtp"
	"mailwalk/sim/trace"
)

// checkSender refuses a stranger's mail whose sender could not be answered: its
// domain takes no mail (RFC 7505 §4.2), or there is none. That the DNS does not say
// is a refusal for now. The null path and address literals are not looked up.
func (s *session) checkSender(ctx context.Context, from smtp.Path) error {
	if !s.CheckSender || !s.guarded() || s.Stub == nil || from.Domain == "" || strings.HasPrefix(from.Domain, "[") {
		return nil
	}
	refuse := func(because string, code int, e smtp.Enhanced, format string) error {
		s.decide(trace.RefuseSender, from.Mailbox(), "refused", because)
		return smtp.NewReply(code, e, "<%s>: %s", from.Mailbox(), fmt.Sprintf(format, from.Domain))
	}
	_, null, err := s.Stub.LookupMX(ctx, from.Domain)
	switch {
	case null:
		return refuse("its domain takes no mail, so no answer and no report could ever reach it", 550, smtp.Enhanced{5, 7, 27}, "%s has a null MX")
	case errors.Is(err, dns.ErrNXDomain), err != nil && !temporary(err) && !errors.Is(err, dns.ErrNoData):
		return refuse("there is no such domain, so no answer and no report could ever reach it", 550, smtp.Enhanced{5, 1, 8}, "there is no domain %s")
	case err != nil && temporary(err):
		return refuse("the DNS does not say whether its domain takes mail; the client is to come again", 451, smtp.Enhanced{4, 4, 3}, "%s cannot be looked up now")
	}
	s.decide(trace.AcceptSender, from.Mailbox(), "accepted", "the DNS knows its domain, which does not say that it takes no mail")
	return nil
}
