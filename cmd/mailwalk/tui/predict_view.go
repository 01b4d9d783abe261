package tui

import (
	"slices"
	"strconv"

	"charm.land/lipgloss/v2"

	"mailwalk/sim/explain"
	"mailwalk/sim/quiz"
)

// questionPage is the question that is open, or how it went.
func (m *Model) questionPage(width int) *page {
	p := &page{stage: m.stage, width: width}
	if m.predicting.summing {
		p.summary(m.predicting.sheet.Summary())
		return p
	}
	p.question(&m.predicting)
	return p
}

func (p *page) question(o *predicting) {
	try := o.try
	q := try.Question
	p.text(p.theme.strong, q.Text)
	if q.Kind == quiz.Choice {
		for i, c := range q.Choices {
			p.choice(o, i, c)
		}
	} else if !o.ended() {
		p.add(line{{"Answer: ", p.theme.key}, {string(o.typed), p.theme.strong}, {"_", p.theme.key}, {"  " + q.Prompt(), p.theme.dim}})
	}
	for _, w := range try.Wrong {
		if q.Kind != quiz.Choice {
			p.add(line{{p.glyphs.fault + " not " + w, p.theme.fault}})
		}
	}
	for i, h := range try.Hints {
		p.marked(p.theme.note, p.glyphs.bar, "Hint "+strconv.Itoa(i+1)+":", h)
	}
	if o.problem != "" {
		p.text(p.theme.warning, o.problem)
	}
	if o.ended() {
		p.blank()
		p.ending(try)
	}
}

// choice is one of the choices, with a sign and a word when something is known of
// it.
func (p *page) choice(o *predicting, i int, says string) {
	try := o.try
	style, sign, word := p.theme.text, " ", ""
	switch {
	case o.ended() && says == try.Question.Answer():
		style, sign, word = p.theme.good, p.glyphs.right, "  this is so"
	case slices.Contains(try.Wrong, says):
		style, sign, word = p.theme.later, p.glyphs.fault, "  not so"
	case o.ended():
		style = p.theme.dim
	case i == o.at:
		sign = p.glyphs.tip
	}
	for n, r := range wrap(says+word, p.width-8) {
		l := line{{sign + " ", style}, {quiz.Letter(i) + "  ", p.theme.key}, {r, style}}
		if n > 0 {
			l = line{{"     ", style}, {r, style}}
		}
		p.add(l)
	}
}

// marked sets words behind a sign, the first of them apart. A bar goes on beside
// all rows.
func (p *page) marked(style lipgloss.Style, sign, first, rest string) {
	for i, r := range wrap(first+" "+rest, p.width-4) {
		if i > 0 && sign != p.glyphs.bar {
			sign = " "
		}
		l := line{{sign + " ", style}}
		if i == 0 && len(r) >= len(first) {
			l = append(l, span{first, style}, span{r[len(first):], p.theme.text})
		} else {
			l = append(l, span{r, p.theme.text})
		}
		p.add(l)
	}
}

// ending says whether it was right, what is, and why.
func (p *page) ending(try *quiz.Try) {
	q := try.Question
	style, sign := p.theme.good, p.glyphs.right
	if try.Outcome != quiz.Known {
		style, sign = p.theme.warning, p.glyphs.fault
	}
	verdict := try.Verdict()
	if q.Kind != quiz.Choice || try.Outcome != quiz.Known {
		verdict += " The answer: " + q.Answer() + "."
	}
	p.text(style, sign+" "+verdict)
	p.text(p.theme.text, q.Reason(p.depth))
	from := "event " + explain.Grouped(int64(q.Answered)) + " shows it"
	for _, r := range q.Refs()[:min(len(q.Refs()), 2)] {
		from += " " + p.glyphs.dot + " " + r.String()
	}
	p.text(p.theme.dim, from)
}

// summary says how the questions of a run went, and what to look at again.
func (p *page) summary(s quiz.Summary) {
	p.text(p.theme.strong, s.Headline())
	again := slices.Concat(s.Again, s.Helped)
	if len(again) == 0 {
		p.text(p.theme.good, p.glyphs.right+" All of it was known at once.")
		return
	}
	p.heading("To look at again")
	for _, t := range again {
		style, sign := p.theme.warning, p.glyphs.fault
		if t.Outcome == quiz.Known {
			style, sign = p.theme.good, p.glyphs.right
		}
		p.marked(style, sign, t.Where()+":", t.Question.Text)
		p.add(line{{"  " + t.Question.Answer(), p.theme.dim}})
	}
}

const (
	questionLeast = 5   // rows of the panes above a question, or else there are none
	storyAlone    = 14  // below so many rows the story alone is above a question
	scoreWidth    = 72  // width from which the title bar has the score
	questionWidth = 100 // widest row of the box
)

// questionRows is how many rows the box wants, 0 when it does not show.
func (m *Model) questionRows() int {
	if !m.predicting.open() {
		return 0
	}
	return len(m.questionPage(m.questionInner()).rows) + 2
}

// questionInner is the cells of a row in the box.
func (m *Model) questionInner() int { return min(m.width-2, questionWidth) }

// drawQuestion draws the box, in the middle of its part of the screen.
func (m *Model) drawQuestion(r rect) []string {
	o := &m.predicting
	p := m.questionPage(m.questionInner())
	rows := o.scroll.draw(p, r.h-2)
	title, aside := "a question", ""
	switch {
	case o.summing:
		title = "how it went"
	case !o.ended():
		aside = "worth " + strconv.Itoa(o.try.Worth())
		if left := o.try.Question.Hints() - len(o.try.Hints); left > 0 {
			aside += ", hints left: " + strconv.Itoa(left)
		}
	}
	b := m.box(title, aside, o.scroll.rest(&m.glyphs), true)
	b.border = m.theme.note
	box := b.render(p.width+2, r.h, rows)
	left := (r.w - p.width - 2) / 2
	for i := range box {
		box[i] = fill(line{}.render(left, m.theme.text, "")+box[i], r.w)
	}
	return box
}

// questionFooter is the keys that answer.
func (m *Model) questionFooter(width int) string {
	o := &m.predicting
	l := line{{" ", m.theme.text}}
	for _, b := range m.answering {
		if b.short == "" || (o.summing || o.ended()) != (b.group == ending) {
			continue
		}
		show := b.show
		if b.group == choosing && o.try.Question.Kind != quiz.Choice {
			continue
		}
		if b.group == choosing {
			show = "a-" + quiz.Letter(len(o.try.Question.Choices)-1)
		}
		next := append(l, m.hint(binding{show: show, short: b.short, not: b.not})...)
		if next.width() > width {
			break
		}
		l = next
	}
	return l.render(width, m.theme.text, m.glyphs.more)
}
