// Package dns holds the three programs that answer "which host takes the mail
// for this domain?": an [Authority], which serves zones; a [Resolver], which
// walks from the root to the answer and remembers what it learnt; and a [Stub],
// the few lines inside every mail program that ask a resolver.
//
//	Stub ──▶ Front ──▶ Resolver ──▶ Authority (root) ──▶ referral
//	                      │   ╰────▶ Authority (test) ──▶ referral
//	                    cache  ╰───▶ Authority (globex.test) ──▶ answer
//
// Messages, records and the master-file grammar come from github.com/miekg/dns;
// everything that decides is here. RFC 1034 is the guide: §4.3.2 is the
// Authority, §5.3.3 is the Resolver.
//
// Nothing in this package starts a goroutine, sets a timer or opens a socket.
// Connections are given to it or dialled through a field; time is read through
// a field and spent only as deadlines of connections. The hooks ([ServerHooks],
// [ResolverHooks], [StubHooks]) see each message and each decision, and may hold,
// change or answer it.
package dns
