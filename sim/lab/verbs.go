package lab

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"mailwalk/scenarios"
	"mailwalk/sim"
	"mailwalk/sim/trace"
)

// Verb is something that can be done at an event.
type Verb struct {
	// Name is what [Lab.Do] takes: "drop", "cut", "zone globex.test".
	Name string
	// Words say what it does: "lose the packet".
	Words string
	// Not says why it cannot be done; it is empty when it can.
	Not string
	// Asks is what must be given besides: "by how much, as in 300ms"; it is empty
	// for nothing. Has is what there is now, to begin from.
	Asks, Has string
	// Past says that it is done in the past, and so in a run of its own.
	Past bool
}

// choice is a verb and how it is done.
type choice struct {
	Verb
	where timing
	seq   uint64 // the event at whose place it is done
	act   func(given string) (sim.Act, error)
}

// timing is when something is done.
type timing int

const (
	now    timing = iota // at the present
	behind               // right behind what happened at the place of an event
	before               // right before that
)

// ImpossibleError says that a verb cannot be done at an event.
type ImpossibleError struct {
	Verb string
	// Why is the verb's Not, or what is wrong with what was given.
	Why error
}

// Error implements error.
func (e *ImpossibleError) Error() string { return e.Verb + ": " + e.Why.Error() }

// Unwrap is why.
func (e *ImpossibleError) Unwrap() error { return e.Why }

// Verbs is what can be done at an event of the current run: to its packet, its
// link, its host, the zones that a look-up goes through, the mail that was written.
// What a packet lets be done is done now when it is under way, and else when it was
// put on its link; all else is done behind the event, but to a mail before it was
// written, and to a line before it was said.
func (l *Lab) Verbs(seq uint64) []Verb {
	l.mu.RLock()
	defer l.mu.RUnlock()
	var verbs []Verb
	for _, c := range l.choices(l.runs[l.current], seq) {
		verbs = append(verbs, c.Verb)
	}
	return verbs
}

func (l *Lab) choices(r *run, seq uint64) []choice {
	e := r.trace.At(seq)
	if e == nil {
		return nil
	}
	s := subject{lab: l, run: r, e: e, state: r.end(r.placeOf(seq))}
	list := append(s.packet(), s.lines()...)
	list = append(list, s.link()...)
	list = append(list, s.host()...)
	list = append(list, s.zones()...)
	list = append(list, s.mail()...)
	for i := range list {
		c := &list[i]
		c.Past = c.where != now
		if c.Past && c.Not == "" && l.options.Wire == sim.Loopback {
			c.Not = ErrNotRepeatable.Error()
		}
	}
	return list
}

// subject is what an event is about.
type subject struct {
	lab *Lab
	run *run
	e   *trace.Event
	// state is the last event that happened at once with it: behind that one something
	// is done.
	state uint64
}

// here is the choice to do something at the event: at the present, or behind it.
func (s subject) here(v Verb, a sim.Act) choice {
	c := choice{Verb: v, where: behind, seq: s.e.Seq}
	if s.run.present(s.e.Seq) {
		c.where = now
	}
	c.act = func(string) (sim.Act, error) { return a, nil }
	return c
}

// linkName is the link that the event is about, or empty.
func (s subject) linkName() string {
	switch b := s.e.Body.(type) {
	case *trace.PacketBody:
		return b.Link
	case *trace.ActBody:
		return b.Target
	}
	return ""
}

func (s subject) link() []choice {
	name := s.linkName()
	if s.lab.scenario.Link(name) == nil {
		return nil
	}
	cutNow := s.run.isCut(name, s.state)
	return []choice{
		s.here(Verb{Name: sim.CutLink, Words: "cut the link " + name + ": what is on it and what is sent on it is lost", Not: unless(!cutNow, "it is cut")},
			byLearner(sim.CutLink, name, "cuts the link "+name)),
		s.here(Verb{Name: sim.MendLink, Words: "mend the link " + name, Not: unless(cutNow, "it is not cut")},
			byLearner(sim.MendLink, name, "mends the link "+name)),
	}
}

// hostName is the machine that the event is about, or empty.
func (s subject) hostName() string {
	switch b := s.e.Body.(type) {
	case *trace.StateBody:
		if s.e.What == trace.HostState {
			return b.Name
		}
	case *trace.ActBody:
		if s.e.Host == "" {
			return b.Target
		}
	}
	return s.e.Host
}

func (s subject) host() []choice {
	name := s.hostName()
	sc := s.lab.scenario
	up, not := true, ""
	switch {
	case sc.Router(name) != nil:
		not = name + " is a router, which has no programs; cut its links"
	case sc.Host(name) == nil:
		return nil
	default:
		up = s.run.isUp(name, s.state)
	}
	off, on := not, not
	if not == "" {
		off, on = unless(up, "it is off"), unless(!up, "it is on")
	}
	return []choice{
		s.here(Verb{Name: sim.SwitchOff, Words: "switch " + name + " off: its programs end on the spot, and what was not synced to its disk may be lost", Not: off},
			byLearner(sim.SwitchOff, name, "switches "+name+" off")),
		s.here(Verb{Name: sim.SwitchOn, Words: "switch " + name + " on: its programs start with what is on its disk", Not: on},
			byLearner(sim.SwitchOn, name, "switches "+name+" on")),
		s.here(Verb{Name: sim.CrashHost, Words: "crash " + name + ": off and on at once; its programs start anew, and what was not synced to its disk may be lost", Not: off},
			byLearner(sim.CrashHost, name, "crashes "+name+": off and on at once")),
	}
}

// isUp tells whether a host is switched on after an event.
func (r *run) isUp(host string, seq uint64) bool {
	for i := len(r.power) - 1; i >= 0; i-- {
		if p := r.power[i]; p.seq <= seq && p.host == host {
			return p.up
		}
	}
	return true
}

// zones are those in which the name of a look-up lies, the nearest first.
func (s subject) zones() []choice {
	b, ok := s.e.Body.(*trace.LookupBody)
	if !ok {
		return nil
	}
	var list []choice
	for up := strings.ToLower(b.Name); up != ""; up = parent(up) {
		text, ok := s.run.zoneText(s.lab.scenario, up, s.state)
		if !ok {
			continue
		}
		name, called := up, "root zone"
		if name != "." {
			name = strings.TrimSuffix(name, ".")
			called = "zone " + name
		}
		origin := up
		c := s.here(Verb{
			Name: sim.ChangeZone + " " + name, Has: text, Asks: "all records of the zone, as a master file",
			Words: "change the records of the " + called + "; what resolvers have learnt they keep until it expires",
		}, sim.Act{})
		c.act = func(given string) (sim.Act, error) {
			a := byLearner(sim.ChangeZone, origin, "changes the zone "+name+" "+sim.ZoneDifference(text, given))
			a.Input = []byte(given)
			return a, s.lab.scenario.CheckZone(origin, given)
		}
		list = append(list, c)
	}
	return list
}

// parent is the name above an absolute one; empty above the root.
func parent(name string) string {
	_, up, _ := strings.Cut(name, ".")
	switch {
	case name == ".":
		return ""
	case up == "":
		return "."
	}
	return up
}

// zoneText is a zone's text after an event; ok is false when the walk has no such
// zone.
func (r *run) zoneText(sc *scenarios.Scenario, origin string, seq uint64) (text string, ok bool) {
	z := sc.Zone(origin)
	if z == nil {
		return "", false
	}
	text = z.Text
	for _, c := range r.zones {
		if c.seq <= seq && c.origin == origin {
			text = c.text
		}
	}
	return text, true
}

func (s subject) mail() []choice {
	if s.e.Kind != trace.Mail || s.e.What != trace.Composed {
		return nil
	}
	var mail *scenarios.Mail
	for _, m := range s.lab.scenario.Mails {
		if strconv.Itoa(m.Number) == s.e.Mail {
			mail = m
		}
	}
	if mail == nil {
		return nil
	}
	file := mail.File != "" || mail.Number == 1 && s.lab.options.Message != nil
	body := s.e.Body.(*trace.MailBody)
	not := unless(!file, "it is a file, which is sent as it is")
	text := mail.Text
	if mail.Number == 1 && s.lab.options.Text != "" {
		text = s.lab.options.Text
	}
	choose := func(name, words, asks, has, not string, check func(given string) error) choice {
		c := choice{Verb: Verb{Name: name, Words: words, Asks: asks, Has: has, Not: not}, where: before, seq: s.e.Seq}
		c.act = func(given string) (sim.Act, error) {
			a := byLearner(name, s.e.Mail, fmt.Sprintf("changes the %s of mail %s to %s", name, s.e.Mail, short(given)))
			a.Input = []byte(given)
			return a, check(given)
		}
		return c
	}
	return []choice{
		choose(sim.ChangeSubject, "give the mail another subject", "the subject", body.Subject, not, sim.CheckSubject),
		choose(sim.ChangeRecipients, "send the mail to others", "addresses, with commas between", strings.Join(body.Recipients, ", "), "", func(given string) error {
			_, err := sim.Recipients(s.lab.scenario, given)
			return err
		}),
		choose(sim.ChangeText, "have the mail say something else", "the text", text, not, func(string) error { return nil }),
	}
}

// short is a text in quotes, as far as it fits into a line.
func short(s string) string {
	const most = 40
	line, _, more := strings.Cut(s, "\n")
	if r := []rune(line); len(r) > most {
		line, more = string(r[:most]), true
	}
	if more {
		line += " …"
	}
	return strconv.Quote(line)
}

// unless is why not, unless something holds.
func unless(holds bool, why string) string {
	if holds {
		return ""
	}
	return why
}

func byLearner(what, target, words string) sim.Act {
	return sim.Act{By: sim.Learner, What: what, Target: target, Detail: sim.Learner + " " + words}
}

// parseDelay reads by how much a packet is put off.
func parseDelay(given string) (time.Duration, error) {
	d, err := scenarios.ParseDuration(strings.TrimSpace(given))
	if err == nil && d == 0 {
		err = errors.New("that is no delay; write how long it is, as in 300ms")
	}
	return d, err
}
