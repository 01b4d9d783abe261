package smtp

import (
	"fmt"
	"strings"
)

// State is where a server's session stands: what was said so far and so what
// may be said next (RFC 5321 §4.1.4).
type State uint8

// The states of a session.
const (
	// StateStart: the greeting was sent, the client has not said who it is.
	StateStart State = iota
	// StateReady: EHLO or HELO was accepted and no transaction is open.
	StateReady
	// StateMail: MAIL was accepted; there is a reverse-path and no recipient.
	StateMail
	// StateRcpt: at least one RCPT was accepted.
	StateRcpt
	// StateData: DATA was accepted; what comes is content, up to the lone dot.
	StateData
	// StateChunk: a chunk of the content was accepted by BDAT, and it was not the
	// last.
	StateChunk
	// StateAuth: AUTH was accepted; the next line is a response, no command.
	StateAuth
	// StateRefused: the greeting was a refusal; only QUIT is of use (RFC 5321
	// §3.1).
	StateRefused
	// StateEnd: the session is over.
	StateEnd

	stateCount = iota
)

var stateNames = [stateCount]string{
	StateStart:   "start",
	StateReady:   "ready",
	StateMail:    "mail",
	StateRcpt:    "rcpt",
	StateData:    "data",
	StateChunk:   "chunk",
	StateAuth:    "auth",
	StateRefused: "refused",
	StateEnd:     "end",
}

// String returns the state's name, such as "ready".
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}

// States is a set of states.
type States uint16

func statesOf(list ...State) States {
	var set States
	for _, s := range list {
		set |= 1 << s
	}
	return set
}

// Has tells whether s is in the set.
func (set States) Has(s State) bool { return s < stateCount && set&(1<<s) != 0 }

// List returns the states in the set, in their order.
func (set States) List() []State {
	var list []State
	for s := range State(stateCount) {
		if set.Has(s) {
			list = append(list, s)
		}
	}
	return list
}

// String returns the names, such as "mail, rcpt".
func (set States) String() string {
	var names []string
	for _, s := range set.List() {
		names = append(names, s.String())
	}
	return strings.Join(names, ", ")
}
