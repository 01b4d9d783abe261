package trace

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"sync"
)

// Bodies is a trace's table of contents: bytes kept once, by their hash. It is
// safe for use by several goroutines. The zero Bodies is empty and ready.
type Bodies struct {
	mu    sync.RWMutex
	table map[ContentID][]byte
	// load fetches a content that is not in the table from the file the trace
	// comes from; nil for a live trace.
	load func(ContentID) ([]byte, bool)
}

// IDOf is the name of a content.
func IDOf(b []byte) ContentID {
	sum := sha256.Sum256(b)
	return ContentID(hex.EncodeToString(sum[:]))
}

// Put keeps a copy of b, unless it is kept already, and says how to refer to it.
func (s *Bodies) Put(b []byte) Content {
	c := Content{ID: IDOf(b), Size: int64(len(b))}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.table[c.ID]; !ok {
		if s.table == nil {
			s.table = make(map[ContentID][]byte)
		}
		s.table[c.ID] = bytes.Clone(b)
	}
	return c
}

// Get returns the content of that name, and whether there is one. The bytes
// must not be changed.
func (s *Bodies) Get(id ContentID) ([]byte, bool) {
	s.mu.RLock()
	b, ok := s.table[id]
	load := s.load
	s.mu.RUnlock()
	if ok || load == nil {
		return b, ok
	}
	return load(id)
}
