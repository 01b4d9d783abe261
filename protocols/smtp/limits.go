package smtp

import (
	"slices"
	"strconv"
	"strings"
)

// Limits are what a server lets a client do in one session, as the LIMITS
// extension announces it (RFC 9422 §4). 0 means no limit that was announced.
type Limits struct {
	MailMax       int // transactions in the session
	RcptMax       int // recipients of one transaction
	RcptDomainMax int // different domains of recipients in the session
}

// maxLimit is the largest value that has room in its six digits (RFC 9422 §3).
const maxLimit = 999999

// String returns the parameters of the EHLO keyword, such as "RCPTMAX=20", and ""
// if there is no limit.
func (l Limits) String() string {
	var words []string
	for _, x := range []struct {
		name string
		n    int
	}{{"MAILMAX", l.MailMax}, {"RCPTMAX", l.RcptMax}, {"RCPTDOMAINMAX", l.RcptDomainMax}} {
		if 0 < x.n && x.n <= maxLimit {
			words = append(words, x.name+"="+strconv.Itoa(x.n))
		}
	}
	return strings.Join(words, " ")
}

// ParseLimits reads the parameters of LIMITS. A limit that is unknown or has a
// malformed value is passed over (RFC 9422 §3).
func ParseLimits(params string) Limits {
	var l Limits
	for _, word := range strings.Fields(params) {
		name, value, _ := strings.Cut(word, "=")
		n, ok := parseLimit(value)
		if !ok {
			continue
		}
		switch upper(name) {
		case "MAILMAX":
			l.MailMax = n
		case "RCPTMAX":
			l.RcptMax = n
		case "RCPTDOMAINMAX":
			l.RcptDomainMax = n
		}
	}
	return l
}

// parseLimit parses one to six digits that do not begin with a zero.
func parseLimit(s string) (int, bool) {
	if s == "" || len(s) > 6 || s[0] == '0' {
		return 0, false
	}
	n := 0
	for i := range len(s) {
		if !isDigit(s[i]) {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}

// usage is what a session has used up of its Limits.
type usage struct {
	mails   int
	domains []string // in lower case; empty if they are not limited
}

// mail returns why another transaction may not begin, or nil. The mail may come in
// another session, so it is a temporary no.
func (u *usage) mail(l Limits) *Reply {
	if l.MailMax > 0 && u.mails >= l.MailMax {
		return NewReply(452, Enhanced{4, 7, 0}, "Too many transactions, open another session")
	}
	return nil
}

// rcpt returns why a recipient may not be added to n others, or nil.
func (u *usage) rcpt(l Limits, n int, domain string) *Reply {
	if l.RcptMax > 0 && n >= l.RcptMax {
		return NewReply(452, Enhanced{4, 5, 3}, "Too many recipients")
	}
	if l.RcptDomainMax > 0 && len(u.domains) >= l.RcptDomainMax && !slices.Contains(u.domains, strings.ToLower(domain)) {
		return NewReply(452, Enhanced{4, 5, 3}, "Too many domains of recipients")
	}
	return nil
}

// domain notes the domain of a recipient that was accepted.
func (u *usage) domain(l Limits, domain string) {
	domain = strings.ToLower(domain)
	if l.RcptDomainMax > 0 && !slices.Contains(u.domains, domain) {
		u.domains = append(u.domains, domain)
	}
}
