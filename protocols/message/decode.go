package message

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
)

// Errors of [Part.Decode], to be found with errors.Is.
var (
	// ErrUnknownEncoding says that a Content-Transfer-Encoding has no known meaning.
	ErrUnknownEncoding = errors.New("unknown content transfer encoding")
	// ErrDamaged says that an encoded body has octets where it cannot have them.
	ErrDamaged = errors.New("damaged encoding")
)

// Decode undoes the part's Content-Transfer-Encoding (RFC 2045 §6). With
// ErrDamaged it returns what could be read, and with ErrUnknownEncoding the body
// as it stands. The result shares no memory with the mail.
func (p *Part) Decode() ([]byte, error) {
	switch {
	case p.IsMultipart() || isIdentity(p.Encoding):
		return bytes.Clone(p.Body()), nil
	case p.Encoding == "base64":
		out, fault := decodeBase64(p.Body())
		return out, damaged(fault)
	case p.Encoding == "quoted-printable":
		out, fault := decodeQP(p.Body())
		return out, damaged(fault)
	}
	return bytes.Clone(p.Body()), fmt.Errorf("%q: %w", clip(p.Encoding), ErrUnknownEncoding)
}

func damaged(fault string) error {
	if fault == "" {
		return nil
	}
	return fmt.Errorf("%s: %w", fault, ErrDamaged)
}

// measure finds the size of a leaf after decoding, and names what is wrong with
// the encoding.
func (p *Part) measure() {
	fault := ""
	switch {
	case isIdentity(p.Encoding):
		p.DecodedSize = p.Size
	case p.Encoding == "base64":
		var n int
		n, _, fault = scanBase64(p.Body())
		p.DecodedSize = base64.RawStdEncoding.DecodedLen(n)
	case p.Encoding == "quoted-printable":
		var out []byte
		out, fault = decodeQP(p.Body())
		p.DecodedSize = len(out)
	default:
		// RFC 2045 §6.4: to be treated as application/octet-stream.
		p.DecodedSize = p.Size
		fault = fmt.Sprintf("its encoding %q is not known", clip(p.Encoding))
	}
	if fault != "" {
		p.problem("%s", fault)
	}
}

// base64Digit is what an octet is to base64 (RFC 2045 §6.8): a digit, a pad, white
// space, or nothing at all.
var base64Digit = func() (t [256]byte) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		t[c] = isDigit
	}
	t['='] = isPad
	for _, c := range []byte(" \t\r\n") {
		t[c] = isSpace
	}
	return t
}()

const (
	isDigit = 1 + iota
	isPad
	isSpace
)

// scanBase64 counts the digits up to the padding, which is the end (RFC 2045
// §6.8), and end is where that begins. A digit that stands alone is not counted.
func scanBase64(b []byte) (digits, end int, fault string) {
	for end = 0; end < len(b); end++ {
		switch base64Digit[b[end]] {
		case isDigit:
			digits++
			continue
		case isSpace:
			continue
		case isPad:
			for _, c := range b[end:] {
				if k := base64Digit[c]; k != isPad && k != isSpace {
					return digits - loneDigit(digits), end, "base64 goes on after its padding; that is not read"
				}
			}
			if digits%4 < 2 {
				fault = "base64 ends in the middle"
			}
			return digits - loneDigit(digits), end, fault
		}
		fault = fmt.Sprintf("base64 has the octet %q, which is skipped", b[end])
	}
	if digits%4 != 0 {
		fault = "base64 ends in the middle"
	}
	return digits - loneDigit(digits), end, fault
}

func loneDigit(digits int) int {
	if digits%4 == 1 {
		return 1
	}
	return 0
}

func decodeBase64(b []byte) (out []byte, fault string) {
	n, end, fault := scanBase64(b)
	text := make([]byte, 0, n)
	for _, c := range b[:end] {
		if len(text) < n && base64Digit[c] == isDigit {
			text = append(text, c)
		}
	}
	out = make([]byte, base64.RawStdEncoding.DecodedLen(n))
	m, err := base64.RawStdEncoding.Decode(out, text)
	if err != nil {
		fault = err.Error()
	}
	return out[:m], fault
}

// decodeQP decodes quoted-printable (RFC 2045 §6.7). What is wrong stays as it
// is, as note (2) and (3) of that section advise.
func decodeQP(b []byte) (out []byte, fault string) {
	out = make([]byte, 0, len(b))
	for len(b) > 0 {
		n := lineLen(b)
		text := trimLineEnd(b[:n])
		end := b[len(text):n]
		text = bytes.TrimRight(text, " \t") // rule (3): it was added on the way
		if soft, ok := bytes.CutSuffix(text, []byte("=")); ok {
			text, end = soft, nil // rule (5)
		}
		for i := 0; i < len(text); i++ {
			if text[i] != '=' {
				out = append(out, text[i])
				continue
			}
			if i+2 < len(text) {
				if hi, lo := unhex(text[i+1]), unhex(text[i+2]); hi >= 0 && lo >= 0 {
					out = append(out, byte(hi<<4|lo))
					i += 2
					continue
				}
			}
			fault = "quoted-printable has an = that no two hexadecimal digits follow; it stays as it is"
			out = append(out, '=')
		}
		out = append(out, end...)
		b = b[n:]
	}
	return out, fault
}
