package imap

import "time"

// dateTimeLayout is date-time of RFC 9051 §9: the day takes two columns, the
// first of them a space below 10.
const dateTimeLayout = "_2-Jan-2006 15:04:05 -0700"

func formatDateTime(t time.Time) string { return t.Format(dateTimeLayout) }

func (l *lexer) dateTime() time.Time {
	at := l.pos
	s := l.quoted()
	if l.err != nil {
		return time.Time{}
	}
	t, err := time.Parse(dateTimeLayout, s)
	// Parse takes a one-column day too, where the grammar is fixed in width.
	if err != nil || len(s) != len(dateTimeLayout) {
		l.pos = at
		l.fail("a date and time")
		return time.Time{}
	}
	return t
}

// date is date of RFC 9051 §9: a day without time or zone, given as midnight UTC.
func (l *lexer) date() time.Time {
	at := l.pos
	var s string
	if l.peek() == '"' {
		s = l.quoted()
	} else {
		s = l.atom()
	}
	if l.err != nil {
		return time.Time{}
	}
	t, err := time.Parse("2-Jan-2006", s)
	if err != nil {
		l.pos = at
		l.fail("a date")
		return time.Time{}
	}
	return t
}

// day drops time and zone, so that days compare as RFC 9051 §6.4.4 wants it.
func day(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}
