package trace

import (
	"fmt"
	"slices"
	"testing"

	"mailwalk/protocols/dialog"
)

// TestIndexBothWays holds that every step down has its step up, and that the
// story is whole.
func TestIndexBothWays(t *testing.T) {
	tr := sampleTrace(3, 3000)
	x := tr.Index()
	mails := x.Mails()
	if len(mails) != 3 {
		t.Fatalf("mails %v", mails)
	}
	seen := map[Level]int{}
	visited := map[Node]bool{}
	var walk func(n Node)
	walk = func(n Node) {
		if visited[n] {
			return
		}
		visited[n] = true
		seen[n.Level]++
		if len(x.Events(n)) == 0 {
			t.Errorf("%+v has no events", n)
		}
		for _, d := range x.Down(n) {
			up := x.Up(d)
			// A packet that carries a line is under the line, and under the connection
			// by way of it.
			if n.Level == ConnLevel && d.Level == PacketLevel {
				up = append(up, n)
				for _, l := range x.Up(d) {
					if l.Level == LineLevel && !slices.Contains(x.Up(l), n) {
						t.Errorf("%+v is under %+v, but its line %+v is not", d, n, l)
					}
				}
			}
			if !slices.Contains(up, n) {
				t.Errorf("%+v is under %+v, but above it is %v", d, n, up)
			}
			walk(d)
		}
	}
	for _, m := range mails {
		walk(m)
	}
	want := map[Level]int{MailLevel: 3, HopLevel: 9, ConnLevel: 6, LookupLevel: 3, LineLevel: 6 * 14, PacketLevel: Summarize(tr).Packets.Frames}
	for level, n := range want {
		if seen[level] != n {
			t.Errorf("level %d: %d nodes, want %d", level, seen[level], n)
		}
	}
	for e := range tr.All() {
		n, ok := x.NodeOf(e)
		if !ok || !visited[n] {
			t.Fatalf("event %d is of node %+v, %v, which no mail leads to", e.Seq, n, ok)
		}
		if e.Hop != "" {
			if hop, ok := x.HopOf(n); !ok || hop.ID != e.Hop {
				t.Fatalf("event %d of hop %s is on hop %q", e.Seq, e.Hop, hop.ID)
			}
		}
	}
	if x.Up(Node{Level: MailLevel, ID: "9"}) != nil || x.Down(Node{Level: LineLevel, Seq: 1}) != nil || x.Events(Node{Level: PacketLevel, Seq: 1}) != nil {
		t.Error("found nodes that are not there")
	}
}

func TestLinesAndPackets(t *testing.T) {
	s := &sample{t: New(Header{}), quiet: true}
	d := s.dial(IDs{Mail: "1", Hop: "1.1"}, "a", "b", "smtp", 1)
	one, _ := d.say(dialog.Command, false, "MAIL FROM:<a@acme.test>", nil)   // 0-25
	two, heard := d.say(dialog.Command, false, "RCPT TO:<b@acme.test>", nil) // 25-48
	start := s.t.Len()
	d.segment(Range{From: 0, To: 40})  // both lines
	d.segment(Range{From: 40, To: 48}) // the end of the second
	d.segment(Range{From: 40, To: 48}) // again
	d.segment(Range{From: 48, To: 60}) // what nobody said
	d.segment(Range{FromServer: true, From: 0, To: 48})
	x := s.t.Index()
	n1, n2 := Node{Level: LineLevel, Seq: one.Seq}, Node{Level: LineLevel, Seq: two.Seq}
	// Each segment is two frames of two events.
	frame := func(i int) Node { return Node{Level: PacketLevel, Seq: start + 1 + uint64(i)*2} }
	for _, test := range []struct {
		line Node
		want []Node
	}{
		{n1, []Node{frame(0), frame(1)}},
		{n2, []Node{frame(0), frame(1), frame(2), frame(3), frame(4), frame(5)}},
		{Node{Level: LineLevel, Seq: heard.Seq}, []Node{frame(0), frame(1), frame(2), frame(3), frame(4), frame(5)}},
	} {
		if got := x.Down(test.line); !slices.Equal(got, test.want) {
			t.Errorf("packets of %v: got %v, want %v", test.line, got, test.want)
		}
	}
	conn := Node{Level: ConnLevel, ID: d.ids.Conn}
	for _, test := range []struct {
		frame int
		want  []Node
	}{
		{0, []Node{n1, n2}}, {2, []Node{n2}}, {5, []Node{n2}}, {6, []Node{conn}}, {8, []Node{conn}},
	} {
		if got := x.Up(frame(test.frame)); !slices.Equal(got, test.want) {
			t.Errorf("above frame %d: got %v, want %v", test.frame, got, test.want)
		}
	}
	if got := x.Events(frame(0)); !slices.Equal(got, []uint64{start + 1, start + 2}) {
		t.Errorf("events of a frame: %v", got)
	}
}

func TestPairing(t *testing.T) {
	type say struct {
		role dialog.Role
		text string
	}
	const (
		cmd  = dialog.Command
		rep  = dialog.Reply
		cont = dialog.Continuation
		unt  = dialog.Untagged
		body = dialog.Body
	)
	for _, test := range []struct {
		name, service string
		lines         []say // from the server when the text begins with <
		want          []int // the line answered, from 1
	}{
		{"smtp", "smtp", []say{
			{dialog.Greeting, "<220 hi"}, {cmd, "EHLO a"}, {rep, "<250-b"}, {rep, "<250 SIZE"}, {cmd, "AUTH LOGIN"}, {rep, "<334 x"},
			{cont, "dXNlcg=="}, {rep, "<235 ok"}, {cmd, "DATA"}, {rep, "<354 go"}, {body, ""}, {rep, "<250 ok"},
		}, []int{0, 0, 2, 2, 0, 5, 0, 7, 0, 9, 0, 11}},
		{"pipelining", "smtp", []say{
			{cmd, "MAIL FROM:<>"}, {cmd, "RCPT TO:<b@b>"}, {cmd, "DATA"}, {rep, "<250 1"}, {rep, "<550-2"}, {rep, "<550 2"}, {rep, "<503 3"}, {rep, "<421 bye"},
		}, []int{0, 0, 0, 1, 2, 2, 3, 0}},
		{"bdat", "smtp", []say{{cmd, "BDAT 5 LAST"}, {body, ""}, {rep, "<250 ok"}, {cmd, "QUIT"}, {rep, "<221 bye"}}, []int{0, 1, 1, 0, 4}},
		{"pop3", "pop3", []say{
			{dialog.Greeting, "<+OK hi"}, {cmd, "USER b"}, {cmd, "PASS x"}, {rep, "<+OK"}, {rep, "<+OK 1"}, {cmd, "LIST"}, {rep, "<+OK 1 message"},
			{rep, "<1 300"}, {rep, "<."}, {cmd, "RETR 1"}, {rep, "<+OK"}, {body, "<"}, {cmd, "QUIT"}, {rep, "<-ERR no"},
		}, []int{0, 0, 0, 2, 3, 0, 6, 6, 6, 0, 10, 10, 0, 13}},
		{"imap", "imap", []say{
			{dialog.Greeting, "<* OK"}, {unt, "<* 3 EXISTS"}, {cmd, "a1 SELECT INBOX"}, {unt, "<* 3 EXISTS"}, {cmd, "a2 NOOP"}, {rep, "<a2 OK"}, {rep, "<a1 OK"},
			{cmd, "a3 APPEND INBOX {5}"}, {cont, "<+ go"}, {body, ""}, {rep, "<a3 OK"}, {unt, "<* BYE"},
		}, []int{0, 0, 0, 3, 0, 5, 3, 0, 8, 8, 8, 0}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := &sample{t: New(Header{}), quiet: true}
			d := s.dial(IDs{}, "a", "b", test.service, 1)
			var nodes []Node
			for _, l := range test.lines {
				fromServer := len(l.text) > 0 && l.text[0] == '<'
				if fromServer {
					l.text = l.text[1:]
				}
				sent, _ := d.say(l.role, fromServer, l.text, nil)
				sentBody := sent.Body.(*LineBody)
				if _, err := fmt.Sscan(l.text, &sentBody.Verb); err != nil {
					sentBody.Verb = ""
				}
				nodes = append(nodes, Node{Level: LineLevel, Seq: sent.Seq})
			}
			x := s.t.Index()
			if got := x.Lines(d.ids.Conn); !slices.Equal(got, nodes) {
				t.Fatalf("lines %v, want %v", got, nodes)
			}
			for i, n := range nodes {
				info, ok := x.Line(n.Seq)
				if !ok {
					t.Fatalf("line %d is not there", i+1)
				}
				got := slices.Index(nodes, info.Command) + 1
				if got != test.want[i] {
					t.Errorf("line %d, %q, answers line %d, want %d", i+1, test.lines[i].text, got, test.want[i])
				}
				if got > 0 {
					command, _ := x.Line(info.Command.Seq)
					if !slices.Contains(command.Replies, n) {
						t.Errorf("line %d is not among the replies of line %d", i+1, got)
					}
				}
				if info.Sent == 0 || info.Received == 0 {
					t.Errorf("line %d: %+v", i+1, info)
				}
			}
		})
	}
}

// TestIndexOfLostThread: an end that reads other units than were said reads parts of
// these; what was not said at all is a step of its connection.
func TestIndexOfLostThread(t *testing.T) {
	x := NewIndex()
	seq := uint64(0)
	add := func(what string, from, to int64) uint64 {
		seq++
		x.Add(&Event{Seq: seq, Kind: Line, What: what, IDs: IDs{Conn: "c"}, Body: &LineBody{Service: "smtp", Role: dialog.Body, Range: Range{From: from, To: to}}})
		return seq
	}
	dropped := add(Dropped, 0, 0)
	said := add(Sent, 0, 30)
	for _, part := range [][2]int64{{0, 10}, {10, 20}, {20, 30}} {
		heard := add(Received, part[0], part[1])
		if l, ok := x.Line(heard); !ok || l.Node.Seq != said {
			t.Errorf("what was heard from %d to %d is of the line %+v", part[0], part[1], l)
		}
	}
	if l, _ := x.Line(said); l.Received != seq {
		t.Errorf("the line is heard with event %d, not %d", l.Received, seq)
	}
	if n := len(x.Lines("c")); n != 1 {
		t.Errorf("%d lines", n)
	}
	if n, ok := x.NodeOf(&Event{Seq: dropped, IDs: IDs{Conn: "c"}}); !ok || n.Level != ConnLevel {
		t.Errorf("what was dropped is of %+v", n)
	}
}
