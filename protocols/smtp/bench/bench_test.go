package bench

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// sender is a client's connection.
type sender struct {
	nc net.Conn
	r  *bufio.Reader
}

// dial opens a session and says EHLO.
func dial(addr string) (*sender, error) {
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	s := &sender{nc, bufio.NewReader(nc)}
	if err := s.expect("220"); err != nil {
		return nil, err
	}
	return s, s.say([]byte("EHLO client.example\r\n"), "250")
}

// say sends octets and reads one reply for each code.
func (s *sender) say(b []byte, codes ...string) error {
	if _, err := s.nc.Write(b); err != nil {
		return err
	}
	for _, code := range codes {
		if err := s.expect(code); err != nil {
			return err
		}
	}
	return nil
}

// expect reads a reply of one or more lines.
func (s *sender) expect(code string) error {
	for {
		line, err := s.r.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) < 4 || string(line[:3]) != code {
			return fmt.Errorf("want %s, got %q", code, line)
		}
		if line[3] != '-' {
			return nil
		}
	}
}

var envelope = []byte("MAIL FROM:<a@client.example>\r\nRCPT TO:<b@server.example>\r\nDATA\r\n")

func (s *sender) mail(content []byte) error {
	if err := s.say(envelope, "250", "250", "354"); err != nil {
		return err
	}
	return s.say(content, "250")
}

// content returns a mail of about size octets with the lone dot at its end.
func content(size int) []byte {
	line := strings.Repeat("x", 76) + "\r\n"
	return []byte("Subject: measured\r\n\r\n" + strings.Repeat(line, max(1, size/len(line))) + ".\r\n")
}

func BenchmarkServers(b *testing.B) {
	for _, size := range []int{1 << 10, 10 << 10, 1 << 20} {
		for _, conns := range []int{1, 10, 50} {
			for _, server := range servers {
				b.Run(fmt.Sprintf("%dKB/%dconn/%s", size>>10, conns, server.name), func(b *testing.B) {
					measure(b, listen(b, server.serve), conns, content(size))
				})
			}
		}
	}
}

// measure sends b.N mails over conns connections at once.
func measure(b *testing.B, addr string, conns int, content []byte) {
	senders := make([]*sender, conns)
	for i := range senders {
		s, err := dial(addr)
		if err != nil {
			b.Fatal(err)
		}
		defer s.nc.Close()
		senders[i] = s
	}
	var left atomic.Int64
	left.Store(int64(b.N))
	errs := make(chan error, conns)
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	b.ResetTimer()
	var wg sync.WaitGroup
	for _, s := range senders {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if err := s.mail(content); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
	close(errs)
	for err := range errs {
		b.Error(err)
	}
}
