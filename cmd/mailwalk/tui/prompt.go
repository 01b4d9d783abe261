package tui

import (
	"slices"
	"strings"
	"unicode"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// asking is what a prompt asks for.
type asking int

const (
	askFilter asking = iota
	askFind
	askCommand
	askings int = iota
)

var askingSigns = [askings]string{askFilter: "filter: ", askFind: "find: ", askCommand: ":"}

// prompt is a line in which something is typed, in the place of the footer.
type prompt struct {
	asks   asking
	text   []rune
	cursor int // in runes

	// at is the entry of the history that shows, its length for the line itself,
	// which draft keeps meanwhile.
	at    int
	draft []rune

	// err is what is wrong with the text, filter what it says when it is right.
	err    error
	filter trace.Filter

	// from and words are how the text up to the cursor may go on; chosen is which of
	// them tab has put in, -1 for none.
	from   int // in octets
	words  []string
	chosen int

	// doable is what can be done at the moment, once a command has asked for it.
	doable verbsKnown
}

// longestPrompt is how many characters can be typed.
const longestPrompt = 1000

func (p *prompt) String() string { return string(p.text) }

// editing is the table of keys in a prompt.
type editing struct {
	keys key.Binding
	show string
	long string
	does func(m *Model, p *prompt) tea.Cmd
}

func promptKeys() []editing {
	return []editing{
		{on("enter"), "enter", "take what is typed", (*Model).enterPrompt},
		{on("esc", "ctrl+c", "ctrl+g"), "esc", "leave it as it was", (*Model).leavePrompt},
		{on("tab"), "tab", "go on with the next word that fits; shift+tab the one before", func(m *Model, p *prompt) tea.Cmd { return m.completed(p, 1) }},
		{on("shift+tab"), "", "", func(m *Model, p *prompt) tea.Cmd { return m.completed(p, -1) }},
		{on("up", "ctrl+p"), "↑ ↓", "what was typed before", func(m *Model, p *prompt) tea.Cmd { return m.recall(p, -1) }},
		{on("down", "ctrl+n"), "", "", func(m *Model, p *prompt) tea.Cmd { return m.recall(p, 1) }},
		{on("ctrl+w", "alt+backspace"), "ctrl+w u", "delete the word, or all, before the cursor", (*Model).deleteWord},
		{on("ctrl+u"), "", "", (*Model).deleteLine},
		{on("backspace", "ctrl+h"), "", "", (*Model).deleteBack},
		{on("delete", "ctrl+d"), "", "", (*Model).deleteOn},
		{on("left", "ctrl+b"), "", "", func(_ *Model, p *prompt) tea.Cmd { p.cursor = max(p.cursor-1, 0); return nil }},
		{on("right", "ctrl+f"), "", "", func(_ *Model, p *prompt) tea.Cmd { p.cursor = min(p.cursor+1, len(p.text)); return nil }},
		{on("home", "ctrl+a"), "", "", func(_ *Model, p *prompt) tea.Cmd { p.cursor = 0; return nil }},
		{on("end", "ctrl+e"), "", "", func(_ *Model, p *prompt) tea.Cmd { p.cursor = len(p.text); return nil }},
	}
}

func (m *Model) askFilter() tea.Cmd {
	m.openPrompt(askFilter, "")
	if s := m.rows.only; s != nil {
		m.prompt.text = []rune(s.filter.String())
		m.prompt.cursor = len(m.prompt.text)
	}
	return m.edited()
}

func (m *Model) askFind() tea.Cmd    { return m.openPrompt(askFind, "") }
func (m *Model) askCommand() tea.Cmd { return m.openPrompt(askCommand, "") }

// openPrompt opens a prompt with a text in it.
func (m *Model) openPrompt(what asking, text string) tea.Cmd {
	m.running = false
	m.prompt = &prompt{asks: what, text: []rune(text), cursor: len(text), at: len(m.history[what]), chosen: -1}
	return m.edited()
}

// typed takes a key while a prompt is open.
func (m *Model) typed(msg tea.KeyPressMsg) tea.Cmd {
	m.toast, m.refused = "", false
	p := m.prompt
	for _, k := range m.editing {
		if key.Matches(pressed(msg.String()), k.keys) {
			return k.does(m, p)
		}
	}
	return m.insert(msg.Text)
}

// insert puts a text in at the cursor.
func (m *Model) insert(text string) tea.Cmd {
	p := m.prompt
	var add []rune
	for _, c := range clean(text) {
		if unicode.IsPrint(c) {
			add = append(add, c)
		}
	}
	if len(add) == 0 || len(p.text)+len(add) > longestPrompt {
		return nil
	}
	p.text = slices.Insert(p.text, p.cursor, add...)
	p.cursor += len(add)
	return m.edited()
}

func (m *Model) deleteBack(p *prompt) tea.Cmd {
	switch {
	case len(p.text) == 0:
		return m.leavePrompt(p)
	case p.cursor == 0:
		return nil
	}
	p.cursor--
	p.text = slices.Delete(p.text, p.cursor, p.cursor+1)
	return m.edited()
}

func (m *Model) deleteOn(p *prompt) tea.Cmd {
	if p.cursor == len(p.text) {
		return nil
	}
	p.text = slices.Delete(p.text, p.cursor, p.cursor+1)
	return m.edited()
}

func (m *Model) deleteWord(p *prompt) tea.Cmd {
	from := p.cursor
	for from > 0 && p.text[from-1] == ' ' {
		from--
	}
	for from > 0 && p.text[from-1] != ' ' {
		from--
	}
	p.text = slices.Delete(p.text, from, p.cursor)
	p.cursor = from
	return m.edited()
}

func (m *Model) deleteLine(p *prompt) tea.Cmd {
	p.text = slices.Delete(p.text, 0, p.cursor)
	p.cursor = 0
	return m.edited()
}

func (m *Model) leavePrompt(*prompt) tea.Cmd {
	m.prompt, m.trial = nil, nil
	return nil
}

// recall shows what was typed before.
func (m *Model) recall(p *prompt, n int) tea.Cmd {
	h := m.history[p.asks]
	at := p.at + n
	if at < 0 || at > len(h) {
		return nil
	}
	if p.at == len(h) {
		p.draft = p.text
	}
	p.at = at
	if at == len(h) {
		p.text = p.draft
	} else {
		p.text = []rune(h[at])
	}
	p.cursor = len(p.text)
	return m.edited()
}

// completed puts in the next word that fits, or the one before.
func (m *Model) completed(p *prompt, n int) tea.Cmd {
	words, chosen := p.words, p.chosen
	if len(words) == 0 {
		return nil
	}
	from := len([]rune(string(p.text)[:p.from]))
	chosen += n
	if p.chosen < 0 && n < 0 {
		chosen = len(words) - 1
	}
	chosen = (chosen + len(words)) % len(words)
	word := []rune(words[chosen])
	p.text = slices.Concat(p.text[:from], word, p.text[p.cursor:])
	p.cursor = from + len(word)
	octets := p.from
	cmd := m.edited()
	if len(words) > 1 { // what else fits stays to be chosen
		p.from, p.words, p.chosen = octets, words, chosen
	}
	return cmd
}

// edited finds out what the text means now.
func (m *Model) edited() tea.Cmd {
	p := m.prompt
	text, before := p.String(), string(p.text[:p.cursor])
	p.chosen = -1
	if p.asks == askCommand {
		p.from, p.words = m.completeCommand(before)
		p.err = nil
		p.filter = trace.Filter{}
		expr, is, err := m.expression(text)
		if p.err = err; err != nil || !is {
			m.trial = nil
			return m.learnVerbs()
		}
		return m.try(expr)
	}
	p.from, p.words = trace.Completions(before, len(before), m.rows.values.known)
	p.filter, p.err = parseFilter(text)
	return m.try(p.filter)
}

// try counts what a filter that is being typed lets through.
func (m *Model) try(f trace.Filter) tea.Cmd {
	m.trial = nil
	if m.prompt.err != nil || f.IsZero() {
		return nil
	}
	m.prompt.filter = f
	m.trial = &sieve{filter: f}
	return m.sieved(m.trial)
}

// enterPrompt does what is asked for, if it is right.
func (m *Model) enterPrompt(p *prompt) tea.Cmd {
	text := strings.TrimSpace(p.String())
	if p.err != nil && p.asks != askCommand {
		return nil // the bar says what is wrong
	}
	if text != "" {
		m.remember(p.asks, text)
	}
	trial := m.trial
	m.prompt, m.trial = nil, nil
	switch p.asks {
	case askFilter:
		m.trial = trial
		return m.filtered(p.filter)
	case askFind:
		if p.filter.IsZero() {
			return nil
		}
		return m.seek(p.filter, text, false)
	}
	return m.command(text)
}

func (m *Model) remember(what asking, text string) {
	h := slices.DeleteFunc(m.history[what], func(s string) bool { return s == text })
	const most = 100
	if len(h) >= most {
		h = h[len(h)-most+1:]
	}
	m.history[what] = append(h, text)
}

// Drawing.

// verdict is whether what is typed is right, in a sign, a colour and words.
func (m *Model) verdict(p *prompt) (good bool, words string) {
	switch {
	case p.err != nil:
		return false, mistake(p.err)
	case m.trial == nil && p.asks == askCommand:
		return true, m.commandHint(p.String())
	case m.trial == nil && p.asks == askFind:
		return true, "words, or a filter: RCPT, host=mail.globex.test"
	case m.trial == nil:
		return true, "an empty filter shows all"
	}
	n, all := len(m.trial.passed[m.grain]), m.rows.total(m.grain)
	words = explain.Grouped(int64(n)) + " of " + explain.Grouped(int64(all)) + " steps seen"
	if near := len(m.trial.passed[explain.PacketGrain]); near > n {
		words += ", " + explain.Grouped(int64(near)) + " by packet"
	}
	if m.trial.upTo < m.shown {
		words += " (" + explain.Grouped(int64(m.trial.upTo*100/max(m.shown, 1))) + " % looked at)"
	}
	return true, words
}

// promptRows are the rows of an open prompt, the line itself last: above it stand
// what is wrong or how much matches, and the words that may follow.
func (m *Model) promptRows(width int) []string {
	p, t, g := m.prompt, &m.theme, &m.glyphs
	good, words := m.verdict(p)
	sign, bar, said := g.right, t.goodBar, t.good
	if !good {
		sign, bar, said = g.fault, t.badBar, t.fault
	}
	var rows []string
	if len(p.words) > 0 {
		rows = append(rows, m.wordsRow(p, width))
	}
	rows = append(rows, line{{" " + sign + " ", said}, {words, said}}.render(width, t.text, g.more))
	lead := " " + sign + " " + askingSigns[p.asks]
	keys := "  enter takes it  esc leaves "
	if ansi.StringWidth(lead+p.String())+ansi.StringWidth(keys) >= width {
		keys = ""
	}
	room := width - ansi.StringWidth(lead) - 1
	before, after := string(p.text[:p.cursor]), string(p.text[p.cursor:])
	if over := ansi.StringWidth(before) - room + 1; over > 0 {
		before = ansi.TruncateLeft(before, over+ansi.StringWidth(g.more), g.more)
	}
	under := " "
	if after != "" {
		under, after = string(p.text[p.cursor]), string(p.text[p.cursor+1:])
	}
	typed := line{{lead, bar}, {before, bar}, {under, bar.Reverse(!bar.GetReverse())}, {after, bar}}.render(width-ansi.StringWidth(keys), bar, g.more)
	return append(rows, typed+paint(bar, keys))
}

// wordsRow are the words that may follow, as many as there is room for.
func (m *Model) wordsRow(p *prompt, width int) string {
	t := &m.theme
	row := line{{" tab ", t.key}}
	first := 0
	// The chosen one is kept in sight.
	used := row.width()
	for i := range p.words {
		used += ansi.StringWidth(p.words[i]) + 2
		if i > p.chosen {
			break
		}
		for used > width && first < i {
			used -= ansi.StringWidth(p.words[first]) + 2
			first++
		}
	}
	for i, w := range p.words[first:] {
		style := t.dim
		if first+i == p.chosen {
			style = t.key.Underline(true)
		}
		row = append(row, span{w, style}, span{"  ", t.text})
		if row.width() > width {
			break
		}
	}
	return row.render(width, t.text, m.glyphs.more)
}

// withPrompt lays an open prompt over the last rows of a screen.
func (m *Model) withPrompt(rows []string) {
	if m.prompt == nil {
		return
	}
	over := m.promptRows(m.width)
	copy(rows[len(rows)-len(over):], over)
}
