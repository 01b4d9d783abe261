package mta

import (
	"context"
	"slices"

	"mailwalk/protocols/message"
	"mailwalk/sim/trace"
)

// bounce tells the sender of the recipients whose copies cannot be delivered, in
// one report (RFC 3464). Nobody is told of a report that cannot be delivered
// itself: its reverse-path is null (RFC 5321 §6.1).
func (s *Server) bounce(ctx context.Context, e *entry, content []byte) error {
	var failed []*recipient
	for _, r := range e.waiting() {
		if r.Failed {
			failed = append(failed, r)
		}
	}
	if len(failed) == 0 {
		return nil
	}
	if e.ReversePath != "" {
		return s.inform(ctx, e, trace.Bounced, report{server: s, entry: e, about: failed, content: content})
	}
	s.decide(trace.GiveUp, e.ID, "drop", "a report of a mail that could not be delivered could not be delivered itself, and of such nobody is told")
	for _, r := range failed {
		r.Done = true
	}
	return nil
}

// reported is what a report is about.
type reported struct {
	ID         string // the entry's
	Recipients []string
	Delayed    bool // it tells that they wait, and not that they are given up
}

// note notes that the sender is told of an entry, and returns of which recipients he
// was not before.
func (e *entry) note(told *reported) (news []string) {
	if told.Delayed {
		e.Warned = true
		return nil
	}
	for _, r := range e.waiting() {
		if slices.Contains(told.Recipients, r.Address) {
			r.Failed, r.Done = true, true
			news = append(news, r.Address)
		}
	}
	return news
}

// warns tells whether the sender is still to be told that a mail waits.
func (s *Server) warns(e *entry) bool {
	return e.ReversePath != "" && !e.Warned && s.Schedule.Notice >= 0 && len(e.waiting()) > 0
}

// warn tells the sender of the recipients who have waited for long, once.
func (s *Server) warn(ctx context.Context, e *entry, content []byte) error {
	return s.inform(ctx, e, trace.Warned, report{server: s, entry: e, about: e.waiting(), delayed: true, content: content})
}

// inform puts a report into the queue, on its way to the sender of what it is
// about, and records that as a step of that mail, once for each leg. The report
// leaves only when the entry says that it was made: so a crash does not make two.
func (s *Server) inform(ctx context.Context, e *entry, step string, r report) error {
	r.id, r.now = s.newID(), s.Host.Clock().Now()
	text := r.text()
	told := &reported{ID: e.ID, Delayed: r.delayed}
	for _, rcpt := range r.about {
		told.Recipients = append(told.Recipients, rcpt.Address)
	}
	b := &entry{ID: r.id, Arrived: r.now, Recipients: []*recipient{{Address: e.ReversePath}}, Report: told}
	scope := s.Recorder.Scope()
	mine := scope.IDs
	b.Mail = s.Recorder.NewMail()
	scope.Hop, scope.Queue = "", b.ID
	stored := s.Recorder.Trace().Bodies.Put(text)
	h := message.ParseHeader(text)
	messageID := h.Get("Message-ID")
	s.Recorder.KnowMail(messageID, b.Mail)
	s.Recorder.Record(trace.Event{What: trace.Composed, Body: &trace.MailBody{Recipients: b.addresses(), MessageID: messageID, Subject: h.Get("Subject"), Content: &stored}})
	if err := s.enqueue(ctx, b, text); err != nil {
		return err
	}
	scope.IDs = mine
	for about := r.about; len(about) > 0; {
		var whom []string
		var others []*recipient
		first := about[0]
		for _, rcpt := range about {
			if rcpt.leg == first.leg {
				whom = append(whom, rcpt.Address)
			} else {
				others = append(others, rcpt)
			}
		}
		scope.Hop = first.leg
		s.Recorder.Record(trace.Event{What: step, Body: &trace.MailBody{ReversePath: e.ReversePath, Recipients: whom, Reason: first.Reply.Error()}})
		about = others
	}
	scope.IDs = mine
	e.note(told)
	e.reports = append(e.reports, b)
	return s.release(ctx, e)
}

// release has the reports on an entry leave, as soon as the entry on the disk says
// that they were made.
func (s *Server) release(ctx context.Context, e *entry) error {
	if len(e.reports) == 0 {
		return nil
	}
	if err := s.save(ctx, e); err != nil {
		return err
	}
	for _, b := range e.reports {
		s.process(b)
	}
	e.reports = nil
	return nil
}
