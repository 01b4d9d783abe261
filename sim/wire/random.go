package wire

import (
	"encoding/binary"
	"io"
	"math/rand/v2"
)

// RandomOctets is a stream of a host for a purpose, as octets. It is asked for at
// the first read, and is for one task.
func RandomOctets(h Host, purpose string) io.Reader {
	return &octets{host: h, purpose: purpose}
}

type octets struct {
	host    Host
	purpose string
	stream  *rand.Rand
}

// Read implements io.Reader. It fills p whole and does not fail.
func (o *octets) Read(p []byte) (int, error) {
	if o.stream == nil {
		o.stream = o.host.Rand(o.purpose)
	}
	var eight [8]byte
	for rest := p; len(rest) > 0; {
		binary.LittleEndian.PutUint64(eight[:], o.stream.Uint64())
		rest = rest[copy(rest, eight[:]):]
	}
	return len(p), nil
}
