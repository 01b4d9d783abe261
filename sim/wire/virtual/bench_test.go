package virtual

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"mailwalk/sim/clock"
	"mailwalk/sim/trace"
)

const (
	// bulkSize is what one transfer of BenchmarkBulk carries, in octets.
	bulkSize = 16 << 20
	// lineSize is the size of a command and of its reply in BenchmarkRoundTrip.
	lineSize = 64
)

var (
	fromEverywhere = netip.MustParseAddrPort("[::]:25")
	serverAddr     = netip.MustParseAddrPort("198.51.100.10:25")
)

// dialogue is what a client and a server do with one connection. Either returns
// when it has no more to say or to hear.
type dialogue struct {
	client, server func(net.Conn) error
}

// bulk has the client send so many octets, and the server say when it has them
// all.
func bulk(octets int) dialogue {
	return dialogue{
		client: func(c net.Conn) error {
			p := make([]byte, 64<<10)
			for sent := 0; sent < octets; {
				n, err := c.Write(p[:min(len(p), octets-sent)])
				if err != nil {
					return err
				}
				sent += n
			}
			_, err := io.ReadFull(c, p[:1])
			return err
		},
		server: func(c net.Conn) error {
			p := make([]byte, 64<<10)
			for got := 0; got < octets; {
				n, err := c.Read(p)
				if err != nil {
					return err
				}
				got += n
			}
			_, err := c.Write(p[:1])
			return err
		},
	}
}

// roundTrips has the client say a line so many times, and wait for the server's
// line each time.
func roundTrips(times int) dialogue {
	return dialogue{
		client: func(c net.Conn) error {
			p := make([]byte, lineSize)
			for range times {
				if _, err := c.Write(p); err != nil {
					return err
				}
				if _, err := io.ReadFull(c, p); err != nil {
					return err
				}
			}
			return nil
		},
		server: func(c net.Conn) error {
			p := make([]byte, lineSize)
			for range times {
				if _, err := io.ReadFull(c, p); err != nil {
					return err
				}
				if _, err := c.Write(p); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// hold runs a dialogue between a client on h and a server on w.b, to the end of
// all that follows from it.
func (w *world) hold(b testing.TB, h *Host, d dialogue) {
	b.Helper()
	unfinished := errors.New("did not end")
	atServer, atClient := unfinished, unfinished
	l, err := w.b.Listen(fromEverywhere)
	if err != nil {
		b.Fatal(err)
	}
	w.b.Go("server", func(context.Context) {
		c, err := l.Accept()
		if err != nil {
			atServer = err
			return
		}
		atServer = errors.Join(d.server(c), c.Close())
	})
	h.Go("client", func(ctx context.Context) {
		c, err := h.Dial(ctx, "tcp", netip.AddrPort{}, serverAddr)
		if err != nil {
			atClient = err
			return
		}
		atClient = errors.Join(d.client(c), c.Close())
	})
	for w.clock.Step() {
	}
	if err := errors.Join(atServer, atClient); err != nil {
		b.Fatal(err)
	}
}

// holdOnKernel runs a dialogue over the machine's own loopback interface.
func holdOnKernel(b *testing.B, d dialogue) {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	atServer := make(chan error, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			atServer <- err
			return
		}
		atServer <- errors.Join(d.server(c), c.Close())
	}()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	if err := errors.Join(d.client(c), c.Close(), <-atServer); err != nil {
		b.Fatal(err)
	}
}

// frames is how many frames were put on the links.
func (w *world) frames() (n int) {
	for e := range w.trace.All() {
		if e.Kind == trace.Packet && e.What == trace.Sent {
			n++
		}
	}
	return n
}

// heapLive is how much memory is in use, in octets.
func heapLive() int64 {
	var m runtime.MemStats
	// What has a finalizer goes with the second collection.
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkBulk is one TCP transfer of 16 MiB, with each frame in the trace: on
// one link, across a router, and beside them on the machine's own loopback
// interface. B/frame is the memory that the world and its trace keep afterwards.
func BenchmarkBulk(b *testing.B) {
	for _, x := range []struct {
		name string
		from func(*world) *Host
	}{
		{"link", func(w *world) *Host { return w.c }},
		{"router", func(w *world) *Host { return w.a }},
	} {
		b.Run("virtual/"+x.name, func(b *testing.B) {
			b.SetBytes(bulkSize)
			b.ReportAllocs()
			var kept, frames int64
			for b.Loop() {
				b.StopTimer()
				before := heapLive()
				w := buildWorld(b, 1, nil)
				b.StartTimer()
				w.hold(b, x.from(w), bulk(bulkSize))
				b.StopTimer()
				kept += heapLive() - before
				frames += int64(w.frames())
				w.close(b)
				b.StartTimer()
			}
			b.ReportMetric(float64(frames)/float64(b.N), "frames/op")
			b.ReportMetric(float64(kept)/float64(frames), "B/frame")
		})
	}
	b.Run("kernel", func(b *testing.B) {
		b.SetBytes(bulkSize)
		for b.Loop() {
			holdOnKernel(b, bulk(bulkSize))
		}
	})
}

// BenchmarkRoundTrip is a command of 64 octets and its reply, on a connection
// that is open already.
func BenchmarkRoundTrip(b *testing.B) {
	b.Run("virtual/link", func(b *testing.B) {
		w := newWorld(b, 1, nil)
		b.ReportAllocs()
		b.ResetTimer()
		w.hold(b, w.c, roundTrips(b.N))
	})
	b.Run("virtual/router", func(b *testing.B) {
		w := newWorld(b, 1, nil)
		b.ReportAllocs()
		b.ResetTimer()
		w.hold(b, w.a, roundTrips(b.N))
	})
	b.Run("kernel", func(b *testing.B) {
		b.ReportAllocs()
		holdOnKernel(b, roundTrips(b.N))
	})
}

// BenchmarkHosts builds a hundred hosts on one link and says what they keep.
func BenchmarkHosts(b *testing.B) {
	for _, hosts := range []int{100} {
		b.Run(fmt.Sprint(hosts), func(b *testing.B) {
			var kept, goroutines int64
			for b.Loop() {
				b.StopTimer()
				before, running := heapLive(), runtime.NumGoroutine()
				b.StartTimer()
				clk, net := hostsOnOneLink(b, hosts)
				b.StopTimer()
				kept += heapLive() - before
				goroutines += int64(runtime.NumGoroutine() - running)
				clk.Close()
				if err := net.Close(); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
			all := float64(b.N * hosts)
			b.ReportMetric(float64(kept)/all, "B/host")
			b.ReportMetric(float64(goroutines)/all, "goroutines/host")
		})
	}
}

func hostsOnOneLink(b *testing.B, hosts int) (*clock.Clock, *Net) {
	b.Helper()
	rec := trace.NewRecorder(trace.New(trace.Header{}))
	clk := clock.New(epoch, rec.Root())
	rec.Attach(clk)
	n := New(Config{Clock: clk, Recorder: rec})
	link := n.AddLink("link", LinkConfig{Latency: time.Millisecond})
	for i := range hosts {
		a := netip.AddrFrom4([4]byte{192, 0, 2, byte(i + 1)})
		if _, err := n.AddHost(fmt.Sprint("h", i), []Iface{{link, []netip.Prefix{netip.PrefixFrom(a, 24)}}}); err != nil {
			b.Fatal(err)
		}
	}
	if err := n.Ready(); err != nil {
		b.Fatal(err)
	}
	return clk, n
}

// BenchmarkConnections opens connections and keeps them open. B/conn is what both
// ends of one keep, with the tasks that wait at them and the events of its opening.
func BenchmarkConnections(b *testing.B) {
	w := newWorld(b, 1, nil)
	l, err := w.b.Listen(fromEverywhere)
	if err != nil {
		b.Fatal(err)
	}
	open := 0
	wait := func(c net.Conn) error {
		open++
		_, err := c.Read(make([]byte, 1))
		return err
	}
	w.b.Go("server", func(context.Context) {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			w.b.Go("session", func(context.Context) { _ = wait(c) }) // until the world is closed
		}
	})
	for w.clock.Step() {
	}
	before := heapLive()
	for b.Loop() {
		failed := errors.New("did not open")
		w.c.Go("client", func(ctx context.Context) {
			var c net.Conn
			if c, failed = w.c.Dial(ctx, "tcp", netip.AddrPort{}, serverAddr); failed == nil {
				_ = wait(c) // until the world is closed
			}
		})
		for w.clock.Step() {
		}
		if failed != nil {
			b.Fatal(failed)
		}
	}
	b.StopTimer()
	kept := heapLive() - before
	if open != 2*b.N {
		b.Fatalf("%d ends are open, not %d", open, 2*b.N)
	}
	b.ReportMetric(float64(kept)/float64(b.N), "B/conn")
	b.ReportMetric(float64(w.trace.Len())/float64(b.N), "events/conn")
}
