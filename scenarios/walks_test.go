package scenarios

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var standard = regexp.MustCompile(`^RFC \d{3,5}( §\d+(\.\d+)*)? \(.+\)$`)

// Every walk that the program carries is one that a teacher can use.
func TestWalks(t *testing.T) {
	all, err := List()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range all {
		names = append(names, s.Name)
		t.Run(s.Name, func(t *testing.T) {
			if len(s.Warnings) > 0 {
				t.Error(s.Warnings)
			}
			teacher := s.Teacher
			if teacher.Objective == "" || len(teacher.Before) == 0 || teacher.Minutes == 0 || teacher.ClearsUp == "" {
				t.Error("the teacher's fields are not complete")
			}
			if len(teacher.Questions) != 3 {
				t.Errorf("%d questions, want 3", len(teacher.Questions))
			}
			for _, r := range teacher.Standards {
				if !standard.MatchString(r) {
					t.Errorf("standard %q is not written as RFC 5321 §3.3 (what it is about)", r)
				}
			}
			if len(s.Expect) == 0 || len(s.Notes) == 0 || len(s.Predictions) == 0 || len(teacher.Standards) == 0 {
				t.Error("expect, notes, predictions or standards are missing")
			}
			for i, n := range s.Notes {
				if n.Student == n.Newcomer || n.Engineer == n.Student {
					t.Errorf("note %d has not three depths", i+1)
				}
			}
			for _, e := range s.Expect {
				if e.Says == "" && e.Delivered == nil && e.SameBytes == "" {
					t.Errorf("the expectation in line %d does not say what it means", e.Pos.Line)
				}
			}
		})
	}
	want := []string{"first-letter", "same-domain", "attachment", "pop3-two-devices", "imap-two-devices", "three-hops", "two-recipients", "mx-preference", "mx-equal", "no-mx", "null-mx", "typo-domain", "cname-mx", "ipv6-first", "lame-delegation", "unknown-user", "greylisting", "server-down", "five-days", "mailbox-full", "too-big", "lossy-link", "slow-link", "crash-in-data", "crash-after-250", "mail-loop", "double-bounce", "eavesdropper", "starttls", "auth-mechanisms", "wrong-password", "open-relay", "handshake", "pipelining", "chunking", "utf8-address", "path-mtu"}
	if !slices.Equal(names, want) {
		t.Errorf("walks %v, want %v", names, want)
	}
}

func TestUnknownWalk(t *testing.T) {
	for name, nearest := range map[string]string{
		"first-leter": "first-letter", "zzzzzzzz": "", "../go": "", "": "", "FIRST-LETTER": "first-letter",
	} {
		_, err := Load(name)
		var unknown *UnknownWalkError
		if !errors.As(err, &unknown) || unknown.Nearest != nearest {
			t.Errorf("Load(%q): %v, want an UnknownWalkError with nearest %q", name, err, nearest)
		}
	}
}

func TestFirstLetterIsComplete(t *testing.T) {
	s, err := Load("first-letter")
	if err != nil {
		t.Fatal(err)
	}
	alice, bob := s.Person("alice"), s.Person("bob")
	if alice.Submission != "mail.acme.test" || s.Account(bob.Address).Host != "mail.globex.test" {
		t.Errorf("alice submits to %q, bob's mailbox is on %q", alice.Submission, s.Account(bob.Address).Host)
	}
	m := s.Mails[0]
	if got := m.From.String(); got != "Alice Arden <alice@acme.test>" {
		t.Errorf("from %s", got)
	}
	if m.Number != 1 || len(m.Recipients()) != 1 || m.Recipients()[0].Domain() != "globex.test" {
		t.Errorf("mail %d to %v", m.Number, m.Recipients())
	}
	fetch := s.Acts[1]
	if fetch.Device != "laptop" || fetch.By != POP3 || *fetch.Keep || !fetch.Anchored() {
		t.Errorf("act %+v", fetch)
	}
	h := s.Host("mail.globex.test")
	if h.Gateway != "internet" || h.Runs.MTA.Hostname != "mail.globex.test" || h.Runs.MTA.Size != 25_000_000 || !h.Runs.MTA.SMTP {
		t.Errorf("host %+v, mail server %+v", h, h.Runs.MTA)
	}
	if roots := s.Host("resolver.acme.test").Runs.Resolver.Roots; !slices.Equal(roots, []string{"a.root-servers.test"}) {
		t.Errorf("roots %v", roots)
	}
	if s.Link("acme-net").MTU != 1500 || s.Zone("globex.test.") == nil || s.Host("nobody") != nil {
		t.Error("look-ups by name")
	}
}

// A walk from the outside may name files beside it, and none elsewhere.
func TestFilesBesideTheWalk(t *testing.T) {
	src, err := walks.ReadFile("first-letter.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("mails/letter.eml", "Subject: x\n\ny\n")
	write("letter.eml", "outside")
	walk := func(file string) string {
		before, rest, _ := strings.Cut(string(src), "    from: alice\n    to: bob\n")
		_, after, _ := strings.Cut(rest, "acts:\n")
		return before + "    to: bob\n    file: " + file + "\nacts:\n" + after
	}

	s, err := LoadFile(write("mails/first-letter.yaml", walk("letter.eml")))
	if err != nil {
		t.Fatal(err)
	}
	if string(s.Mails[0].Raw) != "Subject: x\n\ny\n" {
		t.Errorf("the mail is %q", s.Mails[0].Raw)
	}
	for file, want := range map[string]string{
		"../letter.eml": "does not lie beside the walk", "/etc/hostname": "does not lie beside the walk", "gone.eml": "cannot be read",
	} {
		_, err := LoadFile(write("mails/first-letter.yaml", walk(file)))
		var problems Problems
		if !errors.As(err, &problems) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", file, err, want)
		}
	}
	if err := os.Symlink(filepath.Join(dir, "letter.eml"), filepath.Join(dir, "mails", "link.eml")); err == nil {
		if _, err := LoadFile(write("mails/first-letter.yaml", walk("link.eml"))); err == nil {
			t.Error("a link out of the folder was followed")
		}
	}
	if _, err := Parse("first-letter.yaml", []byte(walk("letter.eml"))); err == nil {
		t.Error("a walk without a folder named a file")
	}
	if _, err := LoadFile(filepath.Join(dir, "gone.yaml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := LoadFile(write("big.yaml", strings.Repeat("#\n", maxFileSize))); err == nil {
		t.Error("a file that is too large was read")
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := Load("first-letter"); err != nil {
			b.Fatal(err)
		}
	}
}
