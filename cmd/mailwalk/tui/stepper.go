package tui

import (
	"sync"
	"sync/atomic"

	tea "charm.land/bubbletea/v2"

	"mailwalk/sim/trace"
)

const (
	stepsAtOnce  = 2000 // entries of the world's queue that one command runs
	eventsAtOnce = 5000 // events that one command looks at
)

// stepper runs the world, outside of the screen's own goroutine and one command
// at a time.
type stepper struct {
	mu      sync.Mutex // held while the world runs
	world   World
	trace   *trace.Trace
	stopped atomic.Bool
}

// advanced tells how far a command got.
type advanced struct {
	ticket int
	// seq is the last event looked at; found tells that it is what was asked for, or
	// meets a breakpoint.
	seq   uint64
	found bool
	// last is the last event that counted, 0 for none.
	last uint64
	// left is how many more events were asked for.
	left int
	// stop is the breakpoint that the event meets.
	stop *breakpoint
	// over tells that the world has come to its end.
	over bool
}

// advance is a command that goes on from event seq to the n-th after it that
// counts for the goal, or to the first that meets a breakpoint. What has been recorded already is not run again; the world
// runs when that is not enough. It does a piece of work that is short for a
// person, and says how far it got.
func (s *stepper) advance(ticket int, seq uint64, g goal, n int) tea.Cmd {
	return func() tea.Msg {
		s.mu.Lock()
		defer s.mu.Unlock()
		steps, looked, last := 0, 0, uint64(0)
		for {
			for seq < s.trace.Len() {
				if looked++; looked > eventsAtOnce || s.stopped.Load() {
					return advanced{ticket: ticket, seq: seq, last: last, left: n}
				}
				e := s.trace.At(seq + 1)
				if e == nil { // the file behind the trace cannot be read
					return advanced{ticket: ticket, seq: seq, last: last, over: true}
				}
				seq++
				sees := g.sees(e)
				if sees {
					n, last = n-1, seq
				}
				if b := stopsAt(g.breaks, e); b != nil || sees && n <= 0 {
					return advanced{ticket: ticket, seq: seq, last: last, found: true, left: n, stop: b}
				}
			}
			if steps++; steps > stepsAtOnce || s.stopped.Load() {
				return advanced{ticket: ticket, seq: seq, last: last, left: n}
			}
			if !s.world.Step() && seq == s.trace.Len() {
				return advanced{ticket: ticket, seq: seq, last: last, left: n, over: true}
			}
		}
	}
}

// stop waits until nothing runs the world any more.
func (s *stepper) stop() {
	s.stopped.Store(true)
	s.mu.Lock()
	defer s.mu.Unlock()
}
