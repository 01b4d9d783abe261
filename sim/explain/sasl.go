package explain

import (
	"strings"

	"mailwalk/protocols/sasl"
	"mailwalk/sim/trace"
)

// saslKey is the key of a message of a SASL exchange, whichever protocol carries
// it; empty for any other line.
func saslKey(b *trace.LineBody) string {
	mechanism, m, ok := b.SASL()
	switch {
	case ok:
		return first("line.sasl."+mechanism+"."+string(m.Name), "line.sasl."+string(m.Name), "line.sasl")
	case mechanism != "" && b.Text == trace.CancelSASL:
		return "line.sasl.cancel"
	case mechanism != "":
		return "line.sasl"
	}
	return ""
}

// Undone is what a message of a SASL exchange says, its base64 undone: its name and
// its parts, each with what the mechanism calls it. It is empty for any other line.
func Undone(b *trace.LineBody) string {
	_, m, ok := b.SASL()
	if !ok || len(m.Parts) == 0 {
		return ""
	}
	parts := make([]string, len(m.Parts))
	for i, p := range m.Parts {
		parts[i] = PartName(p) + " " + p.Value
	}
	return OneLine(string(m.Name) + ": " + strings.Join(parts, ", "))
}

// PartName is what a part of a message is called, with the mechanism's own word for
// it.
func PartName(p sasl.Part) string {
	name := string(p.Name)
	if p.Symbol != "" && p.Symbol != name {
		name += " (" + p.Symbol + ")"
	}
	return name
}
