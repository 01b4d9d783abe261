package lab

import (
	"fmt"
	"slices"
	"strings"

	"mailwalk/sim"
	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// Difference is where two runs part. The learner's acts are no difference; what
// comes of them is.
type Difference struct {
	// A and B are the first events at which they differ, 0 where a run has come to
	// its end there.
	A, B uint64
	// OnlyA and OnlyB are the first events from there on that the other run does not
	// have at all, by their keys; 0 when there is none.
	OnlyA, OnlyB uint64
	// Words say what these are; there are none for a run that has none.
	WordsA, WordsB string
	// Fates are the mails that fare otherwise, by their numbers.
	Fates []Fate
}

// Fate is how a mail fares in two runs.
type Fate struct {
	Mail string
	A, B string
}

// Difference finds the first difference between two runs; ok is false when there
// is none, or one of them does not exist. A run that has not come to its end is
// compared as far as it is.
func (l *Lab) Difference(a, b int) (d Difference, ok bool) {
	l.mu.RLock()
	if a < 0 || b < 0 || a >= len(l.runs) || b >= len(l.runs) {
		l.mu.RUnlock()
		return d, false
	}
	x, y := l.runs[a].trace, l.runs[b].trace
	l.mu.RUnlock()
	return compare(x, y)
}

func compare(x, y *trace.Trace) (d Difference, ok bool) {
	d.A, d.B = skip(x, 1), skip(y, 1)
	for d.A != 0 && d.B != 0 && alike(x.At(d.A), y.At(d.B)) {
		d.A, d.B = skip(x, d.A+1), skip(y, d.B+1)
	}
	if d.A == 0 && d.B == 0 {
		return d, false
	}
	d.OnlyA, d.WordsA = lacking(x, d.A, y, d.B)
	d.OnlyB, d.WordsB = lacking(y, d.B, x, d.A)
	was, is := fates(x), fates(y)
	for _, f := range was {
		if other := fateIn(is, f.mail); other != f.words {
			d.Fates = append(d.Fates, Fate{f.mail, f.words, other})
		}
	}
	for _, f := range is {
		if !slices.ContainsFunc(was, func(w fate) bool { return w.mail == f.mail }) {
			d.Fates = append(d.Fates, Fate{f.mail, unknown, f.words})
		}
	}
	return d, true
}

// skip is the first event from a number on that is not a learner's act; 0 when
// there is none.
func skip(t *trace.Trace, seq uint64) uint64 {
	for e := range t.Events(seq, t.Len()) {
		if !byHand(e) {
			return e.Seq
		}
	}
	return 0
}

func byHand(e *trace.Event) bool {
	b, ok := e.Body.(*trace.ActBody)
	return ok && b.By == sim.Learner
}

// alike tells whether two events of two runs are the same thing at the same time,
// and say the same.
func alike(a, b *trace.Event) bool {
	if a.Key != b.Key || a.At != b.At {
		return false
	}
	return same(&trace.Event{Kind: a.Kind, What: a.What, Body: a.Body}, &trace.Event{Kind: b.Kind, What: b.What, Body: b.Body})
}

// lacking is the first event of a trace, from one on, that another does not have
// from one on, and what it is in words.
func lacking(t *trace.Trace, from uint64, other *trace.Trace, since uint64) (seq uint64, words string) {
	if from == 0 {
		return 0, ""
	}
	keys := map[string]bool{}
	if since != 0 {
		for e := range other.Events(since, other.Len()) {
			keys[e.Key] = true
		}
	}
	for e := range t.Events(from, t.Len()) {
		if !byHand(e) && !keys[e.Key] {
			return e.Seq, explain.Text(e)
		}
	}
	return 0, ""
}

// fate is how a mail fares in a run.
type fate struct{ mail, words string }

// unknown is the fate of a mail that there is not.
const unknown = "there is no such mail"

func fateIn(list []fate, mail string) string {
	for _, f := range list {
		if f.mail == mail {
			return f.words
		}
	}
	return unknown
}

// fates are those of all mails of a trace, in the order in which they came up.
func fates(t *trace.Trace) []fate {
	sum := trace.Summarize(t)
	view := t.View(t.Len())
	var list []fate
	for _, n := range t.Index().Mails() {
		var parts []string
		for _, a := range sum.Deliveries {
			if a.Mail == n.ID {
				parts = append(parts, "it lies in "+a.Mailbox)
			}
		}
		for _, c := range sum.Compared {
			if c.Mail == n.ID {
				parts = append(parts, map[bool]string{true: "it arrived as it was sent", false: "it arrived changed"}[c.Same])
			}
		}
		for _, f := range sum.Failures {
			if f.Mail == n.ID {
				parts = append(parts, fmt.Sprintf("%s gives it up: %s", f.Host, f.Reason))
			}
		}
		if view != nil {
			for _, q := range view.Queues() {
				if q.Mail == n.ID {
					parts = append(parts, "it waits in the queue of "+q.Host)
				}
			}
		}
		if parts == nil {
			parts = []string{"it is under way"}
		}
		list = append(list, fate{n.ID, strings.Join(parts, "; ")})
	}
	return list
}
