package tui

import (
	"fmt"
	"sync"
	"testing"

	tea "charm.land/bubbletea/v2"

	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// lengths are those of the traces that keys are measured in.
var lengths = [...]int{1_000, 1_000_000}

// traces are made once, for they are not changed.
var traces = map[int]func() *trace.Trace{
	lengths[0]: sync.OnceValue(func() *trace.Trace { return longTrace(lengths[0]) }),
	lengths[1]: sync.OnceValue(func() *trace.Trace { return longTrace(lengths[1]) }),
}

// atEndOf is a screen of 120 by 40 at the end of a trace that was all shown.
func atEndOf(n int) *Model {
	m := New(Recorded(traces[n]()), Options{Grain: explain.PacketGrain, Theme: Dark, Quiet: true})
	m.Update(tea.WindowSizeMsg{Width: 120, Height: 40})
	m.look(uint64(n))
	m.View()
	return m
}

// answerKey takes a key and all that comes of it, and draws.
func answerKey(m *Model, keys ...tea.KeyPressMsg) {
	for _, k := range keys {
		_, cmd := m.Update(k)
		for cmd != nil {
			_, cmd = m.Update(cmd())
		}
	}
	m.View()
}

func keyOf(name string) tea.KeyPressMsg {
	if k, ok := special[name]; ok {
		return k
	}
	return tea.KeyPressMsg{Code: rune(name[0]), Text: name}
}

// BenchmarkUpdateAndView measures how long a key is answered, in each pane, near the
// end of a short trace and of a long one.
func BenchmarkUpdateAndView(b *testing.B) {
	for _, pane := range everyPane() {
		for _, n := range lengths {
			b.Run(fmt.Sprintf("pane=%s/events=%d", paneWord(int(pane)), n), func(b *testing.B) {
				m := atEndOf(n)
				m.focusOn(pane)
				answerKey(m, keyOf("b"))
				b.ReportAllocs()
				b.ResetTimer()
				for i := range b.N {
					key := "b"
					if i/200%2 == 1 {
						key = "space"
					}
					answerKey(m, keyOf(key))
				}
			})
		}
	}
}

func everyPane() []paneID {
	var all []paneID
	for p := range panes {
		all = append(all, paneID(p))
	}
	return all
}

// A jump far ahead is answered in pieces, and another key stops it where it is.
func TestAJumpFarAheadComesInPieces(t *testing.T) {
	const n = 5*takenAtOnce + 100
	jump := func() (*Model, tea.Cmd) {
		m := New(Recorded(longTrace(n)), Options{Grain: explain.PacketGrain, Theme: Dark, Quiet: true})
		m.Update(tea.WindowSizeMsg{Width: 120, Height: 40})
		m.look(10)
		var cmd tea.Cmd
		for _, k := range []string{":", "2", "0", "0", "9", "0", "enter"} {
			_, cmd = m.Update(keyOf(k))
		}
		return m, cmd
	}
	m, cmd := jump()
	pieces := 0
	for cmd != nil {
		before := m.shown
		_, cmd = m.Update(cmd())
		if m.shown-before > takenAtOnce || m.rows.upTo != m.shown {
			t.Fatalf("from %d to %d at once, the rows are at %d", before, m.shown, m.rows.upTo)
		}
		pieces++
	}
	if m.now != 20090 || m.shown != 20090 || pieces < 5 {
		t.Errorf("at %d of %d after %d pieces", m.now, m.shown, pieces)
	}
	m, cmd = jump()
	_, cmd = m.Update(cmd())
	m.Update(keyOf("R"))
	if _, cmd = m.Update(cmd()); cmd != nil || m.now != 0 || m.busy || m.shown != 10+takenAtOnce {
		t.Errorf("stopped at %d of %d", m.now, m.shown)
	}
}
