package plain

import (
	"slices"
	"strings"

	"mailwalk/sim/trace"
)

const (
	arrow   = " → "
	mailbox = "the mailbox"
)

// rails are the ways that mails took, stop by stop. A mail with several
// recipients has several.
type rails struct {
	ways []*way
	// fetches are the legs whose mail is not known yet, by id.
	fetches map[string]*trace.MailBody
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
		if e.Mail == "" {
			if r.fetches == nil {
				r.fetches = make(map[string]*trace.MailBody)
			}
			r.fetches[e.Hop] = b
			return
		}
		r.leg(e.Mail, e.Hop, b)
	case trace.Fetched:
		if leg := r.fetches[e.Hop]; leg != nil && e.Mail != "" {
			r.leg(e.Mail, e.Hop, leg)
		}
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
func (r *rails) leg(mail, hop string, b *trace.MailBody) {
	toward := b.Toward
	if b.Purpose == trace.Delivery && toward == b.From {
		toward = mailbox
	}
	for _, w := range r.ways {
		last := len(w.stops) - 1
		if w.mail != mail || slices.Contains(w.hops, hop) {
			continue
		}
		if open := strings.HasSuffix(b.From, "."+w.stops[last]) && b.Purpose != trace.Submission; open {
			w.stops[last] = b.From
		}
		// Retrieval begins at the host of a mailbox that the way has entered.
		if w.stops[last] == b.From || b.Purpose == trace.Retrieval && slices.Contains(w.stops, b.From) {
			w.hops = append(w.hops, hop)
			w.stops = append(w.stops, toward)
			return
		}
	}
	r.ways = append(r.ways, &way{mail: mail, hops: []string{hop}, stops: []string{b.From, toward}})
}

// line is the way of a mail up to and with a leg.
func (r *rails) line(hop string) string {
	for _, w := range r.ways {
		if i := slices.Index(w.hops, hop); i >= 0 {
			return strings.Join(w.stops[:i+2], arrow)
		}
	}
	return ""
}
