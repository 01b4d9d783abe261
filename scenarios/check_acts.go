package scenarios

import (
	"fmt"
	"slices"
	"strings"
)

func (c *checker) acts() {
	sent := map[string]bool{}
	for i, a := range c.s.Acts {
		field := fmt.Sprintf("acts[%d]", i)
		c.anchor(field, &a.Anchor)
		c.act(field, a)
		if a.Does == SendMail {
			sent[a.Mail] = true
		}
	}
	for _, m := range c.s.Mails {
		if !sent[m.ID] {
			c.warn(join("mails", m.ID), "write {who: …, does: send, mail: "+m.ID+"} under acts", "nobody sends it")
		}
	}
}

func (c *checker) act(field string, a *Act) {
	if a.Mail != "" && c.s.Mail(a.Mail) == nil {
		c.fail(field+".mail", meant(a.Mail, keys(c.s.Mails)), "there is no mail %s", a.Mail)
	}
	c.fitting(field, a)
	p := c.s.Person(a.Who)
	if p == nil {
		c.fail(field+".who", meant(a.Who, keys(c.s.People)), "there is no person %s", a.Who)
		return
	}
	d := c.deviceOf(field, a, p)
	if d == nil || c.faulty[p] {
		return
	}
	if a.Does == SendMail {
		c.sends(field, a, p)
		return
	}
	if a.By == "" {
		a.By = d.Reads
	}
	if a.Keep == nil {
		keep := d.Keep || a.By == IMAP
		a.Keep = &keep
	}
	c.readsFrom(field, a, p, d)
}

// fitting checks that the act has what its verb needs, and no more.
func (c *checker) fitting(field string, a *Act) {
	takes := map[Verb][]string{
		SendMail:   {"mail"},
		FetchMail:  {"mailbox", "by", "keep"},
		ReadMail:   {"mail", "mailbox", "by"},
		FlagMail:   {"mail", "mailbox", "by", "flags"},
		DeleteMail: {"mail", "mailbox", "by"},
	}[a.Does]
	for _, f := range []string{"mail", "mailbox", "by", "keep", "flags"} {
		if c.given(join(field, f)) && !slices.Contains(takes, f) {
			c.fail(join(field, f), "leave it out", "%s has no %s", a.Does, f)
		}
	}
	if a.Does != FlagMail {
		a.Flags = nil
	}
	if a.Does == SendMail && a.Mail == "" {
		c.fail(field, "write mail: and its short name", "it does not say which mail is sent")
	}
}

func (c *checker) deviceOf(field string, a *Act, p *Person) *Device {
	if len(p.Devices) == 0 {
		c.fail(field+".who", "write devices: under people."+p.ID, "%s has nothing to do it on", p.ID)
		return nil
	}
	if a.Device == "" {
		a.Device = p.Devices[0].ID
	}
	d := p.Device(a.Device)
	if d == nil {
		c.fail(field+".device", meant(a.Device, keys(p.Devices)), "%s has no device %s", p.ID, a.Device)
	}
	return d
}

func (c *checker) sends(field string, a *Act, p *Person) {
	switch {
	case p.Submission == "":
		c.fail(field, "write submission: under people."+p.ID+", or submission: yes under the mta of "+domainOf(p.Address), "%s has no server to submit mail to", p.ID)
	case c.s.Account(p.Address) == nil && len(p.Device(a.Device).Password) == 0:
		c.fail(field, "write it under accounts", "%s cannot log in for sending: there is no account %s", p.ID, p.Address)
	}
}

func (c *checker) readsFrom(field string, a *Act, p *Person, d *Device) {
	account := c.s.Account(p.Address)
	if account == nil {
		c.fail(field, "write it under accounts", "%s cannot log in for reading: there is no account %s", p.ID, p.Address)
		return
	}
	where := field
	if c.given(field + ".by") {
		where = field + ".by"
	}
	if a.By == POP3 {
		switch {
		case a.Does == ReadMail || a.Does == FlagMail:
			c.fail(where, "write by: imap", "POP3 knows no flags: what is read and what is flagged stays on the device")
		case !strings.EqualFold(a.Mailbox, "INBOX"):
			c.fail(field+".mailbox", "write by: imap", "POP3 shows INBOX alone")
		}
	}
	h := c.s.Host(account.Host)
	if h == nil || h.Runs.Mailboxes == nil {
		return
	}
	c.readsOver(where, h, a.By, d)
}
