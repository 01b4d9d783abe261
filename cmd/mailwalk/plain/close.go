package plain

import (
	"fmt"
	"strings"
	"time"

	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// Expectation is what became of something that a walk expects.
type Expectation struct {
	// Want says in plain words what was to be; Place is where the walk says so:
	// first-letter.yaml:140:5.
	Want, Place string
	Held        bool
	// Missed says why it did not hold, Nearest is the event that came closest; it
	// may be nil.
	Missed  string
	Nearest *trace.Event
	// Own says that the mail was a person's own, of which the walk cannot know what
	// becomes of it: then what did not happen is no fault.
	Own bool
}

// Close prints what the walk came to. The printer must not be used afterwards.
func (p *Printer) Close(expectations []Expectation) error {
	p.settle()
	sum := p.count.Summary()
	p.out.blank()
	p.out.rule("summary")
	for _, w := range p.rails.ways {
		p.out.wrapped("way        ", "", p.o.Style.Mail, p.worded("mail "+w.mail+": "+w.taken()))
	}
	for _, d := range sum.Deliveries {
		p.out.wrapped("delivered  ", "", p.o.Style.Good, fmt.Sprintf("mail %s to %s at %s", d.Mail, explain.OneLine(d.Mailbox), moment(d.At)))
	}
	for _, f := range sum.Failures {
		p.out.wrapped("FAILED     ", "", p.o.Style.Bad, explain.OneLine(fmt.Sprintf("mail %s, %s at %s: %s", f.Mail, f.What, f.Host, f.Reason)))
	}
	p.out.wrapped("counted    ", "", "", counted(sum))
	var before trace.Comparison
	for _, c := range sum.Compared {
		p.compared(before, c)
		before = c
	}
	p.expectations(expectations)
	return p.out.flush()
}

func counted(s trace.Summary) string {
	text := strings.Join([]string{
		plural(s.Hops, "leg", "legs"),
		fmt.Sprintf("%s (%s to name servers, %d answered from a cache)",
			plural(s.Lookup.Questions, "look-up", "look-ups"), plural(s.Lookup.Queries, "query", "queries"), s.Lookup.CacheHits),
		plural(s.Connections, "connection", "connections"),
		fmt.Sprintf("%s on links (%s)", plural(s.Packets.Frames, "frame", "frames"), explain.Octets(s.Packets.Bytes)),
	}, ", ")
	if s.Packets.Lost > 0 {
		text += ", " + plural(s.Packets.Lost, "frame lost", "frames lost")
	}
	return text + ", over after " + moment(s.Time) + " of virtual time"
}

// moment is a time of the walk, with its unit where it is one of seconds.
func moment(t time.Duration) string {
	text := explain.Clock(t)
	if !strings.Contains(text, ":") {
		text += " s"
	}
	return text
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return explain.Grouped(int64(n)) + " " + many
}

// compared prints both hashes in full, so that they can be checked by other
// means, unless they are those that stand there already.
func (p *Printer) compared(before, c trace.Comparison) {
	if c.Sent != before.Sent || c.Arrived != before.Arrived {
		p.out.put("sent       SHA-256 " + explain.OneLine(c.Sent))
		p.out.put("arrived    SHA-256 " + explain.OneLine(c.Arrived))
	}
	if c.Same {
		p.out.wrapped("same       ", "", p.o.Style.Good, "yes: what "+c.Host+" has of mail "+c.Mail+
			" is, below the fields added on the way, byte for byte what was sent")
		return
	}
	p.out.wrapped("same       ", "", p.o.Style.Bad, "NO: what "+c.Host+" has of mail "+c.Mail+" is not what was sent")
}

func (p *Printer) expectations(all []Expectation) {
	if len(all) == 0 {
		return
	}
	held := 0
	for _, x := range all {
		if x.Held {
			held++
		}
	}
	paint, verdict := p.o.Style.Good, "all of it happened"
	switch {
	case held == len(all):
	case all[0].Own:
		p.otherwise(all, held)
		return
	default:
		paint, verdict = p.o.Style.Bad, fmt.Sprintf("%d did NOT happen", len(all)-held)
	}
	p.out.wrapped("expected   ", "", paint, fmt.Sprintf("%s, %s", plural(len(all), "thing", "things"), verdict))
	for _, x := range all {
		if x.Held {
			continue
		}
		p.out.wrapped("  NOT      ", "", p.o.Style.Bad, explain.OneLine(x.Want)+" ("+x.Place+")")
		if x.Missed != "" {
			p.out.wrapped("           ", "", "", explain.OneLine(x.Missed))
		}
		if x.Nearest != nil {
			p.out.wrapped("  nearest  ", "", "", fmt.Sprintf("event %d at %s: %s", x.Nearest.Seq, moment(x.Nearest.At), explain.Text(x.Nearest)))
		}
	}
}

// otherwise says what happened to the walk's own mail and not to the person's.
func (p *Printer) otherwise(all []Expectation, held int) {
	p.out.wrapped("expected   ", "", p.o.Style.Note, fmt.Sprintf("%s of the walk's own mail; to yours %d of them happened and %d did not, which is no fault:",
		plural(len(all), "thing", "things"), held, len(all)-held))
	for _, x := range all {
		if !x.Held {
			p.out.wrapped("  not so   ", "", "", explain.OneLine(x.Want)+" ("+x.Place+")")
		}
	}
}
