package trace

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// Texts up to this length are kept once in a block.
const maxRepeated = 128

// Payloads from this length on are kept apart from the packets that carry them.
const minPayload = 64

// packer is the way over fields that writes the file's own form: values one
// after another, without names. Numbers are varints of encoding/binary. A text
// is 0, its length and its octets; or n, for the n-th text of the block that was
// not longer than maxRepeated.
type packer struct {
	dst   []byte
	texts map[string]uint64
	// store keeps a packet's payload and returns its number, from 1.
	store func([]byte) uint64
}

func (w *packer) reset() {
	w.dst = w.dst[:0]
	clear(w.texts)
}

func (w *packer) uint(v uint64) { w.dst = binary.AppendUvarint(w.dst, v) }

func (w *packer) str(_ string, _ presence, v *string) {
	if n, ok := w.texts[*v]; ok {
		w.uint(n)
		return
	}
	w.uint(0)
	w.uint(uint64(len(*v)))
	w.dst = append(w.dst, *v...)
	if len(*v) <= maxRepeated {
		if w.texts == nil {
			w.texts = make(map[string]uint64)
		}
		w.texts[*v] = uint64(len(w.texts)) + 1
	}
}

func (w *packer) strs(name string, v *[]string) {
	w.uint(uint64(len(*v)))
	for i := range *v {
		w.str(name, must, &(*v)[i])
	}
}

func (w *packer) flag(_ string, _ presence, v *bool) {
	b := byte(0)
	if *v {
		b = 1
	}
	w.dst = append(w.dst, b)
}

func (w *packer) num(_ string, _ presence, v *int64) { w.dst = binary.AppendVarint(w.dst, *v) }

func (w *packer) octet(_ string, _ presence, v *uint8) { w.dst = append(w.dst, *v) }
func (w *packer) port(_ string, _ presence, v *uint16) { w.uint(uint64(*v)) }
func (w *packer) word(_ string, _ presence, v *uint32) { w.uint(uint64(*v)) }
func (w *packer) long(_ string, _ presence, v *uint64) { w.uint(*v) }
func (w *packer) moment(_ string, _ presence, v *time.Duration) {
	w.dst = binary.AppendVarint(w.dst, int64(*v))
}

func (w *packer) bytes(_ string, v *[]byte) { w.raw(*v) }

func (w *packer) raw(b []byte) {
	w.uint(uint64(len(b)))
	w.dst = append(w.dst, b...)
}

// Addresses are in their own binary form, which cannot fail, behind its length.
func (w *packer) addr(_ string, _ presence, v *netip.Addr) {
	b, _ := v.MarshalBinary()
	w.raw(b)
}

func (w *packer) addrPort(_ string, _ presence, v *netip.AddrPort) {
	b, _ := v.MarshalBinary()
	w.raw(b)
}

// frame writes the number of the payload and what is before and behind it; or 0
// and the whole frame.
func (w *packer) frame(_ string, v *[]byte) {
	_, payload := ParseHead(*v)
	if len(payload) < minPayload || w.store == nil {
		w.uint(0)
		w.raw(*v)
		return
	}
	start := cap(*v) - cap(payload) // payload is a part of the frame
	w.uint(w.store(payload))
	w.raw((*v)[:start])
	w.raw((*v)[start+len(payload):])
}

func (w *packer) head(_ string, v *Head, frame []byte) {
	read, _ := ParseHead(frame)
	same := read == *v
	w.flag("", must, &same)
	if !same {
		v.fields(w)
	}
}

func (w *packer) open(_ string, have bool) bool {
	w.flag("", must, &have)
	return have
}

func (w *packer) shut() {}

func (w *packer) list(_ string, n int) int {
	w.uint(uint64(n))
	return n
}

func (w *packer) next(int) {}
func (w *packer) endList() {}

// event writes an event that follows another in its block.
func (w *packer) event(e, before *Event, scratch *packer) error {
	body, err := describe(e)
	if err != nil {
		return err
	}
	var at time.Duration
	if before != nil {
		at = before.At
	}
	since := e.At - at
	w.moment("", must, &since)
	w.str("", must, (*string)(&e.Kind))
	w.str("", must, &e.What)
	w.str("", must, &e.Host)
	w.str("", must, &e.Key)
	e.IDs.fields(w)
	w.uint(uint64(len(e.Causes)))
	for _, c := range e.Causes {
		back := int64(e.Seq - c)
		w.num("", must, &back)
	}
	if w.open("", body != nil) {
		// The length tells a later reader where a body without the newest fields ends.
		scratch.dst, scratch.texts, scratch.store = scratch.dst[:0], w.texts, w.store
		if scratch.texts == nil {
			scratch.texts = make(map[string]uint64)
		}
		body.fields(scratch)
		w.texts = scratch.texts
		w.raw(scratch.dst)
	}
	return nil
}

func (i *IDs) fields(f fields) {
	f.str("mail", may, &i.Mail)
	f.str("hop", may, &i.Hop)
	f.str("conn", may, &i.Conn)
	f.str("lookup", may, &i.Lookup)
	f.str("queue", may, &i.Queue)
}
