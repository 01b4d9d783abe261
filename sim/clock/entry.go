package clock

import (
	"container/heap"
	"time"
)

// Entry is one thing that will happen.
type Entry struct {
	clock   *Clock
	at      time.Duration
	seq     uint64
	run     func()
	baggage Baggage
	index   int // in the queue, -1 when it is not there
}

// At is when it happens, since the walk's start.
func (e *Entry) At() time.Duration {
	e.clock.mu.Lock()
	defer e.clock.mu.Unlock()
	return e.at
}

// Stop takes the entry out of the queue. It returns false when the entry was not
// there: it has run, or was stopped.
func (e *Entry) Stop() bool {
	e.clock.mu.Lock()
	defer e.clock.mu.Unlock()
	return e.stop()
}

func (e *Entry) stop() bool {
	if e.index < 0 {
		return false
	}
	heap.Remove(&e.clock.queue, e.index)
	return true
}

// Reset puts the entry into the queue again, d from now, whether it is there or
// not.
func (e *Entry) Reset(d time.Duration) {
	e.clock.mu.Lock()
	defer e.clock.mu.Unlock()
	e.stop()
	e.clock.push(e, d)
}

// queue is a heap of entries by time, then by the order of posting.
type queue []*Entry

func (q queue) Len() int { return len(q) }

func (q queue) Less(i, j int) bool {
	if q[i].at != q[j].at {
		return q[i].at < q[j].at
	}
	return q[i].seq < q[j].seq
}

func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}

func (q *queue) Push(x any) {
	e := x.(*Entry)
	e.index = len(*q)
	*q = append(*q, e)
}

func (q *queue) Pop() any {
	old := *q
	last := len(old) - 1
	e := old[last]
	old[last] = nil
	*q = old[:last]
	e.index = -1
	return e
}
