package tui

import (
	"slices"
	"time"
)

// Network is what a walk says of its network: for the picture alone.
type Network struct {
	Links   []NetworkLink
	Routers []NetworkRouter
	Hosts   []NetworkHost
}

// NetworkLink is an Ethernet segment. What is zero is not known, or without limit.
type NetworkLink struct {
	Name    string
	Latency time.Duration
	// Bandwidth is in bits a second, Loss in parts of 1,000, MTU in octets.
	Bandwidth int64
	Loss      int
	MTU       int
}

// NetworkRouter is a machine that joins links.
type NetworkRouter struct {
	Name, Label string
	Links       []string
}

// NetworkHost is a machine that programs run on.
type NetworkHost struct {
	Name, Label string
	Link        string
	Runs        []Program
}

// Program is a kind of program that a host runs.
type Program string

// The kinds of programs.
const (
	MailServer Program = "mail server"
	Mailboxes  Program = "mailboxes"
	Resolver   Program = "resolver"
	NameServer Program = "name server"
)

// network is what is known of the network: what the walk says, or else what its
// packets have shown; and machines of which only the packets know.
func (s *stage) network() *Network {
	w := s.rows.wires
	if w.picture != nil && w.pictured == w.things {
		return w.picture
	}
	n := new(Network)
	if s.walk.Network != nil {
		*n = *s.walk.Network
		n.Hosts = n.Hosts[:len(n.Hosts):len(n.Hosts)]
	}
	n.learn(w)
	w.picture, w.pictured = n, w.things
	return n
}

// learn adds what the trace has shown and the walk has not said.
func (n *Network) learn(w *wires) {
	told := len(n.Links) > 0
	known := map[string]bool{}
	for _, h := range n.Hosts {
		known[h.Name] = true
	}
	for _, r := range n.Routers {
		known[r.Name] = true
	}
	if !told {
		for _, l := range w.links {
			n.Links = append(n.Links, NetworkLink{Name: l.name})
		}
	}
	links := map[string][]string{}
	for _, l := range w.links {
		for _, m := range l.members {
			links[m] = append(links[m], l.name)
		}
	}
	for _, h := range w.hosts {
		switch on := links[h]; {
		case known[h] || h == "":
		case w.routers[h] || len(on) > 1:
			if !told {
				n.Routers = append(n.Routers, NetworkRouter{Name: h, Links: on})
			}
		case len(on) == 1:
			n.Hosts = append(n.Hosts, NetworkHost{Name: h, Link: on[0], Runs: w.runs[h]})
		default:
			n.Hosts = append(n.Hosts, NetworkHost{Name: h, Runs: w.runs[h]})
		}
	}
}

// label is what a machine is called when spoken of; empty when that is not known.
func (n *Network) label(name string) string {
	for i := range n.Hosts {
		if n.Hosts[i].Name == name {
			return n.Hosts[i].Label
		}
	}
	for i := range n.Routers {
		if n.Routers[i].Name == name {
			return n.Routers[i].Label
		}
	}
	return ""
}

// link is the link that a host is on.
func (n *Network) link(host string) string {
	for i := range n.Hosts {
		if n.Hosts[i].Name == host {
			return n.Hosts[i].Link
		}
	}
	return ""
}

// path are the links and routers from one host to another, in turn: link, router,
// link. It is nil when there is none.
func (n *Network) path(from, to string) []string {
	a, b := n.link(from), n.link(to)
	if a == "" || b == "" {
		return nil
	}
	before := map[string][2]string{a: {}} // of each link: the router and the link before it
	for todo := []string{a}; len(todo) > 0; todo = todo[1:] {
		at := todo[0]
		if at == b {
			path := []string{b}
			for at != a {
				step := before[at]
				path = append([]string{step[1], step[0]}, path...)
				at = step[1]
			}
			return path
		}
		for i := range n.Routers {
			r := &n.Routers[i]
			if !slices.Contains(r.Links, at) {
				continue
			}
			for _, next := range r.Links {
				if _, known := before[next]; !known {
					before[next] = [2]string{r.Name, at}
					todo = append(todo, next)
				}
			}
		}
	}
	return nil
}
