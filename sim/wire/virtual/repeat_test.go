package virtual

import (
	"context"
	"crypto/sha256"
	"fmt"
	"runtime"
	"testing"
	"time"

	"mailwalk/sim/trace"
)

// fingerprint runs three clients on two hosts against one server each and returns
// the hash of all that the trace holds.
func fingerprint(t testing.TB, seed uint64) string {
	w := newWorld(t, seed, nil)
	defer w.close(t)
	echo(t, w.b, "[::]:25")
	echo(t, w.a, "[::]:110")
	for i, x := range []struct {
		h   *Host
		dst string
	}{{w.a, "198.51.100.10:25"}, {w.a, "[2001:db8:b::10]:25"}, {w.c, "192.0.2.10:110"}, {w.b, "198.51.100.10:25"}} {
		x.h.Go("talk", func(ctx context.Context) {
			for n := range 3 {
				if err := talk(ctx, x.h, x.dst, fmt.Sprint("HELLO ", i, n), "WORLD"); err != nil {
					t.Error(err)
				}
				if err := w.clock.Sleep(ctx, time.Second); err != nil {
					t.Error(err)
				}
			}
		})
	}
	w.run(t)
	return w.hash()
}

// hash is that of all that the trace holds.
func (w *world) hash() string {
	h := sha256.New()
	for e := range w.trace.All() {
		fmt.Fprintf(h, "%d %d %s %s %v %v\n", e.Seq, e.At, e.Host, e.Key, e.IDs, e.Causes)
		if b, ok := e.Body.(*trace.PacketBody); ok {
			h.Write(b.Data)
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// TestRepeatReordered: frames that let others pass do it alike in each run.
func TestRepeatReordered(t *testing.T) {
	transfer := func() string {
		w := newWorld(t, 1, nil)
		w.OnSend(func(sent *trace.Event) Action {
			return Action{Reorder: sent.Body.(*trace.PacketBody).Frame%7 == 0, Why: "every seventh"}
		})
		w.hold(t, w.a, bulk(1<<20))
		return w.hash()
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	want := transfer()
	runtime.GOMAXPROCS(4)
	for range 5 {
		if transfer() != want {
			t.Fatal("another trace")
		}
	}
}

// TestRepeat: the same seed gives the same bytes, with whatever number of
// processors and however busy they are; another seed gives others.
func TestRepeat(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	want := fingerprint(t, 7)
	stop := make(chan struct{})
	defer close(stop)
	for _, procs := range []int{1, 2, 8} {
		for _, busy := range []bool{false, true} {
			if busy {
				for range 4 {
					go func() {
						for {
							select {
							case <-stop:
								return
							default:
								runtime.Gosched()
							}
						}
					}()
				}
			}
			runtime.GOMAXPROCS(procs)
			for range 10 {
				if got := fingerprint(t, 7); got != want {
					t.Fatalf("at GOMAXPROCS %d, busy %v: another trace", procs, busy)
				}
			}
		}
	}
	if fingerprint(t, 8) == want {
		t.Error("the seed makes no difference")
	}
}

// TestOneWorker: a stack has no more than one goroutine, whatever the number of
// processors, and leaves that number as it was.
func TestOneWorker(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(5))
	before := runtime.NumGoroutine()
	w := newWorld(t, 1, nil)
	if got, want := runtime.NumGoroutine()-before, len(w.order); got > want {
		t.Errorf("%d hosts have %d goroutines", want, got)
	}
	if got := runtime.GOMAXPROCS(0); got != 5 {
		t.Errorf("GOMAXPROCS is %d, not 5", got)
	}
}
