package mta

import (
	"bytes"
	"fmt"
	"mime/quotedprintable"
	"strings"
	"time"

	"mailwalk/protocols/message"
	"mailwalk/protocols/smtp"
)

// maxReturned is the largest mail in octets that a report returns whole (RFC 3461
// §6.2).
const maxReturned = 1 << 20

// report is a delivery status notification: a text for people, the status for
// programs, and the header of the mail or all of it (RFC 3464 §2, RFC 6522 §3).
type report struct {
	server *Server
	id     string
	now    time.Time
	entry  *entry
	to     string // the sender, or the postmaster
	about  []*recipient
	// action is what has become of all of them; empty if each has its own.
	action  action
	content []byte // of the mail
}

// of is what has become of a recipient.
func (r report) of(rcpt *recipient) action {
	if r.action != "" {
		return r.action
	}
	return rcpt.Passed
}

// words are what a report says to people.
func (r report) words() (subject, text string) {
	switch {
	case r.action == delayed:
		until := message.FormatDate(r.expires())
		return "Your mail is delayed", "Your mail could not be delivered yet. It is tried again until\r\n" + until + ";\r\nyou need not send it again. It waits for:"
	case r.action == failed && r.entry.ReversePath == "":
		return "A mail without a sender could not be delivered",
			"A mail with the null reverse-path, as reports have it, could not be\r\ndelivered. Its sender may not be told, so you are, as the postmaster. It\r\nwas for:"
	case r.action == failed:
		return "Your mail could not be delivered", "Your mail could not be delivered to:"
	}
	subject = "Your mail was delivered"
	for _, rcpt := range r.about {
		if rcpt.Passed != delivered {
			subject = "Your mail was handed on"
		}
	}
	return subject, "You have asked to be told what becomes of your mail:"
}

// line is what a report says to people of one recipient.
func (r report) line(rcpt *recipient) string {
	switch r.of(rcpt) {
	case delivered:
		return "It lies in the mailbox. Whether it is read this report cannot say."
	case relayed:
		return "It was handed on to " + rcpt.Server + ", which will not report when it is delivered."
	case expanded:
		return "It was handed on to the addresses that this one stands for."
	}
	return oneLine(rcpt.Reply.Error())
}

func (r report) expires() time.Time { return r.entry.Arrived.Add(r.server.Schedule.Expire) }

// text is the report as a mail.
func (r report) text() []byte {
	s := r.server
	subject, words := r.words()
	boundary := "report-" + r.entry.ID
	var b bytes.Buffer
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	whole := r.returnsAll()
	line("From: Mail Delivery System <postmaster@%s>", s.Hostname)
	line("To: <%s>", r.to)
	line("Subject: %s", subject)
	line("Date: %s", message.FormatDate(r.now))
	line("Message-ID: <%s.report@%s>", r.id, s.Hostname)
	line("Auto-Submitted: auto-replied") // RFC 3834 §5
	line("MIME-Version: 1.0")
	line("Content-Type: multipart/report; report-type=delivery-status;")
	line(" boundary=\"%s\"", boundary)
	if whole && is8Bit(r.content) {
		line("Content-Transfer-Encoding: 8bit")
	}
	line("")
	line("--%s", boundary)
	r.forPeople(&b, words)
	line("")
	line("--%s", boundary)
	line("Content-Type: message/delivery-status")
	line("")
	r.forPrograms(line)
	line("")
	line("--%s", boundary)
	r.returned(&b, whole)
	line("--%s--", boundary)
	return b.Bytes()
}

// forPeople writes the first part.
func (r report) forPeople(b *bytes.Buffer, words string) {
	var text strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&text, format+"\r\n", args...) }
	line("This is the mail server at %s.", r.server.Hostname)
	line("%s", words)
	for _, rcpt := range r.about {
		line("")
		line("<%s>", rcpt.Address)
		line("    %s", r.line(rcpt))
	}
	b.WriteString("Content-Type: text/plain; charset=utf-8\r\n")
	body := []byte(text.String())
	if is8Bit(body) {
		b.WriteString("Content-Transfer-Encoding: quoted-printable\r\n")
		body = quoted(body)
	}
	b.WriteString("\r\n")
	b.Write(body)
}

// forPrograms writes the second part: fields of the mail, and of each recipient (RFC
// 3464 §2.2 and §2.3).
func (r report) forPrograms(line func(string, ...any)) {
	e := r.entry
	if e.EnvID != "" {
		line("Original-Envelope-Id: %s", e.EnvID)
	}
	line("Reporting-MTA: dns; %s", r.server.Hostname)
	line("Arrival-Date: %s", message.FormatDate(e.Arrived))
	for _, rcpt := range r.about {
		did := r.of(rcpt)
		line("")
		if rcpt.ORcpt.Type != "" {
			line("Original-Recipient: %s; %s", rcpt.ORcpt.Type, rcpt.ORcpt.Address)
		}
		final := smtp.OriginalRecipientOf(rcpt.Address)
		line("Final-Recipient: %s; %s", final.Type, final.Address)
		line("Action: %s", did)
		line("Status: %s", status(rcpt.Reply))
		if rcpt.Server != "" {
			line("Remote-MTA: dns; %s", rcpt.Server)
			// The reply as it was said (RFC 3461 §9.2).
			line("Diagnostic-Code: smtp; %s", strings.Join(rcpt.Reply.Wire(), "\r\n "))
		}
		if did == delayed {
			line("Will-Retry-Until: %s", message.FormatDate(r.expires()))
		}
	}
}

// returnsAll tells whether the third part is the whole mail: in reports of failures,
// where the sender has asked for it (RFC 3461 §6.2). A header beyond ASCII would need
// SMTPUTF8 on the way back, so such a mail is not returned whole.
func (r report) returnsAll() bool {
	header, _ := message.Split(r.content)
	return r.action == failed && r.entry.Ret == smtp.RetFull && len(r.content) <= maxReturned && !is8Bit(header) && r.entry.Body == ""
}

// returned writes the third part.
func (r report) returned(b *bytes.Buffer, whole bool) {
	header, _ := message.Split(r.content)
	switch {
	case whole:
		b.WriteString("Content-Type: message/rfc822\r\n")
		if is8Bit(r.content) {
			b.WriteString("Content-Transfer-Encoding: 8bit\r\n")
		}
		header = r.content
	case is8Bit(header):
		// RFC 6533 §4.3: what has to pass where there is no 8-bit way may be encoded.
		b.WriteString("Content-Type: message/global-headers\r\nContent-Transfer-Encoding: quoted-printable\r\n")
		header = quoted(header)
	default:
		b.WriteString("Content-Type: text/rfc822-headers\r\n")
	}
	b.WriteString("\r\n")
	b.Write(header)
	if !bytes.HasSuffix(header, []byte("\r\n\r\n")) {
		b.WriteString("\r\n")
	}
}

// quoted is a text in quoted-printable (RFC 2045 §6.7).
func quoted(text []byte) []byte {
	var b bytes.Buffer
	w := quotedprintable.NewWriter(&b)
	// A buffer takes all that is written.
	_, _ = w.Write(text)
	_ = w.Close()
	return b.Bytes()
}

func is8Bit(b []byte) bool { return !isASCII(string(b)) }

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
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
