package sasl

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// TestDescribe plays each mechanism and has every message described: none is left
// out, and a password is seen where it can be read and nowhere else.
func TestDescribe(t *testing.T) {
	want := map[string]string{
		Plain:       "message(user=alice password=secret)!",
		Login:       "prompt(prompt=Username:) user(user=alice) prompt(prompt=Password:) password(password=secret)!",
		CRAMMD5:     "challenge(challenge) response(user=alice digest)?",
		SCRAMSHA256: "client-first(user=alice nonce) server-first(nonce salt iterations=4096) client-final(binding=n,, nonce proof)? server-final(signature)? acknowledgement()",
	}
	for _, mechanism := range Mechanisms() {
		var said []string
		number := 0
		tell := func(fromServer bool, message []byte) {
			if !fromServer {
				number++
			}
			m, ok := Describe(mechanism.Name, fromServer, number, message)
			if !ok {
				t.Errorf("%s: %q of the server %t is no message", mechanism.Name, message, fromServer)
			}
			said = append(said, short(m))
		}
		run(t, mechanism.Name, tell)
		if got := strings.Join(said, " "); got != want[mechanism.Name] {
			t.Errorf("%s: %s\nwant %s", mechanism.Name, got, want[mechanism.Name])
		}
	}
}

// short names a message's parts, those with values that do not change, and marks
// what it exposes.
func short(m Message) string {
	var parts []string
	for _, p := range m.Parts {
		text := string(p.Name)
		switch p.Name {
		case PartUser, PartPassword, PartPrompt, PartIterations, PartBinding:
			text += "=" + p.Value
		}
		parts = append(parts, text)
	}
	return fmt.Sprintf("%s(%s)%s", m.Name, strings.Join(parts, " "), []string{"", "?", "!"}[m.Exposes()])
}

// run plays an exchange to its good end.
func run(t *testing.T, mechanism string, tell func(fromServer bool, message []byte)) {
	t.Helper()
	ctx := context.Background()
	v, err := NewVerifier("secret", []byte("0123456789abcdef"), MinIterations)
	if err != nil {
		t.Fatal(err)
	}
	users := &testUsers{passwords: map[string]string{"alice": "secret"}, verifiers: map[string]Verifier{"alice": v}}
	s, err := NewServer(mechanism, ServerOptions{Passwords: users, Users: users, Hostname: "mail.acme.test", Rand: zeros{}})
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewClient(mechanism, Credentials{User: "alice", Password: "secret"}, ClientOptions{Rand: zeros{}})
	if err != nil {
		t.Fatal(err)
	}
	response, err := c.Start()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if response != nil {
			tell(false, response)
		}
		challenge, done, err := s.Next(ctx, response)
		if err != nil {
			t.Fatal(err)
		}
		if done {
			return
		}
		tell(true, challenge)
		response, err = c.Next(challenge)
		if err != nil {
			t.Fatal(err)
		}
	}
}

// zeros is a source of nothing but zeros.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// TestDescribeNonsense: what is no message is told apart.
func TestDescribeNonsense(t *testing.T) {
	for _, x := range []struct {
		mechanism  string
		fromServer bool
		number     int
		message    string
	}{
		{"XYZZY", false, 1, "x"}, {Plain, false, 1, "alice secret"}, {Plain, true, 1, "name?"}, {Login, false, 3, "more"},
		{CRAMMD5, false, 1, "digest"}, {CRAMMD5, true, 1, ""}, {SCRAMSHA256, false, 1, "p=tls-unique,,n=a,r=b"},
		{SCRAMSHA256, false, 2, "c=biws,r=x"}, {SCRAMSHA256, false, 3, "x"}, {SCRAMSHA256, true, 1, "hello"},
	} {
		if m, ok := Describe(x.mechanism, x.fromServer, x.number, []byte(x.message)); ok {
			t.Errorf("%+v: %+v", x, m)
		}
	}
	if m, ok := Describe(SCRAMSHA256, true, 1, nil); !ok || m.Name != EmptyChallenge {
		t.Errorf("%+v, %t", m, ok)
	}
}
