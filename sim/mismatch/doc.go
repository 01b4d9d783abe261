// Package mismatch tells who speaks the wrong protocol to a port: a browser that
// calls at a mail server, a mail program that encrypts where the conversation
// begins in the clear, a person who types.
//
// It judges by the first octets that a client sends. [Judge] looks at all that
// was heard so far; a [Listener] takes it piece by piece and keeps no more than
// it needs; [Wrap] puts a listener on a connection. What was found is a [Finding]
// with words in three depths.
//
// A command that several protocols have proves nothing, and nothing is said about
// it. A finding quotes no argument in which a password may stand.
package mismatch
