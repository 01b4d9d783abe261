package scenarios

import (
	"slices"

	"mailwalk/sim/trace"
)

// Prediction is a question put to the learner before the answer can be seen. What
// is right is read off the run: from the event that answers, or from how often
// something happens until then.
type Prediction struct {
	Pos Position `yaml:"-"`
	// The event that answers the question, which is put before that event is shown; nth=2 at its end means the second time.
	Before trace.Selector `yaml:"before,required"`
	// The event behind which the question is put already, as soon as it has been shown; before and counts then begin behind it. Default: the question is put as late as can be.
	After trace.Selector `yaml:"after"`
	// The question.
	Ask string `yaml:"ask,required"`
	// What is answered: one of the choices, a number, a host's name, a reply code, or a word.
	Kind AnswerKind `yaml:"kind" default:"choice"`
	// What to choose from, in the order in which it is shown; two to eight.
	Choices []*Choice `yaml:"choices"`
	// What is right in the walk as it is written: a choice word for word, a number, a name, a code, a word.
	Answer string `yaml:"answer,required"`
	// For a word: other forms of it that are right too. Small and capital letters are the same in any case.
	Also []string `yaml:"also"`
	// For anything but a choice: the field of the event in which the answer stands. Default for a host: host; for a code: code.
	Field string `yaml:"field"`
	// For a number: the answer is how many of these events there are up to the one that answers, and with it.
	Counts trace.Selector `yaml:"counts"`
	// For a number: how far off an answer may be and still be right.
	Within Share `yaml:"within" default:"0%"`
	// Help, little by little: from vague to near.
	Hints []string `yaml:"hints"`
	// Why the answer is right.
	Reason string `yaml:"reason,required"`
	// What it counts when it is known at once; each hint and each wrong answer takes one off.
	Points int `yaml:"points" default:"3"`
}

// Choice is one of several answers. A single value is what it says.
type Choice struct {
	Pos Position `yaml:"-"`
	// What can be chosen.
	Says string `yaml:"says,required,alone"`
	// When it is right: a selector that the event that answers must match. A choice without it is wrong where others have one.
	When trace.Selector `yaml:"when"`
}

// AnswerKind is what a question is answered with.
type AnswerKind string

// The kinds of answers.
const (
	ChoiceAnswer AnswerKind = "choice"
	NumberAnswer AnswerKind = "number"
	HostAnswer   AnswerKind = "host"
	CodeAnswer   AnswerKind = "code"
	WordAnswer   AnswerKind = "word"
)

func (AnswerKind) values() []string {
	return []string{string(ChoiceAnswer), string(NumberAnswer), string(HostAnswer), string(CodeAnswer), string(WordAnswer)}
}

// Provable tells whether what is right is read off the run, and not only said by
// the walk.
func (p *Prediction) Provable() bool {
	if p.Kind == ChoiceAnswer {
		for _, c := range p.Choices {
			if !c.When.IsZero() {
				return true
			}
		}
		return false
	}
	return p.Field != "" || !p.Counts.IsZero()
}

// Questions are the walk's predictions; those that are about packets are left out
// where no packets are seen, as on the machine's own loopback interface.
func (s *Scenario) Questions(withoutPackets bool) []*Prediction {
	return slices.DeleteFunc(slices.Clone(s.Predictions), func(p *Prediction) bool { return withoutPackets && p.NeedsPackets() })
}

// NeedsPackets tells whether a question is about packets: on the machine's own
// loopback interface there are none.
func (p *Prediction) NeedsPackets() bool {
	return p.Before.Kind() == trace.Packet || p.After.Kind() == trace.Packet || p.Counts.Kind() == trace.Packet
}
