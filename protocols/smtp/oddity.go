package smtp

import (
	"bytes"

	"mailwalk/protocols/dialog"
)

// Oddity is something that no client does in earnest, and of which attacks are made.
// It is told of beside the reply, which does not accuse anybody: a broken client
// does some of this too.
type Oddity struct {
	Kind OddityKind
	// Octets are those by which it was noticed, at most 64 of them.
	Octets []byte
}

// OddityKind is a sort of oddity.
type OddityKind uint8

// The kinds of oddities.
const (
	// FalseEnd is a dot in a content between line ends of which one is not CRLF, or
	// between which NULs stand: who takes it for the end of the mail takes what
	// follows for commands. The mail is refused when its true end has come.
	FalseEnd OddityKind = iota
	// BareLineEnd is a CR or an LF alone, elsewhere in a content or in a command (RFC
	// 5321 §2.3.8).
	BareLineEnd
	// ControlOctet is a NUL in a content that is no BINARYMIME, or any control
	// character in a command.
	ControlOctet
	// EightBit is an octet over 127 in a command, to a server that does not offer
	// SMTPUTF8.
	EightBit
	// LongLine is a command that is longer than any may be (RFC 5321 §4.5.3.1.4).
	LongLine
	// EarlyInput is what came behind STARTTLS and is no TLS.
	EarlyInput
	// ManyRecipients is the first recipient of a mail that is one too many.
	ManyRecipients
	// ManyErrors is the mistake that ends the session.
	ManyErrors
	// Slow is a client that does not finish what it has begun to say in time.
	Slow
)

// maxEvidence is how many octets an Oddity has at most.
const maxEvidence = 64

// odd tells of an oddity.
func (s *session) odd(kind OddityKind, octets []byte) {
	s.hooks.odd(Oddity{kind, bytes.Clone(octets[:min(len(octets), maxEvidence)])})
}

// oddLine tells of a command line that nobody says in earnest.
func (s *session) oddLine(line []byte) {
	for i, ch := range line {
		switch {
		case isControl(ch) && ch != '\t':
			s.odd(ControlOctet, line[i:])
			return
		case ch >= 0x80 && !s.srv.SMTPUTF8:
			s.odd(EightBit, line[i:])
			return
		}
	}
}

// oddContent tells of a content that was read to its end.
func (s *session) oddContent(dots *dialog.DotReader, bare bool) {
	switch end := dots.FalseEnd(); {
	case end != nil:
		s.odd(FalseEnd, end)
	case bare:
		s.odd(BareLineEnd, nil)
	case dots.NUL():
		s.odd(ControlOctet, []byte{0})
	}
}

// String is the kind's name, such as "false-end".
func (k OddityKind) String() string { return oddityNames[k] }

var oddityNames = [...]string{
	FalseEnd: "false-end", BareLineEnd: "bare-line-end", ControlOctet: "control-octet", EightBit: "eight-bit", LongLine: "long-line",
	EarlyInput: "early-input", ManyRecipients: "many-recipients", ManyErrors: "many-errors", Slow: "slow",
}
