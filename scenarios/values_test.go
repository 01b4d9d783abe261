package scenarios

import (
	"testing"
	"time"
)

func TestParseSize(t *testing.T) {
	for text, want := range map[string]Size{
		"0": 0, "7": 7, "7B": 7, "25MB": 25_000_000, "25 MB": 25_000_000, "1kB": 1000, "1KiB": 1024, "3MiB": 3 << 20, "2GB": 2_000_000_000, "1GiB": 1 << 30,
	} {
		if got, err := ParseSize(text); err != nil || got != want {
			t.Errorf("ParseSize(%q) = %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "MB", "-1", "-1MB", "1.5MB", "25Mb", "25mb", "1 2MB", "1  MB", "99999999999GB", "1e3"} {
		if got, err := ParseSize(text); err == nil {
			t.Errorf("ParseSize(%q) = %d", text, got)
		}
	}
	for n, want := range map[Size]string{0: "0B", 1: "1B", 1000: "1kB", 1024: "1KiB", 1500: "1500B", 25_000_000: "25MB", 1 << 30: "1GiB"} {
		if got := n.String(); got != want {
			t.Errorf("%d prints as %s, want %s", int64(n), got, want)
		}
		if back, err := ParseSize(want); err != nil || back != n {
			t.Errorf("%s reads as %d, %v", want, back, err)
		}
	}
}

func TestParseBandwidth(t *testing.T) {
	for text, want := range map[string]Bandwidth{"100Mbit/s": 1e8, "9600bit/s": 9600, "56 kbit/s": 56_000, "1Gbit/s": 1e9} {
		if got, err := ParseBandwidth(text); err != nil || got != want {
			t.Errorf("ParseBandwidth(%q) = %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "100", "0bit/s", "100Mb", "100MB/s", "-1bit/s"} {
		if got, err := ParseBandwidth(text); err == nil {
			t.Errorf("ParseBandwidth(%q) = %d", text, got)
		}
	}
}

func TestParseShare(t *testing.T) {
	for text, want := range map[string]Share{"0%": 0, "2%": 20, "0.5%": 5, "12.5 %": 125, "100%": 1000, "100.0%": 1000} {
		if got, err := ParseShare(text); err != nil || got != want {
			t.Errorf("ParseShare(%q) = %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "%", "2", "0.5", ".5%", "1.%", "1.25%", "-1%", "+1%", "1.-1%", "101%", "100.1%", "1e1%", "99999999999999999999%"} {
		if got, err := ParseShare(text); err == nil {
			t.Errorf("ParseShare(%q) = %d", text, got)
		}
	}
	for n, want := range map[Share]string{0: "0%", 5: "0.5%", 20: "2%", 125: "12.5%", 1000: "100%"} {
		if got := n.String(); got != want {
			t.Errorf("%d prints as %s, want %s", int(n), got, want)
		}
		if back, err := ParseShare(want); err != nil || back != n {
			t.Errorf("%s reads as %d, %v", want, back, err)
		}
	}
}

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0": 0, "15ms": 15 * time.Millisecond, "1h30m": 90 * time.Minute, "5d": 120 * time.Hour, "1d12h": 36 * time.Hour, "1.5s": 1500 * time.Millisecond,
	} {
		if got, err := ParseDuration(text); err != nil || got != want {
			t.Errorf("ParseDuration(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "5", "-5s", "+5s", "5d-1h", "5d+1h", "d", "1.5d", "1h1d", "99999999d", "5 s", "292y"} {
		if got, err := ParseDuration(text); err == nil {
			t.Errorf("ParseDuration(%q) = %v", text, got)
		}
	}
}

func TestFlagIMAP(t *testing.T) {
	if got := Seen.IMAP(); got != `\Seen` {
		t.Errorf("got %s", got)
	}
}
