package main

import (
	"os/exec"
	"regexp"
	"testing"
)

// TestServedStory: the story of a visit names the visitor wherever it is seen, takes
// nothing that a router passes on for sent again, and announces nobody who stays
// idle.
func TestServedStory(t *testing.T) {
	s := serve(t, "first-letter", "--detail", "mail", "--speed", "10")
	if err := handIn(s.door("mail.globex.test", "smtp", "tcp").At, "a story"); err != nil {
		t.Fatal(err)
	}
	s.stored(1, "a story")
	holds(t, s.stop(), map[string]int{"packet.sent analysis=retransmission": 0})
	out, err := exec.Command("mailwalk", "replay", s.file, "--detail", "packet").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	has(t, string(out), " visitor → mail.globex.test: SYN to port 25\n", "C:     visitor           EHLO many.test\n", "has reached visitor\n")
	for _, false := range []string{`203\.0\.113\.254 →`, `→ 203\.0\.113\.254`, `sent again`, `under the address of`, `NOTE +│ Alice writes`} {
		if found := regexp.MustCompile(false).Find(out); found != nil {
			t.Errorf("the story has %q", found)
		}
	}
}
