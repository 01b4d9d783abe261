package message

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits of SMTP on an address, in octets.
const (
	MaxLocal  = 64  // RFC 5321 §4.5.3.1.1
	MaxDomain = 255 // RFC 5321 §4.5.3.1.2
	maxLabel  = 63  // RFC 1035 §2.3.4
)

// Address is one mailbox (RFC 5322 §3.4).
type Address struct {
	// Name is the display name, decoded; it may be empty.
	Name string
	// Local is the local part without quotes. Only the server of the domain knows
	// what it means (RFC 5321 §2.3.11).
	Local string
	// Domain is what is looked up to find that server: a domain name, or an address
	// literal with its brackets. It is as written.
	Domain string
}

// IsZero tells whether there is no address at all.
func (a Address) IsZero() bool { return a == Address{} }

// NonASCII tells whether the address itself, not the name, has characters that
// need SMTPUTF8 on the way (RFC 6531 §3.1).
func (a Address) NonASCII() bool { return !isASCII(a.Local) || !isASCII(a.Domain) }

// Mailbox is local-part@domain, quoted where that is needed: what stands between
// the angle brackets of MAIL FROM and RCPT TO (RFC 5321 §4.1.2).
func (a Address) Mailbox() string {
	if a.Local == "" && a.Domain == "" {
		return ""
	}
	return quoteUnlessDotAtom(a.Local) + "@" + a.Domain
}

// String is the address as a person writes it: the name is in UTF-8, and in
// quotes where it has to be. [ParseAddress] gives the same Address back.
func (a Address) String() string {
	if a.Name == "" {
		return a.Mailbox()
	}
	name := a.Name
	switch {
	case hasControl(name) || !utf8.ValidString(name):
		name = encodeWords(name)
	case !isPlainPhrase(name):
		name = quote(name)
	}
	return name + " <" + a.Mailbox() + ">"
}

// headerText is the address as [Compose] writes it: a name that is not ASCII
// becomes encoded-words (RFC 2047 §5), since every server takes those.
func (a Address) headerText() string {
	if a.Name == "" {
		return a.Mailbox()
	}
	name := a.Name
	switch {
	case needsWords(name):
		name = encodeWords(name)
	case !isPlainPhrase(name):
		name = quote(name)
	}
	return name + " <" + a.Mailbox() + ">"
}

// check tells what makes the address unfit for a mail.
func (a Address) check() error {
	local, domain, err := SplitAddress(a.Mailbox())
	if err != nil {
		return err
	}
	if local != a.Local || domain != a.Domain {
		return &AddressError{Input: a.Mailbox(), Offset: -1, Reason: "it does not read back as it was given"}
	}
	if !utf8.ValidString(a.Name) {
		return &AddressError{Input: a.Mailbox(), Offset: -1, Reason: "the display name is not valid UTF-8"}
	}
	return nil
}

// AddressError says what is wrong with an address, and where.
type AddressError struct {
	Input string
	// Offset is the byte in Input at which the trouble is; -1 if no place can be
	// named.
	Offset int
	// Reason is in plain words.
	Reason string
}

// Error gives the input, the reason and the place, counted in characters from 1.
func (e *AddressError) Error() string {
	input := clip(e.Input)
	if input == "" || hasControl(input) || !utf8.ValidString(input) {
		input = fmt.Sprintf("%q", input)
	}
	if e.Offset < 0 || e.Input == "" {
		return input + ": " + e.Reason
	}
	return fmt.Sprintf("%s: %s (at character %d)", input, e.Reason, utf8.RuneCountInString(e.Input[:e.Offset])+1)
}

// quote makes a quoted-string (RFC 5322 §3.2.4).
func quote(s string) string {
	var b strings.Builder
	b.Grow(len(s) + 2)
	b.WriteByte('"')
	for i := 0; i < len(s); i++ {
		if s[i] == '"' || s[i] == '\\' {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	b.WriteByte('"')
	return b.String()
}

func quoteUnlessDotAtom(s string) string {
	if isDotAtom(s) {
		return s
	}
	return quote(s)
}

// isAtext tells whether c may stand in an atom (RFC 5322 §3.2.3). Octets above
// 127 may, since RFC 6532 §3.2.
func isAtext(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c >= 0x80:
		return true
	}
	return c != 0 && strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) >= 0
}

func isAtom(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isAtext(s[i]) {
			return false
		}
	}
	return s != ""
}

// isDotAtom tells whether s is atoms with single dots between (RFC 5322 §3.2.3).
func isDotAtom(s string) bool {
	for part := range strings.SplitSeq(s, ".") {
		if !isAtom(part) {
			return false
		}
	}
	return true
}

// isPlainPhrase tells whether a name can stand without quotes and is read back
// as it is: words with single spaces between, none of which could be taken for
// an encoded-word.
func isPlainPhrase(s string) bool {
	if strings.Contains(s, "=?") {
		return false
	}
	for word := range strings.SplitSeq(s, " ") {
		if !isAtom(word) {
			return false
		}
	}
	return true
}

// hasControl tells whether s has a control character: C0, DEL or C1.
func hasControl(s string) bool {
	for _, r := range s {
		if r < ' ' || 0x7f <= r && r <= 0x9f {
			return true
		}
	}
	return false
}
