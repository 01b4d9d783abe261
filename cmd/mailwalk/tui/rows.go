package tui

import (
	"slices"

	"mailwalk/protocols/dialog"
	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// rows tells which events are seen at each grain, and which tell of mails. It
// grows with what has been shown.
type rows struct {
	trace *trace.Trace
	upTo  uint64
	// seen are the events of the grains but the nearest, at which all are seen.
	seen [explain.PacketGrain][]uint64
	// mails are the events that tell of each mail; those of a leg on which no mail
	// is known yet are under the empty number.
	mails map[string][]uint64
	// told are the events that tell of a mail which has a number.
	told []uint64
	// contents are the events by which the mail itself is said and read, by leg.
	contents map[string][]uint64
	// notes are what the walk says.
	notes []uint64
	// hops are where legs begin.
	hops []uint64
	// looked are the steps of look-ups.
	looked []uint64
	// only is the filter that is on, nil for none: rows are then what it lets through.
	only *sieve
	// values are what a filter can be completed with.
	values *values
	// index ties the events together, as far as they have been shown.
	index *trace.Index
	// wires tells of the network, and what is under way on it.
	wires *wires
	// devices are where mails are written and read.
	devices *devices
}

func newRows(t *trace.Trace) *rows {
	return &rows{trace: t, mails: map[string][]uint64{}, contents: map[string][]uint64{}, values: newValues(), index: trace.NewIndex(), wires: newWires(t), devices: newDevices()}
}

// grow takes in the events up to seq.
func (r *rows) grow(seq uint64) {
	for r.upTo < seq {
		e := r.trace.At(r.upTo + 1)
		if e == nil {
			return
		}
		r.upTo++
		r.index.Add(e)
		r.values.add(e)
		if r.only != nil && r.only.upTo+1 == e.Seq {
			r.only.take(e)
		}
		r.wires.add(e)
		for g := explain.GrainOf(e); g < explain.PacketGrain; g++ {
			r.seen[g] = append(r.seen[g], e.Seq)
		}
		switch b := e.Body.(type) {
		case *trace.MailBody:
			r.devices.add(e)
			r.mails[e.Mail] = append(r.mails[e.Mail], e.Seq)
			if e.Mail != "" {
				r.told = append(r.told, e.Seq)
			}
			if e.What == trace.HopStarts {
				r.hops = append(r.hops, e.Seq)
			}
		case *trace.LineBody:
			if b.Role == dialog.Body {
				r.contents[e.Hop] = append(r.contents[e.Hop], e.Seq)
			}
		case *trace.LookupBody:
			r.looked = append(r.looked, e.Seq)
		case *trace.NoteBody:
			r.notes = append(r.notes, e.Seq)
		}
	}
}

// len is the number of rows at a grain.
func (r *rows) len(g explain.Grain) int {
	if r.only != nil {
		return len(r.only.passed[g])
	}
	return r.total(g)
}

// total is the number of rows at a grain when no filter is on.
func (r *rows) total(g explain.Grain) int {
	if g >= explain.PacketGrain {
		return int(r.upTo)
	}
	return len(r.seen[g])
}

// at is the event of a row.
func (r *rows) at(g explain.Grain, i int) uint64 {
	if r.only != nil {
		return r.only.passed[g][i]
	}
	if g >= explain.PacketGrain {
		return uint64(i) + 1
	}
	return r.seen[g][i]
}

// row is the row of an event, or the last one before it; -1 when there is none.
func (r *rows) row(g explain.Grain, seq uint64) int {
	if r.only != nil {
		return before(r.only.passed[g], seq)
	}
	if g >= explain.PacketGrain {
		return int(min(seq, r.upTo)) - 1
	}
	return before(r.seen[g], seq)
}

// before is the index of the last number up to and including seq, -1 for none.
func before(sorted []uint64, seq uint64) int {
	i, found := slices.BinarySearch(sorted, seq)
	if found {
		return i
	}
	return i - 1
}
