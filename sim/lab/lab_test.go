package lab

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"mailwalk/scenarios"
	"mailwalk/sim"
	"mailwalk/sim/trace"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB, walk string, o sim.Options) *Lab {
	t.Helper()
	sc, err := scenarios.Load(walk)
	if err != nil {
		t.Fatal(err)
	}
	l, err := Open(sc, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func toEnd(l *Lab) {
	for l.Step() {
	}
}

// find is the first event that a selector picks.
func find(t testing.TB, tr *trace.Trace, selector string) *trace.Event {
	t.Helper()
	s := trace.MustSelector(selector)
	left := s.Nth()
	for e := range tr.All() {
		if s.Match(e) {
			if left--; left == 0 {
				return e
			}
		}
	}
	t.Fatalf("no event %s", selector)
	return nil
}

// until steps until an event has come that a selector picks.
func until(t testing.TB, l *Lab, selector string) *trace.Event {
	t.Helper()
	s := trace.MustSelector(selector)
	left := s.Nth()
	seen := uint64(0)
	for {
		for e := range l.Trace().Events(seen+1, l.Trace().Len()) {
			seen = e.Seq
			if s.Match(e) {
				if left--; left == 0 {
					return e
				}
			}
		}
		if !l.Step() {
			t.Fatalf("no event %s", selector)
		}
	}
}

// fingerprint is a hash of all that a trace is.
func fingerprint(t testing.TB, tr *trace.Trace) string {
	t.Helper()
	h := sha256.New()
	enc := trace.NewEncoder(h, nil)
	for e := range tr.All() {
		if err := enc.Encode(e); err != nil {
			t.Fatal(err)
		}
	}
	return fmt.Sprintf("%d events, %x", tr.Len(), h.Sum(nil))
}

func samePrefix(t testing.TB, a, b *trace.Trace, n uint64) {
	t.Helper()
	for seq := uint64(1); seq <= n; seq++ {
		if !same(a.At(seq), b.At(seq)) {
			t.Fatalf("event %d of %d is not the same: %s and %s", seq, n, a.At(seq).Key, b.At(seq).Key)
		}
	}
}

func do(t testing.TB, l *Lab, seq uint64, verb, given string) Outcome {
	t.Helper()
	out, err := l.Do(context.Background(), seq, verb, given, nil)
	if err != nil {
		t.Fatalf("at event %d: %v", seq, err)
	}
	return out
}

const newZone = `$TTL 3600
@         SOA  ns hostmaster 2 7200 3600 1209600 3600
@         NS   ns
@         MX   10 other
ns        A    198.51.100.54
mail      A    198.51.100.25
other     A    198.51.100.25
`

const segment = "packet.sent host=mail.acme.test dstPort=25 len>100"

// deeds are one for each verb, where it can be done, and what comes of it.
var deeds = []struct{ verb, at, given, then string }{
	{"hold", segment, "", "act.hold"},
	{"drop", segment, "", "packet.dropped"},
	{"delay", segment, "300ms", "packet.delayed"},
	{"duplicate", segment, "", "packet.duplicated"},
	{"corrupt", segment, "", "packet.corrupted"},
	{"reorder", segment, "", "packet.reordered"},
	{"reset", segment, "", `packet.sent flags~R why!=""`},
	{"cut", segment, "", "packet.dropped"},
	{"off", "mail.accepted host=mail.acme.test", "", "state.host after=down"},
	{"crash", "mail.accepted host=mail.acme.test", "", "state.host after=up"},
	{"zone globex.test", "lookup.asked name=globex.test. type=MX", newZone, "lookup.resolved name=other.globex.test. type=A"},
}

// TestAtPresent: what can be done is done at once, and taking it back gives the
// run without it.
func TestAtPresent(t *testing.T) {
	for _, d := range deeds {
		t.Run(d.verb, func(t *testing.T) {
			l := open(t, "first-letter", sim.Options{})
			e := until(t, l, d.at)
			before := fingerprint(t, l.Trace())
			out := do(t, l, e.Seq, d.verb, d.given)
			if out.Forked || len(l.Runs()) != 1 || l.Trace().At(out.At).Kind != trace.Act {
				t.Fatalf("it was not done at once: %+v", out)
			}
			if err := l.Undo(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			if after := fingerprint(t, l.Trace()); after != before {
				t.Errorf("taken back it is %s, not %s", after, before)
			}
			if err := l.Redo(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			if e := l.Trace().At(out.At); e == nil || e.Kind != trace.Act {
				t.Fatal("it was not done again")
			}
			toEnd(l)
			find(t, l.Trace(), d.then)
		})
	}
}

// TestInPast: what was done in the past makes a run that is the same up to there.
func TestInPast(t *testing.T) {
	for _, d := range append(slices.Clone(deeds), []struct{ verb, at, given, then string }{
		{"subject", "mail.composed", "Another matter", `mail.composed subject="Another matter"`},
		{"recipients", "mail.composed", "bob@globex.test, alice@acme.test", "mail.stored mailbox~alice@acme.test"},
		{"text", "mail.composed", "It is short.\nAnd sweet.", "mail.compared same=true"},
	}...) {
		t.Run(d.verb, func(t *testing.T) {
			l := open(t, "first-letter", sim.Options{})
			toEnd(l)
			old := l.Trace()
			whole := fingerprint(t, old)
			e := find(t, old, d.at)
			told := 0
			out, err := l.Do(t.Context(), e.Seq, d.verb, d.given, func(done, of uint64) {
				if done > of {
					t.Errorf("%d of %d is done", done, of)
				}
				told++
			})
			if err != nil {
				t.Fatal(err)
			}
			runs := l.Runs()
			if !out.Forked || len(runs) != 2 || !runs[1].Current || runs[1].From != 0 || runs[1].At+1 != out.At || told < 2 {
				t.Fatalf("%+v, %+v, told %d times", out, runs, told)
			}
			samePrefix(t, old, l.Trace(), out.At-1)
			toEnd(l)
			find(t, l.Trace(), d.then)
			diff, ok := l.Difference(0, 1)
			if !ok || diff.A < out.At || diff.WordsA+diff.WordsB == "" {
				t.Errorf("no difference: %+v", diff)
			}
			if err := l.Switch(t.Context(), 0, nil); err != nil || l.Trace() != old || fingerprint(t, old) != whole {
				t.Errorf("the old run is not what it was: %v", err)
			}
		})
	}
}

// TestLines: what is done to a line is done before it is said, in a fork.
func TestLines(t *testing.T) {
	const reply = "line.sent host=mail.globex.test service=smtp verb=RCPT role=reply"
	for _, d := range []struct{ verb, at, given, then string }{
		{"drop-line", "line.sent host=mail.acme.test service=smtp verb=MAIL role=command", "", "act.drop-line"},
		{"delay-line", reply, "3s", "mail.compared same=true"},
		{"duplicate-line", "line.sent host=mail.acme.test service=smtp verb=EHLO role=command", "", "act.duplicate-line"},
		{"corrupt-line", reply, "", "act.corrupt-line"},
		{"answer-line", reply, "451 4.3.0 Try again later", "line.sent code=451"},
		{"answer-line", "line.received host=mail.globex.test service=smtp verb=RCPT role=command", "550 5.1.1 No such user", "line.sent code=550"},
	} {
		t.Run(d.verb, func(t *testing.T) {
			l := open(t, "first-letter", sim.Options{})
			toEnd(l)
			old := l.Trace()
			e := find(t, old, d.at)
			out := do(t, l, e.Seq, d.verb, d.given)
			if !out.Forked || out.At > e.Seq {
				t.Fatalf("%+v, not before event %d", out, e.Seq)
			}
			samePrefix(t, old, l.Trace(), out.At-1)
			toEnd(l)
			find(t, l.Trace(), d.then)
			if d.verb != "corrupt-line" {
				checkSaved(t, l)
			} else {
				save(t, l)
			}
		})
	}
	l := open(t, "first-letter", sim.Options{})
	toEnd(l)
	out := do(t, l, find(t, l.Trace(), reply).Seq, "hold-line", "")
	for l.Step() {
		if len(l.World().Held()) > 0 {
			break
		}
	}
	if out = do(t, l, out.At, "release-line", ""); out.Forked {
		t.Error("it is let go in the past")
	}
	toEnd(l)
	find(t, l.Trace(), "mail.compared same=true")
	if err := l.Save(new(bytes.Buffer)); !errors.Is(err, ErrNotInWalk) {
		t.Errorf("a hold is saved: %v", err)
	}
}

// TestSaved: a run that is written as a walk has the same things go wrong: the same
// packets are sent at the same times, and the mail fares the same.
func TestSaved(t *testing.T) {
	for _, d := range append(slices.Clone(deeds), []struct{ verb, at, given, then string }{
		{"subject", "mail.composed", "Another: matter, \"quoted\" # and so on", ""},
		{"recipients", "mail.composed", "bob@globex.test, alice", ""},
		{"text", "mail.composed", "It is short.\n\n  # And sweet: 'so'.\n", ""},
	}...) {
		t.Run(d.verb, func(t *testing.T) {
			l := open(t, "first-letter", sim.Options{})
			toEnd(l)
			do(t, l, find(t, l.Trace(), d.at).Seq, d.verb, d.given)
			toEnd(l)
			checkSaved(t, l)
		})
	}
}

// save writes the current run, and reads it as a walk.
func save(t testing.TB, l *Lab) *scenarios.Scenario {
	t.Helper()
	var b bytes.Buffer
	if err := l.Save(&b); err != nil {
		t.Fatal(err)
	}
	sc, err := scenarios.Parse("first-letter.yaml", b.Bytes())
	if err != nil {
		t.Fatalf("%v\n%s", err, b.Bytes())
	}
	return sc
}

func checkSaved(t testing.TB, l *Lab) {
	t.Helper()
	sc := save(t, l)
	w, err := sim.New(sc, sim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for w.Step() {
	}
	want, got := packets(l.Trace()), packets(w.Trace())
	for i := range want {
		if i >= len(got) || got[i] != want[i] {
			t.Fatalf("packet %d of %d is %q, not %q\n%s", i, len(want), append(got, "")[min(i, len(got))], want[i], faultsOf(sc))
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d packets, not %d", len(got), len(want))
	}
	if is, was := fmt.Sprint(fates(w.Trace())), fmt.Sprint(fates(l.Trace())); is != was {
		t.Errorf("the fate is %s, not %s\n%s", is, was, faultsOf(sc))
	}
}

func faultsOf(sc *scenarios.Scenario) string {
	_, rest, _ := strings.Cut(string(sc.Source), "\nfaults:\n")
	faults, _, _ := strings.Cut(rest, "\nnotes:")
	return faults
}

// packets are what was put on the links, and when; those of the same time in any
// order, for a fault comes as a packet is sent, and a hand a moment later.
func packets(tr *trace.Trace) []string {
	var all []string
	for e := range tr.All() {
		if b, ok := e.Body.(*trace.PacketBody); ok && e.What == trace.Sent {
			all = append(all, fmt.Sprintf("%v %s %x", e.At, b.Link, b.Data))
		}
	}
	slices.Sort(all)
	return all
}

// random does something at an event, chosen at random; it returns false when there
// is nothing to be done there.
func random(t testing.TB, l *Lab, rng *rand.Rand) bool {
	tr := l.Trace()
	if tr.Len() == 0 {
		return false
	}
	seq := tr.Len()
	if rng.IntN(2) == 0 {
		seq = rng.Uint64N(tr.Len()) + 1
	}
	var can []Verb
	for _, v := range l.Verbs(seq) {
		if v.Not == "" && !strings.HasSuffix(v.Name, "-line") { // see TestLines

			can = append(can, v)
		}
	}
	if len(can) == 0 {
		return false
	}
	v := can[rng.IntN(len(can))]
	given := v.Has
	switch v.Name {
	case "delay":
		given = "1.5s"
	case "text":
		given = "Something else."
	}
	_, err := l.Do(context.Background(), seq, v.Name, given, nil)
	if err != nil {
		t.Fatalf("%s at event %d: %v", v.Name, seq, err)
	}
	return true
}

// TestRandomDeeds: twenty deeds, here and there, and all taken back, are the walk
// as it is; and before that, the walk that is written fares as the run does.
func TestRandomDeeds(t *testing.T) {
	for seed := range uint64(4) {
		rng := rand.New(rand.NewPCG(seed, 4))
		l := open(t, "first-letter", sim.Options{})
		toEnd(l)
		whole := fingerprint(t, l.Trace())
		for done := 0; done < 20; {
			for range rng.IntN(200) {
				l.Step()
			}
			if random(t, l, rng) {
				done++
			}
		}
		toEnd(l)
		checkSaved(t, l)
		n := len(l.Deeds())
		for range n {
			if err := l.Undo(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Undo(t.Context(), nil); !errors.Is(err, ErrNothingToUndo) {
			t.Errorf("there is still something to undo: %v", err)
		}
		toEnd(l)
		if got := fingerprint(t, l.Trace()); got != whole {
			t.Errorf("seed %d: with all %d deeds taken back it is %s, not %s", seed, n, got, whole)
		}
		for range n {
			if err := l.Redo(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
		if len(l.Deeds()) != n {
			t.Errorf("%d deeds were done again, not %d", len(l.Deeds()), n)
		}
		if err := l.Redo(t.Context(), nil); !errors.Is(err, ErrNothingToRedo) {
			t.Errorf("there is still something to do again: %v", err)
		}
	}
}

// TestCalledOff: a fork that is called off leaves all as it was.
func TestCalledOff(t *testing.T) {
	l := open(t, "first-letter", sim.Options{})
	toEnd(l)
	whole := fingerprint(t, l.Trace())
	ctx, cancel := context.WithCancel(t.Context())
	stop := func(done, of uint64) {
		if done > 0 {
			cancel()
		}
	}
	e := find(t, l.Trace(), "mail.compared")
	if _, err := l.Do(ctx, e.Seq, "off", "", stop); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if len(l.Runs()) != 1 || fingerprint(t, l.Trace()) != whole {
		t.Error("something has changed")
	}
	do(t, l, e.Seq, "off", "")
	there := fingerprint(t, l.Trace())
	if err := l.Undo(ctx, nil); !errors.Is(err, context.Canceled) || fingerprint(t, l.Trace()) != there || len(l.Deeds()) != 1 {
		t.Error("something was taken back", err)
	}
}

// TestManyRuns: a run whose world was put away is where it was when one comes back
// to it, and goes on as if nothing were.
func TestManyRuns(t *testing.T) {
	l := open(t, "first-letter", sim.Options{})
	until(t, l, "mail.accepted host=mail.acme.test")
	var left []string
	e := find(t, l.Trace(), "connection.opening")
	for range maxWorlds + 2 {
		left = append(left, fingerprint(t, l.Trace()))
		if err := l.Switch(t.Context(), 0, nil); err != nil {
			t.Fatal(err)
		}
		do(t, l, e.Seq, "crash", "")
		for range 40 {
			l.Step()
		}
	}
	left = append(left, fingerprint(t, l.Trace()))
	if len(l.used) != maxWorlds {
		t.Errorf("%d worlds are kept", len(l.used))
	}
	for i, want := range left {
		if err := l.Switch(t.Context(), i, nil); err != nil {
			t.Fatal(err)
		}
		if got := fingerprint(t, l.Trace()); got != want {
			t.Errorf("run %d is %s, not %s", i+1, got, want)
		}
		if _, ok := l.Difference(i, 1); ok != (i == 0) {
			t.Errorf("run %d and run 2 differ: %v", i+1, ok)
		}
	}
	if err := l.Switch(t.Context(), len(left), nil); !errors.Is(err, ErrNoRun) {
		t.Error(err)
	}
}

// TestNot: what cannot be done says why, and does nothing.
func TestNot(t *testing.T) {
	l := open(t, "first-letter", sim.Options{})
	toEnd(l)
	whole := fingerprint(t, l.Trace())
	for _, x := range []struct{ at, verb, given, why string }{
		{segment, "release", "", "it is not under way any more"},
		{segment, "mend", "", "it is not cut"},
		{segment, "on", "", "it is on"},
		{segment, "delay", "soon", "not a duration"},
		{segment, "delay", "0s", "that is no delay"},
		{segment, "dance", "", "nothing that can be done"},
		{"packet.sent proto=UDP", "reset", "", "no TCP segment"},
		{"packet.sent host=internet", "off", "", "router"},
		{"mail.composed", "subject", "two\nlines", "a subject is one line"},
		{"mail.composed", "recipients", "bob@", "write addresses"},
		{"lookup.asked name=globex.test.", "zone globex.test", "$TTL 60\n@ MX mail 10\n", "globex.test:2:6: not a record"},
		{"lookup.asked name=globex.test.", "zone globex.test", "$TTL 1\n@ SOA ns h 1 1 1 1 1\n", "write: @ NS"},
	} {
		_, err := l.Do(t.Context(), find(t, l.Trace(), x.at).Seq, x.verb, x.given, nil)
		var impossible *ImpossibleError
		if !errors.As(err, &impossible) || !strings.Contains(err.Error(), x.why) {
			t.Errorf("%s: %v, want %s", x.verb, err, x.why)
		}
	}
	if len(l.Runs()) != 1 || fingerprint(t, l.Trace()) != whole {
		t.Error("something was done")
	}
}

// TestWrittenWalk: the walk that is written keeps the comments and the order of
// the one it was made from.
func TestWrittenWalk(t *testing.T) {
	l := open(t, "lossy-link", sim.Options{})
	e := until(t, l, "packet.sent link=bad-line")
	do(t, l, e.Seq, "cut", "")
	var b bytes.Buffer
	if err := l.Save(&b); err != nil {
		t.Fatal(err)
	}
	src, err := os.ReadFile("../../scenarios/lossy-link.yaml")
	if err != nil {
		t.Fatal(err)
	}
	have := strings.Split(b.String(), "\n")
	for line := range strings.Lines(string(src)) {
		i := slices.Index(have, strings.TrimSuffix(line, "\n"))
		if i < 0 {
			t.Fatalf("the line %q is lost or moved", line)
		}
		have = have[i+1:]
	}
}
