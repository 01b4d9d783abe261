package tui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// dump shows the octets of the moment's step, and a tree of what they mean. A row
// of the tree and its octets are selected together.
type dump struct {
	*stage
	memo memo

	// of is the moment that o belongs to, upTo what was shown then.
	of, upTo uint64
	o        *octets
	// at is the row of the tree under the cursor, octet that of the dump.
	at, octet int
	// chosen is what a person has moved to; other steps open at the same field.
	chosen string
	// top is the first row of the dump that shows, first that of the tree.
	top, first int
	// bytes and tree are where they were drawn last, per how many octets a row had.
	bytes, tree rect
	per         int
}

const (
	besides   = 110 // width from which the tree stands beside the dump
	leastTree = 3   // rows of the tree that the dump leaves
	nameLeast = 12
	nameMost  = 26 // widest name in the tree
)

// Title, Aside and Foot are the words in the border.
func (d *dump) Title() string { return "bytes" }

func (d *dump) Aside() string {
	if d.sync(); d.o == nil {
		return ""
	}
	return d.o.title
}

func (d *dump) Foot() string {
	if d.sync(); d.o == nil || len(d.o.data) == 0 {
		return ""
	}
	return fmt.Sprintf("octet %s of %s", explain.Grouped(int64(d.octet)), explain.Grouped(int64(len(d.o.data))))
}

// sync takes the moment's octets, with the cursor where it stood in those before.
func (d *dump) sync() {
	if d.of == d.now && d.upTo == d.shown && d.o != nil {
		return
	}
	same := d.of == d.now && d.o != nil
	at, octet := d.at, d.octet
	d.of, d.upTo, d.o = d.now, d.shown, d.octetsOf(d.event)
	if same && d.o != nil && at < len(d.o.tree) {
		d.at, d.octet = at, octet
		return
	}
	d.top, d.first, d.at, d.octet = 0, 0, 0, 0
	if d.o == nil || len(d.o.tree) == 0 {
		return
	}
	d.choose(d.opening())
}

// opening is the row at which a step opens: the one that was chosen, if it has
// one; else what is carried innermost.
func (d *dump) opening() int {
	if i := slices.IndexFunc(d.o.tree, func(p part) bool { return p.key() == d.chosen }); d.chosen != "" && i >= 0 {
		return i
	}
	best := 0
	for i := range d.o.tree {
		p := &d.o.tree[i]
		if p.depth == 0 && !p.refers && p.name != "Padding" && p.name != "End" && p.name != "CRLF" {
			best = i
		}
	}
	if next := best + 1; next < len(d.o.tree) && d.o.tree[next].seq != 0 && !d.o.tree[next].refers {
		best = next // what is carried tells more than that something is
	}
	if _, mail := d.eventBody().(*trace.MailBody); mail {
		return 0
	}
	return best
}

func (d *dump) eventBody() trace.Body {
	if d.event == nil {
		return nil
	}
	return d.event.Body
}

// key names a row so that it is found again in another step's tree.
func (p *part) key() string { return strconv.Itoa(p.depth) + strconv.Itoa(int(p.tint)) + p.name }

// choose puts the cursor on a row of the tree, and on its first octet.
func (d *dump) choose(i int) {
	d.at = max(0, min(i, len(d.o.tree)-1))
	if p := &d.o.tree[d.at]; !p.has(d.octet) || p.from != d.octet {
		d.octet = min(p.from, max(len(d.o.data)-1, 0))
	}
}

// move chooses another row of the tree.
func (d *dump) move(m *Model, n int) string {
	if d.sync(); d.o == nil {
		return "This step has no octets."
	}
	d.choose(d.at + n)
	d.chosen = d.o.tree[d.at].key()
	m.version++
	return ""
}

// moveTo chooses the first or the last row of the tree.
func (d *dump) moveTo(m *Model, last bool) string {
	d.sync()
	n := 0
	if d.o != nil && last {
		n = len(d.o.tree)
	}
	return d.move(m, n-d.at)
}

// point puts the cursor on an octet, and on the row that it belongs to.
func (d *dump) point(m *Model, octet int) {
	d.octet = max(0, min(octet, len(d.o.data)-1))
	if i := d.o.partAt(d.octet); i >= 0 {
		d.at = i
		d.chosen = d.o.tree[i].key()
	}
	m.version++
}

// click takes a click on an octet or on a row of the tree.
func (d *dump) click(m *Model, x, y int) tea.Cmd {
	if d.sync(); d.o == nil {
		return nil
	}
	switch {
	case d.tree.holds(x, y):
		if i := d.first + y - d.tree.y; i < len(d.o.tree) {
			d.move(m, i-d.at)
		}
	case d.bytes.holds(x, y):
		start := (d.top + y - d.bytes.y) * d.per
		size := len(d.o.data)
		for i := range d.per {
			hex, text := dumpCell(i, size), dumpWidth(d.per, size)-d.per+i
			if c := x - d.bytes.x - 1; (c == hex || c == hex+1 || c == text) && start+i < size {
				d.point(m, start+i)
			}
		}
	}
	return nil
}

func (r rect) holds(x, y int) bool { return x >= r.x && x < r.x+r.w && y >= r.y && y < r.y+r.h }

// nextOctet and previousOctet move over the octets.
func (m *Model) nextOctet() tea.Cmd     { return m.pointBy(1) }
func (m *Model) previousOctet() tea.Cmd { return m.pointBy(-1) }

func (m *Model) pointBy(n int) tea.Cmd {
	d := m.panes[bytesPane].(*dump)
	d.point(m, d.octet+n)
	return nil
}

func (m *Model) noOctet() string {
	d := m.panes[bytesPane].(*dump)
	switch {
	case m.focus != bytesPane:
		return "[ and ] move over the bytes: 6 brings them forward."
	case m.now == 0 || d.octets() == 0:
		return "This step has no octets."
	}
	return ""
}

func (d *dump) octets() int {
	if d.sync(); d.o == nil {
		return 0
	}
	return len(d.o.data)
}

// toPart goes to the line or packet under the cursor.
func (m *Model) toPart() tea.Cmd {
	d := m.panes[bytesPane].(*dump)
	m.stay()
	m.goTo(d.o.tree[d.at].seq)
	return nil
}

func (m *Model) noPart() string {
	d := m.panes[bytesPane].(*dump)
	switch {
	case m.focus != bytesPane:
		return "e goes from a line's bytes to its packets, and back: 6 brings the bytes forward."
	case d.octets() == 0:
		return "This step has no octets."
	case d.o.tree[d.at].seq == 0:
		return "The cursor is on a field. On a line, or on a packet that carried it, e goes there."
	}
	return ""
}

// Render draws what can be seen: the octets, the tree beside or below them, and
// what the selected field is for.
func (d *dump) Render(width, height int, focused bool) []string {
	if rows, ok := d.memo.get(width, height, d.version, focused); ok {
		return rows
	}
	d.sync()
	d.bytes, d.tree = rect{}, rect{}
	if d.o == nil {
		return d.memo.put(d.none(width, height))
	}
	var out []string
	if d.o.origin != "" && height > 4 {
		out = append(out, line{{" " + d.o.origin, d.theme.dim}}.render(width, d.theme.text, d.glyphs.more))
	}
	below := d.meaning(width, height)
	room := height - len(out) - len(below)
	if width >= besides {
		d.beside(&out, width, room, focused)
	} else {
		d.stacked(&out, width, room, focused)
	}
	for len(out) < height-len(below) {
		out = append(out, strings.Repeat(" ", width))
	}
	return d.memo.put(append(out, below...)[:min(len(out)+len(below), height)])
}

// none says why there is nothing.
func (d *dump) none(width, height int) []string {
	p := &page{stage: d.stage, width: width}
	switch {
	case d.event == nil:
		p.text(d.theme.dim, "Nothing has crossed a wire yet. A step shows its octets here: a packet's, a line's, a mail's.")
	case d.event.Kind == trace.Note:
		p.text(d.theme.dim, "These are the walk's own words. Nothing of them is on a wire.")
	case d.event.Kind == trace.Connection && d.event.What == trace.Opening || d.event.Kind == trace.Lookup && (d.event.What == trace.Asked || d.event.What == trace.Query):
		p.text(d.theme.dim, "Nothing has left "+d.event.Host+" yet. + looks closer, down to each packet.")
	default:
		p.text(d.theme.dim, "This happens inside "+orWalk(d.event.Host)+". It has no octets on a wire.")
	}
	s := scroll{}
	return s.draw(p, height)
}

func orWalk(host string) string {
	if host == "" {
		return "the walk"
	}
	return host
}

// stacked has the tree below the dump.
func (d *dump) stacked(out *[]string, width, room int, focused bool) {
	d.per = perRow(width-1, len(d.o.data))
	need := (len(d.o.data) + d.per - 1) / d.per
	high := min(need, max(room*9/20, min(2, room)))
	if tree := len(d.o.tree); room-high > tree {
		high = min(need, room-tree)
	}
	if room >= leastTree+2 {
		high = min(high, room-leastTree)
	}
	d.bytes = rect{0, len(*out), width, high}
	for _, l := range d.dumpRows(high) {
		*out = append(*out, l.render(width, d.theme.text, d.glyphs.more))
	}
	d.tree = rect{0, len(*out), width, max(room-high, 0)}
	*out = append(*out, d.treeRows(width, d.tree.h, focused)...)
}

// beside has the tree on the right of the dump.
func (d *dump) beside(out *[]string, width, room int, focused bool) {
	d.per = perRow(wideDump, len(d.o.data))
	left := dumpWidth(d.per, len(d.o.data)) + 2
	d.bytes = rect{0, len(*out), left, room}
	d.tree = rect{left + 1, len(*out), width - left - 1, room}
	dumps, tree := d.dumpRows(room), d.treeRows(d.tree.w, room, focused)
	bar := paint(d.theme.border, d.glyphs.guide)
	for i := range room {
		l, r := strings.Repeat(" ", left), strings.Repeat(" ", d.tree.w)
		if i < len(dumps) {
			l = dumps[i].render(left, d.theme.text, d.glyphs.more)
		}
		if i < len(tree) {
			r = tree[i]
		}
		*out = append(*out, l+bar+r)
	}
}

// dumpRows are the rows of the dump that show, scrolled so that the octet under the
// cursor is among them.
func (d *dump) dumpRows(height int) []line {
	n := (len(d.o.data) + d.per - 1) / d.per
	w := dumped{stage: d.stage, o: d.o, per: d.per, at: d.octet}
	if d.at < len(d.o.tree) {
		w.from, w.to = d.o.tree[d.at].from, d.o.tree[d.at].to
	}
	// As much as there is room for of what is selected, and its cursor for certain.
	d.top = follow(d.top, max(w.to-1, d.octet)/d.per, n, height)
	d.top = follow(d.top, d.octet/d.per, n, height)
	var out []line
	for i := d.top; i < min(d.top+height, n); i++ {
		out = append(out, append(line{{" ", d.theme.text}}, w.row(i*d.per)...))
	}
	return out
}

// follow scrolls a list of n rows so that one of them shows, with a row around it
// where there is room.
func follow(top, at, n, height int) int {
	margin := min(1, max((height-1)/2, 0))
	top = min(top, at-margin)
	top = max(top, at+margin-height+1)
	return max(0, min(top, n-height))
}

// treeRows are the rows of the tree that show.
func (d *dump) treeRows(width, height int, focused bool) []string {
	if height <= 0 {
		return nil
	}
	n := len(d.o.tree)
	d.first = follow(d.first, d.at, n, height)
	column := nameLeast
	for i := d.first; i < min(d.first+height, n); i++ {
		p := &d.o.tree[i]
		column = max(column, min(2*p.depth+ansi.StringWidth(p.name), nameMost, width/2+4))
	}
	var out []string
	for i := d.first; i < min(d.first+height, n); i++ {
		out = append(out, d.treeRow(&d.o.tree[i], i == d.at, width, column, focused))
	}
	return out
}

func (d *dump) treeRow(p *part, here bool, width, column int, focused bool) string {
	t, g := &d.theme, &d.glyphs
	base, mark := t.text, " "
	if here {
		mark, base = g.here, t.selectedIdle
		if focused {
			base = t.selected
		}
	}
	indent := strings.Repeat("  ", p.depth)
	name := fill(cut(indent+p.name, column, g.more), column)
	style := d.tintStyle(p.tint)
	if p.depth == 0 {
		style = style.Bold(true)
	}
	value := p.value
	if p.bits > 0 && p.bits < 8 && p.from < len(d.o.data) {
		value = bitPicture(d.o.data[p.from], p.bit, p.bits) + "  " + value
	}
	row := line{{mark + " ", t.key}, {name + " ", style}}
	later := p.seq > d.now // as seen from the moment
	if later {
		row = append(row, span{"yet to come: ", t.later})
	}
	row = append(row, span{value, t.text})
	switch p.check {
	case trace.Valid:
		row = append(row, span{" " + g.right + " right", t.good})
	case trace.Invalid:
		row = append(row, span{" " + g.fault + " wrong: " + p.note, t.fault})
	case trace.Unchecked:
		row = append(row, span{" " + g.lookup + " not checked: " + p.note, t.dim})
	default:
		if p.note != "" {
			row = append(row, span{"  " + p.note, t.dim})
		}
	}
	switch {
	case later:
		for i := range row {
			row[i].style = t.later
		}
	case here && t.flat:
		for i := range row {
			row[i].style = base
		}
	}
	return row.render(width, base, g.more)
}

// bitPicture shows which bits of an octet a field has: "..1. ....". A field that
// goes on in the next octet has none.
func bitPicture(octet byte, bit, bits int) string {
	var b strings.Builder
	for i := range 8 {
		if i == 4 {
			b.WriteByte(' ')
		}
		if i < bit || i >= bit+bits {
			b.WriteByte('.')
			continue
		}
		b.WriteByte('0' + octet>>(7-i)&1)
	}
	return b.String()
}

// meaning is what the selected row is for, in as many rows as the height has room
// for.
func (d *dump) meaning(width, height int) []string {
	if d.at >= len(d.o.tree) || height < 6 {
		return nil
	}
	p := &d.o.tree[d.at]
	text := p.name + ": " + p.means
	if p.means == "" {
		text = p.name + ": " + p.value
	}
	if where := p.where(); where != "" {
		text += " (" + where + ")"
	}
	most := 1 + (height-6)/6
	words := wrap(text, width-4)
	if len(words) > min(most, 4) {
		words = words[:min(most, 4)]
		last := len(words) - 1
		words[last] = cut(words[last]+d.glyphs.more, width-4, d.glyphs.more)
	}
	var out []string
	for i, w := range words {
		l := line{{" " + d.glyphs.bar + " ", d.theme.note}}
		if rest, ok := strings.CutPrefix(w, p.name+":"); ok && i == 0 {
			l = append(l, span{p.name + ":", d.theme.strong}, span{rest, d.theme.text})
		} else {
			l = append(l, span{w, d.theme.text})
		}
		out = append(out, l.render(width, d.theme.text, d.glyphs.more))
	}
	return out
}

// where says which octets, and which bits of them.
func (p *part) where() string {
	switch {
	case p.to <= p.from:
		return ""
	case p.bits > 0:
		return fmt.Sprintf("%s of octet %d, from bit %d", count(p.bits, "bit"), p.from, p.bit)
	case p.to == p.from+1:
		return fmt.Sprintf("octet %d", p.from)
	}
	return fmt.Sprintf("octets %s to %s", explain.Grouped(int64(p.from)), explain.Grouped(int64(p.to-1)))
}
