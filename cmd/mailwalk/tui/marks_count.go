package tui

import (
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"mailwalk/sim/explain"
)

// counting is a count before a key that moves: 5j. A digit alone is the key of a
// pane too, so it brings the pane forward at once; the panes lie as before when a
// key that moves, or another digit, follows before a moment has passed.
type counting struct {
	count   int // 0 for none
	digits  int
	digitAt int // names the latest digit
	before  desk
}

const (
	countPause = 400 * time.Millisecond
	mostCount  = 1_000_000_000
)

// counted tells that nothing has followed a digit.
type counted struct{ digitAt int }

// times is how often a key that moves is meant.
func (m *Model) times() int { return max(m.count, 1) }

// digit tells whether a key belongs to a count.
func (m *Model) digit(key string) bool {
	return len(key) == 1 && (key >= "1" && key <= "9" || key == "0" && m.count > 0)
}

func (m *Model) digitTyped(key string) tea.Cmd {
	d := int(key[0] - '0')
	m.digitAt++
	if m.count > 0 {
		m.uncover()
		m.count = min(m.count*10+d, mostCount)
		m.digits++
		return nil
	}
	m.before, m.count, m.digits = m.desk, d, 1
	var cmd tea.Cmd
	if b := find(m.keys, pressed(key)); b != nil {
		cmd = b.does(m)
	}
	return tea.Batch(cmd, m.later(countPause, counted{m.digitAt}))
}

// uncover takes back that a digit has brought a pane forward.
func (m *Model) uncover() {
	if m.digits == 1 && m.desk != m.before {
		m.desk = m.before
		m.version++
	}
}

// countOver takes a digit that nothing has followed for what it is: a pane's key.
func (m *Model) countOver(c counted) {
	if c.digitAt == m.digitAt && m.digits == 1 {
		m.count = 0
	}
}

// settleCount keeps a count for a key that moves, and drops it for another.
func (m *Model) settleCount(b *binding) {
	switch {
	case m.count == 0:
	case b != nil && movesBy(b):
		m.uncover()
	default:
		m.count = 0
	}
}

// movesBy tells whether a key takes a count.
func movesBy(b *binding) bool {
	for _, k := range b.keys.Keys() {
		if key.Matches(pressed(k), countable) {
			return true
		}
	}
	return false
}

// countHint says what a count waits for.
func (m *Model) countHint() string {
	return explain.Grouped(int64(m.count)) + " times: space, b, j, k, ctrl+d or ctrl+u; G or g go to that row; esc forgets it"
}

// toRow goes to a row of the pane with the focus, counted from 1.
func (m *Model) toRow(n int) tea.Cmd {
	if s := m.scrolled(); s != nil {
		s.offset = 0
		s.by(n - 1)
		m.version++
		return nil
	}
	if last := m.rows.len(m.grain); last > 0 {
		m.jump(m.rows.at(m.grain, min(n, last)-1))
	}
	return nil
}
