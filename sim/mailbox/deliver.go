package mailbox

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"mailwalk/protocols/imap"
	"mailwalk/protocols/message"
)

// Envelope is what final delivery knows of a mail besides its content.
type Envelope struct {
	// ReversePath is where the mail came from, without angle brackets; empty for
	// the null path.
	ReversePath string
	// ID names the delivery, if it is not empty. A second one of the same ID to the
	// same account fails with ErrDelivered, also when a crash came in between, and
	// whatever has become of the mail since. The last [deliveriesKept] are remembered.
	ID string
}

// deliveriesKept is how many deliveries an account knows again: many more than a mail
// server can have finished and not noted when it crashes.
const deliveriesKept = 1000

// Deliver puts a mail into the INBOX of an account and returns its UID. content is
// kept octet for octet, so the fields that final delivery puts on top, Return-Path
// above all, are the caller's to add (RFC 5321 §4.4). Its lines end in CRLF. When
// Deliver returns without error the mail is on the disk: a server may say that it
// has it. With an error it is not in the mailbox; only when the host went down
// meanwhile, it may be there after the next start.
//
// The errors are ErrNoAccount, ErrContent, ErrQuota, ErrDelivered and those of the
// disk.
func (s *Store) Deliver(ctx context.Context, address string, data []byte, env Envelope) (uid uint32, err error) {
	a := s.find(address)
	if a == nil {
		return 0, fmt.Errorf("deliver to %s: %w", address, ErrNoAccount)
	}
	mail := s.rec.MailHere()
	if mail == "" {
		mail = s.rec.MailOf(message.ParseHeader(data).Get("Message-ID"))
	}
	c := &content{Mail: mail, From: env.ReversePath, Delivery: env.ID, Date: s.host.Clock().Now()}
	_, uid, err = a.put(ctx, imap.Inbox, data, c, nil, &delivery{recipient: address, content: data})
	if err != nil {
		return 0, fmt.Errorf("deliver to %s: %w", address, err)
	}
	return uid, nil
}

// put stores a mail in a mailbox. Of c it fills in what the octets say.
func (a *account) put(ctx context.Context, mailbox string, data []byte, c *content, flags []imap.Flag, d *delivery) (validity, uid uint32, err error) {
	if err := a.store.ready(); err != nil {
		return 0, 0, err
	}
	if err := checkContent(data); err != nil {
		return 0, 0, err
	}
	if a.hasDelivery(c.Delivery) {
		return 0, 0, ErrDelivered
	}
	if c.File, err = a.newFile(ctx, data); err != nil {
		return 0, 0, err
	}
	c.Size = int64(len(data))
	c.Unended = len(data) > 0 && !bytes.HasSuffix(data, crlf)
	c.Date = c.Date.Truncate(time.Second)
	err = a.update(ctx, func() ([]change, error) {
		if a.hasDelivery(c.Delivery) { // it came meanwhile
			return nil, ErrDelivered
		}
		b := a.mailbox(mailbox)
		if b == nil {
			return nil, fmt.Errorf("%s: %w", mailbox, imap.ErrNoMailbox)
		}
		if err := b.room(1); err != nil {
			return nil, err
		}
		if left, all := a.room(); all >= 0 && c.Size > left {
			return nil, fmt.Errorf("%s: %d octets, and %d are left: %w", mailbox, c.Size, left, ErrQuota)
		}
		validity, uid = b.validity, b.next
		return []change{{Op: opAdd, Mailbox: mailbox, UID: uid, Flags: b.spell(flags), Content: c, delivery: d}}, nil
	})
	if err != nil {
		if a.broken == nil {
			a.dropFile(c.File)
		}
		return 0, 0, err
	}
	return validity, uid, nil
}

// hasDelivery tells whether a delivery with this ID was made.
func (a *account) hasDelivery(id string) bool { return id != "" && slices.Contains(a.delivered, id) }

// noteDelivery notes that one was made.
func (a *account) noteDelivery(id string) {
	if id == "" {
		return
	}
	if n := len(a.delivered) - deliveriesKept + 1; n > 0 {
		a.delivered = slices.Delete(a.delivered, 0, n)
	}
	a.delivered = append(a.delivered, id)
}

var crlf = []byte("\r\n")

// checkContent makes sure that POP3 and IMAP can hand out a content: without NUL
// (RFC 9051 §9, literal), and in lines that end in CRLF (RFC 1939 §3, RFC 5322 §2.1).
func checkContent(data []byte) error {
	for i, from := 0, 0; ; from = i + 2 {
		n := bytes.IndexAny(data[from:], "\x00\r\n")
		if n < 0 {
			return nil
		}
		i = from + n
		switch {
		case data[i] == 0:
			return fmt.Errorf("%w: NUL at octet %d", ErrContent, i)
		case !bytes.HasPrefix(data[i:], crlf):
			return fmt.Errorf("%w: a CR or LF stands alone at octet %d", ErrContent, i)
		}
	}
}

// spell is keywords.spell for a mail that is to come: what the mailbox knows does
// not change before it is there.
func (b *mailbox) spell(flags []imap.Flag) []imap.Flag {
	k := append(keywords(nil), b.keywords...)
	return k.spell(flags)
}
