package trace

import (
	"cmp"
	"iter"
	"slices"
	"strings"
)

// leafEntries is the most entries that lie in one leaf of a table.
const leafEntries = 64

// table is one kind of entries, sorted by key, in leaves. Entries are replaced and
// never changed. Copies of a table share the leaves: a leaf is changed by the table
// that made it alone, so that a copy costs nothing before it is changed, and then
// only what is changed.
type table[V any] struct {
	leaves []*leaf[V]
	count  int
	// owner made the leaves that the table may change; nil when it may change none,
	// nor the list of them.
	owner *owner
}

// leaf is a part of a table. It is not empty.
type leaf[V any] struct {
	owner   *owner
	entries []tableEntry[V]
}

type tableEntry[V any] struct {
	key   string
	value *V
}

// owner tells one holder of leaves from another. It is not empty, for pointers to
// what is empty may be equal.
type owner struct{ _ byte }

// share makes the table safe to be copied.
func (t *table[V]) share() { t.owner = nil }

// own makes the list of leaves the table's own, with room for one more.
func (t *table[V]) own() {
	if t.owner == nil {
		t.owner = new(owner)
		t.leaves = append(make([]*leaf[V], 0, len(t.leaves)+1), t.leaves...)
	}
}

// ownLeaf makes a leaf the table's own.
func (t *table[V]) ownLeaf(i int) *leaf[V] {
	t.own()
	l := t.leaves[i]
	if l.owner != t.owner {
		l = &leaf[V]{t.owner, append(make([]tableEntry[V], 0, len(l.entries)+1), l.entries...)}
		t.leaves[i] = l
	}
	return l
}

// find is the place of a key, or where it would stand: the leaf, -1 in an empty
// table, and the place in it.
func (t *table[V]) find(key string) (leaf, at int, found bool) {
	// The leaf is the last one that begins at the key or before, or the first.
	lo, hi := 0, len(t.leaves)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if t.leaves[mid].entries[0].key <= key {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	leaf = max(lo-1, 0)
	if len(t.leaves) == 0 {
		return -1, 0, false
	}
	at, found = slices.BinarySearchFunc(t.leaves[leaf].entries, key, func(e tableEntry[V], key string) int { return cmp.Compare(e.key, key) })
	return leaf, at, found
}

// get is the entry of a key, nil when there is none.
func (t *table[V]) get(key string) *V {
	leaf, at, found := t.find(key)
	if !found {
		return nil
	}
	return t.leaves[leaf].entries[at].value
}

// put puts an entry in its place.
func (t *table[V]) put(key string, v *V) {
	i, at, found := t.find(key)
	if found {
		t.ownLeaf(i).entries[at].value = v
		return
	}
	t.count++
	e := tableEntry[V]{key, v}
	if i < 0 || at == leafEntries && i == len(t.leaves)-1 {
		// What comes in the order of its keys fills leaf after leaf.
		t.own()
		t.leaves = append(t.leaves, &leaf[V]{t.owner, []tableEntry[V]{e}})
		return
	}
	l := t.ownLeaf(i)
	l.entries = slices.Insert(l.entries, at, e)
	if len(l.entries) > leafEntries {
		half := len(l.entries) / 2
		behind := &leaf[V]{t.owner, slices.Clone(l.entries[half:])}
		clear(l.entries[half:])
		l.entries = l.entries[:half]
		t.leaves = slices.Insert(t.leaves, i+1, behind)
	}
}

// edit puts a copy of an entry in its place, or an empty one, to be filled in
// before the next is edited. It tells whether there was one.
func (t *table[V]) edit(key string) (entry *V, found bool) {
	entry = new(V)
	if old := t.get(key); old != nil {
		*entry, found = *old, true
	}
	t.put(key, entry)
	return entry, found
}

func (t *table[V]) remove(key string) {
	i, at, found := t.find(key)
	if !found {
		return
	}
	t.count--
	l := t.ownLeaf(i)
	l.entries = slices.Delete(l.entries, at, at+1)
	if len(l.entries) == 0 {
		t.leaves = slices.Delete(t.leaves, i, i+1)
	}
}

// all are the entries in the order of their keys.
func (t *table[V]) all() iter.Seq[*V] {
	return func(yield func(*V) bool) {
		for _, l := range t.leaves {
			for _, e := range l.entries {
				if !yield(e.value) {
					return
				}
			}
		}
	}
}

// last is the entry of the highest key, nil when there is none.
func (t *table[V]) last() *V {
	if len(t.leaves) == 0 {
		return nil
	}
	entries := t.leaves[len(t.leaves)-1].entries
	return entries[len(entries)-1].value
}

// sorted lists the entries in the order of their keys.
func (t *table[V]) sorted() []*V {
	list := make([]*V, 0, t.count)
	for v := range t.all() {
		list = append(list, v)
	}
	return list
}

// under are the entries whose key begins with that part, sorted.
func (t *table[V]) under(part string) []*V {
	prefix := part + string(rune(keySep))
	list := []*V{}
	i, at, _ := t.find(prefix)
	for ; i >= 0 && i < len(t.leaves); i, at = i+1, 0 {
		for _, e := range t.leaves[i].entries[at:] {
			if !strings.HasPrefix(e.key, prefix) {
				return list
			}
			list = append(list, e.value)
		}
	}
	return list
}
