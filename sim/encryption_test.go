package sim

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"runtime"
	"strings"
	"testing"

	"mailwalk/scenarios"
	"mailwalk/sim/trace"
)

// sealedWalk is the walk starttls with texts of it put in place of others.
func sealedWalk(t *testing.T, change ...string) *scenarios.Scenario {
	t.Helper()
	sc, err := scenarios.Load("starttls")
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ := strings.Cut(string(sc.Source), "\nnotes:\n")
	for i := 0; i < len(change); i += 2 {
		if !strings.Contains(text, change[i]) {
			t.Fatalf("the walk has no %q", change[i])
		}
		text = strings.Replace(text, change[i], change[i+1], 1)
	}
	if sc, err = scenarios.Parse("starttls.yaml", []byte(text)); err != nil {
		t.Fatal(err)
	}
	return sc
}

func runSealed(t *testing.T, sc *scenarios.Scenario) *trace.Trace {
	t.Helper()
	w, err := New(sc, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.Trace()
}

// TestTLSRepeats: a walk under TLS leaves the same octets at every run.
func TestTLSRepeats(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var first [sha256.Size]byte
	for i, procs := range []int{1, 2, 8} {
		runtime.GOMAXPROCS(procs)
		tr := runSealed(t, sealedWalk(t))
		var all bytes.Buffer
		enc := trace.NewEncoder(&all, func(*trace.Event) string { return "" })
		for e := range tr.All() {
			if err := enc.Encode(e); err != nil {
				t.Fatal(err)
			}
		}
		if sum := sha256.Sum256(all.Bytes()); i == 0 {
			first = sum
		} else if sum != first {
			t.Errorf("with GOMAXPROCS %d the trace is another", procs)
		}
	}
}

// TestNothingInClear: what is said under TLS stands in no packet, and after a handshake
// that has failed nothing is said on the connection.
func TestNothingInClear(t *testing.T) {
	const toBob, mta = "        host: bob-laptop\n", "        domains: acme.test\n"
	globex := []string{"    resolver: resolver.globex.test\n    tls: yes\n", "    resolver: resolver.globex.test\n    tls: {certificate: expired}\n"}
	for _, x := range []struct {
		name    string
		change  []string
		relayed bool
		fetched bool
		choices string // of the mail server, in their order
	}{
		{"sound", nil, true, true, "under TLS, goes on"},
		{"expired, opportunistic", globex, true, false, "under TLS, goes on"},
		{"expired, required", append([]string{mta, mta + "        outgoing-tls: required\n"}, globex...), true, false, "under TLS, goes on"},
		{"expired, verified", append([]string{mta, mta + "        outgoing-tls: verified\n        retry: {give-up: 1h, notice: 30m}\n"}, globex...), false, false, "under TLS, breaks off, later"},
		{"not offered, required", []string{mta, mta + "        outgoing-tls: required\n        retry: {give-up: 1h, notice: 30m}\n", globex[0], "    resolver: resolver.globex.test\n", toBob + "        reads: pop3\n        security: starttls\n", toBob}, false, false, "no further"},
	} {
		tr := runSealed(t, sealedWalk(t, x.change...))
		var choices []string
		relayed, fetched := false, false
		failed := map[string]uint64{}
		for e := range tr.All() {
			switch b := e.Body.(type) {
			case *trace.DecisionBody:
				if e.Host == "mail.acme.test" && (e.What == trace.ChoseTLS || e.What == trace.JudgeCert || e.What == trace.FallBack) {
					choices = append(choices, b.Choice)
				}
			case *trace.ConnectionBody:
				if e.What == trace.NotSecured {
					failed[e.Conn] = e.Seq
				}
			case *trace.MailBody:
				relayed, fetched = relayed || e.What == trace.Relayed, fetched || e.What == trace.Fetched
			case *trace.LineBody:
				if at := failed[e.Conn]; at != 0 && e.What == trace.Sent {
					t.Errorf("%s: %s says %q after the handshake has failed", x.name, e.Host, b.Text)
				}
			case *trace.PacketBody:
				for _, secret := range []string{"4,200,000", "marmalade\r\n", base64.StdEncoding.EncodeToString([]byte("\x00alice@acme.test\x00looking-glass"))} {
					if bytes.Contains(b.Data, []byte(secret)) {
						t.Errorf("%s: frame %d has %q in clear", x.name, b.Frame, secret)
					}
				}
			}
		}
		if relayed != x.relayed || fetched != x.fetched {
			t.Errorf("%s: relayed %t, fetched %t", x.name, relayed, fetched)
		}
		if got := strings.Join(choices, ", "); !strings.HasPrefix(got, x.choices) || strings.Contains(got, "in clear") {
			t.Errorf("%s: the mail server has decided %q, want %q", x.name, got, x.choices)
		}
	}
}
