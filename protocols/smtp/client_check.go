package smtp

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// checkArgument refuses what would end the line or begin another.
func checkArgument(s string) error {
	if s == "" {
		return fmt.Errorf("%w: it is empty", ErrArgument)
	}
	for i := range len(s) {
		if isControl(s[i]) || s[i] >= 0x80 {
			return fmt.Errorf("%w: octet %d is not printable ASCII", ErrArgument, i)
		}
	}
	return nil
}

func mailLine(from Path, params MailParams) (string, error) {
	if err := from.Check(); err != nil {
		return "", fmt.Errorf("MAIL: %w: %w", ErrArgument, err)
	}
	line := "MAIL FROM:" + from.String()
	for _, p := range params.Params() {
		err := findMailParam(p.Keyword).set(&MailParams{}, p)
		if err == nil && p.HasValue && !isValue(p.Value) {
			err = syntaxError(p.Keyword, "has a malformed value")
		}
		if err != nil {
			return "", fmt.Errorf("MAIL: %w: %w", ErrArgument, err)
		}
		line += " " + p.String()
	}
	return line, nil
}

func rcptLine(to Path, params RcptParams) (string, error) {
	err := to.Check()
	if err == nil && to.IsNull() {
		err = syntaxError("forward-path", "may not be null")
	}
	if err != nil {
		return "", fmt.Errorf("RCPT: %w: %w", ErrArgument, err)
	}
	line := "RCPT TO:" + to.String()
	for _, p := range params.Params() {
		err := findRcptParam(p.Keyword).set(&RcptParams{}, p)
		if err == nil && !isValue(p.Value) {
			err = syntaxError(p.Keyword, "has a malformed value")
		}
		if err != nil {
			return "", fmt.Errorf("RCPT: %w: %w", ErrArgument, err)
		}
		line += " " + p.String()
	}
	return line, nil
}

// checkContent checks what would have to be refused once it is under way.
func (c *Client) checkContent(content []byte) error {
	if c.body == BodyBinaryMIME {
		return nil // it may be anything
	}
	if !isCanonical(content) {
		return step("content", ErrNotCanonical)
	}
	if c.opts.Undeclared {
		return nil
	}
	if is8Bit(content) && c.body != Body8BitMIME {
		return step("content", ErrNo8Bit)
	}
	return nil
}

// isCanonical tells whether b consists of whole lines that end in CRLF, with no
// CR or LF elsewhere.
func isCanonical(b []byte) bool {
	for len(b) > 0 {
		i := bytes.IndexByte(b, '\n')
		if i < 1 || bytes.IndexByte(b[:i], '\r') != i-1 {
			return false
		}
		b = b[i+1:]
	}
	return true
}

func is8Bit(b []byte) bool {
	for ; len(b) >= 8; b = b[8:] {
		if binary.LittleEndian.Uint64(b)&0x8080808080808080 != 0 {
			return true
		}
	}
	for _, ch := range b {
		if ch >= 0x80 {
			return true
		}
	}
	return false
}
