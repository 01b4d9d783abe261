package mta

import (
	"context"

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
	if e.ReversePath == "" {
		s.decide(trace.GiveUp, e.ID, "drop", "a report of a mail that could not be delivered could not be delivered itself, and of such nobody is told")
	} else if err := s.inform(ctx, e, trace.Bounced, report{server: s, entry: e, about: failed, content: content}); err != nil {
		return err
	}
	for _, r := range failed {
		r.Done = true
	}
	return nil
}

// warns tells whether the sender is still to be told that a mail waits.
func (s *Server) warns(e *entry) bool {
	return e.ReversePath != "" && !e.Warned && s.Schedule.Notice >= 0 && len(e.waiting()) > 0
}

// warn tells the sender of the recipients who have waited for long, once.
func (s *Server) warn(ctx context.Context, e *entry, content []byte) error {
	e.Warned = true
	return s.inform(ctx, e, trace.Warned, report{server: s, entry: e, about: e.waiting(), delayed: true, content: content})
}

// inform puts a report into the queue, on its way to the sender of what it is
// about, and records that as a step of that mail, once for each leg.
func (s *Server) inform(ctx context.Context, e *entry, step string, r report) error {
	r.id, r.now = s.newID(), s.Host.Clock().Now()
	text := r.text()
	b := &entry{ID: r.id, Arrived: r.now, Recipients: []*recipient{{Address: e.ReversePath}}}
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
	s.process(b)
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
	return nil
}
