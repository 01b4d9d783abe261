package tui

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

func someOffers() []Offer {
	return []Offer{
		{Walk: Walk{Name: "first-letter", Title: "The first letter", Summary: "Alice writes to Bob.", Objective: "Name the programs."}, Part: "The journey", Minutes: 30, ClearsUp: "That a mail goes straight.", Before: []string{"What a port is"}},
		{Walk: Walk{Name: "attachment", Title: "A picture"}, Part: "The journey"},
		{Walk: Walk{Name: "lossy-link", Title: "Every tenth packet is lost"}, Part: "When things go wrong"},
	}
}

// visit is a chooser of a size on which keys were pressed.
func visit(t *testing.T, w, h int, keys ...string) (*chooser, bool) {
	t.Helper()
	c := newChooser(someOffers(), Options{Theme: Dark})
	c.Update(tea.WindowSizeMsg{Width: w, Height: h})
	left := false
	for _, k := range keys {
		msg, ok := special[k]
		if !ok {
			msg = tea.KeyPressMsg{Code: []rune(k)[0], Text: k}
		}
		_, cmd := c.Update(msg)
		left = cmd != nil
	}
	for i, row := range strings.Split(c.render(), "\n") {
		if n := ansi.StringWidth(row); n != w {
			t.Errorf("row %d is %d cells wide and not %d", i, n, w)
		}
	}
	return c, left
}

func TestChooser(t *testing.T) {
	c, left := visit(t, 120, 40, "j", "j", "k", "enter")
	if c.chosen != "attachment" || !left {
		t.Errorf("chosen %q, left %v", c.chosen, left)
	}
	if c, left = visit(t, 80, 24, "/", "l", "o", "s", "t", "enter"); c.chosen != "lossy-link" || !left {
		t.Errorf("searched: chosen %q, left %v", c.chosen, left)
	}
	if c, left = visit(t, 80, 24, "/", "q", "x", "enter"); c.chosen != "" || left {
		t.Errorf("nothing found: chosen %q, left %v", c.chosen, left)
	}
	if c, left = visit(t, 80, 24, "q"); c.chosen != "" || !left {
		t.Errorf("quit: chosen %q, left %v", c.chosen, left)
	}
	c, _ = visit(t, 120, 40, "j")
	c.Update(tea.MouseClickMsg{X: 5, Y: chooserTop + 1, Button: tea.MouseLeft})
	if c.at != 0 {
		t.Errorf("a click on the first walk chose number %d", c.at)
	}
}

func TestChooserScreens(t *testing.T) {
	for _, size := range [][2]int{{60, 15}, {120, 40}} {
		c, _ := visit(t, size[0], size[1], "j")
		golden(t, map[int]string{60: "chooser-60x15.txt", 120: "chooser-120x40.txt"}[size[0]], trimmed(ansi.Strip(c.render())))
	}
	if c, _ := visit(t, 30, 5); !strings.Contains(c.render(), "needs") {
		t.Error("a tiny terminal is not told so")
	}
}

func trimmed(screen string) string {
	rows := strings.Split(screen, "\n")
	for i := range rows {
		rows[i] = strings.TrimRight(rows[i], " ")
	}
	return strings.Join(rows, "\n") + "\n"
}
