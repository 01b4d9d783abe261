package sim

import (
	"context"
	"crypto/sha256"
	"fmt"
	"runtime"
	"testing"
	"time"

	"go.uber.org/goleak"

	"mailwalk/scenarios"
	"mailwalk/sim/clock"
	"mailwalk/sim/trace"
)

// runWalk runs a walk to its end.
func runWalk(t testing.TB, name string, o Options) *World {
	t.Helper()
	sc, err := scenarios.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	w, err := New(sc, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := w.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	return w
}

// TestWalks: what each walk expects has happened.
func TestWalks(t *testing.T) {
	for _, name := range scenarios.Names() {
		t.Run(name, func(t *testing.T) {
			w := runWalk(t, name, Options{})
			for _, r := range scenarios.Check(w.scenario.Expect, w.Trace().All()) {
				if !r.Held {
					t.Errorf("%s: wanted: %s; %s", r.Expect.Says, r.Want, r.Missed)
					if r.Nearest != nil {
						t.Logf("nearest: %d %s %s", r.Nearest.Seq, r.Nearest.At, r.Nearest.Key)
					}
				}
			}
			if t.Failed() {
				for e := range w.Trace().All() {
					if e.Kind != trace.Packet {
						t.Log(e.Seq, e.At, e.Host, e.Key, e.IDs, e.Causes)
					}
				}
			}
		})
	}
}

// fingerprint is the hash of all that a trace holds.
func fingerprint(t testing.TB, tr *trace.Trace) string {
	h := sha256.New()
	enc := trace.NewEncoder(h, nil)
	for e := range tr.All() {
		if err := enc.Encode(e); err != nil {
			t.Fatal(err)
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// TestRepeat: the same walk and seed give the same trace, with any number of
// processors; another seed gives another.
func TestRepeat(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, name := range scenarios.Names() {
		if name == "attachment" && testing.Short() {
			continue
		}
		want := fingerprint(t, runWalk(t, name, Options{}).Trace())
		for _, procs := range []int{1, 2, 8} {
			runtime.GOMAXPROCS(procs)
			if got := fingerprint(t, runWalk(t, name, Options{}).Trace()); got != want {
				t.Errorf("%s at GOMAXPROCS %d: another trace", name, procs)
			}
		}
		seed := uint64(4711)
		if fingerprint(t, runWalk(t, name, Options{Seed: &seed}).Trace()) == want {
			t.Errorf("%s: the seed makes no difference", name)
		}
	}
}

// TestManyWorlds: worlds of one process do not disturb each other, even when they
// run at the same time.
func TestManyWorlds(t *testing.T) {
	want := fingerprint(t, runWalk(t, "first-letter", Options{}).Trace())
	for range 8 {
		t.Run("world", func(t *testing.T) {
			t.Parallel()
			if fingerprint(t, runWalk(t, "first-letter", Options{}).Trace()) != want {
				t.Error("another trace")
			}
		})
	}
}

// TestStepping: a world that is left alone between its steps is the same.
func TestStepping(t *testing.T) {
	want := fingerprint(t, runWalk(t, "same-domain", Options{}).Trace())
	sc, err := scenarios.Load("same-domain")
	if err != nil {
		t.Fatal(err)
	}
	w, err := New(sc, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for i := 0; w.Step(); i++ {
		if i%50 == 0 {
			runtime.GC()
		}
	}
	if fingerprint(t, w.Trace()) != want {
		t.Error("another trace")
	}
}

// TestNothingLeft: a world leaves no goroutine behind, finished or not.
func TestNothingLeft(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	sc, err := scenarios.Load("first-letter")
	if err != nil {
		t.Fatal(err)
	}
	for _, steps := range []int{0, 1, 10, 100, 400, 1 << 30} {
		w, err := New(sc, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for range steps {
			if !w.Step() {
				break
			}
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
}

// BenchmarkFirstLetter is the whole walk, from building the world to its end.
func BenchmarkFirstLetter(b *testing.B) {
	sc, err := scenarios.Load("first-letter")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		w, err := New(sc, Options{})
		if err != nil {
			b.Fatal(err)
		}
		if err := w.Run(context.Background()); err != nil {
			b.Fatal(err)
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// TestPaced: how fast the time goes, and where it is paused, changes nothing.
func TestPaced(t *testing.T) {
	sc, err := scenarios.Load("first-letter")
	if err != nil {
		t.Fatal(err)
	}
	w, err := New(sc, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	w.Player().SetSpeed(1000 * clock.RealTime) // the walk has a wait of ten minutes
	over := make(chan struct{})
	pauses := make(chan int)
	go func() {
		n := 0
		for ; ; n++ {
			select {
			case <-over:
				pauses <- n
				return
			case <-time.After(7 * time.Millisecond):
				w.Player().Pause()
				time.Sleep(2 * time.Millisecond)
				w.Player().Resume()
			}
		}
	}()
	began := time.Now()
	if err := w.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	close(over)
	if n := <-pauses; n == 0 {
		t.Error("it was never paused")
	}
	if least := w.Now() / 1000; took < least {
		t.Errorf("%v of virtual time took %v at a thousand times its speed", w.Now(), took)
	}
	if fingerprint(t, w.Trace()) != fingerprint(t, runWalk(t, "first-letter", Options{}).Trace()) {
		t.Error("paced and paused, it is another trace")
	}
}

// TestClose: a world that is taken down in the middle of things leaves the trace
// as it is: no goodbye that nobody has said.
func TestClose(t *testing.T) {
	sc, err := scenarios.Load("first-letter")
	if err != nil {
		t.Fatal(err)
	}
	for steps := 0; steps < 450; steps += 9 {
		w, err := New(sc, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for range steps {
			w.Step()
		}
		before := w.Trace().Len()
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if after := w.Trace().Len(); after != before {
			t.Fatalf("closed after %d steps, it has %d events more", steps, after-before)
		}
	}
}
