package main

import (
	"mailwalk/cmd/mailwalk/tui"
	"mailwalk/scenarios"
)

// networkOf is what a walk says of its network, for the screen's map. It is nil
// for a walk that cannot be read any more.
func networkOf(sc *scenarios.Scenario) *tui.Network {
	if len(sc.Hosts) == 0 {
		return nil
	}
	n := new(tui.Network)
	for _, l := range sc.Links {
		mtu := l.MTU
		if mtu == 0 {
			mtu = sc.Wire.MTU
		}
		n.Links = append(n.Links, tui.NetworkLink{
			Name: l.Name, Latency: l.Latency, Bandwidth: int64(l.Bandwidth), Loss: int(l.Loss), MTU: mtu,
		})
	}
	for _, r := range sc.Routers {
		router := tui.NetworkRouter{Name: r.Name, Label: r.Label}
		for _, j := range r.Joins {
			router.Links = append(router.Links, j.Link)
		}
		n.Routers = append(n.Routers, router)
	}
	for _, h := range sc.Hosts {
		host := tui.NetworkHost{Name: h.Name, Label: h.Label, Link: h.Link}
		for _, p := range []struct {
			runs bool
			name tui.Program
		}{
			{h.Runs.MTA != nil, tui.MailServer}, {h.Runs.Mailboxes != nil, tui.Mailboxes},
			{h.Runs.Resolver != nil, tui.Resolver}, {h.Runs.DNS != nil, tui.NameServer},
		} {
			if p.runs {
				host.Runs = append(host.Runs, p.name)
			}
		}
		n.Hosts = append(n.Hosts, host)
	}
	return n
}
