package sim

import (
	"context"
	"errors"
	"flag"
	"io"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"mailwalk/scenarios"
)

// Ten thousand connections take some minutes:
//
//	go test ./sim -run TestIdle -v -timeout 20m -idle 10000
var idleConnections = flag.Int("idle", 300, "how many connections say nothing")

// TestIdle: a server with many connections on which nothing is said takes a mail all the
// same, also from who says one octet a second; in the end it has hung up on all who were
// silent, and each has cost little memory.
func TestIdle(t *testing.T) {
	sc, err := scenarios.Parse("two-servers.yaml", []byte(twoServers))
	if err != nil {
		t.Fatal(err)
	}
	w, err := New(sc, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := errors.Join(w.Close(), w.Trace().Close()); err != nil {
			t.Error(err)
		}
	}()
	h, _ := w.net.Host("client")
	dial := func(ctx context.Context) net.Conn {
		nc, err := h.Dial(ctx, "tcp", netip.AddrPort{}, netip.MustParseAddrPort("192.0.2.3:25"))
		if err != nil {
			t.Fatal(err)
		}
		return nc
	}
	before := inUse()
	open, ended, most := 0, 0, 0
	var perConnection int64
	var taken, slow time.Duration
	h.Go("idle", func(ctx context.Context) {
		var all []net.Conn
		for range *idleConnections {
			all = append(all, dial(ctx))
			open++
		}
		most = open
		perConnection = (inUse() - before) / int64(most)
		h.Go("mail", func(ctx context.Context) {
			sent := false
			if err := load(ctx, h, w, func() ([]byte, error) {
				if sent {
					return nil, nil
				}
				sent = true
				return letterOf("<quick@client.test>", 2048), nil
			}); err != nil {
				t.Error(err)
			}
			taken = w.Now()
		})
		h.Go("slow", func(ctx context.Context) {
			nc := dial(ctx)
			defer nc.Close()
			said := "HELO slow.test\r\nMAIL FROM:<alice@client.test>\r\nRCPT TO:<bob@globex.test>\r\nDATA\r\nSubject: slow\r\n\r\nx\r\n.\r\nQUIT\r\n"
			for i := range len(said) {
				if _, err := io.WriteString(nc, said[i:i+1]); err != nil {
					t.Error(err)
				}
				if err := h.Clock().Sleep(ctx, time.Second); err != nil {
					t.Error(err)
				}
			}
			answers, err := io.ReadAll(nc)
			if err != nil || !strings.Contains(string(answers), "queued as") {
				t.Errorf("to one octet a second it says %q: %v", answers, err)
			}
			slow = w.Now()
		})
		for _, nc := range all {
			answers, err := io.ReadAll(nc)
			if err != nil || !strings.Contains(string(answers), "\r\n421 ") {
				t.Errorf("to who says nothing it says %q: %v", answers, err)
			}
			nc.Close()
			ended++
		}
	})
	for w.Step() {
	}
	t.Logf("%d connections at once, each with %d octets of memory at both ends and its events; a mail was taken after %s, one at an octet a second after %s, all had ended after %s",
		most, perConnection, taken, slow, w.Now())
	if ended != *idleConnections || taken == 0 || slow == 0 {
		t.Errorf("%d of %d connections have ended", ended, *idleConnections)
	}
	if n := count(w, "mail.stored")[0]; n != 2 {
		t.Errorf("%d mails are in the mailbox, want 2", n)
	}
	if perConnection > 128<<10 {
		t.Errorf("each connection takes %d octets", perConnection)
	}
	if names := w.clock.Tasks(); len(names) > 12 {
		t.Errorf("%d tasks are left: %s", len(names), names[:12])
	}
}

// inUse is the memory of the heap and of the goroutines' stacks that is in use.
func inUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}
