package tui

import (
	"fmt"
	"strings"
	"testing"

	"mailwalk/sim/trace"
)

// journey is a trace of mail events alone.
type journey struct{ t *trace.Trace }

func newJourney() *journey { return &journey{trace.New(trace.Header{})} }

func (j *journey) add(host, hop, what string, b trace.MailBody) *journey {
	e := &trace.Event{Host: host, Kind: trace.Mail, What: what, IDs: trace.IDs{Mail: "1", Hop: hop}, Body: &b}
	if b.Purpose == trace.Retrieval {
		e.Mail = ""
	}
	j.t.Append(e)
	return j
}

func (j *journey) hop(hop, purpose, from, toward string) *journey {
	b := trace.MailBody{Purpose: purpose, From: from, Toward: toward}
	if purpose == trace.Retrieval {
		b.Mailbox = "bob@globex.test/INBOX"
	}
	return j.add(from, hop, trace.HopStarts, b)
}

func (j *journey) stored(host, hop, mailbox string) *journey {
	return j.add(host, hop, trace.Stored, trace.MailBody{Mailbox: mailbox + "/INBOX", UID: 1})
}

// ways are drawn as text, one way a row.
func (j *journey) ways(t *testing.T) string {
	t.Helper()
	m := New(Recorded(j.t), Options{})
	m.look(j.t.Len())
	var b strings.Builder
	for _, w := range m.stage.ways(m.view.Mail("1")) {
		for i, s := range w.stops {
			if i > 0 {
				fmt.Fprintf(&b, " -%s %s-> ", w.legs[i-1].id, w.legs[i-1].state)
			}
			if s.mailbox {
				b.WriteString("box ")
			}
			b.WriteString(s.name)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestWays(t *testing.T) {
	composed := func() *journey {
		return newJourney().add("a", "", trace.Composed, trace.MailBody{ReversePath: "alice@acme.test", Recipients: []string{"bob@globex.test", "carol@acme.test"}})
	}
	submitted := func() *journey {
		return composed().hop("1.1", trace.Submission, "a", "m1").add("m1", "1.1", trace.Accept, trace.MailBody{})
	}
	relayed := func() *journey {
		return submitted().hop("1.2", trace.Relay, "m1", "m2").add("m1", "1.2", trace.Relayed, trace.MailBody{Toward: "m2"}).
			hop("1.3", trace.Delivery, "m2", "m2").stored("m2", "1.3", "bob@globex.test")
	}
	for _, tt := range []struct {
		name string
		j    *journey
		want string
	}{
		{"composed", composed(), "a\n"},
		{"under way", composed().hop("1.1", trace.Submission, "a", "m1"), "a -1.1 under way-> m1\n"},
		{"stored", relayed(), "a -1.1 done-> m1 -1.2 done-> m2 -1.3 done-> box bob@globex.test\n"},
		{
			"two recipients",
			relayed().hop("1.4", trace.Delivery, "m1", "m1").stored("m1", "1.4", "carol@acme.test"),
			"a -1.1 done-> m1 -1.2 done-> m2 -1.3 done-> box bob@globex.test\na -1.1 done-> m1 -1.4 done-> box carol@acme.test\n",
		},
		{
			"two mailboxes of one host",
			relayed().stored("m2", "1.3", "dora@globex.test"),
			"a -1.1 done-> m1 -1.2 done-> m2 -1.3 done-> box bob@globex.test\na -1.1 done-> m1 -1.2 done-> m2 -1.3 done-> box dora@globex.test\n",
		},
		{
			"somebody looks",
			relayed().hop("bob.1", trace.Retrieval, "m2", "laptop"),
			"a -1.1 done-> m1 -1.2 done-> m2 -1.3 done-> box bob@globex.test -bob.1 under way-> laptop\n",
		},
		{
			"two devices",
			relayed().add("laptop", "bob.1", trace.Fetched, trace.MailBody{Mailbox: "bob@globex.test/INBOX"}).
				add("phone", "bob.2", trace.Fetched, trace.MailBody{Mailbox: "bob@globex.test/INBOX"}).
				add("laptop", "bob.3", trace.Fetched, trace.MailBody{Mailbox: "bob@globex.test/INBOX"}).
				add("phone", "bob.4", trace.Fetched, trace.MailBody{Mailbox: "bob@globex.test/INBOX"}),
			"a -1.1 done-> m1 -1.2 done-> m2 -1.3 done-> box bob@globex.test -bob.1 done-> laptop\na -1.1 done-> m1 -1.2 done-> m2 -1.3 done-> box bob@globex.test -bob.2 done-> phone\n",
		},
		{
			"put off, then another server",
			submitted().hop("1.2", trace.Relay, "m1", "m2").add("m1", "1.2", trace.Deferred, trace.MailBody{Reason: "full"}).hop("1.3", trace.Relay, "m1", "m3"),
			"a -1.1 done-> m1 -1.3 under way-> m3\n",
		},
		{
			"put off, then taken",
			submitted().hop("1.2", trace.Relay, "m1", "m2").add("m1", "1.2", trace.Deferred, trace.MailBody{Reason: "full"}).add("m1", "1.2", trace.Relayed, trace.MailBody{}),
			"a -1.1 done-> m1 -1.2 done-> m2\n",
		},
		{
			"a bounce begins at a server",
			newJourney().hop("1.1", trace.Relay, "m2", "m1"),
			"m2 -1.1 under way-> m1\n",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.j.ways(t); got != tt.want {
				t.Errorf("\n%swant\n%s", got, tt.want)
			}
		})
	}
}
