package sim

import (
	"strings"
	"testing"
	"time"

	"mailwalk/sim/trace"
)

// keyOfLine is the key of the first event that a selector picks in first-letter, as
// it goes when nobody interferes.
func keyOfLine(t *testing.T, selector string) (key string, seq uint64) {
	t.Helper()
	s := trace.MustSelector(selector)
	for e := range runWalk(t, "first-letter", Options{}).Trace().All() {
		if s.Match(e) {
			return e.Key, e.Seq
		}
	}
	t.Fatalf("no %s", selector)
	return "", 0
}

const verdict = "line.sent service=smtp verb=DATA code=250"

// TestLineActs: a learner's hands on a line that is known from an earlier run, and the
// same again from the recording.
func TestLineActs(t *testing.T) {
	said, at := keyOfLine(t, verdict)
	heard, _ := keyOfLine(t, "line.received service=smtp verb=RCPT role=command")
	steps := func(w *World, n int) {
		for range n {
			w.Step()
		}
	}
	act := func(what, key string) Act { return Act{By: Learner, What: what, Target: Line(key)} }
	for _, x := range []struct {
		name  string
		acts  []Act
		then  func(t *testing.T, w *World) // when it is due
		count map[string]int
	}{
		{"drop", []Act{act(DropLine, said)}, nil, map[string]int{"act.drop-line": 1, `line.dropped why~learner`: 1, "mail.stored": 2}},
		{"delay", []Act{{By: Learner, What: DelayLine, Target: Line(said), Delay: 3 * time.Second}}, nil, map[string]int{"line.delayed": 1, verdict + " at>3s": 1, "mail.stored": 1}},
		{"duplicate", []Act{act(DuplicateLine, said)}, nil, map[string]int{"line.duplicated": 1, verdict: 2}},
		{"corrupt", []Act{act(CorruptLine, said)}, nil, map[string]int{"line.corrupted": 1, `line.sent meant~"250 2.0.0 queued"`: 1}},
		{"answer", []Act{{By: Learner, What: AnswerLine, Target: Line(said), Input: []byte("452 4.3.1 full")}}, nil, map[string]int{"line.replaced": 1, "mail.stored": 2}},
		{"answer a command", []Act{{By: Learner, What: AnswerLine, Target: Line(heard), Input: []byte("451 4.3.0 later\r\n")}}, nil, map[string]int{"line.answered": 1, "mail.stored": 1, "mail.deferred": 1}},
		{"two things", []Act{act(DuplicateLine, said), {By: Learner, What: DelayLine, Target: Line(said), Delay: time.Second}}, nil, map[string]int{"line.delayed": 1, "line.duplicated": 1, verdict + " at>1s": 2}},
		{"hold and let go before", []Act{act(HoldLine, said), act(ReleaseLine, said)}, nil, map[string]int{"line.held": 0, verdict: 1}},
		{"hold and let go", []Act{act(HoldLine, said)}, func(t *testing.T, w *World) {
			if held := w.Held(); len(held) != 1 || held[0] != said {
				t.Errorf("held are %q", held)
			}
			steps(w, 3)
			if err := w.Do(act(HoldLine, said)); err == nil {
				t.Error("it can be held twice")
			}
			if err := w.Do(act(ReleaseLine, said)); err != nil {
				t.Error(err)
			}
		}, map[string]int{"line.held": 1, "act.release-line": 1, verdict: 1}},
		{"hold and drop", []Act{act(HoldLine, said)}, func(t *testing.T, w *World) {
			if err := w.Do(act(DropLine, said)); err != nil {
				t.Error(err)
			}
		}, map[string]int{"line.held": 1, "line.dropped": 1, "mail.stored": 2}},
		{"hold and delay", []Act{act(HoldLine, said)}, func(t *testing.T, w *World) {
			if err := w.Do(Act{By: Learner, What: DelayLine, Target: Line(said), Delay: 2 * time.Second}); err != nil {
				t.Error(err)
			}
		}, map[string]int{"line.held": 1, "line.delayed": 1, verdict + " at>2s": 1}},
		{"hold for ever", []Act{act(HoldLine, said)}, nil, map[string]int{"line.held": 1, verdict: 1, "mail.deferred": 1, "mail.stored": 2}},
		{"hold, and the power goes", []Act{act(HoldLine, said)}, func(t *testing.T, w *World) {
			if err := w.Do(Act{By: Learner, What: SwitchOff, Target: "mail.globex.test"}); err != nil {
				t.Error(err)
			}
			steps(w, 30)
			if held := w.Held(); len(held) != 0 {
				t.Errorf("held are %q", held)
			}
		}, map[string]int{"line.held": 1, verdict: 0}},
	} {
		t.Run(x.name, func(t *testing.T) {
			w := newWorld(t, "first-letter")
			for w.Trace().Len() < at/2 {
				w.Step()
			}
			for _, a := range x.acts {
				if err := w.Do(a); err != nil {
					t.Fatal(err)
				}
			}
			if x.then != nil {
				for len(w.Held()) == 0 {
					if !w.Step() {
						t.Fatal("nothing is held")
					}
				}
				x.then(t, w)
			}
			run(w)
			for selector, want := range x.count {
				if got := times(w.Trace(), selector); got != want {
					t.Errorf("%s: %d times, want %d", selector, got, want)
				}
			}
			again, err := Again(w.Trace(), "")
			if err != nil {
				t.Fatal(err)
			}
			run(again)
			if fingerprint(t, again.Trace()) != fingerprint(t, w.Trace()) {
				t.Error("done again at its place, it is not the same run")
			}
			if err := again.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func newWorld(t *testing.T, walk string) *World {
	t.Helper()
	w, err := New(loaded(t, walk), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// TestLineActsRefused: what cannot be done to a line says why, and changes nothing.
func TestLineActsRefused(t *testing.T) {
	said, _ := keyOfLine(t, verdict)
	command, _ := keyOfLine(t, "line.sent service=smtp verb=RCPT role=command")
	heard, _ := keyOfLine(t, "line.received service=smtp verb=RCPT role=command")
	w := newWorld(t, "first-letter")
	for _, x := range []struct {
		act Act
		why string
	}{
		{Act{What: DropLine, Target: "frame 3"}, "it is no line"},
		{Act{What: DropLine, Target: Line("packet/sent/x")}, "it is no line"},
		{Act{What: DropLine, Target: Line(heard)}, "before it is said"},
		{Act{What: ReleaseLine, Target: Line(said)}, "it is not held"},
		{Act{What: DelayLine, Target: Line(said)}, "how much later"},
		{Act{What: AnswerLine, Target: Line(said)}, "no empty line"},
		{Act{What: AnswerLine, Target: Line(said), Input: []byte("250 a\n\n250 b")}, "no empty line"},
		{Act{What: AnswerLine, Target: Line(said), Input: []byte("250 caf\xe9")}, "printable ASCII"},
		{Act{What: AnswerLine, Target: Line(said), Input: []byte(strings.Repeat("a", 511))}, "511 octets long"},
		{Act{What: AnswerLine, Target: Line(command), Input: []byte("250 a")}, "only what a server says"},
	} {
		x.act.By = Learner
		if err := w.Do(x.act); err == nil || !strings.Contains(err.Error(), x.why) {
			t.Errorf("%s %s: %v, want %s", x.act.What, x.act.Target, err, x.why)
		}
	}
	run(w)
	if n := times(w.Trace(), "act by=learner"); n != 0 {
		t.Errorf("%d acts are recorded", n)
	}
	if err := w.Do(Act{By: Learner, What: DropLine, Target: Line(said)}); err == nil || !strings.Contains(err.Error(), "too late") {
		t.Errorf("what was said is dropped: %v", err)
	}
}
