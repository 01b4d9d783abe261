package lab

import (
	"testing"

	"mailwalk/sim"
)

// BenchmarkFork is the time until a host is off at the end of a walk that has come
// to its end.
func BenchmarkFork(b *testing.B) {
	for _, walk := range []string{"first-letter", "attachment"} {
		b.Run(walk, func(b *testing.B) {
			l := open(b, walk, sim.Options{})
			toEnd(l)
			e := find(b, l.Trace(), "mail.compared")
			for b.Loop() {
				do(b, l, e.Seq, "crash", "")
				if err := l.Switch(b.Context(), 0, nil); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(l.Trace().Len()), "events")
		})
	}
}

// BenchmarkVerbs is the time to say what can be done at an event.
func BenchmarkVerbs(b *testing.B) {
	l := open(b, "attachment", sim.Options{})
	toEnd(l)
	e := find(b, l.Trace(), "packet.sent dstPort=25 len>1000 nth=20")
	for b.Loop() {
		l.Verbs(e.Seq)
	}
}
