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
	// reached is how many stops the mail has come to; the others were only aimed at.
	reached int
	// devices have got it out of the mailbox, each for itself.
	devices []string
}

// taken is the way as far as it was gone.
func (w *way) taken() string {
	text := strings.Join(w.stops[:w.reached], arrow)
	if len(w.devices) > 0 {
		text += arrow + strings.Join(w.devices, ", ")
	}
	if aim := w.stops[w.reached:]; len(aim) > 0 {
		text += " (did not come to " + strings.Join(aim, arrow) + ")"
	}
	return text
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
			r.fetched(e.Mail, leg)
		}
	case trace.Accept, trace.Stored:
		r.reached(e.Hop)
	case trace.Relayed:
		r.reached(e.Hop)
		// The leg began when only the domain was known; now the host is.
		for _, w := range r.ways {
			if i := slices.Index(w.hops, e.Hop); i >= 0 && b.Toward != "" {
				w.stops[i+1] = b.Toward
			}
		}
	}
}

// reached notes that a leg came to its end.
func (r *rails) reached(hop string) {
	for _, w := range r.ways {
		if i := slices.Index(w.hops, hop); i >= 0 {
			w.reached = max(w.reached, i+2)
		}
	}
}

// fetched adds a device to the way that led into the mailbox it was fetched from.
func (r *rails) fetched(mail string, b *trace.MailBody) {
	for _, w := range r.ways {
		if w.mail == mail && slices.Contains(w.stops, b.From) {
			if !slices.Contains(w.devices, b.Toward) {
				w.devices = append(w.devices, b.Toward)
			}
			return
		}
	}
	r.ways = append(r.ways, &way{mail: mail, stops: []string{b.From}, reached: 1, devices: []string{b.Toward}})
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
		if w.stops[last] == b.From {
			w.hops = append(w.hops, hop)
			w.stops = append(w.stops, toward)
			return
		}
	}
	r.ways = append(r.ways, &way{mail: mail, hops: []string{hop}, stops: []string{b.From, toward}, reached: 1})
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
