package tui

import (
	"slices"
	"strconv"
	"strings"

	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// mostOnDevice is how many mails of a device are listed, those that came last.
const mostOnDevice = 10

func mails(n int) string {
	if n == 1 {
		return "1 mail"
	}
	return explain.Grouped(int64(n)) + " mails"
}

// mailboxes are those on servers, with what is kept there of each mail.
func (s *state) mailboxes(p *page) {
	boxes := s.view.Mailboxes()
	if len(boxes) == 0 {
		return
	}
	p.heading("Mailboxes on servers")
	for _, b := range boxes {
		p.entry(s.glyphs.mail, s.theme.mail, b.Name, mails(len(b.Messages))+" on "+b.Host)
		for _, m := range b.Messages {
			about := []string{"UID " + strconv.FormatUint(uint64(m.UID), 10)}
			if m.Mail != "" {
				about = append(about, "mail "+m.Mail)
			}
			if m.Size > 0 {
				about = append(about, explain.Octets(m.Size))
			}
			if len(m.Flags) > 0 {
				about = append(about, "flags "+strings.Join(m.Flags, " "))
			} else {
				about = append(about, "no flags")
			}
			p.under(strings.Join(about, ", "))
		}
	}
}

// devices are where people write and read: what is on each, and whether the server
// still has it too.
func (s *state) devices(p *page) {
	for i, d := range s.stage.rows.devices.all {
		if d.met > s.now {
			return // so are the others
		}
		if i == 0 {
			p.heading("Devices")
		}
		n := before(d.seqs, s.now) + 1
		if n == 0 {
			p.entry(s.glyphs.node, s.theme.dim, d.name, "no mail")
			continue
		}
		p.entry(s.glyphs.holding, s.theme.mail, d.name, mails(n))
		from := max(0, n-mostOnDevice)
		if from > 0 {
			p.under("and before, " + mails(from))
		}
		for _, seq := range d.seqs[from:n] {
			if e := s.trace.At(seq); e != nil {
				p.under(s.onDevice(e))
			}
		}
	}
}

// onDevice says of a mail how it came to a device, and where else it is.
func (s *state) onDevice(e *trace.Event) string {
	b := e.Body.(*trace.MailBody)
	about := "mail " + e.Mail
	if b.Subject != "" {
		about += ", " + strconv.Quote(explain.OneLine(b.Subject))
	}
	if e.What == trace.Composed {
		return about + ": written here"
	}
	about += ": fetched from " + b.Mailbox
	if b.UID > 0 {
		about += ", UID " + strconv.FormatUint(uint64(b.UID), 10)
	}
	m := s.view.Mail(e.Mail)
	if m == nil || !slices.ContainsFunc(m.Copies, func(c trace.Copy) bool {
		return c.Place == trace.InMailbox && c.Mailbox == b.Mailbox && (b.UID == 0 || c.UID == b.UID)
	}) {
		about += "; no longer on the server"
	}
	return about
}
