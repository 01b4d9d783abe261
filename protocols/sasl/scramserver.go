package sasl

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"errors"
	"fmt"
)

// scramServer is the server's side of SCRAM (RFC 5802 §5).
type scramServer struct {
	o        ServerOptions
	h        scramHash
	nonce    string // the server's part, if a test has set it
	step     scramStep
	first    clientFirst
	answer   serverFirst
	verifier Verifier
	unknown  bool // there is no such user
}

// scramStep is what a server of SCRAM waits for.
type scramStep uint8

const (
	awaitFirst scramStep = iota
	awaitFinal
	awaitEmpty // to the server's own proof, where the protocol cannot carry it with its yes
)

func (s *scramServer) Who() (identity, user string) { return s.first.identity, s.first.user }

func (s *scramServer) Next(ctx context.Context, response []byte) (challenge []byte, done bool, err error) {
	switch s.step {
	case awaitFirst:
		if response == nil {
			return []byte{}, false, nil
		}
		s.step = awaitFinal
		challenge, err = s.begin(ctx, string(response))
		return challenge, false, err
	case awaitFinal:
		s.step = awaitEmpty
		challenge, err = s.check(ctx, string(response))
		return challenge, false, err
	}
	if len(response) > 0 {
		return nil, false, refused("words behind the proof")
	}
	return nil, true, nil
}

// begin answers the client's first message with salt and iteration count.
func (s *scramServer) begin(ctx context.Context, message string) ([]byte, error) {
	first, err := parseClientFirst(message)
	if err != nil {
		return nil, err
	}
	if first.user, err = Prepare(first.user); err != nil {
		return nil, refused("user name: %v", err)
	}
	s.first = first
	s.verifier, err = s.o.Users.Verifier(ctx, first.user)
	switch {
	case errors.Is(err, ErrNoUser):
		s.verifier, s.unknown = s.decoy(), true
	case err != nil:
		return nil, err
	case len(s.verifier.StoredKey) != s.h().Size() || len(s.verifier.ServerKey) != s.h().Size() || len(s.verifier.Salt) == 0:
		return nil, fmt.Errorf("sasl: verifier of user %q is malformed", first.user)
	}
	own := s.nonce
	if own == "" {
		if own, err = newNonce(s.o.Rand); err != nil {
			return nil, err
		}
	}
	s.answer = serverFirst{first.nonce + own, s.verifier.Salt, s.verifier.Iterations}
	return []byte(s.answer.String()), nil
}

// decoy stands in for a user that does not exist. Each such user has a salt of its
// own, the same whenever it is asked for.
func (s *scramServer) decoy() Verifier {
	salt := s.h.mac(s.o.DecoyKey, s.first.user)[:SaltSize]
	nobody := s.h.mac(s.o.DecoyKey, "key of "+s.first.user)
	return Verifier{salt, MinIterations, nobody, nobody}
}

// check verifies the client's proof and returns the server's.
func (s *scramServer) check(ctx context.Context, message string) ([]byte, error) {
	final, err := parseClientFinal(message)
	if err != nil {
		return nil, err
	}
	if final.binding != s.first.gs2 || final.nonce != s.answer.nonce {
		return nil, refused("the last message does not follow from the first")
	}
	auth := s.first.bare + "," + s.answer.String() + "," + final.withoutProof
	signature := s.h.mac(s.verifier.StoredKey, auth)
	if len(final.proof) != len(signature) {
		return nil, refused("malformed proof")
	}
	right := hmac.Equal(s.h.sum(xor(final.proof, signature)), s.verifier.StoredKey)
	if !right || s.unknown {
		return nil, misproved(s.first.user)
	}
	if err := s.o.Users.Authorize(ctx, SCRAMSHA256, s.first.identity, s.first.user); err != nil {
		return nil, err
	}
	proof := s.h.mac(s.verifier.ServerKey, auth)
	return []byte("v=" + base64.StdEncoding.EncodeToString(proof)), nil
}
