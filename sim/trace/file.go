package trace

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sort"
	"sync"
)

// Blocks that are kept in memory once they were read.
const (
	eventBlocksKept   = 48
	contentBlocksKept = 16
)

// traceFile is a trace file that is read block by block as events are asked for. It
// is safe for use by several goroutines.
type traceFile struct {
	r    io.ReaderAt
	size int64
	// The blocks of each kind, in their order, and how many things are in them.
	eventBlocks, contentBlocks, snapshots []blockInfo
	events, contents                      uint64
	named                                 map[contentSum]uint64
	// unfinished says why the file's end was not found.
	unfinished error

	mu            sync.Mutex
	err           error
	recentEvents  recent[[]*Event]
	recentContent recent[[]storedContent]
	views         map[int]*View // by index in snapshots, frozen
}

// Open opens a trace file of that size. The errors are [ErrNotTrace],
// [ErrNewer] and [ErrDamaged]; the last only where nothing can be read, for a
// file whose end is missing is read as far as it is whole, and
// [Trace.Unfinished] tells. Events are read when they are asked for, so r must
// stay open as long as the trace is used.
func Open(r io.ReaderAt, size int64) (*Trace, error) {
	var start [len(magic)]byte
	n, err := r.ReadAt(start[:min(size, int64(len(magic)))], 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if n < len(magic) || string(start[:]) != magic {
		return nil, ErrNotTrace
	}
	f := newTraceFile(r)
	f.size = size
	first, err := readBlockInfo(r, int64(len(magic)), size)
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	if first.kind != headerBlock {
		return nil, fmt.Errorf("%w: it does not begin with a header", ErrDamaged)
	}
	text, err := readPayload(r, first)
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	var header Header
	if err := json.Unmarshal(text, &header); err != nil {
		return nil, fmt.Errorf("%w: header: %w", ErrDamaged, err)
	}
	if header.Schema > Schema {
		return nil, fmt.Errorf("%w (its schema is %d, this program reads up to %d)", ErrNewer, header.Schema, Schema)
	}
	if err := f.readIndex(); err != nil {
		f.scan(first.end())
		f.unfinished = fmt.Errorf("%w: %w", ErrUnfinished, err)
	}
	return &Trace{Header: header, Bodies: &Bodies{file: f}, file: f, stored: f.events}, nil
}

func newTraceFile(r io.ReaderAt) *traceFile {
	return &traceFile{r: r, named: make(map[contentSum]uint64), views: make(map[int]*View)}
}

// Unfinished is nil for a live trace and for a file that was ended in order.
// Else it wraps [ErrUnfinished] and says where the file ends to make sense; the
// trace has all events up to there.
func (t *Trace) Unfinished() error {
	if f := t.inFile(); f != nil {
		return f.unfinished
	}
	return nil
}

// Verify reads the whole file that a trace comes from and returns the first
// damage it finds.
func (t *Trace) Verify() error {
	f := t.inFile()
	if f == nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.eventBlocks {
		if _, err := f.readEvents(i); err != nil {
			return err
		}
	}
	for i := range f.contentBlocks {
		if _, err := f.readContents(i); err != nil {
			return err
		}
		for n := range uint64(f.contentBlocks[i].count) {
			if _, err := f.payload(f.contentBlocks[i].first + n); err != nil {
				return err
			}
		}
	}
	for i := range f.snapshots {
		if _, err := f.readSnapshot(i); err != nil {
			return err
		}
	}
	return nil
}

// add takes a block into the lists, if it can come after those that are there.
func (f *traceFile) add(b blockInfo) error {
	wrong := func() error {
		return fmt.Errorf("%w: the block at %d does not follow on the one before", ErrDamaged, b.offset)
	}
	switch b.kind {
	case eventBlock:
		if b.first != f.events+1 || b.count == 0 || b.count > b.size {
			return wrong()
		}
		f.events += uint64(b.count)
		f.eventBlocks = append(f.eventBlocks, b)
	case contentBlock:
		if b.first != f.contents+1 || b.count == 0 || b.count > b.size {
			return wrong()
		}
		f.contents += uint64(b.count)
		f.contentBlocks = append(f.contentBlocks, b)
	case snapshotBlock:
		if b.first > f.events {
			return wrong()
		}
		f.snapshots = append(f.snapshots, b)
	case headerBlock, indexBlock, endBlock:
	default:
		return fmt.Errorf("%w: the block at %d is of no known kind", ErrDamaged, b.offset)
	}
	return nil
}

// readIndex finds the blocks by the index at the file's end.
func (f *traceFile) readIndex() error {
	const endLen = blockHeaderLen + 8
	last, err := readBlockInfo(f.r, max(f.size-endLen, 0), f.size)
	if err != nil || last.kind != endBlock || last.size != 8 {
		return errors.New("it was not ended in order")
	}
	where, err := readPayload(f.r, last)
	if err != nil {
		return err
	}
	at := binary.LittleEndian.Uint64(where)
	if at > uint64(f.size) {
		return fmt.Errorf("%w: the index is not where it should be", ErrDamaged)
	}
	info, err := readBlockInfo(f.r, int64(at), f.size)
	if err != nil {
		return fmt.Errorf("index: %w", err)
	}
	if info.kind != indexBlock {
		return fmt.Errorf("%w: the index is not where it should be", ErrDamaged)
	}
	text, err := readPayload(f.r, info)
	if err != nil {
		return fmt.Errorf("index: %w", err)
	}
	if err := f.takeIndex(text, int64(at)); err != nil {
		f.forget()
		return err
	}
	return nil
}

// forget empties the lists.
func (f *traceFile) forget() {
	f.eventBlocks, f.contentBlocks, f.snapshots = nil, nil, nil
	f.events, f.contents = 0, 0
	clear(f.named)
}

// takeIndex reads the payload of the index, which is at an offset.
func (f *traceFile) takeIndex(text []byte, at int64) error {
	bad := fmt.Errorf("%w: the index makes no sense", ErrDamaged)
	r := unpacker{src: text}
	offset := int64(len(magic))
	for range r.count(blockHeaderLen) {
		if len(r.src) < blockHeaderLen {
			return bad
		}
		b, ok := parseBlockInfo(r.src[:blockHeaderLen], offset)
		if !ok {
			return bad
		}
		r.src = r.src[blockHeaderLen:]
		offset = b.end()
		if err := f.add(b); err != nil {
			return err
		}
	}
	for range r.count(sha256.Size + 1) {
		if len(r.src) <= sha256.Size {
			return bad
		}
		id := contentSum(r.src)
		r.src = r.src[sha256.Size:]
		f.named[id] = r.number(f.contents)
	}
	if r.err != nil || len(r.src) != 0 || offset != at {
		return bad
	}
	return nil
}

// scan finds the blocks one after another, up to the first that is not whole.
func (f *traceFile) scan(offset int64) {
	for offset < f.size {
		b, err := readBlockInfo(f.r, offset, f.size)
		if err != nil || b.kind == 0 {
			return
		}
		payload, err := readPayload(f.r, b)
		if err != nil {
			return
		}
		first := f.contents
		if f.add(b) != nil {
			return
		}
		if b.kind == contentBlock {
			f.takeNames(payload, b, first)
		}
		offset = b.end()
	}
}

// takeNames notes the contents of a block that have names. What is wrong with
// the block shows when its contents are read.
func (f *traceFile) takeNames(payload []byte, b blockInfo, before uint64) {
	r := unpacker{src: payload}
	for i := range uint64(b.count) {
		if c, id := r.content(); c.named {
			f.named[id] = before + i + 1
		}
	}
}

// firstError is the first error met when an event was asked for.
func (f *traceFile) firstError() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

func (f *traceFile) note(err error) {
	if f.err == nil {
		f.err = err
	}
}

// blockOf is the index of the block that a thing of that number is in.
func blockOf(blocks []blockInfo, number uint64) int {
	return sort.Search(len(blocks), func(i int) bool { return blocks[i].first > number }) - 1
}

// at returns an event, nil when it cannot be read.
func (f *traceFile) at(seq uint64) *Event {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := blockOf(f.eventBlocks, seq)
	if i < 0 {
		return nil
	}
	events, ok := f.recentEvents.get(i)
	if !ok {
		var err error
		if events, err = f.readEvents(i); err != nil {
			f.note(err)
			return nil
		}
		f.recentEvents.put(i, events, eventBlocksKept)
	}
	if n := seq - f.eventBlocks[i].first; n < uint64(len(events)) {
		return events[n]
	}
	return nil
}

func (f *traceFile) readEvents(i int) ([]*Event, error) {
	b := f.eventBlocks[i]
	payload, err := readPayload(f.r, b)
	if err != nil {
		return nil, fmt.Errorf("events %d to %d: %w", b.first, b.first+uint64(b.count)-1, err)
	}
	r := unpacker{src: payload, load: f.payload}
	events := make([]*Event, 0, b.count)
	var before *Event
	for n := range uint64(b.count) {
		e, err := r.event(b.first+n, before)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		events = append(events, e)
		before = e
	}
	return events, nil
}

// payload returns the content of that number.
func (f *traceFile) payload(number uint64) ([]byte, error) {
	c, err := f.stored(number)
	if err != nil || !c.inParts {
		return c.data, err
	}
	return join(c.data, func(earlier uint64) ([]byte, error) {
		if earlier >= number {
			return nil, fmt.Errorf("%w: content %d has a part of content %d", ErrDamaged, number, earlier)
		}
		c, err := f.stored(earlier)
		if err == nil && (c.inParts || !c.named) {
			err = fmt.Errorf("%w: content %d has a part of content %d", ErrDamaged, number, earlier)
		}
		return c.data, err
	})
}

// stored returns the content of that number as it is in the file.
func (f *traceFile) stored(number uint64) (c storedContent, err error) {
	i := blockOf(f.contentBlocks, number)
	if i < 0 || number > f.contents {
		return c, fmt.Errorf("%w: there is no content %d", ErrDamaged, number)
	}
	contents, ok := f.recentContent.get(i)
	if !ok {
		if contents, err = f.readContents(i); err != nil {
			return c, err
		}
		f.recentContent.put(i, contents, contentBlocksKept)
	}
	return contents[number-f.contentBlocks[i].first], nil
}

func (f *traceFile) readContents(i int) ([]storedContent, error) {
	b := f.contentBlocks[i]
	payload, err := readPayload(f.r, b)
	if err != nil {
		return nil, fmt.Errorf("contents: %w", err)
	}
	r := unpacker{src: payload}
	contents := make([]storedContent, 0, b.count)
	for range b.count {
		c, _ := r.content()
		contents = append(contents, c)
	}
	if r.err != nil || len(r.src) != 0 {
		return nil, fmt.Errorf("%w: the contents at %d: %w", ErrDamaged, b.offset, errPacked)
	}
	return contents, nil
}

// drop gives up what was read.
func (f *traceFile) drop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.recentEvents, f.recentContent = recent[[]*Event]{}, recent[[]storedContent]{}
}

// has tells whether there is a content of that name.
func (f *traceFile) has(sum contentSum) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, ok := f.named[sum]
	return ok
}

// body is the content of that name.
func (f *traceFile) body(id ContentID) ([]byte, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	number, ok := f.named[sumOf(id)]
	if !ok {
		return nil, false
	}
	b, err := f.payload(number)
	if err == nil && IDOf(b) != id {
		err = fmt.Errorf("%w: content %s is not what its name says", ErrDamaged, id)
	}
	if err != nil {
		f.note(err)
		return nil, false
	}
	return b, true
}

// snapshot is the latest view in the file of event n or before, if it is later
// than event after; else nil.
func (f *traceFile) snapshot(after, n uint64) *View {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := blockOf(f.snapshots, n)
	if i < 0 || f.snapshots[i].first <= after {
		return nil
	}
	if v := f.views[i]; v != nil {
		return v
	}
	v, err := f.readSnapshot(i)
	if err != nil {
		// The events say the same, if more slowly.
		return nil
	}
	f.views[i] = v.freeze()
	return v
}

func (f *traceFile) readSnapshot(i int) (*View, error) {
	b := f.snapshots[i]
	payload, err := readPayload(f.r, b)
	if err != nil {
		return nil, fmt.Errorf("snapshot after event %d: %w", b.first, err)
	}
	v := new(View)
	r := unpacker{src: payload}
	v.fields(&r)
	if r.err != nil || v.Seq != b.first {
		return nil, fmt.Errorf("%w: the snapshot after event %d: %w", ErrDamaged, b.first, errPacked)
	}
	for c := range v.conns.all() {
		v.sort(c)
	}
	return v, nil
}

// recent keeps the values used last, the very last first.
type recent[V any] struct {
	entries []recentEntry[V]
}

type recentEntry[V any] struct {
	key   int
	value V
}

func (r *recent[V]) get(key int) (V, bool) {
	for i, e := range r.entries {
		if e.key == key {
			copy(r.entries[1:i+1], r.entries[:i])
			r.entries[0] = e
			return e.value, true
		}
	}
	var none V
	return none, false
}

func (r *recent[V]) put(key int, v V, limit int) {
	if len(r.entries) < limit {
		r.entries = append(r.entries, recentEntry[V]{})
	}
	copy(r.entries[1:], r.entries)
	r.entries[0] = recentEntry[V]{key, v}
}
