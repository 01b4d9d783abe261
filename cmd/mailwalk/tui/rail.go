package tui

import (
	"slices"
	"strconv"
	"strings"

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
	mostStop  = 38
)

// mail is the mail that the moment is about, or the last one there is.
func (s *stage) mail() *trace.MailView {
	if s.event == nil {
		return nil
	}
	if m := s.view.Mail(s.event.Mail); m != nil {
		return m
	}
	if start := s.retrieval(); start != nil {
		for _, m := range slices.Backward(s.view.Mails()) {
			if inMailbox(m, start) {
				return m
			}
		}
	}
	return s.view.LastMail()
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
	several := ""
	if len(ways) > 1 {
		several = "  way " + strconv.Itoa(which+1) + " of " + strconv.Itoa(len(ways))
	}
	room := width - len(several)
	cell := min(room/len(stops), mostStop)
	first, last := 0, len(stops)
	if cell < leastStop {
		// Not all stops fit: those show that are around where the mail goes.
		show := max(room/leastStop, 2)
		cell = min(room/show, mostStop)
		at := max(r.on(w), len(w.stops)-1-show/2, 0)
		first = max(0, min(at-show/2+1, len(stops)-show))
		last = first + show
	}
	names, track, copies := line{}, line{}, line{}
	before := (cell - 1) / 2 // cells of a stop on either side of its sign
	after := cell - 1 - before
	// between draws what leads from stop i to the next.
	between := func(i, width int) line {
		switch {
		case i < 0 || i >= len(stops)-1:
			return line{{strings.Repeat(" ", width), r.theme.text}}
		case ahead && i == len(stops)-2:
			return line{{strings.Repeat(r.glyphs.ahead, width), r.theme.dim}}
		}
		return r.leg(w.legs[i], width)
	}
	track = append(track, between(first-1, before)...)
	for i := first; i < last; i++ {
		goal := ahead && i == len(stops)-1
		at := r.copyAt(m, stops[i])
		names = append(names, r.name(stops[i], goal, cell)...)
		copies = append(copies, r.copy(stops[i], at, goal, cell))
		width := after
		if i < last-1 {
			width += before
		}
		track = append(append(track, r.node(goal, at != "")), between(i, width)...)
	}
	names = append(names, span{several, r.theme.dim})
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
		style = r.theme.heading // what happens at the moment happens here
	}
	name := s.name
	if s.mailbox && name == "" {
		name = "the mailbox"
	}
	name = cut(clean(name), cell-1, r.glyphs.more)
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

// node is the sign of a stop: whether a copy of the mail is there.
func (r *rail) node(goal, holds bool) span {
	switch {
	case goal:
		return span{r.glyphs.goal, r.theme.dim}
	case holds:
		return span{r.glyphs.holding, r.theme.mail}
	}
	return span{r.glyphs.node, r.theme.text}
}

// leg draws a leg in so many cells, with what there is to say of it in its middle.
func (r *rail) leg(l leg, width int) line {
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
	track := max(width-1, 0)
	for _, word := range r.words(l) {
		w := ansi.StringWidth(word)
		if w+2 > track {
			continue
		}
		before := (track - w) / 2
		return line{
			{strings.Repeat(across, before), style}, {word, r.theme.mail},
			{strings.Repeat(across, track-w-before) + g.tip, style},
		}
	}
	return line{{strings.Repeat(across, track) + g.tip, style}}
}

// words say how a leg stands where the drawing alone does not: the first that fits
// is taken.
func (r *rail) words(l leg) []string {
	switch l.state {
	case trace.PutOff:
		return []string{" put off "}
	case trace.NotWorking:
		return []string{" failed "}
	case trace.UnderWay:
		if got, all, ok := r.onTheWay(l); ok {
			n, of := explain.Grouped(got), explain.Grouped(all)
			return []string{
				" " + r.glyphs.mail + " " + n + " of " + of + " octets arrived ", " " + r.glyphs.mail + " " + n + " of " + of + " ",
				" " + r.glyphs.mail + " " + n + "/" + of + " ", " " + r.glyphs.mail + " ",
			}
		}
	}
	return nil
}

// onTheWay is how much of the mail has crossed on a leg, and of how much, from
// when it is sent until the leg is done.
func (r *rail) onTheWay(l leg) (got, all int64, ok bool) {
	seqs := r.rows.contents[l.id]
	i := before(seqs, r.now)
	if i < 0 {
		return 0, 0, false
	}
	e := r.trace.At(seqs[i])
	if e == nil {
		return 0, 0, false
	}
	c := r.view.Connection(e.Conn)
	if c == nil {
		return 0, 0, false
	}
	b := e.Body.(*trace.LineBody)
	flow := c.ToServer
	if b.FromServer {
		flow = c.ToClient
	}
	all = b.To - b.From
	return max(0, min(flow.Arrived-b.From, all)), all, true
}

// centre puts a text into the middle of so many cells.
func centre(text string, width int) string {
	gap := width - ansi.StringWidth(text)
	if gap <= 0 {
		return text
	}
	return strings.Repeat(" ", gap/2) + text + strings.Repeat(" ", gap-gap/2)
}
