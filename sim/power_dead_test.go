package sim

import (
	"testing"

	"mailwalk/scenarios"
	"mailwalk/sim/trace"
)

// TestDeadSayNothing: from the moment at which a host crashes, the programs that ran
// on it say and do nothing more, whatever they still believe.
func TestDeadSayNothing(t *testing.T) {
	sc, err := scenarios.Load("first-letter")
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"mail.acme.test", "mail.globex.test", "alice-laptop"} {
		for at := 15; at < 420; at += 9 {
			w, err := New(sc, Options{})
			if err != nil {
				t.Fatal(err)
			}
			for range at {
				w.Step()
			}
			if err := w.Do(Act{By: Learner, What: CrashHost, Target: host}); err != nil {
				t.Fatal(err)
			}
			run(w)
			checkDead(t, w.Trace())
			if err := w.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// checkDead: what a host's programs do on a connection ends when the host loses its
// power. What its network still answers are packets.
func checkDead(t *testing.T, tr *trace.Trace) {
	t.Helper()
	type end struct{ host, conn string }
	begun, dead := map[end]bool{}, map[end]bool{}
	for e := range tr.All() {
		switch b := e.Body.(type) {
		case *trace.StateBody:
			if e.What == trace.HostState && b.After == "down" {
				for x := range begun {
					dead[x] = dead[x] || x.host == b.Name
				}
			}
		case *trace.LineBody, *trace.ConnectionBody, *trace.SocketBody:
			x := end{e.Host, e.Conn}
			if dead[x] {
				t.Errorf("event %d: %s %s on %s, by a program of %s, which has lost its power", e.Seq, e.Kind, e.What, e.Conn, e.Host)
			}
			begun[x] = true
		}
	}
}
