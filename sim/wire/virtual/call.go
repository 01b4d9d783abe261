package virtual

import (
	"mailwalk/sim/trace"
)

// Op is what a program does with its end of a TCP connection.
type Op string

// The operations. Opened is the moment from which there is an end: the client's
// Dial or the server's Accept has returned it.
const (
	Opened      Op = "open"
	Reads       Op = "read"
	Writes      Op = "write"
	ClosesWrite Op = "close for writing"
	Closes      Op = "close"
)

// Call is one call of a program on its end of a TCP connection, when it returns.
type Call struct {
	Op   Op
	Conn *trace.Conn
	// Host is where the program runs; Client tells which end is its own.
	Host   string
	Client bool
	// Data are the octets that were read, or those that the stack has taken to
	// send. They are good for the time of the call.
	Data []byte
	Err  error
}

// OnCall has f told of what programs do with their connections: a trace has the
// units of a dialogue and the segments, this has the octets of the stream. f must
// not wait.
func (n *Net) OnCall(f func(Call)) { n.calls = append(n.calls, f) }

func (c *conn) tell(op Op, data []byte, err error) {
	for _, f := range c.host.net.calls {
		f(Call{Op: op, Conn: c.traced, Host: c.host.Name(), Client: c.isClient, Data: data, Err: err})
	}
}
