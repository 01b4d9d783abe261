package sim

import (
	"strings"
	"testing"

	"mailwalk/scenarios"
)

// TestTypedPasswords: who mistypes the password is asked again on the same
// connection, and what lets him in is kept; who has no other is told.
func TestTypedPasswords(t *testing.T) {
	for _, x := range []struct{ walk, host, typed, refusal string }{
		{"pop3-two-devices", "bob-laptop", "[marmelade, marmalade]", "line.sent host=mail.globex.test verb=PASS code=-ERR"},
		{"imap-two-devices", "bob-laptop", "[marmelade, marmalade]", "line.sent host=mail.globex.test verb=LOGIN code=NO"},
	} {
		t.Run(x.walk, func(t *testing.T) {
			tr := runScenario(t, typing(t, x.walk, x.host, x.typed)).Trace()
			for selector, want := range map[string]int{
				x.refusal: 1, "decision.ask-again host=" + x.host: 1, "decision.refuse-login host=mail.globex.test": 1,
			} {
				if got := times(tr, selector); got != want {
					t.Errorf("%s: %d times, want %d", selector, got, want)
				}
			}
			if times(tr, "mail.fetched host="+x.host) == 0 {
				t.Error("the second password has fetched nothing")
			}

			tr = runScenario(t, typing(t, x.walk, x.host, "marmelade")).Trace()
			if times(tr, "mail.fetched host="+x.host) > 0 || times(tr, `note.warning newcomer~"user name or password is wrong"`) == 0 {
				t.Error("a wrong password fetches mail, or nobody is told")
			}
		})
	}
}

// typing is a walk in which a device's owner types passwords.
func typing(t *testing.T, walk, host, passwords string) *scenarios.Scenario {
	t.Helper()
	sc, err := scenarios.Load(walk)
	if err != nil {
		t.Fatal(err)
	}
	at := "        host: " + host + "\n"
	if !strings.Contains(string(sc.Source), at) {
		t.Fatalf("%s has no device on %s", walk, host)
	}
	text := strings.Replace(string(sc.Source), at, at+"        password: "+passwords+"\n", 1)
	if sc, err = scenarios.Parse(sc.File, []byte(text)); err != nil {
		t.Fatal(err)
	}
	return sc
}
