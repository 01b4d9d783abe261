package tui

import (
	"cmp"
	"slices"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"mailwalk/sim/explain"
)

// ladderPicture is a ladder that is being drawn.
type ladderPicture struct {
	*ladder
	canvas *canvas
	head   int // rows above the first step
	left   int // where the steps begin: the moment's mark and the clock are before
	// columns are the hosts that are seen, from left to right; at are their places.
	columns []string
	at      map[string]int
	// order are the places of all hosts of the rows, seen or not.
	order map[string]float64
	// hidden tells after which columns hosts are left out; -1 is before the first.
	hidden map[int]bool
}

const (
	columnWidth = 18 // cells between two hosts at least
	mostColumns = 12
	widest      = 72 // cells between two hosts at most, for words to be near both
)

// place chooses the hosts that are seen, and where.
func (p *ladderPicture) place(rungs []rung, at int) {
	p.left = markWidth + p.clockWidth(rungs) + 1
	room := p.canvas.w - p.left - 1
	near := p.near(rungs, at)
	p.sort(near, rungs)
	most := max(2, min(room/columnWidth+1, mostColumns))
	seen := near[:min(len(near), most)]
	p.columns = slices.Clone(seen)
	slices.SortStableFunc(p.columns, func(a, b string) int { return cmp.Compare(p.order[a], p.order[b]) })
	p.at = map[string]int{}
	edge := min(10, room/8)
	wide := p.conversation(&rungs[max(at, 0)])
	gaps := len(p.columns) - 1
	if wide >= 0 {
		gaps++
	}
	for i, name := range p.columns {
		x := p.left + min(room/4, widest/2)
		if n := len(p.columns); n > 1 {
			before := i
			if wide >= 0 && i > wide {
				before++
			}
			x = p.left + edge + before*min(room-2*edge, widest*(n-1))/gaps
		}
		p.at[name] = x
	}
	p.hidden = map[int]bool{}
	for _, name := range near[len(seen):] {
		i := -1
		for i+1 < len(p.columns) && p.order[p.columns[i+1]] < p.order[name] {
			i++
		}
		p.hidden[i] = true
	}
}

// conversation is the column left of the gap across which the two ends of the
// moment's connection talk: it is twice as wide as the others. It is -1 when there
// is none.
func (p *ladderPicture) conversation(r *rung) int {
	a, b := slices.Index(p.columns, r.client), slices.Index(p.columns, r.server)
	if a < 0 || b < 0 || len(p.columns) < 3 || a-b != 1 && b-a != 1 {
		return -1
	}
	return min(a, b)
}

// clockWidth is the cells of the widest time among the rows.
func (p *ladderPicture) clockWidth(rungs []rung) int {
	w := 0
	for i := range rungs {
		if rungs[i].gap == 0 {
			w = max(w, len(explain.Clock(rungs[i].item.at)))
		}
	}
	return w
}

// near are the hosts of the rows, those of the moment first, then those nearest to
// it.
func (p *ladderPicture) near(rungs []rung, at int) []string {
	var names []string
	add := func(r *rung) {
		if r.gap != 0 || r.form == remark {
			return
		}
		for _, name := range [...]string{r.from, r.to} {
			if name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	at = max(at, 0)
	add(&rungs[at])
	for _, name := range [...]string{rungs[at].client, rungs[at].server} {
		// The other end of a conversation stays where it is while one end is busy.
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for d := 1; d < len(rungs); d++ {
		if at-d >= 0 {
			add(&rungs[at-d])
		}
	}
	for d := at + 1; d < len(rungs); d++ {
		add(&rungs[d])
	}
	return names
}

// sort gives each host its place in the order from left to right. A router stands
// between those whose packets it passes on.
func (p *ladderPicture) sort(names []string, rungs []rung) {
	w := p.rows.wires
	p.order = map[string]float64{}
	ranks := map[string]int{}
	for i, h := range w.hosts {
		ranks[h] = i
	}
	var routers []string
	for _, name := range names {
		if w.routers[name] {
			routers = append(routers, name)
			continue
		}
		rank, known := ranks[name]
		if !known {
			rank = len(w.hosts)
		}
		p.order[name] = float64(rank)
	}
	beside := p.neighbours(routers, rungs)
	for range 4 * len(routers) { // each comes nearer to the middle of its neighbours
		for _, r := range routers {
			sum, n := 0.0, 0.0
			for _, other := range beside[r] {
				if x, placed := p.order[other]; placed {
					sum, n = sum+x, n+1
				}
			}
			if n > 0 {
				p.order[r] = sum / n
			}
		}
	}
	for i, r := range routers {
		if _, placed := p.order[r]; !placed {
			p.order[r] = float64(len(w.hosts) + i)
		}
	}
}

// neighbours are those with whom routers exchange packets in the rows.
func (p *ladderPicture) neighbours(routers []string, rungs []rung) map[string][]string {
	beside := map[string][]string{}
	for i := range rungs {
		from, to := rungs[i].from, rungs[i].to
		for _, ends := range [...][2]string{{from, to}, {to, from}} {
			r, other := ends[0], ends[1]
			if other != "" && slices.Contains(routers, r) && !slices.Contains(beside[r], other) {
				beside[r] = append(beside[r], other)
			}
		}
	}
	return beside
}

// heads draws the names of the hosts above their lines.
func (p *ladderPicture) heads(rungs []rung, at int) {
	var here item
	if at >= 0 {
		here = rungs[at].item
	}
	net := p.network()
	for i, name := range p.columns {
		lo, hi := p.left, p.canvas.w-1
		if i > 0 {
			lo = (p.at[p.columns[i-1]]+p.at[name])/2 + 1
		}
		if i+1 < len(p.columns) {
			hi = (p.at[name] + p.at[p.columns[i+1]]) / 2
		}
		style := &p.theme.strong
		if name == here.from || name == here.to {
			style = &p.theme.heading
		}
		text := name
		if isDown(p.rows.wires.off[name], p.now) {
			text, style = p.glyphs.fault+" off: "+name, &p.theme.fault
		}
		p.centre(lo, hi, p.at[name], 0, text, style)
		if p.head > 1 {
			label := net.label(name)
			if label == "" {
				p.life(name, 1, p.now)
				continue
			}
			p.centre(lo, hi, p.at[name], 1, label, &p.theme.dim)
		}
	}
	for i := range p.hidden {
		x := p.left - 2
		switch {
		case i >= 0 && i+1 < len(p.columns):
			x = (p.at[p.columns[i]] + p.at[p.columns[i+1]]) / 2
		case i >= 0:
			x = p.canvas.w - 1
		}
		p.canvas.put(x, 0, p.glyphs.more, &p.theme.dim)
	}
}

// centre writes a text around a column, within some cells.
func (p *ladderPicture) centre(lo, hi, x, y int, text string, style *lipgloss.Style) {
	text = cut(clean(text), hi-lo-1, p.glyphs.more)
	w := ansi.StringWidth(text)
	p.canvas.put(max(lo, min(x-w/2, hi-w)), y, text, style)
}

// lives draws the hosts' own lines in a row.
func (p *ladderPicture) lives(y int, seq uint64) {
	for _, name := range p.columns {
		p.life(name, y, seq)
	}
}

func (p *ladderPicture) life(name string, y int, seq uint64) {
	if isDown(p.rows.wires.off[name], seq) {
		p.canvas.put(p.at[name], y, p.glyphs.draw.gone, &p.theme.fault)
		return
	}
	p.canvas.put(p.at[name], y, p.glyphs.draw.life, &p.theme.border)
}

// side tells where a host that is not seen is, as seen from one that is: 1 for the
// right, -1 for the left.
func (p *ladderPicture) side(hidden, seen string) int {
	if p.order[hidden] < p.order[seen] {
		return -1
	}
	return 1
}

// short is a name in as many cells as there are.
func (p *ladderPicture) short(text string, width int) string {
	return cut(strings.TrimSpace(clean(text)), width, p.glyphs.more)
}
