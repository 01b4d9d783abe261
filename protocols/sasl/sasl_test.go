package sasl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// testUsers has users by name. Nobody but bob acts for another.
type testUsers struct {
	passwords map[string]string
	verifiers map[string]Verifier
	broken    error
	asked     []string // of Authorize
}

func (u *testUsers) Auth(ctx context.Context, mechanism, identity, user, password string) error {
	if p, ok := u.passwords[user]; !ok || p != password {
		return ErrRefused
	}
	return u.Authorize(ctx, mechanism, identity, user)
}

func (u *testUsers) Password(_ context.Context, user string) (string, error) {
	if u.broken != nil {
		return "", u.broken
	}
	p, ok := u.passwords[user]
	if !ok {
		return "", fmt.Errorf("user %s: %w", user, ErrNoUser)
	}
	return p, nil
}

func (u *testUsers) Verifier(_ context.Context, user string) (Verifier, error) {
	if u.broken != nil {
		return Verifier{}, u.broken
	}
	v, ok := u.verifiers[user]
	if !ok {
		return Verifier{}, fmt.Errorf("user %s: %w", user, ErrNoUser)
	}
	return v, nil
}

func (u *testUsers) Authorize(_ context.Context, mechanism, identity, user string) error {
	u.asked = append(u.asked, mechanism+" "+identity+"/"+user)
	if identity != "" && user != "bob" {
		return ErrRefused
	}
	return nil
}

func newTestUsers(t testing.TB) *testUsers {
	t.Helper()
	u := &testUsers{passwords: map[string]string{"alice": "secret", "bob": "hunter2", "a=b,c d": "pass"}, verifiers: map[string]Verifier{}}
	for _, user := range []string{"alice", "bob", "a=b,c d"} {
		v, err := NewVerifier(u.passwords[user], []byte("salt of "+user), MinIterations)
		if err != nil {
			t.Fatal(err)
		}
		u.verifiers[user] = v
	}
	return u
}

// octets is a source that never repeats itself.
type octets struct{ n byte }

func (o *octets) Read(p []byte) (int, error) {
	for i := range p {
		o.n += 7
		p[i] = o.n
	}
	return len(p), nil
}

func testOptions(u *testUsers) ServerOptions {
	return ServerOptions{Passwords: u, Users: u, Hostname: "foo.com", Now: time.Unix(0, 0), Rand: &octets{}, DecoyKey: []byte("decoy")}
}

// exchange has a client talk with a server, and returns what each side makes of
// it and how often the client has spoken.
func exchange(t testing.TB, mechanism string, c Client, o ServerOptions) (said []string, serverErr, clientErr error) {
	t.Helper()
	s, err := NewServer(mechanism, o)
	if err != nil {
		t.Fatal(err)
	}
	response, err := c.Start()
	for {
		if err != nil {
			return said, nil, err
		}
		if response != nil {
			said = append(said, string(response))
		}
		challenge, done, err := s.Next(context.Background(), response)
		if err != nil {
			return said, err, nil
		}
		if done {
			return said, nil, c.Finish()
		}
		if response, err = c.Next(challenge); err != nil {
			return said, nil, err
		}
	}
}

func TestExchanges(t *testing.T) {
	tests := []struct {
		c      Credentials
		server error
	}{
		{Credentials{"", "alice", "secret"}, nil},
		{Credentials{"", "a=b,c d", "pass"}, nil},
		{Credentials{"", "alice", "Secret"}, ErrRefused},
		{Credentials{"", "nobody", "secret"}, ErrRefused},
		{Credentials{"alice", "bob", "hunter2"}, nil},
		{Credentials{"bob", "alice", "secret"}, ErrRefused},
	}
	for _, m := range Mechanisms() {
		for _, tt := range tests {
			t.Run(fmt.Sprintf("%s/%s as %q", m.Name, tt.c.User, tt.c.Identity), func(t *testing.T) {
				u := newTestUsers(t)
				c, err := NewClient(m.Name, tt.c, ClientOptions{Rand: &octets{99}})
				if tt.c.Identity != "" && !m.HasIdentity {
					if !errors.Is(err, ErrCredentials) {
						t.Error(err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				said, serr, cerr := exchange(t, m.Name, c, testOptions(u))
				if !errors.Is(serr, tt.server) || cerr != nil {
					t.Errorf("server: %v, client: %v", serr, cerr)
				}
				if shown := strings.Contains(strings.Join(said, "|"), tt.c.Password); shown != m.ShowsPassword {
					t.Errorf("password shown: %t, by %q", shown, said)
				}
				if want := m.Name + " " + tt.c.Identity + "/" + tt.c.User; tt.server == nil && (len(u.asked) != 1 || u.asked[0] != want) {
					t.Errorf("authorized %q, want %q", u.asked, want)
				}
			})
		}
	}
}

// TestNobodyIsLikeSomebody: what a server says before the proof does not tell
// whether the user exists, and does not change from one try to the next.
func TestNobodyIsLikeSomebody(t *testing.T) {
	u := newTestUsers(t)
	var challenges []string
	for _, user := range []string{"alice", "nobody", "nobody", "noone"} {
		s, err := NewServer(SCRAMSHA256, testOptions(u))
		if err != nil {
			t.Fatal(err)
		}
		challenge, _, err := s.Next(context.Background(), []byte("n,,n="+user+",r=abc"))
		if err != nil {
			t.Fatal(err)
		}
		m, err := parseServerFirst(string(challenge))
		if err != nil || m.iterations != MinIterations {
			t.Fatalf("%q, %v", challenge, err)
		}
		challenges = append(challenges, string(challenge))
	}
	if challenges[1] != challenges[2] || challenges[1] == challenges[3] {
		t.Errorf("%q", challenges)
	}
}

// TestServerRefuses: what is malformed is refused at the message that has it.
func TestServerRefuses(t *testing.T) {
	const first = "n,,n=alice,r=abc"
	tests := []struct {
		mechanism string
		said      []string // "-" is no response
	}{
		{Plain, []string{"-", "alice"}}, {Plain, []string{"\x00alice\x00"}}, {Plain, []string{"\x00\x00x"}}, {Plain, []string{"a\x00b\x00c\x00d"}},
		{Login, []string{"-", "", "x"}}, {Login, []string{"-", "alice", ""}}, {Login, []string{"-", "al\x00ice", "x"}},
		{CRAMMD5, []string{"alice x"}}, {CRAMMD5, []string{"-", "alice"}}, {CRAMMD5, []string{"-", " b913"}}, {CRAMMD5, []string{"-", "alice "}},
		{SCRAMSHA256, []string{"-", ""}}, {SCRAMSHA256, []string{"p=tls-exporter,,n=alice,r=abc"}}, {SCRAMSHA256, []string{"x,,n=alice,r=abc"}},
		{SCRAMSHA256, []string{"n,b=x,n=alice,r=abc"}}, {SCRAMSHA256, []string{"n,a=,n=alice,r=abc"}}, {SCRAMSHA256, []string{"n,,n=,r=abc"}},
		{SCRAMSHA256, []string{"n,,n=a=b,r=abc"}}, {SCRAMSHA256, []string{"n,,n=a=2cb,r=abc"}}, {SCRAMSHA256, []string{"n,,m=x,n=alice,r=abc"}},
		{SCRAMSHA256, []string{"n,,n=alice,r="}}, {SCRAMSHA256, []string{"n,,n=alice,r=a b"}}, {SCRAMSHA256, []string{"n,,n=alice"}}, {SCRAMSHA256, []string{"n"}}, {SCRAMSHA256, []string{"n,x"}},
		{SCRAMSHA256, []string{"n,,n=a\u0007,r=abc"}},
		{SCRAMSHA256, []string{first, "c=biws,r=abc"}}, {SCRAMSHA256, []string{first, "c=biws,r=%,p="}}, {SCRAMSHA256, []string{first, "c=biws,r=%,p=!"}},
		{SCRAMSHA256, []string{first, "c=biws,r=abc,p=AAAA"}}, {SCRAMSHA256, []string{first, "c=eSws,r=%,p=AAAA"}}, {SCRAMSHA256, []string{first, "c=biws,r=%,p=AAAA"}},
		{SCRAMSHA256, []string{first, "c=!,r=%,p=AAAA"}}, {SCRAMSHA256, []string{first, "c=biws,p=AAAA"}}, {SCRAMSHA256, []string{first, "c=biws,r=,p=AAAA"}},
		{SCRAMSHA256, []string{first, "c=biws,r=%,p=" + strings.Repeat("A", 43) + "="}},
	}
	for _, tt := range tests {
		s, err := NewServer(tt.mechanism, testOptions(newTestUsers(t)))
		if err != nil {
			t.Fatal(err)
		}
		nonce := ""
		for i, text := range tt.said {
			response := []byte(strings.ReplaceAll(text, "%", nonce))
			if text == "-" {
				response = nil
			}
			challenge, done, err := s.Next(context.Background(), response)
			last := i == len(tt.said)-1
			if done || last != errors.Is(err, ErrRefused) || !last && err != nil {
				t.Errorf("%s %q, message %d: %q, %t, %v", tt.mechanism, tt.said, i, challenge, done, err)
				break
			}
			if m, err := parseServerFirst(string(challenge)); err == nil {
				nonce = m.nonce
			}
		}
	}
}

// TestClientRefuses: a client does not go along with a server that does not keep
// to the mechanism, nor believe one that has proved nothing.
func TestClientRefuses(t *testing.T) {
	tests := []struct {
		mechanism  string
		challenges []string // the last is refused; if there is none, the yes
	}{
		{Plain, []string{""}},
		{Login, []string{"", "", ""}},
		{Login, []string{"a", "yes"}},
		{CRAMMD5, []string{"a", "b"}},
		{CRAMMD5, []string{"yes"}},
		{SCRAMSHA256, []string{"yes"}},
		{SCRAMSHA256, []string{""}},
		{SCRAMSHA256, []string{"r=other,s=AAAA,i=4096"}},
		{SCRAMSHA256, []string{"r=%,s=AAAA,i=4096"}},
		{SCRAMSHA256, []string{"r=%x,s=,i=4096"}},
		{SCRAMSHA256, []string{"r=%x,s=!,i=4096"}},
		{SCRAMSHA256, []string{"r=%x,s=AAAA,i=4095"}},
		{SCRAMSHA256, []string{"r=%x,s=AAAA,i=1000001"}},
		{SCRAMSHA256, []string{"r=%x,s=AAAA,i=x"}},
		{SCRAMSHA256, []string{"r=%x,s=AAAA,i=04096"}},
		{SCRAMSHA256, []string{"m=x,r=%x,s=AAAA,i=4096"}},
		{SCRAMSHA256, []string{"r=%x,s=AAAA,i=4096", "v=AAAA"}},
		{SCRAMSHA256, []string{"r=%x,s=AAAA,i=4096", "e=other-error"}},
		{SCRAMSHA256, []string{"r=%x,s=AAAA,i=4096", "yes"}},
	}
	for _, tt := range tests {
		c, err := NewClient(tt.mechanism, Credentials{User: "alice", Password: "secret"}, ClientOptions{Rand: &octets{150}})
		if err != nil {
			t.Fatal(err)
		}
		first, err := c.Start()
		if err != nil {
			t.Fatal(err)
		}
		own := string(first[bytes.LastIndexByte(first, '=')+1:])
		if tt.mechanism == SCRAMSHA256 && len(own) != 24 {
			t.Fatalf("nonce %q", own)
		}
		for i, text := range tt.challenges {
			if text == "yes" {
				err = c.Finish()
			} else {
				_, err = c.Next([]byte(strings.ReplaceAll(text, "%", own)))
			}
			if last := i == len(tt.challenges)-1; last != errors.Is(err, ErrServer) {
				t.Errorf("%s %q, message %d: %v", tt.mechanism, tt.challenges, i, err)
			}
		}
	}
}

// TestFailures: what breaks is told as it is, and is no refusal.
func TestFailures(t *testing.T) {
	disk := errors.New("disk is on fire")
	for _, m := range []string{CRAMMD5, SCRAMSHA256} {
		for _, broken := range []string{"users", "rand"} {
			u := newTestUsers(t)
			o := testOptions(u)
			if broken == "users" {
				u.broken = disk
			} else {
				o.Rand = iotestErr{disk}
			}
			c, err := NewClient(m, Credentials{User: "alice", Password: "secret"}, ClientOptions{Rand: &octets{}})
			if err != nil {
				t.Fatal(err)
			}
			if _, serr, _ := exchange(t, m, c, o); !errors.Is(serr, disk) || errors.Is(serr, ErrRefused) {
				t.Errorf("%s, %s: %v", m, broken, serr)
			}
		}
	}
	c, err := NewClient(SCRAMSHA256, Credentials{User: "alice"}, ClientOptions{Rand: iotestErr{disk}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Start(); !errors.Is(err, disk) {
		t.Error(err)
	}
	u := newTestUsers(t)
	u.verifiers["alice"] = Verifier{}
	if c, err = NewClient(SCRAMSHA256, Credentials{User: "alice"}, ClientOptions{Rand: &octets{}}); err != nil {
		t.Fatal(err)
	}
	if _, serr, _ := exchange(t, SCRAMSHA256, c, testOptions(u)); serr == nil || errors.Is(serr, ErrRefused) {
		t.Errorf("a verifier that is none: %v", serr)
	}
}

type iotestErr struct{ err error }

func (e iotestErr) Read([]byte) (int, error) { return 0, e.err }

var _ io.Reader = iotestErr{}

func TestConstructors(t *testing.T) {
	u := newTestUsers(t)
	for _, tt := range []struct {
		mechanism string
		o         ServerOptions
	}{{"GSSAPI", testOptions(u)}, {"plain", testOptions(u)}, {Plain, ServerOptions{Users: u}}, {SCRAMSHA256, ServerOptions{Passwords: u}}, {CRAMMD5, ServerOptions{}}} {
		if _, err := NewServer(tt.mechanism, tt.o); !errors.Is(err, ErrMechanism) {
			t.Errorf("%s: %v", tt.mechanism, err)
		}
	}
	for _, tt := range []struct {
		mechanism string
		c         Credentials
		want      error
	}{
		{"GSSAPI", Credentials{}, ErrMechanism}, {Plain, Credentials{Password: "a\x00b"}, ErrCredentials},
		{SCRAMSHA256, Credentials{User: "\u0007"}, ErrCredentials}, {SCRAMSHA256, Credentials{}, ErrCredentials},
	} {
		if _, err := NewClient(tt.mechanism, tt.c, ClientOptions{}); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", tt.mechanism, err)
		}
	}
	for _, n := range []int{0, MinIterations - 1, MaxIterations + 1} {
		if _, err := NewVerifier("x", []byte("salt"), n); !errors.Is(err, ErrCredentials) {
			t.Errorf("%d iterations: %v", n, err)
		}
	}
	if _, err := NewVerifier("x", nil, MinIterations); !errors.Is(err, ErrCredentials) {
		t.Errorf("no salt: %v", err)
	}
}

// FuzzServer: whatever a client says, no exchange comes to a yes without the
// password, and none goes on for ever.
func FuzzServer(f *testing.F) {
	f.Add("n,,n=alice,r=abc", "c=biws,r=abc,p=AAAA", "")
	f.Add("y,a=bob,n=alice,r=abc,x=y", "c=eSxhPWJvYiw=,r=abc,ext,p=AAAA", "x")
	f.Add("\x00alice\x00wrong", "alice b913a602c7eda7a495b4e6e7334d3890", "x")
	u := newTestUsers(f)
	u.passwords = map[string]string{"alice": "a password that nothing says"}
	f.Fuzz(func(t *testing.T, a, b, c string) {
		for _, m := range Mechanisms() {
			s, err := NewServer(m.Name, testOptions(u))
			if err != nil {
				t.Fatal(err)
			}
			ended := false
			for i, text := range []string{"", a, b, c} {
				response := []byte(text)
				if i == 0 {
					if m.ClientFirst {
						continue
					}
					response = nil
				}
				_, done, err := s.Next(context.Background(), response)
				if done {
					t.Fatalf("%s: %q %q %q is let in", m.Name, a, b, c)
				}
				if ended = err != nil; ended {
					break
				}
			}
			if !ended {
				t.Fatalf("%s: goes on after %q %q %q", m.Name, a, b, c)
			}
		}
	})
}
