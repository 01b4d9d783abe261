package imap

import (
	"bytes"
	"strings"
)

// field is one header field as it stands in the message.
type field struct {
	name string // empty for a line that is no field
	raw  []byte // its lines, line ends included
}

// splitHeader parts a message or MIME entity behind the blank line, which counts
// as the header's (RFC 9051 §6.4.5.1). Without a blank line all is header.
func splitHeader(b []byte) (header, body []byte) {
	for i := 0; i < len(b); {
		end := lineEnd(b, i)
		if len(bytes.TrimRight(b[i:end], "\r\n")) == 0 {
			return b[:end], b[end:]
		}
		i = end
	}
	return b, nil
}

// lineEnd is the offset behind the line that begins at i.
func lineEnd(b []byte, i int) int {
	if n := bytes.IndexByte(b[i:], '\n'); n >= 0 {
		return i + n + 1
	}
	return len(b)
}

// parseFields takes a header apart. The raw parts put together give the header
// again, without its blank line.
func parseFields(header []byte) []field {
	var out []field
	for i := 0; i < len(header); {
		end := lineEnd(header, i)
		if len(bytes.TrimRight(header[i:end], "\r\n")) == 0 {
			break
		}
		// RFC 5322 §2.2.3: a line that begins with white space goes on with the
		// field before.
		for end < len(header) && (header[end] == ' ' || header[end] == '\t') {
			end = lineEnd(header, end)
		}
		raw := header[i:end]
		out = append(out, field{name: fieldName(raw), raw: raw})
		i = end
	}
	return out
}

func fieldName(raw []byte) string {
	colon := bytes.IndexByte(raw, ':')
	if colon < 0 {
		return ""
	}
	name := bytes.TrimRight(raw[:colon], " \t") // RFC 5322 §4.5.8
	if !isFieldName(string(name)) {
		return ""
	}
	return string(name)
}

// isFieldName is field-name of RFC 5322 §3.6.8.
func isFieldName(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' || s[i] == ':' {
			return false
		}
	}
	return s != ""
}

// value is what stands behind the colon, unfolded (RFC 5322 §2.2.3), without
// white space around it.
func (f field) value() string {
	v := f.raw[bytes.IndexByte(f.raw, ':')+1:]
	return string(bytes.Trim(dropLineEnds(v), " \t"))
}

func dropLineEnds(b []byte) []byte {
	if bytes.IndexByte(b, '\n') < 0 {
		return b
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == '\n' || b[i] == '\r' && i+1 < len(b) && b[i+1] == '\n' {
			continue
		}
		out = append(out, b[i])
	}
	return out
}

// first returns the value of the first field of a name.
func first(fields []field, name string) (string, bool) {
	for _, f := range fields {
		if strings.EqualFold(f.name, name) {
			return f.value(), true
		}
	}
	return "", false
}

// selectFields is the subset of a header that HEADER.FIELDS asks for, or with not
// HEADER.FIELDS.NOT. The blank line belongs to it if the header has one.
//
// RFC 9051 §6.4.5.1
func selectFields(header []byte, names []string, not bool) []byte {
	out := []byte{}
	kept := 0
	for _, f := range parseFields(header) {
		kept += len(f.raw)
		named := false
		for _, n := range names {
			if strings.EqualFold(n, f.name) {
				named = true
				break
			}
		}
		if named != not {
			out = append(out, f.raw...)
		}
	}
	return append(out, header[kept:]...)
}
