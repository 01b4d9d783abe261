package imap

import (
	"context"
	"errors"
	"time"
)

// Backend is where users come from. Its methods may be called by many sessions at
// a time.
type Backend interface {
	// Login checks a password and opens the user's store. The error is
	// ErrCredentials if user and password do not belong together.
	Login(ctx context.Context, user, password string) (User, error)
}

// User is the store of one user, as one session sees it. A session calls it from
// one goroutine. Mailbox names are in UTF-8 with "/" between levels; that of the
// inbox is "INBOX". The error for a name that is no mailbox is ErrNoMailbox.
//
// A User may also implement [Manager] and [Subscriber].
type User interface {
	// List returns all mailboxes, and names that are subscribed to but are no
	// mailboxes. The order does not matter.
	List(ctx context.Context) ([]MailboxInfo, error)
	// Status counts what is in a mailbox. It changes nothing.
	Status(ctx context.Context, name string) (MailboxStatus, error)
	// Open opens a mailbox. notify may be called by the mailbox until Close
	// returned, from any goroutine and at any time, when something changed: it
	// does not block and does not call back.
	Open(ctx context.Context, name string, readOnly bool, notify func()) (Mailbox, error)
	// Append stores a message as the last of a mailbox, and returns the mailbox's
	// UIDVALIDITY and the message's UID. content is the caller's again when Append
	// returns. A zero date means now.
	Append(ctx context.Context, name string, content []byte, flags []Flag, date time.Time) (uidValidity, uid uint32, err error)
	// Close ends the session's use of the store.
	Close() error
}

// Manager is a User that can make, remove and rename mailboxes. Names are checked
// before: no empty level, no control character, Unicode in form C.
type Manager interface {
	// Create makes a mailbox and what is missing above it. The error is
	// ErrMailboxExists if there is one. RFC 9051 §6.3.4
	Create(ctx context.Context, name string) error
	// Delete removes a mailbox with its messages, but not the mailboxes below it.
	// RFC 9051 §6.3.5
	Delete(ctx context.Context, name string) error
	// Rename renames a mailbox and those below it. Renaming INBOX moves its
	// messages to a new mailbox and leaves it empty. RFC 9051 §6.3.6
	Rename(ctx context.Context, from, to string) error
}

// Subscriber is a User that keeps a list of mailboxes that its owner follows.
//
// RFC 9051 §6.3.7, §6.3.8
type Subscriber interface {
	Subscribe(ctx context.Context, name string) error
	Unsubscribe(ctx context.Context, name string) error
}

// MailboxInfo is one name that LIST can tell of.
//
// RFC 9051 §7.3.1
type MailboxInfo struct {
	Name        string
	NoSelect    bool // a level of hierarchy that cannot be selected
	NoInferiors bool // nothing can be made below it
	NonExistent bool // subscribed to, but no mailbox
	Subscribed  bool
	// SpecialUse holds attributes such as `\Sent` and `\Trash`.
	SpecialUse []string
}

// MailboxStatus is what STATUS can ask for. Size is in octets.
//
// RFC 9051 §6.3.11
type MailboxStatus struct {
	Messages, Unseen, Deleted uint32
	Recent                    uint32 // of IMAP4rev1
	UIDNext, UIDValidity      uint32
	Size                      int64
}

// Mailbox is an open mailbox, as one session sees it. A session calls it from one
// goroutine. Messages are named by UID. A UID that is gone is passed over by
// SetFlags, Expunge and Move; Content and Copy answer it with ErrMessageGone.
type Mailbox interface {
	// Snapshot returns what is in the mailbox. since is the Version of the
	// snapshot that the session has, 0 at first; if nothing changed since then, the
	// Version is the same and the rest may be left out.
	Snapshot(ctx context.Context, since uint64) (Snapshot, error)
	// Content returns a message, octet by octet as it is stored, with CRLF line
	// ends. The session does not change it.
	Content(ctx context.Context, uid uint32) ([]byte, error)
	// SetFlags changes flags. A flag that cannot be kept is passed over.
	SetFlags(ctx context.Context, uids []uint32, op FlagOp, flags []Flag) error
	// Expunge removes those of the messages that are \Deleted; nil means all.
	Expunge(ctx context.Context, uids []uint32) error
	// Copy copies messages to the end of a mailbox, with flags and dates: all of
	// them, or on an error none.
	Copy(ctx context.Context, uids []uint32, dest string) (CopyResult, error)
	// Move moves messages to the end of a mailbox. On an error each message is in
	// one of the two.
	Move(ctx context.Context, uids []uint32, dest string) (CopyResult, error)
	// Close ends the use of the mailbox. It removes nothing.
	Close() error
}

// Snapshot is a mailbox at one moment. The session does not change it.
type Snapshot struct {
	// Version is not 0, and another one after each change.
	Version uint64
	// UIDValidity does not change while the mailbox is open.
	UIDValidity uint32
	UIDNext     uint32
	// ReadOnly says that the mailbox was opened so, or cannot be written to.
	ReadOnly bool
	// Flags are the flags that messages here have or can have; PermanentFlags those
	// that a client can change for good, with `\*` if it can make new ones.
	Flags, PermanentFlags []Flag
	// Messages ascend by UID.
	Messages []Message
}

// Message is what a mailbox knows of a message without opening it.
type Message struct {
	UID          uint32
	Flags        []Flag // without \Recent
	Recent       bool   // this is the first session to be told of it (RFC 3501 §2.3.2)
	InternalDate time.Time
	Size         int64 // octets of the content
}

// CopyResult tells which messages went where: Source[i] is Dest[i] there.
type CopyResult struct {
	UIDValidity  uint32 // of the destination
	Source, Dest []uint32
}

// Errors that a backend returns and a session has an answer to. Each may be
// wrapped.
var (
	ErrCredentials   = errors.New("user and password do not belong together")
	ErrNoMailbox     = errors.New("no such mailbox")
	ErrMailboxExists = errors.New("mailbox exists")
	ErrHasChildren   = errors.New("mailbox has children")
	ErrMessageGone   = errors.New("message is gone")
	ErrOverQuota     = errors.New("over quota")
	ErrReadOnly      = errors.New("mailbox is read-only")
)

// Error is an error whose text and response code are meant for the client. A
// backend returns it where none of the others fits.
type Error struct {
	// Code is a response code of RFC 9051 §7.1 without brackets, such as NOPERM,
	// or empty.
	Code string
	Text string
}

func (e *Error) Error() string {
	if e.Code == "" {
		return e.Text
	}
	return "[" + e.Code + "] " + e.Text
}
