package mailbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"mailwalk/protocols/imap"
	"mailwalk/protocols/message"
)

// imapBackend is the store as an IMAP server sees it.
type imapBackend struct{ store *Store }

// Login implements imap.Backend.
func (i imapBackend) Login(_ context.Context, name, password string) (imap.User, error) {
	a, ok := i.store.logIn(name, password)
	if !ok {
		return nil, fmt.Errorf("%s: %w", name, imap.ErrCredentials)
	}
	if err := i.store.ready(); err != nil {
		return nil, err
	}
	return &user{a}, nil
}

// user is one session's view of an account.
type user struct{ account *account }

var (
	_ imap.User       = (*user)(nil)
	_ imap.Manager    = (*user)(nil)
	_ imap.Subscriber = (*user)(nil)
)

// List implements imap.User.
func (u *user) List(context.Context) ([]imap.MailboxInfo, error) {
	a := u.account
	var infos []imap.MailboxInfo
	for _, b := range a.boxes {
		_, followed := slices.BinarySearch(a.followed, b.name)
		infos = append(infos, imap.MailboxInfo{Name: b.name, Subscribed: followed})
	}
	for _, name := range a.followed {
		if a.mailbox(name) == nil {
			infos = append(infos, imap.MailboxInfo{Name: name, Subscribed: true, NonExistent: true})
		}
	}
	return infos, nil
}

// Status implements imap.User.
func (u *user) Status(_ context.Context, name string) (imap.MailboxStatus, error) {
	b := u.account.mailbox(name)
	if b == nil {
		return imap.MailboxStatus{}, fmt.Errorf("%s: %w", name, imap.ErrNoMailbox)
	}
	s := imap.MailboxStatus{Messages: uint32(len(b.messages)), UIDNext: b.next, UIDValidity: b.validity}
	for _, m := range b.messages {
		if !imap.HasFlag(m.flags, imap.FlagSeen) {
			s.Unseen++
		}
		if imap.HasFlag(m.flags, imap.FlagDeleted) {
			s.Deleted++
		}
		if m.uid >= b.recent {
			s.Recent++
		}
		s.Size += m.Size
	}
	return s, nil
}

// Open implements imap.User. It waits for a change of the account that is under way:
// the mailbox may be about to go.
func (u *user) Open(ctx context.Context, name string, readOnly bool, notify func()) (imap.Mailbox, error) {
	a := u.account
	if err := a.changing.take(ctx); err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	defer a.changing.release()
	b := a.mailbox(name)
	if b == nil {
		return nil, fmt.Errorf("%s: %w", name, imap.ErrNoMailbox)
	}
	m := &imapMailbox{box: b, readOnly: readOnly, notify: notify}
	b.sessions = append(b.sessions, m)
	return m, nil
}

// Append implements imap.User.
func (u *user) Append(ctx context.Context, name string, data []byte, flags []imap.Flag, date time.Time) (validity, uid uint32, err error) {
	a := u.account
	if a.mailbox(name) == nil {
		return 0, 0, fmt.Errorf("%s: %w", name, imap.ErrNoMailbox)
	}
	if date.IsZero() {
		date = a.store.host.Clock().Now()
	}
	// A client may put any mail here: that it was about another before says nothing.
	h := message.ParseHeader(data)
	c := &content{Mail: a.store.rec.MailOf(h.Get("Message-ID")), Date: date}
	validity, uid, err = a.put(ctx, name, data, c, flags, nil)
	if errors.Is(err, ErrContent) {
		return 0, 0, fmt.Errorf("%w: %w", err, &imap.Error{Code: "CANNOT", Text: "A mail has no NUL, and its lines end in CRLF"})
	}
	return validity, uid, err
}

// Close implements imap.User.
func (u *user) Close() error { return nil }

// Subscribe implements imap.Subscriber. The name need not be that of a mailbox (RFC
// 9051 §6.3.7).
func (u *user) Subscribe(ctx context.Context, name string) error {
	return u.follow(ctx, change{Op: opFollow, Mailbox: name}, false)
}

// Unsubscribe implements imap.Subscriber.
func (u *user) Unsubscribe(ctx context.Context, name string) error {
	return u.follow(ctx, change{Op: opUnfollow, Mailbox: name}, true)
}

// follow makes a change of the subscriptions, unless all is so already.
func (u *user) follow(ctx context.Context, c change, before bool) error {
	return u.account.update(ctx, func() ([]change, error) {
		if _, follows := slices.BinarySearch(u.account.followed, c.Mailbox); follows != before {
			return nil, nil
		}
		return []change{c}, nil
	})
}
