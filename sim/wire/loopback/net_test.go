package loopback

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"mailwalk/protocols/dialog"
	"mailwalk/sim/clock"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
)

var epoch = time.Date(2030, 1, 7, 9, 0, 0, 0, time.UTC)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is two hosts, a and b, each with an address of either family.
type world struct {
	*Net
	t      testing.TB
	clock  *clock.Clock
	player *clock.Player
	trace  *trace.Trace
	a, b   *Host
}

// each runs a test with an address for each host and with one for all.
func each(t *testing.T, f func(t *testing.T, w *world)) {
	for _, one := range []bool{false, true} {
		t.Run(map[bool]string{false: "many addresses", true: "one address"}[one], func(t *testing.T) {
			f(t, newWorld(t, one))
		})
	}
}

func newWorld(t testing.TB, oneAddress bool) *world {
	t.Helper()
	tr := trace.New(trace.Header{Seed: 1})
	rec := trace.NewRecorder(tr)
	clk := clock.New(epoch, rec.Root())
	rec.Attach(clk)
	inbox := clock.NewInbox()
	w := &world{Net: New(Config{Clock: clk, Inbox: inbox, Recorder: rec, Seed: 1, OneAddress: oneAddress}), t: t, clock: clk, trace: tr}
	w.player = clock.NewPlayer(clk, inbox, w.Busy, clock.Unhurried)
	w.a = w.host("a", "192.0.2.1", "2001:db8::1")
	w.b = w.host("b", "192.0.2.2", "2001:db8::2")
	t.Cleanup(func() {
		clk.Close()
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *world) host(name string, addrs ...string) *Host {
	w.t.Helper()
	var all []netip.Addr
	for _, a := range addrs {
		all = append(all, netip.MustParseAddr(a))
	}
	h, err := w.AddHost(name, all)
	if err != nil {
		w.t.Fatal(err)
	}
	return h
}

// run lets everything happen, and fails when that takes too long.
func (w *world) run() {
	w.t.Helper()
	w.until(func() bool { return false })
	if w.busy != 0 {
		w.t.Errorf("at the end %d things are under way", w.busy)
	}
}

// until steps until done, or until nothing is left to happen.
func (w *world) until(done func() bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	for !done() {
		more, err := w.player.Step(ctx)
		if err != nil {
			w.t.Fatalf("with %d things under way: %v", w.busy, err)
		}
		if !more {
			return
		}
	}
}

func at(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

func (w *world) listen(h *Host, s string) net.Listener {
	w.t.Helper()
	l, err := h.Listen(at(s))
	if err != nil {
		w.t.Fatal(err)
	}
	return l
}

// echo answers with whatever comes, and closes at the end of it.
func (w *world) echo(h *Host, s string) {
	w.t.Helper()
	wire.Serve(h, w.listen(h, s), "echo", func(_ context.Context, nc net.Conn) {
		defer nc.Close()
		if _, err := io.Copy(nc, struct{ io.Reader }{nc}); err != nil && !errors.Is(err, wire.ErrHostDown) {
			w.t.Errorf("echo: %v", err)
		}
	})
}

// program runs f on a host and fails when it does not end.
func (w *world) program(h *Host, name string, f func(ctx context.Context) error) {
	w.t.Helper()
	ended := false
	h.Go(name, func(ctx context.Context) {
		ended = true
		if err := f(ctx); err != nil {
			w.t.Errorf("%s: %v", name, err)
		}
	})
	w.t.Cleanup(func() {
		if !ended {
			w.t.Errorf("%s has not begun", name)
		}
	})
}

func (w *world) dial(ctx context.Context, h *Host, s string) (*conn, error) {
	c, err := h.Dial(ctx, "tcp", netip.AddrPort{}, at(s))
	if err != nil {
		return nil, err
	}
	return c.(*conn), nil
}

func (w *world) steps(kind trace.Kind) []string {
	var all []string
	for e := range w.trace.All() {
		if e.Kind == kind {
			all = append(all, e.Host+" "+e.What)
		}
	}
	return all
}

// TestDialogue: programs see the walk's addresses, of either family, and the trace
// the connection, what the sockets did and the addresses behind.
func TestDialogue(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, server := range []string{"192.0.2.2:25", "[2001:db8::2]:25"} {
			server := at(server)
			if server.Addr().Is4() {
				w.echo(w.b, "[::]:25")
			}
			w.program(w.a, "client", func(ctx context.Context) error {
				c, err := w.dial(ctx, w.a, server.String())
				if err != nil {
					return err
				}
				defer c.Close()
				if got := c.RemoteAddr().String(); got != server.String() {
					t.Errorf("the remote address is %s, want %s", got, server)
				}
				if local := c.LocalAddr().(*net.TCPAddr).AddrPort(); !w.a.own(local.Addr()) || local.Addr().Is4() != server.Addr().Is4() || local.Port() < firstPort {
					t.Errorf("the local address is %s", local)
				}
				if _, err := io.WriteString(c, "hello\r\n"); err != nil {
					return err
				}
				if err := c.CloseWrite(); err != nil {
					return err
				}
				got, err := io.ReadAll(c)
				if string(got) != "hello\r\n" {
					t.Errorf("got %q", got)
				}
				return err
			})
		}
		w.run()
		var wrote, read int64
		for e := range w.trace.All() {
			switch b := e.Body.(type) {
			case *trace.SocketBody:
				for _, k := range []netip.AddrPort{b.KernelLocal, b.KernelRemote} {
					if !k.Addr().IsLoopback() || k.Port() == 0 {
						t.Errorf("event %d has the kernel's address %s", e.Seq, k)
					}
				}
				if e.What == trace.Wrote {
					wrote += b.Octets
				}
				if e.What == trace.Read {
					read += b.Octets
				}
				if b.TCP != nil && b.TCP.State == "" {
					t.Errorf("event %d has the kernel's counters without a state", e.Seq)
				}
			case *trace.ConnectionBody:
				if e.What != trace.Opening && !(b.KernelClient.IsValid() && b.KernelServer.IsValid()) {
					t.Errorf("event %d does not tell the kernel's addresses", e.Seq)
				}
			}
			if len(e.Causes) == 0 && e.Seq > 1 && e.What != trace.Opening {
				t.Errorf("event %d, %s, comes from nothing", e.Seq, e.Key)
			}
		}
		if wrote != 4*7 || read != 4*7 {
			t.Errorf("the sockets wrote %d and read %d octets, want %d", wrote, read, 4*7)
		}
	})
}

// TestCauses: a line that is heard comes from what the socket has read, that from what
// the other end's socket wrote, and that from the line that was said there.
func TestCauses(t *testing.T) {
	w := newWorld(t, false)
	l := w.listen(w.b, "192.0.2.2:25")
	say := func(c *conn, from int64, text string) error {
		u := &dialog.Unit{Role: dialog.Command, FromServer: !c.isClient, From: from, To: from + int64(len(text)) + 2, Text: []byte(text)}
		w.rec.Hooks(c.Traced(), !c.isClient).Sending(u)
		_, err := io.WriteString(c, text+"\r\n")
		return err
	}
	hear := func(c *conn, from int64, text string) error {
		got := make([]byte, len(text)+2)
		_, err := io.ReadFull(c, got)
		u := &dialog.Unit{Role: dialog.Command, FromServer: c.isClient, From: from, To: from + int64(len(got)), Text: got[:len(text)]}
		w.rec.Hooks(c.Traced(), !c.isClient).Received(u)
		return err
	}
	w.program(w.b, "server", func(context.Context) error {
		nc, err := l.Accept()
		if err != nil {
			return err
		}
		c := nc.(*conn)
		w.rec.Serve(c.Traced())
		return errors.Join(hear(c, 0, "HELO a"), hear(c, 8, "NOOP"), say(c, 0, "250 b"), c.Close())
	})
	w.program(w.a, "client", func(ctx context.Context) error {
		c, err := w.dial(ctx, w.a, "192.0.2.2:25")
		if err != nil {
			return err
		}
		return errors.Join(say(c, 0, "HELO a"), say(c, 8, "NOOP"), hear(c, 0, "250 b"), c.Close())
	})
	w.run()
	var last *trace.Event
	for e := range w.trace.All() {
		if e.Kind == trace.Line && e.What == trace.Received {
			last = e
		}
	}
	var chain []string
	for e := last; e != nil && len(e.Causes) > 0; e = w.trace.At(e.Causes[0]) {
		chain = append(chain, e.Host+" "+e.What)
	}
	want := []string{"a received", "a read", "b wrote", "b sent", "b received", "b read", "a wrote", "a sent"}
	if len(chain) < len(want) || !slices.Equal(chain[:len(want)], want) {
		t.Errorf("the causes are %v, want %v", chain, want)
	}
}

// TestBulk: much data both ways at once arrives whole.
func TestBulk(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const size = 16 << 20
		data := make([]byte, size)
		r := w.a.Rand("data")
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		w.echo(w.b, "192.0.2.2:25")
		var c *conn
		began := time.Now()
		w.program(w.a, "client", func(ctx context.Context) error {
			var err error
			if c, err = w.dial(ctx, w.a, "192.0.2.2:25"); err != nil {
				return err
			}
			w.program(w.a, "reader", func(context.Context) error {
				h := sha256.New()
				n, err := io.Copy(h, struct{ io.Reader }{c})
				if n != size || !bytes.Equal(h.Sum(nil), sum(data)) {
					t.Errorf("%d octets came back, not those %d that were sent", n, size)
				}
				return errors.Join(err, c.Close())
			})
			if _, err := c.Write(data); err != nil {
				return err
			}
			return c.CloseWrite()
		})
		w.run()
		t.Logf("%d MB each way in %v", size>>20, time.Since(began))
		for d := range 2 {
			if f := c.pipe.flows[d]; f.wrote != size || f.got != size {
				t.Errorf("direction %d: %d octets written, %d read", d, f.wrote, f.got)
			}
		}
	})
}

func sum(b []byte) []byte { s := sha256.Sum256(b); return s[:] }

// TestBackPressure: who does not read stops who writes, and keeps the wire busy; the
// writer's deadline is one of virtual time.
func TestBackPressure(t *testing.T) {
	w := newWorld(t, false)
	l := w.listen(w.b, "192.0.2.2:25")
	w.program(w.b, "deaf", func(ctx context.Context) error {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		defer c.Close()
		return w.clock.Sleep(ctx, 300*time.Millisecond)
	})
	wrote := 0
	var failed error
	w.program(w.a, "client", func(ctx context.Context) error {
		c, err := w.dial(ctx, w.a, "192.0.2.2:25")
		if err != nil {
			return err
		}
		defer c.Close()
		if err := c.SetWriteDeadline(w.clock.Now().Add(200 * time.Millisecond)); err != nil {
			return err
		}
		wrote, failed = c.Write(make([]byte, 64<<20))
		if !w.Busy() {
			t.Error("the wire says that nothing is under way")
		}
		return nil
	})
	began := time.Now()
	w.run()
	if !errors.Is(failed, os.ErrDeadlineExceeded) {
		t.Errorf("the write ended with %v", failed)
	}
	if wrote == 0 || wrote >= 64<<20 {
		t.Errorf("%d octets were taken", wrote)
	}
	if real := time.Since(began); real < 200*time.Millisecond {
		t.Errorf("200 ms of virtual time have passed in %v with octets in the kernel", real)
	}
}

// TestReadDeadline is one of virtual time, and no real time passes when nothing is
// under way: run has not the patience for it.
func TestReadDeadline(t *testing.T) {
	w := newWorld(t, false)
	l := w.listen(w.b, "192.0.2.2:25")
	w.program(w.b, "mute", func(ctx context.Context) error {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		defer c.Close()
		_, err = c.Read(make([]byte, 1))
		if err != io.EOF {
			t.Errorf("the server got %v", err)
		}
		return nil
	})
	w.program(w.a, "client", func(ctx context.Context) error {
		c, err := w.dial(ctx, w.a, "192.0.2.2:25")
		if err != nil {
			return err
		}
		defer c.Close()
		if err := c.SetReadDeadline(w.clock.Now().Add(5 * time.Minute)); err != nil {
			return err
		}
		before := w.clock.Elapsed()
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if took := w.clock.Elapsed() - before; took < 5*time.Minute-time.Second || took > 5*time.Minute {
			t.Errorf("the deadline came after %v", took)
		}
		return nil
	})
	w.run()
}

// TestRefused: the kernel itself refuses a port at which nobody listens, and the wire
// what has no host, or one that is off.
func TestRefused(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.host("off", "192.0.2.9")
		if err := w.Power("off", false); err != nil {
			t.Fatal(err)
		}
		w.program(w.a, "client", func(ctx context.Context) error {
			for _, x := range []struct {
				to   string
				want error
			}{
				{"192.0.2.2:25", wire.ErrRefused}, {"[2001:db8::2]:25", wire.ErrRefused}, {"192.0.2.2:26", syscall.ECONNREFUSED},
				{"127.0.0.1:25", wire.ErrRefused}, {"203.0.113.1:25", wire.ErrNetworkUnreachable}, {"192.0.2.9:25", wire.ErrHostUnreachable},
			} {
				if _, err := w.dial(ctx, w.a, x.to); !errors.Is(err, x.want) {
					t.Errorf("dial %s: %v, want %v", x.to, err, x.want)
				}
			}
			return nil
		})
		w.run()
		if got := strings.Join(w.steps(trace.Connection), ","); strings.Count(got, "a refused") != 4 || strings.Count(got, "a failed") != 2 {
			t.Errorf("the steps are %s", got)
		}
	})
}

// TestListen: a port has one listener, at the host's own addresses.
func TestListen(t *testing.T) {
	w := newWorld(t, false)
	l := w.listen(w.a, "192.0.2.1:25")
	for _, x := range []struct {
		at   string
		want error
	}{
		{"[::]:25", wire.ErrAddrInUse}, {"0.0.0.0:25", wire.ErrAddrInUse}, {"192.0.2.1:25", wire.ErrAddrInUse},
		{"192.0.2.2:25", wire.ErrAddrNotAvailable}, {"[2001:db8::1]:25", nil},
	} {
		_, err := w.a.Listen(at(x.at))
		if !errors.Is(err, x.want) {
			t.Errorf("listen at %s: %v, want %v", x.at, err, x.want)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	w.listen(w.a, "192.0.2.1:25")
	if a := w.listen(w.a, "192.0.2.1:0").Addr().(*net.TCPAddr); a.Port < firstPort {
		t.Errorf("the port is %d", a.Port)
	}
}

// TestSelf: a host reaches itself by its own address and by the loopback one.
func TestSelf(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.echo(w.a, "[::]:25")
		for _, to := range []string{"192.0.2.1:25", "127.0.0.1:25", "[::1]:25"} {
			w.program(w.a, "client "+to, func(ctx context.Context) error {
				c, err := w.dial(ctx, w.a, to)
				if err != nil {
					return err
				}
				defer c.Close()
				if _, err := c.Write([]byte("me")); err != nil {
					return err
				}
				_, err = io.ReadFull(c, make([]byte, 2))
				return err
			})
		}
		w.run()
	})
}

// TestReset: closing with octets unread, and switching a host off, reset the
// connection, and the trace says so.
func TestReset(t *testing.T) {
	for _, how := range []string{"unread", "off"} {
		t.Run(how, func(t *testing.T) {
			w := newWorld(t, false)
			l := w.listen(w.b, "192.0.2.2:25")
			w.program(w.b, "server", func(ctx context.Context) error {
				c, err := l.Accept()
				if err != nil {
					return err
				}
				if how == "off" {
					_, err := c.Read(make([]byte, 100))
					if err != nil {
						return err
					}
					_, err = c.Read(make([]byte, 100))
					if !errors.Is(err, wire.ErrHostDown) {
						t.Errorf("the server got %v", err)
					}
					return nil
				}
				if _, err := c.Read(make([]byte, 1)); err != nil {
					return err
				}
				return c.Close()
			})
			w.program(w.a, "client", func(ctx context.Context) error {
				c, err := w.dial(ctx, w.a, "192.0.2.2:25")
				if err != nil {
					return err
				}
				defer c.Close()
				if _, err := c.Write([]byte("hello")); err != nil {
					return err
				}
				if how == "off" {
					if err := w.clock.Sleep(ctx, time.Minute); err != nil {
						return err
					}
					if err := w.Power("b", false); err != nil {
						return err
					}
				}
				if _, err := c.Read(make([]byte, 1)); !errors.Is(err, wire.ErrReset) {
					t.Errorf("the client got %v", err)
				}
				return nil
			})
			w.run()
			if got := strings.Join(w.steps(trace.Connection), ","); !strings.Contains(got, "a reset") {
				t.Errorf("the steps are %s", got)
			}
		})
	}
}

// TestPower: a host that was switched on again can be reached at its old ports.
func TestPower(t *testing.T) {
	w := newWorld(t, false)
	w.echo(w.b, "[::]:25")
	first := w.b.Rand("x").Uint64()
	w.program(w.a, "client", func(ctx context.Context) error {
		for _, on := range []bool{false, true} {
			if err := w.Power("b", on); err != nil {
				return err
			}
			if on {
				w.echo(w.b, "[::]:25")
			}
			c, err := w.dial(ctx, w.a, "192.0.2.2:25")
			if !on {
				if !errors.Is(err, wire.ErrHostUnreachable) {
					t.Errorf("switched off: %v", err)
				}
				continue
			}
			if err != nil {
				return err
			}
			if err := c.Close(); err != nil {
				return err
			}
		}
		return nil
	})
	w.run()
	if first == w.b.Rand("x").Uint64() {
		t.Error("a random stream was drawn twice")
	}
}

// TestListenerCloses: a connection that no program has taken is reset with its
// listener.
func TestListenerCloses(t *testing.T) {
	w := newWorld(t, false)
	l := w.listen(w.b, "192.0.2.2:25")
	for i := range 3 {
		w.program(w.a, fmt.Sprint("client ", i), func(ctx context.Context) error {
			c, err := w.dial(ctx, w.a, "192.0.2.2:25")
			if err != nil {
				return nil // it was too late
			}
			defer c.Close()
			if i == 1 {
				if err := l.Close(); err != nil {
					t.Error(err)
				}
			}
			if _, err := c.Read(make([]byte, 1)); !errors.Is(err, wire.ErrReset) {
				t.Errorf("client %d got %v", i, err)
			}
			return nil
		})
	}
	w.run()
}

// TestGivenUp: a dial that nobody waits for any more leaves nothing behind, at
// whatever moment it is given up.
func TestGivenUp(t *testing.T) {
	w := newWorld(t, false)
	w.echo2(w.b, "192.0.2.2:25")
	w.program(w.a, "client", func(ctx context.Context) error {
		for round := range 50 {
			ctx, cancel := w.clock.WithCancel(ctx)
			if round%2 == 0 {
				cancel()
			} else {
				w.a.Clock().AfterFunc(time.Duration(round)*10*time.Microsecond, "impatient", func(context.Context) { cancel() })
			}
			switch c, err := w.dial(ctx, w.a, "192.0.2.2:25"); {
			case err == nil && round%2 != 0: // it was too late
				if err := c.Close(); err != nil {
					return err
				}
			case !errors.Is(err, context.Canceled):
				t.Errorf("round %d: got %v", round, err)
			}
		}
		return nil
	})
	w.run()
	if len(w.a.conns) != 0 || len(w.a.used) != 0 {
		t.Errorf("left are %d connections and %d ports", len(w.a.conns), len(w.a.used))
	}
}

// echo2 is echo for clients that may break off.
func (w *world) echo2(h *Host, s string) {
	wire.Serve(h, w.listen(h, s), "echo", func(_ context.Context, nc net.Conn) {
		defer nc.Close()
		// How it ends is up to the client.
		_, _ = io.Copy(nc, struct{ io.Reader }{nc})
	})
}

// TestMany: many connections at once.
func TestMany(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const many = 500
		w.echo(w.b, "192.0.2.2:25")
		done := 0
		for i := range many {
			w.program(w.a, "client", func(ctx context.Context) error {
				c, err := w.dial(ctx, w.a, "192.0.2.2:25")
				if err != nil {
					return err
				}
				defer c.Close()
				for round := range 3 {
					want := fmt.Sprintf("%d %d", i, round)
					if _, err := io.WriteString(c, want); err != nil {
						return err
					}
					got := make([]byte, len(want))
					if _, err := io.ReadFull(c, got); err != nil {
						return err
					}
					if string(got) != want {
						t.Errorf("got %q, want %q", got, want)
					}
				}
				done++
				return nil
			})
		}
		w.run()
		if done != many {
			t.Errorf("%d of %d are done", done, many)
		}
		if len(w.a.conns) != 0 || len(w.b.conns) != 0 || len(w.a.used) != 0 {
			t.Errorf("left are %d and %d connections, %d ports", len(w.a.conns), len(w.b.conns), len(w.a.used))
		}
	})
}

// TestStranger: a program from outside that finds a port is turned away, and a note
// tells of it.
func TestStranger(t *testing.T) {
	w := newWorld(t, false)
	w.echo(w.b, "192.0.2.2:25")
	pc, err := w.b.ListenPacket(at("192.0.2.2:53"))
	if err != nil {
		t.Fatal(err)
	}
	w.b.Go("server", func(context.Context) {
		if n, _, err := pc.ReadFrom(make([]byte, 100)); err == nil {
			t.Errorf("the program got %d octets of a stranger", n)
		}
	})
	c, err := net.Dial("tcp", w.b.listeners[0].acceptor.at.String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	u, err := net.Dial("udp", w.b.packets[0].sockets[0].kernelAt.String())
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	if _, err := u.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	// The stranger is not under way for the walk, so something else must be waited for.
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	go func() {
		// It ends with the connection, by which error does not matter.
		_, _ = c.Read(make([]byte, 1))
		for ctx.Err() == nil {
			w.Net.report(func() {
				if len(w.steps(trace.Note)) == 2 {
					cancel()
				}
			})
			select {
			case <-ctx.Done():
			case <-time.After(time.Millisecond):
			}
		}
	}()
	if err := w.player.Play(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("notes: %v", w.steps(trace.Note))
	}
}

// TestDatagrams: UDP, of either family, connected and not.
func TestDatagrams(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		pc, err := w.b.ListenPacket(at("[::]:53"))
		if err != nil {
			t.Fatal(err)
		}
		w.b.Go("server", func(context.Context) {
			buf := make([]byte, 100)
			for {
				n, from, err := pc.ReadFrom(buf)
				if err != nil {
					return
				}
				if _, err := pc.WriteTo(bytes.ToUpper(buf[:n]), from); err != nil {
					t.Error(err)
				}
			}
		})
		for _, to := range []string{"192.0.2.2:53", "[2001:db8::2]:53"} {
			w.program(w.a, "client "+to, func(ctx context.Context) error {
				c, err := w.a.Dial(ctx, "udp", netip.AddrPort{}, at(to))
				if err != nil {
					return err
				}
				defer c.Close()
				if _, err := c.Write([]byte("question")); err != nil {
					return err
				}
				buf := make([]byte, 100)
				n, err := c.Read(buf)
				if string(buf[:n]) != "QUESTION" {
					t.Errorf("got %q", buf[:n])
				}
				return err
			})
		}
		w.program(w.a, "refused", func(ctx context.Context) error {
			c, err := w.a.Dial(ctx, "udp", netip.AddrPort{}, at("192.0.2.2:54"))
			if err != nil {
				return err
			}
			defer c.Close()
			if _, err := c.Write([]byte("question")); err != nil {
				return err
			}
			if _, err := c.Read(make([]byte, 1)); !errors.Is(err, wire.ErrRefused) {
				t.Errorf("got %v", err)
			}
			if _, err := c.Write(make([]byte, maxPayload+1)); !errors.Is(err, wire.ErrMessageTooLong) {
				t.Errorf("too long a datagram: %v", err)
			}
			return nil
		})
		w.run()
		got := strings.Join(w.steps(trace.Socket), ",")
		if strings.Count(got, "a wrote") != 2 || strings.Count(got, "b read") != 2 || strings.Count(got, "b wrote") != 2 || strings.Count(got, "a read") != 2 {
			t.Errorf("the steps are %s", got)
		}
	})
}

// TestLostDatagrams: what the kernel throws away is told and does not keep the wire
// busy for ever.
func TestLostDatagrams(t *testing.T) {
	w := newWorld(t, false)
	pc, err := w.b.ListenPacket(at("192.0.2.2:53"))
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	if err := w.b.packets[0].sockets[0].conn.SetReadBuffer(1); err != nil {
		t.Fatal(err)
	}
	const many = 400
	w.program(w.a, "client", func(ctx context.Context) error {
		c, err := w.a.Dial(ctx, "udp", netip.AddrPort{}, at("192.0.2.2:53"))
		if err != nil {
			return err
		}
		defer c.Close()
		for range many {
			if _, err := c.Write(make([]byte, 4000)); err != nil {
				return err
			}
		}
		return nil
	})
	w.run()
	got := strings.Join(w.steps(trace.Socket), ",")
	notes := len(w.steps(trace.Note))
	if wrote, read := strings.Count(got, "a wrote"), strings.Count(got, "b read"); wrote != many || notes == 0 || read+notes != many {
		t.Errorf("of %d datagrams %d were written, %d read and %d lost", many, wrote, read, notes)
	}
}
