package tui

import (
	"slices"
	"strconv"
	"time"

	"charm.land/lipgloss/v2"

	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// state shows what lasts at the moment: connections, queues, mailboxes, caches,
// timers and hosts that are off.
type state struct {
	*stage
	scroll
	memo memo
}

// Title and Aside are the words in the border.
func (s *state) Title() string { return "state" }

func (s *state) Aside() string {
	if s.now == 0 {
		return "at the beginning"
	}
	return "after event " + explain.Grouped(int64(s.now))
}

// Foot tells how much is not seen.
func (s *state) Foot() string { return s.rest(&s.glyphs) }

func (s *state) scrolling() *scroll { return &s.scroll }

// Render draws what can be seen.
func (s *state) Render(width, height int, focused bool) []string {
	if rows, ok := s.memo.get(width, height, s.version, focused); ok {
		return rows
	}
	p := &page{stage: s.stage, width: width}
	s.mailboxes(p)
	s.queues(p)
	s.connections(p)
	s.devices(p)
	s.caches(p)
	s.timers(p)
	s.off(p)
	if len(p.rows) == 0 {
		p.text(p.theme.dim, "All is at rest: no connection, no mail, nothing known to a resolver.")
	} else {
		p.rows = p.rows[1:] // no blank row above the first heading
	}
	return s.memo.put(s.draw(p, height))
}

// entry is a row of a section: a sign, a name, and what is so about it.
func (p *page) entry(glyph string, style lipgloss.Style, name, about string) {
	p.add(line{{glyph + " ", style}, {explain.OneLine(name), p.theme.text}, {"  " + explain.OneLine(about), p.theme.dim}})
}

// in is how far off a moment is.
func (s *state) in(due time.Duration) string {
	if due <= s.view.At {
		return "now"
	}
	return "in " + explain.Span(due-s.view.At)
}

// under says more of an entry, below it.
func (p *page) under(text string) {
	for _, r := range wrap(text, p.width-4) {
		p.add(line{{"  " + r, p.theme.dim}})
	}
}

func (s *state) connections(p *page) {
	open, ended := s.view.Open(), s.view.Ended()
	if len(open) == 0 && ended == 0 {
		return
	}
	p.heading("Connections")
	for _, c := range open {
		p.entry(s.glyphs.conn, s.theme.conn, c.Client+" "+s.glyphs.hop+" "+c.Server, c.Service)
		about := c.State
		if c.Session != "" {
			about += ", session " + c.Session
		}
		p.under(about)
		p.under(s.flow(c.ToServer) + " octets to the server")
		p.under(s.flow(c.ToClient) + " octets to the client")
	}
	switch {
	case ended == 1:
		p.under("and 1 that is over")
	case ended > 1:
		p.under("and " + strconv.Itoa(ended) + " that are over")
	}
}

// flow is what has arrived of a stream, and of how much when that is not all.
func (s *state) flow(f trace.Flow) string {
	if f.Arrived == f.Sent {
		return explain.Grouped(f.Arrived)
	}
	return explain.Grouped(f.Arrived) + " of " + explain.Grouped(f.Sent)
}

func (s *state) queues(p *page) {
	all := s.view.Queues()
	if len(all) == 0 {
		return
	}
	p.heading("Queues")
	for _, q := range all {
		about := q.Status
		if q.Due > s.view.At {
			about += ", next try " + s.in(q.Due)
		}
		p.entry(s.glyphs.mail, s.theme.mail, q.Host+"  mail "+q.Mail, about)
		for _, r := range q.Recipients {
			p.under("waits for " + r)
		}
		if q.Reason != "" {
			p.under("put off " + times(q.Deferrals) + ": " + q.Reason)
		}
	}
}

func times(n int64) string {
	if n == 1 {
		return "once"
	}
	return explain.Grouped(n) + " times"
}

// caches are listed by host, what lasts longest last.
func (s *state) caches(p *page) {
	all := s.view.Caches()
	if len(all) == 0 {
		return
	}
	p.heading("What resolvers know")
	host := ""
	for _, c := range all {
		if c.Host != host {
			host = c.Host
			p.add(line{{s.glyphs.lookup + " ", p.theme.lookup}, {host, p.theme.text}})
		}
		about := ""
		switch {
		case c.RCode == "NXDOMAIN":
			about = "does not exist"
		case len(c.Records) == 0:
			about = "has none"
		}
		for i, r := range c.Records {
			if i > 0 {
				about += ", "
			}
			about += r.Data
		}
		p.add(line{
			{"  " + fillLeft(left(c.Until, s.view.At), 10) + " ", p.theme.dim},
			{explain.OneLine(c.Name) + " " + c.Type + " ", p.theme.text},
			{explain.OneLine(about), p.theme.dim},
		})
	}
}

func (s *state) timers(p *page) {
	all := s.view.Timers()
	if len(all) == 0 {
		return
	}
	p.heading("Timers")
	slices.SortStableFunc(all, func(a, b *trace.TimerView) int { return int(a.Due - b.Due) })
	for _, t := range all {
		p.entry(s.glyphs.state, s.theme.state, t.Host+" "+t.Name, s.in(t.Due))
	}
}

func (s *state) off(p *page) {
	first := true
	for _, h := range s.view.Hosts() {
		if h.Up {
			continue
		}
		if first {
			p.heading("Switched off")
			first = false
		}
		p.entry(s.glyphs.fault, s.theme.fault, h.Name, "since "+clock(h.Since))
	}
}
