package sim

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"mailwalk/sim/trace"
)

// mostSteps is far more than any schedule needs.
const mostSteps = 1_000_000

// TestFaultSchedules: whatever goes wrong in the network, the walk comes to an
// end, every stream of octets is whole or broken at both ends, the letter arrives
// or its sender is told, and nothing is left behind.
func TestFaultSchedules(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	first := firstSeed(*scheduleSeed)
	t.Logf("schedules %d to %d", first, first+uint64(*scheduleCount)-1)
	checkSchedule(t, newSchedule(first)) // with what is made once and kept
	before := heap()
	t.Run("schedule", func(t *testing.T) {
		seeds := make(chan uint64)
		var all sync.WaitGroup
		for range runtime.GOMAXPROCS(0) {
			all.Go(func() {
				for seed := range seeds {
					t.Run(fmt.Sprint(seed), func(t *testing.T) { checkSchedule(t, newSchedule(seed)) })
				}
			})
		}
		for i := range uint64(*scheduleCount) {
			seeds <- first + i
		}
		close(seeds)
		all.Wait()
	})
	const most, ofTest = 2 << 20, 1000 // a world takes more than the one; each subtest keeps the other
	if grown := heap() - before; grown > most+ofTest*int64(*scheduleCount) {
		t.Errorf("%d octets are kept of worlds that were closed", grown)
	}
}

// heap is how many octets are in use.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what the first has found to be garbage by its finalizer
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// resident are the programs that are there for as long as their host is on, and
// what waits for something that may never happen.
var resident = []string{"smtp", "submission", "pop3", "imap", "resolver udp", "resolver tcp", "name server udp", "name server tcp", "fault"}

func checkSchedule(t *testing.T, s schedule) {
	w := s.world(t)
	octets := watchStreams(w)
	for i := 0; w.Step(); i++ {
		if i == mostSteps {
			t.Errorf("the walk does not end: %d steps, and it is %v", i, w.Now())
			break
		}
	}
	octets.check(t)
	checkHeard(t, w.Trace())
	fate := outcome(w.Trace())
	if fate == "" {
		t.Error("the letter is lost without a word")
	}
	for _, task := range w.clock.Tasks() {
		if !slices.Contains(resident, task) && !(task == "people" && fate != "delivered") {
			t.Errorf("%q is not over", task)
		}
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if t.Failed() {
		t.Logf("schedule %d: %v\nagain: go test ./sim -run TestFaultSchedules -schedules 1 -schedule-seed %d", s.seed, s, s.seed)
	}
}

// outcome is what became of the letter; empty when it is lost without a word.
func outcome(tr *trace.Trace) string {
	if fate := fateOf(tr); fate != "" {
		return fate
	}
	off, everOff, holder := map[string]bool{}, map[string]bool{}, ""
	for e := range tr.All() {
		switch b := e.Body.(type) {
		case *trace.StateBody:
			if e.What == trace.HostState {
				off[b.Name] = b.After == "down"
				everOff[b.Name] = true
			}
		case *trace.MailBody:
			if e.What == trace.Accept && strings.HasPrefix(e.Host, "mail.") {
				holder = e.Host
			}
		}
	}
	switch {
	case off[holder]:
		return "kept by " + holder + ", which is off"
	case holder == "" && everOff["alice-laptop"]:
		return "never sent: the laptop was switched off"
	}
	return ""
}
