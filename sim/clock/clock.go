// Package clock is the walk's clock: virtual time, the one ordered queue of all
// that will happen, and the tasks that wait for it.
//
// Everything that will happen later (a packet arriving, a timer, a disk write
// done, a task going on) is one entry of one queue. [Clock.Step] takes the
// earliest entry, sets the time to its time and runs it; an entry wakes at most
// one task, and the next entry runs only when that task waits again and the
// network stacks have come to rest. So nothing depends on the Go scheduler, and
// between two steps the world stands still for as long as one likes.
//
// Tasks are the programs of the walk. A task runs alone until it waits: in
// [Cond.Wait], [Clock.Sleep] or a call built on them. A task must wait nowhere
// else: the clock would wait with it.
package clock

import (
	"container/heap"
	"sync"
	"time"
)

// Baggage travels along with what happens: an entry carries a fork of the
// baggage of whatever put it into the queue, and a task carries its own. It is
// how effects find their causes.
type Baggage interface {
	// Fork returns the baggage for something that this one sets going.
	Fork() Baggage
	// Woken tells the baggage of a task by what it was woken.
	Woken(by Baggage)
}

// Clock is virtual time and its queue. Now, Post and the methods of what they
// return may be called from any goroutine; Step only from one at a time.
type Clock struct {
	start time.Time
	first Baggage // of what comes from outside of the queue

	mu      sync.Mutex
	now     time.Duration
	queue   queue
	seq     uint64
	ran     uint64
	baggage Baggage // of the entry that runs
	task    *Task   // that runs
	closed  bool
	groups  []*Group
	rest    []func()
}

// New returns a clock that stands at start and carries first, which may be nil,
// as the baggage of whatever is posted before the first step. What is injected
// carries a fork of it.
func New(start time.Time, first Baggage) *Clock {
	return &Clock{start: start, first: first, baggage: first}
}

// Start is the time at which the walk began.
func (c *Clock) Start() time.Time { return c.start }

// Now is the virtual time.
func (c *Clock) Now() time.Time { return c.start.Add(c.Elapsed()) }

// Elapsed is the virtual time since the start.
func (c *Clock) Elapsed() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Ran is the number of entries that have run.
func (c *Clock) Ran() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ran
}

// Pending is the number of entries in the queue.
func (c *Clock) Pending() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.queue)
}

// Next is the time since the start of the earliest entry; false when there is
// none.
func (c *Clock) Next() (time.Duration, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) == 0 {
		return 0, false
	}
	return c.queue[0].at, true
}

// Baggage is that of the task that runs, or of the entry that runs.
func (c *Clock) Baggage() Baggage {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current()
}

func (c *Clock) current() Baggage {
	if c.task != nil {
		return c.task.baggage
	}
	return c.baggage
}

// OnRest adds a function that Step calls after each entry and that returns when
// everything the entry set going has come to rest.
func (c *Clock) OnRest(f func()) { c.rest = append(c.rest, f) }

// Post puts f into the queue, d from now. Entries of the same time run in the
// order in which they were posted. f runs on the goroutine that steps and must
// not wait.
func (c *Clock) Post(d time.Duration, f func()) *Entry {
	e := &Entry{clock: c, run: f, index: -1}
	c.mu.Lock()
	c.push(e, d)
	c.mu.Unlock()
	return e
}

func (c *Clock) push(e *Entry, d time.Duration) {
	if c.closed { // stacks that are torn down still set timers
		return
	}
	if b := c.current(); b != nil {
		e.baggage = b.Fork()
	}
	c.seq++
	e.seq, e.at = c.seq, c.now+max(d, 0)
	heap.Push(&c.queue, e)
}

// Step runs the earliest entry and returns when its effects have come to rest.
// It returns false when the queue is empty: nothing will happen any more unless
// something is posted.
func (c *Clock) Step() bool {
	c.mu.Lock()
	if c.closed || len(c.queue) == 0 {
		c.mu.Unlock()
		return false
	}
	e := heap.Pop(&c.queue).(*Entry)
	c.now = e.at
	c.ran++
	c.baggage = e.baggage
	c.mu.Unlock()

	e.run()
	c.settle()
	return true
}

func (c *Clock) settle() {
	for _, f := range c.rest {
		f()
	}
}

// Inject has f happen between two entries, as something that is no effect of
// anything in the queue: what a person does, octets from outside. It returns when
// the effects have come to rest. The time becomes at, but neither goes back nor
// beyond the next entry. Inject must not be called while an
// entry runs; a function given to OnRest may call it.
func (c *Clock) Inject(at time.Duration, f func()) {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return
	}
	if len(c.queue) > 0 {
		at = min(at, c.queue[0].at)
	}
	c.now = max(c.now, at)
	if c.first != nil {
		c.baggage = c.first.Fork()
	}
	c.mu.Unlock()
	f()
	c.settle()
}

// Close ends all tasks: each call in which one waits returns ErrDown. What is in
// the queue never runs.
func (c *Clock) Close() {
	c.mu.Lock()
	c.closed = true
	for _, e := range c.queue {
		e.index = -1
	}
	c.queue = nil
	groups := c.groups
	c.mu.Unlock()
	for _, g := range groups {
		g.end()
	}
}
