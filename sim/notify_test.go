package sim

import (
	"os"
	"slices"
	"strings"
	"testing"

	"mailwalk/scenarios"
	"mailwalk/sim/trace"
)

// TestNotify: what a walk's mail asks to be told goes through all servers that offer
// DSN, and the last one tells.
func TestNotify(t *testing.T) {
	src, err := os.ReadFile("../scenarios/first-letter.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		name, acme, globex string
		want               []string // who tells whom of what, and who cannot say it on
	}{
		{"both offer it", "dsn", "dsn", []string{"mail.globex.test confirmed: 250 2.0.0 <bob@globex.test>: delivered into the mailbox"}},
		{"the second does not", "dsn", "size", []string{"mail.acme.test no-dsn", "mail.acme.test confirmed: 250 2.0.0 queued as ID"}},
		{"the first does not", "size", "dsn", []string{"alice-laptop no-dsn"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			text := string(src)
			for _, edit := range [][2]string{
				{"        domains: acme.test\n", "        domains: acme.test\n        extensions: " + x.acme + "\n"},
				{"        domains: globex.test\n", "        domains: globex.test\n        extensions: " + x.globex + "\n"},
				{"    from: alice\n    to: bob\n", "    from: alice\n    to: bob\n    notify: success\n    return: header\n    envelope-id: a b\n"},
			} {
				if !strings.Contains(text, edit[0]) {
					t.Fatalf("the walk has no %q", edit[0])
				}
				text = strings.Replace(text, edit[0], edit[1], 1)
			}
			sc, err := scenarios.Parse("first-letter.yaml", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			w, err := New(sc, Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := w.Close(); err != nil {
					t.Error(err)
				}
			})
			if err := w.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			var got []string
			for e := range w.Trace().All() {
				switch b := e.Body.(type) {
				case *trace.DecisionBody:
					if e.What == trace.NoDSN {
						got = append(got, e.Host+" "+e.What)
					}
				case *trace.MailBody:
					if e.What == trace.Confirmed {
						reason, _, queued := strings.Cut(b.Reason, "queued as ")
						if queued {
							reason += "queued as ID"
						}
						got = append(got, e.Host+" "+e.What+": "+reason)
					}
				}
			}
			if !slices.Equal(got, x.want) {
				t.Errorf("got %q, want %q", got, x.want)
			}
		})
	}
}
