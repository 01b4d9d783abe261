package scenarios

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

func (c *checker) accounts() {
	for _, a := range c.s.Accounts {
		field := join("accounts", a.Address)
		if !c.address(field, a.Address) {
			continue
		}
		if a.Password == "" || strings.ContainsFunc(a.Password, unicode.IsControl) {
			c.fail(field+".password", "write one of printable characters", "the password is empty or has control characters")
		}
		c.keeper(field, a)
	}
}

// keeper finds the host of a mailbox.
func (c *checker) keeper(field string, a *Account) {
	domain := domainOf(a.Address)
	if a.Host == "" {
		i := slices.IndexFunc(c.s.Hosts, func(h *Host) bool { return h.keeps(domain) })
		if i < 0 {
			c.fail(field, "give a host runs: {mta: {domains: ["+domain+"]}, mailboxes: yes}", "no host keeps mailboxes of %s", domain)
			return
		}
		a.Host = c.s.Hosts[i].Name
		return
	}
	if h := c.host(field+".host", a.Host); h != nil && !h.keeps(domain) {
		c.fail(field+".host", "write the domain under domains of its mail server, and mailboxes: yes", "%s keeps no mailboxes of %s", a.Host, domain)
	}
}

// keeps tells whether mail for the domain ends in mailboxes of the host.
func (h *Host) keeps(domain string) bool {
	return h.Runs.Mailboxes != nil && h.Runs.MTA != nil && slices.Contains(h.Runs.MTA.Domains, domain)
}

func (c *checker) people() {
	for _, p := range c.s.People {
		field := join("people", p.ID)
		c.short(field, "person", p.ID)
		if p.Name == "" {
			r, n := utf8.DecodeRuneInString(p.ID)
			p.Name = string(unicode.ToUpper(r)) + p.ID[n:]
		}
		if strings.ContainsFunc(p.Name, unicode.IsControl) {
			c.fail(field+".name", "", "the name has control characters")
		}
		if c.address(field+".address", p.Address) {
			c.submitsTo(field+".submission", p)
		} else {
			c.faulty[p] = true
		}
		for _, d := range p.Devices {
			c.device(join(field+".devices", d.ID), p, d)
		}
	}
}

func (c *checker) submitsTo(field string, p *Person) {
	if p.Submission != "" {
		if h := c.host(field, p.Submission); h != nil && !h.takesSubmissions() {
			c.fail(field, "write submission: yes under its mta", "no mail server on %s takes mail from mail programs", h.Name)
		}
		return
	}
	for _, h := range c.s.Hosts {
		if m := h.Runs.MTA; h.takesSubmissions() && slices.Contains(m.Domains, domainOf(p.Address)) {
			p.Submission = h.Name
			return
		}
	}
}

func (c *checker) device(field string, p *Person, d *Device) {
	c.short(field, "device", d.ID)
	h := c.host(field+".host", d.Host)
	if h == nil {
		return
	}
	if h.Resolver == "" {
		c.fail(field+".host", "write resolver: under hosts."+h.Name, "the mail program cannot look up its servers: %s has no resolver", h.Name)
	}
	if a := c.s.Account(p.Address); a != nil {
		c.reaches(field+".host", h, c.s.Host(a.Host))
	}
	if p.Submission != "" {
		c.reaches(field+".host", h, c.s.Host(p.Submission))
	}
	c.logsIn(field, p, d)
	c.security(field, p, d)
}

func (c *checker) mails() {
	for i, m := range c.s.Mails {
		field := join("mails", m.ID)
		m.Number = i + 1
		c.short(field, "mail", m.ID)
		if m.File != "" {
			c.ready(field, m)
		} else if !c.given(field + ".from") {
			c.fail(field, "write from: and a person or an address", "nobody has written it")
		}
		if c.given(field + ".from") {
			m.From = c.correspondent(field+".from", m.From)
		}
		for _, list := range []struct {
			name  string
			addrs []Address
		}{{"to", m.To}, {"cc", m.Cc}, {"bcc", m.Bcc}} {
			for j := range list.addrs {
				list.addrs[j] = c.correspondent(fmt.Sprintf("%s[%d]", join(field, list.name), j), list.addrs[j])
			}
		}
		if len(m.Recipients()) == 0 {
			c.fail(field, "write to:, cc: or bcc:", "it goes to nobody")
		}
		if strings.ContainsFunc(m.Subject, unicode.IsControl) {
			c.fail(field+".subject", "write it in one line", "the subject has a line end or another control character")
		}
		c.reports(field, m)
		for j, a := range m.Attachments {
			c.attachment(fmt.Sprintf("%s.attachments[%d]", field, j), a)
		}
	}
}

// ready checks a mail that comes from a file.
func (c *checker) ready(field string, m *Mail) {
	for _, f := range []string{"from", "subject", "text", "attachments"} {
		if c.given(join(field, f)) {
			c.fail(join(field, f), "leave one out", "the mail is sent as the file has it, so %s cannot stand beside file", f)
		}
	}
	m.Raw = c.readFile(field+".file", m.File)
}

// maxEnvelopeID is how long ENVID may be before it is encoded, so that it fits in any
// case (RFC 3461 §4.4).
const maxEnvelopeID = 33

// reports checks what the sender wants to be told, and where.
func (c *checker) reports(field string, m *Mail) {
	if m.Sender != "" {
		c.address(field+".sender", m.Sender)
	}
	for i, n := range m.Notify {
		switch {
		case slices.Contains(m.Notify[:i], n):
			c.fail(field+".notify", "leave one out", "%s stands here twice", n)
		case n == NotifyNever && len(m.Notify) > 1:
			c.fail(field+".notify", "leave it alone, or out", "never stands beside others")
		}
	}
	if len(m.EnvelopeID) > maxEnvelopeID || strings.ContainsFunc(m.EnvelopeID, func(r rune) bool { return r < ' ' || r > '~' }) {
		c.fail(field+".envelope-id", "write up to 33 letters, digits and signs of ASCII", "%q is not fit as an envelope identifier", m.EnvelopeID)
	}
}

// correspondent puts a person in place of a short name, and checks an address.
func (c *checker) correspondent(field string, a Address) Address {
	if !strings.Contains(a.Addr, "@") {
		if p := c.s.Person(a.Addr); p != nil {
			if a.Name == "" {
				a.Name = p.Name
			}
			a.Addr = p.Address
			return a
		}
		c.fail(field, meant(a.Addr, keys(c.s.People)), "%q is neither an address (there is no @) nor a person", a.Addr)
		return a
	}
	if strings.ContainsFunc(a.Name, unicode.IsControl) {
		c.fail(field, "", "the name before the address has control characters")
	}
	c.address(field, a.Addr)
	return a
}

func (c *checker) attachment(field string, a *Attachment) {
	if a.Name == "" || strings.ContainsAny(a.Name, `/\`) || strings.ContainsFunc(a.Name, unicode.IsControl) {
		c.fail(field+".name", "write a file's name as in picture.png", "%q is not fit as a file's name", a.Name)
	}
	if a.Type == "" {
		a.Type = typeByName(a.Name)
	}
	if !mediaType.MatchString(a.Type) {
		c.fail(field+".type", "write it as in image/png", "%q is no media type", a.Type)
	}
	if !c.oneOf(field, "text", "base64", "generated", "file") {
		return
	}
	switch {
	case c.given(field + ".text"):
		a.Content = []byte(a.Text)
	case c.given(field + ".base64"):
		content, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(a.Base64), ""))
		if err != nil {
			c.fail(field+".base64", "write the characters A–Z, a–z, 0–9, + and /, and = at the end", "it is not base64: %v", err)
		}
		a.Content = content
	case c.given(field + ".file"):
		a.Content = c.readFile(field+".file", a.File)
	case a.Generated != nil:
		g := a.Generated
		if g.Size > maxContent {
			c.fail(field+".generated.size", "", "%v is more than %v", g.Size, Size(maxContent))
			return
		}
		content, err := g.Content()
		if err != nil {
			c.fail(field+".generated.size", "", "%v", err)
		}
		a.Content = content
	}
}

// typeByName is the media type of a file by the ending of its name.
func typeByName(name string) string {
	_, ending, _ := cutLast(strings.ToLower(name), ".")
	switch ending {
	case "txt":
		return "text/plain"
	case "html", "htm":
		return "text/html"
	case "csv":
		return "text/csv"
	case "png":
		return "image/png"
	case "jpg", "jpeg":
		return "image/jpeg"
	case "gif":
		return "image/gif"
	case "pdf":
		return "application/pdf"
	case "zip":
		return "application/zip"
	case "eml":
		return "message/rfc822"
	}
	return "application/octet-stream"
}
