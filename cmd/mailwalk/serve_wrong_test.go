package main

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"mailwalk/sim/trace"
)

// TestWrongProtocol: programs that come to the wrong door are told of, in the
// trace and in the story.
func TestWrongProtocol(t *testing.T) {
	t.Parallel()
	// In real time, so that no program is slow enough to be found silent as well.
	s := serve(t, "first-letter", "--detail", "line")
	told := 0
	// wrong has a program come to a door. It may fail as it likes, but not hang.
	wrong := func(door servedDoor, want, name string, args ...string) {
		t.Helper()
		for i, a := range args {
			args[i] = strings.ReplaceAll(a, "AT", door.At)
		}
		if out, err := tryVisit(t, "", name, args...); exitCode(err) < 0 {
			t.Fatalf("%s %v: %v: %s", name, args, err, out)
		}
		told++
		var last trace.NoteBody
		s.await(told, "a warning", func(e *servedEvent) bool {
			return e.Kind == "note" && e.What == trace.Warning && e.Conn != "" && json.Unmarshal(e.Body, &last) == nil
		})
		if !strings.Contains(last.Newcomer+last.Student, want) {
			t.Errorf("%s %v: there is no word of %s in %q", name, args, want, last)
		}
	}
	host := "mail.acme.test"
	smtp, pop3, imap, dns := s.door(host, "smtp", "tcp"), s.door(host, "pop3", "tcp"), s.door(host, "imap", "tcp"), s.door("ns.acme.test", "domain", "tcp")
	wrong(smtp, "HTTP", "curl", "-sS", "--max-time", "60", "http://AT/")
	// The server waits for as many octets as the first two say, and curl for the answer.
	wrong(dns, "HTTP", "curl", "-sS", "--max-time", "1", "http://AT/")
	wrong(smtp, "TLS", "curl", "-sS", "--max-time", "60", "https://AT/")
	wrong(imap, "TLS", "openssl", "s_client", "-connect", "AT")
	wrong(pop3, "TLS", "openssl", "s_client", "-connect", "AT")
	wrong(imap, "hello", "curl", "-sS", "--max-time", "60", "--user", "a:b", "pop3://AT/")
	wrong(pop3, "hello", "curl", "-sS", "--max-time", "60", "--user", "a:b", "imap://AT/")
	wrong(pop3, "without a word", "python3", "-c", "import smtplib, sys\nsmtplib.SMTP(*sys.argv[1].split(':'), timeout=60)", "AT")
	holds(t, s.stopAndRerun(), map[string]int{"note.warning": told, "act.visit": told})

	var story strings.Builder
	cmd := exec.Command("mailwalk", "replay", s.file, "--detail", "line")
	cmd.Stdout = &story
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(story.String(), "  WARNING │ "); n != told {
		t.Errorf("the story warns %d times, not %d", n, told)
	}
}

// TestTakenPort: who has the port of a door is named, and nothing is opened.
func TestTakenPort(t *testing.T) {
	for _, network := range []string{"tcp", "udp"} {
		at, name := holdPort(t, network)
		// The server's own port is on top of the base.
		base := map[string]int{"tcp": 25, "udp": 53}[network]
		door := map[string]string{"tcp": "mail.acme.test:25/tcp", "udp": "resolver.acme.test:53/udp"}[network]
		out, err := exec.Command("mailwalk", "serve", "first-letter", "--idle", "--ports", itoa(at-base)).CombinedOutput()
		if exitCode(err) != 1 {
			t.Errorf("%s: %v: %s", network, err, out)
		}
		has(t, string(out), "mailwalk: port "+itoa(at)+" of 127.0.0.1, the door to "+door+", is taken by "+name, "--ports 0 ")
		if strings.Contains(string(out), "Doors into") {
			t.Errorf("%s: doors are announced: %s", network, out)
		}
	}
}
