package mailbox

import (
	"crypto/sha256"
	"crypto/subtle"
	"strings"

	"mailwalk/sim/trace"
)

// Authenticate checks a password. user is the whole address, or the local part
// alone where only one account has it. It returns the account's address. It records
// nothing: what comes of it is the caller's decision.
func (s *Store) Authenticate(user, password string) (address string, ok bool) {
	a, _ := s.check(user, password)
	if a == nil {
		return "", false
	}
	return a.address, true
}

// check finds the account that a user and a password open, and says why or why
// not. The comparison takes the same time whether there is such a user or not, and
// whatever the password.
func (s *Store) check(user, password string) (_ *account, because string) {
	a, several := s.named(user)
	var kept [sha256.Size]byte
	if a != nil {
		kept = a.password
	}
	given := sha256.Sum256([]byte(password))
	same := subtle.ConstantTimeCompare(kept[:], given[:]) == 1
	switch {
	case several:
		return nil, "several accounts have this name; with the domain it would tell which"
	case a == nil:
		return nil, "there is no account of this name"
	case a.locked:
		return nil, "no password is set for it"
	case !same:
		return nil, "the password does not match"
	default:
		return a, "the password matches"
	}
}

// named finds the account of a user. several says that a name without a domain
// fits more than one.
func (s *Store) named(user string) (a *account, several bool) {
	if strings.Contains(user, "@") {
		return s.find(user), false
	}
	a, several = s.byLocal[lower(user)]
	return a, several && a == nil
}

// logIn is check for a server of mailboxes: what it decides is in the trace.
func (s *Store) logIn(user, password string) (*account, bool) {
	a, because := s.check(user, password)
	e := trace.Event{Host: s.host.Name(), What: trace.RefuseLogin}
	b := &trace.DecisionBody{Subject: user, Choice: "refused", Because: because}
	if a != nil {
		e.What, b.Choice = trace.AcceptLogin, a.address
	}
	e.Body = b
	s.rec.Record(e)
	return a, a != nil
}
