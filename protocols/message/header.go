package message

import (
	"bytes"
	"iter"
	"strings"
)

// MaxFields is the most header fields that [ParseHeader] tells apart.
const MaxFields = 10_000

// Field is one header field, exactly as it stands in the mail.
type Field struct {
	// Name is as written; names are the same whatever their case (RFC 5322 §1.2.2).
	// It is empty for a line that is no field.
	Name string
	// Raw is the whole field with its folded lines and its line end. It shares
	// memory with the mail.
	Raw []byte
	// Value is what follows the colon, unfolded (RFC 5322 §2.2.3), without spaces
	// at its ends and otherwise as written.
	Value string
	// From and To are the byte range [From, To) of Raw in the mail.
	From, To int
}

// Decoded is the value for showing: encoded-words decoded (RFC 2047 §6.2) and
// control characters made harmless. Encoded-words that cannot be decoded stay.
func (f Field) Decoded() string { return Showable(decodeWords(f.Value)) }

// Is tells whether the field has that name, whatever the case.
func (f Field) Is(name string) bool { return strings.EqualFold(f.Name, name) }

// Header is the header of a mail or of a part.
type Header struct {
	// Fields are in the order of the mail. Their Raw together are the whole header
	// without the empty line that ends it.
	Fields []Field
	// Over says that there are more than [MaxFields]: what follows stands in one
	// last field without a name.
	Over bool
}

// Get is the value of the first field of that name; empty if there is none.
func (h Header) Get(name string) string {
	for _, f := range h.Fields {
		if f.Is(name) {
			return f.Value
		}
	}
	return ""
}

// Has tells whether there is a field of that name.
func (h Header) Has(name string) bool {
	for _, f := range h.Fields {
		if f.Is(name) {
			return true
		}
	}
	return false
}

// All are the fields of that name, in order.
func (h Header) All(name string) []Field {
	var all []Field
	for _, f := range h.Fields {
		if f.Is(name) {
			all = append(all, f)
		}
	}
	return all
}

// ParseHeader reads the header that raw, a mail or a header alone, begins with.
// Lines end at LF, whether a CR stands before it or not.
func ParseHeader(raw []byte) Header { return parseHeader(raw, MaxFields) }

func parseHeader(raw []byte, most int) Header {
	var h Header
	for f := range fields(raw) {
		if len(h.Fields) == most {
			header, _ := Split(raw)
			rest := header[f.From:]
			h.Fields = append(h.Fields, Field{Raw: rest, From: f.From, To: len(header)})
			h.Over = true
			break
		}
		f.Value = unfold(f.Raw)
		h.Fields = append(h.Fields, f)
	}
	return h
}

// Split cuts a mail into its header and its body. The empty line between belongs
// to neither (RFC 5322 §2.1). A mail without an empty line has no body.
func Split(raw []byte) (header, body []byte) {
	end := 0
	for n := fieldLen(raw); n > 0; n = fieldLen(raw[end:]) {
		end += n
	}
	return raw[:end:end], raw[end+blankLine(raw[end:]):]
}

// fields goes through the header fields of raw, without their values.
func fields(raw []byte) iter.Seq[Field] {
	return func(yield func(Field) bool) {
		for pos := 0; ; {
			n := fieldLen(raw[pos:])
			if n == 0 {
				return
			}
			f := Field{Raw: raw[pos : pos+n : pos+n], From: pos, To: pos + n}
			f.Name, _ = fieldName(f.Raw)
			if !yield(f) {
				return
			}
			pos += n
		}
	}
}

// fieldLen is the length of the field that b begins with, folded lines
// included; 0 at the empty line and at the end.
func fieldLen(b []byte) int {
	if blankLine(b) > 0 {
		return 0
	}
	n := lineLen(b)
	for n < len(b) && isWSP(b[n]) {
		n += lineLen(b[n:])
	}
	return n
}

func lineLen(b []byte) int {
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		return i + 1
	}
	return len(b)
}

// blankLine is the length of the empty line that b begins with, 0 for none.
func blankLine(b []byte) int {
	switch {
	case bytes.HasPrefix(b, []byte("\r\n")):
		return 2
	case bytes.HasPrefix(b, []byte("\n")):
		return 1
	}
	return 0
}

// fieldName finds the name that a field begins with (RFC 5322 §3.6.8: printable
// ASCII without the colon). Spaces before the colon are read as RFC 5322 §4.5
// asks: else a "Bcc :" would be none.
func fieldName(b []byte) (string, bool) {
	colon := bytes.IndexByte(b, ':')
	if colon < 0 {
		return "", false
	}
	name := bytes.TrimRight(b[:colon], " \t")
	if !validFieldName(name) {
		return "", false
	}
	return string(name), true
}

func validFieldName[T string | []byte](name T) bool {
	for i := 0; i < len(name); i++ {
		if c := name[i]; c < 33 || c > 126 || c == ':' {
			return false
		}
	}
	return len(name) > 0
}

// unfold gives the value of a raw field: RFC 5322 §2.2.3 takes out each CRLF
// that stands before a space or tab, and nothing else.
func unfold(raw []byte) string {
	if _, ok := fieldName(raw); ok {
		raw = raw[bytes.IndexByte(raw, ':')+1:]
	}
	var b strings.Builder
	b.Grow(len(raw))
	for len(raw) > 0 {
		n := lineLen(raw)
		b.Write(trimLineEnd(raw[:n]))
		raw = raw[n:]
	}
	return strings.Trim(b.String(), " \t")
}

func trimLineEnd(b []byte) []byte {
	if bytes.HasSuffix(b, []byte("\r\n")) {
		return b[:len(b)-2]
	}
	return bytes.TrimSuffix(b, []byte("\n"))
}
