package wire

import (
	"syscall"

	"mailwalk/sim/clock"
)

// ErrHostDown is what every waiting call returns on a host that was switched
// off.
var ErrHostDown = clock.ErrDown

// Error is a network error with the same words on every system. It matches the
// system's error number under errors.Is.
type Error struct {
	text  string
	errno syscall.Errno
}

func (e *Error) Error() string { return e.text }

// Is matches the system's error number.
func (e *Error) Is(target error) bool { return target == e.errno }

// Timeout and Temporary make it a net.Error.
func (e *Error) Timeout() bool { return e == ErrTimedOut }

// Temporary is always false: whoever waits decides what may pass.
func (e *Error) Temporary() bool { return false }

// What a network can answer.
var (
	ErrRefused            = &Error{"connection refused", syscall.ECONNREFUSED}
	ErrReset              = &Error{"connection reset by peer", syscall.ECONNRESET}
	ErrAborted            = &Error{"connection aborted", syscall.ECONNABORTED}
	ErrTimedOut           = &Error{"connection timed out", syscall.ETIMEDOUT}
	ErrHostUnreachable    = &Error{"no route to host", syscall.EHOSTUNREACH}
	ErrNetworkUnreachable = &Error{"network is unreachable", syscall.ENETUNREACH}
	ErrAddrInUse          = &Error{"address already in use", syscall.EADDRINUSE}
	ErrAddrNotAvailable   = &Error{"cannot assign requested address", syscall.EADDRNOTAVAIL}
	ErrBrokenPipe         = &Error{"broken pipe", syscall.EPIPE}
	ErrMessageTooLong     = &Error{"message too long", syscall.EMSGSIZE}
	ErrNotConnected       = &Error{"not connected", syscall.ENOTCONN}
)
