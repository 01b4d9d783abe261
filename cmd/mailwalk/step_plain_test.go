package main

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"

	"mailwalk/scenarios"
	"mailwalk/sim/explain"
)

// stepThrough has commands done in a walk, and returns what is answered.
func stepThrough(t *testing.T, walk string, commands ...string) string {
	t.Helper()
	sc, err := scenarios.Load(walk)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	s := screen{scenario: sc, grain: explain.LineGrain, prompt: true, quiet: true}
	if err := stepByLines(context.Background(), s, strings.NewReader(strings.Join(commands, "\n")), &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// said fails unless the texts stand in the print, each behind the one before.
func said(t *testing.T, print string, texts ...string) {
	t.Helper()
	rest := print
	for _, text := range texts {
		_, after, found := strings.Cut(rest, text)
		if !found {
			t.Fatalf("%q is not said behind what comes before it:\n%s", text, print)
		}
		rest = after
	}
}

func TestAJourneyByLines(t *testing.T) {
	print := stepThrough(t, "first-letter",
		"detail hop", "break lookup.referral", "run", "look-ups", "back 3", "state", "present", "unbreak all",
		"filter mail", "run to the end", "state", "filter off", "map", "mail", "find RCPT", "bytes", "quit")
	said(t, print,
		"> run\n", "a.root-servers.test sends resolver.acme.test on to the servers of",
		"Stopped by breakpoint 1, lookup.referral.",
		"> look-ups\n", "look-up of mail.acme.test. A:",
		"> back 3\nlooking back: event ", "> state\n", "device alice-laptop: 1 mail",
		"> present\nthe present: event ",
		"> filter mail\nFilter on: mail. 2 steps so far",
		"> run to the end\n", "the mail lies in the mailbox bob@globex.test/INBOX",
		"summary\n", "expected ", "all of it happened", "The walk is over, after ",
		"> state\n", "resolver.acme.test knows:",
		"> map\n", "alice-laptop, Alice's laptop, stands on acme-net, with ", "mail 1 is here, as the author's own copy",
		"> mail\nmail 1, Hello from acme\nenvelope: from alice@acme.test, to bob@globex.test\n",
		"> find RCPT\n", "Nothing after this one",
	)
}

func TestEveryWalkByLines(t *testing.T) {
	for _, name := range scenarios.Names() {
		t.Run(name, func(t *testing.T) {
			print := stepThrough(t, name, "detail packet", "run", "rewind", "run 20", "story", "ladder", "map", "state")
			said(t, print, "> run\n", "summary\n", "The walk is over, after ", "> rewind\nThe beginning", "looking back: event 1 of ")
			for i, line := range strings.Split(print, "\n") {
				if n := len([]rune(line)); n > 80 && !strings.Contains(line, "SHA-256 ") && !strings.Contains(line, "> ") {
					t.Errorf("line %d is %d columns wide: %s", i+1, n, line)
				}
			}
			if i := strings.IndexAny(print, "\x1b│─└→"); i >= 0 {
				t.Errorf("this is drawn and not said: %q", print[max(i-80, 0):i+3])
			}
		})
	}
}

// Who leaves each question of a walk alone comes to the same end; who has all told
// is asked all.
func TestQuestionsByLines(t *testing.T) {
	sc, err := scenarios.Load("first-letter")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	commands := "run\n" + strings.Repeat("tell\n", len(sc.Predictions)) + "score\n"
	s := screen{scenario: sc, grain: explain.LineGrain, prompt: true}
	if err := stepByLines(context.Background(), s, strings.NewReader(commands), &out); err != nil {
		t.Fatal(err)
	}
	print := out.String()
	if n := strings.Count(print, "\nquestion: "); n != len(sc.Predictions) || n == 0 {
		t.Errorf("%d of %d questions were put:\n%s", n, len(sc.Predictions), print)
	}
	said(t, print, "answer> tell\nTold.\nanswer: ", "summary\n", "all of it happened", "0 of ", "The walk is over, after ")
}

func TestHandsByLines(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mine.yaml")
	print := stepThrough(t, "first-letter",
		"deeds", "undo", "detail packet", "break line.sent role=body", "continue", "step 3", "do", "do delay", "do delay soon", "do fly", "do drop", "deeds", "save "+file, "save "+file,
		"detail line", "unbreak all", "run", "undo", "redo", "hop 1", "do off", "run 2", "deeds", "switch", "switch 7", "w")
	// Lines that go on are indented.
	said(t, strings.ReplaceAll(strings.ReplaceAll(print, "\n    ", " "), "\n  ", " "),
		"> deeds\nYou have done nothing", "> undo\nYou have done nothing",
		"> do\nWhat can be done now:", " do drop: lose the packet", "What cannot be done:",
		"> do delay\ndelay needs to know by how much", "> do delay soon\nAll is as it was: ", "> do fly\nfly cannot be done to this step.",
		"> do drop\nDone. An empty line tells what comes of it", "act learner drops a packet on acme-net",
		"> deeds\nevent ", "you, the learner: drops a packet", "Written: "+file[:10], "The walk is not written: there is a",
		"> run\n", "The walk is over, after ", "> undo\nTaken back: drops a packet", "> redo\nDone again.\n", "the present: event ", "learner drops a packet",
		"> hop 1\nlooking back: ", "> do off\nDone, in a run of its own", "the present: event ", "switches alice-laptop off",
		"> deeds\n", "run 1", "run 2", "the one that is told", "> switch\nThis is run 1", "> switch 7\nThere are the runs 1 to 2", "> w\nThis is run 2",
	)
	if _, err := scenarios.LoadFile(file); err != nil {
		t.Errorf("what was saved is no walk: %v", err)
	}
}
