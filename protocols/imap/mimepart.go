package imap

import (
	"bytes"
	"strings"
)

// Limits on what is taken apart of a message. What goes beyond is not lost: it
// stays in the body of the part that it lies in.
const (
	maxMIMEDepth = 32
	maxMIMEParts = 1000
)

// part is a message or one MIME entity of it. header and body are the message's
// own octets.
type part struct {
	header []byte // the blank line included
	body   []byte
	fields []field

	typ, subtype string // as written
	params       []param

	children []*part // of a multipart, at least one
	message  *part   // of a message/rfc822 or message/global
}

func (p *part) is(typ, subtype string) bool {
	return strings.EqualFold(p.typ, typ) && (subtype == "" || strings.EqualFold(p.subtype, subtype))
}

func (p *part) multipart() bool { return len(p.children) > 0 }

// encoding is the content transfer encoding in lower case (RFC 2045 §6.1).
func (p *part) encoding() string {
	v, present := first(p.fields, "Content-Transfer-Encoding")
	if !present || v == "" {
		return "7bit"
	}
	return strings.ToLower(v)
}

// parseMessage takes a message apart. It takes any octets.
func parseMessage(content []byte) *part {
	left := maxMIMEParts
	return parsePart(content, false, 0, &left)
}

func parsePart(b []byte, inDigest bool, depth int, left *int) *part {
	*left--
	p := &part{}
	p.header, p.body = splitHeader(b)
	p.fields = parseFields(p.header)
	p.setType(inDigest)
	switch {
	case p.is("multipart", ""):
		if depth < maxMIMEDepth {
			p.parseChildren(depth, left)
		}
		if p.children == nil {
			// The grammar has no multipart without parts (RFC 9051 §9, body-type-mpart).
			p.children = []*part{textPart()}
		}
	case p.is("message", "rfc822") || p.is("message", "global"):
		if depth < maxMIMEDepth && *left > 0 {
			p.message = parsePart(p.body, false, depth+1, left)
		} else {
			p.message = textPart()
		}
	}
	return p
}

func textPart() *part {
	p := &part{}
	p.setType(false)
	return p
}

// setType reads Content-Type, or takes its default: message/rfc822 in a digest
// (RFC 2046 §5.1.5), else plain text (RFC 2045 §5.2).
func (p *part) setType(inDigest bool) {
	v, _ := first(p.fields, "Content-Type")
	media, _, _ := strings.Cut(v, ";")
	if i := strings.IndexByte(media, '('); i >= 0 {
		media = media[:i]
	}
	typ, subtype, _ := strings.Cut(media, "/")
	typ, subtype = strings.TrimSpace(typ), strings.TrimSpace(subtype)
	switch {
	case isToken(typ) && isToken(subtype):
		p.typ, p.subtype = typ, subtype
		p.params = parseParams(v)
	case v == "" && inDigest:
		p.typ, p.subtype = "MESSAGE", "RFC822"
	default:
		p.typ, p.subtype = "TEXT", "PLAIN"
		p.params = []param{{"CHARSET", "US-ASCII"}}
	}
}

// isToken is token of RFC 2045 §5.1.
func isToken(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' || strings.IndexByte(`()<>@,;:\"/[]?=`, s[i]) >= 0 {
			return false
		}
	}
	return s != ""
}

// parseChildren cuts a multipart at its boundary (RFC 2046 §5.1.1). A whole line
// must be the delimiter, white space at its end apart: so one boundary that
// begins like another does not stand for it.
func (p *part) parseChildren(depth int, left *int) {
	boundary := paramOf(p.params, "boundary")
	if boundary == "" {
		return
	}
	delimiter := []byte("--" + boundary)
	digest := p.is("multipart", "digest")
	start := -1
	add := func(end int) {
		if start >= 0 && *left > 0 {
			p.children = append(p.children, parsePart(p.body[start:end], digest, depth+1, left))
		}
	}
	for i := 0; i < len(p.body) && *left > 0; {
		end := lineEnd(p.body, i)
		rest, found := bytes.CutPrefix(p.body[i:end], delimiter)
		if found {
			rest = bytes.TrimRight(rest, " \t\r\n")
		}
		if found && (len(rest) == 0 || string(rest) == "--") {
			add(beforeLineEnd(p.body, max(start, 0), i))
			if len(rest) > 0 {
				return
			}
			start = end
		}
		i = end
	}
	add(len(p.body)) // no closing delimiter
}

// beforeLineEnd drops the line end before a delimiter, which belongs to the
// delimiter (RFC 2046 §5.1.1), but nothing before from.
func beforeLineEnd(b []byte, from, end int) int {
	if end > from && b[end-1] == '\n' {
		end--
		if end > from && b[end-1] == '\r' {
			end--
		}
	}
	return end
}
