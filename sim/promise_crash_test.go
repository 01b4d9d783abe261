package sim

import (
	"flag"
	"math/rand/v2"
	"strings"
	"testing"

	"mailwalk/sim/trace"
)

// everyCrash has the power fail at each event, and not at some alone:
//
//	go test ./sim -run TestCrashAnywhere -every-crash -timeout 0
var everyCrash = flag.Bool("every-crash", false, "let the power fail at every event of a delivery, not only at some that are drawn")

// crashesDrawn is how many of the events of a case are drawn.
func crashesDrawn() int {
	if raced {
		return 8
	}
	return 60
}

// TestCrashAnywhere: whatever a mail server is doing at the moment at which its power
// fails (between two writes to its disk, before it says 250, after it has heard one),
// nothing is lost, nobody is told twice, and nothing comes twice but what was handed
// over without an answer.
func TestCrashAnywhere(t *testing.T) {
	for _, x := range []struct {
		name string
		promise
	}{
		{"to another server", promise{mails: []string{letterText(0, 0, "user@d1.test")}}},
		{"to a mailbox of the same server", promise{mails: []string{letterText(0, 0, "user@d0.test")}}},
		{"returned", promise{mails: []string{letterText(0, 0, "nobody@d1.test", "user@d1.test", "nobody@d0.test")}}},
		{"forwarded", promise{mails: []string{letterText(0, 0, "both@d1.test")}}},
		{"greylisted", promise{mails: []string{letterText(0, 0, "user@d1.test")}, servers: ", greylist: {wait: 5m}"}},
		{"no room", promise{mails: []string{letterText(0, 0, "user@d1.test")}, quota: map[int]string{1: "100B"}}},
		{"late", promise{mails: []string{letterText(0, 0, "user@d1.test")}, faults: []string{"host: mail.d1.test, does: off, for: 7h"}}},
	} {
		t.Run(x.name, func(t *testing.T) {
			p := x.promise
			p.domains = 2
			var moments []uint64 // events of mail servers
			p.seed = 1
			_, wrong, err := p.run(func(w *World) {
				w.Listen(func(e *trace.Event) {
					if strings.HasPrefix(e.Host, "mail.") {
						moments = append(moments, e.Seq)
					}
				})
			})
			if err != nil || len(wrong) > 0 {
				t.Fatal(err, wrong)
			}
			count := len(moments)
			if !*everyCrash {
				d := rand.New(rand.NewPCG(p.seed, 2))
				d.Shuffle(count, func(i, j int) { moments[i], moments[j] = moments[j], moments[i] })
				moments = moments[:min(count, crashesDrawn())]
			}
			var total tally
			for _, at := range moments {
				total.add(p.check(t, failAt(at)))
				if t.Failed() {
					t.Fatalf("the power failed at event %d", at)
				}
			}
			t.Logf("%d of %d events: %+v", len(moments), count, total)
		})
	}
}

// failAt has the power of a mail server fail at an event of its own: in the midst of
// what its program does, which does nothing more. It is back at once.
func failAt(seq uint64) func(*World) {
	return func(w *World) {
		host := ""
		w.Listen(func(e *trace.Event) {
			if e.Seq != seq {
				return
			}
			host = e.Host
			h, _ := w.net.Host(host)
			h.(interface{ End() }).End()
		})
		w.clock.OnRest(func() {
			if host == "" || w.off[host] {
				return
			}
			h := host
			host = ""
			w.clock.Inject(w.clock.Elapsed(), func() { w.must(w.crash(h)) })
		})
	}
}
