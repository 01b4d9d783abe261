// Package lab is a walk that somebody works on: what a learner does to it with
// his own hands, at the present or, in a run of its own, in the past; taking that
// back; runs side by side, and what differs between them; and the walk's file with
// all that was done written into it.
package lab

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"mailwalk/scenarios"
	"mailwalk/sim"
	"mailwalk/sim/trace"
)

// Lab is a walk that one works on: the run that goes on, and those beside it. Step,
// Do, Undo, Redo, Switch and Close wait for one another, since one world of a
// process runs at a time; all else may be called at any time, from any goroutine.
// Whoever has the World go on otherwise than by Step must see to that himself.
//
// A visitor who is there stays in the run that he came to. In a fork he does again
// what he had done until then, and after it at the same times what he did later.
type Lab struct {
	scenario *scenarios.Scenario
	options  sim.Options

	working sync.Mutex // held by what has a world run

	mu      sync.RWMutex // held for what is below, and for the current run
	runs    []*run
	current int
	used    []*run // those that have a world, the latest used last
	// replaced is the trace that another one was put in the place of last, nil for none.
	replaced *trace.Trace
}

// maxWorlds is how many runs keep their worlds; the others' are made again when
// they are needed.
const maxWorlds = 4

// Errors of a Lab.
var (
	// ErrNothingToUndo says that nothing was done in this run, ErrNothingToRedo that
	// nothing was taken back since something was done last.
	ErrNothingToUndo = errors.New("nothing was done in this run that can be taken back")
	ErrNothingToRedo = errors.New("nothing was taken back that can be done again")
	// ErrNotRepeatable says that a world cannot be made again, so that there is no
	// past to change.
	ErrNotRepeatable = errors.New("on the loopback wire the machine's own timing has a say, so a run cannot be had again; only the present can be changed")
	// ErrDiffers says that a world that was made again did not come out the same. It
	// never should.
	ErrDiffers = errors.New("made again, the run is not the same")
	// ErrNoRun says that there is no run of a number.
	ErrNoRun = errors.New("there is no such run")
)

// Progress is told now and then how far a world is that is made again: done of
// about so many entries of its queue. It must not call the Lab.
type Progress func(done, of uint64)

// Open makes the world of a walk.
func Open(sc *scenarios.Scenario, o sim.Options) (*Lab, error) {
	l := &Lab{scenario: sc, options: o}
	r, err := l.newRun(o.Acts)
	if err != nil {
		return nil, err
	}
	r.from = -1
	l.runs, l.used = []*run{r}, []*run{r}
	return l, nil
}

// World is that of the current run.
func (l *Lab) World() *sim.World { return l.now().world }

// Trace is what has happened so far in the current run. Undo, Redo and Switch may put
// another in its place; the one before can be read until the next of them does.
func (l *Lab) Trace() *trace.Trace { return l.now().trace }

// Now is the virtual time of the current run.
func (l *Lab) Now() time.Duration { return l.now().world.Now() }

// Step lets the next thing happen in the current run, as [sim.World.Step] does.
func (l *Lab) Step() bool {
	l.working.Lock()
	defer l.working.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.runs[l.current].world.Step()
}

// Close ends the worlds, and removes what of their traces is in temporary files: of a
// long trace only what happened last can be read afterwards.
func (l *Lab) Close() error {
	l.working.Lock()
	defer l.working.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	var errs []error
	for _, r := range l.used {
		errs = append(errs, r.world.Close())
	}
	for _, r := range l.runs {
		errs = append(errs, r.trace.Close())
	}
	return errors.Join(append(errs, l.replace(nil))...)
}

// replace gives up the trace that was replaced before, for whoever showed it shows
// another by now, and keeps the one that is replaced. It is called with l.mu held.
func (l *Lab) replace(t *trace.Trace) (err error) {
	if l.replaced != nil {
		err = l.replaced.Close()
	}
	l.replaced = t
	return err
}

// discard ends a run that nobody has seen.
func (r *run) discard() error { return errors.Join(r.world.Close(), r.trace.Close()) }

func (l *Lab) now() *run {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.runs[l.current]
}

// use notes that a run's world was used, and puts worlds away that were not for
// long. It is called with l.mu held.
func (l *Lab) use(r *run) error {
	l.used = append(slices.DeleteFunc(l.used, func(u *run) bool { return u == r }), r)
	if len(l.used) <= maxWorlds {
		return nil
	}
	oldest := l.used[0]
	l.used = l.used[1:]
	return oldest.putAway()
}

// Run is one of the runs of a Lab.
type Run struct {
	// Name is short: "run 2". Words say what was done in it that was not done in the
	// one that it was forked from.
	Name, Words string
	// From is the index of that one, and At the last event that both share; -1 for
	// the first run, which comes from none.
	From    int
	At      uint64
	Trace   *trace.Trace
	Current bool
}

// Runs lists the runs in the order in which they were begun.
func (l *Lab) Runs() []Run {
	l.mu.RLock()
	defer l.mu.RUnlock()
	var all []Run
	for i, r := range l.runs {
		all = append(all, Run{
			Name: fmt.Sprintf("run %d", i+1), Words: r.words(), From: r.from, At: r.at, Trace: r.trace, Current: i == l.current,
		})
	}
	return all
}

// Switch makes another run the current one. It is where it was left; its world may
// have to be made again for that. An error, and a ctx that ends, leave all as it is.
func (l *Lab) Switch(ctx context.Context, i int, progress Progress) error {
	l.working.Lock()
	defer l.working.Unlock()
	l.mu.RLock()
	if i < 0 || i >= len(l.runs) {
		l.mu.RUnlock()
		return fmt.Errorf("run %d: %w", i+1, ErrNoRun)
	}
	r := l.runs[i]
	l.mu.RUnlock()
	again := r
	if r.world == nil {
		var err error
		if again, err = l.restore(ctx, r, progress); err != nil {
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.runs[i], l.current = again, i
	if again == r {
		return l.use(again)
	}
	return errors.Join(l.use(again), l.replace(r.trace))
}
