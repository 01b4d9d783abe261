//go:build unix

package loopback

import (
	"net"
	"syscall"

	"mailwalk/sim/wire"
)

// errnos are the kernel's errors in the words of package wire.
var errnos = []struct {
	of syscall.Errno
	is *wire.Error
}{
	{syscall.ECONNREFUSED, wire.ErrRefused},
	{syscall.ECONNRESET, wire.ErrReset},
	{syscall.ECONNABORTED, wire.ErrAborted},
	{syscall.ETIMEDOUT, wire.ErrTimedOut},
	{syscall.EHOSTUNREACH, wire.ErrHostUnreachable},
	{syscall.ENETUNREACH, wire.ErrNetworkUnreachable},
	{syscall.EADDRINUSE, wire.ErrAddrInUse},
	{syscall.EADDRNOTAVAIL, wire.ErrAddrNotAvailable},
	{syscall.EPIPE, wire.ErrBrokenPipe},
	{syscall.EMSGSIZE, wire.ErrMessageTooLong},
	{syscall.ENOTCONN, wire.ErrNotConnected},
}

// writeAll hands p to the kernel and waits until all is taken. It returns how much
// was, and by how many system calls.
func writeAll(c *net.TCPConn, p []byte) (n int, calls int64, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, 0, err
	}
	for n < len(p) {
		var took int
		var callErr error
		err := raw.Write(func(fd uintptr) bool {
			for {
				took, callErr = syscall.Write(int(fd), p[n:])
				if callErr != syscall.EINTR {
					break
				}
			}
			return callErr != syscall.EAGAIN
		})
		if err == nil {
			err = callErr
		}
		if err != nil {
			return n, calls, err
		}
		n += took
		calls++
	}
	return n, calls, nil
}
