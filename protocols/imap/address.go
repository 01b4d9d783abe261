package imap

import "strings"

// Address is one address of an envelope, or a mark at which a group of addresses
// begins or ends.
//
// RFC 9051 §7.5.2 (ENVELOPE)
type Address struct {
	// Name is the display name, as it stands in the header: encoded words
	// (RFC 2047) are not decoded.
	Name string
	// Route is the source route of obsolete syntax ("@a,@b").
	Route string
	// Mailbox is the local part without quoting, or the name of the group that
	// begins here.
	Mailbox string
	// Host is the domain. It is empty where the header has a local part alone.
	Host string
	// Mark tells an address from the marks of a group.
	Mark GroupMark
}

// GroupMark says whether an [Address] is one.
type GroupMark uint8

// What an [Address] can be.
const (
	NoGroup    GroupMark = iota // an address
	GroupBegin                  // a group begins, its name is Mailbox
	GroupEnd                    // the group ends
)

// String is the address as "mailbox@host", or the empty string for a mark.
func (a Address) String() string {
	switch {
	case a.Mark != NoGroup:
		return ""
	case a.Host == "":
		return a.Mailbox
	default:
		return a.Mailbox + "@" + a.Host
	}
}

// addressScanner reads address lists (RFC 5322 §3.4) and makes the best of what
// is none: a mailbox holds what came in, and an envelope has to show it.
type addressScanner struct {
	s       string
	i       int
	comment string // the last comment seen
}

// parseAddresses reads the value of a From, To, Cc … field.
func parseAddresses(s string) []Address {
	p := addressScanner{s: s}
	var out []Address
	inGroup := false
	for {
		p.comment = ""
		words := p.words()
		name := strings.Join(words, " ")
		switch c := p.next(); c {
		case '<':
			out = append(out, p.angle(name))
		case '@':
			a := Address{Mailbox: strings.Join(words, ""), Host: p.domain()}
			a.Name = p.comment
			out = append(out, a)
		case ':':
			if inGroup {
				break // a stray colon
			}
			inGroup = true
			out = append(out, Address{Mailbox: name, Mark: GroupBegin})
		default: // ',', ';', '>' or the end
			if name != "" {
				out = append(out, Address{Name: p.comment, Mailbox: name})
			}
			if inGroup && (c == ';' || c == 0) {
				inGroup = false
				out = append(out, Address{Mark: GroupEnd})
			}
			if c == 0 {
				return out
			}
		}
	}
}

// next takes one special, or 0 at the end.
func (p *addressScanner) next() byte {
	if p.i >= len(p.s) {
		return 0
	}
	p.i++
	return p.s[p.i-1]
}

// words reads atoms, dots among them, and quoted strings up to a special that ends
// them.
func (p *addressScanner) words() []string {
	var out []string
	for {
		p.space()
		if p.i >= len(p.s) {
			return out
		}
		switch c := p.s[p.i]; c {
		case '<', '>', '@', ',', ':', ';':
			return out
		case '"':
			out = append(out, p.quoted())
		default:
			start := p.i
			p.i++ // so that a stray ")" makes progress too
			for p.i < len(p.s) && !strings.ContainsRune(" \t\r\n()<>@,:;\"", rune(p.s[p.i])) {
				p.i++
			}
			out = append(out, p.s[start:p.i])
		}
	}
}

// space skips white space and comments and keeps the last comment's text.
func (p *addressScanner) space() {
	for p.i < len(p.s) {
		switch p.s[p.i] {
		case ' ', '\t', '\r', '\n':
			p.i++
		case '(':
			p.skipComment()
		default:
			return
		}
	}
}

func (p *addressScanner) skipComment() {
	var b strings.Builder
	for depth := 0; p.i < len(p.s); p.i++ {
		c := p.s[p.i]
		switch {
		case c == '\\' && p.i+1 < len(p.s):
			p.i++
			c = p.s[p.i]
		case c == '(':
			depth++
			if depth == 1 {
				continue
			}
		case c == ')':
			depth--
			if depth == 0 {
				p.i++
				p.comment = strings.TrimSpace(b.String())
				return
			}
		}
		b.WriteByte(c)
	}
	p.comment = strings.TrimSpace(b.String())
}

func (p *addressScanner) quoted() string {
	var b strings.Builder
	for p.i++; p.i < len(p.s); p.i++ {
		c := p.s[p.i]
		if c == '"' {
			p.i++
			break
		}
		if c == '\\' && p.i+1 < len(p.s) {
			p.i++
			c = p.s[p.i]
		}
		b.WriteByte(c)
	}
	return b.String()
}

// domain reads what follows an "@": a domain or a domain literal.
func (p *addressScanner) domain() string {
	var b strings.Builder
	for {
		p.space()
		if p.i >= len(p.s) || strings.ContainsRune("<>@,:;", rune(p.s[p.i])) {
			return b.String()
		}
		if p.s[p.i] == '[' {
			end := strings.IndexByte(p.s[p.i:], ']')
			if end < 0 {
				end = len(p.s) - p.i - 1
			}
			b.WriteString(p.s[p.i : p.i+end+1])
			p.i += end + 1
			continue
		}
		b.WriteByte(p.s[p.i])
		p.i++
	}
}

// angle reads an angle-addr behind its "<" (RFC 5322 §3.4, §4.4).
func (p *addressScanner) angle(name string) Address {
	a := Address{Name: name}
	p.space()
	var route []string
	for p.i < len(p.s) && (p.s[p.i] == '@' || p.s[p.i] == ',' && len(route) > 0) {
		if p.next() == '@' {
			route = append(route, "@"+p.domain())
		}
		p.space()
	}
	if len(route) > 0 && p.i < len(p.s) && p.s[p.i] == ':' {
		p.i++
		a.Route = strings.Join(route, ",")
	}
	a.Mailbox = strings.Join(p.words(), "")
	if p.i < len(p.s) && p.s[p.i] == '@' {
		p.i++
		a.Host = p.domain()
	}
	if end := strings.IndexByte(p.s[p.i:], '>'); end >= 0 {
		p.i += end + 1
	} else {
		p.i = len(p.s)
	}
	p.space()
	return a
}

// addressesOf reads all fields of a name; nil if there is no address in them.
func addressesOf(fields []field, name string) []Address {
	var out []Address
	for _, f := range fields {
		if strings.EqualFold(f.name, name) {
			out = append(out, parseAddresses(f.value())...)
		}
	}
	return out
}
