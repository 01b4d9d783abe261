package tui

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/miekg/dns"

	"mailwalk/protocols/dialog"
	"mailwalk/protocols/sasl"
	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// form is how a step stands in the ladder.
type form int

// The forms.
const (
	onHost  form = iota // happens on one host
	says                // an arrow: a line, a query, an answer
	asks                // a dashed arrow: something is wanted
	stands              // a double arrow both ways: a connection
	hands               // a thick arrow: the mail
	sets                // a thick dashed arrow: the mail is to go there
	fails               // an arrow that does not get there
	leaves              // a packet is put on a link
	arrives             // it is taken off
	suffers             // something happens to it between
	remark              // over the whole width
)

// item is a step in the ladder.
type item struct {
	seq      uint64
	at       time.Duration
	form     form
	from, to string // hosts; to is empty for what has no arrow
	// client and server are the ends of the connection that it is on, if it is on one.
	client, server string
	glyph          string
	text           string
	style          *lipgloss.Style
	// labels are what a packet may be called, the longest first, and gist what it is in
	// one word or two. The label that fits at its leaving decides where its arrow bends.
	labels []string
	gist   string
	frame  uint64
}

// arrow tells whether a step goes from one host to another.
func (it *item) arrow() bool { return it.form != onHost && it.form != remark }

// item makes a step of the ladder of an event.
func (l *ladder) item(e *trace.Event) item {
	t := &l.theme
	look := l.label(e)
	it := item{seq: e.Seq, at: e.At, from: e.Host, glyph: look.glyph, text: l.bare(e), style: &t.text}
	it.client, it.server = ends(e.Conn)
	switch b := e.Body.(type) {
	case *trace.NoteBody:
		it.form, it.style = remark, &t.note
		it.text = explain.OneLine(explain.For(e).Why(l.depth))
	case *trace.PacketBody:
		l.packet(&it, e, b)
	case *trace.SocketBody:
		it.style = &t.packet
	case *trace.ConnectionBody:
		l.connection(&it, e, b)
	case *trace.LineBody:
		l.line(&it, e, b)
	case *trace.LookupBody:
		l.lookup(&it, e, b)
	case *trace.DecisionBody:
		it.style = &t.choice
	case *trace.MailBody:
		l.mailStep(&it, e, b)
	case *trace.StateBody:
		it.style = &t.state
		if e.What == trace.HostState {
			if b.Name != "" {
				it.from = b.Name
			}
			if it.text = "switched on"; b.After != "up" {
				it.glyph, it.style, it.text = l.glyphs.fault, &t.fault, "switched off"
			}
		}
	case *trace.ActBody:
		it.style = &t.act
	}
	if it.to == it.from && it.form != remark {
		it.form, it.to = onHost, ""
	}
	if it.from == "" {
		it.form = remark
	}
	return it
}

// bare is what an event says, without the name of its host in front.
func (l *ladder) bare(e *trace.Event) string {
	text := explain.Text(e)
	for _, sep := range [...]string{": ", " "} {
		if rest, ok := strings.CutPrefix(text, e.Host+sep); ok && e.Host != "" {
			return rest
		}
	}
	return text
}

func (l *ladder) connection(it *item, e *trace.Event, b *trace.ConnectionBody) {
	it.style = &l.theme.conn
	switch e.What {
	case trace.Opening:
		it.form, it.from, it.to = asks, b.Client, b.Server
		it.text = "asks for a connection to port " + strconv.Itoa(int(b.ServerAddr.Port())) + ", " + b.Service
	case trace.Opened:
		it.form, it.from, it.to = stands, b.Client, b.Server
		it.text = "connected, " + b.Service
	case trace.Accepted:
		it.text = "takes the call"
	case trace.Closed:
		it.form, it.to = asks, b.Server
		if e.Host == b.Server {
			it.to = b.Client
		}
		it.text = "closes its end"
	case trace.Secured:
		it.text = "in secret from now on"
		if b.TLS != nil {
			it.text += ", " + b.TLS.Version
		}
	case trace.NotSecured:
		it.style, it.glyph = &l.theme.fault, l.glyphs.fault
		if it.text = "no TLS"; b.Error != "" {
			it.text += ": " + b.Error
		}
	case trace.Refused, trace.Failed, trace.Reset:
		it.form, it.from, it.to, it.style = fails, b.Client, b.Server, &l.theme.fault
		if it.text = e.What; b.Error != "" {
			it.text += ": " + b.Error
		}
		it.glyph = l.glyphs.fault
	}
}

func (l *ladder) line(it *item, e *trace.Event, b *trace.LineBody) {
	client, server := ends(e.Conn)
	from, to := client, server
	it.style, it.glyph = &l.theme.client, ""
	if b.FromServer {
		from, to, it.style = server, client, &l.theme.server
	}
	it.text = spoken(b)
	switch {
	case explain.Befalls(e):
		it.glyph, it.style = l.glyphs.fault, &l.theme.fault
		it.text = e.What + ": " + it.text
	case !explain.Says(e, b):
		it.glyph, it.style = l.glyphs.read, &l.theme.dim
		it.text = "has read " + it.text
		if b.Role == dialog.Body {
			it.glyph, it.style = l.glyphs.mail, &l.theme.mail
			it.text = "has the whole content, " + size(b)
		}
	case l.grain >= explain.PacketGrain:
		// What carries it follows, in arrows of its own.
		it.glyph = look(b, &l.glyphs)
	default:
		it.form, it.from, it.to = says, from, to
	}
	if b.Role == dialog.Body && explain.Says(e, b) {
		it.glyph, it.style = l.glyphs.mail, &l.theme.mail
		if it.form == says {
			it.form = hands
		}
	}
	if b.Exposes() != sasl.Harmless {
		it.text += l.secret(e, b).text
	}
}

// look is the sign of a line by who says it.
func look(b *trace.LineBody, g *glyphs) string {
	if b.FromServer {
		return g.server
	}
	return g.client
}

func size(b *trace.LineBody) string {
	if b.Content == nil {
		return explain.Octets(b.To - b.From)
	}
	return explain.Octets(b.Content.Size)
}

func (l *ladder) lookup(it *item, e *trace.Event, b *trace.LookupBody) {
	it.style, it.glyph = &l.theme.lookup, ""
	name := strings.TrimSuffix(b.Name, ".")
	if name == "" {
		name = "the root"
	}
	question := b.Type + " " + name
	server := l.rows.wires.server(b)
	switch e.What {
	case trace.Asked, trace.Query:
		it.text = question + "?"
		if server != "" {
			it.form, it.to = says, server
		}
		return
	case trace.Resolved, trace.NotFound, trace.Unsolved:
		if start := l.first(trace.LookupLevel, e.Lookup); start != nil {
			if asked, ok := start.Body.(*trace.LookupBody); ok {
				it.form, it.from, it.to = says, l.rows.wires.server(asked), e.Host
			}
		}
		if it.from == "" {
			it.from, it.to = e.Host, ""
		}
	case trace.Timeout:
		it.form, it.to, it.glyph, it.style = fails, server, l.glyphs.fault, &l.theme.fault
	case trace.CacheHit, trace.Cached, trace.Expired:
	default:
		if server != "" {
			it.form, it.from, it.to = says, server, e.Host
		}
	}
	switch e.What {
	case trace.Answer, trace.Resolved, trace.CacheHit:
		var data []string
		for _, r := range b.Records {
			data = append(data, strings.TrimSuffix(r.Data, "."))
		}
		it.text = question + ": " + strings.Join(data, ", ")
		if e.What == trace.CacheHit {
			it.text = "known already: " + it.text
		}
	case trace.Referral:
		it.text = "ask the servers of " + zone(b.Zone)
		if len(b.Authority) > 0 && b.Authority[0].Type == "NS" {
			it.text = "ask the servers of " + zone(b.Authority[0].Name)
		}
	case trace.NoData:
		it.text = "there is no " + question
	case trace.NXDomain:
		it.text = "there is no name " + name
	case trace.Lame:
		it.text = "not my zone"
	case trace.Truncated:
		it.text = "more than a datagram holds: ask by TCP"
	case trace.ServerError:
		it.text = "cannot say: " + b.RCode
	case trace.NotFound:
		it.text = question + ": there is none"
	case trace.Unsolved:
		it.text = question + ": no answer"
	case trace.Timeout:
		it.text = "no answer"
	case trace.Cached:
		it.text = "keeps " + question
	case trace.Expired:
		it.text = "forgets " + question
	}
}

// zone is the name of a zone.
func zone(name string) string {
	if name = strings.TrimSuffix(name, "."); name == "" {
		return "the root"
	}
	return name
}

func (l *ladder) mailStep(it *item, e *trace.Event, b *trace.MailBody) {
	it.style = &l.theme.mail
	switch e.What {
	case trace.HopStarts:
		it.form, it.style, it.from, it.to = sets, &l.theme.heading, b.From, l.toward(e, b.Toward)
		it.text = b.Purpose
		if it.to == "" {
			it.form, it.from, it.text = onHost, e.Host, b.Purpose+" toward "+b.Toward
		}
	case trace.Accept:
		it.form, it.to = hands, e.Host
		if it.from = l.start(e.Hop); it.from == "" {
			it.from = e.Host
		}
		it.text = "taken over"
	case trace.Fetched:
		it.form, it.to, it.text = hands, e.Host, "fetched"
		if it.from = l.start(e.Hop); it.from == "" {
			it.from = e.Host
		}
	case trace.Relayed:
		it.text = "handed on"
	case trace.Stored:
		it.text = "lies in " + b.Mailbox
	case trace.Composed:
		it.text = "written"
	case trace.Deferred:
		it.style = &l.theme.warning
	case trace.Bounced, trace.Undeliverable, trace.Unsent:
		it.style = &l.theme.fault
	}
}

// start is the host at which a leg begins.
func (l *ladder) start(hop string) string {
	if first := l.first(trace.HopLevel, hop); first != nil {
		if b, ok := first.Body.(*trace.MailBody); ok {
			return b.From
		}
	}
	return ""
}

// toward is the host that a leg leads to, as far as it is known at the moment.
func (l *ladder) toward(e *trace.Event, to string) string {
	if l.rows.wires.known[to] {
		return to
	}
	if m := l.view.Mail(e.Mail); m != nil {
		i := slices.IndexFunc(m.Legs, func(g trace.Leg) bool { return g.ID == e.Hop })
		if i >= 0 && l.rows.wires.known[m.Legs[i].Toward] {
			return m.Legs[i].Toward
		}
	}
	return ""
}

func (l *ladder) packet(it *item, e *trace.Event, b *trace.PacketBody) {
	d := &l.glyphs.draw
	it.from, it.to, it.frame = machine(b.From), machine(b.To), b.Frame
	it.glyph = ""
	it.style = l.sender(e, b)
	it.gist, it.labels = l.gist(e, b)
	it.text = it.labels[0]
	if it.to == "" {
		it.text += ", to all on " + b.Link
		return
	}
	fault := func(glyph, text string) {
		it.form, it.glyph, it.style, it.text = suffers, glyph, &l.theme.fault, text
		if b.Why != "" {
			it.text += ": " + b.Why
		}
	}
	switch e.What {
	case trace.Sent:
		it.form = leaves
		if b.Why != "" {
			it.style = &l.theme.fault
			for i := range it.labels {
				it.labels[i] = l.glyphs.fault + " forged " + it.labels[i]
			}
		}
	case trace.Delivered:
		it.form = arrives
	case trace.Dropped:
		fault(l.glyphs.fault, "lost")
	case trace.Duplicated:
		fault(d.copied, "copied")
	case trace.Delayed:
		fault(d.late, "held back")
	case trace.Reordered:
		fault(d.late, "to be overtaken")
	case trace.Corrupted:
		fault(d.spoilt, "spoilt")
	default:
		fault(l.glyphs.fault, e.What)
	}
}

// sender is the colour of a packet: by who speaks.
func (l *ladder) sender(e *trace.Event, b *trace.PacketBody) *lipgloss.Style {
	h := &b.Head
	switch {
	case h.Proto == "UDP" && (h.SrcPort == dnsPort || h.DstPort == dnsPort):
		return &l.theme.lookup
	case h.Proto != "TCP" || e.Conn == "":
		return &l.theme.text
	case b.Range != nil && b.Range.FromServer, strings.HasSuffix(connPort(e.Conn), ":"+strconv.Itoa(int(h.SrcPort))):
		return &l.theme.server
	}
	return &l.theme.client
}

// connPort is the server's end of a connection, without the ordinal.
func connPort(conn string) string {
	end, _, _ := strings.Cut(conn, "#")
	return end
}

const dnsPort = 53

// gist says what a packet is: in a word or two, and with its numbers.
func (l *ladder) gist(e *trace.Event, b *trace.PacketBody) (word string, labels []string) {
	h := &b.Head
	switch {
	case h.Proto == "TCP":
		return l.segment(e, b)
	case h.Proto == "UDP" && (h.SrcPort == dnsPort || h.DstPort == dnsPort):
		return datagram(b)
	}
	if word = h.Proto; word == "" {
		word = "frame"
	}
	if label := explain.Carried(e); label != "" {
		labels = append(labels, label)
	}
	return word, append(labels, word)
}

// segment is the gist of a TCP segment. Its numbers are counted from the first of
// their streams, as far as that is known.
func (l *ladder) segment(e *trace.Event, b *trace.PacketBody) (word string, labels []string) {
	h := &b.Head
	number := func(n uint32, addr netip.Addr, port uint16) string {
		return strconv.FormatUint(uint64(n-l.rows.wires.first[stream{e.Conn, netip.AddrPortFrom(addr, port)}]), 10)
	}
	flags := flagNames(h.Flags)
	seq, ack, octets := " seq "+number(h.Seq, h.Src, h.SrcPort), "", ""
	if strings.Contains(h.Flags, "A") {
		ack = " ack " + number(h.Ack, h.Dst, h.DstPort)
	}
	if h.Len > 0 {
		octets = " len " + strconv.Itoa(h.Len)
	}
	labels = []string{flags + seq + ack + octets}
	switch {
	case h.Len > 0:
		word = strconv.Itoa(h.Len) + " octets"
		if records := explain.Records(b); records != "" {
			labels = []string{labels[0] + ", " + records, records + seq + octets, records + octets, records, word}
			break
		}
		labels = append(labels, seq[1:]+ack+octets, seq[1:]+octets, word)
	case h.Flags == "A":
		word = flags
		labels = append(labels, flags+ack[len(" ack"):], flags)
	default:
		word = flags
		labels = append(labels, flags+seq, flags)
	}
	if mark, short := l.again(b); mark != "" {
		var marked []string
		for _, label := range labels {
			marked = append(marked, mark+": "+label)
		}
		for _, label := range labels[:2] {
			marked = append(marked, short+" "+label)
		}
		return mark, append(marked, mark, short)
	}
	return word, labels
}

// again says what those before it make of a segment, where that is remarkable: in
// some words, and in one.
func (l *ladder) again(b *trace.PacketBody) (words, word string) {
	found := b.LinkAnalysis
	if b.Analysis != "" {
		found = []string{b.Analysis}
	}
	d := &l.glyphs.draw
	for _, f := range found {
		switch f {
		case trace.Retransmission:
			return d.again + " sent again", d.again + " again"
		case trace.FastRetransmission:
			return d.again + " sent again at once", d.again + " again"
		case trace.Duplicate:
			return d.copied + " a copy", d.copied + " copy"
		case trace.OutOfOrder:
			return d.late + " overtaken", d.late + " late"
		case trace.DuplicateACK:
			return d.again + " ACK once more", d.again + " again"
		case trace.ZeroWindow:
			return l.glyphs.warning + " no room", l.glyphs.warning + " full"
		case trace.WindowUpdate:
			return "room again", "room"
		case trace.KeepAlive:
			return "still there?", "alive?"
		}
	}
	return "", ""
}

// datagram is the gist of a DNS message.
func datagram(b *trace.PacketBody) (word string, labels []string) {
	word = "DNS query"
	if b.Head.SrcPort == dnsPort {
		word = "DNS answer"
	}
	labels = []string{word}
	var m dns.Msg
	if n := len(b.Data) - b.Head.Len; n < 0 || m.Unpack(b.Data[n:]) != nil || len(m.Question) == 0 {
		return word, labels
	}
	q := m.Question[0]
	question := dns.TypeToString[q.Qtype] + " " + zone(q.Name)
	said := ""
	switch {
	case !m.Response:
		return word, []string{word + " " + question, question + "?", word}
	case m.Rcode != dns.RcodeSuccess:
		said = dns.RcodeToString[m.Rcode]
	case len(m.Answer) > 0:
		rr := m.Answer[0]
		said = strings.TrimSuffix(strings.TrimPrefix(rr.String(), rr.Header().String()), ".")
	case len(m.Ns) > 0 && !m.Authoritative:
		to := zone(m.Ns[0].Header().Name)
		return "referral", []string{"DNS referral to the servers of " + to, "ask those of " + to, "referral"}
	default:
		said = "none"
	}
	return word, []string{word + " " + question + ": " + said, question + ": " + said, said, word}
}
