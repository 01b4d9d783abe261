package message

import "strings"

// foldField writes a header field on lines of at most foldAt octets, as far as
// the spaces in value allow (RFC 5322 §2.2.3).
func foldField(name, value string) string {
	return foldPieces(name, cutAtSpaces(value))
}

// foldPieces writes a header field of pieces that must not be broken. Each
// begins with the space at which a line may be folded before it, and ends in
// something else, so that no line has nothing but spaces (RFC 5322 §3.2.2).
func foldPieces(name string, pieces []string) string {
	var b strings.Builder
	b.WriteString(name)
	b.WriteByte(':')
	column := b.Len()
	for i, piece := range pieces {
		// The first stays beside the name if that gains nothing: some programs take
		// a field whose first line is empty for an empty one.
		if column+len(piece) > foldAt && (i > 0 || len(piece) <= foldAt) {
			b.WriteString("\r\n")
			column = 0
		}
		b.WriteString(piece)
		column += len(piece)
	}
	b.WriteString("\r\n")
	return b.String()
}

// cutAtSpaces cuts a value into pieces that begin with spaces.
func cutAtSpaces(value string) []string {
	if value == "" {
		return nil
	}
	value = " " + value
	var pieces []string
	from := 0
	for i := 1; i < len(value); i++ {
		if isWSP(value[i]) && !isWSP(value[i-1]) {
			pieces = append(pieces, value[from:i])
			from = i
		}
	}
	return append(pieces, value[from:])
}
