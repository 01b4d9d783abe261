package mta

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"mailwalk/protocols/dns"
	"mailwalk/protocols/smtp"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
)

// dialTimeout is how long the next server may take to answer the phone (RFC 5321
// §4.5.3.2.1 gives its greeting five minutes).
const dialTimeout = 5 * time.Minute

// relay hands a mail to the next server for a domain.
func (s *Server) relay(ctx context.Context, e *entry, j *job, content []byte) error {
	toward := j.domain
	if j.next != "" {
		toward = j.next
	}
	s.hop(e, toward, trace.Relay, toward)
	targets, verdict := s.targets(ctx, j)
	if verdict != nil {
		s.verdict(e, j.recipients, verdict, "")
		return nil
	}
	// The servers are tried one after the other until one takes the mail or refuses
	// it (RFC 5321 §5.1).
	last := smtp.NewReply(451, smtp.Enhanced{4, 4, 1}, "no server for %s can be reached", j.domain)
	for i, host := range targets {
		if i > 0 {
			s.decide(trace.NextServer, j.domain, host, "the one before it does not take the mail now, and this one is next by preference", targets[i:]...)
		}
		addrs, err := s.addresses(ctx, host)
		if err != nil {
			last = smtp.NewReply(451, smtp.Enhanced{4, 4, 3}, "%v", err)
			if !temporary(err) {
				last = smtp.NewReply(550, smtp.Enhanced{5, 4, 4}, "%v", err)
			}
			continue
		}
		for _, a := range addrs {
			decided, err := s.send(ctx, e, j, host, a, content)
			switch {
			case errors.Is(err, wire.ErrHostDown):
				return err
			case decided:
				return nil
			}
			last = smtp.NewReply(451, smtp.Enhanced{4, 4, 1}, "%s: %v", host, err)
		}
	}
	s.verdict(e, j.recipients, last, "")
	return nil
}

// answered tells whether a server has decided on a recipient before the
// connection broke.
func answered(r smtp.Result) bool {
	for _, rcpt := range r.Recipients {
		if rcpt.Reply != nil {
			return true
		}
	}
	return false
}

// targets are the hosts to try, the first one first; or the verdict that there
// are none.
func (s *Server) targets(ctx context.Context, j *job) ([]string, *smtp.Reply) {
	switch {
	case j.next != "":
		return []string{j.next}, nil
	case strings.HasPrefix(j.domain, "["):
		return []string{j.domain}, nil
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
		return []string{j.domain}, nil
	case errors.Is(err, dns.ErrNXDomain):
		return nil, smtp.NewReply(550, smtp.Enhanced{5, 1, 2}, "there is no domain %s", j.domain)
	case err != nil:
		return nil, smtp.NewReply(451, smtp.Enhanced{4, 4, 3}, "%v", err)
	}
	return s.order(j.domain, list)
}

// order puts the mail exchangers in the order in which they are tried: by
// preference, those of the same in a random one. A server that is among them
// tries only those before itself (RFC 5321 §5.1).
func (s *Server) order(domain string, list []dns.MX) ([]string, *smtp.Reply) {
	random := s.Host.Rand("order of MX " + domain)
	for i := 0; i < len(list); {
		n := i
		for n < len(list) && list[n].Preference == list[i].Preference {
			n++
		}
		random.Shuffle(n-i, func(a, b int) { list[i+a], list[i+b] = list[i+b], list[i+a] })
		i = n
	}
	var options, hosts []string
	for _, mx := range list {
		options = append(options, fmt.Sprintf("%d %s", mx.Preference, strings.TrimSuffix(mx.Host, ".")))
	}
	for i, mx := range list {
		host := strings.TrimSuffix(mx.Host, ".")
		if strings.EqualFold(host, s.Hostname) {
			for j := i - 1; j >= 0 && list[j].Preference == mx.Preference; j-- {
				hosts = hosts[:j]
			}
			break
		}
		hosts = append(hosts, host)
	}
	if len(hosts) == 0 {
		s.decide(trace.GiveUp, domain, "bounce", "the MX of the domain is this server itself, which does not know the domain as its own", options...)
		return nil, smtp.NewReply(554, smtp.Enhanced{5, 4, 6}, "mail for %s loops back to %s", domain, s.Hostname)
	}
	because := "it has the lowest preference value of the MX records, so it is tried first"
	if len(list) == 1 {
		because = "it is the only MX of the domain"
	}
	s.decide(trace.ChoseMX, domain, hosts[0], because, options...)
	return hosts, nil
}

// addresses are those of a host, in the order in which they are tried.
func (s *Server) addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, ok := literal(host); ok {
		return []netip.Addr{a}, nil
	}
	if s.Stub == nil {
		return nil, fmt.Errorf("this server has no resolver to ask for %s", host)
	}
	addrs, err := s.Stub.LookupAddrs(ctx, host)
	if err != nil {
		return nil, err
	}
	var options []string
	for _, a := range addrs {
		options = append(options, a.String())
	}
	if len(addrs) > 1 {
		s.decide(trace.ChoseAddress, host, options[0], "the addresses of a host are tried in turn", options...)
	}
	return addrs, nil
}

// literal is the address in an address literal (RFC 5321 §4.1.3).
func literal(host string) (netip.Addr, bool) {
	inner, ok := strings.CutPrefix(host, "[")
	if !ok {
		return netip.Addr{}, false
	}
	inner = strings.TrimPrefix(strings.TrimSuffix(inner, "]"), "IPv6:")
	a, err := netip.ParseAddr(inner)
	return a, err == nil
}

func temporary(err error) bool {
	var le *dns.LookupError
	return !errors.As(err, &le) || le.Temporary()
}

// send carries out one transaction with one server, and notes what came of it.
// decided says that the server has said something of the recipients; otherwise
// the next one may be tried, and err is why.
func (s *Server) send(ctx context.Context, e *entry, j *job, host string, to netip.Addr, content []byte) (decided bool, err error) {
	dialCtx, cancel := s.Host.Clock().WithTimeout(ctx, dialTimeout)
	nc, err := s.Host.Dial(dialCtx, "tcp", netip.AddrPort{}, netip.AddrPortFrom(to, relayPort))
	cancel()
	if err != nil {
		return false, err
	}
	hooks := s.Recorder.Hooks(wire.Traced(nc), false)
	c := smtp.NewClient(nc, smtp.ClientOptions{Hello: s.Hostname, Now: s.Host.Clock().Now, Hooks: &hooks})
	defer c.Close()
	if _, err := c.Hello(ctx); err != nil {
		return s.refused(e, j, host, err)
	}
	env, err := e.envelope(j)
	if err != nil {
		return false, err
	}
	result, err := c.Send(ctx, env, content)
	if err != nil && !answered(result) {
		return false, err
	}
	s.take(e, j, result, err, host)
	if err == nil {
		// What the server answered stands, whatever comes of saying goodbye.
		_, _ = c.Quit(ctx)
	}
	return true, nil
}

// refused notes that a server does not want to talk. When it may later, the next
// one is tried.
func (s *Server) refused(e *entry, j *job, host string, err error) (decided bool, _ error) {
	var reply *smtp.Reply
	if !errors.As(err, &reply) || reply.Temporary() {
		return false, err
	}
	s.verdict(e, j.recipients, reply, host)
	return true, nil
}

// envelope is what the next server is told of a job.
func (e *entry) envelope(j *job) (smtp.Envelope, error) {
	var env smtp.Envelope
	var err error
	if e.ReversePath != "" { // else it is the null path
		if env.From, err = smtp.ParseMailbox(e.ReversePath); err != nil {
			return env, err
		}
	}
	for _, r := range j.recipients {
		p, err := smtp.ParseMailbox(r.Address)
		if err != nil {
			return env, err
		}
		env.Recipients = append(env.Recipients, smtp.Recipient{To: p})
	}
	return env, nil
}

// take notes what a server has said of each recipient. err is why the rest is not
// known.
func (s *Server) take(e *entry, j *job, result smtp.Result, err error, host string) {
	var done []string
	for i, r := range j.recipients {
		res := result.Recipients[i]
		if res.Accepted() {
			r.Done = true
			done = append(done, r.Address)
			continue
		}
		reply := res.Reply
		if reply == nil {
			reply = smtp.NewReply(451, smtp.Enhanced{4, 4, 2}, "%s: %v", host, err)
		}
		s.verdict(e, []*recipient{r}, reply, host)
	}
	if len(done) > 0 {
		s.Recorder.Record(trace.Event{What: trace.Relayed, Body: &trace.MailBody{ReversePath: e.ReversePath, Recipients: done, From: s.Host.Name(), Toward: host}})
	}
}

// verdict notes a refusal: for good, or for now. host is who refused, empty for
// this server itself.
func (s *Server) verdict(e *entry, recipients []*recipient, reply *smtp.Reply, host string) {
	for _, r := range recipients {
		r.Reply, r.Server, r.leg = reply, host, s.Recorder.Scope().Hop
		if reply.Temporary() {
			s.deferred(e, r)
		} else {
			s.fail(r)
		}
	}
}

// fail notes that a recipient is not tried again, because of a last word that is
// final.
func (s *Server) fail(r *recipient) {
	r.Failed = true
	because := "this server finds that it cannot be delivered"
	if r.Server != "" {
		because = r.Server + " refuses it"
	}
	s.decide(trace.GiveUp, r.Address, "bounce", fmt.Sprintf("%s, and %d is final: trying again would change nothing", because, r.Reply.Code))
}
