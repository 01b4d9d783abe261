package tui

import (
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"mailwalk/sim/lab"
)

// askedBench says what can be done only to a command, never to the screen itself.
type askedBench struct {
	slowBench
	t      *testing.T
	inside bool // a command is being done
	verbs  []lab.Verb
}

func (b *askedBench) Verbs(uint64) []lab.Verb {
	if !b.inside {
		b.t.Error("the screen waits for the world to say what can be done")
	}
	return b.verbs
}

// run does what a command is for.
func (b *askedBench) run(cmd tea.Cmd) tea.Msg {
	b.inside = true
	defer func() { b.inside = false }()
	return cmd()
}

// The line in which an act is typed asks the world beside the screen, and goes on with
// what can be done.
func TestTypedActsAreAskedForBeside(t *testing.T) {
	b := &askedBench{t: t, slowBench: slowBench{firstLetter(), make(chan struct{})}, verbs: []lab.Verb{
		{Name: "drop-line", Words: "have the line not be said"}, {Name: "delay-line", Words: "have the line be said later", Asks: "by how much, as in 300ms"},
		{Name: "on", Words: "switch it on", Not: "it is on"},
	}}
	r := newRobot(t, b, 120, 40, Options{Theme: Dark})
	r.step(3)
	typed := func(text string) (msgs []tea.Msg) {
		for _, k := range strings.Split(text, "") {
			if k == " " {
				k = "space"
			}
			msg, ok := special[k]
			if !ok {
				msg = tea.KeyPressMsg{Code: []rune(k)[0], Text: k}
			}
			if _, cmd := r.m.Update(msg); cmd != nil {
				msgs = append(msgs, b.run(cmd))
			}
		}
		return msgs
	}
	enter := func() tea.Msg {
		_, cmd := r.m.Update(special["enter"])
		return b.run(cmd)
	}
	msgs := typed(":do d")
	if len(msgs) != 1 {
		t.Fatalf("it is asked %d times what can be done", len(msgs))
	}
	r.m.Update(msgs[0])
	if want := []string{"drop-line", "delay-line"}; !slices.Equal(r.m.prompt.words, want) {
		t.Errorf("goes on with %q, not %q", r.m.prompt.words, want)
	}
	typed("rop")
	r.m.Update(enter())
	r.sees(`"drop" cannot be done to this step; did you mean :do drop-line?`)
	typed(":do on")
	r.m.Update(enter())
	r.sees(":do: it is on.")
	typed(":do delay-line")
	r.m.Update(enter())
	r.sees("your hand", "by how much, as in 300ms")
	r.press("esc")
	// What comes when the person is elsewhere is not done.
	typed(":do drop-line")
	msg := enter()
	r.press("b")
	if _, cmd := r.m.Update(msg); cmd != nil || r.m.working.job != nil {
		t.Error("it is done to another step than was meant")
	}
}

// The menu says once what its rows have in common.
func TestMenuSaysOnceWhatRowsHaveInCommon(t *testing.T) {
	verbs := []lab.Verb{
		{Name: "off", Words: "switch it off: its programs end", Past: true}, {Name: "crash", Words: "crash it", Past: true},
		{Name: "on", Words: "switch it on: its programs start", Not: "it is on"}, {Name: "mend", Words: "mend the link", Not: "it is not cut"},
	}
	r := newRobot(t, slowBench{firstLetter(), nil}, 120, 40, Options{Theme: Dark})
	r.step(3)
	show := func() string {
		r.m.menuReady(menuReady{r.m.now, verbs})
		return r.screen()
	}
	screen := show()
	if n := strings.Count(screen, "in a run of its own"); n != 1 {
		t.Errorf("%d times in a run of its own:\n%s", n, screen)
	}
	r.sees("This has happened already", "Not now:", "switch it on: it is on", "mend the link: it is not cut").misses("its programs start")

	verbs[0].Past = false
	show()
	r.sees("What has happened already happens again otherwise").misses("This has happened already")

	const why = "on the loopback wire only the present can be changed"
	for i := range verbs {
		verbs[i].Not = why
	}
	screen = show()
	if n := strings.Count(screen, why); n != 1 {
		t.Errorf("%d times why not:\n%s", n, screen)
	}
}
