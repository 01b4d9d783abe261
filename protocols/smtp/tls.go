package smtp

import (
	"net"

	"mailwalk/protocols/dialog"
)

// TLSHooks let a program look on at a TLS handshake, at either end of a connection.
type TLSHooks = dialog.TLSHooks

// Cleartext is what was said on a connection before TLS.
type Cleartext = dialog.Cleartext

// isTLS tells whether a connection is encrypted.
func isTLS(nc net.Conn) bool { return dialog.TLSState(nc) != nil }
