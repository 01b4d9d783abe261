package trace

import (
	"runtime"
	"testing"
)

// TestIndexSize holds what an index takes for each event.
func TestIndexSize(t *testing.T) {
	tr := sampleTrace(1000, 3000)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	x := NewIndex()
	for e := range tr.All() {
		x.Add(e)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	got := float64(after.HeapAlloc-before.HeapAlloc) / float64(tr.Len())
	t.Logf("%d events, %.1f octets for each", tr.Len(), got)
	if got > 45 {
		t.Errorf("the index takes %.1f octets an event", got)
	}
	runtime.KeepAlive(x)
	runtime.KeepAlive(tr)
}
