package plain

import (
	"fmt"
	"strconv"
	"strings"

	"mailwalk/cmd/mailwalk/tui"
	"mailwalk/protocols/dialog"
	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// why tells the moment's step: what it is, its reason, its fields, and what it
// came from.
func (s *stepper) why(string) string {
	e := s.event
	if e == nil {
		s.atBeginning()
		return ""
	}
	where := ""
	if e.Host != "" {
		where = ", at " + e.Host
	}
	x := explain.For(e)
	if e.Kind != trace.Note {
		s.say(s.p.worded(x.Title))
	}
	s.say(eventName(e.Seq) + ", " + tag(e) + ", " + moment(e.At) + where)
	s.say("why: " + x.Why(s.p.o.Depth))
	if x.Mistake != "" {
		s.say("Often misunderstood: " + x.Mistake)
	}
	for _, r := range x.Refs {
		text := r.String()
		if h := r.Heading(); h != "" {
			text += ", " + h
		}
		s.say(s.p.worded(text))
	}
	var fields []string
	name := ""
	for _, f := range tui.Fields(e) {
		if strings.TrimSpace(f.Name) != "" {
			name = f.Name
		}
		fields = append(fields, name+": "+f.Value)
	}
	s.list("fields:", fields)
	s.carried(e)
	s.list("comes from:", s.events(e.Causes))
	return ""
}

func (s *stepper) atBeginning() {
	w := &s.o.Walk
	s.say(w.Title)
	if w.Summary != "" {
		s.say(w.Summary)
	}
	if w.Objective != "" {
		s.say("To look for: " + w.Objective)
	}
	s.say("Nothing has happened yet. An empty line goes on.")
}

// carried joins lines to the packets that carried them, and packets to lines, as
// far as they have been seen.
func (s *stepper) carried(e *trace.Event) {
	n, ok := s.index.NodeOf(e)
	if !ok {
		return
	}
	switch n.Level {
	case trace.LineLevel:
		s.list("carried by:", s.nodes(s.index.Down(n)))
	case trace.PacketLevel:
		var lines []trace.Node
		for _, up := range s.index.Up(n) {
			if up.Level == trace.LineLevel {
				lines = append(lines, up)
			}
		}
		s.list("carries:", s.nodes(lines))
	}
}

func (s *stepper) nodes(all []trace.Node) []string {
	var seqs []uint64
	for _, n := range all {
		if n.Seq <= s.now { // looking back, what came later has not come yet
			seqs = append(seqs, n.Seq)
		}
	}
	return s.events(seqs)
}

const mostRelated = 8

// events are other events, each in a line, with the number under which one gets
// there.
func (s *stepper) events(seqs []uint64) []string {
	var all []string
	for i, seq := range seqs {
		if i == mostRelated {
			all = append(all, explain.Grouped(int64(len(seqs)-i))+" more")
			break
		}
		if e := s.trace.At(seq); e != nil {
			all = append(all, eventName(seq)+": "+s.p.worded(explain.Text(e)))
		}
	}
	return all
}

const (
	octetsInRow  = 16
	mostOctets   = 512
	fieldsIndent = 3
)

// octets tells the octets of the moment's step, and what they mean.
func (s *stepper) octets(string) string {
	if s.event == nil {
		return "Nothing has happened yet, so there are no octets. An empty line goes on."
	}
	switch b := s.event.Body.(type) {
	case *trace.PacketBody:
		s.say("frame " + strconv.FormatUint(b.Frame, 10) + " on " + b.Link + ", " + explain.Octets(int64(len(b.Data))))
		for _, l := range trace.Decode(b.Data) {
			s.layer(&l)
		}
		s.dump(b.Data)
	case *trace.LineBody:
		s.line(b)
		s.carried(s.event)
	case *trace.SocketBody:
		return "The kernel shows how many octets it takes and gives, " + explain.Octets(b.Octets) + " here, and not in which packets. why lists the fields."
	case *trace.LookupBody:
		n, _ := s.index.NodeOf(s.event)
		frames := s.nodes(s.index.Down(n))
		if len(frames) == 0 {
			return "No packet has been seen that this look-up needed."
		}
		s.list("A look-up has its octets in the packets that carry it. Those of this one so far:", frames)
		s.say("event, with a number, goes there; bytes then lists its octets.")
	default:
		return "This step, " + tag(s.event) + ", has no octets of its own. Packets have them, and what programs say: detail packet shows each."
	}
	return ""
}

func (s *stepper) line(b *trace.LineBody) {
	from := "client"
	if b.FromServer {
		from = "server"
	}
	at := "octets " + explain.Grouped(b.From) + " to " + explain.Grouped(b.To-1) + " of what the " + from + " says"
	if b.To <= b.From {
		at = "no octets of what the " + from + " says"
	}
	if b.Role == dialog.Body && b.Content != nil {
		s.say(explain.Octets(b.Content.Size) + " of a mail, as " + at)
		if data, ok := s.trace.Bodies.Get(b.Content.ID); ok {
			s.dump(data)
		}
		return
	}
	data := []byte(b.Text)
	if b.To-b.From == int64(len(data))+2 {
		data = append(data, '\r', '\n')
	}
	s.say(explain.Octets(int64(len(data))) + ": " + at)
	s.dump(data)
}

func (s *stepper) layer(l *trace.Layer) {
	what := l.Name
	if l.Quoted {
		what += ", quoted"
	}
	if l.Source != "" {
		what += ", " + l.Source
	}
	s.say(what + ", " + span(l.Offset, l.Length))
	if l.Note != "" {
		s.item(l.Note)
	}
	s.fields(l.Fields, 1)
}

// fields lists fields, and below each the fields it is made of.
func (s *stepper) fields(all []trace.Field, depth int) {
	lead := strings.Repeat(hanging, depth)
	for _, f := range all {
		text := f.Name + ": " + f.Value
		if f.Check != "" {
			text += ", " + string(f.Check)
		}
		if f.Note != "" {
			text += ", " + f.Note
		}
		if f.Bits == 0 {
			text += ", " + span(f.Offset, f.Length)
		}
		s.out.wrapped(lead, lead+hanging, "", explain.OneLine(text))
		if depth < fieldsIndent {
			s.fields(f.Parts, depth+1)
		}
	}
}

// span names some octets by their places.
func span(from, n int) string {
	switch n {
	case 0:
		return "no octets"
	case 1:
		return "octet " + strconv.Itoa(from)
	}
	return "octets " + strconv.Itoa(from) + " to " + strconv.Itoa(from+n-1)
}

// dump lists octets in hex, and beside them those that are ASCII.
func (s *stepper) dump(data []byte) {
	rest := len(data) - mostOctets
	data = data[:min(len(data), mostOctets)]
	for at := 0; at < len(data); at += octetsInRow {
		row := data[at:min(at+octetsInRow, len(data))]
		text := make([]byte, len(row))
		for i, c := range row {
			text[i] = '.'
			if c >= 0x20 && c < 0x7f {
				text[i] = c
			}
		}
		s.out.put(fmt.Sprintf("%04x: % x  %s", at, row, text))
	}
	if rest > 0 {
		s.say(explain.Octets(int64(rest)) + " more")
	}
}

// json tells the moment's event as the JSON trace has it.
func (s *stepper) json(string) string {
	if s.event == nil {
		return "Nothing has happened yet. An empty line goes on."
	}
	text, err := trace.AppendJSON(nil, s.event, "")
	if err != nil {
		return "This event cannot be written as JSON: " + err.Error() + "."
	}
	s.out.put(string(text))
	return ""
}
