package wire

import (
	"net"

	"mailwalk/sim/trace"
)

// Conn is a connection of a wire that is traced.
type Conn interface {
	net.Conn
	// Traced is what the trace knows of the connection.
	Traced() *trace.Conn
}

// Traced is what the trace knows of a connection that a Host made. It is nil for
// another.
func Traced(c net.Conn) *trace.Conn {
	if t, ok := c.(Conn); ok {
		return t.Traced()
	}
	return nil
}
