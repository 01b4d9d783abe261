package dns

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// fakePacketConn hands out datagrams, then is closed.
type fakePacketConn struct {
	fakeConn
	in  [][]byte
	out [][]byte
}

func (c *fakePacketConn) ReadFrom(p []byte) (int, net.Addr, error) {
	if len(c.in) == 0 {
		return 0, nil, net.ErrClosed
	}
	b := c.in[0]
	c.in = c.in[1:]
	return copy(p, b), fakeAddr("10.0.0.7:1234"), nil
}

func (c *fakePacketConn) WriteTo(p []byte, to net.Addr) (int, error) {
	if to.String() != "10.0.0.7:1234" {
		return 0, fmt.Errorf("sent to %s", to)
	}
	c.out = append(c.out, bytes.Clone(p))
	return len(p), nil
}

func mustPack(t testing.TB, m *dns.Msg) []byte {
	t.Helper()
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func testServer(t testing.TB) *Server {
	t.Helper()
	a, err := NewAuthority(mustZone(t, "example.test", exampleZone))
	if err != nil {
		t.Fatal(err)
	}
	return &Server{Handler: a}
}

func TestServePacket(t *testing.T) {
	response := ask("ns.example.test.", dns.TypeA)
	response.Response = true
	good := mustPack(t, ask("ns.example.test.", dns.TypeA))
	for _, test := range []struct {
		title string
		in    []byte
		want  string // rcode, "" for no answer
	}{
		{"query", good, "NOERROR"},
		{"response", mustPack(t, response), ""},
		{"nothing", nil, ""},
		{"less than a header", good[:11], ""},
		{"header alone", good[:12], "FORMERR"},
		{"cut off", good[:len(good)-3], "FORMERR"},
		{"fewer records than said", append(bytes.Clone(good[:7]), append([]byte{9}, good[8:]...)...), "FORMERR"},
	} {
		t.Run(test.title, func(t *testing.T) {
			pc := &fakePacketConn{in: [][]byte{test.in, good}}
			if err := testServer(t).ServePacket(context.Background(), pc); !errors.Is(err, net.ErrClosed) {
				t.Error(err)
			}
			got := ""
			if len(pc.out) == 2 {
				r, err := unpack(pc.out[0])
				if err != nil || !r.Response || r.Id != 1 {
					t.Fatalf("%v, %v", r, err)
				}
				got = rcodeName(r.Rcode)
			} else if len(pc.out) != 1 {
				t.Errorf("%d answers", len(pc.out))
			}
			if got != test.want {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestServePacketInTasks(t *testing.T) {
	s := testServer(t)
	var tasks []func(context.Context)
	s.Go = func(_ string, f func(context.Context)) { tasks = append(tasks, f) }
	s.MaxTasks = 2
	pc := &fakePacketConn{}
	for i := range 3 {
		q := ask("ns.example.test.", dns.TypeA)
		q.Id = uint16(i)
		pc.in = append(pc.in, mustPack(t, q))
	}
	if err := s.ServePacket(context.Background(), pc); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	if len(tasks) != 2 || len(pc.out) != 1 {
		t.Fatalf("%d tasks, %d answers", len(tasks), len(pc.out))
	}
	if r, err := unpack(pc.out[0]); err != nil || r.Id != 2 || r.Rcode != dns.RcodeServerFailure {
		t.Errorf("above the limit: %v, %v", r, err)
	}
	for _, f := range tasks {
		f(context.Background())
	}
	if len(pc.out) != 3 || s.tasks.Load() != 0 {
		t.Errorf("%d answers, %d tasks", len(pc.out), s.tasks.Load())
	}
	for i, b := range pc.out[1:] {
		if r, err := unpack(b); err != nil || int(r.Id) != i || len(r.Answer) != 1 {
			t.Errorf("answer %v, %v", r, err)
		}
	}
}

func TestServerHooks(t *testing.T) {
	s := testServer(t)
	var log strings.Builder
	s.Hooks = &ServerHooks{
		QueryReceived: func(_ context.Context, m Meta, q *dns.Msg) (*dns.Msg, bool) {
			fmt.Fprintf(&log, "query %d [%d,%d) from %s\n", q.Id, m.Begin, m.End, m.Remote)
			switch q.Id {
			case 2:
				r := Reply(q)
				r.Rcode = dns.RcodeRefused
				return r, false
			case 3:
				return nil, true
			}
			return nil, false
		},
		Malformed: func(_ context.Context, m Meta, raw []byte, err error) {
			fmt.Fprintf(&log, "malformed: %d octets\n", len(raw))
		},
		ResponseSending: func(_ context.Context, m Meta, r *dns.Msg) {
			if len(r.Answer) > 0 {
				r.Answer[0].Header().Ttl = 1
			}
		},
		ResponseSent: func(_ context.Context, m Meta, r *dns.Msg, err error) {
			fmt.Fprintf(&log, "sent %d %s [%d,%d) %s %v\n", r.Id, rcodeName(r.Rcode), m.Begin, m.End, records(r.Answer), err)
		},
	}
	pc := &fakePacketConn{}
	for i := range 4 {
		q := ask("ns.example.test.", dns.TypeA)
		q.Id = uint16(i)
		pc.in = append(pc.in, mustPack(t, q))
	}
	pc.in[0] = pc.in[0][:14]
	if err := s.ServePacket(context.Background(), pc); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	golden(t, "server-hooks.txt", log.String())
}

// stream runs ServeStream on one end of a pipe and a client on the other.
func stream(t *testing.T, s *Server, client func(nc net.Conn)) error {
	t.Helper()
	ours, theirs := net.Pipe()
	done := make(chan error, 1)
	go func() {
		err := s.ServeStream(context.Background(), theirs)
		theirs.Close()
		done <- err
	}()
	client(ours)
	ours.Close()
	return <-done
}

func TestServeStream(t *testing.T) {
	s := testServer(t)
	var ranges []string
	s.Hooks = &ServerHooks{
		QueryReceived: func(_ context.Context, m Meta, q *dns.Msg) (*dns.Msg, bool) {
			ranges = append(ranges, fmt.Sprintf("in [%d,%d)", m.Begin, m.End))
			return nil, q.Id == 2
		},
		ResponseSent: func(_ context.Context, m Meta, r *dns.Msg, err error) {
			ranges = append(ranges, fmt.Sprintf("out [%d,%d) %v", m.Begin, m.End, err))
		},
	}
	err := stream(t, s, func(nc net.Conn) {
		for id := uint16(1); id <= 3; id++ {
			q := ask("ns.example.test.", dns.TypeA)
			q.Id = id
			if _, err := writeFrame(nc, mustPack(t, q)); err != nil {
				t.Error(err)
			}
			if id == 2 {
				continue
			}
			b, err := readFrame(nc)
			if err != nil {
				t.Fatal(err)
			}
			if r, err := unpack(b); err != nil || r.Id != id || len(r.Answer) != 1 {
				t.Errorf("%v, %v", r, err)
			}
		}
	})
	if err != nil {
		t.Error(err)
	}
	want := "in [0,35) out [0,51) <nil> in [35,70) in [70,105) out [51,102) <nil>"
	if got := strings.Join(ranges, " "); got != want {
		t.Errorf("ranges %s", got)
	}
}

func TestServeStreamEnds(t *testing.T) {
	query := mustPack(t, ask("ns.example.test.", dns.TypeA))
	t.Run("cut off", func(t *testing.T) {
		if err := stream(t, testServer(t), func(nc net.Conn) {
			if _, err := nc.Write([]byte{0, 33, 1}); err != nil {
				t.Error(err)
			}
		}); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Error(err)
		}
	})
	t.Run("garbage", func(t *testing.T) {
		if err := stream(t, testServer(t), func(nc net.Conn) {
			if _, err := writeFrame(nc, query[:20]); err != nil {
				t.Error(err)
			}
			b, err := readFrame(nc)
			if err != nil {
				t.Fatal(err)
			}
			if r, err := unpack(b); err != nil || r.Rcode != dns.RcodeFormatError {
				t.Errorf("%v, %v", r, err)
			}
			if _, err := nc.Read(make([]byte, 1)); err == nil {
				t.Error("the server goes on after garbage")
			}
		}); err == nil {
			t.Error("no error")
		}
	})
	t.Run("idle", func(t *testing.T) {
		s := testServer(t)
		s.IdleTimeout = 10 * time.Millisecond
		if err := stream(t, s, func(nc net.Conn) {
			if _, err := nc.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
				t.Error(err)
			}
		}); !isTimeout(err) {
			t.Error(err)
		}
	})
	t.Run("slow, octet by octet", func(t *testing.T) {
		s := testServer(t)
		s.IdleTimeout = 50 * time.Millisecond
		if err := stream(t, s, func(nc net.Conn) {
			for _, c := range append([]byte{0, byte(len(query))}, query...) {
				if _, err := nc.Write([]byte{c}); err != nil {
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
			t.Error("the server waited")
		}); !isTimeout(err) {
			t.Error(err)
		}
	})
}

func TestUnpackableResponse(t *testing.T) {
	s := testServer(t)
	s.Handler = HandlerFunc(func(_ context.Context, q *dns.Msg, _ Meta) *dns.Msg {
		r := Reply(q)
		r.Answer = []dns.RR{&dns.TXT{Hdr: dns.RR_Header{Name: "bad..name.", Rrtype: dns.TypeTXT, Class: dns.ClassINET}}}
		return r
	})
	pc := &fakePacketConn{in: [][]byte{mustPack(t, ask("x.test.", dns.TypeTXT))}}
	if err := s.ServePacket(context.Background(), pc); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	if r, err := unpack(pc.out[0]); err != nil || r.Rcode != dns.RcodeServerFailure {
		t.Errorf("%v, %v", r, err)
	}
}

func TestFront(t *testing.T) {
	w := tree(t)
	f := &Front{Resolver: w.resolver(rootAddr)}
	for _, test := range []struct {
		title, name string
		qtype       uint16
		rd          bool
		want        string // "rcode, answer, authority"
	}{
		{"RD=0, not cached", "mail.globex.test.", dns.TypeA, false, "REFUSED||"},
		{"RD=1", "mail.globex.test.", dns.TypeA, true, "NOERROR|mail.globex.test. 300 IN A 192.0.2.25|"},
		{"RD=0, cached", "Mail.globex.test.", dns.TypeA, false, "NOERROR|Mail.globex.test. 300 IN A 192.0.2.25|"},
		{"alias", "WWW.globex.test.", dns.TypeA, true, "NOERROR|WWW.globex.test. 299 IN CNAME mail.globex.test.\nmail.globex.test. 299 IN A 192.0.2.25|"},
		{"no data", "mail.globex.test.", dns.TypeMX, true, "NOERROR||globex.test. 60 IN SOA ns1.globex.test. hostmaster.globex.test. 1 7200 900 1209600 60"},
		{"no name", "x.globex.test.", dns.TypeMX, true, "NXDOMAIN||globex.test. 60 IN SOA ns1.globex.test. hostmaster.globex.test. 1 7200 900 1209600 60"},
		{"no name, RD=0, cached", "x.globex.test.", dns.TypeA, false, "NXDOMAIN||globex.test. 60 IN SOA ns1.globex.test. hostmaster.globex.test. 1 7200 900 1209600 60"},
		{"glue, RD=0", "ns1.globex.test.", dns.TypeA, false, "REFUSED||"},
		{"failure", "lame.test.", dns.TypeA, true, "SERVFAIL||"},
		{"failure, RD=0", "lame.test.", dns.TypeA, false, "REFUSED||"},
		{"any", "globex.test.", dns.TypeANY, true, `NOERROR|globex.test. 3600 IN HINFO "RFC8482" ""|`},
		{"zone transfer", "globex.test.", dns.TypeAXFR, true, "REFUSED||"},
	} {
		t.Run(test.title, func(t *testing.T) {
			q := ask(test.name, test.qtype)
			q.RecursionDesired = test.rd
			r := f.ServeDNS(context.Background(), q, Meta{Transport: UDP})
			if !r.RecursionAvailable || r.Authoritative || r.RecursionDesired != test.rd || r.Question[0] != q.Question[0] {
				t.Errorf("header %v", r.MsgHdr)
			}
			got := strings.Join([]string{rcodeName(r.Rcode), records(r.Answer), records(r.Ns)}, "|")
			if strings.ReplaceAll(got, " 299 ", " 300 ") != strings.ReplaceAll(test.want, " 299 ", " 300 ") {
				t.Errorf("got %q", got)
			}
		})
	}
	f.Allow = func(a netip.Addr) bool { return a.IsLoopback() }
	q := ask("mail.globex.test.", dns.TypeA)
	q.RecursionDesired = true
	if r := f.ServeDNS(context.Background(), q, Meta{Transport: UDP, Remote: fakeAddr("192.0.2.9:53")}); r.Rcode != dns.RcodeRefused || r.RecursionAvailable {
		t.Errorf("a stranger was served: %v", r)
	}
	if r := f.ServeDNS(context.Background(), q, Meta{Transport: UDP, Remote: fakeAddr("127.0.0.1:53")}); r.Rcode != dns.RcodeSuccess {
		t.Errorf("a neighbour was not: %v", r)
	}
}
