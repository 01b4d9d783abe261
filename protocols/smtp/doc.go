// Package smtp is the Simple Mail Transfer Protocol, RFC 5321: the server that
// takes mail in, for relay (port 25) or for submission (port 587, RFC 6409), and
// the client that hands mail on.
//
// The package is in four layers, each in files of its own:
//
//   - the wire, which only parses and prints: [Command], [Path], [Param], [Reply],
//     [Extensions];
//   - the server: [Commands] is the table of all verbs with the states in which
//     they are allowed, [Server.ServeConn] runs one session through its [State]s,
//     and a [Backend] decides what becomes of the mail;
//   - the client: [Client] speaks one command at a time, [Client.Send] carries a
//     whole transaction and pipelines it where the server allows that;
//   - the hooks ([Hooks]), through which another program looks on, holds a line or
//     answers in the server's stead.
//
// Nothing here starts a goroutine, dials, listens or looks at a clock that it
// was not given. Whoever calls may do all of that.
//
// Extensions spoken: SIZE (RFC 1870), 8BITMIME (RFC 6152), PIPELINING (RFC 2920),
// ENHANCEDSTATUSCODES (RFC 2034), STARTTLS (RFC 3207), AUTH (RFC 4954) with the
// mechanisms of package sasl; and, where the [Server] is told so, CHUNKING and
// BINARYMIME (RFC 3030), SMTPUTF8 (RFC 6531), DSN (RFC 3461) and LIMITS (RFC
// 9422).
package smtp
