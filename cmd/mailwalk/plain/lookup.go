package plain

import (
	"strings"

	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

const deepest = 6 // levels that are indented; deeper ones stay there

// lookup prints a step of a look-up as a branch of a tree: each referral leads
// one level down.
func (p *Printer) lookup(e *trace.Event) {
	depth := p.lookups[e.Lookup]
	indent := ""
	switch e.What {
	case trace.Asked:
		p.lookups[e.Lookup] = max(depth, 1)
	case trace.Resolved, trace.NotFound, trace.Unsolved:
		delete(p.lookups, e.Lookup)
	default:
		if level := min(depth, deepest); level > 0 && !p.o.Linear {
			indent = strings.Repeat("  ", level-1) + "└ "
		}
	}
	if e.What == trace.Referral {
		p.lookups[e.Lookup] = max(depth, 1) + 1
	}
	p.step(e, "dns", indent, explain.Text(e))
	p.why(e)
}
