package smtp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"mailwalk/protocols/sasl"
)

// testBackend accepts mail and keeps it. Some names make it refuse.
type testBackend struct {
	refuse   error // of NewSession
	verifies bool
	lazy     bool // Data does not read
	users    bool // has what CRAM-MD5 and SCRAM-SHA-256 need

	peers    []Peer
	mails    []testMail
	resets   int
	closes   int
	sessions int
}

type testMail struct {
	peer    Peer
	env     Envelope
	content string
}

func (b *testBackend) NewSession(context.Context, Peer) (Session, error) {
	b.sessions++
	if b.refuse != nil {
		return nil, b.refuse
	}
	s := &testSession{b}
	if b.users {
		return testUsers{s}, nil
	}
	if b.verifies {
		return testVerifier{s}, nil
	}
	return s, nil
}

type testSession struct{ b *testBackend }

var errDisk = errors.New("disk is on fire")

func (s *testSession) Hello(_ context.Context, peer Peer) error {
	s.b.peers = append(s.b.peers, peer)
	if peer.Hello == "unwanted.example" {
		return NewReply(550, Enhanced{5, 7, 1}, "Not you")
	}
	return nil
}

func (s *testSession) Auth(_ context.Context, _, _, user, password string) error {
	switch {
	case user == "broken":
		return errDisk
	case user == "alice" && password == "secret":
		return nil
	}
	return fmt.Errorf("user %s: %w", user, BadCredentials())
}

func (s *testSession) Mail(_ context.Context, from Path, _ MailParams) error {
	switch from.Local {
	case "evil":
		return NewReply(550, Enhanced{5, 7, 1}, "Not from you")
	case "broken":
		return errDisk
	}
	return nil
}

func (s *testSession) Rcpt(_ context.Context, to Path, _ RcptParams) error {
	switch to.Local {
	case "Green":
		return NewReply(550, Enhanced{5, 1, 1}, "No such user here")
	case "moved":
		return NewReply(251, Enhanced{2, 1, 5}, "User not local; will forward to <moved@example.net>")
	case "grey":
		return NewReply(450, Enhanced{4, 7, 1}, "Try again later")
	case "broken":
		return errDisk
	case "hangup":
		return NewReply(421, Enhanced{4, 3, 2}, "foo.com going down")
	case "nonsense":
		return &Reply{Code: 999, Lines: []string{"what"}}
	}
	return nil
}

func (s *testSession) Data(_ context.Context, peer Peer, env Envelope, r io.Reader) (string, error) {
	if s.b.lazy {
		return "", NewReply(554, Enhanced{5, 7, 1}, "Not even looking")
	}
	content, err := io.ReadAll(r)
	if err != nil {
		return "", err
	}
	switch {
	case strings.Contains(string(content), "virus"):
		return "", NewReply(554, Enhanced{5, 7, 1}, "Not that")
	case strings.Contains(string(content), "fire"):
		return "", errDisk
	}
	s.b.mails = append(s.b.mails, testMail{peer, env, string(content)})
	if env.From.Local == "queue" {
		return "queued as 1", nil
	}
	return "", nil
}

func (s *testSession) Reset() { s.b.resets++ }
func (s *testSession) Close() { s.b.closes++ }

type testVerifier struct{ *testSession }

func (testVerifier) Verify(_ context.Context, what string) (*Reply, error) {
	switch what {
	case "Crispin":
		return NewReply(250, Enhanced{2, 1, 5}, "Mark Crispin <Admin.MRC@foo.com>"), nil
	case "broken":
		return nil, errDisk
	}
	return NewReply(550, Enhanced{5, 1, 1}, "String does not match anything"), nil
}

// testUsers knows one user, alice, and breaks at another.
type testUsers struct{ *testSession }

func (testUsers) Password(_ context.Context, user string) (string, error) {
	switch user {
	case "alice":
		return "secret", nil
	case "broken":
		return "", errDisk
	}
	return "", fmt.Errorf("user %s: %w", user, sasl.ErrNoUser)
}

func (u testUsers) Verifier(ctx context.Context, user string) (sasl.Verifier, error) {
	if _, err := u.Password(ctx, user); err != nil {
		return sasl.Verifier{}, err
	}
	return verifier()
}

// verifier is made once of the only user's password.
var verifier = sync.OnceValues(func() (sasl.Verifier, error) {
	return sasl.NewVerifier("secret", []byte("NaCl"), sasl.MinIterations)
})

func (testUsers) Authorize(_ context.Context, _, identity, _ string) error {
	switch identity {
	case "", "bob":
		return nil
	case "moved":
		return NewReply(235, Enhanced{2, 7, 0}, "Welcome back")
	}
	return fmt.Errorf("as %s: %w", identity, NewReply(535, Enhanced{5, 7, 8}, "Not as %s", identity))
}

// octets is a source of octets that can be foretold.
type octets struct{ n byte }

func (o *octets) Read(p []byte) (int, error) {
	for i := range p {
		o.n += 7
		p[i] = o.n
	}
	return len(p), nil
}
