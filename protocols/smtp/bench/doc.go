// Package bench measures this repository's SMTP server beside another one, in one
// run and over the kernel's loopback: mails a second, by the number of connections
// and the size of the mails. It is a module of its own, so that nothing else
// depends on the other server.
//
//	cd protocols/smtp/bench && go test -bench .
//
// README.md has what came of it.
//
// One client drives all servers. It is made for that alone: it sends what was
// prepared and counts the replies' lines, so that it takes as little of the machine
// as can be.
package bench
