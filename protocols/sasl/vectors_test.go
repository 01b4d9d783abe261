package sasl

import (
	"context"
	"crypto/sha1"
	"hash"
	"testing"
)

// TestSCRAMVectors plays the examples of RFC 7677 §3 and RFC 5802 §5, message by
// message, on both sides.
func TestSCRAMVectors(t *testing.T) {
	tests := []struct {
		name                     string
		h                        scramHash
		client, server           string // their nonces
		salt                     string
		first, answer, last, end string
	}{
		{
			"SCRAM-SHA-256", sha256Hash, "rOprNGfwEbeRWgbNEkqO", "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0", "W22ZaJ0SNY7soEsUEjb6gQ==",
			"n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
			"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
			"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
			"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
		},
		{
			"SCRAM-SHA-1", func() hash.Hash { return sha1.New() }, "fyko+d2lbbFgONRv9qkxdawL", "3rfcNHYJY1ZVvWVs7j", "QSXCR+Q6sek8bf92",
			"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
			"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
			"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
			"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ctx := context.Background()
			salt, ok := encodedAttribute("s="+tt.salt, 's')
			if !ok {
				t.Fatal("salt")
			}
			k, err := deriveKeys(tt.h, "pencil", salt, 4096)
			if err != nil {
				t.Fatal(err)
			}
			users := &testUsers{verifiers: map[string]Verifier{"user": {salt, 4096, k.stored, k.server}}}
			s := &scramServer{o: ServerOptions{Users: users}, h: tt.h, nonce: tt.server}
			c, err := newScramClient(Credentials{User: "user", Password: "pencil"}, ClientOptions{}, tt.h)
			if err != nil {
				t.Fatal(err)
			}
			c.nonce = tt.client
			said, err := c.Start()
			for i, want := range []struct{ response, challenge string }{{tt.first, tt.answer}, {tt.last, tt.end}} {
				if err != nil || string(said) != want.response {
					t.Fatalf("message %d of the client: %q, %v, want %q", i, said, err, want.response)
				}
				challenge, done, serr := s.Next(ctx, said)
				if serr != nil || done || string(challenge) != want.challenge {
					t.Fatalf("message %d of the server: %q, %v, want %q", i, challenge, serr, want.challenge)
				}
				said, err = c.Next(challenge)
			}
			if _, done, serr := s.Next(ctx, said); err != nil || len(said) != 0 || !done || serr != nil {
				t.Errorf("the end: %q, %v; %t, %v", said, err, done, serr)
			}
			if err := c.Finish(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestCRAMVector is the example of RFC 2195 §2.
func TestCRAMVector(t *testing.T) {
	c := &cramClient{c: Credentials{User: "tim", Password: "tanstaaftanstaaf"}}
	got, err := c.Next([]byte("<1896.697170952@postoffice.reston.mci.net>"))
	if want := "tim b913a602c7eda7a495b4e6e7334d3890"; err != nil || string(got) != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
}

// TestPlainVector is the second example of RFC 4616 §4.
func TestPlainVector(t *testing.T) {
	c := &plainClient{c: Credentials{Identity: "Ursel", User: "Kurt", Password: "xipj3plmq"}}
	got, err := c.Start()
	if want := "Ursel\x00Kurt\x00xipj3plmq"; err != nil || string(got) != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
}

// TestPrepare has the examples of RFC 4013 §3 first.
func TestPrepare(t *testing.T) {
	tests := []struct{ in, want string }{
		{"I\u00adX", "IX"}, {"user", "user"}, {"USER", "USER"}, {"\u00aa", "a"}, {"\u2168", "IX"},
		{"\u0007", "!"}, {"\u0627\u0031", "!"},
		{"", ""}, {"a b", "a b"}, {"a\u00a0b", "a b"}, {"u\u0308", "ü"}, {"\u0627\u0031\u0628", "\u0627\u0031\u0628"},
		{"\u0627a\u0628", "!"}, {"\xff", "!"}, {"\ue000", "!"}, {"\u2028", "!"}, {"\ufffe", "!"}, {"\u200e", "!"}, {"\ufeff", ""},
	}
	for _, tt := range tests {
		got, err := Prepare(tt.in)
		if err != nil {
			got = "!"
		}
		if got != tt.want {
			t.Errorf("%+q: %+q, %v, want %+q", tt.in, got, err, tt.want)
		}
	}
}
