package tui

import (
	"mailwalk/protocols/sasl"
	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// exposed is what a line has of a password, in words; empty for nothing.
func exposed(b *trace.LineBody) string {
	switch b.Exposes() {
	case sasl.Readable:
		return "a password"
	case sasl.Guessable:
		return "made from a password"
	}
	return ""
}

// saslFields are the parts of a message of a login, out of their base64.
func saslFields(f *fieldList, b *trace.LineBody) {
	mechanism, m, ok := b.SASL()
	f.add("login by", mechanism)
	if !ok {
		return
	}
	f.add("message", string(m.Name))
	for _, p := range m.Parts {
		f.add(explain.PartName(p), p.Value)
	}
}
