package trace

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

// file writes a trace as a file.
func file(t testing.TB, tr *Trace) []byte {
	t.Helper()
	var buf bytes.Buffer
	w, err := NewWriter(&buf, tr.Header, tr.Bodies)
	if err != nil {
		t.Fatal(err)
	}
	for e := range tr.All() {
		if err := w.Write(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func open(t testing.TB, b []byte) *Trace {
	t.Helper()
	tr, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// sameEvents sees that got has the first events of want, as many as it has.
func sameEvents(t *testing.T, got, want *Trace) {
	t.Helper()
	for e := range got.All() {
		if w := want.At(e.Seq); !reflect.DeepEqual(e, w) {
			t.Fatalf("event %d: got\n%+v %+v\nwant\n%+v %+v", e.Seq, e, e.Body, w, w.Body)
		}
	}
	if err := got.Err(); err != nil {
		t.Fatal(err)
	}
}

func TestFileRoundTrip(t *testing.T) {
	want := sampleTrace(30, 3000)
	b := file(t, want)
	got := open(t, b)
	if !reflect.DeepEqual(got.Header, want.Header) {
		t.Errorf("header: got %+v, want %+v", got.Header, want.Header)
	}
	if err := got.Unfinished(); err != nil {
		t.Error(err)
	}
	if got.Len() != want.Len() {
		t.Fatalf("%d events, want %d", got.Len(), want.Len())
	}
	sameEvents(t, got, want)
	if err := got.Verify(); err != nil {
		t.Error(err)
	}
	// Backwards too, and any one at random.
	for seq := want.Len(); seq > 0; seq -= min(seq, 997) {
		if !reflect.DeepEqual(got.At(seq), want.At(seq)) {
			t.Errorf("event %d differs", seq)
		}
	}
	for e := range want.All() {
		if m, ok := e.Body.(*MailBody); ok && m.Content != nil {
			wantBody, _ := want.Bodies.Get(m.Content.ID)
			if body, ok := got.Bodies.Get(m.Content.ID); !ok || !bytes.Equal(body, wantBody) {
				t.Fatalf("content of event %d is not in the file", e.Seq)
			}
		}
	}
	if body, ok := got.Bodies.Get(want.Header.Inputs[0].ID); !ok || string(body) != "an attachment" {
		t.Errorf("input: got %q, %v", body, ok)
	}
	if _, ok := got.Bodies.Get(IDOf([]byte("nothing"))); ok {
		t.Error("got a content that was never put in")
	}
	if got.At(0) != nil || got.At(want.Len()+1) != nil {
		t.Error("got events that are not there")
	}
	if again := file(t, got); !bytes.Equal(again, b) {
		t.Error("the same trace made another file")
	}
}

// TestFilePayloadsOnce holds that a payload is in the file once, on however many
// links and in however many events it was seen.
func TestFilePayloadsOnce(t *testing.T) {
	s := &sample{t: New(Header{})}
	d := s.dial(IDs{}, "a", "b", "smtp", 1)
	for range 50 {
		d.segment(Range{From: 0, To: 1000})
	}
	if n := len(file(t, s.t)); n > 12_000 {
		t.Errorf("200 events of one payload take %d octets", n)
	}
}

func TestFileCutAnywhere(t *testing.T) {
	want := sampleTrace(1, 100)
	var buf bytes.Buffer
	w, err := NewWriter(&buf, want.Header, want.Bodies)
	if err != nil {
		t.Fatal(err)
	}
	headerEnd := buf.Len()
	type mark struct {
		size   int
		events uint64
	}
	var marks []mark
	for e := range want.All() {
		if err := w.Write(e); err != nil {
			t.Fatal(err)
		}
		if e.Seq%50 == 0 {
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
			marks = append(marks, mark{buf.Len(), e.Seq})
		}
	}
	flushed := buf.Len()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	all := buf.Bytes()
	for size := 0; size < len(all); size += 1 + size%5 {
		got, err := Open(bytes.NewReader(all[:size]), int64(size))
		if size < headerEnd {
			if err == nil {
				t.Fatalf("cut at %d: opened without a whole header", size)
			}
			continue
		}
		if err != nil {
			t.Fatalf("cut at %d: %v", size, err)
		}
		if !errors.Is(got.Unfinished(), ErrUnfinished) {
			t.Fatalf("cut at %d: Unfinished is %v", size, got.Unfinished())
		}
		least := uint64(0)
		for _, m := range marks {
			if m.size <= size {
				least = m.events
			}
		}
		if size < flushed && got.Len() != least || got.Len() < least {
			t.Fatalf("cut at %d: %d events, want %d", size, got.Len(), least)
		}
		if size%37 < 2 {
			sameEvents(t, got, want)
		}
	}
	// A tail of zeros, as some file systems leave it.
	padded := append(bytes.Clone(all[:flushed]), make([]byte, 4096)...)
	got := open(t, padded)
	if got.Len() != marks[len(marks)-1].events {
		t.Errorf("with a tail of zeros: %d events, want %d", got.Len(), marks[len(marks)-1].events)
	}
	sameEvents(t, got, want)
	for _, m := range want.Header.Inputs {
		if _, ok := got.Bodies.Get(m.ID); !ok {
			t.Error("an input is lost without the index")
		}
	}
}

func TestFileDamage(t *testing.T) {
	want := sampleTrace(3, 1000)
	b := file(t, want)
	unnoticed := 0
	for i := 0; i < len(b); i += 7 {
		damaged := bytes.Clone(b)
		damaged[i] ^= 0x04
		got, err := Open(bytes.NewReader(damaged), int64(len(damaged)))
		if err != nil {
			continue
		}
		// What can still be read is right.
		for e := range got.All() {
			if !reflect.DeepEqual(e, want.At(e.Seq)) {
				t.Fatalf("octet %d: event %d is wrong", i, e.Seq)
			}
		}
		if got.Unfinished() == nil && got.Verify() == nil {
			unnoticed++
			t.Logf("octet %d of %d was changed unnoticed", i, len(b))
		}
	}
	if unnoticed > 0 {
		t.Errorf("%d changes went unnoticed", unnoticed)
	}
}

func TestForeignFiles(t *testing.T) {
	for _, test := range []struct {
		name, file string
		want       error
	}{
		{"empty", "", ErrNotTrace},
		{"text", "version: 1\nname: first-letter\n", ErrNotTrace},
		{"line ends changed", strings.ReplaceAll(magic, "\r\n", "\n"), ErrNotTrace},
		{"magic alone", magic, ErrDamaged},
		{"noise", magic + strings.Repeat("x", 100), ErrDamaged},
	} {
		if _, err := Open(strings.NewReader(test.file), int64(len(test.file))); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, err, test.want)
		}
	}
	// A schema to come.
	var buf bytes.Buffer
	w := &Writer{w: &buf, offset: int64(len(magic))}
	buf.WriteString(magic)
	if err := w.block(headerBlock, []byte(`{"schema":99}`), 0, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(bytes.NewReader(buf.Bytes()), int64(buf.Len())); !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), "99") {
		t.Errorf("got %v, want %v", err, ErrNewer)
	}
}

func TestWriterRefuses(t *testing.T) {
	note := func(seq uint64) *Event { return &Event{Seq: seq, Kind: Note, Body: &NoteBody{}} }
	for _, test := range []struct {
		name string
		e    *Event
		want string
	}{
		{"a gap", note(3), "event 3 comes after event 1"},
		{"no content", &Event{Seq: 2, Kind: Mail, Body: &MailBody{Content: &Content{ID: IDOf(nil)}}}, "is not among the trace's bodies"},
		{"a bad name", &Event{Seq: 2, Kind: Mail, Body: &MailBody{Content: &Content{ID: "1"}}}, "is not named by a SHA-256"},
		{"another kind", &Event{Seq: 2, Kind: Mail, Body: &NoteBody{}}, "no known type"},
	} {
		w, err := NewWriter(io.Discard, Header{}, new(Bodies))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(note(1)); err != nil {
			t.Fatal(err)
		}
		err = w.Write(test.e)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
		if w.Close() == nil {
			t.Errorf("%s: Close forgot the error", test.name)
		}
	}
	if _, err := NewWriter(brokenDisk{}, Header{}, new(Bodies)); !errors.Is(err, errDisk) {
		t.Errorf("got %v, want %v", err, errDisk)
	}
}

var errDisk = errors.New("disk full")

type brokenDisk struct{}

func (brokenDisk) Write([]byte) (int, error) { return 0, errDisk }

// FuzzOpen gives any bytes to the reader; blocks made by the writer around
// payloads that are not its own get past the checksums.
func FuzzOpen(f *testing.F) {
	b := file(f, sampleTrace(1, 300))
	f.Add(b, []byte{}, byte('E'))
	f.Add(b[:len(b)/2], []byte{1, 2, 3}, byte('S'))
	var p, scratch packer
	for i, e := range someEvents(5, 9, 90) {
		e.Seq = uint64(i + 1)
		if err := p.event(e, nil, &scratch); err != nil {
			f.Fatal(err)
		}
	}
	f.Add(b, p.dst, byte('E'))
	f.Fuzz(func(t *testing.T, raw, payload []byte, kind byte) {
		use(raw)
		var buf bytes.Buffer
		w, err := NewWriter(&buf, Header{}, new(Bodies))
		if err != nil {
			t.Fatal(err)
		}
		if kind == snapshotBlock {
			if err := w.Write(&Event{Seq: 1, Kind: Note, Body: &NoteBody{}}); err != nil {
				t.Fatal(err)
			}
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.block(kind, payload, 1, uint32(1+len(payload)/20)); err != nil {
			t.Fatal(err)
		}
		use(buf.Bytes())
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		use(buf.Bytes())
	})
}

// use does with a file all that can be done.
func use(b []byte) {
	tr, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return
	}
	for e := range tr.All() {
		_, _ = AppendJSON(nil, e, "")
	}
	_ = tr.View(tr.Len())
	_ = tr.Index()
	_ = tr.Verify()
	_ = Summarize(tr)
}

func BenchmarkFile(b *testing.B) {
	tr := sampleTrace(300, 3000)
	b.ReportMetric(float64(tr.Len()), "events")
	var size int
	b.Run("write", func(b *testing.B) {
		for b.Loop() {
			size = len(file(b, tr))
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(tr.Len()), "ns/event")
		b.ReportMetric(float64(size)/float64(tr.Len()), "octets/event")
	})
	whole := file(b, tr)
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			for range open(b, whole).All() {
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(tr.Len()), "ns/event")
	})
	b.Run("view", func(b *testing.B) {
		got := open(b, whole)
		n := uint64(0)
		for b.Loop() {
			n = (n + 7919) % got.Len()
			runtime.KeepAlive(got.View(n))
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	tr := sampleTrace(300, 3000)
	b.Run("json", func(b *testing.B) {
		for b.Loop() {
			enc := NewEncoder(io.Discard, nil)
			for e := range tr.All() {
				if err := enc.Encode(e); err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(tr.Len()), "ns/event")
	})
	b.Run("fold", func(b *testing.B) {
		for b.Loop() {
			var v View
			for e := range tr.All() {
				v.Apply(e)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(tr.Len()), "ns/event")
	})
	b.Run("index", func(b *testing.B) {
		for b.Loop() {
			x := NewIndex()
			for e := range tr.All() {
				x.Add(e)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(tr.Len()), "ns/event")
	})
}
