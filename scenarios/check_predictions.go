package scenarios

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mailwalk/sim/trace"
)

// Limits of a question: the choices have letters of their own, and hints and
// answers fit on a screen.
const (
	mostChoices = 8
	mostPoints  = 10
)

func (c *checker) predictions() {
	for i, p := range c.s.Predictions {
		field := fmt.Sprintf("predictions[%d]", i)
		c.selector(field+".before", p.Before)
		c.selector(field+".after", p.After)
		c.selector(field+".counts", p.Counts)
		if p.Counts.Counted() {
			c.fail(field+".counts", "leave nth out", "nth has no meaning in counts")
		}
		if p.Points < 1 || p.Points > mostPoints {
			c.fail(field+".points", fmt.Sprintf("write a number from 1 to %d", mostPoints), "%d points cannot be won", p.Points)
		}
		c.answerFits(field, p)
		if p.Kind == ChoiceAnswer {
			c.choices(field, p)
			continue
		}
		c.answer(field, p)
	}
}

// answerFits checks that the question has what its kind needs, and no more.
func (c *checker) answerFits(field string, p *Prediction) {
	takes := map[AnswerKind][]string{
		ChoiceAnswer: {"choices"},
		NumberAnswer: {"field", "counts", "within"},
		HostAnswer:   {"field"},
		CodeAnswer:   {"field"},
		WordAnswer:   {"field", "also"},
	}[p.Kind]
	for _, f := range []string{"choices", "field", "counts", "within", "also"} {
		if c.given(join(field, f)) && !slices.Contains(takes, f) {
			remedy := "leave it out"
			if f == "choices" {
				remedy = "leave out kind, or the choices"
			}
			c.fail(join(field, f), remedy, "a question for a %s has no %s", p.Kind, f)
		}
	}
}

func (c *checker) choices(field string, p *Prediction) {
	switch n := len(p.Choices); {
	case n == 0 && !c.given(field+".choices"):
		c.fail(field, "write choices, or kind: number, host, code or word", "there is nothing to choose")
		return
	case n < 2:
		c.fail(field+".choices", "write two or more", "there is nothing to choose")
		return
	case n > mostChoices:
		c.fail(field+".choices", fmt.Sprintf("write %d at most", mostChoices), "%d are too many to choose from", n)
	}
	var right *Choice
	proved := false
	for i, o := range p.Choices {
		where := fmt.Sprintf("%s.choices[%d]", field, i)
		if slices.ContainsFunc(p.Choices[:i], func(other *Choice) bool { return other.Says == o.Says }) {
			c.fail(where, "leave one out", "%q stands here twice", o.Says)
		}
		if o.Says == p.Answer {
			right = o
		}
		if o.When.IsZero() {
			continue
		}
		proved = true
		c.selector(where+".when", o.When)
		if o.When.Counted() {
			c.fail(where+".when", "leave nth out", "nth has no meaning in when")
		}
		if a, b := o.When.Kind(), p.Before.Kind(); a != "" && b != "" && a != b {
			c.fail(where+".when", "begin it with "+string(b), "the event that answers is of kind %s, and never of kind %s", b, a)
		}
	}
	switch {
	case right == nil:
		c.fail(field+".answer", "write one of them, word for word", "the answer is none of the choices")
	case proved && right.When.IsZero():
		c.fail(field+".answer", "write when: for it too", "other choices say when they are right, and this one does not")
	}
}

// answer checks a question that is answered in one's own words.
func (c *checker) answer(field string, p *Prediction) {
	if p.Field == "" && p.Counts.IsZero() {
		p.Field = map[AnswerKind]string{HostAnswer: "host", CodeAnswer: "code"}[p.Kind]
	}
	if p.Field != "" && !p.Counts.IsZero() {
		c.fail(field+".counts", "choose one", "field and counts stand together")
	}
	if k := p.Before.Kind(); p.Field != "" && !trace.HasField(k, p.Field) {
		where := field + ".field"
		if !c.given(where) {
			where = field + ".before"
		}
		text := fmt.Sprintf("events of kind %s have no field %s", k, p.Field)
		if k == "" {
			text = fmt.Sprintf("not every event has a field %s", p.Field)
		}
		c.fail(where, meant(p.Field, trace.FieldNames(k)), "%s", text)
	}
	switch p.Kind {
	case NumberAnswer:
		if p.Field == "" && p.Counts.IsZero() {
			c.fail(field, "write field: or counts:", "it does not say where the number stands")
		}
		if _, err := strconv.ParseInt(p.Answer, 10, 64); err != nil {
			c.fail(field+".answer", "write digits alone, as in 1460", "%q is no number", p.Answer)
		}
	case HostAnswer:
		machines := slices.Concat(keys(c.s.Hosts), keys(c.s.Routers))
		if !slices.Contains(machines, p.Answer) {
			c.fail(field+".answer", meant(p.Answer, machines), "no machine is called %s", p.Answer)
		}
	case CodeAnswer, WordAnswer:
		if strings.TrimSpace(p.Answer) != p.Answer || p.Answer == "" {
			c.fail(field+".answer", "leave out the spaces around it", "%q cannot be typed", p.Answer)
		}
	}
}
