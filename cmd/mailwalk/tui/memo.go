package tui

// memo keeps what a pane has drawn, for as long as nothing changes.
type memo struct {
	width, height, version int
	focused, valid         bool
	rows                   []string
}

func (m *memo) get(width, height, version int, focused bool) ([]string, bool) {
	if m.valid && m.width == width && m.height == height && m.version == version && m.focused == focused {
		return m.rows, true
	}
	m.width, m.height, m.version, m.focused, m.valid = width, height, version, focused, false
	return nil, false
}

func (m *memo) put(rows []string) []string {
	m.rows, m.valid = rows, true
	return rows
}
