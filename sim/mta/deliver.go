package mta

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"mailwalk/protocols/message"
	"mailwalk/protocols/smtp"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
)

// deliver puts a mail into the mailboxes of its recipients.
func (s *Server) deliver(ctx context.Context, e *entry, j *job, content []byte) error {
	returnPath, err := message.ReturnPath(e.ReversePath)
	if err != nil {
		return err
	}
	s.hop(e, "mailboxes", trace.Delivery, s.Host.Name())
	// Final delivery puts the reverse-path on top (RFC 5321 §4.4).
	content = bytes.Join([][]byte{returnPath, content}, nil)
	for _, r := range j.recipients {
		r.leg = s.Recorder.Scope().Hop
		if s.Mailboxes == nil || !s.Mailboxes.Has(r.Address) {
			r.Reply = smtp.NewReply(550, smtp.Enhanced{5, 1, 1}, "<%s>: no such mailbox here", r.Address)
			s.fail(r)
			continue
		}
		err := s.Mailboxes.Deliver(ctx, e.delivery(), r.Address, content, e.ReversePath)
		switch {
		case errors.Is(err, wire.ErrHostDown):
			return err
		case errors.Is(err, ErrDelivered):
			s.decide(trace.KnownCopy, r.Address, "leave it at one copy", "the mailbox has had this entry of the queue already: the server went down before it had noted that")
			e.inMailbox(r)
		case errors.Is(err, ErrFull):
			r.Reply = smtp.NewReply(452, smtp.Enhanced{4, 2, 2}, "<%s>: the mailbox is full", r.Address)
			s.deferred(e, r)
		case err != nil:
			r.Reply = smtp.NewReply(451, smtp.Enhanced{4, 3, 0}, "%v", err)
			s.deferred(e, r)
		default:
			e.inMailbox(r)
		}
	}
	return nil
}

// inMailbox notes that a recipient has its copy.
func (e *entry) inMailbox(r *recipient) {
	r.Reply = smtp.NewReply(250, smtp.Enhanced{2, 0, 0}, "<%s>: delivered into the mailbox", r.Address)
	e.passed(r, delivered)
}

// delivery names the delivery of an entry to a mailbox, however often it is tried.
func (e *entry) delivery() string { return fmt.Sprintf("%s.%d", e.ID, e.Arrived.Unix()) }

// hop begins a leg, or goes on with it when it was tried before.
func (s *Server) hop(e *entry, key, purpose, toward string) {
	if e.legs == nil {
		e.legs = map[string]string{}
	}
	if id, ok := e.legs[key]; ok {
		s.Recorder.ResumeHop(id)
		return
	}
	e.legs[key] = s.Recorder.NewHop(&trace.MailBody{ReversePath: e.ReversePath, Recipients: e.addresses(), Purpose: purpose, From: s.Host.Name(), Toward: toward})
}

// deferred records that a recipient has to wait.
func (s *Server) deferred(e *entry, r *recipient) {
	s.Recorder.Record(trace.Event{What: trace.Deferred, Body: &trace.MailBody{ReversePath: e.ReversePath, Recipients: []string{r.Address}, Reason: r.Reply.Error()}})
}
