package loopback

import (
	"context"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"mailwalk/sim/wire"
)

// TestClockWaitsForTheKernel: an hour takes no real hour beside a dialogue, and never
// passes while octets are under way.
func TestClockWaitsForTheKernel(t *testing.T) {
	w := newWorld(t, false)
	wire.Serve(w.b, w.listen(w.b, "192.0.2.2:25"), "server", func(_ context.Context, nc net.Conn) {
		defer nc.Close()
		buf := make([]byte, 100)
		for {
			n, err := nc.Read(buf)
			if err != nil {
				return
			}
			if _, err := nc.Write(buf[:n]); err != nil {
				t.Error(err)
			}
		}
	})
	const rounds = 1000
	under := false // octets of the dialogue are under way
	w.program(w.a, "client", func(ctx context.Context) error {
		c, err := w.dial(ctx, w.a, "192.0.2.2:25")
		if err != nil {
			return err
		}
		defer c.Close()
		for range rounds {
			before := w.clock.Elapsed()
			under = true
			w.a.Go("an hour later", func(ctx context.Context) {
				if w.clock.Sleep(ctx, time.Hour) == nil && under && w.clock.Elapsed()-before < 2*time.Hour {
					t.Error("an hour has passed with octets under way")
				}
			})
			if _, err := io.WriteString(c, "hello"); err != nil {
				return err
			}
			if _, err := io.ReadFull(c, make([]byte, 5)); err != nil {
				return err
			}
			under = false
			if took := w.clock.Elapsed() - before; took > time.Minute {
				t.Fatalf("a round has taken %v", took)
			}
			if err := w.clock.Sleep(ctx, time.Hour+time.Minute); err != nil {
				return err
			}
		}
		return nil
	})
	began := time.Now()
	w.run()
	t.Logf("%d hours in %v", rounds, time.Since(began))
	if w.clock.Elapsed() < rounds*time.Hour {
		t.Errorf("only %v have passed", w.clock.Elapsed())
	}
}

// TestCloseInTheMiddle: a world can be closed at any step.
func TestCloseInTheMiddle(t *testing.T) {
	for steps := 0; steps < 120; steps += 3 {
		w := newWorld(t, steps%2 == 0)
		w.echo2(w.b, "192.0.2.2:25")
		pc, err := w.b.ListenPacket(at("192.0.2.2:53"))
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
				// The world may end meanwhile.
				_, _ = pc.WriteTo(buf[:n], from)
			}
		})
		for _, network := range []string{"tcp", "udp"} {
			port := map[string]string{"tcp": "25", "udp": "53"}[network]
			w.a.Go("client", func(ctx context.Context) {
				for {
					c, err := w.a.Dial(ctx, network, netip.AddrPort{}, at("192.0.2.2:"+port))
					if err != nil {
						return
					}
					_, err = c.Write(make([]byte, 50000))
					if err == nil {
						_, err = io.ReadFull(c, make([]byte, 50))
					}
					c.Close()
					if err != nil {
						return
					}
				}
			})
		}
		left := steps
		w.until(func() bool { left--; return left < 0 })
		w.clock.Close()
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestPowerInTheMiddle: a host can be switched off at any step, and nothing stays
// under way.
func TestPowerInTheMiddle(t *testing.T) {
	for _, host := range []string{"a", "b"} {
		for steps := 0; steps < 150; steps += 3 {
			w := newWorld(t, steps%2 == 0)
			w.echo2(w.b, "192.0.2.2:25")
			for range 3 {
				w.a.Go("client", func(ctx context.Context) {
					c, err := w.a.Dial(ctx, "tcp", netip.AddrPort{}, at("192.0.2.2:25"))
					if err != nil {
						return
					}
					defer c.Close()
					if _, err = c.Write(make([]byte, 200000)); err == nil {
						// It ends with the connection.
						_, _ = io.ReadFull(c, make([]byte, 200000))
					}
				})
			}
			left := steps
			w.until(func() bool { left--; return left < 0 })
			if err := w.Power(host, false); err != nil {
				t.Fatal(err)
			}
			w.run()
			if t.Failed() {
				t.Fatalf("%s switched off after %d steps", host, steps)
			}
		}
	}
}
