package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// Visited is a world that programs from outside can come into, besides what it is
// as a World.
type Visited interface {
	// OpenDoors opens the doors, if they are not open, and says where they are. It
	// may take a moment.
	OpenDoors() ([]DoorSign, error)
	// Admit lets one thing that visitors did happen while time stands still; false
	// when they did nothing.
	Admit() bool
	// Arrivals gets something whenever visitors have done something.
	Arrivals() <-chan struct{}
}

// DoorSign says where a door is.
type DoorSign struct {
	// Name is what is behind it; Command is one that can be typed as it is.
	Name, Command string
}

// entrance is what the screen knows of the doors.
type entrance struct {
	visited Visited // nil for a world that nobody can come into
	open    bool
	signs   []DoorSign
	shown   bool
	scroll  scroll
}

// doorsOpened tells that the doors are open, or why not.
type doorsOpened struct {
	signs []DoorSign
	err   error
}

// arrived tells that visitors have done something; admitted that it has happened.
type (
	visitorsCame struct{}
	admitted     struct{ before, after uint64 }
)

// showDoors opens the doors and shows how one comes in.
func (m *Model) showDoors() tea.Cmd {
	m.entrance.shown = true
	m.entrance.scroll = scroll{}
	if m.entrance.open {
		return nil
	}
	m.toast = "The doors are being opened."
	return m.reopenDoors()
}

// reopenDoors has the doors lead into the run that is looked at.
func (m *Model) reopenDoors() tea.Cmd {
	v := m.entrance.visited
	return func() tea.Msg {
		signs, err := v.OpenDoors()
		return doorsOpened{signs, err}
	}
}

func (m *Model) noDoors() string {
	if m.entrance.visited == nil {
		return "Nobody can come into what was recorded. mailwalk step and mailwalk serve have doors."
	}
	return ""
}

func (m *Model) doorsOpened(msg doorsOpened) tea.Cmd {
	m.toast = ""
	if msg.err != nil {
		m.entrance.shown = false
		m.warn("The doors stay shut: " + msg.err.Error())
		return nil
	}
	again := m.entrance.open
	m.entrance.open, m.entrance.signs = true, msg.signs
	if again {
		return nil
	}
	return m.awaitVisitors()
}

func (m *Model) awaitVisitors() tea.Cmd {
	arrivals := m.entrance.visited.Arrivals()
	if arrivals == nil {
		return nil
	}
	return func() tea.Msg {
		if _, ok := <-arrivals; !ok {
			return nil
		}
		return visitorsCame{}
	}
}

// admit is a command that lets in who stands before the doors.
func (s *stepper) admit(v Visited) tea.Cmd {
	return func() tea.Msg {
		s.mu.Lock()
		defer s.mu.Unlock()
		before := s.trace.Len()
		for !s.stopped.Load() && v.Admit() {
		}
		return admitted{before, s.trace.Len()}
	}
}

func (m *Model) visitorsCame() tea.Cmd {
	return tea.Batch(m.stepper.admit(m.entrance.visited), m.awaitVisitors())
}

// admitted shows what visitors did, if the person looks at the present.
func (m *Model) admitted(msg admitted) tea.Cmd {
	if msg.after == msg.before {
		return nil
	}
	m.over = false
	if m.running || m.busy {
		return nil // it comes by itself
	}
	m.toast = "A visitor is here. Space lets time go on; the visitor's own clock does not wait: dig gives up after five seconds, others after some thirty."
	if !m.past() && m.shown == msg.before {
		m.goTo(msg.after)
	}
	return nil
}

// withDoors lays the list of the doors over a screen.
func (m *Model) withDoors(screen []string) string {
	w := m.width - 4
	p := &page{stage: m.stage, width: w - 2}
	p.text(p.theme.text, "Programs on this machine can come into the walk. In another terminal:")
	for _, s := range m.entrance.signs {
		p.blank()
		p.text(p.theme.strong, s.Name)
		for _, r := range wrap(s.Command, w-6) {
			p.add(line{{"  " + r, p.theme.key}})
		}
	}
	h := min(len(p.rows)+2, m.height-2)
	shown := m.entrance.scroll.draw(p, h-2)
	b := m.box("doors", "j k scroll, any other key closes this", m.entrance.scroll.rest(&m.glyphs), true)
	over := b.render(w, h, shown)
	x, y := (m.width-w)/2, (m.height-h)/2
	out := append([]string(nil), screen...)
	for i, r := range over {
		under := screen[y+i]
		out[y+i] = ansi.Cut(under, 0, x) + r + ansi.Cut(under, x+w, m.width)
	}
	return strings.Join(out, "\n")
}

// pressAtDoors lets the keys that move scroll the list, and others close it.
func (m *Model) pressAtDoors(key string) tea.Cmd {
	switch key {
	case "j", "down", "space", "pgdown":
		m.entrance.scroll.by(1)
	case "k", "up", "pgup":
		m.entrance.scroll.by(-1)
	case "ctrl+c":
		return m.quit()
	default:
		m.entrance.shown = false
	}
	return nil
}
