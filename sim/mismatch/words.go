package mismatch

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"mailwalk/sim/trace"
)

// note says what a client did instead of what the port expects, and the way out.
func (s speech) note(p *port) trace.NoteBody {
	newcomer, student := s.remedies(p)
	return trace.NoteBody{
		Newcomer: sentences("This sounds like "+s.who()+".", p.purpose, newcomer),
		Student:  sentences(s.heard(), p.expects, student),
		Engineer: sentences(s.octets, p.rule, s.effect(p)),
	}
}

// heard says what the client sent.
func (s speech) heard() string {
	if s.later {
		return "The client sent " + s.what + "."
	}
	return "The client began with " + s.what + "."
}

// who is what seems to call, for a newcomer.
func (s speech) who() string {
	if slices.Equal(s.protocols, []Protocol{POP3, FTP}) {
		return "a program that logs in to fetch mail, or files"
	}
	return voices[s.protocols[0]].who
}

// remedies say what to do, for a newcomer and for a student.
func (s speech) remedies(p *port) (newcomer, student string) {
	heard := s.protocols[0]
	switch {
	case s.hello != nil && p.tls:
		return s.home(), s.home()
	case heard == TLS || heard == SSL2:
		return p.encrypted()
	case p.tls && heard == p.speaks:
		return p.inTheClear()
	case heard == Text && p.tls:
		return "To type here, use a program that does TLS for you, such as openssl s_client.", "To type here: openssl s_client -quiet -crlf -connect, with the host and the port."
	case heard == Text:
		if s.tagless {
			return s.remedy, s.remedy
		}
		begin := "Names are asked for with a program, such as dig; with +tcp it uses TCP."
		if p.typed != "" {
			begin = "To begin, type " + p.typed + "."
		}
		return sentences(s.remedy, begin), sentences(s.remedy, begin)
	}
	return s.home(), s.home()
}

// home says where the protocols belong.
func (s speech) home() string {
	all := make([]string, len(s.protocols))
	for i, p := range s.protocols {
		all[i] = voices[p].home
	}
	return sentences(all...)
}

// encrypted says what to do when TLS comes to a port without.
func (p *port) encrypted() (newcomer, student string) {
	switch {
	case p.tls:
		return "The program is too old: it needs a version with today's TLS.", "SSL 2.0 is not safe and must not be used: the client needs a newer version of its TLS library."
	case p.speaks == DNS:
		return "Name servers that are asked over TLS listen at port 853.", "DNS over TLS has its own port, 853."
	case p.speaks == HTTP:
		return "Ask for the page with http:// instead of https://, or at port 443, where TLS begins at once.", "HTTP inside TLS is https, at port 443. Here the request comes without TLS: http://."
	case p.other == nil:
		return "A program that sends its owner's mail and encrypts from the start uses port 465.",
			"Mail servers have no port for SMTP with TLS from the start: here TLS begins with the command STARTTLS, if the server offers it. Mail programs have port 465."
	}
	return fmt.Sprintf("In the program's settings, choose STARTTLS for the security of the connection, or port %s with TLS (SSL).", p.other.number),
		fmt.Sprintf("TLS from the first octet belongs to port %s. Here the connection begins in the clear, and TLS with the command %s, if the server offers it.", p.other.number, p.upgrade)
}

// inTheClear says what to do when the right protocol comes to its port without
// TLS.
func (p *port) inTheClear() (newcomer, student string) {
	return fmt.Sprintf("The program speaks without encryption. In its settings, choose TLS (SSL) for the security of the connection, or port %s with STARTTLS.", p.other.number),
		fmt.Sprintf("The protocol is right, but TLS is missing. Port %s begins in the clear, and goes on in TLS after %s, if the server offers it.", p.other.number, p.other.upgrade)
}

// effect says what the server makes of it, for an engineer.
func (s speech) effect(p *port) string {
	switch heard := s.protocols[0]; {
	case s.hello != nil && p.tls:
		return "A server that knows ALPN and none of these names ends the handshake with the alert no_application_protocol (RFC 7301 §3.2); one without ALPN goes on."
	case p.tls && heard != SSL2:
		return "The first octet is not the type of a TLS record that can come here, so the handshake fails."
	case heard == TLS && p.greets():
		return "To the server these octets are part of a command line, and to the client the greeting is no TLS record: neither makes sense of the other."
	case slices.Contains(s.protocols, FTP) && p.speaks == SMTP:
		return "An FTP server greets with 220 too (RFC 959 §5.4), so an FTP client takes the greeting of SMTP for the one that it waits for."
	case heard == TLS && p.speaks == DNS:
		return "DNS over TLS is on port 853 (RFC 7858 §3.1)."
	}
	return ""
}

// Silence is the finding that a client has said nothing, this long after the
// connection was opened; quiet is zero when it has left without a word. The second
// result is false for a service that the package does not know.
func Silence(service string, quiet time.Duration) (Finding, bool) {
	p := ports[service]
	if p == nil {
		return Finding{}, false
	}
	nothing := "The client has left without a word."
	if quiet > 0 {
		nothing = fmt.Sprintf("The client has said nothing for %s.", quiet)
	}
	var newcomer, student, engineer string
	switch {
	case quiet == 0 && p.greets() && !p.tls:
		newcomer = "The server has said hello. A program that came for another service hangs up when it hears that; one that only looks whether somebody is there does the same."
		student = "The greeting names the protocol. A program that waits for that of another one leaves, or waits until it gives up; one that looks for open ports leaves at once."
		engineer = "The end of the stream came before its first octet."
	case quiet == 0:
		newcomer = "Here the caller speaks first, and this one did not."
		student = "The server of this port sends nothing before it is asked. A client that waits for a greeting, as mail programs do, gives up in the end."
		engineer = "The end of the stream came before its first octet."
	case p.tls:
		newcomer = "Here the caller speaks first. A mail program that does not encrypt waits for the server to begin, and so both wait."
		student = "Without TLS a mail program waits for the server's greeting; the server waits for the ClientHello. Both wait until one gives up."
		engineer = "The greeting comes inside TLS, after the handshake that the client has to begin."
	case p.greets():
		newcomer = "The server has said hello, and it is the caller's turn. A program that came to the wrong port waits for another hello than this one."
		student = "The server has greeted; the next line is the client's. Programs that speak first, as a browser does, would have begun by now: this may be a person, a program that waits for something else, or one that only looks whether the port is open."
		engineer = "No octet came from the client."
	default:
		newcomer = "Here the caller speaks first. A mail program waits for the server to begin, and so both wait."
		student = "The server of this port sends nothing before it is asked. A client that waits for a greeting, as mail programs do, waits until it gives up."
		engineer = "No octet came from the client."
	}
	return Finding{Service: service, Note: trace.NoteBody{
		Newcomer: sentences(nothing, p.purpose, newcomer),
		Student:  sentences(nothing, p.expects, student),
		Engineer: sentences(nothing, p.rule, engineer),
	}}, true
}

// sentences joins those that are not empty.
func sentences(all ...string) string {
	return strings.Join(slices.DeleteFunc(all, func(s string) bool { return s == "" }), " ")
}
