//go:build !linux

package loopback

import (
	"net"

	"mailwalk/sim/trace"
)

// tcpInfo is what the kernel counts for a connection; nil when it does not tell.
func tcpInfo(*net.TCPConn) *trace.TCPInfo { return nil }
