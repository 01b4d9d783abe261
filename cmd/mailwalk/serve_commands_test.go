package main

import (
	"strings"
	"testing"
	"time"

	"mailwalk/scenarios"
	"mailwalk/sim/trace"
)

// TestCommands runs each command that the table of doors names, as it stands
// there, at the speed at which a walk is served.
func TestCommands(t *testing.T) {
	t.Parallel()
	for _, walk := range []string{"first-letter", "three-hops"} {
		t.Run(walk, func(t *testing.T) {
			t.Parallel()
			s := serve(t, walk, "--detail", "mail")
			for _, d := range s.doors {
				name, _, _ := strings.Cut(d.Command, " ")
				program(t, name)
				out := visit(t, "sh", "-c", d.Command)
				switch d.Service {
				case "smtp", "submission":
					if strings.HasSuffix(d.Command, " --quit-after EHLO") {
						has(t, out, " greets ", "221 2.0.0")
						break
					}
					has(t, out, "250 2.0.0 queued as ")
				case "imap":
					has(t, out, `* LIST () "/" INBOX`)
				case "domain":
					has(t, out, "status: NOERROR", "ANSWER: 1")
				}
			}
			holds(t, s.stopAndRerun(), map[string]int{"act.visit": len(s.doors), "note.warning conn~visitor": 0})
		})
	}
}

// TestPatience: however long the ways of a walk are, dig has its answer before it
// would give up, which is after five seconds, from a resolver that knows nothing yet.
// What the answer says is the walk's lesson. A walk is served as fast as the machine's clock goes, so its own clock tells.
func TestPatience(t *testing.T) {
	t.Parallel()
	program(t, "dig")
	for _, walk := range scenarios.Names() {
		t.Run(walk, func(t *testing.T) {
			t.Parallel()
			s := serve(t, walk, "--detail", "mail")
			asked := 0
			for _, d := range s.doors {
				if d.Service == "domain" && strings.HasPrefix(d.Host, "resolver") {
					has(t, visit(t, "sh", "-c", d.Command+" +time=60 +tries=1"), "->>HEADER<<-")
					asked++
				}
			}
			question, answer := trace.MustSelector("act.say"), trace.MustSelector("packet.delivered host=visitor head.len>0")
			var said time.Duration
			for e := range s.stop().All() {
				if question.Match(e) {
					said = e.At
				}
				if !answer.Match(e) {
					continue
				}
				asked--
				if took := e.At - said; took >= 5*time.Second {
					t.Errorf("event %d: the answer has taken %v", e.Seq, took)
				}
			}
			if asked > 0 {
				t.Errorf("there are %d answers too few", asked)
			}
		})
	}
}
