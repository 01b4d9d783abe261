package tui

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ParseMoment reads a time of the walk as the screen writes it (12.5, 1:30:00,
// 2d 01:30:00), or with units as in 10m.
func ParseMoment(text string) (time.Duration, error) {
	wrong := fmt.Errorf("%q is no time: write 12.5, 10m, 1:30:00 or 2d 1:30:00", text)
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return d, nil
	}
	days, clock := time.Duration(0), text
	if n, rest, found := strings.Cut(text, "d"); found {
		count, err := strconv.ParseUint(n, 10, 16)
		if err != nil {
			return 0, wrong
		}
		days = time.Duration(count) * 24 * time.Hour
		if clock = strings.TrimSpace(rest); clock == "" {
			return days, nil
		}
	}
	var at time.Duration
	parts := strings.Split(clock, ":")
	for _, part := range parts {
		d, err := time.ParseDuration(part + "s")
		if err != nil || d < 0 || at > 1<<40*time.Microsecond || len(parts) > 3 || strings.Trim(part, "0123456789.") != "" {
			return 0, wrong
		}
		at = at*60 + d
	}
	return days + at, nil
}
