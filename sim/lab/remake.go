package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"mailwalk/sim"
	"mailwalk/sim/trace"
)

// breath is how many entries run before somebody may call it off.
const breath = 64

// plan is a run that is to be made.
type plan struct {
	acts []sim.PlacedAct
	// there tells whether it is where it is to stop.
	there func(r *run) bool
	// like and common are the run that it is the same as, up to that event.
	like   *run
	common uint64
	of     uint64 // about so many entries
}

// make makes a run, and leaves nothing behind when it cannot.
func (l *Lab) make(ctx context.Context, p plan, progress Progress) (r *run, err error) {
	if l.options.Wire == sim.Loopback {
		return nil, ErrNotRepeatable
	}
	if r, err = l.newRun(p.acts); err != nil {
		return nil, err
	}
	if err := p.carryOut(ctx, r, progress); err != nil {
		return nil, errors.Join(err, r.discard())
	}
	return r, nil
}

func (p plan) carryOut(ctx context.Context, r *run, progress Progress) error {
	checked := uint64(0)
	for n := uint64(0); ; n++ {
		if n%breath == 0 {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if progress != nil {
				progress(min(r.world.Ran(), p.of), p.of)
			}
		}
		for ; checked < min(p.common, r.trace.Len()); checked++ {
			was, is := p.like.trace.At(checked+1), r.trace.At(checked+1)
			if was == nil || is == nil {
				return fmt.Errorf("event %d cannot be compared: %w", checked+1, errors.Join(p.like.trace.Err(), r.trace.Err()))
			}
			if !same(was, is) {
				return fmt.Errorf("%w: event %d is %s and not %s", ErrDiffers, checked+1, is.Key, was.Key)
			}
		}
		if p.there(r) || !r.world.Step() {
			break
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if checked < p.common {
		return fmt.Errorf("%w: it ends after event %d of %d", ErrDiffers, checked, p.common)
	}
	if progress != nil {
		progress(p.of, p.of)
	}
	return nil
}

// same tells whether two events of two traces are the same. One that comes from a file
// may have nil where the other has an empty slice: then what counts is what would be
// written.
func same(a, b *trace.Event) bool {
	if a == nil || b == nil {
		return false
	}
	if reflect.DeepEqual(a, b) {
		return true
	}
	x, err := trace.AppendJSON(nil, a, "")
	if err != nil {
		return false
	}
	y, err := trace.AppendJSON(nil, b, "")
	return err == nil && bytes.Equal(x, y)
}

// upTo is a plan to be where a run was when so many entries had run and so many of
// its acts were done. What visitors do after that comes by its time.
func (r *run) upTo(ran uint64, acts []sim.PlacedAct, later []sim.PlacedAct, common uint64) plan {
	return plan{
		acts: slices.Concat(acts, later),
		there: func(n *run) bool {
			return n.world.Ran() >= ran && len(n.world.Ahead()) <= len(later)
		},
		like: r, common: common, of: ran,
	}
}

// fork makes a run that is the same up to an event's place, with all that happened
// there: an entry, or an act from outside.
func (l *Lab) fork(ctx context.Context, r *run, seq uint64, progress Progress) (*run, error) {
	i := r.placeOf(seq)
	end := r.end(i)
	return l.make(ctx, r.upTo(r.places[i].ran, r.actsTo(end), r.visitsFrom(end+1), end), progress)
}

// forkBefore makes a run that is the same up to the entry before the one of an
// event.
func (l *Lab) forkBefore(ctx context.Context, r *run, seq uint64, progress Progress) (*run, error) {
	p := r.places[r.placeOf(seq)]
	ran := p.ran
	if !p.act && ran > 0 {
		ran--
	}
	return l.make(ctx, r.upTo(ran, r.actsTo(p.first-1), r.visitsFrom(p.first), p.first-1), progress)
}

// restore makes a run again whose world was put away.
func (l *Lab) restore(ctx context.Context, r *run, progress Progress) (*run, error) {
	n := r.trace.Len()
	again, err := l.make(ctx, r.upTo(r.ran, r.actsTo(n), r.ahead, n), progress)
	if err != nil {
		return nil, err
	}
	again.from, again.at, again.redo, again.missed = r.from, r.at, r.redo, r.missed
	return again, nil
}

// moment is where a run stands, as far as that can be said of another.
type moment struct {
	at  int64 // virtual time
	ran uint64
	end bool // nothing is left to happen
}

func (r *run) moment() moment {
	_, more := r.world.Next()
	return moment{int64(r.world.Now()), r.world.Ran(), !more && len(r.world.Ahead()) == 0}
}

// reached tells whether a run has got to a moment of another: all before that time
// has happened, and of that time as much.
func (m moment) reached(r *run) bool {
	if m.end {
		return false // it goes on to its own end
	}
	next, more := r.world.Next()
	if ahead := r.world.Ahead(); len(ahead) > 0 && int64(ahead[0].At) <= m.at {
		return false
	}
	return !more || int64(next) > m.at || int64(next) == m.at && r.world.Ran() >= m.ran
}
