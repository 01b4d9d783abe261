package loopback

import "mailwalk/sim/wire/machine"

// socket is what connections, listeners and UDP sockets have in common.
type socket struct {
	machine.Socket
	host *Host
}
