package clock

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Context is a context in virtual time. Cancelling it calls what hangs on it at
// once and in order, on the goroutine that cancels, where the standard library
// would start goroutines.
type Context struct {
	parent   context.Context
	clock    *Clock
	deadline time.Time // zero: none
	mu       sync.Mutex
	done     chan struct{}
	err      error
	after    []*func()
	unhook   func() bool
	timer    *Entry
}

func (c *Clock) newContext(parent context.Context) *Context {
	x := &Context{parent: parent, clock: c, done: make(chan struct{})}
	if parent.Done() != nil {
		x.unhook = afterFunc(parent, func() { x.cancel(context.Cause(parent)) })
	}
	return x
}

// WithCancel is context.WithCancel for the programs of a walk.
func (c *Clock) WithCancel(parent context.Context) (context.Context, context.CancelFunc) {
	x := c.newContext(parent)
	return x, func() { x.cancel(context.Canceled) }
}

// WithTimeout is context.WithTimeout in virtual time.
func (c *Clock) WithTimeout(parent context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	x := c.newContext(parent)
	x.deadline = c.Now().Add(d)
	x.mu.Lock()
	if x.err == nil {
		x.timer = c.Post(d, func() { x.cancel(context.DeadlineExceeded) })
	}
	x.mu.Unlock()
	return x, func() { x.cancel(context.Canceled) }
}

// afterFunc is context.AfterFunc, but calls f at once on the cancelling
// goroutine when ctx can.
func afterFunc(ctx context.Context, f func()) (stop func() bool) {
	// One that only carries values ends with the Context in it.
	if x, ok := ctx.Value(contextKey{}).(*Context); ok && x.Done() == ctx.Done() {
		return x.AfterFunc(f)
	}
	return context.AfterFunc(ctx, f)
}

// AfterFunc calls f when the context is cancelled, or at once when it was. The
// standard library uses it to pass cancellation on.
func (x *Context) AfterFunc(f func()) (stop func() bool) {
	x.mu.Lock()
	if x.err != nil {
		x.mu.Unlock()
		f()
		return func() bool { return false }
	}
	p := &f
	x.after = append(x.after, p)
	x.mu.Unlock()
	return func() bool {
		x.mu.Lock()
		defer x.mu.Unlock()
		i := slices.Index(x.after, p)
		if i < 0 {
			return false
		}
		x.after = slices.Delete(x.after, i, i+1)
		return true
	}
}

func (x *Context) cancel(err error) {
	x.mu.Lock()
	if x.err != nil {
		x.mu.Unlock()
		return
	}
	x.err = err
	close(x.done)
	after, timer := x.after, x.timer
	x.after = nil
	x.mu.Unlock()
	if x.unhook != nil {
		x.unhook()
	}
	if timer != nil {
		timer.Stop()
	}
	for _, f := range after {
		(*f)()
	}
}

// Deadline implements context.Context.
func (x *Context) Deadline() (time.Time, bool) {
	if d, ok := x.parent.Deadline(); ok && (x.deadline.IsZero() || d.Before(x.deadline)) {
		return d, true
	}
	return x.deadline, !x.deadline.IsZero()
}

// Done implements context.Context.
func (x *Context) Done() <-chan struct{} { return x.done }

// Err implements context.Context. After the end of a group it is ErrDown.
func (x *Context) Err() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.err
}

// contextKey finds the nearest Context in a chain of contexts.
type contextKey struct{}

// Value implements context.Context.
func (x *Context) Value(key any) any {
	if key == (contextKey{}) {
		return x
	}
	return x.parent.Value(key)
}
