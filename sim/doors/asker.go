package doors

import (
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"mailwalk/sim"
)

const (
	// patience is how long an answer to a datagram is waited for after the last one
	// that was sent.
	patience = 30 * time.Second
	// maxAskers bounds who may ask at one door at the same time; beyond it datagrams
	// are dropped, as a full socket does.
	maxAskers = 1000
)

// asker is a program that sends datagrams through a door. It implements
// sim.Outlet.
type asker struct {
	door *net.UDPConn
	to   netip.AddrPort
	in   *sim.Knocker
	mu   sync.Mutex
	gone bool
	last time.Time
}

// askers takes what comes to a door for datagrams, until it is closed.
func (s *Set) askers(o Open, c *net.UDPConn) {
	known := map[netip.AddrPort]*asker{}
	buf := make([]byte, 64<<10)
	for {
		n, from, err := c.ReadFromUDPAddrPort(buf)
		if err != nil {
			if s.isClosed() {
				return
			}
			continue // an ICMP error that belongs to a datagram sent before
		}
		now := time.Now()
		for addr, a := range known {
			if a.idle(now) {
				a.in.HangUp()
				delete(known, addr)
			}
		}
		a := known[from]
		if a == nil {
			if len(known) >= maxAskers {
				continue
			}
			a = &asker{door: c, to: from}
			a.in, err = s.world.Knock(o.Door, fmt.Sprintf("a program on this machine, at %s, asks at %s", from, o.At), a)
			if err != nil { // there is no such door: it was not in the plan
				return
			}
			known[from] = a
		}
		a.touch(now)
		a.in.Say(append([]byte(nil), buf[:n]...))
	}
}

func (s *Set) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

func (a *asker) touch(now time.Time) {
	a.mu.Lock()
	a.last = now
	a.mu.Unlock()
}

func (a *asker) idle(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.gone || now.Sub(a.last) > patience
}

// Send implements sim.Outlet. A datagram that the machine does not take is lost,
// as datagrams may be.
func (a *asker) Send(p []byte) { _, _ = a.door.WriteToUDPAddrPort(p, a.to) }

// Taken implements sim.Outlet.
func (a *asker) Taken(int) {}

// Finish implements sim.Outlet.
func (a *asker) Finish() {}

// HangUp implements sim.Outlet.
func (a *asker) HangUp(error) {
	a.mu.Lock()
	a.gone = true
	a.mu.Unlock()
}
