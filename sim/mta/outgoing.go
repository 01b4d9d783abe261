package mta

import (
	"context"
	"errors"
	"net/netip"

	"mailwalk/protocols/smtp"
	"mailwalk/sim/clock"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
)

// mostSessions is how many sessions with one address there are at once. Mails beyond
// that wait for one to be free: the next one then goes over the same session, of which
// a server takes any number of transactions (RFC 5321 §4.1.4).
const mostSessions = 5

// place is where sessions lead.
type place struct {
	to netip.Addr
	// host is whose address it is, where the server has proved to be that host; else it
	// is empty.
	host string
}

// outgoing are the sessions with one address of other servers, and the mails that
// wait for one.
type outgoing struct {
	place
	open    int // sessions, those that are being opened or closed among them
	waiting []*turn
}

// turn is a mail that waits for a session.
type turn struct {
	cond *clock.Cond
	come bool
	// client has an open session, and is nil when the mail is to open one; err says
	// that another mail could not.
	client *smtp.Client
	err    error
}

// outgoingTo are the sessions with an address of a host. What a server has proved for
// one name does not count for another.
func (s *Server) outgoingTo(to netip.Addr, host string) *outgoing {
	at := place{to: to}
	if s.Outgoing == Verified {
		at.host = host
	}
	o := s.outgoing[at]
	if o == nil {
		o = &outgoing{place: at}
		s.outgoing[at] = o
	}
	return o
}

// session is one for the running program's mail: the client of one that is open, or
// nil when the program is to open one. Either is to be given back, by pass, free or unreached.
// host is whose address it is.
func (s *Server) session(ctx context.Context, o *outgoing, host string) (*smtp.Client, error) {
	if o.open < mostSessions {
		o.open++
		return nil, nil
	}
	t := &turn{cond: s.Host.Clock().NewCond()}
	o.waiting = append(o.waiting, t)
	for !t.come {
		if err := t.cond.Wait(ctx); err != nil {
			return nil, err // the host goes down, and with it all that waits here
		}
	}
	switch {
	case t.err != nil:
		s.decide(trace.KnownDown, host, "do not try", "another mail has just tried "+o.to.String()+": "+plainly(t.err))
	case t.client != nil:
		s.decide(trace.NextMail, host, "the session that is open", "the mail before it is through, and a session may carry several, one after the other")
	}
	return t.client, t.err
}

// give wakes the mail that has waited longest; false when none waits.
func (o *outgoing) give(t turn) bool {
	if len(o.waiting) == 0 {
		return false
	}
	next := o.waiting[0]
	o.waiting = o.waiting[1:]
	next.come, next.client, next.err = true, t.client, t.err
	next.cond.Signal()
	return true
}

// pass gives an open session to the next mail, or ends it.
func (s *Server) pass(ctx context.Context, o *outgoing, c *smtp.Client) {
	if o.give(turn{client: c}) {
		return
	}
	// What the server has answered stands, whatever comes of saying goodbye.
	_, _ = c.Quit(ctx)
	s.free(o)
}

// free gives back a session that is closed, or was not opened.
func (s *Server) free(o *outgoing) {
	if o.give(turn{}) {
		return
	}
	if o.open--; o.open == 0 {
		delete(s.outgoing, o.place)
	}
}

// unreached gives back a session that could not be opened, for a reason that holds
// for the mails that wait too (RFC 5321 §4.5.4.1).
func (s *Server) unreached(o *outgoing, err error) {
	if errors.Is(err, wire.ErrHostDown) {
		return // who waits is told that by waiting
	}
	for o.give(turn{err: err}) {
	}
	s.free(o)
}
