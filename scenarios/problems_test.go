package scenarios

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// mistakes are edits of first-letter, each of which makes a walk wrong or odd:
// the first text, which must be there, becomes the second.
var mistakes = []struct{ about, old, new string }{
	{"a field mistyped", "hosts:\n", "hots:\n"},
	{"a field mistyped inside", "    link: acme-net\n    address: 192.0.2.10", "    lnik: acme-net\n    address: 192.0.2.10"},
	{"several at once", "    address: 192.0.2.10\n    resolver: resolver.acme.test", "    adress: 192.0.2.10\n    resolver: [a, b]\n    runs: 7"},
	{"a field twice", "part: 1\n", "part: 1\npart: 2\n"},
	{"a host twice", "  ns.acme.test:\n    label", "  mail.acme.test:\n    label"},
	{"a future version", "version: 1", "version: 2"},
	{"a version that is no number", "version: 1", "version: one"},
	{"a tab", "    link: acme-net\n", "\tlink: acme-net\n"},
	{"a colon in a text", "title: The first letter", "title: The first: letter"},
	{"an open quote", "title: The first letter", `title: "The first letter`},
	{"an extension twice", "        submission: yes\n", "        submission: yes\n        extensions: [size, size]\n"},
	{"an extension without what it needs", "        submission: yes\n", "        submission: yes\n        extensions: [binarymime, smtputf8]\n"},
	{"an extension that nobody knows", "        submission: yes\n", "        submission: yes\n        extensions: [pipelinig]\n"},
	{"a limit that cannot be announced", "        submission: yes\n", "        submission: yes\n        session: {mails: 1000000}\n"},
	{"no value", "    subject: Hello from acme", "    subject:"},
	{"an alias", "    from: alice", "    from: *alice"},
	{"an anchor", "    from: alice", "    from: &a alice"},
	{"a tag", "    from: alice", "    from: !!str alice"},
	{"a merge", "    from: alice", "    <<: {from: alice}"},
	{"a second document", "expect:\n", "---\nexpect:\n"},
	{"a list for a mapping", "people:\n  alice:\n", "people:\n  - alice:\n"},
	{"a mapping for a list", "acts:\n  - who: alice\n    does: send\n    mail: letter\n", "acts:\n  who: alice\n"},
	{"a name that is not fit", "name: first-letter", "name: First Letter"},
	{"a name that is not the file's", "name: first-letter", "name: last-letter"},
	{"a part that is not", "part: 1", "part: 9"},
	{"a start that is no date", "part: 1", "part: 1\nstart: tomorrow"},
	{"a wrong duration", "    latency: 1ms", "    latency: 1 second"},
	{"a negative duration", "    latency: 1ms", "    latency: -1ms"},
	{"a wrong bandwidth", "    latency: 1ms", "    bandwidth: 10Mb"},
	{"more jitter than latency", "    latency: 1ms", "    latency: 1ms\n    jitter: 2ms"},
	{"an order that nothing changes", "    latency: 1ms", "    latency: 1ms\n    reorder: yes"},
	{"a queue for fewer than nobody", "    latency: 1ms", "    queue: -1"},
	{"a loss that is no share", "    latency: 1ms", "    loss: 0.25%"},
	{"a loss of more than all", "    latency: 1ms", "    loss: 101%"},
	{"a reset of a link", "notes:\n", "faults:\n  - {link: acme-net, does: reset}\n\nnotes:\n"},
	{"an MTU out of range", "    latency: 1ms", "    mtu: 20"},
	{"an MTU too small for IPv6", "    prefix: 192.0.2.0/24\n", "    prefix: [192.0.2.0/24, 2001:db8:1::/64]\n    mtu: 1000\n"},
	{"two prefixes of a family", "    prefix: 192.0.2.0/24\n", "    prefix: [192.0.2.0/25, 192.0.2.128/25]\n"},
	{"somebody's prefix", "    prefix: 192.0.2.0/24\n", "    prefix: 10.0.0.0/24\n"},
	{"prefixes that overlap", "    prefix: 198.51.100.0/24\n", "    prefix: 192.0.2.128/25\n"},
	{"a prefix with host bits", "    prefix: 192.0.2.0/24\n", "    prefix: 192.0.2.1/24\n"},
	{"an address that is none", "    address: 192.0.2.10\n", "    address: 192.0.2.256\n"},
	{"an address outside its link", "    address: 192.0.2.10\n", "    address: 198.51.100.99\n"},
	{"an address twice", "    address: 192.0.2.10\n", "    address: 192.0.2.25\n"},
	{"the router's address", "    address: 192.0.2.10\n", "    address: 192.0.2.1\n"},
	{"the network's address", "    address: 192.0.2.10\n", "    address: 192.0.2.0\n"},
	{"the broadcast address", "    address: 192.0.2.10\n", "    address: 192.0.2.255\n"},
	{"an unknown link", "    link: acme-net\n", "    link: acme-nte\n"},
	{"a router on one link", "      globex-net: 198.51.100.1\n      registry-net: 203.0.113.1\n", ""},
	{"a link that nobody joins", "      globex-net: 198.51.100.1\n", ""},
	{"a gateway on another link", "    address: 192.0.2.10\n", "    address: 192.0.2.10\n    gateway: intrenet\n"},
	{"an unknown resolver", "    resolver: resolver.acme.test\n", "    resolver: resolver.acme\n"},
	{"a resolver that runs none", "    resolver: resolver.acme.test\n", "    resolver: ns.acme.test\n"},
	{"no resolver", "    address: 192.0.2.25\n    resolver: resolver.acme.test\n", "    address: 192.0.2.25\n"},
	{"a host with capitals", "  alice-laptop:\n", "  Alice-Laptop:\n"},
	{"somebody's host", "  mail.globex.test:\n", "  mail.globex.com:\n"},
	{"nobody serves the root", "        zones: \".\"\n", "        zones: test\n"},
	{"an unknown zone", "        zones: test\n", "        zones: tset\n"},
	{"a yes for what needs more", "      dns:\n        zones: test\n", "      dns: yes\n"},
	{"a mail server that listens nowhere", "        submission: yes\n", "        smtp: no\n"},
	{"a domain that ends nowhere", "        submission: yes\n      mailboxes: yes\n", "        submission: yes\n"},
	{"mailboxes without a mail server", "      mta:\n        domains: acme.test\n        submission: yes\n", ""},
	{"mailboxes that nobody can read", "      mailboxes: yes\n", "      mailboxes: {pop3: no, imap: no}\n"},
	{"a domain that ends twice", "        domains: globex.test\n", "        domains: [globex.test, acme.test]\n"},
	{"a relay domain without a way", "        domains: globex.test\n", "        domains: globex.test\n        relay-domains: acme.test\n"},
	{"a smarthost that is no mail server", "        domains: globex.test\n", "        domains: globex.test\n        smarthost: ns.nic.test\n"},
	{"its own smarthost", "        domains: globex.test\n", "        domains: globex.test\n        smarthost: mail.globex.test\n"},
	{"trust in nobody known", "        domains: globex.test\n", "        domains: globex.test\n        trusts: mial.acme.test\n"},
	{"a size without a meaning", "        domains: globex.test\n", "        domains: globex.test\n        size: 25 megabytes\n"},
	{"a zone that is not in a block", "  globex.test: |\n", "  globex.test: >\n"},
	{"a record that is none", "    @         MX   10 mail\n", "    @         MX   mail 10\n"},
	{"a record type that is none", "    mail      A    192.0.2.25\n", "    mail      AX   192.0.2.25\n"},
	{"a zone without SOA", "    @         SOA  ns hostmaster 1 7200 3600 1209600 3600\n", ""},
	{"a zone without NS", "    @         NS   ns\n", ""},
	{"a record outside its zone", "    mail      A    192.0.2.25\n", "    mail.test. A   192.0.2.25\n"},
	{"an alias with other records", "    mail      A    192.0.2.25\n", "    mail      A    192.0.2.25\n    mail      CNAME ns\n"},
	{"somebody's address in a zone", "    mail      A    192.0.2.25\n", "    mail      A    8.8.8.8\n"},
	{"an address that no machine has", "    mail      A    192.0.2.25\n", "    mail      A    192.0.2.99\n"},
	{"an address of another machine", "    mail      A    192.0.2.25\n", "    mail      A    192.0.2.53\n"},
	{"an MX that points nowhere", "    mail      A    198.51.100.25\n", ""},
	{"an MX without its dot", "    @         MX   10 mail\n    ns        A    198.51.100.54\n", "    @         MX   10 mail.globex.test\n    ns        A    198.51.100.54\n"},
	{"an MX that points at an alias", "    mail      A    198.51.100.25\n", "    mail      CNAME ns\n"},
	{"a delegation to nobody", "    ns.globex       A    198.51.100.54\n", ""},
	{"a lame delegation", "        zones: globex.test\n", "        zones: test\n"},
	{"somebody's zone", "  globex.test: |\n", "  globex.com: |\n"},
	{"an account without @", "  bob@globex.test:\n", "  bob.globex.test:\n"},
	{"an account that nobody keeps", "  bob@globex.test:\n", "  bob@ns.test:\n"},
	{"an empty password", "    password: marmalade\n", "    password: \"\"\n"},
	{"a person without @", "    address: alice@acme.test\n", "    address: alice.acme.test\n"},
	{"a device that is no host", "        host: bob-laptop\n", "        host: bobs-laptop\n"},
	{"a device that cannot look up", "    address: 198.51.100.10\n    resolver: resolver.globex.test\n", "    address: 198.51.100.10\n"},
	{"a mail to an unknown person", "    to: bob\n", "    to: bbo\n"},
	{"a mail to a bad address", "    to: bob\n", "    to: [bob@, \"@globex.test\", b..b@globex.test, bob@globex.com, Bob <bob@globex.test]\n"},
	{"a mail to bad addresses", "    to: bob\n", "    to: [bob@, \"@globex.test\", b..b@globex.test, bob@globex.com, bob@-x.test, \"bob smith@globex.test\"]\n"},
	{"a mail to nobody", "    to: bob\n", ""},
	{"an attachment without content", "    subject: Hello from acme\n", "    attachments:\n      - name: x.txt\n"},
	{"an attachment with two", "    subject: Hello from acme\n", "    attachments:\n      - {name: x.txt, text: x, base64: eA==}\n"},
	{"an attachment that is not base64", "    subject: Hello from acme\n", "    attachments:\n      - {name: x.txt, base64: \"???\"}\n"},
	{"an attachment too small for its kind", "    subject: Hello from acme\n", "    attachments:\n      - {name: x.png, generated: {kind: png, size: 10}}\n"},
	{"an attachment of a kind unknown", "    subject: Hello from acme\n", "    attachments:\n      - {name: x.png, generated: {kind: pgn, size: 1kB}}\n"},
	{"a mail that nobody sends", "  - who: alice\n    does: send\n    mail: letter\n", ""},
	{"an act of an unknown person", "  - who: bob\n", "  - who: rob\n"},
	{"a verb unknown", "    does: fetch\n", "    does: fecth\n"},
	{"an act on an unknown device", "    does: fetch\n", "    does: fetch\n    device: phone\n"},
	{"an act with too much", "    does: fetch\n", "    does: fetch\n    mail: letter\n    flags: seen\n"},
	{"a send without a mail", "    mail: letter\n  - who: bob", "  - who: bob"},
	{"a flag by POP3", "    does: fetch\n", "    does: flag\n"},
	{"two anchors", "    does: fetch\n", "    does: fetch\n    at: 2m\n"},
	{"an event of a kind unknown", "    after: mail.stored mailbox~bob@globex.test\n    wait: 10m\n\nnotes", "    after: mial.stored\n    wait: 10m\n\nnotes"},
	{"an event of an unknown host", "    after: mail.stored mailbox~bob@globex.test\n    wait: 10m\n\nnotes", "    after: mail.stored host=mial.globex.test\n    wait: 10m\n\nnotes"},
	{"a count that YAML takes for a comment", "    after: mail.stored mailbox~bob@globex.test\n    wait: 10m\n\nnotes", "    after: mail.stored mailbox~bob@globex.test #2\n    wait: 10m\n\nnotes"},
	{"a fault of two things", "notes:\n", "faults:\n  - {host: mail.globex.test, link: acme-net, does: off}\n\nnotes:\n"},
	{"a fault of nothing", "notes:\n", "faults:\n  - {does: off, at: 1s}\n\nnotes:\n"},
	{"a fault of an unknown host", "notes:\n", "faults:\n  - {host: mial.globex.test, does: off, at: 1s}\n\nnotes:\n"},
	{"a fault of an unknown link", "notes:\n", "faults:\n  - {link: acme-nat, does: cut}\n\nnotes:\n"},
	{"a verb that does not fit", "notes:\n", "faults:\n  - {link: acme-net, does: drop}\n\nnotes:\n"},
	{"packets that are not being sent", "notes:\n", "faults:\n  - {packet: packet.delivered dstPort=25, does: drop}\n\nnotes:\n"},
	{"a delay without an end", "notes:\n", "faults:\n  - {packet: packet.sent dstPort=25, does: delay}\n\nnotes:\n"},
	{"two ways of counting", "notes:\n", "faults:\n  - {packet: packet.sent dstPort=25 nth=3, does: drop, every: 10}\n\nnotes:\n"},
	{"a count of hosts", "notes:\n", "faults:\n  - {host: mail.globex.test, does: off, percent: 10}\n\nnotes:\n"},
	{"more than a hundred of a hundred", "notes:\n", "faults:\n  - {packet: packet.sent dstPort=25, does: drop, percent: 101}\n\nnotes:\n"},
	{"a fault of an unknown zone", "notes:\n", "faults:\n  - {zone: golbex.test, does: change, records: x}\n\nnotes:\n"},
	{"a change without records", "notes:\n", "faults:\n  - {zone: globex.test, does: change}\n\nnotes:\n"},
	{"a change to what is no record", "notes:\n", "faults:\n  - zone: globex.test\n    does: change\n    records: |\n      $TTL 3600\n      @ SOA ns hostmaster 1 7200 3600 1209600 3600\n      @ NS ns\n      @ MX mail 10\n\nnotes:\n"},
	{"a change to a zone without NS", "notes:\n", "faults:\n  - zone: globex.test\n    does: change\n    records: |\n      $TTL 3600\n      @ SOA ns hostmaster 1 7200 3600 1209600 3600\n\nnotes:\n"},
	{"records of a host", "notes:\n", "faults:\n  - {host: mail.globex.test, does: off, records: x}\n\nnotes:\n"},
	{"a crash that lasts", "notes:\n", "faults:\n  - {host: mail.globex.test, does: crash, for: 3s}\n\nnotes:\n"},
	{"a mending that lasts", "notes:\n", "faults:\n  - {link: acme-net, does: mend, for: 3s}\n\nnotes:\n"},
	{"a line that is a packet", "notes:\n", "faults:\n  - {line: packet.sent dstPort=25, does: drop}\n\nnotes:\n"},
	{"a line of no step", "notes:\n", "faults:\n  - {line: line verb=RCPT, does: drop}\n\nnotes:\n"},
	{"a line that was said", "notes:\n", "faults:\n  - {line: line.received verb=RCPT, does: delay, by: 3s}\n\nnotes:\n"},
	{"a line that passes another", "notes:\n", "faults:\n  - {line: line.sent verb=RCPT, does: reorder}\n\nnotes:\n"},
	{"two ways of counting lines", "notes:\n", "faults:\n  - {line: line.sent verb=RCPT nth=2, does: drop, percent: 10}\n\nnotes:\n"},
	{"an answer without words", "notes:\n", "faults:\n  - {line: line.sent verb=RCPT role=reply, does: answer}\n\nnotes:\n"},
	{"an answer with an empty line", "notes:\n", "faults:\n  - {line: line.sent verb=RCPT role=reply, does: answer, with: \"250 a\\n\\n250 b\"}\n\nnotes:\n"},
	{"an answer beyond ASCII", "notes:\n", "faults:\n  - {line: line.sent verb=RCPT role=reply, does: answer, with: \"451 später\"}\n\nnotes:\n"},
	{"words for a drop", "notes:\n", "faults:\n  - {line: line.sent verb=RCPT, does: drop, with: 451 later}\n\nnotes:\n"},
	{"an answer to a host", "notes:\n", "faults:\n  - {host: mail.globex.test, does: answer, with: 451 later}\n\nnotes:\n"},
	{"an answer that cannot be chosen", "    answer: the MX records of globex.test\n", "    answer: the MX of globex.test\n"},
	{"no choice", "    choices:\n      - the address of bob\n      - says: the address of globex.test\n        when: lookup.asked name=globex.test. type=A\n      - says: the MX records of globex.test\n        when: lookup.asked name=globex.test. type=MX\n      - says: the address of mail.globex.test\n        when: lookup.asked name=mail.globex.test. type=A\n", "    choices: the MX records of globex.test\n"},
	{"no choices", "    choices:\n      - the address of bob\n      - says: the address of globex.test\n        when: lookup.asked name=globex.test. type=A\n      - says: the MX records of globex.test\n        when: lookup.asked name=globex.test. type=MX\n      - says: the address of mail.globex.test\n        when: lookup.asked name=mail.globex.test. type=A\n", ""},
	{"a choice twice", "      - says: the root server\n", "      - says: the name server of globex.test\n"},
	{"a choice that says nothing", "      - says: the root server\n        when: lookup.query zone=.\n", "      - when: lookup.query zone=.\n"},
	{"a choice that can never be right", "        when: lookup.query zone=.\n", "        when: line.sent code=250\n"},
	{"a choice that counts", "        when: lookup.query zone=.\n", "        when: lookup.query zone=. nth=2\n"},
	{"a choice of an unknown host", "        when: lookup.query zone=.\n", "        when: lookup.query host=resolver.amce.test\n"},
	{"a right choice that is never right", "      - says: a name server of test\n        when: lookup.query zone=test.\n", "      - a name server of test\n"},
	{"a question that nothing answers", "  - before: lookup.asked host=mail.acme.test\n    ask: Acme's", "  - ask: Acme's"},
	{"a question behind an unknown host's event", "  - before: lookup.asked host=mail.acme.test\n", "  - after: mail.hop host=mail.amce.test\n    before: lookup.asked host=mail.acme.test\n"},
	{"a kind of question unknown", "    kind: code\n", "    kind: cdoe\n"},
	{"a number of letters", "    kind: code\n", "    kind: number\n    field: to\n    within: 5\n"},
	{"a number that is nowhere", "    kind: code\n", "    kind: number\n"},
	{"a number in two places", "    kind: code\n", "    kind: number\n    field: to\n    counts: line.sent code=250 nth=2\n"},
	{"a host that is none", "    kind: code\n", "    kind: host\n"},
	{"a field that is not", "    kind: code\n", "    kind: code\n    field: cod\n"},
	{"a field that no event has", "  - before: line.sent host=mail.globex.test service=smtp verb=RCPT role=reply\n", "  - before: any host=mail.globex.test\n"},
	{"a code among choices", "    kind: code\n", "    kind: code\n    choices: [\"250\", \"550\"]\n    also: [ok]\n"},
	{"an answer with spaces", "    answer: \"250\"\n", "    answer: \"250 \"\n"},
	{"no points", "    kind: code\n", "    kind: code\n    points: 0\n"},
	{"a time for a question", "    kind: code\n", "    kind: code\n    at: 2s\n"},
	{"a mechanism mistyped", "        submission: yes\n", "        submission: yes\n        auth: SCRAM-SHA256\n"},
	{"a mechanism twice", "        submission: yes\n", "        submission: yes\n        auth: [PLAIN, LOGIN, PLAIN]\n"},
	{"mechanisms where nobody logs in", "        submission: yes\n      mailboxes: yes\n  resolver.globex.test", "        auth: PLAIN\n      mailboxes: yes\n  resolver.globex.test"},
	{"a mechanism that is not offered", "        host: alice-laptop\n", "        host: alice-laptop\n        auth: CRAM-MD5\n"},
	{"an empty password", "        host: alice-laptop\n", "        host: alice-laptop\n        password: [looking-glas, \"\"]\n"},
	{"an expectation of two things", "    same-bytes: letter\n", "    same-bytes: letter\n    never: packet.dropped\n"},
	{"an expectation of nothing", "    same-bytes: letter\n", ""},
	{"an expectation of an unknown mail", "    same-bytes: letter\n", "    same-bytes: lettre\n"},
	{"a delivery to no account", "      to: bob@globex.test\n  - says", "      to: rob@globex.test\n  - says"},
	{"a count of nothing", "    same-bytes: letter\n", "    same-bytes: letter\n    exactly: 1\n"},
	{"nth in happens", "    happens: mail.composed host=alice-laptop\n    exactly: 1\n", "    happens: mail.composed nth=2\n"},
	{"nothing is expected", "expect:\n", "expect: []\nsummary2: >-\n"},
}

func TestProblems(t *testing.T) {
	src, err := walks.ReadFile("first-letter.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, m := range mistakes {
		if !strings.Contains(string(src), m.old) {
			t.Errorf("%s: first-letter has no %q any more", m.about, m.old)
			continue
		}
		fmt.Fprintf(&got, "## %s\n", m.about)
		s, err := Parse("first-letter.yaml", []byte(strings.Replace(string(src), m.old, m.new, 1)))
		var problems Problems
		switch {
		case err == nil && len(s.Warnings) == 0:
			t.Errorf("%s: nothing is wrong", m.about)
		case err == nil:
			problems = s.Warnings
		case !errors.As(err, &problems):
			t.Errorf("%s: error %T, want Problems", m.about, err)
		}
		for _, p := range problems {
			if p.Line < 1 || p.Column < 1 || p.File != "first-letter.yaml" {
				t.Errorf("%s: no place in %+v", m.about, p)
			}
			fmt.Fprintln(&got, p.Error())
		}
		got.WriteByte('\n')
	}
	golden(t, "problems.txt", got.String())
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; run go test ./scenarios -update and look at the diff", path)
	}
}

// Whatever the file, there is a walk or there are problems with a place, and the
// time it takes stays small.
func FuzzParse(f *testing.F) {
	for _, name := range Names() {
		src, err := walks.ReadFile(name + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	for _, s := range []string{"", "a", "[[[[", "- a\n- b", "? a\n: b", "a: |\n  x", "\xff", "version: 1\nhosts: {a: {runs: {dns: {zones: []}}}}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		s, err := Parse("fuzz.yaml", src)
		if err != nil {
			var problems Problems
			if !errors.As(err, &problems) || len(problems) == 0 {
				t.Fatalf("error %T %v", err, err)
			}
			for _, p := range problems {
				if p.Line < 1 || p.Column < 1 || p.Text == "" {
					t.Fatalf("no place or text in %+v", p)
				}
			}
			return
		}
		if s == nil || len(s.Links) == 0 || len(s.Hosts) == 0 {
			t.Fatal("a walk without a network")
		}
	})
}
