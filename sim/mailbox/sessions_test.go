package mailbox

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"mailwalk/protocols/imap"
	"mailwalk/protocols/pop3"
	"mailwalk/sim/clock"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
	"mailwalk/sim/wire/virtual"
)

// office is a mail server and two devices on one link.
type office struct {
	*virtual.Net
	clock                 *clock.Clock
	rec                   *trace.Recorder
	server, laptop, phone *virtual.Host
	store                 *Store
}

func newOffice(t testing.TB) *office {
	t.Helper()
	rec := trace.NewRecorder(trace.New(trace.Header{Seed: 1}))
	clk := clock.New(epoch, rec.Root())
	rec.Attach(clk)
	o := &office{Net: virtual.New(virtual.Config{Clock: clk, Recorder: rec, Seed: 1}), clock: clk, rec: rec}
	lan := o.AddLink("lan", virtual.LinkConfig{Latency: time.Millisecond})
	host := func(name, addr string) *virtual.Host {
		h, err := o.AddHost(name, []virtual.Iface{{Link: lan, Addrs: []netip.Prefix{netip.MustParsePrefix(addr)}}})
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	o.server, o.laptop, o.phone = host("mail.globex.test", "192.0.2.25/24"), host("laptop", "192.0.2.10/24"), host("phone", "192.0.2.11/24")
	if err := o.Ready(); err != nil {
		t.Fatal(err)
	}
	o.boot(t)
	t.Cleanup(func() {
		clk.Close()
		if err := o.Close(); err != nil {
			t.Error(err)
		}
	})
	return o
}

func (o *office) boot(t testing.TB) {
	t.Helper()
	o.store = New(o.server, o.rec, accounts)
	o.server.Go("mailboxes", func(ctx context.Context) {
		if err := o.store.Start(ctx); err != nil {
			t.Error(err)
		}
	})
	pop := &pop3.Server{Backend: o.store.POP3(), AllowCleartext: true, Now: o.clock.Now}
	mail := &imap.Server{Backend: o.store.IMAP(), AllowCleartext: true, Now: o.clock.Now}
	for port, serve := range []func(context.Context, net.Conn, *trace.Conn) error{
		func(ctx context.Context, nc net.Conn, c *trace.Conn) error {
			return pop.ServeConn(ctx, nc, &pop3.Hooks{Hooks: o.rec.Hooks(c, true)})
		},
		func(ctx context.Context, nc net.Conn, c *trace.Conn) error {
			return mail.ServeConn(ctx, nc, &imap.Hooks{Hooks: o.rec.Hooks(c, true)})
		},
	} {
		l, err := o.server.Listen(netip.AddrPortFrom(netip.IPv6Unspecified(), uint16(110+33*port)))
		if err != nil {
			t.Fatal(err)
		}
		wire.Serve(o.server, l, "session", func(ctx context.Context, nc net.Conn) {
			c := wire.Traced(nc)
			o.rec.Serve(c)
			// How a session ends is its client's affair in these tests.
			_ = serve(ctx, nc, c)
		})
	}
}

// on runs a program on a host, some time from now. What it returns fails the test.
func (o *office) on(t testing.TB, h *virtual.Host, after time.Duration, f func(ctx context.Context) error) {
	t.Helper()
	done := false
	h.Clock().AfterFunc(after, "test", func(ctx context.Context) {
		if err := f(ctx); err != nil {
			t.Errorf("%s: %v", h.Name(), err)
		}
		done = true
	})
	t.Cleanup(func() {
		if !done {
			t.Errorf("%s: a program did not end", h.Name())
		}
	})
}

func (o *office) run(t testing.TB) {
	t.Helper()
	for i := 0; o.clock.Step(); i++ {
		if i > 1e6 {
			t.Fatal("the queue never runs dry")
		}
	}
}

func (o *office) deliver(t testing.TB, after time.Duration, number, subject string) {
	t.Helper()
	o.on(t, o.server, after, func(ctx context.Context) error {
		o.rec.BeginMail(number)
		return deliver(ctx, o.store, subject)
	})
}

// pop3 holds a POP3 session of bob's.
func (o *office) pop3(ctx context.Context, h *virtual.Host, f func(c *pop3.Client) error) error {
	nc, err := h.Dial(ctx, "tcp", netip.AddrPort{}, netip.MustParseAddrPort("192.0.2.25:110"))
	if err != nil {
		return err
	}
	c, err := pop3.NewClient(ctx, nc, &pop3.ClientOptions{AllowCleartext: true, Now: o.clock.Now})
	if err != nil {
		return err
	}
	if err := c.Login(ctx, "bob@globex.test", "marmalade"); err != nil {
		return errors.Join(err, c.Close())
	}
	if err := f(c); err != nil {
		return errors.Join(err, c.Close())
	}
	return c.Quit(ctx)
}

// imap holds an IMAP session of bob's, with INBOX selected.
func (o *office) imap(ctx context.Context, h *virtual.Host, f func(c *imap.Client) error) error {
	nc, err := h.Dial(ctx, "tcp", netip.AddrPort{}, netip.MustParseAddrPort("192.0.2.25:143"))
	if err != nil {
		return err
	}
	c, err := imap.Connect(ctx, nc, imap.ClientOptions{Now: o.clock.Now})
	if err != nil {
		return err
	}
	if err := c.Login(ctx, "bob@globex.test", "marmalade"); err != nil {
		return err
	}
	if _, err := c.Select(ctx, imap.Inbox); err != nil {
		return err
	}
	if err := f(c); err != nil {
		return err
	}
	return c.Logout(ctx)
}

// told are the events of the store, but for those of the disk.
func (o *office) told() []string {
	var all []string
	for e := range o.rec.Trace().All() {
		switch b := e.Body.(type) {
		case *trace.MailBody:
			all = append(all, fmt.Sprintf("%s %s: mail %s, %s %d", e.Host, e.What, e.Mail, b.Mailbox, b.UID))
		case *trace.DecisionBody:
			all = append(all, fmt.Sprintf("%s %s: %s, because %s", e.Host, e.What, b.Subject, b.Because))
		case *trace.StateBody:
			if e.What == trace.MailboxState {
				all = append(all, fmt.Sprintf("%s mailbox: mail %s, %s %d: %q to %q %v %s", e.Host, e.Mail, b.Name, b.UID, b.Before, b.After, b.Flags, b.Detail))
			}
		}
	}
	return all
}

func expect(t testing.TB, got []string, want ...string) {
	t.Helper()
	for i := range want {
		want[i] = "mail.globex.test " + want[i]
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestPOP3TwoDevices: what the laptop has downloaded and deleted, the phone does not
// find.
func TestPOP3TwoDevices(t *testing.T) {
	o := newOffice(t)
	o.deliver(t, 0, "7", "Hello")
	o.on(t, o.laptop, time.Second, func(ctx context.Context) error {
		return o.pop3(ctx, o.laptop, func(c *pop3.Client) error {
			content, err := c.Retr(ctx, 1)
			if !bytes.Equal(content, letter("Hello")) {
				t.Errorf("the laptop got %q", content)
			}
			return errors.Join(err, c.Dele(ctx, 1))
		})
	})
	o.on(t, o.phone, time.Hour, func(ctx context.Context) error {
		return o.pop3(ctx, o.phone, func(c *pop3.Client) error {
			n, _, err := c.Stat(ctx)
			if n != 0 {
				t.Errorf("the phone finds %d", n)
			}
			return err
		})
	})
	o.run(t)
	expect(t, o.told(),
		`stored: mail 7, bob@globex.test/INBOX 1`,
		`mailbox: mail 7, bob@globex.test/INBOX 1: "" to "stored" [] `,
		`accept-login: bob@globex.test, because the password matches`,
		`deleted: mail 7, bob@globex.test/INBOX 1`,
		`mailbox: mail 7, bob@globex.test/INBOX 1: "stored" to "" [] `,
		`accept-login: bob@globex.test, because the password matches`,
	)
	var stored *trace.MailBody
	var lines int
	for e := range o.rec.Trace().All() {
		switch b := e.Body.(type) {
		case *trace.MailBody:
			if e.What == trace.Stored {
				stored = b
			}
		case *trace.LineBody:
			if b.Content != nil && e.What == trace.Sent && e.Mail != "7" {
				t.Errorf("what the server sends is about mail %q", e.Mail)
			}
			lines++
		}
	}
	content, _ := o.rec.Trace().Bodies.Get(stored.Content.ID)
	if stored.ReversePath != "alice@acme.test" || !slices.Equal(stored.Recipients, []string{"bob@globex.test"}) ||
		stored.MessageID != "<Hello@acme.test>" || stored.Subject != "Hello" || !bytes.Equal(content, letter("Hello")) || lines == 0 {
		t.Errorf("stored: %+v", stored)
	}
}

// TestPOP3LeaveOnServer: the unique-ids are the same in each session, and for other
// mails others; a session without QUIT removes nothing.
func TestPOP3LeaveOnServer(t *testing.T) {
	o := newOffice(t)
	o.deliver(t, 0, "1", "one")
	o.deliver(t, time.Minute, "2", "two")
	var ids [3][]pop3.UniqueID
	for i, h := range []*virtual.Host{o.laptop, o.phone, o.laptop} {
		o.on(t, h, time.Duration(i)*time.Minute+time.Second, func(ctx context.Context) error {
			err := o.pop3(ctx, h, func(c *pop3.Client) (err error) {
				if ids[i], err = c.UIDL(ctx); err != nil || i == 2 {
					return err
				}
				return errors.Join(c.Dele(ctx, 1), errors.New("the line goes dead"))
			})
			if i == 2 {
				return err
			}
			return nil
		})
	}
	o.run(t)
	if len(ids[0]) != 1 || len(ids[1]) != 2 || !slices.Equal(ids[1], ids[2]) || ids[0][0] != ids[1][0] || ids[1][0].UID == ids[1][1].UID {
		t.Errorf("got %v", ids)
	}
}

// TestPOP3Lock: of two sessions at a time the second is refused, until the first has
// said QUIT.
func TestPOP3Lock(t *testing.T) {
	o := newOffice(t)
	o.deliver(t, 0, "1", "one")
	o.on(t, o.laptop, time.Second, func(ctx context.Context) error {
		return o.pop3(ctx, o.laptop, func(*pop3.Client) error { return o.clock.Sleep(ctx, time.Minute) })
	})
	o.on(t, o.phone, 2*time.Second, func(ctx context.Context) error {
		nothing := func(*pop3.Client) error { return nil }
		if err := o.pop3(ctx, o.phone, nothing); !errors.Is(err, pop3.ErrInUse) {
			t.Errorf("got %v", err)
		}
		if err := o.clock.Sleep(ctx, time.Minute); err != nil {
			return err
		}
		return o.pop3(ctx, o.phone, nothing)
	})
	o.run(t)
}

// TestPOP3AndIMAP: a mail that IMAP removes is still handed out to the POP3 session
// that was promised it; what POP3 removes, an IMAP session is told.
func TestPOP3AndIMAP(t *testing.T) {
	o := newOffice(t)
	o.deliver(t, 0, "1", "one")
	o.deliver(t, time.Second, "2", "two")
	o.on(t, o.phone, 2*time.Second, func(ctx context.Context) error {
		return o.pop3(ctx, o.phone, func(c *pop3.Client) error {
			if err := o.clock.Sleep(ctx, time.Minute); err != nil {
				return err
			}
			content, err := c.Retr(ctx, 1)
			if !bytes.Equal(content, letter("one")) {
				t.Errorf("got %q", content)
			}
			return errors.Join(err, c.Dele(ctx, 1), c.Dele(ctx, 2))
		})
	})
	o.on(t, o.laptop, 10*time.Second, func(ctx context.Context) error {
		return o.imap(ctx, o.laptop, func(c *imap.Client) error {
			_, err := c.UIDStore(ctx, imap.Nums(1), imap.FlagsAdd, []imap.Flag{imap.FlagDeleted}, true)
			if err := errors.Join(err, c.Expunge(ctx)); err != nil {
				return err
			}
			if err := o.clock.Sleep(ctx, 2*time.Minute); err != nil {
				return err
			}
			if n := c.Mailbox().Exists; n != 1 {
				t.Errorf("%d mails before", n)
			}
			err = c.Noop(ctx)
			if n := c.Mailbox().Exists; n != 0 {
				t.Errorf("%d mails after", n)
			}
			return err
		})
	})
	o.run(t)
	expect(t, o.told()[4:],
		`accept-login: bob@globex.test, because the password matches`,
		`accept-login: bob@globex.test, because the password matches`,
		`mailbox: mail 1, bob@globex.test/INBOX 1: "stored" to "stored" [\Deleted] +\Deleted`,
		`deleted: mail 1, bob@globex.test/INBOX 1`,
		`mailbox: mail 1, bob@globex.test/INBOX 1: "stored" to "" [] `,
		`deleted: mail 2, bob@globex.test/INBOX 2`,
		`mailbox: mail 2, bob@globex.test/INBOX 2: "stored" to "" [] `,
	)
	if left := o.server.Disk().List("mailboxes/bob@globex.test/mails/"); len(left) != 0 {
		t.Errorf("left on the disk: %v", left)
	}
}

// twoDevices has the phone idle while a mail arrives and the laptop reads, flags and
// files it.
func twoDevices(t testing.TB) *office {
	o := newOffice(t)
	o.deliver(t, 0, "1", "one")
	o.deliver(t, time.Minute, "2", "two")
	var news []string
	o.on(t, o.phone, time.Second, func(ctx context.Context) error {
		return o.imap(ctx, o.phone, func(c *imap.Client) error {
			return c.Idle(ctx, func(u imap.Update) bool {
				line := fmt.Sprint(u.Kind, " ", u.Number)
				if u.Message != nil {
					line += fmt.Sprint(" ", u.Message.Flags)
				}
				news = append(news, line)
				return len(news) == 5
			})
		})
	})
	o.on(t, o.laptop, 2*time.Minute, func(ctx context.Context) error {
		return o.imap(ctx, o.laptop, func(c *imap.Client) error {
			got, err := c.Fetch(ctx, imap.Nums(2), imap.FetchItems{Sections: []imap.Section{{}}, MarkSeen: true})
			if err != nil {
				return err
			}
			if content, _ := got[0].Section(imap.Section{}); !bytes.Equal(content, letter("two")) {
				t.Errorf("got %q", content)
			}
			_, err = c.Store(ctx, imap.Nums(2), imap.FlagsAdd, []imap.Flag{imap.FlagFlagged, "Work"}, false)
			if err := errors.Join(err, c.Create(ctx, "Archive")); err != nil {
				return err
			}
			_, err = c.UIDCopy(ctx, imap.Nums(1), "Archive")
			if err != nil {
				return err
			}
			_, err = c.UIDMove(ctx, imap.Nums(1), "Archive")
			return err
		})
	})
	o.on(t, o.phone, time.Hour, func(ctx context.Context) error {
		return o.imap(ctx, o.phone, func(c *imap.Client) error {
			got, err := c.Fetch(ctx, imap.Nums(1), imap.FetchItems{Flags: true})
			if err != nil {
				return err
			}
			if len(got) != 1 || got[0].UID != 2 || fmt.Sprint(got[0].Flags) != `[\Flagged \Seen Work]` {
				t.Errorf("the phone sees %+v", got[0])
			}
			s, err := c.Status(ctx, "Archive", "MESSAGES", "UIDNEXT", "SIZE")
			if s.Messages != 2 || s.UIDNext != 3 || s.Size != 2*int64(len(letter("one"))) {
				t.Errorf("the archive has %+v", s)
			}
			return err
		})
	})
	o.run(t)
	want := []string{
		fmt.Sprint(imap.UpdateExists, " 2"),
		fmt.Sprint(imap.UpdateRecent, " 2"), // the phone was the first to be told of both
		fmt.Sprint(imap.UpdateFetch, ` 2 [\Seen \Recent]`),
		fmt.Sprint(imap.UpdateFetch, ` 2 [\Flagged \Seen Work \Recent]`),
		fmt.Sprint(imap.UpdateExpunge, " 1"),
	}
	if !slices.Equal(news, want) {
		t.Errorf("the phone was told %q", news)
	}
	return o
}

// TestIMAPTwoDevices: both see the same, and one is told at once of what happens.
func TestIMAPTwoDevices(t *testing.T) {
	o := twoDevices(t)
	expect(t, o.told(),
		`stored: mail 1, bob@globex.test/INBOX 1`,
		`mailbox: mail 1, bob@globex.test/INBOX 1: "" to "stored" [] `,
		`accept-login: bob@globex.test, because the password matches`,
		`stored: mail 2, bob@globex.test/INBOX 2`,
		`mailbox: mail 2, bob@globex.test/INBOX 2: "" to "stored" [] `,
		`accept-login: bob@globex.test, because the password matches`,
		`mailbox: mail 2, bob@globex.test/INBOX 2: "stored" to "stored" [\Seen] +\Seen`,
		`mailbox: mail 2, bob@globex.test/INBOX 2: "stored" to "stored" [\Flagged \Seen Work] +\Flagged +Work`,
		`mailbox: mail , bob@globex.test/Archive 0: "absent" to "present" [] it was made`,
		`mailbox: mail 1, bob@globex.test/Archive 1: "" to "stored" [] `,
		`mailbox: mail 1, bob@globex.test/Archive 2: "" to "stored" [] `,
		`mailbox: mail 1, bob@globex.test/INBOX 1: "stored" to "" [] `,
		`accept-login: bob@globex.test, because the password matches`,
	)
	for e := range o.rec.Trace().All() {
		if b, ok := e.Body.(*trace.StateBody); ok && e.What == trace.MailboxState && e.At > 90*time.Second {
			if e.Conn == "" || len(e.Causes) == 0 || b.UID == 1 && e.Hop != "" {
				t.Errorf("%s: %+v, causes %v", e.Key, e.IDs, e.Causes)
			}
		}
	}
}

// TestRepeat: the same sessions make the same events.
func TestRepeat(t *testing.T) {
	print := func() string {
		h := sha256.New()
		for e := range twoDevices(t).rec.Trace().All() {
			line, err := trace.AppendJSON(nil, e, "")
			if err != nil {
				t.Fatal(err)
			}
			h.Write(line)
		}
		return fmt.Sprintf("%x", h.Sum(nil))
	}
	first := print()
	for range 3 {
		if again := print(); again != first {
			t.Fatalf("%s, then %s", first, again)
		}
	}
}

// TestPower: the server is switched off in the middle of a session. What was told to
// be done is there when it is on again, to a new session with the same unique-ids.
func TestPower(t *testing.T) {
	o := newOffice(t)
	o.deliver(t, 0, "1", "one")
	var before, after []pop3.UniqueID
	o.on(t, o.laptop, time.Second, func(ctx context.Context) error {
		err := o.pop3(ctx, o.laptop, func(c *pop3.Client) (err error) {
			if before, err = c.UIDL(ctx); err != nil {
				return err
			}
			if err := c.Dele(ctx, 1); err != nil {
				return err
			}
			if err := o.Power("mail.globex.test", false); err != nil {
				return err
			}
			return nil
		})
		if err == nil {
			t.Error("a server that is off has said goodbye")
		}
		if err := o.Power("mail.globex.test", true); err != nil {
			return err
		}
		o.boot(t)
		return o.pop3(ctx, o.laptop, func(c *pop3.Client) (err error) {
			after, err = c.UIDL(ctx)
			return err
		})
	})
	o.run(t)
	if len(before) != 1 || !slices.Equal(before, after) {
		t.Errorf("before %v, after %v", before, after)
	}
}
