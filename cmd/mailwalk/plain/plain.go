// Package plain prints a walk as lines for a person: what a terminal without a
// screen, a pipe, a printer or a screen reader gets.
//
// A [Printer] is given the events of a trace one at a time, in their order, and
// prints each at once, but for a few that wait for the next one, since both make
// one line. It knows the trace and its explanations and nothing of the world that
// made it, so it prints the same live and from a file.
package plain

import (
	"io"
	"net/netip"
	"strings"

	"mailwalk/protocols/dialog"
	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// Options say how a walk is to be printed. The zero Options print where the mail
// is, for a newcomer, without colour, 80 columns wide.
type Options struct {
	// Detail is how closely to look: what is seen from farther off is printed too.
	Detail explain.Grain
	// Depth is for whom reasons are worded.
	Depth explain.Depth
	Style Style
	// Filter leaves out what it does not let through. What it asks for by its kind is
	// seen whatever the detail.
	Filter trace.Filter
	// Width is the number of columns; 0 means 80, and less than 40 means 40.
	Width int
	// Linear says by words alone what columns, bars, rules and branches say
	// otherwise, for who has the lines read out.
	Linear bool
	// Content gives the bytes of a content, so that a mail can be shown when it is
	// written; nil shows none.
	Content func(trace.ContentID) ([]byte, bool)
}

const (
	defaultWidth = 80
	leastWidth   = 40
)

// Walk is what a walk says of itself at its beginning.
type Walk struct {
	Name, Title, Summary string
	// Objective is what to look for; it may be empty.
	Objective string
	Seed      uint64
	// Hosts are the names of its hosts and routers by their addresses.
	Hosts map[netip.Addr]string
}

// Printer prints one walk. It is not safe for concurrent use.
type Printer struct {
	o       Options
	out     *page
	group   group
	told    map[string]bool // keys whose reason was printed
	lookups map[string]int  // depth of the tree of an open look-up
	arrived map[stream][]trace.Range
	rails   rails
	count   trace.Counter
	wire    wire
	waiting waiting
	shown   map[uint64]bool // numbers of the events printed, where some are not
	// seen, if any, tells which events are to be seen, in place of the detail.
	seen func(*trace.Event) bool
	// apart is set after a block that is set apart from what follows.
	apart bool
}

// stream is one direction of a connection.
type stream struct {
	conn       string
	fromServer bool
}

// New returns a printer that writes to w.
func New(w io.Writer, o Options) *Printer {
	if o.Width == 0 {
		o.Width = defaultWidth
	}
	o.Width = max(o.Width, leastWidth)
	out := newPage(w, o.Style, o.Width)
	out.linear = o.Linear
	return newPrinter(o, out)
}

// anew is a printer for another trace of the same walk, on the same page.
func (p *Printer) anew() *Printer {
	n := newPrinter(p.o, p.out)
	n.wire.hosts, n.seen = p.wire.hosts, p.seen
	return n
}

func newPrinter(o Options, out *page) *Printer {
	return &Printer{
		o: o, out: out,
		told:    make(map[string]bool),
		lookups: make(map[string]int),
		arrived: make(map[stream][]trace.Range),
		shown:   make(map[uint64]bool),
		wire:    newWire(nil),
	}
}

// Begin prints the heading. Its error is that of writing.
func (p *Printer) Begin(w Walk) error {
	p.wire.hosts = w.Hosts
	s := p.o.Style
	p.out.wrapped("", "", s.Heading, explain.OneLine(w.Title))
	p.out.wrapped("", "", s.Dim, "walk "+explain.OneLine(w.Name)+", seed "+explain.Grouped(int64(w.Seed)))
	if w.Summary != "" {
		p.out.blank()
		p.out.wrapped("", "", "", explain.OneLine(w.Summary))
	}
	if w.Objective != "" {
		p.out.blank()
		p.out.wrapped("To look for: ", "", "", explain.OneLine(w.Objective))
	}
	p.out.blank()
	if p.o.Linear {
		p.out.wrapped("", "", s.Dim, "Each step: the time since the start (in seconds; a later one as h:mm:ss), what kind of step, what happened. "+
			"The first time a step comes, the reason stands below it.")
		return p.out.flush()
	}
	p.out.wrapped("", "", s.Dim, "Each line: the time since the start (in seconds; a later one as h:mm:ss), what kind of step, what happened. "+
		"The first time a step comes, the reason stands under it, behind a bar.")
	return p.out.flush()
}

// Event prints what is to be seen of an event. Its error is that of writing:
// then nothing more needs to be printed.
func (p *Printer) Event(e *trace.Event) error {
	p.count.Add(e)
	p.rails.see(e)
	p.group.see(e)
	p.gather(e)
	if !p.visible(e) {
		return nil
	}
	if !p.waiting.joins(e) {
		p.settle()
	}
	p.enter(e)
	switch b := e.Body.(type) {
	case *trace.PacketBody:
		p.packet(e, b)
	case *trace.NoteBody:
		p.note(e)
	case *trace.LineBody:
		p.line(e, b)
	case *trace.LookupBody:
		p.lookup(e)
	case *trace.MailBody:
		p.mail(e, b)
	default:
		p.step(e, tag(e), "", explain.Text(e))
		p.why(e)
	}
	return p.out.flush()
}

// visible tells whether an event is to be seen. What a walk tells of a step that is
// too small to be seen is left out with it; what it warns of is not.
func (p *Printer) visible(e *trace.Event) bool {
	if p.seen != nil {
		return p.seen(e)
	}
	if f := p.o.Filter; !f.IsZero() {
		return f.Names(e) || f.Match(e) && explain.GrainOf(e) <= p.o.Detail
	}
	if explain.GrainOf(e) > p.o.Detail {
		return false
	}
	if p.o.Detail == explain.PacketGrain {
		return true
	}
	if e.Kind == trace.Note && e.What == trace.Narration && len(e.Causes) > 0 && !p.shown[e.Causes[0]] {
		return false
	}
	p.shown[e.Seq] = true
	return true
}

// tag is the word that stands before a step.
func tag(e *trace.Event) string {
	switch e.Body.(type) {
	case *trace.ConnectionBody:
		return "conn"
	case *trace.LookupBody:
		return "dns"
	case *trace.DecisionBody:
		return "choice"
	case *trace.MailBody:
		return "mail"
	case *trace.StateBody:
		return "state"
	case *trace.ActBody:
		return "act"
	}
	return string(e.Kind)
}

func (p *Printer) paint(e *trace.Event) SGR {
	s := p.o.Style
	switch e.Kind {
	case trace.Socket:
		return s.Packet
	case trace.Packet:
		if e.What != trace.Sent && e.What != trace.Delivered {
			return s.Bad
		}
		return s.Packet
	case trace.Line:
		if explain.Befalls(e) {
			return s.Bad
		}
	case trace.Lookup:
		return s.Lookup
	case trace.Decision:
		return s.Decision
	case trace.Mail:
		return s.Mail
	case trace.Act:
		return s.Act
	}
	return ""
}

// step prints one step: its time, its tag, and its text behind an indent.
func (p *Printer) step(e *trace.Event, tag, indent, text string) {
	if p.apart {
		p.out.blank()
		p.apart = false
	}
	p.out.step(explain.Clock(e.At), tag, p.paint(e), p.group.mark+indent, p.worded(text))
}

// signs are what a linear print says in words.
var signs = strings.NewReplacer(arrow, " to ", " ×", " times ", "§", "section ", "–", " to ")

// worded is a text of this program's own without signs, where there are to be
// none.
func (p *Printer) worded(text string) string {
	if p.o.Linear {
		return signs.Replace(text)
	}
	return text
}

// why prints the reason for a step when its kind comes for the first time.
func (p *Printer) why(e *trace.Event) {
	x := explain.For(e)
	if p.told[x.Key] {
		return
	}
	p.told[x.Key] = true
	why := x.Why(p.o.Depth)
	if p.o.Linear {
		why = "why: " + p.worded(why)
	}
	p.out.reason(why)
	if x.Mistake != "" {
		p.out.reason("Often misunderstood: " + p.worded(x.Mistake))
	}
	if p.o.Depth > explain.Newcomer && len(x.Refs) > 0 {
		p.out.reason(p.worded(sources(x.Refs)))
	}
}

func sources(refs []explain.Ref) string {
	s := ""
	for i, r := range refs {
		if i > 0 {
			s += "; "
		}
		s += r.String()
		if h := r.Heading(); h != "" {
			s += " (" + h + ")"
		}
	}
	return s
}

// note prints the walk's own words, apart from what happened.
func (p *Printer) note(e *trace.Event) {
	p.out.blank()
	p.notice(e)
	p.apart = true
}

func (p *Printer) notice(e *trace.Event) {
	x := explain.For(e)
	title, paint := "NOTE", p.o.Style.Note
	if e.What == trace.Warning {
		title, paint = "WARNING", p.o.Style.Warning
	}
	p.out.note(title, paint, explain.OneLine(p.worded(x.Why(p.o.Depth))))
}

// mail prints a step of a mail; a leg that begins is the heading of what follows.
func (p *Printer) mail(e *trace.Event, b *trace.MailBody) {
	if e.What == trace.HopStarts {
		p.why(e)
		return
	}
	text := explain.Text(e)
	if e.What == trace.Changed && len(b.Changes) > 1 {
		text = e.Host + ": the mail program changes before it sends:"
	}
	p.step(e, "mail", "", text)
	if e.What == trace.Changed && len(b.Changes) > 1 {
		for _, c := range b.Changes {
			p.out.detail("- " + explain.OneLine(c))
		}
	}
	for _, f := range b.Added {
		text := "+ " + explain.OneLine(f)
		if p.o.Detail == explain.MailGrain {
			text = p.out.brief(text)
		}
		p.out.detail(text)
	}
	p.why(e)
	if e.What == trace.Composed && b.Content != nil && p.o.Detail >= explain.LineGrain {
		p.content(b.Content)
	}
}

// gather keeps which ranges of a stream came in which packets, so that it can be
// told from how many a content was put together.
func (p *Printer) gather(e *trace.Event) {
	switch b := e.Body.(type) {
	case *trace.PacketBody:
		if e.What == trace.Delivered && b.Range != nil && e.Conn != "" && receives(e.Host, e.Conn, b.Range.FromServer) {
			k := stream{e.Conn, b.Range.FromServer}
			p.arrived[k] = append(p.arrived[k], *b.Range)
		}
	case *trace.LineBody:
		if e.What == trace.Received && b.Role != dialog.Body {
			p.forget(e.Conn, b.Range)
		}
	case *trace.ConnectionBody:
		p.wire.tls.Add(e)
		if e.What == trace.Closed || e.What == trace.Reset {
			delete(p.arrived, stream{e.Conn, e.Host == b.Client})
		}
	}
}

func receives(host, conn string, fromServer bool) bool {
	client, server := explain.Ends(conn)
	return fromServer && host == client || !fromServer && host == server
}

// forget drops the packets that lie wholly before the end of what was read.
func (p *Printer) forget(conn string, read trace.Range) {
	k := stream{conn, read.FromServer}
	end := read.To
	if on := p.wire.tls.OnWire(conn, read); on != read { // more may lie in the same record
		end = on.From
	}
	kept := p.arrived[k][:0]
	for _, r := range p.arrived[k] {
		if r.To > end {
			kept = append(kept, r)
		}
	}
	p.arrived[k] = kept
}

// packets counts those that carried a part of the range.
func (p *Printer) packets(conn string, of trace.Range) int {
	n := 0
	of = p.wire.tls.OnWire(conn, of)
	for _, r := range p.arrived[stream{conn, of.FromServer}] {
		if r.Overlaps(of) {
			n++
		}
	}
	return n
}
