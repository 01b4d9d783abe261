package tui

import (
	"bytes"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"mailwalk/protocols/message"
	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// mailPage shows the mail that the moment is about as it is there: the envelope
// apart, what the last hop added marked, and below what was written.
type mailPage struct {
	*stage
	scroll
	memo memo
	// turned shows the form that the depth has not: decoded for a newcomer, raw for
	// others.
	turned bool
	// paper is the last mail that was read, so that a step which does not change it
	// costs nothing.
	paper *paper
}

const (
	mostMailLines  = 1_000   // lines of a mail that are shown
	mostMailOctets = 1 << 20 // octets of a mail that are looked into
)

// Title, Aside and Foot are the words in the border.
func (y *mailPage) Title() string { return "mail" }

func (y *mailPage) Aside() string {
	if y.raw() {
		return "raw, as it is sent"
	}
	return "decoded, as it is read"
}

func (y *mailPage) Foot() string { return y.rest(&y.glyphs) }

func (y *mailPage) scrolling() *scroll { return &y.scroll }

func (y *mailPage) raw() bool { return (y.depth > explain.Newcomer) != y.turned }

// turnMail shows the mail in its other form.
func (m *Model) turnMail() tea.Cmd {
	y := m.panes[mailPane].(*mailPage)
	y.turned = !y.turned
	y.offset = 0
	m.version++
	m.toast = "The mail is " + y.Aside() + "."
	return nil
}

func (m *Model) noTurn() string {
	if m.focus != mailPane {
		return "v shows the mail raw or decoded: 7 brings the mail forward."
	}
	return ""
}

// Render draws what can be seen.
func (y *mailPage) Render(width, height int, focused bool) []string {
	if rows, ok := y.memo.get(width, height, y.version, focused); ok {
		return rows
	}
	p := &page{stage: y.stage, width: width}
	if m := y.mailNow(); m != nil {
		y.draft(p, m)
	} else {
		y.none(p)
	}
	return y.memo.put(y.draw(p, height))
}

func (y *mailPage) none(p *page) {
	p.text(p.theme.strong, "No mail has been written yet.")
	p.blank()
	p.text(p.theme.text, "When one is, it stands here as it is at each moment: what the servers say to each other about it (the envelope), its header, and what was written. What a server on the way adds is marked.")
}

// mailNow is a mail, and the event by which it is known as it is at the moment.
type mailNow struct {
	id   string
	e    *trace.Event
	body *trace.MailBody
	// content is the mail at that event; before is the one that it grew from.
	content, before *trace.Content
	// envelope is the last event that names one.
	envelope *trace.MailBody
	compared *trace.MailBody
	changed  []string
}

// mailNow finds the mail that the moment is about, or the one spoken of last; nil
// when there is none yet.
func (s *stage) mailNow() *mailNow {
	id := ""
	if s.event != nil {
		id = s.event.Mail
	}
	if _, known := s.rows.mails[id]; id == "" || !known {
		id = ""
		if i := before(s.rows.told, s.now); i >= 0 {
			if e := s.trace.At(s.rows.told[i]); e != nil {
				id = e.Mail
			}
		}
	}
	seqs := s.rows.mails[id]
	m := &mailNow{id: id}
	for i := before(seqs, s.now); id != "" && i >= 0 && m.before == nil; i-- {
		e := s.trace.At(seqs[i])
		if e == nil {
			continue
		}
		b := e.Body.(*trace.MailBody)
		switch {
		case e.What == trace.Compared && m.compared == nil:
			m.compared = b
		case e.What == trace.Changed && m.changed == nil:
			m.changed = b.Changes
		}
		if m.envelope == nil && len(b.Recipients) > 0 {
			m.envelope = b
		}
		switch {
		case b.Content == nil:
		case m.content == nil:
			m.e, m.body, m.content = e, b, b.Content
		case b.Content.ID != m.content.ID:
			m.before = b.Content
		default:
			m.e, m.body = e, b // it is as it was made there
		}
	}
	if m.content == nil {
		return nil
	}
	if m.envelope == nil {
		m.envelope = m.body
	}
	return m
}

// draft sets the whole mail.
func (y *mailPage) draft(p *page, m *mailNow) {
	y.where(p, m)
	y.envelope(p, m)
	t := y.read(m)
	if t == nil {
		p.blank()
		p.text(p.theme.fault, "The mail cannot be read from the file of the trace.")
		return
	}
	if c := m.compared; c != nil {
		p.blank()
		if c.Same {
			p.mark(p.glyphs.right, p.theme.good, "What arrived is what was sent: the SHA-256 of both begins with "+short(c.SentHash)+".")
		} else {
			p.mark(p.glyphs.fault, p.theme.fault, "What arrived is not what was sent: SHA-256 "+short(c.SentHash)+" was sent, "+short(c.ArrivedHash)+" arrived.")
		}
	}
	for i, c := range m.changed {
		if i == 0 {
			p.heading("Changed before it was sent")
		}
		p.mark(p.glyphs.choice, p.theme.choice, c)
	}
	if t.width != p.width {
		t.wraps, t.width = map[string][]string{}, p.width
	}
	if y.raw() {
		t.raw(p)
	} else {
		t.decoded(p)
	}
}

func short(hash string) string { return hash[:min(len(hash), 12)] }

// mark sets a text behind a sign.
func (p *page) mark(glyph string, style lipgloss.Style, text string) {
	for i, r := range wrap(text, p.width-4) {
		if i > 0 {
			glyph = " "
		}
		p.add(line{{glyph + " ", style}, {r, p.theme.text}})
	}
}

// where says where the mail is, copy by copy.
func (y *mailPage) where(p *page, m *mailNow) {
	subject := m.body.Subject
	if subject == "" {
		subject = "(no subject)"
	}
	p.text(p.theme.strong, "Mail "+m.id+": "+subject)
	v := y.view.Mail(m.id)
	if v == nil {
		return
	}
	for _, c := range v.Copies {
		place := map[string]string{
			trace.AtAuthor: "own copy, in the mail program of " + c.Host, trace.InQueue: "in the queue of " + c.Host,
			trace.InMailbox: "in the mailbox " + c.Mailbox + " on " + c.Host, trace.OnDevice: "on the device " + c.Host,
		}[c.Place]
		p.add(line{{p.glyphs.mail + " ", p.theme.mail}, {place, p.theme.text}})
	}
	if l := v.Current(); l != nil {
		p.add(line{{p.glyphs.hop + " ", p.theme.heading}, {"on its way from " + l.From + " to " + l.Toward, p.theme.text}})
	}
}

// envelope is a box of its own, for it is no part of the mail.
func (y *mailPage) envelope(p *page, m *mailNow) {
	b := envelopeBox{page: p, style: p.theme.mail.Bold(false), width: p.width - 4}
	v := y.view.Mail(m.id)
	switch {
	case m.e.What == trace.Stored || m.e.What == trace.Fetched:
		b.edge(p.glyphs.border.TopLeft, p.glyphs.border.TopRight, "envelope", "gone since delivery")
		for _, r := range wrap("Nobody sends it on, so there is none any more. Its sender stands in Return-Path.", b.width-2) {
			b.row(r, "")
		}
	default:
		aside := "what the servers go by"
		if v == nil || len(v.Legs) == 0 {
			aside = "to be said when it is sent"
		}
		b.edge(p.glyphs.border.TopLeft, p.glyphs.border.TopRight, "envelope", aside)
		from := m.envelope.ReversePath
		about := "where to report a failure"
		if from == "" {
			about = "empty: nobody is told of a failure"
		}
		b.row("MAIL FROM:<"+from+">", about)
		for _, r := range m.envelope.Recipients[:min(len(m.envelope.Recipients), mostRelated)] {
			b.row("RCPT TO:<"+r+">", "who is to get it")
		}
		if rest := len(m.envelope.Recipients) - mostRelated; rest > 0 {
			b.row("and "+count(rest, "recipient")+" more", "")
		}
	}
	b.edge(p.glyphs.border.BottomLeft, p.glyphs.border.BottomRight, "", "")
}

// envelopeBox adds the rows of a box to a page.
type envelopeBox struct {
	*page
	style lipgloss.Style
	width int // inside
}

func (b *envelopeBox) edge(left, right, title, aside string) {
	across := b.glyphs.border.Top
	if title != "" {
		title = " " + b.glyphs.mail + " " + title + " "
	}
	if aside != "" {
		aside = " " + aside + " "
	}
	if ansi.StringWidth(title)+ansi.StringWidth(aside)+2 > b.width {
		aside = ""
	}
	gap := max(b.width-ansi.StringWidth(title)-ansi.StringWidth(aside)-2, 0)
	b.add(line{
		{left + across, b.style}, {title, b.theme.mail}, {strings.Repeat(across, gap), b.style}, {aside, b.theme.dim}, {across + right, b.style},
	})
}

// row is what is said, and a word on it where there is room.
func (b *envelopeBox) row(words, about string) {
	words = cut(clean(words), b.width-2, b.glyphs.more)
	room := b.width - 1 - ansi.StringWidth(words)
	if about != "" {
		about = "  " + about
	}
	if ansi.StringWidth(about) > room {
		about = ""
	}
	side := b.glyphs.border.Left
	b.add(line{{side + " ", b.style}, {words, b.theme.strong}, {fill(about, room), b.theme.dim}, {side, b.style}})
}

// paper is a mail taken apart, for one form of it.
type paper struct {
	id, before trace.ContentID
	data       []byte
	// cut is how many octets are behind data.
	cut  int
	tree *message.Part
	// fresh are the octets on top that came with the last hop, by the host that put
	// them there.
	fresh int
	by    string
	// wraps are texts in the rows of a width, for a mail is drawn anew at each step.
	wraps map[string][]string
	width int
}

// read takes the mail apart, unless it is the one that was read last.
func (y *mailPage) read(m *mailNow) *paper {
	old := trace.ContentID("")
	if m.before != nil {
		old = m.before.ID
	}
	if y.paper != nil && y.paper.id == m.content.ID && y.paper.before == old {
		return y.paper
	}
	if y.trace.Bodies == nil {
		return nil
	}
	data, ok := y.trace.Bodies.Get(m.content.ID)
	if !ok {
		return nil
	}
	t := &paper{id: m.content.ID, before: old, data: data, by: m.e.Host}
	if m.before != nil {
		if was, ok := y.trace.Bodies.Get(old); ok && bytes.HasSuffix(data, was) {
			t.fresh = len(data) - len(was)
		}
	}
	if t.fresh == 0 && len(m.body.Added) > 0 {
		t.fresh = addedEnd(data, m.body.Added)
	}
	if len(data) > mostMailOctets {
		t.cut = len(data) - mostMailOctets
		t.data = data[:mostMailOctets]
	}
	t.tree = message.Structure(t.data)
	y.paper = t
	return t
}

// addedEnd is where the fields end that were added to a mail, 0 when they do not
// stand at its head.
func addedEnd(data []byte, added []string) int {
	all := message.ParseHeader(data).Fields
	if len(added) > len(all) {
		return 0
	}
	for i, f := range added {
		if !strings.HasPrefix(f, all[i].Name+":") {
			return 0
		}
	}
	return all[len(added)-1].To
}

// bodyLines are the lines of a text, without those beyond the most.
func bodyLines(text string) (lines []string, rest int) {
	lines = strings.Split(strings.TrimRight(text, "\r\n"), "\n")
	if n := len(lines) - mostMailLines; n > 0 {
		return lines[:mostMailLines], n
	}
	return lines, 0
}
