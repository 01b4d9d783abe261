package virtual

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
)

// packets lists the packet events of some steps.
func (w *world) packets(steps ...string) (out []string) {
	for e := range w.trace.All() {
		if b, ok := e.Body.(*trace.PacketBody); ok && slices.Contains(steps, e.What) {
			out = append(out, fmt.Sprintf("%s %s>%s %s", e.What, b.From, b.To, b.Head.Flags))
		}
	}
	return out
}

// numbersSeen has b answer nothing and note the first octet of each datagram.
func numbersSeen(t *testing.T, w *world) *[]byte {
	t.Helper()
	pc, err := w.b.ListenPacket(netip.MustParseAddrPort("192.0.2.2:9"))
	if err != nil {
		t.Fatal(err)
	}
	seen := new([]byte)
	w.b.Go("note", func(context.Context) {
		for p := make([]byte, 10); ; {
			if _, _, err := pc.ReadFrom(p); err != nil {
				return
			}
			*seen = append(*seen, p[0])
		}
	})
	return seen
}

// count has a send the numbers from 1 to n, a time apart.
func (w *world) count(t *testing.T, n byte, apart time.Duration) {
	w.a.Go("count", func(ctx context.Context) {
		c, err := w.a.Dial(ctx, "udp", netip.AddrPort{}, netip.MustParseAddrPort("192.0.2.2:9"))
		if err != nil {
			t.Error(err)
			return
		}
		for i := range n {
			if _, err := c.Write([]byte{i + 1}); err != nil {
				t.Error(err)
			}
			if err := w.clock.Sleep(ctx, apart); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestReorder(t *testing.T) {
	for _, x := range []struct {
		name  string
		which []uint64 // frames
		apart time.Duration
		want  []byte
		at    time.Duration // of the last arrival
	}{
		{"none", nil, time.Millisecond, []byte{1, 2, 3, 4, 5, 6}, 15 * time.Millisecond},
		{"the second", []uint64{2}, time.Millisecond, []byte{1, 3, 2, 4, 5, 6}, 15 * time.Millisecond},
		{"far apart", []uint64{2}, 300 * time.Millisecond, []byte{1, 3, 2, 4, 5, 6}, 1510 * time.Millisecond},
		{"two in a row change places", []uint64{2, 3}, time.Millisecond, []byte{1, 3, 2, 4, 5, 6}, 15 * time.Millisecond},
		{"all", []uint64{1, 2, 3, 4, 5, 6}, time.Millisecond, []byte{2, 1, 4, 3, 6, 5}, 15 * time.Millisecond},
		{"the last waits a second", []uint64{6}, time.Millisecond, []byte{1, 2, 3, 4, 5, 6}, 1015 * time.Millisecond},
		{"nobody comes in time", []uint64{2}, 1500 * time.Millisecond, []byte{1, 2, 3, 4, 5, 6}, 7510 * time.Millisecond},
	} {
		t.Run(x.name, func(t *testing.T) {
			w := pairOn(t, 1, LinkConfig{Latency: 10 * time.Millisecond})
			w.OnSend(func(sent *trace.Event) Action {
				return Action{Reorder: slices.Contains(x.which, sent.Body.(*trace.PacketBody).Frame), Why: "test"}
			})
			seen := numbersSeen(t, w)
			w.count(t, 6, x.apart)
			w.run(t)
			if string(*seen) != string(x.want) {
				t.Errorf("arrived: %v, want %v", *seen, x.want)
			}
			var last time.Duration
			for e := range w.trace.All() {
				if e.What == trace.Delivered {
					last = e.At
				}
			}
			if last != x.at {
				t.Errorf("the last came at %v, want %v", last, x.at)
			}
		})
	}
}

// TestReorderTwoWays: what goes the other way lets nothing by.
func TestReorderTwoWays(t *testing.T) {
	w := newWorld(t, 1, nil)
	echo(t, w.b, "198.51.100.10:25")
	reordered := 0
	w.OnSend(func(sent *trace.Event) Action {
		b := sent.Body.(*trace.PacketBody)
		if sent.Host == "a" && b.Head.Len > 0 && reordered == 0 {
			reordered++
			return Action{Reorder: true, Why: "test"}
		}
		return Action{}
	})
	err := errors.New("did not end")
	w.a.Go("talk", func(ctx context.Context) { err = talk(ctx, w.a, "198.51.100.10:25", "HELLO", "WORLD") })
	w.run(t)
	if err != nil || reordered != 1 {
		t.Errorf("%v, %d reordered", err, reordered)
	}
	// The line's segment waits until its retransmission passes it.
	if got := w.packets(trace.Reordered); len(got) != 1 {
		t.Errorf("reordered: %q", got)
	}
	if w.clock.Elapsed() < 200*time.Millisecond {
		t.Errorf("ended after %v", w.clock.Elapsed())
	}
}

// resetWorld has a send lines to b until an error, and returns both ends' errors.
func resetWorld(t *testing.T, dst string, lines int, hit func(sent *trace.Event) bool) (w *world, client, server error) {
	t.Helper()
	w = newWorld(t, 1, nil)
	done := false
	w.OnSend(func(sent *trace.Event) Action {
		if done || !hit(sent) {
			return Action{}
		}
		done = true
		return Action{Reset: true, Why: "test"}
	})
	client, server = errors.New("did not end"), errors.New("not connected")
	at := netip.MustParseAddrPort(dst)
	l, err := w.b.Listen(netip.AddrPortFrom(netip.IPv6Unspecified(), at.Port()))
	if err != nil {
		t.Fatal(err)
	}
	w.b.Go("serve", func(context.Context) {
		c, err := l.Accept()
		if err != nil {
			return
		}
		r := bufio.NewReader(c)
		for {
			line, err := r.ReadString('\n')
			if err == nil {
				_, err = c.Write([]byte(line))
			}
			if server = err; err != nil {
				return
			}
		}
	})
	who := w.a
	if at.Addr().IsLoopback() {
		who = w.b
	}
	who.Go("talk", func(ctx context.Context) {
		client = talk(ctx, who, dst, slices.Repeat([]string{"HELLO"}, lines)...)
	})
	w.run(t)
	return w, client, server
}

// TestReset: both ends hear that their connection is over, in each direction, on
// each link and with each version of IP; what is forged has right checksums and is
// marked as what it is.
func TestReset(t *testing.T) {
	const v4, v6, self = "198.51.100.10:25", "[2001:db8:b::10]:25", "127.0.0.1:25"
	none := errors.New("not connected")
	for _, x := range []struct {
		name           string
		dst            string
		hit            func(e *trace.Event, b *trace.PacketBody) bool
		client, server error
		forged         []string
	}{
		{"data, where it is sent", v4, func(e *trace.Event, b *trace.PacketBody) bool { return e.Host == "a" && b.Head.Len > 0 },
			wire.ErrReset, wire.ErrReset, []string{"a/eth0>r/eth0 RA", "r/eth0>a/eth0 R"}},
		{"data, farther on", v4, func(e *trace.Event, b *trace.PacketBody) bool { return e.Host == "r" && b.Head.Len > 0 },
			wire.ErrReset, wire.ErrReset, []string{"r/eth1>b/eth0 RA", "b/eth0>r/eth1 R"}},
		{"an answer", v6, func(e *trace.Event, b *trace.PacketBody) bool { return e.Host == "b" && b.Head.Len > 0 },
			wire.ErrReset, wire.ErrReset, []string{"b/eth0>r/eth1 RA", "r/eth1>b/eth0 R"}},
		{"SYN", v4, func(e *trace.Event, b *trace.PacketBody) bool { return b.Head.Flags == "S" },
			wire.ErrRefused, none, []string{"r/eth0>a/eth0 RA"}},
		{"SYN-ACK", v6, func(e *trace.Event, b *trace.PacketBody) bool { return b.Head.Flags == "SA" },
			wire.ErrRefused, none, []string{"b/eth0>r/eth1 RA", "r/eth1>b/eth0 R"}},
		{"loopback", self, func(e *trace.Event, b *trace.PacketBody) bool { return b.Head.Len > 0 },
			wire.ErrReset, wire.ErrReset, []string{"b/lo>b/lo RA", "b/lo>b/lo R"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			w, client, server := resetWorld(t, x.dst, 5, func(e *trace.Event) bool { return x.hit(e, e.Body.(*trace.PacketBody)) })
			if !errors.Is(client, x.client) {
				t.Errorf("the client got %v", client)
			}
			if server.Error() != x.server.Error() && !errors.Is(server, x.server) {
				t.Errorf("the server got %v", server)
			}
			var forged []string
			hit := uint64(0)
			for e := range w.trace.All() {
				b, ok := e.Body.(*trace.PacketBody)
				switch {
				case !ok:
					continue
				case e.What == trace.Dropped:
					hit = b.Frame
				case e.What == trace.Sent && b.Why != "":
					forged = append(forged, b.From+">"+b.To+" "+b.Head.Flags)
					if len(e.Causes) == 0 || b.Why != "test" {
						t.Errorf("event %d: causes %v, why %q", e.Seq, e.Causes, b.Why)
					}
				}
				checkSums(t, e)
			}
			if hit == 0 {
				t.Error("the segment was not dropped")
			}
			if fmt.Sprint(forged) != fmt.Sprint(x.forged) {
				t.Errorf("forged: %q, want %q", forged, x.forged)
			}
		})
	}
}

// checkSums checks all checksums of a frame.
func checkSums(t *testing.T, e *trace.Event) {
	t.Helper()
	for _, l := range trace.Decode(e.Body.(*trace.PacketBody).Data) {
		for _, f := range l.Fields {
			if f.Check == trace.Invalid {
				t.Errorf("event %d: %s: %s: %s", e.Seq, l.Name, f.Name, f.Note)
			}
		}
	}
}

// TestResetPasses: what is no TCP segment arrives.
func TestResetPasses(t *testing.T) {
	w := pairOn(t, 1, LinkConfig{})
	w.OnSend(func(*trace.Event) Action { return Action{Reset: true, Why: "test"} })
	seen := numbersSeen(t, w)
	w.count(t, 3, time.Millisecond)
	w.run(t)
	if string(*seen) != "\x01\x02\x03" || len(w.packets(trace.Dropped)) != 0 {
		t.Errorf("arrived: %v", *seen)
	}
}

// TestByHand: a frame under way is let behind the next one, or its connection reset.
func TestByHand(t *testing.T) {
	segment := func(w *world) uint64 {
		for w.clock.Step() {
			for _, f := range w.Flying() {
				for e := range w.trace.All() {
					if b, ok := e.Body.(*trace.PacketBody); ok && b.Frame == f.Frame && b.Head.Len > 0 && !f.Held {
						return f.Frame
					}
				}
			}
		}
		t.Fatal("no segment")
		return 0
	}
	start := func(t *testing.T) (w *world, client *error, ended *time.Duration) {
		w = newWorld(t, 1, nil)
		l, err := w.b.Listen(netip.MustParseAddrPort("198.51.100.10:25"))
		if err != nil {
			t.Fatal(err)
		}
		w.b.Go("serve", func(context.Context) {
			c, err := l.Accept()
			if err != nil {
				return
			}
			for p := make([]byte, 100); ; {
				n, err := c.Read(p)
				if err == nil {
					_, err = c.Write(p[:n])
				}
				if err != nil {
					return
				}
			}
		})
		client, ended = new(errors.New("did not end")), new(time.Duration)
		w.a.Go("talk", func(ctx context.Context) {
			*client = talk(ctx, w.a, "198.51.100.10:25", "HELLO")
			*ended = w.clock.Elapsed()
		})
		return w, client, ended
	}
	t.Run("reorder", func(t *testing.T) {
		w, client, _ := start(t)
		if err := w.Net.Reorder(segment(w), "by hand"); err != nil {
			t.Fatal(err)
		}
		w.run(t)
		if *client != nil || len(w.packets(trace.Reordered)) != 1 {
			t.Errorf("%v, %q", *client, w.packets(trace.Reordered))
		}
	})
	t.Run("reorder what is held", func(t *testing.T) {
		w, client, ended := start(t)
		f := segment(w)
		for _, do := range []func() error{
			func() error { return w.Hold(f) }, func() error { return w.Net.Reorder(f, "by hand") },
			func() error { return w.Hold(f) }, func() error { return w.Release(f) },
		} {
			if err := do(); err != nil {
				t.Fatal(err)
			}
		}
		w.run(t)
		if *client != nil || *ended > 100*time.Millisecond {
			t.Errorf("%v after %v", *client, *ended)
		}
	})
	t.Run("reset", func(t *testing.T) {
		w, client, _ := start(t)
		if err := w.Reset(segment(w), "by hand"); err != nil {
			t.Fatal(err)
		}
		w.run(t)
		if !errors.Is(*client, wire.ErrReset) || len(w.packets(trace.Dropped)) != 1 {
			t.Errorf("the client got %v; dropped %q", *client, w.packets(trace.Dropped))
		}
	})
	t.Run("not under way", func(t *testing.T) {
		w, _, _ := start(t)
		if w.Net.Reorder(99, "") == nil || w.Reset(99, "") == nil {
			t.Error("there is no such frame, and no error")
		}
	})
	t.Run("no TCP segment", func(t *testing.T) {
		w := pairOn(t, 1, LinkConfig{Latency: time.Second})
		w.count(t, 1, time.Millisecond)
		for len(w.Flying()) == 0 && w.clock.Step() {
		}
		err := w.Reset(w.Flying()[0].Frame, "by hand")
		if err == nil || !strings.Contains(err.Error(), "no TCP segment") || len(w.Flying()) != 1 {
			t.Errorf("got %v; under way: %v", err, w.Flying())
		}
		w.run(t)
	})
}
