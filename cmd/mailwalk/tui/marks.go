package tui

import (
	"maps"
	"slices"
	"unicode"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"mailwalk/sim/explain"
)

// pending is what the next key is for.
type pending int

const (
	nothing pending = iota
	markLetter
	goLetter
)

func (m *Model) startMark() tea.Cmd {
	m.pending = markLetter
	return nil
}

func (m *Model) startGo() tea.Cmd {
	m.pending = goLetter
	return nil
}

// pendingHint says what is waited for.
func (m *Model) pendingHint() string {
	if m.pending == markLetter {
		return "Mark this moment with a letter; esc does not."
	}
	s := "Go to a mark: "
	for _, l := range m.signs.letters() {
		s += l + " "
	}
	return s + "' is where you were; esc stays."
}

// letters are the marks there are.
func (s *signs) letters() []string { return slices.Sorted(maps.Keys(s.marks)) }

// isLetter tells the name of a mark.
func isLetter(key string) bool {
	c, n := utf8.DecodeRuneInString(key)
	return n == len(key) && unicode.IsLetter(c)
}

// lettered takes the key after m or '.
func (m *Model) lettered(key string) {
	what := m.pending
	m.pending = nothing
	switch {
	case key == "esc":
	case what == goLetter && (key == "'" || key == "`"):
		m.goBack()
	case !isLetter(key):
		m.warn("A mark is a letter.")
	case what == markLetter:
		m.mark(key)
	default:
		m.goToMark(key)
	}
}

// mark gives the moment a letter.
func (m *Model) mark(letter string) {
	s := m.signs
	if old, ok := s.marks[letter]; ok {
		delete(s.letter, old)
	}
	if old, ok := s.letter[m.now]; ok {
		delete(s.marks, old)
	}
	s.marks[letter], s.letter[m.now] = m.now, letter
	m.version++
	m.toast = "Marked event " + explain.Grouped(int64(m.now)) + " with " + letter + ". '" + letter + " comes back here."
}

func (m *Model) goToMark(letter string) {
	seq, ok := m.signs.marks[letter]
	if !ok {
		m.warn("There is no mark " + letter + ". m and a letter set one.")
		return
	}
	m.jump(seq)
}

// goBack goes to where one was before the latest jump.
func (m *Model) goBack() { m.jump(m.was) }
