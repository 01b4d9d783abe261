package scenarios

import (
	"errors"
	"strings"
	"testing"
	"time"

	"mailwalk/sim/trace"
)

// TestAmend: a walk that is changed in place is the walk as it should be, and what
// was not to change has not.
func TestAmend(t *testing.T) {
	seed, subject, text := uint64(7), `Is it: "true" # or not?`, "One.\n\n  Two: 'three'.\n"
	at := 26018304 * time.Nanosecond
	a := Amendment{
		Seed:  &seed,
		Mails: []*MailChange{{ID: "letter", Subject: &subject, Text: &text, To: []string{"alice", "Bob B. <bob@globex.test>"}}},
		Faults: []*Fault{
			{Packet: trace.MustSelector(`packet.sent key="packet/sent/a'b#2"`), Does: Delay, By: at},
			{Host: "mail.globex.test", Does: Crash, Anchor: Anchor{After: trace.MustSelector("mail.stored"), Wait: time.Hour}},
			{Zone: "globex.test.", Does: Change, Records: "$TTL 3600\n@ SOA ns h 1 2 3 4 5\n@ NS ns\n\nns A 198.51.100.54\n", Anchor: Anchor{At: &at}},
		},
		Remarks: []string{"Something was left out."},
	}
	src, err := walks.ReadFile("first-letter.yaml")
	if err != nil {
		t.Fatal(err)
	}
	before := string(src)
	withFault := strings.Replace(before, "\nnotes:\n", "\nfaults:\n    # The first.\n    - {link: acme-net, does: cut, at: 1d}\n\n# What is said.\nnotes:\n", 1)
	for about, src := range map[string]string{
		"without faults": before, "with faults": withFault} {
		s, err := Parse("first-letter.yaml", []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		out, err := s.Amend(a)
		if err != nil {
			t.Fatalf("%s: %v", about, err)
		}
		again, err := Parse("first-letter.yaml", out)
		if err != nil {
			t.Fatalf("%s: %v", about, err)
		}
		m := again.Mail("letter")
		if again.Seed != seed || m.Subject != subject || m.Text != text || len(m.To) != 2 || len(again.Faults) != len(s.Faults)+3 || again.Faults[len(s.Faults)].By != at {
			t.Errorf("%s: %d, %+v, %d faults", about, again.Seed, m, len(again.Faults))
		}
		same, err := s.Amend(Amendment{})
		if err != nil || string(same) != src {
			t.Errorf("%s: without a change it is another: %v", about, err)
		}
	}
	for _, x := range []struct{ old, new string }{
		{"", "\n  letter: {from: alice, to: bob, subject: Hi}\n"},
		{"\nnotes:\n", "\nfaults: [{link: acme-net, does: cut}]\n\nnotes:\n"},
	} {
		src := strings.Replace(before, x.old, x.new, 1)
		if x.old == "" {
			i, j := strings.Index(before, "\n  letter:\n"), strings.Index(before, "\nacts:\n")
			src = before[:i] + x.new + before[j:]
		}
		s, err := Parse("first-letter.yaml", []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Amend(a); !errors.Is(err, ErrAmend) || !strings.Contains(err.Error(), "line ") {
			t.Errorf("%q: %v", x.new, err)
		}
	}
	s, err := Parse("first-letter.yaml", []byte(before))
	if err != nil {
		t.Fatal(err)
	}
	nobody := "x"
	var problems Problems
	if _, err := s.Amend(Amendment{Mails: []*MailChange{{ID: "letter", From: &nobody}}}); !errors.As(err, &problems) {
		t.Errorf("a mail from nobody: %v", err)
	}
}
