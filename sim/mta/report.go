package mta

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"mailwalk/protocols/message"
	"mailwalk/protocols/smtp"
)

// report is a delivery status notification: a text for people, the status for
// programs, and the header of the mail (RFC 3464 §2, RFC 6522 §3).
type report struct {
	server *Server
	id     string
	now    time.Time
	entry  *entry
	about  []*recipient
	// delayed says that they are still being tried; otherwise they are given up.
	delayed bool
	content []byte // of the mail
}

// words are what a report says to people, and the action that it says to programs
// (RFC 3464 §2.3.3).
func (r report) words() (subject, text, action string) {
	if r.delayed {
		until := message.FormatDate(r.expires())
		return "Your mail is delayed", "Your mail could not be delivered yet. It is tried again until\r\n" + until + ";\r\nyou need not send it again. It waits for:", "delayed"
	}
	return "Your mail could not be delivered", "Your mail could not be delivered to:", "failed"
}

func (r report) expires() time.Time { return r.entry.Arrived.Add(r.server.Schedule.Expire) }

// text is the report as a mail.
func (r report) text() []byte {
	s, e := r.server, r.entry
	subject, words, action := r.words()
	boundary := "report-" + e.ID
	header, _ := message.Split(r.content)
	var b bytes.Buffer
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	line("From: Mail Delivery System <mailer-daemon@%s>", s.Hostname)
	line("To: <%s>", e.ReversePath)
	line("Subject: %s", subject)
	line("Date: %s", message.FormatDate(r.now))
	line("Message-ID: <%s.report@%s>", r.id, s.Hostname)
	line("Auto-Submitted: auto-replied") // RFC 3834 §5
	line("MIME-Version: 1.0")
	line("Content-Type: multipart/report; report-type=delivery-status;")
	line(" boundary=\"%s\"", boundary)
	line("")
	line("--%s", boundary)
	line("Content-Type: text/plain; charset=utf-8")
	line("")
	line("This is the mail server at %s.", s.Hostname)
	line("%s", words)
	for _, rcpt := range r.about {
		line("")
		line("<%s>", rcpt.Address)
		line("    %s", oneLine(rcpt.Reply.Error()))
	}
	line("")
	line("--%s", boundary)
	line("Content-Type: message/delivery-status")
	line("")
	line("Reporting-MTA: dns; %s", s.Hostname)
	line("Arrival-Date: %s", message.FormatDate(e.Arrived))
	for _, rcpt := range r.about {
		line("")
		line("Final-Recipient: rfc822; %s", rcpt.Address)
		line("Action: %s", action)
		line("Status: %s", status(rcpt.Reply))
		if rcpt.Server != "" {
			line("Remote-MTA: dns; %s", rcpt.Server)
			line("Diagnostic-Code: smtp; %s", oneLine(rcpt.Reply.Error()))
		}
		if r.delayed {
			line("Will-Retry-Until: %s", message.FormatDate(r.expires()))
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
