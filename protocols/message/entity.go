package message

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"mime/quotedprintable"
	"strings"
	"unicode/utf8"
)

// entity is a part about to be written: its MIME fields, and a body.
type entity struct {
	header string
	body   []byte // as it stands in the mail, unless base64 is set
	base64 bool   // body is to be encoded while it is written
}

const (
	base64Line   = 76 // RFC 2045 §6.8
	base64Source = base64Line / 4 * 3
)

// size is about the number of octets that write gives.
func (e entity) size() int {
	n := len(e.header) + 2 + len(e.body)
	if e.base64 {
		n += len(e.body)/3 + len(e.body)/base64Source*2 + 8
	}
	return n
}

func (e entity) write(b *bytes.Buffer) {
	b.WriteString(e.header)
	b.WriteString("\r\n")
	if !e.base64 {
		b.Write(e.body)
		return
	}
	// The CRLF after the last line is that of the delimiter which follows.
	for from := 0; from < len(e.body); from += base64Source {
		if from > 0 {
			b.WriteString("\r\n")
		}
		to := min(from+base64Source, len(e.body))
		b.Write(base64.StdEncoding.AppendEncode(b.AvailableBuffer(), e.body[from:to]))
	}
}

// newTextEntity makes the part for a text.
func newTextEntity(text string) (entity, error) {
	if !utf8.ValidString(text) {
		return entity{}, errors.New("it is not valid UTF-8")
	}
	body := crlf(text)
	encoding := "7bit"
	if !fits7bit(body) {
		encoding = "quoted-printable"
		var b bytes.Buffer
		w := quotedprintable.NewWriter(&b)
		if _, err := w.Write(body); err != nil {
			return entity{}, err
		}
		if err := w.Close(); err != nil {
			return entity{}, err
		}
		body = b.Bytes()
	}
	return entity{header: "Content-Type: text/plain; charset=utf-8\r\n" +
		"Content-Transfer-Encoding: " + encoding + "\r\n", body: body}, nil
}

// crlf gives every line CRLF as its end, the last one too.
func crlf(text string) []byte {
	out := make([]byte, 0, len(text)+len(text)/16+2)
	for s := newLineScanner([]byte(text)); ; {
		l, ok := s.next()
		if !ok {
			return out
		}
		out = append(append(out, l.text...), '\r', '\n')
	}
}

// fits7bit tells whether canonical lines are 7bit data (RFC 2045 §2.7).
func fits7bit(body []byte) bool { return isASCII(body) && isCanonicalBody(body) }

// isCanonicalBody tells whether a body can go as it is: CRLF at its line ends,
// no bare CR or LF, no line too long, no NUL.
func isCanonicalBody(body []byte) bool {
	for s := newLineScanner(body); ; {
		l, ok := s.next()
		if !ok {
			return true
		}
		if l.end == endLF || l.end == endCR || len(l.text) > MaxLine || bytes.IndexByte(l.text, 0) >= 0 {
			return false
		}
	}
}

// newAttachmentEntity makes the part for a file.
func newAttachmentEntity(a Attachment) (entity, error) {
	switch {
	case !utf8.ValidString(a.Name) || hasControl(a.Name):
		return entity{}, errors.New("its name is not UTF-8, or has a control character")
	case strings.ContainsAny(a.Name, `/\`):
		return entity{}, errors.New("its name has directories in it (RFC 2183 §2.3)")
	case len(a.Name) > 255:
		return entity{}, errors.New("its name is longer than 255 octets")
	}
	mediaType, params, encoding, err := attachmentType(a)
	if err != nil {
		return entity{}, err
	}
	h := foldPieces("Content-Type", paramPieces(mediaType, params)) +
		"Content-Transfer-Encoding: " + encoding + "\r\n"
	var name []string
	if a.Name != "" {
		name = formatParam("filename", a.Name)
	}
	h += foldPieces("Content-Disposition", paramPieces("attachment", name))
	return entity{header: h, body: a.Content, base64: encoding == "base64"}, nil
}

// attachmentType finds the media type, its parameters and the encoding.
func attachmentType(a Attachment) (mediaType string, params []string, encoding string, err error) {
	given := a.Type != ""
	mediaType = TypeByName(a.Name)
	if given {
		value, ps, fault := parseParams(a.Type)
		top, sub, _ := strings.Cut(value, "/")
		if fault != "" || !isToken(top) || !isToken(sub) || hasControl(a.Type) || !utf8.ValidString(a.Type) {
			return "", nil, "", fmt.Errorf("%q is no media type: it has the form type/subtype (RFC 2045 §5.1)", clip(a.Type))
		}
		mediaType = value
		for _, p := range ps {
			params = append(params, formatParam(p.Name, p.Value)...)
		}
	}
	switch {
	case strings.HasPrefix(mediaType, "multipart/"):
		return "", nil, "", errors.New("a multipart is no file; attach its parts")
	case mediaType == "message/rfc822" && isCanonicalBody(a.Content):
		encoding = "7bit" // RFC 2046 §5.2.1: no other than 7bit, 8bit and binary
		if !isASCII(a.Content) {
			encoding = "8bit"
		}
		return mediaType, params, encoding, nil
	case mediaType == "message/rfc822" && given:
		return "", nil, "", errors.New("it is to go as a mail, which cannot be encoded (RFC 2046 §5.2.1), and is not in canonical form; use Canonicalize")
	case mediaType == "message/rfc822":
		mediaType = "application/octet-stream"
	case strings.HasPrefix(mediaType, "text/") && !given:
		// Without a charset a reader would take it for US-ASCII (RFC 2046 §4.1.2).
		if !utf8.Valid(a.Content) {
			mediaType = "application/octet-stream"
		} else if !isASCII(a.Content) {
			params = []string{"charset=utf-8"}
		}
	}
	return mediaType, params, "base64", nil
}

func paramPieces(value string, params []string) []string {
	pieces := []string{" " + value}
	for _, p := range params {
		pieces[len(pieces)-1] += ";"
		pieces = append(pieces, " "+p)
	}
	return pieces
}

// writeMultipart writes a multipart/mixed (RFC 2046 §5.1.1, §5.1.3).
func writeMultipart(b *bytes.Buffer, boundary string, entities []entity) {
	b.WriteString(foldPieces("Content-Type", paramPieces("multipart/mixed", []string{"boundary=" + quote(boundary)})))
	b.WriteString("\r\n")
	for i, e := range entities {
		if i > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString("--" + boundary + "\r\n")
		e.write(b)
	}
	b.WriteString("\r\n--" + boundary + "--\r\n")
}

// boundaryTries is how many boundaries are tried before Compose gives up.
const boundaryTries = 100

// chooseBoundary finds a boundary that stands in no part (RFC 2046 §5.1.1).
func chooseBoundary(make func(n int) string, entities []entity) (string, error) {
	if make == nil {
		// "=_" cannot stand in quoted-printable (RFC 2045 §6.7) and not in base64.
		make = func(n int) string { return fmt.Sprintf("=_part_%d", n) }
	}
	for n := range boundaryTries {
		boundary := make(n)
		if !validBoundary(boundary) {
			return "", fmt.Errorf("boundary %q: it has 1 to 70 of letters, digits and '()+_,-./:=? and space, which is not the last (RFC 2046 §5.1.1)", clip(boundary))
		}
		if !standsIn(boundary, entities) {
			return boundary, nil
		}
	}
	return "", fmt.Errorf("boundary: none of %d tries is free: each stands in a part", boundaryTries)
}

func standsIn(boundary string, entities []entity) bool {
	dash := []byte("--" + boundary)
	for _, e := range entities {
		// base64 has no hyphen, so the two in front of a boundary are not in it.
		if !e.base64 && bytes.Contains(e.body, dash) {
			return true
		}
	}
	return false
}
