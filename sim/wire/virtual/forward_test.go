package virtual

import (
	"bytes"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"gvisor.dev/gvisor/pkg/buffer"

	"mailwalk/sim/trace"
)

// TestForwardBesideOthers: what a router passes on has one hop less to live,
// whatever other stacks of the process do with the memory that they share.
func TestForwardBesideOthers(t *testing.T) {
	var over atomic.Bool
	var others sync.WaitGroup
	for range max(2, runtime.GOMAXPROCS(0)) {
		others.Go(func() {
			junk := bytes.Repeat([]byte{0xAA}, 128)
			for !over.Load() {
				buffer.NewViewWithData(junk).Release()
			}
		})
	}
	defer others.Wait()
	defer over.Store(true)
	for range 4 {
		w := newWorld(t, 1, nil)
		w.hold(t, w.a, bulk(1<<20))
		for e := range w.trace.All() {
			b, ok := e.Body.(*trace.PacketBody)
			if ok && e.What == trace.Sent && e.Host == "r" && b.Head.TTL != 63 {
				t.Fatalf("event %d: a packet has %d hops left, not 63", e.Seq, b.Head.TTL)
			}
		}
	}
}
