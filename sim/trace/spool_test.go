package trace

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// limited appends a sample's events to a trace with a limit, to be seen by f after
// each.
func limited(t *testing.T, tr *Trace, from *Trace, f func(*Event)) {
	t.Helper()
	for e := range from.All() {
		if b, ok := e.Body.(*MailBody); ok && b.Content != nil {
			content, _ := from.Bodies.Get(b.Content.ID)
			tr.Bodies.Put(content)
		}
		again := *e
		tr.Append(&again)
		if f != nil {
			f(&again)
		}
	}
}

// temporary is a directory for the temporary files of a test.
func temporary(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir)
	return dir
}

// TestLimit holds that a trace whose first events are in a file is the same as one
// that is in memory, for readers who come while it grows too.
func TestLimit(t *testing.T) {
	dir := temporary(t)
	want := sampleTrace(60, 3000)
	got := New(want.Header)
	got.Bodies.Put([]byte("an attachment"))
	got.Limit(1 << 20)
	stop := make(chan bool)
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for n := uint64(1); ; n = n*7%max(got.Len(), 1) + 1 {
				select {
				case <-stop:
					return
				default:
				}
				if n <= got.Len() && got.At(n) == nil {
					t.Errorf("event %d is not there: %v", n, got.Err())
				}
				got.View(n)
			}
		})
	}
	most := 0
	limited(t, got, want, func(e *Event) {
		got.mu.RLock()
		most = max(most, len(got.events))
		got.mu.RUnlock()
	})
	close(stop)
	readers.Wait()
	if most > 3*leastKept || got.stored < want.Len()/2 {
		t.Errorf("%d events were in memory, and %d of %d are in the file", most, got.stored, want.Len())
	}
	if got.Len() != want.Len() {
		t.Fatalf("%d events, want %d", got.Len(), want.Len())
	}
	sameEvents(t, got, want)
	for e := range want.All() {
		if b, ok := e.Body.(*MailBody); ok && b.Content != nil {
			content, ok := got.Bodies.Get(b.Content.ID)
			if wanted, _ := want.Bodies.Get(b.Content.ID); !ok || !bytes.Equal(content, wanted) {
				t.Fatalf("the content of event %d is lost", e.Seq)
			}
		}
	}
	if size := got.Bodies.octets(); size > 1<<19 {
		t.Errorf("contents of %d octets are in memory", size)
	}
	n := want.Len() / 3
	if !bytes.Equal(written(got.View(n)), written(want.View(n))) {
		t.Error("the views differ")
	}
	if !bytes.Equal(file(t, got), file(t, want)) {
		t.Error("the trace files differ")
	}
	if err := errors.Join(got.Verify(), got.Unfinished(), got.Close(), got.Close()); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if got.At(1) != nil || !errors.Is(got.Err(), os.ErrClosed) {
		t.Errorf("after Close: %v", got.Err())
	}
}

// TestShortTraceStaysInMemory holds that a trace within its limit writes nothing.
func TestShortTraceStaysInMemory(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(temporary(t), "nowhere"))
	t.Setenv("TMP", filepath.Join(temporary(t), "nowhere"))
	want := sampleTrace(20, 3000)
	got := New(want.Header)
	got.Limit(DefaultMemory)
	limited(t, got, want, nil)
	sameEvents(t, got, want)
	if err := errors.Join(got.Err(), got.Close()); err != nil {
		t.Error(err)
	}
}

// TestLimitWithoutDisk holds that nothing is lost when no file can be made, and that
// this is told.
func TestLimitWithoutDisk(t *testing.T) {
	nowhere := filepath.Join(temporary(t), "nowhere")
	t.Setenv("TMPDIR", nowhere)
	t.Setenv("TMP", nowhere)
	want := sampleTrace(60, 3000)
	got := New(want.Header)
	got.Bodies.Put([]byte("an attachment"))
	got.Limit(1 << 20)
	limited(t, got, want, nil)
	if err := got.Err(); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "stays in memory") {
		t.Errorf("got %v", err)
	}
	for e := range want.All() {
		if !reflect.DeepEqual(got.At(e.Seq), e) {
			t.Fatalf("event %d differs", e.Seq)
		}
	}
	if err := got.Close(); err != nil {
		t.Error(err)
	}
}

// TestKeptBy holds that a trace which is recorded is read from that file, and writes
// no other.
func TestKeptBy(t *testing.T) {
	dir := temporary(t)
	t.Setenv("TMPDIR", filepath.Join(dir, "nowhere"))
	t.Setenv("TMP", filepath.Join(dir, "nowhere"))
	want := sampleTrace(60, 3000)
	got := New(want.Header)
	got.Bodies.Put([]byte("an attachment"))
	got.Limit(1 << 20)
	name := filepath.Join(dir, "a.trace")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	w, err := NewWriter(f, got.Header, got.Bodies)
	if err != nil {
		t.Fatal(err)
	}
	r, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	got.KeptBy(w, r)
	limited(t, got, want, func(e *Event) {
		if err := w.Write(e); err != nil {
			t.Fatal(err)
		}
	})
	if err := errors.Join(w.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	if got.stored < want.Len()/2 {
		t.Errorf("%d of %d events are in the file", got.stored, want.Len())
	}
	sameEvents(t, got, want)
	kept, err := os.ReadFile(name)
	if err != nil || !bytes.Equal(kept, file(t, want)) {
		t.Errorf("the file is another: %v", err)
	}
	if err := got.Close(); err != nil {
		t.Error(err)
	}
}

// BenchmarkLimit measures what a long trace takes in memory, for each event, and how
// long it takes to append to it.
func BenchmarkLimit(b *testing.B) {
	for _, limit := range []int64{0, DefaultMemory} {
		name := "none"
		if limit > 0 {
			name = "limit"
		}
		b.Run(name, func(b *testing.B) {
			var octets, events float64
			for b.Loop() {
				var before, after runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&before)
				s := &sample{t: New(Header{Name: "long"})}
				if limit > 0 {
					s.t.Limit(limit)
				}
				for n := 1; s.t.Len() < 1_000_000; n++ {
					s.mail(n, 3000)
				}
				runtime.GC()
				runtime.ReadMemStats(&after)
				octets, events = float64(after.HeapAlloc)-float64(before.HeapAlloc), float64(s.t.Len())
				if err := errors.Join(s.t.Err(), s.t.Close()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(octets/events, "octets/event")
			b.ReportMetric(octets/(1<<20), "MB")
		})
	}
}

// A million events take half a minute:
//
//	go test ./sim/trace -run TestMemoryOfALongTrace -v -long-trace 1000000
var longTrace = flag.Int("long-trace", 100_000, "how many events the trace has whose memory is measured")

// TestMemoryOfALongTrace holds what a trace with a limit takes in memory, with its index.
func TestMemoryOfALongTrace(t *testing.T) {
	temporary(t)
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	limit := int64(DefaultMemory)
	if *longTrace < 1_000_000 {
		limit = 8 << 20
	}
	s := &sample{t: New(Header{Name: "long"})}
	s.t.Limit(limit)
	before := heap()
	mails := 0
	var half, most int64
	for part := 1; part <= 20; part++ {
		for ; s.t.Len() < uint64(*longTrace*part/20); mails++ {
			s.mail(mails+1, 3000)
		}
		s.t.Index() // reads what has come since
		most = max(most, heap()-before)
		if part == 10 {
			half = most
		}
	}
	events := int64(s.t.Len())
	grown := (most - half) / (events / 2)
	t.Logf("%d events of %d mails: %d KB at most, and %d octets for each further event", events, mails, most>>10, grown)
	// Besides the limit there are blocks that were read lately, of a megabyte at most,
	// and the tables of who packs.
	const besides = (eventBlocksKept + contentBlocksKept + 16) << 20
	if bound := limit*5/4 + besides + 50*events; most > bound {
		t.Errorf("%d octets, more than the %d that there may be", most, bound)
	}
	if grown > 64 {
		t.Errorf("each further event takes %d octets", grown)
	}
	if err := errors.Join(s.t.Err(), s.t.Close()); err != nil {
		t.Error(err)
	}
}
