// Package doors lets programs of the machine come into a walk: each server of each
// host can be reached at a port of the machine's own loopback interface, by dig,
// swaks, curl or a mail program.
//
// The doors bind 127.0.0.1 and nothing else. A door does not look at what goes
// through it: it hands octets and datagrams to a [sim.World], which takes them
// while it is at rest, and back.
package doors

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"

	"mailwalk/sim"
)

// Open is a door that is open.
type Open struct {
	sim.Door
	// At is where it is, on the machine.
	At netip.AddrPort
}

// Set are the open doors of a world.
type Set struct {
	Doors []Open

	world   *sim.World
	closers []func() error

	mu      sync.Mutex
	closed  bool
	visits  map[*visit]bool
	running sync.WaitGroup
}

// Plan says at which port of the machine each door is: base, and the server's own
// port on top of it. The second host with the same service is 1,000 further on, and
// so on. With base 0 the machine chooses, when the doors are opened.
func Plan(list []sim.Door, base uint16) ([]Open, error) {
	type service struct {
		network string
		port    uint16
	}
	count := map[service]int{}
	plan := make([]Open, len(list))
	for i, d := range list {
		s := service{d.Network, d.Inside.Port()}
		port := int(base) + int(s.port) + 1000*count[s]
		if base == 0 {
			port = 0
		}
		if port > 65535 {
			return nil, fmt.Errorf("there is no port %d for %s; choose lower ones", port, d.Target())
		}
		count[s]++
		plan[i] = Open{Door: d, At: netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port))}
	}
	return plan, nil
}

// TakenError says that the port of a door is in use.
type TakenError struct {
	Door Open
	// By is the program that has the port, if that could be found out.
	By  string
	err error
}

func (e *TakenError) Error() string {
	who := "another program"
	if e.By != "" {
		who = e.By
	}
	return fmt.Sprintf("port %d of %s, the door to %s, is taken by %s", e.Door.At.Port(), e.Door.At.Addr(), e.Door.Target(), who)
}

func (e *TakenError) Unwrap() error { return e.err }

// Serve opens the doors of a world. The world has to be played meanwhile, and has
// to be closed after the doors. A door that cannot be opened is a *TakenError or
// another; then none is open.
func Serve(w *sim.World, plan []Open) (*Set, error) {
	s := &Set{world: w, visits: map[*visit]bool{}}
	for _, o := range plan {
		var err error
		switch o.Network {
		case "tcp":
			o, err = s.openTCP(o)
		case "udp":
			o, err = s.openUDP(o)
		}
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		s.Doors = append(s.Doors, o)
	}
	return s, nil
}

func (s *Set) openTCP(o Open) (Open, error) {
	l, err := net.ListenTCP("tcp4", net.TCPAddrFromAddrPort(o.At))
	if err != nil {
		return o, openError(o, err)
	}
	o.At = l.Addr().(*net.TCPAddr).AddrPort()
	s.closers = append(s.closers, l.Close)
	s.running.Go(func() {
		for {
			conn, err := l.AcceptTCP()
			if err != nil {
				return // it was closed
			}
			s.admit(o, conn)
		}
	})
	return o, nil
}

func (s *Set) openUDP(o Open) (Open, error) {
	c, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(o.At))
	if err != nil {
		return o, openError(o, err)
	}
	o.At = c.LocalAddr().(*net.UDPAddr).AddrPort()
	s.closers = append(s.closers, c.Close)
	s.running.Go(func() { s.askers(o, c) })
	return o, nil
}

func openError(o Open, err error) error {
	if isTaken(err) {
		return &TakenError{Door: o, By: holder(o.Network, o.At), err: err}
	}
	return fmt.Errorf("the door to %s: %w", o.Target(), err)
}

// Close shuts the doors and sends the visitors away. It returns when the last
// goroutine has ended.
func (s *Set) Close() error {
	s.mu.Lock()
	s.closed = true
	visits := make([]*visit, 0, len(s.visits))
	for v := range s.visits { // in whatever order: nobody sees it
		visits = append(visits, v)
	}
	s.mu.Unlock()
	var errs []error
	for _, c := range s.closers {
		errs = append(errs, c())
	}
	for _, v := range visits {
		v.end(true)
	}
	s.running.Wait()
	return errors.Join(errs...)
}

// keep remembers a visit until forget; false when the doors are shut.
func (s *Set) keep(v *visit) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.visits[v] = true
	}
	return !s.closed
}

func (s *Set) forget(v *visit) {
	s.mu.Lock()
	delete(s.visits, v)
	s.mu.Unlock()
}
