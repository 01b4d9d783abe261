package loopback

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
)

// patience is how long, in real time, a datagram that the kernel has taken may be
// under way before it is given up for lost: a kernel with no room in the receiver's
// buffer throws it away and tells nobody.
const patience = time.Second

// datagram is one that was sent.
type datagram struct {
	from, to *datagramSocket
	data     []byte
	origin   trace.Origin
	written  bool // the kernel has answered
	arrived  bool // the other end has it
	aloft    bool // it counts as under way
	timer    *time.Timer
}

// fly begins the way of a datagram.
func (d *datagram) fly(n *Net) {
	d.aloft = true
	n.busy++
	d.to.flying = append(d.to.flying, d)
}

// land says that it is no longer under way.
func (d *datagram) land(n *Net) {
	if d.timer != nil {
		d.timer.Stop()
	}
	if d.aloft {
		d.aloft = false
		n.busy--
	}
}

// expect gives a datagram up that does not come.
func (d *datagram) expect(n *Net) {
	if !d.aloft {
		return
	}
	d.timer = time.AfterFunc(patience, func() {
		n.report(func() {
			if !d.aloft {
				return
			}
			d.land(n)
			n.warn(d.to.owner.host.Name(), fmt.Sprintf("the kernel has lost a datagram of %d octets from %s to %s: the receiver did not read fast enough", len(d.data), d.from.at, d.to.at))
		})
	})
}

// datagramSocket is a UDP socket of the kernel's, for one address and port of the
// walk. A goroutine reads as long as there is room, another writes.
type datagramSocket struct {
	kernel   *kernel
	conn     *net.UDPConn
	kernelAt netip.AddrPort
	at       netip.AddrPort
	owner    *packetConn
	// flying are the datagrams under way to it, in the order in which they were sent.
	flying []*datagram

	mu       sync.Mutex
	change   sync.Cond
	room     int // datagrams that may be read before any is taken
	out      []*datagram
	finished bool // nothing more will be sent
}

// listenPacket opens a UDP port of the kernel's.
func (k *kernel) listenPacket(at netip.Addr) (*datagramSocket, error) {
	c, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(at, 0)))
	if err != nil {
		return nil, err
	}
	const room = 256
	s := &datagramSocket{kernel: k, conn: c, kernelAt: c.LocalAddr().(*net.UDPAddr).AddrPort(), room: room}
	s.change.L = &s.mu
	k.keep(s)
	return s, nil
}

// start reports what comes, and what became of each datagram that was put.
func (s *datagramSocket) start(report func(func()), arrived func(s *datagramSocket, from netip.AddrPort, data []byte), sent func(*datagram, error)) {
	s.kernel.do(func() {
		buf := make([]byte, maxPayload)
		for s.waitForRoom() {
			n, from, err := s.conn.ReadFromUDPAddrPort(buf)
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if kernelError(err) == error(wire.ErrReset) {
				// Some systems tell so that nobody got something that was sent.
				s.took()
				continue
			}
			if err != nil {
				report(func() { s.owner.fail(err) })
				return
			}
			data := slices.Clone(buf[:n])
			report(func() { arrived(s, netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), data) })
		}
	})
	s.kernel.do(func() {
		for {
			d := s.toSend()
			if d == nil {
				s.stop()
				return
			}
			_, err := s.conn.WriteToUDPAddrPort(d.data, d.to.kernelAt)
			report(func() { sent(d, err) })
		}
	})
}

// waitForRoom returns false when the socket is finished.
func (s *datagramSocket) waitForRoom() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.room == 0 && !s.finished {
		s.change.Wait()
	}
	s.room--
	return !s.finished
}

// toSend is what was put first; nil when there will be no more.
func (s *datagramSocket) toSend() *datagram {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.out) == 0 && !s.finished {
		s.change.Wait()
	}
	if len(s.out) == 0 {
		return nil
	}
	d := s.out[0]
	s.out = s.out[1:]
	return d
}

// put has a datagram sent.
func (s *datagramSocket) put(d *datagram) {
	s.mu.Lock()
	s.out = append(s.out, d)
	s.change.Broadcast()
	s.mu.Unlock()
}

// took makes room for one more datagram.
func (s *datagramSocket) took() {
	s.mu.Lock()
	s.room++
	s.change.Broadcast()
	s.mu.Unlock()
}

// finish closes the socket when all is sent.
func (s *datagramSocket) finish() {
	s.mu.Lock()
	s.finished = true
	s.change.Broadcast()
	s.mu.Unlock()
}

// stop implements stopper.
func (s *datagramSocket) stop() {
	s.finish()
	s.kernel.forget(s)
	// It fails on a socket that is closed.
	_ = s.conn.Close()
}

// find takes the datagram out of those under way that a socket of the kernel's has
// got. The kernel keeps their order, and may lose some.
func (s *datagramSocket) find(from netip.AddrPort, data []byte) *datagram {
	for i, d := range s.flying {
		if d.from.kernelAt == from && bytes.Equal(d.data, data) {
			s.flying = slices.Delete(s.flying, i, i+1)
			return d
		}
	}
	return nil
}

// forget takes a datagram out that was not sent.
func (s *datagramSocket) forget(d *datagram) {
	s.flying = slices.DeleteFunc(s.flying, func(o *datagram) bool { return o == d })
}
