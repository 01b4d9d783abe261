package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"mailwalk/protocols/dialog"
	"mailwalk/sim/trace"
)

// delivery is the trace of a small delivery, as far as expectations look at it.
func delivery() []*trace.Event {
	line := func(seq uint64, verb, code string) *trace.Event {
		return &trace.Event{Seq: seq, Host: "mail.globex.test", Kind: trace.Line, What: trace.Sent, Body: &trace.LineBody{
			Service: "smtp", Role: dialog.Reply, Verb: verb, Code: code,
		}}
	}
	return []*trace.Event{
		line(1, "MAIL", "250"), line(2, "RCPT", "550"), line(3, "RCPT", "250"), line(4, "DATA", "354"), line(5, "DATA", "250"),
		{Seq: 6, Host: "mail.globex.test", Kind: trace.Mail, What: trace.Stored, IDs: trace.IDs{Mail: "1"}, Body: &trace.MailBody{Mailbox: "bob@globex.test/INBOX"}},
		{Seq: 7, Host: "bob-laptop", Kind: trace.Mail, What: trace.Compared, IDs: trace.IDs{Mail: "1"}, Body: &trace.MailBody{SentHash: "a", ArrivedHash: "b"}},
	}
}

func TestCheck(t *testing.T) {
	n := func(i int) *int { return &i }
	sel := trace.MustSelector
	for _, c := range []struct {
		expect  Expect
		held    bool
		got     int
		missed  string
		nearest uint64
	}{
		{Expect{Happens: sel("line.sent verb=RCPT")}, true, 2, "", 0},
		{Expect{Happens: sel("line.sent verb=RCPT code=251")}, false, 0, "it did not happen; code is 550, not 251", 2},
		{Expect{Happens: sel("line.sent verb=RCPT"), Exactly: n(2)}, true, 2, "", 0},
		{Expect{Happens: sel("line.sent verb=RCPT"), Exactly: n(1)}, false, 2, "it happened 2 times", 2},
		{Expect{Happens: sel("line.sent verb=RCPT"), Exactly: n(0)}, false, 2, "it happened 2 times", 2},
		{Expect{Happens: sel("line.sent verb=RCPT"), AtLeast: n(3)}, false, 2, "it happened 2 times", 2},
		{Expect{Happens: sel("line.sent verb=RCPT"), AtLeast: n(1), AtMost: n(2)}, true, 2, "", 0},
		{Expect{Happens: sel("line.sent verb=RCPT"), AtMost: n(1)}, false, 2, "it happened 2 times", 2},
		{Expect{Happens: sel("line.sent verb=VRFY"), AtMost: n(1)}, true, 0, "", 0},
		{Expect{Never: sel("line.sent code>=500")}, false, 1, "it happened once", 2},
		{Expect{Never: sel("line.sent code>=500"), After: sel("line.sent verb=RCPT nth=2")}, true, 0, "", 0},
		{Expect{Never: sel("line.sent code>=500"), Before: sel("line.sent verb=RCPT code=550")}, true, 0, "", 0},
		{Expect{Never: sel("line.sent code>=500"), Before: sel("mail.bounced")}, false, 1, "mail.bounced did not happen; it is mail.stored, not mail.bounced", 6},
		{Expect{Happens: sel("line.sent verb=DATA"), After: sel("line.sent verb=RCPT code=250"), Before: sel("mail.stored")}, true, 2, "", 0},
		{Expect{Happens: sel("line.sent verb=MAIL"), After: sel("line.sent verb=RCPT")}, false, 0, "it did not happen after line.sent verb=RCPT", 1},
		{Expect{Happens: sel("packet"), After: sel("line.sent verb=VRFY")}, false, 0, "line.sent verb=VRFY did not happen; verb is MAIL, not VRFY", 1},
		{Expect{InOrder: []trace.Selector{sel("line verb=MAIL"), sel("line verb=RCPT code=250"), sel("mail.stored")}}, true, 3, "", 0},
		{Expect{InOrder: []trace.Selector{sel("line verb=DATA"), sel("line verb=RCPT"), sel("mail.stored")}}, false, 1, "line verb=RCPT did not happen after line verb=DATA", 2},
		{Expect{InOrder: []trace.Selector{sel("line verb=DATA"), sel("line verb=DATA"), sel("line verb=DATA")}}, false, 2, "line verb=DATA did not happen after line verb=DATA", 4},
		{Expect{Delivered: &Delivered{Mail: "letter", To: "bob@globex.test", mail: "1"}}, true, 1, "", 0},
		{Expect{Delivered: &Delivered{Mail: "letter", To: "b@globex.test", mail: "1"}}, false, 0, "it did not happen; mailbox is bob@globex.test/INBOX, not matching /^b@globex\\.test//", 6},
		{Expect{Delivered: &Delivered{Mail: "other", To: "bob@globex.test", mail: "2"}}, false, 0, "it did not happen; mail is 1, not 2", 6},
		{Expect{SameBytes: "letter", mail: "1"}, false, 0, "it did not happen; same is false, not true", 7},
	} {
		results := Check([]*Expect{&c.expect}, slices.Values(delivery()))
		r := results[0]
		var nearest uint64
		if r.Nearest != nil {
			nearest = r.Nearest.Seq
		}
		if r.Held != c.held || r.Got != c.got || r.Missed != c.missed || nearest != c.nearest {
			t.Errorf("%s:\n got held %v, %d, %q, nearest %d\nwant held %v, %d, %q, nearest %d",
				r.Want, r.Held, r.Got, r.Missed, nearest, c.held, c.got, c.missed, c.nearest)
		}
	}
}

func TestWants(t *testing.T) {
	s, err := Load("three-hops")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, r := range Check(s.Expect, slices.Values(delivery())) {
		fmt.Fprintf(&b, "%d: %s\n\twant %s\n\theld %v %s\n", r.Expect.Pos.Line, r.Expect.Says, r.Want, r.Held, r.Missed)
	}
	golden(t, "wants.txt", b.String())
}

// An expectation's work grows with the events, and not with their square.
func BenchmarkCheck(b *testing.B) {
	s, err := Load("first-letter")
	if err != nil {
		b.Fatal(err)
	}
	var events []*trace.Event
	for range 10_000 {
		events = append(events, delivery()...)
	}
	for b.Loop() {
		Check(s.Expect, slices.Values(events))
	}
}
