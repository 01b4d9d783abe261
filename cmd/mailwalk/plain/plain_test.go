package plain

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var walk = Walk{
	Name: "first-letter", Title: "The first letter", Seed: 7,
	Summary:   "Alice at acme.test writes to Bob at globex.test. Bob fetches the mail with POP3.",
	Objective: "Name the programs that a mail passes through from sender to inbox, in their order.",
}

func print(t *testing.T, o Options, expectations []Expectation) string {
	t.Helper()
	tr := story()
	o.Content = tr.Bodies.Get
	var b bytes.Buffer
	p := New(&b, o)
	if err := p.Begin(walk); err != nil {
		t.Fatal(err)
	}
	for e := range tr.All() {
		if err := p.Event(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Close(expectations); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	missed := []Expectation{
		{Want: "bob's mail is stored", Place: "first-letter.yaml:300:5", Held: true},
		{Want: "carol's mail is stored", Place: "first-letter.yaml:301:5", Missed: `mailbox is "bob@globex.test/INBOX"`,
			Nearest: &trace.Event{Seq: 90, At: 98000000, Kind: trace.Mail, What: trace.Stored, Body: &trace.MailBody{Mailbox: "bob@globex.test/INBOX"}}},
	}
	tests := map[string]struct {
		o            Options
		expectations []Expectation
	}{
		"mail":             {Options{}, missed[:1]},
		"hop-student":      {Options{Detail: explain.HopGrain, Depth: explain.Student}, missed},
		"line":             {Options{Detail: explain.LineGrain}, nil},
		"line-wide-colour": {Options{Detail: explain.LineGrain, Style: Colours(), Width: 120}, missed},
		"packet-engineer":  {Options{Detail: explain.PacketGrain, Depth: explain.Engineer}, nil},
		"line-narrow":      {Options{Detail: explain.LineGrain, Width: 1}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := print(t, tt.o, tt.expectations)
			file := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("the print is not that of %s; go test -update rewrites it:\n%s", file, got)
			}
		})
	}
}

// A line wider than the page, an escape sequence of a peer's, or a blank at a
// line's end would spoil a handout.
func TestLinesFit(t *testing.T) {
	for _, columns := range []int{40, 60, 80, 132} {
		for _, g := range explain.Grains() {
			for _, d := range explain.Depths() {
				for n, l := range strings.Split(print(t, Options{Detail: g, Depth: d, Width: columns}, nil), "\n") {
					if w := width(l); w > columns && !strings.HasPrefix(l, "sent ") && !strings.HasPrefix(l, "arrived ") {
						t.Errorf("%s, %s, %d columns: line %d has %d: %s", g, d, columns, n+1, w, l)
					}
					if strings.ContainsRune(l, '\x1b') || strings.HasSuffix(l, " ") {
						t.Errorf("%s, %s: line %d: %q", g, d, n+1, l)
					}
				}
			}
		}
	}
}

func TestColourAddsNothingButColour(t *testing.T) {
	o := Options{Detail: explain.PacketGrain}
	bare := print(t, o, nil)
	o.Style = Colours()
	coloured := print(t, o, nil)
	var b strings.Builder
	for len(coloured) > 0 {
		before, after, found := strings.Cut(coloured, "\x1b[")
		b.WriteString(before)
		if !found {
			break
		}
		_, coloured, _ = strings.Cut(after, "m")
	}
	if b.String() != bare {
		t.Error("without its escape sequences the coloured print is not the plain one")
	}
}

func TestEachGrainShowsWhatTheOneBeforeShows(t *testing.T) {
	for e := range story().All() {
		if g := explain.GrainOf(e); g < explain.MailGrain || g > explain.PacketGrain {
			t.Errorf("event %d: grain %s", e.Seq, g)
		}
	}
	before := 0
	for _, g := range explain.Grains() {
		n := strings.Count(print(t, Options{Detail: g}, nil), "\n")
		if n <= before {
			t.Errorf("%s prints %d lines, the grain before %d", g, n, before)
		}
		before = n
	}
}

type brokenPipe struct{ after int }

var errBroken = errors.New("broken pipe")

func (w *brokenPipe) Write(b []byte) (int, error) {
	if w.after -= len(b); w.after < 0 {
		return 0, errBroken
	}
	return len(b), nil
}

func TestWriteErrorsAreTold(t *testing.T) {
	p := New(&brokenPipe{after: 2000}, Options{Detail: explain.PacketGrain})
	var err error
	for e := range story().All() {
		if err = p.Event(e); err != nil {
			break
		}
	}
	if !errors.Is(err, errBroken) || !errors.Is(p.Close(nil), errBroken) {
		t.Errorf("got %v", err)
	}
}

func TestWrap(t *testing.T) {
	tests := []struct {
		text string
		n    int
		want []string
	}{
		{"", 10, []string{""}},
		{"one two three", 8, []string{"one two", "three"}},
		{"abcdefghijkl", 8, []string{"abcdefgh", "ijkl"}},
		{"例子例子例子 例子", 9, []string{"例子例子", "例子 例子"}},
		{"  indented text here", 10, []string{"  indented", "text here"}},
	}
	for _, tt := range tests {
		got := wrap(tt.text, tt.n)
		if strings.Join(got, "|") != strings.Join(tt.want, "|") {
			t.Errorf("%q at %d: %q, want %q", tt.text, tt.n, got, tt.want)
		}
	}
}

func FuzzWrap(f *testing.F) {
	f.Add("one two 例子", 8)
	f.Fuzz(func(t *testing.T, text string, n int) {
		lines := wrap(text, n)
		squash := func(s string) string { return strings.ReplaceAll(s, " ", "") }
		if squash(strings.Join(lines, "")) != squash(text) {
			t.Errorf("%q at %d lost something: %q", text, n, lines)
		}
	})
}

func BenchmarkPrint(b *testing.B) {
	tr := story()
	b.ReportAllocs()
	for range b.N {
		p := New(discard{}, Options{Detail: explain.PacketGrain})
		for e := range tr.All() {
			if err := p.Event(e); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(tr.Len()), "ns/event")
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }
