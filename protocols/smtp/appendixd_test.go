package smtp

import (
	"os"
	"strings"
	"testing"
)

// appendixD is RFC 5321 §D as far as programs heed it: what the client says
// and the code of each reply, a content being one thing said.
var appendixD = map[string]string{
	"d1":       "220 EHLO 250 MAIL 250 RCPT 250 RCPT 550 RCPT 250 DATA 354 content 250 QUIT 221",
	"d2":       "220 EHLO 250 MAIL 250 RCPT 250 RCPT 550 RSET 250 QUIT 221",
	"d3":       "220 EHLO 250 MAIL 250 RCPT 250 DATA 354 content 250 QUIT 221",
	"d3-step2": "220 EHLO 250 MAIL 250 RCPT 250 DATA 354 content 250 QUIT 221",
	"d4":       "220 EHLO 250 VRFY 250 MAIL 250 RCPT 250 DATA 354 content 250 QUIT 221",
}

// TestAppendixD holds the dialogues that have the scenarios of RFC 5321 §D, which
// TestDialogs plays, to the replies of the RFC.
func TestAppendixD(t *testing.T) {
	for name, want := range appendixD {
		text, err := os.ReadFile("testdata/dialogs/rfc5321-" + name + ".txt")
		if err != nil {
			t.Error(err)
			continue
		}
		if got := outline(string(text)); got != want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want)
		}
	}
}

// outline is what is said in a dialogue, in verbs and codes.
func outline(dialogue string) string {
	var said []string
	in := false // a content
	for line := range strings.Lines(dialogue) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case in && line == "C: .":
			said, in = append(said, "content"), false
		case in:
		case strings.HasPrefix(line, "C: "):
			verb, _, _ := strings.Cut(line[3:], " ")
			said = append(said, verb)
		case strings.HasPrefix(line, "S: ") && line[6] == ' ':
			said, in = append(said, line[3:6]), line[3:6] == "354"
		}
	}
	return strings.Join(said, " ")
}
