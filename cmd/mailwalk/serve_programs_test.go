package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mailwalk/sim/trace"
)

const (
	aliceLogin = "alice@acme.test:looking-glass"
	bobLogin   = "bob@globex.test:marmalade"
)

// TestPrograms has programs of the machine send mails and read them again, through
// the doors of one served walk.
func TestPrograms(t *testing.T) {
	s := serve(t, "first-letter", "--detail", "mail", "--speed", "10")
	skipped := false
	for _, p := range []struct {
		name string
		try  func(*testing.T, *served)
	}{
		{"dig", digs}, {"swaks", swaksSends}, {"curl", curlSendsAndReads}, {"python", pythonSendsAndReads},
		{"msmtp", msmtpSends}, {"mutt", muttReads}, {"nc", talksByHand},
	} {
		t.Run(p.name, func(t *testing.T) {
			defer func() { skipped = skipped || t.Skipped() }()
			p.try(t, s)
		})
	}
	tr := s.stopAndRerun()
	for e := range tr.All() {
		// At ten times the speed, half a second is enough for a program to be found silent.
		if b, ok := e.Body.(*trace.NoteBody); ok && e.What == trace.Warning && e.Conn != "" && !strings.HasPrefix(b.Student, "The client has said nothing for ") {
			t.Errorf("event %d warns of a program that does nothing wrong: %+v", e.Seq, e.Body)
		}
	}
	if t.Failed() || skipped {
		return
	}
	holds(t, tr, map[string]int{
		"mail.accepted host=mail.acme.test subject~swaks":              4,
		"mail.accepted host=mail.globex.test subject~swaks":            7,
		"mail.stored mailbox=bob@globex.test/INBOX subject~swaks":      7,
		"mail.stored mailbox=bob@globex.test/INBOX subject~curl":       3,
		"mail.stored mailbox=bob@globex.test/INBOX subject~Python":     4,
		"mail.stored mailbox=bob@globex.test/INBOX subject~msmtp":      1,
		"mail.stored mailbox=bob@globex.test/INBOX subject~hand":       1,
		"line.received outside=true verb=EHLO text=\"EHLO curl.test\"": 3,
	})
}

func digs(t *testing.T, s *served) {
	dig := func(d servedDoor, args ...string) string {
		host, port := d.addr()
		return visit(t, "dig", append([]string{"@" + host, "-p", port, "+time=60"}, args...)...)
	}
	for _, network := range []string{"udp", "tcp"} {
		by := "+notcp"
		if network == "tcp" {
			by = "+tcp"
		}
		resolver, ns, root := s.door("resolver.acme.test", "domain", network), s.door("ns.globex.test", "domain", network), s.door("a.root-servers.test", "domain", network)
		has(t, dig(resolver, by, "globex.test", "MX"), "status: NOERROR", " ra", "IN\tMX\t10 mail.globex.test.")
		has(t, dig(resolver, by, "mail.globex.test", "A"), "IN\tA\t198.51.100.25")
		has(t, dig(resolver, by, "nobody.globex.test", "A"), "status: NXDOMAIN", "ANSWER: 0", "IN\tSOA")
		has(t, dig(resolver, by, "mail.globex.test", "AAAA"), "status: NOERROR", "ANSWER: 0", "IN\tSOA")
		has(t, dig(ns, by, "+norec", "globex.test", "MX"), "status: NOERROR", " aa", "IN\tMX\t10 mail.globex.test.")
		has(t, dig(ns, by, "+norec", "nobody.globex.test", "MX"), "status: NXDOMAIN", " aa")
		has(t, dig(ns, by, "+norec", "acme.test", "MX"), "status: REFUSED")
		has(t, dig(root, by, "+norec", "globex.test", "MX"), "status: NOERROR", "ANSWER: 0", "test.\t", "ns.nic.test.")
		has(t, dig(ns, by, "+noedns", "globex.test", "SOA"), "status: NOERROR", "IN\tSOA")
	}
	// Two questions on one connection.
	has(t, dig(s.door("resolver.acme.test", "domain", "tcp"), "+tcp", "+keepopen", "globex.test", "MX", "acme.test", "MX"), "10 mail.globex.test.", "10 mail.acme.test.")
}

func swaksSends(t *testing.T, s *served) {
	relay, provider := s.door("mail.globex.test", "smtp", "tcp").At, s.door("mail.acme.test", "submission", "tcp").At
	picture := filepath.Join(t.TempDir(), "bytes.bin")
	if err := os.WriteFile(picture, allBytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	swaks := func(subject, at string, args ...string) string {
		out := visit(t, "swaks", append([]string{"--server", at, "--ehlo", "swaks.test", "--to", "bob@globex.test", "--header", "Subject: " + subject}, args...)...)
		has(t, out, "250 2.0.0 queued as ")
		s.stored(1, subject)
		return out
	}
	stranger := []string{"--from", "carol@outside.test"}
	swaks("swaks straight", relay, stranger...)
	swaks("swaks pipelined", relay, append(stranger, "--pipeline")...)
	swaks("swaks attaches", relay, append(stranger, "--attach", "@"+picture)...)
	alice := []string{"--from", "alice@acme.test", "--auth-user", "alice@acme.test", "--auth-password", "looking-glass"}
	has(t, swaks("swaks plain", provider, append(alice, "--auth", "PLAIN")...), "AUTH PLAIN", "235 2.7.0")
	has(t, swaks("swaks login", provider, append(alice, "--auth", "LOGIN")...), "AUTH LOGIN", "334 VXNlcm5hbWU6", "235 2.7.0")
	swaks("swaks pipelined login", provider, append(alice, "--auth", "LOGIN", "--pipeline")...)
	swaks("swaks pipelined plain", provider, append(alice, "--auth", "PLAIN", "--pipeline")...)

	for _, x := range []struct {
		code int
		says string
		args []string
	}{
		{28, "535 5.7.8", []string{"--server", provider, "--to", "bob@globex.test", "--from", "alice@acme.test", "--auth", "PLAIN", "--auth-user", "alice@acme.test", "--auth-password", "wrong"}},
		{23, "530 5.7.0", []string{"--server", provider, "--to", "bob@globex.test", "--from", "alice@acme.test"}},
		{24, "550 5.1.1", []string{"--server", relay, "--to", "nobody@globex.test", "--from", "carol@outside.test"}},
		{24, "5.7.1", []string{"--server", relay, "--to", "dave@elsewhere.test", "--from", "carol@outside.test"}},
		{29, "502 5.5.1", []string{"--server", relay, "--to", "bob@globex.test", "--from", "carol@outside.test", "--tls"}},
	} {
		out, err := tryVisit(t, "", "swaks", x.args...)
		if code := exitCode(err); code != x.code {
			t.Errorf("swaks %v: exit code %d, want %d: %s", x.args, code, x.code, out)
		}
		if x.code != 29 { // swaks does not ask for what is not offered
			has(t, out, x.says)
		}
	}
}

// allBytes has each octet more than once, and lines of any length.
func allBytes() []byte {
	b := make([]byte, 4096)
	for i := range b {
		b[i] = byte(i * (i>>8 + 1))
	}
	return b
}

const curlMail = "From: carol@outside.test\r\nTo: bob@globex.test\r\nSubject: %s\r\nMessage-ID: <1@outside.test>\r\n\r\nA line.\r\n.a dot\r\n..two dots\r\n.\r\nthe end\r\n"

func curlSendsAndReads(t *testing.T, s *served) {
	curl := func(args ...string) string { return visit(t, "curl", append([]string{"-sS"}, args...)...) }
	relay, provider := "smtp://"+s.door("mail.globex.test", "smtp", "tcp").At, "smtp://"+s.door("mail.acme.test", "submission", "tcp").At
	send := func(subject string, args ...string) {
		t.Helper()
		mail := writeFile(t, "mail.eml", fmt.Sprintf(curlMail, subject))
		curl(append([]string{"--upload-file", mail, "--mail-rcpt", "bob@globex.test"}, args...)...)
		s.stored(1, subject)
	}
	send("curl straight", relay+"/curl.test", "--mail-from", "carol@outside.test")
	send("curl plain", provider+"/curl.test", "--mail-from", "alice@acme.test", "--user", aliceLogin, "--login-options", "AUTH=PLAIN")
	send("curl login", provider+"/curl.test", "--mail-from", "alice@acme.test", "--user", aliceLogin, "--login-options", "AUTH=LOGIN")
	has(t, curl(relay, "--request", "HELP"), "214", "RCPT TO:")
	has(t, curl(relay, "--mail-rcpt", "bob@globex.test"), "252 2.")

	pop, imap := "pop3://"+s.door("mail.globex.test", "pop3", "tcp").At, "imap://"+s.door("mail.globex.test", "imap", "tcp").At
	bob := func(args ...string) string { return curl(append([]string{"--user", bobLogin}, args...)...) }
	search := func(criteria string) []string {
		t.Helper()
		_, found, ok := strings.Cut(strings.TrimRight(bob(imap+"/INBOX?"+criteria), "\r\n"), "* SEARCH")
		if !ok {
			t.Fatalf("there is no answer to the search for %s", criteria)
		}
		return strings.Fields(found)
	}

	n := search("SUBJECT%20%22curl%20straight%22")
	if len(n) != 1 {
		t.Fatalf("the search found %v", n)
	}
	body := "\n\nA line.\n.a dot\n..two dots\n.\nthe end\n"
	has(t, bob(pop+"/"), n[0]+" ")
	has(t, bob(pop+"/"+n[0]), "Return-Path: <carol@outside.test>\nReceived: from curl.test ([", "Subject: curl straight\n", body)
	has(t, bob(pop+"/", "--request", "UIDL"), "\n"+n[0]+" ")
	has(t, bob(pop+"/", "--request", "TOP "+n[0]+" 1"), "Subject: curl straight\n", "\n\nA line.\n")
	has(t, bob(imap+"/INBOX;MAILINDEX="+n[0]), "Received: from curl.test ([", body)
	has(t, bob(imap+"/INBOX;MAILINDEX="+n[0]+";SECTION=TEXT"), body[2:])

	has(t, bob(imap+"/"), `* LIST () "/" INBOX`)
	has(t, bob(imap+"/", "--request", "EXAMINE INBOX"), " EXISTS\n", "[UIDVALIDITY ")
	has(t, bob(imap+"/INBOX", "--request", "FETCH "+n[0]+" (FLAGS UID ENVELOPE)"), `\Seen`, `"curl straight"`, `"<1@outside.test>"`)
	has(t, bob(imap+"/INBOX", "--request", "STORE "+n[0]+` +FLAGS (\Flagged)`), `\Flagged`)
	if got := search("FLAGGED"); len(got) != 1 || got[0] != n[0] {
		t.Errorf("flagged are %v", got)
	}
	bob(imap+"/", "--request", "CREATE Drafts")
	bob(imap+"/Drafts", "--upload-file", writeFile(t, "draft.eml", fmt.Sprintf(curlMail, "curl draft")))
	has(t, bob(imap+"/Drafts;UID=1"), "Subject: curl draft\n", body)
	has(t, bob(imap+"/"), `"/" Drafts`)

	before := strings.Count(bob(pop+"/"), "\n")
	bob(pop+"/"+n[0], "--request", "DELE", "--head")
	if after := strings.Count(bob(pop+"/"), "\n"); after != before-1 {
		t.Errorf("after DELE there are %d mails, before it %d", after, before)
	}
	out, err := tryVisit(t, "", "curl", "-sS", "--user", "bob@globex.test:wrong", imap+"/")
	if exitCode(err) != 67 {
		t.Errorf("with a wrong password: %v, %s", err, out)
	}
}

func pythonSendsAndReads(t *testing.T, s *served) {
	out := visit(t, "python3", filepath.Join("testdata", "visit.py"),
		s.door("mail.acme.test", "submission", "tcp").At, s.door("mail.globex.test", "smtp", "tcp").At,
		s.door("mail.globex.test", "pop3", "tcp").At, s.door("mail.globex.test", "imap", "tcp").At)
	has(t, out, "all is well\n")
}

func msmtpSends(t *testing.T, s *served) {
	host, port := s.door("mail.acme.test", "submission", "tcp").addr()
	rc := writeFile(t, "msmtprc", "account default\nhost "+host+"\nport "+port+"\ndomain msmtp.test\nfrom alice@acme.test\nauth plain\nuser alice@acme.test\npassword looking-glass\ntls off\n")
	mail := "From: alice@acme.test\nTo: bob@globex.test\nSubject: msmtp sends\n\nA line.\n.\n.the end\n"
	if out, err := tryVisit(t, mail, "msmtp", "--file", rc, "bob@globex.test"); err != nil {
		t.Fatalf("msmtp: %v: %s", err, out)
	}
	s.stored(1, "msmtp sends")
	has(t, visit(t, "curl", "-sS", "--user", bobLogin, "imap://"+s.door("mail.globex.test", "imap", "tcp").At+"/INBOX", "--request", "SEARCH SUBJECT msmtp"), "* SEARCH ")
}

// muttReads has mutt write a mail out of a mailbox into a file.
func muttReads(t *testing.T, s *served) {
	mail := writeFile(t, "mail.eml", fmt.Sprintf(curlMail, "for mutt"))
	visit(t, "curl", "-sS", "--upload-file", mail, "--mail-from", "carol@outside.test", "--mail-rcpt", "bob@globex.test", "smtp://"+s.door("mail.globex.test", "smtp", "tcp").At)
	s.stored(1, "for mutt")
	for _, service := range []string{"pop", "imap"} {
		door := map[string]string{"pop": "pop3", "imap": "imap"}[service]
		host, port := s.door("mail.globex.test", door, "tcp").addr()
		box := filepath.Join(t.TempDir(), "copy")
		url := service + "://bob%40globex.test@" + host + ":" + port
		if service == "imap" {
			url += "/INBOX"
		}
		rc := writeFile(t, "muttrc", strings.Join([]string{
			"set " + service + "_pass=marmalade", "set ssl_starttls=no", "set ssl_force_tls=no", "set confirmappend=no", "set confirmcreate=no",
			"set copy=no", "set quit=yes", "set delete=no", "set wait_key=no", "set folder=" + t.TempDir(), "set " + service + "_authenticators=" + map[string]string{"pop": "user", "imap": "login"}[service],
			`push "<limit>~s mutt<enter><copy-message>` + box + `<enter><quit>"`, "",
		}, "\n"))
		// mutt wants a terminal.
		out, err := tryVisit(t, "", "script", "--quiet", "--return", "--command", "TERM=vt100 "+program(t, "mutt")+" -n -F "+rc+" -f "+url, os.DevNull)
		if err != nil {
			t.Fatalf("mutt %s: %v: %s", url, err, out)
		}
		got, err := os.ReadFile(box)
		if err != nil {
			t.Fatalf("mutt %s has copied nothing: %v: %q", url, err, out)
		}
		has(t, string(got), "Subject: for mutt\n", "\n\nA line.\n.a dot\n..two dots\n.\nthe end\n")
	}
}

// talksByHand says all lines at once, without waiting for the answers.
func talksByHand(t *testing.T, s *served) {
	talk := func(service string, lines ...string) string {
		t.Helper()
		host, port := s.door("mail.globex.test", service, "tcp").addr()
		out, err := tryVisit(t, strings.Join(lines, "\r\n")+"\r\n", "nc", "-w", "120", host, port)
		if err != nil {
			t.Fatalf("nc to %s: %v: %s", service, err, out)
		}
		return out
	}
	plain := base64.StdEncoding.EncodeToString([]byte("\x00bob@globex.test\x00marmalade"))
	out := talk("smtp", "EHLO nc.test", "EHLO again.test", "HELP", "VRFY bob", "NOOP", "FOO", "MAIL FROM:<carol@outside.test>", "RSET",
		"MAIL FROM:<carol@outside.test>", "RCPT TO:<bob@globex.test>", "DATA", "Subject: by hand", "", "..one dot", ".", "QUIT")
	has(t, out, "220 mail.globex.test", "250-mail.globex.test greets nc.test", "greets again.test", "214 ", "252 2.", "500 5.5", "354 ", "250 2.0.0 queued as", "221 2.0.0")
	s.stored(1, "by hand")
	out = talk("submission", "EHLO nc.test", "AUTH PLAIN "+plain, "RSET", "QUIT")
	has(t, out, "235 2.7.0", "221 2.0.0")
	has(t, talk("pop3", "USER bob@globex.test", "PASS marmalade", "STAT", "QUIT"), "+OK mail.globex.test", "maildrop has", "signing off")
	has(t, talk("imap", "a CAPABILITY", "b LOGIN bob@globex.test marmalade", "c SELECT INBOX", `d SEARCH SUBJECT "by hand"`, "e LOGOUT"), "* OK", "a OK", "b OK", "* SEARCH ", "e OK")
}
