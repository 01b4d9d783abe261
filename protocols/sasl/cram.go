package sasl

import (
	"context"
	"crypto/hmac"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
)

// cramServer is CRAM-MD5 (RFC 2195 §2).
type cramServer struct {
	o         ServerOptions
	challenge string
	user      string
}

func (s *cramServer) Next(ctx context.Context, response []byte) (challenge []byte, done bool, err error) {
	if s.challenge == "" {
		if response != nil {
			// RFC 4954 §4: no initial response where the server speaks first.
			return nil, false, refused("a response before the challenge")
		}
		if s.challenge, err = cramChallenge(s.o); err != nil {
			return nil, false, err
		}
		return []byte(s.challenge), false, nil
	}
	// The user name may have spaces, the digest has none.
	space := strings.LastIndexByte(string(response), ' ')
	if space <= 0 {
		return nil, false, refused("malformed message")
	}
	s.user = string(response[:space])
	password, err := s.o.Users.Password(ctx, s.user)
	unknown := errors.Is(err, ErrNoUser)
	if err != nil && !unknown {
		return nil, false, err
	}
	right := hmac.Equal([]byte(cramDigest(password, s.challenge)), response[space+1:])
	if unknown || !right || password == "" {
		return nil, false, misproved(s.user)
	}
	if err := s.o.Users.Authorize(ctx, CRAMMD5, "", s.user); err != nil {
		return nil, false, err
	}
	return nil, true, nil
}

func (s *cramServer) Who() (identity, user string) { return "", s.user }

// cramChallenge has the form of a message identifier with random digits and a
// timestamp, and is never the same twice.
func cramChallenge(o ServerOptions) (string, error) {
	var b [8]byte
	if _, err := io.ReadFull(o.Rand, b[:]); err != nil {
		return "", fmt.Errorf("sasl: %s: %w", CRAMMD5, err)
	}
	return fmt.Sprintf("<%x.%d@%s>", b, o.Now.Unix(), o.Hostname), nil
}

func cramDigest(password, challenge string) string {
	mac := hmac.New(md5.New, []byte(password))
	mac.Write([]byte(challenge))
	return hex.EncodeToString(mac.Sum(nil))
}

type cramClient struct {
	c    Credentials
	said bool
}

func (*cramClient) Start() ([]byte, error) { return nil, nil }

func (c *cramClient) Next(challenge []byte) ([]byte, error) {
	if c.said {
		return nil, badServer("a second challenge")
	}
	c.said = true
	return []byte(c.c.User + " " + cramDigest(c.c.Password, string(challenge))), nil
}

func (c *cramClient) Finish() error {
	if !c.said {
		return badServer("no challenge")
	}
	return nil
}
