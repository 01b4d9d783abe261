package trace

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// errPacked tells of a block whose checksum is right and whose content is not:
// it was not written by a Writer.
var errPacked = errors.New("the block makes no sense")

// unpacker is the way over fields that reads the file's own form. After the
// first error, and behind the end, it reads zeros: a body that was written
// before a field was thought of has that field empty.
type unpacker struct {
	src   []byte
	texts []string
	// load returns the payload of that number.
	load func(uint64) ([]byte, error)
	err  error
}

func (r *unpacker) fail() {
	if r.err == nil {
		r.err = errPacked
	}
	r.src = nil
}

func (r *unpacker) uint() uint64 {
	if len(r.src) == 0 {
		return 0
	}
	v, n := binary.Uvarint(r.src)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.src = r.src[n:]
	return v
}

// number reads an unsigned number that may not be above a limit.
func (r *unpacker) number(limit uint64) uint64 {
	v := r.uint()
	if v > limit {
		r.fail()
		return 0
	}
	return v
}

// count reads the number of things that follow, each of at least so many octets.
func (r *unpacker) count(least int) int {
	n := r.uint()
	if n > uint64(len(r.src)/least) {
		r.fail()
		return 0
	}
	return int(n)
}

// raw reads a length and so many octets. They are a part of the block.
func (r *unpacker) raw() []byte {
	n := r.count(1)
	if n == 0 {
		return nil
	}
	b := r.src[:n:n]
	r.src = r.src[n:]
	return b
}

func (r *unpacker) str(_ string, _ presence, v *string) {
	if len(r.src) == 0 {
		*v = ""
		return
	}
	if n := r.uint(); n > 0 {
		if n > uint64(len(r.texts)) {
			r.fail()
			return
		}
		*v = r.texts[n-1]
		return
	}
	*v = string(r.raw())
	if len(*v) <= maxRepeated && r.err == nil {
		r.texts = append(r.texts, *v)
	}
}

func (r *unpacker) strs(name string, v *[]string) {
	n := r.count(1)
	if n == 0 {
		return
	}
	*v = make([]string, n)
	for i := range *v {
		r.str(name, must, &(*v)[i])
	}
}

func (r *unpacker) flag(_ string, _ presence, v *bool) { *v = r.byte() != 0 }

func (r *unpacker) byte() byte {
	if len(r.src) == 0 {
		return 0
	}
	b := r.src[0]
	r.src = r.src[1:]
	return b
}

func (r *unpacker) signed() int64 {
	if len(r.src) == 0 {
		return 0
	}
	v, n := binary.Varint(r.src)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.src = r.src[n:]
	return v
}

func (r *unpacker) num(_ string, _ presence, v *int64)            { *v = r.signed() }
func (r *unpacker) moment(_ string, _ presence, v *time.Duration) { *v = time.Duration(r.signed()) }
func (r *unpacker) octet(_ string, _ presence, v *uint8)          { *v = r.byte() }
func (r *unpacker) port(_ string, _ presence, v *uint16)          { *v = uint16(r.number(1<<16 - 1)) }
func (r *unpacker) word(_ string, _ presence, v *uint32)          { *v = uint32(r.number(1<<32 - 1)) }
func (r *unpacker) long(_ string, _ presence, v *uint64)          { *v = r.uint() }

func (r *unpacker) bytes(_ string, v *[]byte) {
	if b := r.raw(); b != nil {
		*v = append([]byte(nil), b...)
	}
}

func (r *unpacker) addr(_ string, _ presence, v *netip.Addr) {
	if b := r.raw(); b != nil && v.UnmarshalBinary(b) != nil {
		r.fail()
	}
}

func (r *unpacker) addrPort(_ string, _ presence, v *netip.AddrPort) {
	if b := r.raw(); b != nil && v.UnmarshalBinary(b) != nil {
		r.fail()
	}
}

func (r *unpacker) frame(name string, v *[]byte) {
	n := r.uint()
	if n == 0 {
		r.bytes(name, v)
		return
	}
	before, behind := r.raw(), r.raw()
	if r.load == nil {
		r.fail()
	}
	if r.err != nil {
		return
	}
	payload, err := r.load(n)
	if err != nil {
		r.err, r.src = err, nil
		return
	}
	all := make([]byte, 0, len(before)+len(payload)+len(behind))
	*v = append(append(append(all, before...), payload...), behind...)
}

func (r *unpacker) head(_ string, v *Head, frame []byte) {
	if r.byte() != 0 {
		*v, _ = ParseHead(frame)
		return
	}
	v.fields(r)
}

func (r *unpacker) open(string, bool) bool { return r.byte() != 0 }
func (r *unpacker) shut()                  {}
func (r *unpacker) list(string, int) int   { return r.count(4) }
func (r *unpacker) next(int)               {}
func (r *unpacker) endList()               {}

// event reads an event that follows another in its block.
func (r *unpacker) event(seq uint64, before *Event) (*Event, error) {
	if len(r.src) == 0 && r.err == nil {
		r.fail()
	}
	e := &Event{Seq: seq}
	e.At = time.Duration(r.signed())
	if before != nil {
		e.At += before.At
	}
	r.str("", must, (*string)(&e.Kind))
	r.str("", must, &e.What)
	r.str("", must, &e.Host)
	r.str("", must, &e.Key)
	e.IDs.fields(r)
	if n := r.count(1); n > 0 {
		e.Causes = make([]uint64, n)
		for i := range e.Causes {
			e.Causes[i] = seq - uint64(r.signed())
		}
	}
	if r.open("", false) {
		body := newBody(e.Kind)
		if body == nil && r.err == nil {
			return nil, fmt.Errorf("event %d: the kind %q is not known", seq, e.Kind)
		}
		inner := unpacker{src: r.raw(), texts: r.texts, load: r.load, err: r.err}
		if body != nil {
			body.fields(&inner)
			e.Body = body
		}
		r.texts = inner.texts
		if inner.err != nil {
			r.err, r.src = inner.err, nil
		}
	}
	if r.err != nil {
		return nil, fmt.Errorf("event %d: %w", seq, r.err)
	}
	return e, nil
}
