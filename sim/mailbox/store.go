// Package mailbox is the store behind a host's POP3 and IMAP servers: the
// mailboxes of its users, their passwords, and the mails in them.
//
// To POP3 a user has one maildrop, the INBOX. To IMAP he has INBOX and what
// mailboxes he makes beside it. Both look at the same mails.
//
// # On the disk
//
// Each account has a directory. A mail's content is a file of its own in it, which
// is written once and never changed. All else (which mail is in which mailbox
// under which UID, flags, names of mailboxes, subscriptions) is in the index: an
// append-only file with one record a line. A change is one record, so it is there
// whole or not at all, be it of one flag or a move of a hundred mails.
//
//	mailboxes/bob@globex.test/index.1   the index, in its first generation
//	mailboxes/bob@globex.test/mails/1   the content of a mail
//
// What a caller is told is done was synced before: first the content, then the
// record. So a crash loses nothing that anybody was told of. A record that the
// crash cut off is ignored, and a content without a record is removed at the next
// start.
//
// # Order
//
// The changes of one account come one after the other: whoever comes meanwhile
// waits. Nobody sees a change before it is on the disk. A session that looks at a
// mailbox waits for nobody.
package mailbox

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"mailwalk/protocols/imap"
	"mailwalk/protocols/message"
	"mailwalk/protocols/pop3"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
)

// Account is a user with a password.
type Account struct {
	// Address is local-part@domain.
	Address string
	// Password lets its owner in. With an empty one nobody gets in.
	Password string
	// Salt is what SCRAM-SHA-256 mixes into the password, of 16 octets; nil where
	// nobody logs in by it.
	Salt []byte
	// Quota is how many octets of mail its mailboxes hold in all; 0 is without limit.
	Quota int64
}

// Errors to be found with errors.Is. Those of the disk and of the host
// ([wire.ErrHostDown]) are passed on wrapped.
var (
	// ErrNoAccount says that no account has the address.
	ErrNoAccount = errors.New("no such account")
	// ErrContent says that a content is no mail that POP3 and IMAP could hand out:
	// it has a NUL, or a CR or LF that stands alone.
	ErrContent = errors.New("not fit for a mailbox")
	// ErrQuota says that a mail does not fit into what is left of an account's quota.
	ErrQuota = errors.New("over quota")
	// ErrDelivered says that a delivery was made before.
	ErrDelivered = errors.New("delivered before")
	// ErrNotStarted says that Start was not called or did not succeed.
	ErrNotStarted = errors.New("the mailbox store is not started")
	// ErrDamaged says that an index has a record that cannot be read, and that no
	// crash explains it.
	ErrDamaged = errors.New("damaged index")
)

// Store keeps the mailboxes of a host's users. It is used by the tasks of one host
// from one switching on to the next switching off; after that a new Store reads
// from the disk what is there.
type Store struct {
	host wire.Host
	rec  *trace.Recorder

	accounts []*account
	// byKey and byLocal find accounts by the whole address and by its local part;
	// in byLocal nil stands for a name that several have.
	byKey, byLocal map[string]*account
	wrong          error           // what is wrong with the accounts
	run            context.Context // of Start; it ends when the host goes down
	started        bool
}

// New makes the store of a host. It touches no disk: that is for Start, which also
// tells of an account whose address cannot be read or that comes twice.
func New(h wire.Host, rec *trace.Recorder, accounts []Account) *Store {
	s := &Store{host: h, rec: rec, byKey: map[string]*account{}, byLocal: map[string]*account{}}
	for _, a := range accounts {
		local, key, err := splitKey(a.Address)
		switch {
		case err != nil:
			s.wrong = errors.Join(s.wrong, fmt.Errorf("account %s: %w", a.Address, err))
			continue
		case s.byKey[key] != nil:
			s.wrong = errors.Join(s.wrong, fmt.Errorf("account %s: there is one of that name, %s", a.Address, s.byKey[key].address))
			continue
		}
		acct := newAccount(s, a, "mailboxes/"+url.PathEscape(key))
		s.accounts = append(s.accounts, acct)
		s.byKey[key] = acct
		if _, taken := s.byLocal[local]; taken {
			acct = nil
		}
		s.byLocal[local] = acct
	}
	return s
}

// Start reads the mailboxes from the host's disk. On an empty disk it neither
// writes nor waits. The store works until ctx is done, which is to be that of a
// program of the host. A Store is started once.
func (s *Store) Start(ctx context.Context) error {
	switch {
	case s.run != nil:
		return fmt.Errorf("mailboxes of %s: started already", s.host.Name())
	case s.wrong != nil:
		return fmt.Errorf("mailboxes of %s: %w", s.host.Name(), s.wrong)
	}
	s.run = ctx
	for _, a := range s.accounts {
		if err := a.load(ctx); err != nil {
			return fmt.Errorf("mailboxes of %s: %s: %w", s.host.Name(), a.address, err)
		}
	}
	s.started = true
	return nil
}

// ready tells whether the store works. A program that outlives its host for a
// moment must not write to the disk, on which the next generation of the host's
// programs works already.
func (s *Store) ready() error {
	switch {
	case !s.started:
		return ErrNotStarted
	case s.run.Err() != nil:
		return context.Cause(s.run)
	}
	return nil
}

// Has tells whether there is an account with the address. Letters of ASCII count
// the same in both cases: in the domain by rule, in the local part by this store's
// choice, which only the host of the mailboxes may make (RFC 5321 §2.4).
func (s *Store) Has(address string) bool { return s.find(address) != nil }

func (s *Store) find(address string) *account {
	_, key, err := splitKey(address)
	if err != nil {
		return nil
	}
	return s.byKey[key]
}

// splitKey returns what addresses are compared by, and the local part of it. The
// local part is without quotes: "bob"@globex.test is bob@globex.test (RFC 5321
// §4.1.2).
func splitKey(address string) (local, key string, err error) {
	local, domain, err := message.SplitAddress(address)
	if err != nil {
		return "", "", err
	}
	local = lower(local)
	return local, local + "@" + lower(domain), nil
}

// lower makes letters of ASCII small. Unicode has letters that become ASCII when
// made small, and a name written with them is somebody else's.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// POP3 is the store as a POP3 server sees it.
func (s *Store) POP3() pop3.Backend { return pop3Backend{s} }

// IMAP is the store as an IMAP server sees it.
func (s *Store) IMAP() imap.Backend { return imapBackend{s} }
