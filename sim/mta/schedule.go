package mta

import "time"

// Schedule says when a mail that could not be sent is tried again (RFC 5321
// §4.5.4.1). The zero Schedule is the default one.
type Schedule struct {
	// First is the wait after the first try; each further one is twice as long, up
	// to Most. 0 means 15 minutes, and 4 hours.
	First, Most time.Duration
	// Notice is when the sender is told that the mail still waits, once. 0 means four
	// hours, and less than 0 never.
	Notice time.Duration
	// Expire is when it is given up. 0 means five days.
	Expire time.Duration
}

func (s Schedule) orDefault() Schedule {
	or := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	or(&s.First, 15*time.Minute)
	or(&s.Most, 4*time.Hour)
	or(&s.Notice, 4*time.Hour)
	or(&s.Expire, 5*24*time.Hour)
	return s
}

// next is the wait after so many tries of a mail of that age; false when it is
// given up.
func (s Schedule) next(tries int, age time.Duration) (time.Duration, bool) {
	wait := s.First
	for i := 1; i < tries && wait < s.Most; i++ {
		wait *= 2
	}
	return min(wait, s.Most), age < s.Expire
}
