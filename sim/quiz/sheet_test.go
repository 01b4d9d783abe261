package quiz

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestJudge(t *testing.T) {
	choice := &Question{Kind: Choice, Choices: []string{"one", "two", "three"}, right: []string{"two"}}
	number := &Question{Kind: Number, right: []string{"1460"}, within: 50}
	exact := &Question{Kind: Number, right: []string{"0"}}
	host := &Question{Kind: Host, right: []string{"mail.globex.test"}}
	code := &Question{Kind: Code, right: []string{"+OK"}}
	word := &Question{Kind: Word, right: []string{"USER", "log in"}}
	for _, c := range []struct {
		q      *Question
		answer string
		right  bool
		err    error
	}{
		{choice, "b", true, nil}, {choice, "B", true, nil}, {choice, "2", true, nil}, {choice, " two ", true, nil}, {choice, "a", false, nil},
		{choice, "d", false, ErrNoChoice}, {choice, "4", false, ErrNoChoice}, {choice, "0", false, ErrNoChoice}, {choice, "é", false, ErrNoChoice}, {choice, "", false, ErrNoAnswer},
		{number, "1460", true, nil}, {number, "1,460", true, nil}, {number, "1533", true, nil}, {number, "1534", false, nil}, {number, "1387", true, nil}, {number, "1386", false, nil},
		{number, "about 1460", false, ErrNoNumber}, {exact, "0", true, nil}, {exact, "1", false, nil}, {exact, "-1", false, nil},
		{host, "Mail.Globex.test.", true, nil}, {host, "globex.test", false, nil},
		{code, "ok", true, nil}, {code, "+OK", true, nil}, {code, "-ERR", false, nil},
		{word, "user", true, nil}, {word, "LOG  IN", true, nil}, {word, "pass", false, nil}, {word, "  ", false, ErrNoAnswer},
	} {
		if right, err := c.q.Judge(c.answer); right != c.right || !errors.Is(err, c.err) {
			t.Errorf("%v %q is judged %t, %v; want %t, %v", c.q.right, c.answer, right, err, c.right, c.err)
		}
	}
}

func TestScore(t *testing.T) {
	q := func(id string) *Question {
		return &Question{ID: id, Kind: Number, Text: "How many?", right: []string{"7"}, hints: []string{"more than 6", "less than 8"}, Points: Points, Answered: 1042}
	}
	var s Sheet
	if s.Summary().Any() || s.Summary().Lines() != nil {
		t.Error("an empty sheet says something")
	}
	atOnce, oneHint, twoHints, wrong, told, skipped := s.Put(q("1")), s.Put(q("2")), s.Put(q("3")), s.Put(q("4")), s.Put(q("5")), s.Put(q("6"))
	answer := func(try *Try, text string) {
		t.Helper()
		if _, err := try.Answer(text); err != nil {
			t.Error(err)
		}
	}
	answer(atOnce, "7")
	oneHint.Hint()
	answer(oneHint, "7")
	twoHints.Hint()
	twoHints.Hint()
	if h := twoHints.Hint(); h != "" || twoHints.Worth() != 1 {
		t.Errorf("a third hint %q, worth %d", h, twoHints.Worth())
	}
	answer(twoHints, "7")
	if _, err := wrong.Answer("seven"); err == nil || wrong.Worth() != 3 {
		t.Errorf("what is no answer costs something: worth %d, %v", wrong.Worth(), err)
	}
	answer(wrong, "5")
	answer(wrong, "5")
	if wrong.Worth() != 2 || !slices.Equal(wrong.Hints, []string{"more than 6", "less than 8"}) {
		t.Errorf("worth %d after the same wrong answer twice, hints %q", wrong.Worth(), wrong.Hints)
	}
	answer(wrong, "6")
	answer(wrong, "8")
	if wrong.Outcome != Told || wrong.Points() != 0 {
		t.Errorf("after three wrong answers: %d, %d points", wrong.Outcome, wrong.Points())
	}
	answer(wrong, "7")
	told.Tell()
	skipped.Skip()
	told.Skip()
	for try, want := range map[*Try]int{atOnce: 3, oneHint: 2, twoHints: 1, wrong: 0, told: 0, skipped: 0} {
		if try.Points() != want {
			t.Errorf("question %s: %d points, want %d", try.Question.ID, try.Points(), want)
		}
	}
	if told.Outcome != Told || !s.Asked("6") || s.Asked("7") {
		t.Error("what was asked, and how it ended")
	}
	sum := s.Summary()
	want := "6 of 15 points: 1 known at once, 2 with help, 3 to look at again."
	if lines := sum.Lines(); lines[0] != want || len(lines) != 6 || lines[1] != "event 1,042: How many? 7." {
		t.Errorf("the summary is\n%s", strings.Join(lines, "\n"))
	}
}

// When all choices but one are ruled out, the answer is told.
func TestTheLastChoiceIsTold(t *testing.T) {
	var s Sheet
	try := s.Put(&Question{Kind: Choice, Choices: []string{"yes", "no"}, right: []string{"no"}, Points: Points})
	if right, err := try.Answer("a"); right || err != nil || try.Outcome != Told || try.Verdict() != "Not so." {
		t.Errorf("%t, %v, %d, %s", right, err, try.Outcome, try.Verdict())
	}
}
