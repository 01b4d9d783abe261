package mismatch

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// clientHello is the first message of TLS (RFC 8446 §4.1.2), as far as it was
// heard.
type clientHello struct {
	record     uint16 // the version of its record
	length     int    // of the first record's fragment, in octets
	version    uint16 // legacy_version
	versions   []uint16
	serverName string
	alpn       []string
}

const (
	recordHandshake   = 22 // RFC 8446 §5.1
	messageHello      = 1  // RFC 8446 §4
	extensionName     = 0  // RFC 6066 §3
	extensionALPN     = 16 // RFC 7301 §3.1
	extensionVersions = 43 // RFC 8446 §4.2.1
)

// tlsOpening recognises a ClientHello. One that has not come whole is waited for,
// so that its server name can be told.
func tlsOpening(heard []byte, ended bool) (speech, certainty) {
	if heard[0] != recordHandshake || len(heard) > 1 && heard[1] != 3 {
		return speech{}, no
	}
	if len(heard) < 6 {
		return speech{}, maybe
	}
	length := int(binary.BigEndian.Uint16(heard[3:]))
	if heard[5] != messageHello || length < 4 || length > 1<<14 {
		return speech{}, no
	}
	hello := &clientHello{record: binary.BigEndian.Uint16(heard[1:]), length: length}
	if !hello.read(handshake(heard)) && !ended {
		return speech{}, maybe
	}
	return speech{protocols: []Protocol{TLS}, what: hello.what(), octets: hello.octets(heard), hello: hello}, yes
}

// handshake is what the records carry of the handshake, which may be split over
// several (RFC 8446 §5.1).
func handshake(heard []byte) []byte {
	var all []byte
	for len(heard) >= 5 && heard[0] == recordHandshake {
		n := int(binary.BigEndian.Uint16(heard[3:]))
		heard = heard[5:]
		n = min(n, len(heard))
		all = append(all, heard[:n]...)
		heard = heard[n:]
	}
	return all
}

// read takes the message apart and tells whether it was whole. What does not
// follow the format ends it: the rest stays empty.
func (h *clientHello) read(message []byte) bool {
	if len(message) < 4 {
		return false
	}
	length := int(message[1])<<16 | int(message[2])<<8 | int(message[3])
	message = message[4:]
	whole := len(message) >= length
	r := fields(message[:min(length, len(message))])
	h.version = r.uint16()
	r.skip(32)            // random
	r.skip(r.uint8())     // legacy_session_id
	r.skip(r.uint16int()) // cipher_suites
	r.skip(r.uint8())     // legacy_compression_methods
	r.skip(2)             // length of the extensions
	for len(r) >= 4 {
		kind := r.uint16()
		body := r.take(r.uint16int())
		switch kind {
		case extensionName:
			h.serverName = serverName(body)
		case extensionALPN:
			h.alpn = protocolNames(body)
		case extensionVersions:
			h.versions = versions(body)
		}
	}
	return whole
}

// serverName reads a list of names, of which only the kind 0 exists (RFC 6066
// §3).
func serverName(r fields) string {
	r.skip(2)
	if r.uint8() != 0 {
		return ""
	}
	return quote(r.take(r.uint16int()))
}

// protocolNames reads a list of names, each behind its length.
func protocolNames(r fields) []string {
	r.skip(2)
	var names []string
	for len(r) > 0 {
		name := r.take(r.uint8())
		if len(name) != 2 || !isGrease(binary.BigEndian.Uint16(name)) {
			names = append(names, quote(name))
		}
	}
	return names
}

func versions(r fields) []uint16 {
	r.skip(1)
	var list []uint16
	for len(r) >= 2 {
		if v := r.uint16(); !isGrease(v) {
			list = append(list, v)
		}
	}
	return list
}

// isGrease tells values that mean nothing and are sent so that servers stay used
// to the unknown (RFC 8701 §2).
func isGrease(v uint16) bool { return v&0x0f0f == 0x0a0a && v>>8 == v&0xff }

func versionName(v uint16) string {
	switch v {
	case 0x0300:
		return "SSL 3.0"
	case 0x0301, 0x0302, 0x0303, 0x0304:
		return fmt.Sprintf("TLS 1.%d", v-0x0301)
	}
	return fmt.Sprintf("version %04X", v)
}

func (h *clientHello) what() string {
	if h.serverName != "" {
		return "a TLS ClientHello for the server " + h.serverName
	}
	return "a TLS ClientHello"
}

func (h *clientHello) octets(heard []byte) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: a TLS record of type handshake (16) with the record version %04X and %d octets, in it a ClientHello (01) (RFC 8446 §5.1, §4.1.2).",
		octets(heard, 6), h.record, h.length)
	offered := h.versions
	if len(offered) == 0 && h.version != 0 {
		offered = []uint16{h.version}
	}
	if len(offered) > 0 {
		names := make([]string, len(offered))
		for i, v := range offered {
			names[i] = versionName(v)
		}
		fmt.Fprintf(&b, " It offers %s.", strings.Join(names, ", "))
	}
	if h.serverName != "" {
		fmt.Fprintf(&b, " server_name (RFC 6066 §3): %s.", h.serverName)
	}
	if len(h.alpn) > 0 {
		fmt.Fprintf(&b, " ALPN (RFC 7301 §3.1): %s.", strings.Join(h.alpn, ", "))
	}
	return b.String()
}

// registered are names of ALPN and the protocols that they stand for.
var registered = map[string]Protocol{
	"http/1.0": HTTP, "http/1.1": HTTP, "h2": HTTP, "imap": IMAP, "pop3": POP3, "ftp": FTP, "dot": DNS,
	"xmpp-client": XMPP, "xmpp-server": XMPP, "smtp": SMTP, "irc": IRC, "nntp": NNTP,
}

// inside judges a ClientHello on a port for TLS by what it says that it wants to
// speak inside. Most mail programs say nothing.
func (s speech) inside(p *port) (speech, Verdict) {
	for _, name := range s.hello.alpn {
		if known := registered[name]; known == "" || known == p.speaks {
			return speech{}, Fits
		}
	}
	if len(s.hello.alpn) == 0 {
		return speech{}, Fits
	}
	first := registered[s.hello.alpn[0]]
	s.protocols = []Protocol{first}
	s.what += fmt.Sprintf(" that asks for %s inside (ALPN: %s)", first, strings.Join(s.hello.alpn, ", "))
	return s, Foreign
}

// fields are octets that are read from the front. What is read beyond the end is
// zero.
type fields []byte

func (f *fields) take(n int) fields {
	n = min(n, len(*f))
	head := (*f)[:n]
	*f = (*f)[n:]
	return head
}

func (f *fields) skip(n int) { f.take(n) }

func (f *fields) uint8() int {
	if b := f.take(1); len(b) == 1 {
		return int(b[0])
	}
	return 0
}

func (f *fields) uint16() uint16 {
	if b := f.take(2); len(b) == 2 {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

func (f *fields) uint16int() int { return int(f.uint16()) }

// ssl2Opening recognises the ClientHello of SSL 2.0, in which programs that could
// fall back to it also offered SSL 3.0 and TLS (RFC 5246 §E.2).
func ssl2Opening(heard []byte, _ bool) (speech, certainty) {
	for i, fits := range []func(byte) bool{
		func(b byte) bool { return b&0x80 != 0 },
		func(byte) bool { return true },
		func(b byte) bool { return b == messageHello },
		func(b byte) bool { return b == 0 || b == 3 },
		func(b byte) bool { return b <= 3 },
	} {
		if i == len(heard) {
			return speech{}, maybe
		}
		if !fits(heard[i]) {
			return speech{}, no
		}
	}
	version := binary.BigEndian.Uint16(heard[3:])
	if version != 2 && version < 0x0300 {
		return speech{}, no
	}
	if len(heard) < 7 {
		return speech{}, maybe
	}
	if n := binary.BigEndian.Uint16(heard[5:]); n == 0 || n%3 != 0 {
		return speech{}, no // a cipher takes three octets
	}
	offers := "SSL 2.0"
	if version != 2 {
		offers = versionName(version)
	}
	return speech{
		protocols: []Protocol{SSL2}, what: "an SSL 2.0 ClientHello",
		octets: fmt.Sprintf("%s: the two-octet header of SSL 2.0 with its high bit set, then the message CLIENT-HELLO (01), which offers %s (RFC 5246 §E.2). RFC 6176 forbids SSL 2.0.",
			octets(heard, 5), offers),
	}, yes
}
