// Package sasl is the Simple Authentication and Security Layer, RFC 4422, as mail
// uses it: how a client proves to a server who it is, by messages that the
// protocol around them (SMTP, POP3, IMAP) carries in its own form.
//
// A [Mechanism] is one way to do it. [Mechanisms] lists those known here: PLAIN
// (RFC 4616), LOGIN, CRAM-MD5 (RFC 2195) and SCRAM-SHA-256 (RFC 5802, RFC 7677).
// A [Server] and a [Client] each hold one side of one exchange: they take the
// other's message and return their own, as octets without any BASE64.
//
// No security layer is negotiated, and no channel binding: SCRAM-SHA-256-PLUS is
// not known. Nothing here reads or writes a connection, starts a goroutine or
// looks at a clock or a source of random octets that it was not given.
package sasl
