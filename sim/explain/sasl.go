package explain

import "mailwalk/sim/trace"

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
