package tui

import (
	"testing"
	"time"

	"mailwalk/sim/explain"
)

func TestParseMoment(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"12.5": 12500 * time.Millisecond, "0": 0, "40m": 40 * time.Minute, "40ms": 40 * time.Millisecond, "1h30m": 90 * time.Minute,
		"1:30": 90 * time.Second, "1:30:00": 90 * time.Minute, "0:16:40.25": 1000*time.Second + 250*time.Millisecond,
		"2d": 48 * time.Hour, "7d 00:21:00": 7*24*time.Hour + 21*time.Minute,
	} {
		if got, err := ParseMoment(text); err != nil || got != want {
			t.Errorf("%q: %v, %v, not %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "-1", "x", "1:30m", "1:2:3:4", "d", "1d x", "-1d", "99999999d", "1:-2", "NaN", "1e9:00"} {
		if got, err := ParseMoment(text); err == nil {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
	for _, at := range []time.Duration{0, 64180 * time.Microsecond, 1001 * time.Second, 25 * time.Hour, 7*24*time.Hour + 21*time.Minute + 5*time.Second} {
		if got, err := ParseMoment(explain.Clock(at)); err != nil || got != at {
			t.Errorf("%v is written %q and read as %v, %v", at, explain.Clock(at), got, err)
		}
	}
}
