package plain

import (
	"slices"
	"strconv"
	"strings"

	"mailwalk/sim/quiz"
)

// asking puts questions before their answers are told. The answer to a question
// has been run when it is put; only the quiz looks that far.
type asking struct {
	marks *quiz.Marks
	quiz  *quiz.Quiz // nil until somebody asks for a question
	sheet quiz.Sheet
	// loud tells that the walk's own questions are put.
	loud bool
	// try is the question that is open, nil for none; held goes on with what it
	// stands before, nil for nothing.
	try  *quiz.Try
	held func()
}

// startAsking begins to look for the places at which the walk asks.
func (s *stepper) startAsking() {
	s.marks, s.quiz = quiz.NewMarks(s.o.Predictions), nil
}

// standsBefore puts the question that stands before the next event, if there is
// one.
func (s *stepper) standsBefore() bool {
	if !s.loud || !s.comes() {
		return false
	}
	s.marks.Grow(s.trace, s.trace.Len())
	for due := s.marks.Due(s.taken, s.taken+1); due != nil; due = s.marks.Due(s.taken, s.taken+1) {
		for !due.Ready() && s.ctx.Err() == nil && s.world.Step() {
			s.marks.Grow(s.trace, s.trace.Len())
		}
		due.Put()
		// There is none when this run is another than the walk has thought of.
		if q := due.Question(); q != nil && !s.sheet.Asked(q.ID) {
			s.put(q)
			return true
		}
	}
	return false
}

func (s *stepper) put(q *quiz.Question) {
	s.p.settle()
	s.try = s.sheet.Put(q)
	s.out.blank()
	s.question()
}

// question says the open question once more.
func (s *stepper) question() {
	q := s.try.Question
	s.say("question: " + q.Text)
	for i, c := range q.Choices {
		s.item(quiz.Letter(i) + ": " + c)
	}
	for _, h := range s.try.Hints {
		s.item("hint: " + h)
	}
	s.say("Answer with " + q.Prompt() + "; or hint, tell, skip. It counts " + plural(s.try.Worth(), "point", "points") + ".")
}

// answered takes a line for the open question; false when it is a command and not
// an answer.
func (s *stepper) answered(line string) bool {
	t, typed := s.try, strings.TrimSpace(line)
	text, meant := strings.CutPrefix(typed, "answer ")
	switch typed {
	case "":
		s.question()
		return true
	case "hint", "?":
		if h := t.Hint(); h != "" {
			s.say("hint: " + h)
		} else {
			s.say("There is no more hint. tell tells the answer.")
		}
		return true
	case "tell":
		t.Tell()
	case "skip", "esc":
		t.Skip()
	default:
		_, err := t.Question.Judge(text)
		// A choice and a number are plain; another answer may be called like a command.
		plain := err == nil && (t.Question.Kind == quiz.Choice || t.Question.Kind == quiz.Number)
		if !meant && !plain {
			if c, _, reason := s.commands.parse(line); reason == "" {
				if c.goes {
					t.Skip()
					s.close()
				}
				return false
			}
		}
		hints := len(t.Hints)
		right, err := t.Answer(text)
		switch {
		case err != nil:
			s.say("That is no answer: " + err.Error() + ". hint gives a hint, tell the answer, skip leaves it alone.")
			return true
		case !right && t.Outcome == quiz.Open:
			s.say("Not so. It still counts " + plural(t.Worth(), "point", "points") + ".")
			for _, h := range t.Hints[hints:] {
				s.say("hint: " + h)
			}
			return true
		}
	}
	held := s.held
	s.close()
	if held != nil {
		held()
	}
	return true
}

// close says how the open question has ended.
func (s *stepper) close() {
	t := s.try
	s.try, s.held = nil, nil
	s.say(t.Verdict())
	if t.Outcome == quiz.Skipped {
		return
	}
	q := t.Question
	s.say("answer: " + q.Answer())
	s.say("why: " + s.p.worded(q.Reason(s.p.o.Depth)))
	if won, most := s.sheet.Score(); most > 0 {
		s.say("score: " + strconv.Itoa(won) + " of " + plural(most, "point", "points"))
	}
	s.out.blank()
}

// ask puts a question about what comes next.
func (s *stepper) ask(string) string {
	switch {
	case s.past():
		return "What comes next has been told already. present goes to the present."
	case s.over && s.taken == s.trace.Len():
		return "The walk is over: nothing comes that could be asked about. score tells how it went."
	}
	if s.quiz == nil {
		s.quiz = quiz.New(s.trace)
	}
	for s.ctx.Err() == nil {
		all := s.quiz.Ask(s.now)
		if i := slices.IndexFunc(all, func(q *quiz.Question) bool { return !s.sheet.Asked(q.ID) }); i >= 0 {
			s.put(all[i])
			return ""
		}
		if s.trace.Len() >= s.now+quiz.Window || !s.world.Step() {
			return "There is nothing more to ask about what comes next. An empty line goes on."
		}
	}
	return ""
}

// questions has the walk put its questions, or not.
func (s *stepper) questions(string) string {
	if s.loud = !s.loud; s.loud {
		return "The walk puts its questions. questions again has it stop."
	}
	return "The walk puts no questions any more. ask puts one; questions again has it begin."
}

// score says how the questions went.
func (s *stepper) score(string) string {
	sum := s.sheet.Summary()
	if !sum.Any() {
		return "No question has been put yet. ask puts one about what comes next."
	}
	for _, l := range sum.Lines() {
		s.say(l)
	}
	return ""
}
