package sim

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"mailwalk/scenarios"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire/virtual"
)

// Door is a server of a host, as somebody from outside can reach it.
type Door struct {
	Host    string
	Service string // smtp, submission, submissions, pop3, pop3s, imap, imaps, domain
	Network string // tcp or udp
	// Inside is the server's address in the walk.
	Inside netip.AddrPort
}

// Target is the door's name in the trace.
func (d Door) Target() string { return fmt.Sprintf("%s:%d/%s", d.Host, d.Inside.Port(), d.Network) }

// Doors are the doors of the walk, by host and port. There are some even when
// nobody can come in.
func (w *World) Doors() []Door { return DoorsOf(w.scenario) }

// DoorsOf are the doors that a walk has.
func DoorsOf(sc *scenarios.Scenario) []Door {
	var doors []Door
	for _, h := range sc.Hosts {
		add := func(on bool, network string, port uint16) {
			if on && len(h.Addresses) > 0 {
				doors = append(doors, Door{
					Host: h.Name, Service: trace.ServiceName(port), Network: network, Inside: netip.AddrPortFrom(h.Addresses[0], port),
				})
			}
		}
		if m := h.Runs.MTA; m != nil {
			add(m.SMTP, "tcp", smtpPort)
			add(m.Submission, "tcp", submissionPort)
			add(m.Submissions, "tcp", submissionsPort)
		}
		if m := h.Runs.Mailboxes; m != nil {
			add(m.POP3, "tcp", pop3Port)
			add(m.IMAP, "tcp", imapPort)
			add(m.POP3S, "tcp", pop3sPort)
			add(m.IMAPS, "tcp", imapsPort)
		}
		names := h.Runs.DNS != nil || h.Runs.Resolver != nil
		add(names, "udp", dnsPort)
		add(names, "tcp", dnsPort)
	}
	return doors
}

func (w *World) doorNamed(target string) *Door {
	doors := w.Doors()
	i := slices.IndexFunc(doors, func(d Door) bool { return d.Target() == target })
	if i < 0 {
		return nil
	}
	return &doors[i]
}

// addVisitors puts the host at which visitors stand into the network. It comes
// last, so that it changes nothing of the others.
func (w *World) addVisitors(links map[string]*virtual.Link) error {
	name, l, addrs, err := w.placeVisitors()
	if err != nil {
		return err
	}
	var gateway []netip.Addr
	for _, r := range w.scenario.Routers {
		if via := gatewayAddrs(r, l.Name); via != nil {
			gateway = via
			break
		}
	}
	_, err = w.virtual.AddHost(name, []virtual.Iface{{Link: links[l.Name], Addrs: prefixes(l, addrs)}}, defaultRoutes(gateway)...)
	return err
}

// placeVisitors chooses the name and the place of the host at which visitors stand.
func (w *World) placeVisitors() (name string, l *scenarios.Link, addrs []netip.Addr, err error) {
	if name, addrs, err = VisitorsHost(w.scenario); err != nil {
		return "", nil, nil, err
	}
	w.visitors = name
	return name, visitorsLink(w.scenario), addrs, nil
}

// VisitorsHost is the host at which a walk's visitors stand when its doors are
// open: its name, and an address in each of its link's networks. The error says
// that the walk has no place for it.
func VisitorsHost(sc *scenarios.Scenario) (name string, addrs []netip.Addr, err error) {
	if len(sc.Links) == 0 {
		return "", nil, errors.New("there is no link at which visitors could stand")
	}
	name = Visitor
	for sc.Host(name) != nil || sc.Router(name) != nil {
		name += "s"
	}
	addrs, err = freeAddresses(sc, visitorsLink(sc))
	return name, addrs, err
}

// visitorsLink is where visitors stand: where most ways meet and fewest of the
// walk's people are, so that they are strangers to everybody.
func visitorsLink(sc *scenarios.Scenario) *scenarios.Link {
	rank := func(l *scenarios.Link) (n int) {
		for _, r := range sc.Routers {
			if gatewayAddrs(r, l.Name) != nil {
				n += 2
			}
		}
		for _, p := range sc.People {
			for _, d := range p.Devices {
				if h := sc.Host(d.Host); h != nil && h.Link == l.Name {
					n--
				}
			}
		}
		return n
	}
	roomy := slices.DeleteFunc(slices.Clone(sc.Links), func(l *scenarios.Link) bool {
		_, err := freeAddresses(sc, l)
		return err != nil
	})
	if len(roomy) == 0 {
		roomy = sc.Links // the error is told of one of them
	}
	return slices.MaxFunc(roomy, func(a, b *scenarios.Link) int { return rank(a) - rank(b) })
}

// freeAddresses are the highest addresses of a link that nobody has, one for each
// of its networks.
func freeAddresses(sc *scenarios.Scenario, l *scenarios.Link) ([]netip.Addr, error) {
	taken := map[netip.Addr]bool{}
	for _, h := range sc.Hosts {
		for _, a := range h.Addresses {
			taken[a] = true
		}
	}
	for _, r := range sc.Routers {
		for _, j := range r.Joins {
			for _, a := range j.Addresses {
				taken[a] = true
			}
		}
	}
	var free []netip.Addr
	for _, p := range l.Prefixes {
		a := last(p)
		if p.Addr().Is4() {
			a = a.Prev() // the last one is the broadcast address
		}
		for taken[a] {
			a = a.Prev()
		}
		if !p.Contains(a) || a == p.Masked().Addr() {
			return nil, fmt.Errorf("link %s: no address of %s is left for visitors", l.Name, p)
		}
		free = append(free, a)
	}
	return free, nil
}

// last is the highest address of a network.
func last(p netip.Prefix) netip.Addr {
	b := p.Masked().Addr().AsSlice()
	for bit := p.Bits(); bit < len(b)*8; bit++ {
		b[bit/8] |= 0x80 >> (bit % 8)
	}
	a, _ := netip.AddrFromSlice(b) // it has a legal length
	return a
}
