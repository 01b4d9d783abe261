package smtp

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
)

// sink is a backend that reads and forgets.
type sink struct{}

func (sink) NewSession(context.Context, Peer) (Session, error)          { return sink{}, nil }
func (sink) Auth(context.Context, string, string, string, string) error { return nil }
func (sink) Mail(context.Context, Path, MailParams) error               { return nil }
func (sink) Rcpt(context.Context, Path, RcptParams) error               { return nil }
func (sink) Reset()                                                     {}
func (sink) Close()                                                     {}
func (sink) Data(_ context.Context, _ Peer, _ Envelope, r io.Reader) (string, error) {
	_, err := io.Copy(io.Discard, r)
	return "", err
}

// BenchmarkSend sends mails over one connection of the kernel's loopback.
func BenchmarkSend(b *testing.B) {
	for _, size := range []int{1 << 10, 1 << 20} {
		for _, pipelining := range []bool{true, false} {
			b.Run(fmt.Sprintf("%dKB/pipelining=%t", size>>10, pipelining), func(b *testing.B) {
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					b.Fatal(err)
				}
				defer l.Close()
				done := make(chan error, 1)
				go func() {
					nc, err := l.Accept()
					if err != nil {
						done <- err
						return
					}
					done <- (&Server{Backend: sink{}}).ServeConn(context.Background(), nc, nil)
				}()
				nc, err := net.Dial("tcp", l.Addr().String())
				if err != nil {
					b.Fatal(err)
				}
				c := NewClient(nc, ClientOptions{NoPipelining: !pipelining})
				ctx := context.Background()
				if _, err := c.Hello(ctx); err != nil {
					b.Fatal(err)
				}
				line := strings.Repeat("x", 62) + "\r\n"
				content := []byte(strings.Repeat(line, size/len(line)))
				env := envelopeTo("b")
				b.SetBytes(int64(len(content)))
				for b.Loop() {
					res, err := c.Send(ctx, env, content)
					if err != nil || len(res.Accepted()) != 1 {
						b.Fatal(err, res)
					}
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
				if _, err := c.Quit(ctx); err != nil {
					b.Fatal(err)
				}
				if err := <-done; err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}
