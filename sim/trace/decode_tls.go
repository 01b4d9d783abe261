package trace

import (
	"fmt"
	"strconv"
)

// TLS records (RFC 8446 §5.1).
const (
	tlsHeadLen   = 5
	maxTLSRecord = 1<<14 + 2048 // of TLS 1.2 (RFC 5246 §6.2.3), the longer
)

// contentTypes are the types of records (RFC 8446 §B.1).
var contentTypes = map[uint8]string{20: "change_cipher_spec", 21: "alert", 22: "handshake", 23: "application_data"}

// handshakeTypes are the types of handshake messages (RFC 8446 §B.3, RFC 5246 §7.4).
var handshakeTypes = map[uint8]string{
	1: "client_hello", 2: "server_hello", 4: "new_session_ticket", 8: "encrypted_extensions", 11: "certificate",
	12: "server_key_exchange", 13: "certificate_request", 14: "server_hello_done", 15: "certificate_verify",
	16: "client_key_exchange", 20: "finished", 24: "key_update",
}

// tls reads the TLS records that a segment begins with, and returns where what is no
// record begins. A segment that begins inside of a record cannot be told from one that
// carries something else.
func (d *decoder) tls(off, end int) int {
	for end-off >= tlsHeadLen {
		kind, known := contentTypes[d.frame[off]]
		version, n := d.get16(off+1), int(d.get16(off+3))
		if !known || version < 0x0301 || version > 0x0304 || n == 0 || n > maxTLSRecord {
			break
		}
		to := min(off+tlsHeadLen+n, end)
		l := d.header("TLS", "RFC 8446 §5.1", off, to-off)
		d.u8(l, off, "Type", kind)
		d.hex(l, off+1, 2, "Legacy Record Version", "the version that is spoken was agreed on in the handshake")
		d.u16(l, off+3, "Length", "")
		if to < off+tlsHeadLen+n {
			l.Note = fmt.Sprintf("the next segments carry %d more octets of the record", off+tlsHeadLen+n-to)
		}
		d.fragment(l, d.frame[off], off+tlsHeadLen, to, n)
		off = to
	}
	return off
}

// fragment adds what is in a record of n octets, of which those from off up to end are
// in the frame, as far as it is in clear.
func (d *decoder) fragment(l *Layer, kind uint8, off, end, n int) {
	const (
		alert     = 21
		handshake = 22
	)
	switch {
	case kind == alert && n == 2 && end-off == 2:
		level := map[uint8]string{1: "warning", 2: "fatal"}[d.frame[off]]
		d.u8(l, off, "Level", level)
		d.u8(l, off+1, "Description", "")
		return
	case kind != handshake:
	case end-off >= 4:
		name, known := handshakeTypes[d.frame[off]]
		size := int(d.frame[off+1])<<16 | int(d.get16(off+2))
		// A sealed message has the same type of record; what it begins with is no header.
		if known && size+4 <= n {
			d.u8(l, off, "Handshake Type", name)
			l.add(Field{Name: "Handshake Length", Value: strconv.Itoa(size), Offset: off + 1, Length: 3})
			off += 4
		}
	}
	if off < end {
		l.add(Field{Name: "Fragment", Value: fmt.Sprintf("%d octets", end-off), Offset: off, Length: end - off})
	}
}
