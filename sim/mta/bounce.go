package mta

import (
	"context"

	"mailwalk/protocols/message"
	"mailwalk/protocols/smtp"
	"mailwalk/sim/trace"
)

// bounce tells the sender of the recipients whose copies cannot be delivered, in
// one report (RFC 3464). Nobody is sent a report of a report: its reverse-path is
// null (RFC 5321 §6.1).
func (s *Server) bounce(ctx context.Context, e *entry, content []byte) error {
	var all, told []*recipient
	for _, r := range e.waiting() {
		if !r.Failed {
			continue
		}
		all = append(all, r)
		if e.ReversePath == "" || r.wants(smtp.NotifyFailure) {
			told = append(told, r)
		} else {
			s.decide(trace.NoReport, r.Address, "no report", "the sender has asked not to be told of failures: NOTIFY="+r.Notify.String())
		}
	}
	if len(told) > 0 {
		tell := s.report
		if e.ReversePath == "" {
			tell = s.notice
		}
		if err := tell(ctx, e, trace.Bounced, failed, told, content); err != nil {
			return err
		}
	}
	for _, r := range all {
		r.Done = true
	}
	return nil
}

// reported is what a report is about.
type reported struct {
	ID         string // the entry's
	Recipients []outcome
	Delayed    bool // it tells that they wait, and nothing else
}

// outcome is what a report says of a recipient.
type outcome struct {
	Address string
	Action  action
}

// note notes that the sender is told of an entry, and returns of which recipients he
// was not before.
func (e *entry) note(told *reported) (news []string) {
	if told.Delayed {
		e.Warned = true
		return nil
	}
	for _, r := range e.waiting() {
		for _, o := range told.Recipients {
			if o.Address == r.Address && (o.Action == expanded) == (r.Passed == expanded) {
				r.Failed, r.Done = o.Action == failed, true
				news = append(news, r.Address)
				break
			}
		}
	}
	return news
}

// notice tells this server's postmaster of recipients of a mail whose sender may not
// be told (RFC 3461 §5.2). Of a notice nobody is told.
func (s *Server) notice(ctx context.Context, e *entry, _ string, did action, about []*recipient, content []byte) error {
	switch {
	case e.Notice:
		s.decide(trace.NoReport, e.ID, "drop", "it was itself the notice of a report that could not be delivered, and of such nobody is told")
		return nil
	case s.Postmaster == "":
		s.decide(trace.NoReport, e.ID, "drop", "its reverse-path is null, so there is no sender to tell, and this server has no postmaster")
		return nil
	}
	return s.inform(ctx, e, trace.Undeliverable, report{server: s, entry: e, to: s.Postmaster, about: about, action: did, content: content})
}

// confirm tells the sender of the recipients of whose success he has asked to be
// told.
func (s *Server) confirm(ctx context.Context, e *entry, content []byte) error {
	var about []*recipient
	for _, r := range e.waiting() {
		if r.Passed != "" {
			about = append(about, r)
		}
	}
	if len(about) == 0 {
		return nil
	}
	return s.report(ctx, e, trace.Confirmed, "", about, content)
}

// late are the recipients who wait.
func (e *entry) late() []*recipient {
	var all []*recipient
	for _, r := range e.waiting() {
		if !r.over() {
			all = append(all, r)
		}
	}
	return all
}

// warns tells whether the sender is still to be told that a mail waits.
func (s *Server) warns(e *entry) bool {
	return e.ReversePath != "" && !e.Warned && s.Schedule.Notice >= 0 && len(e.late()) > 0
}

// warn tells the sender of the recipients who have waited for long, once.
func (s *Server) warn(ctx context.Context, e *entry, content []byte) error {
	e.Warned = true
	var told []*recipient
	for _, r := range e.late() {
		if r.wants(smtp.NotifyDelay) {
			told = append(told, r)
		} else {
			s.decide(trace.NoReport, r.Address, "no report", "the sender has not asked to be told of delays: NOTIFY="+r.Notify.String())
		}
	}
	if len(told) == 0 {
		return nil
	}
	return s.report(ctx, e, trace.Warned, delayed, told, content)
}

// report sends one to the sender. An empty action is that of each recipient.
func (s *Server) report(ctx context.Context, e *entry, step string, did action, about []*recipient, content []byte) error {
	return s.inform(ctx, e, step, report{server: s, entry: e, to: e.ReversePath, about: about, action: did, content: content})
}

// inform puts a report into the queue, and records that as a step of the mail that
// it is about, once for each leg. The report leaves only when the entry says that it
// was made: so a crash does not make two.
func (s *Server) inform(ctx context.Context, e *entry, step string, r report) error {
	r.id, r.now = s.newID(), s.Host.Clock().Now()
	text := r.text()
	told := &reported{ID: e.ID, Delayed: r.action == delayed}
	for _, rcpt := range r.about {
		told.Recipients = append(told.Recipients, outcome{rcpt.Address, r.of(rcpt)})
	}
	b := &entry{
		ID: r.id, Arrived: r.now, Recipients: []*recipient{{Address: r.to}}, UTF8: !isASCII(r.to),
		Notice: step == trace.Undeliverable, Report: told,
	}
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
	toward := ""
	if step == trace.Undeliverable {
		toward = r.to
	}
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
		s.Recorder.Record(trace.Event{What: step, Body: &trace.MailBody{ReversePath: e.ReversePath, Recipients: whom, Toward: toward, Reason: first.Reply.Error()}})
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
