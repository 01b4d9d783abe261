package mua

import (
	"context"

	"mailwalk/protocols/message"
	"mailwalk/protocols/pop3"
	"mailwalk/sim/trace"
)

// FetchPOP3 downloads the mails that the device has not seen. Unless keep is set,
// it has the server delete what it has downloaded.
func (p *Program) FetchPOP3(ctx context.Context, keep bool) error {
	return p.withMaildrop(ctx, func(c *pop3.Client) error { return p.download(ctx, c, keep) })
}

// DeletePOP3 has the server delete the mail of a Message-ID, or all without one.
// POP3 cannot search: the header of each is looked at (RFC 1939 §7, TOP).
func (p *Program) DeletePOP3(ctx context.Context, messageID string) error {
	return p.withMaildrop(ctx, func(c *pop3.Client) error {
		list, err := c.List(ctx)
		if err != nil {
			return err
		}
		found := 0
		for _, m := range list {
			header, err := c.Top(ctx, m.Message, 0)
			if err != nil {
				return err
			}
			if !matches(header, messageID) {
				continue
			}
			found++
			if err := c.Dele(ctx, m.Message); err != nil {
				return err
			}
		}
		if found == 0 {
			p.noneFound("INBOX", 0)
		}
		return nil
	})
}

// withMaildrop logs in, and says goodbye after.
func (p *Program) withMaildrop(ctx context.Context, do func(c *pop3.Client) error) error {
	p.begin()
	rec := p.Recorder
	rec.NewHop(&trace.MailBody{Recipients: []string{p.Address}, Mailbox: p.Address + "/INBOX", Purpose: trace.Retrieval, From: p.Mailbox, Toward: p.Host.Name()})
	nc, s, hooks, err := p.dial(ctx, p.Mailbox, p.port(p.Mailbox, pop3Port, pop3sPort))
	if err != nil {
		return err
	}
	c, err := pop3.NewClient(ctx, nc, &pop3.ClientOptions{Hooks: &pop3.Hooks{Hooks: *hooks, TLS: s.hooks()}, ImplicitTLS: s.implicit(), AllowCleartext: p.AllowCleartext, Now: p.Host.Clock().Now})
	if err != nil {
		return err
	}
	defer c.Close()
	if err := s.upgradePOP3(ctx, c); err != nil {
		return err
	}
	if err := p.logIn(p.Mailbox, func(password string) error { return c.Login(ctx, p.Address, password) }); err != nil {
		return err
	}
	if err := do(c); err != nil {
		return err
	}
	return c.Quit(ctx)
}

func (p *Program) download(ctx context.Context, c *pop3.Client, keep bool) error {
	ids, err := c.UIDL(ctx)
	if err != nil {
		return err
	}
	fetched := 0
	for _, id := range ids {
		if p.seen[id.UID] {
			continue
		}
		content, err := c.Retr(ctx, id.Message)
		if err != nil {
			return err
		}
		p.seen[id.UID] = true
		fetched++
		p.got(content, p.Address+"/INBOX", 0)
		if keep {
			continue
		}
		if err := c.Dele(ctx, id.Message); err != nil {
			return err
		}
	}
	if fetched == 0 {
		p.noneFound("INBOX", len(ids))
	}
	return nil
}

// got records that the device has a copy of a mail, and from now on is about it.
func (p *Program) got(content []byte, mailbox string, uid uint32) {
	rec := p.Recorder
	header := message.ParseHeader(content)
	id := p.Identify(content)
	rec.Scope().Mail = id
	stored := rec.Trace().Bodies.Put(content)
	rec.Record(trace.Event{What: trace.Fetched, Body: &trace.MailBody{
		Recipients: []string{p.Address}, MessageID: header.Get("Message-ID"), Subject: header.Get("Subject"),
		Content: &stored, Mailbox: mailbox, UID: uid,
	}})
	p.Arrived(id, content)
}

// noneFound records that the device looked and found nothing new.
func (p *Program) noneFound(mailbox string, there int) {
	reason := "the mailbox is empty"
	if there > 0 {
		reason = "the device has fetched before all that is there"
	}
	p.Recorder.Record(trace.Event{What: trace.NoneFound, Body: &trace.MailBody{Recipients: []string{p.Address}, Mailbox: p.Address + "/" + mailbox, Reason: reason}})
}
