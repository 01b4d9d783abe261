package mismatch

import (
	"os"
	"path/filepath"
	"testing"
)

// opening is what a program sends first, and what is to be made of it.
type opening struct {
	name    string // of the program
	service string
	heard   string
	ended   bool
	want    Verdict
	spoken  []Protocol // where the verdict is Foreign
}

// recorded reads what a program was seen to send.
func recorded(tb testing.TB, file string) string {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}

const (
	// dig +tcp bob.test MX: RD and AD, and an OPT record with a cookie.
	digQuery = "\x00\x31\xb2\x5c\x01\x20\x00\x01\x00\x00\x00\x00\x00\x01\x03bob\x04test\x00\x00\x0f\x00\x01" +
		"\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x0c\x00\x0a\x00\x08\x31\x41\x59\x26\x53\x58\x97\x93"
	curlHTTP  = "GET /x HTTP/1.1\r\nHost: 127.0.0.1:38221\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n"
	curlHTTP2 = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x12\x04\x00\x00\x00\x00\x00"
	curlLDAP  = "\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00"
	sshBanner = "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u6\r\n"

	// nmap's probes.
	nmapDNS      = "\x00\x1e\x00\x06\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07version\x04bind\x00\x00\x10\x00\x03"
	nmapTerminal = "\x03\x00\x00\x0b\x06\xe0\x00\x00\x00\x00\x00"
	nmapSMB      = "\x00\x00\x00\xa4\xff\x53\x4d\x42\x72\x00\x00\x00\x00\x08\x01\x40"
	// The example of MS-RDPBCGR.
	mstsc = "\x03\x00\x00\x2c\x27\xe0\x00\x00\x00\x00\x00Cookie: mstshash=eltons\r\n\x01\x00\x08\x00\x00\x00\x00\x00"
	sslV2 = "\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10\x01\x00\x80\x02\x00\x80\x03\x00\x80\x04\x00\x80\x05\x00\x80"
)

func openingCases(tb testing.TB) []opening {
	tb.Helper()
	openssl, named, curlHTTPS := recorded(tb, "openssl.hello"), recorded(tb, "openssl-name.hello"), recorded(tb, "curl-https.hello")
	return []opening{
		{"openssl s_client", "imap", openssl, false, Foreign, []Protocol{TLS}},
		{"openssl s_client", "smtp", openssl, false, Foreign, []Protocol{TLS}},
		{"openssl s_client", "submission", openssl, false, Foreign, []Protocol{TLS}},
		{"openssl s_client -servername -alpn", "pop3", named, false, Foreign, []Protocol{TLS}},
		{"openssl s_client, cut", "pop3", named[:60], false, Unclear, nil},
		{"openssl s_client, cut and closed", "pop3", named[:60], true, Foreign, []Protocol{TLS}},
		{"curl https", "http", curlHTTPS, false, Foreign, []Protocol{TLS}},
		{"a resolver with DNS over TLS", "domain", openssl, false, Foreign, []Protocol{TLS}},
		{"openssl s_client", "imaps", openssl, false, Fits, nil},
		{"openssl s_client -alpn pop3", "pop3s", named, false, Fits, nil},
		{"openssl s_client -alpn pop3", "imaps", named, false, Foreign, []Protocol{POP3}},
		{"curl https", "submissions", curlHTTPS, false, Foreign, []Protocol{HTTP}},
		{"SSL 2.0", "imap", sslV2, false, Foreign, []Protocol{SSL2}},
		{"SSL 2.0", "imaps", sslV2, false, Foreign, []Protocol{SSL2}},

		{"curl http", "smtp", curlHTTP, false, Foreign, []Protocol{HTTP}},
		{"curl http", "imap", curlHTTP, false, Foreign, []Protocol{HTTP}},
		{"curl http", "domain", curlHTTP, false, Foreign, []Protocol{HTTP}},
		{"curl http", "imaps", curlHTTP, false, Foreign, []Protocol{HTTP}},
		{"curl http", "http", curlHTTP, false, Fits, nil},
		{"curl --http2-prior-knowledge", "pop3", curlHTTP2, false, Foreign, []Protocol{HTTP}},
		{"curl -x", "smtp", "CONNECT bob.test:443 HTTP/1.1\r\nHost: bob.test:443\r\n", false, Foreign, []Protocol{HTTP}},
		{"Thunderbird asks for its settings", "pop3", "GET /mail/config-v1.1.xml?emailaddress=alice%40acme.test HTTP/1.1\r\n", false, Foreign, []Protocol{HTTP}},
		{"a WebDAV client", "http", "M-SEARCH * HTTP/1.1\r\n", false, Fits, nil},
		{"a person", "smtp", "GET /\r\n", false, Foreign, []Protocol{HTTP}},
		{"nmap GetRequest", "pop3", "GET / HTTP/1.0\r\n\r\n", false, Foreign, []Protocol{HTTP}},
		{"nmap RTSPRequest", "smtp", "OPTIONS / RTSP/1.0\r\n\r\n", false, Foreign, []Protocol{RTSP}},
		{"nmap SIPOptions", "smtp", "OPTIONS sip:nm SIP/2.0\r\n", false, Foreign, []Protocol{SIP}},

		{"Thunderbird guesses", "smtp", "EHLO we-guess.mozilla.org\r\n", false, Fits, nil},
		{"Thunderbird guesses", "pop3", "CAPA\r\n", false, Fits, nil},
		{"Thunderbird guesses", "imap", "1 CAPABILITY\r\n", false, Fits, nil},
		{"Thunderbird guesses SMTP", "imap", "EHLO we-guess.mozilla.org\r\n", false, Foreign, []Protocol{SMTP}},
		{"Thunderbird guesses SMTP", "submissions", "EHLO we-guess.mozilla.org\r\n", false, Foreign, []Protocol{SMTP}},
		{"Thunderbird guesses POP3", "submission", "CAPA\r\n", false, Foreign, []Protocol{POP3}},
		{"Thunderbird guesses IMAP", "pop3", "1 CAPABILITY\r\n", false, Foreign, []Protocol{IMAP}},
		{"openssl s_client -starttls imap", "smtp", ". CAPABILITY\r\n", false, Foreign, []Protocol{IMAP}},
		{"openssl s_client -starttls imap", "imap", ". CAPABILITY\r\n", false, Fits, nil},
		{"openssl s_client -starttls pop3", "smtp", "STLS\r\n", false, Foreign, []Protocol{POP3}},
		{"openssl s_client -starttls smtp", "pop3", "EHLO mail.example.com\r\n", false, Foreign, []Protocol{SMTP}},
		{"Outlook", "smtp", "dtph CAPABILITY\r\n", false, Foreign, []Protocol{IMAP}},
		{"Python's imaplib", "http", "CJKL0 CAPABILITY\r\n", false, Foreign, []Protocol{IMAP}},
		{"mutt", "pop3", "a0000 CAPABILITY\r\n", false, Foreign, []Protocol{IMAP}},
		{"a person logs in to IMAP", "pop3", "a1 LOGIN alice secret\r\n", false, Foreign, []Protocol{IMAP}},
		{"a person logs in to IMAP", "imaps", "a LOGIN alice secret\r\n", false, Foreign, []Protocol{IMAP}},
		{"curl imap", "pop3s", "A001 CAPABILITY\r\n", false, Foreign, []Protocol{IMAP}},
		{"curl pop3", "pop3s", "CAPA\r\n", false, Foreign, []Protocol{POP3}},
		{"curl ftp", "smtp", "USER anonymous\r\n", false, Foreign, []Protocol{POP3, FTP}},
		{"curl ftp --ssl", "smtp", "AUTH SSL\r\n", false, Foreign, []Protocol{FTP}},
		{"lftp", "smtp", "FEAT\r\n", false, Foreign, []Protocol{FTP}},
		{"an LMTP client", "smtp", "LHLO mta.acme.test\r\n", false, Foreign, []Protocol{LMTP}},
		{"POP3 with APOP", "imap", "APOP mrose c4c9334bac560ecc979e58001b3e22fb\r\n", false, Foreign, []Protocol{POP3}},
		{"an SMTP client that forgot EHLO", "pop3", "MAIL FROM:<alice@acme.test>\r\n", false, Foreign, []Protocol{SMTP}},
		{"a news reader", "pop3", "MODE READER\r\n", false, Foreign, []Protocol{NNTP}},
		{"a chat program", "smtp", "CAP LS 302\r\nNICK alice\r\n", false, Foreign, []Protocol{IRC}},
		{"an old chat program", "smtp", "USER alice 0 * :Alice\r\n", false, Foreign, []Protocol{IRC}},

		{"ssh", "smtp", sshBanner, false, Foreign, []Protocol{SSH}},
		{"dig +tcp", "smtp", digQuery, false, Foreign, []Protocol{DNS}},
		{"dig +tcp", "http", digQuery, false, Foreign, []Protocol{DNS}},
		{"dig +tcp", "imaps", digQuery, false, Foreign, []Protocol{DNS}},
		{"dig +tcp", "domain", digQuery, false, Fits, nil},
		{"nmap DNSVersionBindReqTCP", "pop3", nmapDNS, false, Foreign, []Protocol{DNS}},
		{"nmap DNSStatusRequestTCP", "domain", "\x00\x0c\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00\x00\x00", false, Fits, nil},
		{"a dynamic update", "domain", "\x0a\x00\x12\x34\x28\x00\x00\x01", false, Fits, nil},
		{"a long query", "domain", "\x20\x41bc\x01\x00\x00\x01", false, Fits, nil},
		{"a response", "domain", "\x00\x20\x12\x34\x80\x00\x00\x01", false, Unknown, nil},
		{"nmap TerminalServer", "smtp", nmapTerminal, false, Foreign, []Protocol{RDP}},
		{"Remote Desktop", "imap", mstsc, false, Foreign, []Protocol{RDP}},
		{"nmap SMBProgNeg", "smtp", nmapSMB, false, Foreign, []Protocol{SMB}},
		{"nmap SMBProgNeg", "domain", nmapSMB, false, Foreign, []Protocol{SMB}},
		{"SMB 2", "imap", "\x00\x00\x00\x66\xfeSMB\x40\x00", false, Foreign, []Protocol{SMB}},
		{"curl ldap", "smtp", curlLDAP, false, Foreign, []Protocol{LDAP}},
		{"Active Directory", "imap", "\x30\x84\x00\x00\x00\x10\x02\x01\x01\x60\x84\x00\x00\x00\x07", false, Foreign, []Protocol{LDAP}},
		{"a chat program", "imap", "<?xml version='1.0'?><stream:stream to='acme.test' xmlns='jabber:client'>", false, Foreign, []Protocol{XMPP}},
		{"Flash", "imap", "<policy-file-request/>\x00", false, Unknown, nil},
		{"curl --haproxy-protocol", "smtp", "PROXY TCP4 127.0.0.1 127.0.0.1 43346 34235\r\n", false, Foreign, []Protocol{Proxy}},
		{"HAProxy send-proxy-v2", "imaps", "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c", false, Foreign, []Protocol{Proxy}},
		{"PuTTY with Telnet", "smtp", "\xff\xfb\x1f\xff\xfb\x20\xff\xfb\x18", false, Foreign, []Protocol{Telnet}},
		{"curl mqtt", "smtp", "\x10\x18\x00\x04MQTT\x04\x02\x00<\x00\x0ccurl4e1c7d39", false, Unknown, nil},
		{"curl -x socks5h", "smtp", "\x05\x02\x00\x01", false, Unknown, nil},

		{"a person", "smtp", "hello\r\n", false, Foreign, []Protocol{Text}},
		{"a person", "pop3", "hello there\r\n", false, Foreign, []Protocol{Text}},
		{"a person", "imap", "capability\r\n", false, Foreign, []Protocol{Text}},
		{"a person", "imap", "LOGIN alice secret\r\n", false, Foreign, []Protocol{Text}},
		{"a person", "imap", "grüß dich\r\n", false, Foreign, []Protocol{Text}},
		{"a person", "domain", "www.acme.test\r\n", false, Foreign, []Protocol{Text}},
		{"a person", "http", "hello?\n", false, Foreign, []Protocol{Text}},
		{"a person", "imaps", "QUIT\r\n", false, Foreign, []Protocol{Text}},
		{"a person who presses Enter first", "smtp", "\r\n\r\nHELO acme.test\r\n", false, Fits, nil},
		{"a person who gives up", "imaps", "a1", true, Foreign, []Protocol{Text}},
		{"a client of which the TLS server read five octets", "submissions", "EHLO ", true, Foreign, []Protocol{SMTP}},
		{"a person who goes on typing", "smtp", "hel", false, Unclear, nil},
		{"a person who gives up", "smtp", "hel", true, Unknown, nil},
		{"a person who gives up early", "domain", "hi", true, Unknown, nil},
		{"a sentence", "smtp", "I close this now\r\n", false, Foreign, []Protocol{Text}},

		{"nobody", "smtp", "", false, Unclear, nil},
		{"nobody", "smtp", "", true, Unknown, nil},
		{"anybody", "8080", curlHTTP, false, Unknown, nil},
	}
}
