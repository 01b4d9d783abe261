package mismatch

import (
	"encoding/hex"
	"strings"
)

// quoteMax is the longest text of a client that is repeated, in octets.
const quoteMax = 64

// quote repeats what a client sent, shortened, with a dot for each octet that is
// not printable ASCII.
func quote(text []byte) string {
	var b strings.Builder
	for i, c := range text {
		if i == quoteMax {
			b.WriteString("…")
			break
		}
		if c < ' ' || c > '~' {
			c = '.'
		}
		b.WriteByte(c)
	}
	return b.String()
}

// octets writes the first n octets in hex, as a hex dump has them.
func octets(b []byte, n int) string {
	b = b[:min(n, len(b))]
	pairs := make([]string, len(b))
	for i := range b {
		pairs[i] = strings.ToUpper(hex.EncodeToString(b[i : i+1]))
	}
	return strings.Join(pairs, " ")
}

// begins tells whether a stream begins with a signature.
func begins(heard []byte, signature string) certainty {
	n := min(len(heard), len(signature))
	switch {
	case string(heard[:n]) != signature[:n]:
		return no
	case n < len(signature):
		return maybe
	}
	return yes
}
