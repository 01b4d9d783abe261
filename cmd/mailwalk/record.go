package main

import (
	"fmt"
	"os"

	"mailwalk/sim/trace"
)

// record writes a trace to a file as its events come.
type record struct {
	file *os.File
	w    *trace.Writer
}

// newRecord makes the file; without a name it records nothing.
func newRecord(name string, t *trace.Trace) (*record, error) {
	if name == "" {
		return &record{}, nil
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, fmt.Errorf("--record %s: %w", name, bare(err))
	}
	w, err := trace.NewWriter(f, t.Header, t.Bodies)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("--record %s: %w", name, err)
	}
	if err := keptBy(t, f, w); err != nil {
		f.Close()
		return nil, fmt.Errorf("--record %s: %w", name, bare(err))
	}
	return &record{file: f, w: w}, nil
}

// keptBy has a trace too long for memory be read from the file that it is recorded
// in, where a file can be read as it is written.
func keptBy(t *trace.Trace, f *os.File, w *trace.Writer) error {
	if !t.Limited() {
		return nil
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	r, err := os.Open(f.Name())
	if err != nil {
		return err
	}
	t.KeptBy(w, r)
	return nil
}

func (r *record) event(e *trace.Event) error {
	if r.w == nil {
		return nil
	}
	if err := r.w.Write(e); err != nil {
		return failure{fmt.Errorf("%s: %w", r.file.Name(), err)}
	}
	return nil
}

// close ends the file. What was recorded up to a failure can be replayed.
func (r *record) close() error {
	if r.w == nil {
		return nil
	}
	err := r.w.Close()
	if cerr := r.file.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return failure{fmt.Errorf("%s: %w", r.file.Name(), err)}
	}
	return nil
}
