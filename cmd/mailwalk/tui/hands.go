package tui

import (
	"context"
	"io"

	"mailwalk/sim/explain"
	"mailwalk/sim/lab"
)

// Bench is a world that a person's hands can reach into, besides what it is as a
// World. A *lab.Lab is one.
type Bench interface {
	World
	Verbs(seq uint64) []lab.Verb
	Do(ctx context.Context, seq uint64, verb, given string, p lab.Progress) (lab.Outcome, error)
	Undo(ctx context.Context, p lab.Progress) error
	Redo(ctx context.Context, p lab.Progress) error
	Deeds() []lab.Deed
	Runs() []lab.Run
	Switch(ctx context.Context, i int, p lab.Progress) error
	Difference(a, b int) (lab.Difference, bool)
	Save(w io.Writer) error
}

// done is what is known of what was done to the walk: the screen's own copy, so that
// it need not ask while the world is being made again.
type done struct {
	deeds []lab.Deed
	runs  []lab.Run
	// current is the index of the run that is looked at; with says from which other
	// one it differs, and how.
	current, with int
	differs       bool
	difference    lab.Difference
}

// look asks a bench for what was done.
func (d *done) look(b Bench) {
	*d = done{deeds: b.Deeds(), runs: b.Runs()}
	for i, r := range d.runs {
		if r.Current {
			d.current, d.with = i, r.From
		}
	}
	if d.with >= 0 && d.with != d.current {
		d.difference, d.differs = b.Difference(d.with, d.current)
	}
}

// handiwork shows what the person has done to the walk, the runs that came of it, and
// where they part.
type handiwork struct {
	*stage
	scroll
	done *done
	memo memo
}

// Title and Aside are the words in the border.
func (h *handiwork) Title() string { return "hands" }

func (h *handiwork) Aside() string {
	if len(h.done.runs) < 2 {
		return ""
	}
	return h.done.runs[h.done.current].Name + " of " + explain.Grouped(int64(len(h.done.runs)))
}

// Foot tells how much is not seen.
func (h *handiwork) Foot() string { return h.rest(&h.glyphs) }

func (h *handiwork) scrolling() *scroll { return &h.scroll }

// Render draws what can be seen.
func (h *handiwork) Render(width, height int, focused bool) []string {
	if rows, ok := h.memo.get(width, height, h.version, focused); ok {
		return rows
	}
	p := &page{stage: h.stage, width: width}
	h.deeds(p)
	h.runs(p)
	h.difference(p)
	return h.memo.put(h.draw(p, height))
}

func (h *handiwork) deeds(p *page) {
	if len(h.done.deeds) == 0 {
		p.text(p.theme.dim, "You have done nothing to this walk yet.")
		p.blank()
		for i, r := range wrap("shows what can be done at this step: a packet held, lost or changed, a server switched off, a record of the DNS written anew. What has happened already happens again otherwise, in a run of its own.", p.width-4) {
			key := "  "
			if i == 0 {
				key = "a "
			}
			p.add(line{{key, p.theme.key}, {r, p.theme.text}})
		}
		return
	}
	p.add(line{{"What you have done", p.theme.heading}})
	for _, d := range h.done.deeds {
		at := "event " + explain.Grouped(int64(d.Seq))
		for i, r := range wrap(d.Words, p.width-6-len(at)) {
			mark, when := p.glyphs.act, at
			if i > 0 {
				mark, when = " ", ""
			}
			p.add(line{{mark + " ", p.theme.act}, {fill(when, len(at)) + "  ", p.theme.dim}, {r, p.theme.text}})
		}
	}
	p.add(line{{"  u", p.theme.key}, {" takes the last one back", p.theme.dim}})
}

func (h *handiwork) runs(p *page) {
	if len(h.done.runs) < 2 {
		return
	}
	p.heading("Runs")
	for i, r := range h.done.runs {
		mark, style := "  ", p.theme.text
		if i == h.done.current {
			mark, style = p.glyphs.here+" ", p.theme.strong
		}
		words := r.Words
		if r.From >= 0 {
			words += ", from " + h.done.runs[r.From].Name + " behind event " + explain.Grouped(int64(r.At))
		}
		for j, row := range wrap(words, p.width-6-len(r.Name)) {
			name := r.Name
			if j > 0 {
				mark, name = "  ", ""
			}
			p.add(line{{mark, p.theme.key}, {fill(name, len(r.Name)) + "  ", style}, {row, p.theme.text}})
		}
	}
	p.add(line{{"  w", p.theme.key}, {" goes to the next run, with what was seen of it", p.theme.dim}})
}

// difference tells where the run parts from the one that it came of.
func (h *handiwork) difference(p *page) {
	d := h.done
	if d.with < 0 || len(d.runs) < 2 {
		return
	}
	p.heading("What has become different")
	if !d.differs {
		p.text(p.theme.dim, "Nothing, so far.")
		return
	}
	side := func(name, words string, seq uint64) {
		if words == "" {
			return
		}
		for i, r := range wrap(words, p.width-8-len(name)) {
			who := name + ":"
			if i > 0 {
				who = ""
			}
			p.add(line{{"  " + fill(who, len(name)+1) + " ", p.theme.dim}, {r, p.theme.text}})
		}
		if seq > 0 {
			p.add(line{{fill("", len(name)+4) + "event " + explain.Grouped(int64(seq)), p.theme.dim}})
		}
	}
	first := func(only, at uint64) uint64 {
		if only > 0 {
			return only
		}
		return at
	}
	side(d.runs[d.with].Name, d.difference.WordsA, first(d.difference.OnlyA, d.difference.A))
	side(d.runs[d.current].Name, d.difference.WordsB, first(d.difference.OnlyB, d.difference.B))
	for _, f := range d.difference.Fates {
		p.add(line{{p.glyphs.mail + " ", p.theme.mail}, {"mail " + f.Mail, p.theme.text}})
		side(d.runs[d.with].Name, f.A, 0)
		side(d.runs[d.current].Name, f.B, 0)
	}
}
