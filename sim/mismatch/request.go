package mismatch

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// methods are those by which a request without a version is known.
var methods = []string{"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"}

// request recognises lines with which a client of another kind begins: a request
// line with the protocol's name and version at its end, or the version line of
// SSH.
func (l line) request() (speech, bool) {
	if bytes.HasPrefix(l.text, []byte("SSH-")) {
		return speech{
			protocols: []Protocol{SSH}, what: fmt.Sprintf("the version line of SSH, %q", quote(l.text)),
			octets: fmt.Sprintf("%s: SSH-, with which both ends of SSH begin (RFC 4253 §4.2).", octets(l.text, 4)),
		}, true
	}
	if l.args() == 1 && slices.Contains(methods, l.words[0]) && strings.HasPrefix(l.words[1], "/") {
		return speech{
			protocols: []Protocol{HTTP}, what: "the HTTP request " + l.target(),
			octets: "A method and a path, without a version: the request of HTTP/0.9, or the beginning of a later one.",
		}, true
	}
	if l.args() < 2 {
		return speech{}, false
	}
	version := l.words[l.args()]
	switch name, _, _ := strings.Cut(version, "/"); {
	case l.words[0] == "PRI" && version == "HTTP/2.0":
		return speech{
			protocols: []Protocol{HTTP}, what: "the connection preface of HTTP/2",
			octets: "PRI * HTTP/2.0 begins the connection preface of HTTP/2 (RFC 9113 §3.4).",
		}, true
	case name == "HTTP" && isAtom(strings.ReplaceAll(l.verb, "-", "")):
		return speech{
			protocols: []Protocol{HTTP}, what: "the HTTP request " + l.target(),
			octets: fmt.Sprintf("A method, a target and %s: a request line (RFC 9112 §3).", quote([]byte(version))),
		}, true
	case name == "RTSP":
		return speech{protocols: []Protocol{RTSP}, what: "a request of RTSP", octets: "The line ends with the version of RTSP (RFC 2326)."}, true
	case name == "SIP":
		return speech{protocols: []Protocol{SIP}, what: "a request of SIP", octets: "The line ends with the version of SIP (RFC 3261)."}, true
	}
	return speech{}, false
}

// target is the method and the target of a request, without what may be secret: a
// query, and whatever stands in front of an @.
func (l line) target() string {
	target, _, _ := strings.Cut(l.words[1], "?")
	if i := strings.LastIndexByte(target, '@'); i >= 0 {
		target = "…" + target[i:]
	}
	return quote([]byte(l.words[0])) + " " + quote([]byte(target))
}
