package mta

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"mailwalk/sim/trace"
)

// TestGreylist: the first try waits, one that comes too early waits on, one in time
// goes through and is remembered, and one that is too late begins anew.
func TestGreylist(t *testing.T) {
	g := Greylist{Wait: 15 * time.Minute, Window: 48 * time.Hour, Keep: 36 * 24 * time.Hour}
	start := time.Date(2030, 1, 7, 9, 0, 0, 0, time.UTC)
	a := triplet{netip.MustParseAddr("192.0.2.66"), "x@sender.test", "alice@acme.test"}
	b := a
	b.from = "y@sender.test"
	m := greyMemory{}
	for _, x := range []struct {
		at   time.Duration
		of   triplet
		want time.Duration // to wait; 0 is let through
	}{
		{0, a, 15 * time.Minute},
		{time.Minute, a, 14 * time.Minute},
		{14 * time.Minute, b, 15 * time.Minute},
		{15 * time.Minute, a, 0},
		{16 * time.Minute, a, 0},
		{30 * 24 * time.Hour, a, 0},
		{60 * 24 * time.Hour, a, 0}, // each mail renews
		{60 * 24 * time.Hour, b, 15 * time.Minute},
		{97 * 24 * time.Hour, a, 15 * time.Minute},
	} {
		wait, ok := m.pass(g, x.of, start.Add(x.at))
		if wait != x.want || ok != (x.want == 0) {
			t.Errorf("at %v from %s: wait %v, passed %v, want %v", x.at, x.of.from, wait, ok, x.want)
		}
	}
}

// TestGreylisted: strangers are put off, those who are trusted are not.
func TestGreylisted(t *testing.T) {
	for from, want := range map[string]int{"stranger": 451, "friend": 250} {
		w := newWorld(t, func(c *Config) { c.Greylist = &Greylist{Wait: time.Minute, Window: time.Hour, Keep: time.Hour} })
		if got := w.send(t, from, 25, nil, hello, "alice@acme.test"); got[0] != want {
			t.Errorf("the %s got %d, want %d", from, got[0], want)
		}
		w.pass(2 * time.Minute)
		if got := w.send(t, from, 25, nil, hello, "alice@acme.test"); got[0] != 250 {
			t.Errorf("the %s got %d after two minutes", from, got[0])
		}
	}
}

func TestLimit(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Limit = &Limit{Mails: 2, Per: time.Hour} })
	var got []int
	for range 3 {
		got = append(got, w.send(t, "stranger", 25, nil, hello, "alice@acme.test")...)
	}
	got = append(got, w.send(t, "friend", 25, nil, hello, "alice@acme.test")...)
	w.pass(time.Hour)
	got = append(got, w.send(t, "stranger", 25, nil, hello, "alice@acme.test")...)
	if fmt.Sprint(got) != "[250 250 450 250 250]" {
		t.Errorf("got %v", got)
	}
}

// TestForward: an address that stands for others goes to each of them once, with
// the sender as it was; a circle is refused.
func TestForward(t *testing.T) {
	w := newWorld(t, func(c *Config) {
		c.Forward = map[string][]string{
			"team@acme.test":  {"alice@acme.test", "both@acme.test"},
			"both@acme.test":  {"alice@acme.test", "carol@acme.test"},
			"carol@acme.test": {"carol@acme.test", "alice@acme.test"},
			"x@acme.test":     {"y@acme.test"},
			"y@acme.test":     {"X@acme.test"},
		}
	})
	w.boxes.users["carol@acme.test"] = ""
	if got := w.send(t, "stranger", 25, nil, hello, "Team@acme.test", "x@acme.test"); fmt.Sprint(got) != "[250 550]" {
		t.Errorf("got %v", got)
	}
	for _, user := range []string{"alice@acme.test", "carol@acme.test"} {
		if mails := w.boxes.mail[user]; len(mails) != 1 || !strings.HasPrefix(string(mails[0]), "Return-Path: <x@sender.test>\r\n") {
			t.Errorf("%s has %q", user, mails)
		}
	}
	if got := w.decisions(trace.Forward); !slices.Equal(got, []string{"Team@acme.test: alice@acme.test, carol@acme.test"}) {
		t.Errorf("decisions %q", got)
	}
}

// pass lets time go by.
func (w *world) pass(d time.Duration) {
	w.clock.Post(d, func() {})
	for w.clock.Step() {
	}
}

// decisions are those of a kind, subject and choice.
func (w *world) decisions(what string) []string {
	var all []string
	for e := range w.trace.All() {
		if b, ok := e.Body.(*trace.DecisionBody); ok && e.What == what {
			all = append(all, b.Subject+": "+b.Choice)
		}
	}
	return all
}

func TestOpenRelay(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Open = true })
	if got := w.send(t, "stranger", 25, nil, hello, "bob@globex.test"); got[0] != 250 {
		t.Errorf("an open relay answers %d", got[0])
	}
	if got := w.send(t, "stranger", 587, nil, hello, "bob@globex.test"); got[0] != 530 {
		t.Errorf("its submission port answers %d", got[0])
	}
}

func TestHops(t *testing.T) {
	for n, want := range map[int]int{4: 250, 5: 554} {
		w := newWorld(t, func(c *Config) { c.Hops = 5 })
		if got := w.send(t, "stranger", 25, nil, strings.Repeat("Received: from a\r\n", n)+hello, "alice@acme.test"); got[0] != want {
			t.Errorf("%d Received fields got %d", n, got[0])
		}
	}
}

// TestRoom: a mailbox that is full, and one that will never be large enough.
func TestRoom(t *testing.T) {
	for room, want := range map[[2]int64]int{{-1, -1}: 250, {1000, 1000}: 250, {10, 1000}: 452, {0, 1000}: 452, {10, 10}: 552} {
		w := newWorld(t, nil)
		w.boxes.room = &room
		if got := w.send(t, "stranger", 25, nil, hello, "alice@acme.test"); got[0] != want {
			t.Errorf("with room %v got %d, want %d", room, got[0], want)
		}
	}
}

// TestFailedStaysFailed: what was refused for good before a crash is not tried
// again after it, and what was delivered is not delivered again.
func TestFailedStaysFailed(t *testing.T) {
	w := newWorld(t, nil)
	s := &Server{Config: Config{Host: w.hosts["mail"]}, queue: map[string]*entry{}}
	e := &entry{Recipients: []*recipient{{Address: "a@acme.test", Done: true}, {Address: "b@acme.test", Failed: true}, {Address: "c@acme.test"}}}
	s.Recorder = w.rec
	jobs := s.route(e)
	if len(jobs) != 1 || len(jobs[0].recipients) != 1 || jobs[0].recipients[0].Address != "c@acme.test" {
		t.Errorf("jobs %+v", jobs)
	}
}
