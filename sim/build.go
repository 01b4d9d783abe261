package sim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"mailwalk/protocols/dns"
	"mailwalk/scenarios"
	"mailwalk/sim/mailbox"
	"mailwalk/sim/mta"
	"mailwalk/sim/resolver"
	"mailwalk/sim/secure"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
	"mailwalk/sim/wire/virtual"
)

// Ports of the protocols.
const (
	smtpPort        = 25
	dnsPort         = 53
	pop3Port        = 110
	imapPort        = 143
	submissionPort  = 587
	submissionsPort = 465
	imapsPort       = 993
	pop3sPort       = 995
)

// build makes the network, the servers and the people of the walk.
func (w *World) build(o Options) error {
	build := w.buildNetwork
	if w.loopback != nil {
		build = w.buildLoopback
	}
	if err := build(); err != nil {
		return err
	}
	if err := w.writeMails(o); err != nil {
		return err
	}
	for _, h := range w.scenario.Hosts {
		if err := w.startPrograms(h); err != nil {
			return err
		}
	}
	w.startNotes(o.Idle)
	w.people = w.clock.NewGroup()
	w.startFaults()
	if !o.Idle {
		w.startPeople()
	}
	return nil
}

func (w *World) buildNetwork() error {
	sc := w.scenario
	links := map[string]*virtual.Link{}
	for _, l := range sc.Links {
		mtu := l.MTU
		if mtu == 0 {
			mtu = sc.Wire.MTU
		}
		links[l.Name] = w.virtual.AddLink(l.Name, virtual.LinkConfig{
			Latency: l.Latency, Jitter: l.Jitter, Reorder: l.Reorder,
			Bandwidth: int64(l.Bandwidth), Queue: l.Queue, Loss: int(l.Loss), MTU: uint32(mtu),
		})
	}
	for _, r := range sc.Routers {
		var ifaces []virtual.Iface
		for _, j := range r.Joins {
			ifaces = append(ifaces, virtual.Iface{Link: links[j.Link], Addrs: prefixes(sc.Link(j.Link), j.Addresses)})
		}
		if _, err := w.virtual.AddRouter(r.Name, ifaces, w.routerRoutes(r)...); err != nil {
			return err
		}
	}
	for _, h := range sc.Hosts {
		var routes []virtual.Route
		if h.Gateway != "" {
			routes = defaultRoutes(ofFamilies(gatewayAddrs(sc.Router(h.Gateway), h.Link), h.Addresses))
		}
		iface := virtual.Iface{Link: links[h.Link], Addrs: prefixes(sc.Link(h.Link), h.Addresses)}
		if _, err := w.virtual.AddHost(h.Name, []virtual.Iface{iface}, routes...); err != nil {
			return err
		}
	}
	if w.doors {
		if err := w.addVisitors(links); err != nil {
			return err
		}
	}
	return w.virtual.Ready()
}

// buildLoopback makes the hosts alone: the machine has no links and routers that
// could be shaped.
func (w *World) buildLoopback() error {
	for _, h := range w.scenario.Hosts {
		if _, err := w.loopback.AddHost(h.Name, h.Addresses); err != nil {
			return err
		}
	}
	if !w.doors {
		return nil
	}
	name, _, addrs, err := w.placeVisitors()
	if err != nil {
		return err
	}
	_, err = w.loopback.AddHost(name, addrs)
	return err
}

// prefixes gives addresses the lengths of their link's prefixes.
func prefixes(l *scenarios.Link, addrs []netip.Addr) []netip.Prefix {
	var out []netip.Prefix
	for _, a := range addrs {
		for _, p := range l.Prefixes {
			if p.Contains(a) {
				out = append(out, netip.PrefixFrom(a, p.Bits()))
			}
		}
	}
	return out
}

func gatewayAddrs(r *scenarios.Router, link string) []netip.Addr {
	for _, j := range r.Joins {
		if j.Link == link {
			return j.Addresses
		}
	}
	return nil
}

// ofFamilies are the addresses of which a host has the family, IPv4 or IPv6, itself.
func ofFamilies(addrs, own []netip.Addr) []netip.Addr {
	var out []netip.Addr
	for _, a := range addrs {
		if slices.ContainsFunc(own, func(o netip.Addr) bool { return o.Is4() == a.Is4() }) {
			out = append(out, a)
		}
	}
	return out
}

func defaultRoutes(via []netip.Addr) []virtual.Route {
	var routes []virtual.Route
	for _, a := range via {
		everything := netip.PrefixFrom(netip.IPv4Unspecified(), 0)
		if a.Is6() {
			everything = netip.PrefixFrom(netip.IPv6Unspecified(), 0)
		}
		routes = append(routes, virtual.Route{To: everything, Via: a})
	}
	return routes
}

// routerRoutes are the ways from a router to the links that it does not join: by
// the fewest routers in between, as a routing protocol that counts hops finds
// them.
func (w *World) routerRoutes(from *scenarios.Router) []virtual.Route {
	type step struct {
		router *scenarios.Router
		via    []netip.Addr // of the first router on the way
	}
	known := map[string]bool{} // links
	for _, j := range from.Joins {
		known[j.Link] = true
	}
	var routes []virtual.Route
	visited := map[string]bool{from.Name: true}
	ways := []step{{router: from}}
	for len(ways) > 0 {
		way := ways[0]
		ways = ways[1:]
		for _, j := range way.router.Joins {
			if !known[j.Link] {
				known[j.Link] = true
				for _, p := range w.scenario.Link(j.Link).Prefixes {
					for _, a := range way.via {
						if a.Is4() == p.Addr().Is4() {
							routes = append(routes, virtual.Route{To: p, Via: a})
						}
					}
				}
			}
			for _, r := range w.scenario.Routers {
				addrs := gatewayAddrs(r, j.Link)
				if visited[r.Name] || addrs == nil {
					continue
				}
				visited[r.Name] = true
				via := way.via
				if via == nil {
					via = addrs
				}
				ways = append(ways, step{r, via})
			}
		}
	}
	return routes
}

// startPrograms starts the servers of a host.
func (w *World) startPrograms(sh *scenarios.Host) error {
	host, _ := w.net.Host(sh.Name)
	h := heard{host, w}
	runs := sh.Runs
	if runs.DNS != nil {
		if err := w.startDNS(h, runs.DNS); err != nil {
			return err
		}
	}
	if runs.Resolver != nil {
		var roots []dns.NameServer
		for _, name := range runs.Resolver.Roots {
			roots = append(roots, dns.NameServer{Name: name + ".", Addrs: w.scenario.Host(name).Addresses})
		}
		if _, err := resolver.Serve(h, w.recorder, roots); err != nil {
			return err
		}
	}
	encrypt := w.encryption(h)
	if runs.Mailboxes != nil {
		if err := w.startMailboxes(h, runs.Mailboxes, encrypt); err != nil {
			return err
		}
	}
	if runs.MTA != nil {
		return w.startMTA(h, runs.MTA, encrypt)
	}
	return nil
}

func (w *World) startDNS(h wire.Host, d *scenarios.DNS) error {
	var zones []*dns.Zone
	for _, name := range d.Zones {
		zone, err := w.zone(name)
		if err != nil {
			return err
		}
		zones = append(zones, zone)
	}
	served, err := resolver.ServeZones(h, w.recorder, zones...)
	w.served[h.Name()] = served
	return err
}

func (w *World) cleartext() bool { return w.scenario.Policies.Cleartext == scenarios.Allowed }

func (w *World) startMailboxes(h wire.Host, m *scenarios.Mailboxes, encrypt *secure.Host) error {
	tls, err := w.shown(h, encrypt)
	if err != nil {
		return err
	}
	var accounts []mailbox.Account
	for _, a := range w.scenario.Accounts {
		if a.Host == h.Name() {
			accounts = append(accounts, mailbox.Account{Address: a.Address, Password: a.Password, Salt: w.secrets.salt(h, a.Address), Quota: int64(a.Quota)})
		}
	}
	store := mailbox.New(h, w.recorder, accounts)
	w.stores[h.Name()] = store
	h.Go("mailboxes", func(ctx context.Context) {
		err := store.Start(ctx)
		if err == nil {
			err = w.serveMailboxes(&reading{h, store, encrypt, tls}, m)
		}
		if err != nil && ctx.Err() == nil {
			w.warn(fmt.Sprintf("%s cannot serve its mailboxes: %v", h.Name(), err))
		}
	})
	return nil
}

// session records that a server's session went from one state to another.
func (w *World) session(c *trace.Conn, from, to string) {
	w.recorder.Record(trace.Event{What: trace.SessionState, Body: &trace.StateBody{Name: c.ID, Before: from, After: to}})
}

// listen serves the connections to a port.
func (w *World) listen(h wire.Host, port uint16, name string, serve func(ctx context.Context, nc net.Conn, c *trace.Conn)) error {
	l, err := h.Listen(netip.AddrPortFrom(netip.IPv6Unspecified(), port))
	if err != nil {
		return fmt.Errorf("host %s: %s: %w", h.Name(), name, err)
	}
	wire.Serve(h, l, name, func(ctx context.Context, nc net.Conn) {
		c := wire.Traced(nc)
		w.recorder.Serve(c)
		serve(ctx, nc, c)
	})
	return nil
}

func (w *World) startMTA(h wire.Host, m *scenarios.MTA, encrypt *secure.Host) error {
	cfg := mta.Config{
		Host: h, Recorder: w.recorder, Hostname: m.Hostname,
		Domains: m.Domains, RelayDomains: m.RelayDomains, Known: w.known, Transport: map[string]string{},
		Smarthost: m.Smarthost, Trusted: m.Trusted, SMTP: m.SMTP, Submission: m.Submission,
		Postmaster: w.postmaster(h), MaxSize: int64(m.Size), AllowCleartext: w.cleartext(), Stub: w.stub(h),
		Mechanisms: m.Mechanisms(), DecoyKey: w.secrets.decoyKey(h),
	}
	policies(&cfg, m)
	w.encrypts(&cfg, m, encrypt)
	for _, r := range m.Transport {
		domain, err := dns.ToALabels(r.Domain)
		if err != nil {
			return fmt.Errorf("host %s: %w", h.Name(), err)
		}
		cfg.Transport[strings.ToLower(domain)] = r.Host
	}
	if store := w.stores[h.Name()]; store != nil {
		cfg.Mailboxes = deliverer{store}
	}
	s, err := mta.Start(cfg)
	w.servers[h.Name()] = s
	return err
}

// deliverer is a store as a mail server sees it.
type deliverer struct{ *mailbox.Store }

// Deliver implements mta.Mailboxes.
func (d deliverer) Deliver(ctx context.Context, id, address string, content []byte, reversePath string) error {
	_, err := d.Store.Deliver(ctx, address, content, mailbox.Envelope{ReversePath: reversePath, ID: id})
	switch {
	case errors.Is(err, mailbox.ErrQuota):
		return fmt.Errorf("%w: %w", mta.ErrFull, err)
	case errors.Is(err, mailbox.ErrDelivered):
		return fmt.Errorf("%w: %w", mta.ErrDelivered, err)
	}
	return err
}

// postmaster is who gets mail for a host's postmaster: a mailbox of that name on the
// host, else the first that the host keeps, else the first of the walk.
func (w *World) postmaster(h wire.Host) string {
	for _, a := range w.scenario.Accounts {
		if local, _, _ := strings.Cut(a.Address, "@"); a.Host == h.Name() && strings.EqualFold(local, "postmaster") {
			return a.Address
		}
	}
	for _, a := range w.scenario.Accounts {
		if a.Host == h.Name() {
			return a.Address
		}
	}
	if len(w.scenario.Accounts) > 0 {
		return w.scenario.Accounts[0].Address
	}
	return ""
}

// known tells whether an address has an account anywhere in the walk.
func (w *World) known(address string) bool {
	for _, a := range w.scenario.Accounts {
		if strings.EqualFold(a.Address, address) {
			return true
		}
	}
	return false
}

// stub is what a host's programs look names up with; nil without a resolver.
func (w *World) stub(h wire.Host) *dns.Stub {
	name := w.scenario.Host(h.Name()).Resolver
	if name == "" {
		return nil
	}
	return resolver.NewStub(h, w.recorder, w.scenario.Host(name).Addresses...)
}
