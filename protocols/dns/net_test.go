package dns

import (
	"bytes"
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; got:\n%s", path, got)
	}
}

// world is a network in which nothing happens by itself: a datagram written is
// answered at once, and time passes only by its latency or a deadline.
type world struct {
	mu      sync.Mutex
	now     time.Time
	servers map[string]func(network Transport, q []byte) [][]byte // by address
	latency map[string]time.Duration
	log     strings.Builder
}

func newWorld() *world {
	return &world{
		now:     time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC),
		servers: map[string]func(Transport, []byte) [][]byte{},
		latency: map[string]time.Duration{},
	}
}

func (w *world) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) logf(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	fmt.Fprintf(&w.log, format+"\n", args...)
}

// serve has addr answer with what h says.
func (w *world) serve(addr string, h Handler) {
	w.servers[addr] = func(t Transport, b []byte) [][]byte {
		q, err := unpack(b)
		if err != nil {
			return nil
		}
		r := h.ServeDNS(context.Background(), q, Meta{Transport: t})
		if r == nil {
			return nil
		}
		b, err = r.Pack()
		if err != nil {
			panic(err)
		}
		return [][]byte{b}
	}
}

func (w *world) authority(t testing.TB, addr string, zones ...*Zone) *Authority {
	t.Helper()
	a, err := NewAuthority(zones...)
	if err != nil {
		t.Fatal(err)
	}
	w.serve(addr, a)
	return a
}

type timeoutError struct{}

func (timeoutError) Error() string   { return "i/o timeout" }
func (timeoutError) Timeout() bool   { return true }
func (timeoutError) Temporary() bool { return true }

func (w *world) Dial(_ context.Context, network string, server netip.AddrPort) (net.Conn, error) {
	addr := server.Addr().String()
	if server.Port() != 53 {
		return nil, fmt.Errorf("port %d", server.Port())
	}
	if network == "tcp" && w.servers[addr] == nil {
		return nil, fmt.Errorf("connection refused")
	}
	return &fakeConn{w: w, addr: addr, network: Transport(network)}, nil
}

// fakeConn is the client's end of a datagram socket or of a stream.
type fakeConn struct {
	w        *world
	addr     string
	network  Transport
	deadline time.Time
	queue    [][]byte // datagrams
	in, out  bytes.Buffer
}

func (c *fakeConn) Write(b []byte) (int, error) {
	answer := func(q []byte) [][]byte {
		h := c.w.servers[c.addr]
		if h == nil {
			return nil
		}
		d := c.w.latency[c.addr]
		if d == 0 {
			d = 10 * time.Millisecond
		}
		c.w.pass(d)
		return h(c.network, q)
	}
	if c.network == UDP {
		c.queue = append(c.queue, answer(b)...)
		return len(b), nil
	}
	c.out.Write(b)
	for c.out.Len() >= 2 {
		n := int(binary.BigEndian.Uint16(c.out.Bytes()))
		if c.out.Len() < 2+n {
			break
		}
		frame := append([]byte(nil), c.out.Next(2+n)...)
		for _, r := range answer(frame[2:]) {
			if _, err := writeFrame(&c.in, r); err != nil {
				return 0, err
			}
		}
	}
	return len(b), nil
}

func (c *fakeConn) Read(p []byte) (int, error) {
	if c.network == TCP && c.in.Len() > 0 {
		return c.in.Read(p)
	}
	if len(c.queue) > 0 {
		b := c.queue[0]
		c.queue = c.queue[1:]
		return copy(p, b), nil
	}
	if c.deadline.IsZero() {
		return 0, io.EOF
	}
	if d := c.deadline.Sub(c.w.Now()); d > 0 {
		c.w.pass(d)
	}
	return 0, timeoutError{}
}

func (c *fakeConn) Close() error                       { return nil }
func (c *fakeConn) LocalAddr() net.Addr                { return fakeAddr("10.0.0.9:4000") }
func (c *fakeConn) RemoteAddr() net.Addr               { return fakeAddr(c.addr + ":53") }
func (c *fakeConn) SetDeadline(t time.Time) error      { c.deadline = t; return nil }
func (c *fakeConn) SetReadDeadline(t time.Time) error  { c.deadline = t; return nil }
func (c *fakeConn) SetWriteDeadline(t time.Time) error { return nil }

type fakeAddr string

func (a fakeAddr) Network() string { return "fake" }
func (a fakeAddr) String() string  { return string(a) }

// counter is a source of numbers that differ and repeat.
type counter struct{ n uint16 }

func (c *counter) Read(p []byte) (int, error) {
	for i := 0; i+1 < len(p); i += 2 {
		c.n++
		binary.BigEndian.PutUint16(p[i:], c.n)
	}
	return len(p), nil
}

// resolver is one whose every step is written to the log.
func (w *world) resolver(roots ...string) *Resolver {
	r := &Resolver{Dial: w.Dial, Now: w.Now, Rand: &counter{}, Hooks: w.logHooks()}
	for i, a := range roots {
		r.Roots = append(r.Roots, NameServer{Name: fmt.Sprintf("%c.root.test.", 'a'+i), Addrs: []netip.Addr{netip.MustParseAddr(a)}})
	}
	return r
}

func (w *world) logHooks() *ResolverHooks {
	return &ResolverHooks{
		Question: func(_ context.Context, l Lookup) {
			w.logf("? #%d for #%d: %s %s", l.ID, l.Parent, l.Name, typeName(l.Type))
		},
		CacheHit: func(_ context.Context, l Lookup, e Entry, ttl time.Duration) {
			w.logf("  #%d cache: %s %s is %s (%s) for %s", l.ID, e.Name, typeName(e.Type), e.Kind, e.Rank, ttl)
		},
		Servers: func(_ context.Context, l Lookup, d Delegation) {
			w.logf("  #%d zone %s (%s):", l.ID, d.Zone, d.From)
			for _, c := range d.Order {
				w.logf("       %s %s rtt %s lame %t", c.Server, c.Addr, c.RTT, c.Lame)
			}
		},
		QuerySending: func(_ context.Context, x Exchange, q *dns.Msg) {
			w.logf("  #%d > %s %s %s try %d: %s %s", x.Lookup.ID, x.Server, x.Addr, x.Transport, x.Try, q.Question[0].Name, typeName(q.Question[0].Qtype))
		},
		ResponseReceived: func(_ context.Context, x Exchange, r *dns.Msg, kind Kind, cut string, rtt time.Duration) {
			w.logf("  #%d < %s %s %s %s", x.Lookup.ID, x.Server, kind, cut, rtt)
		},
		Ignored: func(_ context.Context, x Exchange, r *dns.Msg, reason error) {
			w.logf("  #%d ! %s ignored: %v", x.Lookup.ID, x.Server, reason)
		},
		Failed: func(_ context.Context, x Exchange, err error) {
			w.logf("  #%d ! %s failed: %v", x.Lookup.ID, x.Server, err)
		},
		Cached: func(_ context.Context, l Lookup, e Entry) {
			w.logf("  #%d + %s %s %s (%s) %s", l.ID, e.Name, typeName(e.Type), e.Kind, e.Rank, e.Expires.Sub(e.Stored))
		},
		Expired: func(_ context.Context, e Entry) { w.logf("  - %s %s %s", e.Name, typeName(e.Type), e.Kind) },
		Done: func(_ context.Context, l Lookup, res *Result, err error) {
			if err != nil {
				w.logf(". #%d %v", l.ID, err)
				return
			}
			w.logf(". #%d %s, %d records", l.ID, res.Kind, len(res.Answer))
		},
	}
}

// records are the data of records, with names and TTLs, on one line each.
func records(rrs []dns.RR) string {
	var out []string
	for _, rr := range rrs {
		out = append(out, strings.Join(strings.Fields(rr.String()), " "))
	}
	return strings.Join(out, "\n")
}
