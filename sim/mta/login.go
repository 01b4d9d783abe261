package mta

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"mailwalk/protocols/sasl"
	"mailwalk/protocols/smtp"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
)

// Logins is what a client's proof of who it is is checked against.
type Logins interface {
	// Authenticate checks a password and returns the user's address.
	Authenticate(user, password string) (address string, ok bool)
	// Account returns the address of a user.
	Account(user string) (address string, ok bool)
	// Password returns a user's password, and Verifier what SCRAM-SHA-256 needs of
	// it. A user that does not exist is sasl.ErrNoUser.
	Password(user string) (string, error)
	Verifier(user string) (sasl.Verifier, error)
}

// firstDelay is how long the first refusal of a login is put off; each further one
// in the same session takes twice as long.
const firstDelay = time.Second

// delayLogin makes guessing slow. Whether the user exists makes no difference.
func (b *backend) delayLogin(ctx context.Context, failures int) error {
	delay := firstDelay << (failures - 1)
	b.decide(trace.DelayLogin, b.conn.Client, "wait "+inWords(delay), fmt.Sprintf("it is refusal number %d of this session", failures))
	return b.Host.Clock().Sleep(ctx, delay)
}

// logins sets up how clients log in.
func (b *backend) logins(server *smtp.Server) {
	switch {
	case server.Mode != smtp.Submission:
		return
	case b.Mailboxes == nil:
		server.Mechanisms = []string{}
		return
	}
	server.Mechanisms = b.Mechanisms
	server.AuthDelay = b.delayLogin
	server.Rand = wire.RandomOctets(b.Host, "SASL "+b.conn.ID)
	server.DecoyKey = b.DecoyKey
}

// Auth implements smtp.Session.
func (s *session) Auth(_ context.Context, mechanism, identity, user, password string) error {
	address, ok := s.Mailboxes.Authenticate(user, password)
	switch {
	case !ok:
		s.refuseLogin(user, wrongLogin)
		return smtp.BadCredentials()
	case !actsFor(identity, user, address):
		s.refuseLogin(user, address+" may not act for "+identity)
		return smtp.BadCredentials()
	}
	s.loggedIn(user, address, "the password is the one of "+address)
	return nil
}

// Password implements sasl.Users.
func (s *session) Password(_ context.Context, user string) (string, error) {
	return s.Mailboxes.Password(user)
}

// Verifier implements sasl.Users.
func (s *session) Verifier(_ context.Context, user string) (sasl.Verifier, error) {
	return s.Mailboxes.Verifier(user)
}

// Authorize implements sasl.Users.
func (s *session) Authorize(_ context.Context, mechanism, identity, user string) error {
	address, ok := s.Mailboxes.Account(user)
	if !ok || !actsFor(identity, user, address) {
		s.refuseLogin(user, address+" may not act for "+identity)
		return smtp.BadCredentials()
	}
	s.loggedIn(user, address, "the answer by "+mechanism+" can only be made with the password of "+address)
	return nil
}

// actsFor tells whether a user may act as an identity: nobody acts for others here.
func actsFor(identity, user, address string) bool {
	return identity == "" || identity == user || strings.EqualFold(identity, address)
}

func (s *session) loggedIn(user, address, because string) {
	s.user = address
	s.decide(trace.AcceptLogin, user, "accepted", because)
}

// misproved is told of what goes wrong in a session. A mechanism that asks for no
// password finds out by itself that it was not proved.
func (b *backend) misproved(_ string, err error) {
	var refusal *sasl.Refusal
	switch {
	case !errors.As(err, &refusal):
	case refusal.User != "":
		b.refuseLogin(refusal.User, wrongLogin)
	default:
		b.refuseLogin(b.conn.Client, "what it said is no message of the mechanism: "+refusal.Because)
	}
}

// wrongLogin is said of a user that does not exist as of a wrong password.
const wrongLogin = "user name and password do not go together; which of the two is wrong stays untold"

func (s *Server) refuseLogin(who, because string) {
	s.decide(trace.RefuseLogin, who, "refused", because)
}
