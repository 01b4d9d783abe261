package tui

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

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

// nearEndOf is a screen of 120 by 40 on which all of a trace was shown, at the last
// mail that a server took and passed on, so that around it there is the same in each
// trace.
func nearEndOf(tb testing.TB, n int) *Model {
	tr := traces[n]()
	if m := screens[n]; m != nil {
		m.look(tr.Len())
		m.grain = explain.PacketGrain
		m.look(tookLast(tb, tr))
		m.View()
		return m
	}
	m := New(Recorded(tr), Options{Grain: explain.PacketGrain, Theme: Dark, Quiet: true})
	m.Update(tea.WindowSizeMsg{Width: 120, Height: 40})
	m.look(uint64(n))
	screens[n] = m
	return nearEndOf(tb, n)
}

// screens are made once, for a long trace takes a while to be shown.
var screens = map[int]*Model{}

// tookLast is the event at which a server took a mail, the last one with enough after
// it.
func tookLast(tb testing.TB, tr *trace.Trace) uint64 {
	for seq := tr.Len() - 150; seq > 0; seq-- {
		if e := tr.At(seq); e.Kind == trace.Mail && e.What == trace.Accept {
			return seq
		}
	}
	tb.Fatal("no mail was taken")
	return 0
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
		perKey := map[int]float64{}
		for _, n := range lengths {
			b.Run(fmt.Sprintf("pane=%s/events=%.0e", paneWord(int(pane)), float64(n)), func(b *testing.B) {
				m := nearEndOf(b, n)
				m.focusOn(pane)
				backAndOn(m)
				b.ReportAllocs()
				b.ResetTimer()
				for range b.N {
					backAndOn(m)
				}
				perKey[n] = float64(b.Elapsed()) / float64(b.N) / 2
				b.ReportMetric(perKey[n], "ns/key")
				if n == lengths[1] && perKey[lengths[0]] > 0 {
					b.ReportMetric(perKey[n]/perKey[lengths[0]], "ratio")
				}
			})
		}
	}
}

// backAndOn goes a step back and on again.
func backAndOn(m *Model) { answerKey(m, keyOf("b"), keyOf("space")) }

// TestKeysAreAsFastInALongTrace holds that a key costs in a trace of a million events
// what it costs in one of a thousand.
func TestKeysAreAsFastInALongTrace(t *testing.T) {
	if raced {
		t.Skip("what is timed under the race detector is the detector")
	}
	if testing.Short() {
		t.Skip("a million events")
	}
	const most, tries = 1.2, 8
	short, long := nearEndOf(t, lengths[0]), nearEndOf(t, lengths[1])
	for _, pane := range everyPane() {
		short.focusOn(pane)
		long.focusOn(pane)
		allocs := [2]float64{testing.AllocsPerRun(5, func() { backAndOn(short) }), testing.AllocsPerRun(5, func() { backAndOn(long) })}
		if allocs[1] > allocs[0]*1.05 {
			t.Errorf("%s: %.0f allocations in place of %.0f", paneWord(int(pane)), allocs[1], allocs[0])
		}
		// What else the machine does can only make a try slower: one that is fast enough
		// shows that the screen is.
		best := math.Inf(1)
		for range tries {
			if best = min(best, slower(short, long)); best <= most {
				break
			}
		}
		t.Logf("%s: %.2f times as long, %.0f allocations for %.0f", paneWord(int(pane)), best, allocs[1], allocs[0])
		if best > most {
			t.Errorf("%s: a key takes %.2f times as long", paneWord(int(pane)), best)
		}
	}
}

// slower tells how many times as long keys take on b as on a: the median of many, in
// turn.
func slower(a, b *Model) float64 {
	var took [2][]time.Duration
	for range 31 {
		for i, m := range []*Model{a, b} {
			start := time.Now()
			backAndOn(m)
			took[i] = append(took[i], time.Since(start))
		}
	}
	var median [2]float64
	for i := range took {
		slices.Sort(took[i])
		median[i] = float64(took[i][len(took[i])/2])
	}
	return median[1] / median[0]
}

// BenchmarkAnywhere measures keys that lead to places all over a long trace, most of
// which have to be read from the file first.
func BenchmarkAnywhere(b *testing.B) {
	for _, key := range []string{"", "b", "j", "k", "G", "g", "-"} {
		for _, pane := range []paneID{storyPane, ladderPane, mapPane, namesPane} {
			name := key
			if key == "" {
				name = "jump"
			}
			b.Run("key="+name+"/pane="+paneWord(int(pane)), func(b *testing.B) {
				m := nearEndOf(b, lengths[1])
				m.focusOn(pane)
				rng := rand.New(rand.NewPCG(7, uint64(pane)))
				var took []time.Duration
				b.ResetTimer()
				for range b.N {
					at := 1000 + rng.Uint64N(uint64(lengths[1])-1000)
					if key != "" {
						b.StopTimer()
						m.look(at)
						m.View()
						m.grain = explain.PacketGrain
						b.StartTimer()
					}
					start := time.Now()
					if key == "" {
						m.goTo(at)
						m.View()
					} else {
						answerKey(m, keyOf(key))
					}
					took = append(took, time.Since(start))
				}
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)/2])/1e6, "ms-median")
				b.ReportMetric(float64(took[len(took)*95/100])/1e6, "ms-p95")
			})
		}
	}
}

// BenchmarkTerminalBytes measures what the terminal gets at each step, by way of the
// real renderer.
func BenchmarkTerminalBytes(b *testing.B) {
	for _, size := range [...][2]int{{80, 24}, {120, 40}, {200, 60}} {
		b.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(b *testing.B) {
			s := firstLetter()
			for s.Step() {
			}
			m := New(Recorded(s.t), Options{Grain: explain.LineGrain, Theme: Dark, Quiet: true})
			m.Update(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
			m.look(s.t.Len())
			m.look(0)
			out := &counter{wrote: make(chan bool, 1)}
			p := tea.NewProgram(m, tea.WithInput(nil), tea.WithOutput(out), tea.WithWindowSize(size[0], size[1]),
				tea.WithColorProfile(colorprofile.TrueColor), tea.WithEnvironment([]string{"TERM=xterm-256color"}), tea.WithFPS(120))
			done := make(chan error)
			go func() {
				_, err := p.Run()
				done <- err
			}()
			<-out.wrote // the first screen
			first := out.octets.Load()
			steps := m.rows.len(m.grain) - 1
			b.ResetTimer()
			for i := range b.N {
				key := keyOf("space")
				if i/steps%2 == 1 {
					key = keyOf("b")
				}
				select {
				case <-out.wrote: // more of the step before
				default:
				}
				p.Send(key)
				<-out.wrote
			}
			b.StopTimer()
			b.ReportMetric(float64(out.octets.Load()-first)/float64(b.N), "octets/step")
			b.ReportMetric(float64(first), "octets/first")
			p.Quit()
			for {
				select {
				case <-out.wrote:
					continue
				case err := <-done:
					if err != nil {
						b.Fatal(err)
					}
				}
				break
			}
		})
	}
}

// counter counts what is written, and tells of each writing.
type counter struct {
	octets atomic.Int64
	wrote  chan bool
}

func (c *counter) Write(p []byte) (int, error) {
	c.octets.Add(int64(len(p)))
	select {
	case c.wrote <- true:
	default:
	}
	return len(p), nil
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
	const from, to = 10, 5*takenAtOnce + 90
	jump := func() (*Model, tea.Cmd) {
		m := New(Recorded(longTrace(to+10)), Options{Grain: explain.PacketGrain, Theme: Dark, Quiet: true})
		m.Update(tea.WindowSizeMsg{Width: 120, Height: 40})
		m.look(from)
		return m, m.command(fmt.Sprint(to))
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
	if m.now != to || m.shown != to || pieces < 5 {
		t.Errorf("at %d of %d after %d pieces", m.now, m.shown, pieces)
	}
	m, cmd = jump()
	for m.shown == from {
		if cmd == nil {
			t.Fatal("the jump ends before anything is taken in")
		}
		_, cmd = m.Update(cmd())
	}
	m.Update(keyOf("R"))
	if _, cmd = m.Update(cmd()); cmd != nil || m.now != 0 || m.busy || m.shown != from+takenAtOnce {
		t.Errorf("stopped at %d of %d", m.now, m.shown)
	}
}
