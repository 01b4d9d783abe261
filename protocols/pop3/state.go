package pop3

import "fmt"

// State is the state of a session (RFC 1939 §3).
type State uint8

// The states of a session. Closed stands for the time before the greeting and
// after the end; the RFC has no name for it.
const (
	Closed State = iota
	// Authorization: the client must say who it is (RFC 1939 §4).
	Authorization
	// Transaction: the maildrop is locked and can be read (RFC 1939 §5).
	Transaction
	// Update: the client said QUIT and what is marked as deleted is removed
	// (RFC 1939 §6). A session that ends otherwise never gets here.
	Update
)

// String is the state's name as the RFC writes it.
func (s State) String() string {
	switch s {
	case Closed:
		return "CLOSED"
	case Authorization:
		return "AUTHORIZATION"
	case Transaction:
		return "TRANSACTION"
	case Update:
		return "UPDATE"
	default:
		return fmt.Sprintf("State(%d)", uint8(s))
	}
}
