package sim

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mailwalk/scenarios"
)

// A world that breaks the promise is written as a walk, which can be looked at step by
// step, and is made again by its seed alone:
//
//	go test ./sim -run TestPromise -promises 1 -promise-seed 12345
var (
	promiseCount = flag.Int("promises", promises(), "how many random worlds the promise is tried in")
	promiseSeed  = flag.Uint64("promise-seed", 1, "the seed of the first of them, each further one has the next number; 0 draws it")
)

func promises() int {
	if raced {
		return 30
	}
	return 300
}

// TestPromise: whatever is switched off, cut or refused, a mail that was taken
// with 250 is delivered to each recipient, or its sender is told; what nobody has
// sent to somebody does not come to him, and a report comes to the sender alone; and
// nobody gets a mail more often than handovers were broken between the end of the
// content and the moment at which its yes was noted.
func TestPromise(t *testing.T) {
	first := firstSeed(*promiseSeed)
	var total tally
	for i := range uint64(*promiseCount) {
		p := newPromise(first + i)
		t.Run(fmt.Sprint(p.seed), func(t *testing.T) { total.add(p.check(t, nil)) })
	}
	t.Logf("worlds %d to %d: %+v", first, first+uint64(*promiseCount)-1, total)
}

// tally counts what became of the copies that a server has taken.
type tally struct{ taken, delivered, told, twice, broken int }

func (a *tally) add(b tally) {
	a.taken += b.taken
	a.delivered += b.delivered
	a.told += b.told
	a.twice += b.twice
	a.broken += b.broken
}

// breach is what is wrong, and how a walk says what should be.
type breach struct{ what, expect string }

// check runs the world, which meddle may prepare, and reports what is wrong.
func (p promise) check(t *testing.T, meddle func(*World)) tally {
	t.Helper()
	sum, wrong, err := p.run(meddle)
	if err != nil {
		t.Fatalf("%v\nfaults:\n\t%s", err, strings.Join(p.faults, "\n\t"))
	}
	if len(wrong) == 0 {
		return sum
	}
	for _, b := range wrong {
		t.Error(b.what)
	}
	t.Logf("faults:\n\t%s", strings.Join(p.faults, "\n\t"))
	if meddle != nil {
		return sum // a walk alone does not show it
	}
	t.Logf("again: go test ./sim -run TestPromise -promises 1 -promise-seed %d", p.seed)
	name, err := p.save(wrong)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("step by step: go run ./cmd/mailwalk step %s", name)
	return sum
}

// save writes the world as a walk that expects what was not so, and returns the
// file's name.
func (p promise) save(wrong []breach) (string, error) {
	text := p.text()
	heads := "expect:\n"
	for _, b := range wrong {
		if b.expect != "" {
			text += heads + b.expect
			heads = ""
		}
	}
	name := filepath.Join(os.TempDir(), fmt.Sprintf("promise-%d.yaml", p.seed))
	return name, os.WriteFile(name, []byte(text), 0o644)
}

func (p promise) run(meddle func(*World)) (sum tally, wrong []breach, err error) {
	sc, err := scenarios.Parse("promise.yaml", []byte(p.text()))
	if err != nil {
		return sum, nil, err
	}
	w, err := New(sc, Options{})
	if err != nil {
		return sum, nil, err
	}
	defer w.Close()
	if meddle != nil {
		meddle(w)
	}
	for i := 0; w.Step(); i++ {
		if i == mostSteps {
			return sum, nil, fmt.Errorf("the world does not come to rest: it is %v", w.Now())
		}
	}
	sum, wrong = keepBooks(w.Trace(), p.domains).judge()
	for _, q := range w.Trace().View(w.Trace().Len()).Queues() {
		wrong = append(wrong, breach{what: fmt.Sprintf("left in a queue: %+v", q)})
	}
	return sum, wrong, w.Close()
}

// TestBrokenPromise: a server that says 250 and takes nothing is found, and the walk
// that is written shows it.
func TestBrokenPromise(t *testing.T) {
	p := promise{seed: 1, domains: 2, mails: []string{letterText(0, 0, "user@d1.test")}}
	p.faults = []string{`line: line.received host=mail.d1.test service=smtp role=body, does: answer, with: 250 2.0.0 never heard of it`}
	_, wrong, err := p.run(nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(wrong) != 1 || !strings.HasPrefix(wrong[0].what, "lost: mail 1 to user@d1.test") {
		t.Fatalf("found %v", wrong)
	}
	t.Setenv("TMPDIR", t.TempDir())
	t.Setenv("TMP", os.Getenv("TMPDIR"))
	name, err := p.save(wrong)
	if err != nil {
		t.Fatal(err)
	}
	sc, err := scenarios.LoadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	w, err := New(sc, Options{})
	if err != nil {
		t.Fatal(err)
	}
	run(w)
	if results := scenarios.Check(sc.Expect, w.Trace().All()); len(results) != 1 || results[0].Held {
		t.Errorf("the walk that was written finds %+v", results)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

// letterText is a mail in the language of walks.
func letterText(n, from int, to ...string) string {
	return fmt.Sprintf("  m%d:\n    from: p%d\n    to: [%s]\n    subject: mail %d\n    text: word\n", n, from, strings.Join(to, ", "), n)
}
