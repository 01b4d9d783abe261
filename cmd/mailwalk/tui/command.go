package tui

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"mailwalk/sim/explain"
	"mailwalk/sim/near"
	"mailwalk/sim/trace"
)

// command is a row of the table of commands: the command line, its completion and
// the help are made of it.
type command struct {
	name string
	// takes is what stands behind the name, as a person reads it; empty when nothing
	// does, in brackets when it may be left out.
	takes string
	says  string
	does  func(m *Model, with string) (tea.Cmd, error)
	// words are what may stand behind the name; expression tells that a filter does.
	words      func(m *Model) []string
	expression bool
}

func commands() []command {
	return []command{
		{name: "event", takes: "NUMBER", says: "go to an event; :42 is the same", does: (*Model).goToEvent},
		{name: "time", takes: "SECONDS", says: "go to what was last before this time; also 10m or 1:30:00", does: (*Model).goToTime},
		{name: "hop", takes: "NUMBER", says: "go to where a leg of the mail's way begins", does: (*Model).goToHop, words: hopIDs},
		{name: "filter", takes: "[EXPRESSION]", says: "show only what it lets through; alone, all", does: (*Model).filterBy, expression: true},
		{name: "faults", says: "show only what goes wrong, or all again", does: plainly((*Model).onlyFaults)},
		{name: "find", takes: "EXPRESSION", says: "go to the next event of those seen that it lets through", does: (*Model).findBy, expression: true},
		{name: "break", takes: "[EXPRESSION]", says: "stop runs there; alone, at this moment", does: (*Model).breakBy, expression: true},
		{name: "breaks", says: "list the breakpoints and the marks", does: plainly(func(m *Model) tea.Cmd { m.listBreaks(); return nil })},
		{name: "unbreak", takes: "NUMBER|all", says: "clear a breakpoint, or all", does: (*Model).unbreakBy, words: breakNumbers},
		{name: "continue", says: "run to the next breakpoint, or to the end", does: plainly((*Model).runOn)},
		{name: "mark", takes: "LETTER", says: "mark this moment", does: (*Model).markBy},
		{name: "go", takes: "LETTER", says: "go to a mark; ' is where you were", does: (*Model).goBy, words: func(m *Model) []string { return append(m.signs.letters(), "'") }},
		{name: "do", takes: "VERB [GIVEN]", says: "do to this step what a shows: drop, delay 300ms, off", does: (*Model).doBy, words: (*Model).verbNames},
		{name: "undo", says: "take back the last thing you did", does: plainly(guarded((*Model).undo, (*Model).noUndo))},
		{name: "redo", says: "do it again", does: plainly(guarded((*Model).redo, (*Model).noHands))},
		{name: "switch", takes: "NUMBER", says: "go to another run", does: (*Model).runBy},
		{name: "save", takes: "FILE", says: "write the walk, with what you did, to a file", does: (*Model).saveBy},
		{name: "doors", says: "open the doors, and show how one comes in", does: plainly(guarded((*Model).showDoors, (*Model).noDoors))},
		{name: "run", says: "run, or pause", does: plainly((*Model).run)},
		{name: "speed", takes: "NUMBER", says: "steps that a run takes in a second", does: (*Model).speedBy, words: speedNames},
		{name: "detail", takes: "GRAIN", says: "look as closely as mail, hop, line or packet", does: (*Model).detailBy, words: named(explain.Grains())},
		{name: "depth", takes: "WHOM", says: "reasons for a newcomer, a student or an engineer", does: (*Model).depthBy, words: named(explain.Depths())},
		{name: "theme", takes: "NAME", says: "colours: dark, light or mono", does: (*Model).themeBy, words: named([]string{string(Dark), string(Light), string(Mono)})},
		{name: "pane", takes: "NAME", says: "to a pane, by its name or its number", does: (*Model).paneBy, words: paneWords},
		{name: "copy", says: "copy this step", does: plainly((*Model).copyEvent)},
		{name: "json", says: "copy this step as JSON", does: plainly((*Model).copyJSON)},
		{name: "help", says: "the keys and the commands", does: plainly((*Model).toggleHelp)},
		{name: "quit", says: "quit", does: plainly((*Model).quit)},
	}
}

// guarded refuses what cannot be done, as the key does.
func guarded(does func(*Model) tea.Cmd, not func(*Model) string) func(*Model) tea.Cmd {
	return func(m *Model) tea.Cmd {
		if reason := not(m); reason != "" {
			m.warn(reason)
			return nil
		}
		return does(m)
	}
}

// plainly is a command that takes nothing.
func plainly(does func(*Model) tea.Cmd) func(*Model, string) (tea.Cmd, error) {
	return func(m *Model, with string) (tea.Cmd, error) {
		if with != "" {
			return nil, fmt.Errorf("nothing stands behind this command, and %q does", with)
		}
		return does(m), nil
	}
}

func named[T any](values []T) func(*Model) []string {
	return func(*Model) []string {
		var names []string
		for _, v := range values {
			names = append(names, fmt.Sprint(v))
		}
		return names
	}
}

// split cuts a command line into the name and what stands behind it.
func split(text string) (name, with string) {
	name, with, _ = strings.Cut(strings.TrimLeft(text, " :"), " ")
	return name, strings.TrimSpace(with)
}

// findCommand is the command of a name, or of the beginning of a name that only one
// has.
func (m *Model) findCommand(name string) (*command, error) {
	var fits []string
	for i := range m.commands {
		c := &m.commands[i]
		if c.name == name {
			return c, nil
		}
		if strings.HasPrefix(c.name, name) {
			fits = append(fits, c.name)
		}
	}
	switch len(fits) {
	case 1:
		return m.findCommand(fits[0])
	case 0:
		if meant := near.Name(name, m.commandNames()); meant != "" {
			return nil, fmt.Errorf("there is no command %q; did you mean :%s?", name, meant)
		}
		return nil, fmt.Errorf("there is no command %q; the commands are %s", name, strings.Join(m.commandNames(), ", "))
	}
	return nil, fmt.Errorf("%q may be %s", name, strings.Join(fits, " or "))
}

func (m *Model) commandNames() []string {
	names := make([]string, len(m.commands))
	for i := range m.commands {
		names[i] = m.commands[i].name
	}
	return names
}

// command does what a command line says.
func (m *Model) command(text string) tea.Cmd {
	name, with := split(text)
	if name == "" {
		return nil
	}
	if isNumber(name) && with == "" {
		name, with = "event", name
	}
	c, err := m.findCommand(name)
	if err != nil {
		m.warn(sentence(err))
		return nil
	}
	if with == "" && c.takes != "" && !strings.HasPrefix(c.takes, "[") {
		m.warn("Write :" + c.name + " " + c.takes + " to " + c.says + ".")
		return nil
	}
	cmd, err := c.does(m, with)
	if err != nil {
		m.warn(":" + c.name + ": " + mistake(err) + ".")
	}
	return cmd
}

// sentence begins with a capital letter and ends with a full stop.
func sentence(err error) string {
	s := err.Error()
	if !strings.HasSuffix(s, "?") {
		s += "."
	}
	return upperFirst(s)
}

// upperFirst begins a text with a capital letter.
func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func isNumber(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// expression is the filter that stands in a command line, if one is to.
func (m *Model) expression(text string) (f trace.Filter, is bool, err error) {
	name, with := split(text)
	c, err := m.findCommand(name)
	if err != nil || !c.expression {
		return f, false, nil // it is told when the line is finished
	}
	f, err = parseFilter(with)
	return f, true, err
}

// commandHint says what a command is for while it is typed.
func (m *Model) commandHint(text string) string {
	name, with := split(text)
	if name == "" {
		return "a command; tab goes through them"
	}
	if isNumber(name) && with == "" {
		return "go to event " + name
	}
	c, err := m.findCommand(name)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(":"+c.name+" "+c.takes) + ": " + c.says
}

// completeCommand is how a command line may go on.
func (m *Model) completeCommand(text string) (from int, words []string) {
	name, with, spaced := strings.Cut(text, " ")
	if !spaced {
		for _, n := range m.commandNames() {
			if strings.HasPrefix(n, name) && n != name {
				words = append(words, n)
			}
		}
		return 0, words
	}
	c, err := m.findCommand(name)
	switch {
	case err != nil:
		return len(text), nil
	case c.expression:
		from, words = trace.Completions(with, len(with), m.rows.values.known)
		return len(text) - len(with) + from, words
	case c.words != nil:
		for _, w := range c.words(m) {
			if strings.HasPrefix(w, with) && w != with {
				words = append(words, w)
			}
		}
	}
	return len(text) - len(with), words
}

// The commands.

func (m *Model) goToEvent(with string) (tea.Cmd, error) {
	n, err := strconv.ParseUint(strings.ReplaceAll(with, ",", ""), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("%q is no event's number", with)
	}
	if n <= m.shown {
		m.jump(n)
		return nil, nil
	}
	return m.onTo(func(e *trace.Event) bool { return e.Seq >= n }, "the walk is over before event "+explain.Grouped(int64(n))), nil
}

func (m *Model) goToTime(with string) (tea.Cmd, error) {
	at, err := ParseMoment(with)
	if err != nil {
		return nil, err
	}
	if last := m.trace.At(m.shown); last != nil && last.At >= at {
		// Events are in the order of their times.
		low, high := uint64(0), m.shown
		for low < high {
			mid := (low + high + 1) / 2
			if e := m.trace.At(mid); e != nil && e.At <= at {
				low = mid
			} else {
				high = mid - 1
			}
		}
		m.jump(low)
		return nil, nil
	}
	return m.onTo(func(e *trace.Event) bool { return e.At >= at }, "the walk is over before "+clock(at)), nil
}

// goToHop goes to where a leg begins: "2" is the second of the mail that the moment
// is about, "1.2" says the mail too.
func (m *Model) goToHop(with string) (tea.Cmd, error) {
	id := with
	if isNumber(with) {
		mail := "1"
		if m.event != nil && m.event.Mail != "" {
			mail = m.event.Mail
		} else if v := m.mail(); v != nil {
			mail = v.ID
		}
		id = mail + "." + with
	}
	begins := func(e *trace.Event) bool { return e.Kind == trace.Mail && e.What == trace.HopStarts && e.Hop == id }
	for _, seq := range m.rows.index.Events(trace.Node{Level: trace.HopLevel, ID: id}) {
		if e := m.trace.At(seq); e != nil && begins(e) {
			m.jump(seq)
			return nil, nil
		}
	}
	return m.onTo(begins, "the walk is over, and there is no leg "+id), nil
}

func hopIDs(m *Model) []string { return m.rows.values.known("hop") }

func (m *Model) filterBy(with string) (tea.Cmd, error) {
	f, err := parseFilter(with)
	if err != nil {
		return nil, err
	}
	return m.filtered(f), nil
}

func (m *Model) findBy(with string) (tea.Cmd, error) {
	f, err := parseFilter(with)
	if err != nil {
		return nil, err
	}
	return m.seek(f, with, false), nil
}

func (m *Model) breakBy(with string) (tea.Cmd, error) {
	if with == "" {
		if reason := m.noBreakAt(); reason != "" {
			m.warn(reason)
			return nil, nil
		}
		return m.breakAt(), nil
	}
	f, err := parseFilter(with)
	if err != nil {
		return nil, err
	}
	m.toggleBreak(f)
	return nil, nil
}

func (m *Model) unbreakBy(with string) (tea.Cmd, error) {
	if with == "all" {
		n := len(m.signs.breaks)
		m.signs.breaks = nil
		m.version++
		m.toast = "Cleared all " + strconv.Itoa(n) + " breakpoints."
		return nil, nil
	}
	i := slices.IndexFunc(m.signs.breaks, func(b *breakpoint) bool { return strconv.Itoa(b.number) == with })
	if i < 0 {
		return nil, fmt.Errorf("there is no breakpoint %s; :breaks lists them", with)
	}
	m.unbreak(i)
	return nil, nil
}

func breakNumbers(m *Model) []string {
	var all []string
	for _, b := range m.signs.breaks {
		all = append(all, strconv.Itoa(b.number))
	}
	return append(all, "all")
}

func (m *Model) markBy(with string) (tea.Cmd, error) {
	if !isLetter(with) {
		return nil, errors.New("a mark is a letter")
	}
	m.mark(with)
	return nil, nil
}

func (m *Model) goBy(with string) (tea.Cmd, error) {
	if with == "'" {
		m.goBack()
		return nil, nil
	}
	m.goToMark(with)
	return nil, nil
}

func (m *Model) speedBy(with string) (tea.Cmd, error) {
	n, err := strconv.Atoi(with)
	if err != nil || n < 1 {
		return nil, fmt.Errorf("%q is no number of steps", with)
	}
	i := 0
	for i < len(speeds)-1 && speeds[i+1] <= n {
		i++
	}
	return m.setSpeed(i), nil
}

func speedNames(*Model) []string {
	var all []string
	for _, s := range speeds {
		all = append(all, strconv.Itoa(s))
	}
	return all
}

func (m *Model) detailBy(with string) (tea.Cmd, error) {
	g, err := explain.ParseGrain(with)
	if err != nil {
		return nil, err
	}
	return m.setGrain(g), nil
}

func (m *Model) depthBy(with string) (tea.Cmd, error) {
	d, err := explain.ParseDepth(with)
	if err != nil {
		return nil, err
	}
	return m.setDepth(d), nil
}

func (m *Model) themeBy(with string) (tea.Cmd, error) {
	name, err := ParseTheme(with)
	if err != nil {
		return nil, err
	}
	if name == Auto {
		m.fixed = false
		return tea.RequestBackgroundColor, nil
	}
	m.themeName, m.fixed = name, true
	m.dress()
	return nil, nil
}

// paneWord is the name of a pane in a command.
func paneWord(id int) string {
	word, _, _ := strings.Cut(paneNames[id], ":")
	return word
}

func paneWords(m *Model) []string {
	var all []string
	for id, p := range m.panes {
		if p != nil {
			all = append(all, paneWord(id))
		}
	}
	return all
}

func (m *Model) paneBy(with string) (tea.Cmd, error) {
	for id := range paneNames {
		if m.panes[id] != nil && (paneWord(id) == with || strconv.Itoa(id+1) == with) {
			return m.focusOn(paneID(id)), nil
		}
	}
	return nil, fmt.Errorf("there is no pane %q; the panes are %s", with, strings.Join(paneWords(m), ", "))
}

// CommandHelp lists the commands of the command line, a line each.
func CommandHelp() string {
	var b strings.Builder
	for _, c := range commands() {
		b.WriteString("  :" + fill(strings.TrimSpace(c.name+" "+c.takes), commandWidth) + " " + c.says + "\n")
	}
	return b.String()
}

// commandWidth is the cells of the widest command with what it takes.
const commandWidth = 20

// keyName is a key as the terminal can show it.
func (p *page) keyName(show string) string {
	if p.glyphs.ascii {
		return plainKeys.Replace(show)
	}
	return show
}

// commandsHelp adds the commands, and the keys of the line in which they are
// typed.
func (p *page) commandsHelp(m *Model) {
	p.blank()
	p.add(line{{"Commands, after :", p.theme.heading}})
	for _, c := range m.commands {
		for i, r := range wrap(c.says, p.width-commandWidth-4) {
			show := ""
			if i == 0 {
				show = strings.TrimSpace(c.name + " " + c.takes)
			}
			p.add(line{{fill(show, commandWidth) + "  ", p.theme.key}, {r, p.theme.text}})
		}
	}
	p.blank()
	p.add(line{{"While something is typed", p.theme.heading}})
	for _, k := range m.editing {
		if k.long != "" {
			p.add(line{{fill(p.keyName(k.show), keyWidth) + "  ", p.theme.key}, {k.long, p.theme.text}})
		}
	}
	p.blank()
	p.add(line{{"Filters, breakpoints and what is found", p.theme.heading}})
	for _, f := range []struct{ text, says string }{
		{"line.sent verb=RCPT", "a kind, its step, and fields"},
		{"verb in (MAIL RCPT)", "one of several"},
		{"code>=400 at<15m", "numbers and times are compared"},
		{"text~globex", "contains a text; ~/re/ a regular expression"},
		{"RCPT or not host=x", "words that the step says; or, not, ( )"},
		{"faults", "all that goes wrong"},
	} {
		p.add(line{{fill(f.text, commandWidth) + "  ", p.theme.key}, {f.says, p.theme.text}})
	}
}
