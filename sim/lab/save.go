package lab

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"mailwalk/scenarios"
	"mailwalk/sim"
	"mailwalk/sim/trace"
)

// ErrNotInWalk says that a walk's file cannot hold something that a run was given
// or that was done to it.
var ErrNotInWalk = errors.New("a walk's file cannot hold it")

// Save writes the current run as a walk: the walk's text with what was done in the
// run as faults, and with the mails as they were changed. Comments and layout stay.
// What a fault cannot do is an error, [ErrNotInWalk]; what visitors did is left out,
// and a comment says so.
func (l *Lab) Save(w io.Writer) error {
	l.mu.RLock()
	text, err := l.amended(l.runs[l.current])
	l.mu.RUnlock()
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

func (l *Lab) amended(r *run) ([]byte, error) {
	s := saving{lab: l, run: r, frames: map[string]*spoilt{}}
	if err := s.given(); err != nil {
		return nil, err
	}
	for _, d := range r.acts {
		if d.By != sim.Learner {
			s.visited = true
			continue
		}
		if err := s.deed(d); err != nil {
			return nil, fmt.Errorf("event %d, %s: %w", d.seq, wordsOf(r.trace.At(d.seq)), err)
		}
	}
	s.packets()
	if s.visited {
		s.amend.Remarks = append(s.amend.Remarks, "Visitors came in this run. What they did is theirs, and not in the walk.")
	}
	return l.scenario.Amend(s.amend)
}

// saving is a run on its way into a walk's file.
type saving struct {
	lab     *Lab
	run     *run
	amend   scenarios.Amendment
	frames  map[string]*spoilt // by target
	order   []string           // of frames
	visited bool
}

// spoilt is what was done to one packet.
type spoilt struct {
	sent    *trace.Event
	held    *deed
	delay   time.Duration
	copies  int
	flips   int
	reorder bool
	drop    bool
	reset   bool
}

// given takes over what the run was started with.
func (s *saving) given() error {
	o := s.lab.options
	switch {
	case o.Idle:
		return fmt.Errorf("nobody did what the walk has its people do: %w", ErrNotInWalk)
	case o.Message != nil:
		return fmt.Errorf("the mail was the file %s: %w; put it beside the walk and name it under the mail's file", o.Message.Name, ErrNotInWalk)
	case len(o.Attach) > 0:
		return fmt.Errorf("the mail had the file %s: %w; put it beside the walk and name it under the mail's attachments", o.Attach[0].Name, ErrNotInWalk)
	}
	s.amend.Seed = o.Seed
	if len(s.lab.scenario.Mails) == 0 || o.From == "" && o.To == nil && o.Subject == "" && o.Text == "" {
		return nil
	}
	m := s.mail(s.lab.scenario.Mails[0])
	if o.From != "" {
		m.From = &o.From
	}
	m.To = o.To
	if o.Subject != "" {
		m.Subject = &o.Subject
	}
	if o.Text != "" {
		m.Text = &o.Text
	}
	return nil
}

// mail is what changes of a mail.
func (s *saving) mail(m *scenarios.Mail) *scenarios.MailChange {
	for _, c := range s.amend.Mails {
		if c.ID == m.ID {
			return c
		}
	}
	c := &scenarios.MailChange{ID: m.ID}
	s.amend.Mails = append(s.amend.Mails, c)
	return c
}

// deed takes over something that the learner did.
func (s *saving) deed(d deed) error {
	f := &scenarios.Fault{Does: scenarios.FaultVerb(d.What)}
	switch d.What {
	case sim.SwitchOff, sim.SwitchOn, sim.CrashHost:
		f.Host = d.Target
	case sim.CutLink, sim.MendLink:
		f.Link = d.Target
	case sim.ChangeZone:
		f.Zone, f.Records, f.Does = d.Target, string(d.Input), scenarios.Change
	case sim.ChangeSubject, sim.ChangeText, sim.ChangeRecipients:
		return s.rewrite(d)
	default:
		if key, ok := strings.CutPrefix(d.Target, sim.Line("")); ok {
			return s.line(d, key)
		}
		return s.frame(d)
	}
	s.anchor(f, d.seq)
	s.amend.Faults = append(s.amend.Faults, f)
	return nil
}

// anchor ties a fault to the event that came last before a deed, of those that
// come of no deed.
func (s *saving) anchor(f *scenarios.Fault, seq uint64) {
	at := s.run.trace.At(seq).At
	i := s.run.placeOf(seq) - 1
	for i >= 0 && s.run.places[i].act {
		i--
	}
	if i < 0 {
		f.At = &at
		return
	}
	e := s.run.trace.At(s.run.end(i))
	f.After = selectorOf(e)
	f.Wait = at - e.At
}

// selectorOf picks one event of a run, and the same in another.
func selectorOf(e *trace.Event) trace.Selector {
	return trace.MustSelector(fmt.Sprintf("%s.%s key=%q", e.Kind, e.What, e.Key))
}

// line takes over what was done to a line before it was said.
func (s *saving) line(d deed, key string) error {
	step := trace.Sent
	if strings.HasPrefix(key, "line/received/") {
		step = trace.Received
	}
	// The first alone: what is said next in place of a line that was dropped has the
	// same place in the stream, and so the same key.
	f := &scenarios.Fault{Line: trace.MustSelector(fmt.Sprintf("%s.%s key=%q nth=1", trace.Line, step, key))}
	switch d.What {
	case sim.DropLine:
		f.Does = scenarios.Drop
	case sim.DelayLine:
		f.Does, f.By = scenarios.Delay, d.Delay
	case sim.DuplicateLine:
		f.Does = scenarios.Duplicate
	case sim.CorruptLine:
		f.Does = scenarios.Corrupt
		s.amend.Remarks = append(s.amend.Remarks, "Which octet of a line is changed is drawn anew.")
	case sim.AnswerLine:
		f.Does, f.With = scenarios.Answer, string(d.Input)
	default:
		return fmt.Errorf("a walk does not wait for a hand: %w; delay the line instead", ErrNotInWalk)
	}
	s.amend.Faults = append(s.amend.Faults, f)
	return nil
}

func (s *saving) rewrite(d deed) error {
	var mail *scenarios.Mail
	for _, m := range s.lab.scenario.Mails {
		if strconv.Itoa(m.Number) == d.Target {
			mail = m
		}
	}
	if mail == nil {
		return fmt.Errorf("mail %s is none of the walk's: %w", d.Target, ErrNotInWalk)
	}
	c, value := s.mail(mail), string(d.Input)
	switch d.What {
	case sim.ChangeSubject:
		c.Subject = &value
	case sim.ChangeText:
		c.Text = &value
	default:
		to, err := sim.Recipients(s.lab.scenario, value)
		if err != nil {
			return err
		}
		c.To = nil
		for _, a := range to {
			c.To = append(c.To, a.String())
		}
	}
	return nil
}

// frame takes over what was done to a packet under way.
func (s *saving) frame(d deed) error {
	p := s.frames[d.Target]
	if p == nil {
		sent := subject{run: s.run, e: s.run.trace.At(d.seq)}.frame()
		if sent == 0 {
			return fmt.Errorf("%s: %w", d.What, ErrNotInWalk)
		}
		e := s.run.trace.At(sent)
		if b := e.Body.(*trace.PacketBody); b.Why != "" {
			return fmt.Errorf("the packet was forged, so nobody sends it: %w", ErrNotInWalk)
		}
		p = &spoilt{sent: e}
		s.frames[d.Target] = p
		s.order = append(s.order, d.Target)
	}
	letGo := func() {
		if p.held != nil {
			p.delay += d.At - p.held.At
			p.held = nil
		}
	}
	switch d.What {
	case sim.HoldFrame:
		if p.held == nil {
			p.held = &d
		}
	case sim.ReleaseFrame:
		letGo()
	case sim.DropFrame:
		p.drop = true
	case sim.DelayFrame:
		p.delay += d.Delay
	case sim.DuplicateFrame:
		p.copies = 2*p.copies + 1 // the copies are doubled, too
	case sim.CorruptFrame:
		p.flips++
	case sim.ReorderFrame:
		letGo()
		p.reorder = true
	case sim.ResetFrame:
		letGo()
		p.reset = true
	default:
		return fmt.Errorf("%s: %w", d.What, ErrNotInWalk)
	}
	return nil
}

// packets makes faults of what was done to packets. One that is still held never
// arrives.
func (s *saving) packets() {
	var faults []*scenarios.Fault
	for _, target := range s.order {
		p := s.frames[target]
		add := func(does scenarios.FaultVerb, times int) {
			for range times {
				faults = append(faults, &scenarios.Fault{Packet: selectorOf(p.sent), Does: does})
			}
		}
		if p.drop || p.held != nil {
			add(scenarios.Drop, 1)
			continue
		}
		if p.delay > 0 {
			add(scenarios.Delay, 1)
			faults[len(faults)-1].By = p.delay
		}
		add(scenarios.Duplicate, p.copies)
		add(scenarios.Corrupt, p.flips%2)
		if p.reorder {
			add(scenarios.Reorder, 1)
		}
		if p.reset {
			add(scenarios.Reset, 1)
		}
	}
	s.amend.Faults = append(faults, s.amend.Faults...)
}
