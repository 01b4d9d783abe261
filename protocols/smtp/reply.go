package smtp

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// maxReplyLine is the longest reply line in octets, CRLF included (RFC 5321
// §4.5.3.1.5).
const maxReplyLine = 512

// Enhanced is an enhanced status code, {class, subject, detail}: {5, 1, 1} is
// 5.1.1 (RFC 3463 §2). The zero value means none.
type Enhanced [3]int

// IsZero tells whether there is no code.
func (e Enhanced) IsZero() bool { return e == Enhanced{} }

// String returns "5.1.1", "" for none.
func (e Enhanced) String() string {
	if e.IsZero() {
		return ""
	}
	b := make([]byte, 0, len("5.999.999"))
	for i, n := range e {
		if i > 0 {
			b = append(b, '.')
		}
		b = strconv.AppendInt(b, int64(n), 10)
	}
	return string(b)
}

// Reply is a server's answer: a code for the program, text for people, and
// between them an enhanced status code for both (RFC 5321 §4.2, RFC 2034 §4).
// A *Reply is an error, so that a client can return one and a [Session] can
// refuse with one; whether it says no is told by [Reply.Negative].
type Reply struct {
	Code     int      // 200 to 559
	Enhanced Enhanced // of the same class as Code; none with 3yz
	Lines    []string // at least one; without code and line end
}

// NewReply returns a reply of one line, formatted as by fmt.Sprintf.
func NewReply(code int, enhanced Enhanced, format string, args ...any) *Reply {
	return &Reply{Code: code, Enhanced: enhanced, Lines: []string{fmt.Sprintf(format, args...)}}
}

// Positive tells whether the command was done: 2yz (RFC 5321 §4.2.1).
func (r *Reply) Positive() bool { return r.Code/100 == 2 }

// Intermediate tells whether the server waits for the rest: 3yz.
func (r *Reply) Intermediate() bool { return r.Code/100 == 3 }

// Negative tells whether the command was not done: 4yz or 5yz.
func (r *Reply) Negative() bool { return r.Code/100 == 4 || r.Code/100 == 5 }

// Temporary tells whether the same may succeed later: 4yz.
func (r *Reply) Temporary() bool { return r.Code/100 == 4 }

// Permanent tells whether trying the same again is of no use: 5yz.
func (r *Reply) Permanent() bool { return r.Code/100 == 5 }

// withoutEnhanced is for the greeting and the answers to EHLO and HELO, which
// never have an enhanced code (RFC 2034 §3).
func (r *Reply) withoutEnhanced() *Reply { return &Reply{Code: r.Code, Lines: r.Lines} }

// Text returns the lines' text, joined with line feeds.
func (r *Reply) Text() string { return strings.Join(r.Lines, "\n") }

// Error returns the reply on one line: "550 5.1.1 No such user here".
func (r *Reply) Error() string {
	s := strconv.Itoa(r.Code)
	if !r.Enhanced.IsZero() {
		s += " " + r.Enhanced.String()
	}
	if text := strings.Join(r.Lines, " / "); text != "" {
		s += " " + text
	}
	return s
}

// Check tells whether r is a reply that a server may send: the code is in range
// (RFC 5321 §4.2) and the enhanced code agrees with it (RFC 2034 §4).
func (r *Reply) Check() error {
	if r.Code < 200 || r.Code > 559 || r.Code/10%10 > 5 {
		return fmt.Errorf("smtp: reply code %d is out of range", r.Code)
	}
	if r.Enhanced.IsZero() {
		return nil
	}
	if r.Enhanced[0] != r.Code/100 || r.Intermediate() {
		return fmt.Errorf("smtp: enhanced code %v does not agree with reply code %d", r.Enhanced, r.Code)
	}
	for _, n := range r.Enhanced {
		if n < 0 || n > 999 {
			return fmt.Errorf("smtp: enhanced code %v is out of range", r.Enhanced)
		}
	}
	return nil
}

// Wire returns the reply's lines as they are sent, without line ends. Each line
// bears the code, and the enhanced code if there is one (RFC 2034 §4). Text that
// is too long for a line goes on in the next; a character that may not stand in
// a reply becomes "?" (textstring, RFC 5321 §4.2).
func (r *Reply) Wire() []string {
	prefix := ""
	if !r.Enhanced.IsZero() {
		prefix = r.Enhanced.String() + " "
	}
	room := maxReplyLine - len("250-\r\n") - len(prefix)
	var texts []string
	for _, text := range r.Lines {
		text = printable(text)
		for len(text) > room {
			texts = append(texts, text[:room])
			text = text[room:]
		}
		texts = append(texts, text)
	}
	if len(texts) == 0 {
		texts = []string{""}
	}
	code := strconv.Itoa(r.Code)
	lines := make([]string, len(texts))
	for i, text := range texts {
		sep := "-"
		if i == len(texts)-1 {
			sep = " "
		}
		lines[i] = code + sep + prefix + text
	}
	return lines
}

func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || ' ' <= r && r <= '~' {
			return r
		}
		return '?'
	}, s)
}

// ErrReplySyntax says that what the server sent is no reply.
var ErrReplySyntax = errors.New("smtp: malformed reply")

// replyLine is one line of a reply, taken apart.
type replyLine struct {
	code int
	last bool
	text string
}

// parseReplyLine parses, without the CRLF,
//
//	Reply-code ( "-" / SP ) [ textstring ]      RFC 5321 §4.2
//
// A bare code is accepted, as the section asks of clients. Text over 127 is
// left as it is: it is for people.
func parseReplyLine(b []byte) (replyLine, error) {
	// Reply-code = %x32-35 %x30-35 %x30-39
	if len(b) < 3 || b[0] < '2' || b[0] > '5' || b[1] < '0' || b[1] > '5' || !isDigit(b[2]) {
		return replyLine{}, fmt.Errorf("%w: no reply code at the beginning", ErrReplySyntax)
	}
	l := replyLine{code: int(b[0]-'0')*100 + int(b[1]-'0')*10 + int(b[2]-'0'), last: true}
	b = b[3:]
	if len(b) == 0 {
		return l, nil
	}
	switch b[0] {
	case ' ':
	case '-':
		l.last = false
	default:
		return replyLine{}, fmt.Errorf("%w: neither space nor hyphen after the code", ErrReplySyntax)
	}
	b = b[1:]
	for _, ch := range b {
		if isControl(ch) && ch != '\t' {
			return replyLine{}, fmt.Errorf("%w: control character %#02x", ErrReplySyntax, ch)
		}
	}
	l.text = string(b)
	return l, nil
}

// ParseReply parses the lines of one whole reply, given without line ends. If
// enhanced is true, an enhanced code of the reply's class is taken off the text
// of each line; the greeting and the answer to EHLO never have one (RFC 2034
// §3). The error is ErrReplySyntax.
func ParseReply(lines [][]byte, enhanced bool) (*Reply, error) {
	r := &Reply{}
	for i, line := range lines {
		l, err := parseReplyLine(line)
		if err != nil {
			return nil, err
		}
		if i > 0 && l.code != r.Code {
			return nil, fmt.Errorf("%w: its lines differ in their code", ErrReplySyntax)
		}
		if l.last != (i == len(lines)-1) {
			return nil, fmt.Errorf("%w: it does not end where its lines say", ErrReplySyntax)
		}
		r.Code = l.code
		r.Lines = append(r.Lines, l.text)
	}
	if len(r.Lines) == 0 {
		return nil, fmt.Errorf("%w: no line", ErrReplySyntax)
	}
	if enhanced {
		r.takeEnhanced()
	}
	return r, nil
}

// takeEnhanced moves the enhanced code from the text into its field.
func (r *Reply) takeEnhanced() {
	code, _, ok := cutEnhanced(r.Lines[0])
	if !ok || code[0] != r.Code/100 {
		return
	}
	r.Enhanced = code
	for i, text := range r.Lines {
		if c, rest, ok := cutEnhanced(text); ok && c == code {
			r.Lines[i] = rest
		}
	}
}

// cutEnhanced parses the status code at the beginning of a reply's text:
//
//	status-code ::= class "." subject "." detail            RFC 2034 §4
func cutEnhanced(s string) (e Enhanced, rest string, ok bool) {
	word, rest, _ := strings.Cut(s, " ")
	parts := strings.Split(word, ".")
	if len(parts) != 3 {
		return Enhanced{}, s, false
	}
	for i, part := range parts {
		if part == "" || len(part) > 3 {
			return Enhanced{}, s, false
		}
		for j := range len(part) {
			if !isDigit(part[j]) {
				return Enhanced{}, s, false
			}
			e[i] = e[i]*10 + int(part[j]-'0')
		}
	}
	if e[0] != 2 && e[0] != 4 && e[0] != 5 || len(parts[0]) != 1 {
		return Enhanced{}, s, false
	}
	return e, strings.TrimLeft(rest, " "), true
}
