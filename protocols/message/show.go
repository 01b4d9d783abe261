package message

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message/charset"
)

// Text decodes a text part for showing: its encoding undone, its charset
// converted to UTF-8, lines ended by LF, control characters made harmless. With an
// error it returns what could be read.
func (p *Part) Text() (string, error) {
	content, err := p.Decode()
	if err != nil {
		err = fmt.Errorf("part %s: %w", p.Path, err)
	}
	text, csErr := convertText(content, p.Param("charset"))
	if err == nil && csErr != nil {
		err = fmt.Errorf("part %s: %w", p.Path, csErr)
	}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return Showable(strings.ReplaceAll(text, "\r", "\n")), err
}

// convertText converts to UTF-8. Text without a charset, which is US-ASCII
// (RFC 2046 §4.1.2), is read as UTF-8 if it is valid as such.
func convertText(content []byte, cs string) (string, error) {
	cs = strings.ToLower(cs)
	if cs == "" || cs == "us-ascii" || cs == "utf-8" || cs == "utf8" {
		if !utf8.Valid(content) {
			return strings.ToValidUTF8(string(content), "\uFFFD"), fmt.Errorf("the text is not valid in its charset: %w", ErrDamaged)
		}
		return string(content), nil
	}
	r, err := charset.Reader(cs, bytes.NewReader(content))
	if err != nil {
		return strings.ToValidUTF8(string(content), "\uFFFD"), err
	}
	b, err := io.ReadAll(r)
	return strings.ToValidUTF8(string(b), "\uFFFD"), err
}

// ForShow finds the text of a mail that a person reads first, and the part it
// stands in: the first text/plain that is no attachment and not inside an
// attached mail. Without one the part is nil.
func (p *Part) ForShow() (text string, part *Part, err error) {
	if part = p.firstText(); part == nil {
		return "", nil, nil
	}
	text, err = part.Text()
	return text, part, err
}

func (p *Part) firstText() *Part {
	if p.Type == "text/plain" && p.Disposition != "attachment" && p.FileName == "" {
		return p
	}
	if p.IsMultipart() {
		for _, child := range p.Children {
			if text := child.firstText(); text != nil {
				return text
			}
		}
	}
	return nil
}

// Showable puts U+FFFD in the place of control characters, tab and LF excepted:
// what a stranger wrote must not steer a terminal. It does so too with the
// characters that turn the direction of writing, by which a file name can look
// like another.
func Showable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r < ' ' || 0x7f <= r && r <= 0x9f,
			0x202a <= r && r <= 0x202e, 0x2066 <= r && r <= 0x2069:
			return utf8.RuneError
		}
		return r
	}, s)
}
