package quiz

import (
	"cmp"
	"hash/fnv"
	"slices"
	"strings"

	"mailwalk/scenarios"
	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// Quiz asks about what comes next in a trace.
type Quiz struct {
	trace *trace.Trace
	// mailHosts are the machines of the walk that mails can be on, machines all of
	// them, nameServers those that answer for zones.
	mailHosts, machines, nameServers []string
}

// New makes a quiz about a trace. The walk that the trace comes from gives the
// names that stand beside the right ones; without it they are those that the
// events speak of.
func New(t *trace.Trace) *Quiz {
	z := &Quiz{trace: t}
	sc, err := scenarios.Parse(t.Header.Name+".yaml", []byte(t.Header.Scenario))
	if err != nil { // a trace made by hand
		return z
	}
	devices := map[string]bool{}
	for _, p := range sc.People {
		for _, d := range p.Devices {
			devices[d.Host] = true
		}
	}
	for _, h := range sc.Hosts {
		z.machines = append(z.machines, h.Name)
		if h.Runs.MTA != nil || h.Runs.Mailboxes != nil || devices[h.Name] {
			z.mailHosts = append(z.mailHosts, h.Name)
		}
		if h.Runs.DNS != nil {
			z.nameServers = append(z.nameServers, h.Name)
		}
	}
	for _, r := range sc.Routers {
		z.machines = append(z.machines, r.Name)
	}
	return z
}

// Window is how many events before and after a moment are looked at.
const Window = 4000

// Ask makes the questions that can be put after event seq, from what is recorded
// behind it: at most one of a sort, those first that are answered first. Events
// that come later never change a question, they only add others behind it.
func (z *Quiz) Ask(seq uint64) []*Question {
	s := z.scene(seq)
	var all []*Question
	for _, sort := range sorts {
		q := sort.ask(s)
		if q == nil {
			continue
		}
		q.ID, q.After = sort.name+"/"+s.t.At(q.Answered).Key, seq
		if q.Points == 0 {
			q.Points = Points
		}
		if q.Kind == Choice {
			q.Choices = mix(q.ID, q.Choices)
		}
		all = append(all, q)
	}
	slices.SortStableFunc(all, func(a, b *Question) int { return cmp.Compare(a.Answered, b.Answered) })
	return all
}

// Ask is [Quiz.Ask] for a trace that is asked about once.
func Ask(t *trace.Trace, seq uint64) []*Question { return New(t).Ask(seq) }

// sorts are the sorts of questions.
var sorts = []struct {
	name string
	ask  func(*scene) *Question
}{
	{"base64", base64Size},
	{"machine", mailNext},
	{"record", recordType},
	{"cache", cached},
	{"server", nameServer},
	{"command", nextCommand},
	{"code", replyCode},
	{"packets", bodyPackets},
	{"flags", nextFlags},
	{"frame", frameNext},
	{"closes", closesFirst},
}

// scene is what a question is made from: what has been shown, and what has not.
type scene struct {
	*Quiz
	t     *trace.Trace
	now   *trace.Event
	past  []*trace.Event // the last first
	ahead []*trace.Event
}

func (z *Quiz) scene(seq uint64) *scene {
	s := &scene{Quiz: z, t: z.trace, now: z.trace.At(seq)}
	for i := seq; i > 0 && len(s.past) < Window; i-- {
		e := z.trace.At(i)
		if e == nil {
			break
		}
		s.past = append(s.past, e)
	}
	for e := range z.trace.Events(seq+1, seq+Window) {
		s.ahead = append(s.ahead, e)
	}
	return s
}

// next is the first event ahead of which something holds.
func (s *scene) next(holds func(*trace.Event) bool) *trace.Event { return first(s.ahead, holds) }

// last is the last event so far of which something holds.
func (s *scene) last(holds func(*trace.Event) bool) *trace.Event { return first(s.past, holds) }

func first(events []*trace.Event, holds func(*trace.Event) bool) *trace.Event {
	if i := slices.IndexFunc(events, holds); i >= 0 {
		return events[i]
	}
	return nil
}

// answered makes a question whose answer is an event, with the reason that is
// always told of such an event.
func answered(e *trace.Event, k Kind, text, right string, hints ...string) *Question {
	q := &Question{Answered: e.Seq, Kind: k, Text: explain.OneLine(text), right: []string{explain.OneLine(right)}, why: explain.For(e)}
	for _, h := range hints {
		if h != "" {
			q.hints = append(q.hints, explain.OneLine(h))
		}
	}
	return q
}

// among sets the right answer among others, of which the first that differ are
// taken; it is nil when there is nothing to choose from.
func (q *Question) among(others ...string) *Question {
	q.Choices = []string{q.right[0]}
	for _, o := range others {
		o = explain.OneLine(o)
		if len(q.Choices) < 4 && o != "" && !slices.Contains(q.Choices, o) {
			q.Choices = append(q.Choices, o)
		}
	}
	if len(q.Choices) < 2 {
		return nil
	}
	return q
}

// mix brings choices into an order that tells nothing and is always the same.
func mix(id string, choices []string) []string {
	rank := func(c string) uint64 {
		h := fnv.New64a()
		h.Write([]byte(id + "\x00" + c)) // writing to a hash never fails
		return h.Sum64()
	}
	mixed := slices.Clone(choices)
	slices.SortStableFunc(mixed, func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(a, b))
	})
	return mixed
}

// others are the names of the walk that can stand beside one, in an order of the
// question's own; without a walk those that the events up to its answer speak of.
func (s *scene) others(of []string, id string, upTo uint64) []string {
	if len(of) == 0 {
		for _, events := range [][]*trace.Event{s.past, s.ahead} {
			for _, e := range events {
				if e.Host != "" && e.Seq <= upTo && !slices.Contains(of, e.Host) {
					of = append(of, e.Host)
				}
			}
		}
	}
	return mix(id, of)
}

// domain is what a machine's name ends in, behind its first label.
func domain(host string) string {
	if _, after, ok := strings.Cut(host, "."); ok {
		return after
	}
	return host
}
