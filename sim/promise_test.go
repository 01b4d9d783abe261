package sim

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"mailwalk/scenarios"
	"mailwalk/sim/trace"
)

// A world that breaks the promise is made again by its seed alone:
//
//	go test ./sim -run TestPromise -promises 1 -promise-seed 12345
var (
	promiseCount = flag.Int("promises", promises(), "how many random worlds the promise is tried in")
	promiseSeed  = flag.Uint64("promise-seed", 1, "the seed of the first of them, each further one has the next number; 0 draws it")
)

func promises() int {
	if raced {
		return 30
	}
	return 300
}

// TestPromise: whatever is switched off, cut or refused, a mail that was taken
// with 250 is delivered to each recipient, or its sender is told; what nobody has
// sent to somebody does not come to him; and nobody gets a mail twice unless
// something broke while it was handed over.
func TestPromise(t *testing.T) {
	first := firstSeed(*promiseSeed)
	var total tally
	for i := range uint64(*promiseCount) {
		p := newPromise(first + i)
		t.Run(fmt.Sprint(p.seed), func(t *testing.T) { total.add(p.check(t)) })
	}
	t.Logf("worlds %d to %d: %+v", first, first+uint64(*promiseCount)-1, total)
}

// tally counts what became of the copies that a server has taken.
type tally struct{ taken, delivered, told, twice int }

func (a *tally) add(b tally) {
	a.taken += b.taken
	a.delivered += b.delivered
	a.told += b.told
	a.twice += b.twice
}

// promise is a random world, all drawn from one number, which is its seed too.
type promise struct {
	seed    uint64
	domains int
	mails   []string // in the language of walks
	faults  []string // each without its braces
	// breaks says that a fault may break a transfer, so that a mail comes twice.
	breaks bool
}

func newPromise(seed uint64) promise {
	d := dice{rand.New(rand.NewPCG(seed, 1))}
	p := promise{seed: seed, domains: 2 + d.IntN(5)}
	for range 1 + d.IntN(1<<d.IntN(6)) + d.IntN(3) {
		var to []string
		for range 1 + d.IntN(3) {
			who := d.one("user", "user", "user", "user", "nobody", "both")
			if a := fmt.Sprintf("%s@d%d.test", who, d.IntN(p.domains)); !slices.Contains(to, a) {
				to = append(to, a)
			}
		}
		if i := slices.IndexFunc(to, func(a string) bool { return strings.HasPrefix(a, "both@") }); i >= 0 {
			to = to[i : i+1] // else somebody may rightly get two copies
		}
		n := len(p.mails)
		p.mails = append(p.mails, fmt.Sprintf("  m%d:\n    from: p%d\n    to: [%s]\n    subject: mail %d\n    text: word\n", n, d.IntN(p.domains), strings.Join(to, ", "), n))
	}
	for range d.IntN(6) {
		p.faults = append(p.faults, p.fault(d))
	}
	return p
}

// fault is something that ends.
func (p *promise) fault(d dice) string {
	at := ", after: " + d.one("line.received role=body", "line.sent role=body", "line.sent verb=DATA code=250", "mail.accepted", "state.disk", "line.sent verb=RCPT", "connection.opened service=smtp", "mail.stored", "mail.composed", "state.queue") + fmt.Sprintf(" nth=%d", 1+d.IntN(3*len(p.mails)))
	lasting := ", for: " + d.one("5ms", "1s", "40s", "20m", "7h", "2d", "6d")
	which := d.IntN(p.domains)
	kind := d.IntN(5)
	p.breaks = p.breaks || kind != 4
	switch kind {
	case 0:
		return fmt.Sprintf("host: mail.d%d.test, does: crash", which) + at
	case 1:
		return fmt.Sprintf("host: mail.d%d.test, does: off", which) + at + lasting
	case 2:
		return fmt.Sprintf("link: net%d, does: cut", which) + at + lasting
	case 3:
		return "line: line.sent service=smtp " + d.one("verb=DATA code=250", "role=body", "verb=RCPT role=reply") + fmt.Sprintf(" nth=%d, does: drop", 1+d.IntN(len(p.mails)))
	}
	return "line: line.received service=smtp " + d.one("verb=MAIL", "verb=RCPT") + ", percent: 30, does: answer, with: " + d.one("451 4.3.0 not now", "550 5.7.1 no", "421 4.3.2 bye")
}

// text is the world in the language of walks.
func (p promise) text() string {
	var links, joins, hosts, zone, accounts, people, acts strings.Builder
	for i := range p.domains {
		fmt.Fprintf(&links, "  net%d: {prefix: 198.51.100.%d/28}\n", i, 16*i)
		fmt.Fprintf(&joins, "      net%d: 198.51.100.%d\n", i, 16*i+1)
		fmt.Fprintf(&hosts, "  pc%d: {link: net%d, address: 198.51.100.%d, resolver: names.test}\n", i, i, 16*i+2)
		fmt.Fprintf(&hosts, "  mail.d%d.test:\n    link: net%d\n    address: 198.51.100.%d\n    resolver: names.test\n    runs:\n", i, i, 16*i+3)
		fmt.Fprintf(&hosts, "      mta: {domains: d%d.test, submission: yes, forward: {both@d%d.test: [user@d%d.test, user@d%d.test]}}\n      mailboxes: yes\n", i, i, i, (i+1)%p.domains)
		fmt.Fprintf(&zone, "    d%d.test. MX 10 mail.d%d.test.\n    mail.d%d.test. A 198.51.100.%d\n", i, i, i, 16*i+3)
		fmt.Fprintf(&accounts, "  user@d%d.test: {password: secret}\n", i)
		fmt.Fprintf(&people, "  p%d: {address: user@d%d.test, devices: {pc: {host: pc%d}}}\n", i, i, i)
	}
	for i, m := range p.mails {
		_, from, _ := strings.Cut(m, "from: ")
		from, _, _ = strings.Cut(from, "\n")
		fmt.Fprintf(&acts, "  - {who: %s, does: send, mail: m%d}\n", from, i)
	}
	text := "version: 1\nname: promise\ntitle: A random world\nsummary: Whatever happens, nothing is lost.\n" +
		"links:\n  names: {prefix: 203.0.113.0/24}\n" + links.String() +
		"routers:\n  internet:\n    joins:\n      names: 203.0.113.1\n" + joins.String() +
		"hosts:\n" + hosts.String() +
		"  names.test: {link: names, address: 203.0.113.53, resolver: names.test, runs: {resolver: yes}}\n  ns.test: {link: names, address: 203.0.113.54, runs: {dns: {zones: \".\"}}}\n" +
		"zones:\n  \".\": |\n    $TTL 3600\n    @ SOA ns.test. host.test. 1 7200 3600 1209600 3600\n    @ NS ns.test.\n    ns.test. A 203.0.113.54\n" + zone.String() +
		"policies: {cleartext: allowed}\naccounts:\n" + accounts.String() + "people:\n" + people.String() +
		"mails:\n" + strings.Join(p.mails, "") + "acts:\n" + acts.String()
	if len(p.faults) > 0 {
		text += "faults:\n  - {" + strings.Join(p.faults, "}\n  - {") + "}\n"
	}
	return text
}

func (p promise) check(t *testing.T) (sum tally) {
	sc, err := scenarios.Parse("promise.yaml", []byte(p.text()))
	if err != nil {
		t.Fatalf("%v\n%s", err, p.text())
	}
	w, err := New(sc, Options{Seed: &p.seed})
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; w.Step(); i++ {
		if i == mostSteps {
			t.Fatalf("the world does not come to rest: it is %v", w.Now())
		}
	}
	k := keepBooks(w.Trace(), p.domains)
	for _, c := range k.taken {
		sum.taken++
		n := k.stored[c]
		switch {
		case n > 0:
			sum.delivered++
		case k.told[c]:
			sum.told++
		default:
			t.Errorf("lost: mail %s to %s was taken, and neither delivered nor reported", c.mail, c.to)
		}
		if n > 1 {
			sum.twice++
			if !p.breaks {
				t.Errorf("twice: mail %s came to %s %d times, and no transfer was broken", c.mail, c.to, n)
			}
		}
	}
	for _, c := range k.arrived {
		if !k.meant[c] {
			t.Errorf("phantom: mail %s came to %s, to whom nobody has sent it", c.mail, c.to)
		}
	}
	for _, q := range w.Trace().View(w.Trace().Len()).Queues() {
		t.Errorf("left in a queue: %+v", q)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if t.Failed() {
		t.Logf("faults:\n\t%s\nagain: go test ./sim -run TestPromise -promises 1 -promise-seed %d", strings.Join(p.faults, "\n\t"), p.seed)
	}
	return sum
}

// letterCopy is a mail for one recipient.
type letterCopy struct{ mail, to string }

// books are what a trace says of each copy.
type books struct {
	taken   []letterCopy // by a server, each once, in order
	arrived []letterCopy // in mailboxes, each once, in order
	stored  map[letterCopy]int
	told    map[letterCopy]bool // its sender; or nobody is to be told
	meant   map[letterCopy]bool
}

func keepBooks(tr *trace.Trace, domains int) books {
	k := books{stored: map[letterCopy]int{}, told: map[letterCopy]bool{}, meant: map[letterCopy]bool{}}
	know := map[letterCopy]bool{}
	reports := map[string]bool{} // mails with the null reverse-path
	for e := range tr.All() {
		b, ok := e.Body.(*trace.MailBody)
		if !ok {
			continue
		}
		for _, to := range b.Recipients {
			c := letterCopy{e.Mail, to}
			switch e.What {
			case trace.Composed:
				k.mean(c, domains)
				reports[e.Mail] = b.ReversePath == ""
			case trace.Accept:
				if k.meant[c] && !know[c] && !reports[e.Mail] {
					know[c] = true
					k.taken = append(k.taken, c)
				}
			case trace.Bounced:
				k.told[c] = true
			case trace.Relayed: // from there on it counts by what it stands for
				k.told[c] = k.told[c] || strings.HasPrefix(to, "both@")
			}
		}
		if e.What == trace.Stored {
			to, _, _ := strings.Cut(b.Mailbox, "/")
			c := letterCopy{e.Mail, to}
			if k.stored[c]++; k.stored[c] == 1 {
				k.arrived = append(k.arrived, c)
			}
		}
	}
	return k
}

// mean notes to whom a copy may come: to its recipient, and to those for whom that
// address stands.
func (k *books) mean(c letterCopy, domains int) {
	k.meant[c] = true
	for i := range domains {
		if c.to == fmt.Sprintf("both@d%d.test", i) {
			k.meant[letterCopy{c.mail, fmt.Sprintf("user@d%d.test", i)}] = true
			k.meant[letterCopy{c.mail, fmt.Sprintf("user@d%d.test", (i+1)%domains)}] = true
		}
	}
}
