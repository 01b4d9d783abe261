package plain

import (
	"slices"
	"strings"

	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// places tells the network in words: each machine, where it stands and with whom,
// and what is there at the moment.
func (s *stepper) places(string) string {
	if len(s.o.Places) == 0 {
		return "This trace does not say what its network is. ladder tells from whom to whom the steps go."
	}
	off := map[string]bool{}
	for _, h := range s.view.Hosts() {
		off[h.Name] = !h.Up
	}
	for i := range s.o.Places {
		p := &s.o.Places[i]
		s.say(p.Name + s.about(p))
		if p.Router {
			for _, l := range p.Links {
				s.item("on " + l + s.with(p, l))
			}
		}
		if off[p.Name] {
			s.item("it is switched off")
		}
		if s.event != nil && s.event.Host == p.Name {
			s.item("this step happens here")
		}
		for _, m := range s.view.Mails() {
			for _, c := range m.Copies {
				if c.Host == p.Name {
					s.item("mail " + m.ID + " is here, " + standing(c))
				}
			}
		}
	}
	for _, f := range s.underWay() {
		s.say(f)
	}
	return ""
}

// about is what a machine is, and for a host where it stands.
func (s *stepper) about(p *Place) string {
	text := ""
	if p.Label != "" {
		text += ", " + p.Label + ","
	}
	if p.Router {
		return text + " joins " + listed(p.Links)
	}
	for _, l := range p.Links {
		text += " stands on " + l + s.with(p, l)
	}
	if len(p.Runs) > 0 {
		text += "; it runs: " + listed(p.Runs)
	}
	return text
}

// with are the other machines on a link.
func (s *stepper) with(p *Place, link string) string {
	var others []string
	for i := range s.o.Places {
		if o := &s.o.Places[i]; o != p && slices.Contains(o.Links, link) {
			others = append(others, o.Name)
		}
	}
	if len(others) == 0 {
		return ", alone"
	}
	return ", with " + listed(others)
}

// lately is how many events back a frame is looked for that is still under way: on
// a link of usual length few happen meanwhile.
const lately = 2000

// underWay are the frames that were put on a link and have not come off it.
func (s *stepper) underWay() []string {
	var out []string
	off := map[uint64]bool{}
	for seq := s.now; seq > 0 && s.now-seq < lately; seq-- {
		e := s.trace.At(seq)
		if e == nil {
			break
		}
		b, ok := e.Body.(*trace.PacketBody)
		switch {
		case !ok || off[b.Frame]:
		case e.What == trace.Delivered || e.What == trace.Dropped:
			off[b.Frame] = true
		case e.What == trace.Sent:
			out = append(out, numbered(b)+" is under way on "+b.Link+": "+explain.Carried(e))
		}
	}
	slices.Reverse(out)
	return out
}

// someSteps are told by story and ladder when not said otherwise.
const someSteps = 10

// story tells the last steps once more, a line each.
func (s *stepper) story(given string) string {
	n := someSteps
	if given != "" {
		var reason string
		if n, reason = count(given); reason != "" {
			return "How many steps? story 20 tells the last twenty."
		}
	}
	to := s.row() + 1
	if to == 0 {
		return "Nothing has happened yet. An empty line goes on."
	}
	for _, seq := range s.rows[max(0, to-n):to] {
		if e := s.trace.At(seq); e != nil {
			s.say(eventName(seq) + ", " + moment(e.At) + ", " + tag(e) + ": " + s.p.worded(explain.Text(e)))
		}
	}
	return ""
}

// ladder tells the last steps that go from one machine to another.
func (s *stepper) ladder(given string) string {
	n := someSteps
	if given != "" {
		var reason string
		if n, reason = count(given); reason != "" {
			return "How many steps? ladder 20 tells the last twenty."
		}
	}
	var steps []*trace.Event
	for i := s.row(); i >= 0 && len(steps) < n; i-- {
		if e := s.trace.At(s.rows[i]); e != nil {
			if _, to := between(e); to != "" {
				steps = append(steps, e)
			}
		}
	}
	if len(steps) == 0 {
		return "Nothing has gone from one machine to another yet. An empty line goes on."
	}
	for _, e := range slices.Backward(steps) {
		from, to := between(e)
		s.say(from + " to " + to + ", " + moment(e.At) + ": " + s.p.worded(gist(e)))
	}
	return ""
}

// between is from where to where something goes; to is empty for what happens in
// one place.
func between(e *trace.Event) (from, to string) {
	switch b := e.Body.(type) {
	case *trace.PacketBody:
		from, _, _ = strings.Cut(b.From, "/")
		to, _, _ = strings.Cut(b.To, "/")
		if to == "" {
			to = "all on " + b.Link
		}
		return from, to
	case *trace.LineBody:
		client, server := explain.Ends(e.Conn)
		if b.FromServer {
			return server, client
		}
		return client, server
	case *trace.ConnectionBody:
		if e.Host == b.Server {
			return b.Server, b.Client
		}
		return b.Client, b.Server
	case *trace.LookupBody:
		switch {
		case b.Server == "":
		case e.What == trace.Query:
			return e.Host, b.Server
		case e.What == trace.Answer || e.What == trace.Referral || e.What == trace.NoData || e.What == trace.NXDomain:
			return b.Server, e.Host
		}
	case *trace.MailBody:
		if e.What == trace.HopStarts && b.Toward != b.From {
			return b.From, b.Toward
		}
	}
	return e.Host, ""
}

// gist is what goes: a line as it is said, what is asked and answered, and else
// what happened.
func gist(e *trace.Event) string {
	switch b := e.Body.(type) {
	case *trace.LineBody:
		if b.Text != "" {
			return b.Text
		}
	case *trace.PacketBody:
		return numbered(b) + " " + e.What + ", " + explain.Carried(e)
	case *trace.LookupBody:
		switch {
		case e.What == trace.Query:
			return "asks for " + b.Name + " " + b.Type
		case e.What == trace.Referral:
			return "sends on to the servers of " + b.Zone
		case e.What == trace.Answer && len(b.Records) > 0:
			return "answers " + b.Name + " " + b.Type + ": " + b.Records[0].Data
		}
	}
	return explain.Text(e)
}

// acts tells what people have done up to the moment.
func (s *stepper) acts(string) string {
	said := false
	for e := range s.trace.Events(1, s.now) {
		if s.ctx.Err() != nil {
			return ""
		}
		if e.Kind == trace.Act && explain.GrainOf(e) <= explain.LineGrain {
			s.say(eventName(e.Seq) + ", " + moment(e.At) + ": " + explain.Text(e))
			said = true
		}
	}
	if !said {
		return "Nobody has done anything yet. An empty line goes on."
	}
	return ""
}
