package sim

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"mailwalk/protocols/message"
	"mailwalk/scenarios"
	"mailwalk/sim/mua"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
)

// letter is a mail of the walk, ready to be written when somebody sends it.
type letter struct {
	mail    *scenarios.Mail
	raw     []byte // a file of its own; nil for one to be composed
	changes []string
	draft   message.Draft
	from    string // the envelope's sender, when the user gave one
	to      []string
}

// program is what the walk's mail programs call themselves.
const program = "mailwalk"

// writeMails prepares the mails of the walk, the first one as the user wants it.
func (w *World) writeMails(o Options) error {
	for i, m := range w.scenario.Mails {
		l, err := w.prepare(m, i == 0, o)
		if err != nil {
			return err
		}
		w.mails[m.ID] = l
	}
	if len(w.scenario.Mails) == 0 && (o.Message != nil || o.Attach != nil || o.From != "" || o.To != nil || o.Subject != "" || o.Text != "") {
		return errors.New("nobody sends a mail in this walk, so there is none to change")
	}
	return nil
}

func (w *World) prepare(m *scenarios.Mail, mine bool, o Options) (*letter, error) {
	l := &letter{mail: m}
	for _, a := range m.Recipients() {
		l.to = append(l.to, a.Addr)
	}
	name, raw := m.File, m.Raw
	asItIs := name != ""
	if mine {
		if o.Message != nil {
			name, raw, asItIs = o.Message.Name, o.Message.Content, true
		}
		if o.To != nil {
			l.to = o.To
		}
		l.from = o.From
	}
	if asItIs {
		w.keep(name, raw)
		return l, l.takeFile(name, raw)
	}
	if mine {
		for _, f := range o.Attach {
			w.keep(f.Name, f.Content)
		}
	}
	l.draft = draft(m)
	if mine {
		return l, l.change(o)
	}
	return l, nil
}

// keep puts a file that the walk was given into the trace's header.
func (w *World) keep(name string, content []byte) {
	t := w.Trace()
	t.Header.Inputs = append(t.Header.Inputs, trace.Input{Name: name, Content: t.Bodies.Put(content)})
}

// takeFile has a file sent as it is, but for what every mail program has to
// change.
func (l *letter) takeFile(name string, raw []byte) error {
	content, changes, err := message.Canonicalize(raw, message.CanonicalOptions{})
	if err != nil {
		var r *message.Refusal
		if errors.As(err, &r) && r.Line > 0 {
			return fmt.Errorf("%s:%d: %s", name, r.Line, r.Text)
		}
		return fmt.Errorf("%s: %w", name, err)
	}
	l.raw = content
	for _, c := range changes {
		l.changes = append(l.changes, c.String())
	}
	return nil
}

// draft is a mail of the walk before it is written down.
func draft(m *scenarios.Mail) message.Draft {
	d := message.Draft{
		From: []message.Address{address(m.From)}, To: addresses(m.To), Cc: addresses(m.Cc), Bcc: addresses(m.Bcc),
		Subject: m.Subject, Text: m.Text, MailProgram: program,
	}
	for _, a := range m.Attachments {
		d.Attachments = append(d.Attachments, message.Attachment{Name: a.Name, Type: a.Type, Content: a.Content})
	}
	return d
}

// change puts what the user gave into a draft.
func (l *letter) change(o Options) error {
	d := &l.draft
	if o.From != "" {
		a, err := message.ParseAddress(o.From)
		if err != nil {
			return fmt.Errorf("sender: %w", err)
		}
		if a.Mailbox() != d.From[0].Mailbox() {
			d.From = []message.Address{a}
		}
	}
	if o.To != nil {
		d.To, d.Cc, d.Bcc = nil, nil, nil
		for _, to := range o.To {
			a, err := message.ParseAddress(to)
			if err != nil {
				return fmt.Errorf("recipient: %w", err)
			}
			d.To = append(d.To, a)
		}
	}
	if o.Subject != "" {
		d.Subject = o.Subject
	}
	if o.Text != "" {
		d.Text = o.Text
	}
	for _, f := range o.Attach {
		d.Attachments = append(d.Attachments, message.Attachment{Name: path.Base(f.Name), Content: f.Content})
	}
	return nil
}

func address(a scenarios.Address) message.Address {
	local, domain, _ := strings.Cut(a.Addr, "@")
	if m, err := message.ParseAddress(a.Addr); err == nil {
		local, domain = m.Local, m.Domain
	}
	return message.Address{Name: a.Name, Local: local, Domain: domain}
}

func addresses(list []scenarios.Address) []message.Address {
	var out []message.Address
	for _, a := range list {
		out = append(out, address(a))
	}
	return out
}

// write makes the mail's text, as a mail program on a host does at the moment at
// which it is sent. from is who sends it.
func (w *World) write(l *letter, h wire.Host, from string) (mua.Outgoing, error) {
	out := mua.Outgoing{ID: strconv.Itoa(l.mail.Number), Content: l.raw, Changes: l.changes, From: from, To: slices.Clone(l.to)}
	if l.mail.Sender != "" {
		out.From = l.mail.Sender
	}
	if l.from != "" {
		out.From = l.from
	}
	out.Notify, out.Ret, out.EnvID = notify(l.mail.Notify), ret(l.mail.Return), l.mail.EnvelopeID
	if out.Content == nil {
		d := l.draft
		d.Date = h.Clock().Now()
		id, err := messageID(h, d)
		if err != nil {
			return out, err
		}
		d.MessageID = id
		content, err := message.Compose(d)
		if err != nil {
			return out, fmt.Errorf("mail %s: %w", l.mail.ID, err)
		}
		out.Content = content
	}
	w.sent[out.ID] = out.Content
	return out, nil
}

// messageID is unique in the world (RFC 5322 §3.6.4): the time, a random number
// and the sender's domain.
func messageID(h wire.Host, d message.Draft) (string, error) {
	left := fmt.Sprintf("%s.%016x", d.Date.UTC().Format("20060102150405"), h.Rand("message id").Uint64())
	return message.MessageID(left, d.From[0].Domain)
}

// identify finds out which mail of the walk a content is: by its Message-ID, or,
// as a mail need not have one (RFC 5322 §3.6.4), by the mail at its end.
func (w *World) identify(content []byte) string {
	if id := w.recorder.MailOf(header(content, "Message-ID")); id != "" {
		return id
	}
	for _, m := range w.scenario.Mails {
		id := strconv.Itoa(m.Number)
		if sent := w.sent[id]; sent != nil && bytes.HasSuffix(content, sent) {
			return id
		}
	}
	return ""
}

// compare holds a mail that arrived against the one that was sent, and says what
// was put on top on the way.
func (w *World) compare(id string, arrived []byte) {
	sent, ok := w.sent[id]
	if !ok {
		return // it came from outside, or a server wrote it
	}
	added, same := message.AddedOnTheWay(sent, arrived)
	below := arrived
	b := &trace.MailBody{Same: same}
	for _, f := range added {
		b.Added = append(b.Added, f.Name+": "+f.Value)
		below = below[min(len(f.Raw), len(below)):]
	}
	b.SentHash, b.ArrivedHash = string(trace.IDOf(sent)), string(trace.IDOf(below))
	b.Same = same && b.SentHash == b.ArrivedHash
	w.recorder.Record(trace.Event{What: trace.Compared, Body: b})
}
