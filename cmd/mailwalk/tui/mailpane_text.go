package tui

import (
	"bytes"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"mailwalk/protocols/message"
	"mailwalk/sim/explain"
)

// raw sets the mail as it is sent.
func (t *paper) raw(p *page) {
	head, _ := message.Split(t.data)
	t.freshHeading(p)
	lines, rest := bodyLines(string(bytes.ToValidUTF8(t.data, []byte("\uFFFD"))))
	at := 0
	for _, l := range lines {
		gutter, style := gutterOf(p, at, t.fresh), p.theme.text
		switch {
		case at < t.fresh:
			style = p.theme.good.Bold(false)
		case at < len(head):
			style = p.theme.mail.Bold(false)
		}
		if at == t.fresh && t.fresh > 0 {
			p.heading("As it came")
		}
		at += len(l) + 1
		t.long(p, gutter, strings.TrimSuffix(l, "\r"), style)
	}
	t.more(p, rest)
}

// freshHeading says who added what stands on top.
func (t *paper) freshHeading(p *page) {
	if t.fresh > 0 {
		p.heading("Added on top by " + t.by)
		return
	}
	p.heading("As it is on " + t.by)
}

func gutterOf(p *page, at, fresh int) span {
	if at < fresh {
		return span{"+ ", p.theme.good}
	}
	return span{p.glyphs.guide + " ", p.theme.border}
}

// long sets a text in as many rows as it needs, each behind a gutter.
func (t *paper) long(p *page, gutter span, text string, style lipgloss.Style) {
	width := p.width - 4
	if len(text) > longLine {
		text = ansi.Truncate(text, longLine, p.glyphs.more)
	}
	if len(text) <= width {
		p.add(line{gutter, {text, style}})
		return
	}
	rows, ok := t.wraps[text]
	if !ok {
		rows = wrap(text, width)
		t.wraps[text] = rows
	}
	for _, r := range rows {
		p.add(line{gutter, {r, style}})
	}
}

func (t *paper) more(p *page, rest int) {
	switch {
	case rest > 0:
		p.add(line{{"and " + explain.Grouped(int64(rest)) + " more lines", p.theme.dim}})
	case t.cut > 0:
		p.add(line{{"and " + explain.Octets(int64(t.cut)) + " more", p.theme.dim}})
	}
}

// decoded sets the mail as a person reads it: the fields, the parts, the text.
func (t *paper) decoded(p *page) {
	t.freshHeading(p)
	for i, f := range t.tree.Header.Fields {
		if f.From >= t.fresh && i > 0 && t.tree.Header.Fields[i-1].From < t.fresh {
			p.heading("As it came")
		}
		t.field(p, f)
	}
	t.parts(p)
	t.text(p)
}

func (t *paper) field(p *page, f message.Field) {
	gutter, style := gutterOf(p, f.From, t.fresh), p.theme.mail.Bold(false)
	if f.From < t.fresh {
		style = p.theme.good
	}
	if f.Name == "" {
		t.long(p, gutter, string(bytes.ToValidUTF8(f.Raw, nil)), p.theme.fault)
		return
	}
	for i, r := range wrap(f.Name+": "+strings.ReplaceAll(f.Decoded(), "\t", " "), p.width-4) {
		if rest, ok := strings.CutPrefix(r, f.Name+":"); ok && i == 0 {
			p.add(line{gutter, {f.Name + ":", style}, {rest, p.theme.text}})
			continue
		}
		p.add(line{gutter, {r, p.theme.text}})
	}
}

// parts is the tree that MIME makes of the mail, a row each.
func (t *paper) parts(p *page) {
	p.heading("What it is made of")
	depth := map[*message.Part]int{t.tree: 0}
	n := 0
	t.tree.Walk(func(q *message.Part) {
		for _, c := range q.Children {
			depth[c] = depth[q] + 1
		}
		if n++; n > mostParts {
			return
		}
		p.part(q, depth[q])
	})
	if n > mostParts {
		p.add(line{{"and " + count(n-mostParts, "part") + " more", p.theme.dim}})
	}
}

const mostParts = 40

func (p *page) part(q *message.Part, depth int) {
	glyph, style := p.glyphs.node, p.theme.dim
	switch {
	case q.FileName != "" || q.Disposition == "attachment":
		glyph, style = p.glyphs.file, p.theme.mail
	case q.IsMultipart():
		glyph = p.glyphs.hop
	}
	l := line{{strings.Repeat("  ", depth) + glyph + " ", style}}
	if q.Path != "" {
		l = append(l, span{q.Path + " ", p.theme.dim})
	}
	l = append(l, span{q.Type, p.theme.strong})
	if q.FileName != "" {
		l = append(l, span{"  file " + q.FileName, p.theme.mail})
	}
	switch {
	case q.IsMultipart():
		l = append(l, span{"  " + count(len(q.Children), "part"), p.theme.dim})
	case q.DecodedSize != q.Size:
		l = append(l, span{"  " + explain.Octets(int64(q.DecodedSize)) + ", as " + q.Encoding + " " + explain.Grouped(int64(q.Size)), p.theme.dim})
	default:
		l = append(l, span{"  " + explain.Octets(int64(q.Size)) + ", " + q.Encoding, p.theme.dim})
	}
	if cs := q.Param("charset"); cs != "" {
		l = append(l, span{", " + cs, p.theme.dim})
	}
	p.add(l)
	for _, problem := range q.Problems {
		p.add(line{{strings.Repeat("  ", depth+1) + p.glyphs.warning + " ", p.theme.warning}, {problem, p.theme.text}})
	}
}

// text is what was written.
func (t *paper) text(p *page) {
	text, part, err := t.tree.ForShow()
	if part == nil {
		p.heading("No text to read in it")
		return
	}
	p.heading("What was written")
	if err != nil {
		p.mark(p.glyphs.warning, p.theme.warning, err.Error())
	}
	lines, rest := bodyLines(text)
	for _, l := range lines {
		t.long(p, span{p.glyphs.guide + " ", p.theme.border}, l, p.theme.text)
	}
	if rest > 0 || part.BodyTo == len(t.data) {
		t.more(p, rest)
	}
}
