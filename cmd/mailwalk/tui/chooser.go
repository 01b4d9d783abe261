package tui

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"mailwalk/sim/explain"
)

// Offer is a walk that can be chosen.
type Offer struct {
	Walk
	// Part is the heading under which it stands.
	Part string
	// Minutes is how long it takes in class; 0 is unknown.
	Minutes  int
	ClearsUp string
	// Before is what one should know before.
	Before []string
}

// Choose shows the walks and returns the name of the one that the person wants,
// empty when she wants none. The error is that of the terminal or of the context.
func Choose(ctx context.Context, offers []Offer, o Options) (string, error) {
	c := newChooser(offers, o)
	opts := []tea.ProgramOption{tea.WithContext(ctx)}
	if o.Plain {
		opts = append(opts, tea.WithColorProfile(colorprofile.ASCII))
	}
	_, err := tea.NewProgram(c, opts...).Run()
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.Is(err, tea.ErrInterrupted):
		return "", context.Canceled
	case err != nil:
		return "", fmt.Errorf("the screen: %w", err)
	}
	return c.chosen, nil
}

// chooser is the screen on which a walk is chosen.
type chooser struct {
	*stage
	offers        []Offer
	found         []int // indices of the offers that fit what was typed
	at            int   // index in found
	top           int   // first row of the list that shows
	typed         string
	typing        bool
	chosen        string
	width, height int
	themeName     ThemeName
	profile       colorprofile.Profile
	fixed         bool
	listRows      []int // of each row that shows, the index in found, or -1
}

func newChooser(offers []Offer, o Options) *chooser {
	c := &chooser{stage: &stage{glyphs: unicodeGlyphs()}, offers: offers, themeName: o.Theme}
	if o.ASCII {
		c.glyphs = asciiGlyphs()
	}
	if o.Plain {
		c.themeName = Mono
	}
	c.fixed = c.themeName != Auto && c.themeName != ""
	if !c.fixed {
		c.themeName = Dark
	}
	c.theme = newTheme(c.themeName, c.profile)
	c.find()
	return c
}

// Init asks the terminal for its background, so that the colours fit.
func (c *chooser) Init() tea.Cmd {
	if c.fixed {
		return nil
	}
	return tea.RequestBackgroundColor
}

// Update takes one message.
func (c *chooser) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		c.width, c.height = msg.Width, msg.Height
	case tea.BackgroundColorMsg:
		if !c.fixed {
			c.themeName = Light
			if msg.IsDark() {
				c.themeName = Dark
			}
			c.theme = newTheme(c.themeName, c.profile)
		}
	case tea.ColorProfileMsg:
		c.profile = msg.Profile
		if c.profile <= colorprofile.ASCII {
			c.themeName, c.fixed = Mono, true
		}
		c.theme = newTheme(c.themeName, c.profile)
	case tea.MouseWheelMsg:
		switch msg.Button {
		case tea.MouseWheelDown:
			c.move(1)
		case tea.MouseWheelUp:
			c.move(-1)
		}
	case tea.MouseClickMsg:
		if i := msg.Y - chooserTop; i >= 0 && i < len(c.listRows) && c.listRows[i] >= 0 {
			c.at = c.listRows[i]
		}
	case tea.KeyPressMsg:
		return c, c.press(msg)
	}
	return c, nil
}

func (c *chooser) press(msg tea.KeyPressMsg) tea.Cmd {
	key := msg.String()
	if key == "ctrl+c" {
		return tea.Quit
	}
	if c.typing {
		switch key {
		case "enter":
			return c.choose()
		case "esc":
			c.typing, c.typed = false, ""
		case "backspace":
			r := []rune(c.typed)
			c.typed = string(r[:max(len(r)-1, 0)])
		case "down", "up":
			c.move(map[string]int{"down": 1, "up": -1}[key])
			return nil
		default:
			c.typed += msg.Text
		}
		c.find()
		return nil
	}
	switch key {
	case "j", "down", "space":
		c.move(1)
	case "k", "up":
		c.move(-1)
	case "pgdown":
		c.move(c.listHeight() / 2)
	case "pgup":
		c.move(-c.listHeight() / 2)
	case "g", "home":
		c.at = 0
	case "G", "end":
		c.at = max(len(c.found)-1, 0)
	case "/":
		c.typing = true
	case "enter", "l", "right":
		return c.choose()
	case "q", "esc":
		return tea.Quit
	}
	return nil
}

func (c *chooser) choose() tea.Cmd {
	if len(c.found) == 0 {
		return nil
	}
	c.chosen = c.offers[c.found[c.at]].Name
	return tea.Quit
}

func (c *chooser) move(n int) { c.at = max(0, min(c.at+n, len(c.found)-1)) }

// find keeps the walks that have all words that were typed.
func (c *chooser) find() {
	c.found = c.found[:0]
	words := strings.Fields(strings.ToLower(c.typed))
	for i := range c.offers {
		o := &c.offers[i]
		text := strings.ToLower(strings.Join([]string{o.Name, o.Title, o.Summary, o.Objective, o.ClearsUp, o.Part}, " "))
		fits := true
		for _, w := range words {
			fits = fits && strings.Contains(text, w)
		}
		if fits {
			c.found = append(c.found, i)
		}
	}
	c.at = max(0, min(c.at, len(c.found)-1))
}

// View draws the screen.
func (c *chooser) View() tea.View {
	v := tea.NewView(c.render())
	v.AltScreen = true
	v.WindowTitle = "mailwalk"
	v.MouseMode = tea.MouseModeCellMotion
	return v
}

const (
	chooserTop  = 2  // rows above the first of the list
	chooserFoot = 1  // rows below the boxes
	sideBySide  = 96 // width from which a walk is described beside the list
)

func (c *chooser) listHeight() int {
	h := c.height - 1 - chooserFoot - 2
	if c.width < sideBySide {
		h /= 2
	}
	return max(h, 1)
}

func (c *chooser) render() string {
	if c.glyphs.ascii {
		return toASCII(c.draw())
	}
	return c.draw()
}

func (c *chooser) draw() string {
	switch {
	case c.width <= 0 || c.height <= 0:
		return ""
	case c.width < leastWidth || c.height < leastHeight:
		return tooSmall(c.width, c.height)
	}
	bar := line{{" " + c.glyphs.mail + " mailwalk ", c.theme.barStrong}, {" see how a mail gets from a sender to an inbox", c.theme.bar}}
	right := line{{"choose a walk ", c.theme.bar}}
	room := c.width - right.width()
	rows := []string{bar.render(room, c.theme.bar, c.glyphs.more) + right.render(c.width-room, c.theme.bar, "")}
	w, h := c.width, c.listHeight()+2
	if c.width >= sideBySide {
		w = c.width * 45 / 100
	}
	list := c.box("walks", c.count(), true).render(w, h, c.list(w-2, h-2))
	aboutW, aboutH := c.width-w, h
	if c.width < sideBySide {
		aboutW, aboutH = c.width, c.height-1-chooserFoot-h
	}
	about := c.box("about this walk", "", false).render(aboutW, aboutH, c.about(aboutW-2, aboutH-2))
	if c.width >= sideBySide {
		for i := range list {
			rows = append(rows, list[i]+about[i])
		}
	} else {
		rows = append(append(rows, list...), about...)
	}
	rows = append(rows, c.foot())
	return strings.Join(rows, "\n")
}

func (c *chooser) box(title, aside string, focused bool) box {
	b := box{glyphs: &c.glyphs, border: c.theme.border, title: title, aside: aside, name: c.theme.dim, words: c.theme.dim}
	if focused {
		b.border, b.name = c.theme.focus, c.theme.heading
	}
	return b
}

func (c *chooser) count() string {
	if len(c.found) == len(c.offers) {
		return strconv.Itoa(len(c.offers)) + " of them"
	}
	return strconv.Itoa(len(c.found)) + " of " + strconv.Itoa(len(c.offers))
}

// list draws the walks under the headings of their parts.
func (c *chooser) list(width, height int) []string {
	type row struct {
		line
		item int
	}
	var all []row
	part, chosen := "", 0
	for i, f := range c.found {
		o := &c.offers[f]
		if o.Part != part {
			part = o.Part
			if i > 0 {
				all = append(all, row{line{}, -1})
			}
			all = append(all, row{line{{" " + part, c.theme.heading}}, -1})
		}
		mark, style := " ", c.theme.text
		if i == c.at {
			chosen, mark, style = len(all), c.glyphs.here, c.theme.strong
		}
		l := line{{" " + mark + " ", c.theme.key}, {fill(cut(o.Name, 18, c.glyphs.more), 18) + " ", style}, {explain.OneLine(o.Title), c.theme.dim}}
		all = append(all, row{l, i})
	}
	if len(all) == 0 {
		return []string{line{{" No walk has these words.", c.theme.warning}}.render(width, c.theme.text, c.glyphs.more)}
	}
	if chosen-2 < c.top {
		c.top = chosen - 2
	}
	if chosen+1 > c.top+height-1 {
		c.top = chosen + 2 - height
	}
	c.top = max(0, min(c.top, len(all)-height))
	shown := all[c.top:min(c.top+height, len(all))]
	c.listRows = c.listRows[:0]
	var rows []string
	for _, r := range shown {
		base := c.theme.text
		if r.item == c.at {
			base = c.theme.selected
			if c.theme.flat {
				for i := range r.line {
					r.line[i].style = base
				}
			}
		}
		rows = append(rows, r.render(width, base, c.glyphs.more))
		c.listRows = append(c.listRows, r.item)
	}
	return rows
}

// about describes the walk at the cursor.
func (c *chooser) about(width, height int) []string {
	if len(c.found) == 0 {
		return nil
	}
	o := &c.offers[c.found[c.at]]
	p := &page{stage: c.stage, width: width}
	p.text(p.theme.strong, o.Title)
	p.text(p.theme.text, o.Summary)
	if o.Objective != "" {
		p.heading("What one can do afterwards")
		p.text(p.theme.text, o.Objective)
	}
	if o.ClearsUp != "" {
		p.heading("What it clears up")
		p.text(p.theme.text, o.ClearsUp)
	}
	if len(o.Before) > 0 {
		p.heading("What one should know before")
		for _, b := range o.Before {
			for i, r := range wrap(b, width-4) {
				p.add(line{{map[bool]string{true: p.glyphs.dot + " ", false: "  "}[i == 0], p.theme.dim}, {r, p.theme.text}})
			}
		}
	}
	if o.Minutes > 0 {
		p.blank()
		p.text(p.theme.dim, "About "+strconv.Itoa(o.Minutes)+" minutes in class.")
	}
	var s scroll
	return s.draw(p, height)
}

func (c *chooser) foot() string {
	t := &c.theme
	if c.typing {
		return line{{" / ", t.key}, {c.typed + "_", t.text}, {"   enter begins, esc shows all", t.dim}}.render(c.width, t.text, c.glyphs.more)
	}
	l := line{{" ", t.text}}
	for _, k := range [][2]string{{"enter", "begin"}, {"j k", "choose"}, {"/", "search"}, {"q", "quit"}} {
		l = append(l, span{k[0], t.key}, span{" " + k[1] + "  ", t.text})
	}
	return l.render(c.width, t.text, c.glyphs.more)
}
