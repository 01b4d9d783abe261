package tui

import (
	"strings"
	"time"

	"mailwalk/sim/trace"
)

// ttlCells is how many cells a time to live is drawn with.
const ttlCells = 6

// known are rows on what resolvers have in their caches at the moment, those that
// the look-up has to do with first.
func (n *names) known(width int) []line {
	all := n.view.Caches()
	if len(all) == 0 {
		return nil
	}
	ours := map[string]bool{}
	for _, s := range n.steps {
		ours[s.e.Host] = true
	}
	out := []line{{}, {{" What resolvers know", n.theme.heading}, {"  and for how long", n.theme.dim}}}
	for _, first := range [...]bool{true, false} {
		host := ""
		for _, c := range all {
			if ours[c.Host] != first || len(out) > mostKnown {
				continue
			}
			if c.Host != host {
				host = c.Host
				out = append(out, line{{" " + n.glyphs.lookup + " ", n.theme.lookup}, {host, n.theme.strong}})
			}
			out = append(out, n.entry(c))
		}
	}
	return out
}

const mostKnown = 200 // rows of caches that are made

// entry is a record set in a cache, with what is left of its time.
func (n *names) entry(c *trace.CacheEntry) line {
	about := ""
	switch {
	case c.RCode == "NXDOMAIN":
		about = "does not exist"
	case len(c.Records) == 0:
		about = "has none"
	default:
		var data []string
		for _, r := range c.Records[:min(len(c.Records), mostRelated)] {
			data = append(data, bareName(r.Data))
		}
		about = strings.Join(data, ", ")
	}
	mark, style := " ", n.theme.text
	if n.event != nil && n.event.What == trace.Cached && c.Since == n.event.At && c.Host == n.event.Host {
		mark, style = "+", n.theme.good
	}
	gone, rest := n.ttl(c)
	name := bareName(c.Name)
	if c.RCode != "NXDOMAIN" {
		name += " " + c.Type
	}
	return line{
		{" " + mark + " ", style}, {gone, n.theme.lookup}, {rest + " ", n.theme.border},
		{fillLeft(left(c.Until, n.view.At), 11) + "  ", n.theme.dim}, {name + "  ", n.theme.text}, {about, n.theme.dim},
	}
}

// ttl draws what is left of an entry's time, and what has gone.
func (n *names) ttl(c *trace.CacheEntry) (is, was string) {
	whole, rest := c.Until-c.Since, c.Until-n.view.At
	cells := 0
	if whole > 0 && rest > 0 {
		// As long as it lasts at all, something of it shows.
		cells = min(int((rest*ttlCells+whole-time.Nanosecond)/whole), ttlCells)
	}
	return strings.Repeat(n.glyphs.done, cells), strings.Repeat(n.glyphs.ahead, ttlCells-cells)
}
