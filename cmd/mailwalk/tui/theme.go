package tui

import (
	"fmt"
	"image/color"
	"slices"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
)

// ThemeName names a set of colours.
type ThemeName string

// The themes.
const (
	Auto  ThemeName = "auto" // dark or light, as the terminal says
	Dark  ThemeName = "dark"
	Light ThemeName = "light"
	Mono  ThemeName = "mono" // no colours: bold, dim and reverse alone
)

// ThemeNames lists all themes.
func ThemeNames() []ThemeName { return []ThemeName{Auto, Dark, Light, Mono} }

// ParseTheme finds a theme by its name.
func ParseTheme(s string) (ThemeName, error) {
	if slices.Contains(ThemeNames(), ThemeName(s)) {
		return ThemeName(s), nil
	}
	names := make([]string, 0, len(ThemeNames()))
	for _, n := range ThemeNames() {
		names = append(names, string(n))
	}
	return "", fmt.Errorf("theme %q: it is one of %s", s, strings.Join(names, ", "))
}

// theme is how the parts of the screen look. Colour says nothing that a glyph or
// a word does not say too.
type theme struct {
	text, dim, strong, heading, key      lipgloss.Style
	border, focus, pastBorder            lipgloss.Style
	bar, barStrong, pastBar              lipgloss.Style
	goodBar, badBar                      lipgloss.Style
	selected, selectedIdle, later        lipgloss.Style
	note, noteText, warning, fault, good lipgloss.Style
	packet, conn, client, server         lipgloss.Style
	lookup, choice, mail, act, state     lipgloss.Style
	// flat tells that what is selected is of one style, for without colours what
	// is dim cannot be read on it.
	flat bool
}

func newTheme(name ThemeName, p colorprofile.Profile) theme {
	if name == Mono {
		return monoTheme()
	}
	if p == colorprofile.ANSI {
		return sixteen(name != Light)
	}
	t := colours(name != Light)
	if p == colorprofile.ANSI256 {
		t.fit256(name != Light)
	}
	return t
}

// fit256 takes others of 256 colours where the nearest ones cannot be read: rows lie on
// greys, for the nearest to dark blues are teals, and some letters are darker.
func (t *theme) fit256(dark bool) {
	pick := func(light, night string) color.Color {
		return lipgloss.LightDark(dark)(lipgloss.Color(light), lipgloss.Color(night))
	}
	t.selected = t.selected.Background(pick("254", "237"))
	t.selectedIdle = t.selectedIdle.Background(pick("255", "235"))
	t.bar = t.bar.Background(pick("254", "236"))
	if !dark {
		brown := lipgloss.Color("94")
		t.warning, t.choice = t.warning.Foreground(brown), t.choice.Foreground(brown)
		t.server = t.server.Foreground(lipgloss.Color("91"))
	}
}

// colours are chosen to differ in lightness and between blue and orange, which
// nearly everybody tells apart: what must not be mistaken for one another differs for
// those too who lack one of the three kinds of cones. Text stands off from its ground
// at least as WCAG 2.1 §1.4.3 wants.
func colours(dark bool) theme {
	pick := func(light, night string) color.Color {
		return lipgloss.LightDark(dark)(lipgloss.Color(light), lipgloss.Color(night))
	}
	plain := lipgloss.NewStyle()
	fg := func(light, night string) lipgloss.Style { return plain.Foreground(pick(light, night)) }
	ground := pick("#e1e8f4", "#283044")
	return theme{
		text:    plain,
		dim:     fg("#5c6474", "#949db0"),
		strong:  plain.Bold(true),
		heading: fg("#0b5aa6", "#7cb7ff").Bold(true),
		key:     fg("#0b5aa6", "#7cb7ff").Bold(true),

		border:     fg("#b4bccb", "#465068"),
		focus:      fg("#0b5aa6", "#6aa9f5"),
		pastBorder: fg("#9a5b00", "#d99a3c"),

		bar:       plain.Background(pick("#dfe6f2", "#222a3a")).Foreground(pick("#3f4758", "#aab4c8")),
		barStrong: plain.Background(pick("#0b5aa6", "#3b6fb5")).Foreground(lipgloss.Color("#ffffff")).Bold(true),
		pastBar:   plain.Background(pick("#9a5b00", "#8a5a12")).Foreground(lipgloss.Color("#ffffff")).Bold(true),

		goodBar: plain.Background(pick("#b9e9ea", "#0d4b4b")).Foreground(pick("#00382c", "#d9ffee")),
		badBar:  plain.Background(pick("#f9c4b4", "#6b1a1a")).Foreground(pick("#5e0717", "#ffe3e6")),

		selected:     plain.Background(ground),
		selectedIdle: plain.Background(pick("#eef1f7", "#20273a")),
		later:        fg("#6d7587", "#838c9f"),

		note:     fg("#7a4d00", "#f0c674"),
		noteText: plain,
		warning:  fg("#9c4a00", "#ff9e64").Bold(true),
		fault:    fg("#b0213a", "#ff7a85").Bold(true),
		good:     fg("#00666a", "#6fd3b5").Bold(true),

		packet: fg("#5c6474", "#949db0"),
		conn:   fg("#3d5a80", "#9db4d6"),
		client: fg("#00677d", "#5fd7e0"),
		server: fg("#7a3ba8", "#c792ea"),
		lookup: fg("#1f5fd1", "#86b0ff"),
		choice: fg("#a34a00", "#ffb37a"),
		mail:   fg("#7a5200", "#ffd479").Bold(true),
		act:    fg("#00666a", "#6fd3b5"),
		state:  fg("#5c6474", "#949db0"),
	}
}

func monoTheme() theme {
	plain := lipgloss.NewStyle()
	dim, bold, reverse := plain.Faint(true), plain.Bold(true), plain.Reverse(true)
	return theme{
		flat: true,
		text: plain, dim: dim, strong: bold, heading: bold, key: bold,
		border: dim, focus: bold, pastBorder: plain,
		bar: reverse, barStrong: reverse.Bold(true), pastBar: reverse.Bold(true),
		goodBar: reverse, badBar: reverse.Bold(true),
		selected: reverse, selectedIdle: bold, later: dim,
		note: bold, noteText: plain, warning: bold, fault: bold, good: bold,
		packet: dim, conn: plain, client: plain, server: plain,
		lookup: plain, choice: plain, mail: bold, act: plain, state: dim,
	}
}
