package sim

import (
	"strings"
	"testing"
	"time"

	"mailwalk/scenarios"
)

// TestDeviceOff: who finds a device switched off, or has it go off in the middle,
// cannot do what the walk says; what comes after is done all the same.
func TestDeviceOff(t *testing.T) {
	for _, x := range []struct{ name, fault, says string }{
		{"before", "host: bob-laptop, does: off, at: 1m", "note.warning newcomer~switched"},
		{"at the same moment", "host: bob-laptop, does: off, after: mail.stored, wait: 10m", "state.host after=down"},
		{"in the middle", "host: bob-laptop, does: off, after: line.sent service=pop3 verb=PASS", "line.sent service=pop3 verb=PASS"},
	} {
		t.Run(x.name, func(t *testing.T) {
			sc, err := scenarios.Load("pop3-two-devices")
			if err != nil {
				t.Fatal(err)
			}
			text := strings.Replace(string(sc.Source), "\nnotes:\n", "\nfaults:\n  - {"+x.fault+"}\n\nnotes:\n", 1)
			if sc, err = scenarios.Parse(sc.File, []byte(text)); err != nil {
				t.Fatal(err)
			}
			tr := runScenario(t, sc).Trace()
			if times(tr, x.says) == 0 {
				t.Errorf("there is no %s", x.says)
			}
			if times(tr, "mail.fetched host=bob-phone") != 1 {
				t.Error("the phone was not used")
			}
		})
	}
}

// TestPowerTwice: a host that is switched to what it is stays as it is.
func TestPowerTwice(t *testing.T) {
	sc, err := scenarios.Load("first-letter")
	if err != nil {
		t.Fatal(err)
	}
	w, err := New(sc, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	power := func(on bool) {
		if err := w.Power("mail.globex.test", on); err != nil {
			t.Error(err)
		}
	}
	power(true)
	power(false)
	power(false)
	w.clock.Post(time.Hour, func() { power(true) })
	w.clock.Post(2*time.Hour, func() { power(true) })
	for w.Step() {
	}
	if down, up := times(w.Trace(), "state.host after=down"), times(w.Trace(), "state.host after=up"); down != 1 || up != 1 {
		t.Errorf("it went off %d times, and on %d times", down, up)
	}
	if n := times(w.Trace(), "note.warning newcomer~cannot"); n != 0 {
		t.Errorf("%d warnings of servers that cannot start", n)
	}
	if fate := fateOf(w.Trace()); fate != "delivered" {
		t.Errorf("the letter: %q", fate)
	}
}
