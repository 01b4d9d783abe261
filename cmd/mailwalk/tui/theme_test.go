package tui

import (
	"image/color"
	"math"
	"testing"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
)

// linear is a channel of sRGB in light.
func linear(v uint32) float64 {
	x := float64(v) / 0xffff
	if x <= 0.04045 {
		return x / 12.92
	}
	return math.Pow((x+0.055)/1.055, 2.4)
}

// luminance and contrast are those of WCAG 2.1.
func luminance(c color.Color) float64 {
	r, g, b, _ := c.RGBA()
	return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
}

func contrast(a, b color.Color) float64 {
	x, y := luminance(a)+0.05, luminance(b)+0.05
	return max(x, y) / min(x, y)
}

func TestColoursCanBeRead(t *testing.T) {
	const least = 4.5 // WCAG 2.1 §1.4.3
	for name, ground := range map[ThemeName]color.Color{Dark: lipgloss.Color("#1c1c1c"), Light: lipgloss.Color("#ffffff")} {
		th := newTheme(name, colorprofile.TrueColor)
		onGround := map[string]lipgloss.Style{
			"dim": th.dim, "heading": th.heading, "key": th.key, "later": th.later, "note": th.note, "warning": th.warning, "fault": th.fault,
			"good": th.good, "packet": th.packet, "conn": th.conn, "client": th.client, "server": th.server, "lookup": th.lookup,
			"choice": th.choice, "mail": th.mail, "act": th.act, "state": th.state,
		}
		for part, s := range onGround {
			if got := contrast(s.GetForeground(), ground); got < least {
				t.Errorf("%s: %s stands off by %.2f", name, part, got)
			}
			for _, selected := range []lipgloss.Style{th.selected, th.selectedIdle} {
				if got := contrast(s.GetForeground(), selected.GetBackground()); got < least && part != "later" {
					t.Errorf("%s: %s selected stands off by %.2f", name, part, got)
				}
			}
		}
		for part, s := range map[string]lipgloss.Style{"bar": th.bar, "strong bar": th.barStrong, "past": th.pastBar, "good": th.goodBar, "bad": th.badBar} {
			if got := contrast(s.GetForeground(), s.GetBackground()); got < least {
				t.Errorf("%s: %s stands off by %.2f", name, part, got)
			}
		}
	}
}

func TestSixteenColoursHaveNoGrounds(t *testing.T) {
	th := newTheme(Dark, colorprofile.ANSI)
	if !th.flat || !th.selected.GetReverse() || !th.pastBar.GetReverse() {
		t.Error("the selected row has a ground of one of the sixteen colours")
	}
	for _, name := range []ThemeName{Dark, Light} {
		th := newTheme(name, colorprofile.ANSI)
		for part, s := range map[string]lipgloss.Style{
			"text": th.text, "dim": th.dim, "key": th.key, "border": th.border, "past": th.pastBorder, "note": th.note, "warning": th.warning,
			"fault": th.fault, "good": th.good, "client": th.client, "server": th.server, "lookup": th.lookup, "choice": th.choice, "mail": th.mail,
		} {
			switch c := s.GetForeground().(type) {
			case lipgloss.NoColor, ansi.BasicColor:
			default:
				t.Errorf("%s: %s is %v, which is none of the sixteen", name, part, c)
			}
		}
		if th.fault.GetForeground() == th.warning.GetForeground() || th.fault.GetForeground() == th.mail.GetForeground() {
			t.Errorf("%s: a fault looks like a warning or like the mail", name)
		}
	}
}

// Of 256 colours, those that are nearest to the themes' can be read on their grounds.
func TestTwoHundredAndFiftySixColoursCanBeRead(t *testing.T) {
	for _, name := range []ThemeName{Dark, Light} {
		th := newTheme(name, colorprofile.ANSI256)
		for part, s := range map[string]lipgloss.Style{
			"dim": th.dim, "heading": th.heading, "key": th.key, "note": th.note, "warning": th.warning, "fault": th.fault, "good": th.good,
			"client": th.client, "server": th.server, "lookup": th.lookup, "choice": th.choice, "mail": th.mail,
		} {
			letters := colorprofile.ANSI256.Convert(s.GetForeground())
			for what, ground := range map[string]lipgloss.Style{"selected": th.selected, "idle": th.selectedIdle} {
				if got := contrast(letters, ground.GetBackground()); got < 4.5 {
					t.Errorf("%s: %s %s stands off by %.2f", name, part, what, got)
				}
			}
		}
	}
}
