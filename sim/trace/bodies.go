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
	table map[contentSum][]byte
	size  int64 // octets of those in table
	// file has what is not in the table; nil for none.
	file *traceFile
}

// IDOf is the name of a content.
func IDOf(b []byte) ContentID {
	return contentID(sha256.Sum256(b))
}

func contentID(sum contentSum) ContentID { return ContentID(hex.EncodeToString(sum[:])) }

// contentSum is what a ContentID spells.
type contentSum = [sha256.Size]byte

// sumOf is what an ID spells; zero, which names no content, if it spells nothing.
func sumOf(id ContentID) (sum contentSum) {
	if len(id) != hex.EncodedLen(len(sum)) {
		return contentSum{}
	}
	if _, err := hex.Decode(sum[:], []byte(id)); err != nil {
		return contentSum{}
	}
	return sum
}

// Put keeps a copy of b, unless it is kept already, and says how to refer to it.
func (s *Bodies) Put(b []byte) Content {
	sum := sha256.Sum256(b)
	c := Content{ID: contentID(sum), Size: int64(len(b))}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.table[sum]; ok || s.file != nil && s.file.has(sum) {
		return c
	}
	if s.table == nil {
		s.table = make(map[contentSum][]byte)
	}
	s.table[sum] = bytes.Clone(b)
	s.size += c.Size
	return c
}

// Get returns the content of that name, and whether there is one. The bytes
// must not be changed.
func (s *Bodies) Get(id ContentID) ([]byte, bool) {
	s.mu.RLock()
	b, ok := s.table[sumOf(id)]
	file := s.file
	s.mu.RUnlock()
	if ok || file == nil {
		return b, ok
	}
	return file.body(id)
}

// octets is how much is in memory.
func (s *Bodies) octets() int64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.size
}

// leave leaves contents to a file that has them.
func (s *Bodies) leave(f *traceFile, kept []namedContent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.file = f
	for _, n := range kept {
		s.size -= int64(len(s.table[n.id]))
		delete(s.table, n.id)
	}
}
