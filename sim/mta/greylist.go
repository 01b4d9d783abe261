package mta

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"mailwalk/protocols/smtp"
	"mailwalk/sim/trace"
)

// Greylist says how clients that nothing is known of are put off: who comes back
// with the same mail is taken for a mail server, which has a queue (RFC 6647).
type Greylist struct {
	// Wait is how long a client has to wait before it is let through.
	Wait time.Duration
	// Window is how long after its first try it is still waited for; later it begins
	// anew.
	Window time.Duration
	// Keep is how long one that was let through is remembered after its last mail.
	Keep time.Duration
}

// triplet is what a greylist knows a mail by.
type triplet struct {
	client   netip.Addr
	from, to string
}

// greyEntry is what is remembered of a triplet.
type greyEntry struct {
	first, last time.Time // it came, and it was let through; last is zero before
}

// greyMemory is in the server's memory alone: after a crash clients wait once more,
// and no mail is lost by that.
type greyMemory map[triplet]*greyEntry

// pass tells whether a triplet is let through at this time, and if not, in how
// long it is.
func (m greyMemory) pass(g Greylist, t triplet, now time.Time) (wait time.Duration, ok bool) {
	e := m[t]
	switch {
	case e == nil,
		e.last.IsZero() && now.Sub(e.first) > g.Window,
		!e.last.IsZero() && now.Sub(e.last) > g.Keep:
		m[t] = &greyEntry{first: now}
		return g.Wait, g.Wait <= 0
	case e.last.IsZero() && now.Sub(e.first) < g.Wait:
		return g.Wait - now.Sub(e.first), false
	}
	e.last = now
	return 0, true
}

// comeLater is the refusal for now of a recipient whom the client may name later;
// nil if it may now.
func (s *session) comeLater(address string) *smtp.Reply {
	if s.Greylist == nil || !s.guarded() {
		return nil
	}
	t := triplet{s.client, strings.ToLower(s.from), strings.ToLower(address)}
	wait, ok := s.grey.pass(*s.Greylist, t, s.Host.Clock().Now())
	if ok {
		return nil
	}
	from := s.from
	if from == "" {
		from = "the null path"
	}
	s.decide(trace.ComeLater, address, "put off", fmt.Sprintf("%s has not sent mail from %s to %s before; in %s it may", s.client, from, address, inWords(wait)))
	return smtp.NewReply(451, smtp.Enhanced{4, 7, 1}, "<%s>: greylisted, come again later", address)
}
