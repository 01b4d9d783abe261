package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"strings"
	"testing"
)

// tlsConn says of itself that it is encrypted.
type tlsConn struct{ *scriptConn }

func (tlsConn) ConnectionState() tls.ConnectionState { return tls.ConnectionState{} }

// TestAuthUnderTLS: passwords are welcome where nobody can read along.
func TestAuthUnderTLS(t *testing.T) {
	srv, b := newTestServer()
	srv.Mode = Submission
	conn := tlsConn{&scriptConn{blocks: []string{hello, "AUTH PLAIN Ym9iAGFsaWNlAHNlY3JldA==\r\nMAIL FROM:<a@foo.com>\r\nRCPT TO:<b@foo.com>\r\nDATA\r\n", "x\r\n.\r\nQUIT\r\n"}}}
	if err := srv.ServeConn(context.Background(), conn, nil); err != nil {
		t.Fatal(err)
	}
	if got := conn.transcript.String(); !strings.Contains(got, "S: 250-AUTH PLAIN LOGIN\n") {
		t.Errorf("AUTH is not offered\n%s", got)
	}
	if len(b.mails) != 1 {
		t.Fatalf("%d mails\n%s", len(b.mails), conn.transcript.String())
	}
	peer := b.mails[0].peer
	if peer.User != "alice" || peer.Identity != "bob" || peer.Protocol() != "ESMTPSA" {
		t.Errorf("peer %+v", peer)
	}

	conn = tlsConn{&scriptConn{blocks: []string{"220 x.example\r\n", "250-x.example\r\n250 AUTH LOGIN PLAIN\r\n", "235 2.7.0 ok\r\n"}}}
	c := NewClient(conn, ClientOptions{Hello: "bar.com"})
	if _, err := c.Hello(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Auth(context.Background(), Credentials{User: "alice", Password: "secret"}); err != nil {
		t.Error(err)
	}
	if got := conn.transcript.String(); !strings.Contains(got, "S: AUTH PLAIN AGFsaWNlAHNlY3JldA==\n") {
		t.Errorf("said\n%s", got)
	}
}

// TestMailAuthIsNotBelieved: who has not authenticated speaks for nobody (RFC
// 4954 §5).
func TestMailAuthIsNotBelieved(t *testing.T) {
	for _, auth := range []string{"", "AUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n"} {
		srv, b := newTestServer()
		srv.Mechanisms, srv.AllowCleartext = []string{"PLAIN"}, true
		play(t, srv, nil, hello, auth+"MAIL FROM:<a@bar.com> AUTH=e+3Dmc2@bar.com\r\nRCPT TO:<b@foo.com>\r\nDATA\r\n", "x\r\n.\r\n")
		if len(b.mails) != 1 {
			t.Fatalf("%d mails", len(b.mails))
		}
		want := Path{}
		if auth != "" {
			want = Path{"e=mc2", "bar.com"}
		}
		if got := b.mails[0].env.Params.Auth; got == nil || *got != want {
			t.Errorf("after %q: %+v, want %+v", auth, got, want)
		}
	}
}

// TestClientCancels: a challenge that is not BASE64 is answered with "*" (RFC
// 4954 §4).
func TestClientCancels(t *testing.T) {
	conn := &scriptConn{blocks: []string{"220 x.example\r\n", "250-x.example\r\n250 AUTH LOGIN\r\n", "334 user name, please\r\n", "501 5.7.0 cancelled\r\n"}}
	c := NewClient(conn, ClientOptions{Hello: "bar.com", AllowCleartext: true})
	if _, err := c.Hello(context.Background()); err != nil {
		t.Fatal(err)
	}
	_, err := c.Auth(context.Background(), Credentials{User: "alice", Password: "secret"})
	var r *Reply
	if !errors.Is(err, ErrChallenge) || !errors.As(err, &r) || r.Code != 501 {
		t.Error(err)
	}
	if got := conn.transcript.String(); !strings.HasSuffix(got, "S: *\nC: 501 5.7.0 cancelled\n") {
		t.Errorf("said\n%s", got)
	}
}
