package trace

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// checksum is the Internet checksum of b on top of an earlier sum, not yet
// complemented (RFC 1071 §4.1). Only the last part summed may have an odd
// length.
func checksum(sum uint32, b []byte) uint32 {
	for ; len(b) >= 2; b = b[2:] {
		sum += uint32(binary.BigEndian.Uint16(b))
		sum = sum>>16 + sum&0xffff
	}
	if len(b) == 1 {
		sum += uint32(b[0]) << 8
	}
	return sum>>16 + sum&0xffff
}

// pseudoHeader is the sum of what TCP, UDP and ICMPv6 count besides their own
// octets (RFC 9293 §3.1, RFC 8200 §8.1).
func pseudoHeader(src, dst netip.Addr, proto uint8, length int) uint32 {
	sum := checksum(0, src.AsSlice())
	sum = checksum(sum, dst.AsSlice())
	var rest [8]byte
	binary.BigEndian.PutUint32(rest[:], uint32(length))
	rest[7] = proto
	return checksum(sum, rest[:])
}

// checksumField is the checksum at octet at, where sum is the uncomplemented sum
// of all that it covers, itself included. A reason says why it cannot be
// checked.
func (d *decoder) checksumField(name string, at int, sum uint32, reason string) Field {
	f := Field{Name: name, Value: d.number(at, 2), Offset: at, Length: 2}
	switch {
	case reason != "":
		f.Check, f.Note = Unchecked, reason
	case sum == 0xffff:
		f.Check = Valid
	default:
		// What is there, taken out of the sum again in one's complement.
		f.Check = Invalid
		without := checksum(sum, []byte{^d.frame[at], ^d.frame[at+1]})
		f.Note = fmt.Sprintf("should be 0x%04x", ^uint16(without))
	}
	return f
}
