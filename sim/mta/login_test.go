package mta

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"mailwalk/protocols/dialog"
	"mailwalk/protocols/sasl"
	"mailwalk/protocols/smtp"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
)

// allMechanisms lets one log in by whatever is known.
func allMechanisms(c *Config) {
	c.DecoyKey = []byte("decoys")
	for _, m := range sasl.Mechanisms() {
		c.Mechanisms = append(c.Mechanisms, m.Name)
	}
}

// attempts are logins over one connection: what came of each, and how long it took.
func (w *world) attempts(t *testing.T, mechanism string, logins ...smtp.Credentials) (replies []string, took []time.Duration) {
	t.Helper()
	h := w.hosts["stranger"]
	err := errors.New("did not end")
	h.Go("log in", func(ctx context.Context) {
		nc, derr := h.Dial(ctx, "tcp", netip.AddrPort{}, netip.AddrPortFrom(netip.MustParseAddr(server), 587))
		if err = derr; err != nil {
			return
		}
		c := smtp.NewClient(nc, smtp.ClientOptions{
			AllowCleartext: true, Mechanisms: []string{mechanism}, Now: h.Clock().Now, Rand: wire.RandomOctets(h, "nonces"),
		})
		defer c.Close()
		if _, err = c.Hello(ctx); err != nil {
			return
		}
		for _, login := range logins {
			began := h.Clock().Now()
			r, aerr := c.Auth(ctx, login)
			if errors.As(aerr, &r) {
				aerr = nil
			}
			if err = aerr; err != nil {
				return
			}
			replies = append(replies, fmt.Sprint(r.Code, " ", r.Enhanced))
			took = append(took, h.Clock().Now().Sub(began))
		}
	})
	for w.clock.Step() {
	}
	if err != nil {
		t.Fatal(err)
	}
	return replies, took
}

// logins are the decisions about who logs in.
func (w *world) logins() (all []string) {
	for e := range w.trace.All() {
		if b, ok := e.Body.(*trace.DecisionBody); ok && (e.What == trace.AcceptLogin || e.What == trace.RefuseLogin) {
			all = append(all, e.What+" "+b.Subject+": "+b.Because)
		}
	}
	return all
}

// TestGuessing: with each mechanism the right password opens, a wrong one is put
// off and refused, each refusal takes longer, and the fourth try ends the session
// (RFC 4954 §9).
func TestGuessing(t *testing.T) {
	right := smtp.Credentials{User: "alice@acme.test", Password: "secret"}
	wrong := smtp.Credentials{User: "alice@acme.test", Password: "Secret"}
	for _, m := range sasl.Mechanisms() {
		w := newWorld(t, allMechanisms)
		if got, _ := w.attempts(t, m.Name, wrong, wrong, right); !slices.Equal(got, []string{"535 5.7.8", "535 5.7.8", "235 2.7.0"}) {
			t.Errorf("%s: %q", m.Name, got)
		}
		w = newWorld(t, allMechanisms)
		got, took := w.attempts(t, m.Name, wrong, wrong, wrong, right)
		if !slices.Equal(got, []string{"535 5.7.8", "535 5.7.8", "535 5.7.8", "421 4.7.0"}) {
			t.Errorf("%s: %q", m.Name, got)
		}
		for i, d := range took {
			least := firstDelay << i
			if i == 3 {
				least = 0
			}
			if d < least || d > least+100*time.Millisecond {
				t.Errorf("%s: attempt %d took %v", m.Name, i, d)
			}
		}
		if n := len(w.logins()); n != 3 {
			t.Errorf("%s: %d decisions: %q", m.Name, n, w.logins())
		}
	}
}

// TestNoEnumeration: whether a user does not exist or the password is wrong cannot
// be told by what the server says, nor by when.
func TestNoEnumeration(t *testing.T) {
	shape := func(mechanism, user string) (said string, took []time.Duration, decided string) {
		w := newWorld(t, allMechanisms)
		_, took = w.attempts(t, mechanism, smtp.Credentials{User: user, Password: "guess"}, smtp.Credentials{User: user, Password: "guess"})
		for e := range w.trace.All() {
			b, ok := e.Body.(*trace.LineBody)
			if !ok || e.What != trace.Sent || b.Role != dialog.Reply {
				continue
			}
			// The nonces and the salt differ, as they do between users that exist.
			text := b.Text
			if b.Code == "334" {
				text = fmt.Sprint("334 and ", len(text), " octets")
			}
			said += fmt.Sprintln(e.At, text)
		}
		return said, took, strings.Join(w.logins(), "\n")
	}
	for _, m := range sasl.Mechanisms() {
		said, took, decided := shape(m.Name, "alice@acme.test")
		// A name of as many letters: what a client says is as long as its name.
		saidOfNobody, tookOfNobody, decidedOfNobody := shape(m.Name, "mabel@acme.test")
		if said != saidOfNobody || !slices.Equal(took, tookOfNobody) {
			t.Errorf("%s:\n%s%v\nto nobody\n%s%v", m.Name, said, took, saidOfNobody, tookOfNobody)
		}
		if strings.ReplaceAll(decided, "alice", "mabel") != decidedOfNobody || decided == "" {
			t.Errorf("%s: %s\nto nobody %s", m.Name, decided, decidedOfNobody)
		}
	}
}

// TestSpeakingForOthers: who has the right password speaks for nobody else.
func TestSpeakingForOthers(t *testing.T) {
	for _, mechanism := range []string{sasl.Plain, sasl.SCRAMSHA256} {
		w := newWorld(t, allMechanisms)
		login := smtp.Credentials{Identity: "bob@acme.test", User: "alice@acme.test", Password: "secret"}
		got, _ := w.attempts(t, mechanism, login)
		if !slices.Equal(got, []string{"535 5.7.8"}) {
			t.Errorf("%s: %q", mechanism, got)
		}
		if all := w.logins(); len(all) != 1 || !strings.HasSuffix(all[0], "alice@acme.test may not act for bob@acme.test") {
			t.Errorf("%s: %q", mechanism, all)
		}
	}
}
