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

// bindings is the table, in the order of the footer, the most wanted first.
func bindings() []binding {
	return []binding{
		{[]string{"space", "l", "right", "f10", "pgdown"}, "space", "step", "one step on, as far as the grain goes (also l, →, F10, PgDn)", going, (*Model).step, (*Model).noStep},
		{[]string{"b", "h", "left", "pgup"}, "b", "back", "one step back: all panes show that moment (also h, ←, PgUp)", going, (*Model).back, (*Model).noBack},
		{[]string{"r", "f5"}, "r", "run", "run, or pause (also F5)", going, (*Model).run, (*Model).noStep},
		{[]string{"+", "="}, "+ -", "grain", "look closer (+) or from farther off (-): by mail, hop, line, packet", seeing, (*Model).closer, (*Model).noCloser},
		{[]string{"d"}, "d", "depth", "reasons for a newcomer, a student, an engineer", seeing, (*Model).deeper, nil},
		{[]string{"tab"}, "tab", "pane", "to the next pane", moving, (*Model).nextPane, nil},
		{[]string{"?", "f1"}, "?", "help", "this list", leaving, (*Model).toggleHelp, nil},
		{[]string{"q"}, "q", "quit", "quit; in the help, close it", leaving, (*Model).quit, nil},

		{[]string{"-", "_"}, "-", "", "", seeing, (*Model).farther, (*Model).noFarther},
		{[]string{"R"}, "R", "", "to the beginning; space then goes through the same again", going, (*Model).rewind, (*Model).noBack},
		{[]string{"<"}, "<", "", "run slower", going, (*Model).slower, nil},
		{[]string{">"}, ">", "", "run faster", going, (*Model).faster, nil},

		{[]string{"D"}, "D", "", "reasons the other way round", seeing, (*Model).shallower, nil},
		{[]string{"z"}, "z", "", "the pane alone, or all panes", seeing, (*Model).zoomPane, nil},
		{[]string{"T"}, "T", "", "colours: dark, light, none", seeing, (*Model).nextTheme, nil},

		{[]string{"j", "down"}, "j", "", "in the story one row on; elsewhere scroll down (also ↓)", moving, (*Model).down, (*Model).noDown},
		{[]string{"k", "up"}, "k", "", "in the story one row back; elsewhere scroll up (also ↑)", moving, (*Model).up, (*Model).noUp},
		{[]string{"g", "home"}, "g", "", "to the first row (also Home)", moving, (*Model).top, nil},
		{[]string{"G", "end"}, "G", "", "to the last row that was seen, the present (also End)", moving, (*Model).bottom, nil},
		{[]string{"ctrl+d"}, "ctrl+d", "", "half a pane down", moving, (*Model).halfDown, nil},
		{[]string{"ctrl+u"}, "ctrl+u", "", "half a pane up", moving, (*Model).halfUp, nil},
		{[]string{"shift+tab"}, "shift+tab", "", "to the pane before", moving, (*Model).previousPane, nil},
		{[]string{"1"}, "1", "", "to the story", moving, func(m *Model) tea.Cmd { return m.focusOn(storyPane) }, nil},
		{[]string{"2"}, "2", "", "to what and why", moving, func(m *Model) tea.Cmd { return m.focusOn(whyPane) }, nil},
		{[]string{"3"}, "3", "", "to the state", moving, func(m *Model) tea.Cmd { return m.focusOn(statePane) }, nil},

		{[]string{"esc"}, "esc", "", "back out: of the help, of a pane alone, of the past", leaving, (*Model).escape, nil},
		{[]string{"Q"}, "Q", "", "quit, and leave the last screen on the terminal", leaving, (*Model).quitLeaving, nil},
		{[]string{"ctrl+c"}, "ctrl+c", "", "quit at once", leaving, (*Model).quitNow, nil},
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
	for _, k := range inGroups(bindings()) {
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

// inGroups sorts bindings by their groups, in each as they stand.
func inGroups(table []binding) []binding {
	order := []group{going, seeing, moving, leaving}
	sorted := slices.Clone(table)
	slices.SortStableFunc(sorted, func(a, b binding) int {
		return slices.Index(order, a.group) - slices.Index(order, b.group)
	})
	return sorted
}
