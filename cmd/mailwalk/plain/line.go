package plain

import (
	"bytes"
	"strconv"
	"strings"

	"mailwalk/protocols/dialog"
	"mailwalk/protocols/sasl"
	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

const (
	widestHost = 20 // columns of a host's name before the line it says
	narrow     = 72 // columns of a page below which a host's name has no column of its own
)

// line prints a unit of a dialogue: C: or S:, who says it, and the words
// themselves.
func (p *Printer) line(e *trace.Event, b *trace.LineBody) {
	if explain.Befalls(e) {
		p.step(e, "FAULT", "", explain.Text(e))
		p.why(e)
		return
	}
	if !explain.Says(e, b) {
		p.heard(e, b)
		return
	}
	if p.o.Detail == explain.PacketGrain {
		p.wire.hear(e, b)
	}
	p.spoken(e, b)
}

// spoken prints that a unit is said.
func (p *Printer) spoken(e *trace.Event, b *trace.LineBody) {
	client, server := explain.Ends(e.Conn)
	tag, speaker, paint := "C:", client, p.o.Style.Client
	if b.FromServer {
		tag, speaker, paint = "S:", server, p.o.Style.Server
	}
	if p.o.Linear {
		tag = map[bool]string{false: "client", true: "server"}[b.FromServer]
	}
	if p.apart {
		p.out.blank()
		p.apart = false
	}
	column := min(max(width(client), width(server)), widestHost)
	said := explain.OneLine(b.Text)
	if b.Role == dialog.Body {
		said = "(the content" + size(b.Content) + ")"
	}
	indent, words := left(speaker, column)+"  ", said
	if p.o.Width < narrow || p.o.Linear {
		indent, words = "", speaker+": "+said
	}
	p.out.step(explain.Clock(e.At), tag, paint, p.group.mark+indent, words)
	if undone := explain.Undone(b); undone != "" {
		p.out.detail("(" + undone + ")")
	}
	sealed := p.wire.tls.Sealed(e.Conn, b.Range)
	switch exposes := b.Exposes(); {
	case exposes == sasl.Readable && sealed:
		p.out.detail("(this line holds a password; it travels inside TLS, where nobody on the way can read it)")
	case exposes == sasl.Readable:
		p.out.under(p.o.Style.Warning, "PASSWORD: this line holds one, and so do the packets that carry it.")
	case exposes == sasl.Guessable && !sealed:
		p.out.under(p.o.Style.Warning, "MADE FROM A PASSWORD: who reads this line can try guesses on it.")
	}
	if b.Meant != "" || b.MeantContent != nil {
		p.out.detail("(" + e.Host + " believes to say " + meant(b) + ")")
	}
	if key := explain.Key(e); !p.told[key] {
		p.out.reason(sentence(untold(explain.Text(e), said)))
		p.why(e)
	}
}

// meant is what a program believes to say in place of a line.
func meant(b *trace.LineBody) string {
	if b.MeantContent != nil {
		return "another content" + size(b.MeantContent)
	}
	return explain.OneLine(b.Meant)
}

// heard prints that a unit was read at the other end.
func (p *Printer) heard(e *trace.Event, b *trace.LineBody) {
	if b.Role != dialog.Body {
		name, known := p.wire.known(e.Conn, b.Range)
		if !known { // it was said outside: here is all that is seen of it
			p.settle()
			p.step(e, "read", "", explain.Text(e))
			return
		}
		p.waiting.reads = append(p.waiting.reads, name)
		p.waiting.read, p.waiting.mark = e, p.group.mark
		return
	}
	text := e.Host + " has read the whole content" + size(b.Content)
	switch n := p.packets(e.Conn, b.Range); {
	case n == 1:
		text += ", which came in 1 packet"
	case n > 1:
		text += ", put together from " + strconv.Itoa(n) + " packets"
	}
	p.forget(e.Conn, b.Range)
	p.step(e, "read", "", text)
}

func size(c *trace.Content) string {
	if c == nil {
		return ""
	}
	return ", " + explain.Octets(c.Size)
}

// untold is a text without an end that only repeats the end of the line that
// stands above it.
func untold(text, line string) string {
	before, after, found := strings.Cut(text, ": ")
	if found && strings.HasSuffix(line, after) {
		return before
	}
	return text
}

// sentence makes a clause a sentence of its own.
func sentence(clause string) string {
	if clause == "" || strings.ContainsAny(clause[len(clause)-1:], ".?!") {
		return clause
	}
	return clause + "."
}

const shownLines = 24

// content shows the beginning of a mail, and says how much is left out.
func (p *Printer) content(c *trace.Content) {
	if p.o.Content == nil {
		return
	}
	data, ok := p.o.Content(c.ID)
	if !ok {
		return
	}
	data = bytes.TrimSuffix(data, []byte("\r\n"))
	lines := bytes.SplitN(data, []byte("\r\n"), shownLines+1)
	rest := 0
	if len(lines) > shownLines {
		rest = bytes.Count(lines[shownLines], []byte("\r\n")) + 1
		lines = lines[:shownLines]
	}
	p.out.blank()
	for _, l := range lines {
		p.out.wrapped("  > ", "    ", "", explain.OneLine(string(bytes.ToValidUTF8(l, []byte("\uFFFD")))))
	}
	if rest > 0 {
		p.out.wrapped("    ", "", "", "(and "+explain.Grouped(int64(rest))+" more lines)")
	}
	p.apart = true
}
