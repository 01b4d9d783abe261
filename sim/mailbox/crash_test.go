package mailbox

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"mailwalk/protocols/imap"
	"mailwalk/protocols/pop3"
	"mailwalk/sim/wire"
)

// story is a sequence of things done to a store.
var story = []struct {
	name string
	do   func(ctx context.Context, s *Store) error
}{
	{"deliver one", func(ctx context.Context, s *Store) error { return deliver(ctx, s, "one") }},
	{"flag it", func(ctx context.Context, s *Store) error {
		return inbox(ctx, s, func(b imap.Mailbox) error {
			return b.SetFlags(ctx, []uint32{1}, imap.FlagsAdd, []imap.Flag{imap.FlagSeen, "Important"})
		})
	}},
	{"deliver two", func(ctx context.Context, s *Store) error { return deliver(ctx, s, "two") }},
	{"make an archive", func(ctx context.Context, s *Store) error {
		u, err := imapUser(ctx, s)
		if err != nil {
			return err
		}
		return u.Create(ctx, "Archive/2030")
	}},
	{"move both", func(ctx context.Context, s *Store) error {
		return inbox(ctx, s, func(b imap.Mailbox) error {
			_, err := b.Move(ctx, []uint32{1, 2}, "Archive/2030")
			return err
		})
	}},
	{"deliver three", func(ctx context.Context, s *Store) error { return deliver(ctx, s, "three") }},
	{"download it by POP3", func(ctx context.Context, s *Store) error {
		d, err := s.POP3().Open(ctx, "bob", "marmalade")
		if err != nil {
			return err
		}
		return errors.Join(d.Commit(ctx, []int{1}), d.Close())
	}},
	{"put a copy of one sent into INBOX by IMAP", func(ctx context.Context, s *Store) error {
		u, err := imapUser(ctx, s)
		if err != nil {
			return err
		}
		_, _, err = u.Append(ctx, imap.Inbox, letter("sent"), []imap.Flag{imap.FlagSeen, imap.FlagDeleted}, s.host.Clock().Now())
		return err
	}},
	{"expunge it", func(ctx context.Context, s *Store) error {
		return inbox(ctx, s, func(b imap.Mailbox) error { return b.Expunge(ctx, nil) })
	}},
	{"rename the archive", func(ctx context.Context, s *Store) error {
		u, err := imapUser(ctx, s)
		if err != nil {
			return err
		}
		return u.Rename(ctx, "Archive", "Old")
	}},
}

// deliver is what a mail server does: it delivers, and after a crash it may do so once
// more.
func deliver(ctx context.Context, s *Store, subject string) error {
	_, err := s.Deliver(ctx, "bob@globex.test", letter(subject), Envelope{ReversePath: "alice@acme.test", ID: subject})
	return err
}

// deliveries are the chapters of the story in which a mail is delivered, from 0.
var deliveries = [...]int{0, 2, 5}

func inbox(ctx context.Context, s *Store, f func(imap.Mailbox) error) error {
	u, err := imapUser(ctx, s)
	if err != nil {
		return err
	}
	return with(ctx, u, imap.Inbox, f)
}

// tellStory has the story happen; after each chapter it calls done.
func tellStory(m *machine, done func(chapter int)) (failed *error) {
	failed = new(error)
	s := m.store
	m.Go("story", func(ctx context.Context) {
		if *failed = s.Start(ctx); *failed != nil {
			return
		}
		done(0)
		for i, c := range story {
			if *failed = c.do(ctx, s); *failed != nil {
				return
			}
			done(i + 1)
		}
	})
	return failed
}

// TestCrash has the host die at each moment of a story, with each content that the
// disk may then have. What was told to be done is there again; what was under way is
// there whole or not at all; and what the events told agrees.
func TestCrash(t *testing.T) {
	var after []string // what there is after each chapter
	m := newMachine()
	err := tellStory(m, func(int) { after = append(after, dump(t, m.store, "bob@globex.test")) })
	steps := 0
	for m.clock.Step() {
		steps++
	}
	if *err != nil || len(after) != len(story)+1 {
		t.Fatal(*err, len(after))
	}
	checkView(t, m)

	cases := 0
	for n := 1; n <= steps; n++ {
		// How many outcomes there are is known when the moment is reached; each is
		// then reached anew.
		for i, of := 0, 1; i < of && !t.Failed(); i++ {
			m := newMachine()
			told := 0
			err := tellStory(m, func(chapter int) { told = chapter })
			for range n {
				m.clock.Step()
			}
			outcomes := m.disk.outcomes()
			of = len(outcomes)
			cases++
			ended := told == len(story)
			m.crash(outcomes[i])
			m.do(t, func(ctx context.Context) error { return m.store.Start(ctx) })
			if !ended && !errors.Is(*err, wire.ErrHostDown) {
				t.Errorf("step %d: the old program got %v", n, *err)
			}
			got := dump(t, m.store, "bob@globex.test")
			if got != after[told] && (told == len(story) || got != after[told+1]) {
				t.Errorf("step %d, outcome %d: chapter %d was told, there is\n%s", n, i, told, got)
			}
			checkView(t, m)
			checkNoWaste(t, m)
			for i, subject := range []string{"one", "two", "three"} {
				there := told > deliveries[i] || got == after[deliveries[i]+1]
				m.do(t, func(ctx context.Context) error {
					if err := deliver(ctx, m.store, subject); errors.Is(err, ErrDelivered) != there {
						t.Errorf("step %d, outcome %d: once more %s: %v", n, i, subject, err)
					}
					return nil
				})
			}
			m.do(t, func(ctx context.Context) error { return deliver(ctx, m.store, "after") })
			if got := dump(t, m.store, "bob@globex.test"); !strings.Contains(got, `Subject: after`) {
				t.Errorf("step %d, outcome %d: not delivered: %s", n, i, got)
			}
			checkView(t, m)
		}
	}
	t.Logf("%d steps, %d crashes", steps, cases)
}

// checkNoWaste: each file belongs to somebody.
func checkNoWaste(t testing.TB, m *machine) {
	t.Helper()
	want := map[string]bool{}
	for _, a := range m.store.accounts {
		if a.begun {
			want[a.indexName(a.generation)] = true
		}
		for _, b := range a.boxes {
			for _, x := range b.messages {
				want[a.mailName(x.File)] = true
			}
		}
	}
	for name := range m.disk.files {
		if !want[name] {
			t.Errorf("%s is left over", name)
		}
		delete(want, name)
	}
	for name := range want {
		t.Errorf("%s is missing", name)
	}
}

// TestTwoAtOnce: mails that arrive at the same time get their UIDs in the order in
// which they are seen, and a crash keeps those that were told of.
func TestTwoAtOnce(t *testing.T) {
	for i := range 200 {
		n, round := i%20, i/20
		m := newMachine()
		m.do(t, m.store.Start)
		told := map[string]uint32{}
		for _, subject := range []string{"a long subject for a mail that takes longer to write than the other one", "short", "third"} {
			m.Go("deliver", func(ctx context.Context) {
				uid, err := m.store.Deliver(ctx, "bob@globex.test", letter(subject), Envelope{})
				if err != nil {
					if !errors.Is(err, wire.ErrHostDown) {
						t.Error(err)
					}
					return
				}
				told[subject] = uid
			})
		}
		for range n {
			m.clock.Step()
			a := m.store.find("bob@globex.test")
			if got := len(a.mailbox(imap.Inbox).messages); got < len(told) {
				t.Errorf("%d mails are told, %d are there", len(told), got)
			}
		}
		m.crash(m.disk.outcome(m.Rand(fmt.Sprint("crash ", n, round))))
		m.do(t, m.store.Start)
		got := dump(t, m.store, "bob@globex.test")
		for subject, uid := range told {
			if want := fmt.Sprintf("  %d [] %q\n", uid, letter(subject)); !strings.Contains(got, want) {
				t.Errorf("after %d steps, round %d: no %s in\n%s", n, round, want, got)
			}
		}
		checkView(t, m)
	}
}

// TestDiskFails: when the disk does not take a content, nothing is changed. When it
// does not take a record, nobody knows what it has of it: nobody sees the change, and
// none is made until the next start tells.
func TestDiskFails(t *testing.T) {
	m := newMachine()
	m.do(t, func(ctx context.Context) error {
		if err := errors.Join(m.store.Start(ctx), deliver(ctx, m.store, "one")); err != nil {
			return err
		}
		m.disk.failing = "/mails/"
		if err := deliver(ctx, m.store, "no file"); !errors.Is(err, errDisk) {
			t.Errorf("got %v", err)
		}
		checkNoWaste(t, m)
		if err := deliver(ctx, m.store, "two"); err != nil {
			return err
		}
		m.disk.failing = "/index."
		if err := deliver(ctx, m.store, "no record"); !errors.Is(err, errDisk) {
			t.Errorf("got %v", err)
		}
		return inbox(ctx, m.store, func(b imap.Mailbox) error {
			if err := b.SetFlags(ctx, []uint32{1}, imap.FlagsAdd, []imap.Flag{imap.FlagSeen}); !errors.Is(err, errDisk) {
				t.Errorf("got %v", err)
			}
			return nil
		})
	})
	want := fmt.Sprintf("  1 [] %q\n  2 [] %q\n", letter("one"), letter("two"))
	if got := dump(t, m.store, "bob@globex.test"); got != "INBOX, next 3\n"+want {
		t.Errorf("there is\n%s", got)
	}
	checkView(t, m)
	m.crash(m.disk.files) // the record has reached the disk after all
	m.do(t, m.store.Start)
	if got := dump(t, m.store, "bob@globex.test"); got != "INBOX, next 4\n"+want+fmt.Sprintf("  3 [] %q\n", letter("no record")) {
		t.Errorf("after a restart there is\n%s", got)
	}
	checkView(t, m)
}

// TestOutlived: a program that outlives its host for a moment does nothing to the
// disk, which belongs to the next generation.
func TestOutlived(t *testing.T) {
	m := newMachine()
	m.do(t, func(ctx context.Context) error {
		if err := errors.Join(m.store.Start(ctx), deliver(ctx, m.store, "one"), deliver(ctx, m.store, "two")); err != nil {
			return err
		}
		d, err := m.store.POP3().Open(ctx, "bob", "marmalade")
		if err != nil {
			return err
		}
		u, err := imapUser(ctx, m.store)
		if err != nil {
			return err
		}
		if err := errors.Join(d.Commit(ctx, []int{1}), u.Create(ctx, "A")); err != nil {
			return err
		}
		before := fmt.Sprint(m.disk.files)
		old := m.store
		m.crash(m.disk.files)
		// ctx is of the old generation; another one's does not help.
		for _, ctx := range []context.Context{ctx, t.Context()} {
			_, popErr := old.POP3().Open(ctx, "bob", "marmalade")
			_, imapErr := old.IMAP().Login(ctx, "bob", "marmalade")
			for _, err := range []error{deliver(ctx, old, "three"), d.Commit(ctx, []int{2}), u.Create(ctx, "B"), popErr, imapErr} {
				if !errors.Is(err, wire.ErrHostDown) {
					t.Errorf("got %v", err)
				}
			}
		}
		if err := d.Close(); err != nil {
			return err
		}
		if after := fmt.Sprint(m.disk.files); after != before {
			t.Errorf("there was\n%s\nthere is\n%s", before, after)
		}
		return nil
	})
}

// TestCancelled: a caller who does not wait for the record does not get half a
// change.
func TestCancelled(t *testing.T) {
	for n := range 12 {
		m := newMachine()
		m.do(t, m.store.Start)
		var err error
		var cancel context.CancelFunc
		m.Go("deliver", func(ctx context.Context) {
			ctx, cancel = m.Clock().WithCancel(ctx)
			err = deliver(ctx, m.store, "one")
		})
		for range n {
			m.clock.Step()
		}
		if cancel != nil {
			cancel()
		}
		for m.clock.Step() {
		}
		there := strings.Contains(dump(t, m.store, "bob@globex.test"), "one")
		if there != (err == nil) {
			t.Errorf("after %d steps: there: %v, error: %v", n, there, err)
		}
		checkView(t, m)
		checkNoWaste(t, m)
	}
}

// TestDamaged: an index that no crash explains is not guessed at.
func TestDamaged(t *testing.T) {
	m := newMachine()
	tellStory(m, func(int) {})
	for m.clock.Step() {
	}
	name := "mailboxes/bob@globex.test/index.1"
	text := m.disk.files[name]
	text = []byte(strings.Replace(string(text), `"uid":1`, `"uid":7`, 1))
	m.crash(map[string][]byte{name: text})
	var err error
	m.do(t, func(ctx context.Context) error { err = m.store.Start(ctx); return nil })
	if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), name+": line 2: ") {
		t.Errorf("got %v", err)
	}
	m.do(t, func(ctx context.Context) error {
		if err := deliver(ctx, m.store, "one"); !errors.Is(err, ErrNotStarted) {
			t.Errorf("deliver: %v", err)
		}
		if _, err := m.store.POP3().Open(ctx, "bob", "marmalade"); !errors.Is(err, ErrNotStarted) || errors.Is(err, pop3.ErrAuth) {
			t.Errorf("POP3: %v", err)
		}
		if _, err := imapUser(ctx, m.store); !errors.Is(err, ErrNotStarted) {
			t.Errorf("IMAP: %v", err)
		}
		return nil
	})
	if string(m.disk.files[name]) != string(text) {
		t.Error("the damaged index was changed")
	}
}
