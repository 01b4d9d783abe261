package trace

import (
	"slices"
	"sync"
)

const (
	// minSnapshot is the least number of events between two snapshots in a file.
	minSnapshot = 4096
	// betweenViews is the number of events between two views that are kept in memory,
	// which share what is the same: folding as many takes about a millisecond.
	betweenViews = 1024
)

// snapshotDue tells whether to write a view to a file, so many events after the last
// that was written. Views with many entries are written less often, so that all of
// them together grow no faster than the trace.
func snapshotDue(v *View, since uint64) bool {
	return since >= max(minSnapshot, uint64(v.size()))
}

// fold keeps views of a trace at some of its events, so that others are near.
type fold struct {
	mu sync.Mutex
	// kept are frozen, in the order of their numbers.
	kept []*View
	// recent is the view that was asked for last, frozen too.
	recent *View
}

// View returns the state after event n, or after the last event if there are
// less. It belongs to the caller. It is nil when the file that the trace comes
// from cannot be read; Err tells.
func (t *Trace) View(n uint64) *View {
	n = min(n, t.Len())
	t.fold.mu.Lock()
	defer t.fold.mu.Unlock()
	start, last := t.nearest(n)
	v := start.clone()
	for v.Seq < n {
		e := t.At(v.Seq + 1)
		if e == nil {
			return nil
		}
		v.Apply(e)
		if v.Seq-last >= betweenViews {
			last = v.Seq
			t.fold.keep(v.freeze())
			v = v.clone()
		}
	}
	t.fold.recent = v.freeze()
	return v.clone()
}

// nearest is the latest view at hand of event n or before, and the number of the
// last event up to n after which one is kept, here or in the file.
func (t *Trace) nearest(n uint64) (best *View, last uint64) {
	best = new(View).freeze()
	if i := t.fold.search(n + 1); i > 0 {
		best = t.fold.kept[i-1]
	}
	last = best.Seq
	if v := t.fold.recent; v != nil && v.Seq <= n && v.Seq > best.Seq {
		best = v
	}
	// To unpack a whole view takes longer than to fold some events.
	if f := t.inFile(); f != nil && n-best.Seq > minSnapshot {
		if v := f.snapshot(best.Seq, n); v != nil {
			best, last = v, v.Seq
		}
	}
	return best, last
}

// search is the index of the first kept view of event seq or later.
func (f *fold) search(seq uint64) int {
	i, _ := slices.BinarySearchFunc(f.kept, seq, func(v *View, seq uint64) int {
		switch {
		case v.Seq < seq:
			return -1
		case v.Seq > seq:
			return 1
		}
		return 0
	})
	return i
}

func (f *fold) keep(v *View) {
	i := f.search(v.Seq)
	if i < len(f.kept) && f.kept[i].Seq == v.Seq {
		return
	}
	f.kept = slices.Insert(f.kept, i, v)
}
