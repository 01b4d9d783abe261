package loopback

import (
	"context"
	"net"
	"net/netip"
	"sync"
)

// localhost is the address that every system's loopback interface has.
var localhost = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// addrOfItsOwn is an address of the loopback interface that no host before the n-th
// has, or localhost where the system has no other.
func addrOfItsOwn(n int) netip.Addr {
	const perNet = 254
	a := netip.AddrFrom4([4]byte{127, 25, byte(n / perNet), byte(1 + n%perNet)})
	probe, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(a, 0)))
	if err != nil {
		return localhost
	}
	if probe.Close() != nil {
		return localhost
	}
	return a
}

// stopper is a thing of the kernel's with goroutines that wait for it.
type stopper interface{ stop() }

// kernel knows all sockets that are open and all goroutines that wait for them, so
// that a wire can be closed at any moment. It is used by all of its goroutines.
type kernel struct {
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu     sync.Mutex
	closed bool
	open   map[stopper]struct{}
}

func (k *kernel) init() {
	k.ctx, k.cancel = context.WithCancel(context.Background())
	k.open = map[stopper]struct{}{}
}

// keep remembers what is open; once the wire is closed it stops it on the spot and
// returns false.
func (k *kernel) keep(s stopper) bool {
	k.mu.Lock()
	closed := k.closed
	if !closed {
		k.open[s] = struct{}{}
	}
	k.mu.Unlock()
	if closed {
		s.stop()
	}
	return !closed
}

// forget is told of what was stopped.
func (k *kernel) forget(s stopper) {
	k.mu.Lock()
	delete(k.open, s)
	k.mu.Unlock()
}

// do runs f on a goroutine, unless the wire is closed.
func (k *kernel) do(f func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return
	}
	k.wg.Go(f)
}

// close stops all that is open and waits for the goroutines.
func (k *kernel) close() {
	k.mu.Lock()
	k.closed = true
	var all []stopper
	for s := range k.open { // nobody sees in which order
		all = append(all, s)
	}
	clear(k.open)
	k.mu.Unlock()
	k.cancel()
	for _, s := range all {
		s.stop()
	}
	k.wg.Wait()
}
