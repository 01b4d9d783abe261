package sim

import (
	"context"
	"fmt"
	"time"

	"mailwalk/protocols/message"
	"mailwalk/scenarios"
	"mailwalk/sim/clock"
	"mailwalk/sim/mua"
	"mailwalk/sim/trace"
)

// startPeople has the people of the walk do what it says, one act after the
// other.
func (w *World) startPeople() {
	moments := make([]*moment, len(w.scenario.Acts))
	for i, a := range w.scenario.Acts {
		moments[i] = w.newMoment(&a.Anchor)
	}
	w.people.Go("people", func(ctx context.Context) {
		for i, a := range w.scenario.Acts {
			if err := moments[i].wait(ctx); err != nil {
				return // the world has ended
			}
			if err := w.act(ctx, a); err != nil {
				return
			}
		}
	})
}

// moment is when an anchor is reached.
type moment struct {
	world  *World
	anchor *scenarios.Anchor
	count  int
	since  time.Duration // when the event came
	come   bool
	cond   *clock.Cond
}

// newMoment watches for an anchor from now on.
func (w *World) newMoment(a *scenarios.Anchor) *moment {
	m := &moment{world: w, anchor: a, cond: w.clock.NewCond()}
	if !a.After.IsZero() {
		w.recorder.Listen(func(e *trace.Event) {
			if m.come || !a.After.Match(e) {
				return
			}
			if m.count++; m.count < a.After.Nth() {
				return
			}
			m.come, m.since = true, e.At
			m.cond.Broadcast()
		})
	}
	return m
}

// wait waits until the moment is there and the anchor's own wait is over.
func (m *moment) wait(ctx context.Context) error {
	c := m.world.clock
	due := c.Elapsed()
	switch {
	case !m.anchor.After.IsZero():
		for !m.come {
			if err := m.cond.Wait(ctx); err != nil {
				return err
			}
		}
		due = max(m.since, due)
	case m.anchor.At != nil:
		due = max(*m.anchor.At, due)
	}
	return c.Sleep(ctx, due+m.anchor.Wait-c.Elapsed())
}

// act has a person do something on a device, and waits until it is done.
func (w *World) act(ctx context.Context, a *scenarios.Act) error {
	person := w.scenario.Person(a.Who)
	device := person.Device(a.Device)
	if w.off[device.Host] {
		w.warn(fmt.Sprintf("%s could not %s: %s is switched off", person.Name, a.Does, w.label(device.Host)))
		return nil
	}
	host, _ := w.net.Host(device.Host)
	done := &going{host: device.Host, cond: w.clock.NewCond()}
	w.going = done
	host.Go(string(a.Does)+" by "+a.Who, func(ctx context.Context) {
		defer done.end()
		w.recorder.Record(trace.Event{What: string(a.Does), Body: &trace.ActBody{By: person.Name, Target: w.target(a), Detail: w.detail(a, person, device)}})
		if err := w.perform(ctx, a, person, device, w.program(person, device)); err != nil && ctx.Err() == nil {
			w.warn(fmt.Sprintf("%s could not %s: %v", person.Name, a.Does, err))
		}
	})
	for !done.over {
		if err := done.cond.Wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

// going is the act that a person is at. It is over as well when its device is
// switched off, even before the mail program has begun.
type going struct {
	host string
	over bool
	cond *clock.Cond
}

func (g *going) end() {
	g.over = true
	g.cond.Broadcast()
}

// target is the number of the mail that an act is about.
func (w *World) target(a *scenarios.Act) string {
	if a.Mail == "" {
		return ""
	}
	return fmt.Sprint(w.scenario.Mail(a.Mail).Number)
}

func (w *World) detail(a *scenarios.Act, p *scenarios.Person, d *scenarios.Device) string {
	where := w.label(d.Host)
	switch a.Does {
	case scenarios.SendMail:
		l := w.mails[a.Mail]
		return fmt.Sprintf("%s sends a mail from %s to %s", p.Name, where, list(l.to))
	case scenarios.FetchMail:
		return fmt.Sprintf("%s looks for new mail on %s, by %s", p.Name, where, protocolName(protocol(a, d)))
	}
	return fmt.Sprintf("%s wants to %s mail on %s, by %s", p.Name, a.Does, where, protocolName(protocol(a, d)))
}

// label is what a host is called when spoken of.
func (w *World) label(host string) string {
	if h := w.scenario.Host(host); h != nil && h.Label != "" {
		return h.Label
	}
	return host
}

func list(s []string) string {
	switch len(s) {
	case 0:
		return "nobody"
	case 1:
		return s[0]
	}
	return fmt.Sprintf("%s and %d more", s[0], len(s)-1)
}

func protocol(a *scenarios.Act, d *scenarios.Device) scenarios.Protocol {
	if a.By != "" {
		return a.By
	}
	return d.Reads
}

func protocolName(p scenarios.Protocol) string {
	if p == scenarios.IMAP {
		return "IMAP"
	}
	return "POP3"
}

// program is a person's mail program on a device. It keeps what it knows from one
// act to the next.
func (w *World) program(p *scenarios.Person, d *scenarios.Device) *mua.Program {
	key := p.ID + "/" + d.ID
	if have := w.programs[key]; have != nil {
		return have
	}
	h, _ := w.net.Host(d.Host)
	account := w.scenario.Account(p.Address)
	cfg := mua.Config{
		Host: h, Recorder: w.recorder, Stub: w.stub(h), Address: p.Address,
		Submission: p.Submission, Mechanism: string(d.Auth), AllowCleartext: w.cleartext(), Identify: w.identify, Arrived: w.compare,
	}
	if account != nil {
		cfg.Passwords, cfg.Mailbox = []string{account.Password}, account.Host
	}
	if len(d.Password) > 0 {
		cfg.Passwords = d.Password
	}
	w.connects(&cfg, d)
	program := mua.New(cfg)
	w.programs[key] = program
	return program
}

func (w *World) perform(ctx context.Context, a *scenarios.Act, p *scenarios.Person, d *scenarios.Device, m *mua.Program) error {
	keep := d.Keep
	if a.Keep != nil {
		keep = *a.Keep
	}
	byIMAP := protocol(a, d) == scenarios.IMAP
	switch a.Does {
	case scenarios.SendMail:
		out, err := w.write(w.mails[a.Mail], m.Host, p.Address)
		if err != nil {
			return err
		}
		out.UTF8 = message.NeedsSMTPUTF8(out.Content)
		return m.Send(ctx, out)
	case scenarios.FetchMail:
		if byIMAP {
			return m.FetchIMAP(ctx, a.Mailbox)
		}
		return m.FetchPOP3(ctx, keep)
	case scenarios.ReadMail:
		return m.ReadIMAP(ctx, a.Mailbox, w.messageIDOf(a.Mail))
	case scenarios.FlagMail:
		var flags []string
		for _, f := range a.Flags {
			flags = append(flags, f.IMAP())
		}
		return m.FlagIMAP(ctx, a.Mailbox, w.messageIDOf(a.Mail), flags)
	case scenarios.DeleteMail:
		if byIMAP {
			return m.DeleteIMAP(ctx, a.Mailbox, w.messageIDOf(a.Mail))
		}
		return m.DeletePOP3(ctx, w.messageIDOf(a.Mail))
	}
	return fmt.Errorf("nobody can %s", a.Does)
}

// messageIDOf is what a mail of the walk is recognised by in a mailbox; empty for
// any mail.
func (w *World) messageIDOf(mail string) string {
	if mail == "" {
		return ""
	}
	return header(w.sent[fmt.Sprint(w.scenario.Mail(mail).Number)], "Message-ID")
}
