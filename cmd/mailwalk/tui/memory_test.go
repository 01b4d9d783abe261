package tui

import (
	"math/rand/v2"
	"runtime"
	"testing"

	tea "charm.land/bubbletea/v2"

	"mailwalk/sim/explain"
)

// inUse is how many octets the program holds.
func inUse() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what the first found to be finalised
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestMemoryOfAMillionEvents holds that the screen keeps little of each event, and that
// to look around in them keeps nothing more.
func TestMemoryOfAMillionEvents(t *testing.T) {
	if raced || testing.Short() {
		t.Skip("a million events")
	}
	const (
		perEvent = 150     // octets that rows, index and state may keep of each event
		around   = 8 << 20 // octets that looking around may keep besides
	)
	tr := traces[lengths[1]]()
	before := inUse()
	m := New(Recorded(tr), Options{Grain: explain.PacketGrain, Theme: Dark, Quiet: true})
	m.Update(tea.WindowSizeMsg{Width: 120, Height: 40})
	m.look(tr.Len())
	m.View()
	shown := inUse()
	if kept := shown - before; kept > perEvent*int64(tr.Len()) {
		t.Errorf("the screen keeps %d octets of each event", kept/int64(tr.Len()))
	} else {
		t.Logf("the screen keeps %d octets of each event", kept/int64(tr.Len()))
	}
	rng := rand.New(rand.NewPCG(1, 2))
	wander := func() {
		for _, pane := range everyPane() {
			m.focusOn(pane)
			for range 10 {
				m.goTo(1 + rng.Uint64N(tr.Len()))
				m.grain = explain.Grain(rng.IntN(len(explain.Grains())))
				m.version++
				m.View()
			}
		}
	}
	wander() // the caches are full after it
	full := inUse()
	wander()
	if grown := inUse() - full; grown > around {
		t.Errorf("looking around a second time keeps %d octets more", grown)
	} else {
		t.Logf("looking around keeps %d octets, a second time %d more", full-shown, grown)
	}
	runtime.KeepAlive(m)
}
