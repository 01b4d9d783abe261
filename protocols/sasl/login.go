package sasl

import (
	"context"
	"strings"
)

// loginServer is LOGIN: user name and password, each asked for by a line whose
// text clients do not look at. Many clients send the user name as the initial
// response, and servers take it, though RFC 4954 §4 would have it refused where
// the server speaks first.
type loginServer struct {
	passwords Passwords
	user      string
	hasUser   bool
}

func (s *loginServer) Next(ctx context.Context, response []byte) (challenge []byte, done bool, err error) {
	switch {
	case response == nil:
		return []byte("Username:"), false, nil
	case !s.hasUser:
		s.user, s.hasUser = string(response), true
		return []byte("Password:"), false, nil
	}
	password := string(response)
	if s.user == "" || password == "" || strings.ContainsRune(s.user+password, 0) {
		return nil, false, refused("malformed message")
	}
	if err := s.passwords.Auth(ctx, Login, "", s.user, password); err != nil {
		return nil, false, err
	}
	return nil, true, nil
}

func (s *loginServer) Who() (identity, user string) { return "", s.user }

// loginClient answers the first challenge with the user name and the second with
// the password, whatever they say.
type loginClient struct {
	c    Credentials
	said int
}

func (*loginClient) Start() ([]byte, error) { return nil, nil }

func (l *loginClient) Next([]byte) ([]byte, error) {
	l.said++
	switch l.said {
	case 1:
		return []byte(l.c.User), nil
	case 2:
		return []byte(l.c.Password), nil
	}
	return nil, badServer("a third challenge")
}

func (l *loginClient) Finish() error {
	if l.said < 2 {
		return badServer("it has not asked for the password")
	}
	return nil
}
