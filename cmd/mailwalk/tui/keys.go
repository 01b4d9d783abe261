package tui

import (
	"slices"
	"strconv"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
)

// binding ties keys to what they do. The table of bindings is the only place that
// knows keys: the footer, the help and the docs are made of it.
type binding struct {
	// keys are named as Bubble Tea names them.
	keys key.Binding
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
	seeking group = "Finding"
	doing   group = "Doing"
	showing group = "Panes"
	leaving group = "Help and leaving"
)

// bindings is the table, in the order of the help and of the footer. Where two
// keys are told of in one row, the second says nothing of its own.
func bindings() []binding {
	table := []binding{
		{on("space", "l", "right", "f10", "pgdown"), "space", "step", "one step on, as far as the grain goes (also l, →, F10, PgDn)", going, (*Model).step, (*Model).noStep},
		{on("b", "h", "left", "pgup"), "b", "back", "one step back: all panes show that moment (also h, ←, PgUp)", going, (*Model).back, (*Model).noBack},
		{on("enter", "f11"), "enter", "into", "step into: look closer, at the first part of this step (also F11)", going, (*Model).into, (*Model).noCloser},
		{on("backspace", "shift+f11"), "bksp", "out", "step out: from farther off, on to what comes of it (also shift+F11)", going, (*Model).out, (*Model).noOut},
		{on("r", "f5"), "r", "run", "run, or pause (also F5)", going, (*Model).run, (*Model).noRun},
		{on("c"), "c", "", "run on to the next breakpoint, or to the end", going, (*Model).runOn, (*Model).noRunOn},
		{on("}"), "} {", "", "run to where the next hop begins; { goes back to the one before", going, (*Model).nextHop, nil},
		{on("{"), "", "", "", going, (*Model).previousHop, (*Model).noPreviousHop},
		{on("<"), "< >", "", "run slower, faster", going, (*Model).slower, nil},
		{on(">"), "", "", "", going, (*Model).faster, nil},
		{on("R"), "R", "", "to the beginning; space then goes through the same again", going, (*Model).rewind, (*Model).noBack},

		{on("+", "="), "+ -", "grain", "look closer, from farther off: mail, hop, line, packet", seeing, (*Model).closer, (*Model).noCloser},
		{on("-", "_"), "", "", "", seeing, (*Model).farther, (*Model).noFarther},
		{on("d"), "d D", "depth", "reasons for a newcomer, a student, an engineer; D goes back", seeing, (*Model).deeper, nil},
		{on("D"), "", "", "", seeing, (*Model).shallower, nil},
		{on("p"), "p", "", "ask me about what comes next; a-d or type, ? hint, tab tell, esc skip", seeing, (*Model).askMe, (*Model).noAskMe},
		{on("ctrl+p"), "ctrl+p", "", "the walk puts its questions, or does not", seeing, (*Model).quietQuestions, nil},
		{on("o"), "o", "", "doors: open them, and how dig, swaks, curl and mail programs come in", seeing, (*Model).showDoors, (*Model).noDoors},
		{on("z"), "z", "", "the pane alone, or all panes", seeing, (*Model).zoomPane, nil},
		{on("P"), "P", "", "presenter: large words for a class, few rows of all else", seeing, (*Model).togglePresenter, nil},
		{on("M"), "M", "", "the mouse: here, or the terminal's", seeing, (*Model).toggleMouse, nil},
		{on("T"), "T", "", "colours: dark, light, none", seeing, (*Model).nextTheme, nil},

		{on("tab"), "tab", "pane", "to the next pane; shift+tab to the one before", moving, (*Model).nextPane, nil},
		{on("shift+tab"), "", "", "", moving, (*Model).previousPane, nil},
		{on("j", "down"), "j k", "", "a row on, a row back; in other panes scroll (also ↓, ↑)", moving, (*Model).down, (*Model).noDown},
		{on("k", "up"), "", "", "", moving, (*Model).up, (*Model).noUp},
		{on("ctrl+d"), "ctrl+d u", "", "the same by half a pane", moving, (*Model).halfDown, (*Model).noDown},
		{on("ctrl+u"), "", "", "", moving, (*Model).halfUp, (*Model).noUp},
		{on("g", "home"), "g G", "", "to the first row, to the present (also Home, End)", moving, (*Model).top, nil},
		{on("G", "end"), "", "", "", moving, (*Model).bottom, nil},

		{on("["), "[ ]", "", "in the bytes: an octet back, an octet on, and the field it belongs to", moving, (*Model).previousOctet, (*Model).noOctet},
		{on("]"), "", "", "", moving, (*Model).nextOctet, (*Model).noOctet},
		{on("e"), "e", "", "in the bytes: from a line to a packet that carried it, and back", moving, (*Model).toPart, (*Model).noPart},
		{on("v"), "v", "", "in the mail: raw, or decoded", moving, (*Model).turnMail, (*Model).noTurn},

		{on("/"), "/", "filter", "show only some steps, and go only over them: line.sent verb=RCPT", seeking, (*Model).askFilter, nil},
		{on("ctrl+f"), "ctrl+f", "", "find words, or what a filter lets through, in what has been seen", seeking, (*Model).askFind, nil},
		{on("n"), "n N", "", "to the next that was searched for, to the one before", seeking, (*Model).findNext, (*Model).noFind},
		{on("N"), "", "", "", seeking, (*Model).findPrevious, (*Model).noFind},
		{on("x"), "x", "", "only what goes wrong, or all", seeking, (*Model).onlyFaults, nil},
		{on("t"), "t", "", "a breakpoint here, or from the filter that is on; again: clear it", seeking, (*Model).breakAt, (*Model).noBreakAt},
		{on("m"), "m '", "", "mark this moment with a letter; ' and the letter go there, '' back", seeking, (*Model).startMark, nil},
		{on("'", "`"), "", "", "", seeking, (*Model).startGo, nil},
		{on(":"), ":", "", "a command: :42, :time 12.5, :break faults, :help", seeking, (*Model).askCommand, nil},
		{on("y"), "y Y", "", "copy the line, the packet in hex, the look-up; Y the step as JSON", seeking, (*Model).copyEvent, (*Model).noCopy},
		{on("Y"), "", "", "", seeking, (*Model).copyJSON, (*Model).noCopy},

		{on("a"), "a", "act", "act: what can be done to this step, now or in a run of its own", doing, (*Model).act, (*Model).noAct},
		{on("u"), "u U", "", "undo the last thing you did; do it again", doing, (*Model).undo, (*Model).noUndo},
		{on("U"), "", "", "", doing, (*Model).redo, (*Model).noHands},
		{on("w"), "w", "", "to the next run: what came of it otherwise", doing, (*Model).nextRun, (*Model).noNextRun},
		{on("W"), "W", "", "write the walk, with what you did, to a file", doing, (*Model).askSave, (*Model).noHands},

		{on("?", "f1"), "?", "help", "this list", leaving, (*Model).toggleHelp, nil},
		{on("esc"), "esc", "", "back: out of the help, of a pane alone, of the past", leaving, (*Model).escape, (*Model).noEscape},
		{on("q"), "q", "quit", "quit; in the help, close it", leaving, (*Model).quit, nil},
		{on("Q"), "Q", "", "quit, and leave the last screen on the terminal", leaving, (*Model).quitLeaving, nil},
		{on("ctrl+c"), "ctrl+c", "", "quit at once", leaving, (*Model).quit, nil},
	}
	for id, name := range paneNames {
		table = append(table, binding{
			keys: on(strconv.Itoa(id + 1)), show: strconv.Itoa(id + 1), long: name, group: showing,
			does: func(m *Model) tea.Cmd { return m.focusOn(paneID(id)) },
		})
	}
	return table
}

// on is a binding of keys. What they are for stands in the table.
func on(keys ...string) key.Binding { return key.NewBinding(key.WithKeys(keys...)) }

// countable are the keys that take a count before them: 5j, 10 space, 42G.
var countable = on("space", "b", "j", "k", "ctrl+d", "ctrl+u", "g", "G")

// pressed is a key by its name.
type pressed string

// String implements fmt.Stringer.
func (p pressed) String() string { return string(p) }

// find is the binding of a key that was pressed.
func find(table []binding, p pressed) *binding {
	i := slices.IndexFunc(table, func(b binding) bool { return key.Matches(p, b.keys) })
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
