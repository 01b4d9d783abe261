package tui

import (
	"sync"
	"sync/atomic"

	tea "charm.land/bubbletea/v2"

	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

const (
	stepsAtOnce  = 2000  // entries of the world's queue that one command runs
	eventsAtOnce = 50000 // events that one command looks at
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
	// seq is the last event looked at; found tells that it is to be seen at the
	// grain asked for.
	seq   uint64
	found bool
	// left is how many more events were asked for.
	left int
	// over tells that the world has come to its end.
	over bool
}

// advance is a command that goes on from event seq to the n-th after it that is
// seen at a grain. What has been recorded already is not run again; the world
// runs when that is not enough. It does a piece of work that is short for a
// person, and says how far it got.
func (s *stepper) advance(ticket int, seq uint64, grain explain.Grain, n int) tea.Cmd {
	return func() tea.Msg {
		s.mu.Lock()
		defer s.mu.Unlock()
		steps, looked := 0, 0
		for {
			for seq < s.trace.Len() {
				if looked++; looked > eventsAtOnce || s.stopped.Load() {
					return advanced{ticket: ticket, seq: seq, left: n}
				}
				e := s.trace.At(seq + 1)
				if e == nil { // the file behind the trace cannot be read
					return advanced{ticket: ticket, seq: seq, over: true}
				}
				seq++
				if explain.GrainOf(e) > grain {
					continue
				}
				if n--; n <= 0 {
					return advanced{ticket: ticket, seq: seq, found: true}
				}
			}
			if steps++; steps > stepsAtOnce || s.stopped.Load() {
				return advanced{ticket: ticket, seq: seq, left: n}
			}
			if !s.world.Step() && seq == s.trace.Len() {
				return advanced{ticket: ticket, seq: seq, left: n, over: true}
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
