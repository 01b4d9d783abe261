package tui

import (
	"slices"
	"strconv"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// rail shows the way of the mail so far, and where copies of it are.
type rail struct {
	*stage
	memo memo
}

const (
	leastStop = 15 // cells of a stop
	mostStop  = 30
)

// mail is the mail that the moment is about, or the last one there is.
func (s *stage) mail() *trace.MailView {
	if s.event == nil {
		return nil
	}
	if m := s.view.Mail(s.event.Mail); m != nil {
		return m
	}
	mails := s.view.Mails()
	for _, m := range slices.Backward(mails) {
		if s.looking(m) != nil {
			return m
		}
	}
	if len(mails) == 0 {
		return nil
	}
	return mails[len(mails)-1]
}

// Title says which mail it is.
func (r *rail) Title() string {
	m := r.mail()
	if m == nil {
		return "the way of the mail"
	}
	title := "mail " + m.ID
	if m.Subject != "" {
		title += ": " + explain.OneLine(m.Subject)
	}
	return title
}

// Aside is the envelope.
func (r *rail) Aside() string {
	m := r.mail()
	if m == nil {
		return ""
	}
	from := m.ReversePath
	if from == "" {
		from = "<>"
	}
	to := strings.Join(m.Recipients, ", ")
	return explain.OneLine("envelope: from " + from + " to " + to)
}

// Render draws three rows: names, the track, and what stands where.
func (r *rail) Render(width, height int) []string {
	if rows, ok := r.memo.get(width, height, r.version, false); ok {
		return rows
	}
	return r.memo.put(r.draw(width))
}

func (r *rail) draw(width int) []string {
	mark := r.glyphs.more
	blank := line{}.render(width, r.theme.text, mark)
	m := r.mail()
	if m == nil {
		return []string{blank, line{{" There is no mail yet.", r.theme.dim}}.render(width, r.theme.text, mark), blank}
	}
	ways := r.ways(m)
	if len(ways) == 0 {
		return []string{blank, line{{" mail " + m.ID + " has not set out.", r.theme.dim}}.render(width, r.theme.text, mark), blank}
	}
	which := 0
	for i := range ways {
		if r.on(&ways[i]) >= 0 {
			which = i
		}
	}
	w := &ways[which]
	stops := slices.Clone(w.stops)
	ahead := !w.delivered() && len(m.Recipients) > 0
	if ahead {
		goal := explain.OneLine(m.Recipients[min(which, len(m.Recipients)-1)])
		stops = append(stops, stop{name: goal})
	}
	cell := min(width/len(stops), mostStop)
	first, last := 0, len(stops)
	if cell < leastStop {
		// Not all stops fit: those show that are around where the mail goes.
		show := max(width/leastStop, 2)
		cell = min(width/show, mostStop)
		at := max(r.on(w), len(w.stops)-1-show/2, 0)
		first = max(0, min(at-show/2+1, len(stops)-show))
		last = first + show
	}
	names, track, copies := line{}, line{}, line{}
	for i := first; i < last; i++ {
		goal := ahead && i == len(stops)-1
		at := r.copyAt(m, stops[i])
		names = append(names, r.name(stops[i], goal, cell)...)
		track = append(track, r.cellOf(w, i, len(stops), cell, ahead, at != "")...)
		copies = append(copies, r.copy(stops[i], at, goal, cell))
	}
	if len(ways) > 1 {
		names = append(names, span{"  way " + strconv.Itoa(which+1) + " of " + strconv.Itoa(len(ways)), r.theme.dim})
	}
	if first > 0 {
		names[0].text = r.glyphs.more + strings.Repeat(" ", max(ansi.StringWidth(names[0].text)-1, 0))
	}
	base := r.theme.text
	return []string{names.render(width, base, mark), track.render(width, base, mark), copies.render(width, base, mark)}
}

// on is the leg of a way that the moment is on, -1 for none.
func (r *rail) on(w *way) int {
	if r.event == nil || r.event.Hop == "" {
		return -1
	}
	return slices.IndexFunc(w.legs, func(l leg) bool { return l.id == r.event.Hop })
}

func (r *rail) name(s stop, goal bool, cell int) line {
	style := r.theme.text
	switch {
	case goal:
		style = r.theme.dim
	case r.event != nil && !s.mailbox && r.event.Host == s.host:
		style = r.theme.strong.Underline(true)
	}
	name := s.name
	if s.mailbox && name == "" {
		name = "the mailbox"
	}
	name = cut(name, cell-1, r.glyphs.more)
	gap := cell - ansi.StringWidth(name)
	return line{{strings.Repeat(" ", gap/2), r.theme.text}, {name, style}, {strings.Repeat(" ", gap-gap/2), r.theme.text}}
}

// copyAt says how a copy of the mail stands at a stop; empty when none does.
func (r *rail) copyAt(m *trace.MailView, s stop) string {
	for _, c := range m.Copies {
		switch {
		case s.mailbox && c.Place == trace.InMailbox && c.Host == s.host && (s.name == "" || owner(c.Mailbox) == s.name):
			return "in the mailbox"
		case s.mailbox || c.Host != s.host:
		case c.Place == trace.AtAuthor:
			return "own copy"
		case c.Place == trace.InQueue:
			return "in the queue"
		case c.Place == trace.OnDevice:
			return "on the device"
		}
	}
	return ""
}

func (r *rail) copy(s stop, at string, goal bool, cell int) span {
	switch {
	case goal:
		return span{centre("not there yet", cell), r.theme.dim}
	case at == "":
		return span{strings.Repeat(" ", cell), r.theme.text}
	}
	text := r.glyphs.mail + " " + at
	if ansi.StringWidth(text) >= cell {
		text = r.glyphs.mail + " " + strings.TrimPrefix(strings.TrimPrefix(at, "in the "), "on the ")
	}
	return span{centre(cut(text, cell-1, r.glyphs.more), cell), r.theme.mail}
}

// cellOf is a stop's part of the track: half a leg, the stop, half a leg.
func (r *rail) cellOf(w *way, i, n, cell int, ahead, holds bool) line {
	left := (cell - 1) / 2
	right := cell - 1 - left
	node, style := r.glyphs.node, r.theme.text
	switch {
	case ahead && i == n-1:
		node, style = r.glyphs.goal, r.theme.dim
	case holds:
		node, style = r.glyphs.holding, r.theme.mail
	}
	in, inStyle := r.half(w, i-1, n, left, ahead, true)
	out, outStyle := r.half(w, i, n, right, ahead, false)
	return line{{in, inStyle}, {node, style}, {out, outStyle}}
}

// half is one half of the leg behind stop i: the first carries what the leg is
// called, the second its tip.
func (r *rail) half(w *way, i, n, width int, ahead, second bool) (string, lipgloss.Style) {
	switch {
	case i < 0 || i >= n-1:
		return strings.Repeat(" ", width), r.theme.text
	case ahead && i == n-2:
		return strings.Repeat(r.glyphs.ahead, width), r.theme.dim
	}
	l := w.legs[i]
	g := &r.glyphs
	across, style := g.done, r.theme.good
	switch l.state {
	case trace.UnderWay:
		across, style = g.underWay, r.theme.conn
	case trace.PutOff:
		across, style = g.putOff, r.theme.warning
	case trace.NotWorking:
		across, style = g.broken, r.theme.fault
	}
	if r.event != nil && r.event.Hop == l.id {
		style = style.Bold(true)
	}
	if second {
		return strings.Repeat(across, max(width-1, 0)) + g.tip, style
	}
	word := r.word(l)
	if len(word)+2 > width {
		return strings.Repeat(across, width), style
	}
	return across + word + strings.Repeat(across, width-1-ansi.StringWidth(word)), style
}

// word says how a leg stands where the drawing alone does not.
func (r *rail) word(l leg) string {
	switch l.state {
	case trace.PutOff:
		return "put off"
	case trace.NotWorking:
		return "failed"
	case trace.UnderWay:
		if n := r.onTheWay(l); n > 0 {
			return explain.Grouped(n) + " B"
		}
	}
	return ""
}

// onTheWay are the octets that one end of the moment's connection has sent on a
// leg and that have not reached the other.
func (r *rail) onTheWay(l leg) int64 {
	if r.event == nil || r.event.Hop != l.id {
		return 0
	}
	c := r.view.Connection(r.event.Conn)
	if c == nil {
		return 0
	}
	return c.ToServer.Sent - c.ToServer.Arrived + c.ToClient.Sent - c.ToClient.Arrived
}

// centre puts a text into the middle of so many cells.
func centre(text string, width int) string {
	gap := width - ansi.StringWidth(text)
	if gap <= 0 {
		return text
	}
	return strings.Repeat(" ", gap/2) + text + strings.Repeat(" ", gap-gap/2)
}
