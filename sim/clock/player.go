package clock

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Speed is how fast virtual time goes, in percent of real time. [Unhurried] does
// not follow real time at all.
type Speed int

// Speeds.
const (
	// Unhurried time has no speed: as soon as nothing is left to be done at a time,
	// the next one comes.
	Unhurried Speed = 0
	RealTime  Speed = 100
)

// maxSpeed keeps a duration times a speed within a duration's range for days.
const maxSpeed = 100_000

// ParseSpeed reads "max", or a multiple of real time with at most two decimals:
// "1", "10x", "0.25".
func ParseSpeed(s string) (Speed, error) {
	if s == "max" {
		return Unhurried, nil
	}
	whole, decimals, _ := strings.Cut(strings.TrimSuffix(s, "x"), ".")
	n, err := strconv.ParseUint(whole+(decimals + "00")[:max(2, len(decimals))], 10, 32)
	if err != nil || whole == "" || len(decimals) > 2 || n == 0 || n > maxSpeed {
		return 0, fmt.Errorf("speed %q: it is max, or a multiple of real time from 0.01 to %d, such as 1, 10 or 0.5", s, maxSpeed/100)
	}
	return Speed(n), nil
}

func (s Speed) String() string {
	if s == Unhurried {
		return "max"
	}
	return strings.TrimRight(strings.TrimRight(fmt.Sprintf("%d.%02d", s/100, s%100), "0"), ".") + "x"
}

// Player lets a clock's time go with real time, and things from outside happen at
// their moment. How fast it plays never changes what comes of the queue alone.
//
// Step and Play are for one goroutine; SetSpeed, Pause and Resume for any.
type Player struct {
	clock *Clock
	inbox *Inbox
	// busy tells whether something outside of the queue is still under way, so that
	// time must not jump to the next entry. When it no longer is, the inbox is
	// woken.
	busy func() bool

	mu     sync.Mutex
	speed  Speed
	paused bool
	// Virtual time was since at the real time began; it has stood still since then
	// when stands is set.
	since  time.Duration
	began  time.Time
	stands bool
	kick   chan struct{} // has room for one: speed or pause has changed
}

// NewPlayer returns a player. inbox may be nil: nothing comes from outside. So may
// busy: nothing is under way but what the queue has.
func NewPlayer(c *Clock, inbox *Inbox, busy func() bool, s Speed) *Player {
	if inbox == nil {
		inbox = NewInbox()
	}
	return &Player{clock: c, inbox: inbox, busy: busy, speed: s, since: c.Elapsed(), stands: true, kick: make(chan struct{}, 1)}
}

// SetSpeed changes the speed from now on.
func (p *Player) SetSpeed(s Speed) {
	p.change(func() { p.speed = s })
}

// Speed is the present speed.
func (p *Player) Speed() Speed {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.speed
}

// Pause stops the time: nothing happens until Resume, and what comes from outside
// waits.
func (p *Player) Pause() { p.change(func() { p.paused = true }) }

// Resume lets time go on.
func (p *Player) Resume() { p.change(func() { p.paused = false }) }

// change does what alters how time goes; until now it has gone as before.
func (p *Player) change(f func()) {
	p.mu.Lock()
	p.since, p.began = p.virtual(), time.Now()
	f()
	p.mu.Unlock()
	select {
	case p.kick <- struct{}{}:
	default:
	}
}

// virtual is what time it is. It is called with p.mu held.
func (p *Player) virtual() time.Duration {
	if p.paused || p.stands {
		return max(p.since, p.clock.Elapsed())
	}
	return max(p.since+scale(time.Since(p.began), p.speed), p.clock.Elapsed())
}

// scale is the virtual time that passes in a real one.
func scale(d time.Duration, s Speed) time.Duration {
	if s == Unhurried { // and yet it has to be waited for
		return d
	}
	return d/100*time.Duration(s) + d%100*time.Duration(s)/100
}

// unscale is the real time in which a virtual one passes.
func unscale(d time.Duration, s Speed) time.Duration {
	if s == Unhurried {
		return d
	}
	return d/time.Duration(s)*100 + d%time.Duration(s)*100/time.Duration(s)
}

// Step waits until the next thing is due and lets it happen: an entry of the
// queue, or something from outside. It returns false when there is nothing in the
// queue and nothing is under way, and ctx's error when that ends before.
// Between two calls time stands still.
func (p *Player) Step(ctx context.Context) (bool, error) {
	p.run(true)
	defer p.run(false)
	return p.step(ctx, false)
}

// Admit lets what has come from outside happen while time stands still, one thing
// of it. It returns false when nothing has come.
func (p *Player) Admit() bool {
	f, ok := p.inbox.take()
	if ok {
		p.mu.Lock()
		now := p.virtual()
		p.mu.Unlock()
		p.clock.Inject(now, f)
	}
	return ok
}

// Play steps until ctx ends, and waits for what comes from outside even when
// nothing else is left to happen. It returns ctx's error.
func (p *Player) Play(ctx context.Context) error {
	p.run(true)
	defer p.run(false)
	for {
		if _, err := p.step(ctx, true); err != nil {
			return err
		}
	}
}

// run lets time go, or has it stand still.
func (p *Player) run(on bool) {
	p.mu.Lock()
	p.since, p.began = p.virtual(), time.Now()
	p.stands = !on
	p.mu.Unlock()
}

func (p *Player) step(ctx context.Context, forever bool) (bool, error) {
	for {
		if err := ctx.Err(); err != nil {
			return false, context.Cause(ctx)
		}
		// The order matters: what was under way is put into the inbox before it is
		// said to be over.
		busy := p.busy != nil && p.busy()
		p.mu.Lock()
		if p.speed == Unhurried && !busy {
			// No real time passes while nothing is waited for.
			p.since, p.began = max(p.since, p.clock.Elapsed()), time.Now()
		}
		paused, speed, now := p.paused, p.speed, p.virtual()
		p.mu.Unlock()
		wait := time.Duration(-1)
		if !paused {
			if f, ok := p.inbox.take(); ok {
				p.clock.Inject(now, f)
				return true, nil
			}
			at, ok := p.clock.Next()
			switch {
			case ok && (at <= now || speed == Unhurried && !busy):
				p.reach(at)
				return p.clock.Step(), nil
			case ok:
				wait = unscale(at-now, speed)
			case !busy && !forever:
				return false, nil
			}
		}
		if err := p.sleep(ctx, wait); err != nil {
			return false, err
		}
	}
}

// reach has time jump ahead to the entry that comes next, if it is not there.
func (p *Player) reach(at time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.speed == Unhurried && at > p.virtual() {
		p.since, p.began = at, time.Now()
	}
}

// sleep waits a while, or for something to come or to change; a negative while is
// for ever.
func (p *Player) sleep(ctx context.Context, while time.Duration) error {
	var due <-chan time.Time
	if while >= 0 {
		t := time.NewTimer(while + 1) // unscale rounds down
		defer t.Stop()
		due = t.C
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-p.inbox.more:
	case <-p.kick:
	case <-due:
	}
	return nil
}
