package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mailwalk/sim/trace"
)

// TestProgramsUnderTLS has programs of the machine come to the doors by STARTTLS and by
// TLS from the first octet, check the servers' certificates, and be refused where they
// want to log in without either.
func TestProgramsUnderTLS(t *testing.T) {
	authority := filepath.Join(t.TempDir(), "authority.pem")
	s := serve(t, "starttls", "--ca", authority, "--detail", "mail", "--speed", "10")
	alice := []string{"--from", "alice@acme.test", "--to", "bob@globex.test", "--ehlo", "swaks.test", "--auth", "PLAIN", "--auth-user", "alice@acme.test", "--auth-password", "looking-glass"}
	at := func(service string) servedDoor { return s.door("mail.acme.test", service, "tcp") }

	has(t, visit(t, "swaks", append(alice, "--server", at("submission").At, "--tls", "--header", "Subject: swaks upgraded")...), "STARTTLS", "TLS started", "235 2.7.0", "250 2.0.0 queued as ")
	s.stored(1, "swaks upgraded")
	has(t, visit(t, "swaks", append(alice, "--server", at("submissions").At, "--tls-on-connect", "--header", "Subject: swaks at once")...), "TLS started", "235 2.7.0", "250 2.0.0 queued as ")
	s.stored(1, "swaks at once")
	relay := s.door("mail.globex.test", "smtp", "tcp").At
	has(t, visit(t, "swaks", "--server", relay, "--tls", "--from", "carol@outside.test", "--to", "bob@globex.test", "--header", "Subject: swaks relayed"), "TLS started", "250 2.0.0 queued as ")
	s.stored(1, "swaks relayed")
	// In clear nobody is asked for a password.
	if out, err := tryVisit(t, "", "swaks", append(alice, "--server", at("submission").At)...); exitCode(err) != 28 {
		t.Errorf("swaks logs in without TLS: exit code %d: %s", exitCode(err), out)
	}

	// By its name, and with its certificate checked.
	bob := func(service string, options ...string) (string, error) {
		d := s.door("mail.globex.test", service, "tcp")
		_, port := d.addr()
		path := map[bool]string{true: "INBOX;MAILINDEX=1"}[strings.HasPrefix(service, "imap")]
		if path == "" {
			path = "1"
		}
		args := append([]string{"-sS", "--cacert", authority, "--resolve", "mail.globex.test:" + port + ":127.0.0.1", "--user", bobLogin}, options...)
		return tryVisit(t, "", "curl", append(args, service+"://mail.globex.test:"+port+"/"+path)...)
	}
	for _, x := range []struct {
		service string
		options []string
	}{{"pop3", []string{"--ssl-reqd"}}, {"pop3s", nil}, {"imap", []string{"--ssl-reqd"}}, {"imaps", nil}} {
		out, err := bob(x.service, x.options...)
		if err != nil {
			t.Fatalf("curl by %s: %v: %s", x.service, err, out)
		}
		has(t, out, "Subject: swaks upgraded", "with ESMTPSA", "tls TLS_AES_128_GCM_SHA256")
	}
	if out, err := bob("imap"); err == nil {
		t.Errorf("curl logs in without TLS: %s", out)
	}
	// Under another name the certificate does not pass, nor without the authority.
	d := s.door("mail.globex.test", "imaps", "tcp")
	for _, args := range [][]string{
		{"--cacert", authority, "imaps://" + d.At + "/"},
		{"--resolve", "mail.globex.test:" + d.At[len("127.0.0.1:"):] + ":127.0.0.1", "imaps://mail.globex.test" + d.At[len("127.0.0.1"):] + "/"},
	} {
		out, err := tryVisit(t, "", "curl", append([]string{"-sS", "--user", bobLogin}, args...)...)
		if exitCode(err) != 60 {
			t.Errorf("curl %q trusts it: %v: %s", args, err, out)
		}
	}
	for service, option := range map[string]string{"smtp": "smtp", "pop3": "pop3", "imap": "imap"} {
		out, err := tryVisit(t, "QUIT\n", "openssl", "s_client", "-brief", "-connect", s.door("mail.globex.test", service, "tcp").At, "-starttls", option,
			"-servername", "mail.globex.test", "-verify_hostname", "mail.globex.test", "-verify_return_error", "-CAfile", authority)
		if err != nil {
			t.Errorf("openssl to %s: %v: %s", service, err, out)
		}
		has(t, out, "Verification: OK", "TLSv1.3")
	}
	// The commands of the table work as they stand.
	for _, service := range []string{"submission", "submissions", "pop3", "pop3s", "imap", "imaps"} {
		words := strings.Fields(strings.ReplaceAll(at(service).Command, "'", ""))
		visit(t, words[0], words[1:]...)
	}
	// With what the visitors said at its place, the run comes out the same.
	secured, failed := 0, 0
	for e := range s.stopAndRerun().All() {
		switch {
		case e.Kind != trace.Connection:
		case e.What == trace.Secured:
			secured++
		case e.What == trace.NotSecured:
			failed++
		}
	}
	// curl checks the name when the handshake is over, and who signed within it.
	if secured < 12 || failed != 1 {
		t.Errorf("of the visitors' handshakes %d have succeeded and %d failed in the trace", secured, failed)
	}
	pem, err := os.ReadFile(authority)
	if err != nil || !strings.HasPrefix(string(pem), "-----BEGIN CERTIFICATE-----") {
		t.Errorf("the authority's certificate is %q: %v", pem, err)
	}
}
