package sim

import (
	"bytes"
	"strings"
	"testing"

	"mailwalk/protocols/message"
	"mailwalk/scenarios"
	"mailwalk/sim/trace"
)

// TestBlindCopy: whoever gets a mail cannot see from his copy who has got it blindly,
// and the one who has sees it by what his own server put on top alone.
func TestBlindCopy(t *testing.T) {
	sc, err := scenarios.Load("two-recipients")
	if err != nil {
		t.Fatal(err)
	}
	w, err := New(sc, Options{})
	if err != nil {
		t.Fatal(err)
	}
	run(w)
	copies := 0
	for e := range w.Trace().All() {
		b, ok := e.Body.(*trace.MailBody)
		if !ok || b.Content == nil || e.Mail != "1" {
			continue
		}
		content, _ := w.Trace().Bodies.Get(b.Content.ID)
		if message.ParseHeader(content).Get("Bcc") != "" {
			t.Errorf("event %d: %s has a Bcc field:\n%s", e.Seq, e.What, content)
		}
		if e.What == trace.Fetched {
			copies++
			named := bytes.Contains(content, []byte("dave@"))
			if his := strings.HasPrefix(b.Mailbox, "dave@"); named != his {
				t.Errorf("in %s the mail names Dave: %v", b.Mailbox, named)
			}
		}
	}
	if copies != 3 {
		t.Errorf("%d copies were fetched", copies)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}
