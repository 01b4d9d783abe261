package mailbox

import (
	"context"
	"fmt"
	"slices"

	"mailwalk/protocols/imap"
)

// imapMailbox is a mailbox that a session has open.
type imapMailbox struct {
	box      *mailbox
	readOnly bool
	notify   func()
	// recent are the UIDs, from and up to but without, that this session was the
	// first to be told of.
	recent [][2]uint32
}

var _ imap.Mailbox = (*imapMailbox)(nil)

// Snapshot implements imap.Mailbox. In a session that may write it takes \Recent
// away from the sessions to come (RFC 3501 §2.3.2).
func (s *imapMailbox) Snapshot(_ context.Context, since uint64) (imap.Snapshot, error) {
	b := s.box
	if since == b.version {
		return imap.Snapshot{Version: since}, nil
	}
	if !s.readOnly && b.recent < b.next {
		s.recent = append(s.recent, [2]uint32{b.recent, b.next})
		b.recent = b.next
	}
	flags := append(imap.SystemFlags(), b.keywords...)
	permanent := slices.Clone(flags)
	if len(b.keywords) < maxKeywords {
		permanent = append(permanent, imap.FlagWildcard)
	}
	snap := imap.Snapshot{
		Version: b.version, UIDValidity: b.validity, UIDNext: b.next, ReadOnly: s.readOnly,
		Flags: flags, PermanentFlags: permanent,
		Messages: make([]imap.Message, len(b.messages)),
	}
	for i, m := range b.messages {
		snap.Messages[i] = imap.Message{UID: m.uid, Flags: m.flags, Recent: s.isRecent(m.uid), InternalDate: m.Date, Size: m.Size}
	}
	return snap, nil
}

func (s *imapMailbox) isRecent(uid uint32) bool {
	return uid >= s.box.recent || slices.ContainsFunc(s.recent, func(r [2]uint32) bool { return r[0] <= uid && uid < r[1] })
}

// Content implements imap.Mailbox. What the session does next is about the mail.
func (s *imapMailbox) Content(_ context.Context, uid uint32) ([]byte, error) {
	m := s.box.mail(uid)
	if m == nil {
		return nil, fmt.Errorf("mail %d: %w", uid, imap.ErrMessageGone)
	}
	s.box.account.about(m)
	return s.box.account.read(m.content)
}

// update makes changes to the mailbox, if the session may.
func (s *imapMailbox) update(ctx context.Context, decide func() ([]change, error)) error {
	if s.readOnly {
		return fmt.Errorf("%s: %w", s.box.name, imap.ErrReadOnly)
	}
	return s.box.account.update(ctx, decide)
}

// SetFlags implements imap.Mailbox.
func (s *imapMailbox) SetFlags(ctx context.Context, uids []uint32, op imap.FlagOp, flags []imap.Flag) error {
	b := s.box
	return s.update(ctx, func() ([]change, error) {
		var changes []change
		known := slices.Clone(b.keywords)
		for _, uid := range uids {
			m := b.mail(uid)
			if m == nil {
				continue
			}
			after := known.spell(op.Apply(m.flags, flags))
			if difference(m.flags, after) != "" {
				changes = append(changes, change{Op: opFlags, Mailbox: b.name, UID: uid, Flags: after})
			}
		}
		return changes, nil
	})
}

// Expunge implements imap.Mailbox.
func (s *imapMailbox) Expunge(ctx context.Context, uids []uint32) error {
	b := s.box
	return s.update(ctx, func() ([]change, error) {
		named := map[uint32]bool{} // looked up only
		for _, uid := range uids {
			named[uid] = true
		}
		var changes []change
		for _, m := range b.messages {
			if imap.HasFlag(m.flags, imap.FlagDeleted) && (uids == nil || named[m.uid]) {
				changes = append(changes, change{Op: opRemove, Mailbox: b.name, UID: m.uid})
			}
		}
		return changes, nil
	})
}

// Copy implements imap.Mailbox. The copy has the same content on the disk.
func (s *imapMailbox) Copy(ctx context.Context, uids []uint32, dest string) (imap.CopyResult, error) {
	var result imap.CopyResult
	// Copying changes nothing here: a session that may only read can do it.
	err := s.box.account.update(ctx, func() (changes []change, err error) {
		for _, uid := range uids {
			if s.box.mail(uid) == nil {
				return nil, fmt.Errorf("mail %d: %w", uid, imap.ErrMessageGone)
			}
		}
		changes, result, err = s.transfer(opCopy, uids, dest)
		return changes, err
	})
	if err != nil {
		return imap.CopyResult{}, err
	}
	return result, nil
}

// Move implements imap.Mailbox. On an error all is as it was.
func (s *imapMailbox) Move(ctx context.Context, uids []uint32, dest string) (imap.CopyResult, error) {
	var result imap.CopyResult
	err := s.update(ctx, func() (changes []change, err error) {
		changes, result, err = s.transfer(opMove, uids, dest)
		return changes, err
	})
	if err != nil {
		return imap.CopyResult{}, err
	}
	return result, nil
}

// transfer plans a copy or a move of the mails that are there.
func (s *imapMailbox) transfer(op string, uids []uint32, dest string) ([]change, imap.CopyResult, error) {
	b := s.box
	to := b.account.mailbox(dest)
	if to == nil {
		return nil, imap.CopyResult{}, fmt.Errorf("%s: %w", dest, imap.ErrNoMailbox)
	}
	if err := to.room(len(uids)); err != nil {
		return nil, imap.CopyResult{}, err
	}
	result := imap.CopyResult{UIDValidity: to.validity}
	var changes []change
	known, next := slices.Clone(to.keywords), to.next
	for _, uid := range uids {
		m := b.mail(uid)
		if m == nil {
			continue
		}
		changes = append(changes, change{Op: op, Mailbox: b.name, UID: uid, To: dest, ToUID: next, Flags: known.spell(m.flags)})
		result.Source, result.Dest = append(result.Source, uid), append(result.Dest, next)
		next++
	}
	return changes, result, nil
}

// Close implements imap.Mailbox.
func (s *imapMailbox) Close() error {
	b := s.box
	b.sessions = slices.DeleteFunc(b.sessions, func(o *imapMailbox) bool { return o == s })
	return nil
}
