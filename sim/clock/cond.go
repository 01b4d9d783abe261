package clock

import (
	"context"
	"errors"
	"os"
	"slices"
	"time"
)

// Never is the deadline that never comes.
const Never = time.Duration(1<<63 - 1)

// Cond is a place where tasks wait until another says that something has
// changed. There is no lock to hold: a task runs alone until it waits, so what it
// has found is still so when it begins to wait. After Wait it looks again.
type Cond struct {
	clock   *Clock
	waiters []*wait
}

// NewCond returns a Cond on which nobody waits.
func (c *Clock) NewCond() *Cond { return &Cond{clock: c} }

// wait is one task waiting on one Cond, perhaps with a deadline and a context.
type wait struct {
	cond  *Cond
	task  *Task
	timer *Entry
	err   error
	done  bool // an entry to wake the task is on its way
}

// Wait waits for Signal or Broadcast. It returns nil, the context's error, or
// ErrDown.
func (k *Cond) Wait(ctx context.Context) error { return k.WaitUntil(ctx, Never) }

// WaitUntil is Wait with a deadline, given as time since the walk's start; past
// it the error is os.ErrDeadlineExceeded. ctx may be nil.
func (k *Cond) WaitUntil(ctx context.Context, deadline time.Duration) error {
	c := k.clock
	c.mu.Lock()
	t := c.task
	if t == nil {
		c.mu.Unlock()
		panic("clock: only a task can wait")
	}
	if t.group.down {
		unwind := t.refuse()
		c.mu.Unlock()
		if unwind {
			panic(ended{})
		}
		return ErrDown
	}
	now := c.now
	c.mu.Unlock()
	if ctx != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if deadline <= now {
		return os.ErrDeadlineExceeded
	}
	c.mu.Lock()
	w := &wait{cond: k, task: t}
	k.waiters = append(k.waiters, w)
	t.waiting = w
	if deadline != Never {
		w.timer = &Entry{clock: c, index: -1, run: func() {
			if w.finish(os.ErrDeadlineExceeded) {
				c.run(t)
			}
		}}
		c.push(w.timer, deadline-c.now)
	}
	c.mu.Unlock()

	var unhook func() bool
	if ctx != nil && ctx.Done() != nil {
		unhook = afterFunc(ctx, func() {
			c.mu.Lock()
			w.wake(context.Cause(ctx))
			c.mu.Unlock()
		})
	}
	t.yield(struct{}{})
	if unhook != nil {
		unhook()
	}
	if t.group.Down() { // what it was woken for came before the end, and is void
		return ErrDown
	}
	return w.err
}

// finish ends the waiting on the spot; false when it has ended already.
func (w *wait) finish(err error) bool {
	c := w.cond.clock
	c.mu.Lock()
	defer c.mu.Unlock()
	if w.done {
		return false
	}
	w.leave(err)
	return true
}

// leave is called with c.mu held.
func (w *wait) leave(err error) {
	w.done, w.err = true, err
	w.task.waiting = nil
	if w.timer != nil {
		w.timer.stop()
	}
	if i := slices.Index(w.cond.waiters, w); i >= 0 {
		w.cond.waiters = slices.Delete(w.cond.waiters, i, i+1)
	}
}

// wake ends the waiting and posts an entry in which the task goes on. It is
// called with c.mu held.
func (w *wait) wake(err error) {
	if w.done {
		return
	}
	w.leave(err)
	c, t := w.cond.clock, w.task
	e := &Entry{clock: c, index: -1}
	e.run = func() {
		if t.baggage != nil && e.baggage != nil {
			t.baggage.Woken(e.baggage)
		}
		c.run(t)
	}
	c.push(e, 0)
}

// Signal wakes the task that has waited longest, if there is one. It may be
// called from any goroutine.
func (k *Cond) Signal() {
	k.clock.mu.Lock()
	if len(k.waiters) > 0 {
		k.waiters[0].wake(nil)
	}
	k.clock.mu.Unlock()
}

// Broadcast wakes all, one entry each.
func (k *Cond) Broadcast() {
	k.clock.mu.Lock()
	for len(k.waiters) > 0 {
		k.waiters[0].wake(nil)
	}
	k.clock.mu.Unlock()
}

// Sleep waits d of virtual time. It returns nil, the context's error, or ErrDown.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	k := Cond{clock: c}
	err := k.WaitUntil(ctx, c.Elapsed()+max(d, 0))
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil
	}
	return err
}
