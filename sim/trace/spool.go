package trace

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
)

// DefaultMemory is how many octets of events and contents a long trace is to keep in
// memory: the events of several hundred mails.
const DefaultMemory = 64 << 20

const (
	// Events that stay in memory, however large they are.
	leastKept = 2 * blockEvents
	// eventOctets and packetOctets are what an event and a packet's body take besides
	// what they refer to.
	eventOctets, packetOctets = 400, 320
)

// spool puts the first events of a trace that grows into a file, in the form of a
// trace file, and has them read from there. It is used by whoever appends.
type spool struct {
	limit int64
	used  int64 // octets of the events in memory, about
	w     *Writer
	file  *traceFile // what w has written
	// blocks and named are how much of w's is in file.
	blocks, named int
	shared        bool // somebody else writes w
	temp          *os.File
	name          string // of temp, when it is to be removed
	err           atomic.Pointer[error]
	given         io.Closer // what was given to read from
}

// Limit has the trace keep about so many octets of events and contents in memory.
// What came first goes beyond that into a temporary file, and is read from there when
// it is asked for; a trace that is shorter writes nothing. When the file cannot be
// written all stays in memory, and Err tells. Close removes it. Limit is called before
// anything is appended, and not on a trace from a file.
func (t *Trace) Limit(octets int64) { t.spool = &spool{limit: octets} }

// Limited tells whether the trace has a limit.
func (t *Trace) Limited() bool { return t.spool != nil }

// KeptBy has a trace with a limit be read from the file that w writes, so that it
// needs none of its own: w is given each event after it was appended, and r reads what
// w has written. r is closed by Close, if it can be. KeptBy is called by whoever
// appends, before anything is.
func (t *Trace) KeptBy(w *Writer, r io.ReaderAt) {
	t.spool.w, t.spool.shared = w, true
	t.spool.file = newTraceFile(r)
	t.spool.given, _ = r.(io.Closer)
}

// Close gives up what is not in memory, and removes the temporary file if there is
// one. Nothing may be appended afterwards. A trace from a file is left as it is.
func (t *Trace) Close() error {
	s := t.spool
	if s == nil {
		return nil
	}
	if f := t.inFile(); f != nil {
		f.drop()
	}
	var errs []error
	if s.given != nil {
		errs = append(errs, s.given.Close())
		s.given = nil
	}
	if s.temp != nil {
		errs = append(errs, s.temp.Close())
		if s.name != "" {
			errs = append(errs, os.Remove(s.name))
		}
		s.temp = nil
	}
	return errors.Join(errs...)
}

// sizeOf is about how much memory an event takes that its body is new with.
func sizeOf(e *Event) int64 {
	n := eventOctets + len(e.Key) + 8*len(e.Causes)
	switch b := e.Body.(type) {
	case *PacketBody:
		if e.What == Sent { // the frame's other events share it
			n += packetOctets + len(b.Data)
		}
	case *LineBody:
		n += len(b.Text)
	case *LookupBody:
		n += 100 * (len(b.Records) + len(b.Authority) + len(b.Additional))
	case *ActBody:
		n += len(b.Input)
	}
	return int64(n)
}

// relieve puts a block of events into the file, if there are too many in memory.
func (t *Trace) relieve() {
	s := t.spool
	if s.used+t.Bodies.octets() <= s.limit || len(t.events) < leastKept || s.err.Load() != nil {
		return
	}
	n, err := s.write(t)
	var kept []namedContent
	if err == nil && n > 0 {
		kept, err = s.take()
	}
	if err != nil {
		err = fmt.Errorf("trace: what happened first cannot be put into a file, and stays in memory: %w", err)
		s.err.Store(&err)
		return
	}
	if n == 0 {
		return // whoever writes the file is not so far
	}
	t.mu.Lock()
	t.file = s.file
	t.stored += uint64(n)
	for _, e := range t.events[:n] {
		s.used -= sizeOf(e)
	}
	clear(t.events[:n])
	t.events = t.events[n:]
	t.mu.Unlock()
	t.Bodies.leave(s.file, kept)
}

// write writes the first events in memory, and returns how many can go.
func (s *spool) write(t *Trace) (n int, err error) {
	if s.shared {
		flushed := s.w.seq - uint64(s.w.count)
		return int(min(flushed-min(flushed, t.stored), blockEvents)), nil
	}
	if s.w == nil {
		if err := s.create(t); err != nil {
			return 0, err
		}
	}
	for _, e := range t.events[:blockEvents] {
		if err := s.w.Write(e); err != nil {
			return 0, err
		}
	}
	return blockEvents, s.w.Flush()
}

// create makes the temporary file.
func (s *spool) create(t *Trace) error {
	f, err := os.CreateTemp("", "mailwalk-*.trace")
	if err != nil {
		return err
	}
	s.temp, s.name = f, f.Name()
	if os.Remove(s.name) == nil {
		s.name = "" // where an open file can be removed, nothing is left behind by a crash
	}
	if s.w, err = NewWriter(f, t.Header, t.Bodies); err != nil {
		return err
	}
	s.w.bare = true
	s.file = newTraceFile(f)
	return nil
}

// take makes known to readers what was written, and returns what contents that is.
func (s *spool) take() (kept []namedContent, err error) {
	f := s.file
	f.mu.Lock()
	defer f.mu.Unlock()
	for ; s.blocks < len(s.w.blocks); s.blocks++ {
		if err := f.add(s.w.blocks[s.blocks]); err != nil {
			return nil, err
		}
	}
	first := s.named
	for ; s.named < len(s.w.named) && s.w.named[s.named].number <= f.contents; s.named++ {
		n := s.w.named[s.named]
		f.named[n.id] = n.number
	}
	return s.w.named[first:s.named], nil
}
