package explain

import (
	"fmt"
	"strconv"
	"time"
)

// Grouped is a number with its thousands set apart: 26,214,400.
func Grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// Octets is a number of octets with its unit.
func Octets(n int64) string {
	if n == 1 {
		return "1 octet"
	}
	return Grouped(n) + " octets"
}

// Clock is a moment of the walk: seconds to the microsecond, "12.345678"; from
// 1000 seconds on hours, minutes and seconds, "0:16:40.000" and "12:16:40.00";
// from a day on "2d 03:04:05". It is never wider than 11 characters below a
// hundred days, nor wider than 13 below ten thousand.
func Clock(t time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case t < 1000*time.Second:
		us := t.Microseconds()
		return fmt.Sprintf("%d.%06d", us/1e6, us%1e6)
	case t < 10*time.Hour:
		return fmt.Sprintf("%d:%02d:%02d.%03d", t/time.Hour, t/time.Minute%60, t/time.Second%60, t/time.Millisecond%1000)
	case t < day:
		return fmt.Sprintf("%d:%02d:%02d.%02d", t/time.Hour, t/time.Minute%60, t/time.Second%60, t/(10*time.Millisecond)%100)
	}
	return fmt.Sprintf("%dd %02d:%02d:%02d", t/day, t/time.Hour%24, t/time.Minute%60, t/time.Second%60)
}

// Span is a length of time in its largest whole units: "15 min", "1 h 30 min",
// "250 ms".
func Span(d time.Duration) string {
	units := []struct {
		of   time.Duration
		name string
	}{
		{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"},
		{time.Millisecond, "ms"}, {time.Microsecond, "µs"}, {time.Nanosecond, "ns"},
	}
	if d < 0 {
		return "-" + Span(-d)
	}
	for i, u := range units {
		if d < u.of {
			continue
		}
		s := fmt.Sprintf("%d %s", d/u.of, u.name)
		if i+1 < len(units) {
			if rest := d % u.of / units[i+1].of; rest > 0 {
				s += fmt.Sprintf(" %d %s", rest, units[i+1].name)
			}
		}
		return s
	}
	return "0 s"
}
