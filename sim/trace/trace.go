package trace

import (
	"iter"
	"sync"
	"time"
)

// Header says which run a trace comes from, so that it can be run again.
type Header struct {
	// Schema is the version of the events and of the file format, see [Schema].
	Schema int `json:"schema"`
	// Build is the version of the program that made the trace.
	Build string `json:"build,omitempty"`
	// Go, OS and Arch are the Go version, GOOS and GOARCH of that program.
	Go   string `json:"go,omitempty"`
	OS   string `json:"os,omitempty"`
	Arch string `json:"arch,omitempty"`
	Seed uint64 `json:"seed"`
	// Name is the walk's name, Scenario the whole text of its file.
	Name     string `json:"name"`
	Scenario string `json:"scenario"`
	// Inputs are the files that the walk was given besides. Their contents are in
	// the trace's Bodies.
	Inputs []Input `json:"inputs,omitempty"`
	// Given is what else the run was started with.
	Given Given `json:"given,omitzero"`
}

// Given is what a run was started with, besides the walk and its seed: with it,
// and with the acts that have a turn, the same run can be had again.
type Given struct {
	// Wire is virtual or loopback; empty means virtual.
	Wire string `json:"wire,omitempty"`
	// Doors says that visitors could come in.
	Doors bool `json:"doors,omitempty"`
	// Idle says that nobody did what the walk has its people do.
	Idle bool `json:"idle,omitempty"`
	// Message and Attach name files among the Inputs.
	Message string   `json:"message,omitempty"`
	Attach  []string `json:"attach,omitempty"`
	// From, To, Subject and Text are in place of those of the walk's first mail.
	From    string   `json:"from,omitempty"`
	To      []string `json:"to,omitempty"`
	Subject string   `json:"subject,omitempty"`
	Text    string   `json:"text,omitempty"`
}

// Input is a file that a walk was given.
type Input struct {
	Name string `json:"name"`
	Content
}

// Schema is the version of the events and of the file format that this package
// writes. It reads those before: 1 has no contents in parts.
const Schema = 2

// Trace is the list of a walk's events and what belongs to it. One goroutine may
// append while others read; events are never changed once they are appended.
type Trace struct {
	Header Header
	Bodies *Bodies

	mu sync.RWMutex
	// file holds the first events, as many as stored says, when the trace was opened
	// from a file or is too long for memory; events are the others.
	file   *traceFile
	stored uint64
	events []*Event
	spool  *spool // nil when all is to be in memory

	fold fold

	indexing sync.Mutex // held while index grows
	index    *Index
}

// New makes an empty trace.
func New(h Header) *Trace {
	if h.Schema == 0 {
		h.Schema = Schema
	}
	return &Trace{Header: h, Bodies: new(Bodies)}
}

// Append adds an event and gives it its number. The event must not be changed
// afterwards.
func (t *Trace) Append(e *Event) {
	t.mu.Lock()
	e.Seq = t.stored + uint64(len(t.events)) + 1
	t.events = append(t.events, e)
	t.mu.Unlock()
	if t.spool != nil {
		t.spool.used += sizeOf(e)
		t.relieve()
	}
}

// Len is the number of events, which is the number of the last one.
func (t *Trace) Len() uint64 {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.stored + uint64(len(t.events))
}

// At returns the event of that number, nil when there is none. It is also nil when
// the file that has it cannot be read; Err tells.
func (t *Trace) At(seq uint64) *Event {
	if seq == 0 {
		return nil
	}
	t.mu.RLock()
	file, stored := t.file, t.stored
	if seq > stored {
		defer t.mu.RUnlock()
		if i := seq - stored - 1; i < uint64(len(t.events)) {
			return t.events[i]
		}
		return nil
	}
	t.mu.RUnlock()
	return file.at(seq)
}

// inFile is the file behind the trace, nil for none.
func (t *Trace) inFile() *traceFile {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.file
}

// Err is the first error met with the file behind the trace, if any.
func (t *Trace) Err() error {
	if t.spool != nil {
		if err := t.spool.err.Load(); err != nil {
			return *err
		}
	}
	if f := t.inFile(); f != nil {
		return f.firstError()
	}
	return nil
}

// Events yields the events from number from up to and including number to, or to
// the last one there is when the iteration gets there.
func (t *Trace) Events(from, to uint64) iter.Seq[*Event] {
	return func(yield func(*Event) bool) {
		for seq := max(from, 1); seq <= to; seq++ {
			e := t.At(seq)
			if e == nil || !yield(e) {
				return
			}
		}
	}
}

// All yields all events there are at its beginning.
func (t *Trace) All() iter.Seq[*Event] {
	return func(yield func(*Event) bool) { t.Events(1, t.Len())(yield) }
}

// Duration is the virtual time of the last event.
func (t *Trace) Duration() time.Duration {
	if e := t.At(t.Len()); e != nil {
		return e.At
	}
	return 0
}
