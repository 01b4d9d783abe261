package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mailwalk/sim/trace"
)

// bigMail is one of so many octets, in lines.
func bigMail(t *testing.T, size int) (name string, content []byte) {
	t.Helper()
	var b bytes.Buffer
	b.WriteString("From: carol@outside.test\r\nTo: bob@globex.test\r\nSubject: big\r\n\r\n")
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, ".%08d %s\r\n", i, strings.Repeat("x", 64))
	}
	name = filepath.Join(t.TempDir(), "big.eml")
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name, b.Bytes()
}

// TestBigMail: 512 KiB come in and out whole, also at the hands of a program that takes
// its time; more than the server takes is refused.
func TestBigMail(t *testing.T) {
	s := serve(t, "first-letter", "--detail", "mail", "--speed", "10")
	name, content := bigMail(t, 512<<10)
	smtp := "smtp://" + s.door("mail.globex.test", "smtp", "tcp").At
	visit(t, "curl", "-sS", "--upload-file", name, "--mail-from", "carol@outside.test", "--mail-rcpt", "bob@globex.test", smtp)
	s.stored(1, "big")
	want := sha256.Sum256(content)
	for _, from := range []string{
		"pop3://" + s.door("mail.globex.test", "pop3", "tcp").At + "/1",
		"imap://" + s.door("mail.globex.test", "imap", "tcp").At + "/INBOX;UID=1",
	} {
		got := visit(t, "curl", "-sS", "--limit-rate", "1M", "--user", bobLogin, from)
		_, mail, _ := strings.Cut(got, "+0000\r\n") // below what the server put on top
		if sha256.Sum256([]byte(mail)) != want {
			t.Errorf("%s: %d octets came, and they are not the %d that were sent", from, len(mail), len(content))
		}
	}
	huge := filepath.Join(t.TempDir(), "huge.eml")
	if err := os.WriteFile(huge, bytes.Repeat([]byte("0123456789\r\n"), 26_000_000/12), 0o600); err != nil {
		t.Fatal(err)
	}
	// curl asks with SIZE before it sends.
	out, err := tryVisit(t, "", "curl", "-sS", "--upload-file", huge, "--mail-from", "carol@outside.test", "--mail-rcpt", "bob@globex.test", smtp)
	if err == nil {
		t.Errorf("26 MB were taken: %s", out)
	}
	has(t, out, "552")
	holds(t, s.stopAndRerun(), map[string]int{"mail.stored subject=big": 1, "mail.accepted": 1})
}

// TestIdleReader: a program that asks for a mail and takes nothing of it is not said
// to have taken more than a little, while another program takes all.
func TestIdleReader(t *testing.T) {
	s := serve(t, "first-letter", "--detail", "mail", "--speed", "10")
	name, content := bigMail(t, 600<<10)
	visit(t, "curl", "-sS", "--upload-file", name, "--mail-from", "carol@outside.test", "--mail-rcpt", "bob@globex.test", "smtp://"+s.door("mail.globex.test", "smtp", "tcp").At)
	s.stored(1, "big")
	c, err := net.Dial("tcp", s.door("mail.globex.test", "pop3", "tcp").At)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.(*net.TCPConn).SetReadBuffer(16 << 10); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, "USER bob@globex.test\r\nPASS marmalade\r\nRETR 1\r\n"); err != nil {
		t.Fatal(err)
	}
	visit(t, "curl", "-sS", "--user", bobLogin, "--output", os.DevNull, "imap://"+s.door("mail.globex.test", "imap", "tcp").At+"/INBOX;UID=1")
	taken := map[string]int64{}
	for e := range s.stopAndRerun().All() {
		if b, ok := e.Body.(*trace.ActBody); ok && e.What == trace.Drain {
			taken[b.Target] += b.Octets
		}
	}
	if idle, other := taken["visitor 2"], taken["visitor 3"]; idle == 0 || idle > 400<<10 || other < int64(len(content))-64<<10 {
		t.Errorf("of %d octets the one that took nothing is said to have taken %d, and the other %d", len(content), idle, other)
	}
}

// TestManyVisitors: thirty at once, and then one after the other, all get their mail
// through.
func TestManyVisitors(t *testing.T) {
	s := serve(t, "first-letter", "--detail", "mail", "--speed", "10")
	at := s.door("mail.globex.test", "smtp", "tcp").At
	var all sync.WaitGroup
	for i := range 30 {
		all.Go(func() {
			if err := handIn(at, fmt.Sprintf("at once %d", i)); err != nil {
				t.Errorf("visitor %d: %v", i, err)
			}
		})
	}
	all.Wait()
	for i := range 100 {
		if err := handIn(at, fmt.Sprintf("in turn %d", i)); err != nil {
			t.Fatalf("mail %d: %v", i, err)
		}
	}
	s.await(130, "a mail that is stored", func(e *servedEvent) bool { return e.Kind == "mail" && e.What == trace.Stored })
	holds(t, s.stopAndRerun(), map[string]int{
		"mail.stored mailbox=bob@globex.test/INBOX subject~once": 30, "mail.stored mailbox=bob@globex.test/INBOX subject~turn": 100, "act.visit": 130,
	})
}

// handIn says all lines of a mail at once and waits for the end.
func handIn(at, subject string) error { return handInWithin(patience, at, subject) }

// handInWithin is handIn with another patience.
func handInWithin(patience time.Duration, at, subject string) error {
	c, err := net.Dial("tcp", at)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c, "EHLO many.test\r\nMAIL FROM:<carol@outside.test>\r\nRCPT TO:<bob@globex.test>\r\nDATA\r\nSubject: %s\r\n\r\nx\r\n.\r\nQUIT\r\n", subject)
	if err != nil {
		return err
	}
	answers, err := io.ReadAll(c)
	if err == nil && !bytes.Contains(answers, []byte("\r\n250 2.0.0 queued as ")) {
		err = fmt.Errorf("it was not taken: %q", answers)
	}
	return err
}

// TestKilledVisitor: a program that is killed in the middle of a mail leaves no mail
// behind, and the server goes on.
func TestKilledVisitor(t *testing.T) {
	s := serve(t, "first-letter", "--detail", "line", "--speed", "10")
	door := s.door("mail.globex.test", "smtp", "tcp")
	host, port := door.addr()
	nc := exec.Command(program(t, "nc"), host, port)
	in, err := nc.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := nc.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := nc.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(in, "EHLO nc.test\r\nMAIL FROM:<carol@outside.test>\r\nRCPT TO:<bob@globex.test>\r\nDATA\r\nSubject: half\r\n\r\nonly the beg"); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan() && !strings.HasPrefix(lines.Text(), "354 "); {
	}
	if err := nc.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = nc.Wait() // it was killed
	s.await(1, "that the mail was not handed in", func(e *servedEvent) bool { return e.Kind == "mail" && e.What == trace.Unsent })
	if err := handIn(door.At, "after it"); err != nil {
		t.Error(err)
	}
	s.stored(1, "after it")
	holds(t, s.stopAndRerun(), map[string]int{"mail.accepted": 1, "mail.unsent": 1, "mail.stored": 1})
}

// TestInterruptedTransfer: an interrupt ends the program while a mail is on its way,
// and the recording can be read and run again.
func TestInterruptedTransfer(t *testing.T) {
	s := serve(t, "first-letter", "--detail", "line")
	name, _ := bigMail(t, 8<<20)
	curl := exec.Command(program(t, "curl"), "-sS", "--limit-rate", "1M", "--upload-file", name,
		"--mail-from", "carol@outside.test", "--mail-rcpt", "bob@globex.test", "smtp://"+s.door("mail.globex.test", "smtp", "tcp").At)
	if err := curl.Start(); err != nil {
		t.Fatal(err)
	}
	s.await(1, "that the content may come", func(e *servedEvent) bool {
		return e.Kind == "line" && strings.Contains(e.Text, "is ready for the content")
	})
	tr := s.stopAndRerun()
	if err := curl.Wait(); exitCode(err) <= 0 {
		t.Errorf("curl, whose server went away: %v", err)
	}
	holds(t, tr, map[string]int{"mail.accepted": 0, "mail.stored": 0})
}
