package scenarios

import (
	"errors"
	"fmt"
	"strings"
)

// maxAnswerLine is the longest line of an answer in octets without its CRLF, which
// RFC 5321 §4.5.3.1.5, RFC 1939 §3 and RFC 9051 §2.2.2 all allow: that of a reply of
// SMTP.
const maxAnswerLine = 510

// AnswerLines are the lines of an answer that is given in a server's stead: those of
// the text, of which the last need not end. Each is 510 octets long at most and of
// printable ASCII.
func AnswerLines(text string) ([]string, error) {
	lines := strings.Split(strings.TrimSuffix(strings.ReplaceAll(text, "\r\n", "\n"), "\n"), "\n")
	for i, line := range lines {
		switch {
		case line == "":
			return nil, errors.New("an answer has no empty line")
		case len(line) > maxAnswerLine:
			return nil, fmt.Errorf("line %d of the answer is %d octets long, and %d at most can be", i+1, len(line), maxAnswerLine)
		}
		for _, c := range []byte(line) {
			if c < 0x20 || c > 0x7e {
				return nil, fmt.Errorf("line %d of the answer has an octet outside printable ASCII", i+1)
			}
		}
	}
	return lines, nil
}
