package tui

import (
	"math/rand/v2"
	"strconv"
	"testing"

	tea "charm.land/bubbletea/v2"

	"mailwalk/scenarios"
	"mailwalk/sim/explain"
	"mailwalk/sim/quiz"
	"mailwalk/sim/trace"
)

// firstQuestions are what the sample's walk asks: one question of each kind.
func firstQuestions() []*scenarios.Prediction {
	sel := trace.MustSelector
	choice := func(says, when string) *scenarios.Choice {
		c := &scenarios.Choice{Says: says}
		if when != "" {
			c.When = sel(when)
		}
		return c
	}
	return []*scenarios.Prediction{
		{
			Before: sel("lookup.asked"), Ask: "Acme's server wants to know where mail for globex.test goes. What does it ask the DNS for first?", Kind: scenarios.ChoiceAnswer,
			Choices: []*scenarios.Choice{
				choice("the address of bob", ""), choice("the address of globex.test", "lookup.asked type=A"), choice("the MX records of globex.test", "lookup.asked type=MX"),
			},
			Answer: "the MX records of globex.test", Points: 3,
			Hints:  []string{"The DNS knows domains and hosts. It does not know people.", "A domain may keep its web site and its mail on different machines."},
			Reason: "The MX record names the host that takes a domain's mail. Only with its name does the server ask for an address.",
		},
		{
			After: sel("connection.opened service=smtp"), Before: sel("mail.relayed"), Ask: "How many recipients will be named on this connection?", Kind: scenarios.NumberAnswer,
			Counts: sel("line.sent verb=RCPT role=command"), Answer: "1", Points: 3, Hints: []string{"Whom has Alice written to?"}, Reason: "One: Bob.",
		},
		{
			Before: sel("mail.stored"), Ask: "Which machine has Bob's mailbox?", Kind: scenarios.HostAnswer, Field: "host", Answer: "mail.globex.test", Points: 2,
			Hints: []string{"It is in Bob's domain."}, Reason: "His provider keeps it.",
		},
		{
			Before: sel("line.sent service=pop3 verb=RETR role=reply"), Ask: "With which code does the POP3 server answer?", Kind: scenarios.CodeAnswer, Field: "code", Answer: "+OK", Points: 3,
			Reason: "Nothing is wrong.",
		},
	}
}

func quizRobot(t *testing.T, w, h int, o Options) *robot {
	o.Predictions = firstQuestions()
	if o.Theme == "" {
		o.Theme = Dark
	}
	if o.Grain == 0 {
		o.Grain = explain.LineGrain
	}
	return newRobot(t, firstLetter(), w, h, o)
}

// untilAsked steps until a question is open.
func (r *robot) untilAsked() *robot {
	r.t.Helper()
	for range 300 {
		if r.m.predicting.open() {
			return r
		}
		if r.m.atEnd() {
			break
		}
		r.step(1)
	}
	r.t.Fatal("nothing is asked")
	return r
}

// enters types a text and enter.
func (r *robot) enters(text string) *robot {
	r.t.Helper()
	for _, c := range text {
		r.press(string(c))
	}
	return r.press("enter")
}

func TestTheWalkAsksBeforeItShows(t *testing.T) {
	r := quizRobot(t, 120, 40, Options{}).untilAsked()
	r.sees("What does it ask the DNS for first?", "a  the address of bob", "worth 3", "a question", "? hint", "tab tell me", "esc skip").misses("asks who takes the mail", "RFC 1035", "points")
	shown := r.m.shown
	r.press("a").sees("✗ a  the address of bob  not so", "Hint 1: The DNS knows domains", "worth 2", "▶ b").misses("Hint 2")
	r.press("?").sees("Hint 2: A domain may keep", "worth 1").press("?").sees("There is no more hint")
	r.press("z").sees("That is none of the choices: write a letter from a to c.")
	if r.m.shown != shown {
		t.Fatalf("event %d was shown while event %d was asked about", r.m.shown, shown+1)
	}
	r.press("down", "enter").sees("✓ c  the MX records of globex.test  this is so", "Right, 1 point.", "Only with its name", "1 of 3 points", "space go on").misses("Hint 3")
	if r.m.shown != shown {
		t.Errorf("event %d was shown with the answer", r.m.shown)
	}
	r.press("space").sees("asks who takes the mail", "1 of 3 points").misses("this is so")
	r.back(1).step(1).misses("What does it ask the DNS for first?")
}

func TestNumbersNamesAndCodesAreTyped(t *testing.T) {
	r := quizRobot(t, 120, 40, Options{}).untilAsked().press("tab").sees("Told. ", "the MX records", "0 of 3 points").press("enter")
	r.untilAsked().sees("How many recipients", "Answer: _").enters("some").sees("Write a number in digits.", "worth 3")
	r.times(4, "backspace").enters("2").sees("not 2", "Hint 1", "worth 2").enters("1").sees("Right, 2 points.", "2 of 6 points").press("space")
	r.untilAsked().sees("Which machine has Bob's mailbox?").enters("MAIL.globex.test.").sees("Right, 2 points.").press("space")
	r.sees("the mail lies in the mailbox")
	r.untilAsked().enters("-ERR").enters("-ERR").enters("ok").sees("Right, 2 points.", "6 of 11 points").press("esc")
	for !r.m.atEnd() {
		r.step(1)
	}
	r.sees("how it went", "6 of 11 points: 1 known at once, 2 with help, 1 to look at again.", "✗ event 94:", "the MX records of globex.test")
	r.press("space").misses("how it went").press("p").sees("how it went").press("esc").misses("how it went")
}

func TestQuestionsCanBeLeftAlone(t *testing.T) {
	r := quizRobot(t, 120, 40, Options{}).untilAsked().press("esc").sees("asks who takes the mail").misses("a question", "points")
	r.untilAsked().sees("How many recipients").press("ctrl+p").sees("puts no questions any more")
	for !r.m.atEnd() {
		r.step(1)
		if r.m.predicting.try != nil {
			t.Fatal("it asks all the same")
		}
	}
	r = quizRobot(t, 120, 40, Options{Quiet: true}).stepTo("asks who takes the mail").press("ctrl+p").sees("puts its questions again")
	r.untilAsked().sees("How many recipients")
}

func TestLookingBackForTheAnswer(t *testing.T) {
	r := quizRobot(t, 120, 40, Options{}).untilAsked()
	shown := r.m.shown
	r.press("left", "left", "left").sees("looking back", "What does it ask the DNS for first?").press("right").sees("looking back")
	r.press("c").sees("Right, 3 points.").press("space").sees("asks who takes the mail").misses("looking back")
	if r.m.now <= shown {
		t.Errorf("at %d, asked after %d", r.m.now, shown)
	}
}

func TestARunWaitsForAnswers(t *testing.T) {
	r := quizRobot(t, 120, 40, Options{}).press("r", ">", ">", ">", ">")
	for i := 0; !r.m.predicting.open() && i < 300; i++ {
		r.wait()
	}
	r.sees("What does it ask the DNS for first?")
	at := r.m.now
	r.wait().wait()
	if r.m.now != at {
		t.Errorf("it ran on from %d to %d", at, r.m.now)
	}
	r.press("c", "space")
	for i := 0; !r.m.predicting.open() && i < 300; i++ {
		r.wait()
	}
	r.sees("How many recipients")
}

// Who jumps past questions is not asked.
func TestAJumpAsksNothing(t *testing.T) {
	r := quizRobot(t, 80, 24, Options{})
	r.press(":").enters("183")
	if r.m.predicting.open() || r.m.now != 183 {
		t.Errorf("at %d, asked %v", r.m.now, r.m.predicting.open())
	}
}

// Whatever the grain, each question is put once, before its answer is shown.
func TestEachQuestionOnTheWayIsPut(t *testing.T) {
	for _, grain := range explain.Grains() {
		r := quizRobot(t, 80, 24, Options{})
		r.m.grain = grain
		put := 0
		for n := 0; n < 1000 && !r.m.atEnd(); n++ {
			if !r.m.predicting.open() {
				r.press("space")
				continue
			}
			put++
			q := r.m.predicting.try.Question
			if r.m.shown >= q.Answered {
				t.Errorf("%s: event %d is shown, and %q is answered by %d", grain, r.m.shown, q.Text, q.Answered)
			}
			r.press("tab", "space")
		}
		if put != len(firstQuestions()) || !r.m.atEnd() {
			t.Errorf("%s: %d questions, and the end is reached: %v", grain, put, r.m.atEnd())
		}
	}
}

func TestAskMe(t *testing.T) {
	r := open(t).press("p").sees("There is nothing more to ask").stepTo("the mail is written").press("p").sees("a question")
	for n := 0; n < 40 && r.m.predicting.open(); n++ {
		q := r.m.predicting.try.Question
		if q.After != r.m.now || q.Answered <= r.m.shown {
			t.Fatalf("at %d of %d: %q, answered by %d", r.m.now, r.m.shown, q.Text, q.Answered)
		}
		r.press("enter") // the first choice, or nothing
		r.press("tab", "space")
		if r.m.shown != q.After {
			t.Fatalf("the answer to a question that was wanted moved the screen on to %d", r.m.shown)
		}
		r.step(3).press("p")
	}
	asked := map[string]bool{}
	r = open(t).stepTo("names a recipient")
	for r.press("p"); r.m.predicting.open(); r.press("p") {
		id := r.m.predicting.try.Question.ID
		if asked[id] {
			t.Fatalf("%q is asked twice", id)
		}
		asked[id] = true
		r.press("esc")
	}
	if len(asked) < 2 {
		t.Errorf("asked %v", asked)
	}
	r.sees("nothing more to ask").back(1).press("p").sees("has been shown already")
	r.press("G")
	for !r.m.atEnd() {
		r.step(1)
	}
	r.press("space", "p").sees("how it went")
	r = open(t).press("r", ">", ">", ">", ">")
	for i := 0; r.m.running && i < 500; i++ {
		r.wait()
	}
	r.press("p").sees("nothing comes that could be asked about")
}

// While an answer has been run and not shown, every pane is what it is in a world
// that has not gone so far.
func TestNothingOfTheFutureIsShown(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}, {200, 60}} {
		asked := quizRobot(t, size[0], size[1], Options{}).untilAsked().press("esc").untilAsked()
		twin := quizRobot(t, size[0], size[1], Options{Quiet: true})
		for twin.m.shown < asked.m.shown {
			twin.step(1)
		}
		if asked.m.shown != twin.m.shown || asked.m.trace.Len() <= twin.m.trace.Len() || asked.m.predicting.try.Question.Answered <= asked.m.shown+5 {
			t.Fatalf("shown %d and %d, run %d and %d", asked.m.shown, twin.m.shown, asked.m.trace.Len(), twin.m.trace.Len())
		}
		asked.m.predicting.try, asked.m.predicting.held, asked.m.busy = nil, nil, false
		for id := range paneID(panes) {
			if asked.m.panes[id] == nil {
				continue
			}
			for _, r := range []*robot{asked, twin} {
				r.m.toast = ""
				r.m.zoom = true
				r.press(strconv.Itoa(int(id) + 1))
			}
			if a, b := asked.screen(), twin.screen(); a != b {
				t.Errorf("pane %d shows something of the future:\n%s\nand without it:\n%s", id+1, a, b)
			}
		}
	}
}

// Whatever is pressed at whatever size, an answer is not shown before its question
// has ended.
func TestAnyKeysWithQuestions(t *testing.T) {
	keys := []string{"space", "space", "space", "a", "b", "c", "?", "tab", "esc", "left", "right", "up", "down", "enter", "1", "x", "p", "p", "G", "r", "+", "-", "pgdown", "backspace", "ctrl+p"}
	for seed := range uint64(6) {
		rng := rand.New(rand.NewPCG(seed, 7))
		r := quizRobot(t, 80, 24, Options{ASCII: seed%2 == 1})
		var pressed []string
		for range 150 {
			k := keys[rng.IntN(len(keys))]
			pressed = append(pressed, k)
			r.press(k)
			if r.due != nil && rng.IntN(2) == 0 {
				r.wait()
			}
			if rng.IntN(8) == 0 {
				r.tell(tea.WindowSizeMsg{Width: 50 + rng.IntN(160), Height: 12 + rng.IntN(50)})
			}
			r.screen()
			if try := r.m.predicting.try; try != nil && r.m.shown >= try.Question.Answered {
				t.Errorf("event %d is shown, and %q is answered by %d", r.m.shown, try.Question.Text, try.Question.Answered)
			}
			if t.Failed() {
				t.Fatalf("seed %d, after %q", seed, pressed)
			}
		}
	}
}

func TestQuestionScreens(t *testing.T) {
	for _, size := range [][2]int{{60, 15}, {80, 24}, {120, 40}, {200, 60}} {
		name := strconv.Itoa(size[0]) + "x" + strconv.Itoa(size[1])
		r := quizRobot(t, size[0], size[1], Options{}).untilAsked().press("a")
		golden(t, "question-"+name+".txt", r.shot())
		golden(t, "answer-"+name+".txt", r.press("c").shot())
	}
	for _, theme := range []ThemeName{Dark, Light, Mono} {
		r := quizRobot(t, 80, 24, Options{Theme: theme}).untilAsked().press("a", "c")
		golden(t, "answer-"+string(theme)+".ansi", r.m.render()+"\n")
	}
	r := quizRobot(t, 80, 24, Options{ASCII: true}).untilAsked().press("a", "tab")
	golden(t, "answer-ascii.txt", r.shot())
}

// A question shows whatever a walk's author writes.
func FuzzQuestion(f *testing.F) {
	f.Add("What?", "this", "that", 80, 24)
	f.Add("日本語\x1b[2J\t\r\n\u202e", "\u200d", "\x00", 61, 16)
	f.Fuzz(func(t *testing.T, ask, one, two string, w, h int) {
		if w < leastWidth || w > 300 || h < leastHeight || h > 100 {
			return // no question is drawn there, or no terminal is so large
		}
		p := firstQuestions()[0]
		p.Ask, p.Reason, p.Hints = ask, ask+one+two, []string{two}
		p.Choices[0].Says, p.Choices[2].Says = one, two
		p.Answer = two
		r := newRobot(t, firstLetter(), w, h, Options{Grain: explain.HopGrain, Predictions: []*scenarios.Prediction{p}})
		r.untilAsked().screen()
		r.press("a").screen()
		r.press("?").screen()
		r.press("tab").screen()
		if !r.m.predicting.ended() || r.m.predicting.try.Outcome == quiz.Open {
			t.Error("the question has not ended")
		}
		r.press("space").screen()
	})
}
