package tui

import (
	"fmt"
	"image/color"
	"slices"
	"strconv"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"mailwalk/sim/explain"
	"mailwalk/sim/quiz"
)

// sizes are those that the screen is made for.
var sizes = [][2]int{{60, 15}, {80, 24}, {120, 40}, {200, 60}}

// looks are the ways in which one screen is coloured.
var looks = []struct {
	name    string
	theme   ThemeName
	profile colorprofile.Profile
}{
	{"dark", Dark, colorprofile.TrueColor},
	{"light", Light, colorprofile.TrueColor},
	{"16 colours", Dark, colorprofile.ANSI},
	{"mono", Mono, colorprofile.ASCII},
}

// components are the parts of the screen, each at a moment at which it has something
// to show.
var components = []struct {
	name  string
	grain explain.Grain
	act   func(r *robot)
}{
	{"panes", explain.PacketGrain, func(r *robot) { r.relayed() }},
	{"story", explain.LineGrain, func(r *robot) { r.relayed().press("1", "z", "b", "b") }},
	{"why", explain.LineGrain, func(r *robot) { r.stepTo("names a recipient").press("2", "z", "d") }},
	{"state", explain.LineGrain, func(r *robot) { r.relayed().press("3", "z") }},
	{"ladder", explain.LineGrain, func(r *robot) { r.relayed().press("4", "z") }},
	{"map", explain.PacketGrain, func(r *robot) { r.relayed().press("5", "z") }},
	{"bytes", explain.PacketGrain, func(r *robot) { r.relayed().press("6", "z", "j", "j") }},
	{"mail", explain.LineGrain, func(r *robot) { r.stepTo("the mail lies in the mailbox").press("7", "z") }},
	{"look-ups", explain.LineGrain, func(r *robot) { r.relayed().press("8", "z") }},
	{"hands", explain.LineGrain, func(r *robot) { r.relayed().press("9", "z") }},
	{"filter", explain.LineGrain, func(r *robot) {
		r.relayed().press("/").types("line.sent verb=RCPT").press("enter").press("/").types(" hots=x")
	}},
	{"signs", explain.LineGrain, func(r *robot) {
		r.relayed().back(2).press("t").back(1).press("m", "a").press("ctrl+f").types("RCPT").press("enter")
	}},
	{"help", explain.LineGrain, func(r *robot) { r.step(9).press("?", "j") }},
	{"question", explain.LineGrain, func(r *robot) {
		r.m.predicting.marks = quiz.NewMarks(firstQuestions())
		r.untilAsked().press("a")
	}},
	{"presenter", explain.LineGrain, func(r *robot) { r.stepTo("names a recipient").press("P") }},
}

// relayed steps until the second server has the mail half.
func (r *robot) relayed() *robot {
	r.t.Helper()
	return r.stepTo("asks who takes the mail").stepTo("hands over the content").step(2)
}

// What stands on the terminal, at each size and with each set of colours. One file
// for each part of the screen has the letters of all sizes, and under each screen how
// its cells look: a letter for each look, by what it is in the four sets of colours.
func TestOnTheTerminal(t *testing.T) {
	for _, c := range components {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			goldenOnTerminal(t, c.name, func(w, h int, o Options, p colorprofile.Profile) tea.Model {
				o.Grain = c.grain
				r := newRobot(t, firstLetter(), w, h, o)
				r.tell(tea.ColorProfileMsg{Profile: p})
				c.act(r)
				return r.m
			})
		})
	}
}

func TestTheChooserOnTheTerminal(t *testing.T) {
	goldenOnTerminal(t, "chooser", func(w, h int, o Options, p colorprofile.Profile) tea.Model {
		c := newChooser(someOffers(), o)
		for _, msg := range []tea.Msg{tea.WindowSizeMsg{Width: w, Height: h}, tea.ColorProfileMsg{Profile: p}, special["down"]} {
			c.Update(msg)
		}
		return c
	})
}

// goldenOnTerminal compares what a screen looks like on the terminal with a file.
func goldenOnTerminal(t *testing.T, name string, screen func(w, h int, o Options, p colorprofile.Profile) tea.Model) {
	t.Helper()
	show := func(w, h int, o Options, p colorprofile.Profile) sight {
		o.Plain = p == colorprofile.ASCII
		x := onTerminal(t, screen(w, h, o, p), w, h, p, nil)
		x.p.Quit()
		return x.ended()
	}
	var b strings.Builder
	for _, size := range sizes {
		var sights []sight
		for _, l := range looks {
			p := show(size[0], size[1], Options{Theme: l.theme}, l.profile)
			if len(sights) > 0 && p.text() != sights[0].text() {
				t.Errorf("%v: in %s the letters are others than in %s:\n%s", size, l.name, looks[0].name, p.text())
			}
			sights = append(sights, p)
		}
		fmt.Fprintf(&b, "== %s at %dx%d\n%s", name, size[0], size[1], sights[0].text())
		b.WriteString(looksOf(sights))
	}
	plain := show(sizes[1][0], sizes[1][1], Options{Theme: Dark, ASCII: true}, colorprofile.TrueColor).text()
	for _, letter := range plain {
		if letter > 0x7e {
			t.Fatalf("%q on a screen of ASCII:\n%s", letter, plain)
		}
	}
	b.WriteString("== " + name + " in ASCII at 80x24\n" + plain)
	golden(t, "vt-"+name+".txt", b.String())
}

// looksOf maps the looks of the same cells in several sets of colours.
func looksOf(sights []sight) string {
	const names = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	var legend []string
	letter := map[string]byte{}
	var b strings.Builder
	b.WriteString("-- looks\n")
	for y, row := range sights[0] {
		marks := make([]byte, len(row))
		for x := range row {
			words := make([]string, len(sights))
			for i, p := range sights {
				words[i] = style(&p[y][x])
			}
			key := strings.Join(words, "|")
			switch {
			case strings.Trim(key, "|") == "":
				marks[x] = ' '
			case letter[key] == 0:
				if len(legend) == len(names) {
					return "too many looks\n"
				}
				letter[key] = names[len(legend)]
				var parts []string
				for i, w := range words {
					if w == "" {
						w = "plain"
					}
					parts = append(parts, looks[i].name+": "+w)
				}
				legend = append(legend, string(letter[key])+"  "+strings.Join(parts, "; "))
				fallthrough
			default:
				marks[x] = letter[key]
			}
		}
		b.WriteString(strings.TrimRight(runs(marks), " ") + "\n")
	}
	return b.String() + strings.Join(legend, "\n") + "\n\n"
}

// runs writes a row of marks short: 12a is twelve times a; a dot is the plain look.
func runs(marks []byte) string {
	var b strings.Builder
	rest := strings.TrimRight(string(marks), " ")
	for len(rest) > 0 {
		n := len(rest) - len(strings.TrimLeft(rest, rest[:1]))
		if n > 1 {
			b.WriteString(strconv.Itoa(n))
		}
		b.WriteString(strings.ReplaceAll(rest[:1], " ", ".") + " ")
		rest = rest[n:]
	}
	return b.String()
}

// The terminal gets only what changes; after any keys it shows what is drawn, cell by
// cell, and no key costs it more than a screen.
func TestTheTerminalFollows(t *testing.T) {
	keys := []string{"space", "space", "space", "b", "+", "-", "tab", "z", "2", "3", "4", "5", "6", "7", "8", "9", "j", "k", "G", "g", "d", "T", "x", "P", "?", "/", "esc", "R", "}", "{"}
	r := newRobot(t, firstLetter(), 100, 30, Options{Grain: explain.LineGrain, Theme: Dark})
	s := &stageHand{Model: r.m}
	x := onTerminal(t, s, 100, 30, colorprofile.TrueColor, nil)
	for i := range 150 {
		k := keys[(i*7+i*i/5)%len(keys)]
		text := make(chan string, 1)
		x.p.Send(hand(func() {
			r.press(k)
			text <- r.m.render()
		}))
		want := <-text
		x.until("what is drawn after "+k, func(p sight) bool { return slices.Equal(p.cells(), drawn(want, 100, 30).cells()) })
	}
	x.p.Quit()
	x.ended()
}

// stageHand is the screen with something done to it between two messages.
type stageHand struct{ *Model }

type hand func()

func (s *stageHand) Init() tea.Cmd { return nil }

func (s *stageHand) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if f, ok := msg.(hand); ok {
		f()
		return s, nil
	}
	_, cmd := s.Model.Update(msg)
	return s, cmd
}

// Keys come as a terminal sends them, and the colours are those for the ground that
// it says it has.
func TestKeysAndGroundOfTheTerminal(t *testing.T) {
	for name, ground := range map[ThemeName]color.Color{Light: color.White, Dark: color.Black} {
		m := New(firstLetter(), Options{Walk: firstWalk, Grain: explain.LineGrain, Theme: Auto})
		x := onTerminal(t, m, 80, 24, colorprofile.TrueColor, ground)
		want := map[ThemeName]string{Light: "#0b5aa6", Dark: "#3b6fb5"}[name] // behind the program's name
		x.until("the "+string(name)+" colours", func(p sight) bool { return style(&p[0][1]) == "bold #ffffff on "+want })
		x.sees("Nothing has happened yet").types("space").sees("event 1 ").types("l").sees("event 2 ").types("right").sees("event 3 ")
		x.types("f10").sees("event 4 ").types("pgdown").sees("event 5 ").types("b").sees("looking back: event 4 of 5").types("pgup").sees("looking back: event 3 of 5")
		x.types("left").sees("event 2 of 5").types("h").sees("event 1 of 5").types("end").misses("looking back")
		x.types("enter").sees("seen by packet").types("backspace").sees("seen by line").types("f11").sees("seen by packet")
		x.types("f1").sees("any other key closes this").types("esc").misses("any other key closes this")
		x.types("tab").sees("▶ 2 what and why").types("shift+tab").sees("▶ 1 story").types("ctrl+f").sees("find: ").types("ctrl+c").misses("find: ")
		x.types("q")
		x.ended()
	}
}
