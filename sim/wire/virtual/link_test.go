package virtual

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"mailwalk/sim/clock"
	"mailwalk/sim/trace"
)

// pairOn is two hosts on one link, of which a sends datagrams to b.
func pairOn(t *testing.T, seed uint64, cfg LinkConfig) *world {
	t.Helper()
	tr := trace.New(trace.Header{Seed: seed})
	rec := trace.NewRecorder(tr)
	clk := clock.New(epoch, rec.Root())
	rec.Attach(clk)
	w := &world{Net: New(Config{Clock: clk, Recorder: rec, Seed: seed}), clock: clk, trace: tr}
	link := w.AddLink("line", cfg)
	for i, h := range []**Host{&w.a, &w.b} {
		at := netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(i + 1)}), 24)
		made, err := w.AddHost(string(rune('a'+i)), []Iface{{link, []netip.Prefix{at}}})
		if err != nil {
			t.Fatal(err)
		}
		*h = made
	}
	if err := w.Ready(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.close(t) })
	return w
}

// shower has a send so many datagrams of 1,000 octets, a time apart, and returns in
// which order they arrive and how long each was under way.
func (w *world) shower(t *testing.T, count int, apart time.Duration) (order []uint64, took map[uint64]time.Duration) {
	t.Helper()
	pc, err := w.b.ListenPacket(netip.MustParseAddrPort("192.0.2.2:9"))
	if err != nil {
		t.Fatal(err)
	}
	w.b.Go("discard", func(context.Context) {
		for p := make([]byte, 2000); ; {
			if _, _, err := pc.ReadFrom(p); err != nil {
				return
			}
		}
	})
	w.a.Go("shower", func(ctx context.Context) {
		c, err := w.a.Dial(ctx, "udp", netip.AddrPort{}, netip.MustParseAddrPort("192.0.2.2:9"))
		if err != nil {
			t.Error(err)
			return
		}
		for range count {
			if _, err := c.Write(make([]byte, 1000)); err != nil {
				t.Error(err)
			}
			if apart > 0 {
				if err := w.clock.Sleep(ctx, apart); err != nil {
					t.Error(err)
				}
			}
		}
	})
	w.run(t)
	sent, took := map[uint64]time.Duration{}, map[uint64]time.Duration{}
	for e := range w.trace.All() {
		b, ok := e.Body.(*trace.PacketBody)
		switch {
		case !ok:
		case e.What == trace.Sent:
			sent[b.Frame] = e.At
		case e.What == trace.Delivered:
			order = append(order, b.Frame)
			took[b.Frame] = e.At - sent[b.Frame]
		}
	}
	return order, took
}

func inOrder(order []uint64) bool {
	for i := 1; i < len(order); i++ {
		if order[i] < order[i-1] {
			return false
		}
	}
	return true
}

// TestJitter: latencies lie within the bounds and use them; frames keep their order
// unless they may overtake; the seed says it all.
func TestJitter(t *testing.T) {
	const n = 400
	cfg := LinkConfig{Latency: 10 * time.Millisecond, Jitter: 4 * time.Millisecond}
	for _, x := range []struct {
		name    string
		reorder bool
		apart   time.Duration
		ordered bool
	}{
		{"one at a time", true, 20 * time.Millisecond, true},
		{"close together", true, time.Millisecond, false},
		{"close together, on a link that keeps the order", false, time.Millisecond, true},
	} {
		t.Run(x.name, func(t *testing.T) {
			cfg.Reorder = x.reorder
			order, took := pairOn(t, 1, cfg).shower(t, n, x.apart)
			if len(order) != n {
				t.Fatalf("%d of %d arrived", len(order), n)
			}
			if inOrder(order) != x.ordered {
				t.Errorf("in order: %v", !x.ordered)
			}
			least, most, sum := took[order[0]], took[order[0]], time.Duration(0)
			for _, d := range took {
				least, most, sum = min(least, d), max(most, d), sum+d
			}
			if least < 6*time.Millisecond || most > 14*time.Millisecond || most < 13*time.Millisecond {
				t.Errorf("under way from %v to %v", least, most)
			}
			if mean := sum / n; x.reorder && (least > 7*time.Millisecond || mean < 9500*time.Microsecond || mean > 10500*time.Microsecond) {
				t.Errorf("under way for %v at least and %v on average", least, mean)
			}
			again, tookAgain := pairOn(t, 1, cfg).shower(t, n, x.apart)
			other, tookOther := pairOn(t, 2, cfg).shower(t, n, x.apart)
			if fmt.Sprint(again, tookAgain) != fmt.Sprint(order, took) {
				t.Error("not twice the same")
			}
			if fmt.Sprint(other, tookOther) == fmt.Sprint(order, took) {
				t.Error("the seed makes no difference")
			}
		})
	}
}

// TestQueue: so many frames wait as there is room for, besides the one that is being
// sent; the rest is lost at once, and the trace says which queue was full.
func TestQueue(t *testing.T) {
	const n, octets = 10, 14 + 20 + 8 + 1000
	for _, x := range []struct {
		name     string
		cfg      LinkConfig
		apart    time.Duration
		arrive   int
		lastTook time.Duration
	}{
		{"room for three", LinkConfig{Bandwidth: 8 * octets, Queue: 3}, 0, 4, 4 * time.Second},
		{"room for all", LinkConfig{Bandwidth: 8 * octets, Queue: 9}, 0, 10, 10 * time.Second},
		{"no limit", LinkConfig{Bandwidth: 8 * octets}, 0, 10, 10 * time.Second},
		{"as fast as they come", LinkConfig{Bandwidth: 8 * octets, Queue: 1}, time.Second, 10, time.Second},
		{"no bandwidth", LinkConfig{Queue: 1}, 0, 10, 0},
	} {
		t.Run(x.name, func(t *testing.T) {
			w := pairOn(t, 1, x.cfg)
			order, took := w.shower(t, n, x.apart)
			if len(order) != x.arrive || !inOrder(order) {
				t.Fatalf("arrived: %v", order)
			}
			if last := took[order[len(order)-1]]; last != x.lastTook {
				t.Errorf("the last took %v, want %v", last, x.lastTook)
			}
			lost := w.dropped("the queue of a/eth0 for the link line is full: 3 packets wait there")
			if lost != n-x.arrive {
				t.Errorf("%d were lost for that", lost)
			}
		})
	}
}

// TestQueueDies: with a host goes what waits in it, and what has left arrives; later
// the link is free.
func TestQueueDies(t *testing.T) {
	const octets = 14 + 20 + 8 + 1000
	w := pairOn(t, 1, LinkConfig{Latency: 5 * time.Second, Bandwidth: 8 * octets})
	w.b.Clock().AfterFunc(2500*time.Millisecond, "pull the plug", func(context.Context) {
		if err := w.Power("a", false); err != nil {
			t.Error(err)
		}
	})
	order, _ := w.shower(t, 10, 0)
	if lost := w.dropped("a was switched off before"); fmt.Sprint(order) != "[1 2 3]" || lost != 7 {
		t.Errorf("%v arrived, %d were lost", order, lost)
	}
}

// dropped counts frames that were lost, for that reason.
func (w *world) dropped(why string) (n int) {
	for e := range w.trace.All() {
		if b, ok := e.Body.(*trace.PacketBody); ok && e.What == trace.Dropped && strings.HasPrefix(b.Why, why) {
			n++
		}
	}
	return n
}

// TestLoss: a link loses as many frames as it says, others with another seed, and
// jitter changes nothing about which.
func TestLoss(t *testing.T) {
	const n = 4000
	for _, x := range []struct {
		loss        int
		why         string
		least, most int
	}{
		{0, "", 0, 0},
		{5, "the link line loses 0.5 % of its packets", 8, 36},
		{20, "the link line loses 2 % of its packets", 55, 110},
		{500, "the link line loses 50 % of its packets", 1850, 2150},
		{1000, "the link line loses 100 % of its packets", n, n},
	} {
		t.Run(fmt.Sprint(x.loss), func(t *testing.T) {
			w := pairOn(t, 1, LinkConfig{Loss: x.loss})
			order, _ := w.shower(t, n, 0)
			if lost := w.dropped(x.why); lost != n-len(order) || lost < x.least || lost > x.most {
				t.Errorf("%d lost, %d arrived", lost, len(order))
			}
			if x.loss == 0 || x.loss == 1000 {
				return
			}
			jittery, _ := pairOn(t, 1, LinkConfig{Loss: x.loss, Latency: time.Millisecond, Jitter: time.Millisecond}).shower(t, n, 0)
			if fmt.Sprint(jittery) != fmt.Sprint(order) {
				t.Error("jitter changes what is lost")
			}
			if other, _ := pairOn(t, 2, LinkConfig{Loss: x.loss}).shower(t, n, 0); fmt.Sprint(other) == fmt.Sprint(order) {
				t.Error("the seed makes no difference")
			}
		})
	}
}
