package mua

import (
	"context"
	"errors"
	"fmt"

	"mailwalk/protocols/imap"
	"mailwalk/protocols/message"
	"mailwalk/sim/trace"
)

// ErrCleartext says that a password was not sent over a connection that is not
// encrypted.
var ErrCleartext = errors.New("no password over a connection that is not encrypted")

// whole is a message with its header.
var whole = imap.Section{}

// newest stands for the highest number in use, "*".
const newest = 0

// FetchIMAP downloads copies of what the device has not seen of a mailbox. The
// mails and what is known of them stay on the server.
func (p *Program) FetchIMAP(ctx context.Context, mailbox string) error {
	return p.withMailbox(ctx, mailbox, func(c *imap.Client, box *imap.SelectedMailbox) error {
		known := p.folders[mailbox]
		if known == nil || known.validity != box.UIDValidity {
			// Other UIDs stand for other mails (RFC 9051 §2.3.1.1).
			known = &folder{validity: box.UIDValidity}
			p.folders[mailbox] = known
		}
		if box.Exists == 0 || box.UIDNext != 0 && known.last+1 >= box.UIDNext {
			p.noneFound(mailbox, int(box.Exists))
			return nil
		}
		list, err := c.UIDFetch(ctx, imap.Span(known.last+1, newest), imap.FetchItems{Flags: true, Envelope: true, Size: true})
		if err != nil {
			return err
		}
		for _, m := range list {
			if m.UID <= known.last { // "n:*" always names the last mail (RFC 9051 §6.4.9)
				continue
			}
			if err := p.download1(ctx, c, mailbox, m.UID, false); err != nil {
				return err
			}
			known.last = m.UID
		}
		return nil
	})
}

// download1 fetches one mail whole. Opening it marks it as seen; a look does not.
func (p *Program) download1(ctx context.Context, c *imap.Client, mailbox string, uid uint32, open bool) error {
	got, err := c.UIDFetch(ctx, imap.Nums(uid), imap.FetchItems{Flags: true, Sections: []imap.Section{whole}, MarkSeen: open})
	if err != nil {
		return err
	}
	for _, m := range got {
		if content, ok := m.Section(whole); ok && m.UID == uid {
			p.got(content, p.Address+"/"+mailbox, uid)
			return nil
		}
	}
	return fmt.Errorf("mail with the UID %d is not in %s any more", uid, mailbox)
}

// ReadIMAP opens a mail in its mailbox, or all that are there, which marks them
// as seen.
func (p *Program) ReadIMAP(ctx context.Context, mailbox, messageID string) error {
	return p.withMails(ctx, mailbox, messageID, func(c *imap.Client, uids []uint32) error {
		for _, uid := range uids {
			if err := p.download1(ctx, c, mailbox, uid, true); err != nil {
				return err
			}
		}
		return nil
	})
}

// FlagIMAP sets flags on a mail in its mailbox, or on all that are there.
func (p *Program) FlagIMAP(ctx context.Context, mailbox, messageID string, flags []string) error {
	var set []imap.Flag
	for _, f := range flags {
		set = append(set, imap.Flag(f))
	}
	return p.withMails(ctx, mailbox, messageID, func(c *imap.Client, uids []uint32) error {
		_, err := c.UIDStore(ctx, imap.Nums(uids...), imap.FlagsAdd, set, false)
		return err
	})
}

// DeleteIMAP takes a mail, or all that are there, out of a mailbox: marked first,
// then removed.
func (p *Program) DeleteIMAP(ctx context.Context, mailbox, messageID string) error {
	return p.withMails(ctx, mailbox, messageID, func(c *imap.Client, uids []uint32) error {
		if _, err := c.UIDStore(ctx, imap.Nums(uids...), imap.FlagsAdd, []imap.Flag{`\Deleted`}, false); err != nil {
			return err
		}
		return c.UIDExpunge(ctx, imap.Nums(uids...))
	})
}

// withMails finds the mails of a Message-ID, or all without one.
func (p *Program) withMails(ctx context.Context, mailbox, messageID string, do func(c *imap.Client, uids []uint32) error) error {
	return p.withMailbox(ctx, mailbox, func(c *imap.Client, box *imap.SelectedMailbox) error {
		key := imap.SearchKey{Op: "ALL"}
		if messageID != "" {
			key = imap.SearchKey{Op: "HEADER", Field: "Message-ID", Text: messageID}
		}
		uids, err := c.UIDSearch(ctx, key)
		if err != nil {
			return err
		}
		if len(uids) == 0 {
			p.noneFound(mailbox, 0)
			return nil
		}
		p.Recorder.Scope().Mail = p.Recorder.MailOf(messageID)
		return do(c, uids)
	})
}

// withMailbox logs in, selects a mailbox, and logs out after.
func (p *Program) withMailbox(ctx context.Context, mailbox string, do func(c *imap.Client, box *imap.SelectedMailbox) error) error {
	p.begin()
	p.Recorder.NewHop(&trace.MailBody{Recipients: []string{p.Address}, Mailbox: p.Address + "/" + mailbox, Purpose: trace.Retrieval, From: p.Mailbox, Toward: p.Host.Name()})
	if p.Security == InClear && !p.AllowCleartext {
		return ErrCleartext
	}
	nc, s, hooks, err := p.dial(ctx, p.Mailbox, p.port(p.Mailbox, imapPort, imapsPort))
	if err != nil {
		return err
	}
	c, err := imap.Connect(ctx, nc, imap.ClientOptions{Hooks: &imap.Hooks{Hooks: *hooks, TLS: s.hooks()}, ImplicitTLS: s.implicit(), Now: p.Host.Clock().Now})
	if err != nil {
		return errors.Join(err, nc.Close())
	}
	defer c.Disconnect()
	if err := s.upgradeIMAP(ctx, c); err != nil {
		return err
	}
	if err := p.logIn(p.Mailbox, func(password string) error { return c.Login(ctx, p.Address, password) }); err != nil {
		return err
	}
	box, err := c.Select(ctx, mailbox)
	if err != nil {
		return err
	}
	if err := do(c, box); err != nil {
		return err
	}
	return c.Logout(ctx)
}

// matches tells whether a content is the mail of a Message-ID; any is, without
// one.
func matches(content []byte, messageID string) bool {
	return messageID == "" || message.ParseHeader(content).Get("Message-ID") == messageID
}
