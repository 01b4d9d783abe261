package tui

import (
	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// notes shows what the walk said last.
type notes struct {
	*stage
	memo memo
}

// noteLasts is how many rows on a note is still fresh.
const noteLasts = 6

// words are what it said, in the rows of a width.
func (n *notes) words(width int) ([]string, *trace.Event) {
	e := n.note()
	if e == nil {
		return nil, nil
	}
	text := explain.OneLine(explain.For(e).Why(n.depth))
	if e.What == trace.Warning {
		text = "Warning: " + text
	}
	return wrap(text, width-4), e
}

// Rows is how many rows it takes at a width.
func (n *notes) Rows(width int) int {
	rows, _ := n.words(width)
	return len(rows)
}

// Render draws what it said; what has been said a while ago is dimmer.
func (n *notes) Render(width, height int) []string {
	if rows, ok := n.memo.get(width, height, n.version, false); ok {
		return rows
	}
	words, e := n.words(width)
	if e == nil {
		return n.memo.put(nil)
	}
	bar, style := n.theme.note, n.theme.noteText
	if e.What == trace.Warning {
		bar = n.theme.warning
	}
	if n.row()-n.rows.row(n.grain, e.Seq) > noteLasts {
		style = n.theme.dim
	}
	var out []string
	for i := range height {
		l := line{{" " + n.glyphs.bar + " ", bar}}
		switch {
		case i == height-1 && len(words) > height:
			// What does not fit stands in the pane of reasons, at the note itself.
			l = append(l, span{cut(words[i], width-6, "") + " " + n.glyphs.more, style})
		case i < len(words):
			l = append(l, span{words[i], style})
		}
		out = append(out, l.render(width, n.theme.text, n.glyphs.more))
	}
	return n.memo.put(out)
}
