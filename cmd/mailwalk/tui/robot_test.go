package tui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"mailwalk/sim/explain"
)

// patience is how long a test waits for what surely comes, on a machine that does much
// else besides.
const patience = 3 * time.Minute

// robot uses the screen as a person does, without waiting.
type robot struct {
	t    *testing.T
	m    *Model
	quit bool
	// due is the tick of a run that has not come yet.
	due tea.Msg
	// quick tells that the keys come at once: a digit is then a count.
	quick bool
	// clipboard is what was copied last.
	clipboard string
}

func newRobot(t *testing.T, w World, width, height int, o Options) *robot {
	t.Helper()
	if o.Walk == (Walk{}) {
		o.Walk = firstWalk
	}
	r := &robot{t: t, m: New(w, o)}
	r.m.later = func(_ time.Duration, msg tea.Msg) tea.Cmd {
		if c, ok := msg.(counted); ok {
			if r.quick {
				return nil
			}
			return func() tea.Msg { return c }
		}
		r.due = msg
		return nil
	}
	r.tell(tea.WindowSizeMsg{Width: width, Height: height})
	return r
}

// open is a robot before the sample's first letter, by line.
func open(t *testing.T) *robot {
	return newRobot(t, firstLetter(), 120, 40, Options{Grain: explain.LineGrain, Theme: Dark})
}

// tell gives the screen a message and does what comes of it.
func (r *robot) tell(msg tea.Msg) {
	_, cmd := r.m.Update(msg)
	r.obey(cmd)
}

func (r *robot) obey(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case nil:
	case tea.QuitMsg:
		r.quit = true
	case tea.BatchMsg:
		for _, c := range msg {
			r.obey(c)
		}
	default:
		if fmt.Sprintf("%T", msg) == "tea.setClipboardMsg" {
			r.clipboard = fmt.Sprint(msg)
			return
		}
		r.tell(msg)
	}
}

// quickly presses keys without a pause between them.
func (r *robot) quickly(keys ...string) *robot {
	r.t.Helper()
	r.quick = true
	defer func() { r.quick = false }()
	return r.press(keys...)
}

// hasCopied checks what was copied last.
func (r *robot) hasCopied(text string) *robot {
	r.t.Helper()
	if !strings.Contains(r.clipboard, text) {
		r.t.Errorf("copied is not %q: %q", text, r.clipboard)
	}
	return r
}

var special = map[string]tea.KeyPressMsg{
	"space": {Code: tea.KeySpace, Text: " "}, "tab": {Code: tea.KeyTab}, "shift+tab": {Code: tea.KeyTab, Mod: tea.ModShift},
	"esc": {Code: tea.KeyEscape}, "left": {Code: tea.KeyLeft}, "right": {Code: tea.KeyRight}, "up": {Code: tea.KeyUp}, "down": {Code: tea.KeyDown},
	"pgup": {Code: tea.KeyPgUp}, "pgdown": {Code: tea.KeyPgDown}, "home": {Code: tea.KeyHome}, "end": {Code: tea.KeyEnd},
	"backspace": {Code: tea.KeyBackspace}, "f11": {Code: tea.KeyF11}, "shift+f11": {Code: tea.KeyF11, Mod: tea.ModShift}, "f1": {Code: tea.KeyF1}, "f5": {Code: tea.KeyF5}, "f10": {Code: tea.KeyF10},
	"enter": {Code: tea.KeyEnter}, "delete": {Code: tea.KeyDelete}, "ctrl+f": {Code: 'f', Mod: tea.ModCtrl}, "ctrl+w": {Code: 'w', Mod: tea.ModCtrl},
	"ctrl+c": {Code: 'c', Mod: tea.ModCtrl}, "ctrl+d": {Code: 'd', Mod: tea.ModCtrl}, "ctrl+u": {Code: 'u', Mod: tea.ModCtrl}, "ctrl+p": {Code: 'p', Mod: tea.ModCtrl},
}

// press presses keys, by their names.
func (r *robot) press(keys ...string) *robot {
	r.t.Helper()
	for _, k := range keys {
		msg, ok := special[k]
		if !ok {
			msg = tea.KeyPressMsg{Code: []rune(k)[0], Text: k}
		}
		if msg.String() != k {
			r.t.Fatalf("key %q is called %q", k, msg.String())
		}
		r.tell(msg)
	}
	return r
}

func (r *robot) times(n int, key string) *robot {
	r.t.Helper()
	for range n {
		r.press(key)
	}
	return r
}

func (r *robot) step(n int) *robot { return r.times(n, "space") }
func (r *robot) back(n int) *robot { return r.times(n, "b") }

// stepTo steps until the moment's step says something.
func (r *robot) stepTo(text string) *robot {
	r.t.Helper()
	for range 1000 {
		if r.m.event != nil && strings.Contains(explain.Text(r.m.event), text) {
			return r
		}
		if r.m.atEnd() {
			break
		}
		r.step(1)
	}
	r.t.Fatalf("the walk ended, and no step said %q", text)
	return r
}

// wait lets the next tick of a run come.
func (r *robot) wait() *robot {
	r.t.Helper()
	msg := r.due
	if msg == nil {
		r.t.Fatal("no tick is due")
	}
	r.due = nil
	r.tell(msg)
	return r
}

// screen is what stands on the terminal, without its colours. Each row fills the
// terminal exactly, so there is nothing for a terminal to wrap.
func (r *robot) screen() string {
	r.t.Helper()
	text := r.m.render()
	rows := strings.Split(text, "\n")
	if len(rows) != r.m.height {
		r.t.Errorf("%d rows on a screen of %d", len(rows), r.m.height)
	}
	for i, row := range rows {
		if w := ansi.StringWidth(row); w != r.m.width {
			r.t.Errorf("row %d is %d cells wide and not %d: %q", i, w, r.m.width, ansi.Strip(row))
		}
	}
	plain := ansi.Strip(text)
	if i := strings.IndexFunc(plain, func(c rune) bool { return c < ' ' && c != '\n' || c == 0x7f }); i >= 0 {
		r.t.Errorf("a control character is on the screen: %q", plain[max(i-20, 0):i+1])
	}
	return plain
}

func (r *robot) sees(texts ...string) *robot {
	r.t.Helper()
	screen := r.screen()
	for _, text := range texts {
		if !strings.Contains(screen, text) {
			r.t.Errorf("the screen does not say %q:\n%s", text, screen)
		}
	}
	return r
}

func (r *robot) misses(texts ...string) *robot {
	r.t.Helper()
	screen := r.screen()
	for _, text := range texts {
		if strings.Contains(screen, text) {
			r.t.Errorf("the screen says %q:\n%s", text, screen)
		}
	}
	return r
}
