package trace

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// A mail comes many times: as it was written, with what each server puts on top, and
// in the segments that carry it, which begin elsewhere on each leg. A content that
// has much in common with an earlier one is written as parts: octets of its own, and
// stretches of the earlier one,
//
//	its length
//	again and again until that is reached:
//	  a length and so many octets; then, if that is not the end,
//	  the number of an earlier content, an offset in it and a length
//
// An earlier content is one that is written as it is and that events name. Stretches
// are found by the windows that such contents consist of: a window that is met again,
// wherever it begins there, is widened to both sides.

// What a content's first octet says, bit by bit.
const (
	isNamed = 1 << iota // its SHA-256 follows
	inParts             // what comes then are parts
)

const (
	windowLen = 64
	// leastSource is the least length of a content in which stretches are looked for.
	leastSource = 4096
	windowSlots = 1 << 18
	// sourcesHeld are the contents at hand to be compared with.
	sourcesHeld = 2
	hashFactor  = 0x9e3779b97f4a7c15
)

// windows finds stretches of earlier contents. When there are more windows than slots
// the later ones stay.
type windows struct {
	slots   []windowAt
	sources map[uint64]ContentID
	held    []source
	bodies  *Bodies
	leaving uint64 // what the octet that leaves a window has become in its hash
}

// windowAt is a place in a content; number is 0 for none.
type windowAt struct{ number, offset uint32 }

type source struct {
	number uint64
	data   []byte
}

func newWindows(bodies *Bodies) *windows {
	w := &windows{sources: make(map[uint64]ContentID), bodies: bodies, leaving: 1}
	for range windowLen {
		w.leaving *= hashFactor
	}
	return w
}

// roll is the hash of a window after an octet has come to it.
func roll(hash uint64, in byte) uint64 { return hash*hashFactor + uint64(in) + 1 }

func slotOf(hash uint64) int { return int((hash ^ hash>>29) * hashFactor >> 46) }

// add makes a content one of those in which stretches are looked for.
func (w *windows) add(number uint64, id ContentID, data []byte) {
	if len(data) < leastSource || number >= 1<<32 {
		return
	}
	if w.slots == nil {
		w.slots = make([]windowAt, windowSlots)
	}
	w.sources[number] = id
	w.hold(number, data)
	for at := 0; at+windowLen <= len(data); at += windowLen {
		h := uint64(0)
		for _, c := range data[at : at+windowLen] {
			h = roll(h, c)
		}
		w.slots[slotOf(h)] = windowAt{uint32(number), uint32(at)}
	}
}

func (w *windows) hold(number uint64, data []byte) {
	if len(w.held) == sourcesHeld {
		w.held = append(w.held[:0], w.held[1:]...)
	}
	w.held = append(w.held, source{number, data})
}

// source is an earlier content.
func (w *windows) source(number uint64) []byte {
	for _, s := range w.held {
		if s.number == number {
			return s.data
		}
	}
	data, ok := w.bodies.Get(w.sources[number])
	if !ok {
		return nil // then it is not looked for in there
	}
	w.hold(number, data)
	return data
}

// parts is a content as parts; ok is false when that saves little.
func (w *windows) parts(b []byte) (parts []byte, ok bool) {
	if len(w.sources) == 0 || len(b) < windowLen {
		return nil, false
	}
	parts = binary.AppendUvarint(nil, uint64(len(b)))
	done := 0 // octets that are in parts
	own := func(to int) {
		parts = binary.AppendUvarint(parts, uint64(to-done))
		parts = append(parts, b[done:to]...)
		done = to
	}
	hash := uint64(0)
	for i, in := 0, 0; i < len(b); i++ {
		hash = roll(hash, b[i])
		if in++; in < windowLen {
			continue
		}
		if in > windowLen {
			hash -= (uint64(b[i-windowLen]) + 1) * w.leaving
		}
		at := w.slots[slotOf(hash)]
		if at.number == 0 {
			continue
		}
		from, start, n := w.stretch(b, done, i+1-windowLen, at)
		if n < windowLen {
			continue
		}
		own(start)
		for _, v := range [...]uint64{uint64(at.number), uint64(from), uint64(n)} {
			parts = binary.AppendUvarint(parts, v)
		}
		done = start + n
		i, in, hash = done-1, 0, 0
	}
	if done < len(b) {
		own(len(b))
	}
	return parts, len(parts) < len(b)*3/4
}

// stretch is what b, from at least done on and around at, has in common with an
// earlier content around a window: from where on there, from where on here, and how
// much.
func (w *windows) stretch(b []byte, done, at int, place windowAt) (from, start, n int) {
	src := w.source(uint64(place.number))
	from, start = int(place.offset), at
	if from+windowLen > len(src) || !bytes.Equal(src[from:from+windowLen], b[at:at+windowLen]) {
		return 0, 0, 0
	}
	end := from + windowLen
	for end < len(src) && at+end-int(place.offset) < len(b) && src[end] == b[at+end-int(place.offset)] {
		end++
	}
	for from > 0 && start > done && src[from-1] == b[start-1] {
		from, start = from-1, start-1
	}
	return from, start, end - from
}

// storedContent is a content as it is in a file.
type storedContent struct {
	data    []byte
	named   bool
	inParts bool
}

// content reads the next of a block of contents.
func (r *unpacker) content() (c storedContent, id [sha256.Size]byte) {
	how := r.byte()
	c.named, c.inParts = how&isNamed != 0, how&inParts != 0
	if how > isNamed|inParts {
		r.fail()
	}
	if c.named {
		if len(r.src) < sha256.Size {
			r.fail()
			return c, id
		}
		id = [sha256.Size]byte(r.src)
		r.src = r.src[sha256.Size:]
	}
	c.data = r.raw()
	return c, id
}

// join puts a content together from its parts. whole returns earlier contents.
func join(parts []byte, whole func(number uint64) ([]byte, error)) ([]byte, error) {
	r := unpacker{src: parts}
	size := r.number(maxBlock)
	all := make([]byte, 0, min(size, 1<<20))
	for r.err == nil {
		all = append(all, r.raw()...)
		if uint64(len(all)) >= size || r.err != nil {
			break
		}
		number, from, n := r.uint(), r.uint(), r.uint()
		if r.err != nil || n == 0 {
			r.fail()
			break
		}
		src, err := whole(number)
		if err != nil {
			return nil, err
		}
		if from > uint64(len(src)) || n > uint64(len(src))-from || n > size-uint64(len(all)) {
			r.fail()
			break
		}
		if all = append(all, src[from:from+n]...); uint64(len(all)) == size && len(r.src) == 0 {
			break
		}
	}
	if r.err != nil || size == 0 || uint64(len(all)) != size || len(r.src) != 0 {
		return nil, fmt.Errorf("%w: a content in parts: %w", ErrDamaged, errPacked)
	}
	return all, nil
}
