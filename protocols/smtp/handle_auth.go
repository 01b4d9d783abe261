package smtp

import (
	"errors"
	"slices"
	"strings"

	"mailwalk/protocols/dialog"
)

// auth runs a SASL exchange (RFC 4954 §4).
func (s *session) auth(arg string) (*Reply, error) {
	mechanism, initial, hasInitial := strings.Cut(arg, " ")
	mechanism = upper(mechanism)
	if r := s.admitAuth(mechanism); r != nil {
		return r, nil
	}
	x := &exchange{s: s}
	if hasInitial {
		text, ok := decodeInitial(strings.Trim(initial, " "))
		if !ok {
			return badBase64(), nil
		}
		x.initial, x.hasInitial = text, true
	}
	s.to(StateAuth)
	creds, r, err := saslServers[mechanism](x)
	if err != nil {
		return nil, err
	}
	if s.state == StateAuth { // and not ended by a hook
		s.to(StateReady)
	}
	if r != nil || x.answered {
		return r, nil
	}
	return s.authenticate(mechanism, creds), nil
}

// admitAuth returns why AUTH may not begin, or nil.
func (s *session) admitAuth(mechanism string) *Reply {
	switch {
	case len(s.srv.mechanisms()) == 0:
		return NewReply(502, Enhanced{5, 5, 1}, "AUTH is not offered here") // RFC 5321 §4.2.4
	case s.peer.Authenticated:
		return NewReply(503, Enhanced{5, 5, 1}, "Already authenticated") // RFC 4954 §4
	case mechanism == "":
		return NewReply(501, Enhanced{5, 5, 4}, "AUTH needs a mechanism")
	case !slices.Contains(s.srv.mechanisms(), mechanism) || saslServers[mechanism] == nil:
		return NewReply(504, Enhanced{5, 5, 4}, "Unrecognized authentication mechanism") // RFC 4954 §4
	case !s.offersAuth():
		// RFC 4954 §6 keeps 538 for the record and §4 would have 504 here, but this
		// one tells the client what to do.
		return NewReply(538, Enhanced{5, 7, 11}, "Encryption required for requested authentication mechanism")
	}
	return nil
}

// authenticate asks the backend.
func (s *session) authenticate(mechanism string, c Credentials) *Reply {
	unavailable := NewReply(454, Enhanced{4, 7, 0}, "Temporary authentication failure") // RFC 4954 §6
	ok := NewReply(235, Enhanced{2, 7, 0}, "Authentication succeeded")
	err := s.backend.Auth(s.ctx, mechanism, c.Identity, c.User, c.Password)
	if r := s.refused(err, unavailable); r != nil {
		if !r.Positive() {
			return r
		}
		ok = r
	}
	s.peer.Authenticated, s.peer.User, s.peer.Identity = true, c.User, c.Identity
	return ok
}

// exchange is the server's side of a SASL exchange.
type exchange struct {
	s          *session
	initial    string
	hasInitial bool
	answered   bool // by a hook
}

// saslServers are the mechanisms known. A mechanism returns credentials, or the
// reply that refuses them, or the connection's error. It is only ever looked up
// in.
var saslServers = map[string]func(*exchange) (Credentials, *Reply, error){
	"PLAIN": plainServer,
	"LOGIN": loginServer,
}

// plainServer is PLAIN: all in one response (RFC 4616 §2).
func plainServer(x *exchange) (Credentials, *Reply, error) {
	text, r, err := x.ask("")
	if r != nil || err != nil || x.answered {
		return Credentials{}, r, err
	}
	c, ok := decodePlain(text)
	if !ok {
		return Credentials{}, BadCredentials(), nil
	}
	return c, nil, nil
}

// loginServer is LOGIN, which no RFC defines: user name and password, each asked
// for by a line whose text clients do not look at. Many clients send the user
// name as the initial response, and servers take it, though RFC 4954 §4 would
// have it refused where the server speaks first.
func loginServer(x *exchange) (Credentials, *Reply, error) {
	user, r, err := x.ask("Username:")
	if r != nil || err != nil || x.answered {
		return Credentials{}, r, err
	}
	password, r, err := x.ask("Password:")
	if r != nil || err != nil || x.answered {
		return Credentials{}, r, err
	}
	if user == "" || password == "" || strings.ContainsRune(user+password, 0) {
		return Credentials{}, BadCredentials(), nil
	}
	return Credentials{User: user, Password: password}, nil, nil
}

// ask sends a challenge and returns the response, or the initial response in its
// place if there is one.
func (x *exchange) ask(challenge string) (text string, r *Reply, err error) {
	if x.hasInitial {
		x.hasInitial = false
		return x.initial, nil, nil
	}
	s := x.s
	if err := s.writeReply(dialog.Reply, NewReply(334, Enhanced{}, "%s", encodeResponse(challenge))); err != nil {
		return "", nil, step("write challenge", err)
	}
	u, lineErr, err := s.readLine(dialog.Continuation, maxResponseLine)
	if err != nil {
		return "", nil, s.lost("read response", err)
	}
	line, answer := s.c.Received(u)
	switch {
	case answer != nil:
		x.answered = true
		return "", nil, s.answeredAuth(answer)
	case errors.Is(lineErr, dialog.ErrLineTooLong):
		return "", NewReply(500, Enhanced{5, 5, 6}, "Authentication exchange line is too long"), nil // RFC 4954 §6
	case lineErr != nil:
		return "", badLine(lineErr), nil
	case string(line) == "*":
		return "", NewReply(501, Enhanced{5, 7, 0}, "Authentication cancelled"), nil // RFC 4954 §4
	}
	text, ok := decodeResponse(line)
	if !ok {
		return "", badBase64(), nil
	}
	return text, nil, nil
}

// badBase64: RFC 4954 §4.
func badBase64() *Reply {
	return NewReply(501, Enhanced{5, 5, 2}, "Cannot decode BASE64")
}
