package mta

import (
	"net/netip"
	"slices"
	"time"
)

// Limit is how many mails a client that nothing is known of may send.
type Limit struct {
	// Mails is how many it may begin within Per.
	Mails int
	Per   time.Duration
}

// limiter counts the mails of each client.
type limiter struct {
	Limit
	taken map[netip.Addr][]time.Time // ascending
}

// take counts a mail. When the client has had its share, it says in how long there
// is room for one more.
func (l *limiter) take(client netip.Addr, now time.Time) (again time.Duration, ok bool) {
	times := slices.DeleteFunc(l.taken[client], func(t time.Time) bool { return now.Sub(t) >= l.Per })
	if len(times) >= l.Mails {
		l.taken[client] = times
		return l.Per - now.Sub(times[0]), false
	}
	l.taken[client] = append(times, now)
	return 0, true
}
