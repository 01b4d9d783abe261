package plain

import (
	"slices"
	"strings"

	"mailwalk/sim/trace"
)

const arrow = " → "

// rails are the ways that mails took, stop by stop. A mail with several
// recipients has several.
type rails struct {
	ways []*way
}

type way struct {
	mail  string
	hops  []string // the legs
	stops []string // one more than legs
}

func (r *rails) see(e *trace.Event) {
	b, ok := e.Body.(*trace.MailBody)
	if !ok {
		return
	}
	switch e.What {
	case trace.HopStarts:
		r.leg(e, b)
	case trace.Relayed:
		// The leg began when only the domain was known; now the host is.
		for _, w := range r.ways {
			if i := slices.Index(w.hops, e.Hop); i >= 0 && b.Toward != "" {
				w.stops[i+1] = b.Toward
			}
		}
	}
}

// leg adds a leg to the way that led to where it begins.
func (r *rails) leg(e *trace.Event, b *trace.MailBody) {
	for _, w := range r.ways {
		last := len(w.stops) - 1
		if w.mail != e.Mail {
			continue
		}
		if open := strings.HasSuffix(b.From, "."+w.stops[last]) && b.Purpose != trace.Submission; open {
			w.stops[last] = b.From
		}
		// Retrieval begins at the host of a mailbox that the way has entered.
		if w.stops[last] == b.From || b.Purpose == trace.Retrieval && slices.Contains(w.stops, b.From) {
			w.hops = append(w.hops, e.Hop)
			w.stops = append(w.stops, b.Toward)
			return
		}
	}
	r.ways = append(r.ways, &way{mail: e.Mail, hops: []string{e.Hop}, stops: []string{b.From, b.Toward}})
}

// line is the way of a mail up to and with a leg.
func (r *rails) line(mail, hop string) string {
	for _, w := range r.ways {
		if w.mail != mail {
			continue
		}
		if i := slices.Index(w.hops, hop); i >= 0 {
			return strings.Join(w.stops[:i+2], arrow)
		}
	}
	return ""
}
