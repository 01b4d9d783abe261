// Package pop3 is a server and a client of the Post Office Protocol, version 3
// (RFC 1939), with what later RFCs added: the capability list and the response codes
// (RFC 2449, RFC 3206), and TLS, by STLS or from the first octet (RFC 2595 §4, RFC 8314
// §3.1).
//
// A maildrop is a box of numbered messages. A client logs in and so locks the
// box, lists what is in it, fetches messages, marks some as deleted and says
// QUIT. Only then are the marked messages removed: a connection that breaks
// before QUIT has changed nothing.
//
//	S: +OK dewey POP3 server ready            AUTHORIZATION
//	C: USER mrose
//	S: +OK send PASS
//	C: PASS tanstaaf
//	S: +OK maildrop has 1 message (120 octets) TRANSACTION
//	C: RETR 1
//	S: +OK 120 octets
//	S: (the message, and a line with a lone dot)
//	C: DELE 1
//	S: +OK message 1 deleted
//	C: QUIT                                   UPDATE
//	S: +OK dewey POP3 server signing off (maildrop empty)
//
// The 3 is a version number and has nothing to do with the port, 110, or with
// the number of states, which happens to be three as well.
//
// There is no APOP (RFC 1939 §7). It proves a password by an MD5 digest over a
// challenge that the server picks, and MD5 no longer serves where collisions
// matter (RFC 6151 §2): a false server that picks its challenges well learns
// the beginning of the password (CVE-2007-1558). It also asks the server to
// keep passwords in a form that can be read back. A password inside TLS does
// better.
//
// Nothing in this package starts a goroutine, and what blocks is a connection
// or a [Backend].
package pop3
