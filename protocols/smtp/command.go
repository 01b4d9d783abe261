package smtp

import (
	"fmt"
	"strings"
)

// SyntaxError says what was not well formed, and why. Its text is fit to be
// sent to the peer: it quotes nothing that the peer said.
type SyntaxError struct {
	What string // the element, such as "domain"
	Why  string // such as "label is longer than 63 octets"
}

func (e *SyntaxError) Error() string { return e.What + ": " + e.Why }

func syntaxError(what, format string, args ...any) error {
	return &SyntaxError{What: what, Why: fmt.Sprintf(format, args...)}
}

// Command is one command line taken apart: "MAIL FROM:<a@example.com>" has the
// verb MAIL and the argument "FROM:<a@example.com>".
type Command struct {
	Verb string // in upper case
	Arg  string // as it was sent, without white space around it; "" for none
}

// String returns the line without its CRLF.
func (c Command) String() string {
	if c.Arg == "" {
		return c.Verb
	}
	return c.Verb + " " + c.Arg
}

// ParseCommand takes apart a command line, given without its CRLF. The verb may
// be in any case (RFC 5321 §2.4), white space at the end is tolerated (RFC 5321
// §4.1.1). Octets over 127 are left to whoever knows the argument. The error is
// a *SyntaxError.
func ParseCommand(line []byte) (Command, error) {
	for _, ch := range line {
		if ch == '\t' {
			continue
		}
		if isControl(ch) {
			return Command{}, syntaxError("command", "control character %#02x", ch)
		}
	}
	text := strings.TrimRight(string(line), " \t")
	verb, arg, _ := strings.Cut(text, " ")
	if verb == "" {
		return Command{}, syntaxError("command", "no verb")
	}
	// RFC 5321 §4.1.1: verbs are alphabetic and end in a space or the CRLF.
	for i := range len(verb) {
		if !isAlpha(verb[i]) {
			return Command{}, syntaxError("command", "a verb has letters only")
		}
	}
	return Command{Verb: strings.ToUpper(verb), Arg: strings.TrimLeft(arg, " ")}, nil
}

func isControl(ch byte) bool { return ch < ' ' || ch == 0x7f }
func isAlpha(ch byte) bool   { return 'a' <= ch|0x20 && ch|0x20 <= 'z' }
func isDigit(ch byte) bool   { return '0' <= ch && ch <= '9' }
func isLetDig(ch byte) bool  { return isAlpha(ch) || isDigit(ch) }

// upper is strings.ToUpper for ASCII alone: keywords are ASCII, and no other
// letter may turn into one.
func upper(s string) string {
	b := []byte(s)
	for i, ch := range b {
		if 'a' <= ch && ch <= 'z' {
			b[i] = ch - 0x20
		}
	}
	return string(b)
}
