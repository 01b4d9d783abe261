package clock

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

func TestParseSpeed(t *testing.T) {
	for text, want := range map[string]Speed{"max": Unhurried, "1": RealTime, "1x": RealTime, "0.5": 50, "10x": 1000, "0.01": 1, "2.25x": 225, "1000": maxSpeed} {
		got, err := ParseSpeed(text)
		if err != nil || got != want {
			t.Errorf("ParseSpeed(%q) = %v, %v, want %d", text, got, err, want)
		}
		if again, err := ParseSpeed(got.String()); err != nil || again != got {
			t.Errorf("%q is printed as %q, which is read as %v, %v", text, got, again, err)
		}
	}
	for _, text := range []string{"", "x", "0", "-1", "0.001", "1001", "fast", "1.2.3", ".5", "+1"} {
		if got, err := ParseSpeed(text); err == nil {
			t.Errorf("ParseSpeed(%q) = %v", text, got)
		}
	}
}

func TestScale(t *testing.T) {
	for range 10_000 {
		d, s := time.Duration(rand.Int64N(int64(30*24*time.Hour))), Speed(1+rand.IntN(maxSpeed))
		if real := unscale(d, s); scale(real+1+time.Duration(100/s), s) < d {
			t.Fatalf("%d ns at %v: waiting %d is too short", d, s, real)
		}
	}
}

// TestPlayAtSpeed: entries come at their real moments, and no sooner.
func TestPlayAtSpeed(t *testing.T) {
	c := New(time.Time{}, nil)
	var at []time.Duration
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	began := time.Now()
	for _, d := range []time.Duration{30 * time.Millisecond, 10 * time.Millisecond, 400 * time.Millisecond} {
		c.Post(d, func() {
			at = append(at, d)
			if early := d/10 - time.Since(began); early > 0 {
				t.Errorf("what is due at %v came %v early", d, early)
			}
			if d > 100*time.Millisecond {
				stop()
			}
		})
	}
	p := NewPlayer(c, nil, nil, 10*RealTime)
	if err := p.Play(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if !slices.IsSorted(at) || len(at) != 3 {
		t.Errorf("order %v", at)
	}
}

// TestUnhurried: long waits cost nothing. If they did, this would take two years.
func TestUnhurried(t *testing.T) {
	c := New(time.Time{}, nil)
	ran := 0
	for i := range 20_000 {
		c.Post(time.Duration(i)*time.Hour, func() { ran++ })
	}
	p := NewPlayer(c, nil, nil, Unhurried)
	for {
		more, err := p.Step(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			break
		}
	}
	if ran != 20_000 || c.Elapsed() != 19_999*time.Hour {
		t.Errorf("%d timers ran, until %v", ran, c.Elapsed())
	}
}

// TestPausedExactly: while it is paused nothing happens, not even what comes from
// outside, and the time of the pause does not count.
func TestPausedExactly(t *testing.T) {
	c := New(time.Time{}, nil)
	inbox := NewInbox()
	p := NewPlayer(c, inbox, nil, RealTime)
	ran := make(chan time.Duration, 4)
	c.Post(20*time.Millisecond, func() { ran <- c.Elapsed() })
	p.Pause()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- p.Play(ctx) }()
	inbox.Put(func() { ran <- c.Elapsed() })
	select {
	case at := <-ran:
		t.Errorf("something happened at %v", at)
	case <-time.After(60 * time.Millisecond):
	}
	resumed := time.Now()
	p.Resume()
	if at := <-ran; at > 20*time.Millisecond {
		t.Errorf("what came from outside is at %v, with the pause", at)
	}
	if at := <-ran; at != 20*time.Millisecond || time.Since(resumed) < 19*time.Millisecond {
		t.Errorf("the entry ran at %v, %v after the pause", at, time.Since(resumed))
	}
	stop()
	<-done
}

// TestBusy: time does not jump while something is under way outside, and goes on
// as real time does.
func TestBusy(t *testing.T) {
	c := New(time.Time{}, nil)
	inbox := NewInbox()
	var busy atomic.Bool
	busy.Store(true)
	p := NewPlayer(c, inbox, busy.Load, Unhurried)
	var order []string
	c.Post(time.Hour, func() { order = append(order, "entry") })
	time.AfterFunc(20*time.Millisecond, func() {
		inbox.Put(func() { order = append(order, "outside") })
		busy.Store(false)
		inbox.Wake() // as NewPlayer has it: the first may have happened before
	})
	for range 2 {
		if more, err := p.Step(t.Context()); !more || err != nil {
			t.Fatal(more, err)
		}
	}
	if !slices.Equal(order, []string{"outside", "entry"}) {
		t.Errorf("order %v", order)
	}
	if more, err := p.Step(t.Context()); more || err != nil {
		t.Errorf("at the end: %v, %v", more, err)
	}
}

// TestInject: what comes from outside does not set time back, and does not
// overtake what is due.
func TestInject(t *testing.T) {
	c := New(time.Time{}, nil)
	c.Post(time.Second, func() {})
	for _, x := range []struct{ at, want time.Duration }{{500 * time.Millisecond, 500 * time.Millisecond}, {0, 500 * time.Millisecond}, {time.Hour, time.Second}} {
		c.Inject(x.at, func() {
			if c.Elapsed() != x.want {
				t.Errorf("at %v it is %v, want %v", x.at, c.Elapsed(), x.want)
			}
		})
	}
	if c.Ran() != 0 {
		t.Errorf("%d entries ran", c.Ran())
	}
}

// TestAdmit: what comes from outside can happen while time stands still.
func TestAdmit(t *testing.T) {
	c := New(time.Time{}, nil)
	inbox := NewInbox()
	told := 0
	inbox.OnPut(func() { told++ })
	p := NewPlayer(c, inbox, nil, RealTime)
	c.Post(time.Second, func() { t.Error("time went on") })
	var at time.Duration = -1
	inbox.Put(func() { at = c.Elapsed() })
	if !p.Admit() || at != 0 || told != 1 {
		t.Errorf("it happened at %v, told %d times", at, told)
	}
	if p.Admit() {
		t.Error("nothing has come, and yet something happened")
	}
}
