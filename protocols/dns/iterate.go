package dns

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/miekg/dns"
)

// iterate asks for name from the nearest known zone downwards until some server
// answers, in whatever sense.
//
// RFC 1034 §5.3.3, steps 2 to 4.
func (t *task) iterate(l Lookup, name string, qtype uint16) (meaning, error) {
	d := t.closest(name, qtype)
	for {
		m, err := t.askZone(l, &d, name, qtype)
		if err != nil {
			return meaning{}, err
		}
		if m.kind != KindReferral {
			return m, nil
		}
		// Each cut is deeper than the last (classify sees to it), so this ends.
		d = t.delegation(m.cut, FromReferral, m.first.data, m.more)
	}
}

// askZone asks the servers of a zone, one after another, until one gives an
// answer that leads on.
func (t *task) askZone(l Lookup, d *Delegation, name string, qtype uint16) (meaning, error) {
	s := &slist{task: t, d: d, reason: ErrNoServers}
	for _, server := range d.Servers {
		if err := s.add(server.Name, server.Addrs); err != nil {
			return meaning{}, t.fail(l, "", err)
		}
	}
	for {
		if err := t.mayGoOn(); err != nil {
			return meaning{}, t.fail(l, "ask the servers of "+d.Zone, err)
		}
		c, err := s.next(l)
		if err != nil {
			return meaning{}, t.fail(l, "find the servers of "+d.Zone, err)
		}
		if c == nil {
			return meaning{}, t.fail(l, "ask the servers of "+d.Zone, s.reason)
		}
		c.tries++
		m, err := t.askServer(l, d.Zone, s.list, *c, name, qtype)
		if err != nil {
			s.reason = err
			// Silence may be a lost packet; any other failure will not mend at once.
			c.out = !errors.Is(err, ErrTimeout)
			continue
		}
		return m, nil
	}
}

// mayGoOn tells why no further query is to be sent, nil if one may be.
func (t *task) mayGoOn() error {
	if err := t.ctx.Err(); err != nil {
		return err
	}
	most := t.r.MaxQueries
	if most == 0 {
		most = 50
	}
	if t.sent >= most {
		return fmt.Errorf("%w: %d queries", ErrLimit, t.sent)
	}
	if !t.r.now().Before(t.ends) {
		return ErrTimeout
	}
	return nil
}

// slist is the list of a zone's servers as it is worked through.
type slist struct {
	*task
	d        *Delegation
	list     []Candidate
	glueless int // servers whose addresses had to be looked up
	resolved map[string]bool
	shown    int   // addresses known when the hooks were last told
	reason   error // why the last server asked, or looked for, was no use
}

// add enters the addresses of a server.
func (s *slist) add(server string, addrs []netip.Addr) error {
	for _, a := range addrs {
		if s.r.Use != nil && !s.r.Use(a) {
			continue
		}
		if slices.ContainsFunc(s.list, func(c Candidate) bool { return c.Addr == a }) {
			continue
		}
		tie, err := s.r.random()
		if err != nil {
			return err
		}
		s.list = append(s.list, Candidate{Server: server, Addr: a, tie: uint32(tie)})
	}
	return nil
}

// next is the address to ask next, nil if there is none left. Addresses at hand
// come first; when each was asked once, the servers known by name alone are
// looked up.
func (s *slist) next(l Lookup) (*Candidate, error) {
	for {
		c := s.best()
		if c != nil && c.tries == 0 && !c.Lame {
			return s.show(l, c), nil
		}
		found, err := s.resolve(l)
		if err != nil {
			return nil, err
		}
		if !found {
			return s.show(l, c), nil
		}
	}
}

// best orders the list and returns its head, unless all were asked enough.
func (s *slist) best() *Candidate {
	tries := s.r.Tries
	if tries == 0 {
		tries = 2
	}
	s.list = slices.DeleteFunc(s.list, func(c Candidate) bool { return c.out || c.tries >= tries })
	s.r.infra.order(s.r.now(), s.d.Zone, s.list)
	if len(s.list) == 0 {
		return nil
	}
	return &s.list[0]
}

// show tells the hooks of the list when it has grown.
func (s *slist) show(l Lookup, c *Candidate) *Candidate {
	known := 0
	for _, server := range s.d.Servers {
		known += len(server.Addrs)
	}
	if c != nil && known != s.shown && s.r.Hooks != nil && s.r.Hooks.Servers != nil {
		s.shown = known
		d := *s.d
		d.Servers = slices.Clone(d.Servers)
		d.Order = slices.Clone(s.list)
		s.r.Hooks.Servers(s.ctx, l, d)
	}
	return c
}

// resolve looks up the addresses of the next server that has none. It tells
// whether there was such a server.
func (s *slist) resolve(l Lookup) (bool, error) {
	for i := range s.d.Servers {
		server := &s.d.Servers[i]
		key := canonical(server.Name)
		// A server inside its own zone can be found by glue alone.
		if len(server.Addrs) > 0 || s.resolved[key] || within(s.d.Zone, key) && s.d.Zone != "." {
			continue
		}
		if s.glueless == maxGlueless {
			return false, nil
		}
		if s.resolved == nil {
			s.resolved = map[string]bool{}
		}
		s.resolved[key] = true
		s.glueless++
		addrs, err := s.serverAddrs(l, server.Name)
		if err != nil {
			s.reason = err
		}
		server.Addrs = addrs
		return true, s.add(server.Name, addrs)
	}
	return false, nil
}

// serverAddrs finds addresses of a server by look-ups of their own: IPv4, and
// IPv6 if there is no IPv4 that can be used. An error tells why there are none.
func (t *task) serverAddrs(l Lookup, server string) ([]netip.Addr, error) {
	key := canonical(server)
	switch {
	case slices.Contains(t.path, key):
		// To find a.test one must ask b.test, to find b.test one must ask a.test.
		return nil, fmt.Errorf("find %s: %w", server, ErrLoop)
	case len(t.path) >= maxDepth:
		return nil, fmt.Errorf("find %s: %w", server, ErrLimit)
	}
	for _, rrtype := range []uint16{dns.TypeA, dns.TypeAAAA} {
		res, err := t.lookUp(l.ID, server, rrtype)
		if err != nil {
			return nil, err
		}
		if res.Kind == KindNXDomain {
			break
		}
		usable := slices.DeleteFunc(addresses(res.Answer), func(a netip.Addr) bool {
			return t.r.Use != nil && !t.r.Use(a)
		})
		if len(usable) > 0 {
			return usable[:min(len(usable), maxAddresses)], nil
		}
	}
	// Not ErrNoData or ErrNXDomain: that a server has no address says nothing of
	// the name that was asked for.
	return nil, fmt.Errorf("find %s: it has no address: %w", server, ErrNoServers)
}

// askServer puts the question to one address: by UDP, and again by TCP if the
// answer does not fit, or without EDNS if the server does not know that. An
// error says that another server is to be tried.
func (t *task) askServer(l Lookup, zone string, others []Candidate, c Candidate, name string, qtype uint16) (meaning, error) {
	x := Exchange{
		Lookup: l, Zone: zone, Server: c.Server, Addr: netip.AddrPortFrom(c.Addr, dnsPort),
		Transport: UDP, Try: c.tries, Timeout: orElse(t.r.Timeout, 800*time.Millisecond) << (c.tries - 1),
	}
	size := uint16(maxUDPSize)
	for {
		if err := t.mayGoOn(); err != nil {
			return meaning{}, err
		}
		x.Timeout = min(x.Timeout, t.ends.Sub(t.r.now()))
		m, err := t.send(x, name, qtype, size, others)
		switch {
		case errors.Is(err, errForgery) && x.Transport == UDP:
			x.Transport = TCP
		case err != nil:
			return meaning{}, fmt.Errorf("%s (%s): %w", c.Server, c.Addr, err)
		case m.kind == KindTruncated && x.Transport == UDP:
			x.Transport = TCP // RFC 7766 §5
		case m.rcode == dns.RcodeFormatError && size > 0:
			size = 0 // RFC 6891 §6.2.2
		case m.kind == KindLame:
			t.r.infra.markLame(t.r.now(), c.Addr, zone)
			return meaning{}, fmt.Errorf("%s (%s): %w: %s", c.Server, c.Addr, ErrLame, m.reason)
		case m.kind == KindError || m.kind == KindTruncated:
			return meaning{}, fmt.Errorf("%s (%s): answered %s", c.Server, c.Addr, m.reason)
		default:
			t.learn(l, x, m)
			return m, nil
		}
	}
}

// send sends one query and reads one answer.
func (t *task) send(x Exchange, name string, qtype, size uint16, others []Candidate) (meaning, error) {
	h := t.r.Hooks
	t.r.randMu.Lock()
	q, err := newQuery(t.r.Rand, name, qtype, size)
	t.r.randMu.Unlock()
	if err != nil {
		return meaning{}, err
	}
	a := asker{
		dial: t.r.Dial, now: t.r.now, limit: t.r.WithTimeout,
		sending: func(x Exchange, q *dns.Msg) { h.querySending(t.ctx, x, q) },
		ignored: func(x Exchange, r *dns.Msg, reason error) { h.ignored(t.ctx, x, r, reason) },
	}
	t.sent++
	begun := t.r.now()
	r, err := a.ask(t.ctx, x, q)
	now := t.r.now()
	if err != nil {
		h.failed(t.ctx, x, err)
		t.r.infra.silent(now, x.Addr.Addr(), x.Timeout)
		return meaning{}, err
	}
	m := classify(x.Zone, name, qtype, r)
	h.responseReceived(t.ctx, x, r, m.kind, m.cut, now.Sub(begun))
	t.r.infra.answered(now, x.Addr.Addr(), now.Sub(begun), others)
	return m, nil
}
