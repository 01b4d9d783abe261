package imap

import (
	"context"
	"slices"
)

// Command describes a command that the server understands.
type Command struct {
	// Verb is its name.
	Verb string
	// Syntax is what follows the name, in words of RFC 9051 §9.
	Syntax string
	// States are those in which it is allowed.
	States []State
	// Section is where it is defined.
	Section string
	// Summary says in a sentence what it does.
	Summary string

	run func(*session, context.Context, *call) (reply, error)
	// keepNumbers forbids EXPUNGE responses before the command's end: a client may
	// have sent more commands that name messages by number (RFC 9051 §7.5.1).
	keepNumbers bool
}

// call is one command as it came: its lexer stands behind the verb.
type call struct {
	*lexer
	tag, verb string
	uid       bool // it came as UID …
}

// Commands returns what the server understands, in the order of RFC 9051 §6.
func Commands() []Command {
	out := slices.Clone(commands)
	for i := range out {
		out[i].States = slices.Clone(out[i].States)
		out[i].run = nil
	}
	return out
}

// findCommand returns the command of a name in upper case.
func findCommand(verb string) *Command {
	for i := range commands {
		if commands[i].Verb == verb {
			return &commands[i]
		}
	}
	return nil
}

var (
	anyState      = []State{NotAuthenticated, Authenticated, Selected}
	beforeLogin   = []State{NotAuthenticated}
	afterLogin    = []State{Authenticated, Selected}
	whileSelected = []State{Selected}
)

var commands = []Command{
	{"CAPABILITY", "", anyState, "RFC 9051 §6.1.1",
		"Lists what the server can do.", (*session).capability, false},
	{"NOOP", "", anyState, "RFC 9051 §6.1.2",
		"Does nothing, and so lets the server tell what changed.", (*session).noop, false},
	{"LOGOUT", "", anyState, "RFC 9051 §6.1.3",
		"Ends the session.", (*session).logout, false},
	{"ID", "( nil / \"(\" field value … \")\" )", anyState, "RFC 2971 §3.1",
		"Tells each side the other's name and version, for statistics and bug reports.", (*session).id, false},

	{"STARTTLS", "", beforeLogin, "RFC 9051 §6.2.1",
		"Begins TLS on this connection.", (*session).startTLS, false},
	{"AUTHENTICATE", "auth-type [initial-resp]", beforeLogin, "RFC 9051 §6.2.2",
		"Proves who the user is, by a SASL mechanism.", (*session).authenticate, false},
	{"LOGIN", "userid password", beforeLogin, "RFC 9051 §6.2.3",
		"Proves who the user is, by name and password in plain text.", (*session).login, false},

	{"ENABLE", "1*capability", afterLogin, "RFC 9051 §6.3.1",
		"Turns on extensions that change what the server sends.", (*session).enable, false},
	{"SELECT", "mailbox", afterLogin, "RFC 9051 §6.3.2",
		"Opens a mailbox.", (*session).selectMailbox, false},
	{"EXAMINE", "mailbox", afterLogin, "RFC 9051 §6.3.3",
		"Opens a mailbox for reading only.", (*session).selectMailbox, false},
	{"CREATE", "mailbox", afterLogin, "RFC 9051 §6.3.4",
		"Makes a mailbox.", (*session).create, false},
	{"DELETE", "mailbox", afterLogin, "RFC 9051 §6.3.5",
		"Removes a mailbox and its messages.", (*session).delete, false},
	{"RENAME", "mailbox mailbox", afterLogin, "RFC 9051 §6.3.6",
		"Renames a mailbox.", (*session).rename, false},
	{"SUBSCRIBE", "mailbox", afterLogin, "RFC 9051 §6.3.7",
		"Puts a mailbox on the list of those that are followed.", (*session).subscribe, false},
	{"UNSUBSCRIBE", "mailbox", afterLogin, "RFC 9051 §6.3.8",
		"Takes a mailbox off that list.", (*session).subscribe, false},
	{"LIST", "[list-select-opts] mailbox mbox-or-pat [list-return-opts]", afterLogin, "RFC 9051 §6.3.9",
		"Lists mailboxes whose names match.", (*session).list, false},
	{"LSUB", "mailbox list-mailbox", afterLogin, "RFC 3501 §6.3.9",
		"Lists followed mailboxes; IMAP4rev2 has LIST (SUBSCRIBED) instead.", (*session).lsub, false},
	{"NAMESPACE", "", afterLogin, "RFC 9051 §6.3.10",
		"Tells where names of one's own, of others and of all begin.", (*session).namespace, false},
	{"STATUS", "mailbox \"(\" status-att … \")\"", afterLogin, "RFC 9051 §6.3.11",
		"Counts what is in a mailbox without opening it.", (*session).status, false},
	{"APPEND", "mailbox [flag-list] [date-time] literal", afterLogin, "RFC 9051 §6.3.12",
		"Stores a message in a mailbox.", (*session).append, false},
	{"IDLE", "", afterLogin, "RFC 9051 §6.3.13",
		"Waits, while the server tells at once what changes, until the client says DONE.", (*session).idle, false},

	{"CHECK", "", whileSelected, "RFC 3501 §6.4.1",
		"Lets the server do its housekeeping; IMAP4rev2 has it no more.", (*session).noop, false},
	{"CLOSE", "", whileSelected, "RFC 9051 §6.4.1",
		"Removes the messages marked deleted and closes the mailbox.", (*session).close, false},
	{"UNSELECT", "", whileSelected, "RFC 9051 §6.4.2",
		"Closes the mailbox and removes nothing.", (*session).unselect, false},
	{"EXPUNGE", "", whileSelected, "RFC 9051 §6.4.3",
		"Removes the messages marked deleted.", (*session).expunge, false},
	{"SEARCH", "[search-return-opts] search-program", whileSelected, "RFC 9051 §6.4.4",
		"Finds the messages that meet all conditions.", (*session).search, true},
	{"FETCH", "sequence-set fetch-att", whileSelected, "RFC 9051 §6.4.5",
		"Gives what is asked for of messages.", (*session).fetch, true},
	{"STORE", "sequence-set store-att-flags", whileSelected, "RFC 9051 §6.4.6",
		"Changes flags.", (*session).store, true},
	{"COPY", "sequence-set mailbox", whileSelected, "RFC 9051 §6.4.7",
		"Copies messages to a mailbox.", (*session).copy, false},
	{"MOVE", "sequence-set mailbox", whileSelected, "RFC 9051 §6.4.8",
		"Moves messages to a mailbox.", (*session).copy, false},
	{"UID", "( COPY / MOVE / FETCH / STORE / SEARCH / EXPUNGE ) …", whileSelected, "RFC 9051 §6.4.9",
		"Does a command with unique identifiers in place of message numbers.", (*session).uid, false},
}
