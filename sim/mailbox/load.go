package mailbox

import (
	"context"
	"fmt"
	"slices"

	"mailwalk/protocols/imap"
)

// longIndex is how many records an index may have before a start begins the next
// generation.
const longIndex = 1000

// load reads what the disk has of an account.
func (a *account) load(ctx context.Context) error {
	generations := a.numbered(a.dir + "/index.")
	fresh := true
	again := false // the index is to be begun anew
	for _, g := range slices.Backward(generations) {
		records, torn, err := a.readIndex(g)
		if err != nil {
			return fmt.Errorf("%s: %w", a.indexName(g), err)
		}
		if len(records) == 0 {
			// A crash came while this generation was begun: the one before it is
			// whole, or there was none and nothing was stored.
			continue
		}
		fresh = false
		again = torn || g != generations[len(generations)-1] || len(records) > longIndex
		break
	}
	if len(generations) > 0 {
		a.generation = generations[len(generations)-1]
	}
	if fresh {
		a.insert(imap.Inbox, a.newValidity())
	}
	a.begun = !fresh
	a.sweep()
	if again {
		if err := a.beginGeneration(ctx); err != nil {
			return err
		}
	}
	// What is older than the index in use was left by a crash.
	for _, g := range generations {
		if g < a.generation || fresh {
			if err := a.store.host.Disk().Remove(a.indexName(g)); err != nil {
				return fmt.Errorf("remove an old index: %w", err)
			}
		}
	}
	a.tellFound()
	return nil
}

// readIndex makes the account what one generation of its index says.
func (a *account) readIndex(generation uint64) (records []record, torn bool, err error) {
	text, err := a.store.host.Disk().Read(a.indexName(generation))
	if err != nil {
		return nil, false, err
	}
	records, torn, err = parseIndex(text)
	if err != nil || len(records) == 0 {
		return nil, torn, err
	}
	for i, r := range records {
		if err := a.replay(r); err != nil {
			return nil, false, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	return records, torn, nil
}

func (a *account) replay(r record) error {
	if r.State != nil {
		return a.restore(r.State)
	}
	for _, c := range r.Changes {
		if _, err := a.apply(c); err != nil {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		if c.Content != nil {
			a.lastFile = max(a.lastFile, c.Content.File)
		}
	}
	return nil
}

// sweep removes contents to which no mail belongs: a crash came between content and
// record, or before the removal was on the disk.
func (a *account) sweep() {
	for _, n := range a.numbered(a.dir + "/mails/") {
		a.lastFile = max(a.lastFile, n)
		a.dropFile(n)
	}
	for _, b := range a.boxes {
		for _, m := range b.messages {
			a.lastFile = max(a.lastFile, m.File)
		}
	}
}

// beginGeneration writes the state as the first record of a new index. The old one
// is good until the new one is on the disk.
func (a *account) beginGeneration(ctx context.Context) error {
	line, err := record{State: a.state()}.line()
	if err != nil {
		return err
	}
	name := a.indexName(a.generation + 1)
	disk := a.store.host.Disk()
	if err := disk.Write(name, line); err != nil {
		return fmt.Errorf("begin an index: %w", err)
	}
	if err := disk.Sync(ctx, name); err != nil {
		return fmt.Errorf("begin an index: %w", err)
	}
	a.generation++
	return nil
}
