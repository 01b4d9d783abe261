package sasl

import (
	"crypto/hmac"
	"encoding/base64"
	"fmt"
	"strings"
)

// scramClient is the client's side of SCRAM (RFC 5802 §5).
type scramClient struct {
	c      Credentials
	o      ClientOptions
	h      scramHash
	nonce  string // the client's part, if a test has set it
	bare   string
	gs2    string
	said   int
	expect []byte // the server's proof
	proved bool
}

func newScramClient(c Credentials, o ClientOptions, h scramHash) (*scramClient, error) {
	user, err := Prepare(c.User)
	if err != nil {
		return nil, err
	}
	if user == "" {
		return nil, fmt.Errorf("%w: no user name", ErrCredentials)
	}
	c.User = user
	gs2 := "n,,"
	if c.Identity != "" {
		gs2 = "n,a=" + escapeName(c.Identity) + ","
	}
	return &scramClient{c: c, o: o, h: h, gs2: gs2}, nil
}

func (c *scramClient) Start() ([]byte, error) {
	if c.nonce == "" {
		var err error
		if c.nonce, err = newNonce(c.o.Rand); err != nil {
			return nil, err
		}
	}
	c.bare = "n=" + escapeName(c.c.User) + ",r=" + c.nonce
	return []byte(c.gs2 + c.bare), nil
}

func (c *scramClient) Next(challenge []byte) ([]byte, error) {
	c.said++
	switch c.said {
	case 1:
		return c.prove(string(challenge))
	case 2:
		return c.verify(string(challenge))
	}
	return nil, badServer("a third challenge")
}

// prove answers salt and iteration count with the client's proof.
func (c *scramClient) prove(message string) ([]byte, error) {
	m, err := parseServerFirst(message)
	switch {
	case err != nil:
		return nil, err
	case !strings.HasPrefix(m.nonce, c.nonce) || len(m.nonce) == len(c.nonce):
		return nil, badServer("its nonce does not go on from the client's")
	case m.iterations < MinIterations || m.iterations > MaxIterations:
		return nil, badServer("%d iterations", m.iterations)
	}
	k, err := deriveKeys(c.h, c.c.Password, m.salt, m.iterations)
	if err != nil {
		return nil, err
	}
	withoutProof := "c=" + base64.StdEncoding.EncodeToString([]byte(c.gs2)) + ",r=" + m.nonce
	auth := c.bare + "," + message + "," + withoutProof
	proof := xor(k.client, c.h.mac(k.stored, auth))
	c.expect = c.h.mac(k.server, auth)
	return []byte(withoutProof + ",p=" + base64.StdEncoding.EncodeToString(proof)), nil
}

// verify checks the server's proof, to which the answer is empty.
func (c *scramClient) verify(message string) ([]byte, error) {
	attr, _, _ := strings.Cut(message, ",")
	proof, ok := encodedAttribute(attr, 'v')
	if !ok || !hmac.Equal(proof, c.expect) {
		return nil, badServer("its proof is wrong")
	}
	c.proved = true
	return []byte{}, nil
}

func (c *scramClient) Finish() error {
	if !c.proved {
		return badServer("it has not proved that it knows the password")
	}
	return nil
}
