package trace

import (
	"bytes"
	"encoding/binary"
)

// SamePacket tells whether two Ethernet frames carry the same IP packet, as it
// is before and after a router: another time to live, and for IPv4 another
// header checksum (RFC 1812 §5.3.1, RFC 8200 §3).
func SamePacket(a, b []byte) bool {
	if len(a) != len(b) || len(a) < etherLen || !bytes.Equal(a[12:etherLen], b[12:etherLen]) {
		return false
	}
	etherType := binary.BigEndian.Uint16(a[12:])
	a, b = a[etherLen:], b[etherLen:]
	switch {
	case etherType == 0x0800 && len(a) >= 20: // IPv4
		return bytes.Equal(a[:8], b[:8]) && a[9] == b[9] && bytes.Equal(a[12:], b[12:])
	case etherType == 0x86dd && len(a) >= 40: // IPv6
		return bytes.Equal(a[:7], b[:7]) && bytes.Equal(a[8:], b[8:])
	}
	return false
}
