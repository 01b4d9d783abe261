package imap

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mailwalk/protocols/dialog"
)

func mailFile(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "mail", name))
	if err != nil {
		t.Fatal(err)
	}
	return crlf(string(b))
}

// dial joins a client to a server by a pipe. The server's error is checked when the
// test ends.
func dial(t *testing.T, srv *Server, opt ClientOptions, hooks *Hooks) *Client {
	t.Helper()
	near, far := net.Pipe()
	return dialOver(t, near, far, srv, opt, hooks)
}

func dialOver(t *testing.T, near, far net.Conn, srv *Server, opt ClientOptions, hooks *Hooks) *Client {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- srv.ServeConn(context.Background(), far, hooks) }()
	t.Cleanup(func() {
		near.Close()
		if err := <-done; err != nil {
			t.Errorf("server: %v", err)
		}
	})
	if opt.Timeout == 0 {
		opt.Timeout = 3 * time.Second
	}
	c, err := Connect(t.Context(), near, opt)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestClientWithServer(t *testing.T) {
	for _, rev2 := range []bool{false, true} {
		t.Run(fmt.Sprintf("rev2=%v", rev2), func(t *testing.T) { clientScenario(t, rev2) })
	}
}

func clientScenario(t *testing.T, rev2 bool) {
	ctx := t.Context()
	store := newMemory()
	store.users["fred"].make("Bücher")
	store.deliver("fred", Inbox, mailFile(t, "nested.eml"))
	store.deliver("fred", Inbox, mailFile(t, "plain.eml"), FlagSeen)
	var updates []Update
	c := dial(t, testServer(store, time.Now), ClientOptions{OnUpdate: func(u Update) { updates = append(updates, u) }}, nil)

	var st *StatusError
	if err := c.Login(ctx, "fred", `wr"ong`); !errors.As(err, &st) || st.Status != "NO" || st.Code != "AUTHENTICATIONFAILED" {
		t.Fatalf("wrong password: %v", err)
	}
	if rev2 {
		check(t, c.AuthenticatePlain(ctx, "fred", "secret"))
		if got := must[[]string](t)(c.Enable(ctx, "IMAP4rev2")); !slices.Equal(got, []string{"IMAP4rev2"}) {
			t.Errorf("enabled %q", got)
		}
	} else {
		check(t, c.Login(ctx, "fred", "secret"))
	}
	if c.State() != Authenticated || !c.Has("UIDPLUS") {
		t.Errorf("state %v, capabilities %q", c.State(), c.Capabilities())
	}
	if got := must[[]string](t)(c.ID(ctx, "tester")); !slices.Equal(got, []string{"name", "mailwalk"}) {
		t.Errorf("id %q", got)
	}

	var names []string
	for _, e := range must[[]ListEntry](t)(c.List(ctx, "", "*")) {
		names = append(names, e.Name+e.Delimiter)
	}
	if want := []string{"INBOX/", "Bücher/"}; !slices.Equal(names, want) {
		t.Errorf("list %q, want %q", names, want)
	}

	box := must[*SelectedMailbox](t)(c.Select(ctx, "inbox"))
	if box.Exists != 2 || box.UIDValidity != 3857529045 || box.UIDNext != 3 || box.ReadOnly || !HasFlag(box.PermanentFlags, FlagWildcard) {
		t.Errorf("selected %+v", box)
	}

	header := Section{Text: SectionHeader}
	part := Section{Path: []uint32{2}, Partial: &Partial{0, 4}}
	missing := Section{Path: []uint32{9}}
	got := must[[]*FetchedMessage](t)(c.UIDFetch(ctx, Span(1, 1), FetchItems{
		Flags: true, InternalDate: true, Size: true, Envelope: true, BodyStructure: true,
		Sections: []Section{header, part, missing},
	}))
	if len(got) != 1 {
		t.Fatalf("fetched %d messages", len(got))
	}
	m := got[0]
	if m.UID != 1 || m.Number != 1 || m.Size != int64(len(mailFile(t, "nested.eml"))) || !m.InternalDate.Equal(testTime) || HasFlag(m.Flags, FlagSeen) {
		t.Errorf("fetched %+v", m)
	}
	if m.Envelope.Subject != "=?utf-8?q?B=C3=BCcher?= and a picture" || m.Envelope.From[0].String() != "john.q.public@example.com" ||
		len(m.Envelope.To) != 6 || m.Envelope.To[0].Mark != GroupBegin || m.Envelope.To[3].Mark != GroupEnd || m.Envelope.Cc != nil {
		t.Errorf("envelope %+v", m.Envelope)
	}
	if want := `("filename*" "Bücher.bin")`; !strings.Contains(m.BodyStructure, want) {
		t.Errorf("body structure %s has no %s", m.BodyStructure, want)
	}
	if h, has := m.Section(header); !has || !strings.HasPrefix(mailFile(t, "nested.eml"), string(h)) {
		t.Errorf("header %q", h)
	}
	if b, has := m.Section(part); !has || string(b) != "AAEC" {
		t.Errorf("part %q", b)
	}
	if _, has := m.Section(missing); has {
		t.Error("a part that is not there is present")
	}

	stored := must[[]*FetchedMessage](t)(c.Store(ctx, Nums(1), FlagsAdd, []Flag{FlagFlagged, FlagJunk}, false))
	if len(stored) != 1 || !HasFlag(stored[0].Flags, FlagJunk) {
		t.Errorf("stored %+v", stored)
	}
	if quiet := must[[]*FetchedMessage](t)(c.UIDStore(ctx, Nums(1), FlagsRemove, []Flag{FlagJunk}, true)); len(quiet) != 0 {
		t.Errorf("silent store told %+v", quiet)
	}

	for _, s := range []struct {
		key  SearchKey
		want []uint32
	}{
		{SearchKey{Op: "SUBJECT", Text: "bücher"}, []uint32{1}},
		{SearchKey{Op: "OR", Keys: []SearchKey{{Op: "FROM", Text: "ada"}, {Op: "FLAGGED"}}}, []uint32{1, 2}},
		{SearchKey{Op: "NOT", Keys: []SearchKey{{Op: "SET", Set: Span(1, 0)}}}, nil},
		{SearchKey{Op: "SINCE", Date: testTime}, []uint32{1, 2}},
	} {
		if got := must[[]uint32](t)(c.UIDSearch(ctx, s.key)); !slices.Equal(got, s.want) {
			t.Errorf("search %+v: %v, want %v", s.key, got, s.want)
		}
	}

	// A literal that must wait, and one that need not.
	for _, size := range []int{100, 5000} {
		content := append(bytes.Repeat([]byte("x"), size), "\r\n"...)
		validity, uid, err := c.Append(ctx, "Bücher", content, []Flag{FlagDraft}, testTime)
		if err != nil || validity != 3857529046 || uid == 0 {
			t.Errorf("append: %d %d %v", validity, uid, err)
		}
	}
	if _, _, err := c.Append(ctx, "Nowhere", []byte("x"), nil, time.Time{}); !errors.As(err, &st) || st.Code != "TRYCREATE" {
		t.Errorf("append to no mailbox: %v", err)
	}
	status := must[MailboxStatus](t)(c.Status(ctx, "Bücher", "MESSAGES", "SIZE"))
	if status.Messages != 2 || status.Size != 5104 {
		t.Errorf("status %+v", status)
	}

	copied := must[CopyResult](t)(c.UIDCopy(ctx, Span(1, 0), "Bücher"))
	if !slices.Equal(copied.Source, []uint32{1, 2}) || !slices.Equal(copied.Dest, []uint32{3, 4}) {
		t.Errorf("copied %+v", copied)
	}
	moved := must[CopyResult](t)(c.UIDMove(ctx, Nums(1), "Bücher"))
	if !slices.Equal(moved.Source, []uint32{1}) || c.Mailbox().Exists != 1 {
		t.Errorf("moved %+v, then %+v", moved, c.Mailbox())
	}

	updates = nil
	must[[]*FetchedMessage](t)(c.Store(ctx, Nums(1), FlagsAdd, []Flag{FlagDeleted}, true))
	check(t, c.Expunge(ctx))
	if len(updates) != 1 || updates[0].Kind != UpdateExpunge || c.Mailbox().Exists != 0 {
		t.Errorf("updates %+v", updates)
	}

	// Somebody else delivers while the client idles.
	go store.deliver("fred", Inbox, "Subject: new\r\n\r\nHi\r\n")
	check(t, c.Idle(ctx, func(u Update) bool { return u.Kind == UpdateExists && u.Number == 1 }))
	if got := must[[]*FetchedMessage](t)(c.Fetch(ctx, Nums(1), FetchItems{Envelope: true})); got[0].Envelope.Subject != "new" {
		t.Errorf("after idle: %+v", got)
	}

	check(t, c.Create(ctx, "Tom & Jerry"))
	check(t, c.Rename(ctx, "Tom & Jerry", "Cartoons"))
	check(t, c.Subscribe(ctx, "Cartoons"))
	check(t, c.Unsubscribe(ctx, "Cartoons"))
	check(t, c.Delete(ctx, "Cartoons"))
	if _, err := c.Examine(ctx, "Cartoons"); !errors.As(err, &st) || st.Code != "NONEXISTENT" || c.State() != Authenticated {
		t.Errorf("examine: %v, state %v", err, c.State())
	}
	check(t, c.Noop(ctx))
	check(t, c.Logout(ctx))
	if err := c.Noop(ctx); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after logout: %v", err)
	}
}

func TestClientRefusesWhatItCannotWrite(t *testing.T) {
	c := dial(t, testServer(newMemory(), time.Now), ClientOptions{}, nil)
	check(t, c.Login(t.Context(), "fred", "secret"))
	must[*SelectedMailbox](t)(c.Select(t.Context(), Inbox))
	for name, err := range map[string]error{
		"flag":   second(c.Store(t.Context(), Span(1, 0), FlagsAdd, []Flag{"a b"}, true)),
		"recent": second(c.Store(t.Context(), Span(1, 0), FlagsAdd, []Flag{FlagRecent}, true)),
		"key":    second(c.Search(t.Context(), SearchKey{Op: "FOO"})),
		"or":     second(c.Search(t.Context(), SearchKey{Op: "OR", Keys: []SearchKey{{Op: "ALL"}}})),
		"field":  second(c.Search(t.Context(), SearchKey{Op: "HEADER", Field: "a b"})),
		"set":    second(c.Search(t.Context(), SearchKey{Op: "UID"})),
		"enable": second(c.Enable(t.Context(), "A B")),
		"status": second(c.Status(t.Context(), Inbox, "MESSAGES UNSEEN")),
	} {
		if err == nil {
			t.Errorf("%s: was sent", name)
		}
	}
	check(t, c.Noop(t.Context()))
}

func second[T any](_ T, err error) error { return err }

func TestStartTLS(t *testing.T) {
	cert := selfSigned(t)
	srv := testServer(newMemory(), time.Now)
	srv.AllowCleartext = false
	srv.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}}
	var units []dialog.Unit
	negotiated := 0
	hooks := &Hooks{
		Hooks: dialog.Hooks{Received: func(u *dialog.Unit) []string { units = append(units, *u); return nil }},
		TLS:   dialog.TLSHooks{Done: func(_ tls.ConnectionState, err error) { check(t, err); negotiated++ }},
	}
	c := dial(t, srv, ClientOptions{}, hooks)
	ctx := t.Context()
	if err := c.Login(ctx, "fred", "secret"); err == nil {
		t.Error("a password went out in the clear")
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert.Leaf)
	check(t, c.StartTLS(ctx, &tls.Config{RootCAs: pool, ServerName: "imap.example.org"}))
	if caps := must[[]string](t)(c.Capability(ctx)); slices.Contains(caps, "STARTTLS") || !slices.Contains(caps, "AUTH=PLAIN") {
		t.Errorf("capabilities within TLS: %q", caps)
	}
	check(t, c.AuthenticatePlain(ctx, "fred", "secret"))
	must[*SelectedMailbox](t)(c.Select(ctx, Inbox))
	go srv.Backend.(*memory).deliver("fred", Inbox, "x")
	check(t, c.Idle(ctx, func(Update) bool { return true }))
	check(t, c.Logout(ctx))
	if negotiated != 1 || len(units) < 3 || units[1].From != 0 {
		t.Errorf("%d negotiations, units %+v", negotiated, units)
	}
}

func selfSigned(t *testing.T) tls.Certificate {
	t.Helper()
	key := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"imap.example.org"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der := must[[]byte](t)(x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: must[*x509.Certificate](t)(x509.ParseCertificate(der))}
}

const senders, each = 8, 25

// deliverFromMany delivers from many goroutines at once.
func deliverFromMany(store *memory) *sync.WaitGroup {
	var wg sync.WaitGroup
	for range senders {
		wg.Go(func() {
			for range each {
				store.deliver("fred", Inbox, "Subject: x\r\n\r\n")
			}
		})
	}
	return &wg
}

// TestIdleUnderFire enters and leaves IDLE while others deliver, over TCP: a pipe has
// no room for an update that crosses a DONE.
func TestIdleUnderFire(t *testing.T) {
	listener := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	defer listener.Close()
	near := must[net.Conn](t)(net.Dial("tcp", listener.Addr().String()))
	far := must[net.Conn](t)(listener.Accept())
	store := newMemory()
	c := dialOver(t, near, far, testServer(store, time.Now), ClientOptions{}, nil)
	ctx := t.Context()
	check(t, c.Login(ctx, "fred", "secret"))
	must[*SelectedMailbox](t)(c.Select(ctx, Inbox))
	wg := deliverFromMany(store)
	for c.Mailbox().Exists < senders*each {
		n := 0
		check(t, c.Idle(ctx, func(u Update) bool { n++; return n == 2 || u.Number == senders*each }))
		check(t, c.Noop(ctx))
	}
	wg.Wait()
	if got := must[[]uint32](t)(c.Search(ctx)); len(got) != senders*each {
		t.Errorf("%d messages of %d", len(got), senders*each)
	}
	check(t, c.Logout(ctx))
}

// TestIdleLosesNothing sends commands octet by octet over a pipe, while notifications
// from many goroutines break into the reads. Every command must be answered, and the
// last EXISTS must be right.
func TestIdleLosesNothing(t *testing.T) {
	store := newMemory()
	near, far := net.Pipe()
	defer near.Close()
	done := make(chan error, 1)
	go func() { done <- testServer(store, time.Now).ServeConn(context.Background(), far, nil) }()
	var said []string
	read := make(chan struct{})
	go func() {
		defer close(read)
		for lines := bufio.NewScanner(near); lines.Scan(); {
			said = append(said, lines.Text())
		}
	}()
	send := func(s string) {
		for i := range len(s) {
			if _, err := near.Write([]byte{s[i]}); err != nil {
				t.Fatal(err)
			}
		}
	}
	send("a LOGIN fred secret\r\nb SELECT INBOX\r\n")
	wg := deliverFromMany(store)
	const rounds = 60
	for i := range rounds {
		send(fmt.Sprintf("i%d IDLE\r\nDONE\r\nn%d NOOP\r\n", i, i))
	}
	wg.Wait()
	send("y NOOP\r\nz LOGOUT\r\n")
	<-read
	check(t, <-done)
	exists, answered := "", 0
	for _, line := range said {
		if strings.HasSuffix(line, " EXISTS") {
			exists = line
		}
		if strings.HasPrefix(line, "i") || strings.HasPrefix(line, "n") {
			answered++
		}
		if strings.Contains(line, "BAD") {
			t.Errorf("server said %q", line)
		}
	}
	if want := fmt.Sprintf("* %d EXISTS", senders*each); exists != want || answered != 2*rounds {
		t.Errorf("%q, want %q; %d commands answered, want %d", exists, want, answered, 2*rounds)
	}
}

// hostileServer answers a client's first line with a text.
func hostileServer(t *testing.T, answer string) *Client {
	t.Helper()
	near, far := net.Pipe()
	t.Cleanup(func() { near.Close(); far.Close() })
	go func() {
		_, _ = far.Write([]byte("* PREAUTH [CAPABILITY IMAP4rev1] hello\r\n"))
		buf := make([]byte, 4096)
		if _, err := far.Read(buf); err == nil {
			_, _ = far.Write([]byte(answer)) // the client may be gone
		}
	}()
	c, err := Connect(t.Context(), near, ClientOptions{Timeout: 200 * time.Millisecond, MaxLiteral: 1000})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestClientAgainstHostileServers(t *testing.T) {
	for _, answer := range []string{
		"B001 OK done\r\n",
		"+ more\r\n",
		"* OK {9}\r\n",
		"* LIST () \"/\" {99999999999}\r\n",
		"* LIST () \"/\" {5+}\r\nabcde\r\n",
		"* LIST (\r\n",
		"* LIST () \"/\" \"" + strings.Repeat("(", 100000) + "\r\n",
		"* 1 2 3\r\n",
		"\r\n",
		"* BYE go away\r\n",
		"A001 OK\n",
		"A001 PREAUTH x\r\n",
		"",
	} {
		c := hostileServer(t, answer)
		_, err := c.List(t.Context(), "", "*")
		if err == nil {
			t.Errorf("answer %.40q was taken", answer)
		}
		var se *SyntaxError
		if errors.As(err, &se) && !errors.Is(err, ErrProtocol) {
			t.Errorf("answer %.40q: %v is not laid to the server", answer, err)
		}
	}
}
