package loopback

import (
	"errors"
	"syscall"
)

// kernelError is an error of the kernel in the words of package wire; one that has no
// word there stays as it is.
func kernelError(err error) error {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return err
	}
	for _, e := range errnos {
		if e.of == errno {
			return e.is
		}
	}
	return err
}
