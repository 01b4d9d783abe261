package plain

import (
	"testing"
	"time"

	"mailwalk/sim/trace"
)

// The way in the summary ends where the mail came to, and devices that fetch
// it do so each for itself.
func TestWayTaken(t *testing.T) {
	var r rails
	tell := func(mail, hop, what string, b trace.MailBody) {
		r.see(&trace.Event{Kind: trace.Mail, What: what, IDs: trace.IDs{Mail: mail, Hop: hop}, Body: &b})
	}
	leg := func(hop, purpose, from, toward string) {
		tell("1", hop, trace.HopStarts, trace.MailBody{Purpose: purpose, From: from, Toward: toward})
	}
	wants := func(want string) {
		t.Helper()
		if got := r.ways[0].taken(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	leg("1.1", trace.Submission, "laptop", "mail.a.test")
	wants("laptop (did not come to mail.a.test)")
	tell("1", "1.1", trace.Accept, trace.MailBody{})
	wants("laptop → mail.a.test")
	leg("1.2", trace.Relay, "mail.a.test", "b.test")
	wants("laptop → mail.a.test (did not come to b.test)")
	tell("1", "1.2", trace.Accept, trace.MailBody{})
	tell("1", "1.2", trace.Relayed, trace.MailBody{Toward: "mail.b.test"})
	wants("laptop → mail.a.test → mail.b.test")
	leg("1.3", trace.Delivery, "mail.b.test", "mail.b.test")
	tell("1", "1.3", trace.Stored, trace.MailBody{})
	for _, device := range []string{"phone", "tablet", "phone"} {
		tell("", device+".1", trace.HopStarts, trace.MailBody{Purpose: trace.Retrieval, From: "mail.b.test", Toward: device})
		tell("1", device+".1", trace.Fetched, trace.MailBody{})
	}
	wants("laptop → mail.a.test → mail.b.test → the mailbox → phone, tablet")
	if len(r.ways) != 1 {
		t.Errorf("%d ways", len(r.ways))
	}
}

func TestUntold(t *testing.T) {
	for _, tt := range []struct{ text, line, want string }{
		{"s says how big a mail may be: SIZE 25", "250-SIZE 25", "s says how big a mail may be"},
		{"c names the sender: a@b.test", "MAIL FROM:<a@b.test> SIZE=3", "c names the sender: a@b.test"},
		{"c gives the password", "PASS x", "c gives the password"},
	} {
		if got := untold(tt.text, tt.line); got != tt.want {
			t.Errorf("%q under %q: %q, want %q", tt.text, tt.line, got, tt.want)
		}
	}
}

func TestMoment(t *testing.T) {
	for at, want := range map[time.Duration]string{
		1500 * time.Millisecond: "1.500000 s",
		70 * time.Minute:        "1:10:00.000",
		49 * time.Hour:          "2d 01:00:00",
	} {
		if got := moment(at); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
