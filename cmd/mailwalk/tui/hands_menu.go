package tui

import (
	"cmp"
	"slices"
	"strings"

	"charm.land/bubbles/v2/textarea"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"mailwalk/sim/lab"
)

// menu is the list of what can be done at a step.
type menu struct {
	seq   uint64
	verbs []lab.Verb
	keys  []string // of each verb, empty for one that cannot be done
	// not is why all those cannot be done that cannot, if it is the same for several.
	not string
	at  int
}

// groupOf says where a verb stands in a menu: what can be done now, what can be done
// in the past, what cannot be done.
func groupOf(v lab.Verb) int {
	switch {
	case v.Not != "":
		return 2
	case v.Past:
		return 1
	}
	return 0
}

// newMenu puts what can be done before what cannot.
func newMenu(seq uint64, verbs []lab.Verb) *menu {
	verbs = slices.Clone(verbs)
	slices.SortStableFunc(verbs, func(a, b lab.Verb) int { return cmp.Compare(groupOf(a), groupOf(b)) })
	m := &menu{seq: seq, verbs: verbs, keys: make([]string, len(verbs))}
	if i := slices.IndexFunc(verbs, func(v lab.Verb) bool { return v.Not != "" }); i >= 0 && i+1 < len(verbs) {
		if m.not = verbs[i].Not; slices.ContainsFunc(verbs[i:], func(v lab.Verb) bool { return v.Not != m.not }) {
			m.not = ""
		}
	}
	used := map[rune]bool{'j': true, 'k': true, 'q': true}
	for i, v := range verbs {
		if v.Not != "" {
			continue
		}
		for _, r := range v.Name + "abcdefghilmnoprstuvwxyz" {
			if r >= 'a' && r <= 'z' && !used[r] {
				used[r] = true
				m.keys[i] = string(r)
				break
			}
		}
	}
	m.move(0)
	return m
}

// move goes n rows on, to one that can be done if there is any.
func (m *menu) move(n int) {
	at := m.at + n
	step := 1
	if n < 0 {
		step = -1
	}
	for at >= 0 && at < len(m.verbs) {
		if m.verbs[at].Not == "" {
			m.at = at
			return
		}
		at += step
	}
}

// writing is what a verb asks for while it is typed.
type writing struct {
	seq  uint64
	verb lab.Verb
	area textarea.Model
	many bool // more than one line can be written
}

// menuReady tells what can be done at an event.
type menuReady struct {
	seq   uint64
	verbs []lab.Verb
}

// act asks what can be done at the moment.
func (m *Model) act() tea.Cmd {
	m.stay()
	b, seq := m.working.bench, m.now
	return func() tea.Msg { return menuReady{seq, b.Verbs(seq)} }
}

func (m *Model) noHands() string {
	switch {
	case m.working.bench == nil:
		return "Nothing can be done to what was recorded. mailwalk step runs the walk anew."
	case m.working.job != nil:
		return "The run is still being made again; esc stops that."
	}
	return ""
}

func (m *Model) noAct() string {
	if reason := m.noHands(); reason != "" {
		return reason
	}
	if m.now == 0 {
		return "Nothing has happened yet that something could be done to. Space goes on."
	}
	return ""
}

func (m *Model) menuReady(msg menuReady) {
	if msg.seq != m.now {
		return
	}
	if len(msg.verbs) == 0 {
		m.warn("Nothing can be done to this step. Packets, hosts, links, look-ups and lines can be touched.")
		return
	}
	m.working.menu = newMenu(msg.seq, msg.verbs)
}

func (m *Model) pressInMenu(key string) tea.Cmd {
	u := m.working.menu
	switch key {
	case "j", "down":
		u.move(1)
		return nil
	case "k", "up":
		u.move(-1)
		return nil
	case "enter":
		return m.choose(u.at)
	case "ctrl+c":
		return m.quit()
	}
	for i, k := range u.keys {
		if k == key {
			return m.choose(i)
		}
	}
	m.working.menu = nil
	return nil
}

// choose does a verb of the menu, or asks first for what it needs.
func (m *Model) choose(i int) tea.Cmd {
	u := m.working.menu
	v := u.verbs[i]
	if v.Not != "" {
		m.warn("It cannot be done: " + v.Not + ".")
		return nil
	}
	m.working.menu = nil
	if v.Asks == "" {
		return m.do(u.seq, v, "")
	}
	return m.askFor(u.seq, v)
}

// askFor has what a verb needs be written.
func (m *Model) askFor(seq uint64, v lab.Verb) tea.Cmd {
	w := &writing{seq: seq, verb: v, area: textarea.New(), many: strings.Contains(v.Has, "\n")}
	w.area.ShowLineNumbers = false
	w.area.Prompt = ""
	w.area.CharLimit = 0
	w.area.MaxHeight = 0
	w.area.SetValue(v.Has)
	w.area.MoveToBegin()
	if !w.many {
		w.area.MoveToEnd()
	}
	m.working.writing = w
	return w.area.Focus()
}

// write takes a key while something is written.
func (m *Model) write(msg tea.Msg) tea.Cmd {
	w := m.working.writing
	if k, ok := msg.(tea.KeyPressMsg); ok {
		switch key := k.String(); {
		case key == "esc", key == "ctrl+c":
			m.working.writing = nil
			return nil
		case key == "ctrl+s", key == "enter" && !w.many:
			m.working.writing = nil
			return m.do(w.seq, w.verb, w.area.Value())
		}
	}
	var cmd tea.Cmd
	w.area, cmd = w.area.Update(msg)
	return cmd
}

// withMenu lays the menu over a screen.
func (m *Model) withMenu(screen []string) string {
	u := m.working.menu
	p := &page{stage: m.stage, width: min(76, m.width-4)}
	here, before := 0, 0
	for i, v := range u.verbs {
		group := groupOf(v)
		if i == 0 || group != before {
			u.heading(p, i)
		}
		before = group
		mark, key, style := " ", u.keys[i], m.theme.text
		if i == u.at {
			mark, style, here = m.glyphs.here, m.theme.strong, len(p.rows)
		}
		words := v.Words
		if v.Not != "" {
			style = m.theme.later
			words, _, _ = strings.Cut(words, ":") // what would come of it does not matter
			if u.not == "" {
				words += ": " + v.Not
			}
		}
		for j, r := range wrap(words, p.width-7) {
			if j > 0 {
				mark, key = " ", ""
			}
			p.add(line{{mark + " ", m.theme.key}, {fill(key, 2), m.theme.key}, {r, style}})
		}
	}
	return m.overlay(screen, "what can be done here", "esc leaves all as it is", p, here)
}

// heading says of the verbs from the i-th on what they have in common.
func (u *menu) heading(p *page, i int) {
	words := ""
	switch groupOf(u.verbs[i]) {
	case 1:
		words = "This has happened already. What you choose is done in a run of its own:"
		if i > 0 {
			words = "What has happened already happens again otherwise, in a run of its own:"
		}
	case 2:
		words = "Not now:"
		if u.not != "" {
			words = "Not now, for " + u.not + ":"
		}
	}
	if i > 0 {
		p.blank()
	}
	for _, r := range wrap(words, p.width-2) {
		if r != "" {
			p.add(line{{" " + r, p.theme.dim}})
		}
	}
}

// withWriting lays what is being written over a screen.
func (m *Model) withWriting(screen []string) string {
	w := m.working.writing
	width := min(100, m.width-4)
	p := &page{stage: m.stage, width: width}
	p.text(m.theme.strong, w.verb.Words)
	p.text(m.theme.dim, w.verb.Asks)
	p.blank()
	height := 1
	if w.many {
		height = max(m.height-len(p.rows)-6, 3)
	}
	w.area.SetWidth(width - 2)
	w.area.SetHeight(height)
	box := m.box("your hand", map[bool]string{true: "ctrl+s does it, esc leaves all", false: "enter does it, esc leaves all"}[w.many], "", true)
	rows := make([]string, 0, len(p.rows)+height)
	for _, l := range p.rows {
		rows = append(rows, l.render(width, m.theme.text, m.glyphs.more))
	}
	for _, r := range strings.Split(w.area.View(), "\n") {
		rows = append(rows, " "+cut(r, width-2, "")+strings.Repeat(" ", max(width-1-ansi.StringWidth(cut(r, width-2, "")), 0)))
	}
	return m.lay(screen, box.render(width+2, len(rows)+2, rows))
}

// overlay lays a page over a screen, scrolled so that one row shows.
func (m *Model) overlay(screen []string, title, aside string, p *page, row int) string {
	h := min(len(p.rows)+2, m.height-2)
	s := scroll{offset: max(0, row-(h-2)/2)}
	shown := s.draw(p, h-2)
	b := m.box(title, aside, s.rest(&m.glyphs), true)
	return m.lay(screen, b.render(p.width+2, h, shown))
}

// lay puts rows over the middle of a screen.
func (m *Model) lay(screen, over []string) string {
	w := ansi.StringWidth(over[0])
	x, y := (m.width-w)/2, max((m.height-len(over))/2, 0)
	out := append([]string(nil), screen...)
	for i, r := range over {
		if y+i >= len(out) {
			break
		}
		under := screen[y+i]
		out[y+i] = ansi.Cut(under, 0, x) + r + ansi.Cut(under, x+w, m.width)
	}
	return strings.Join(out, "\n")
}
