package mismatch

import (
	"fmt"
	"slices"
	"strings"

	"mailwalk/protocols/imap"
	"mailwalk/protocols/pop3"
	"mailwalk/protocols/smtp"
)

// commandOf is where a protocol of mail defines a command, as the table of its
// own package has it; empty when that has no such command.
func commandOf(p Protocol, verb string) string { return tables[p][verb] }

// verbsOf are the commands of a protocol of mail, in the order of its table.
func verbsOf(p Protocol) []string { return orders[p] }

var tables, orders = readTables()

func readTables() (map[Protocol]map[string]string, map[Protocol][]string) {
	tables, orders := map[Protocol]map[string]string{SMTP: {}, POP3: {}, IMAP: {}}, map[Protocol][]string{}
	add := func(p Protocol, verb, section string) {
		tables[p][verb] = section
		orders[p] = append(orders[p], verb)
	}
	for _, c := range smtp.Commands() {
		add(SMTP, c.Verb, c.Section)
	}
	for _, c := range pop3.Commands() {
		add(POP3, c.Verb, c.Section)
	}
	for _, c := range imap.Commands() {
		add(IMAP, c.Verb, c.Section)
	}
	return tables, orders
}

// extensions are commands that a client may rightly try, known to the server or
// not.
var extensions = map[Protocol][]string{
	SMTP: {"ATRN", "BDAT", "BURL", "ETRN", "STARTTLS"},
	POP3: {"APOP", "AUTH", "LANG", "STLS", "UTF8"},
}

// shared are first words that prove nothing: several protocols have them, or they
// are common words.
var shared = []string{
	"AUTH", "AUTHENTICATE", "BODY", "CAPABILITY", "DELE", "DELETE", "GROUP", "HEAD", "HELP", "HOST", "LAST", "LIST", "LOGIN", "LOGOUT", "MAIL",
	"MODE", "NEXT", "NOOP", "PASS", "PING", "PORT", "POST", "QUIT", "RETR", "RSET", "SEND", "STARTTLS", "STAT", "TOP", "TURN", "TYPE", "USER",
}

// elsewhere are commands of IMAP that other protocols have too, without a tag.
var elsewhere = []string{"DELETE", "LIST", "NOOP", "STARTTLS"}

// signs are commands by which a protocol shows itself, with how many words have
// to follow and, where the command is not in a table of ours, where it is defined.
var signs = map[string]struct {
	protocols []Protocol
	min, max  int
	ref       string
}{
	"EHLO": {[]Protocol{SMTP}, 0, 9, ""},
	"HELO": {[]Protocol{SMTP}, 0, 9, ""},
	"RCPT": {[]Protocol{SMTP}, 1, 9, ""},
	"DATA": {[]Protocol{SMTP}, 0, 0, ""},
	"VRFY": {[]Protocol{SMTP}, 1, 9, ""},
	"EXPN": {[]Protocol{SMTP}, 1, 9, ""},
	"LHLO": {[]Protocol{LMTP}, 0, 9, "RFC 2033 §4.1"},
	"CAPA": {[]Protocol{POP3}, 0, 0, ""},
	"UIDL": {[]Protocol{POP3}, 0, 1, ""},
	"APOP": {[]Protocol{POP3}, 2, 2, "RFC 1939 §7"},
	"STLS": {[]Protocol{POP3}, 0, 0, "RFC 2595 §4"},
	"USER": {[]Protocol{POP3, FTP}, 1, 1, ""},
	"FEAT": {[]Protocol{FTP}, 0, 0, "RFC 2389 §3"},
	"SYST": {[]Protocol{FTP}, 0, 0, "RFC 959 §4.1.3"},
	"PASV": {[]Protocol{FTP}, 0, 0, "RFC 959 §4.1.2"},
	"EPSV": {[]Protocol{FTP}, 0, 1, "RFC 2428 §3"},
}

// command recognises a line that one protocol has, or a few.
func (l line) command() (speech, bool) {
	if isFTPAuth(l) {
		return speech{
			protocols: []Protocol{FTP}, what: "the FTP command AUTH " + l.second(),
			octets: "AUTH " + l.second() + " asks an FTP server for TLS (RFC 4217); SASL has no mechanism of that name.",
		}, true
	}
	if verb := l.verb + " " + l.second(); l.verb == "MAIL" && strings.HasPrefix(l.second(), "FROM:") {
		return named([]Protocol{SMTP}, "MAIL", commandOf(SMTP, "MAIL")), true
	} else if verb == "MODE READER" || l.verb == "AUTHINFO" && l.second() == "USER" {
		return named([]Protocol{NNTP}, verb, ""), true
	} else if l.words[0] == "NICK" && l.args() == 1 || l.words[0] == "CAP" && l.second() == "LS" || l.words[0] == "USER" && l.args() >= 4 {
		return named([]Protocol{IRC}, l.verb, ""), true
	}
	if l.isTagged() && l.isSurelyTagged() {
		return l.tagged(), true
	}
	sign, ok := signs[l.verb]
	if !ok || l.args() < sign.min || l.args() > sign.max || !l.named {
		return speech{}, false
	}
	ref := sign.ref
	if ref == "" {
		ref = commandOf(sign.protocols[0], l.verb)
	}
	s := named(sign.protocols, l.verb, ref)
	if l.verb == "USER" {
		s.octets = "USER names who logs in, with POP3 (RFC 1939 §7) and with FTP (RFC 959 §4.1.1)."
	}
	return s, true
}

// named is a command whose name is enough.
func named(protocols []Protocol, verb, ref string) speech {
	command := fmt.Sprintf("%s, a command of %s", verb, list(protocols))
	if ref == "" {
		return speech{protocols: protocols, what: command, octets: command + "."}
	}
	return speech{protocols: protocols, what: command, octets: fmt.Sprintf("%s is defined in %s.", verb, ref)}
}

// list names protocols: "POP3 and FTP".
func list(protocols []Protocol) string {
	names := make([]string, len(protocols))
	for i, p := range protocols {
		names[i] = string(p)
	}
	return strings.Join(names, " and ")
}

// isFTPAuth tells FTP's request for TLS from a login.
func isFTPAuth(l line) bool {
	return l.verb == "AUTH" && slices.Contains([]string{"TLS", "SSL", "TLS-C", "TLS-P"}, l.second())
}

// isTagged tells whether a line has the form of an IMAP command that the server
// knows.
func (l line) isTagged() bool {
	return len(l.words) > 1 && isTag(l.words[0]) && commandOf(IMAP, l.second()) != "" && (l.whole || l.args() > 1)
}

func (l line) tagged() speech {
	verb := l.second()
	return speech{
		protocols: []Protocol{IMAP}, what: "the IMAP command " + verb + " behind a tag",
		octets: fmt.Sprintf("A tag, a space, and %s (%s): a command of IMAP (RFC 9051 §2.2.1).", verb, commandOf(IMAP, verb)),
	}
}

// isTag tells whether a word may be a tag (RFC 9051 §9, tag).
func isTag(word string) bool {
	return word != "" && !strings.ContainsFunc(word, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`(){%*"\+`, r) })
}

// isUsualTag tells a tag as programs and people make them from a word of a
// language: it has a digit, or is very short.
func isUsualTag(word string) bool {
	return isTag(word) && (len(word) <= 2 || hasDigit(word))
}

func hasDigit(word string) bool { return strings.ContainsAny(word, "0123456789") }

// isSurelyTagged tells a command behind a tag from a sentence: "I close" and "then
// login" are none.
func (l line) isSurelyTagged() bool {
	switch tag := l.words[0]; l.second() {
	case "AUTHENTICATE", "CAPABILITY", "STARTTLS":
		_, sign := signs[l.verb]
		return !sign && !slices.Contains(shared, l.verb)
	case "ID", "LOGIN", "LOGOUT", "NOOP":
		return isUsualTag(tag)
	default:
		return hasDigit(tag)
	}
}

func isAtom(word string) bool {
	return word != "" && !strings.ContainsFunc(word, func(r rune) bool { return r < 'A' || r > 'Z' })
}
