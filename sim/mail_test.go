package sim

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"mailwalk/scenarios"
	"mailwalk/sim/trace"
)

// compared is what the end of a walk says of its first mail.
func compared(t *testing.T, w *World) *trace.MailBody {
	t.Helper()
	for e := range w.Trace().All() {
		if b, ok := e.Body.(*trace.MailBody); ok && e.What == trace.Compared && e.Mail == "1" {
			return b
		}
	}
	t.Error("the mail was not compared: it has not arrived")
	return &trace.MailBody{}
}

// TestOwnMail: a mail of one's own arrives octet for octet.
func TestOwnMail(t *testing.T) {
	head := "From: Alice <alice@acme.test>\r\nTo: bob@globex.test\r\n"
	for _, x := range []struct{ name, mail string }{
		{"no body", head + "\r\n"},
		{"no empty line", head},
		{"no Message-ID", head + "Subject: hi\r\n\r\nhello\r\n"},
		{"dots", head + "\r\n.\r\n..\r\n.hidden\r\n...\r\n.\r\n"},
		{"a dot at last", head + "\r\nhello\r\n."},
		{"empty lines at the end", head + "\r\nhello\r\n\r\n\r\n"},
		{"eight bits", head + "Content-Type: text/plain; charset=utf-8\r\n\r\nGrüße, 世界\r\n"},
		{"not UTF-8", head + "\r\n\xff\xfe\x80\r\n"},
		{"bare LF", "From: alice@acme.test\nTo: bob@globex.test\n\nhello\n"},
		{"bare CR", head + "\r\na\rb\r\n"},
		{"Bcc", head + "Bcc: carol@acme.test,\r\n dave@acme.test\r\nSubject: x\r\n\r\nhello\r\n"},
		{"commands in the content", head + "\r\nQUIT\r\nMAIL FROM:<x@y>\r\n.QUIT\r\n"},
		{"longest line", head + "\r\n" + strings.Repeat("x", 998) + "\r\n"},
		{"folded header", head + "Subject: a\r\n b\r\n\tc\r\nReceived: from nowhere\r\n by somewhere\r\n\r\nhello\r\n"},
		{"its own Return-Path", "Return-Path: <x@y.test>\r\n" + head + "\r\nhello\r\n"},
	} {
		t.Run(x.name, func(t *testing.T) {
			b := compared(t, runWalk(t, "first-letter", Options{Message: &File{"mail.eml", []byte(x.mail)}}))
			if !b.Same || b.SentHash != b.ArrivedHash {
				t.Errorf("it arrived changed: %s, sent %s", b.ArrivedHash, b.SentHash)
			}
			if len(b.Added) != 3 {
				t.Errorf("added on the way: %q", b.Added)
			}
		})
	}
}

// TestRandomMail: any lines at all arrive as they were sent.
func TestRandomMail(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 0))
	pieces := []string{".", "\r\n", "\r\n.", "\r\n..", "x", " ", "\t", "é", "\xff", "--", "From ", "\r\n\r\n", strings.Repeat("long ", 150), "="}
	for range 40 {
		var b bytes.Buffer
		b.WriteString("From: alice@acme.test\r\n\r\n")
		for range r.IntN(60) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		sc, err := scenarios.Load("first-letter")
		if err != nil {
			t.Fatal(err)
		}
		o := Options{Message: &File{"random.eml", b.Bytes()}}
		if w, err := New(sc, o); err != nil {
			continue // a line that is too long
		} else if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got := compared(t, runWalk(t, "first-letter", o)); !got.Same {
			t.Fatalf("%q arrived changed", b.String())
		}
	}
}

// TestRefusedInput: what is no mail is refused with its place.
func TestRefusedInput(t *testing.T) {
	sc, err := scenarios.Load("first-letter")
	if err != nil {
		t.Fatal(err)
	}
	head := "From: a@b.test\r\n\r\n"
	for _, x := range []struct {
		name string
		o    Options
		want string
	}{
		{"NUL", Options{Message: &File{"m.eml", []byte(head + "a\x00b\r\n")}}, "m.eml:3:"},
		{"long line", Options{Message: &File{"m.eml", []byte(head + "ok\r\n" + strings.Repeat("x", 999) + "\r\n")}}, "m.eml:4:"},
		{"binary", Options{Message: &File{"m.bin", []byte("\x7fELF\x02\x01\x01")}}, "m.bin: this does not look like a mail"},
		{"empty", Options{Message: &File{"m.eml", nil}}, "m.eml"},
		{"recipient", Options{To: []string{"bob"}}, "no @"},
	} {
		w, err := New(sc, x.o)
		if err == nil {
			t.Errorf("%s: taken", x.name)
			if err := w.Close(); err != nil {
				t.Error(err)
			}
			continue
		}
		if !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: %q does not say %q", x.name, err, x.want)
		}
	}
}

// TestUndeliverable: the sender is told of a recipient who does not exist, and of
// a mail that is too large; nothing is lost without a word.
func TestUndeliverable(t *testing.T) {
	has := func(t *testing.T, w *World, selectors ...string) {
		t.Helper()
		for _, s := range selectors {
			sel := trace.MustSelector(s)
			found := false
			for e := range w.Trace().All() {
				found = found || sel.Match(e)
			}
			if !found {
				t.Errorf("there is no %s", s)
			}
		}
	}
	t.Run("no such mailbox", func(t *testing.T) {
		has(t, runWalk(t, "first-letter", Options{To: []string{"nobody@globex.test"}}),
			"line.sent host=mail.globex.test verb=RCPT code=550",
			"mail.bounced host=mail.acme.test recipients=nobody@globex.test",
			`mail.stored host=mail.acme.test mailbox=alice@acme.test/INBOX reversePath=""`)
	})
	t.Run("no such domain", func(t *testing.T) {
		has(t, runWalk(t, "first-letter", Options{To: []string{"bob@glbex.test"}}),
			"lookup.nxdomain", "mail.bounced host=mail.acme.test",
			`mail.stored host=mail.acme.test mailbox=alice@acme.test/INBOX`)
	})
	t.Run("too large", func(t *testing.T) {
		has(t, runWalk(t, "first-letter", Options{Attach: []File{{"big.bin", make([]byte, 20e6)}}}),
			"line.sent host=mail.acme.test verb=MAIL code=552",
			"mail.unsent host=alice-laptop reason~552")
	})
}

// TestGrowth: four times the attachment takes four times the memory, not more.
func TestGrowth(t *testing.T) {
	allocated := func(size int) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		w := runWalk(t, "first-letter", Options{Attach: []File{{"a.bin", make([]byte, size)}}})
		if !compared(t, w).Same {
			t.Error("the attachment arrived changed")
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	small, large := allocated(500_000), allocated(2_000_000)
	if ratio := float64(large) / float64(small); ratio > 4.4 {
		t.Errorf("2 MB took %.1f times the memory of 0.5 MB (%d and %d octets)", ratio, large, small)
	}
}

// TestCost: loading and running first-letter does not take more and more.
func TestCost(t *testing.T) {
	const most = 55_000
	got := testing.AllocsPerRun(3, func() { runWalk(t, "first-letter", Options{}) })
	if got > most {
		t.Errorf("first-letter takes %.0f allocations, more than %d", got, most)
	}
}
