package secure

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"mailwalk/protocols/dialog"
	"mailwalk/sim/clock"
	"mailwalk/sim/trace"
	"mailwalk/sim/trace/pcapng"
	"mailwalk/sim/wire"
	"mailwalk/sim/wire/virtual"
)

var start = time.Date(2030, 1, 7, 9, 0, 0, 0, time.UTC)

// talk is a dialogue of two hosts in which TLS begins.
type talk struct {
	port       uint16
	implicit   bool
	outsider   bool // the client is a program that is not of the walk
	server     Server
	policy     Policy
	name       string // that the client takes the server for
	maxVersion uint16 // the client's
	mail       int    // octets of a content
	clientErr  error
	serverErr  error
}

const lastLine = "221 bye"

// run lets the two talk, and returns the trace.
func (x *talk) run(t testing.TB, seed uint64) *trace.Trace {
	t.Helper()
	if x.port == 0 {
		x.port = 25
	}
	if x.name == "" {
		x.name = "mail.acme.test"
	}
	x.clientErr = errors.New("the client did not end")
	return run(t, seed, func(rec *trace.Recorder, laptop, mail *Host) {
		x.serve(t, mail, rec, mail.host)
		laptop.host.Go("client", func(ctx context.Context) {
			if x.outsider {
				x.clientErr = x.intrude(ctx, laptop.host)
			} else {
				x.clientErr = x.speak(ctx, laptop, rec, laptop.host)
			}
		})
	})
}

// run makes a network of two hosts, starts their programs, and lets all happen that is to.
func run(t testing.TB, seed uint64, programs func(rec *trace.Recorder, laptop, mail *Host)) *trace.Trace {
	t.Helper()
	tr := trace.New(trace.Header{Seed: seed})
	rec := trace.NewRecorder(tr)
	clk := clock.New(start, rec.Root())
	rec.Attach(clk)
	n := virtual.New(virtual.Config{Clock: clk, Recorder: rec, Seed: seed})
	defer func() {
		clk.Close()
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}()
	authority, err := NewAuthority(seed, start)
	if err != nil {
		t.Fatal(err)
	}
	link := n.AddLink("net", virtual.LinkConfig{Latency: 2 * time.Millisecond})
	host := func(name, addr string) *Host {
		h, err := n.AddHost(name, []virtual.Iface{{Link: link, Addrs: []netip.Prefix{netip.MustParsePrefix(addr)}}})
		if err != nil {
			t.Fatal(err)
		}
		return On(h, rec, authority)
	}
	laptop, mail := host("laptop", "192.0.2.10/24"), host("mail.acme.test", "192.0.2.25/24")
	if err := n.Ready(); err != nil {
		t.Fatal(err)
	}
	programs(rec, laptop, mail)
	for i := 0; clk.Step(); i++ {
		if i > 1e6 {
			t.Fatal("the queue never runs dry")
		}
	}
	return tr
}

func (x *talk) serve(t testing.TB, s *Host, rec *trace.Recorder, h wire.Host) {
	config, err := s.ServerConfig(x.server)
	if err != nil {
		t.Fatal(err)
	}
	l, err := h.Listen(netip.AddrPortFrom(netip.IPv6Unspecified(), x.port))
	if err != nil {
		t.Fatal(err)
	}
	x.serverErr = errors.New("the server did not end")
	wire.Serve(h, l, "server", func(_ context.Context, nc net.Conn) {
		c := s.Watch(nc, true)
		rec.Serve(c.Traced())
		x.serverErr = x.answer(c, config, rec)
		c.Close()
	})
}

func (x *talk) answer(c *Conn, config *tls.Config, rec *trace.Recorder) error {
	hooks := rec.Hooks(c.Traced(), true)
	var nc net.Conn = c
	if x.implicit {
		t, err := c.Handshake(config)
		if err != nil {
			return err
		}
		nc = t
	}
	d := dialog.NewServer(nc, &hooks)
	say := func(role dialog.Role, text string) error {
		if err := d.WriteLine(role, []byte(text), false); err != nil {
			return err
		}
		return d.Flush()
	}
	if err := say(dialog.Greeting, "220 mail.acme.test ESMTP"); err != nil {
		return err
	}
	for {
		from := d.ReadOffset()
		line, err := d.ReadLine(1 << 20)
		if err != nil {
			return err
		}
		d.Received(&dialog.Unit{Role: dialog.Command, From: from, Text: line})
		switch verb, _, _ := strings.Cut(string(line), " "); verb {
		case "STARTTLS":
			if err := say(dialog.Reply, "220 go ahead"); err != nil {
				return err
			}
			// The protocols do this by themselves, over a connection that may be wrapped.
			inner := tls.Server(struct{ net.Conn }{c}, config)
			if err := inner.Handshake(); err != nil {
				c.Failed(err)
				return err
			}
			c.Secured(inner.ConnectionState())
			d = dialog.NewServer(inner, &hooks)
			nc = inner
		case "QUIT":
			if err := say(dialog.Reply, lastLine); err != nil {
				return err
			}
			return nc.Close()
		default:
			if err := say(dialog.Reply, "250 "+verb); err != nil {
				return err
			}
		}
	}
}

func (x *talk) speak(ctx context.Context, s *Host, rec *trace.Recorder, h wire.Host) error {
	nc, err := h.Dial(ctx, "tcp", netip.AddrPort{}, netip.AddrPortFrom(netip.MustParseAddr("192.0.2.25"), x.port))
	if err != nil {
		return err
	}
	c := s.Watch(nc, false)
	defer c.Close()
	hooks := rec.Hooks(c.Traced(), false)
	config := c.ClientConfig(x.name, x.policy)
	config.MaxVersion = x.maxVersion
	nc = c
	if x.implicit {
		if nc, err = c.Handshake(config); err != nil {
			return err
		}
	}
	d := dialog.NewClient(nc, &hooks)
	hear := func(role dialog.Role) error {
		from := d.ReadOffset()
		line, err := d.ReadLine(1024)
		if err != nil {
			return err
		}
		d.Received(&dialog.Unit{Role: role, From: from, Text: line})
		return nil
	}
	ask := func(text string) error {
		if err := d.WriteLine(dialog.Command, []byte(text), false); err != nil {
			return err
		}
		if err := d.Flush(); err != nil {
			return err
		}
		return hear(dialog.Reply)
	}
	if err := hear(dialog.Greeting); err != nil {
		return err
	}
	if err := ask("EHLO laptop"); err != nil {
		return err
	}
	if !x.implicit {
		if err := ask("STARTTLS"); err != nil {
			return err
		}
		inner := tls.Client(c, config)
		if err := inner.Handshake(); err != nil {
			c.Failed(err)
			return err
		}
		c.Secured(inner.ConnectionState())
		d = dialog.NewClient(inner, &hooks)
		nc = inner
	}
	for _, line := range []string{"EHLO inside", "NOOP " + strings.Repeat("x", x.mail), "QUIT"} {
		if err := ask(line); err != nil {
			return err
		}
	}
	return nc.Close()
}

// steps are the connection events of a step.
func steps(tr *trace.Trace, what string) []*trace.Event {
	var found []*trace.Event
	for e := range tr.All() {
		if e.Kind == trace.Connection && e.What == what {
			found = append(found, e)
		}
	}
	return found
}

func (x *talk) must(t *testing.T, seed uint64) *trace.Trace {
	t.Helper()
	tr := x.run(t, seed)
	if x.clientErr != nil || x.serverErr != nil {
		t.Fatalf("client: %v; server: %v", x.clientErr, x.serverErr)
	}
	return tr
}

var talks = map[string]talk{
	"STARTTLS":           {mail: 6000},
	"STARTTLS, TLS 1.2":  {mail: 6000, maxVersion: tls.VersionTLS12},
	"implicit":           {port: 465, implicit: true, mail: 40000},
	"implicit, TLS 1.2":  {port: 465, implicit: true, maxVersion: tls.VersionTLS12},
	"nobody trusts it":   {policy: Opportunistic, server: Server{Flaw: UnknownAuthority}},
	"a protocol by ALPN": {port: 465, implicit: true},
}

func TestRepeats(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	for _, name := range []string{"STARTTLS", "implicit, TLS 1.2"} {
		var first [32]byte
		for _, procs := range []int{1, 2, 8} {
			runtime.GOMAXPROCS(procs)
			for i := range 20 {
				x := talks[name]
				var buf bytes.Buffer
				enc := trace.NewEncoder(&buf, func(*trace.Event) string { return "" })
				for e := range x.must(t, 7).All() {
					if err := enc.Encode(e); err != nil {
						t.Fatal(err)
					}
				}
				sum := sha256.Sum256(buf.Bytes())
				if procs == 1 && i == 0 {
					first = sum
				}
				if sum != first {
					t.Fatalf("%s: GOMAXPROCS %d, run %d: another trace", name, procs, i)
				}
			}
		}
		x := talks[name]
		var other, same bytes.Buffer
		for seed, buf := range map[uint64]*bytes.Buffer{7: &same, 8: &other} {
			for _, e := range steps(x.must(t, seed), trace.Secured) {
				fmt.Fprintln(buf, e.Body.(*trace.ConnectionBody).TLS.Secrets)
			}
		}
		if other.String() == same.String() {
			t.Errorf("%s: two seeds have the same secrets", name)
		}
	}
}

func TestLinesFindTheirPackets(t *testing.T) {
	for name, x := range talks {
		t.Run(name, func(t *testing.T) {
			tr := x.must(t, 1)
			if x.implicit && len(steps(tr, trace.Secured)) != 2 {
				t.Fatalf("%d ends have told of TLS", len(steps(tr, trace.Secured)))
			}
			index := tr.Index()
			lines := 0
			for e := range tr.All() {
				b, ok := e.Body.(*trace.LineBody)
				if !ok || e.What != trace.Received {
					continue
				}
				lines++
				info, _ := index.Line(e.Seq)
				if info.Sent == 0 || tr.At(info.Sent).Body.(*trace.LineBody).Text != b.Text {
					t.Fatalf("%q is not the line that was sent", b.Text)
				}
				wired := int64(0)
				parts, sealed := index.OnWire(e.Seq)
				for _, r := range parts {
					wired += r.To - r.From
				}
				if inside := x.implicit || inside(tr, e); sealed != inside || sealed != (wired > b.To-b.From) {
					t.Errorf("%q: sealed %t, %d octets on the wire for %d", b.Text, sealed, wired, b.To-b.From)
				}
				carriers := index.Down(info.Node)
				if least := int(wired / 1460); len(carriers) < max(least, 1) {
					t.Errorf("%q: %d packets carry %d octets", b.Text, len(carriers), wired)
				}
				for _, p := range carriers {
					if !contains(index.Up(p), info.Node) {
						t.Errorf("%q: a packet that carries it does not lead to it", b.Text)
					}
					if !causedBy(tr.At(p.Seq), info.Sent) {
						t.Errorf("%q: a packet that carries it has not it as a cause", b.Text)
					}
				}
				found := false
				for _, c := range e.Causes {
					found = found || tr.At(c).Kind == trace.Packet && tr.At(c).What == trace.Delivered
				}
				if !found {
					t.Errorf("%q was received, and no packet has brought it", b.Text)
				}
			}
			if want := map[bool]int{true: 9, false: 11}[x.implicit]; lines != want {
				t.Errorf("%d lines, want %d", lines, want)
			}
			x.octets(t, tr)
		})
	}
}

// inside tells whether a line was read after the handshake at its end.
func inside(tr *trace.Trace, e *trace.Event) bool {
	for _, s := range steps(tr, trace.Secured) {
		if s.Host == e.Host {
			return s.Seq < e.Seq
		}
	}
	return false
}

// octets holds that records cover what was said inside TLS, without gaps.
func (x *talk) octets(t *testing.T, tr *trace.Trace) {
	t.Helper()
	var end, said [2]int64
	for _, e := range steps(tr, trace.Secured) {
		b := e.Body.(*trace.ConnectionBody).TLS
		end = [2]int64{b.ToServer, b.ToClient}
	}
	for e := range tr.All() {
		switch b := e.Body.(type) {
		case *trace.ConnectionBody:
			if r := b.Record; r != nil {
				d := 0
				if r.FromServer {
					d = 1
				}
				if r.From != end[d] || r.WireTo-r.WireFrom <= r.To-r.From {
					t.Errorf("record %+v, behind %d", r, end[d])
				}
				end[d] = r.To
			}
		case *trace.LineBody:
			if d := 0; e.What == trace.Sent {
				if b.FromServer {
					d = 1
				}
				said[d] = b.To
			}
		}
	}
	if end != said {
		t.Errorf("records end at %v, and what was said at %v", end, said)
	}
}

func contains(nodes []trace.Node, n trace.Node) bool {
	for _, x := range nodes {
		if x == n {
			return true
		}
	}
	return false
}

func causedBy(e *trace.Event, seq uint64) bool {
	for _, c := range e.Causes {
		if c == seq {
			return true
		}
	}
	return false
}

func TestFlaws(t *testing.T) {
	for _, flaw := range append(Flaws(), Sound) {
		for _, policy := range []Policy{Verify, Opportunistic} {
			for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
				x := talk{server: Server{Flaw: flaw}, policy: policy, maxVersion: version}
				tr := x.run(t, 3)
				failed, secured := steps(tr, trace.NotSecured), steps(tr, trace.Secured)
				name := fmt.Sprintf("%s, policy %d, %s", flaw, policy, tls.VersionName(version))
				want := trace.CertificateValid
				if flaw != Sound {
					want = string(flaw)
				}
				if flaw == Sound || policy == Opportunistic {
					if x.clientErr != nil || len(failed) != 0 || len(secured) != 2 {
						t.Fatalf("%s: %v, %d failed, %d secured", name, x.clientErr, len(failed), len(secured))
					}
				} else if x.clientErr == nil || len(failed) != 2 || len(secured) != 0 {
					t.Fatalf("%s: %v, %d failed, %d secured", name, x.clientErr, len(failed), len(secured))
				}
				for _, e := range append(failed, secured...) {
					b := e.Body.(*trace.ConnectionBody)
					// In TLS 1.2 a client that breaks off has agreed on no secret yet.
					secrets := e.What == trace.Secured || version == tls.VersionTLS13
					if len(b.TLS.Certificates) != 1 || secrets != (len(b.TLS.Secrets) > 0) {
						t.Errorf("%s, %s: %+v", name, e.Host, b.TLS)
					}
					if e.Host == "laptop" && b.TLS.Checked != want {
						t.Errorf("%s: checked: %s", name, b.TLS.Checked)
					}
					if e.What == trace.NotSecured && (b.TLS.Alert != "bad_certificate" || b.TLS.AlertFrom != "laptop" || b.Error == "") {
						t.Errorf("%s, %s: alert %q from %q: %s", name, e.Host, b.TLS.Alert, b.TLS.AlertFrom, b.Error)
					}
				}
				if v := tr.View(tr.Len()).Connections()[0]; v.TLS == nil || v.TLS.Checked != want {
					t.Errorf("%s: the view has %+v", name, v.TLS)
				}
			}
		}
	}
}

func TestNoCommonVersion(t *testing.T) {
	x := talk{port: 465, implicit: true, server: Server{MaxVersion: tls.VersionTLS12}}
	x.must(t, 1)
	y := talk{port: 465, implicit: true, name: "mail.acme.test", maxVersion: tls.VersionTLS11}
	tr := y.run(t, 1)
	if y.clientErr == nil {
		t.Fatal("TLS 1.1 was spoken")
	}
	if len(steps(tr, trace.NotSecured)) == 0 {
		t.Error("no step tells of it")
	}
}

func TestAuthorityRepeats(t *testing.T) {
	of := func(seed uint64) string {
		a, err := NewAuthority(seed, start)
		if err != nil {
			t.Fatal(err)
		}
		all := string(a.PEM())
		for _, f := range append(Flaws(), Sound) {
			c, err := a.Certificate(f, "mail.acme.test", "192.0.2.25")
			if err != nil {
				t.Fatal(err)
			}
			all += string(c.Certificate[0])
		}
		return all
	}
	if first, again := of(1), of(1); first != again {
		t.Error("the same seed makes other certificates")
	}
	if of(1) == of(2) {
		t.Error("two seeds make the same certificates")
	}
	a, err := NewAuthority(1, start)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Certificate("odd", "x"); err == nil {
		t.Error("an unknown flaw was made")
	}
	if _, err := a.Certificate(Sound); err == nil {
		t.Error("a certificate for nobody was made")
	}
}

// TestWireshark holds that tshark reads what was said inside TLS out of a capture, with
// nothing but the file.
func TestWireshark(t *testing.T) {
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		if os.Getenv("MAILWALK_CI") != "" {
			t.Fatal(err)
		}
		t.Skip("tshark is not installed")
	}
	for _, name := range []string{"STARTTLS", "STARTTLS, TLS 1.2", "implicit", "implicit, TLS 1.2"} {
		x := talks[name]
		c, err := pcapng.New(x.must(t, 5), pcapng.Options{})
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "capture.pcapng")
		f, err := os.Create(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.WriteTo(f); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(tshark, "-r", file, "-Y", "tls and smtp", "-T", "fields", "-e", "smtp.req.command", "-e", "smtp.response.code").Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"EHLO", "NOOP", "QUIT", "221"} {
			if !strings.Contains(string(out), want) {
				t.Errorf("%s: tshark does not read %s:\n%s", name, want, out)
			}
		}
	}
}

// TestRecordsAreTakenApart holds that the octets of a segment that begins with a record
// are shown as such, with the handshake messages that are in clear.
func TestRecordsAreTakenApart(t *testing.T) {
	x := talks["STARTTLS, TLS 1.2"]
	seen := map[string]bool{}
	for e := range x.must(t, 1).All() {
		b, ok := e.Body.(*trace.PacketBody)
		if !ok || e.What != trace.Sent {
			continue
		}
		for _, l := range trace.Decode(b.Data) {
			if l.Name != "TLS" {
				continue
			}
			for _, f := range l.Fields {
				if f.Name == "Type" || f.Name == "Handshake Type" {
					seen[f.Note] = true
				}
			}
		}
	}
	for _, want := range []string{
		"handshake", "change_cipher_spec", "application_data", "alert", "client_hello", "server_hello", "certificate",
		"server_key_exchange", "server_hello_done", "client_key_exchange",
	} {
		if !seen[want] {
			t.Errorf("no record was shown as %s; there are %v", want, seen)
		}
	}
}

// TestOutsider holds that what a program says that is not of the walk is mapped where it
// is read, whatever its octets are that belong to TLS alone.
func TestOutsider(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		x := talk{port: 465, implicit: true, outsider: true, maxVersion: version}
		tr := x.must(t, 1)
		var end int64
		for _, e := range steps(tr, trace.Sealed) {
			if r := e.Body.(*trace.ConnectionBody).Record; !r.FromServer {
				if e.Host != "mail.acme.test" || r.From != end {
					t.Errorf("%s tells of %+v, behind %d", e.Host, r, end)
				}
				end = r.To
			}
		}
		lines := 0
		for e := range tr.All() {
			if b, ok := e.Body.(*trace.LineBody); ok && e.What == trace.Received && !b.FromServer {
				lines++
				if !b.Outside {
					t.Errorf("%q was seen to be said", b.Text)
				}
				if n, _ := tr.Index().NodeOf(e); len(tr.Index().Down(n)) == 0 {
					t.Errorf("%q: no packet carried it", b.Text)
				}
			}
		}
		if want := int64(len("EHLO x\r\n" + "\r\n" + "QUIT\r\n")); lines != 3 || end != want {
			t.Errorf("%s: %d lines, and records up to %d, want %d", tls.VersionName(version), lines, end, want)
		}
	}
}

// intrude is a program that is not watched and tells nobody what it says.
func (x *talk) intrude(ctx context.Context, h wire.Host) error {
	nc, err := h.Dial(ctx, "tcp", netip.AddrPort{}, netip.AddrPortFrom(netip.MustParseAddr("192.0.2.25"), x.port))
	if err != nil {
		return err
	}
	config := &tls.Config{InsecureSkipVerify: true, MaxVersion: x.maxVersion, Time: h.Clock().Now, Rand: source{h.Rand("outsider")}}
	c := tls.Client(nc, config)
	buf := make([]byte, 100)
	if _, err := c.Read(buf); err != nil { // the greeting
		return err
	}
	for _, line := range []string{"EHLO x\r\n", "\r\n", "QUIT\r\n"} {
		if _, err := c.Write([]byte(line)); err != nil {
			return err
		}
		// The last answer may come together with the end.
		if n, err := c.Read(buf); err != nil && (n == 0 || err != io.EOF) {
			return err
		}
	}
	return c.Close()
}
