package scenarios

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Position is a place in a walk's file. Line and Column count from 1; Column
// counts characters.
type Position struct{ Line, Column int }

// Size is a number of octets. In a file it is a number with a unit: B; kB, MB
// and GB are powers of 1,000; KiB, MiB and GiB are powers of 1,024. A number
// alone is octets.
type Size int64

// Bandwidth is a number of bits a second. In a file it is a number with a unit:
// bit/s, kbit/s, Mbit/s or Gbit/s, in powers of 1,000.
type Bandwidth int64

// Share is a part of a whole, in parts of 1,000. In a file it is a number with %
// behind it and one decimal at most, from 0% to 100%.
type Share int

// Address is a mail address with the name that stands before it in a header.
type Address struct {
	// Name may be empty.
	Name string
	// Addr is local-part@domain.
	Addr string
}

var (
	errSize      = errors.New("not a size: write a number and B, kB, MB, GB, KiB, MiB or GiB, as in 25MB")
	errBandwidth = errors.New("not a bandwidth: write a number and bit/s, kbit/s, Mbit/s or Gbit/s, as in 100Mbit/s")
	errShare     = errors.New("not a share: write a number from 0 to 100, with one decimal at most, and %, as in 2% or 0.5%")
	errDuration  = errors.New("not a duration: write numbers and us, ms, s, m, h or d, as in 15ms or 1h30m")
)

type unit struct {
	name string
	n    int64
}

var sizeUnits = []unit{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30},
	{"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"B", 1},
}

var bandwidthUnits = []unit{{"kbit/s", 1e3}, {"Mbit/s", 1e6}, {"Gbit/s", 1e9}, {"bit/s", 1}}

// ParseSize reads a size as a file writes it.
func ParseSize(s string) (Size, error) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n >= 0 {
		return Size(n), nil
	}
	n, ok := quantity(s, sizeUnits)
	if !ok {
		return 0, fmt.Errorf("%q: %w", s, errSize)
	}
	return Size(n), nil
}

// ParseBandwidth reads a bandwidth as a file writes it.
func ParseBandwidth(s string) (Bandwidth, error) {
	n, ok := quantity(s, bandwidthUnits)
	if !ok || n == 0 {
		return 0, fmt.Errorf("%q: %w", s, errBandwidth)
	}
	return Bandwidth(n), nil
}

// ParseShare reads a share as a file writes it.
func ParseShare(s string) (Share, error) {
	fail := fmt.Errorf("%q: %w", s, errShare)
	digits, ok := strings.CutSuffix(s, "%")
	if !ok {
		return 0, fail
	}
	whole, tenths, decimal := strings.Cut(strings.TrimSuffix(digits, " "), ".")
	if !decimal {
		tenths = "0"
	}
	n, err := strconv.ParseUint(whole+tenths, 10, 16)
	if err != nil || whole == "" || len(tenths) != 1 || n > 1000 {
		return 0, fail
	}
	return Share(n), nil
}

// quantity reads a whole number and a unit with nothing or a space between.
func quantity(s string, units []unit) (int64, bool) {
	for _, u := range units {
		digits, ok := strings.CutSuffix(s, u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSuffix(digits, " "), 10, 64)
		if err != nil || n < 0 || n > math.MaxInt64/u.n {
			return 0, false
		}
		return n * u.n, true
	}
	return 0, false
}

// ParseDuration reads a duration as [time.ParseDuration] does, and days: 5d. It
// is never negative.
func ParseDuration(s string) (time.Duration, error) {
	rest := s
	var days time.Duration
	if digits, after, found := strings.Cut(s, "d"); found {
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || n < 0 || n > int64(math.MaxInt64/(48*time.Hour)) {
			return 0, fmt.Errorf("%q: %w", s, errDuration)
		}
		days, rest = time.Duration(n)*24*time.Hour, after
		if rest == "" {
			return days, nil
		}
	}
	d, err := time.ParseDuration(rest)
	if err != nil || d < 0 || strings.HasPrefix(rest, "-") || strings.HasPrefix(rest, "+") || days > math.MaxInt64-d {
		return 0, fmt.Errorf("%q: %w", s, errDuration)
	}
	return days + d, nil
}

// String prints the size in the largest unit that leaves a whole number.
func (n Size) String() string {
	return inUnits(int64(n), []unit{{"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}})
}

// String prints the bandwidth in the largest unit that leaves a whole number.
func (n Bandwidth) String() string {
	return inUnits(int64(n), []unit{{"Gbit/s", 1e9}, {"Mbit/s", 1e6}, {"kbit/s", 1e3}, {"bit/s", 1}})
}

// String prints the share with a decimal where it needs one.
func (n Share) String() string {
	if n%10 == 0 {
		return strconv.Itoa(int(n/10)) + "%"
	}
	return strconv.Itoa(int(n/10)) + "." + strconv.Itoa(int(n%10)) + "%"
}

func inUnits(n int64, units []unit) string {
	for _, u := range units {
		if n != 0 && n%u.n == 0 {
			return strconv.FormatInt(n/u.n, 10) + u.name
		}
	}
	return "0" + units[len(units)-1].name
}

// String prints the address as a header does, Name <local-part@domain>, without
// quoting or encoding the name.
func (a Address) String() string {
	if a.Name == "" {
		return a.Addr
	}
	return a.Name + " <" + a.Addr + ">"
}

// Domain is what stands behind the last @.
func (a Address) Domain() string { return domainOf(a.Addr) }

func domainOf(addr string) string {
	_, domain, _ := cutLast(addr, "@")
	return domain
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
