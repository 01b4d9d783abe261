package mta

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"mailwalk/protocols/dialog"
	"mailwalk/sim/clock"
	"mailwalk/sim/resolver"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
	"mailwalk/sim/wire/virtual"
)

// internet is a server at acme.test with IPv6 and IPv4, a name server that it asks,
// and the servers one, two and three, which take mail for globex.test.
func internet(t *testing.T, zone string, change func(name string, c *Config)) *world {
	t.Helper()
	tr := trace.New(trace.Header{})
	rec := trace.NewRecorder(tr)
	clk := clock.New(time.Date(2030, 1, 7, 9, 0, 0, 0, time.UTC), rec.Root())
	rec.Attach(clk)
	w := &world{clock: clk, trace: tr, rec: rec, net: virtual.New(virtual.Config{Clock: clk, Recorder: rec, Seed: 1}), hosts: map[string]wire.Host{}}
	w.boxes = &boxes{users: map[string]string{"alice@acme.test": "secret"}, mail: map[string][][]byte{}}
	link := w.net.AddLink("lan", virtual.LinkConfig{Latency: time.Millisecond})
	for _, x := range []struct {
		name  string
		addrs []string
	}{
		{"mail", []string{"2001:db8::25/64", "192.0.2.25/24"}}, {"ns", []string{"192.0.2.53/24", "2001:db8::53/64"}}, {"friend", []string{"192.0.2.30/24"}},
		{"one", []string{"2001:db8::31/64", "192.0.2.31/24"}}, {"two", []string{"192.0.2.32/24"}}, {"three", []string{"192.0.2.33/24"}},
	} {
		var addrs []netip.Prefix
		for _, a := range x.addrs {
			addrs = append(addrs, netip.MustParsePrefix(a))
		}
		h, err := w.net.AddHost(x.name, []virtual.Iface{{Link: link, Addrs: addrs}})
		if err != nil {
			t.Fatal(err)
		}
		w.hosts[x.name] = h
	}
	if err := w.net.Ready(); err != nil {
		t.Fatal(err)
	}
	z, err := resolver.ParseZone("globex.test.", []byte("@ 3600 SOA ns ns 1 2 3 4 5\n@ 3600 NS ns\nns 3600 A 192.0.2.53\n$TTL 3600\n"+zone), "zone")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := resolver.ServeZones(w.hosts["ns"], rec, z); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"mail", "one", "two", "three"} {
		cfg := Config{Host: w.hosts[name], Recorder: rec, Hostname: name + ".globex.test", Domains: []string{"globex.test"}, SMTP: true, Mailboxes: w.boxes, Postmaster: "alice@acme.test"}
		if name == "mail" {
			cfg.Hostname, cfg.Domains, cfg.Trusted = "mail.acme.test", []string{"acme.test"}, []netip.Prefix{netip.MustParsePrefix("192.0.2.30/32")}
			cfg.Stub = resolver.NewStub(cfg.Host, rec, netip.MustParseAddr("192.0.2.53"))
		}
		if change != nil {
			change(name, &cfg)
		}
		if _, err := Start(cfg); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		clk.Close()
		if err := w.net.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// story is what the server at acme decided about the way, and what came of it.
func (w *world) story() string {
	var all []string
	for e := range w.trace.All() {
		switch b := e.Body.(type) {
		case *trace.DecisionBody:
			switch e.What {
			case trace.ChoseMX, trace.ImplicitMX, trace.NullMX, trace.ChoseAddress, trace.NextServer, trace.NextAddress, trace.SkippedMX, trace.FollowedAlias, trace.NoDomain, trace.NoAnswer:
				if e.Host == "mail" {
					all = append(all, e.What+" "+b.Choice)
				}
			}
		case *trace.MailBody:
			if e.Host == "mail" && (e.What == trace.Relayed || e.What == trace.Deferred || e.What == trace.Bounced) {
				all = append(all, strings.TrimSpace(e.What+" "+b.Toward+code(b.Reason)))
			}
		}
	}
	return strings.Join(all, "; ")
}

// code is the code in a reason.
func code(reason string) string {
	if len(reason) < 4 || reason[3] != ' ' {
		return reason
	}
	words := strings.Fields(reason)
	return strings.TrimSuffix(strings.Join(words[:2], " "), ":")
}

// TestWayToDomain holds RFC 5321 §5.1: what the DNS says of a domain, and where its
// mail goes.
func TestWayToDomain(t *testing.T) {
	const hosts = "one A 192.0.2.31\ntwo A 192.0.2.32\nthree A 192.0.2.33\n"
	for _, x := range []struct {
		name, zone, to string
		dead           []string
		follow         bool
		silent         string // an address from which nothing comes
		want           string
	}{
		{name: "by preference", zone: hosts + "@ MX 20 two\n@ MX 10 one", want: "mx one.globex.test; relayed one.globex.test"},
		{name: "the first is dead", zone: hosts + "@ MX 20 two\n@ MX 10 one", dead: []string{"one"},
			want: "mx one.globex.test; next-server two.globex.test; relayed two.globex.test"},
		{name: "all are dead", zone: hosts + "@ MX 20 two\n@ MX 10 one", dead: []string{"one", "two"},
			want: "mx one.globex.test; next-server two.globex.test; deferred 451 4.4.1"},
		{name: "implicit", zone: "@ A 192.0.2.31", want: "implicit-mx globex.test; relayed globex.test"},
		{name: "implicit, IPv6", zone: "@ AAAA 2001:db8::31", want: "implicit-mx globex.test; relayed globex.test"},
		{name: "neither MX nor address", zone: "www A 192.0.2.31", want: "implicit-mx globex.test; skipped-mx globex.test; bounced 550 5.4.4"},
		{name: "the MX is dead, and the domain has an address", zone: hosts + "@ MX 10 one\n@ A 192.0.2.32", dead: []string{"one"},
			want: "mx one.globex.test; deferred 451 4.4.1"},
		{name: "the domain is an alias", zone: hosts + "sales CNAME shop\nshop MX 10 one", to: "bob@sales.globex.test",
			want: "mx one.globex.test; relayed one.globex.test"},
		{name: "the domain is an alias of a host", zone: hosts + "sales CNAME one", to: "bob@sales.globex.test",
			want: "implicit-mx sales.globex.test; relayed sales.globex.test"},
		{name: "no such domain", zone: hosts, to: "bob@nowhere.globex.test", want: "no-domain bounce; bounced 550 5.1.2"},
		{name: "the DNS does not say", zone: hosts, to: "bob@elsewhere.test", want: "no-answer keep the mail; deferred 451 4.4.3"},
		{name: "null MX", zone: "@ MX 0 .", want: "null-mx give up; bounced 556 5.1.10"},
		{name: "null MX among others", zone: hosts + "@ MX 0 .\n@ MX 10 one", want: "skipped-mx .; mx one.globex.test; relayed one.globex.test"},
		{name: "an address as name", zone: hosts + "@ MX 10 192.0.2.31.\n@ MX 20 two", want: "skipped-mx 192.0.2.31; mx two.globex.test; relayed two.globex.test"},
		{name: "an address as only name", zone: "@ MX 10 192.0.2.31.", want: "skipped-mx 192.0.2.31; bounced 550 5.4.4"},
		{name: "an alias", zone: hosts + "alias CNAME one\n@ MX 10 alias", want: "mx alias.globex.test; skipped-mx alias.globex.test; bounced 550 5.4.4"},
		{name: "an alias is followed", zone: hosts + "alias CNAME one\n@ MX 10 alias", follow: true,
			want: "mx alias.globex.test; followed-alias one.globex.test; relayed alias.globex.test"},
		{name: "an alias among others", zone: hosts + "alias CNAME one\n@ MX 10 alias\n@ MX 20 two",
			want: "mx alias.globex.test; skipped-mx alias.globex.test; next-server two.globex.test; relayed two.globex.test"},
		{name: "an alias to nowhere", zone: hosts + "alias CNAME nobody\n@ MX 10 alias", follow: true,
			want: "mx alias.globex.test; followed-alias nobody.globex.test; skipped-mx alias.globex.test; bounced 550 5.4.4"},
		{name: "names without addresses", zone: hosts + "@ MX 10 nobody\n@ MX 20 text\ntext TXT x\n@ MX 30 two",
			want: "mx nobody.globex.test; skipped-mx nobody.globex.test; next-server text.globex.test; skipped-mx text.globex.test; next-server two.globex.test; relayed two.globex.test"},
		// What may be better later outweighs what never will.
		{name: "one is dead, one is nowhere", zone: hosts + "@ MX 10 one\n@ MX 20 nobody", dead: []string{"one"},
			want: "mx one.globex.test; next-server nobody.globex.test; skipped-mx nobody.globex.test; deferred 451 4.4.1"},
		{name: "one is nowhere, of one the DNS does not say", zone: hosts + "@ MX 10 nobody\n@ MX 20 mail.elsewhere.test.",
			want: "mx nobody.globex.test; skipped-mx nobody.globex.test; next-server mail.elsewhere.test; no-answer keep the mail; deferred 451 4.4.3"},
		{name: "itself by name", zone: hosts + "@ MX 10 mail.acme.test.\n@ MX 20 two", want: "bounced 554 5.4.6"},
		{name: "itself by address", zone: hosts + "me A 192.0.2.25\n@ MX 10 me\n@ MX 20 two", want: "mx me.globex.test; bounced 554 5.4.6"},
		{name: "itself in the middle", zone: hosts + "me AAAA 2001:db8::25\n@ MX 10 one\n@ MX 20 me\n@ MX 20 two\n@ MX 30 three", dead: []string{"one"},
			want: "mx one.globex.test; next-server"},
		{name: "itself in the middle, by name", zone: hosts + "@ MX 10 one\n@ MX 20 mail.acme.test.\n@ MX 20 two", dead: []string{"one"},
			want: "mx one.globex.test; deferred 451 4.4.1"},
		{name: "IPv6 first", zone: "one A 192.0.2.31\none AAAA 2001:db8::31\n@ MX 10 one", want: "mx one.globex.test; address 2001:db8::31; relayed one.globex.test"},
		{name: "IPv6 leads nowhere", zone: "one A 192.0.2.31\none AAAA 2001:db8::99\n@ MX 10 one",
			want: "mx one.globex.test; address 2001:db8::99; next-address 192.0.2.31; relayed one.globex.test"},
		{name: "IPv6 is refused", zone: "one A 192.0.2.31\none AAAA 2001:db8::53\n@ MX 10 one",
			want: "mx one.globex.test; address 2001:db8::53; next-address 192.0.2.31; relayed one.globex.test"},
		{name: "IPv6 is silent", zone: "one A 192.0.2.31\none AAAA 2001:db8::31\n@ MX 10 one", silent: "2001:db8::31",
			want: "mx one.globex.test; address 2001:db8::31; next-address 192.0.2.31; relayed one.globex.test"},
		{name: "a literal", zone: hosts, to: "bob@[192.0.2.31]", want: "relayed [192.0.2.31]"},
		{name: "a literal, IPv6", zone: hosts, to: "bob@[ipv6:2001:db8::31]", want: "relayed [ipv6:2001:db8::31]"},
		{name: "its own literal", zone: hosts, to: "bob@[192.0.2.25]", want: "bounced 554 5.4.6"},
		{name: "nobody's literal", zone: hosts, to: "bob@[192.0.2.99]", want: "deferred 451 4.4.1"},
	} {
		t.Run(x.name, func(t *testing.T) {
			to := "bob@globex.test"
			if x.to != "" {
				to = x.to
			}
			w := internet(t, x.zone, func(name string, c *Config) {
				c.FollowAliases = x.follow
				c.SMTP = !slices.Contains(x.dead, name)
				if name != "mail" {
					c.Domains = []string{to[len("bob@"):]}
				}
			})
			w.boxes.users[to] = ""
			w.net.OnSend(func(sent *trace.Event) virtual.Action {
				return virtual.Action{Drop: x.silent != "" && sent.Body.(*trace.PacketBody).Head.Src.String() == x.silent, Why: "silent"}
			})
			w.hosts["friend"].Go("send", func(ctx context.Context) {
				if _, err := submit(ctx, w.hosts["friend"], 25, nil, hello, []string{to}); err != nil {
					t.Error(err)
				}
			})
			for w.clock.Elapsed() < 10*time.Minute && w.clock.Step() {
			}
			got := w.story()
			if x.name == "itself in the middle" { // either of those that are equal may be named
				got = strings.Replace(strings.Replace(got, " me.globex.test", "", 1), " two.globex.test", "", 1)
				x.want += "; deferred 451 4.4.1"
			}
			if got != x.want && !strings.HasPrefix(got, x.want+"; ") {
				t.Errorf("got %s\nwant %s", got, x.want)
			}
		})
	}
}

// TestNextForPutOff: who is put off by one server is tried at the next, and nobody
// else is.
func TestNextForPutOff(t *testing.T) {
	w := internet(t, "one A 192.0.2.31\ntwo A 192.0.2.32\n@ MX 10 one\n@ MX 20 two", func(name string, c *Config) {
		if name == "one" {
			c.Greylist = &Greylist{Wait: time.Hour, Window: 2 * time.Hour, Keep: time.Hour}
		}
	})
	w.boxes.users["bob@globex.test"] = ""
	if got := w.send(t, "friend", 25, nil, hello, "bob@globex.test", "nobody@globex.test"); fmt.Sprint(got) != "[250 250]" {
		t.Fatalf("got %v", got)
	}
	want := "mx one.globex.test; next-server two.globex.test; relayed two.globex.test; bounced 550 5.1.1"
	if got := w.story(); !strings.HasPrefix(got, want) {
		t.Errorf("got %s\nwant %s", got, want)
	}
	// What two is asked for is Bob's copy alone.
	for e := range w.trace.All() {
		b, ok := e.Body.(*trace.LineBody)
		if ok && e.Host == "two" && e.What == trace.Received && b.Role == dialog.Command && strings.Contains(b.Text, "nobody") {
			t.Errorf("two is asked for one whom one has refused for good: %s", b.Text)
		}
	}
}

// TestEqual: hosts of equal preference share the mails.
func TestEqual(t *testing.T) {
	w := internet(t, "one A 192.0.2.31\ntwo A 192.0.2.32\nthree A 192.0.2.33\n@ MX 10 one\n@ MX 10 two\n@ MX 10 three", nil)
	w.boxes.users["bob@globex.test"] = ""
	for range 30 {
		w.send(t, "friend", 25, nil, hello, "bob@globex.test")
	}
	count := map[string]int{}
	for e := range w.trace.All() {
		if e.What == trace.Relayed {
			count[e.Body.(*trace.MailBody).Toward]++
		}
	}
	for _, host := range []string{"one.globex.test", "two.globex.test", "three.globex.test"} {
		if count[host] < 4 {
			t.Errorf("of 30 mails: %v", count)
		}
	}
}

// TestCheckSender: a stranger's sender must be one that could be answered.
func TestCheckSender(t *testing.T) {
	for _, x := range []struct {
		from, want string
		on         bool
	}{
		{"bob@globex.test", "250", true},
		{"bob@www.globex.test", "250", true}, // no MX, but it exists
		{"bob@null.globex.test", "550 5.7.27", true},
		{"bob@null.globex.test", "250", false},
		{"bob@nowhere.globex.test", "550 5.1.8", true},
		{"bob@elsewhere.test", "451 4.4.3", true},
		{"", "250", true},
		{"bob@[192.0.2.99]", "250", true},
	} {
		w := internet(t, "one A 192.0.2.31\nwww A 192.0.2.31\n@ MX 10 one\nnull MX 0 .", func(name string, c *Config) {
			c.CheckSender = x.on
			if name == "mail" {
				c.Trusted = nil
			}
		})
		got := ""
		w.hosts["friend"].Go("send", func(ctx context.Context) {
			got = w.mailFrom(ctx, t, x.from)
		})
		for w.clock.Step() {
		}
		if !strings.HasPrefix(got, x.want+" ") {
			t.Errorf("MAIL FROM:<%s> got %s, want %s", x.from, got, x.want)
		}
	}
}

// mailFrom is the reply to MAIL with a reverse-path.
func (w *world) mailFrom(ctx context.Context, t *testing.T, from string) string {
	nc, err := w.hosts["friend"].Dial(ctx, "tcp", netip.AddrPort{}, netip.MustParseAddrPort(server+":25"))
	if err != nil {
		t.Error(err)
		return ""
	}
	defer nc.Close()
	if _, err := fmt.Fprintf(nc, "EHLO friend.test\r\nMAIL FROM:<%s>\r\nQUIT\r\n", from); err != nil {
		t.Error(err)
	}
	all, err := io.ReadAll(nc)
	if err != nil {
		t.Error(err)
	}
	lines := strings.Split(string(all), "\r\n")
	return lines[max(0, len(lines)-3)]
}
