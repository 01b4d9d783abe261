package virtual

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"mailwalk/sim/clock"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
)

var epoch = time.Date(2030, 1, 7, 9, 0, 0, 0, time.UTC)

// world is two networks joined by a router: a on one, b and c on the other.
type world struct {
	*Net
	clock   *clock.Clock
	trace   *trace.Trace
	a, b, c *Host
}

func newWorld(t testing.TB, seed uint64, change func(*Config)) *world {
	t.Helper()
	w := buildWorld(t, seed, change)
	t.Cleanup(func() { w.close(t) })
	return w
}

// buildWorld is newWorld for who closes the world before the test's end.
func buildWorld(t testing.TB, seed uint64, change func(*Config)) *world {
	t.Helper()
	tr := trace.New(trace.Header{Seed: seed})
	rec := trace.NewRecorder(tr)
	clk := clock.New(epoch, rec.Root())
	rec.Attach(clk)
	cfg := Config{Clock: clk, Recorder: rec, Seed: seed}
	if change != nil {
		change(&cfg)
	}
	w := &world{Net: New(cfg), clock: clk, trace: tr}
	left := w.AddLink("left", LinkConfig{Latency: 2 * time.Millisecond})
	right := w.AddLink("right", LinkConfig{Latency: 5 * time.Millisecond})
	pre := func(s ...string) (ps []netip.Prefix) {
		for _, s := range s {
			ps = append(ps, netip.MustParsePrefix(s))
		}
		return ps
	}
	via := func(s4, s6 string) []Route {
		return []Route{
			{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParseAddr(s4)},
			{netip.MustParsePrefix("::/0"), netip.MustParseAddr(s6)},
		}
	}
	check := func(h *Host, err error) *Host {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	check(w.AddRouter("r", []Iface{{left, pre("192.0.2.1/24", "2001:db8:a::1/64")}, {right, pre("198.51.100.1/24", "2001:db8:b::1/64")}}))
	w.a = check(w.AddHost("a", []Iface{{left, pre("192.0.2.10/24", "2001:db8:a::10/64")}}, via("192.0.2.1", "2001:db8:a::1")...))
	w.b = check(w.AddHost("b", []Iface{{right, pre("198.51.100.10/24", "2001:db8:b::10/64")}}, via("198.51.100.1", "2001:db8:b::1")...))
	w.c = check(w.AddHost("c", []Iface{{right, pre("198.51.100.11/24", "2001:db8:b::11/64")}}, via("198.51.100.1", "2001:db8:b::1")...))
	if err := w.Ready(); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) close(t testing.TB) {
	w.clock.Close()
	if err := w.Net.Close(); err != nil {
		t.Error(err)
	}
}

func (w *world) run(t testing.TB) {
	t.Helper()
	for i := 0; w.clock.Step(); i++ {
		if i > 1e6 {
			t.Fatal("the queue never runs dry")
		}
	}
}

// echo answers each line with itself.
func echo(t testing.TB, h *Host, at string) {
	l, err := h.Listen(netip.MustParseAddrPort(at))
	if err != nil {
		t.Fatal(err)
	}
	h.Go("echo", func(context.Context) {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			h.Go("echo session", func(context.Context) {
				defer c.Close()
				if _, err := io.Copy(c, struct{ io.Reader }{c}); err != nil && !errors.Is(err, wire.ErrHostDown) {
					t.Errorf("echo: %v", err)
				}
			})
		}
	})
}

func talk(ctx context.Context, h *Host, dst string, lines ...string) error {
	c, err := h.Dial(ctx, "tcp", netip.AddrPort{}, netip.MustParseAddrPort(dst))
	if err != nil {
		return err
	}
	defer c.Close()
	r := bufio.NewReader(c)
	for _, l := range lines {
		if _, err := io.WriteString(c, l+"\r\n"); err != nil {
			return err
		}
		got, err := r.ReadString('\n')
		if err != nil {
			return err
		}
		if got != l+"\r\n" {
			return fmt.Errorf("sent %q, got %q", l, got)
		}
	}
	return nil
}

func TestTalk(t *testing.T) {
	for _, x := range []struct{ name, listen, dial string }{
		{"across the router, IPv4", "198.51.100.10:25", "198.51.100.10:25"},
		{"across the router, IPv6", "[2001:db8:b::10]:25", "[2001:db8:b::10]:25"},
		{"listening everywhere, IPv4", "[::]:25", "198.51.100.10:25"},
		{"listening everywhere, IPv6", "[::]:25", "[2001:db8:b::10]:25"},
	} {
		t.Run(x.name, func(t *testing.T) {
			w := newWorld(t, 1, nil)
			echo(t, w.b, x.listen)
			err := errors.New("did not end")
			w.a.Go("talk", func(ctx context.Context) { err = talk(ctx, w.a, x.dial, "HELLO", "WORLD") })
			w.run(t)
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// TestSelf: a host that calls itself does it over its loopback interface, by
// whichever of its addresses.
func TestSelf(t *testing.T) {
	for _, dst := range []string{"127.0.0.1:25", "[::1]:25", "198.51.100.10:25", "[2001:db8:b::10]:25"} {
		t.Run(dst, func(t *testing.T) {
			w := newWorld(t, 1, nil)
			echo(t, w.b, "[::]:25")
			err := errors.New("did not end")
			w.b.Go("talk", func(ctx context.Context) { err = talk(ctx, w.b, dst, "HELLO") })
			w.run(t)
			if err != nil {
				t.Error(err)
			}
			frames := 0
			for e := range w.trace.All() {
				if b, ok := e.Body.(*trace.PacketBody); ok {
					frames++
					if b.Link != "lo b" {
						t.Errorf("a frame on %s", b.Link)
					}
				}
			}
			if frames == 0 {
				t.Error("no frame was traced")
			}
		})
	}
}

// TestErrors: what fails looks as on a real network, in virtual time.
func TestErrors(t *testing.T) {
	for _, x := range []struct {
		name, dst string
		arp       bool
		want      error
		errno     error
		atLeast   time.Duration
	}{
		{"closed port", "198.51.100.10:26", false, wire.ErrRefused, syscall.ECONNREFUSED, 14 * time.Millisecond},
		{"closed port, IPv6", "[2001:db8:b::10]:26", false, wire.ErrRefused, syscall.ECONNREFUSED, 14 * time.Millisecond},
		{"no such host on the link", "192.0.2.77:25", true, wire.ErrHostUnreachable, syscall.EHOSTUNREACH, 2 * time.Second},
		{"no such host behind the router", "198.51.100.77:25", true, wire.ErrHostUnreachable, syscall.EHOSTUNREACH, 2 * time.Second},
		{"no route at the router", "203.0.113.1:25", false, wire.ErrNetworkUnreachable, syscall.ENETUNREACH, 4 * time.Millisecond},
	} {
		t.Run(x.name, func(t *testing.T) {
			w := newWorld(t, 1, func(c *Config) { c.ShowARP = x.arp })
			var err error
			var took time.Duration
			w.a.Go("dial", func(ctx context.Context) {
				err = talk(ctx, w.a, x.dst)
				took = w.clock.Elapsed()
			})
			w.run(t)
			if !errors.Is(err, x.want) || !errors.Is(err, x.errno) {
				t.Errorf("got %v, want %v", err, x.want)
			}
			if took < x.atLeast {
				t.Errorf("took %v, want at least %v", took, x.atLeast)
			}
		})
	}
}

func TestDeadlines(t *testing.T) {
	w := newWorld(t, 1, nil)
	echo(t, w.b, "198.51.100.10:25")
	ran := false
	w.a.Go("wait", func(ctx context.Context) {
		c, err := w.a.Dial(ctx, "tcp", netip.AddrPort{}, netip.MustParseAddrPort("198.51.100.10:25"))
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		for _, deadline := range []time.Time{w.clock.Now().Add(5 * time.Minute), time.Now().Add(5 * time.Minute)} {
			before := w.clock.Elapsed()
			if err := c.SetReadDeadline(deadline); err != nil {
				t.Error(err)
			}
			_, err := c.Read(make([]byte, 1))
			var ne net.Error
			if !errors.Is(err, os.ErrDeadlineExceeded) || !errors.As(err, &ne) || !ne.Timeout() {
				t.Errorf("got %v", err)
			}
			if took := w.clock.Elapsed() - before; took < 4*time.Minute || took > 5*time.Minute {
				t.Errorf("waited %v", took)
			}
			if err := c.SetReadDeadline(time.Time{}); err != nil {
				t.Error(err)
			}
		}
		// Another task moves the deadline of one that waits.
		w.a.Clock().AfterFunc(time.Second, "wake", func(context.Context) {
			if err := c.SetReadDeadline(time.Unix(1, 0)); err != nil {
				t.Error(err)
			}
		})
		before := w.clock.Elapsed()
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if took := w.clock.Elapsed() - before; took != time.Second {
			t.Errorf("waited %v", took)
		}
		// And one closes it.
		if err := c.SetReadDeadline(time.Time{}); err != nil {
			t.Error(err)
		}
		w.a.Clock().AfterFunc(time.Second, "close", func(context.Context) { c.Close() })
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("got %v", err)
		}
		ran = true
	})
	w.run(t)
	if !ran {
		t.Error("the task did not end")
	}
}

func TestUDP(t *testing.T) {
	w := newWorld(t, 1, nil)
	pc, err := w.b.ListenPacket(netip.MustParseAddrPort("198.51.100.10:53"))
	if err != nil {
		t.Fatal(err)
	}
	w.b.Go("serve", func(context.Context) {
		p := make([]byte, 100)
		for {
			n, from, err := pc.ReadFrom(p)
			if err != nil {
				return
			}
			if _, err := pc.WriteTo(p[:n], from); err != nil {
				t.Error(err)
			}
		}
	})
	ran := false
	w.a.Go("ask", func(ctx context.Context) {
		for _, x := range []struct {
			dst  string
			want error
		}{{"198.51.100.10:53", nil}, {"198.51.100.11:53", wire.ErrRefused}} {
			c, err := w.a.Dial(ctx, "udp", netip.AddrPort{}, netip.MustParseAddrPort(x.dst))
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := c.Write([]byte("who?")); err != nil {
				t.Error(err)
			}
			p := make([]byte, 100)
			n, err := c.Read(p)
			if !errors.Is(err, x.want) || x.want == nil && string(p[:n]) != "who?" {
				t.Errorf("%s: got %q, %v", x.dst, p[:n], err)
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
		ran = true
	})
	w.run(t)
	if !ran {
		t.Error("the task did not end")
	}
}

// TestPower: a host dies in the middle of a dialogue; its programs get
// ErrHostDown, its peer a time-out; switched on again it answers.
func TestPower(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	w := newWorld(t, 1, nil)
	var served, asked error
	w.b.Go("serve", func(context.Context) {
		l, err := w.b.Listen(netip.MustParseAddrPort("198.51.100.10:25"))
		if err != nil {
			t.Error(err)
			return
		}
		c, err := l.Accept()
		if err != nil {
			t.Error(err)
			return
		}
		_, served = c.Read(make([]byte, 1))
	})
	w.a.Go("ask", func(ctx context.Context) {
		c, err := w.a.Dial(ctx, "tcp", netip.AddrPort{}, netip.MustParseAddrPort("198.51.100.10:25"))
		if err != nil {
			t.Error(err)
			return
		}
		w.clock.Sleep(ctx, time.Second)
		if err := w.Power("b", false); err != nil {
			t.Error(err)
		}
		if _, err := c.Write([]byte("anyone there?")); err != nil {
			t.Error(err)
		}
		_, asked = c.Read(make([]byte, 1))
	})
	w.run(t)
	if !errors.Is(served, wire.ErrHostDown) {
		t.Errorf("the server's program got %v", served)
	}
	if !errors.Is(asked, wire.ErrTimedOut) {
		t.Errorf("the client got %v", asked)
	}
	if err := w.Power("b", true); err != nil {
		t.Fatal(err)
	}
	echo(t, w.b, "198.51.100.10:25")
	err := errors.New("did not end")
	w.a.Go("talk", func(ctx context.Context) { err = talk(ctx, w.a, "198.51.100.10:25", "AGAIN") })
	w.run(t)
	if err != nil {
		t.Error(err)
	}
	w.close(t)
}

// TestLeak: a world that is closed in the midst of things leaves nothing behind.
func TestLeak(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	w := newWorld(t, 1, nil)
	echo(t, w.b, "198.51.100.10:25")
	var errs []error
	for range 3 {
		w.a.Go("talk", func(ctx context.Context) {
			for {
				if err := talk(ctx, w.a, "198.51.100.10:25", "HELLO"); err != nil {
					errs = append(errs, err)
					return
				}
			}
		})
	}
	for range 300 {
		if !w.clock.Step() {
			t.Fatal("ended early")
		}
	}
	w.close(t)
	if len(errs) != 3 {
		t.Errorf("%d of 3 tasks ended", len(errs))
	}
}

// TestGoneAsker: an answer to somebody who is gone comes back as port unreachable
// and does not end the server's socket.
func TestGoneAsker(t *testing.T) {
	w := newWorld(t, 1, nil)
	pc, err := w.b.ListenPacket(netip.MustParseAddrPort("[::]:53"))
	if err != nil {
		t.Fatal(err)
	}
	served := 0
	w.b.Go("serve", func(context.Context) {
		p := make([]byte, 100)
		for {
			n, from, err := pc.ReadFrom(p)
			if err != nil {
				if !errors.Is(err, wire.ErrHostDown) {
					t.Errorf("after %d queries: %v", served, err)
				}
				return
			}
			served++
			if _, err := pc.WriteTo(p[:n], from); err != nil {
				t.Error(err)
			}
		}
	})
	w.a.Go("ask", func(ctx context.Context) {
		for range 3 {
			c, err := w.a.Dial(ctx, "udp", netip.AddrPort{}, netip.MustParseAddrPort("198.51.100.10:53"))
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := c.Write([]byte("who?")); err != nil {
				t.Error(err)
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
			if err := w.clock.Sleep(ctx, time.Second); err != nil {
				t.Error(err)
			}
		}
	})
	w.run(t)
	unreachable := 0
	for e := range w.trace.All() {
		if b, ok := e.Body.(*trace.PacketBody); ok && b.Head.Proto == "ICMP" && e.What == trace.Delivered && e.Host == "b" {
			unreachable++
		}
	}
	if served != 3 || unreachable != 3 {
		t.Errorf("served %d of 3 queries, %d of 3 answers were unreachable", served, unreachable)
	}
}
