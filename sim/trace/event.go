// Package trace is what a walk leaves behind: one ordered list of events. All
// that a person sees or keeps of a walk is a function of this list up to some
// event.
//
// An [Event] says when, where and what; its [Body] says the rest, typed by
// [Kind]. A [Recorder] gives each event its number, its time, its causes and its
// stable key, and joins lines to the packets that carried them. A [View] is the
// state of the world after some event, folded from the events before.
package trace

import (
	"time"
)

// Kind is what sort of thing happened.
type Kind string

// The kinds of events, from the ground up.
const (
	Packet     Kind = "packet"     // a frame on a link: sent, delivered, dropped
	Socket     Kind = "socket"     // octets handed to the machine's own kernel, and back
	Connection Kind = "connection" // a TCP connection: opening, opened, refused, closed
	Line       Kind = "line"       // a line or content of a dialogue: sent, received
	Lookup     Kind = "lookup"     // DNS: question, query, referral, answer, cache hit, expiry
	Decision   Kind = "decision"   // why this way and no other
	Mail       Kind = "mail"       // a mail: composed, accepted, queued, relayed, stored, fetched
	State      Kind = "state"      // a queue, cache, mailbox, session, timer or disk changed
	Act        Kind = "act"        // what a person, the walk, a learner or a visitor did
	Note       Kind = "note"       // the walk's own words
)

// Kinds lists all kinds in their order.
func Kinds() []Kind {
	return []Kind{Packet, Socket, Connection, Line, Lookup, Decision, Mail, State, Act, Note}
}

// Event is one thing that happened.
type Event struct {
	// Seq numbers the events of a trace from 1.
	Seq uint64
	// At is the virtual time since the walk's start.
	At time.Duration
	// Host is where it happened; empty for what happens to the walk as a whole.
	Host string
	Kind Kind
	// What is the step within the kind: "sent", "delivered", "referral". The
	// constants beside each body list them.
	What string
	// Key names the event by what it is and not by when it came, so that the
	// same step of another run of the walk has the same key.
	Key string
	IDs
	// Causes are the numbers of the events without which this one would not have
	// come, the nearest first: the packets that carried a line, the line that a
	// packet carries, the command behind a reply.
	Causes []uint64
	Body   Body
}

// IDs tie an event to others. Each may be empty.
type IDs struct {
	// Mail is the mail's number in the walk: "1".
	Mail string `json:"mail,omitempty"`
	// Hop is one leg of a mail's way: mail number, a dot, the leg: "1.2".
	Hop string `json:"hop,omitempty"`
	// Conn is a TCP connection: client>server:port#n, the n-th from that client
	// to that port.
	Conn string `json:"conn,omitempty"`
	// Lookup is one question to the DNS and all that was done to answer it.
	Lookup string `json:"lookup,omitempty"`
	// Queue is an MTA's queue entry.
	Queue string `json:"queue,omitempty"`
}

// Body is the typed part of an event.
type Body interface{ Kind() Kind }

// ContentID names a content: the SHA-256 of its bytes, in lower-case hex.
type ContentID string

// Content refers to bytes that the trace keeps once, however often they are
// seen.
type Content struct {
	ID   ContentID `json:"sha256"`
	Size int64     `json:"size"`
}
