package mailbox

import (
	"fmt"

	"mailwalk/protocols/sasl"
)

// secret is what mechanisms that do not show the password are checked against.
type secret struct {
	password string
	salt     []byte
	verifier *sasl.Verifier // made when it is first asked for
}

// Account returns the address of a user, named as for [Store.Authenticate].
func (s *Store) Account(user string) (address string, ok bool) {
	a, _ := s.named(user)
	if a == nil {
		return "", false
	}
	return a.address, true
}

// Password returns a user's password. CRAM-MD5 needs it, or what is as good for
// logging in: a server that offers it cannot keep a salted hash alone. The error is
// sasl.ErrNoUser, also for a user whom nobody can be.
func (s *Store) Password(user string) (string, error) {
	a, err := s.unlocked(user)
	if err != nil {
		return "", err
	}
	return a.secret.password, nil
}

// Verifier returns what SCRAM-SHA-256 needs of a user's password. The error is
// that of Password, or sasl.ErrCredentials for a password that cannot be used with
// it.
func (s *Store) Verifier(user string) (sasl.Verifier, error) {
	a, err := s.unlocked(user)
	if err != nil {
		return sasl.Verifier{}, err
	}
	if a.secret.verifier == nil {
		v, err := sasl.NewVerifier(a.secret.password, a.secret.salt, sasl.MinIterations)
		if err != nil {
			return sasl.Verifier{}, fmt.Errorf("account %s: %w", a.address, err)
		}
		a.secret.verifier = &v
	}
	return *a.secret.verifier, nil
}

func (s *Store) unlocked(user string) (*account, error) {
	a, _ := s.named(user)
	if a == nil || a.locked {
		return nil, fmt.Errorf("user %q: %w", user, sasl.ErrNoUser)
	}
	return a, nil
}
