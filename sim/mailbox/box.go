package mailbox

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"mailwalk/protocols/imap"
)

// mailbox is a sequence of mails under a name.
type mailbox struct {
	account  *account
	name     string
	validity uint32 // UIDVALIDITY
	next     uint32 // UIDNEXT
	// recent is the first UID that no session was told of; recentKept is what of
	// that is in the index.
	recent, recentKept uint32
	messages           []*mail // ascending by UID
	keywords           keywords
	version            uint64 // of what sessions see
	sessions           []*imapMailbox
}

// mail is a mail in a mailbox.
type mail struct {
	uid uint32
	*content
	flags []imap.Flag // replaced, never changed
}

func (b *mailbox) find(uid uint32) (int, bool) {
	return slices.BinarySearchFunc(b.messages, uid, func(m *mail, uid uint32) int { return cmp.Compare(m.uid, uid) })
}

// mail is that of a UID, nil if there is none.
func (b *mailbox) mail(uid uint32) *mail {
	if i, found := b.find(uid); found {
		return b.messages[i]
	}
	return nil
}

// errNoUID says that a mailbox has had as many mails as there are UIDs.
var errNoUID = errors.New("no UID is left")

// room tells whether n more mails can get a UID.
func (b *mailbox) room(n int) error {
	if int64(b.next)+int64(n) > math.MaxUint32 {
		return fmt.Errorf("%s: %w", b.name, errNoUID)
	}
	return nil
}

func (b *mailbox) add(uid uint32, c *content, flags []imap.Flag) (*mail, error) {
	if uid < b.next || uid == math.MaxUint32 {
		return nil, fmt.Errorf("add to %s: UID %d, but the next is %d", b.name, uid, b.next)
	}
	m := &mail{uid: uid, content: c, flags: flags}
	b.next = uid + 1
	b.messages = append(b.messages, m)
	b.keywords.learn(flags)
	b.account.files[c.File]++
	b.version++
	return m, nil
}

func (b *mailbox) setFlags(m *mail, flags []imap.Flag) {
	m.flags = flags
	b.keywords.learn(flags)
	b.version++
}

// take takes a mail out.
func (b *mailbox) take(m *mail) {
	if i, found := b.find(m.uid); found {
		b.messages = slices.Delete(b.messages, i, i+1)
		b.account.files[m.File]--
		b.version++
	}
}

// clear takes all mails out.
func (b *mailbox) clear() []effect {
	effects := make([]effect, len(b.messages))
	for i, m := range b.messages {
		b.account.files[m.File]--
		effects[i] = effect{kind: removed, box: b, name: b.name, msg: m, goes: true}
	}
	b.messages = nil
	b.version++
	return effects
}

// path is the mailbox's name in the trace: user@domain/folder.
func (a *account) path(mailbox string) string { return a.address + "/" + mailbox }
