package main

import (
	"bufio"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"mailwalk/cmd/mailwalk/tui"
	"mailwalk/scenarios"
	"mailwalk/sim/explain"
)

// Journeys on the screen of real walks, one for each kind of person who comes.

func (p *traveller) misses(texts ...string) *traveller {
	p.t.Helper()
	screen := p.screen()
	for _, text := range texts {
		if strings.Contains(screen, text) {
			p.t.Errorf("the screen says %q:\n%s", text, screen)
		}
	}
	return p
}

// hits presses keys that have no letter.
func (p *traveller) hits(codes ...rune) *traveller {
	for _, c := range codes {
		p.tell(tea.KeyPressMsg{Code: c})
	}
	return p
}

// reads finds a text on the screen and returns what stands in its brackets.
func (p *traveller) reads(pattern string) []string {
	p.t.Helper()
	found := regexp.MustCompile(pattern).FindStringSubmatch(p.screen())
	if found == nil {
		p.t.Fatalf("the screen does not say %q:\n%s", pattern, p.screen())
	}
	return found[1:]
}

// event is the number of the event that the title bar tells of.
func (p *traveller) event() string {
	p.t.Helper()
	return p.reads(`event ([\d,]+)`)[0]
}

// begin opens a walk as mailwalk step does.
func begin(t *testing.T, sc *scenarios.Scenario, width, height int, o tui.Options) *traveller {
	t.Helper()
	b, err := openBench(sc, given{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	o.Walk = tui.Walk{Name: sc.Name, Title: sc.Title, Summary: sc.Summary, Objective: sc.Teacher.Objective, Network: networkOf(sc)}
	if o.Theme == "" {
		o.Theme = tui.Dark
	}
	p := &traveller{t: t, bench: b, m: tui.New(b, o)}
	p.tell(tea.WindowSizeMsg{Width: width, Height: height})
	return p
}

func walk(t *testing.T, name string) *scenarios.Scenario {
	t.Helper()
	sc, err := scenarios.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

// TestNewcomer presses only what the screen says, at each size.
func TestNewcomer(t *testing.T) {
	for _, size := range [][2]int{{60, 15}, {80, 24}, {120, 40}, {200, 60}} {
		p := begin(t, walk(t, "first-letter"), size[0], size[1], tui.Options{Grain: explain.LineGrain, Quiet: true})
		p.sees("The first letter", "Nothing has happened yet")
		step, back := p.reads(` (space) step  (b) back`)[0], p.reads(` (space) step  (b) back`)[1]
		why, bytes := p.reads(`│ (\d) +(?:\d +)?why a step comes`)[0], p.reads(`│ (?:\d )?.*?(\d) +(?:why a step comes; )?its bytes`)[0]
		if why == bytes { // both stand before one row: "2  6  why a step comes; its bytes"
			bytes = p.reads(`│ \d +(\d) +why a step comes; its bytes`)[0]
		}
		help, quit := p.reads(`(\S) help  (\S) quit`)[0], p.reads(`(\S) help  (\S) quit`)[1]

		p.press(step, step, step).sees("event 3").press(back).sees("looking back").press(step)
		p.press(step).stepTo("EHLO")
		p.press(why).sees("▶ 2 what and why").press("z").sees("greeting in return").press("z")
		p.press(bytes).sees("▶ 6 bytes").press("z").sees("45 48 4c 4f").press("z")
		p.press(help).sees("any other key closes this", "one step on").press("esc").misses("any other key closes this")
		_, cmd := p.m.Update(tea.KeyPressMsg{Code: []rune(quit)[0], Text: quit})
		if cmd == nil {
			t.Fatalf("%q does not quit", quit)
		}
		if _, quits := cmd().(tea.QuitMsg); !quits {
			t.Errorf("%q does something else than to quit", quit)
		}
	}
}

// TestTeacher shows a walk to a class: with a clicker, in large words, from mark to
// mark.
func TestTeacher(t *testing.T) {
	p := begin(t, walk(t, "first-letter"), 80, 24, tui.Options{Grain: explain.HopGrain, Quiet: true})
	p.press("P").sees("The first letter", "fetches the mail with POP3")
	p.hits(tea.KeyPgDown, tea.KeyPgDown, tea.KeyPgDown).sees("event 3", "the mail is written", "1 story").misses("what and why")
	p.hits(tea.KeyPgUp).sees("looking back").hits(tea.KeyPgDown)
	p.press("m", "a").sees("Marked event 3 with a")
	p.press("}", "}", "}").press("m", "z").sees("with z")
	p.press("'", "a").sees("looking back: event 3 ").press("'", "'").misses("looking back: event 3 ")
	at := p.event()
	p.press("'", "a", "'", "z")
	if p.event() != at {
		t.Errorf("the mark leads to event %s, not %s", p.event(), at)
	}
	p.press("D").sees("for an engineer").press("D", "D").sees("for a newcomer").press("P").sees("2 what and why")
	p.press("T").sees("Colours: light").press("T").sees("Colours: mono").press("T").sees("Colours: dark")
	p.press("R").sees("looking back: event 0").command("time 0.06").sees("looking back").press("esc").misses("looking back")
}

// TestDebugger goes into, over and out, and to a breakpoint made of a filter.
func TestDebugger(t *testing.T) {
	p := begin(t, walk(t, "first-letter"), 120, 40, tui.Options{Grain: explain.HopGrain, Quiet: true})
	p.press("}").sees("mail 1: alice-laptop is to hand it in").press("}").sees("mail.acme.test is to hand it on to")
	hop := p.event()
	// Over: a step at this grain. Into: the line in it, the packets in that.
	p.press("space").sees("seen by hop")
	over := p.event()
	p.press("enter").sees("seen by line")
	in := p.event()
	p.press("enter").sees("seen by packet").press("enter").sees("nothing smaller than a packet")
	p.hits(tea.KeyBackspace, tea.KeyBackspace).sees("seen by hop")
	if hop == over || over == in {
		t.Errorf("over leads from event %s to %s, and into it to %s", hop, over, in)
	}
	// A breakpoint from the filter that is on; c goes there, and it is told which.
	p.command("detail line").command("filter line.sent verb=RETR role=command").press("t").sees("Set breakpoint 1").press("esc")
	p.press("c").sees("Stopped at", "RETR")
	p.misses("is paused")
	stopped := p.event()
	p.press("b", "b").press("c").sees("Stopped at")
	if p.event() != stopped {
		t.Errorf("the second time it stops at event %s, not %s", p.event(), stopped)
	}
	p.press("{").sees("looking back", "bob-laptop goes to its mailbox").press("{").sees("looking back", "mail.globex.test is to put it into the")
	p.command("breaks").sees("Breakpoints", "line.sent verb=RETR").press("esc")
	p.command("unbreak all").press("G").press("c").sees("the end")
}

// TestSpoiler switches a server off in the past, sees what becomes different, takes it
// back, does it again, saves it, and goes through what was saved.
func TestSpoiler(t *testing.T) {
	p := begin(t, walk(t, "first-letter"), 120, 40, tui.Options{Grain: explain.HopGrain, Quiet: true})
	p.stepTo("bob-laptop has a copy of the mail")
	whole := p.event()
	p.command("find connection.opening server=mail.globex.test service=smtp").sees("looking back")
	p.press("a").sees("what can be done here", "in a run of its own")
	key := p.reads(`│\s*▶?\s+([a-z]) +switch \S+ off`)[0]
	p.press(key).sees("in a run of its own", "u takes it back")
	p.stepTo("the end").press("9", "z").sees("What you have done", "run 2", "run 1", "What has become different", "run 1:", "run 2:").press("z")
	p.press("u").sees("Taken back").press("9", "z").sees("You have done nothing to this walk yet").press("z")
	p.stepTo("bob-laptop has a copy of the mail")
	if p.event() != whole {
		t.Errorf("taken back, the mail arrives at event %s, not %s", p.event(), whole)
	}
	p.press("U").sees("Done again")

	t.Chdir(t.TempDir())
	p.press("W").sees("save my-walk.yaml").press("enter").sees("Written. mailwalk step ./my-walk.yaml")
	p.command("save my-walk.yaml").sees("The walk is not written", "choose another name")
	sc, err := scenarios.LoadFile(filepath.Join(".", "my-walk.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	again := begin(t, sc, 120, 40, tui.Options{Grain: explain.HopGrain, Quiet: true})
	again.stepTo("switches")
	again.stepTo("the end").misses("✉ on the device")
}

// TestGuesser answers what a walk asks: wrongly, with a hint, rightly; and has the
// answer told.
func TestGuesser(t *testing.T) {
	sc := walk(t, "first-letter")
	p := begin(t, sc, 120, 40, tui.Options{Grain: explain.LineGrain, Predictions: sc.Questions(false)})
	p.stepTo("Alice presses Send. To which machine")
	p.misses("is to hand it in at mail.acme.test") // not before it is answered
	p.press("?").sees("Hint 1: Bob's laptop may be switched off")
	p.press("a").sees("not so").misses("is to hand it in at mail.acme.test")
	right := p.reads(`([a-d])  her own provider's mail server`)[0]
	p.press(right).sees("Right").press("space").sees("is to hand it in at mail", "1 of 3 points")
	for range 400 {
		if strings.Contains(p.screen(), "a question") && strings.Contains(p.screen(), "tab tell me") {
			break
		}
		p.press("space")
	}
	p.press("tab").misses("tab tell me").press("space")
	p.hits(tea.KeyEscape)
}

// present is the screen as a program runs it: commands are done beside it, and what
// comes of them is taken when it comes.
type present struct {
	*traveller
	msgs chan tea.Msg
}

func (p *present) beside(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	go func() {
		if msg := cmd(); msg != nil {
			p.msgs <- msg
		}
	}()
}

func (p *present) take(msg tea.Msg) {
	if batch, ok := msg.(tea.BatchMsg); ok {
		for _, c := range batch {
			p.beside(c)
		}
		return
	}
	_, cmd := p.m.Update(msg)
	p.beside(cmd)
}

// key presses a key.
func (p *present) key(k string) *present {
	msg := tea.KeyPressMsg{Code: []rune(k)[0], Text: k}
	if k == "space" {
		msg = tea.KeyPressMsg{Code: tea.KeySpace, Text: " "}
	}
	p.take(msg)
	return p
}

// until waits until the screen says something.
func (p *present) until(text string) *present {
	p.t.Helper()
	late := time.After(patience)
	for !strings.Contains(p.screen(), text) {
		select {
		case msg := <-p.msgs:
			p.take(msg)
		case <-late:
			p.t.Fatalf("the screen does not come to say %q:\n%s", text, p.screen())
		}
	}
	return p
}

// TestVisitor comes in by a door while time stands still: it is seen at once, and the
// server's answer comes when a step is gone.
func TestVisitor(t *testing.T) {
	p := &present{begin(t, walk(t, "first-letter"), 120, 40, tui.Options{Grain: explain.LineGrain, Quiet: true}), make(chan tea.Msg, 64)}
	p.key("space").until("event 1 ").key("o").until("Programs on this machine can come into the walk")
	var address string
	for range 40 {
		if m := regexp.MustCompile(`swaks --server (127\.0\.0\.1:\d+)`).FindStringSubmatch(p.screen()); m != nil {
			address = m[1]
			break
		}
		p.key("j")
	}
	if address == "" {
		t.Fatalf("no door tells its address:\n%s", p.screen())
	}
	p.key("q").misses("can come into the walk")
	before := p.event()

	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	p.until("A visitor is here. Space lets time go on; the visitor's own clock does not wait")
	if p.event() == before {
		t.Error("the visitor is not in the story")
	}
	p.sees("visitor")
	greeting := make(chan string, 1)
	go func() {
		l, _ := bufio.NewReader(conn).ReadString('\n')
		greeting <- l
	}()
	heard := ""
	for range 400 {
		at := p.event()
		p.key("space")
		for late := time.Now().Add(10 * time.Second); heard == "" && p.event() == at && time.Now().Before(late); {
			select {
			case msg := <-p.msgs:
				p.take(msg)
			case heard = <-greeting:
			case <-time.After(50 * time.Millisecond):
			}
		}
		if heard != "" {
			break
		}
	}
	if !strings.HasPrefix(heard, "220 ") {
		t.Errorf("the visitor hears %q:\n%s", heard, p.screen())
	}
	p.sees("visitor wants to hand mail to mail.acme.test")
	p.command("find line.sent role=greeting service=smtp conn~visitor").sees("connection  visitor>mail.acme.test:25#1")
}
