package tui

import (
	"slices"

	"github.com/charmbracelet/x/ansi"
)

// Rows of a host in the picture.
const (
	hostRow  = 1 // its name
	hostPair = 2 // and below it what it is
	hostBox  = 3 // in a box
)

const (
	hostLeast  = 18 // cells of a host with its tap
	boxMost    = 30
	cableLeast = 12 // cells of a link that only routers are on
	cableMost  = 22
	mostTurns  = 6 // links whose order is chosen by trying all
)

// chartLayout is where everything of a network stands. It depends on nothing but
// the network and the size.
type chartLayout struct {
	// tall is how many rows a host takes; 0 says that there is no room for a picture.
	tall int
	// facts tells that there is a second row for what is known of a link.
	facts bool
	links []linkPlace
	bars  []barPlace
	// below is the first row under the picture.
	below int
}

// linkPlace is a link: a line downwards, with its hosts beside it.
type linkPlace struct {
	index        int // in the network; -1 for the machines that are on no link
	x, w, bottom int
	hosts        []hostPlace
}

type hostPlace struct{ index, y int }

// barPlace is a router: a line across, with a joint on each of its links.
type barPlace struct {
	index, y int
	joints   []int // columns
	from, to int
}

// layoutChart finds the places for a network in so many rows and columns.
func layoutChart(n *Network, w, h int) chartLayout {
	groups := groupHosts(n)
	order := turn(n, groups)
	rows := 0
	for _, g := range groups {
		rows = max(rows, len(g.hosts))
	}
	for _, tall := range [...]int{hostBox, hostPair, hostRow} {
		for _, facts := range [...]bool{true, false} {
			need := 1 + rows*tall + barRows(n, tall)
			if tall > hostRow {
				need++ // for what is under way, in words
			}
			if facts {
				need++
			}
			if need > h {
				continue
			}
			if l, ok := spread(n, groups, order, w, tall, facts); ok {
				return l
			}
		}
	}
	return chartLayout{}
}

// barRows is how many rows the routers take.
func barRows(n *Network, tall int) int {
	switch {
	case len(n.Routers) == 0:
		return 0
	case tall == hostRow:
		return len(n.Routers)
	}
	return 2 * len(n.Routers)
}

// linkGroup is a link, by its index, and the hosts on it.
type linkGroup struct {
	index int
	hosts []int
}

func groupHosts(n *Network) []linkGroup {
	groups := make([]linkGroup, len(n.Links))
	of := map[string]int{}
	for i := range n.Links {
		groups[i].index = i
		of[n.Links[i].Name] = i
	}
	var none []int
	for i := range n.Hosts {
		if g, ok := of[n.Hosts[i].Link]; ok {
			groups[g].hosts = append(groups[g].hosts, i)
		} else {
			none = append(none, i)
		}
	}
	if len(none) > 0 {
		groups = append(groups, linkGroup{-1, none})
	}
	return groups
}

// turn chooses the order of the links in which routers reach across as little as
// possible; of several that are as good, the one nearest to the order of the walk.
func turn(n *Network, groups []linkGroup) []int {
	order := make([]int, len(groups))
	for i := range order {
		order[i] = i
	}
	if len(n.Links) > mostTurns {
		return order
	}
	best, least := slices.Clone(order), reach(n, groups, order)
	var try func(k int)
	try = func(k int) {
		if k == len(n.Links) {
			if r := reach(n, groups, order); r < least {
				best, least = slices.Clone(order), r
			}
			return
		}
		for i := k; i < len(n.Links); i++ {
			order[k], order[i] = order[i], order[k]
			try(k + 1)
			order[k], order[i] = order[i], order[k]
		}
	}
	try(0)
	return best
}

// reach is how many links all routers span in an order.
func reach(n *Network, groups []linkGroup, order []int) int {
	sum := 0
	for _, r := range n.Routers {
		lo, hi := len(order), 0
		for at, g := range order {
			if i := groups[g].index; i >= 0 && slices.Contains(r.Links, n.Links[i].Name) {
				lo, hi = min(lo, at), max(hi, at)
			}
		}
		sum += max(hi-lo, 0)
	}
	return sum
}

// cableWidth is the cells of a link that only routers are on.
func cableWidth(n *Network, i int) int {
	return max(cableLeast, min(ansi.StringWidth(clean(n.Links[i].Name))+4, cableMost))
}

// spread gives each link its columns; false when there are too few.
func spread(n *Network, groups []linkGroup, order []int, w, tall int, facts bool) (chartLayout, bool) {
	least := hostLeast
	if tall == hostBox {
		for i := range n.Hosts { // its name may lose some letters, not more
			least = max(least, min(ansi.StringWidth(clean(n.Hosts[i].Name))+5, boxMost))
		}
	}
	cables, full := 0, 0
	for _, g := range groups {
		if len(g.hosts) > 0 {
			full++
			continue
		}
		cables += cableWidth(n, g.index)
	}
	room := w - 1 - cables
	if full == 0 || room/full < least {
		return chartLayout{}, false
	}
	top := 1
	if facts {
		top++
	}
	l := chartLayout{tall: tall, facts: facts}
	x, bottom, left := 1, top, full
	for _, i := range order {
		g := groups[i]
		p := linkPlace{index: g.index, x: x}
		switch {
		case len(g.hosts) == 0:
			p.w = cableWidth(n, g.index)
		default:
			p.w = room / left
			room -= p.w
			left--
		}
		x += p.w
		for k, h := range g.hosts {
			p.hosts = append(p.hosts, hostPlace{h, top + k*tall + (tall-1)/2})
		}
		p.bottom = top + max(len(g.hosts)*tall-1, 0)
		bottom = max(bottom, top+len(g.hosts)*tall)
		l.links = append(l.links, p)
	}
	l.routers(n, bottom, tall)
	return l, true
}

// routers puts the routers below the hosts and leads the links down to them.
func (l *chartLayout) routers(n *Network, bottom, tall int) {
	step := 1
	if tall > hostRow {
		step = 2
		if len(n.Routers) > 0 {
			bottom++
		}
	}
	y := bottom
	for i, r := range n.Routers {
		b := barPlace{index: i, y: y}
		for k := range l.links {
			p := &l.links[k]
			if p.index >= 0 && slices.Contains(r.Links, n.Links[p.index].Name) {
				b.joints = append(b.joints, p.x)
				p.bottom = y
			}
		}
		if len(b.joints) > 0 {
			b.from, b.to = b.joints[0], b.joints[len(b.joints)-1]
			l.bars = append(l.bars, b)
			y += step
		}
	}
	l.below = max(bottom, y)
	if len(l.bars) > 0 && step > 1 {
		l.below--
	}
}

// tap is the row at which a machine is on a link.
func (l *chartLayout) tap(n *Network, p *linkPlace, name string) (int, bool) {
	for _, h := range p.hosts {
		if n.Hosts[h.index].Name == name {
			return h.y, true
		}
	}
	for _, b := range l.bars {
		if n.Routers[b.index].Name == name && slices.Contains(b.joints, p.x) {
			return b.y, true
		}
	}
	return 0, false
}

// link is the place of a link, nil when it has none.
func (l *chartLayout) link(n *Network, name string) *linkPlace {
	for i := range l.links {
		if k := l.links[i].index; k >= 0 && n.Links[k].Name == name {
			return &l.links[i]
		}
	}
	return nil
}
