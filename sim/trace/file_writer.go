package trace

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// What makes a block full: so many events, or so many octets before they are
// packed.
const (
	blockEvents = 1024
	blockOctets = 1 << 20
)

// Writer writes a trace file as the events come. What was written before the
// last full block or call of Flush can be read after a crash. After an error all
// calls return it.
type Writer struct {
	w      io.Writer
	bodies *Bodies
	offset int64
	blocks []blockInfo
	err    error
	buf    []byte

	events  packer
	scratch packer
	last    *Event // the last event of the block that is being filled
	count   uint32 // events in it
	seq     uint64 // of the last event written

	contents  []byte // of the block of contents that is being filled
	pending   uint32 // contents in it
	nContents uint64
	// payloads are the numbers of what packets carried lately, and before what they
	// carried before that: a payload comes again soon or not at all.
	payloads, before map[contentSum]uint64
	names            map[contentSum]bool // of those kept
	named            []namedContent
	windows          *windows

	view     View
	snapshot uint64 // the event of the last snapshot
	bare     bool   // without snapshots
}

// namedContent is a content that events name, and its number in the file.
type namedContent struct {
	id     contentSum
	number uint64
}

// payloadsHeld is how many payloads are held to be found again, and as many at most
// that came before them.
const payloadsHeld = 1 << 15

// NewWriter writes the beginning of a trace file to w. Contents that events
// refer to are taken from bodies, those of the header's inputs now.
func NewWriter(w io.Writer, h Header, bodies *Bodies) (*Writer, error) {
	f := &Writer{w: w, bodies: bodies, payloads: make(map[contentSum]uint64), names: make(map[contentSum]bool), windows: newWindows(bodies)}
	f.events.store = f.payload
	h.Schema = Schema
	text, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("trace header: %w", err)
	}
	if _, err := io.WriteString(w, magic); err != nil {
		return nil, fmt.Errorf("write trace: %w", err)
	}
	f.offset = int64(len(magic))
	if err := f.block(headerBlock, text, 0, 0); err != nil {
		return nil, err
	}
	for i := range h.Inputs {
		f.content(&h.Inputs[i].Content)
	}
	return f, f.err
}

// Write adds the next event. Its number must be one more than the last one's.
func (f *Writer) Write(e *Event) error {
	if f.err != nil {
		return f.err
	}
	if e.Seq != f.seq+1 {
		return f.fail(fmt.Errorf("write trace: event %d comes after event %d", e.Seq, f.seq))
	}
	switch b := e.Body.(type) {
	case *LineBody:
		f.content(b.Content)
		f.content(b.MeantContent)
	case *MailBody:
		f.content(b.Content)
	}
	if f.err != nil {
		return f.err
	}
	if err := f.events.event(e, f.last, &f.scratch); err != nil {
		return f.fail(fmt.Errorf("write trace: %w", err))
	}
	f.seq, f.last = e.Seq, e
	f.count++
	if !f.bare {
		f.view.Apply(e)
	}
	if f.count >= blockEvents || len(f.events.dst) >= blockOctets {
		return f.Flush()
	}
	return f.err
}

// Flush writes what is not yet written.
func (f *Writer) Flush() error {
	f.flushContents()
	if f.count > 0 {
		f.block(eventBlock, f.events.dst, f.seq+1-uint64(f.count), f.count)
		f.events.reset()
		f.count, f.last = 0, nil
	}
	if !f.bare && snapshotDue(&f.view, f.seq-f.snapshot) {
		var p packer
		f.view.fields(&p)
		// A view that is too big for a block is folded from the one before.
		if len(p.dst) <= maxBlock {
			f.block(snapshotBlock, p.dst, f.seq, 0)
		}
		f.snapshot = f.seq
	}
	return f.err
}

// Close writes what is not yet written, the index and the end. It does not close
// the writer below.
func (f *Writer) Close() error {
	if err := f.Flush(); err != nil {
		return err
	}
	at := f.offset
	f.block(indexBlock, f.index(), 0, uint32(len(f.blocks)))
	f.block(endBlock, binary.LittleEndian.AppendUint64(nil, uint64(at)), 0, 0)
	if f.err != nil {
		return f.err
	}
	f.err = errClosed
	return nil
}

var errClosed = errors.New("write trace: the file is ended")

// index is the payload of the index: the blocks, then the named contents.
func (f *Writer) index() []byte {
	dst := binary.AppendUvarint(nil, uint64(len(f.blocks)))
	for i := range f.blocks {
		dst = f.blocks[i].header(dst)
	}
	dst = binary.AppendUvarint(dst, uint64(len(f.named)))
	for _, n := range f.named {
		dst = append(dst, n.id[:]...)
		dst = binary.AppendUvarint(dst, n.number)
	}
	return dst
}

func (f *Writer) fail(err error) error {
	if f.err == nil {
		f.err = err
	}
	return f.err
}

// block writes one block.
func (f *Writer) block(kind byte, payload []byte, first uint64, count uint32) error {
	if f.err != nil {
		return f.err
	}
	if len(payload) > maxBlock {
		return f.fail(fmt.Errorf("write trace: %d octets at once, but no more than %d fit", len(payload), maxBlock))
	}
	b := blockInfo{kind: kind, size: uint32(len(payload)), count: count, first: first, offset: f.offset}
	if len(payload) >= 64 {
		f.buf = packing().EncodeAll(payload, f.buf[:0])
		if len(f.buf) < len(payload) {
			b.coding, payload = packed, f.buf
		}
	}
	b.length = uint32(len(payload))
	all := b.append(make([]byte, 0, blockHeaderLen+len(payload)))
	b.crc = crc32.Update(crc32.Checksum(all, crcTable), crcTable, payload)
	all = binary.LittleEndian.AppendUint32(all, b.crc)
	all = append(all, payload...)
	if _, err := f.w.Write(all); err != nil {
		return f.fail(fmt.Errorf("write trace: %w", err))
	}
	f.offset += int64(len(all))
	f.blocks = append(f.blocks, b)
	return nil
}

// content keeps a content that an event names, if it is not kept already.
func (f *Writer) content(c *Content) {
	if c == nil || f.err != nil {
		return
	}
	id := sumOf(c.ID)
	switch {
	case f.names[id]:
		return
	case id == contentSum{}:
		f.fail(fmt.Errorf("write trace: content %q is not named by a SHA-256", c.ID))
		return
	}
	b, ok := f.bodies.Get(c.ID)
	if !ok {
		f.fail(fmt.Errorf("write trace: content %s is not among the trace's bodies", c.ID))
		return
	}
	f.names[id] = true
	f.named = append(f.named, namedContent{id, f.keep(id, b, true)})
}

// payload keeps what a packet carries and returns its number.
func (f *Writer) payload(b []byte) uint64 {
	id := sha256.Sum256(b)
	n, ok := f.payloads[id]
	if ok {
		return n
	}
	if n, ok = f.before[id]; !ok {
		n = f.keep(id, b, false)
	}
	if len(f.payloads) == payloadsHeld {
		f.before, f.payloads = f.payloads, make(map[contentSum]uint64)
	}
	f.payloads[id] = n
	return n
}

// keep adds a content: how it is written; its SHA-256 if events name it; its length
// and its octets, or those of its parts.
func (f *Writer) keep(id contentSum, b []byte, named bool) uint64 {
	how := byte(0)
	octets, ok := f.windows.parts(b)
	if ok {
		how = inParts
	} else {
		octets = b
	}
	if len(f.contents)+len(octets) > blockOctets {
		f.flushContents()
	}
	f.nContents++
	if named {
		f.contents = append(append(f.contents, how|isNamed), id[:]...)
		if !ok {
			f.windows.add(f.nContents, contentID(id), b)
		}
	} else {
		f.contents = append(f.contents, how)
	}
	f.contents = binary.AppendUvarint(f.contents, uint64(len(octets)))
	f.contents = append(f.contents, octets...)
	f.pending++
	return f.nContents
}

func (f *Writer) flushContents() {
	if f.pending == 0 {
		return
	}
	f.block(contentBlock, f.contents, f.nContents+1-uint64(f.pending), f.pending)
	f.contents, f.pending = f.contents[:0], 0
}
