package mailbox

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"mailwalk/protocols/imap"
	"mailwalk/protocols/pop3"
	"mailwalk/sim/trace"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestHas(t *testing.T) {
	m := newMachine()
	for address, want := range map[string]bool{
		"bob@globex.test": true, "BOB@Globex.TEST": true, `"bob"@globex.test`: true,
		"bob@acme.test": false, "bo@globex.test": false, "bob": false, "": false, "@globex.test": false,
		"bob@globex.test\r\n": false, "carol@globex.te\u017ft": false,
	} {
		if got := m.store.Has(address); got != want {
			t.Errorf("%q: %v", address, got)
		}
	}
}

func TestAccounts(t *testing.T) {
	m := newMachine()
	for _, x := range []struct{ a, b, want string }{
		{"bob@globex.test", "Bob@GLOBEX.test", "account Bob@GLOBEX.test: there is one of that name, bob@globex.test"},
		{"bob@globex.test", "bob", "account bob: "},
	} {
		s := New(m, m.rec, []Account{{Address: x.a}, {Address: x.b}})
		if err := s.Start(t.Context()); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s, %s: %v", x.a, x.b, err)
		}
	}
	m.do(t, m.store.Start)
	if err := m.store.Start(t.Context()); err == nil {
		t.Error("started twice")
	}
	if n := m.rec.Trace().Len(); n != 0 || len(m.disk.files) != 0 {
		t.Errorf("the first start made %d events and %d files", n, len(m.disk.files))
	}
}

func TestLogin(t *testing.T) {
	m := newMachine()
	m.store = New(m, m.rec, []Account{
		{Address: "bob@globex.test", Password: "marmalade"}, {Address: "info@globex.test", Password: "one"}, {Address: "info@acme.test", Password: "two"}, {Address: "dan@acme.test", Password: ""},
	})
	m.do(t, m.store.Start)
	for _, x := range []struct{ user, password, want, because string }{
		{"bob@globex.test", "marmalade", "bob@globex.test", "the password matches"},
		{"BOB@globex.test", "marmalade", "bob@globex.test", "the password matches"},
		{"Bob", "marmalade", "bob@globex.test", "the password matches"},
		{"bob", "Marmalade", "", "the password does not match"},
		{"bob", "", "", "the password does not match"},
		{"bob@acme.test", "marmalade", "", "there is no account of this name"},
		{"eve", "marmalade", "", "there is no account of this name"},
		{"", "", "", "there is no account of this name"},
		{"info", "one", "", "several accounts have this name; with the domain it would tell which"},
		{"info@acme.test", "two", "info@acme.test", "the password matches"},
		{"dan", "", "", "no password is set for it"},
	} {
		before := m.rec.Trace().Len()
		address, ok := m.store.Authenticate(x.user, x.password)
		if address != x.want || ok != (x.want != "") {
			t.Errorf("%q %q: %q, %v", x.user, x.password, address, ok)
		}
		if m.rec.Trace().Len() != before {
			t.Error("Authenticate has recorded something")
		}
		m.do(t, func(ctx context.Context) error {
			d, err := m.store.POP3().Open(ctx, x.user, x.password)
			if errors.Is(err, pop3.ErrAuth) != (x.want == "") {
				t.Errorf("%q %q: POP3: %v", x.user, x.password, err)
			}
			if d != nil {
				err = d.Close()
			}
			if _, ierr := m.store.IMAP().Login(ctx, x.user, x.password); errors.Is(ierr, imap.ErrCredentials) != (x.want == "") {
				t.Errorf("%q %q: IMAP: %v", x.user, x.password, ierr)
			}
			if x.want == "" {
				return nil
			}
			return err
		})
		want := trace.DecisionBody{Subject: x.user, Choice: x.want, Because: x.because}
		if want.Choice == "" {
			want.Choice = "refused"
		}
		for e := range m.rec.Trace().Events(before+1, m.rec.Trace().Len()) {
			if b, ok := e.Body.(*trace.DecisionBody); ok && fmt.Sprint(*b) != fmt.Sprint(want) {
				t.Errorf("recorded %+v, want %+v", *b, want)
			}
		}
		if n := m.rec.Trace().Len() - before; n != 2 {
			t.Errorf("%d events", n)
		}
	}
}

// TestContent: what POP3 or IMAP could not hand out does not come in.
func TestContent(t *testing.T) {
	m := newMachine()
	m.do(t, m.store.Start)
	for content, want := range map[string]string{
		"":                    "",
		"A: b\r\n\r\nc":       "",
		"A: b\r\n\r\n\r\n":    "",
		"A: b\n\r\nc\r\n":     "a CR or LF stands alone at octet 4",
		"A: b\r\n\r\nc\r":     "a CR or LF stands alone at octet 9",
		"A: b\r\n\r\r\nc":     "a CR or LF stands alone at octet 6",
		"A: b\r\n\r\n\x00":    "NUL at octet 8",
		"A: \xff\r\n\r\n\xfe": "",
	} {
		m.do(t, func(ctx context.Context) error {
			_, err := m.store.Deliver(ctx, "carol@globex.test", []byte(content), Envelope{})
			switch {
			case want == "" && err != nil:
				return err
			case want != "" && (!errors.Is(err, ErrContent) || !strings.Contains(err.Error(), want)):
				t.Errorf("%q: %v", content, err)
			}
			u, err := imapUser(ctx, m.store)
			if err != nil {
				return err
			}
			_, _, err = u.Append(ctx, imap.Inbox, []byte(content), nil, epoch)
			var told *imap.Error
			if errors.As(err, &told) != (want != "") {
				t.Errorf("append %q: %v", content, err)
			}
			return nil
		})
	}
	m.do(t, func(ctx context.Context) error {
		if _, err := m.store.Deliver(ctx, "dan@globex.test", nil, Envelope{}); !errors.Is(err, ErrNoAccount) {
			t.Errorf("got %v", err)
		}
		d, err := m.store.POP3().Open(ctx, "bob", "marmalade")
		if err != nil {
			return err
		}
		for i, info := range d.Messages() {
			content, err := d.Content(ctx, i+1)
			if err != nil || pop3.Size(content) != info.Size {
				t.Errorf("%q is listed with %d octets, %v", content, info.Size, err)
			}
		}
		if _, err := d.Content(ctx, 99); !errors.Is(err, pop3.ErrPermanent) {
			t.Errorf("got %v", err)
		}
		return errors.Join(d.Commit(ctx, nil), d.Close(), d.Close())
	})
	checkNoWaste(t, m)
}

// TestRecent: the first session that may write is told, and no later one; one that
// only reads takes nothing away.
func TestRecent(t *testing.T) {
	m := newMachine()
	recent := func(ctx context.Context, u *user, readOnly bool) (n int, err error) {
		b, err := u.Open(ctx, imap.Inbox, readOnly, func() {})
		if err != nil {
			return 0, err
		}
		snap, err := b.Snapshot(ctx, 0)
		for _, x := range snap.Messages {
			if x.Recent {
				n++
			}
		}
		return n, errors.Join(err, b.Close())
	}
	m.do(t, func(ctx context.Context) error {
		if err := m.store.Start(ctx); err != nil {
			return err
		}
		for _, subject := range []string{"one", "two"} {
			if err := deliver(ctx, m.store, subject); err != nil {
				return err
			}
		}
		u, err := imapUser(ctx, m.store)
		for i, want := range []int{2, 2, 0, 0} {
			n, rerr := recent(ctx, u, i%2 == 0)
			if n != want {
				t.Errorf("session %d finds %d recent", i+1, n)
			}
			err = errors.Join(err, rerr)
		}
		if err := errors.Join(err, deliver(ctx, m.store, "three")); err != nil {
			return err
		}
		// The mails that are not recent any more are kept along with the delivery.
		m.store = New(m, m.rec, accounts)
		if err := m.store.Start(ctx); err != nil {
			return err
		}
		if u, err = imapUser(ctx, m.store); err != nil {
			return err
		}
		s, err := u.Status(ctx, imap.Inbox)
		if s.Recent != 1 || s.Messages != 3 || s.Unseen != 3 {
			t.Errorf("after a restart: %+v", s)
		}
		return err
	})
}

// TestKeywords: a mailbox learns keywords in their first spelling, up to a number.
func TestKeywords(t *testing.T) {
	var k keywords
	got := k.spell([]imap.Flag{"work", imap.FlagSeen, `\RECENT`, "WORK", imap.FlagDraft, `\answered`, `\Odd`, imap.FlagWildcard})
	if want := `[\Answered \Seen \Draft work]`; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
	for i := range 2 * maxKeywords {
		k.spell([]imap.Flag{imap.Flag(fmt.Sprint("k", i))})
	}
	if len(k) != maxKeywords || len(k.spell([]imap.Flag{"one-more"})) != 0 || len(k.spell([]imap.Flag{"Work"})) != 1 {
		t.Errorf("%d keywords", len(k))
	}
	m := newMachine()
	m.do(t, func(ctx context.Context) error {
		if err := errors.Join(m.store.Start(ctx), deliver(ctx, m.store, "one")); err != nil {
			return err
		}
		return inbox(ctx, m.store, func(b imap.Mailbox) error {
			err := b.SetFlags(ctx, []uint32{1}, imap.FlagsReplace, k)
			snap, serr := b.Snapshot(ctx, 0)
			if len(snap.Messages[0].Flags) != maxKeywords || imap.HasFlag(snap.PermanentFlags, imap.FlagWildcard) || len(snap.Flags) != maxKeywords+5 {
				t.Errorf("%+v", snap)
			}
			return errors.Join(err, serr)
		})
	})
}

// TestReadOnly: a session that only reads changes nothing, and may copy.
func TestReadOnly(t *testing.T) {
	m := newMachine()
	m.do(t, func(ctx context.Context) error {
		if err := errors.Join(m.store.Start(ctx), deliver(ctx, m.store, "one")); err != nil {
			return err
		}
		u, err := imapUser(ctx, m.store)
		if err != nil {
			return err
		}
		b, err := u.Open(ctx, imap.Inbox, true, func() {})
		if err != nil {
			return err
		}
		_, moved := b.Move(ctx, []uint32{1}, imap.Inbox)
		for _, err := range []error{b.SetFlags(ctx, []uint32{1}, imap.FlagsAdd, []imap.Flag{imap.FlagSeen}), b.Expunge(ctx, nil), moved} {
			if !errors.Is(err, imap.ErrReadOnly) {
				t.Errorf("got %v", err)
			}
		}
		if _, err := b.Copy(ctx, []uint32{1, 2}, imap.Inbox); !errors.Is(err, imap.ErrMessageGone) {
			t.Errorf("got %v", err)
		}
		if _, err := b.Content(ctx, 2); !errors.Is(err, imap.ErrMessageGone) {
			t.Errorf("got %v", err)
		}
		if _, err := b.Copy(ctx, []uint32{1}, "Nowhere"); !errors.Is(err, imap.ErrNoMailbox) {
			t.Errorf("got %v", err)
		}
		_, err = b.Copy(ctx, []uint32{1}, imap.Inbox)
		snap, serr := b.Snapshot(ctx, 0)
		if !snap.ReadOnly || len(snap.Messages) != 2 || snap.UIDNext != 3 {
			t.Errorf("%+v", snap)
		}
		return errors.Join(err, serr, b.Close(), u.Close())
	})
}

// TestSubscribe: subscriptions outlive their mailboxes and a restart.
func TestSubscribe(t *testing.T) {
	m := newMachine()
	m.do(t, func(ctx context.Context) error {
		if err := m.store.Start(ctx); err != nil {
			return err
		}
		u, err := imapUser(ctx, m.store)
		if err != nil {
			return err
		}
		err = errors.Join(u.Create(ctx, "Lists/Go"), u.Subscribe(ctx, "Lists/Go"), u.Subscribe(ctx, "Lists/Go"),
			u.Subscribe(ctx, imap.Inbox), u.Subscribe(ctx, "Gone"), u.Delete(ctx, "Lists/Go"), u.Unsubscribe(ctx, "Gone"), u.Unsubscribe(ctx, "Never"))
		if err != nil {
			return err
		}
		m.store = New(m, m.rec, accounts)
		if err := m.store.Start(ctx); err != nil {
			return err
		}
		if u, err = imapUser(ctx, m.store); err != nil {
			return err
		}
		list, err := u.List(ctx)
		want := []imap.MailboxInfo{{Name: imap.Inbox, Subscribed: true}, {Name: "Lists"}, {Name: "Lists/Go", Subscribed: true, NonExistent: true}}
		if fmt.Sprint(list) != fmt.Sprint(want) {
			t.Errorf("got %+v", list)
		}
		return err
	})
}

// TestUIDValidity: a name that comes again means other mails, and says so by a
// greater UIDVALIDITY (RFC 9051 §2.3.1.1).
func TestUIDValidity(t *testing.T) {
	m := newMachine()
	m.do(t, func(ctx context.Context) error {
		if err := m.store.Start(ctx); err != nil {
			return err
		}
		u, err := imapUser(ctx, m.store)
		if err != nil {
			return err
		}
		last := uint32(epoch.Unix())
		next := func() {
			s, serr := u.Status(ctx, "A")
			if err = errors.Join(err, serr); s.UIDValidity <= last {
				t.Errorf("UIDVALIDITY %d after %d", s.UIDValidity, last)
			}
			last = s.UIDValidity
		}
		for range 3 {
			err = errors.Join(err, u.Create(ctx, "A"))
			next()
			err = errors.Join(err, u.Delete(ctx, "A"), u.Create(ctx, "B"))
			err = errors.Join(err, u.Rename(ctx, "B", "A"))
			next()
			err = errors.Join(err, u.Delete(ctx, "A"))
		}
		return err
	})
}

// TestIndex holds the index of a story to a golden file.
func TestIndex(t *testing.T) {
	m := newMachine()
	tellStory(m, func(int) {})
	for m.clock.Step() {
	}
	text := m.disk.files["mailboxes/bob@globex.test/index.1"]
	const golden = "testdata/index.txt"
	if *update {
		if err := os.WriteFile(golden, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(text, want) {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	// A long index is begun anew, with the same in it.
	before := dump(t, m.store, "bob@globex.test")
	for range longIndex {
		line, err := record{Changes: []change{{Op: opFollow, Mailbox: "A"}}}.line()
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, line...)
	}
	m.disk.files["mailboxes/bob@globex.test/index.1"] = text
	m.crash(m.disk.files)
	m.do(t, m.store.Start)
	if got := dump(t, m.store, "bob@globex.test"); got != before {
		t.Errorf("got\n%s\nwant\n%s", got, before)
	}
	if got := m.disk.List("mailboxes/bob@globex.test/index"); !slices.Equal(got, []string{"mailboxes/bob@globex.test/index.2"}) {
		t.Errorf("got %v", got)
	}
}

// FuzzIndex: any file is read, refused or cut off, and what is read can be gone on
// with.
func FuzzIndex(f *testing.F) {
	seed, err := os.ReadFile("testdata/index.txt")
	if err != nil {
		f.Fatal(err)
	}
	for line := range bytes.Lines(seed) {
		f.Add(line[9:])
	}
	f.Add([]byte(`{"changes":[{"op":"add","mailbox":"INBOX","uid":4294967295,"content":{}}]}`))
	f.Add([]byte(`{"changes":[{"op":"rename","mailbox":"INBOX","to":"A"},{"op":"drop","mailbox":"A"}]}`))
	f.Fuzz(func(t *testing.T, last []byte) {
		// The last line gets a checksum, so that more than checksums is tried.
		m := newMachine()
		text := bytes.Clone(seed)
		for i, part := range bytes.SplitN(last, []byte("\n"), 3) {
			if i < 2 {
				text = fmt.Appendf(text, "%s %s\n", checksum(part), part)
			} else {
				text = append(text, part...)
			}
		}
		name := "mailboxes/bob@globex.test/index.1"
		m.disk.files[name] = text
		m.do(t, func(ctx context.Context) error {
			err := m.store.Start(ctx)
			if err != nil {
				if !errors.Is(err, ErrDamaged) {
					t.Errorf("got %v", err)
				}
				return nil
			}
			if err := deliver(ctx, m.store, "after"); err != nil && !errors.Is(err, errNoUID) {
				return err
			}
			before := m.store.find("bob@globex.test").mailbox(imap.Inbox).next
			m.store = New(m, m.rec, accounts)
			if err := m.store.Start(ctx); err != nil {
				return err
			}
			if after := m.store.find("bob@globex.test").mailbox(imap.Inbox).next; after != before {
				t.Errorf("the next UID was %d, is %d", before, after)
			}
			return nil
		})
	})
}
