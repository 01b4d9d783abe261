package wire

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
)

// Stream returns a random stream drawn from a seed and the names of who wants it
// for what, so that one stream more does not change the others.
func Stream(seed, ordinal uint64, names ...string) *rand.ChaCha8 {
	h := sha256.New()
	var n [16]byte
	binary.BigEndian.PutUint64(n[:8], seed)
	binary.BigEndian.PutUint64(n[8:], ordinal)
	h.Write(n[:])
	for _, s := range names {
		binary.BigEndian.PutUint64(n[:8], uint64(len(s)))
		h.Write(n[:8])
		h.Write([]byte(s))
	}
	return rand.NewChaCha8([32]byte(h.Sum(nil)))
}
