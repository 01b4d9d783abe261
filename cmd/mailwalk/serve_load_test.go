package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mailwalk/protocols/smtp"
)

// The whole load takes some minutes:
//
//	go test ./cmd/mailwalk -run TestLoad -v -timeout 30m -load-sessions 200 -load-mails 20000
var (
	loadSessions = flag.Int("load-sessions", 20, "how many programs hand in mails at once")
	loadMails    = flag.Int("load-mails", 400, "how many mails they hand in, all together")
	loadIdle     = flag.Int("load-idle", 200, "how many programs say nothing, in TestIdleVisitors")
)

// TestLoad: many programs at once hand in many mails of 2 KB, half of them to the server
// of the recipient's domain and half, with a password, to another's. Each mail that was
// taken is in the mailbox, once.
func TestLoad(t *testing.T) {
	s := serve(t, "first-letter", "--filter", "mail.stored")
	relay, submission := s.door("mail.globex.test", "smtp", "tcp"), s.door("mail.acme.test", "submission", "tcp")
	before := s.memory()
	start := time.Now()
	var next atomic.Int64
	var all sync.WaitGroup
	for i := range *loadSessions {
		all.Go(func() {
			l := loader{at: relay.At, from: "carol@outside.test"}
			if i%2 == 1 {
				l = loader{at: submission.At, from: "alice@acme.test", password: "looking-glass"}
			}
			if err := l.run(&next, int64(*loadMails)); err != nil {
				t.Errorf("session %d: %v", i, err)
			}
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
	took := time.Since(start)
	s.awaitFor(10*patience, *loadMails, "a mail that is stored", func(*servedEvent) bool { return true })
	t.Logf("%d mails in %d sessions: all taken after %s, all stored after %s: %.0f mails/s",
		*loadMails, *loadSessions, took.Round(time.Millisecond), time.Since(start).Round(time.Millisecond), float64(*loadMails)/time.Since(start).Seconds())
	if after := s.memory(); after > 0 {
		t.Logf("memory at most: %d MB before, %d MB after, %.1f KB a mail", before>>20, after>>20, float64(after-before)/1024/float64(*loadMails))
		// Of few mails the trace's limit is most, and the race detector has its own.
		if bound := int64(*loadMails) * 48 << 10; *loadMails >= 5000 && after-before > bound {
			t.Errorf("%d octets are more than the %d that so many mails may take", after-before, bound)
		}
	}
	found := inbox(t, s.door("mail.globex.test", "imap", "tcp").At)
	for i := range *loadMails {
		if n := found[loadID(i+1)]; n != 1 {
			t.Errorf("mail %d is %d times in the mailbox", i+1, n)
		}
	}
	if len(found) != *loadMails {
		t.Errorf("there are %d mails in the mailbox, want %d", len(found), *loadMails)
	}
	tr := s.stop()
	t.Logf("%d events, %d octets in the file for each mail", tr.Len(), fileSize(t, s.file)/int64(*loadMails))
	holds(t, tr, map[string]int{"mail.stored mailbox=bob@globex.test/INBOX": *loadMails, "mail.bounced": 0, "mail.deferred": 0})
}

// TestIdleVisitors: while many programs have a connection and say nothing, a mail is
// taken from another; and in the end the server has hung up on all of them.
func TestIdleVisitors(t *testing.T) {
	s := serve(t, "first-letter", "--filter", "mail.stored", "--speed", "100") // five minutes are three seconds
	at := s.door("mail.globex.test", "smtp", "tcp").At
	before := s.memory()
	start := time.Now()
	idle := make([]net.Conn, *loadIdle)
	for i := range idle {
		c, err := net.Dial("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		idle[i] = c
	}
	opened := time.Since(start)
	if err := handInWithin(10*patience, at, "among the idle"); err != nil {
		t.Error(err)
	}
	s.stored(1, "among the idle")
	t.Logf("%d connections were opened in %s, and a mail was stored after %s", *loadIdle, opened.Round(time.Millisecond), time.Since(start).Round(time.Millisecond))
	for i, c := range idle {
		if err := c.SetReadDeadline(time.Now().Add(10 * patience)); err != nil {
			t.Fatal(err)
		}
		answers, err := io.ReadAll(c)
		if err != nil || !strings.Contains(string(answers), "\r\n421 ") {
			t.Fatalf("connection %d ends with %q: %v", i, answers, err)
		}
	}
	if after := s.memory(); after > 0 {
		t.Logf("all had ended after %s; memory at most: %d MB before, %d MB after, %.1f KB a connection",
			time.Since(start).Round(time.Millisecond), before>>20, after>>20, float64(after-before)/1024/float64(*loadIdle))
	}
	holds(t, s.stop(), map[string]int{"line.sent service=smtp code=421": *loadIdle, "mail.stored": 1})
}

// loader is a program that hands in mails.
type loader struct{ at, from, password string }

func loadID(n int) string { return fmt.Sprintf("<%d@load.test>", n) }

// run hands in mails until all are, over one connection.
func (l loader) run(next *atomic.Int64, last int64) error {
	nc, err := net.Dial("tcp", l.at)
	if err != nil {
		return err
	}
	c := smtp.NewClient(nc, smtp.ClientOptions{Hello: "load.test", AllowCleartext: true})
	defer c.Close()
	ctx := context.Background()
	if _, err := c.Hello(ctx); err != nil {
		return err
	}
	if l.password != "" {
		if _, err := c.Auth(ctx, smtp.Credentials{User: l.from, Password: l.password}); err != nil {
			return err
		}
	}
	from, err := smtp.ParseMailbox(l.from)
	if err != nil {
		return err
	}
	to, err := smtp.ParseMailbox("bob@globex.test")
	if err != nil {
		return err
	}
	envelope := smtp.Envelope{From: from, Recipients: []smtp.Recipient{{To: to}}}
	text := strings.Repeat(strings.Repeat("x", 76)+"\r\n", 2048/78)
	for {
		n := next.Add(1)
		if n > last {
			_, err := c.Quit(ctx)
			return err
		}
		content := fmt.Sprintf("From: %s\r\nTo: bob@globex.test\r\nSubject: load\r\nMessage-ID: %s\r\n\r\n%s", l.from, loadID(int(n)), text)
		r, err := c.Send(ctx, envelope, []byte(content))
		if err != nil {
			return err
		}
		if !r.Recipients[0].Accepted() {
			return fmt.Errorf("mail %d: %w", n, r.Recipients[0].Reply)
		}
	}
}

// inbox asks by IMAP how often each Message-ID is in Bob's INBOX.
func inbox(t *testing.T, at string) map[string]int {
	t.Helper()
	c, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, err = c.Write([]byte("a LOGIN bob@globex.test marmalade\r\nb EXAMINE INBOX\r\nc FETCH 1:* (BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	for lines := bufio.NewScanner(c); ; {
		if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		if !lines.Scan() {
			t.Fatalf("before the end of the answer: %v", lines.Err())
		}
		line := lines.Text()
		if id, ok := strings.CutPrefix(line, "Message-ID: "); ok {
			found[id]++
		}
		if strings.HasPrefix(line, "c ") {
			if !strings.HasPrefix(line, "c OK") {
				t.Fatal(line)
			}
			return found
		}
	}
}

// memory is the most that the process has had in memory, in octets; 0 where the system
// does not say.
func (s *served) memory() int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	var kb int64
	for line := range strings.Lines(string(status)) {
		if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kb); n == 1 {
			return kb << 10
		}
	}
	return 0
}

func fileSize(t *testing.T, name string) int64 {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
