package pcapng

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"mailwalk/sim/trace"
)

func netipPort(addr string, port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.MustParseAddr(addr), port)
}

// wantComments compares the comments of all packets.
func wantComments(t *testing.T, got []frame, want ...[]string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d packets, want %d", len(got), len(want))
	}
	for i, f := range got {
		if !slices.Equal(f.comments, want[i]) {
			t.Errorf("packet %d: comments\n  %q, want\n  %q", i, f.comments, want[i])
		}
	}
}

func TestLines(t *testing.T) {
	w := newWalk()
	mail := w.say(false, "MAIL FROM:<a@b.test>", 0)
	rcpt := w.say(false, "RCPT TO:<c@d.test>", 0)
	both := trace.Range{From: mail.From, To: rcpt.To}
	w.cross(false, "1", &both)
	ok := w.say(true, "250 OK", 0)
	w.first(true, "2", &ok)
	w.first(false, "an acknowledgment", nil)
	content := w.say(false, "", 1000)
	w.first(false, "3", &trace.Range{From: content.From, To: content.From + 600})
	w.first(false, "4", &trace.Range{From: content.From + 600, To: content.To})
	w.first(false, "once more", &content)
	long := w.say(false, "X-LONG", 0)
	w.first(false, "5", &trace.Range{From: long.From, To: long.From + 3})

	lines := []string{"C: MAIL FROM:<a@b.test>", "C: RCPT TO:<c@d.test>"}
	wantComments(t, frames(t, capture(t, w.t, Options{})),
		lines, lines, // on each link
		[]string{"S: 250 OK"},
		nil,
		[]string{"C: (content: octets 0–599 of 1000 in the stream)"},
		[]string{"C: (content: octets 600–999 of 1000 in the stream)"},
		[]string{"C: (content: 1000 octets in the stream)"},
		[]string{"C: X-LONG (octets 0–2 of 8)"},
	)
}

func TestNotes(t *testing.T) {
	w := newWalk()
	w.note("", trace.Narration, "It begins.\n")
	w.note("server", trace.Warning, "The server answers.")
	w.note("laptop", trace.Narration, "The laptop asks.")
	w.first(false, "1", nil)
	w.first(false, "2", nil)
	w.first(true, "3", nil)
	w.note("laptop", trace.Narration, "The laptop is done.")
	w.note("", trace.Narration, "It ends.")
	w.note("cellar", trace.Narration, "A host that sends nothing.")
	got := frames(t, capture(t, w.t, Options{}))
	wantComments(t, got,
		[]string{"Note: It begins.", "Note: The laptop asks."},
		[]string{"Note: The laptop is done."},
		[]string{"Warning: The server answers.", "Note: It ends.", "Note: A host that sends nothing."},
	)

	shout := func(e *trace.Event) string { return strings.ToUpper(e.Body.(*trace.NoteBody).Newcomer) }
	got = frames(t, capture(t, w.t, Options{Narrate: shout}))
	if want := "Note: THE LAPTOP IS DONE."; got[1].comments[0] != want {
		t.Errorf("comment %q, want %q", got[1].comments[0], want)
	}
}

func TestNotesWithoutPackets(t *testing.T) {
	w := newWalk()
	w.note("", trace.Narration, "Nothing moves.")
	if got := frames(t, capture(t, w.t, Options{})); len(got) != 0 {
		t.Errorf("%d packets", len(got))
	}
}

func TestFates(t *testing.T) {
	w := newWalk()
	befall := func(sent *trace.Event, what, to, why string, data []byte) {
		b := *sent.Body.(*trace.PacketBody)
		b.To, b.Why = to, why
		if data != nil {
			b.Data = data
		}
		w.add(sent.Host, what, &b, sent.Seq)
	}
	lost, _ := w.first(false, "lost", nil)
	befall(lost, trace.Dropped, "router/eth0", "the link near is cut", nil)
	late, _ := w.first(false, "late", nil)
	befall(late, trace.Delayed, "", "", nil)
	twice, _ := w.first(false, "twice", nil)
	befall(twice, trace.Duplicated, "router/eth0", "as the walk has it", nil)
	befall(twice, trace.Dropped, "", "a full queue", nil)
	spoilt, _ := w.first(false, "spoilt", nil)
	changed := ipFrame(laptopAddr, serverAddr, 64, "spoilT")
	befall(spoilt, trace.Corrupted, "", "a bad cable", changed)
	passed, _ := w.first(false, "passed", nil)
	befall(passed, trace.Reordered, "", "as the walk has it", nil)
	again, _ := w.first(false, "again", nil)
	again.Body.(*trace.PacketBody).LinkAnalysis = []string{trace.FastRetransmission, trace.PreviousUnseen}
	forged, _ := w.first(false, "forged", nil)
	forged.Body.(*trace.PacketBody).Why = "a firewall"

	got := frames(t, capture(t, w.t, Options{}))
	wantComments(t, got,
		[]string{"lost on the way to router/eth0: the link near is cut"},
		[]string{"held back"},
		[]string{"a copy of the frame was lost: a full queue"},
		[]string{"the same frame once more: as the walk has it", "a copy of the frame was lost: a full queue"},
		[]string{"changed on the way: a bad cable"},
		[]string{"held back until the next had passed it: as the walk has it"},
		[]string{"In truth: fast-retransmission"},
		[]string{"forged, and not sent by laptop/eth0: a firewall"},
	)
	if got[2].id != got[3].id || string(got[2].data) != string(got[3].data) {
		t.Error("the duplicate is another packet")
	}
	if got[2].time >= got[3].time {
		t.Error("the duplicate was sent before the frame")
	}
	if string(got[4].data) != string(changed) {
		t.Errorf("data %q, want them as they arrived", got[4].data)
	}
	if string(spoilt.Body.(*trace.PacketBody).Data) == string(changed) {
		t.Error("the trace was changed")
	}
}

// A comment that is too long for one option is in several, whole.
func TestLongComment(t *testing.T) {
	w := newWalk()
	text := strings.Repeat("€", 50_000) // of three octets
	w.note("", trace.Narration, text)
	w.first(false, "1", nil)
	got := frames(t, capture(t, w.t, Options{}))[0].comments
	if len(got) != 3 || strings.Join(got, "") != "Note: "+text {
		t.Errorf("%d comments of %d octets", len(got), len(strings.Join(got, "")))
	}
	for i, c := range got {
		if !utf8.ValidString(c) {
			t.Errorf("comment %d is cut within a character", i)
		}
	}
}

func FuzzComment(f *testing.F) {
	f.Add("RCPT TO:<bob@globex.test>", []byte("frame"))
	f.Add("\x1b[31mred\x00\xff\r\n", []byte{})
	f.Fuzz(func(t *testing.T, text string, payload []byte) {
		w := newWalk()
		w.note("", trace.Narration, text)
		w.first(false, string(payload), nil)
		got := frames(t, capture(t, w.t, Options{}))
		if len(got) != 1 || !strings.HasSuffix(string(got[0].data), string(payload)) {
			t.Fatalf("packets %+v", got)
		}
		for _, c := range got[0].comments {
			if !utf8.ValidString(c) || strings.ContainsAny(c, "\x00\x1b\r\n\x7f") {
				t.Errorf("comment %q", c)
			}
		}
	})
}
