package sim

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"mailwalk/sim/mismatch"
	"mailwalk/sim/wire"
)

// silence is how long a visitor may say nothing before that is told. A program
// that hears the greeting of another protocol than its own mostly just waits.
const silence = 5 * time.Second

// quiet is the server's end of a connection, which finds out that the client says
// nothing.
type quiet struct {
	halfCloser
	timer wire.Timer
	found func(mismatch.Finding)

	mu      sync.Mutex // Read, Close and the timer may come from three tasks
	service string     // empty when there is nothing more to be found out
}

type halfCloser interface {
	wire.Conn
	CloseWrite() error
}

// hearSilence listens to what is read from nc, and calls found at most once: when
// nothing came for a while, or when the client has left without a word.
func hearSilence(nc net.Conn, service string, clock wire.Clock, found func(mismatch.Finding)) net.Conn {
	half, ok := nc.(halfCloser)
	if !ok {
		return nc
	}
	q := &quiet{halfCloser: half, found: found, service: service}
	q.timer = clock.AfterFunc(silence, "silence", func(context.Context) { q.tell(silence) })
	return q
}

// Read implements net.Conn.
func (q *quiet) Read(p []byte) (int, error) {
	n, err := q.halfCloser.Read(p)
	switch {
	case n > 0:
		q.done()
	case errors.Is(err, io.EOF):
		q.tell(0)
	}
	return n, err
}

// Close implements net.Conn.
func (q *quiet) Close() error {
	q.done()
	return q.halfCloser.Close()
}

// done says that there is nothing more to be found out, and for what service there
// was.
func (q *quiet) done() (service string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	service, q.service = q.service, ""
	q.timer.Stop()
	return service
}

func (q *quiet) tell(after time.Duration) {
	if f, ok := mismatch.Silence(q.done(), after); ok {
		q.found(f)
	}
}
