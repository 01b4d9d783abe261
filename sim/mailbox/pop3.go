package mailbox

import (
	"context"
	"fmt"

	"mailwalk/protocols/imap"
	"mailwalk/protocols/pop3"
)

// pop3Backend is the store as a POP3 server sees it: each account's INBOX is a
// maildrop.
type pop3Backend struct{ store *Store }

// Open implements pop3.Backend. The lock holds off other POP3 sessions. IMAP
// sessions go on, and what they remove meanwhile is still handed out to the session
// that was promised it.
func (p pop3Backend) Open(_ context.Context, user, password string) (pop3.Maildrop, error) {
	a, ok := p.store.logIn(user, password)
	if !ok {
		return nil, fmt.Errorf("%s: %w", user, pop3.ErrAuth)
	}
	if err := p.store.ready(); err != nil {
		return nil, err
	}
	if a.session != nil {
		return nil, fmt.Errorf("%s: %w", a.address, pop3.ErrInUse)
	}
	box := a.mailbox(imap.Inbox)
	d := &maildrop{account: a, validity: box.validity, messages: append([]*mail(nil), box.messages...)}
	for _, m := range d.messages {
		a.reading[m.File]++
	}
	a.session = d
	return d, nil
}

// maildrop is the INBOX as it was when a POP3 session opened it.
type maildrop struct {
	account  *account
	validity uint32
	messages []*mail
}

// Messages implements pop3.Maildrop. The unique-id is UIDVALIDITY and UID, which
// together never stand for another mail.
func (d *maildrop) Messages() []pop3.MessageInfo {
	infos := make([]pop3.MessageInfo, len(d.messages))
	for i, m := range d.messages {
		infos[i] = pop3.MessageInfo{UID: fmt.Sprintf("%d.%d", d.validity, m.uid), Size: m.Size}
		if m.Unended {
			infos[i].Size += int64(len(crlf))
		}
	}
	return infos
}

// Content implements pop3.Maildrop. What the session does next is about the mail.
func (d *maildrop) Content(_ context.Context, msg int) ([]byte, error) {
	if msg < 1 || msg > len(d.messages) {
		return nil, fmt.Errorf("%w: there is no message %d", pop3.ErrPermanent, msg)
	}
	m := d.messages[msg-1]
	d.account.about(m)
	return d.account.read(m.content)
}

// Commit implements pop3.Maildrop. What is gone already is passed over.
func (d *maildrop) Commit(ctx context.Context, deleted []int) error {
	a := d.account
	return a.update(ctx, func() ([]change, error) {
		var changes []change
		box := a.mailbox(imap.Inbox)
		for _, n := range deleted {
			if n < 1 || n > len(d.messages) {
				return nil, fmt.Errorf("%w: there is no message %d", pop3.ErrPermanent, n)
			}
			if uid := d.messages[n-1].uid; box.mail(uid) != nil {
				changes = append(changes, change{Op: opRemove, Mailbox: imap.Inbox, UID: uid})
			}
		}
		return changes, nil
	})
}

// Close implements pop3.Maildrop.
func (d *maildrop) Close() error {
	a := d.account
	if a.session != d {
		return nil
	}
	a.session = nil
	for _, m := range d.messages {
		a.reading[m.File]--
		a.dropFile(m.File)
	}
	return nil
}

// about makes a mail what the running session is about.
func (a *account) about(m *mail) {
	if m.Mail != "" {
		a.store.rec.Scope().Mail = m.Mail
	}
}
