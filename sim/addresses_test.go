package sim

import (
	"fmt"
	"strings"
	"testing"

	"mailwalk/scenarios"
	"mailwalk/sim/trace"
)

// homes is a walk in which the mail server and the name server have several
// addresses, IPv4 and IPv6, on one link. mx is what the name of the mail server
// leads to, wire what the network is like.
func homes(t *testing.T, wire, mx string) *scenarios.Scenario {
	t.Helper()
	text := fmt.Sprintf(`version: 1
name: homes
title: Several homes
summary: A server with several addresses.
%s
links:
  office:
    prefix: [192.0.2.0/24, "2001:db8::/64"]
hosts:
  laptop:
    link: office
    address: [192.0.2.10, "2001:db8::10"]
    resolver: resolver.acme.test
  mail.acme.test:
    link: office
    address: [192.0.2.25, "2001:db8::25", 192.0.2.26, "2001:db8::26"]
    resolver: resolver.acme.test
    runs:
      mta:
        domains: acme.test
        submission: yes
      mailboxes: yes
  resolver.acme.test:
    link: office
    address: [192.0.2.53, "2001:db8::53"]
    runs:
      resolver: yes
  ns.acme.test:
    link: office
    address: [192.0.2.54, 192.0.2.55]
    runs:
      dns:
        zones: "."
zones:
  ".": |
    $TTL 3600
    @                SOA  ns.acme.test. hostmaster.acme.test. 1 7200 3600 1209600 3600
    @                NS   ns.acme.test.
    ns.acme.test.    A    192.0.2.54
    ns.acme.test.    A    192.0.2.55
    mail.acme.test.  %s
    acme.test.       MX   10 mail.acme.test.
policies:
  cleartext: allowed
accounts:
  alice@acme.test:
    password: looking-glass
  carol@acme.test:
    password: christmas
people:
  alice:
    address: alice@acme.test
    devices:
      laptop:
        host: laptop
  carol:
    address: carol@acme.test
    devices:
      laptop:
        host: laptop
mails:
  note:
    from: alice
    to: carol
    subject: A note
    text: Are you there?
acts:
  - who: alice
    does: send
    mail: note
  - who: carol
    does: fetch
    after: mail.stored mailbox~carol@acme.test
expect:
  - same-bytes: note
`, wire, mx)
	sc, err := scenarios.Parse("homes.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

// TestSeveralAddresses: a host is reached at each of its addresses, of whichever
// family, and answers from the one that it was asked at.
func TestSeveralAddresses(t *testing.T) {
	for _, mx := range []string{"A 192.0.2.25", "A 192.0.2.26", "AAAA 2001:db8::25", "AAAA 2001:db8::26"} {
		t.Run(mx, func(t *testing.T) {
			w := runScenario(t, homes(t, "", mx))
			if !compared(t, w).Same {
				t.Error("the mail arrived changed")
			}
			address := strings.Fields(mx)[1]
			if n := times(w.Trace(), "connection.opened service=submission serverAddr~"+address); n != 1 {
				t.Errorf("%d connections to %s", n, address)
			}
			if n := times(w.Trace(), "packet.sent proto~ICMP"); n != 0 {
				t.Errorf("%d ICMP errors", n)
			}
		})
	}
}

// TestShownARP: a walk may have hosts ask for each other's link addresses, and the
// mail arrives as it does without.
func TestShownARP(t *testing.T) {
	for _, x := range []struct {
		wire, mx, question, answer string
	}{
		{"", "A 192.0.2.25", "", ""},
		{"wire: {arp: shown}", "A 192.0.2.25", "packet.sent proto=ARP type=1", "packet.sent proto=ARP type=2"},
		{"wire: {arp: shown}", "AAAA 2001:db8::25", "packet.sent proto=ICMPv6 type=135", "packet.sent proto=ICMPv6 type=136"},
	} {
		t.Run(x.wire+" "+x.mx, func(t *testing.T) {
			w := runScenario(t, homes(t, x.wire, x.mx))
			if !compared(t, w).Same {
				t.Error("the mail arrived changed")
			}
			if x.wire == "" {
				if n := times(w.Trace(), "packet proto=ARP") + times(w.Trace(), "packet proto=ICMPv6"); n != 0 {
					t.Errorf("%d packets ask for link addresses", n)
				}
				return
			}
			asked, answered := times(w.Trace(), x.question+" host=laptop"), times(w.Trace(), x.answer+" host=mail.acme.test")
			if asked == 0 || answered == 0 {
				t.Errorf("asked %d times, answered %d times", asked, answered)
			}
		})
	}
}

// badLine is first-letter with what is said of acme's link.
func badLine(t *testing.T, acme string) *scenarios.Scenario {
	t.Helper()
	sc, err := scenarios.Load("first-letter")
	if err != nil {
		t.Fatal(err)
	}
	const old = "    prefix: 192.0.2.0/24\n    latency: 1ms\n"
	text := strings.Replace(string(sc.Source), old, "    prefix: 192.0.2.0/24\n    "+strings.ReplaceAll(acme, "; ", "\n    ")+"\n", 1)
	if text == string(sc.Source) {
		t.Fatal("first-letter has another link for acme now")
	}
	if sc, err = scenarios.Parse("first-letter.yaml", []byte(text)); err != nil {
		t.Fatal(err)
	}
	return sc
}

// TestBadLines: whatever a link is like, the letter arrives, and what is said of the
// link is what the link does.
func TestBadLines(t *testing.T) {
	for _, x := range []struct {
		name, acme string
		lost       string
		overtakes  bool
	}{
		{"loss", "latency: 1ms; loss: 20%", "packet.dropped link=acme-net why~loses", false},
		{"jitter", "latency: 20ms; jitter: 20ms", "", false},
		{"jitter and reordering", "latency: 20ms; jitter: 20ms; reorder: yes", "", true},
		{"a short queue", "latency: 1ms; bandwidth: 20kbit/s; queue: 1", "packet.dropped link=acme-net why~full", false},
	} {
		t.Run(x.name, func(t *testing.T) {
			w := runScenario(t, badLine(t, x.acme))
			if !compared(t, w).Same {
				t.Error("the mail arrived changed")
			}
			if x.lost != "" && times(w.Trace(), x.lost) == 0 {
				t.Error("nothing was lost")
			}
			if n := times(w.Trace(), "packet.dropped"); x.lost == "" && n != 0 {
				t.Errorf("%d packets were lost", n)
			}
			if got := overtaken(w.Trace(), "acme-net"); (got > 0) != x.overtakes {
				t.Errorf("%d packets were overtaken", got)
			}
		})
	}
}

// overtaken counts the packets on a link that arrive after one that the same
// interface sent later.
func overtaken(tr *trace.Trace, link string) (n int) {
	latest := map[string]uint64{}
	for e := range tr.All() {
		b, ok := e.Body.(*trace.PacketBody)
		if !ok || b.Link != link || e.What != trace.Delivered {
			continue
		}
		if b.Frame < latest[b.From] {
			n++
		}
		latest[b.From] = max(latest[b.From], b.Frame)
	}
	return n
}
