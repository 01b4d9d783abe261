package tui

import (
	"strconv"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

const report = "From: alice@acme.test\r\nTo: bob@globex.test\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nMIME-Version: 1.0\r\n" +
	"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
	"Sch=C3=B6ne Gr=C3=BC=C3=9Fe\r\n--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"sun.png\"\r\n\r\n" +
	"iVBORw0KGgo=\r\n--b--\r\n"

// twoHops is a mail that two servers put a field on.
func twoHops() *sample {
	s := &sample{t: trace.New(trace.Header{}), off: map[string][2]int64{}}
	text := report
	put := func(host, what, field string) {
		s.do(func() {
			s.ids.Mail, s.ids.Hop = "1", "1.1"
			text = field + text
			c := s.t.Bodies.Put([]byte(text))
			b := &trace.MailBody{ReversePath: "alice@acme.test", Recipients: []string{"bob@globex.test", "carol@globex.test"}, Subject: "Grüße", Content: &c}
			if field != "" && what != trace.Stored {
				b.Added = []string{field}
			}
			if what == trace.Stored {
				b.Mailbox, b.UID = "bob@globex.test/INBOX", 1
			}
			s.add(host, what, b)
		})
	}
	put("alice-laptop", trace.Composed, "")
	s.do(func() {
		s.add("alice-laptop", trace.HopStarts, &trace.MailBody{Purpose: trace.Submission, From: "alice-laptop", Toward: "mail.acme.test", ReversePath: "alice@acme.test", Recipients: []string{"bob@globex.test"}})
	})
	put("mail.acme.test", trace.Accept, "Received: by mail.acme.test\r\n")
	put("mail.globex.test", trace.Accept, "Received: by mail.globex.test;\r\n\ton a fine day\r\n")
	put("mail.globex.test", trace.Stored, "Return-Path: <alice@acme.test>\r\n")
	s.do(func() {
		s.add("bob-laptop", trace.Compared, &trace.MailBody{SentHash: "aaaabbbbccccdddd", ArrivedHash: "eeeebbbbccccdddd"})
	})
	return s
}

func TestTheMailAsItIs(t *testing.T) {
	r := newRobot(t, twoHops(), 120, 50, Options{Grain: explain.PacketGrain, Theme: Dark}).press("7", "z").sees("No mail has been written yet")
	r.step(1).sees("decoded, as it is read", "to be said when it is sent", "MAIL FROM:<alice@acme.test>", "RCPT TO:<carol@globex.test>", "As it is on alice-laptop",
		"Subject: Grüße", "multipart/mixed  2 parts", "1 text/plain", "Schöne Grüße", "▤ 2 image/png  file sun.png  8 octets, as base64 12")
	r.misses("Added on top", "=C3=B6")
	r.step(1).sees("what the servers go by", "on its way from alice-laptop to mail.acme.test").misses("RCPT TO:<carol")
	r.step(1).sees("Added on top by mail.acme.test", "+ Received: by mail.acme.test", "As it came", "│ From:")
	r.step(1).sees("Added on top by mail.globex.test", "+ Received: by mail.globex.test; on a fine day", "│ Received: by mail.acme.test")
	golden(t, "pane-mail-parts.txt", r.alone(mailPane, 100, 30))
	r.step(1).sees("+ Return-Path: <alice@acme.test>", "│ Received: by mail.globex.test", "gone since delivery", "in the mailbox bob@globex.test/INBOX")
	r.step(1).sees("✗ What arrived is not what was sent: SHA-256 aaaabbbbcccc was sent, eeeebbbbcccc arrived")
	r.back(3).sees("Added on top by mail.acme.test").misses("Return-Path")
}

func TestTheMailRaw(t *testing.T) {
	r := newRobot(t, twoHops(), 120, 50, Options{Grain: explain.PacketGrain, Theme: Dark, Depth: explain.Student}).press("7", "z").step(4)
	r.sees("raw, as it is sent", "Sch=C3=B6ne", "iVBORw0KGgo=", "+ Received: by mail.globex.test;", "+  on a fine day", "│ Received: by mail.acme.test")
	r.press("v").sees("The mail is decoded", "Schöne Grüße").press("v").sees("Sch=C3=B6ne")
	r.press("1", "v").sees("7 brings the mail forward")
	r.press("7").press("G").sees("--b--")
}

func TestTheFirstLettersMail(t *testing.T) {
	r := open(t).press("7").sees("No mail has been written yet").stepTo("the mail is written").sees("Mail 1: Hello from acme")
	r.stepTo("what arrived is").press("z").sees("✓ What arrived is what was sent")
	r.press("R").sees("No mail has been written yet")
}

// A long mail is drawn as far as it shows, and says how much more there is.
func TestALongMail(t *testing.T) {
	s := &sample{t: trace.New(trace.Header{}), off: map[string][2]int64{}}
	s.do(func() {
		s.ids.Mail = "1"
		c := s.t.Bodies.Put([]byte("Subject: long\r\n\r\n" + strings.Repeat("a line of many words that say little\r\n", 100_000)))
		s.add("alice", trace.Composed, &trace.MailBody{Subject: "long", Recipients: []string{"bob@globex.test"}, Content: &c})
	})
	r := newRobot(t, s, 80, 24, Options{Grain: explain.PacketGrain, Theme: Dark}).step(1).press("7")
	r.sees("Mail 1: long").press("G")
	r.sees("more lines").press("6").sees("▶ Header", "of 3,800,017")
}

// Each pane in the places that it has on screens of 60x15, 80x24, 120x40 and 200x60,
// and alone.
func TestPanesAtAllSizes(t *testing.T) {
	r := byPacket(t, 120, 40)
	for _, pane := range []struct {
		id   paneID
		name string
		act  func()
	}{
		{bytesPane, "bytes", func() { packetOf(r, "names a recipient") }},
		{mailPane, "mail", func() { r.stepTo("has taken responsibility") }},
		{namesPane, "names", func() { r.stepTo("knows now").back(2) }},
	} {
		pane.act()
		for _, size := range [][2]int{{60, 6}, {80, 10}, {50, 20}, {62, 50}, {120, 31}} {
			golden(t, "pane-"+pane.name+"-"+strconv.Itoa(size[0])+"x"+strconv.Itoa(size[1])+".txt", r.alone(pane.id, size[0], size[1]))
		}
	}
}

// alone is a pane in so many cells, without what else is on the screen.
func (r *robot) alone(id paneID, width, height int) string {
	r.t.Helper()
	rows := r.m.drawPane(id, rect{0, 0, width, height})
	for i, row := range rows {
		if w := ansi.StringWidth(row); w != width {
			r.t.Errorf("row %d of the pane is %d cells wide and not %d: %q", i, w, width, ansi.Strip(row))
		}
	}
	if len(rows) != height {
		r.t.Errorf("%d rows in a pane of %d", len(rows), height)
	}
	return ansi.Strip(strings.Join(rows, "\n")) + "\n"
}
