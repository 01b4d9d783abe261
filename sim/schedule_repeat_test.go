package sim

import (
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mailwalk/sim/trace"
)

// TestScheduleRepeats: the same schedule makes the same trace, octet for octet,
// whatever the process and the machine are doing meanwhile. It takes the first
// tenth of the schedules, and 30 at most.
func TestScheduleRepeats(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	first := firstSeed(*scheduleSeed)
	count := uint64(min(max(*scheduleCount/10, 1), 30))
	t.Logf("schedules %d to %d", first, first+count-1)
	for seed := first; seed < first+count; seed++ {
		s := newSchedule(seed)
		want := s.print(t, run)
		same := func(t *testing.T, how func(*World)) {
			if s.print(t, how) != want {
				t.Errorf("another trace from schedule %d: %v\nagain: go test ./sim -run TestScheduleRepeats -schedules 1 -schedule-seed %d", s.seed, s, s.seed)
			}
		}
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			for _, procs := range []int{1, 2, 8} {
				t.Run(fmt.Sprintf("GOMAXPROCS %d", procs), func(t *testing.T) {
					runtime.GOMAXPROCS(procs)
					t.Run("alone", func(t *testing.T) { same(t, run) })
					t.Run("under load and watched", func(t *testing.T) {
						defer burn(4)()
						same(t, watchedRun)
					})
					t.Run("with pauses", func(t *testing.T) { same(t, haltingly) })
				})
			}
			t.Run("four at a time", func(t *testing.T) {
				var all sync.WaitGroup
				for range 4 {
					all.Go(func() { same(t, run) })
				}
				all.Wait()
			})
		})
	}
}

// print runs the schedule and returns the hash of its trace.
func (s schedule) print(t *testing.T, how func(*World)) string {
	w := s.world(t)
	how(w)
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	return fingerprint(t, w.Trace())
}

func run(w *World) {
	for w.Step() {
	}
}

// haltingly steps like a person: now fast, now slow, and sometimes not at all.
func haltingly(w *World) {
	r := rand.New(rand.NewPCG(rand.Uint64(), 0))
	for pause := 0; w.Step(); pause-- {
		switch {
		case pause > 0:
		case r.IntN(4) == 0:
			time.Sleep(time.Duration(r.IntN(300)) * time.Microsecond)
			pause = r.IntN(200)
		case r.IntN(50) == 0:
			runtime.GC()
		default:
			runtime.Gosched()
			pause = r.IntN(20)
		}
	}
}

// watchedRun steps while somebody looks at the trace and at the state folded from it.
func watchedRun(w *World) {
	over := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		enc := trace.NewEncoder(io.Discard, nil)
		for seq := uint64(1); ; seq++ {
			select {
			case <-over:
				return
			default:
			}
			tr := w.Trace()
			e := tr.At(seq)
			if e == nil {
				seq = 0
				runtime.Gosched()
				continue
			}
			_ = enc.Encode(e) // to nowhere
			if seq%64 == 0 {
				tr.View(seq).Connections()
			}
		}
	})
	run(w)
	close(over)
	all.Wait()
}

// burn keeps processors busy until it is told to stop.
func burn(n int) (stop func()) {
	var over atomic.Bool
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			for x := uint64(1); !over.Load(); {
				for range 10_000 {
					x = x*6364136223846793005 + 1
				}
				runtime.Gosched() // or each turn of the world waits for a whole time slice
			}
		})
	}
	return func() {
		over.Store(true)
		all.Wait()
	}
}
