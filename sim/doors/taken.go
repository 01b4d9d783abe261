package doors

import (
	"errors"
	"syscall"
)

// isTaken tells whether a port could not be had because somebody has it.
func isTaken(err error) bool {
	const windowsInUse = syscall.Errno(10048) // WSAEADDRINUSE
	return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, windowsInUse)
}
