package tui

import (
	"slices"
	"strings"

	"mailwalk/sim/trace"
)

// way is one way of a mail: stops, and the legs between them. A mail with several
// recipients, or fetched by several devices, has several ways that share their
// beginning.
type way struct {
	stops []stop
	legs  []leg // one less than stops
}

// stop is a host, or a mailbox on one.
type stop struct {
	name, host string
	mailbox    bool
}

// leg is one hop of a way.
type leg struct{ id, purpose, state string }

// ways are those of a mail up to the moment.
func (s *stage) ways(m *trace.MailView) []way {
	b := wayBuilder{mail: m}
	seqs := s.rows.mails[m.ID]
	for _, seq := range seqs[:before(seqs, s.now)+1] {
		if e := s.trace.At(seq); e != nil {
			b.add(e, e.Body.(*trace.MailBody))
		}
	}
	if start := s.looking(m); start != nil {
		body := start.Body.(*trace.MailBody)
		b.retrieve(body.Mailbox, leg{start.Hop, trace.Retrieval, trace.UnderWay}, body.Toward)
	}
	return b.ways
}

// looking is the beginning of the leg on which, at the moment, somebody looks
// into a mailbox that has the mail; nil when nobody does. Which mail that leg
// brings is not known to the trace before it was fetched.
func (s *stage) looking(m *trace.MailView) *trace.Event {
	if start := s.retrieval(); start != nil && inMailbox(m, start) {
		return start
	}
	return nil
}

// retrieval is the beginning of the moment's leg, if it is one on which somebody
// looks into a mailbox; else nil.
func (s *stage) retrieval() *trace.Event {
	if s.event == nil {
		return nil
	}
	start := s.first(trace.HopLevel, s.event.Hop)
	if start == nil {
		return nil
	}
	if b, ok := start.Body.(*trace.MailBody); ok && b.Purpose == trace.Retrieval {
		return start
	}
	return nil
}

// inMailbox tells whether a mail lies in the mailbox that a leg leads from.
func inMailbox(m *trace.MailView, start *trace.Event) bool {
	box := start.Body.(*trace.MailBody).Mailbox
	return slices.ContainsFunc(m.Copies, func(c trace.Copy) bool { return c.Place == trace.InMailbox && c.Mailbox == box })
}

// wayBuilder puts legs where they belong.
type wayBuilder struct {
	mail *trace.MailView
	ways []way
}

func (b *wayBuilder) add(e *trace.Event, body *trace.MailBody) {
	switch e.What {
	case trace.Composed:
		if len(b.ways) == 0 {
			b.ways = []way{{stops: []stop{host(e.Host)}}}
		}
	case trace.HopStarts:
		l := leg{e.Hop, body.Purpose, trace.UnderWay}
		to := host(body.Toward)
		if i := slices.IndexFunc(b.mail.Legs, func(l trace.Leg) bool { return l.ID == e.Hop }); i >= 0 {
			l.state, to = b.mail.Legs[i].State, host(b.mail.Legs[i].Toward)
		}
		if body.Purpose == trace.Delivery {
			to = stop{host: body.From, mailbox: true}
		}
		b.attach(body.From, l, to)
	case trace.Relayed, trace.Accept:
		b.done(e.Hop)
	case trace.Stored:
		b.done(e.Hop)
		b.stored(e, owner(body.Mailbox))
	case trace.Fetched:
		b.retrieve(body.Mailbox, leg{e.Hop, trace.Retrieval, trace.Done}, e.Host)
	}
}

// done marks a leg that was put off and worked when it was tried again.
func (b *wayBuilder) done(hop string) {
	for _, w := range b.ways {
		for i := range w.legs {
			if w.legs[i].id == hop {
				w.legs[i].state = trace.Done
			}
		}
	}
}

func host(name string) stop { return stop{name: name, host: name} }

// owner is the address that a mailbox belongs to.
func owner(mailbox string) string {
	address, _, _ := strings.Cut(mailbox, "/")
	return address
}

// attach adds a leg that begins at a host: at the end of a way that leads there,
// in place of a leg that came to nothing, or as a branch.
func (b *wayBuilder) attach(from string, l leg, to stop) {
	branch := -1
	at := 0
	for i := range b.ways {
		w := &b.ways[i]
		k := slices.IndexFunc(w.stops, func(s stop) bool { return s.host == from && !s.mailbox })
		if k < 0 {
			continue
		}
		vain := k < len(w.legs) && w.legs[k].purpose == l.purpose && (w.legs[k].state == trace.PutOff || w.legs[k].state == trace.NotWorking)
		if k == len(w.stops)-1 || vain {
			w.stops = append(w.stops[:k+1:k+1], to)
			w.legs = append(w.legs[:k:k], l)
			return
		}
		if branch < 0 {
			branch, at = i, k
		}
	}
	b.fork(branch, at, l, to, host(from))
}

// fork begins a way that shares the stops up to at with another, or a new one.
func (b *wayBuilder) fork(of, at int, l leg, to, from stop) {
	if of < 0 {
		b.ways = append(b.ways, way{stops: []stop{from, to}, legs: []leg{l}})
		return
	}
	w := b.ways[of]
	b.ways = append(b.ways, way{
		stops: append(slices.Clone(w.stops[:at+1]), to),
		legs:  append(slices.Clone(w.legs[:at]), l),
	})
}

// stored names the mailbox that a leg of delivery led to.
func (b *wayBuilder) stored(e *trace.Event, address string) {
	for i := range b.ways {
		w := &b.ways[i]
		k := slices.IndexFunc(w.legs, func(l leg) bool { return l.id == e.Hop })
		if k < 0 {
			continue
		}
		if to := &w.stops[k+1]; to.name == "" || to.name == address {
			to.name = address
			return
		}
		b.fork(i, k, w.legs[k], stop{name: address, host: e.Host, mailbox: true}, stop{})
		return
	}
}

// retrieve adds a leg from a mailbox to a device.
func (b *wayBuilder) retrieve(mailbox string, l leg, device string) {
	address := owner(mailbox)
	for i := range b.ways {
		w := &b.ways[i]
		k := slices.IndexFunc(w.stops, func(s stop) bool { return s.mailbox && s.name == address })
		switch {
		case k < 0:
			continue
		case k+1 < len(w.stops) && w.stops[k+1].name == device:
			return // the device came again
		case k == len(w.stops)-1:
			w.stops = append(w.stops, host(device))
			w.legs = append(w.legs, l)
			return
		}
		for _, o := range b.ways {
			if last := o.stops[len(o.stops)-1]; last.name == device && slices.ContainsFunc(o.stops, func(s stop) bool { return s.mailbox && s.name == address }) {
				return
			}
		}
		b.fork(i, k, l, host(device), stop{})
		return
	}
}

// delivered tells whether a way leads to a mailbox.
func (w *way) delivered() bool {
	return slices.ContainsFunc(w.stops, func(s stop) bool { return s.mailbox })
}
