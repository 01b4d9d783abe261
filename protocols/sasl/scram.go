package sasl

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"fmt"
	"hash"
)

// SaltSize is the number of octets in the salt that a user who does not exist is
// given. Only where all salts have it, and MinIterations, are the others like it.
const SaltSize = 16

// Limits of SCRAM's iteration count.
const (
	// MinIterations is the least that a client puts up with, and what a server is to
	// ask for at least (RFC 7677 §4).
	MinIterations = 4096
	// MaxIterations keeps a hostile server from having a client compute for hours.
	MaxIterations = 1_000_000
)

// Verifier is what a server keeps of a password for SCRAM-SHA-256 (RFC 5802 §3).
// Who steals it has to guess the password still, or may play the server.
type Verifier struct {
	Salt       []byte
	Iterations int
	StoredKey  []byte // 32 octets
	ServerKey  []byte // 32 octets
}

// NewVerifier makes the verifier of a password. salt is random and the user's
// own; iterations is MinIterations or more. The error is ErrCredentials.
func NewVerifier(password string, salt []byte, iterations int) (Verifier, error) {
	if len(salt) == 0 || iterations < MinIterations || iterations > MaxIterations {
		return Verifier{}, fmt.Errorf("%w: a salt and %d to %d iterations are needed", ErrCredentials, MinIterations, MaxIterations)
	}
	k, err := deriveKeys(sha256Hash, password, salt, iterations)
	if err != nil {
		return Verifier{}, err
	}
	return Verifier{append([]byte(nil), salt...), iterations, k.stored, k.server}, nil
}

// scramHash is the hash of one SCRAM mechanism.
type scramHash func() hash.Hash

func sha256Hash() hash.Hash { return sha256.New() }

func (h scramHash) sum(b []byte) []byte {
	x := h()
	x.Write(b)
	return x.Sum(nil)
}

func (h scramHash) mac(key []byte, text string) []byte {
	x := hmac.New(h, key)
	x.Write([]byte(text))
	return x.Sum(nil)
}

// scramKeys are what a password turns into (RFC 5802 §3).
type scramKeys struct{ client, stored, server []byte }

func deriveKeys(h scramHash, password string, salt []byte, iterations int) (scramKeys, error) {
	prepared, err := Prepare(password)
	if err != nil {
		return scramKeys{}, err
	}
	salted, err := pbkdf2.Key(h, prepared, salt, iterations, h().Size())
	if err != nil {
		return scramKeys{}, fmt.Errorf("sasl: salted password: %w", err)
	}
	client := h.mac(salted, "Client Key")
	return scramKeys{client, h.sum(client), h.mac(salted, "Server Key")}, nil
}

// xor returns a XOR b, which have the same length.
func xor(a, b []byte) []byte {
	out := make([]byte, len(a))
	for i := range a {
		out[i] = a[i] ^ b[i]
	}
	return out
}
