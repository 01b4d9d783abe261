// Package imap speaks the Internet Message Access Protocol: IMAP4rev1 (RFC 3501)
// and IMAP4rev2 (RFC 9051), server and client.
//
// IMAP leaves the mail on the server and works on it there. A client logs in,
// selects a mailbox, and asks for what it wants to see of the messages: their
// flags, a header, one part of a body, a search. Several clients may look at one
// mailbox at a time, and each is told what the others change.
//
// The package has three layers:
//
//   - tokens: the lexer and the encoder, number sets, section names, flags,
//     mailbox names. Pure functions over bytes.
//   - session: a [Server] that holds one dialogue for each connection, with its
//     [State] and its own message sequence numbers; a [Client] that does the same
//     from the other side.
//   - backend: the interfaces [Backend], [User] and [Mailbox], behind which a
//     message store stands. The session asks; the store answers.
//
// What the server understands is listed by [Commands].
//
// Nothing in this package starts a goroutine. A session blocks in its connection
// and in calls to its backend, and nowhere else. During IDLE the backend may call
// the notify function of an open mailbox from any goroutine: that moves the read
// deadline of the connection into the past, the blocked read returns, and the
// session looks at the mailbox, writes what changed and reads on. It needs a
// connection whose Read, after a deadline, fails with a timeout that is not
// permanent, as package net and crypto/tls do it.
package imap
