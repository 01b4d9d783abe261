package quiz

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"mailwalk/scenarios"
	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// Marks are the places at which a walk asks. They are found as events are run, in
// the order of the events, each looked at once.
type Marks struct {
	all  []*Pending
	upTo uint64
}

// Pending is a question of the walk whose place or whose answer is perhaps not run
// yet.
type Pending struct {
	prediction *scenarios.Prediction
	id         string
	// at is the first event that may not be shown before the question is put, 0 as
	// long as it is not known.
	at     uint64
	behind bool // the event of after has come
	seen   int  // times that after, then before has matched
	count  int  // events that are counted
	answer *trace.Event
	put    bool
}

// NewMarks makes the marks of a walk's predictions.
func NewMarks(all []*scenarios.Prediction) *Marks {
	m := new(Marks)
	for i, p := range all {
		m.all = append(m.all, &Pending{prediction: p, id: "walk/" + strconv.Itoa(i+1), behind: p.After.IsZero()})
	}
	return m
}

// Grow looks at the events of a trace up to and including upTo.
func (m *Marks) Grow(t *trace.Trace, upTo uint64) {
	if len(m.all) == 0 {
		m.upTo = max(m.upTo, min(upTo, t.Len()))
		return
	}
	for e := range t.Events(m.upTo+1, upTo) {
		m.upTo = e.Seq
		for _, p := range m.all {
			p.see(e)
		}
	}
}

// Len is the number of the last event looked at.
func (m *Marks) Len() uint64 { return m.upTo }

func (p *Pending) see(e *trace.Event) {
	switch {
	case p.answer != nil:
		return
	case !p.behind:
		if p.comes(p.prediction.After, e) {
			p.behind, p.seen, p.at = true, 0, e.Seq+1
		}
		return
	}
	if p.prediction.Counts.Match(e) {
		p.count++
	}
	if p.comes(p.prediction.Before, e) {
		p.answer = e
		if p.at == 0 {
			p.at = e.Seq
		}
	}
}

// comes tells whether the event is the n-th that the selector asks for.
func (p *Pending) comes(s trace.Selector, e *trace.Event) bool {
	if !s.Match(e) {
		return false
	}
	p.seen++
	return p.seen >= s.Nth()
}

// Due is the first question that stands behind event shown and before or at event
// next, nil when there is none. It stays due until it is [Pending.Put].
func (m *Marks) Due(shown, next uint64) *Pending {
	var due *Pending
	for _, p := range m.all {
		if !p.put && p.at > shown && p.at <= next && (due == nil || p.at < due.at) {
			due = p
		}
	}
	return due
}

// At is the first event that may not be shown before the question is put.
func (p *Pending) At() uint64 { return p.at }

// Ready tells whether the answer has been run.
func (p *Pending) Ready() bool { return p.answer != nil }

// Put says that the question was put, or is not to be put any more.
func (p *Pending) Put() { p.put = true }

// All are the questions of a walk in the order of their places; those whose places
// have not come are left out.
func (m *Marks) All() []*Pending {
	found := slices.DeleteFunc(slices.Clone(m.all), func(p *Pending) bool { return p.at == 0 })
	slices.SortStableFunc(found, func(a, b *Pending) int { return cmp.Compare(a.at, b.at) })
	return found
}

// Prediction is what the walk says of the question.
func (p *Pending) Prediction() *scenarios.Prediction { return p.prediction }

// Question is the question with its answer in this run. It is nil as long as the
// answer has not been run, and when this run answers it otherwise than the walk
// has thought of.
func (p *Pending) Question() *Question {
	w := p.prediction
	right := p.right()
	if right == nil {
		return nil
	}
	q := &Question{
		ID: p.id, After: p.at - 1, Answered: p.answer.Seq, Text: explain.OneLine(w.Ask), Points: w.Points,
		right: right, within: int(w.Within), reason: explain.OneLine(w.Reason), why: explain.For(p.answer),
	}
	for _, c := range w.Choices {
		q.Choices = append(q.Choices, explain.OneLine(c.Says))
	}
	for _, h := range w.Hints {
		q.hints = append(q.hints, explain.OneLine(h))
	}
	q.Kind = map[scenarios.AnswerKind]Kind{
		scenarios.ChoiceAnswer: Choice, scenarios.NumberAnswer: Number, scenarios.HostAnswer: Host,
		scenarios.CodeAnswer: Code, scenarios.WordAnswer: Word,
	}[w.Kind]
	if ok, err := q.Judge(w.Answer); err == nil && !ok {
		// The reason is that of the walk as it is written.
		q.reason = fmt.Sprintf("In this run it is otherwise than in the walk as it is written, where the answer is %s. %s", explain.OneLine(w.Answer), q.reason)
	}
	return q
}

// right are the forms of what is right in this run, nil when it cannot be said.
func (p *Pending) right() []string {
	w := p.prediction
	switch {
	case p.answer == nil:
		return nil
	case w.Kind == scenarios.ChoiceAnswer:
		return p.rightChoice()
	case !w.Counts.IsZero():
		return []string{strconv.Itoa(p.count)}
	case w.Field != "":
		right := trace.Values(p.answer, w.Field)
		if len(right) > 0 && right[0] == w.Answer {
			right = append(right, w.Also...)
		}
		return right
	}
	return append([]string{w.Answer}, w.Also...)
}

func (p *Pending) rightChoice() []string {
	if !p.prediction.Provable() {
		return []string{explain.OneLine(p.prediction.Answer)}
	}
	var right []string
	for _, c := range p.prediction.Choices {
		if !c.When.IsZero() && c.When.Match(p.answer) {
			right = append(right, explain.OneLine(c.Says))
		}
	}
	if len(right) != 1 {
		return nil
	}
	return right
}
