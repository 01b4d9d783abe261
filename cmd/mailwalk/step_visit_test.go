package main

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"mailwalk/cmd/mailwalk/tui"
	"mailwalk/sim/explain"
)

// TestSwaksWithTheScreen hands a mail in with the command that the screen prints, while
// somebody steps: it is in the story line by line, and can be looked back at.
func TestSwaksWithTheScreen(t *testing.T) {
	program(t, "swaks")
	p := &present{begin(t, walk(t, "first-letter"), 200, 60, tui.Options{Grain: explain.LineGrain, Quiet: true}), make(chan tea.Msg, 64)}
	p.key("space").until("event 1 ").key("o").until("Programs on this machine can come into the walk")
	signs, err := p.bench.OpenDoors()
	if err != nil {
		t.Fatal(err)
	}
	command := ""
	for _, s := range signs {
		if strings.HasPrefix(s.Command, "swaks ") && strings.Contains(s.Command, "--to bob@globex.test") {
			command = s.Command
		}
	}
	if command == "" {
		t.Fatalf("no door shows how swaks hands in a mail for Bob: %v", signs)
	}
	p.sees(command)
	p.key("q").misses("can come into the walk")

	type outcome struct {
		says string
		err  error
	}
	done := make(chan outcome, 1)
	go func() {
		says, err := tryVisit(t, "", "sh", "-c", command)
		done <- outcome{says, err}
	}()
	// A step as soon as the one before is there; when nothing is left to happen, the
	// visitor's next words are waited for.
	late := time.After(patience)
	for waits := false; ; {
		at := p.event()
		if !waits {
			p.key("space")
		}
		waits = true
		select {
		case o := <-done:
			if o.err != nil {
				t.Fatalf("%s: %v\n%s", command, o.err, o.says)
			}
			has(t, o.says, "250 2.0.0 queued as ", "221 2.0.0")
			p.told()
			return
		case msg := <-p.msgs:
			p.take(msg)
			waits = p.event() == at && !strings.Contains(p.screen(), "▮▮ paused")
		case <-late:
			t.Fatalf("%s does not come to its end:\n%s", command, p.screen())
		}
	}
}

// told checks that the visitor's mail is told like any other, and stepped through.
func (p *present) told() {
	p.t.Helper()
	find := func(filter, text string) {
		p.t.Helper()
		p.command("find " + filter)
		p.sees(text)
	}
	find("line.received verb=EHLO conn~visitor", "visitor EHLO ")
	find("line.received verb=RCPT conn~visitor", "visitor RCPT TO:<bob@globex.test>")
	p.press("b").sees("looking back").press("space").sees("visitor RCPT TO:<bob@globex.test>")
	find("mail.accepted conn~visitor", "has taken responsibility for the mail")
	p.press("7").sees("MAIL FROM:<visitor@example.test>").press("6").sees("octets")
}
