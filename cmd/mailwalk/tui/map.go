package tui

import (
	"slices"
	"strconv"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"mailwalk/protocols/dialog"
	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// chart is the map: links, hosts and routers, with what happens on them at the
// moment.
type chart struct {
	*stage
	memo memo
	// laid is the layout of the picture of a size.
	laid struct {
		net  *Network
		w, h int
		chartLayout
	}
}

// Title and Aside are the words in the border.
func (c *chart) Title() string { return "map" }

func (c *chart) Aside() string {
	n := c.network()
	return count(len(n.Hosts), "host") + ", " + count(len(n.Links), "link")
}

// Foot tells how much is under way.
func (c *chart) Foot() string {
	if k := len(c.rows.wires.flying(c.now)); k > 0 {
		return count(k, "packet") + " under way"
	}
	return ""
}

// Render draws the picture, or a list where there is no room for one.
func (c *chart) Render(width, height int, focused bool) []string {
	if rows, ok := c.memo.get(width, height, c.version, focused); ok {
		return rows
	}
	net := c.network()
	if len(net.Hosts) == 0 {
		return c.memo.put([]string{line{{" No host has done anything yet.", c.theme.dim}}.render(width, c.theme.text, c.glyphs.more)})
	}
	p := &chartPicture{chart: c, net: net, canvas: newCanvas(width, height, &c.theme.text)}
	p.flying = c.rows.wires.flying(c.now)
	p.here, p.there = c.ends()
	p.heavy = c.theme.conn.Bold(true)
	if l := c.lay(net, width, height); l.tall > 0 {
		p.chartLayout = l
		p.draw()
	} else {
		p.list()
	}
	return c.memo.put(p.canvas.rows(c.theme.text))
}

// lay is the layout for a size, made once for as long as the network is the same.
func (c *chart) lay(net *Network, w, h int) *chartLayout {
	if l := &c.laid; l.net != net || l.w != w || l.h != h {
		l.net, l.w, l.h, l.chartLayout = net, w, h, layoutChart(net, w, h)
	}
	return &c.laid.chartLayout
}

// ends are the machines of the moment: what happens on one, or goes from one to
// another.
func (c *chart) ends() (here, there string) {
	if c.event == nil {
		return "", ""
	}
	it := (&ladder{stage: c.stage}).item(c.event)
	if it.form == remark {
		return "", ""
	}
	return it.from, it.to
}

// chartPicture is a map that is being drawn.
type chartPicture struct {
	*chart
	*chartLayout
	net         *Network
	canvas      *canvas
	flying      []flight
	here, there string
	heavy       lipgloss.Style
}

// runs says what a host is, in words, and the sign of the first of them.
func (p *chartPicture) runs(h *NetworkHost) (glyph, words string) {
	d := &p.glyphs.draw
	if len(h.Runs) == 0 {
		return d.device, h.Label
	}
	signs := map[Program]string{MailServer: d.mta, Mailboxes: d.boxes, Resolver: d.resolver, NameServer: d.names}
	for i, r := range h.Runs {
		if i > 0 {
			words += ", "
		}
		words += string(r)
	}
	return signs[h.Runs[0]], words
}

// mailAt says how the mail stands at a host; empty when no copy is there.
func (p *chartPicture) mailAt(host string) string {
	m := p.mail()
	if m == nil {
		return ""
	}
	at := ""
	for _, c := range m.Copies {
		if c.Host != host {
			continue
		}
		switch c.Place {
		case trace.AtAuthor:
			at = "own copy"
		case trace.InQueue:
			at = "in the queue"
		case trace.InMailbox:
			at = "in the mailbox"
		case trace.OnDevice:
			at = "on the device"
		}
	}
	return at
}

// style is how a machine's name looks, with a sign when it is off.
func (p *chartPicture) style(name string) (style *lipgloss.Style, sign string) {
	switch {
	case isDown(p.rows.wires.off[name], p.now):
		return &p.theme.fault, p.glyphs.fault + " off "
	case name != "" && (name == p.here || name == p.there):
		return &p.theme.heading, ""
	}
	return &p.theme.text, ""
}

// facts are what is known of a link, as many as there is room for.
func facts(l *NetworkLink, width int) string {
	var parts []string
	if l.Latency > 0 {
		parts = append(parts, explain.Span(l.Latency))
	}
	if l.Bandwidth > 0 {
		parts = append(parts, bits(l.Bandwidth))
	}
	if l.Loss > 0 {
		parts = append(parts, "loses "+perMille(l.Loss))
	}
	if l.MTU > 0 {
		parts = append(parts, "MTU "+strconv.Itoa(l.MTU))
	}
	for len(parts) > 0 && ansi.StringWidth(strings.Join(parts, ", ")) > width {
		parts = parts[:len(parts)-1]
	}
	return strings.Join(parts, ", ")
}

// bits is a bandwidth in its largest whole units.
func bits(n int64) string {
	for _, u := range []struct {
		of   int64
		name string
	}{{1e9, " Gbit/s"}, {1e6, " Mbit/s"}, {1e3, " kbit/s"}} {
		if n >= u.of && n%(u.of/10) == 0 {
			return strings.TrimSuffix(strconv.FormatFloat(float64(n)/float64(u.of), 'f', 1, 64), ".0") + u.name
		}
	}
	return explain.Grouped(n) + " bit/s"
}

func perMille(n int) string {
	return strings.TrimSuffix(strconv.FormatFloat(float64(n)/10, 'f', 1, 64), ".0") + " %"
}

// packet is what is under way: the body of the event of its sending.
func (p *chartPicture) packet(f flight) (*trace.Event, *trace.PacketBody) {
	e := p.trace.At(f.sent)
	if e == nil {
		return nil, nil
	}
	b, ok := e.Body.(*trace.PacketBody)
	if !ok {
		return nil, nil
	}
	return e, b
}

// carriesMail tells whether a packet has a part of a mail in it.
func (p *chartPicture) carriesMail(e *trace.Event) bool {
	x := p.rows.index
	n, ok := x.NodeOf(e)
	if !ok {
		return false
	}
	return slices.ContainsFunc(x.Up(n), func(up trace.Node) bool {
		info, ok := x.Line(up.Seq)
		return ok && up.Level == trace.LineLevel && info.Role == dialog.Body
	})
}

// saying is what a packet that is under way is, and where.
func (p *chartPicture) told(f flight) string {
	e, b := p.packet(f)
	if e == nil {
		return ""
	}
	_, labels := (&ladder{stage: p.stage}).gist(e, b)
	text := labels[0] + ", " + machine(b.From) + " " + p.glyphs.hop + " " + machine(b.To) + ", on " + b.Link
	if p.carriesMail(e) {
		text = p.glyphs.mail + " part of the mail, " + text
	}
	if f.held {
		text += ", held"
	}
	if f.what != "" {
		text += ", " + f.what
	}
	return text
}
