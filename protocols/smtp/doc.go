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
// A good order in which to read the files:
//
//	wire    command.go path.go domain.go utf8.go params.go dsn.go reply.go
//	        extension.go limits.go sasl.go
//	server  state.go table.go backend.go server.go offers.go session.go
//	        dispatch.go handle_hello.go handle_mail.go handle_data.go
//	        handle_bdat.go handle_misc.go tls.go handle_tls.go handle_auth.go
//	client  client.go client_check.go client_limits.go client_tls.go
//	        client_auth.go declare.go send.go client_bdat.go
//	hooks   hooks.go answered.go oddity.go
//
// Nothing here starts a goroutine, dials, listens or looks at a clock that it
// was not given. Whoever calls may do all of that.
//
// Extensions spoken: SIZE (RFC 1870), 8BITMIME (RFC 6152), PIPELINING (RFC 2920),
// ENHANCEDSTATUSCODES (RFC 2034), STARTTLS (RFC 3207), AUTH (RFC 4954) with the
// mechanisms of package sasl; and, where the [Server] is told so, CHUNKING and
// BINARYMIME (RFC 3030), SMTPUTF8 (RFC 6531), DSN (RFC 3461) and LIMITS (RFC
// 9422).
//
// # Replies
//
// These are the codes with which a [Server] answers on its own account, in each
// [State], whatever it is set to. A [Backend] may say others where it is asked, and
// 451 is the answer where one fails. Besides, anything may be answered 421: at too
// many errors, when the client has been silent for too long, and when the server
// shuts down. A content is what follows 354, a response what follows 334; "other"
// is a line that holds none of the commands.
//
//	command   state                               replies
//	EHLO      start ready mail rcpt chunk         250 501
//	          refused                             503
//	HELO      start ready                         250 501 530
//	          mail rcpt chunk                     250 501
//	          refused                             503
//	STARTTLS  start mail rcpt chunk               501 503
//	          ready                               220 454 501 502 503
//	          refused                             503
//	AUTH      start                               503 530
//	          ready                               235 334 421 454 501 502 503 504 530 535 538
//	          mail rcpt chunk refused             503
//	MAIL      start                               503 530
//	          ready                               250 451 452 501 530 550 552 555
//	          mail rcpt chunk refused             503
//	RCPT      start ready                         503 530
//	          mail                                250 451 501 553 555
//	          rcpt                                250 451 452 501 553 555
//	          chunk refused                       503
//	DATA      start ready                         501 503 530
//	          mail                                501 554
//	          rcpt                                354 501 503
//	          chunk                               501 503
//	          refused                             503
//	BDAT      start ready                         421 503 530
//	          mail                                421 554
//	          rcpt                                250 421 451 502 552 554
//	          chunk                               250 421 451 552 554
//	          refused                             421 503
//	RSET      start ready                         250 501 530
//	          mail rcpt chunk                     250 501
//	          refused                             503
//	VRFY      start ready                         252 501 530
//	          mail rcpt chunk                     252 501
//	          refused                             503
//	EXPN      start ready mail rcpt chunk         502
//	          refused                             503
//	HELP      start ready                         214 504 530
//	          mail rcpt chunk                     214 504
//	          refused                             503
//	NOOP      start ready mail rcpt chunk         250
//	          refused                             503
//	ETRN      start ready mail rcpt chunk         502
//	          refused                             503
//	TURN      start ready mail rcpt chunk         502
//	          refused                             503
//	SEND      start ready mail rcpt chunk         502
//	          refused                             503
//	SOML      start ready mail rcpt chunk         502
//	          refused                             503
//	SAML      start ready mail rcpt chunk         502
//	          refused                             503
//	QUIT      start ready mail rcpt chunk refused  221 501
//	content   data                                250 451 552 554
//	response  auth                                235 334 454 500 501 535
//	other     start ready mail rcpt chunk         500
//	          refused                             500 503
package smtp
