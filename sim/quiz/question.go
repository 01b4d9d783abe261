// Package quiz asks before it is shown: questions about what comes next in a walk,
// whose answers are read off the trace.
//
// A question is made once the event that answers it has been recorded, and is put
// before that event is shown. [Marks] are the questions that a walk brings along;
// [Quiz.Ask] makes others, at any event. A [Sheet] puts questions, gives hints,
// judges answers and keeps the score. Nothing here draws or waits: a screen and a
// page of plain lines put the same questions.
package quiz

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mailwalk/sim/explain"
)

// Kind is what a question is answered with.
type Kind int

// The kinds.
const (
	Choice Kind = iota // one of several, by its letter, its number or its words
	Number             // digits
	Host               // a machine's name
	Code               // a reply code
	Word               // a word
)

// Question is one question with its answer, which it gives away only when it is
// asked to.
type Question struct {
	// ID names the question: the same in another run where the same is asked.
	ID string
	// After is the last event that may be shown when the question is put, and
	// Answered the one that answers it: it must not be shown before.
	After, Answered uint64
	Kind            Kind
	// Text is the question, in one line.
	Text string
	// Choices are what there is to choose from, in the order in which it is shown.
	Choices []string
	// Points are what it counts when it is known at once.
	Points int

	hints []string
	// right is what is right; the first is told, the others are other forms of it.
	right []string
	// within is how far off a number may be, in parts of 1,000.
	within int
	reason string
	why    explain.Explanation
}

// Hints is how many hints there are.
func (q *Question) Hints() int { return len(q.hints) }

// Answer is what is right.
func (q *Question) Answer() string { return q.right[0] }

// Letter is the letter of a choice: a for the first.
func Letter(i int) string { return string(rune('a' + i)) }

// Choice is the index of the choice that an answer means, -1 for none.
func (q *Question) choice(answer string) int {
	if len(answer) == 1 {
		switch c := answer[0] | 0x20; { // small and capital letters alike
		case answer[0] >= '1' && answer[0] <= '9':
			return q.there(int(answer[0] - '1'))
		case c >= 'a' && c <= 'z':
			return q.there(int(c - 'a'))
		}
	}
	return slices.IndexFunc(q.Choices, func(c string) bool { return strings.EqualFold(c, answer) })
}

func (q *Question) there(i int) int {
	if i < len(q.Choices) {
		return i
	}
	return -1
}

// Problems of an answer that is none.
var (
	ErrNoAnswer = errors.New("there is no answer yet")
	ErrNoChoice = errors.New("that is none of the choices")
	ErrNoNumber = errors.New("write a number in digits")
)

// Judge tells whether an answer is right. The error says why it is no answer at
// all: it is one of those above.
func (q *Question) Judge(answer string) (right bool, err error) {
	answer = strings.TrimSpace(answer)
	if answer == "" {
		return false, ErrNoAnswer
	}
	switch q.Kind {
	case Choice:
		i := q.choice(answer)
		if i < 0 {
			return false, fmt.Errorf("%w: write a letter from a to %s", ErrNoChoice, Letter(len(q.Choices)-1))
		}
		return q.Choices[i] == q.right[0], nil
	case Number:
		n, ok := number(answer)
		if !ok {
			return false, ErrNoNumber
		}
		want, _ := number(q.right[0])
		return n-want <= want*int64(q.within)/1000 && want-n <= want*int64(q.within)/1000, nil
	}
	answer = q.form(answer)
	return slices.ContainsFunc(q.right, func(r string) bool { return q.form(r) == answer }), nil
}

// number reads digits, with or without commas between thousands.
func number(text string) (int64, bool) {
	n, err := strconv.ParseInt(strings.NewReplacer(",", "", " ", "", "'", "").Replace(text), 10, 32)
	return n, err == nil
}

// form takes off what an answer may have or leave out.
func (q *Question) form(text string) string {
	text = strings.ToLower(strings.Join(strings.Fields(text), " "))
	switch q.Kind {
	case Host:
		text = strings.TrimSuffix(text, ".")
	case Code:
		text = strings.TrimLeft(text, "+-") // +OK and -ERR differ without their signs too
	}
	return text
}

// Prompt says how the question is answered.
func (q *Question) Prompt() string {
	switch q.Kind {
	case Choice:
		return "a letter from a to " + Letter(len(q.Choices)-1)
	case Number:
		if q.within > 0 {
			return "a number, about"
		}
		return "a number"
	case Host:
		return "the name of a machine"
	case Code:
		return "a reply code"
	}
	return "a word"
}

// Reason says why the answer is right, for somebody of a depth.
func (q *Question) Reason(d explain.Depth) string {
	if q.reason != "" {
		return q.reason
	}
	return q.why.Why(d)
}

// Refs are where the standards say so.
func (q *Question) Refs() []explain.Ref { return q.why.Refs }
