package sasl

import (
	"context"
	"strings"
)

// plainServer is PLAIN: all in one response (RFC 4616 §2).
type plainServer struct {
	passwords Passwords
	c         Credentials
}

func (s *plainServer) Next(ctx context.Context, response []byte) (challenge []byte, done bool, err error) {
	if response == nil {
		return []byte{}, false, nil
	}
	c, ok := decodePlain(string(response))
	if !ok {
		return nil, false, refused("malformed message")
	}
	s.c = c
	if err := s.passwords.Auth(ctx, Plain, c.Identity, c.User, c.Password); err != nil {
		return nil, false, err
	}
	return nil, true, nil
}

func (s *plainServer) Who() (identity, user string) { return s.c.Identity, s.c.User }

// decodePlain parses PLAIN's message:
//
//	message = [authzid] UTF8NUL authcid UTF8NUL passwd      RFC 4616 §2
func decodePlain(message string) (Credentials, bool) {
	parts := strings.Split(message, "\x00")
	if len(parts) != 3 || parts[1] == "" || parts[2] == "" {
		return Credentials{}, false
	}
	return Credentials{parts[0], parts[1], parts[2]}, true
}

type plainClient struct {
	c    Credentials
	said bool
}

func (p *plainClient) Start() ([]byte, error) {
	p.said = true
	return []byte(p.c.Identity + "\x00" + p.c.User + "\x00" + p.c.Password), nil
}

func (*plainClient) Next([]byte) ([]byte, error) { return nil, badServer("a second challenge") }

func (p *plainClient) Finish() error {
	if !p.said {
		return badServer("it asked for nothing")
	}
	return nil
}
