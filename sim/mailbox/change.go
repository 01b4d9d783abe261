package mailbox

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"mailwalk/protocols/imap"
)

// The kinds of changes.
const (
	opAdd      = "add"      // a mail with a content of its own
	opCopy     = "copy"     // a mail of one mailbox, once more in another
	opMove     = "move"     // a mail of one mailbox, now in another
	opFlags    = "flags"    // a mail's flags become these
	opRemove   = "remove"   // a mail goes
	opMake     = "make"     // a mailbox comes
	opDrop     = "drop"     // a mailbox goes, with its mails
	opRename   = "rename"   // a mailbox gets another name, and a new UIDVALIDITY with it
	opFollow   = "follow"   // a name is subscribed to
	opUnfollow = "unfollow" // and no longer
	opRecent   = "recent"   // the mails below a UID are not \Recent any more
)

// change is one step of a record. Which fields it has depends on Op.
type change struct {
	Op      string      `json:"op"`
	Mailbox string      `json:"mailbox"`
	UID     uint32      `json:"uid,omitempty"`
	To      string      `json:"to,omitempty"`    // of copy, move, rename
	ToUID   uint32      `json:"toUid,omitempty"` // of copy, move
	Flags   []imap.Flag `json:"flags,omitempty"` // of copy and move: the new mail's
	// Validity is the UIDVALIDITY of a mailbox that is made or renamed.
	Validity uint32   `json:"uidValidity,omitempty"`
	Content  *content `json:"content,omitempty"` // of add

	// delivery is that of a mail that arrives now; it is not on the disk.
	delivery *delivery
}

// content is what stays the same of a mail wherever it goes in the store.
type content struct {
	// File numbers the file under mails/.
	File uint64 `json:"file"`
	Size int64  `json:"size"` // octets
	// Unended says that the last line has no CRLF.
	Unended bool      `json:"unended,omitempty"`
	Date    time.Time `json:"date"` // IMAP's internal date, to the second
	// Mail is the mail's number in the walk, empty for one that it does not know.
	Mail string `json:"mail,omitempty"`
	// From is the reverse-path that it came with.
	From string `json:"from,omitempty"`
	// Delivery is the ID of the delivery by which it came.
	Delivery string `json:"delivery,omitempty"`
}

// effect is what a change came to, for whoever is to be told.
type effect struct {
	kind    effectKind
	box     *mailbox
	name    string // of the mailbox, at that moment
	msg     *mail
	before  []imap.Flag // of flags
	goes    bool        // of removed: no other place has it from this change
	arrives *delivery
}

type effectKind uint8

const (
	added effectKind = iota
	flagged
	removed
	made
	dropped
)

// apply does a change in memory. It is the only way in which mailboxes change, both
// when a change is made and when it is read back.
func (a *account) apply(c change) ([]effect, error) {
	switch c.Op {
	case opFollow:
		if i, found := slices.BinarySearch(a.followed, c.Mailbox); !found {
			a.followed = slices.Insert(a.followed, i, c.Mailbox)
		}
		return nil, nil
	case opUnfollow:
		if i, found := slices.BinarySearch(a.followed, c.Mailbox); found {
			a.followed = slices.Delete(a.followed, i, i+1)
		}
		return nil, nil
	case opMake:
		switch {
		case a.mailbox(c.Mailbox) != nil:
			return nil, fmt.Errorf("make %s: %w", c.Mailbox, imap.ErrMailboxExists)
		case c.Validity == 0:
			return nil, fmt.Errorf("make %s: no UIDVALIDITY", c.Mailbox)
		}
		b := a.insert(c.Mailbox, c.Validity)
		return []effect{{kind: made, box: b, name: b.name}}, nil
	}
	b := a.mailbox(c.Mailbox)
	if b == nil {
		return nil, fmt.Errorf("%s %s: %w", c.Op, c.Mailbox, imap.ErrNoMailbox)
	}
	if b.name == imap.Inbox && (c.Op == opDrop || c.Op == opRename) {
		return nil, fmt.Errorf("%s %s: there is always an INBOX", c.Op, c.Mailbox)
	}
	switch c.Op {
	case opDrop:
		effects := b.clear()
		a.remove(b)
		return append(effects, effect{kind: dropped, box: b, name: b.name}), nil
	case opRename:
		return a.rename(b, c)
	case opRecent:
		b.recentKept = min(max(b.recentKept, c.UID), b.next)
		b.recent = max(b.recent, b.recentKept)
		return nil, nil
	case opAdd:
		if c.Content == nil {
			return nil, fmt.Errorf("add to %s: no content", c.Mailbox)
		}
		m, err := b.add(c.UID, c.Content, c.Flags)
		if err != nil {
			return nil, err
		}
		a.noteDelivery(c.Content.Delivery)
		return []effect{{kind: added, box: b, name: b.name, msg: m, arrives: c.delivery}}, nil
	}
	m := b.mail(c.UID)
	if m == nil {
		return nil, fmt.Errorf("%s %s: there is no mail %d", c.Op, c.Mailbox, c.UID)
	}
	switch c.Op {
	case opFlags:
		before := m.flags
		b.setFlags(m, c.Flags)
		return []effect{{kind: flagged, box: b, name: b.name, msg: m, before: before}}, nil
	case opRemove:
		b.take(m)
		return []effect{{kind: removed, box: b, name: b.name, msg: m, goes: true}}, nil
	case opCopy, opMove:
		to := a.mailbox(c.To)
		if to == nil {
			return nil, fmt.Errorf("%s to %s: %w", c.Op, c.To, imap.ErrNoMailbox)
		}
		copied, err := to.add(c.ToUID, m.content, c.Flags)
		if err != nil {
			return nil, err
		}
		effects := []effect{{kind: added, box: to, name: to.name, msg: copied}}
		if c.Op == opMove {
			b.take(m)
			effects = append(effects, effect{kind: removed, box: b, name: b.name, msg: m})
		}
		return effects, nil
	}
	return nil, fmt.Errorf("unknown change %q", c.Op)
}

// rename gives b another name. Its mails keep their UIDs, under a new UIDVALIDITY
// that is greater than any that the name has had (RFC 9051 §2.3.1.1).
func (a *account) rename(b *mailbox, c change) ([]effect, error) {
	switch {
	case a.mailbox(c.To) != nil:
		return nil, fmt.Errorf("rename %s to %s: %w", c.Mailbox, c.To, imap.ErrMailboxExists)
	case c.Validity == 0:
		return nil, fmt.Errorf("rename %s to %s: no UIDVALIDITY", c.Mailbox, c.To)
	}
	var effects []effect
	for _, m := range b.messages {
		effects = append(effects, effect{kind: removed, box: b, name: b.name, msg: m})
	}
	effects = append(effects, effect{kind: dropped, box: b, name: b.name})
	a.remove(b)
	b.name, b.validity = c.To, c.Validity
	a.place(b)
	b.version++
	effects = append(effects, effect{kind: made, box: b, name: b.name})
	for _, m := range b.messages {
		effects = append(effects, effect{kind: added, box: b, name: b.name, msg: m})
	}
	return effects, nil
}

// mailbox is that of a name, nil if there is none.
func (a *account) mailbox(name string) *mailbox {
	if i, found := a.search(name); found {
		return a.boxes[i]
	}
	return nil
}

func (a *account) search(name string) (int, bool) {
	return slices.BinarySearchFunc(a.boxes, name, func(b *mailbox, name string) int { return strings.Compare(b.name, name) })
}

func (a *account) insert(name string, validity uint32) *mailbox {
	b := &mailbox{account: a, name: name, validity: validity, next: 1, recent: 1, recentKept: 1, version: 1}
	a.place(b)
	return b
}

func (a *account) place(b *mailbox) {
	i, _ := a.search(b.name)
	a.boxes = slices.Insert(a.boxes, i, b)
	a.validity = max(a.validity, b.validity)
}

func (a *account) remove(b *mailbox) {
	if i, found := a.search(b.name); found {
		a.boxes = slices.Delete(a.boxes, i, i+1)
	}
}
