package plain

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"mailwalk/cmd/mailwalk/tui"
	"mailwalk/scenarios"
	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

var network = []Place{
	{Name: "router", Links: []string{"acme-net", "globex-net"}, Router: true},
	{Name: "alice-laptop", Label: "Alice's laptop", Links: []string{"acme-net"}},
	{Name: "mail.acme.test", Links: []string{"acme-net"}, Runs: []string{"mail server", "mailboxes"}},
	{Name: "mail.globex.test", Label: "globex's mail server", Links: []string{"globex-net"}, Runs: []string{"mail server"}},
}

// slowly is a trace whose events come one by one, as from a world.
type slowly struct {
	from *trace.Trace
	t    *trace.Trace
}

func newSlowly() *slowly {
	from := story()
	w := &slowly{from: from, t: trace.New(from.Header)}
	w.t.Bodies = from.Bodies
	return w
}

func (w *slowly) Trace() *trace.Trace { return w.t }
func (w *slowly) Now() time.Duration  { return w.t.Duration() }
func (w *slowly) Close() error        { return nil }

func (w *slowly) Step() bool {
	e := w.from.At(w.t.Len() + 1)
	if e == nil {
		return false
	}
	again := *e
	w.t.Append(&again)
	return true
}

// dialogue has commands done, and returns what is written, with the commands.
func dialogue(t *testing.T, o StepOptions, commands ...string) string {
	t.Helper()
	o.Walk, o.Places, o.Prompt, o.Echo = walk, network, true, true
	var out bytes.Buffer
	if err := Step(context.Background(), newSlowly(), strings.NewReader(strings.Join(commands, "\n")), &out, o); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestDialogues(t *testing.T) {
	ask := []*scenarios.Prediction{
		{
			Before: trace.MustSelector("lookup.query"), Ask: "Who is asked first?", Kind: scenarios.HostAnswer, Answer: "a.root-servers.test",
			Field: "server", Hints: []string{"It knows all endings.", "Its name begins with a."}, Reason: "The search begins at the root.", Points: 3,
		},
		{
			Before: trace.MustSelector("mail.stored"), Ask: "Where does the mail lie now?", Kind: scenarios.ChoiceAnswer, Answer: "in the mailbox",
			Choices: []*scenarios.Choice{{Says: "in the mailbox"}, {Says: "on Bob's laptop"}, {Says: "nowhere"}}, Reason: "Bob has not come yet.", Points: 3,
		},
	}
	for name, tt := range map[string]struct {
		o        StepOptions
		commands []string
	}{
		"journey": {StepOptions{Grain: explain.LineGrain}, []string{
			"", "step", "break lookup.referral", "run", "back 3", "why", "state", "filter lookup", "step", "step", "filter off", "unbreak 1",
			"map", "ladder", "look-ups", "mail", "run to the end", "state", "story 3", "acts", "quit", "never read",
		}},
		"closely": {StepOptions{Grain: explain.HopGrain, Depth: explain.Student}, []string{
			"hop 1", "step 2", "into", "into", "step 3", "bytes", "why", "json", "break lookup.resolved", "break lookup.resolved", "break mail.accepted", "breaks", "c", "filter mail", "t", "t", "filter off", ":11", "out", "-", "detail packet", ":20", "bytes", "3 b", "2", "d", "d engineer", "D", "12G", "k", "j", "event 30", "'",
		}},
		"questions": {StepOptions{Grain: explain.LineGrain, Predictions: ask, Ask: true}, []string{
			"run", "hint", "", "why", "answer mail.acme.test", "a.root-servers.test", "run 2", "run", "x", "b", "state", "run", "score", "ask", "questions",
		}},
		"mistakes": {StepOptions{Grain: explain.MailGrain}, []string{
			"back", "rewind", "down", "esc", "bytes", "mail", "why", "json", "look-ups", "ladder", "story", "acts", "filter", "filter verb=", "find", "n", "breaks", "break", "unbreak 7",
			"go nowhere", "mark", "event", "time soon", "hop", "step -1", "step many", "run far", "story x", "stpe", "47", ":", ":nonsense", "out", "quit now", "detail atom", "depth child", "score", "tab", "z", "T", "o", "<", "ctrl+d",
			"detail packet", "into", "present 99", "map", "x", "faults", "mark a", "step 3", "go a", "N",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got := dialogue(t, tt.o, tt.commands...)
			linear(t, got)
			golden(t, "step-"+name+".golden", got)
		})
	}
	golden(t, "step-help.golden", dialogue(t, StepOptions{}, "help"))
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the dialogue is not that of %s; go test -update rewrites it:\n%s", file, got)
	}
}

// linear fails for what a screen reader cannot say: colours, lines that are drawn,
// signs, and lines that are too long. What is typed stands behind the prompt.
func linear(t *testing.T, print string) {
	t.Helper()
	for i, l := range strings.Split(print, "\n") {
		if strings.ContainsAny(l, "\x1b│─└├→×§•") {
			t.Errorf("line %d is drawn: %q", i+1, l)
		}
		said := !strings.Contains(l, "> ") && !strings.HasPrefix(l, "{") && !strings.Contains(l, "SHA-256")
		if w := width(l); w > defaultWidth && said {
			t.Errorf("line %d is %d columns wide: %q", i+1, w, l)
		}
	}
}

// Every key of the screen does something here, or it is said why not; and a key
// never does something else than its row of the screen's table.
func TestEveryKeyOfTheScreenHasItsLine(t *testing.T) {
	table := newCommandTable()
	for _, k := range tui.Keys() {
		i, found := table.named[k.Names[0]]
		if !found || table.all[i].key == "" {
			t.Errorf("the screen's key %q (%s) has no line here", k.Names[0], k.Long)
			continue
		}
		for _, name := range k.Names {
			if table.named[name] != i {
				t.Errorf("%q is another command than %q", name, k.Names[0])
			}
			c, _, reason := table.parse(name)
			if reason != "" || c != &table.all[i] {
				t.Errorf("%q typed is not the command of the key: %s", name, reason)
			}
		}
	}
	seen := map[string]string{}
	for i := range table.all {
		c := &table.all[i]
		if c.not == "" && table.says(c) == "" {
			t.Errorf("%s is not said", c.words)
		}
		if (c.not == "") == (c.does == nil) {
			t.Errorf("%s: either it does something or it is said why not", c.words)
		}
		for _, w := range append(strings.Fields(c.words), c.key) {
			if w != "" && seen[w] != "" && seen[w] != c.words {
				t.Errorf("%q is both %s and %s", w, seen[w], c.words)
			}
			seen[w] = c.words
		}
	}
}

// screen is the stepping screen, used without a terminal.
type screen struct{ m *tui.Model }

func (s *screen) press(key string) {
	msg, ok := map[string]tea.KeyPressMsg{
		"space": {Code: tea.KeySpace, Text: " "}, "enter": {Code: tea.KeyEnter}, "backspace": {Code: tea.KeyBackspace},
	}[key]
	if !ok {
		msg = tea.KeyPressMsg{Code: []rune(key)[0], Text: key}
	}
	_, cmd := s.m.Update(msg)
	for cmd != nil {
		msg := cmd()
		if _, batch := msg.(tea.BatchMsg); batch {
			return
		}
		_, cmd = s.m.Update(msg)
	}
}

// at is what the title bar says of the moment.
func (s *screen) at() string {
	title, _, _ := strings.Cut(ansi.Strip(s.m.View().Content), "\n")
	return title
}

// The same keys lead to the same moments as on the screen.
func TestLinesGoWhereTheScreenGoes(t *testing.T) {
	keys := []string{"space", "space", "space", "space", "space", "b", "b", "enter", "backspace", "R", "+", "-", "j", "k", "g", "G", "esc", "x"}
	for seed := range uint64(6) {
		rng := rand.New(rand.NewPCG(seed, 2))
		m := tui.New(newSlowly(), tui.Options{Walk: tui.Walk{Title: "t"}, Grain: explain.LineGrain, Theme: tui.Mono})
		m.Update(tea.WindowSizeMsg{Width: 120, Height: 40})
		view := &screen{m}
		s := newStepper(context.Background(), newSlowly(), io.Discard, StepOptions{Grain: explain.LineGrain})
		var pressed []string
		for range 150 {
			k := keys[rng.IntN(len(keys))]
			pressed = append(pressed, k)
			view.press(k)
			s.obey(k)
			want := "the beginning"
			switch {
			case s.past():
				want = "event " + explain.Grouped(int64(s.now)) + " of " + explain.Grouped(int64(s.shown))
			case s.now > 0:
				want = "event " + explain.Grouped(int64(s.now)) + " "
			}
			if got := view.at(); !strings.Contains(got, want) {
				t.Fatalf("seed %d, after %q: the lines are at %q, the screen says %q", seed, pressed, want, got)
			}
		}
	}
}

// What is told depends on nothing that has not been shown: the state at a moment is
// the same before and after the end is known.
func TestLookingBackTellsTheSame(t *testing.T) {
	var out bytes.Buffer
	s := newStepper(context.Background(), newSlowly(), &out, StepOptions{Grain: explain.LineGrain, Places: network})
	tell := func() string {
		s.out.flush()
		out.Reset()
		for _, c := range []string{"why", "state", "mail", "map", "look-ups", "ladder", "acts"} {
			s.obey(c)
		}
		s.out.flush()
		return out.String()
	}
	first := map[uint64]string{}
	var moments []uint64
	for s.onward() {
		first[s.now] = tell()
		moments = append(moments, s.now)
	}
	for _, seq := range slices.Backward(moments) {
		s.goTo(seq)
		if got := tell(); got != first[seq] {
			t.Fatalf("at event %d it was told\n%s\nand looking back\n%s", seq, first[seq], got)
		}
	}
}

func TestTheDialogueEndsWithItsInput(t *testing.T) {
	var out bytes.Buffer
	if err := Step(context.Background(), newSlowly(), strings.NewReader("step\nstep"), &out, StepOptions{Walk: walk}); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); strings.Contains(text, "> ") || !strings.Contains(text, "alice") {
		t.Errorf("without a prompt it says:\n%s", text)
	}
	broken := errors.New("broken")
	if err := Step(context.Background(), newSlowly(), &failing{err: broken}, io.Discard, StepOptions{}); !errors.Is(err, broken) {
		t.Errorf("a reader that breaks: %v", err)
	}
	if err := Step(context.Background(), newSlowly(), strings.NewReader("run\n"), &brokenPipe{after: 2000}, StepOptions{Grain: explain.PacketGrain}); !errors.Is(err, errBroken) {
		t.Errorf("a writer that breaks: %v", err)
	}
	long := strings.NewReader(strings.Repeat("x", 2*longestCommand))
	if err := Step(context.Background(), newSlowly(), long, io.Discard, StepOptions{}); err == nil {
		t.Error("a line without an end is read")
	}
	ctx, cancel := context.WithCancel(context.Background())
	in, never := io.Pipe()
	defer never.Close()
	time.AfterFunc(20*time.Millisecond, cancel)
	if err := Step(ctx, newSlowly(), in, io.Discard, StepOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("an interrupt: %v", err)
	}
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }

// An endless walk can be interrupted in the middle of a run.
func TestARunCanBeInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	w := &endless{t: trace.New(trace.Header{}), cancel: cancel}
	if err := Step(ctx, w, strings.NewReader("run\n"), io.Discard, StepOptions{Grain: explain.PacketGrain}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if n := w.t.Len(); n != 1000 {
		t.Errorf("it ran on to event %d", n)
	}
}

type endless struct {
	t      *trace.Trace
	cancel func()
}

func (w *endless) Trace() *trace.Trace { return w.t }
func (w *endless) Now() time.Duration  { return 0 }
func (w *endless) Close() error        { return nil }

func (w *endless) Step() bool {
	w.t.Append(&trace.Event{Kind: trace.Decision, What: trace.Local, Body: &trace.DecisionBody{}})
	if w.t.Len() == 1000 {
		w.cancel()
	}
	return true
}

func FuzzStep(f *testing.F) {
	f.Add("step\nback\nwhy\n")
	f.Add("run 30\nfind RCPT\n:12\nbytes\nfilter line\nb\nm a\n'a\n5 step\n\x1b[2J\n")
	f.Add("detail packet\nrun\n42G\nfilter (\nbreak lookup\nR\nc\nmap\nt\nt\nunbreak 1\n")
	f.Fuzz(func(t *testing.T, typed string) {
		s := newStepper(context.Background(), newSlowly(), io.Discard, StepOptions{Grain: explain.LineGrain, Places: network})
		var out bytes.Buffer
		s.out.w.Reset(&out)
		for _, line := range strings.Split(typed, "\n") {
			s.obey(line)
			if s.now > s.shown || s.shown > s.taken || s.taken > s.trace.Len() {
				t.Fatalf("after %q at event %d of %d, %d, %d", line, s.now, s.shown, s.taken, s.trace.Len())
			}
		}
		if err := s.out.flush(); err != nil {
			t.Fatal(err)
		}
		if i := strings.IndexFunc(out.String(), func(r rune) bool { return r < ' ' && r != '\n' }); i >= 0 {
			t.Errorf("a control character is said: %q", out.String()[max(i-30, 0):i+1])
		}
	})
}

// many is a trace of so many events, of which each hundredth is seen by hop.
func many(n int) *trace.Trace {
	t := trace.New(trace.Header{})
	frame := &trace.PacketBody{Frame: 1, Link: "net", From: "a/eth0", To: "b/eth0", Data: make([]byte, 60), Head: trace.Head{Proto: "UDP", Len: 18}}
	for i := range n {
		if i%100 == 0 {
			t.Append(&trace.Event{Host: "a", Kind: trace.Decision, What: trace.CutDomain, Body: &trace.DecisionBody{Subject: "bob@globex.test", Choice: "globex.test"}})
			continue
		}
		t.Append(&trace.Event{Host: "a", Kind: trace.Packet, What: trace.Sent, Body: frame})
	}
	return t
}

func BenchmarkCommands(b *testing.B) {
	for _, n := range []int{1_000, 1_000_000} {
		s := newStepper(context.Background(), tui.Recorded(many(n)), io.Discard, StepOptions{Grain: explain.HopGrain})
		s.onTo(func(e *trace.Event) bool { return e.Seq == uint64(n-150) })
		for _, command := range []string{"back", "why", "state", "ladder"} {
			b.Run(fmt.Sprintf("events=%d/%s", n, command), func(b *testing.B) {
				for range b.N {
					if s.now < 200 {
						s.look(s.shown)
					}
					s.obey(command)
				}
			})
		}
	}
}
