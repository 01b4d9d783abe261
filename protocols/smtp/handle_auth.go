package smtp

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"

	"mailwalk/protocols/dialog"
	"mailwalk/protocols/sasl"
)

// auth runs a SASL exchange (RFC 4954 §4).
func (s *session) auth(arg string) (*Reply, error) {
	mechanism, initial, hasInitial := strings.Cut(arg, " ")
	mechanism = upper(mechanism)
	if r := s.admitAuth(mechanism); r != nil {
		return r, nil
	}
	var response []byte
	if hasInitial {
		var ok bool
		if response, ok = decodeInitial(strings.Trim(initial, " ")); !ok {
			return badBase64(), nil
		}
	}
	a := &authority{s: s}
	x, err := sasl.NewServer(mechanism, s.saslOptions(a))
	if err != nil { // not reached: admitAuth has asked
		return s.refused(err, authUnavailable()), nil
	}
	s.to(StateAuth)
	done, reply, err := s.exchange(x, response)
	if err != nil {
		return nil, err
	}
	if s.state == StateAuth { // and not ended by a hook
		s.to(StateReady)
	}
	if !done {
		return s.denied(reply)
	}
	s.peer.Authenticated = true
	s.peer.Identity, s.peer.User = x.Who()
	if a.yes != nil {
		return a.yes, nil
	}
	return NewReply(235, Enhanced{2, 7, 0}, "Authentication succeeded"), nil
}

// admitAuth returns why AUTH may not begin, or nil.
func (s *session) admitAuth(mechanism string) *Reply {
	offered := s.mechanisms()
	switch {
	case len(offered) == 0:
		return NewReply(502, Enhanced{5, 5, 1}, "AUTH is not offered here") // RFC 5321 §4.2.4
	case s.peer.Authenticated:
		return NewReply(503, Enhanced{5, 5, 1}, "Already authenticated") // RFC 4954 §4
	case s.failures >= orDefault(s.srv.MaxAuthFailures, DefaultMaxAuthFailures):
		s.finish(ErrTooManyFailures)
		return s.closing(Enhanced{4, 7, 0}, "Too many failed authentications") // RFC 4954 §9
	case mechanism == "":
		return NewReply(501, Enhanced{5, 5, 4}, "AUTH needs a mechanism")
	case !slices.Contains(offered, mechanism):
		return NewReply(504, Enhanced{5, 5, 4}, "Unrecognized authentication mechanism") // RFC 4954 §4
	case !s.offersAuth():
		// RFC 4954 §6 keeps 538 for the record and §4 would have 504 here, but this
		// one tells the client what to do.
		return NewReply(538, Enhanced{5, 7, 11}, "Encryption required for requested authentication mechanism")
	}
	return nil
}

// mechanisms are those of the server that the backend can check.
func (s *session) mechanisms() []string {
	names := s.srv.mechanisms()
	if len(names) == 0 {
		return nil
	}
	options := s.saslOptions(&authority{s: s})
	var list []string
	for _, name := range names {
		if options.Has(name) {
			list = append(list, name)
		}
	}
	return list
}

// offersAuth tells whether AUTH is offered: not on a connection that anyone on the
// way can read, unless the server is told so (RFC 4954 §4).
func (s *session) offersAuth() bool {
	inClear := s.srv.AllowCleartext && !s.srv.RequireTLS
	return len(s.mechanisms()) > 0 && (s.peer.TLS || inClear)
}

// exchange has the client's responses judged until it is known whether the client
// is who it says. If it is not, r is the refusal, nil if a hook has answered.
func (s *session) exchange(x sasl.Server, response []byte) (done bool, r *Reply, err error) {
	for {
		challenge, done, err := x.Next(s.ctx, response)
		if err != nil {
			return false, s.misproved(err), nil
		}
		if done {
			return true, nil, nil
		}
		if response, r, err = s.ask(challenge); err != nil || response == nil {
			return false, r, err
		}
	}
}

// misproved turns the error of an exchange into a refusal.
func (s *session) misproved(err error) *Reply {
	if errors.Is(err, sasl.ErrRefused) {
		s.hooks.failed(s.verb, err)
		return BadCredentials()
	}
	return s.refused(err, authUnavailable())
}

// denied counts a refusal. All that say 535 are the same, whatever the backend
// knows of the user, and may be put off.
func (s *session) denied(r *Reply) (*Reply, error) {
	if r == nil || r.Code != BadCredentials().Code {
		return r, nil
	}
	s.failures++
	if s.srv.AuthDelay != nil {
		if err := s.srv.AuthDelay(s.ctx, s.failures); err != nil {
			return nil, s.lost("put off refusal", err)
		}
	}
	return BadCredentials(), nil
}

// ask sends a challenge and returns the response, or nil and the reply to one that
// is unfit; that is nil too if a hook has answered.
func (s *session) ask(challenge []byte) (response []byte, r *Reply, err error) {
	if err := s.writeReply(dialog.Reply, NewReply(334, Enhanced{}, "%s", encodeResponse(challenge))); err != nil {
		return nil, nil, step("write challenge", err)
	}
	u, lineErr, err := s.readLine(dialog.Continuation, maxResponseLine)
	if err != nil {
		return nil, nil, s.lost("read response", err)
	}
	line, answer := s.c.Received(u)
	switch {
	case answer != nil:
		return nil, nil, s.answeredAuth(answer)
	case errors.Is(lineErr, dialog.ErrLineTooLong):
		return nil, NewReply(500, Enhanced{5, 5, 6}, "Authentication exchange line is too long"), nil // RFC 4954 §6
	case lineErr != nil:
		return nil, badLine(lineErr), nil
	case string(line) == "*":
		return nil, NewReply(501, Enhanced{5, 7, 0}, "Authentication cancelled"), nil // RFC 4954 §4
	}
	response, ok := decodeResponse(string(line))
	if !ok {
		return nil, badBase64(), nil
	}
	return response, nil, nil
}

// badBase64: RFC 4954 §4.
func badBase64() *Reply {
	return NewReply(501, Enhanced{5, 5, 2}, "Cannot decode BASE64")
}

// authUnavailable: RFC 4954 §6.
func authUnavailable() *Reply {
	return NewReply(454, Enhanced{4, 7, 0}, "Temporary authentication failure")
}

// authority is the backend as the mechanisms ask it.
type authority struct {
	s   *session
	yes *Reply // in other words than the server's own
}

// Auth implements sasl.Passwords.
func (a *authority) Auth(ctx context.Context, mechanism, identity, user, password string) error {
	return a.accepted(a.s.backend.Auth(ctx, mechanism, identity, user, password))
}

// accepted keeps an error that says yes.
func (a *authority) accepted(err error) error {
	if r, ok := asReply(err); ok && r.Positive() {
		a.yes = a.s.refused(err, r)
		return nil
	}
	return err
}

// secretAuthority is a backend that has what proofs are checked against.
type secretAuthority struct {
	sasl.Users
	a *authority
}

// Authorize implements sasl.Users.
func (sa secretAuthority) Authorize(ctx context.Context, mechanism, identity, user string) error {
	return sa.a.accepted(sa.Users.Authorize(ctx, mechanism, identity, user))
}

// saslOptions are what the mechanisms work with in this session.
func (s *session) saslOptions(a *authority) sasl.ServerOptions {
	o := sasl.ServerOptions{Passwords: a, Hostname: s.srv.hostname(), Now: s.srv.now(), Rand: randOr(s.srv.Rand), DecoyKey: s.srv.DecoyKey}
	if o.DecoyKey == nil {
		o.DecoyKey = decoyKey()
	}
	if users, ok := s.backend.(sasl.Users); ok {
		o.Users = secretAuthority{users, a}
	}
	return o
}

func randOr(r io.Reader) io.Reader {
	if r == nil {
		return rand.Reader
	}
	return r
}

// decoyKey is drawn once, so that a user that does not exist looks the same in all
// sessions.
var decoyKey = sync.OnceValue(func() []byte { return []byte(rand.Text()) })
