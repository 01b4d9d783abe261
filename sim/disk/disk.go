// Package disk is a simulated disk: what was synced survives a crash, the rest
// may not.
package disk

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"mailwalk/sim/clock"
	"mailwalk/sim/wire"
)

// Config says how fast a disk is.
type Config struct {
	// SyncTime is how long a sync takes, whatever its size; 0 means 1 ms.
	SyncTime time.Duration
	// Rate is how many bytes are synced in a second; 0 means 200 MB.
	Rate int64
}

// Disk implements wire.Disk. It is used by the tasks of one host, one at a time.
type Disk struct {
	cfg   Config
	clock *clock.Clock
	// files is what programs see, durable what is on the disk.
	files, durable map[string][]byte
	// was is the durable name of a file that was renamed since.
	was map[string]string
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
	return &Disk{cfg: cfg, clock: c, files: map[string][]byte{}, durable: map[string][]byte{}, was: map[string]string{}}
}

// Write implements wire.Disk.
func (d *Disk) Write(name string, data []byte) error {
	if name == "" {
		return fmt.Errorf("write: %w", fs.ErrInvalid)
	}
	d.files[name] = slices.Clone(data)
	return nil
}

// Append implements wire.Disk.
func (d *Disk) Append(name string, data []byte) error {
	if name == "" {
		return fmt.Errorf("append: %w", fs.ErrInvalid)
	}
	// The durable content may share the old array: grow into a new one.
	d.files[name] = append(slices.Clip(d.files[name]), data...)
	return nil
}

// Sync implements wire.Disk.
func (d *Disk) Sync(ctx context.Context, name string) error {
	data, ok := d.files[name]
	if !ok {
		return fmt.Errorf("sync %s: %w", name, fs.ErrNotExist)
	}
	took := d.cfg.SyncTime + time.Duration(int64(len(data))*int64(time.Second)/d.cfg.Rate)
	if err := d.clock.Sleep(ctx, took); err != nil {
		return fmt.Errorf("sync %s: %w", name, err)
	}
	d.durable[name] = data
	delete(d.was, name)
	d.commitNames()
	return nil
}

// commitNames makes removals last, as the journal of a file system does with
// each sync. A file that was renamed keeps its old name until it is synced.
func (d *Disk) commitNames() {
	pending := map[string]bool{}
	for _, old := range d.was {
		pending[old] = true
	}
	for name := range d.durable {
		if _, ok := d.files[name]; !ok && !pending[name] {
			delete(d.durable, name)
		}
	}
}

// Rename implements wire.Disk.
func (d *Disk) Rename(from, to string) error {
	data, ok := d.files[from]
	if !ok {
		return fmt.Errorf("rename %s: %w", from, fs.ErrNotExist)
	}
	delete(d.files, from)
	d.files[to] = data
	if old, ok := d.was[from]; ok {
		delete(d.was, from)
		d.was[to] = old
	} else {
		d.was[to] = from
	}
	return nil
}

// Remove implements wire.Disk.
func (d *Disk) Remove(name string) error {
	if _, ok := d.files[name]; !ok {
		return fmt.Errorf("remove %s: %w", name, fs.ErrNotExist)
	}
	delete(d.files, name)
	return nil
}

// Read implements wire.Disk.
func (d *Disk) Read(name string) ([]byte, error) {
	data, ok := d.files[name]
	if !ok {
		return nil, fmt.Errorf("read %s: %w", name, fs.ErrNotExist)
	}
	return data, nil
}

// List implements wire.Disk.
func (d *Disk) List(prefix string) []string {
	var names []string
	for name := range d.files {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Crash leaves what a host finds when it is switched on again: of what was not
// synced, each file is as it was on the disk, as the programs saw it, or cut
// somewhere between.
func (d *Disk) Crash(r *rand.Rand) {
	names := d.List("")
	for name := range d.durable {
		if _, ok := d.files[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	after := map[string][]byte{}
	for _, name := range names {
		seen, isSeen := d.files[name]
		kept, isKept := d.durable[name]
		switch {
		case !isSeen: // removed or renamed, not yet on the disk
			if r.IntN(2) == 0 {
				after[name] = kept
			}
		case isKept && string(seen) == string(kept):
			after[name] = kept
		default:
			switch r.IntN(3) {
			case 0:
				if isKept {
					after[name] = kept
				}
			case 1:
				after[name] = seen
			default:
				after[name] = seen[:r.IntN(len(seen)+1)]
			}
		}
	}
	d.files = after
	d.durable = map[string][]byte{}
	for name, data := range after {
		d.durable[name] = data
	}
	d.was = map[string]string{}
}
