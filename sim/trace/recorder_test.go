package trace

import (
	"net/netip"
	"testing"
	"time"

	"mailwalk/protocols/dialog"
	"mailwalk/sim/clock"
)

func newTestRecorder() *Recorder {
	r := NewRecorder(New(Header{}))
	r.Attach(clock.New(time.Date(2030, 1, 7, 9, 0, 0, 0, time.UTC), r.Root()))
	return r
}

// TestSegment: sequence numbers become offsets in the stream, also past 2^32, and
// whatever comes out of order or again.
func TestSegment(t *testing.T) {
	r := newTestRecorder()
	client, server := netip.MustParseAddrPort("192.0.2.1:50000"), netip.MustParseAddrPort("192.0.2.2:25")
	r.Dial(client, server)
	const isn = 0xffff_ff00
	up := func(flags string, seq uint32, n int) *Range {
		_, g := r.segment(Head{Proto: "TCP", Src: client.Addr(), SrcPort: client.Port(), Dst: server.Addr(), DstPort: server.Port(), Flags: flags, Seq: seq, Len: n})
		return g
	}
	down := func(flags string, seq uint32, n int) *Range {
		_, g := r.segment(Head{Proto: "TCP", Src: server.Addr(), SrcPort: server.Port(), Dst: client.Addr(), DstPort: client.Port(), Flags: flags, Seq: seq, Len: n})
		return g
	}
	for _, x := range []struct {
		name string
		got  *Range
		want Range
		none bool
	}{
		{"SYN", up("S", isn, 0), Range{}, true},
		{"SYN+ACK", down("SA", 7, 0), Range{}, true},
		{"ACK", up("A", isn+1, 0), Range{}, true},
		{"first", up("PA", isn+1, 100), Range{From: 0, To: 100}, false},
		{"up to the wrap", up("A", isn+101, 1000), Range{From: 100, To: 1100}, false},
		{"past it", up("A", 845, 100), Range{From: 1100, To: 1200}, false},
		{"a later one first", up("A", 1045, 100), Range{From: 1300, To: 1400}, false},
		{"then the one before", up("A", 945, 100), Range{From: 1200, To: 1300}, false},
		{"again from before the wrap", up("A", isn+1, 100), Range{From: 0, To: 100}, false},
		{"the other direction", down("PA", 8, 5), Range{FromServer: true, From: 0, To: 5}, false},
		{"a keep-alive", down("A", 7, 1), Range{}, true},
		{"FIN with data", up("FPA", 1145, 10), Range{From: 1400, To: 1410}, false},
	} {
		switch {
		case x.none && x.got != nil:
			t.Errorf("%s: got %+v, want none", x.name, *x.got)
		case !x.none && (x.got == nil || *x.got != x.want):
			t.Errorf("%s: got %+v, want %+v", x.name, x.got, x.want)
		}
	}
}

// TestConnOrdinals: a connection's name does not tell its port, so that it is the
// same in another run.
func TestConnOrdinals(t *testing.T) {
	r := newTestRecorder()
	r.NameAddr(netip.MustParseAddr("192.0.2.1"), "a")
	r.NameAddr(netip.MustParseAddr("192.0.2.2"), "b")
	for _, x := range []struct{ client, server, want string }{
		{"192.0.2.1:50000", "192.0.2.2:25", "a>b:25#1"},
		{"192.0.2.1:50001", "192.0.2.2:25", "a>b:25#2"},
		{"192.0.2.1:50002", "192.0.2.2:110", "a>b:110#1"},
		{"192.0.2.2:50000", "192.0.2.1:25", "b>a:25#1"},
		{"192.0.2.9:50000", "192.0.2.1:25", "192.0.2.9>a:25#1"},
	} {
		if c := r.Dial(netip.MustParseAddrPort(x.client), netip.MustParseAddrPort(x.server)); c.ID != x.want {
			t.Errorf("got %s, want %s", c.ID, x.want)
		}
	}
}

// TestVerbs: each reply tells what it answers, pipelined or not.
func TestVerbs(t *testing.T) {
	type said struct {
		text         string
		role         string
		fromServer   bool
		verb, expect string // the verb and code that are to be found
	}
	for _, x := range []struct {
		service string
		lines   []said
	}{
		{"smtp", []said{
			{"220 hello", "greeting", true, "", "220"},
			{"EHLO a", "command", false, "EHLO", ""},
			{"250-b", "reply", true, "EHLO", "250"},
			{"250 SIZE", "reply", true, "EHLO", "250"},
			{"auth login", "command", false, "AUTH", ""},
			{"334 VXNlcm5hbWU6", "reply", true, "AUTH", "334"},
			{"YQ==", "continuation", false, "", ""},
			{"334 UGFzc3dvcmQ6", "reply", true, "AUTH", "334"},
			{"Yg==", "continuation", false, "", ""},
			{"235 ok", "reply", true, "AUTH", "235"},
			{"MAIL FROM:<>", "command", false, "MAIL", ""},
			{"RCPT TO:<b>", "command", false, "RCPT", ""},
			{"DATA", "command", false, "DATA", ""},
			{"250 ok", "reply", true, "MAIL", "250"},
			{"550 no", "reply", true, "RCPT", "550"},
			{"354 go on", "reply", true, "DATA", "354"},
			{"", "body", false, "DATA", ""},
			{"250 queued", "reply", true, "DATA", "250"},
			{"QUIT", "command", false, "QUIT", ""},
			{"221 bye", "reply", true, "QUIT", "221"},
		}},
		{"pop3", []said{
			{"+OK hello", "greeting", true, "", "+OK"},
			{"LIST", "command", false, "LIST", ""},
			{"+OK", "reply", true, "LIST", "+OK"},
			{"1 200", "reply", true, "LIST", ""},
			{".", "reply", true, "LIST", ""},
			{"LIST 1", "command", false, "LIST", ""},
			{"+OK 1 200", "reply", true, "LIST", "+OK"},
			{"UIDL", "command", false, "UIDL", ""},
			{"-ERR no", "reply", true, "UIDL", "-ERR"},
			{"RETR 1", "command", false, "RETR", ""},
			{"+OK 200", "reply", true, "RETR", "+OK"},
			{"", "body", true, "RETR", ""},
			{"QUIT", "command", false, "QUIT", ""},
			{"+OK", "reply", true, "QUIT", "+OK"},
		}},
		{"imap", []said{
			{"* OK hello", "greeting", true, "", "OK"},
			{"a1 UID FETCH 1 FLAGS", "command", false, "UID FETCH", ""},
			{"a2 NOOP", "command", false, "NOOP", ""},
			{"* 1 FETCH (UID 1)", "untagged", true, "", "1"},
			{"a2 OK done", "reply", true, "NOOP", "OK"},
			{"a1 NO cannot", "reply", true, "UID FETCH", "NO"},
			{"+ go on", "continuation", true, "", ""},
		}},
	} {
		var v verbs
		for _, l := range x.lines {
			b := &LineBody{Service: x.service, Role: dialog.Role(l.role), Text: l.text, Range: Range{FromServer: l.fromServer}}
			v.note(b)
			if b.Verb != l.verb || b.Code != l.expect {
				t.Errorf("%s: %q has verb %q and code %q, want %q and %q", x.service, l.text, b.Verb, b.Code, l.verb, l.expect)
			}
		}
	}
}
