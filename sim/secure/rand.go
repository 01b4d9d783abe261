package secure

import (
	"encoding/binary"
	"math/rand/v2"
)

// source is a stream of random octets. A read of one octet does not advance it: package
// crypto tosses a coin whether to make such a read before it takes what it needs.
type source struct{ *rand.Rand }

// Read implements io.Reader.
func (s source) Read(p []byte) (int, error) {
	if len(p) == 1 {
		p[0] = 0
		return 1, nil
	}
	var eight [8]byte
	for rest := p; len(rest) > 0; {
		binary.LittleEndian.PutUint64(eight[:], s.Uint64())
		rest = rest[copy(rest, eight[:]):]
	}
	return len(p), nil
}

// told is a source that tells of its first use.
type told struct {
	source
	first func()
}

// Read implements io.Reader.
func (t *told) Read(p []byte) (int, error) {
	if t.first != nil {
		first := t.first
		t.first = nil
		first()
	}
	return t.source.Read(p)
}
