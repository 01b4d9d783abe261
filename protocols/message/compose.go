package message

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Draft is what a person and a mail program give to make a mail.
type Draft struct {
	// From is the author; if there are more than one, Sender must name who sends
	// (RFC 5322 §3.6.2).
	From   []Address
	Sender Address
	// To, Cc and Bcc are the recipients (RFC 5322 §3.6.3). Bcc is never written into
	// the mail: see [Draft.Recipients].
	To, Cc, Bcc []Address
	// Subject is one line of UTF-8. An empty one leaves the field out.
	Subject string
	// Text is UTF-8 with any line ends.
	Text        string
	Attachments []Attachment
	// Date must be set; the zone it is in is the zone that is written.
	Date time.Time
	// MessageID is <left@domain>; see the function [MessageID]. Without it the
	// field is left out, and the submission server adds it (RFC 6409 §8.3).
	MessageID string
	// InReplyTo is the Message-ID of the mail that this one answers, and References
	// those of the thread before it, the oldest first (RFC 5322 §3.6.4).
	InReplyTo  string
	References []string
	// MailProgram, if set, goes into User-Agent (RFC 5536 §3.2.13, which mail
	// programs took over from Netnews).
	MailProgram string
	// Extra are further fields, in this order, after the usual ones. Fields that the
	// draft has its own place for are refused.
	Extra []ExtraField
	// Boundary gives the nth try, from 0, at a boundary for a mail with attachments.
	// Nil gives boundaries that are the same in every mail.
	Boundary func(n int) string
}

// ExtraField is a header field to be written as it is, but for folding and
// encoded-words.
type ExtraField struct{ Name, Value string }

// Attachment is a file that goes with a mail.
type Attachment struct {
	// Name is the name of the file, without directories.
	Name string
	// Type is its media type; empty means [TypeByName].
	Type    string
	Content []byte
}

// Recipients are whom the mail goes to, for the envelope: To, Cc and Bcc, each
// mailbox once, without names.
func (d *Draft) Recipients() []Address {
	var list []Address
	seen := map[Address]bool{}
	for _, a := range [][]Address{d.To, d.Cc, d.Bcc} {
		for _, a := range a {
			// RFC 5321 §2.4: domains are the same whatever the case, local parts may
			// not be.
			key := Address{Local: a.Local, Domain: strings.ToLower(a.Domain)}
			if !seen[key] {
				seen[key] = true
				list = append(list, Address{Local: a.Local, Domain: a.Domain})
			}
		}
	}
	return list
}

// Compose writes the mail (RFC 5322, and MIME where it is needed). The result is
// canonical, as [Canonicalize] has it, and the same for the same draft.
//
// The text is text/plain in UTF-8: in 7bit where it is ASCII with lines of at
// most 998 octets, else in quoted-printable, which any server passes on and a
// person can still read in a trace. Attachments go in base64, except for a mail,
// which may not be encoded (RFC 2046 §5.2.1). Octets above 127 can stand in the
// mail only where an address, or a mail that is attached, has them.
func Compose(d Draft) ([]byte, error) {
	text, err := newTextEntity(d.Text)
	if err != nil {
		return nil, fmt.Errorf("compose: text: %w", err)
	}
	var b bytes.Buffer
	if err := d.writeHeader(&b); err != nil {
		return nil, fmt.Errorf("compose: %w", err)
	}
	if len(d.Attachments) == 0 {
		text.write(&b)
		return b.Bytes(), nil
	}
	entities := make([]entity, 0, 1+len(d.Attachments))
	if d.Text != "" {
		entities = append(entities, text)
	}
	for i, a := range d.Attachments {
		e, err := newAttachmentEntity(a)
		if err != nil {
			return nil, fmt.Errorf("compose: attachment %d (%q): %w", i+1, clip(a.Name), err)
		}
		entities = append(entities, e)
	}
	boundary, err := chooseBoundary(d.Boundary, entities)
	if err != nil {
		return nil, fmt.Errorf("compose: %w", err)
	}
	size := b.Len()
	for _, e := range entities {
		size += e.size() + len(boundary) + 16
	}
	b.Grow(size)
	writeMultipart(&b, boundary, entities)
	return b.Bytes(), nil
}

// writeHeader writes the fields that are not MIME's, and MIME-Version.
func (d *Draft) writeHeader(b *bytes.Buffer) error {
	if err := d.writePeople(b); err != nil {
		return err
	}
	if err := checkText("Subject", d.Subject); err != nil {
		return err
	}
	if d.Subject != "" {
		b.WriteString(foldField("Subject", encodeText(d.Subject)))
	}
	// RFC 5322 §3.6: only Date and From must be there.
	if y := d.Date.Year(); d.Date.IsZero() || y < 1900 || y > 9999 {
		return errors.New("field Date: it is not set, or cannot be written (RFC 5322 §3.3)")
	}
	b.WriteString(foldField("Date", FormatDate(d.Date)))
	if err := d.writeThread(b); err != nil {
		return err
	}
	if err := checkText("User-Agent", d.MailProgram); err != nil {
		return err
	}
	if d.MailProgram != "" {
		b.WriteString(foldField("User-Agent", encodeText(d.MailProgram)))
	}
	for _, f := range d.Extra {
		switch {
		case !validFieldName(f.Name) || len(f.Name) > foldAt:
			return fmt.Errorf("extra field %q: that is no name of a field", clip(f.Name))
		case isOwnField(f.Name):
			return fmt.Errorf("extra field %s: the draft has another place for it", f.Name)
		}
		if err := checkText(f.Name, f.Value); err != nil {
			return err
		}
		b.WriteString(foldField(f.Name, encodeText(f.Value)))
	}
	b.WriteString("MIME-Version: 1.0\r\n") // RFC 2045 §4
	return nil
}

func (d *Draft) writePeople(b *bytes.Buffer) error {
	switch {
	case len(d.From) == 0:
		return errors.New("field From: there is no author (RFC 5322 §3.6.2)")
	case len(d.From) > 1 && d.Sender.IsZero():
		return errors.New("field Sender: with more than one author it must be said who sends (RFC 5322 §3.6.2)")
	}
	var sender []Address
	if !d.Sender.IsZero() {
		sender = []Address{d.Sender}
	}
	for _, f := range []struct {
		name string
		list []Address
	}{{"From", d.From}, {"Sender", sender}, {"To", d.To}, {"Cc", d.Cc}} {
		if err := checkAddresses(f.name, f.list); err != nil {
			return err
		}
		if len(f.list) > 0 {
			b.WriteString(foldPieces(f.name, addressPieces(f.list)))
		}
	}
	return checkAddresses("Bcc", d.Bcc)
}

func checkAddresses(field string, list []Address) error {
	for _, a := range list {
		if err := a.check(); err != nil {
			return fmt.Errorf("%s: %w", field, err)
		}
	}
	return nil
}

// addressPieces keeps each address on one line where it fits (RFC 5322 §2.2.3:
// fold at the higher-level breaks first).
func addressPieces(list []Address) []string {
	var pieces []string
	for i, a := range list {
		text := a.headerText()
		if i < len(list)-1 {
			text += ","
		}
		if len(text) < foldAt {
			pieces = append(pieces, " "+text)
		} else {
			pieces = append(pieces, cutAtSpaces(text)...)
		}
	}
	return pieces
}

// writeThread writes what ties the mail to others (RFC 5322 §3.6.4).
func (d *Draft) writeThread(b *bytes.Buffer) error {
	for _, f := range []struct {
		name string
		ids  []string
	}{{"Message-ID", optional(d.MessageID)}, {"In-Reply-To", optional(d.InReplyTo)}, {"References", d.References}} {
		for _, id := range f.ids {
			if err := checkID(id); err != nil {
				return fmt.Errorf("%s: %w", f.name, err)
			}
		}
		if len(f.ids) > 0 {
			b.WriteString(foldField(f.name, strings.Join(f.ids, " ")))
		}
	}
	return nil
}

func optional(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// checkText refuses what would begin a new header field, or cannot be encoded.
func checkText(field, s string) error {
	switch {
	case strings.ContainsAny(s, "\r\n\x00"):
		return fmt.Errorf("%s: a line break or a NUL may not stand in it", field)
	case !utf8.ValidString(s):
		return fmt.Errorf("%s: it is not valid UTF-8", field)
	}
	return nil
}

// isOwnField tells whether Compose writes the field itself, or must not.
func isOwnField(name string) bool {
	switch strings.ToLower(name) {
	case "from", "sender", "to", "cc", "bcc", "resent-bcc", "subject", "date", "message-id",
		"in-reply-to", "references", "user-agent", "mime-version":
		return true
	}
	_, mime := cutPrefixFold(name, "Content-")
	return mime
}
