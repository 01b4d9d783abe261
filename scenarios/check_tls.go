package scenarios

import "strings"

// tls fills in and checks what a host's servers encrypt.
func (c *checker) tls(field string, h *Host) {
	port := func(at, of string, on *bool, base bool) {
		switch {
		case !c.given(at):
			*on = h.TLS != nil && base
		case *on && h.TLS == nil:
			c.fail(at, "write tls: yes under hosts."+h.Name, "%s needs a certificate, and %s has none", of, h.Name)
		}
	}
	if m := h.Runs.MTA; m != nil {
		port(field+".runs.mta.submissions", "port 465", &m.Submissions, m.Submission)
	}
	if m := h.Runs.Mailboxes; m != nil {
		port(field+".runs.mailboxes.pop3s", "port 995", &m.POP3S, m.POP3)
		port(field+".runs.mailboxes.imaps", "port 993", &m.IMAPS, m.IMAP)
	}
	if h.TLS != nil && h.Runs.MTA == nil && h.Runs.Mailboxes == nil {
		c.fail(field+".tls", "leave it out", "no server on %s speaks TLS: there is neither a mail server nor a mailbox", h.Name)
	}
}

// takesSubmissions tells whether mail programs can hand in mail at a host.
func (h *Host) takesSubmissions() bool {
	return h.Runs.MTA != nil && (h.Runs.MTA.Submission || h.Runs.MTA.Submissions)
}

// security checks that a device's mail program can connect as it is set up.
func (c *checker) security(field string, p *Person, d *Device) {
	at := field + ".security"
	if d.Security == InClear && c.given(field+".verify") {
		c.fail(field+".verify", "write security: starttls or tls, or leave verify out", "without TLS nobody shows a certificate")
	}
	servers := []string{p.Submission}
	if a := c.s.Account(p.Address); a != nil && a.Host != p.Submission {
		servers = append(servers, a.Host)
	}
	for _, name := range servers {
		if h := c.s.Host(name); h != nil && h.TLS == nil && d.Security != InClear {
			c.fail(at, "write tls: yes under hosts."+name, "%s does not speak TLS", name)
			return
		}
	}
	h := c.s.Host(p.Submission)
	if h == nil || !h.takesSubmissions() {
		return
	}
	switch m := h.Runs.MTA; {
	case d.Security != ImplicitTLS && !m.Submission:
		c.fail(at, "write security: tls, or submission: yes under its mta", "%s takes mail with TLS from the start alone, on port 465", h.Name)
	case d.Security == ImplicitTLS && !m.Submissions:
		c.fail(at, "write security: starttls, or submissions: yes under its mta", "%s does not listen on port 465, where TLS begins at once", h.Name)
	}
}

// readsOver checks that mailboxes can be read as a device connects.
func (c *checker) readsOver(field string, h *Host, by Protocol, d *Device) {
	m := h.Runs.Mailboxes
	plain, tls := m.POP3, m.POP3S
	if by == IMAP {
		plain, tls = m.IMAP, m.IMAPS
	}
	name := strings.ToUpper(string(by))
	switch {
	case !plain && !tls:
		c.fail(field, "write "+string(by)+": yes under its mailboxes", "%s does not serve %s", h.Name, name)
	case !plain && d.Security != ImplicitTLS:
		c.fail(field, "write "+string(by)+": yes under its mailboxes, or security: tls under the device", "%s serves %s with TLS from the start alone", h.Name, name)
	case !tls && d.Security == ImplicitTLS:
		c.fail(field, "write "+string(by)+"s: yes under its mailboxes, or security: starttls under the device", "%s does not serve %s with TLS from the start", h.Name, name)
	}
}
