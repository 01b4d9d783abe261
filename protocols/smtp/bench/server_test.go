package bench

import (
	"context"
	"io"
	"net"
	"testing"

	emersion "github.com/emersion/go-smtp"

	"mailwalk/protocols/dialog"
	"mailwalk/protocols/smtp"
)

// servers are those that are measured. Each gets a listener that it serves until
// that is closed.
var servers = []struct {
	name  string
	serve func(net.Listener) error
}{
	{"mailwalk", func(l net.Listener) error { return serve(l, nil) }},
	{"mailwalk-hooked", func(l net.Listener) error { return serve(l, hooks()) }},
	{"go-smtp", func(l net.Listener) error {
		s := emersion.NewServer(emersion.BackendFunc(func(*emersion.Conn) (emersion.Session, error) { return other{}, nil }))
		s.Domain = "localhost"
		return s.Serve(l)
	}},
}

func serve(l net.Listener, hooks *smtp.Hooks) error {
	srv := &smtp.Server{Backend: sink{}}
	for {
		nc, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			// A session that ends otherwise than by QUIT shows at the client.
			_ = srv.ServeConn(context.Background(), nc, hooks)
		}()
	}
}

// hooks look on as a trace does, and keep nothing.
func hooks() *smtp.Hooks {
	return &smtp.Hooks{Hooks: dialog.Hooks{
		Received: func(*dialog.Unit) []string { return nil },
		Sending:  func(*dialog.Unit) {},
	}}
}

// sink takes each mail and forgets it.
type sink struct{}

func (sink) NewSession(context.Context, smtp.Peer) (smtp.Session, error) { return sink{}, nil }
func (sink) Auth(context.Context, string, string, string, string) error  { return nil }
func (sink) Mail(context.Context, smtp.Path, smtp.MailParams) error      { return nil }
func (sink) Rcpt(context.Context, smtp.Path, smtp.RcptParams) error      { return nil }
func (sink) Reset()                                                      {}
func (sink) Close()                                                      {}
func (sink) Data(_ context.Context, _ smtp.Peer, _ smtp.Envelope, r io.Reader) (string, error) {
	_, err := io.Copy(io.Discard, r)
	return "", err
}

// other is sink for the other server.
type other struct{}

func (other) Reset()                                   {}
func (other) Logout() error                            { return nil }
func (other) Mail(string, *emersion.MailOptions) error { return nil }
func (other) Rcpt(string, *emersion.RcptOptions) error { return nil }
func (other) Data(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}

// listen runs a server for the length of a benchmark and returns its address.
func listen(b *testing.B, run func(net.Listener) error) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- run(l) }()
	b.Cleanup(func() {
		if err := l.Close(); err != nil {
			b.Error(err)
		}
		<-done
	})
	return l.Addr().String()
}
