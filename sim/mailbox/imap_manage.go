package mailbox

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"mailwalk/protocols/imap"
)

// inUse refuses to take a mailbox from under a session that has it open (RFC 9051
// §7.1, INUSE).
var inUse = &imap.Error{Code: "INUSE", Text: "Another session has the mailbox open"}

// Create implements imap.Manager.
func (u *user) Create(ctx context.Context, name string) error {
	a := u.account
	return a.update(ctx, func() ([]change, error) {
		if a.mailbox(name) != nil {
			return nil, fmt.Errorf("%s: %w", name, imap.ErrMailboxExists)
		}
		return append(a.makeAbove(name), change{Op: opMake, Mailbox: name, Validity: a.newValidity()}), nil
	})
}

// makeAbove makes the mailboxes above a name that are missing.
func (a *account) makeAbove(name string) []change {
	var changes []change
	for i := range len(name) {
		if name[i] == '/' && a.mailbox(name[:i]) == nil {
			changes = append(changes, change{Op: opMake, Mailbox: name[:i], Validity: a.newValidity()})
		}
	}
	return changes
}

// Delete implements imap.Manager. A mailbox that another session has open stays.
func (u *user) Delete(ctx context.Context, name string) error {
	a := u.account
	return a.update(ctx, func() ([]change, error) {
		b := a.mailbox(name)
		switch {
		case b == nil:
			return nil, fmt.Errorf("%s: %w", name, imap.ErrNoMailbox)
		case name == imap.Inbox:
			return nil, &imap.Error{Code: "CANNOT", Text: "INBOX cannot be deleted"}
		case len(b.sessions) > 0:
			return nil, fmt.Errorf("%s: %w", name, inUse)
		}
		return []change{{Op: opDrop, Mailbox: name}}, nil
	})
}

// Rename implements imap.Manager. Missing mailboxes above the new name are made.
func (u *user) Rename(ctx context.Context, from, to string) error {
	a := u.account
	return a.update(ctx, func() ([]change, error) {
		switch {
		case a.mailbox(from) == nil:
			return nil, fmt.Errorf("%s: %w", from, imap.ErrNoMailbox)
		case a.mailbox(to) != nil:
			return nil, fmt.Errorf("%s: %w", to, imap.ErrMailboxExists)
		case from == imap.Inbox:
			return a.renameInbox(to), nil
		case strings.HasPrefix(to, from+"/"):
			return nil, &imap.Error{Code: "CANNOT", Text: "A mailbox cannot move below itself"}
		}
		changes := a.makeAbove(to)
		for _, b := range a.boxes {
			if b.name != from && !strings.HasPrefix(b.name, from+"/") {
				continue
			}
			name := to + b.name[len(from):]
			if a.mailbox(name) != nil {
				return nil, fmt.Errorf("%s: %w", name, imap.ErrMailboxExists)
			}
			if len(b.sessions) > 0 {
				return nil, fmt.Errorf("%s: %w", b.name, inUse)
			}
			changes = append(changes, change{Op: opRename, Mailbox: b.name, To: name, Validity: a.newValidity()})
		}
		return changes, nil
	})
}

// renameInbox moves what is in INBOX to a new mailbox and leaves it empty, and the
// mailboxes below it where they are (RFC 9051 §6.3.6).
func (a *account) renameInbox(to string) []change {
	changes := append(a.makeAbove(to), change{Op: opMake, Mailbox: to, Validity: a.newValidity()})
	for i, m := range a.mailbox(imap.Inbox).messages {
		changes = append(changes, change{
			Op: opMove, Mailbox: imap.Inbox, UID: m.uid, To: to, ToUID: uint32(i + 1), Flags: slices.Clone(m.flags),
		})
	}
	return changes
}
