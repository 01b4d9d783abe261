package clock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"
)

var start = time.Date(2030, 1, 7, 9, 0, 0, 0, time.UTC)

func run(t *testing.T, c *Clock) {
	t.Helper()
	for i := 0; c.Step(); i++ {
		if i > 1e6 {
			t.Fatal("the queue never runs dry")
		}
	}
}

// TestOrder: entries run by time, and those of one time as they were posted.
func TestOrder(t *testing.T) {
	c := New(start, nil)
	var got []string
	say := func(s string) func() { return func() { got = append(got, fmt.Sprint(c.Elapsed(), " ", s)) } }
	c.Post(2*time.Second, say("c"))
	c.Post(time.Second, func() {
		say("a")()
		c.Post(time.Second, say("e"))
		c.Post(0, say("b"))
		c.Post(-time.Hour, say("b2"))
	})
	gone := c.Post(time.Second, say("never"))
	c.Post(2*time.Second, say("d"))
	if !gone.Stop() || gone.Stop() {
		t.Error("Stop does not tell whether it stopped")
	}
	moved := c.Post(time.Second, say("f"))
	moved.Reset(3 * time.Second)
	run(t, c)
	want := []string{"1s a", "1s b", "1s b2", "2s c", "2s d", "2s e", "3s f"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if c.Step() {
		t.Error("a step with nothing to do")
	}
	if now := c.Now(); !now.Equal(start.Add(3 * time.Second)) {
		t.Errorf("it is %v", now)
	}
}

// TestOneAtATime: a signal wakes one task, through an entry of its own, the one
// that has waited longest.
func TestOneAtATime(t *testing.T) {
	defer goleak.VerifyNone(t)
	c := New(start, nil)
	defer c.Close()
	g := c.NewGroup()
	k := c.NewCond()
	var got []string
	running := 0
	for i := range 3 {
		g.Go("waiter", func(ctx context.Context) {
			for n := range 2 {
				if err := k.Wait(ctx); err != nil {
					t.Error(err)
					return
				}
				if running++; running > 1 {
					t.Error("two tasks run at once")
				}
				got = append(got, fmt.Sprintf("%d%d", i, n))
				running--
			}
		})
	}
	run(t, c)
	k.Signal()
	run(t, c)
	if want := []string{"00"}; !slices.Equal(got, want) {
		t.Errorf("after a signal: got %v, want %v", got, want)
	}
	k.Broadcast()
	run(t, c)
	k.Broadcast()
	run(t, c)
	if want := []string{"00", "10", "20", "01", "11", "21"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestDeadlinesAndContexts(t *testing.T) {
	defer goleak.VerifyNone(t)
	c := New(start, nil)
	defer c.Close()
	g := c.NewGroup()
	k := c.NewCond()
	results := map[string]error{}
	times := map[string]time.Duration{}
	try := func(name string, f func(ctx context.Context) error) {
		g.Go(name, func(ctx context.Context) {
			results[name] = f(ctx)
			times[name] = c.Elapsed()
		})
	}
	try("deadline", func(ctx context.Context) error { return k.WaitUntil(ctx, 3*time.Second) })
	try("past", func(ctx context.Context) error { return k.WaitUntil(ctx, 0) })
	try("sleep", func(ctx context.Context) error { return c.Sleep(ctx, 48*time.Hour) })
	try("timeout", func(ctx context.Context) error {
		ctx, cancel := c.WithTimeout(ctx, time.Minute)
		defer cancel()
		return c.Sleep(ctx, time.Hour)
	})
	try("cancel", func(ctx context.Context) error {
		ctx, cancel := c.WithCancel(ctx)
		g.AfterFunc(time.Second, "canceller", func(context.Context) { cancel() })
		return k.Wait(ctx)
	})
	// The standard library's contexts pass on what a Context passes on to them.
	try("child", func(ctx context.Context) error {
		ctx, cancel := c.WithTimeout(ctx, time.Second)
		defer cancel()
		child := context.WithValue(ctx, key{}, "value")
		return k.Wait(child)
	})
	run(t, c)
	for _, x := range []struct {
		name string
		err  error
		at   time.Duration
	}{
		{"deadline", os.ErrDeadlineExceeded, 3 * time.Second},
		{"past", os.ErrDeadlineExceeded, 0},
		{"sleep", nil, 48 * time.Hour},
		{"timeout", context.DeadlineExceeded, time.Minute},
		{"cancel", context.Canceled, time.Second},
		{"child", context.DeadlineExceeded, time.Second},
	} {
		if err := results[x.name]; !errors.Is(err, x.err) {
			t.Errorf("%s: got %v, want %v", x.name, err, x.err)
		}
		if at := times[x.name]; at != x.at {
			t.Errorf("%s: at %v, want %v", x.name, at, x.at)
		}
	}
}

type key struct{}

// TestEnd: when a group ends, whoever waits is told, once each, and whoever goes
// on is told too until it gives up, or is made to.
func TestEnd(t *testing.T) {
	defer goleak.VerifyNone(t)
	for _, closed := range []bool{false, true} {
		c := New(start, nil)
		g := c.NewGroup()
		k := c.NewCond()
		var ends []error
		deferred := 0
		for range 3 {
			g.Go("waiter", func(ctx context.Context) { ends = append(ends, k.Wait(ctx)) })
		}
		g.Go("stubborn", func(ctx context.Context) {
			defer func() { deferred++ }()
			for {
				if err := c.Sleep(ctx, time.Second); err == nil && c.Elapsed() > time.Minute {
					t.Error("it sleeps on")
					return
				}
			}
		})
		for range 10 {
			c.Step()
		}
		if closed {
			c.Close()
		} else {
			g.End()
			run(t, c)
		}
		if len(ends) != 3 || deferred != 1 {
			t.Errorf("closed %v: %d of 3 waiters were told, %d of 1 stubborn ones ended", closed, len(ends), deferred)
		}
		for _, err := range ends {
			if !errors.Is(err, ErrDown) {
				t.Errorf("got %v", err)
			}
		}
		if !errors.Is(g.Context().Err(), ErrDown) {
			t.Errorf("the group's context: %v", g.Context().Err())
		}
		c.Close()
	}
}

// trail is baggage that remembers what led to it.
type trail struct{ path string }

func (b *trail) Fork() Baggage    { f := *b; return &f }
func (b *trail) Woken(by Baggage) { b.path += " woken by " + by.(*trail).path }

func TestBaggage(t *testing.T) {
	c := New(start, &trail{"root"})
	defer c.Close()
	g := c.NewGroup()
	k := c.NewCond()
	here := func() *trail { return c.Baggage().(*trail) }
	var got []string
	g.Go("waiter", func(ctx context.Context) {
		here().path = "waiter"
		if err := k.Wait(ctx); err != nil {
			t.Error(err)
		}
		got = append(got, here().path)
	})
	c.Post(time.Second, func() {
		here().path += " packet"
		k.Signal()
		c.Post(0, func() { got = append(got, here().path) })
		here().path += " changed"
	})
	run(t, c)
	want := []string{"waiter woken by root packet", "root packet"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// BenchmarkTurns is one task waking another and waiting for it.
func BenchmarkTurns(b *testing.B) {
	c := New(start, nil)
	defer c.Close()
	g := c.NewGroup()
	ping, pong := c.NewCond(), c.NewCond()
	g.Go("pong", func(ctx context.Context) {
		for ping.Wait(ctx) == nil {
			pong.Signal()
		}
	})
	g.Go("ping", func(ctx context.Context) {
		for range b.N {
			ping.Signal()
			if pong.Wait(ctx) != nil {
				return
			}
		}
	})
	b.ReportAllocs()
	for c.Step() {
	}
}
