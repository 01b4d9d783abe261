package virtual

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"mailwalk/sim/clock"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
)

// chain is a, routers r1 and r2, and b, on three links in a row with both versions
// of IP.
func chain(t *testing.T, change func(*Config), links [3]LinkConfig) *world {
	t.Helper()
	tr := trace.New(trace.Header{Seed: 1})
	rec := trace.NewRecorder(tr)
	clk := clock.New(epoch, rec.Root())
	rec.Attach(clk)
	cfg := Config{Clock: clk, Recorder: rec, Seed: 1}
	if change != nil {
		change(&cfg)
	}
	w := &world{Net: New(cfg), clock: clk, trace: tr}
	l := [3]*Link{}
	for i, cfg := range links {
		l[i] = w.AddLink(fmt.Sprint("link", i), cfg)
	}
	on := func(link, host int) Iface {
		return Iface{l[link], []netip.Prefix{
			netip.MustParsePrefix(fmt.Sprintf("192.0.2.%d/26", link*64+host)),
			netip.MustParsePrefix(fmt.Sprintf("2001:db8:%d::%d/64", link, host)),
		}}
	}
	via := func(link, host int) []Route {
		return []Route{
			{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParseAddr(fmt.Sprintf("192.0.2.%d", link*64+host))},
			{netip.MustParsePrefix("::/0"), netip.MustParseAddr(fmt.Sprintf("2001:db8:%d::%d", link, host))},
		}
	}
	check := func(h *Host, err error) *Host {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	// Each router sends what it does not know to the other.
	check(w.AddRouter("r1", []Iface{on(0, 1), on(1, 1)}, via(1, 2)...))
	check(w.AddRouter("r2", []Iface{on(1, 2), on(2, 1)}, via(1, 1)...))
	w.a = check(w.AddHost("a", []Iface{on(0, 10)}, via(0, 1)...))
	w.b = check(w.AddHost("b", []Iface{on(2, 10)}, via(2, 1)...))
	if err := w.Ready(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.close(t) })
	return w
}

// TestPathMTU: a large transfer over a narrow link in the middle of the way arrives
// whole; the router tells the sender the link's MTU, and no larger packet follows.
func TestPathMTU(t *testing.T) {
	for _, x := range []struct {
		name, dst, proto string
		mtu              uint32
	}{
		{"IPv4", "192.0.2.138:25", "ICMP", 600},
		{"IPv6", "[2001:db8:2::10]:25", "ICMPv6", 1280},
		{"IPv6, a wider one", "[2001:db8:2::10]:25", "ICMPv6", 1400},
	} {
		t.Run(x.name, func(t *testing.T) {
			wide := LinkConfig{Latency: time.Millisecond}
			w := chain(t, nil, [3]LinkConfig{wide, {Latency: time.Millisecond, MTU: x.mtu}, wide})
			content := bytes.Repeat([]byte("0123456789"), 20_000)
			got := receive(t, w.b, "[::]:25")
			w.a.Go("send", func(ctx context.Context) {
				c, err := w.a.Dial(ctx, "tcp", netip.AddrPort{}, netip.MustParseAddrPort(x.dst))
				if err != nil {
					t.Error(err)
					return
				}
				defer c.Close()
				if _, err := c.Write(content); err != nil {
					t.Error(err)
				}
			})
			w.run(t)
			if !bytes.Equal(*got, content) {
				t.Errorf("%d octets arrived of %d", len(*got), len(content))
			}
			told, late := 0, 0
			for e := range w.trace.All() {
				b, ok := e.Body.(*trace.PacketBody)
				if !ok {
					continue
				}
				checkSums(t, e)
				if b.Head.Proto == x.proto && e.What == trace.Delivered && e.Host == "a" {
					told++
					if b.Head.MTU != x.mtu {
						t.Errorf("event %d: told an MTU of %d", e.Seq, b.Head.MTU)
					}
				}
				if told > 0 && e.What == trace.Sent && e.Host == "a" && uint32(len(b.Data)-14) > x.mtu {
					late++
				}
				if b.Link == "link1" && uint32(len(b.Data)-14) > x.mtu {
					t.Errorf("event %d: too big for the link", e.Seq)
				}
			}
			if told == 0 || late > 0 {
				t.Errorf("told %d times; %d too big since", told, late)
			}
		})
	}
}

// receive keeps what the one connection to a port brings.
func receive(t *testing.T, h *Host, at string) *[]byte {
	t.Helper()
	l, err := h.Listen(netip.MustParseAddrPort(at))
	if err != nil {
		t.Fatal(err)
	}
	got := new([]byte)
	h.Go("receive", func(context.Context) {
		c, err := l.Accept()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		if *got, err = io.ReadAll(c); err != nil {
			t.Error(err)
		}
	})
	return got
}

// seen lists the ARP and ICMP packets that a host makes in the first seconds, before
// it makes sure that its neighbours are still there: protocol, type, code and time.
func (w *world) seen(host string, protos ...string) (out []string) {
	for e := range w.trace.All() {
		b, ok := e.Body.(*trace.PacketBody)
		if ok && e.What == trace.Sent && e.Host == host && e.At < 4*time.Second && slices.Contains(protos, b.Head.Proto) && b.Head.TTL != 63 {
			out = append(out, fmt.Sprintf("%s %d/%d %v", b.Head.Proto, b.Head.Type, b.Head.Code, e.At.Round(time.Millisecond)))
		}
	}
	return out
}

// TestNeighbours: with ARP shown, each host asks before it sends for the first time
// on a link, and a neighbour that is not there is no route to host after three
// questions, a second apart.
func TestNeighbours(t *testing.T) {
	const solicitation, advertisement = "ICMPv6 135/0", "ICMPv6 136/0"
	for _, x := range []struct {
		name, dst string
		off       bool
		want      error
		took      time.Duration
		asks      map[string][]string
	}{
		{"IPv4", "192.0.2.138:26", false, wire.ErrRefused, 12 * time.Millisecond, map[string][]string{
			"a":  {"ARP 1/0 0s"},
			"r1": {"ARP 2/0 1ms", "ARP 1/0 3ms"},
			"b":  {"ARP 2/0 7ms"},
		}},
		{"IPv6", "[2001:db8:2::10]:26", false, wire.ErrRefused, 12 * time.Millisecond, map[string][]string{
			"a": {solicitation + " 0s"}, "r1": {advertisement + " 1ms", solicitation + " 3ms"}, "b": {advertisement + " 7ms"},
		}},
		{"nobody there, IPv4", "192.0.2.20:25", false, wire.ErrHostUnreachable, 3 * time.Second, map[string][]string{
			"a": {"ARP 1/0 0s", "ARP 1/0 1s", "ARP 1/0 2s"},
		}},
		{"nobody there, IPv6", "[2001:db8:0::20]:25", false, wire.ErrHostUnreachable, 3 * time.Second, map[string][]string{
			"a": {solicitation + " 0s", solicitation + " 1s", solicitation + " 2s"},
		}},
		{"switched off, IPv4", "192.0.2.138:25", true, wire.ErrHostUnreachable, 3008 * time.Millisecond, map[string][]string{
			"r2": {"ARP 2/0 4ms", "ARP 1/0 6ms", "ARP 1/0 1.006s", "ARP 1/0 2.006s", "ICMP 3/1 3.006s", "ICMP 3/1 3.006s", "ICMP 3/1 3.006s"},
		}},
		{"switched off, IPv6", "[2001:db8:2::10]:25", true, wire.ErrHostUnreachable, 3008 * time.Millisecond, map[string][]string{
			"r2": {advertisement + " 4ms", solicitation + " 6ms", solicitation + " 1.006s", solicitation + " 2.006s", "ICMPv6 1/3 3.006s", "ICMPv6 1/3 3.006s", "ICMPv6 1/3 3.006s"},
		}},
	} {
		t.Run(x.name, func(t *testing.T) {
			link := LinkConfig{Latency: time.Millisecond}
			w := chain(t, func(c *Config) { c.ShowARP = true }, [3]LinkConfig{link, link, link})
			if x.off {
				if err := w.Power("b", false); err != nil {
					t.Fatal(err)
				}
			}
			err, took := w.dial(x.dst)
			w.run(t)
			if !errors.Is(*err, x.want) {
				t.Errorf("got %v, want %v", *err, x.want)
			}
			if slack := *took - x.took; slack < 0 || slack > 10*time.Millisecond {
				t.Errorf("took %v, want %v", *took, x.took)
			}
			for host, want := range x.asks {
				if got := w.seen(host, "ARP", "ICMP", "ICMPv6"); fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%s sent %q, want %q", host, got, want)
				}
			}
		})
	}
}

// dial has a open a connection and close it again, and tells how that went.
func (w *world) dial(dst string) (result *error, took *time.Duration) {
	result, took = new(errors.New("did not end")), new(time.Duration)
	w.a.Go("dial", func(ctx context.Context) {
		c, err := w.a.Dial(ctx, "tcp", netip.AddrPort{}, netip.MustParseAddrPort(dst))
		if err == nil {
			err = c.Close()
		}
		*result, *took = err, w.clock.Elapsed()
	})
	return result, took
}

// TestTTL: each router takes one off; who sends a packet round in a circle hears of
// it when nothing is left.
func TestTTL(t *testing.T) {
	for _, x := range []struct {
		name, dst, nowhere, exceeded string
	}{
		{"IPv4", "192.0.2.138:26", "198.51.100.1:9", "ICMP 11/0"},
		{"IPv6", "[2001:db8:2::10]:26", "[2001:db8:9::1]:9", "ICMPv6 3/0"},
	} {
		t.Run(x.name, func(t *testing.T) {
			w := chain(t, nil, [3]LinkConfig{})
			if _, err := w.a.Dial(t.Context(), "tcp", netip.AddrPort{}, netip.AddrPort{}); err == nil {
				t.Error("there is no such address, and no error")
			}
			w.dial(x.dst)
			w.run(t)
			if got := w.ttls("S"); fmt.Sprint(got) != "[64 63 62]" {
				t.Errorf("there: %v", got)
			}
			if got := w.ttls("RA"); fmt.Sprint(got) != "[64 63 62]" {
				t.Errorf("back: %v", got)
			}

			w = chain(t, nil, [3]LinkConfig{})
			w.a.Go("send", func(ctx context.Context) {
				c, err := w.a.Dial(ctx, "udp", netip.AddrPort{}, netip.MustParseAddrPort(x.nowhere))
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := c.Write([]byte("anyone?")); err != nil {
					t.Error(err)
				}
			})
			w.run(t)
			if got := w.ttls(""); len(got) != 64 || got[0] != 64 || got[63] != 1 {
				t.Errorf("round and round: %v", got)
			}
			// 64 hops: r1 has every other, and the last.
			if got := append(w.seen("r1", "ICMP", "ICMPv6"), w.seen("r2", "ICMP", "ICMPv6")...); len(got) != 1 || !strings.HasPrefix(got[0], x.exceeded) {
				t.Errorf("sent %q", got)
			}
		})
	}
}

// ttls are those of the TCP segments with the flags, or of the UDP datagrams, in the
// order in which they are sent.
func (w *world) ttls(flags string) (out []uint8) {
	for e := range w.trace.All() {
		b, ok := e.Body.(*trace.PacketBody)
		if ok && e.What == trace.Sent && b.Head.Flags == flags && (b.Head.Proto == "TCP" || flags == "" && b.Head.Proto == "UDP") {
			out = append(out, b.Head.TTL)
		}
	}
	return out
}

// TestPortUnreachable: a datagram to a port at which nobody listens comes back as an
// error, over routers and by both versions of IP.
func TestPortUnreachable(t *testing.T) {
	for _, x := range []struct{ name, dst, want string }{
		{"IPv4", "192.0.2.138:9", "ICMP 3/3 0s"},
		{"IPv6", "[2001:db8:2::10]:9", "ICMPv6 1/4 0s"},
	} {
		t.Run(x.name, func(t *testing.T) {
			w := chain(t, nil, [3]LinkConfig{})
			err := errors.New("did not end")
			w.a.Go("ask", func(ctx context.Context) {
				c, dialled := w.a.Dial(ctx, "udp", netip.AddrPort{}, netip.MustParseAddrPort(x.dst))
				if dialled != nil {
					t.Error(dialled)
					return
				}
				if _, err := c.Write([]byte("who?")); err != nil {
					t.Error(err)
				}
				_, err = c.Read(make([]byte, 10))
			})
			w.run(t)
			if !errors.Is(err, wire.ErrRefused) {
				t.Errorf("got %v", err)
			}
			if got := w.seen("b", "ICMP", "ICMPv6"); len(got) != 1 || got[0] != x.want {
				t.Errorf("b sent %q", got)
			}
		})
	}
}

// TestBlackHole: where nothing comes back, a SYN is sent seven times, after waits
// that double from one second, and the dialler learns after 127 seconds.
func TestBlackHole(t *testing.T) {
	for _, x := range []struct{ name, dst string }{
		{"IPv4", "192.0.2.138:25"},
		{"IPv6", "[2001:db8:2::10]:25"},
	} {
		t.Run(x.name, func(t *testing.T) {
			w := chain(t, nil, [3]LinkConfig{})
			w.OnSend(func(sent *trace.Event) Action {
				return Action{Drop: sent.Body.(*trace.PacketBody).Link == "link1", Why: "a black hole"}
			})
			err, took := w.dial(x.dst)
			w.run(t)
			if !errors.Is(*err, wire.ErrTimedOut) || *took != 127*time.Second {
				t.Errorf("got %v after %v", *err, *took)
			}
			var at []time.Duration
			for e := range w.trace.All() {
				if b, ok := e.Body.(*trace.PacketBody); ok && e.What == trace.Sent && e.Host == "a" && b.Head.Flags == "S" {
					at = append(at, e.At)
				}
			}
			if fmt.Sprint(at) != "[0s 1s 3s 7s 15s 31s 1m3s]" {
				t.Errorf("SYNs at %v", at)
			}
		})
	}
}
