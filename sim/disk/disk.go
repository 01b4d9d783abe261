// Package disk is a simulated disk: what was synced survives a crash, the rest
// may not.
package disk

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"mailwalk/sim/clock"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
)

// Config says how fast a disk is.
type Config struct {
	// SyncTime is how long a sync takes, whatever its size; 0 means 1 ms.
	SyncTime time.Duration
	// Rate is how many bytes that were not on the disk before are synced in a second;
	// 0 means 200 MB.
	Rate int64
	// Tell, if it is not nil, is told of what is done, after it was done.
	Tell func(Step)
}

// Step is something that has become of a file.
type Step struct {
	// What is one of trace.FileWritten and those that follow it.
	What, Name string
	// Was is the name before, of one that was renamed.
	Was string
	// Size is how many octets the file has, and Wrote how many of them were written.
	Size, Wrote int64
}

// Disk implements wire.Disk. It is used by the tasks of one host, one at a time.
type Disk struct {
	cfg   Config
	clock *clock.Clock
	files map[string]*file // what programs see
	// durable is what is on the disk.
	durable map[string][]byte
	// gone are the durable names that programs do not see any more.
	gone map[string]bool
	// was is the durable name of a file that was renamed since.
	was map[string]string
}

// file is a file from the moment at which it is written anew.
type file struct {
	// content may begin in the memory of a durable one, which ends before what was
	// appended since.
	content []byte
	clean   int // how many octets of it were synced
}

var _ wire.Disk = (*Disk)(nil)

// New returns an empty disk.
func New(c *clock.Clock, cfg Config) *Disk {
	if cfg.SyncTime == 0 {
		cfg.SyncTime = time.Millisecond
	}
	if cfg.Rate == 0 {
		cfg.Rate = 200e6
	}
	return &Disk{
		cfg: cfg, clock: c, files: map[string]*file{}, durable: map[string][]byte{},
		gone: map[string]bool{}, was: map[string]string{},
	}
}

// ready refuses a program whose host has lost its power: the disk is that of the
// programs that run since.
func (d *Disk) ready(op, name string) error {
	switch {
	case d.clock.Ended():
		return fmt.Errorf("%s %s: %w", op, name, wire.ErrHostDown)
	case name == "":
		return fmt.Errorf("%s: %w", op, fs.ErrInvalid)
	}
	return nil
}

// Write implements wire.Disk.
func (d *Disk) Write(name string, data []byte) error {
	if err := d.ready("write", name); err != nil {
		return err
	}
	d.show(name, &file{content: slices.Clone(data)})
	d.tell(Step{What: trace.FileWritten, Name: name, Wrote: int64(len(data))})
	return nil
}

// tell fills in how large the file is.
func (d *Disk) tell(s Step) {
	if d.cfg.Tell != nil {
		if f := d.files[s.Name]; f != nil {
			s.Size = int64(len(f.content))
		}
		d.cfg.Tell(s)
	}
}

// Append implements wire.Disk.
func (d *Disk) Append(name string, data []byte) error {
	if err := d.ready("append", name); err != nil {
		return err
	}
	f := d.files[name]
	if f == nil {
		f = &file{}
		d.show(name, f)
	}
	f.content = append(f.content, data...)
	d.tell(Step{What: trace.FileWritten, Name: name, Wrote: int64(len(data))})
	return nil
}

// show gives programs a file to see.
func (d *Disk) show(name string, f *file) {
	d.files[name] = f
	delete(d.gone, name)
}

// hide takes a file away from what programs see.
func (d *Disk) hide(name string) {
	delete(d.files, name)
	if _, ok := d.durable[name]; ok {
		d.gone[name] = true
	}
}

// Sync implements wire.Disk.
func (d *Disk) Sync(ctx context.Context, name string) error {
	if err := d.ready("sync", name); err != nil {
		return err
	}
	f := d.files[name]
	if f == nil {
		return fmt.Errorf("sync %s: %w", name, fs.ErrNotExist)
	}
	data := f.content
	took := d.cfg.SyncTime + time.Duration(int64(len(data)-f.clean)*int64(time.Second)/d.cfg.Rate)
	if err := d.clock.Sleep(ctx, took); err != nil {
		return fmt.Errorf("sync %s: %w", name, err)
	}
	f.clean = max(f.clean, len(data))
	d.durable[name] = data
	if d.files[name] == nil { // it was taken away meanwhile
		d.gone[name] = true
	}
	delete(d.was, name)
	d.commitNames()
	d.tell(Step{What: trace.FileSynced, Name: name})
	return nil
}

// commitNames makes removals last, as the journal of a file system does with
// each sync. A file that was renamed keeps its old name until it is synced.
func (d *Disk) commitNames() {
	pending := map[string]bool{}
	for _, old := range d.was {
		pending[old] = true
	}
	for name := range d.gone {
		if !pending[name] {
			delete(d.durable, name)
			delete(d.gone, name)
		}
	}
}

// Rename implements wire.Disk.
func (d *Disk) Rename(from, to string) error {
	if err := d.ready("rename", from); err != nil {
		return err
	}
	f := d.files[from]
	if f == nil {
		return fmt.Errorf("rename %s: %w", from, fs.ErrNotExist)
	}
	d.hide(from)
	d.show(to, f)
	if old, ok := d.was[from]; ok {
		delete(d.was, from)
		d.was[to] = old
	} else {
		d.was[to] = from
	}
	d.tell(Step{What: trace.FileRenamed, Name: to, Was: from})
	return nil
}

// Remove implements wire.Disk.
func (d *Disk) Remove(name string) error {
	if err := d.ready("remove", name); err != nil {
		return err
	}
	if d.files[name] == nil {
		return fmt.Errorf("remove %s: %w", name, fs.ErrNotExist)
	}
	d.hide(name)
	delete(d.was, name) // the old name is as much gone as the new one
	d.tell(Step{What: trace.FileRemoved, Name: name})
	return nil
}

// Read implements wire.Disk.
func (d *Disk) Read(name string) ([]byte, error) {
	if err := d.ready("read", name); err != nil {
		return nil, err
	}
	f := d.files[name]
	if f == nil {
		return nil, fmt.Errorf("read %s: %w", name, fs.ErrNotExist)
	}
	return f.content, nil
}

// List implements wire.Disk.
func (d *Disk) List(prefix string) []string {
	if d.clock.Ended() {
		return nil
	}
	var names []string
	for name := range d.files {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Crash leaves what a host finds when it is switched on again. What was synced is
// there. A file that was written to since has as much of the new as reached the
// disk, one that was renamed has either name, and one that was removed may be
// back. It returns what is otherwise than programs saw it, by name.
func (d *Disk) Crash(r *rand.Rand) []Step {
	after := map[string][]byte{}
	moved := map[string]bool{} // old names whose content is under the new one
	for _, name := range sortedNames(d.files) {
		kept, isKept := d.durable[name]
		if old, renamed := d.was[name]; renamed {
			if content, ok := d.durable[old]; ok {
				if r.IntN(2) == 0 { // the disk has not heard of the new name
					if isKept {
						after[name] = kept
					}
					continue
				}
				moved[old] = true
				kept, isKept = content, true
			}
		}
		if content, ok := torn(r, kept, isKept, d.files[name].content); ok {
			after[name] = content
		}
	}
	for _, name := range sortedNames(d.durable) {
		_, seen := d.files[name]
		if !seen && !moved[name] && (d.renamed(name) || r.IntN(2) == 0) {
			after[name] = d.durable[name]
		}
	}
	steps := d.differences(after)
	d.files, d.durable = map[string]*file{}, after
	for name, content := range after {
		// Clipped, so that what is appended does not write over what somebody has read
		// before the crash.
		d.files[name] = &file{content: slices.Clip(content), clean: len(content)}
	}
	d.gone, d.was = map[string]bool{}, map[string]string{}
	return steps
}

// differences are what has become of the files of which this is left.
func (d *Disk) differences(left map[string][]byte) []Step {
	names := append(sortedNames(left), sortedNames(d.files)...)
	slices.Sort(names)
	var steps []Step
	for _, name := range slices.Compact(names) {
		before := d.files[name]
		after, is := left[name]
		s := Step{Name: name, Size: int64(len(after))}
		switch {
		case !is:
			s.What = trace.FileLost
		case before == nil:
			s.What = trace.FileBack
		case !bytes.Equal(before.content, after):
			s.What = trace.FileTorn
		default:
			continue
		}
		steps = append(steps, s)
	}
	return steps
}

// torn is what a crash leaves of a file that the disk has as kept and programs
// saw as seen; false if there is no such file.
func torn(r *rand.Rand, kept []byte, isKept bool, seen []byte) ([]byte, bool) {
	switch {
	case isKept && bytes.HasPrefix(seen, kept): // appended to
		return seen[:len(kept)+r.IntN(len(seen)-len(kept)+1)], true
	case r.IntN(2) == 0:
		return kept, isKept
	}
	return seen[:r.IntN(len(seen)+1)], true
}

// renamed tells whether a name is the old one of a file.
func (d *Disk) renamed(name string) bool {
	for _, old := range d.was {
		if old == name {
			return true
		}
	}
	return false
}

func sortedNames[F any](files map[string]F) []string {
	return slices.Sorted(maps.Keys(files))
}
