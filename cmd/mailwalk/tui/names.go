package tui

import (
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// names shows how a question to the DNS is answered: who asks whom, who refers to
// whom, and what is known afterwards.
type names struct {
	*stage
	memo memo
	// id is the look-up that was drawn last, as far as upTo, and steps its rows.
	id    string
	upTo  uint64
	steps []nameStep
	first int // the first row that shows
	tree  rect
	shows []int // the step of each row of the tree
}

// nameStep is a row of the tree.
type nameStep struct {
	e     *trace.Event
	body  *trace.LookupBody
	depth int
	// asked is when what it answers was asked; 0 with known unset when it answers
	// nothing.
	asked time.Duration
	known bool
}

const mostNameSteps = 500 // steps of one look-up that are shown

// Title, Aside and Foot are the words in the border.
func (n *names) Title() string { return "look-ups" }

func (n *names) Aside() string {
	n.sync()
	if len(n.steps) == 0 {
		return ""
	}
	b := n.steps[0].body
	return bareName(b.Name) + " " + b.Type
}

func (n *names) Foot() string {
	if i := before(n.rows.looked, n.now); i >= 0 {
		return explain.Grouped(int64(i+1)) + " of " + explain.Grouped(int64(len(n.rows.looked))) + " steps"
	}
	return ""
}

// bareName is a name without the dot that makes it absolute.
func bareName(name string) string {
	if len(name) > 1 {
		return strings.TrimSuffix(name, ".")
	}
	return name
}

// current is the look-up that the moment belongs to, or the last one before it.
func (n *names) current() string {
	if n.event != nil && n.event.Lookup != "" && n.begun(n.event.Lookup) {
		return n.event.Lookup
	}
	if i := before(n.rows.looked, n.now); i >= 0 {
		if e := n.trace.At(n.rows.looked[i]); e != nil {
			return e.Lookup
		}
	}
	return ""
}

// begun tells whether a look-up has begun.
func (n *names) begun(id string) bool {
	first := n.rows.index.First(trace.Node{Level: trace.LookupLevel, ID: id})
	return first > 0 && first <= n.now
}

// sync takes the steps of the moment's look-up, as far as they have been shown.
func (n *names) sync() {
	id := n.current()
	if id == n.id && n.upTo == n.shown {
		return
	}
	if id != n.id {
		n.first = 0
	}
	n.id, n.upTo, n.steps = id, n.shown, n.steps[:0]
	if id == "" {
		return
	}
	asked := map[string]time.Duration{} // by server, or by host for the question itself
	question := ""
	for _, seq := range n.rows.index.Events(trace.Node{Level: trace.LookupLevel, ID: id}) {
		e := n.trace.At(seq)
		if e == nil || len(n.steps) == mostNameSteps {
			break
		}
		b, ok := e.Body.(*trace.LookupBody)
		if !ok {
			continue
		}
		s := nameStep{e: e, body: b, depth: 1}
		if question == "" {
			question = b.Name + " " + b.Type
		}
		peer := e.Host + ">" + b.ServerAddr.String() + b.Server + " " + b.Name + " " + b.Type
		switch e.What {
		case trace.Asked:
			s.depth = 0
			asked[e.Host] = e.At
		case trace.Query:
			asked[peer] = e.At
		case trace.Resolved, trace.NotFound, trace.Unsolved:
			s.depth = 0
			s.asked, s.known = asked[e.Host], true
		case trace.Cached, trace.Expired:
			s.depth = 2
		default:
			s.asked, s.known = asked[peer]
		}
		if s.depth == 1 && b.Name+" "+b.Type != question && e.What != trace.CacheHit {
			s.depth = 2 // a question within the question
		}
		n.steps = append(n.steps, s)
	}
}

// move goes to another step, over to the next or the previous look-up if need be.
func (n *names) move(m *Model, by int) string {
	all := n.rows.looked
	if len(all) == 0 {
		return "No name has been looked up yet."
	}
	at := before(all, n.now)
	if at >= 0 && all[at] != n.now && by < 0 {
		at++ // back from between two steps is to the one before
	}
	i := at + by
	switch {
	case i < 0 && at <= 0 && by < 0:
		return "This is the first step of the first look-up."
	case at == len(all)-1 && by > 0:
		return "This is the last step that has been seen. Space goes on."
	}
	m.stay()
	m.goTo(all[max(0, min(i, len(all)-1))])
	return ""
}

// moveTo goes to the first or the last step of the look-up.
func (n *names) moveTo(m *Model, last bool) string {
	if n.sync(); len(n.steps) == 0 {
		return "No name has been looked up yet."
	}
	i := 0
	if last {
		i = len(n.steps) - 1
	}
	m.stay()
	m.goTo(n.steps[i].e.Seq)
	return ""
}

// click goes to the step of a row.
func (n *names) click(m *Model, x, y int) tea.Cmd {
	if i := y - n.tree.y; n.tree.holds(x, y) && i < len(n.shows) {
		m.stay()
		m.goTo(n.steps[n.shows[i]].e.Seq)
	}
	return nil
}

// Render draws the tree, and below it what the resolvers know.
func (n *names) Render(width, height int, focused bool) []string {
	if rows, ok := n.memo.get(width, height, n.version, focused); ok {
		return rows
	}
	n.sync()
	n.tree, n.shows = rect{}, n.shows[:0]
	p := &page{stage: n.stage, width: width}
	if len(n.steps) == 0 {
		p.text(p.theme.strong, "No name has been looked up yet.")
		p.blank()
		p.text(p.theme.text, "Who is to send a mail has to ask where it goes. The question and all that is asked for it stand here as a tree: the program asks its resolver, the resolver the root, a top-level domain and the domain itself.")
		s := scroll{}
		return n.memo.put(s.draw(p, height))
	}
	known := n.known(width)
	most := height
	if len(known) > 0 && height >= 8 {
		most = max(height-len(known), height*3/5)
	}
	out := n.treeRows(width, most, focused)
	for _, l := range known[:max(0, min(len(known), height-len(out)))] {
		out = append(out, l.render(width, n.theme.text, n.glyphs.more))
	}
	return n.memo.put(out)
}

// treeRows are the rows of the tree that show, with the records of the moment's
// step below it.
func (n *names) treeRows(width, height int, focused bool) []string {
	at := -1
	for i := range n.steps {
		if n.steps[i].e.Seq <= n.now {
			at = i
		}
	}
	var detail []line
	if at >= 0 && n.steps[at].e.Seq == n.now && height >= 6 {
		detail = n.records(&n.steps[at], width)
		detail = detail[:min(len(detail), height/3)]
	}
	n.first = follow(n.first, max(at, 0), len(n.steps), height-len(detail))
	n.tree = rect{0, 0, width, height}
	var out []string
	for i := n.first; i < len(n.steps) && len(out) < height; i++ {
		out = append(out, n.row(i, i == at, width, focused))
		n.shows = append(n.shows, i)
		if i != at {
			continue
		}
		for _, l := range detail[:min(len(detail), height-len(out))] {
			out = append(out, l.render(width, n.theme.text, n.glyphs.more))
			n.shows = append(n.shows, i)
		}
	}
	return out
}

const (
	nameWordWidth = 9
	roomForNames  = 80 // width from which a step says who asks and what
)

// row is one step of the tree.
func (n *names) row(i int, here bool, width int, focused bool) string {
	s := &n.steps[i]
	t, g := &n.theme, &n.glyphs
	glyph, word, style := n.sign(s)
	mark, base := " ", t.text
	if here {
		mark, base = g.here, t.selectedIdle
		if focused && s.e.Seq == n.now {
			base = t.selected
		}
	}
	took := ""
	if s.known {
		took = " " + explain.Span(rounded(s.e.At-s.asked))
	}
	l := line{{mark + " ", t.key}, {n.branch(i), t.border}, {glyph + " " + fill(word, nameWordWidth) + " ", style}}
	l = append(l, n.says(s, width < roomForNames)...)
	if s.e.Seq > n.now { // it is yet to come, as seen from the moment
		for j := range l {
			l[j].style = t.later
		}
	} else if here && t.flat {
		for j := range l {
			l[j].style = base
		}
	}
	left := l.render(width-ansi.StringWidth(took), base, g.more)
	if took == "" {
		return left
	}
	return left + line{{took, t.dim}}.render(ansi.StringWidth(took), base, g.more)
}

// rounded leaves what a person can compare.
func rounded(d time.Duration) time.Duration {
	if d >= time.Millisecond {
		return d.Round(time.Millisecond)
	}
	return d.Round(time.Microsecond)
}

// branch is the lines of the tree before a row.
func (n *names) branch(i int) string {
	depth := n.steps[i].depth
	if depth == 0 {
		return ""
	}
	// A row is the last of its branch when nothing as deep follows before a shallower
	// one.
	more := func(level int) bool {
		for _, s := range n.steps[i+1:] {
			if s.depth < level {
				return false
			}
			if s.depth == level {
				return true
			}
		}
		return false
	}
	var b strings.Builder
	for level := 1; level < depth; level++ {
		if more(level) {
			b.WriteString(n.glyphs.guide + " ")
		} else {
			b.WriteString("  ")
		}
	}
	if more(depth) {
		b.WriteString(n.glyphs.branch + " ")
	} else {
		b.WriteString(n.glyphs.twig + " ")
	}
	return b.String()
}

// sign is what stands before a step: a glyph, a word, and their colour.
func (n *names) sign(s *nameStep) (glyph, word string, style lipgloss.Style) {
	t, g := &n.theme, &n.glyphs
	switch s.e.What {
	case trace.Asked:
		return g.lookup, "asks", t.lookup
	case trace.Query:
		return g.client, "asks", t.client
	case trace.Referral:
		return g.hop, "refers", t.choice
	case trace.Answer:
		return g.right, "answers", t.good
	case trace.Resolved:
		return g.right, "resolved", t.good
	case trace.CacheHit:
		return g.holding, "cache", t.good
	case trace.Cached:
		return g.state, "keeps", t.dim
	case trace.Expired:
		return g.goal, "expired", t.dim
	case trace.NoData:
		return g.fault, "NODATA", t.warning
	case trace.NXDomain:
		return g.fault, "NXDOMAIN", t.fault
	case trace.NotFound:
		return g.fault, "not found", t.fault
	case trace.Lame:
		return g.fault, "lame", t.fault
	case trace.Truncated:
		return g.warning, "truncated", t.warning
	case trace.ServerError:
		return g.fault, "error", t.fault
	case trace.Timeout:
		return g.fault, "time-out", t.fault
	case trace.Unsolved:
		return g.fault, "unsolved", t.fault
	}
	return g.lookup, s.e.What, t.lookup
}

// says is what a step comes to, in words; in short, without what the rows around it
// say too.
func (n *names) says(s *nameStep, short bool) line {
	t, b := &n.theme, s.body
	who := func(name string) span { return span{bareName(name), t.strong} }
	server := b.Server
	if server == "" && b.ServerAddr.IsValid() {
		server = b.ServerAddr.Addr().String()
	}
	question := bareName(b.Name) + " " + b.Type
	asked := ": " + question + "?"
	if first := n.steps[0].body; short && first.Name == b.Name && first.Type == b.Type {
		asked = ""
	}
	say := func(text string) span { return span{text, t.text} }
	switch s.e.What {
	case trace.Asked:
		l := line{who(s.e.Host)}
		if server != "" {
			l = append(l, say(" "+n.glyphs.hop+" "), who(server))
		}
		return append(l, say(asked))
	case trace.Query:
		l := line{who(s.e.Host), say(" " + n.glyphs.hop + " "), who(server)}
		if short {
			l = line{who(server)}
		}
		if zone := zoneName(b.Zone); zone != "" {
			l = append(l, span{" (" + zone + ")", t.dim})
		}
		l = append(l, say(asked))
		if b.Transport == "tcp" {
			l = append(l, span{" over TCP", t.dim})
		}
		return l
	case trace.Referral:
		l := line{who(server), say(" to the servers of " + bareName(b.Zone) + ": ")}
		if short {
			l = line{say("to " + bareName(b.Zone) + ": ")}
		}
		for i, r := range b.Authority {
			if r.Type != "NS" {
				continue
			}
			if i > 0 {
				l = append(l, say(", "))
			}
			l = append(l, who(r.Data))
			if a := glue(b, r.Data); a != "" {
				l = append(l, span{" (glue " + a + ")", t.dim})
			}
		}
		return l
	case trace.Answer:
		l := line{who(server), say(": " + recordData(b))}
		if short {
			l = line{say(recordData(b))}
		}
		if b.Authoritative {
			l = append(l, span{" authoritative", t.dim})
		}
		return l
	case trace.NoData:
		return line{who(server), say(": " + bareName(b.Name) + " exists, but has no " + b.Type)}
	case trace.NXDomain:
		return line{who(server), say(": there is no " + bareName(b.Name))}
	case trace.Lame:
		return line{who(server), say(" does not know the zone " + bareName(b.Zone) + " that it was named for")}
	case trace.Truncated:
		return line{who(server), say(": the answer is too long for a datagram")}
	case trace.ServerError:
		return line{who(server), say(": " + b.RCode)}
	case trace.Timeout:
		return line{who(server), say(": " + orElse(b.Error, "no answer came"))}
	case trace.CacheHit:
		return line{who(s.e.Host), say(" knows " + question + ": " + recordData(b))}
	case trace.Cached:
		if b.RCode == "NXDOMAIN" {
			question = bareName(b.Name) // with whatever type
		}
		l := line{say(question + ": " + recordData(b))}
		if !short {
			l = append(l, span{", until " + clock(b.Until), t.dim})
		}
		return l
	case trace.Expired:
		return line{who(s.e.Host), say(" forgets " + question)}
	case trace.Resolved:
		return line{who(s.e.Host), say(" has " + recordData(b))}
	case trace.NotFound, trace.Unsolved:
		return line{who(s.e.Host), say(": " + orElse(b.Error, "there is no answer"))}
	}
	return line{say(question)}
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// zoneName says what kind of server is asked.
func zoneName(zone string) string {
	switch {
	case zone == "":
		return ""
	case zone == ".":
		return "root"
	case strings.Count(zone, ".") == 1:
		return "top level " + bareName(zone)
	}
	return "servers of " + bareName(zone)
}

// glue is the addresses that a referral has of a server.
func glue(b *trace.LookupBody, server string) string {
	var all []string
	for _, r := range b.Additional {
		if strings.EqualFold(r.Name, server) && (r.Type == "A" || r.Type == "AAAA") {
			all = append(all, r.Data)
		}
	}
	return strings.Join(all, ", ")
}

// recordData is what the records of a step say.
func recordData(b *trace.LookupBody) string {
	if len(b.Records) == 0 {
		if b.RCode == "NXDOMAIN" {
			return "it does not exist"
		}
		return "none"
	}
	var all []string
	for _, r := range b.Records[:min(len(b.Records), mostRelated)] {
		data := bareName(r.Data)
		if r.Type != b.Type {
			data = r.Type + " " + data
		}
		all = append(all, data)
	}
	if rest := len(b.Records) - mostRelated; rest > 0 {
		all = append(all, "and "+count(rest, "record")+" more")
	}
	return strings.Join(all, ", ")
}

// records are those of a step, section by section.
func (n *names) records(s *nameStep, width int) []line {
	var out []line
	for _, section := range [...]struct {
		name    string
		records []trace.Record
	}{{"answer", s.body.Records}, {"authority", s.body.Authority}, {"glue", s.body.Additional}} {
		for i, text := range recordTexts(section.records) {
			name := section.name
			if i > 0 {
				name = ""
			}
			out = append(out, line{{"   " + strings.Repeat("  ", s.depth) + n.glyphs.bar + " ", n.theme.note}, {fill(name, nameWordWidth) + " ", n.theme.dim}, {text, n.theme.text}})
		}
	}
	return slices.Clip(out)
}
