package explain

import (
	"slices"
	"strings"

	"mailwalk/sim/trace"
)

// Records says which TLS records a packet begins with: "TLS ClientHello", or "TLS sealed"
// for what cannot be read. It is empty for a packet that begins with none, also for one
// that begins in the middle of a record.
func Records(b *trace.PacketBody) string {
	n := b.Head.Len
	// The types of records (RFC 8446 §5.1), and the first octet of their version.
	if n < 5 || n > len(b.Data) || b.Data[len(b.Data)-n] < 20 || b.Data[len(b.Data)-n] > 23 || b.Data[len(b.Data)-n+1] != 3 {
		return ""
	}
	var names []string
	for _, l := range trace.Decode(b.Data) {
		if l.Name != "TLS" {
			continue
		}
		name := "sealed"
		for _, f := range l.Fields {
			switch {
			case f.Name == "Handshake Type", f.Name == "Type" && f.Note == "change_cipher_spec":
				name = camel(f.Note)
			case f.Name == "Level":
				name = "alert"
			}
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "TLS " + strings.Join(names, ", ")
}

// camel is a name as RFC 8446 writes messages: ClientHello for client_hello.
func camel(name string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(name, "_") {
		if word != "" {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}
