package tui

import (
	"strconv"
	"strings"

	"charm.land/lipgloss/v2"

	"mailwalk/protocols/dialog"
	"mailwalk/protocols/sasl"
	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// label is the sign and the word that stand before a step, and their colour.
type label struct {
	glyph, word string
	style       lipgloss.Style
}

func (s *stage) label(e *trace.Event) label {
	t, g := &s.theme, &s.glyphs
	switch b := e.Body.(type) {
	case *trace.PacketBody:
		if e.What != trace.Sent && e.What != trace.Delivered || e.What == trace.Sent && b.Why != "" {
			return label{g.fault, "FAULT", t.fault}
		}
		if e.What == trace.Delivered {
			return label{g.arrived, "packet", t.packet}
		}
		return label{g.packet, "packet", t.packet}
	case *trace.SocketBody:
		if e.What == trace.Read {
			return label{g.arrived, "socket", t.packet}
		}
		return label{g.packet, "socket", t.packet}
	case *trace.ConnectionBody:
		switch e.What {
		case trace.Refused, trace.Failed, trace.Reset, trace.NotSecured:
			return label{g.conn, "conn", t.fault}
		}
		return label{g.conn, "conn", t.conn}
	case *trace.LineBody:
		switch {
		case explain.Befalls(e):
			return label{g.fault, "FAULT", t.fault}
		case !explain.Says(e, b):
			return label{g.read, "read", t.dim}
		case b.FromServer:
			return label{g.server, "server", t.server}
		}
		return label{g.client, "client", t.client}
	case *trace.LookupBody:
		return label{g.lookup, "dns", t.lookup}
	case *trace.DecisionBody:
		return label{g.choice, "choice", t.choice}
	case *trace.MailBody:
		switch e.What {
		case trace.HopStarts:
			return label{g.hop, "hop", t.heading}
		case trace.Bounced, trace.Undeliverable, trace.Unsent:
			return label{g.mail, "mail", t.fault}
		}
		return label{g.mail, "mail", t.mail}
	case *trace.StateBody:
		return label{g.state, "state", t.state}
	case *trace.ActBody:
		return label{g.act, "act", t.act}
	case *trace.NoteBody:
		if e.What == trace.Warning {
			return label{g.warning, "WARN", t.warning}
		}
		return label{g.note, "note", t.note}
	}
	return label{g.dot, string(e.Kind), t.text}
}

// level is how far below the mail a step stands: mail, hop, what makes a hop,
// what is said, what crosses the wire.
func level(e *trace.Event) int {
	switch b := e.Body.(type) {
	case *trace.MailBody:
		switch {
		case e.What == trace.HopStarts:
			return 1
		case e.Hop != "":
			return 2
		}
	case *trace.DecisionBody, *trace.ConnectionBody:
		return 2
	case *trace.LookupBody:
		if explain.GrainOf(e) <= explain.HopGrain {
			return 2
		}
		return 3
	case *trace.StateBody:
		if e.What != trace.HostState {
			return 3
		}
	case *trace.LineBody:
		if !explain.Says(e, b) && !explain.Befalls(e) && b.Role != dialog.Body {
			return 4
		}
		return 3
	case *trace.PacketBody, *trace.SocketBody:
		return 4
	}
	return 0
}

// secret says of a line with a password, or what is made from one, whether it can be
// read on the wire.
func (s *stage) secret(e *trace.Event, b *trace.LineBody) span {
	if _, sealed := s.rows.index.OnWire(e.Seq); sealed {
		return span{" " + exposed(b) + ", sealed on the wire", s.theme.dim}
	}
	if b.Exposes() == sasl.Guessable {
		return span{" " + s.glyphs.warning + " guesses at a password can be tried on this", s.theme.warning}
	}
	return span{" " + s.glyphs.warning + " a password can be read here", s.theme.warning}
}

// saying is what a step's row says.
func (s *stage) saying(e *trace.Event) line {
	t := &s.theme
	switch b := e.Body.(type) {
	case *trace.LineBody:
		if explain.Befalls(e) {
			return line{{explain.Text(e), t.text}}
		}
		if !explain.Says(e, b) {
			return line{{e.Host + " has read " + spoken(b), t.dim}}
		}
		client, server := explain.Ends(e.Conn)
		speaker := client
		if b.FromServer {
			speaker = server
		}
		l := line{{speaker + " ", t.dim}, {spoken(b), t.text}}
		if b.Exposes() != sasl.Harmless {
			l = append(l, s.secret(e, b))
		}
		if b.Meant != "" || b.MeantContent != nil {
			l = append(l, span{" " + s.glyphs.fault + " not what it believes to say", t.fault})
		}
		return l
	case *trace.PacketBody:
		return s.packetRow(e, b)
	case *trace.NoteBody:
		style := t.note
		if e.What == trace.Warning {
			style = t.warning
		}
		return line{{explain.OneLine(explain.For(e).Why(s.depth)), style}}
	case *trace.MailBody:
		if e.What == trace.HopStarts {
			return line{{explain.Text(e), t.heading}}
		}
		return line{{explain.Text(e), t.strong}}
	}
	return line{{explain.Text(e), t.text}}
}

// spoken is a line of a dialogue as it was said; a content by its size.
func spoken(b *trace.LineBody) string {
	if b.Role != dialog.Body {
		return explain.OneLine(b.Text)
	}
	if b.Content == nil {
		return "the content"
	}
	return "the content, " + explain.Octets(b.Content.Size)
}

// packetRow is a frame: what it is, between whom, how much, and what becomes of
// it.
func (s *stage) packetRow(e *trace.Event, b *trace.PacketBody) line {
	t, h := &s.theme, &b.Head
	what := h.Proto
	if names := flagNames(h.Flags); names != "" {
		what += " " + names
	}
	from, _, _ := strings.Cut(b.From, "/")
	to, _, _ := strings.Cut(b.To, "/")
	if to == "" {
		to = "all on " + b.Link
	}
	l := line{{what + " ", t.client}}
	switch {
	case e.What == trace.Sent && b.Why != "":
		l = append(l, span{"is forged", t.fault}, span{" in the name of " + from + " for " + to, t.text}, span{": " + explain.OneLine(b.Why), t.text})
	case e.What == trace.Sent:
		l = append(l, span{"leaves " + from, t.text}, span{" for " + to, t.dim})
	case e.What == trace.Delivered:
		l = append(l, span{"reaches " + to, t.text}, span{" from " + from, t.dim})
	default:
		l = append(l, span{e.What, t.fault}, span{" between " + from + " and " + to, t.text})
		if b.Why != "" {
			l = append(l, span{": " + explain.OneLine(b.Why), t.text})
		}
	}
	if h.Len > 0 {
		l = append(l, span{", " + explain.Octets(int64(h.Len)), t.dim})
	}
	if records := explain.Records(b); records != "" {
		l = append(l, span{", " + records, t.dim})
	}
	if h.SrcPort != 0 {
		l = append(l, span{", ports " + strconv.Itoa(int(h.SrcPort)) + " to " + strconv.Itoa(int(h.DstPort)), t.dim})
	}
	return l
}

// flagNames spells the flags of TCP out.
func flagNames(flags string) string {
	var names []string
	for _, f := range flags {
		switch f {
		case 'S':
			names = append(names, "SYN")
		case 'F':
			names = append(names, "FIN")
		case 'R':
			names = append(names, "RST")
		case 'P':
			names = append(names, "PSH")
		case 'A':
			names = append(names, "ACK")
		case 'U':
			names = append(names, "URG")
		case 'E':
			names = append(names, "ECE")
		case 'C':
			names = append(names, "CWR")
		}
	}
	return strings.Join(names, " ")
}
