package doors

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"

	"mailwalk/sim"
)

const (
	// readAhead is how much a visitor may have said that is not on the walk's wire
	// yet. Beyond it the machine's TCP keeps the octets.
	readAhead = 64 << 10
	// drainStep is how much a visitor takes before that is told: half the window, so
	// that a dialogue of a few lines needs no telling.
	drainStep = 32 << 10
	// written is how much the machine may keep that was written for a visitor. It
	// counts as taken, so that it is not to be much.
	written = 64 << 10
)

// visit is one TCP connection through a door. It implements sim.Outlet.
type visit struct {
	set  *Set
	conn *net.TCPConn
	in   *sim.Knocker

	mu       sync.Mutex
	changed  *sync.Cond
	said     int      // octets that are not on the wire yet
	answers  [][]byte // to be written to the visitor
	finished bool     // nothing comes after them
	over     bool
	reset    bool // it ends with a reset
}

// admit lets a program in.
func (s *Set) admit(o Open, conn *net.TCPConn) {
	v := &visit{set: s, conn: conn}
	v.changed = sync.NewCond(&v.mu)
	_ = conn.SetWriteBuffer(written) // a machine that has it otherwise only keeps more
	if !s.keep(v) {
		conn.Close()
		return
	}
	in, err := s.world.Knock(o.Door, fmt.Sprintf("a program on this machine, at %s, comes to %s", conn.RemoteAddr(), o.At), v)
	if err != nil { // there is no such door: it was not in the plan
		s.forget(v)
		conn.Close()
		return
	}
	v.in = in
	s.running.Go(v.listen)
	s.running.Go(v.answer)
}

// listen takes what the visitor says.
func (v *visit) listen() {
	buf := make([]byte, 1<<10)
	for {
		n, err := v.conn.Read(buf)
		if n > 0 {
			v.in.Say(bytes.Clone(buf[:n]))   // the trace keeps it
			if n == len(buf) && n < 16<<10 { // most say a few lines, and many nothing at all
				buf = make([]byte, 2*n)
			}
			v.mu.Lock()
			v.said += n
			for v.said > readAhead && !v.over {
				v.changed.Wait()
			}
			v.mu.Unlock()
		}
		switch {
		case err == nil:
		case errors.Is(err, io.EOF):
			v.in.Finish()
			return
		default:
			v.in.HangUp()
			v.end(false)
			return
		}
	}
}

// answer writes to the visitor what comes for it.
func (v *visit) answer() {
	defer v.set.forget(v)
	taken := 0
	for {
		v.mu.Lock()
		for len(v.answers) == 0 && !v.finished && !v.over {
			v.changed.Wait()
		}
		answers, finished, over, reset := v.answers, v.finished, v.over, v.reset
		v.answers = nil
		v.mu.Unlock()
		if reset {
			v.close(true)
			return
		}
		for _, p := range answers {
			n, err := v.conn.Write(p)
			if taken += n; taken >= drainStep {
				v.in.Drained(taken)
				taken = 0
			}
			if err != nil {
				v.in.HangUp()
				v.close(false)
				return
			}
		}
		switch {
		case over:
			v.close(false)
			return
		case finished:
			if err := v.conn.CloseWrite(); err != nil {
				v.in.HangUp()
				v.close(false)
				return
			}
			v.mu.Lock()
			for !v.over {
				v.changed.Wait()
			}
			reset := v.reset
			v.mu.Unlock()
			v.close(reset)
			return
		}
	}
}

// close closes the machine's connection; with reset the other end is told that
// something was cut short.
func (v *visit) close(reset bool) {
	if reset {
		_ = v.conn.SetLinger(0) // if that fails, it ends like any other
	}
	v.conn.Close()
	v.end(false)
}

// end has the visit's goroutines end. With reset what is left is not written, and
// a visitor who takes nothing is not waited for.
func (v *visit) end(reset bool) {
	v.mu.Lock()
	v.over = true
	v.reset = v.reset || reset
	v.mu.Unlock()
	v.changed.Broadcast()
	if reset {
		v.close(true)
	}
}

// Send implements sim.Outlet.
func (v *visit) Send(p []byte) {
	v.mu.Lock()
	v.answers = append(v.answers, p)
	v.mu.Unlock()
	v.changed.Broadcast()
}

// Taken implements sim.Outlet.
func (v *visit) Taken(n int) {
	v.mu.Lock()
	v.said -= n
	v.mu.Unlock()
	v.changed.Broadcast()
}

// Finish implements sim.Outlet.
func (v *visit) Finish() {
	v.mu.Lock()
	v.finished = true
	v.mu.Unlock()
	v.changed.Broadcast()
}

// HangUp implements sim.Outlet.
func (v *visit) HangUp(why error) { v.end(why != nil) }
