package message

import (
	"fmt"
	"net/mail"
	"strings"
	"time"
)

// FormatDate writes a time as header fields have it (RFC 5322 §3.3), in the
// time's own zone: "Tue, 5 Mar 2024 09:30:00 +0100". A zone that is off by
// seconds, which the form cannot say, is written as UTC.
func FormatDate(t time.Time) string {
	if _, offset := t.Zone(); offset%60 != 0 {
		t = t.UTC()
	}
	return t.Format("Mon, 2 Jan 2006 15:04:05 -0700")
}

// ParseDate reads a date of a header field (RFC 5322 §3.3), the obsolete names
// of zones included (§4.3). The result has a zone without a name: it does not
// depend on where the program runs.
func ParseDate(s string) (time.Time, error) {
	t, err := mail.ParseDate(numericZone(s))
	if err != nil {
		return time.Time{}, fmt.Errorf("date %q: %w", clip(s), err)
	}
	_, offset := t.Zone()
	if offset == 0 {
		return t.UTC(), nil
	}
	return t.In(time.FixedZone("", offset)), nil
}

// obsZones are the names that RFC 5322 §4.3 gives a meaning.
var obsZones = map[string]string{
	"UT": "+0000", "GMT": "+0000", "UTC": "+0000", "Z": "+0000",
	"EDT": "-0400", "EST": "-0500", "CDT": "-0500", "CST": "-0600",
	"MDT": "-0600", "MST": "-0700", "PDT": "-0700", "PST": "-0800",
}

// numericZone puts a number in place of the name of a zone: time.Parse would ask
// the machine's own zone what the name means.
func numericZone(s string) string {
	end := len(s)
	if i := strings.IndexByte(s, '('); i >= 0 { // a comment, such as "(CET)"
		end = i
	}
	head := strings.TrimRight(s[:end], " \t")
	i := strings.LastIndexAny(head, " \t")
	zone := strings.ToUpper(head[i+1:])
	if zone == "" || zone[0] < 'A' || zone[0] > 'Z' {
		return s
	}
	number, ok := obsZones[zone]
	if !ok {
		number = "-0000" // RFC 5322 §4.3: any other name tells nothing
	}
	return head[:i+1] + number
}
