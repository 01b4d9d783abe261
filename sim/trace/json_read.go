package trace

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strconv"
	"time"
)

// jsonReader is the way over fields that reads JSON. After the first error it
// reads nothing more.
type jsonReader struct {
	// levels are the objects that the reader is in, the innermost last.
	levels []map[string]json.RawMessage
	lists  [][]json.RawMessage
	path   []string
	octets map[string][]byte
	err    error
}

// enter goes into the object that raw is.
func (r *jsonReader) enter(name string, raw json.RawMessage) {
	r.path = append(r.path, name)
	var level map[string]json.RawMessage
	if err := json.Unmarshal(raw, &level); err != nil && r.err == nil {
		r.err = fmt.Errorf("%s: %w", pointer(r.path[:len(r.path)-1], name), err)
	}
	r.levels = append(r.levels, level)
}

// read puts the value of that name, if there is one, where v points.
func (r *jsonReader) read(name string, v any) {
	raw, ok := r.levels[len(r.levels)-1][name]
	if !ok || r.err != nil {
		return
	}
	if err := json.Unmarshal(raw, v); err != nil {
		r.err = fmt.Errorf("%s: %w", pointer(r.path, name), err)
	}
}

// mend puts the octets of a text that is not UTF-8 in the place of the text.
func (r *jsonReader) mend(name string, v *string) {
	if len(r.octets) == 0 {
		return
	}
	if b, ok := r.octets[pointer(r.path, name)]; ok {
		*v = string(b)
	}
}

func (r *jsonReader) str(name string, _ presence, v *string) {
	r.read(name, v)
	r.mend(name, v)
}

func (r *jsonReader) strs(name string, v *[]string) {
	r.read(name, v)
	if len(*v) == 0 {
		*v = nil
		return
	}
	r.path = append(r.path, name)
	for i := range *v {
		r.mend(strconv.Itoa(i), &(*v)[i])
	}
	r.path = r.path[:len(r.path)-1]
}

func (r *jsonReader) flag(name string, _ presence, v *bool)       { r.read(name, v) }
func (r *jsonReader) num(name string, _ presence, v *int64)       { r.read(name, v) }
func (r *jsonReader) octet(name string, _ presence, v *uint8)     { r.read(name, v) }
func (r *jsonReader) port(name string, _ presence, v *uint16)     { r.read(name, v) }
func (r *jsonReader) word(name string, _ presence, v *uint32)     { r.read(name, v) }
func (r *jsonReader) long(name string, _ presence, v *uint64)     { r.read(name, v) }
func (r *jsonReader) frame(name string, v *[]byte)                { r.bytes(name, v) }
func (r *jsonReader) addr(name string, _ presence, v *netip.Addr) { r.read(name, v) }

func (r *jsonReader) addrPort(name string, _ presence, v *netip.AddrPort) { r.read(name, v) }

func (r *jsonReader) moment(name string, _ presence, v *time.Duration) {
	var n json.Number
	r.read(name, &n)
	if r.err != nil {
		return
	}
	var err error
	if *v, err = parseSeconds(string(n)); err != nil {
		r.err = fmt.Errorf("%s: %w", pointer(r.path, name), err)
	}
}

func (r *jsonReader) bytes(name string, v *[]byte) {
	r.read(name, v)
	if len(*v) == 0 {
		*v = nil
	}
}

func (r *jsonReader) head(name string, v *Head, _ []byte) {
	if r.open(name, false) {
		v.fields(r)
		r.shut()
	}
}

func (r *jsonReader) open(name string, _ bool) bool {
	raw, ok := r.levels[len(r.levels)-1][name]
	if !ok || string(raw) == "null" || r.err != nil {
		return false
	}
	r.enter(name, raw)
	return true
}

func (r *jsonReader) shut() {
	r.levels = r.levels[:len(r.levels)-1]
	r.path = r.path[:len(r.path)-1]
}

func (r *jsonReader) list(name string, _ int) int {
	var items []json.RawMessage
	r.read(name, &items)
	if r.err != nil || len(items) == 0 {
		return 0
	}
	r.lists = append(r.lists, items)
	r.path = append(r.path, name)
	return len(items)
}

func (r *jsonReader) next(i int) {
	if i > 0 {
		r.shut()
	}
	r.enter(strconv.Itoa(i), r.lists[len(r.lists)-1][i])
}

func (r *jsonReader) endList() {
	r.shut()
	r.lists = r.lists[:len(r.lists)-1]
	r.path = r.path[:len(r.path)-1]
}
