package message

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Received is one stamp of a server on a mail (RFC 5321 §4.4): who gave it, who
// took it, how, for whom and when.
type Received struct {
	// FromHELO is what the client called itself in HELO or EHLO: a domain or an
	// address literal. It is empty if the mail did not come by SMTP.
	FromHELO string
	// FromName is what DNS says that FromIP is called; empty if it says nothing.
	FromName string
	// FromIP is the address that the client came from.
	FromIP netip.Addr
	// By is the name of the server that took the mail and writes the stamp.
	By string
	// Program is the comment after By: the name of the server's program.
	Program string
	// Via is the link, if it was not plain TCP.
	Via string
	// With is the protocol; see [Transmission].
	With string
	// ID is what the server calls the mail in its log: an atom, or a Message-ID.
	ID string
	// For is the recipient, without angle brackets; empty if there is more than
	// one, so that they do not learn of each other (RFC 5321 §7.2).
	For string
	// TLS is the cipher suite, under the name that IANA registers (RFC 8314 §4.3).
	TLS string
	// Date is when the mail was taken.
	Date time.Time
	// Comments are comments at other places, in order. They are read and not
	// written.
	Comments []string
	// Rest are words that belong to no clause, in order. They are read and not
	// written.
	Rest []string
}

// Transmission is the word for With: SMTP and ESMTP (RFC 5321 §4.4), with S
// for TLS and A for a client that logged in (RFC 3848 §1), and UTF8SMTP and so on
// for a mail that used SMTPUTF8 (RFC 6531 §4.3). TLS, logging in and SMTPUTF8 are
// extensions: with one of them it is ESMTP.
func Transmission(extended, tls, auth, utf8 bool) string {
	word := "SMTP"
	switch {
	case utf8:
		word = "UTF8SMTP"
	case extended || tls || auth:
		word = "ESMTP"
	}
	if tls {
		word += "S"
	}
	if auth {
		word += "A"
	}
	return word
}

// Field writes the stamp as a header field, folded, with its CRLF. It refuses
// what would break the grammar, since the client chose some of it.
func (r Received) Field() ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("Received: %w", err)
	}
	f := stamp{}
	f.text.WriteString("Received:")
	f.column = f.text.Len()
	if r.FromHELO != "" {
		f.put("from " + r.FromHELO)
		if r.FromIP.IsValid() {
			info := AddressLiteral(r.FromIP)
			if r.FromName != "" {
				info = r.FromName + " " + info
			}
			f.put("(" + info + ")")
		}
		f.newLine()
	}
	f.put("by " + r.By)
	f.putIf("(", r.Program, ")")
	f.putIf("via ", r.Via, "")
	f.putIf("with ", r.With, "")
	f.putIf("id ", r.ID, "")
	if r.For != "" {
		path, err := pathText(r.For)
		if err != nil {
			return nil, fmt.Errorf("Received: for: %w", err)
		}
		f.newLine()
		f.put("for <" + path + ">")
	}
	f.putIf("tls ", r.TLS, "")
	f.text.WriteByte(';')
	f.column++
	if r.For == "" {
		f.newLine()
	}
	f.put(FormatDate(r.Date))
	f.text.WriteString("\r\n")
	return []byte(f.text.String()), nil
}

// stamp lays words out on lines.
type stamp struct {
	text   strings.Builder
	column int
	fresh  bool // a line was just begun
}

func (f *stamp) newLine() {
	f.text.WriteString("\r\n\t")
	f.column, f.fresh = 1, true
}

func (f *stamp) put(s string) {
	if !f.fresh && f.column+1+len(s) > foldAt && f.column > len("Received:") {
		f.newLine()
	}
	if !f.fresh {
		f.text.WriteByte(' ')
		f.column++
	}
	f.text.WriteString(s)
	f.column += len(s)
	f.fresh = false
}

func (f *stamp) putIf(before, s, after string) {
	if s != "" {
		f.put(before + s + after)
	}
}

// check holds each value against the grammar of RFC 5321 §4.4.
func (r Received) check() error {
	switch {
	case r.Date.IsZero() || r.Date.Year() < 1900 || r.Date.Year() > 9999:
		return errors.New("it has no date, or one that cannot be written (RFC 5322 §3.3)")
	case r.By == "":
		return errors.New("it does not say which server took the mail (by)")
	case r.FromHELO == "" && (r.FromName != "" || r.FromIP.IsValid()):
		return errors.New("it has a client's address and not what the client called itself (from)")
	case r.FromName != "" && !r.FromIP.IsValid():
		return errors.New("it has a client's name and not its address (from)")
	}
	for _, v := range []struct {
		clause, value string
		ok            func(string) bool
	}{
		{"from", r.FromHELO, isHostOrLiteral},
		{"from", r.FromName, isHostOrLiteral},
		{"by", r.By, isHostOrLiteral},
		{"by", r.Program, isPlainComment},
		{"via", r.Via, isShortAtom},
		{"with", r.With, isShortAtom},
		{"id", r.ID, func(s string) bool { return isShortAtom(s) || checkID(s) == nil }},
		{"tls", r.TLS, isShortAtom},
	} {
		if v.value != "" && !v.ok(v.value) {
			return fmt.Errorf("%s: %q may not stand there (RFC 5321 §4.4)", v.clause, clip(v.value))
		}
	}
	return nil
}

// isHostOrLiteral takes a name with an underscore too: names of hosts in
// networks of offices have them, and the stamp must still be written.
func isHostOrLiteral(s string) bool {
	if len(s) > MaxDomain {
		return false
	}
	if len(s) > 2 && s[0] == '[' && s[len(s)-1] == ']' {
		return literalFault(s) == ""
	}
	return isDotAtom(s) && !hasControl(s)
}

func isShortAtom(s string) bool { return isAtom(s) && isASCII(s) && len(s) <= 128 }

func isPlainComment(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c > '~' || c == '(' || c == ')' || c == '\\' {
			return false
		}
	}
	return len(s) <= 128 && strings.TrimSpace(s) == s
}

// AddressLiteral writes an IP address as mail does (RFC 5321 §4.1.3): [192.0.2.1]
// or [IPv6:2001:db8::1].
func AddressLiteral(ip netip.Addr) string {
	ip = ip.Unmap().WithZone("")
	if ip.Is6() {
		return "[IPv6:" + ip.String() + "]"
	}
	return "[" + ip.String() + "]"
}

// CountReceived counts the stamps on a mail. A server takes a mail with very many
// for one that goes in circles; it sets the number, normally at least 100
// (RFC 5321 §6.3).
func CountReceived(msg []byte) int {
	n := 0
	for f := range fields(msg) {
		if f.Is("Received") {
			n++
		}
	}
	return n
}
