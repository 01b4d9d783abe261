package loopback

import (
	"net"
	"syscall"

	"golang.org/x/sys/windows"

	"mailwalk/sim/wire"
)

// errnos are the kernel's errors in the words of package wire.
var errnos = []struct {
	of syscall.Errno
	is *wire.Error
}{
	{windows.WSAECONNREFUSED, wire.ErrRefused},
	{windows.WSAECONNRESET, wire.ErrReset},
	{windows.WSAECONNABORTED, wire.ErrAborted},
	{windows.WSAETIMEDOUT, wire.ErrTimedOut},
	{windows.WSAEHOSTUNREACH, wire.ErrHostUnreachable},
	{windows.WSAENETUNREACH, wire.ErrNetworkUnreachable},
	{windows.WSAEADDRINUSE, wire.ErrAddrInUse},
	{windows.WSAEADDRNOTAVAIL, wire.ErrAddrNotAvailable},
	{windows.WSAESHUTDOWN, wire.ErrBrokenPipe},
	{windows.WSAEMSGSIZE, wire.ErrMessageTooLong},
	{windows.WSAENOTCONN, wire.ErrNotConnected},
}

// writeAll hands p to the kernel and waits until all is taken. By how many system
// calls is not known here.
func writeAll(c *net.TCPConn, p []byte) (n int, calls int64, err error) {
	n, err = c.Write(p)
	return n, 0, err
}
