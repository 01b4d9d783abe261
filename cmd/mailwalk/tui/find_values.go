package tui

import (
	"slices"

	"mailwalk/sim/trace"
)

// values are what some fields have held in the events that were shown, so that a
// filter can be completed with them.
type values struct {
	of map[string]*valueSet
}

// valueSet keeps values in the order in which they came.
type valueSet struct {
	all  []string
	last string
}

const mostValues = 200 // of a field

func newValues() *values { return &values{of: map[string]*valueSet{}} }

func (v *values) add(e *trace.Event) {
	v.put("host", e.Host)
	v.put("mail", e.Mail)
	v.put("hop", e.Hop)
	switch b := e.Body.(type) {
	case *trace.PacketBody:
		v.put("link", b.Link)
		v.put("flags", b.Head.Flags)
	case *trace.ConnectionBody:
		v.put("service", b.Service)
		v.put("client", b.Client)
		v.put("server", b.Server)
		v.put("conn", e.Conn)
	case *trace.LineBody:
		v.put("service", b.Service)
		v.put("verb", b.Verb)
		v.put("code", b.Code)
	case *trace.LookupBody:
		v.put("name", b.Name)
		v.put("type", b.Type)
		v.put("zone", b.Zone)
		v.put("rcode", b.RCode)
		v.put("server", b.Server)
	case *trace.MailBody:
		v.put("mailbox", b.Mailbox)
		v.put("subject", b.Subject)
		for _, r := range b.Recipients {
			v.put("recipients", r)
		}
	case *trace.ActBody:
		v.put("by", b.By)
		v.put("what", e.What)
	}
}

func (v *values) put(field, value string) {
	if value == "" {
		return
	}
	s := v.of[field]
	if s == nil {
		s = new(valueSet)
		v.of[field] = s
	}
	if s.last == value || len(s.all) >= mostValues {
		return
	}
	s.last = value
	if !slices.Contains(s.all, value) {
		s.all = append(s.all, value)
	}
}

// known are the values that a field has had.
func (v *values) known(field string) []string {
	if s := v.of[field]; s != nil {
		return s.all
	}
	return nil
}
