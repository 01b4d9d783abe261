package virtual

import (
	"runtime"
	"sync"

	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
)

// oneAtATime guards GOMAXPROCS in oneWorker.
var oneAtATime sync.Mutex

// oneWorker makes the TCP of a stack with a single goroutine that works on
// segments. By itself it would start as many as GOMAXPROCS says when it is made,
// and takes that number from nowhere else. There is one segment at a time to work
// on here, and after each all workers have to say that they rest: on a machine
// with many processors that took longer than the work.
func oneWorker(s *stack.Stack) stack.TransportProtocol {
	oneAtATime.Lock()
	defer oneAtATime.Unlock()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	return tcp.NewProtocol(s)
}
