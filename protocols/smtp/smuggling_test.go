package smtp

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"mailwalk/protocols/smtp/attack"
)

const smuggled = "MAIL FROM:<smuggler@bar.com>\r\nRCPT TO:<victim@foo.com>\r\nDATA\r\nSubject: smuggled\r\n\r\nx\r\n"

// TestSmuggling: nothing that stands behind a false end is taken for a command,
// however the octets arrive and whatever becomes of the mail, and client and server
// stay in step.
func TestSmuggling(t *testing.T) {
	settings := []struct {
		name string
		set  func(*Server, *testBackend)
	}{
		{"kept", func(*Server, *testBackend) {}},
		{"too large", func(s *Server, _ *testBackend) { s.MaxSize = 10 }},
		{"too large at the false end", func(s *Server, _ *testBackend) { s.MaxSize = int64(len("Subject: x\r\n\r\ntext")) + 1 }},
		{"not read by the backend", func(_ *Server, b *testBackend) { b.lazy = true }},
	}
	endings, err := attack.Endings(os.DirFS("testdata/attacks"), "endings.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range endings {
		ending := x.Octets
		for _, setting := range settings {
			for _, chunk := range []int{0, 1, 3} {
				for _, hooked := range []bool{false, true} {
					name := fmt.Sprintf("%q, %s, %d at a time, hooked %t", ending, setting.name, chunk, hooked)
					srv, b := newTestServer()
					setting.set(srv, b)
					var hooks *Hooks
					if hooked {
						hooks = answers("no such line", "")
					}
					// The first mail may be good or not; the second has to arrive.
					content := "Subject: x\r\n\r\ntext" + ending + smuggled + ".\r\n"
					conn := &scriptConn{chunk: chunk, blocks: []string{hello, envelopeLines + "DATA\r\n", content + "NOOP\r\nQUIT\r\n"}}
					if err := srv.ServeConn(context.Background(), conn, hooks); err != nil {
						t.Errorf("%s: %v", name, err)
					}
					codes := replyCodes(conn.transcript.String())
					if len(codes) != 8 || codes[6] != "250" || codes[7] != "221" {
						t.Errorf("%s: out of step: %v", name, codes)
					}
					for _, m := range b.mails {
						if strings.Contains(m.content, "\x00") || m.env.From.Local == "smuggler" || !isCanonical([]byte(m.content)) {
							t.Errorf("%s: kept %+v", name, m)
						}
					}
				}
			}
		}
	}
}

// replyCodes returns the codes of all replies in a transcript, by their last lines.
func replyCodes(transcript string) []string {
	var codes []string
	for line := range strings.SplitSeq(transcript, "\n") {
		text, ok := strings.CutPrefix(line, "S: ")
		if ok && len(text) > 3 && text[3] == ' ' {
			codes = append(codes, text[:3])
		}
	}
	return codes
}
