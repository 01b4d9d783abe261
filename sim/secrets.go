package sim

import (
	"mailwalk/protocols/sasl"
	"mailwalk/sim/wire"
)

const decoyKeySize = 32 // octets

// secrets are random octets that a host keeps, whatever becomes of its power, by
// host and purpose.
type secrets map[string][]byte

// of returns as many octets as are asked for, the same each time.
func (s secrets) of(h wire.Host, purpose string, octets int) []byte {
	key := h.Name() + " " + purpose
	if have := s[key]; have != nil {
		return have
	}
	b := make([]byte, octets)
	// A host's random octets never run out.
	_, _ = wire.RandomOctets(h, purpose).Read(b)
	s[key] = b
	return b
}

// salt is what a host mixes into the password of an account.
func (s secrets) salt(h wire.Host, address string) []byte {
	return s.of(h, "salt of "+address, sasl.SaltSize)
}

// decoyKey hides which users a host has.
func (s secrets) decoyKey(h wire.Host) []byte { return s.of(h, "decoy key", decoyKeySize) }
