package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
)

// binding ties keys to what they do. The table of bindings is the only place that
// knows keys: the footer, the help and the docs are made of it.
type binding struct {
	// keys are named as Bubble Tea names them.
	keys []string
	// show is the keys as a person reads them.
	show string
	// short is for the footer, long for the help; what is empty is not shown there.
	short, long string
	group       group
	does        func(*Model) tea.Cmd
	// not says why it cannot be done now, empty when it can; nil when it always
	// can.
	not func(*Model) string
}

// group is a heading of the help.
type group string

const (
	going   group = "Going"
	seeing  group = "Seeing"
	moving  group = "Moving"
	leaving group = "Help and leaving"
)

// bindings is the table, in the order of the help and of the footer. Where two
// keys are told of in one row, the second says nothing of its own.
func bindings() []binding {
	return []binding{
		{[]string{"space", "l", "right", "f10", "pgdown"}, "space", "step", "one step on, as far as the grain goes (also l, →, F10, PgDn)", going, (*Model).step, (*Model).noStep},
		{[]string{"b", "h", "left", "pgup"}, "b", "back", "one step back: all panes show that moment (also h, ←, PgUp)", going, (*Model).back, (*Model).noBack},
		{[]string{"r", "f5"}, "r", "run", "run, or pause (also F5)", going, (*Model).run, (*Model).noRun},
		{[]string{"<"}, "< >", "", "run slower, faster", going, (*Model).slower, nil},
		{[]string{">"}, "", "", "", going, (*Model).faster, nil},
		{[]string{"R"}, "R", "", "to the beginning; space then goes through the same again", going, (*Model).rewind, (*Model).noBack},

		{[]string{"+", "="}, "+ -", "grain", "look closer, from farther off: mail, hop, line, packet", seeing, (*Model).closer, (*Model).noCloser},
		{[]string{"-", "_"}, "", "", "", seeing, (*Model).farther, (*Model).noFarther},
		{[]string{"d"}, "d D", "depth", "reasons for a newcomer, a student, an engineer; D goes back", seeing, (*Model).deeper, nil},
		{[]string{"D"}, "", "", "", seeing, (*Model).shallower, nil},
		{[]string{"z"}, "z", "", "the pane alone, or all panes", seeing, (*Model).zoomPane, nil},
		{[]string{"T"}, "T", "", "colours: dark, light, none", seeing, (*Model).nextTheme, nil},

		{[]string{"tab"}, "tab", "pane", "to the next pane; shift+tab to the one before", moving, (*Model).nextPane, nil},
		{[]string{"shift+tab"}, "", "", "", moving, (*Model).previousPane, nil},
		{[]string{"1"}, "1 2 3", "", "to the story, to what and why, to the state", moving, func(m *Model) tea.Cmd { return m.focusOn(storyPane) }, nil},
		{[]string{"2"}, "", "", "", moving, func(m *Model) tea.Cmd { return m.focusOn(whyPane) }, nil},
		{[]string{"3"}, "", "", "", moving, func(m *Model) tea.Cmd { return m.focusOn(statePane) }, nil},
		{[]string{"j", "down"}, "j k", "", "a row on, a row back; in other panes scroll (also ↓, ↑)", moving, (*Model).down, (*Model).noDown},
		{[]string{"k", "up"}, "", "", "", moving, (*Model).up, (*Model).noUp},
		{[]string{"ctrl+d"}, "ctrl+d u", "", "the same by half a pane", moving, (*Model).halfDown, (*Model).noDown},
		{[]string{"ctrl+u"}, "", "", "", moving, (*Model).halfUp, (*Model).noUp},
		{[]string{"g", "home"}, "g G", "", "to the first row, to the present (also Home, End)", moving, (*Model).top, nil},
		{[]string{"G", "end"}, "", "", "", moving, (*Model).bottom, nil},

		{[]string{"?", "f1"}, "?", "help", "this list", leaving, (*Model).toggleHelp, nil},
		{[]string{"esc"}, "esc", "", "back: out of the help, of a pane alone, of the past", leaving, (*Model).escape, (*Model).noEscape},
		{[]string{"q"}, "q", "quit", "quit; in the help, close it", leaving, (*Model).quit, nil},
		{[]string{"Q"}, "Q", "", "quit, and leave the last screen on the terminal", leaving, (*Model).quitLeaving, nil},
		{[]string{"ctrl+c"}, "ctrl+c", "", "quit at once", leaving, (*Model).quit, nil},
	}
}

// find is the binding of a key.
func find(table []binding, key string) *binding {
	i := slices.IndexFunc(table, func(b binding) bool { return slices.Contains(b.keys, key) })
	if i < 0 {
		return nil
	}
	return &table[i]
}

// plainKeys replaces the arrows for a terminal of ASCII alone.
var plainKeys = strings.NewReplacer("→", "right", "←", "left", "↓", "down", "↑", "up")

// KeyHelp lists all keys and what they do, a line each under the headings of the
// help, for the command's own help and the docs.
func KeyHelp() string {
	var b strings.Builder
	var last group
	for _, k := range bindings() {
		if k.long == "" {
			continue
		}
		if k.group != last {
			b.WriteString(string(k.group) + ":\n")
			last = k.group
		}
		b.WriteString("  " + fill(k.show, keyWidth) + " " + k.long + "\n")
	}
	return b.String()
}

// keyWidth is the cells of the widest key.
const keyWidth = 9
