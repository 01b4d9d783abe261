package mismatch

// port is what a service expects at its port.
type port struct {
	service string
	number  string
	speaks  Protocol
	tls     bool // TLS comes first, and the protocol inside
	// other is the service of the same protocol without TLS, or with it from the
	// start; nil where there is none.
	other *port

	purpose string // for a newcomer, a sentence
	expects string // for a student, a sentence
	rule    string // for an engineer, a sentence
	// upgrade is how TLS begins here, empty where it cannot.
	upgrade string
	// typed is how a person begins.
	typed string
}

var ports = makePorts()

func makePorts() map[string]*port {
	all := map[string]*port{}
	for _, p := range []port{
		{
			service: "smtp", number: "25", speaks: SMTP,
			purpose: "At port 25 mail servers give mail to each other.",
			expects: "This port is for SMTP between mail servers: the server greets with 220, and the client introduces itself with EHLO or HELO.",
			rule:    "After the 220 the client opens the SMTP session with EHLO or HELO (RFC 5321 §3.1, §3.2).",
			upgrade: "STARTTLS", typed: "EHLO and the name of your computer",
		},
		{
			service: "submission", number: "587", speaks: SMTP,
			purpose: "At port 587 a mail program hands in its owner's mail.",
			expects: "This port is for SMTP from mail programs: the server greets with 220, and the client introduces itself with EHLO.",
			rule:    "Submission is SMTP on a port of its own (RFC 6409 §3.1): after the 220 the client sends EHLO or HELO (RFC 5321 §3.2).",
			upgrade: "STARTTLS", typed: "EHLO and the name of your computer",
		},
		{
			service: "submissions", number: "465", speaks: SMTP, tls: true,
			purpose: "At port 465 a mail program hands in its owner's mail, encrypted from the start.",
			expects: "This port is for TLS from the first octet, with SMTP inside: the client begins with a ClientHello, and the server greets when TLS is up.",
			rule:    "On submissions the TLS handshake begins as soon as the TCP connection stands (RFC 8314 §3.3).",
		},
		{
			service: "pop3", number: "110", speaks: POP3,
			purpose: "At port 110 mail programs fetch mail with POP3.",
			expects: "This port is for POP3: the server greets with +OK, and the client logs in, for example with USER and PASS.",
			rule:    "After the +OK the POP3 session is in the AUTHORIZATION state, and the client identifies itself (RFC 1939 §4).",
			upgrade: "STLS", typed: "USER and a name",
		},
		{
			service: "pop3s", number: "995", speaks: POP3, tls: true,
			purpose: "At port 995 mail programs fetch mail with POP3, encrypted from the start.",
			expects: "This port is for TLS from the first octet, with POP3 inside: the client begins with a ClientHello, and the server greets when TLS is up.",
			rule:    "On pop3s the TLS handshake begins as soon as the TCP connection stands (RFC 8314 §3.1).",
		},
		{
			service: "imap", number: "143", speaks: IMAP,
			purpose: "At port 143 mail programs read mail on the server with IMAP.",
			expects: "This port is for IMAP: the server greets with an untagged line, mostly * OK, and each command of the client begins with a tag of its own choice, like a1.",
			rule:    "An IMAP command is a tag, a space, the command's name and its arguments (RFC 9051 §2.2.1).",
			upgrade: "STARTTLS", typed: "a tag and a command: a1 CAPABILITY",
		},
		{
			service: "imaps", number: "993", speaks: IMAP, tls: true,
			purpose: "At port 993 mail programs read mail on the server with IMAP, encrypted from the start.",
			expects: "This port is for TLS from the first octet, with IMAP inside: the client begins with a ClientHello, and the server greets when TLS is up.",
			rule:    "On imaps the TLS handshake begins as soon as the TCP connection stands (RFC 8314 §3.2).",
		},
		{
			service: "domain", number: "53", speaks: DNS,
			purpose: "At port 53 a name server answers questions about names.",
			expects: "This port is for DNS: over TCP, the client begins with two octets that say how long its query is, and the query follows.",
			rule:    "Over TCP each DNS message has a two-octet length in front (RFC 1035 §4.2.2, RFC 7766 §8), and the client speaks first.",
		},
		{
			service: "http", number: "80", speaks: HTTP,
			purpose: "At port 80 a web server hands out pages.",
			expects: "This port is for HTTP: the client begins with a request line of method, target and version, like GET / HTTP/1.1.",
			rule:    "An HTTP/1.1 request begins with its request line (RFC 9112 §3), and the client speaks first.",
			typed:   "GET / HTTP/1.0 and an empty line",
		},
	} {
		all[p.service] = &p
	}
	for plain, tls := range map[string]string{"submission": "submissions", "pop3": "pop3s", "imap": "imaps"} {
		all[plain].other, all[tls].other = all[tls], all[plain]
	}
	return all
}

// greets tells whether the server speaks first.
func (p *port) greets() bool { return !p.tls && p.speaks != DNS && p.speaks != HTTP }
