package pcapng

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"mailwalk/protocols/dialog"
	"mailwalk/sim/trace"
)

// comments are what is said about a frame: what the walk says before it, the
// lines it carries, what befell it.
func (c *Capture) comments(index *trace.Index, e *trace.Event, f *trace.PacketBody) []string {
	var all []string
	for _, seq := range c.survey.notes[e.Seq] {
		if n := c.t.At(seq); n != nil {
			all = append(all, c.note(n))
		}
	}
	if f.Range != nil {
		for _, n := range index.Up(trace.Node{Level: trace.PacketLevel, Seq: e.Seq}) {
			if l, ok := lineOf(c.t, n); ok {
				parts, sealed := index.OnWire(n.Seq)
				all = append(all, line(l, *f.Range, sealed && !within(parts, *f.Range), sealed))
			}
		}
	}
	switch {
	case e.What == trace.Duplicated:
		all = append(all, because("the same frame once more", f.Why))
	case f.Why != "":
		all = append(all, because("forged, and not sent by "+f.From, f.Why))
	}
	if words := guessed(f.LinkAnalysis); len(words) > 0 {
		all = append(all, "In truth: "+strings.Join(words, ", "))
	}
	return append(all, c.survey.fatesOf(f.Frame)...)
}

// guessed are the words for what a reader of the capture can only guess: why a segment
// does not carry on where the one before has ended.
func guessed(analysis []string) []string {
	return slices.DeleteFunc(slices.Clone(analysis), func(word string) bool {
		switch word {
		case trace.Retransmission, trace.FastRetransmission, trace.OutOfOrder, trace.Duplicate:
			return false
		}
		return true
	})
}

func lineOf(t *trace.Trace, n trace.Node) (*trace.LineBody, bool) {
	if n.Level != trace.LineLevel {
		return nil, false
	}
	e := t.At(n.Seq)
	if e == nil {
		return nil, false
	}
	l, ok := e.Body.(*trace.LineBody)
	return l, ok
}

func (c *Capture) note(e *trace.Event) string {
	title := "Note: "
	if e.What == trace.Warning {
		title = "Warning: "
	}
	if c.o.Narrate != nil {
		return title + c.o.Narrate(e)
	}
	return title + e.Body.(*trace.NoteBody).Newcomer
}

// line is as much of a line or content as a segment carries, in words. Of a line that is
// sealed inside TLS it carries all but where it is cut.
func line(l *trace.LineBody, carried trace.Range, cut, sealed bool) string {
	from, to, size := max(l.From, carried.From)-l.From, min(l.To, carried.To)-l.From, l.To-l.From
	part := ""
	switch {
	case cut:
		part = "a part of its record"
	case !sealed && to-from < size:
		part = fmt.Sprintf("octets %d–%d of %d", from, to-1, size)
	}
	end := "C: "
	if l.FromServer {
		end = "S: "
	}
	switch {
	case l.Role != dialog.Body && part == "":
		return end + l.Text
	case l.Role != dialog.Body:
		return end + l.Text + " (" + part + ")"
	case part == "":
		part = fmt.Sprintf("%d octets", size)
	}
	return end + "(content: " + part + " in the stream)"
}

// within tells whether a segment carries all of the parts.
func within(parts []trace.Range, carried trace.Range) bool {
	return !slices.ContainsFunc(parts, func(p trace.Range) bool { return p.From < carried.From || p.To > carried.To })
}

// fate is something that befell a frame after it was sent.
type fate struct{ what, to, why string }

// fateOf tells what befell a frame in an event, and whether anything did.
func fateOf(what string, b *trace.PacketBody) (fate, bool) {
	switch what {
	case trace.Dropped, trace.Delayed, trace.Reordered, trace.Corrupted:
		return fate{what, b.To, b.Why}, true
	}
	return fate{}, false
}

// fatesOf says in words what befell a frame. Of several copies, which all have the
// frame's number, it is not known which one it was.
func (s *survey) fatesOf(frame uint64) []string {
	of := ""
	if s.copied[frame] {
		of = "a copy of the frame was "
	}
	var all []string
	for _, f := range s.fates[frame] {
		words := "held back"
		switch f.what {
		case trace.Dropped:
			words = "lost"
			if f.to != "" {
				words += " on the way to " + f.to
			}
		case trace.Reordered:
			words = "held back until the next had passed it"
		case trace.Corrupted:
			words = "changed on the way"
		}
		all = append(all, because(of+words, f.why))
	}
	return all
}

func because(what, why string) string {
	if why == "" {
		return what
	}
	return what + ": " + why
}

// clean makes a text fit for one line: what is not UTF-8 and what would control
// a terminal becomes U+FFFD.
func clean(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case r == '\r':
			return -1
		case unicode.IsControl(r):
			return unicode.ReplacementChar
		}
		return r
	}, s))
}
