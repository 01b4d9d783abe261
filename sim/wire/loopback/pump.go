package loopback

import (
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"mailwalk/sim/trace"
)

const (
	// bufferSize is how many octets a connection keeps in each direction outside of the
	// kernel.
	bufferSize = 64 << 10
	// chunkSize is how many of them go to the kernel at a time. A chunk is reported
	// when all of it is written, and what the other end reads of it waits for that: so
	// it must be less than a buffer.
	chunkSize = 32 << 10
)

// pump moves octets between one end of a kernel's connection and buffers: one
// goroutine reads as long as there is room, another writes. It is told what to do by
// the world and reports to it through the inbox.
type pump struct {
	kernel *kernel
	conn   *net.TCPConn
	told   pumpReports

	mu     sync.Mutex
	change sync.Cond
	room   int // octets that may be read before any is taken
	out    []byte
	half   bool   // nothing more will be written
	closed bool   // nor read
	lost   bool   // what was read will not be taken
	retold uint32 // retransmissions that were reported

	readDone chan struct{}
}

// pumpReports are called at rest.
type pumpReports struct {
	read  func(data []byte, err error, info *trace.TCPInfo)
	wrote func(n int, calls int64, err error)
	// shut says that the last octet was written and the FIN behind it.
	shut func(err error)
	// over says that the socket is closed, with the kernel's last counters.
	over func(info *trace.TCPInfo)
}

func newPump(k *kernel, c *net.TCPConn) *pump {
	p := &pump{kernel: k, conn: c, room: bufferSize, readDone: make(chan struct{})}
	p.change.L = &p.mu
	return p
}

// start sets the goroutines going. report has a function called at rest.
func (p *pump) start(report func(func()), told pumpReports) {
	p.told = told
	p.kernel.do(func() {
		defer close(p.readDone)
		p.reading(report)
	})
	p.kernel.do(func() { p.writing(report) })
}

// reading ends with the stream, with its error, or when the end is closed.
func (p *pump) reading(report func(func())) {
	buf := make([]byte, bufferSize)
	for {
		p.mu.Lock()
		for p.room == 0 && !p.closed {
			p.change.Wait()
		}
		room, closed := p.room, p.closed
		p.mu.Unlock()
		if closed {
			return
		}
		n, err := p.conn.Read(buf[:room])
		p.mu.Lock()
		closed = p.closed
		p.lost = p.lost || closed && n > 0
		p.room -= n
		p.mu.Unlock()
		if closed {
			return
		}
		data, info := slices.Clone(buf[:n]), p.resent()
		report(func() { p.told.read(data, err, info) })
		if err != nil {
			return
		}
	}
}

// resent are the kernel's counters if it has sent something again since they were
// last told.
func (p *pump) resent() *trace.TCPInfo {
	info := tcpInfo(p.conn)
	if info == nil || info.Retransmissions == p.retold {
		return nil
	}
	p.retold = info.Retransmissions
	return info
}

// writing ends when the end is closed and all is written.
func (p *pump) writing(report func(func())) {
	var failed error
	for {
		p.mu.Lock()
		for !p.closed && (failed != nil || len(p.out) == 0 && !p.half) {
			p.change.Wait()
		}
		chunk := p.out[:min(len(p.out), chunkSize)]
		half, closed := p.half, p.closed
		p.mu.Unlock()
		switch {
		case failed == nil && len(chunk) > 0:
			n, calls, err := writeAll(p.conn, chunk)
			failed = err
			p.mu.Lock()
			if err != nil || p.closed && p.out == nil { // it was reset meanwhile
				p.out = nil
			} else {
				p.out = p.out[len(chunk):]
			}
			p.mu.Unlock()
			report(func() { p.told.wrote(n, calls, err) })
		case closed:
			p.finish(report)
			return
		case half:
			failed = p.conn.CloseWrite()
			err := failed
			report(func() { p.told.shut(err) })
			p.awaitClose()
		}
	}
}

// awaitClose waits until the reading side is closed too.
func (p *pump) awaitClose() {
	p.mu.Lock()
	for !p.closed {
		p.change.Wait()
	}
	p.mu.Unlock()
}

// finish closes the socket. Octets that have come and that no program will read make
// that a reset, as the kernel does with those in its own buffer (RFC 9293 §3.6.1).
func (p *pump) finish(report func(func())) {
	<-p.readDone
	p.mu.Lock()
	lost := p.lost
	p.mu.Unlock()
	info := tcpInfo(p.conn)
	if lost {
		p.stop()
	} else {
		p.kernel.forget(p)
		// There is nothing to be done about a socket that cannot be closed.
		_ = p.conn.Close()
	}
	report(func() { p.told.over(info) })
}

// put has octets written. They must not be more than the buffer has room for.
func (p *pump) put(b []byte) {
	p.mu.Lock()
	p.out = append(p.out, b...)
	p.change.Broadcast()
	p.mu.Unlock()
}

// took makes room for as many octets as a program has read.
func (p *pump) took(n int) {
	p.mu.Lock()
	p.room += n
	p.change.Broadcast()
	p.mu.Unlock()
}

// shut has a FIN sent behind what is still to be written.
func (p *pump) shut() {
	p.mu.Lock()
	p.half = true
	p.change.Broadcast()
	p.mu.Unlock()
}

// close reads nothing more, and closes the socket behind what is still to be written.
func (p *pump) close() {
	p.mu.Lock()
	p.closed = true
	p.lost = p.lost || p.room < bufferSize
	p.change.Broadcast()
	p.mu.Unlock()
	// It fails on a socket that is closed, and then nobody reads from it.
	_ = p.conn.SetReadDeadline(time.Unix(1, 0))
}

// stop resets the connection. It implements stopper.
func (p *pump) stop() {
	p.mu.Lock()
	p.closed, p.out = true, nil
	p.change.Broadcast()
	p.mu.Unlock()
	p.kernel.forget(p)
	// Both fail on a socket that is closed, and there is nothing else to be done.
	_ = p.conn.SetLinger(0)
	_ = p.conn.Close()
}

// addr and peer are the addresses of this end and of the other in the kernel.
func (p *pump) addr() netip.AddrPort { return p.conn.LocalAddr().(*net.TCPAddr).AddrPort() }
func (p *pump) peer() netip.AddrPort { return p.conn.RemoteAddr().(*net.TCPAddr).AddrPort() }
