package trace

import (
	"encoding/base64"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// jsonWriter is the way over fields that writes JSON. It never fails.
type jsonWriter struct {
	dst []byte
	// path is where the writer is, from the event down.
	path []string
	// octets are the texts that are not UTF-8, by JSON Pointer (RFC 6901).
	octets []rawText
}

type rawText struct{ pointer, text string }

// name writes what comes before a value.
func (w *jsonWriter) name(name string) {
	switch w.dst[len(w.dst)-1] {
	case '{', '[':
	default:
		w.dst = append(w.dst, ',')
	}
	w.dst = append(w.dst, '"')
	w.dst = append(w.dst, name...)
	w.dst = append(w.dst, '"', ':')
}

func (w *jsonWriter) str(name string, p presence, v *string) {
	if *v == "" && !p {
		return
	}
	w.name(name)
	w.quoted(name, *v)
}

// quoted writes a text. JSON has no way to say octets that are not UTF-8: they
// become U+FFFD here, and the text as it is goes among the octets.
func (w *jsonWriter) quoted(name, s string) {
	var ok bool
	if w.dst, ok = appendQuoted(w.dst, s); !ok {
		w.octets = append(w.octets, rawText{pointer(w.path, name), s})
	}
}

// pointer is a JSON Pointer. The names in events need no escaping in one.
func pointer(path []string, name string) string {
	if len(path) == 0 {
		return "/" + name
	}
	return "/" + strings.Join(path, "/") + "/" + name
}

// appendQuoted writes a JSON string, and tells whether s is UTF-8.
func appendQuoted(dst []byte, s string) (_ []byte, ok bool) {
	const hex = "0123456789abcdef"
	ok = true
	dst = append(dst, '"')
	done := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				ok = false
				dst = append(dst, s[done:i]...)
				dst = append(dst, "\ufffd"...)
				done = i + 1
			}
			i += n
			continue
		}
		dst = append(dst, s[done:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
		}
		i++
		done = i
	}
	dst = append(dst, s[done:]...)
	return append(dst, '"'), ok
}

// endOctets writes the texts that are not UTF-8, in base64.
func (w *jsonWriter) endOctets() {
	if len(w.octets) == 0 {
		return
	}
	w.name("octets")
	w.dst = append(w.dst, '{')
	for _, o := range w.octets {
		w.name(o.pointer)
		w.base64([]byte(o.text))
	}
	w.dst = append(w.dst, '}')
}

func (w *jsonWriter) base64(b []byte) {
	w.dst = append(w.dst, '"')
	w.dst = base64.StdEncoding.AppendEncode(w.dst, b)
	w.dst = append(w.dst, '"')
}

func (w *jsonWriter) strs(name string, v *[]string) {
	if len(*v) == 0 {
		return
	}
	w.name(name)
	w.path = append(w.path, name)
	w.dst = append(w.dst, '[')
	for i, s := range *v {
		if i > 0 {
			w.dst = append(w.dst, ',')
		}
		w.quoted(strconv.Itoa(i), s)
	}
	w.dst = append(w.dst, ']')
	w.path = w.path[:len(w.path)-1]
}

func (w *jsonWriter) flag(name string, p presence, v *bool) {
	if *v || bool(p) {
		w.name(name)
		w.dst = strconv.AppendBool(w.dst, *v)
	}
}

func (w *jsonWriter) num(name string, p presence, v *int64) {
	if *v != 0 || bool(p) {
		w.name(name)
		w.dst = strconv.AppendInt(w.dst, *v, 10)
	}
}

func (w *jsonWriter) unsigned(name string, p presence, v uint64) {
	if v != 0 || bool(p) {
		w.name(name)
		w.dst = strconv.AppendUint(w.dst, v, 10)
	}
}

func (w *jsonWriter) octet(name string, p presence, v *uint8) { w.unsigned(name, p, uint64(*v)) }
func (w *jsonWriter) port(name string, p presence, v *uint16) { w.unsigned(name, p, uint64(*v)) }
func (w *jsonWriter) word(name string, p presence, v *uint32) { w.unsigned(name, p, uint64(*v)) }
func (w *jsonWriter) long(name string, p presence, v *uint64) { w.unsigned(name, p, *v) }

func (w *jsonWriter) moment(name string, p presence, v *time.Duration) {
	if *v != 0 || bool(p) {
		w.name(name)
		w.dst = appendSeconds(w.dst, *v)
	}
}

func (w *jsonWriter) bytes(name string, v *[]byte) {
	if len(*v) > 0 {
		w.name(name)
		w.base64(*v)
	}
}

func (w *jsonWriter) addr(name string, p presence, v *netip.Addr) {
	if v.IsValid() || bool(p) {
		w.name(name)
		w.dst = append(w.dst, '"')
		if v.IsValid() {
			w.dst = v.AppendTo(w.dst)
		}
		w.dst = append(w.dst, '"')
	}
}

func (w *jsonWriter) addrPort(name string, p presence, v *netip.AddrPort) {
	if v.IsValid() || bool(p) {
		w.name(name)
		w.dst = append(w.dst, '"')
		if v.IsValid() {
			w.dst = v.AppendTo(w.dst)
		}
		w.dst = append(w.dst, '"')
	}
}

func (w *jsonWriter) frame(name string, v *[]byte) {
	w.name(name)
	w.base64(*v)
}

func (w *jsonWriter) head(name string, v *Head, _ []byte) {
	w.open(name, true)
	v.fields(w)
	w.shut()
}

func (w *jsonWriter) open(name string, have bool) bool {
	if have {
		w.name(name)
		w.dst = append(w.dst, '{')
		w.path = append(w.path, name)
	}
	return have
}

func (w *jsonWriter) shut() {
	w.dst = append(w.dst, '}')
	w.path = w.path[:len(w.path)-1]
}

func (w *jsonWriter) list(name string, n int) int {
	if n > 0 {
		w.name(name)
		w.dst = append(w.dst, '[')
		w.path = append(w.path, name, "")
	}
	return n
}

func (w *jsonWriter) next(i int) {
	if i > 0 {
		w.dst = append(w.dst, '}', ',')
	}
	w.dst = append(w.dst, '{')
	w.path[len(w.path)-1] = strconv.Itoa(i)
}

func (w *jsonWriter) endList() {
	w.dst = append(w.dst, '}', ']')
	w.path = w.path[:len(w.path)-2]
}
