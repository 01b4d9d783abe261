package imap

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mailwalk/protocols/dialog"
)

// recorder gathers units from the goroutines of both ends.
type recorder struct{ mu sync.Mutex }

func (r *recorder) into(list *[]dialog.Unit) func(*dialog.Unit) {
	return func(u *dialog.Unit) {
		r.mu.Lock()
		defer r.mu.Unlock()
		copied := *u
		copied.Text, copied.Content = bytes.Clone(u.Text), bytes.Clone(u.Content)
		*list = append(*list, copied)
	}
}

func hooksInto(sent, received func(*dialog.Unit)) dialog.Hooks {
	return dialog.Hooks{Sending: sent, Received: func(u *dialog.Unit) []string { received(u); return nil }}
}

// TestUnitsCoverTheStream checks that the units of each end and direction take up
// every octet once, and that both ends say the same.
func TestUnitsCoverTheStream(t *testing.T) {
	var clientSent, clientGot, serverSent, serverGot []dialog.Unit
	r := &recorder{}
	store := newMemory()
	store.deliver("fred", Inbox, mailFile(t, "nested.eml"))
	c := dial(t, testServer(store, time.Now),
		ClientOptions{Hooks: &Hooks{Hooks: hooksInto(r.into(&clientSent), r.into(&clientGot))}},
		&Hooks{Hooks: hooksInto(r.into(&serverSent), r.into(&serverGot))})
	ctx := t.Context()
	check(t, c.Login(ctx, "fred", "secret"))
	must[*SelectedMailbox](t)(c.Select(ctx, Inbox))
	must[[]*FetchedMessage](t)(c.Fetch(ctx, Nums(1), FetchItems{BodyStructure: true, Sections: []Section{{}, {Path: []uint32{1}}}}))
	must[[]uint32](t)(c.Search(ctx, SearchKey{Op: "SUBJECT", Text: "bücher"}, SearchKey{Op: "TEXT", Text: "für"}))
	mail := []byte(mailFile(t, "plain.eml"))
	for _, content := range [][]byte{mail, bytes.Repeat(mail, 40)} {
		if _, _, err := c.Append(ctx, Inbox, content, nil, time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	go store.deliver("fred", Inbox, "Subject: x\r\n\r\n")
	check(t, c.Idle(ctx, func(Update) bool { return true }))
	check(t, c.Logout(ctx))

	r.mu.Lock()
	defer r.mu.Unlock()
	covered(t, "client to server", clientSent, serverGot)
	covered(t, "server to client", serverSent, clientGot)
	for _, u := range serverGot {
		if secret := strings.Contains(string(u.Text), "LOGIN"); u.Secret != secret {
			t.Errorf("unit %q: secret is %v", u.Text, u.Secret)
		}
	}
	bodies := 0
	for _, u := range serverGot {
		if u.Role == dialog.Body {
			bodies++
		}
	}
	if bodies != 2 {
		t.Errorf("%d bodies received, want 2", bodies)
	}
}

func covered(t *testing.T, direction string, sent, got []dialog.Unit) {
	t.Helper()
	if len(sent) != len(got) || len(sent) == 0 {
		t.Fatalf("%s: %d units sent, %d received", direction, len(sent), len(got))
	}
	var at int64
	for i := range sent {
		s, g := sent[i], got[i]
		if s.From != at || g.From != at || s.To != g.To || s.To <= s.From {
			t.Errorf("%s: unit %d: sent [%d,%d), received [%d,%d), want from %d", direction, i, s.From, s.To, g.From, g.To, at)
		}
		if s.Role != g.Role || !bytes.Equal(s.Text, g.Text) || !bytes.Equal(s.Content, g.Content) || s.FromServer != g.FromServer {
			t.Errorf("%s: unit %d: sent %s %q, received %s %q", direction, i, s.Role, s.Text, g.Role, g.Text)
		}
		at = s.To
	}
}

// talk gives a server lines one by one, with hooks, and returns all that it says.
func talk(t *testing.T, hooks *Hooks, input ...string) string {
	t.Helper()
	conn := newScriptConn()
	srv := testServer(newMemory(), conn.clock)
	done := make(chan error, 1)
	go func() { done <- srv.ServeConn(t.Context(), conn, hooks) }()
	conn.said()
	var out strings.Builder
	for _, s := range input {
		conn.feed(s)
		out.WriteString(conn.said())
	}
	conn.hangUp()
	<-done
	return out.String()
}

func TestAnswerInTheServersStead(t *testing.T) {
	instead := func(prefix string, lines ...string) *Hooks {
		return &Hooks{Hooks: dialog.Hooks{Received: func(u *dialog.Unit) []string {
			if bytes.HasPrefix(u.Text, []byte(prefix)) || prefix == "body" && u.Role == dialog.Body {
				return lines
			}
			return nil
		}}}
	}
	for _, test := range []struct {
		name  string
		hooks *Hooks
		input []string
		want  string
	}{
		{"command", instead("a1 NOOP", "* OK Coffee first", "a1 NO Later"), []string{"a1 NOOP\r\n", "a2 NOOP\r\n"},
			"* OK Coffee first\r\na1 NO Later\r\na2 OK NOOP completed\r\n"},
		{"before a literal", instead("a1 LOGIN", "a1 NO No"), []string{"a1 LOGIN {4}\r\n", "a2 NOOP\r\n"},
			"a1 NO No\r\na2 OK NOOP completed\r\n"},
		{"literal comes anyway", instead("a1 LOGIN", "a1 NO No"), []string{"a1 LOGIN {4+}\r\nfred {6+}\r\nsecret\r\na2 NOOP\r\n"},
			"a1 NO No\r\na2 OK NOOP completed\r\n"},
		{"response", instead("AGZ", "a1 NO No"), []string{"a1 AUTHENTICATE PLAIN\r\n", "AGZyZWQAc2VjcmV0\r\n"},
			"+ \r\na1 NO No\r\n"},
		{"silence", instead("a1 NOOP"), []string{"a1 NOOP\r\na2 NOOP\r\n"}, "a2 OK NOOP completed\r\n"},
	} {
		if test.name == "silence" {
			test.hooks.Received = func(u *dialog.Unit) []string {
				if bytes.HasPrefix(u.Text, []byte("a1")) {
					return []string{}
				}
				return nil
			}
		}
		if got := talk(t, test.hooks, test.input...); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

func TestTextPutInPlace(t *testing.T) {
	swap := func(old, new string) *Hooks {
		return &Hooks{Hooks: dialog.Hooks{Received: func(u *dialog.Unit) []string {
			u.Text = bytes.Replace(u.Text, []byte(old), []byte(new), 1)
			return nil
		}}}
	}
	for _, test := range []struct{ name, old, new, input, want string }{
		{"verb", "NOOP", "XYZZY", "a1 NOOP\r\n", "a1 BAD No such command\r\n"},
		{"literal", "fred", "bill", "a1 LOGIN {4+}\r\nfred secret\r\n", "a1 NO [AUTHENTICATIONFAILED] Authentication failed\r\n"},
		{"announcement taken away", "LOGIN {4+}", "NOOP", "a1 LOGIN {4+}\r\nfred secret\r\na2 NOOP\r\n",
			"a1 OK NOOP completed\r\na2 OK NOOP completed\r\n"},
		{"announcement made up", "NOOP", "LOGIN {4}", "a1 NOOP\r\n", "a1 BAD LOGIN: octet 9: expected a literal\r\n"},
		{"announcement changed", "{4+}", "{5+}", "a1 LOGIN {4+}\r\nfred secret\r\n", "a1 BAD LOGIN: octet 9: expected a literal\r\n"},
		{"literal cut", "fred secret", "", "a1 LOGIN {4+}\r\nfred secret\r\n", "a1 BAD A literal was cut short\r\n"},
	} {
		if got := talk(t, swap(test.old, test.new), test.input); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

func TestStatesAreTold(t *testing.T) {
	var states []State
	var faults []string
	hooks := &Hooks{
		State: func(from, to State) {
			if len(states) == 0 {
				states = append(states, from)
			}
			if states[len(states)-1] != from {
				t.Errorf("left %v, was in %v", from, states[len(states)-1])
			}
			states = append(states, to)
		},
		Fault: func(verb string, err error) { faults = append(faults, verb+": "+err.Error()) },
	}
	talk(t, hooks, "a LOGIN fred secret\r\n", "b SELECT INBOX\r\n", "c SELECT Nowhere\r\n", "d EXAMINE INBOX\r\n",
		"e CLOSE\r\n", "f LOGOUT\r\n")
	want := []State{NotAuthenticated, Authenticated, Selected, Authenticated, Selected, Authenticated, Logout}
	if !slices.Equal(states, want) {
		t.Errorf("states %v, want %v", states, want)
	}
	if want := []string{"SELECT: no such mailbox"}; !slices.Equal(faults, want) {
		t.Errorf("faults %q, want %q", faults, want)
	}
}
