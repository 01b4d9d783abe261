package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"mailwalk/cmd/mailwalk/tui"
	"mailwalk/scenarios"
	"mailwalk/sim/explain"
)

// traveller uses the stepping screen of a real walk as a person does, without
// waiting for anything but its answers.
type traveller struct {
	t     *testing.T
	bench *workbench
	m     *tui.Model
}

func travel(t *testing.T, walk string, grain explain.Grain) *traveller {
	t.Helper()
	sc, err := scenarios.Load(walk)
	if err != nil {
		t.Fatal(err)
	}
	b, err := openBench(sc, given{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	p := &traveller{t: t, bench: b, m: tui.New(b, tui.Options{
		Walk: tui.Walk{Name: sc.Name, Title: sc.Title, Network: networkOf(sc)}, Grain: grain, Theme: tui.Dark, Quiet: true,
	})}
	p.tell(tea.WindowSizeMsg{Width: 120, Height: 40})
	return p
}

func (p *traveller) tell(msg tea.Msg) {
	_, cmd := p.m.Update(msg)
	p.obey(cmd)
}

// obey does what a command is for, and what comes of that, one after the other.
func (p *traveller) obey(cmd tea.Cmd) {
	todo := []tea.Cmd{cmd}
	for n := 0; len(todo) > 0; n++ {
		if n > 100_000 {
			p.t.Fatal("the screen does not come to rest")
		}
		c := todo[0]
		todo = todo[1:]
		if c == nil {
			continue
		}
		switch msg := c().(type) {
		case nil, tea.QuitMsg:
		case tea.BatchMsg:
			todo = append(todo, msg...)
		default:
			_, next := p.m.Update(msg)
			todo = append(todo, next)
		}
	}
}

func (p *traveller) press(keys ...string) *traveller {
	p.t.Helper()
	named := map[string]tea.KeyPressMsg{
		"space": {Code: tea.KeySpace, Text: " "}, "enter": {Code: tea.KeyEnter}, "esc": {Code: tea.KeyEscape}, "tab": {Code: tea.KeyTab},
	}
	for _, k := range keys {
		if msg, ok := named[k]; ok {
			p.tell(msg)
			continue
		}
		p.tell(tea.KeyPressMsg{Code: []rune(k)[0], Text: k})
	}
	return p
}

// command types a command line.
func (p *traveller) command(text string) *traveller {
	p.t.Helper()
	p.press(":")
	for _, r := range text {
		p.tell(tea.KeyPressMsg{Code: r, Text: string(r)})
	}
	return p.press("enter")
}

func (p *traveller) screen() string { return ansi.Strip(p.m.View().Content) }

func (p *traveller) sees(texts ...string) *traveller {
	p.t.Helper()
	screen := p.screen()
	for _, text := range texts {
		if !strings.Contains(screen, text) {
			p.t.Errorf("the screen does not say %q:\n%s", text, screen)
		}
	}
	return p
}

// stepTo steps until the screen says something.
func (p *traveller) stepTo(text string) *traveller {
	p.t.Helper()
	for range 3000 {
		if strings.Contains(p.screen(), text) {
			return p
		}
		p.press("space")
	}
	p.t.Fatalf("no step said %q:\n%s", text, p.screen())
	return p
}

// TestJourney: to the first referral, three back, the next segment with data lost,
// on, and there is its retransmission; taken back, all is as it was.
func TestJourney(t *testing.T) {
	p := travel(t, "first-letter", explain.LineGrain)
	p.stepTo("on to the servers of test").press("b", "b", "b").sees("looking back")
	p.press("esc").command("detail packet").command("filter packet.sent host=mail.acme.test dstPort=25 len>500")
	p.press("space").sees("1 of 1")
	p.press("a").sees("what can be done here", "lose the packet")
	p.press("d").sees("Done", "u takes it back")
	p.command("filter").command("detail packet").stepTo("etransmission")
	p.command("pane hands").sees("What you have done", "drops a packet")
	p.press("u").sees("Taken back").press("U").sees("Done again")

	file := filepath.Join(t.TempDir(), "lossy.yaml")
	t.Chdir(filepath.Dir(file))
	p.command("save lossy.yaml").sees("Written.")
	if _, err := os.Stat(file); err != nil {
		t.Fatal(err)
	}
	sc, err := scenarios.LoadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	w, err := newSim(sc, given{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	dropped := 0
	for e := range w.Trace().All() {
		if e.What == "dropped" {
			dropped++
		}
	}
	if dropped != 1 {
		t.Errorf("in the saved walk %d packets are lost", dropped)
	}
}

// TestFork: something that has happened already happens otherwise, in a run beside
// the old one.
func TestFork(t *testing.T) {
	p := travel(t, "first-letter", explain.HopGrain)
	p.stepTo("bob-laptop has a copy of the mail")
	p.command("find connection.opening server=mail.globex.test service=smtp").command("do off").sees("in a run of its own")
	p.command("pane hands").press("z").sees("run 2", "run 1", "off").press("z")
	p.command("filter connection").sees("only connection")
	p.press("w").sees("This is run 1", "only connection").press("w").sees("This is run 2", "only connection").command("filter")
	p.stepTo("the end").command("pane hands").press("z").sees("What has become different", "mail 1")
	p.press("w").sees("This is run 1").press("w").sees("This is run 2")
}

// TestDevices: what each of a person's devices has, and what the server keeps.
func TestDevices(t *testing.T) {
	p := travel(t, "imap-two-devices", explain.MailGrain)
	p.stepTo("the end").press("3", "z")
	p.sees("Mailboxes on servers", "bob@globex.test/INBOX  1 mail on mail.globex.test", `UID 1, mail 1, 715 octets, flags \Flagged \Seen`)
	p.sees("Devices", "alice-laptop  1 mail", "written here", "bob-laptop  1 mail", "bob-phone  1 mail", "bob-tablet  1 mail")
	p.sees(`mail 1, "You are invited": fetched from bob@globex.test/INBOX, UID 1`)
	// By then only one device had it.
	p.command("find mail.fetched host=bob-laptop").sees("looking back", "bob-laptop  1 mail").misses("bob-phone  1 mail")

	p = travel(t, "pop3-two-devices", explain.MailGrain)
	p.stepTo("the end").press("3", "z").sees("bob-laptop  1 mail", "bob-phone  no mail", "fetched from bob@globex.test/INBOX; no longer on the server")
}
