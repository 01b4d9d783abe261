package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"mailwalk/sim/trace"
)

// served is a program that serves a walk, as a process of its own: its world comes
// to rest by itself, whatever else the tests are doing.
type served struct {
	t     *testing.T
	cmd   *exec.Cmd
	doors []servedDoor
	file  string // the recording

	stderr bytes.Buffer
	ended  chan error

	mu      sync.Mutex
	changed *sync.Cond
	events  []*servedEvent
	closed  bool // no more events will come
}

type servedDoor struct {
	Host, Service, Network, At, Command string
	Port                                uint16
}

// addr is the machine's address of the door, host and port apart.
func (d servedDoor) addr() (host, port string) {
	host, port, _ = strings.Cut(d.At, ":")
	return host, port
}

type servedEvent struct {
	Kind, What, Host, Conn, Text string
	Body                         json.RawMessage
}

// serve starts to serve a walk whose people are idle; the test's end ends it.
func serve(t *testing.T, walk string, args ...string) *served {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot be sent an interrupt here")
	}
	s := &served{t: t, file: filepath.Join(t.TempDir(), "served.trace"), ended: make(chan error, 1)}
	s.changed = sync.NewCond(&s.mu)
	// The program is this one: see TestMain.
	s.cmd = exec.Command("mailwalk", append([]string{"serve", walk, "--idle", "--ports", "0", "--format", "json", "--record", s.file}, args...)...)
	s.cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0")
	s.cmd.Stderr = &s.stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	first := make(chan error, 1)
	go s.read(out, first)
	t.Cleanup(func() {
		if s.ended != nil { // the test has failed before it came to stop
			s.cmd.Process.Kill()
			<-s.ended
		}
	})
	if err := within(t, first, "the list of doors"); err != nil {
		t.Fatalf("the list of doors: %v; %s", err, &s.stderr)
	}
	return s
}

// read takes what the program prints: the doors, and then events.
func (s *served) read(out io.Reader, first chan<- error) {
	dec := json.NewDecoder(bufio.NewReaderSize(out, 1<<20))
	var list struct {
		Kind  string
		Doors []servedDoor
	}
	err := dec.Decode(&list)
	if err == nil && (list.Kind != "doors" || len(list.Doors) == 0) {
		err = errors.New("it is not what came first")
	}
	s.doors = list.Doors
	first <- err
	for err == nil {
		e := new(servedEvent)
		if err = dec.Decode(e); err == nil {
			s.mu.Lock()
			s.events = append(s.events, e)
			s.mu.Unlock()
			s.changed.Broadcast()
		}
	}
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.changed.Broadcast()
	_, _ = io.Copy(io.Discard, out) // what is no JSON
	waited := s.cmd.Wait()
	if !errors.Is(err, io.EOF) {
		waited = errors.Join(err, waited)
	}
	s.ended <- waited
}

// patience is for a machine that has much else to do: what is waited for comes at once.
const patience = 3 * time.Minute

func within[T any](t *testing.T, c <-chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(patience):
		t.Fatalf("%s has not come", what)
	}
	return v
}

// door is the way to a host's service.
func (s *served) door(host, service, network string) servedDoor {
	s.t.Helper()
	for _, d := range s.doors {
		if d.Host == host && d.Service == service && d.Network == network {
			return d
		}
	}
	s.t.Fatalf("there is no door to %s of %s by %s", service, host, network)
	return servedDoor{}
}

// await waits until so many events were printed that fit.
func (s *served) await(n int, what string, fits func(*servedEvent) bool) {
	s.t.Helper()
	s.awaitFor(patience, n, what, fits)
}

// awaitFor is await with another patience.
func (s *served) awaitFor(patience time.Duration, n int, what string, fits func(*servedEvent) bool) {
	s.t.Helper()
	late := time.AfterFunc(patience, func() {
		s.mu.Lock()
		s.closed = true
		s.mu.Unlock()
		s.changed.Broadcast()
	})
	defer late.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for seen, found := 0, 0; ; s.changed.Wait() {
		for ; seen < len(s.events); seen++ {
			if fits(s.events[seen]) {
				found++
			}
		}
		if found >= n {
			return
		}
		if s.closed {
			s.t.Fatalf("%s: %d times, not %d; %s", what, found, n, &s.stderr)
		}
	}
}

// stored waits until so many mails with a subject have come into mailboxes.
func (s *served) stored(n int, subject string) {
	s.t.Helper()
	s.await(n, "a mail with the subject "+subject, func(e *servedEvent) bool {
		var b trace.MailBody
		return e.Kind == "mail" && e.What == trace.Stored && json.Unmarshal(e.Body, &b) == nil && b.Subject == subject
	})
}

// stop ends it as Ctrl-C does, and returns the trace that it leaves.
func (s *served) stop() *trace.Trace {
	s.t.Helper()
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		s.t.Fatal(err)
	}
	err := within(s.t, s.ended, "the end after an interrupt")
	s.ended = nil
	if err != nil || s.stderr.Len() > 0 {
		s.t.Fatalf("after an interrupt: %v; %s", err, &s.stderr)
	}
	return readTrace(s.t, s.file)
}

// stopAndRerun ends it, and holds that its recording runs again with the same
// trace and can be shown.
func (s *served) stopAndRerun() *trace.Trace {
	s.t.Helper()
	tr := s.stop()
	if tr.Len() == 0 || tr.Unfinished() != nil {
		s.t.Fatalf("the recording has %d events: %v", tr.Len(), tr.Unfinished())
	}
	for _, again := range []string{"rerun", "replay"} {
		var stderr bytes.Buffer
		cmd := exec.Command("mailwalk", again, s.file, "--detail", "packet")
		cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0")
		cmd.Stderr = &stderr
		if err := cmd.Run(); err != nil {
			s.t.Errorf("%s: %v: %s", again, err, &stderr)
		}
	}
	return tr
}

// holds checks how often events of a trace fit selectors.
func holds(t *testing.T, tr *trace.Trace, want map[string]int) {
	t.Helper()
	for selector, n := range want {
		s, got := trace.MustSelector(selector), 0
		for e := range tr.All() {
			if s.Match(e) {
				got++
			}
		}
		if got != n {
			t.Errorf("%s: %d times, want %d", selector, got, n)
		}
	}
}

// program finds a program, without which a test is skipped where it may be.
func program(t *testing.T, name string) string {
	t.Helper()
	file, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("MAILWALK_CI") != "" {
			t.Fatal(err)
		}
		t.Skip(name + " is not installed")
	}
	return file
}

// visit runs a program that comes through a door, and returns what it prints. It
// has to succeed.
func visit(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := tryVisit(t, "", name, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

// tryVisit is visit for a program that may fail; stdin is what it is given to read.
func tryVisit(t *testing.T, stdin, name string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program(t, name), args...)
	cmd.WaitDelay = time.Second
	cmd.Stdin = strings.NewReader(stdin)
	home := t.TempDir()
	// What a person has set up for these programs is not to change what they do.
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home, "LC_ALL=C", "TERM=dumb", "no_proxy=*")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// has checks that a text has all of these in it.
func has(t *testing.T, text string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(strings.ReplaceAll(text, "\r\n", "\n"), w) {
			t.Errorf("there is no %q in:\n%s", w, text)
		}
	}
}

// writeFile makes a file that only its owner reads, and returns its name.
func writeFile(t *testing.T, name, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// exitCode is a program's exit code; -1 if it has none.
func exitCode(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	return -1
}
