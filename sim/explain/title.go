package explain

import (
	"strings"

	"mailwalk/protocols/dialog"
	"mailwalk/sim/trace"
)

// Text is what happened, in one line of plain words without a full stop.
func Text(e *trace.Event) string {
	switch b := e.Body.(type) {
	case *trace.NoteBody:
		return OneLine(b.Newcomer)
	case *trace.ActBody:
		if b.By != "" && strings.HasPrefix(b.Detail, b.By+" ") { // it is a sentence
			return OneLine(b.Detail)
		}
	}
	fill := func(name string) string { return field(e, name) }
	words := expand(title(Key(e)), fill)
	// A frame's entry names what it carries, a line's entry what was said; that it
	// is put on the link or read at the other end is said here.
	switch b := e.Body.(type) {
	case *trace.PacketBody:
		carried, step := words, packetStep(e, b)
		if step != trace.Sent && step != trace.Delivered {
			carried = expand(title(first(frameKey(b), "packet.other")), fill)
		}
		return OneLine(expand(title(first("packet."+step, "packet")), func(name string) string {
			if name == "carried" {
				return carried
			}
			return field(e, name)
		}))
	case *trace.LineBody:
		if Befalls(e) {
			said := b.Text
			if b.Role == dialog.Body {
				said = expand(title(lineKey(b)), fill)
			}
			return OneLine(expand(title(Key(e)), func(name string) string {
				if name == "carried" {
					return said
				}
				return field(e, name)
			}))
		}
		switch {
		case !Says(e, b):
			words = e.Host + " has read: " + words
		case b.Meant != "":
			words += ", where " + e.Host + " believes to say: " + b.Meant
		case b.MeantContent != nil:
			words += ", which is not the content that " + e.Host + " believes to send"
		}
	}
	return OneLine(words)
}

// Befalls tells whether the event of a line is what was done to the line, and not
// that somebody says or hears it.
func Befalls(e *trace.Event) bool { return e.Kind == trace.Line && !trace.Spoken(e.What) }

// Says tells whether a line's event is shown as the saying of it. What a program
// from outside says is known only from its being heard.
func Says(e *trace.Event, b *trace.LineBody) bool {
	return e.What == trace.Sent || e.What == trace.Received && b.Outside
}

// Carried is what the frame of a packet event carries, whatever became of it; it
// is empty for other events.
func Carried(e *trace.Event) string {
	b, ok := e.Body.(*trace.PacketBody)
	if !ok {
		return ""
	}
	return OneLine(expand(title(first(frameKey(b), "packet.other")), func(name string) string { return field(e, name) }))
}

// expand fills a template. {name} stands for a field of the event. What stands
// in square brackets is left out when a field in it is empty; brackets do not
// nest. [[, ]] and {{ are a bracket and a brace.
func expand(template string, value func(name string) string) string {
	var out strings.Builder
	out.Grow(len(template) + 32)
	optional := -1 // where in out the optional part began
	missing := false
	for i := 0; i < len(template); i++ {
		c := template[i]
		doubled := i+1 < len(template) && template[i+1] == c
		switch {
		case doubled && (c == '[' || c == ']' || c == '{'):
			out.WriteByte(c)
			i++
		case c == '[':
			optional, missing = out.Len(), false
		case c == ']' && optional >= 0:
			if missing {
				kept := out.String()[:optional]
				out.Reset()
				out.WriteString(kept)
			}
			optional = -1
		case c == '{':
			name, _, found := strings.Cut(template[i+1:], "}")
			if !found {
				out.WriteString(template[i:])
				return out.String()
			}
			v := value(name)
			missing = missing || v == ""
			out.WriteString(v)
			i += len(name) + 1
		default:
			out.WriteByte(c)
		}
	}
	return out.String()
}

// placeholders lists the names in a template.
func placeholders(template string) []string {
	var names []string
	expand(template, func(name string) string {
		names = append(names, name)
		return name
	})
	return names
}

// OneLine makes what a peer or a person wrote fit for one line of a terminal:
// control characters, which would move the cursor or change colours, are replaced.
func OneLine(s string) string {
	clean := true
	for _, r := range s {
		if isControl(r) {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case r == '\r':
			return -1
		case isControl(r):
			return '�'
		}
		return r
	}, s)
}

// isControl tells C0, DEL, C1 and the characters that reorder text from others.
func isControl(r rune) bool {
	return r < 0x20 || r >= 0x7f && r < 0xa0 ||
		r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}
