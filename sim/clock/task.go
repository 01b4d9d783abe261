package clock

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"
)

// ErrDown says that the group to which a task belongs was ended: its host is
// switched off, or the world is closed.
var ErrDown = errors.New("host is down")

// Group is a set of tasks that end together: the programs of one host from one
// switching on to the next switching off.
type Group struct {
	clock *Clock
	ctx   *Context
	// The fields below are guarded by clock.mu.
	down  bool
	tasks []*Task
}

// NewGroup returns a group without tasks.
func (c *Clock) NewGroup() *Group {
	g := &Group{clock: c}
	g.ctx = c.newContext(context.Background())
	c.mu.Lock()
	c.groups = append(c.groups, g)
	c.mu.Unlock()
	return g
}

// Context is cancelled with ErrDown when the group ends.
func (g *Group) Context() context.Context { return g.ctx }

// Down tells whether the group was ended.
func (g *Group) Down() bool {
	g.clock.mu.Lock()
	defer g.clock.mu.Unlock()
	return g.down
}

// Ended tells whether the task that runs is one of a group that was ended: a
// program of a host that has lost its power meanwhile. It still has to find its way
// out, and nothing that it does on it happens in the world.
func (c *Clock) Ended() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.task != nil && c.task.group.down
}

// Task is one program that runs, or waits to.
type Task struct {
	Name    string
	group   *Group
	baggage Baggage
	resume  func() (struct{}, bool)
	yield   func(struct{}) bool
	waiting *wait // what it waits for
	refused int   // calls that found the group ended
}

// Go starts a task, through an entry of its own. It does nothing when the group
// was ended.
func (g *Group) Go(name string, f func(ctx context.Context)) {
	g.after(0, name, f)
}

// AfterFunc starts a task d from now.
func (g *Group) AfterFunc(d time.Duration, name string, f func(ctx context.Context)) *Entry {
	return g.after(d, name, f)
}

func (g *Group) after(d time.Duration, name string, f func(ctx context.Context)) *Entry {
	c := g.clock
	e := &Entry{clock: c, index: -1}
	e.run = func() {
		c.mu.Lock()
		if g.down {
			c.mu.Unlock()
			return
		}
		t := &Task{Name: name, group: g}
		if e.baggage != nil {
			t.baggage = e.baggage.Fork()
		}
		t.resume, _ = iter.Pull(t.body(f))
		g.tasks = append(g.tasks, t)
		c.mu.Unlock()
		c.run(t)
	}
	c.mu.Lock()
	if !g.down {
		c.push(e, d)
	}
	c.mu.Unlock()
	return e
}

// ended is how a task that goes on and on after its group's end is unwound.
type ended struct{}

func (t *Task) body(f func(ctx context.Context)) iter.Seq[struct{}] {
	return func(yield func(struct{}) bool) {
		defer func() {
			if r := recover(); r != nil && r != any(ended{}) {
				panic(r)
			}
		}()
		t.yield = yield
		f(t.group.ctx)
	}
}

// run lets a task go on until it waits or ends.
func (c *Clock) run(t *Task) {
	c.mu.Lock()
	before := c.task
	c.task = t
	c.mu.Unlock()
	_, more := t.resume()
	c.mu.Lock()
	c.task = before
	if !more {
		g := t.group
		if i := slices.Index(g.tasks, t); i >= 0 {
			g.tasks = slices.Delete(g.tasks, i, i+1)
		}
	}
	c.mu.Unlock()
}

// End ends the group: each task is woken, one entry each, and each call in which
// it waits or will wait returns ErrDown.
func (g *Group) End() {
	c := g.clock
	c.mu.Lock()
	if g.down {
		c.mu.Unlock()
		return
	}
	g.down = true
	for _, t := range g.tasks {
		if w := t.waiting; w != nil {
			w.wake(ErrDown)
		}
	}
	c.mu.Unlock()
	g.ctx.cancel(ErrDown)
}

// end ends the group at once, outside of the queue.
func (g *Group) end() {
	c := g.clock
	c.mu.Lock()
	g.down = true
	tasks := slices.Clone(g.tasks)
	c.mu.Unlock()
	g.ctx.cancel(ErrDown)
	for _, t := range tasks {
		c.mu.Lock()
		if w := t.waiting; w != nil {
			w.leave(ErrDown)
		}
		c.mu.Unlock()
		// Whatever waits from now on is refused, so one turn runs to the end.
		c.run(t)
	}
}

// patience is how many waits are refused before a task is unwound: enough for
// every loop that closes what it has opened, too few to spin.
const patience = 1000

// refuse is called, with c.mu held, when a task of an ended group wants to wait.
func (t *Task) refuse() bool {
	t.refused++
	return t.refused > patience
}

// Tasks lists the names of the tasks that have begun and are not over, those of
// the same group in the order in which they began.
func (c *Clock) Tasks() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var names []string
	for _, g := range c.groups {
		for _, t := range g.tasks {
			names = append(names, t.Name)
		}
	}
	return names
}
