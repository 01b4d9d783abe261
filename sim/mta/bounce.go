package mta

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"mailwalk/protocols/message"
	"mailwalk/protocols/smtp"
	"mailwalk/sim/trace"
)

// bounce tells the sender of the recipients whose copies cannot be delivered, in
// one report (RFC 3464). Nobody is told of a report that cannot be delivered
// itself: its reverse-path is null (RFC 5321 §6.1).
func (s *Server) bounce(ctx context.Context, e *entry, content []byte) error {
	var failed []*recipient
	for _, r := range e.waiting() {
		if r.failed {
			failed = append(failed, r)
		}
	}
	if len(failed) == 0 {
		return nil
	}
	var lost []string
	for _, r := range failed {
		lost = append(lost, r.Address)
	}
	if e.ReversePath == "" {
		s.decide(trace.GiveUp, e.ID, "drop", "a report of a mail that could not be delivered could not be delivered itself, and of such nobody is told")
	} else {
		report := s.report(e, failed, content)
		id := s.newID()
		b := &entry{ID: id, Arrived: s.Host.Clock().Now(), Recipients: []*recipient{{Address: e.ReversePath}}}
		scope := s.Recorder.Scope()
		mine := scope.IDs
		b.Mail = s.Recorder.NewMail()
		scope.Hop, scope.Queue = "", id
		stored := s.Recorder.Trace().Bodies.Put(report)
		h := message.ParseHeader(report)
		messageID := h.Get("Message-ID")
		s.Recorder.KnowMail(messageID, b.Mail)
		s.Recorder.Record(trace.Event{What: trace.Composed, Body: &trace.MailBody{Recipients: b.addresses(), MessageID: messageID, Subject: h.Get("Subject"), Content: &stored}})
		err := s.enqueue(ctx, b, report)
		if err != nil {
			return err
		}
		s.process(b)
		scope.IDs = mine
		s.Recorder.Record(trace.Event{What: trace.Bounced, Body: &trace.MailBody{ReversePath: e.ReversePath, Recipients: lost, Reason: failed[0].reply.Error()}})
	}
	for _, r := range failed {
		r.Done = true
	}
	return nil
}

// report is a delivery status notification: a text for people, the status for
// programs, and the header of the mail (RFC 3464 §2, RFC 6522 §3).
func (s *Server) report(e *entry, failed []*recipient, content []byte) []byte {
	now := s.Host.Clock().Now()
	boundary := "report-" + e.ID
	header, _ := message.Split(content)
	var b bytes.Buffer
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	line("From: Mail Delivery System <mailer-daemon@%s>", s.Hostname)
	line("To: <%s>", e.ReversePath)
	line("Subject: Your mail could not be delivered")
	line("Date: %s", message.FormatDate(now))
	line("Message-ID: <%s.report@%s>", e.ID, s.Hostname)
	line("Auto-Submitted: auto-replied") // RFC 3834 §5
	line("MIME-Version: 1.0")
	line("Content-Type: multipart/report; report-type=delivery-status;")
	line(" boundary=\"%s\"", boundary)
	line("")
	line("--%s", boundary)
	line("Content-Type: text/plain; charset=utf-8")
	line("")
	line("This is the mail server at %s.", s.Hostname)
	line("Your mail could not be delivered to:")
	for _, r := range failed {
		line("")
		line("<%s>", r.Address)
		line("    %s", oneLine(r.reply.Error()))
	}
	line("")
	line("--%s", boundary)
	line("Content-Type: message/delivery-status")
	line("")
	line("Reporting-MTA: dns; %s", s.Hostname)
	line("Arrival-Date: %s", message.FormatDate(e.Arrived))
	for _, r := range failed {
		line("")
		line("Final-Recipient: rfc822; %s", r.Address)
		line("Action: failed")
		line("Status: %s", status(r.reply))
		if r.server != "" {
			line("Remote-MTA: dns; %s", r.server)
			line("Diagnostic-Code: smtp; %s", oneLine(r.reply.Error()))
		}
	}
	line("")
	line("--%s", boundary)
	line("Content-Type: text/rfc822-headers")
	line("")
	b.Write(header)
	if !bytes.HasSuffix(header, []byte("\r\n\r\n")) {
		line("")
	}
	line("--%s--", boundary)
	return b.Bytes()
}

// status is a reply's enhanced code, or the class alone (RFC 3464 §2.3.4, RFC 3463
// §2).
func status(r *smtp.Reply) string {
	if !r.Enhanced.IsZero() {
		return r.Enhanced.String()
	}
	return fmt.Sprintf("%d.0.0", r.Code/100)
}

// oneLine has no line ends, so that nothing a server said becomes a header field.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
