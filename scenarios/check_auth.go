package scenarios

import (
	"slices"
	"strings"
	"unicode"

	"mailwalk/protocols/sasl"
)

// auth checks by what a mail server lets people log in.
func (c *checker) auth(field string, h *Host, m *MTA) {
	if len(m.Auth) == 0 {
		return
	}
	field += ".auth"
	switch {
	case !m.Submission:
		c.fail(field, "write submission: yes, or leave auth out", "nobody logs in: the mail server takes no mail from mail programs")
	case h.Runs.Mailboxes == nil:
		c.fail(field, "write mailboxes: yes beside mta", "nobody can log in: %s has no accounts", h.Name)
	}
	for i, a := range m.Auth {
		if slices.Contains(m.Auth[:i], a) {
			c.fail(field, "leave one out", "%s stands here twice", a)
		}
	}
}

// logsIn checks with what a device's mail program logs in.
func (c *checker) logsIn(field string, p *Person, d *Device) {
	for _, password := range d.Password {
		if password == "" || strings.ContainsFunc(password, unicode.IsControl) {
			c.fail(field+".password", "write one of printable characters", "a password is empty or has control characters")
		}
	}
	h := c.s.Host(p.Submission)
	if d.Auth == "" || h == nil || h.Runs.MTA == nil {
		return
	}
	offered := h.Runs.MTA.Auth
	if offered == nil {
		offered = []Mechanism{sasl.Plain, sasl.Login}
	}
	if !slices.Contains(offered, d.Auth) {
		c.fail(field+".auth", "write it under auth of the mta on "+h.Name, "%s does not offer %s", h.Name, d.Auth)
	}
}
