package message

import (
	"bytes"
	"fmt"
	"strings"
)

// ChangeKind says what [Canonicalize] did to a line.
type ChangeKind string

// The kinds of changes.
const (
	BareLF     ChangeKind = "bare LF"       // an LF that stood alone became CRLF
	BareCR     ChangeKind = "bare CR"       // a CR that stood alone became CRLF
	NoLineEnd  ChangeKind = "no line end"   // the last line got its CRLF
	BccRemoved ChangeKind = "Bcc taken out" // a line of a Bcc field was left out
)

// Change is one thing that [Canonicalize] did, to one line or to many.
type Change struct {
	Kind ChangeKind
	// FirstLine and LastLine are lines of the input, 1 for the first. A line ends
	// at CRLF, at LF or at CR.
	FirstLine, LastLine int
	// Count is the number of lines changed. It is less than the range has if the
	// changes are many and scattered: then the last Change of a kind gathers the
	// rest.
	Count int
	// Text says in plain words what was done and why.
	Text string
}

// String gives the lines and the text.
func (c Change) String() string {
	switch {
	case c.FirstLine == c.LastLine:
		return fmt.Sprintf("line %d: %s", c.FirstLine, c.Text)
	case c.Count == c.LastLine-c.FirstLine+1:
		return fmt.Sprintf("lines %d to %d: %s", c.FirstLine, c.LastLine, c.Text)
	default:
		return fmt.Sprintf("%d of the lines %d to %d: %s", c.Count, c.FirstLine, c.LastLine, c.Text)
	}
}

// CanonicalOptions say what [Canonicalize] shall leave alone.
type CanonicalOptions struct {
	// KeepBcc leaves Bcc fields in.
	KeepBcc bool
}

// Canonicalize does to a mail what a mail program does before it sends it, and
// says so: every line gets CRLF as its end, the last one too, and the Bcc field
// is taken out whole. Everything else stays byte for byte; a mail that needs
// nothing gives the same bytes and no change. out never shares memory with raw.
//
// A file that cannot be sent without changing its meaning is refused with a
// [*Refusal].
//
// Octets above 127 stay; [Needs8Bit] and [NeedsSMTPUTF8] find them.
func Canonicalize(raw []byte, opts CanonicalOptions) (out []byte, changes []Change, err error) {
	if r := beginning(raw); r != nil {
		return nil, nil, r
	}
	c := canonicalizer{opts: opts, out: make([]byte, 0, len(raw)+len(raw)/16+2), inHeader: true}
	for s := newLineScanner(raw); ; {
		l, ok := s.next()
		if !ok {
			break
		}
		if r := c.line(l); r != nil {
			return nil, nil, r
		}
	}
	if c.fields == 0 {
		return nil, nil, notAMail(0, "its header has nothing but Bcc, which is not sent")
	}
	return c.out, c.log.finish(), nil
}

type canonicalizer struct {
	opts     CanonicalOptions
	out      []byte
	log      changeLog
	inHeader bool
	inBcc    bool
	fields   int // header fields that stay
	blankish int // a line of the header that looks empty and is not
}

func (c *canonicalizer) line(l line) *Refusal {
	// RFC 5322 §2.1.1: MUST be no more than 998 characters, which are octets here.
	if len(l.text) > MaxLine {
		return &Refusal{Kind: LineTooLong, Line: l.number, Text: fmt.Sprintf(
			"the line has %d octets, a mail allows %d (RFC 5322 §2.1.1); break it, or send it as an attachment", len(l.text), MaxLine)}
	}
	// RFC 5322 §3.5 has no NUL, §4.1 has it for reading old mails only; RFC 2045
	// §2.7 and §2.8 allow it in neither 7bit nor 8bit.
	if bytes.IndexByte(l.text, 0) >= 0 {
		return &Refusal{Kind: NULOctet, Line: l.number,
			Text: "the line has a NUL octet, which no mail may have; send the content as an attachment"}
	}
	if c.inHeader {
		if r := c.headerLine(l); r != nil {
			return r
		}
	}
	if c.inHeader && c.inBcc {
		c.log.add(BccRemoved, l.number)
		return nil
	}
	c.out = append(append(c.out, l.text...), '\r', '\n')
	switch l.end {
	case endLF:
		c.log.add(BareLF, l.number)
	case endCR:
		c.log.add(BareCR, l.number)
	case endNone:
		c.log.add(NoLineEnd, l.number)
	}
	return nil
}

// headerLine finds out which field the line belongs to, and where the header
// ends.
func (c *canonicalizer) headerLine(l line) *Refusal {
	switch {
	case len(l.text) == 0: // RFC 5322 §2.1: an empty line ends the header
		c.inHeader = false
		return nil
	case isWSP(l.text[0]): // RFC 5322 §2.2.3: a folded line
		if len(bytes.Trim(l.text, " \t")) == 0 {
			c.blankish = l.number
		}
		return nil
	}
	name, ok := fieldName(l.text)
	if !ok {
		return c.noColon(l)
	}
	// RFC 5322 §3.6.3: Bcc is for recipients that the others shall not know of;
	// §3.6.6 has the same for a mail sent on.
	c.inBcc = !c.opts.KeepBcc && (strings.EqualFold(name, "Bcc") || strings.EqualFold(name, "Resent-Bcc"))
	if !c.inBcc {
		c.fields++
	}
	return nil
}

func (c *canonicalizer) noColon(l line) *Refusal {
	text := fmt.Sprintf("%q is no header field: that has a name without spaces, a colon and a value", clip(l.text))
	if c.blankish != 0 {
		text += fmt.Sprintf("; line %d looks empty but has spaces in it, so it does not end the header", c.blankish)
	} else {
		text += "; if it belongs to the text, an empty line is missing before it"
	}
	return &Refusal{Kind: NoColon, Line: l.number, Text: text}
}

// changeLog gathers changes of one kind on lines that follow each other.
type changeLog struct {
	list []Change
	last map[ChangeKind]int // where in list the last one of a kind stands
	n    map[ChangeKind]int // how many list has of a kind
}

// maxGroups is how many places of one kind are told one by one.
const maxGroups = 20

func (g *changeLog) add(kind ChangeKind, number int) {
	if g.last == nil {
		g.last, g.n = map[ChangeKind]int{}, map[ChangeKind]int{}
	}
	if g.n[kind] > 0 {
		c := &g.list[g.last[kind]]
		if c.LastLine+1 == number || g.n[kind] == maxGroups {
			c.LastLine = number
			c.Count++
			return
		}
	}
	g.last[kind] = len(g.list)
	g.n[kind]++
	g.list = append(g.list, Change{Kind: kind, FirstLine: number, LastLine: number, Count: 1})
}

func (g *changeLog) finish() []Change {
	for i := range g.list {
		g.list[i].Text = changeText[g.list[i].Kind]
	}
	return g.list
}

var changeText = map[ChangeKind]string{
	BareLF:     "a bare LF became CRLF: in a mail only the two together end a line (RFC 5322 §2.3)",
	BareCR:     "a bare CR became CRLF: in a mail only the two together end a line (RFC 5322 §2.3)",
	NoLineEnd:  "the last line had no end and got its CRLF",
	BccRemoved: "the Bcc field is taken out, so that nobody who gets the mail sees whom it names (RFC 5322 §3.6.3)",
}

// Needs8Bit tells whether the mail has octets above 127, for which both ends
// must speak 8BITMIME (RFC 6152 §3).
func Needs8Bit(msg []byte) bool { return !isASCII(msg) }

// NeedsSMTPUTF8 tells whether a header, the mail's or a part's, has octets above
// 127, for which each server on the way must speak SMTPUTF8 (RFC 6531 §3.1).
func NeedsSMTPUTF8(msg []byte) bool {
	if !Needs8Bit(msg) {
		return false
	}
	found := false
	Structure(msg).Walk(func(p *Part) {
		found = found || !isASCII(msg[p.HeaderFrom:p.HeaderTo])
	})
	return found
}
