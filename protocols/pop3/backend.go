package pop3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
)

// Errors that a Backend tells the server, and that a client finds in a
// [ServerError] with errors.Is. Wrap them as you like. Any other error of a
// Backend or a Maildrop counts as temporary.
var (
	// ErrAuth says that user name and password do not go together: whether the
	// name or the password is wrong stays untold.
	ErrAuth = errors.New("authentication failed")
	// ErrInUse says that name and password are good and that another session
	// holds the maildrop's lock.
	ErrInUse = errors.New("maildrop in use")
	// ErrTemporary says that it may work the next time.
	ErrTemporary = errors.New("temporary failure")
	// ErrPermanent says that it will not work until somebody mends it.
	ErrPermanent = errors.New("permanent failure")
)

// Backend is what a server serves.
type Backend interface {
	// Open checks the password, then takes the maildrop's exclusive lock
	// (RFC 1939 §4). It fails with ErrAuth, ErrInUse, or another error for a
	// fault of its own. An unknown name must take as long as a wrong password.
	// A lock that is held is no reason to wait: it is ErrInUse.
	Open(ctx context.Context, user, password string) (Maildrop, error)
}

// Maildrop is one user's locked box of messages. Message-numbers run from 1, in
// the order of Messages, and stand for the same messages until Close: what is
// delivered meanwhile is seen by the next session.
type Maildrop interface {
	// Messages lists what was there when the maildrop was opened. It is called
	// once.
	Messages() []MessageInfo
	// Content returns message msg with CRLF line ends. The server does not change
	// it and does not keep it.
	Content(ctx context.Context, msg int) ([]byte, error)
	// Commit removes the messages of the given numbers, which ascend. It is
	// called once, and only when the client said QUIT (RFC 1939 §6), with none
	// for a client that marked none. An error says that some may be left; no
	// other message may ever be removed.
	Commit(ctx context.Context, deleted []int) error
	// Close releases the lock. It is called once, however the session ends.
	Close() error
}

// MessageInfo is what a listing says of a message.
type MessageInfo struct {
	// UID is the unique-id: 1 to 70 characters from ! to ~, never given to another
	// message of this maildrop, the same in each session (RFC 1939 §7, UIDL).
	UID string
	// Size is the number of octets that a client gets for the message: see [Size].
	Size int64
}

// Size is the number of octets that RETR hands to a client for content, which
// has CRLF line ends: dots that are stuffed on the way do not count (RFC 1939
// §11). A last line without CRLF gets one on the way, because each line of a
// multi-line answer ends in one (RFC 1939 §3), so it counts.
func Size(content []byte) int64 { return int64(len(complete(content))) }

var crlf = []byte("\r\n")

// complete gives the last line of content its CRLF if it has none.
func complete(content []byte) []byte {
	if len(content) == 0 || bytes.HasSuffix(content, crlf) {
		return content
	}
	return append(content[:len(content):len(content)], crlf...)
}

// checkContent makes sure that complete content is what was listed and that it
// can be sent: with a CR or an LF that stands alone a client might find the end
// of the message where there is none.
func checkContent(content []byte, listed int64) error {
	if n := int64(len(content)); n != listed {
		return fmt.Errorf("%w: %d octets, but %d were listed", ErrPermanent, n, listed)
	}
	for rest, at := content, 0; ; {
		i := bytes.IndexAny(rest, "\r\n")
		if i < 0 {
			return nil
		}
		if !bytes.HasPrefix(rest[i:], crlf) {
			return fmt.Errorf("%w: bare CR or LF at octet %d", ErrPermanent, at+i)
		}
		rest, at = rest[i+2:], at+i+2
	}
}

// checkMessages makes sure that what a maildrop says of its messages can be
// told to a client.
func checkMessages(messages []MessageInfo) error {
	var total int64
	for i, m := range messages {
		if !validUID(m.UID) {
			return fmt.Errorf("%w: message %d: unique-id %.80q is not 1 to 70 characters from ! to ~", ErrPermanent, i+1, m.UID)
		}
		if m.Size < 0 || m.Size > math.MaxInt64-total {
			return fmt.Errorf("%w: message %d: impossible size %d", ErrPermanent, i+1, m.Size)
		}
		total += m.Size
	}
	return nil
}

// validUID tells whether uid is a unique-id (RFC 1939 §7, UIDL).
func validUID(uid string) bool {
	return len(uid) >= 1 && len(uid) <= 70 && strings.IndexFunc(uid, notVisible) < 0
}

// top is the head of complete content: the header, the empty line after it, and
// the first n lines of the body (RFC 1939 §7, TOP).
func top(content []byte, n int) []byte {
	end := len(content)
	switch i := bytes.Index(content, []byte("\r\n\r\n")); {
	case bytes.HasPrefix(content, crlf):
		end = len(crlf) // a message without header fields
	case i >= 0:
		end = i + 4
	}
	for ; n > 0 && end < len(content); n-- {
		i := bytes.Index(content[end:], crlf)
		if i < 0 {
			return content
		}
		end += i + len(crlf)
	}
	return content[:end]
}
