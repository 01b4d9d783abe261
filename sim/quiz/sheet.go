package quiz

import (
	"fmt"
	"slices"
	"strings"

	"mailwalk/sim/explain"
)

// Points is what a question counts that is known at once, unless a walk says
// otherwise. Each hint and each wrong answer takes one off.
const Points = 3

// Outcome is how a question ended.
type Outcome int

// The outcomes.
const (
	Open    Outcome = iota // it has not ended
	Known                  // the right answer was given
	Told                   // the answer was told
	Skipped                // it was left alone
)

// Sheet keeps the score of one run of a walk. The zero Sheet has no questions.
type Sheet struct{ tries []*Try }

// Try is a question that was put.
type Try struct {
	Question *Question
	Outcome  Outcome
	// Hints are those that were given, Wrong the wrong answers.
	Hints []string
	Wrong []string
	// off is how many points are lost.
	off int
}

// Put puts a question.
func (s *Sheet) Put(q *Question) *Try {
	t := &Try{Question: q}
	s.tries = append(s.tries, t)
	return t
}

// Asked tells whether a question was put already.
func (s *Sheet) Asked(id string) bool {
	return slices.ContainsFunc(s.tries, func(t *Try) bool { return t.Question.ID == id })
}

// Worth is what a right answer would count now.
func (t *Try) Worth() int { return max(t.Question.Points-t.off, 0) }

// Points is what the question has brought.
func (t *Try) Points() int {
	if t.Outcome != Known {
		return 0
	}
	return t.Worth()
}

// Hint gives the next hint, which costs a point. It returns nothing when there is
// none, or when the question has ended.
func (t *Try) Hint() string {
	h := t.nextHint()
	if h != "" {
		t.off++
	}
	return h
}

func (t *Try) nextHint() string {
	if t.Outcome != Open || len(t.Hints) == len(t.Question.hints) {
		return ""
	}
	h := t.Question.hints[len(t.Hints)]
	t.Hints = append(t.Hints, h)
	return h
}

// Answer takes an answer. A wrong one costs a point and brings the next hint; when
// nothing is left to be won or to choose from, the answer is told. The error says
// why it is no answer, which costs nothing.
func (t *Try) Answer(answer string) (right bool, err error) {
	if t.Outcome != Open {
		return false, nil
	}
	right, err = t.Question.Judge(answer)
	switch {
	case err != nil:
		return false, err
	case right:
		t.Outcome = Known
		return true, nil
	}
	if i := t.Question.choice(strings.TrimSpace(answer)); t.Question.Kind == Choice {
		answer = t.Question.Choices[i]
	}
	if !slices.Contains(t.Wrong, answer) {
		t.Wrong = append(t.Wrong, answer)
		t.off++
	}
	if t.Worth() == 0 || t.Question.Kind == Choice && len(t.Wrong) == len(t.Question.Choices)-1 {
		t.Tell()
		return false, nil
	}
	t.nextHint()
	return false, nil
}

// Tell ends the question with the answer told.
func (t *Try) Tell() { t.end(Told) }

// Skip ends it and leaves it alone.
func (t *Try) Skip() { t.end(Skipped) }

func (t *Try) end(o Outcome) {
	if t.Outcome == Open {
		t.Outcome = o
	}
}

// Verdict says in a word or two how the question ended; empty as long as it has
// not.
func (t *Try) Verdict() string {
	switch t.Outcome {
	case Known:
		return "Right, " + points(t.Points()) + "."
	case Told:
		if len(t.Wrong) > 0 {
			return "Not so."
		}
		return "Told."
	case Skipped:
		return "Left alone."
	}
	return ""
}

func points(n int) string {
	if n == 1 {
		return "1 point"
	}
	return fmt.Sprintf("%d points", n)
}

// Score is what was won, and what could have been won with the questions that
// have ended.
func (s *Sheet) Score() (won, most int) {
	for _, t := range s.tries {
		if t.Outcome == Known || t.Outcome == Told {
			won += t.Points()
			most += t.Question.Points
		}
	}
	return won, most
}

// Summary is how a run went.
type Summary struct {
	Won, Most int
	// Known are the questions that were known at once, Helped those known after
	// hints or wrong answers, Again those that were told or left alone.
	Known, Helped, Again []*Try
}

// Summary sums up the questions that have ended.
func (s *Sheet) Summary() Summary {
	var sum Summary
	sum.Won, sum.Most = s.Score()
	for _, t := range s.tries {
		switch {
		case t.Outcome == Known && t.off == 0:
			sum.Known = append(sum.Known, t)
		case t.Outcome == Known:
			sum.Helped = append(sum.Helped, t)
		case t.Outcome != Open:
			sum.Again = append(sum.Again, t)
		}
	}
	return sum
}

// Any tells whether there was a question at all.
func (s Summary) Any() bool { return len(s.Known)+len(s.Helped)+len(s.Again) > 0 }

// Headline is the score in a line.
func (s Summary) Headline() string {
	if s.Most == 0 {
		return "No question was answered."
	}
	return fmt.Sprintf("%d of %s: %d known at once, %d with help, %d to look at again.",
		s.Won, points(s.Most), len(s.Known), len(s.Helped), len(s.Again))
}

// Where says where the answer to a question stands.
func (t *Try) Where() string { return "event " + explain.Grouped(int64(t.Question.Answered)) }

// Lines is the summary as plain lines: the score, then what to look at again, with
// the numbers of the events.
func (s Summary) Lines() []string {
	if !s.Any() {
		return nil
	}
	lines := []string{s.Headline()}
	for _, t := range slices.Concat(s.Again, s.Helped) {
		lines = append(lines, t.Where()+": "+t.Question.Text+" "+t.Question.told())
	}
	return lines
}

// told is the answer as a sentence.
func (q *Question) told() string {
	a := q.Answer()
	if a == "" {
		return a
	}
	a = strings.ToUpper(a[:1]) + a[1:]
	if q.Kind == Code || q.Kind == Host || q.Kind == Word {
		a = q.Answer()
	}
	return strings.TrimSuffix(a, ".") + "."
}
