package tui

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"go.uber.org/goleak"

	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTheBeginningSaysHowToGo(t *testing.T) {
	for _, size := range [][2]int{{60, 15}, {80, 24}, {120, 40}, {200, 60}} {
		r := newRobot(t, firstLetter(), size[0], size[1], Options{Grain: explain.LineGrain})
		r.sees("The first letter", "space", "step", "b back", "? help", "q quit", "the beginning")
	}
	open(t).sees("one step on", "What to look for", "There is no mail yet", "All is at rest")
}

func TestStepBackAndForth(t *testing.T) {
	r := open(t).stepTo("names a recipient")
	at := r.m.now
	r.sees("RCPT TO:<bob@globex.test>", "RFC 5321 §4.1.1.3").misses("looking back")
	r.back(3).sees("looking back: event 36 of 48", "14 of 17")
	if r.m.now >= at || r.m.shown != at {
		t.Errorf("at %d of %d, came from %d", r.m.now, r.m.shown, at)
	}
	r.sees("RCPT TO:<bob@globex.test>") // what was seen stays in the story
	r.step(3).misses("looking back")
	if r.m.now != at {
		t.Errorf("forth leads to %d and not %d", r.m.now, at)
	}
	r.press("k", "k").sees("looking back").press("G").misses("looking back")
	r.press("h", "left", "pgup").sees("looking back").press("esc").misses("looking back")
	r.press("l", "right", "f10", "pgdown")
	if want := r.m.rows.at(r.m.grain, r.m.row()); r.m.now != want || r.m.now <= at {
		t.Errorf("after four steps on at %d", r.m.now)
	}
	r.press("g")
	if r.m.row() != 0 {
		t.Errorf("the first row is %d", r.m.row())
	}
	r.press("R").sees("looking back: event 0 of").press("b").sees("This is the beginning")
}

func TestPanesShowTheMoment(t *testing.T) {
	r := open(t).stepTo("has taken responsibility")
	r.sees("✉ in the queue", "✉ own copy", "not there yet")
	r.stepTo("asks who takes the mail").sees("globex.test")
	r.stepTo("the mail lies in the mailbox").sees("in the mailbox", "bob@globex.test/INBOX  1 mail")
	r.back(8).misses("✉ in the mailbox").sees("looking back")
	r.press("G").sees("✉ in the mailbox")
	r.stepTo("bob-laptop has a copy").sees("✉ on the device", "bob-laptop")
	r.stepTo("the mail is not in the mailbox").sees("✉ on the device").misses("✉ in the mailbox")
}

func TestTheEnvelopeIsOnTheWayWhileItIsSent(t *testing.T) {
	r := open(t).press("+").sees("seen by packet")
	r.stepTo("hands over the content").sees("0 of 265 octets arrived")
	r.step(2).sees("120 of 265 octets arrived")
	r.step(2).sees("240 of 265 octets arrived")
	r.stepTo("has taken responsibility").misses("octets arrived").sees("in the queue")
}

func TestGrains(t *testing.T) {
	r := open(t).press("-", "-").sees("seen by mail").press("-").sees("nothing larger than the mail")
	r.stepTo("the mail lies in the mailbox")
	byMail := r.m.rows.len(r.m.grain)
	r.press("+", "+").sees("seen by line")
	if n := r.m.rows.len(r.m.grain); n <= byMail {
		t.Errorf("%d rows by line, %d by mail", n, byMail)
	}
	r.press("+", "+").sees("nothing smaller than a packet")
	r.sees("leaves", "TCP")
}

func TestDepthsAndMistakes(t *testing.T) {
	r := open(t).stepTo("names a recipient")
	r.sees("Often misunderstood:", "for a newcomer")
	var words []string
	for range explain.Depths() {
		words = append(words, explain.For(r.m.event).Why(r.m.depth)[:35])
		r.sees(words[len(words)-1]).press("d")
	}
	if words[0] == words[1] {
		t.Errorf("the depths say the same: %q", words)
	}
	r.sees("for a newcomer").press("D").sees("for an engineer")
}

func TestRunAndPause(t *testing.T) {
	r := open(t).press("r").sees("5 steps a second", "pause")
	at := r.m.now
	r.wait().wait()
	if r.m.now <= at {
		t.Errorf("running, at %d after %d", r.m.now, at)
	}
	at = r.m.now
	r.press("space").sees("paused").wait()
	if r.m.now != at {
		t.Errorf("paused, at %d after %d", r.m.now, at)
	}
	r.press("r").times(3, ">")
	for i := 0; r.m.running && i < 500; i++ {
		r.wait()
	}
	r.sees("the end", "The walk is over").press("space").sees("The walk is over")
	if r.m.trace.Len() < 100 {
		t.Errorf("the walk ended after %d events", r.m.trace.Len())
	}
	// What is finer than the grain comes when one looks closer.
	r.press("+", "space").misses("looking back")
	r.press("R").misses("the end").press("f5")
	if !r.m.running {
		t.Error("it does not run from the beginning")
	}
	r.press("<").wait().sees("looking back")
}

func TestPanesAndZoom(t *testing.T) {
	r := newRobot(t, firstLetter(), 80, 24, Options{Grain: explain.LineGrain, Theme: Dark}).stepTo("names a recipient")
	r.sees("2 what and why").misses("3 state")
	r.press("3").sees("▶ 3 state", "Connections").misses("what and why")
	r.press("tab").sees("▶ 1 story", "3 state").press("tab").sees("▶ 2 what and why")
	r.press("z").misses("1 story").sees("Fields", "RCPT TO").press("G").sees("Comes from")
	r.press("esc").sees("1 story")
	before := r.screen()
	if r.press("j", "j"); r.screen() == before {
		t.Error("the reasons do not scroll")
	}
	r.press("k", "k")
	if r.screen() != before {
		t.Error("the reasons do not scroll back")
	}
	r.press("G").press("g", "shift+tab").sees("▶ 1 story").press("1", "ctrl+u").sees("looking back").press("ctrl+d")
}

func TestHelp(t *testing.T) {
	r := newRobot(t, firstLetter(), 80, 24, Options{Theme: Dark}).press("?").sees("any other key closes this", "one step on")
	r.press("G").sees("the walk's own words").press("g").sees("one step on")
	r.press("q").misses("any other key closes")
	if r.quit {
		t.Error("q in the help quits")
	}
	for _, b := range bindings() {
		if b.long != "" && !strings.Contains(KeyHelp(), b.long) {
			t.Errorf("the help for the docs has no %q", b.long)
		}
		if b.does == nil || b.group == "" || !b.keys.Enabled() {
			t.Errorf("%+v is no binding", b)
		}
	}
}

func TestNoKeyIsBoundTwice(t *testing.T) {
	seen := map[string]bool{}
	for _, b := range bindings() {
		for _, k := range b.keys.Keys() {
			if seen[k] {
				t.Errorf("%q is bound twice", k)
			}
			seen[k] = true
		}
	}
}

func TestQuit(t *testing.T) {
	for key, leave := range map[string]bool{"q": false, "Q": true, "ctrl+c": false} {
		r := open(t).step(3).press(key)
		if !r.quit || r.m.leave != leave {
			t.Errorf("%s: quit %v, leave %v", key, r.quit, r.m.leave)
		}
	}
}

func TestTooSmall(t *testing.T) {
	newRobot(t, firstLetter(), 59, 20, Options{}).sees("needs 60 columns and 15 rows", "59 and 20")
	newRobot(t, firstLetter(), 10, 3, Options{}).screen()
	newRobot(t, firstLetter(), 1, 1, Options{}).screen()
}

func TestThemes(t *testing.T) {
	r := newRobot(t, firstLetter(), 80, 24, Options{Theme: Auto})
	if r.m.Init() == nil {
		t.Error("the terminal is not asked for its background")
	}
	r.tell(tea.BackgroundColorMsg{Color: white{}})
	if r.m.themeName != Light {
		t.Errorf("on white the theme is %s", r.m.themeName)
	}
	r.press("T").sees("Colours: mono").press("T").sees("Colours: dark")
	r.tell(tea.ColorProfileMsg{Profile: colorprofile.ASCII})
	if r.m.themeName != Mono {
		t.Errorf("without colours the theme is %s", r.m.themeName)
	}
	if strings.Contains(r.m.render(), "[38;2") {
		t.Error("there are colours without colours")
	}
	if _, err := ParseTheme("neon"); err == nil || !strings.Contains(err.Error(), "auto, dark, light, mono") {
		t.Errorf("%v", err)
	}
}

type white struct{}

func (white) RGBA() (r, g, b, a uint32) { return 0xffff, 0xffff, 0xffff, 0xffff }

func TestASCII(t *testing.T) {
	r := newRobot(t, firstLetter(), 80, 24, Options{Grain: explain.PacketGrain, ASCII: true})
	for range 60 {
		r.step(1)
		for _, c := range r.screen() {
			if c > 0x7e {
				t.Fatalf("%q on a screen of ASCII:\n%s", c, r.screen())
			}
		}
	}
	for _, c := range r.press("?").screen() {
		if c > 0x7e {
			t.Fatalf("%q in the help in ASCII", c)
		}
	}
}

// What is not ASCII stands in as many columns as before.
func TestToASCII(t *testing.T) {
	for in, want := range map[string]string{
		"RFC 5321 §2.3.10 – a\tb":                  "RFC 5321 s2.3.10 - a\tb",
		"\x1b[1m用户\x1b[0m@例子.test":                 "\x1b[1m????\x1b[0m@????.test",
		"e\u0301té and \U0001F468\u200d\U0001F469": "et? and ??",
	} {
		if got := toASCII(in); got != want || ansi.StringWidth(got) != ansi.StringWidth(in) {
			t.Errorf("%q becomes %q, not %q", in, got, want)
		}
	}
}

func TestARecordedTraceIsSteppedThrough(t *testing.T) {
	s := firstLetter()
	for s.Step() {
	}
	all := s.t.Len()
	r := newRobot(t, Recorded(s.t), 120, 40, Options{Grain: explain.LineGrain, Theme: Dark})
	r.stepTo("names a recipient").misses("in the mailbox", "looking back")
	if r.m.shown >= all {
		t.Error("what is yet to come was shown")
	}
	r.stepTo("what arrived is").step(2).sees("the end")
}

func TestKeysAreNotLostWhileTheWorldRuns(t *testing.T) {
	m := New(firstLetter(), Options{Grain: explain.LineGrain})
	space := special["space"]
	_, first := m.Update(space)
	for range 3 {
		if _, cmd := m.Update(space); cmd != nil {
			t.Fatal("two commands step the world")
		}
	}
	_, next := m.Update(first())
	if next == nil {
		t.Fatal("three steps were forgotten")
	}
	m.Update(next())
	if m.row() != 3 {
		t.Errorf("after four keys at row %d", m.row())
	}
	// Who looks back does not want to be brought forth by what comes late.
	_, late := m.Update(space)
	m.Update(special["left"])
	at := m.now
	m.Update(late())
	if m.now != at {
		t.Errorf("a late step led from %d to %d", at, m.now)
	}
}

func TestManyStepsAreTakenInPieces(t *testing.T) {
	s := firstLetter()
	idle := s.script
	s.script = nil
	for range 3 * stepsAtOnce {
		s.do(func() {})
	}
	s.script = append(s.script, idle...)
	m := New(s, Options{})
	_, cmd := m.Update(special["space"])
	pieces := 0
	for cmd != nil {
		msg := cmd()
		pieces++
		_, cmd = m.Update(msg)
	}
	if m.now == 0 || pieces < 3 {
		t.Errorf("at %d after %d pieces", m.now, pieces)
	}
}

func TestAProgram(t *testing.T) {
	in, keys := io.Pipe()
	var out bytes.Buffer
	world := firstLetter()
	done := make(chan error, 1)
	go func() {
		done <- Run(context.Background(), world, Options{Walk: firstWalk, Theme: Dark, Plain: true, Input: in, Output: &out})
	}()
	go func() {
		for _, k := range []string{" ", " ", "b", "Q"} {
			if _, err := io.WriteString(keys, k); err != nil {
				return
			}
		}
	}()
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(patience):
		t.Fatal("the screen does not quit")
	}
	keys.Close()
	if err := world.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAnInterruptEndsTheScreen(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	in, keys := io.Pipe()
	defer keys.Close()
	time.AfterFunc(50*time.Millisecond, cancel)
	if err := Run(ctx, firstLetter(), Options{Theme: Dark, Input: in, Output: io.Discard}); err != context.Canceled {
		t.Errorf("%v", err)
	}
}

var _ World = Recorded(trace.New(trace.Header{}))

func TestIntoAndOut(t *testing.T) {
	r := newRobot(t, firstLetter(), 120, 40, Options{Grain: explain.HopGrain, Theme: Dark})
	r.stepTo("asks who takes the mail")
	asked := r.m.now
	r.press("enter").sees("seen by line")
	if r.m.now <= asked {
		t.Errorf("into a question that nobody has answered yet leads from event %d to %d", asked, r.m.now)
	}
	inside := r.m.now
	r.press("backspace").sees("seen by hop")
	if r.m.now <= inside || explain.GrainOf(r.m.event) > explain.HopGrain {
		t.Errorf("out leads from event %d to %d, %s", inside, r.m.now, explain.Text(r.m.event))
	}
	done := r.m.now
	r.press("f11")
	if r.m.now >= done || r.m.now < asked {
		t.Errorf("into an answered question leads from event %d to %d", done, r.m.now)
	}
	r.press("enter", "enter").sees("There is nothing smaller")
}

func TestMouse(t *testing.T) {
	r := open(t)
	r.step(6)
	p := r.m.places()
	story := p.slot[mainSlot]
	second := r.m.rows.at(r.m.grain, 1)
	r.tell(tea.MouseClickMsg{X: story.x + 5, Y: story.y + 2, Button: tea.MouseLeft})
	if r.m.now != second {
		t.Errorf("a click on the second row leads to event %d, not %d", r.m.now, second)
	}
	r.tell(tea.MouseWheelMsg{X: story.x + 5, Y: story.y + 2, Button: tea.MouseWheelDown})
	if r.m.now <= second {
		t.Error("the wheel does not move in the story")
	}
	side := p.slot[sideSlot]
	r.tell(tea.MouseClickMsg{X: side.x + 5, Y: side.y + 2, Button: tea.MouseLeft})
	if r.m.focus != whyPane {
		t.Errorf("a click on a pane gives the focus to %d", r.m.focus)
	}
	if r.press("M"); r.m.View().MouseMode != tea.MouseModeNone {
		t.Error("the mouse is not switched off")
	}
}
