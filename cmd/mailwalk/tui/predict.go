package tui

import (
	"slices"
	"unicode"

	tea "charm.land/bubbletea/v2"

	"mailwalk/scenarios"
	"mailwalk/sim/explain"
	"mailwalk/sim/quiz"
)

// predicting puts questions before their answers are shown. The answer to a
// question has been run when it is put, and nothing of that is shown: only the
// quiz looks beyond what has been shown.
type predicting struct {
	// walk are the walk's own questions, marks their places in the run.
	walk  []*scenarios.Prediction
	marks *quiz.Marks
	quiz  *quiz.Quiz // nil until somebody asks for a question
	sheet quiz.Sheet
	// quiet tells that the walk's own questions are not put.
	quiet bool

	// due is a question of the walk whose answer is being run; asked tells that one
	// is being looked for as the person wants one.
	due   *quiz.Pending
	asked bool
	// held is what the screen goes on to when the walk's question has ended, nil for
	// none.
	held *advanced

	// try is the question that is open, nil for none.
	try     *quiz.Try
	typed   []rune
	at      int    // the choice with the cursor
	problem string // why what was typed is no answer
	// summing tells that the box says how it went; summed that it has said so.
	summing, summed bool
	scroll          scroll
}

// anew begins to look for questions in another run. Those that were put stay put.
func (p *predicting) anew() {
	p.marks, p.quiz = quiz.NewMarks(p.walk), nil
	p.due, p.asked, p.held = nil, false, nil
}

// open tells whether the box shows.
func (p *predicting) open() bool { return p.try != nil || p.summing }

// ended tells whether the question that shows has ended.
func (p *predicting) ended() bool { return p.try != nil && p.try.Outcome != quiz.Open }

// holds tells whether a question stands before what the world has got to, and
// what is to be done for it. What the screen was to go on to is kept.
func (m *Model) holds(a advanced) (tea.Cmd, bool) {
	p := &m.predicting
	to := a.seq
	if a.over {
		to = max(m.quest.last, a.last)
	}
	p.marks.Grow(m.trace, to)
	switch {
	case !a.found && !a.over:
		return nil, false
	case p.open(): // what comes next is what is asked about
		m.busy, p.held = true, &a
		return nil, true
	case p.quiet, m.quest.until != nil:
		return nil, false // who jumps wants to be there
	}
	due := p.marks.Due(m.shown, to)
	if due == nil {
		return nil, false
	}
	m.busy, m.wanted = true, 0
	p.asked, p.due, p.held = false, due, &a
	return m.putDue(), true
}

// putDue puts the question that is due, or has its answer run first.
func (m *Model) putDue() tea.Cmd {
	p := &m.predicting
	if !p.due.Ready() {
		return m.stepper.ahead(m.ticket)
	}
	// There is none when this run is another than the walk has thought of.
	if q := p.due.Question(); q != nil && !p.sheet.Asked(q.ID) {
		return m.showUpTo(q)
	}
	p.due.Put()
	p.due = nil
	return m.goOn()
}

// questionAt says where a question of the walk is put.
type questionAt struct {
	ticket   int
	question *quiz.Question
	seq      uint64 // 0 for where the screen is
}

// showUpTo is a command that finds the last event which is seen at the grain and may
// be shown before a question.
func (m *Model) showUpTo(q *quiz.Question) tea.Cmd {
	t, grain, shown := m.trace, m.grain, m.shown
	found := questionAt{ticket: m.ticket, question: q}
	return func() tea.Msg {
		for seq := q.After; seq > shown; seq-- {
			if e := t.At(seq); e != nil && explain.GrainOf(e) <= grain {
				found.seq = seq
				break
			}
		}
		return found
	}
}

// standsBefore puts a question, when all before it is shown.
func (m *Model) standsBefore(at questionAt) tea.Cmd {
	p := &m.predicting
	switch {
	case at.ticket != m.ticket || p.due == nil:
		return nil
	case m.takeIn(at.seq):
		return func() tea.Msg { return at }
	case at.seq > 0:
		m.goTo(at.seq)
	}
	p.due.Put()
	p.due = nil
	m.put(at.question)
	return nil
}

func (m *Model) put(q *quiz.Question) {
	p := &m.predicting
	p.try, p.typed, p.at, p.problem, p.scroll = p.sheet.Put(q), nil, 0, "", scroll{}
	m.toast = ""
	m.version++
}

// goOn goes to where the screen was to go before the question.
func (m *Model) goOn() tea.Cmd {
	p := &m.predicting
	a := p.held
	p.held = nil
	if a == nil {
		return nil
	}
	a.ticket = m.ticket
	return m.advanced(*a)
}

const (
	stepsAhead  = 500  // entries of the world's queue that one command runs for a question
	eventsAhead = 200  // events that end such a command
	mostAhead   = 1000 // events that are run before there is nothing to ask
)

// ranAhead tells that the world has run on, unseen.
type ranAhead struct {
	ticket int
	over   bool
}

// ahead is a command that runs the world on for an answer. What comes of it is
// not shown.
func (s *stepper) ahead(ticket int) tea.Cmd {
	return func() tea.Msg {
		s.mu.Lock()
		defer s.mu.Unlock()
		for n, from := 0, s.trace.Len(); n < stepsAhead && s.trace.Len() < from+eventsAhead; n++ {
			if s.stopped.Load() {
				break
			}
			if !s.world.Step() {
				return ranAhead{ticket, true}
			}
		}
		return ranAhead{ticket: ticket}
	}
}

func (m *Model) ranAhead(r ranAhead) tea.Cmd {
	p := &m.predicting
	if r.ticket != m.ticket {
		return nil
	}
	switch {
	case p.asked:
		return m.lookForQuestion(r.over)
	case p.due == nil:
		return nil
	}
	p.marks.Grow(m.trace, m.trace.Len())
	if r.over && !p.due.Ready() {
		p.due.Put() // nothing answers it in this run
		p.due = nil
		return m.goOn()
	}
	return m.putDue()
}

// askMe asks for a question about what comes next.
func (m *Model) askMe() tea.Cmd {
	p := &m.predicting
	if m.atEnd() {
		p.summing, p.scroll = true, scroll{}
		return nil
	}
	if p.quiz == nil {
		p.quiz = quiz.New(m.trace)
	}
	m.stay()
	p.asked, p.due, p.held = true, nil, nil
	return m.lookForQuestion(false)
}

func (m *Model) noAskMe() string {
	switch {
	case m.atEnd() && !m.predicting.sheet.Summary().Any():
		return "The walk is over: nothing comes that could be asked about."
	case m.atEnd():
		return ""
	case m.past():
		return "What comes next has been shown already. G goes to the present."
	}
	return ""
}

// lookForQuestion puts the nearest question that was not put yet, or has the world
// run on until there is one.
func (m *Model) lookForQuestion(over bool) tea.Cmd {
	p := &m.predicting
	all := p.quiz.Ask(m.now)
	if i := slices.IndexFunc(all, func(q *quiz.Question) bool { return !p.sheet.Asked(q.ID) }); i >= 0 {
		p.asked = false
		m.put(all[i])
		return nil
	}
	if over || m.trace.Len() >= m.now+mostAhead {
		p.asked = false
		m.warn("There is nothing more to ask about what comes next. Space goes on; ask again then.")
		return nil
	}
	return m.stepper.ahead(m.ticket)
}

// quietQuestions has the walk put its questions, or not.
func (m *Model) quietQuestions() tea.Cmd {
	m.predicting.quiet = !m.predicting.quiet
	m.toast = "The walk puts its questions again."
	if m.predicting.quiet {
		m.toast = "The walk puts no questions any more. p asks one, ctrl+p has them again."
	}
	return nil
}

// sumUp says how the questions went, once, at the end of the walk.
func (m *Model) sumUp() {
	p := &m.predicting
	if m.atEnd() && !p.summed && p.sheet.Summary().Any() {
		p.summing, p.summed, p.scroll = true, true, scroll{}
	}
}

// The keys of an open question, and why some cannot be done.

// pressInQuestion takes a key while the box shows.
func (m *Model) pressInQuestion(key string) tea.Cmd {
	p := &m.predicting
	p.problem = ""
	m.version++
	if b := find(m.answering, pressed(key)); b != nil {
		if b.not != nil {
			if reason := b.not(m); reason != "" {
				m.warn(reason)
				return nil
			}
		}
		return b.does(m)
	}
	if p.summing || p.ended() {
		return nil
	}
	if key == "space" {
		key = " "
	}
	r := []rune(key)
	switch {
	case len(r) != 1 || !unicode.IsPrint(r[0]):
	case p.try.Question.Kind == quiz.Choice:
		if key != " " {
			m.answer(key)
		}
	case len(p.typed) < mostTyped:
		p.typed = append(p.typed, r[0])
	}
	return nil
}

const mostTyped = 64 // characters of an answer

// answer gives an answer to the question.
func (m *Model) answer(text string) {
	p := &m.predicting
	right, err := p.try.Answer(text)
	if err != nil {
		p.problem = upperFirst(err.Error()) + "."
		return
	}
	if !right {
		p.typed = nil
		if p.at = 0; slices.Contains(p.try.Wrong, p.chosen()) {
			m.toChoice(1)
		}
	}
	p.toBottom()
}

// chosen is the choice with the cursor, empty where nothing can be chosen.
func (p *predicting) chosen() string {
	if all := p.try.Question.Choices; p.at < len(all) {
		return all[p.at]
	}
	return ""
}

// toBottom scrolls to what was said last.
func (p *predicting) toBottom() { p.scroll.offset = 1 << 16 }

func (m *Model) enterAnswer() tea.Cmd {
	p := &m.predicting
	switch {
	case p.summing || p.ended():
		return m.closeQuestion()
	case p.try.Question.Kind == quiz.Choice:
		m.answer(quiz.Letter(p.at))
	default:
		m.answer(string(p.typed))
	}
	return nil
}

func (m *Model) giveHint() tea.Cmd {
	if m.predicting.try.Hint() != "" {
		m.predicting.toBottom()
	}
	return nil
}

func (m *Model) noHint() string {
	switch p := &m.predicting; {
	case p.summing || p.ended():
		return "The question has ended. Space goes on."
	case len(p.try.Hints) == p.try.Question.Hints():
		return "There is no more hint. tab tells the answer."
	}
	return ""
}

func (m *Model) tellAnswer() tea.Cmd {
	m.predicting.try.Tell()
	m.predicting.toBottom()
	return nil
}

func (m *Model) noTell() string {
	if p := &m.predicting; p.summing || p.ended() {
		return "The question has ended. Space goes on."
	}
	return ""
}

// skipQuestion leaves the question alone; when it has ended, it closes the box.
func (m *Model) skipQuestion() tea.Cmd {
	if p := &m.predicting; p.try != nil {
		p.try.Skip()
	}
	return m.closeQuestion()
}

// closeQuestion closes the box and goes on.
func (m *Model) closeQuestion() tea.Cmd {
	p := &m.predicting
	p.try, p.summing = nil, false
	m.toast = ""
	if p.held == nil {
		return nil
	}
	return m.goOn()
}

// spaceInQuestion closes a question that has ended, and is a character otherwise.
func (m *Model) spaceInQuestion() tea.Cmd {
	p := &m.predicting
	switch {
	case p.summing || p.ended():
		return m.closeQuestion()
	case p.try.Question.Kind != quiz.Choice && len(p.typed) > 0 && len(p.typed) < mostTyped:
		p.typed = append(p.typed, ' ')
	}
	return nil
}

// takeBack takes the last character back.
func (m *Model) takeBack() tea.Cmd {
	if p := &m.predicting; len(p.typed) > 0 {
		p.typed = p.typed[:len(p.typed)-1]
	}
	return nil
}

func (m *Model) nextChoice() tea.Cmd     { return m.toChoice(1) }
func (m *Model) previousChoice() tea.Cmd { return m.toChoice(-1) }

// toChoice moves the cursor over what can still be chosen; where nothing can be
// chosen it scrolls.
func (m *Model) toChoice(n int) tea.Cmd {
	p := &m.predicting
	if p.summing || p.ended() || p.try.Question.Kind != quiz.Choice {
		p.scroll.by(n)
		return nil
	}
	all := p.try.Question.Choices
	for i := p.at + n; i >= 0 && i < len(all); i += n {
		if !slices.Contains(p.try.Wrong, all[i]) {
			p.at = i
			break
		}
	}
	return nil
}

func (m *Model) questionDown() tea.Cmd {
	m.predicting.scroll.by(3)
	return nil
}

func (m *Model) questionUp() tea.Cmd {
	m.predicting.scroll.by(-3)
	return nil
}

// backInQuestion looks back for the answer in what has been shown; forthInQuestion
// comes back. The question stays.
func (m *Model) backInQuestion() tea.Cmd { return m.back() }

func (m *Model) forthInQuestion() tea.Cmd {
	i := m.row() + 1
	if i >= m.rows.len(m.grain) {
		m.goTo(m.shown)
		return nil
	}
	m.goTo(m.rows.at(m.grain, i))
	return nil
}

func (m *Model) noForth() string {
	if !m.past() {
		return "This is the present, and what comes next is the question."
	}
	return ""
}

func (m *Model) quietFromQuestion() tea.Cmd {
	m.predicting.quiet = true
	cmd := m.skipQuestion()
	m.toast = "The walk puts no questions any more. p asks one, ctrl+p has them again."
	return cmd
}

// score is what has been won so far, empty before the first question has ended.
func (p *predicting) score() string {
	won, most := p.sheet.Score()
	if most == 0 {
		return ""
	}
	return explain.Grouped(int64(won)) + " of " + explain.Grouped(int64(most)) + " points"
}
