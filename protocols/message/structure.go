package message

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// Limits of [Structure]: what goes beyond is named in [Part.Problems].
const (
	MaxDepth       = 20     // parts inside parts
	MaxParts       = 1_000  // parts of one mail
	maxPartsFields = 20_000 // header fields of all parts together
)

// Part is one node of the tree that MIME makes of a mail.
type Part struct {
	// Path is the part's number as IMAP counts (RFC 9051 §6.4.5.1): "1.2" is the
	// second part of the first. A mail that is no multipart has the one part "1". A
	// multipart that is the body of a mail has that mail's number: the empty string
	// for the mail itself, the number of the message part for one inside.
	Path string
	// Type is the media type in lower case, "text/plain" if none is given
	// (RFC 2045 §5.2).
	Type   string
	Params []Param
	// Encoding is the Content-Transfer-Encoding in lower case, "7bit" if none is
	// given (RFC 2045 §6.1).
	Encoding string
	// Disposition is "attachment", "inline" or another word, in lower case; empty if
	// none is given (RFC 2183 §2).
	Disposition string
	// FileName is what the sender calls the file, decoded, without directories
	// (RFC 2183 §2.3) and control characters. It may be empty.
	FileName string
	// Header has the part's own fields. Their ranges are ranges of the mail.
	Header Header
	// HeaderFrom and HeaderTo are the byte range of the header in the mail, without
	// the empty line; BodyFrom and BodyTo that of the body.
	HeaderFrom, HeaderTo, BodyFrom, BodyTo int
	// Size is the number of octets of the body as it stands in the mail, and
	// DecodedSize after decoding.
	Size, DecodedSize int
	// LineCount is the number of lines of the body as it stands in the mail.
	LineCount int
	// Children are the parts of a multipart, or the one message in a
	// message/rfc822.
	Children []*Part
	// Problems say in plain words what is wrong with the part, in the order found.
	Problems []string

	raw []byte
}

// Structure finds the parts of a mail. It takes anything: what is wrong is
// passed over and named in the part's Problems. The tree refers to raw, which
// must not change.
func Structure(raw []byte) *Part {
	s := structurer{raw: raw, fieldsLeft: maxPartsFields}
	return s.message(0, len(raw), "", 0)
}

// Param is the value of a parameter of the Content-Type; empty if there is none.
func (p *Part) Param(name string) string {
	v, _ := findParam(p.Params, strings.ToLower(name))
	return v.Value
}

// Body is the part's body as it stands in the mail.
func (p *Part) Body() []byte { return p.raw[p.BodyFrom:p.BodyTo:p.BodyTo] }

// IsMultipart tells whether the part is made of parts (RFC 2046 §5.1).
func (p *Part) IsMultipart() bool { return strings.HasPrefix(p.Type, "multipart/") }

// Walk calls f for the part and for all below it, in the order of the mail.
func (p *Part) Walk(f func(*Part)) {
	f(p)
	for _, child := range p.Children {
		child.Walk(f)
	}
}

// Find is the part with that path; nil if there is none. Where a message and the
// multipart that is its body share a path, it is the message.
func (p *Part) Find(path string) *Part {
	var found *Part
	p.Walk(func(q *Part) {
		if found == nil && q.Path == path {
			found = q
		}
	})
	return found
}

type structurer struct {
	raw        []byte
	parts      int
	fieldsLeft int
}

// message reads a whole mail; number is the part that it stands in, empty for
// the mail itself.
func (s *structurer) message(from, to int, number string, depth int) *Part {
	p := s.head(from, to, "text/plain")
	p.Path = number
	if !p.IsMultipart() {
		p.Path = subPath(number, 1)
	}
	s.content(p, depth)
	return p
}

func subPath(number string, n int) string {
	if number == "" {
		return strconv.Itoa(n)
	}
	return number + "." + strconv.Itoa(n)
}

// head reads a part's header and makes the part, all but its content.
func (s *structurer) head(from, to int, defaultType string) *Part {
	s.parts++
	raw := s.raw[from:to]
	header, body := Split(raw)
	p := &Part{
		raw:        s.raw,
		HeaderFrom: from, HeaderTo: from + len(header),
		BodyFrom: to - len(body), BodyTo: to,
		Size:      len(body),
		LineCount: countLines(body),
		Header:    parseHeader(raw, min(s.fieldsLeft, MaxFields)),
	}
	s.fieldsLeft -= len(p.Header.Fields)
	s.fieldsLeft = max(s.fieldsLeft, 0)
	for i := range p.Header.Fields {
		p.Header.Fields[i].From += from
		p.Header.Fields[i].To += from
	}
	if p.Header.Over {
		p.problem("its header has more fields than are read")
	}
	p.readType(defaultType)
	p.readEncoding()
	p.readDisposition()
	return p
}

func countLines(b []byte) int {
	n := bytes.Count(b, []byte("\n"))
	if len(b) > 0 && b[len(b)-1] != '\n' {
		n++
	}
	return n
}

func (p *Part) problem(format string, args ...any) {
	p.Problems = append(p.Problems, fmt.Sprintf(format, args...))
}

// single is the value of a field that may stand once.
func (p *Part) single(name string) (string, bool) {
	all := p.Header.All(name)
	if len(all) == 0 {
		return "", false
	}
	if len(all) > 1 {
		p.problem("it has %d fields %s; the first counts", len(all), name)
	}
	return all[0].Value, true
}

// readType reads Content-Type (RFC 2045 §5).
func (p *Part) readType(defaultType string) {
	p.Type = defaultType
	v, ok := p.single("Content-Type")
	if !ok {
		return
	}
	value, params, fault := parseParams(v)
	if fault != "" {
		p.problem("Content-Type: %s", fault)
	}
	top, sub, _ := strings.Cut(value, "/")
	if !isToken(top) || !isToken(sub) {
		// RFC 2045 §5.2: what cannot be understood is best shown as plain text.
		p.problem("Content-Type: %q is not of the form type/subtype", clip(v))
		p.Type = "text/plain"
		return
	}
	p.Type, p.Params = value, params
}

// readEncoding reads Content-Transfer-Encoding (RFC 2045 §6.1).
func (p *Part) readEncoding() {
	p.Encoding = "7bit"
	v, ok := p.single("Content-Transfer-Encoding")
	if !ok {
		return
	}
	value, _, fault := parseParams(v)
	if value == "" || fault != "" {
		p.problem("Content-Transfer-Encoding: %q is not understood", clip(v))
	}
	if value != "" {
		p.Encoding = value
	}
	// RFC 2045 §6.4: what has parts has no encoding of its own.
	if p.IsMultipart() && !isIdentity(p.Encoding) {
		p.problem("a multipart may not be encoded in %s; it is read as if it were not", clip(p.Encoding))
	}
}

func isIdentity(encoding string) bool {
	return encoding == "7bit" || encoding == "8bit" || encoding == "binary"
}

// readDisposition reads Content-Disposition (RFC 2183 §2) and finds the file
// name.
func (p *Part) readDisposition() {
	var file Param
	named := false
	if v, ok := p.single("Content-Disposition"); ok {
		value, params, fault := parseParams(v)
		if fault != "" {
			p.problem("Content-Disposition: %s", fault)
		}
		p.Disposition = value
		file, named = findParam(params, "filename")
	}
	if !named { // the older place, which many programs still write
		file, _ = findParam(p.Params, "name")
	}
	name := file.Value
	if !file.extended {
		// RFC 2047 §5 forbids encoded-words here; many programs write them all the
		// same, and readers decode them.
		name = decodeWords(name)
	}
	// RFC 2183 §2.3: a receiver must not let a sender choose a directory.
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	p.FileName = Showable(strings.NewReplacer("\n", "", "\t", " ").Replace(name))
}

// content finds what is inside a part.
func (s *structurer) content(p *Part, depth int) {
	switch {
	case p.IsMultipart():
		p.DecodedSize = p.Size
		s.multipart(p, depth)
	case p.Type == "message/rfc822" || p.Type == "message/global":
		if !isIdentity(p.Encoding) {
			// RFC 2046 §5.2.1 forbids it for message/rfc822; RFC 6532 §3.7 allows it for
			// message/global, whose ranges are then not ranges of this mail.
			p.problem("the message inside is encoded in %s, and is not looked into", clip(p.Encoding))
			p.measure()
			return
		}
		p.DecodedSize = p.Size
		if s.mayGoDown(p, depth) {
			p.Children = []*Part{s.message(p.BodyFrom, p.BodyTo, p.Path, depth+1)}
		}
	default:
		p.measure()
	}
}

func (s *structurer) mayGoDown(p *Part, depth int) bool {
	switch {
	case depth >= MaxDepth:
		p.problem("parts inside parts are looked into %d deep, and not deeper", MaxDepth)
		return false
	case s.parts >= MaxParts:
		p.problem("the mail has more than %d parts; the others are not looked into", MaxParts)
		return false
	}
	return true
}

// multipart cuts a body at its boundary (RFC 2046 §5.1.1).
func (s *structurer) multipart(p *Part, depth int) {
	boundary := p.Param("boundary")
	if boundary == "" {
		p.problem("it is a multipart and names no boundary")
		return
	}
	if !s.mayGoDown(p, depth) {
		return
	}
	if !validBoundary(boundary) {
		p.problem("the boundary %q is longer than 70 characters or has one that is not allowed", clip(boundary))
	}
	defaultType := "text/plain"
	if p.Type == "multipart/digest" {
		defaultType = "message/rfc822" // RFC 2046 §5.1.5
	}
	delim, found := nextDelimiter(s.raw[:p.BodyTo], p.BodyFrom, boundary)
	if !found {
		p.problem("its boundary %q never comes", clip(boundary))
		return
	}
	if delim.last {
		p.problem("it has no parts")
	}
	for !delim.last {
		from, to := delim.to, p.BodyTo
		delim, found = nextDelimiter(s.raw[:p.BodyTo], from, boundary)
		if found {
			to = max(from, delim.from)
		}
		if s.parts >= MaxParts {
			p.problem("the mail has more than %d parts; the others are not looked into", MaxParts)
			return
		}
		child := s.head(from, to, defaultType)
		child.Path = subPath(p.Path, len(p.Children)+1)
		p.Children = append(p.Children, child)
		s.content(child, depth+1)
		if !found {
			p.problem("its last boundary, with -- at the end, is missing: the mail may have been cut off")
			return
		}
	}
}

// delimiter is a line with a boundary. It begins with the line break before it,
// which belongs to it and not to the part above (RFC 2046 §5.1.1).
type delimiter struct {
	from, to int
	last     bool // the close-delimiter
}

func nextDelimiter(raw []byte, from int, boundary string) (delimiter, bool) {
	dash := []byte("--" + boundary)
	for pos := from; ; {
		i := bytes.Index(raw[pos:], dash)
		if i < 0 {
			return delimiter{}, false
		}
		start, after := pos+i, pos+i+len(dash)
		pos = start + 1
		if start > from && raw[start-1] != '\n' {
			continue
		}
		d := delimiter{from: start, to: after + lineLen(raw[after:])}
		tail := trimLineEnd(raw[after:d.to])
		d.last = bytes.HasPrefix(tail, []byte("--"))
		if d.last {
			tail = tail[2:]
		}
		if len(bytes.Trim(tail, " \t")) > 0 { // a longer boundary that begins alike
			continue
		}
		if d.from > from {
			d.from-- // the LF
		}
		if d.from > from && raw[d.from-1] == '\r' {
			d.from--
		}
		return d, true
	}
}

// validBoundary follows the grammar of RFC 2046 §5.1.1.
func validBoundary(s string) bool {
	if len(s) == 0 || len(s) > 70 || s[len(s)-1] == ' ' {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		alnum := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !alnum && strings.IndexByte("'()+_,-./:=? ", c) < 0 {
			return false
		}
	}
	return true
}
