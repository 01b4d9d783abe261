package sim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// promise is a random world, all drawn from one number, which is its seed too.
type promise struct {
	seed    uint64
	domains int
	mails   []string       // in the language of walks
	faults  []string       // each without its braces
	quota   map[int]string // of the user of a domain
	servers string         // more of what each mail server is told
}

func newPromise(seed uint64) promise {
	d := dice{rand.New(rand.NewPCG(seed, 1))}
	p := promise{seed: seed, domains: 2 + d.IntN(5), quota: map[int]string{}}
	for range 1 + d.IntN(1<<d.IntN(6)+d.IntN(19)) {
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
		p.mails = append(p.mails, letterText(len(p.mails), d.IntN(p.domains), to...))
	}
	for range d.IntN(6) {
		p.faults = append(p.faults, p.fault(d)...)
	}
	for i := range p.domains {
		if d.IntN(8) == 0 {
			p.quota[i] = d.one("2kB", "5kB", "20kB")
		}
	}
	if d.IntN(6) == 0 {
		p.servers = ", greylist: " + d.one("{wait: 5m}", "{wait: 1h}")
	}
	return p
}

// fault is something that ends, or from which a mail can come back.
func (p *promise) fault(d dice) []string {
	at := ", after: " + d.one("line.received role=body", "line.sent role=body", "line.sent verb=DATA code=250", "mail.accepted", "state.disk", "line.sent verb=RCPT", "connection.opened service=smtp", "mail.stored", "mail.composed", "state.queue") + fmt.Sprintf(" nth=%d", 1+d.IntN(3*len(p.mails)))
	lasting := ", for: " + d.one("5ms", "1s", "40s", "20m", "7h", "2d", "6d")
	which := d.IntN(p.domains)
	switch d.IntN(9) {
	case 0:
		return []string{fmt.Sprintf("host: mail.d%d.test, does: crash", which) + at}
	case 1:
		return []string{fmt.Sprintf("host: mail.d%d.test, does: off", which) + at + lasting}
	case 2:
		return []string{fmt.Sprintf("link: net%d, does: cut", which) + at + lasting}
	case 3: // the net falls into two parts
		var cut []string
		for i := range p.domains {
			if i <= which {
				cut = append(cut, fmt.Sprintf("link: net%d, does: cut", i)+at+lasting)
			}
		}
		return cut
	case 4:
		return []string{"line: line.sent service=smtp " + d.one("verb=DATA code=250", "verb=BDAT code=250", "role=body", "verb=RCPT role=reply") + fmt.Sprintf(" nth=%d, does: drop", 1+d.IntN(len(p.mails)))}
	case 5: // the DNS does not answer
		return []string{"host: " + d.one("ns.test", "names.test") + ", does: off" + at + lasting}
	case 6:
		return []string{fmt.Sprintf(`zone: ".", does: change, records: "%s"`, strings.ReplaceAll(p.zone(which), "\n", `\n`)) + at}
	case 7:
		return []string{"packet: packet.sent " + d.one("srcPort=25", "dstPort=25", "dstPort=53", "dstPort=587") + ", does: " + d.one("reset", "drop", "duplicate", "corrupt") + ", percent: " + d.one("2", "10", "40") + at + lasting}
	}
	return []string{"line: line.received service=smtp " + d.one("verb=MAIL", "verb=RCPT") + ", percent: 30, does: answer, with: " + d.one("451 4.3.0 not now", "550 5.7.1 no", "421 4.3.2 bye")}
}

// zone is all that the DNS knows, but for one domain; less than 0 means for none.
func (p promise) zone(without int) string {
	text := "$TTL 3600\n@ SOA ns.test. host.test. 1 7200 3600 1209600 3600\n@ NS ns.test.\nns.test. A 203.0.113.54\n"
	for i := range p.domains {
		if i != without {
			text += fmt.Sprintf("d%d.test. MX 10 mail.d%d.test.\n", i, i)
		}
		text += fmt.Sprintf("mail.d%d.test. A 198.51.100.%d\n", i, 16*i+3)
	}
	return text
}

// text is the world in the language of walks.
func (p promise) text() string {
	var links, joins, hosts, accounts, people, acts strings.Builder
	for i := range p.domains {
		fmt.Fprintf(&links, "  net%d: {prefix: 198.51.100.%d/28}\n", i, 16*i)
		fmt.Fprintf(&joins, "      net%d: 198.51.100.%d\n", i, 16*i+1)
		fmt.Fprintf(&hosts, "  pc%d: {link: net%d, address: 198.51.100.%d, resolver: names.test}\n", i, i, 16*i+2)
		fmt.Fprintf(&hosts, "  mail.d%d.test:\n    link: net%d\n    address: 198.51.100.%d\n    resolver: names.test\n    runs:\n", i, i, 16*i+3)
		fmt.Fprintf(&hosts, "      mta: {domains: d%d.test, submission: yes, forward: {both@d%d.test: [user@d%d.test, user@d%d.test]}%s}\n      mailboxes: yes\n", i, i, i, (i+1)%p.domains, p.servers)
		quota := ""
		if q := p.quota[i]; q != "" {
			quota = ", quota: " + q
		}
		fmt.Fprintf(&accounts, "  user@d%d.test: {password: secret%s}\n", i, quota)
		fmt.Fprintf(&people, "  p%d: {address: user@d%d.test, devices: {pc: {host: pc%d}}}\n", i, i, i)
	}
	for i, m := range p.mails {
		_, from, _ := strings.Cut(m, "from: ")
		from, _, _ = strings.Cut(from, "\n")
		fmt.Fprintf(&acts, "  - {who: %s, does: send, mail: m%d}\n", from, i)
	}
	text := fmt.Sprintf("version: 1\nname: promise-%d\nseed: %d\ntitle: A random world\nsummary: Whatever happens, nothing is lost.\n", p.seed, p.seed) +
		"links:\n  names: {prefix: 203.0.113.0/24}\n" + links.String() +
		"routers:\n  internet:\n    joins:\n      names: 203.0.113.1\n" + joins.String() +
		"hosts:\n" + hosts.String() +
		"  names.test: {link: names, address: 203.0.113.53, resolver: names.test, runs: {resolver: yes}}\n  ns.test: {link: names, address: 203.0.113.54, runs: {dns: {zones: \".\"}}}\n" +
		"zones:\n  \".\": |\n    " + strings.ReplaceAll(strings.TrimSpace(p.zone(-1)), "\n", "\n    ") + "\n" +
		"policies: {cleartext: allowed}\naccounts:\n" + accounts.String() + "people:\n" + people.String() +
		"mails:\n" + strings.Join(p.mails, "") + "acts:\n" + acts.String()
	if len(p.faults) > 0 {
		text += "faults:\n  - {" + strings.Join(p.faults, "}\n  - {") + "}\n"
	}
	return text
}
