package sim

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"mailwalk/protocols/smtp"
	"mailwalk/scenarios"
	"mailwalk/sim/clock"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
)

// twoServers is a world in which a mail passes two mail servers, of which the first
// finds the second by the DNS.
const twoServers = `version: 1
name: two-servers
title: Two mail servers
summary: A client hands mails to one server, which finds the other by its MX.
links:
  net: {prefix: 192.0.2.0/24}
hosts:
  client: {link: net, address: 192.0.2.2, resolver: ns.test}
  mail.acme.test:
    link: net
    address: 192.0.2.3
    resolver: ns.test
    runs: {mta: {domains: acme.test, trusts: 192.0.2.2/32}, mailboxes: yes}
  mail.globex.test:
    link: net
    address: 192.0.2.4
    resolver: ns.test
    runs: {mta: {domains: globex.test}, mailboxes: yes}
  ns.test: {link: net, address: 192.0.2.53, resolver: ns.test, runs: {resolver: yes}}
  root.test: {link: net, address: 192.0.2.54, runs: {dns: {zones: "."}}}
zones:
  ".": |
    $TTL 86400
    @ SOA root.test. host.test. 1 7200 3600 1209600 3600
    @ NS root.test.
    root.test. A 192.0.2.54
    globex.test. MX 10 mail.globex.test.
    mail.globex.test. A 192.0.2.4
accounts:
  bob@globex.test: {password: secret}
`

// relayed measures mails from the moment at which their client sends them to the one
// at which they are in the mailbox, over so many connections of the client at once.
// Each has the next one sent when its last has arrived. relayed returns how long each
// took.
func relayed(tb testing.TB, o Options, mails, conns int) []time.Duration {
	tb.Helper()
	sc, err := scenarios.Parse("two-servers.yaml", []byte(twoServers))
	if err != nil {
		tb.Fatal(err)
	}
	w, err := New(sc, o)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() {
		if err := w.Close(); err != nil {
			tb.Error(err)
		}
		if err := w.Trace().Close(); err != nil {
			tb.Error(err)
		}
	}()
	h, _ := w.net.Host("client")
	under := map[string]*sender{} // by the Message-ID of the mail that is under way
	sent := 0
	var took []time.Duration
	w.Listen(func(e *trace.Event) {
		if e.Kind == trace.Mail && e.What == trace.Stored {
			s := under[e.Body.(*trace.MailBody).MessageID]
			took = append(took, time.Since(s.begun))
			s.stored = true
			s.arrived.Signal()
		}
	})
	for range conns {
		s := &sender{arrived: h.Clock().NewCond()}
		h.Go("load", func(ctx context.Context) {
			err := load(ctx, h, w, func() ([]byte, error) {
				for !s.begun.IsZero() && !s.stored {
					if err := s.arrived.Wait(ctx); err != nil {
						return nil, err
					}
				}
				if sent == mails {
					return nil, nil
				}
				sent++
				id := fmt.Sprintf("<%d@client.test>", sent)
				under[id] = s
				s.begun, s.stored = time.Now(), false
				return letterOf(id, 2048), nil
			})
			if err != nil {
				tb.Error(err)
			}
		})
	}
	for w.Step() {
	}
	if len(took) != mails {
		tb.Fatalf("%d of %d mails came to the mailbox", len(took), mails)
	}
	return took
}

// sender is one connection of the client.
type sender struct {
	begun   time.Time // its mail was
	stored  bool
	arrived *clock.Cond
}

// load sends over one connection as long as there are mails.
func load(ctx context.Context, h wire.Host, w *World, next func() ([]byte, error)) error {
	nc, err := h.Dial(ctx, "tcp", netip.AddrPort{}, netip.MustParseAddrPort("192.0.2.3:25"))
	if err != nil {
		return err
	}
	hooks := w.recorder.Hooks(wire.Traced(nc), false)
	c := smtp.NewClient(nc, smtp.ClientOptions{Hello: "client.test", Now: h.Clock().Now, Hooks: &hooks})
	defer c.Close()
	if _, err := c.Hello(ctx); err != nil {
		return err
	}
	from, err := smtp.ParseMailbox("alice@client.test")
	if err != nil {
		return err
	}
	to, err := smtp.ParseMailbox("bob@globex.test")
	if err != nil {
		return err
	}
	for {
		content, err := next()
		if err != nil {
			return err
		}
		if content == nil {
			_, err := c.Quit(ctx)
			return err
		}
		w.recorder.NewMail()
		r, err := c.Send(ctx, smtp.Envelope{From: from, Recipients: []smtp.Recipient{{To: to}}}, content)
		if err != nil {
			return err
		}
		if !r.Recipients[0].Accepted() {
			return r.Recipients[0].Reply
		}
	}
}

// letterOf is a mail of so many octets.
func letterOf(id string, size int) []byte {
	head := "From: alice@client.test\r\nTo: bob@globex.test\r\nSubject: measured\r\nMessage-ID: " + id + "\r\n\r\n"
	line := strings.Repeat("x", 76) + "\r\n"
	return []byte(head + strings.Repeat(line, max(0, size-len(head))/len(line)))
}

// BenchmarkRelay is what a mail of 2 KB costs that passes two mail servers, is found
// its way by the DNS, and comes into a mailbox: every line and decision is traced.
func BenchmarkRelay(b *testing.B) {
	for _, wire := range []string{Virtual, Loopback} {
		for _, conns := range []int{1, 10} {
			b.Run(fmt.Sprintf("%s/%dconn", wire, conns), func(b *testing.B) {
				b.ReportAllocs()
				before := cpuTime()
				took := relayed(b, Options{Wire: wire}, b.N, conns)
				b.StopTimer()
				b.ReportMetric(float64((cpuTime()-before).Microseconds())/float64(b.N), "cpu-µs/mail")
				slices.Sort(took)
				b.ReportMetric(float64(len(took))/b.Elapsed().Seconds(), "mails/s")
				b.ReportMetric(float64(took[len(took)/2].Microseconds()), "µs/median")
			})
		}
	}
}
