package imap

// State is where a connection stands.
//
// RFC 9051 §3
type State uint8

// The states of a connection.
const (
	NotAuthenticated State = iota // RFC 9051 §3.1
	Authenticated                 // RFC 9051 §3.2
	Selected                      // RFC 9051 §3.3
	Logout                        // RFC 9051 §3.4
)

// String is the state's name as the RFC writes it, in lower case.
func (s State) String() string {
	switch s {
	case NotAuthenticated:
		return "not authenticated"
	case Authenticated:
		return "authenticated"
	case Selected:
		return "selected"
	case Logout:
		return "logout"
	default:
		return "unknown state"
	}
}
