package mismatch

// Protocol is what a client may speak.
type Protocol string

// The protocols that are told apart.
const (
	TLS    Protocol = "TLS"
	SSL2   Protocol = "SSL 2.0"
	HTTP   Protocol = "HTTP"
	SMTP   Protocol = "SMTP"
	LMTP   Protocol = "LMTP"
	POP3   Protocol = "POP3"
	IMAP   Protocol = "IMAP"
	DNS    Protocol = "DNS"
	FTP    Protocol = "FTP"
	SSH    Protocol = "SSH"
	Telnet Protocol = "Telnet"
	XMPP   Protocol = "XMPP"
	LDAP   Protocol = "LDAP"
	RDP    Protocol = "RDP"
	SMB    Protocol = "SMB"
	NNTP   Protocol = "NNTP"
	IRC    Protocol = "IRC"
	RTSP   Protocol = "RTSP"
	SIP    Protocol = "SIP"
	// Proxy is the PROXY protocol of load balancers: a header in front of what
	// the client says.
	Proxy Protocol = "PROXY"
	// Text is a line of readable text that is no command: somebody types.
	Text Protocol = "text"
)

// voice describes a protocol to people.
type voice struct {
	who string // what speaks it, for a newcomer
	// home says where it belongs, as a sentence.
	home string
}

var voices = map[Protocol]voice{
	TLS:    {"a program that encrypts from the first octet on", ""},
	SSL2:   {"a very old program that wants to encrypt", ""},
	HTTP:   {"a web browser, or another program that calls web servers", "Web servers listen at port 80, with TLS at 443."},
	SMTP:   {"a program that hands over mail", "To hand in mail, a mail program uses port 587, or 465 with TLS from the start; mail servers use 25 among themselves."},
	LMTP:   {"a mail server that hands mail to a mailbox store", "LMTP has no port of everybody's: it is spoken where both sides have agreed on it."},
	POP3:   {"a program that fetches mail", "POP3 is spoken at port 110, with TLS from the start at 995."},
	IMAP:   {"a program that reads mail on the server", "IMAP is spoken at port 143, with TLS from the start at 993."},
	DNS:    {"a program that looks up names", "Name servers listen at port 53."},
	FTP:    {"a program that transfers files", "FTP servers listen at port 21."},
	SSH:    {"a program for working on another computer", "SSH servers listen at port 22."},
	Telnet: {"a terminal program that wants to agree on what its terminal can do", "Telnet servers listen at port 23. To type to another port, use nc, or in the terminal program a raw connection."},
	XMPP:   {"a chat program", "XMPP servers listen at port 5222 for chat programs, and at 5269 for each other."},
	LDAP:   {"a program that looks in an address book", "LDAP servers listen at port 389, with TLS from the start at 636."},
	RDP:    {"a program that shows another computer's screen", "Remote Desktop listens at port 3389."},
	SMB:    {"a program that opens shared folders", "File servers with SMB listen at port 445."},
	NNTP:   {"a news reader", "News servers listen at port 119."},
	IRC:    {"a chat program", "IRC servers mostly listen at port 6667, with TLS at 6697."},
	RTSP:   {"a video player", "RTSP servers listen at port 554."},
	SIP:    {"an Internet telephone", "SIP servers listen at port 5060."},
	Proxy:  {"a load balancer that first says for whom it calls", "Turn off the PROXY protocol for this server in the load balancer's settings."},
	Text:   {"somebody who types", ""},
}
