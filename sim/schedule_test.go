package sim

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"mailwalk/scenarios"
)

// A failing schedule is run again by its seed alone:
//
//	go test ./sim -run TestFaultSchedules -schedules 1 -schedule-seed 12345
//
// The same schedules are tried each time, so that a test fails with the change that
// is to blame; to look for more, have them drawn.
var (
	scheduleCount = flag.Int("schedules", 20, "how many fault schedules are tried")
	scheduleSeed  = flag.Uint64("schedule-seed", 1, "the seed of the first fault schedule, each further one has the next number; 0 draws it")
)

// firstSeed is the seed that a flag names, or that is drawn for it.
func firstSeed(flag uint64) uint64 {
	if flag != 0 {
		return flag
	}
	return 1 + uint64(rand.Uint32())
}

// schedule is what goes wrong in a walk, all drawn from one number, which is also
// the walk's seed.
type schedule struct {
	seed   uint64
	walk   string
	faults []string // each in the language of walks, without its braces
	links  []string // the same, the fields of a link behind its name
}

func (s schedule) String() string {
	return fmt.Sprintf("%s with\n\t%s", s.walk, strings.Join(append(slices.Clone(s.links), s.faults...), "\n\t"))
}

// newSchedule draws a schedule.
func newSchedule(seed uint64) schedule {
	d := dice{rand.New(rand.NewPCG(seed, 0))}
	s := schedule{seed: seed, walk: d.one("first-letter", "attachment")}
	for _, link := range []string{"acme-net", "globex-net", "registry-net"} {
		if d.IntN(4) == 0 {
			s.links = append(s.links, link+": "+d.quality())
		}
	}
	for range d.IntN(4) {
		s.faults = append(s.faults, d.fault())
	}
	if len(s.faults) == 0 || d.IntN(2) == 0 {
		s.faults = append(s.faults, d.strike())
	}
	if d.IntN(3) == 0 {
		for range 1 + d.IntN(2) {
			s.faults = append(s.faults, d.line())
		}
	}
	return s
}

// scenario is the walk with the faults written into it.
func (s schedule) scenario(t testing.TB) *scenarios.Scenario {
	t.Helper()
	sc, err := scenarios.Load(s.walk)
	if err != nil {
		t.Fatal(err)
	}
	faults := "\nfaults:\n  - {" + strings.Join(s.faults, "}\n  - {") + "}\n\nnotes:\n"
	text := strings.Replace(string(sc.Source), "\nnotes:\n", faults, 1)
	for _, l := range s.links {
		name, fields, _ := strings.Cut(l, ": ")
		head := "\n  " + name + ":\n"
		text = strings.Replace(text, head, head+"    "+strings.ReplaceAll(fields, ", ", "\n    ")+"\n", 1)
	}
	sc, err = scenarios.Parse(s.walk+".yaml", []byte(text))
	if err != nil {
		t.Fatalf("schedule %d: %v", s.seed, err)
	}
	return sc
}

// world is the schedule's world before its first step.
func (s schedule) world(t testing.TB) *World {
	t.Helper()
	w, err := New(s.scenario(t), Options{Seed: &s.seed})
	if err != nil {
		t.Fatalf("schedule %d: %v", s.seed, err)
	}
	return w
}

// dice draw the parts of a schedule.
type dice struct{ *rand.Rand }

func (d dice) one(of ...string) string { return of[d.IntN(len(of))] }

func (d dice) fault() string {
	switch d.IntN(8) {
	case 0, 1:
		return "link: " + d.one("acme-net", "globex-net", "registry-net") + ", does: cut" + d.anchor() + d.lasting()
	case 2, 3:
		return "host: " + d.host() + ", does: off" + d.anchor() + d.lasting()
	}
	return "packet: packet.sent " + d.packets() + d.anchor() + d.one("", "", d.lasting())
}

// quality is what a link has besides its latency, which is 1ms or more.
func (d dice) quality() string {
	return d.one("jitter: 1ms", "jitter: 500us, reorder: yes", "loss: 2.5%", "loss: 20%", "mtu: 576", "bandwidth: 64kbit/s, queue: 4",
		"bandwidth: 1Mbit/s, queue: 20, jitter: 1ms", "jitter: 1ms, reorder: yes, loss: 5%, mtu: 1000")
}

// strike ends everything in the middle of a transfer.
func (d dice) strike() string {
	port := d.one("25", "587", "110")
	moment := ", after: packet." + d.one("sent", "delivered") + d.one(" srcPort=", " dstPort=") + port + d.one("", " len>0") + fmt.Sprintf(" nth=%d", 1+d.IntN(120))
	switch d.IntN(3) {
	case 0:
		return "link: " + d.one("acme-net", "globex-net") + ", does: cut" + moment + d.lasting()
	case 1:
		return "host: " + d.one("mail.acme.test", "mail.globex.test", "alice-laptop", "bob-laptop") + ", does: off" + moment + d.lasting()
	}
	return "packet: packet.sent " + d.one("srcPort=", "dstPort=") + port + ", does: " + d.one("drop", "reset", "corrupt") + moment + d.lasting()
}

// packets says which packets are spoiled, and how.
func (d dice) packets() string {
	match := []string{
		d.one("dstPort=25", "srcPort=25", "dstPort=587", "srcPort=587", "dstPort=110", "srcPort=110", "dstPort=53", "srcPort=53", "proto=TCP", "proto=UDP"),
		d.one("", "", "len>0", "len=0", "len>500", "flags~S", "flags~F", "flags~R", "flags=A", "analysis~retransmission"),
		d.one("", "", "", "host=internet", "link=globex-net", "host=mail.acme.test", "host=mail.globex.test", "to~internet"),
	}
	count := d.one("every: 2", "every: 3", "every: 10", "percent: 2", "percent: 5", "percent: 10", "percent: 30", "percent: 70", "percent: 100", "")
	if count == "" {
		match = append(match, fmt.Sprintf("nth=%d", 1+d.IntN(12)))
	} else {
		count = ", " + count
	}
	does := d.one("drop", "drop", "duplicate", "corrupt", "reorder", "reorder", "reset", "delay, by: "+d.one("1ms", "30ms", "300ms", "7s", "90s"))
	return strings.Join(match, " ") + ", does: " + does + count
}

// line says what is done to lines. A server is never made to promise what it does
// not do: then a mail may well be lost.
func (d dice) line() string {
	if d.IntN(6) == 0 {
		return "line: line.received " + d.one("service=smtp", "service=submission") + d.one(" verb=EHLO", " verb=MAIL", " verb=RCPT", " verb=DATA", " role=body") +
			fmt.Sprintf(" nth=%d", 1+d.IntN(2)) + ", does: answer, with: " + d.one("421 4.3.2 bye", "450 4.2.0 later", "451 4.3.0 not now", "550 5.7.1 no", "554 5.0.0 no")
	}
	match := d.one("service=smtp", "service=submission", "service=pop3", "service=smtp", "service=submission")
	match += d.one("", " role=greeting", " role=command", " role=reply", " role=reply", " role=body", " verb=MAIL", " verb=RCPT", " verb=DATA", " verb=EHLO", " verb=QUIT", " host~mail", " text~OK")
	count := d.one("", "", "", ", every: 3", ", percent: 5", ", percent: 30")
	if count == "" {
		match += fmt.Sprintf(" nth=%d", 1+d.IntN(8))
	}
	does := d.one("drop", "drop", "duplicate", "corrupt", "delay, by: "+d.one("10ms", "3s", "4m", "6m", "11m"))
	return "line: line.sent " + match + ", does: " + does + count + d.anchor() + d.one("", "", d.lasting())
}

func (d dice) host() string {
	return d.one("mail.acme.test", "mail.globex.test", "mail.acme.test", "mail.globex.test", "alice-laptop", "bob-laptop",
		"resolver.acme.test", "resolver.globex.test", "ns.globex.test", "a.root-servers.test", "ns.nic.test")
}

// anchor says when a fault begins.
func (d dice) anchor() string {
	ms := func(most int) string { return fmt.Sprintf("%dms", d.IntN(most)) }
	event := d.one(
		"connection.opening", "connection.opened service=submission", "connection.opened service=smtp", "connection.accepted service=smtp",
		"connection.opened service=pop3", "connection.closed service=smtp", "packet.sent dstPort=25 len>0", "packet.delivered dstPort=587",
		"packet.dropped", "line.sent verb=EHLO", "line.sent verb=RCPT", "line.sent verb=DATA", "line.sent role=body", "line.received role=body",
		"line.sent verb=QUIT", "line.sent verb=RETR", "line.sent verb=DELE", "lookup.asked", "lookup.resolved", "mail.accepted", "mail.deferred",
		"mail.relayed", "mail.stored", "state.queue", "state.disk",
	)
	switch d.IntN(5) {
	case 0:
		return ""
	case 1:
		return ", at: " + ms(1500)
	case 2:
		return ", at: " + d.one("10m", "10m1s", "15m", "16m", "2h", "30h")
	case 3:
		return ", after: " + event + fmt.Sprintf(" nth=%d", 1+d.IntN(20))
	}
	return ", after: " + event + ", wait: " + ms(1+d.IntN(200))
}

// lasting says for how long; mostly there is an end to it.
func (d dice) lasting() string {
	return d.one("", ", for: 5ms", ", for: 200ms", ", for: 3s", ", for: 40s", ", for: 4m", ", for: 20m", ", for: 7h")
}
