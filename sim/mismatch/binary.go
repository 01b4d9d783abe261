package mismatch

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/miekg/dns"
)

const (
	// proxyBinary begins version 2 of the PROXY protocol. It is made so that no
	// text protocol takes it for a command.
	proxyBinary = "\r\n\r\n\x00\r\nQUIT\n"
	// proxyText begins version 1.
	proxyText = "PROXY "
)

// proxyOpening recognises the header in which a load balancer says for whom it
// calls: the PROXY protocol of HAProxy, versions 1 and 2.
func proxyOpening(heard []byte, _ bool) (speech, certainty) {
	s := speech{protocols: []Protocol{Proxy}}
	switch c := begins(heard, proxyBinary); c {
	case yes:
		s.what = "a header of the PROXY protocol, version 2"
		s.octets = octets(heard, len(proxyBinary)) + ": the signature of the PROXY protocol, version 2."
		return s, yes
	case maybe:
		return s, maybe
	}
	c := begins(heard, proxyText)
	if c != yes {
		return s, c
	}
	c = no
	for _, family := range []string{"TCP4 ", "TCP6 ", "UNKNOWN"} {
		c = max(c, begins(heard[len(proxyText):], family))
	}
	s.what = "a header of the PROXY protocol, version 1"
	s.octets = "PROXY and an address family begin the header line of the PROXY protocol, version 1."
	return s, c
}

// telnetOpening recognises a command of Telnet: IAC, WILL, WON'T, DO or DON'T,
// and an option (RFC 854).
func telnetOpening(heard []byte, _ bool) (speech, certainty) {
	const (
		iac        = 0xff
		will, dont = 0xfb, 0xfe
		lastOption = 49 // of the options in one row in the IANA's registry
	)
	switch {
	case heard[0] != iac, len(heard) > 1 && (heard[1] < will || heard[1] > dont), len(heard) > 2 && heard[2] > lastOption:
		return speech{}, no
	case len(heard) < 3:
		return speech{}, maybe
	}
	verb := [...]string{"WILL", "WON'T", "DO", "DON'T"}[heard[1]-will]
	return speech{
		protocols: []Protocol{Telnet}, what: "a negotiation of Telnet",
		octets: fmt.Sprintf("%s: IAC %s and the option %d (RFC 854).", octets(heard, 3), verb, heard[2]),
	}, yes
}

// ldapOpening recognises an LDAPMessage with a request that may come first (RFC
// 4511 §4.1.1).
func ldapOpening(heard []byte, _ bool) (speech, certainty) {
	const sequence, integer = 0x30, 0x02
	at := 1
	// next reads an octet; its second result is false when it has not come.
	next := func() (byte, bool) {
		if at >= len(heard) {
			return 0, false
		}
		at++
		return heard[at-1], true
	}
	if heard[0] != sequence {
		return speech{}, no
	}
	length, ok := next()
	if !ok {
		return speech{}, maybe
	}
	if length >= 0x80 {
		if length < 0x81 || length > 0x84 {
			return speech{}, no
		}
		at += int(length & 0x7f)
	}
	for _, want := range []func(byte) bool{
		func(b byte) bool { return b == integer },
		func(b byte) bool { at += int(b); return b >= 1 && b <= 4 }, // the message's number
	} {
		b, ok := next()
		if !ok {
			return speech{}, maybe
		}
		if !want(b) {
			return speech{}, no
		}
	}
	op, ok := next()
	if !ok {
		return speech{}, maybe
	}
	name := map[byte]string{0x60: "BindRequest", 0x63: "SearchRequest", 0x77: "ExtendedRequest"}[op]
	if name == "" {
		return speech{}, no
	}
	return speech{
		protocols: []Protocol{LDAP}, what: "an LDAP " + name,
		octets: fmt.Sprintf("%s: an LDAPMessage, a SEQUENCE (30) of a message ID (02) and a %s (%02X) (RFC 4511 §4.1.1).", octets(heard, at), name, op),
	}, yes
}

// rdpOpening recognises how Remote Desktop begins: a connection request of X.224
// in a TPKT (RFC 1006 §6).
func rdpOpening(heard []byte, _ bool) (speech, certainty) {
	const connectionRequest = 0xe0
	if c := begins(heard, "\x03\x00"); c != yes {
		return speech{}, c
	}
	if len(heard) < 7 {
		return speech{}, maybe
	}
	length, header := int(binary.BigEndian.Uint16(heard[2:])), int(heard[4])
	if heard[5] != connectionRequest || heard[6] != 0 || header+5 != length {
		return speech{}, no
	}
	return speech{
		protocols: []Protocol{RDP}, what: "an X.224 connection request, as Remote Desktop sends it",
		octets: octets(heard, 7) + ": a TPKT (03 00, RFC 1006 §6) with a connection request TPDU of X.224 (E0), as RDP clients send it first.",
	}, yes
}

// smbOpening recognises a message of SMB with its length in front.
func smbOpening(heard []byte, _ bool) (speech, certainty) {
	if heard[0] != 0 {
		return speech{}, no
	}
	if len(heard) < 5 {
		return speech{}, maybe
	}
	version := map[byte]string{0xff: "1", 0xfe: "2 or 3"}[heard[4]]
	if version == "" {
		return speech{}, no
	}
	c := begins(heard[5:], "SMB")
	return speech{
		protocols: []Protocol{SMB}, what: "a message of SMB",
		octets: fmt.Sprintf("%s: a length in four octets, then the mark of SMB %s.", octets(heard, 8), version),
	}, c
}

const dnsHeader = 12 // octets; RFC 1035 §4.1.1

// messageOpening tells whether a stream may begin with a DNS query of whatever
// kind, with its length in front (RFC 1035 §4.2.2). What looks like text is none.
func messageOpening(heard []byte) certainty {
	const flags = 4 // their offset, behind the length and the ID
	switch {
	case len(heard) <= flags:
		return maybe
	case readable(bytes.ReplaceAll(heard[:flags+1], []byte("\n"), nil)),
		binary.BigEndian.Uint16(heard) < dnsHeader, heard[flags]&0x80 != 0:
		return no
	}
	return yes
}

// dnsOpening recognises an ordinary DNS query over TCP: short, with one question
// that can be read.
func dnsOpening(heard []byte, _ bool) (speech, certainty) {
	const shortest, longest = dnsHeader + 5, 511
	if heard[0] > longest>>8 {
		return speech{}, no
	}
	if len(heard) < 2 {
		return speech{}, maybe
	}
	length := int(binary.BigEndian.Uint16(heard))
	if length < shortest || length > longest {
		return speech{}, no
	}
	message := heard[2:]
	// The flags but RD, AD and CD, and the response code, are zero in a query; it
	// has one question and no answer.
	for i, want := range []struct{ mask, value byte }{{}, {}, {0xfe, 0}, {0xcf, 0}, {0xff, 0}, {0xff, 1}, {0xff, 0}, {0xff, 0}} {
		if i < len(message) && message[i]&want.mask != want.value {
			return speech{}, no
		}
	}
	if len(message) < length {
		return speech{}, maybe
	}
	name, at, err := dns.UnpackDomainName(message[:length], dnsHeader)
	if err != nil || at+4 > length {
		return speech{}, no
	}
	kind := dns.Type(binary.BigEndian.Uint16(message[at:]))
	question := quote([]byte(name)) + " " + kind.String()
	return speech{
		protocols: []Protocol{DNS}, what: "a DNS query for " + question,
		octets: fmt.Sprintf("%s: a length of %d octets, then the header of a query with one question, %s (RFC 1035 §4.2.2, §4.1.1).", octets(heard, 2+dnsHeader), length, question),
	}, yes
}

// xmppOpening recognises the stream header of XMPP, which an XML declaration may
// precede (RFC 6120 §4.2).
func xmppOpening(heard []byte, _ bool) (speech, certainty) {
	const stream, declaration, longest = "<stream:stream", "<?xml", 512
	s := speech{
		protocols: []Protocol{XMPP}, what: "a stream header of XMPP",
		octets: "<stream:stream opens a stream of XMPP (RFC 6120 §4.2).",
	}
	c := max(begins(heard, stream), begins(heard, declaration))
	if c == yes && !bytes.Contains(heard[:min(longest, len(heard))], []byte(stream)) {
		if c = maybe; len(heard) >= longest {
			c = no
		}
	}
	return s, c
}
