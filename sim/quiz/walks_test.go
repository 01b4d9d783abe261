package quiz_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"mailwalk/scenarios"
	"mailwalk/sim"
	"mailwalk/sim/explain"
	"mailwalk/sim/quiz"
	"mailwalk/sim/trace"
)

// run runs a walk to its end, once for all tests.
func run(t *testing.T, name string) (*scenarios.Scenario, *trace.Trace) {
	t.Helper()
	ran.Lock()
	defer ran.Unlock()
	sc, err := scenarios.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	if tr := ran.traces[name]; tr != nil {
		return sc, tr
	}
	w, err := sim.New(sc, sim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for w.Step() {
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	ran.traces[name] = w.Trace()
	return sc, w.Trace()
}

var ran = struct {
	sync.Mutex
	traces map[string]*trace.Trace
}{traces: map[string]*trace.Trace{}}

// Each walk asks, each of its questions is put, and what it says is right is what
// the run shows.
func TestWalksSayWhatTheirRunsShow(t *testing.T) {
	for _, name := range scenarios.Names() {
		t.Run(name, func(t *testing.T) {
			sc, tr := run(t, name)
			if n := len(sc.Predictions); n < 3 || n > 6 {
				t.Errorf("%d questions, want 3 to 6", n)
			}
			m := quiz.NewMarks(sc.Predictions)
			m.Grow(tr, tr.Len())
			if n := len(m.All()); n != len(sc.Predictions) {
				t.Errorf("%d of %d questions have a place in the run", n, len(sc.Predictions))
			}
			for _, p := range m.All() {
				w := p.Prediction()
				if !w.Provable() {
					t.Errorf("line %d: %q cannot be proved from a run", w.Pos.Line, w.Ask)
				}
				q := p.Question()
				if q == nil {
					t.Errorf("line %d: %q has no answer in the run, or several", w.Pos.Line, w.Ask)
					continue
				}
				if right, err := q.Judge(w.Answer); !right || err != nil || q.Answer() != w.Answer && q.Kind != quiz.Number {
					t.Errorf("line %d: %q: the walk says %q, event %d says %q (%v)", w.Pos.Line, w.Ask, w.Answer, q.Answered, q.Answer(), err)
				}
				if q.After >= q.Answered || q.After >= p.At() {
					t.Errorf("line %d: put after event %d, answered by %d", w.Pos.Line, q.After, q.Answered)
				}
				if q.Hints() == 0 || strings.HasPrefix(q.Reason(explain.Student), "In this run") {
					t.Errorf("line %d: %d hints, %s", w.Pos.Line, q.Hints(), q.Reason(explain.Student))
				}
				wellFormed(t, q)
			}
		})
	}
}

// wellFormed checks that exactly one answer is right, and that no hint gives it away.
func wellFormed(t *testing.T, q *quiz.Question) {
	t.Helper()
	right := 0
	for i, c := range q.Choices {
		if slices.Index(q.Choices, c) != i {
			t.Errorf("%s: %q can be chosen twice", q.Text, c)
		}
		byLetter, err := q.Judge(quiz.Letter(i))
		byWords, err2 := q.Judge(c)
		if err != nil || err2 != nil || byLetter != byWords {
			t.Errorf("%s: %q is judged %t by its letter and %t by its words (%v, %v)", q.Text, c, byLetter, byWords, err, err2)
		}
		if byLetter {
			right++
		}
	}
	if q.Kind == quiz.Choice && (right != 1 || len(q.Choices) < 2) {
		t.Errorf("%s: %d of %d choices are right", q.Text, right, len(q.Choices))
	}
	if ok, err := q.Judge(q.Answer()); !ok || err != nil {
		t.Errorf("%s: its own answer %q is judged wrong (%v)", q.Text, q.Answer(), err)
	}
	if _, err := q.Judge(" "); err == nil {
		t.Errorf("%s: nothing is taken for an answer", q.Text)
	}
	var s quiz.Sheet
	try := s.Put(q)
	for h := try.Hint(); h != ""; h = try.Hint() {
		if len(q.Answer()) > 3 && strings.Contains(h, q.Answer()) {
			t.Errorf("%s: the hint %q gives %q away", q.Text, h, q.Answer())
		}
	}
}

// At any event of any walk: what is asked is answered later, once, and the same
// however much is recorded behind the answer.
func TestAskAnywhere(t *testing.T) {
	for _, name := range scenarios.Names() {
		t.Run(name, func(t *testing.T) {
			_, tr := run(t, name)
			z := quiz.New(tr)
			asked := map[string]int{}
			every := max(tr.Len()/25, 1)
			for seq := uint64(0); seq < tr.Len(); seq += every {
				all := z.Ask(seq)
				for _, q := range all {
					sort, _, _ := strings.Cut(q.ID, "/")
					asked[sort]++
					if q.Answered <= seq || q.After != seq || q.Reason(explain.Newcomer) == "" || q.Points == 0 {
						t.Errorf("after event %d: %+v", seq, q)
					}
					wellFormed(t, q)
				}
				if len(all) == 0 {
					continue
				}
				q := all[0]
				again := quiz.New(upTo(tr, q.Answered)).Ask(seq)
				if len(again) == 0 || again[0].Text != q.Text || !slices.Equal(again[0].Choices, q.Choices) || again[0].Answer() != q.Answer() {
					t.Errorf("after event %d: %q with what follows, without it %v", seq, q.Text, again)
				}
			}
			if len(asked) < 5 || asked["machine"] == 0 || asked["command"]+asked["code"] == 0 {
				t.Errorf("not much is asked: %v", asked)
			}
		})
	}
}

// upTo is a trace that ends with an event.
func upTo(t *trace.Trace, seq uint64) *trace.Trace {
	part := trace.New(t.Header)
	for e := range t.Events(1, seq) {
		c := *e
		part.Append(&c)
		for _, b := range contents(&c) {
			if raw, ok := t.Bodies.Get(b.ID); ok {
				part.Bodies.Put(raw)
			}
		}
	}
	return part
}

func contents(e *trace.Event) []*trace.Content {
	switch b := e.Body.(type) {
	case *trace.MailBody:
		if b.Content != nil {
			return []*trace.Content{b.Content}
		}
	case *trace.LineBody:
		if b.Content != nil {
			return []*trace.Content{b.Content}
		}
	}
	return nil
}

// All sorts of questions come up in the walks.
func TestEverySort(t *testing.T) {
	asked := map[string]string{}
	for _, name := range []string{"attachment", "same-domain", "lossy-link"} {
		_, tr := run(t, name)
		z := quiz.New(tr)
		for seq := range min(tr.Len(), 700) {
			for _, q := range z.Ask(seq) {
				sort, _, _ := strings.Cut(q.ID, "/")
				if asked[sort] == "" {
					asked[sort] = q.Text + " — " + q.Answer()
				}
			}
		}
	}
	for _, sort := range []string{"base64", "machine", "record", "cache", "server", "command", "code", "packets", "flags", "frame", "closes"} {
		if asked[sort] == "" {
			t.Errorf("no question of the sort %s", sort)
		} else {
			t.Logf("%s: %s", sort, asked[sort])
		}
	}
}

func BenchmarkAsk(b *testing.B) {
	sc, err := scenarios.Load("attachment")
	if err != nil {
		b.Fatal(err)
	}
	w, err := sim.New(sc, sim.Options{})
	if err != nil {
		b.Fatal(err)
	}
	for w.Step() {
	}
	z := quiz.New(w.Trace())
	b.Run("ask", func(b *testing.B) {
		for i := range b.N {
			z.Ask(uint64(i) % w.Trace().Len())
		}
	})
	b.Run("marks", func(b *testing.B) {
		for range b.N {
			quiz.NewMarks(sc.Predictions).Grow(w.Trace(), w.Trace().Len())
		}
	})
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
}
