package message

import (
	"fmt"
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxAddresses is the most that [ParseAddressList] reads.
const MaxAddresses = 10_000

// ParseAddress reads one mailbox (RFC 5322 §3.4): alice@acme.test, or
// Alice <alice@acme.test>. Quoted strings, comments and encoded-words are
// understood, UTF-8 is allowed (RFC 6532 §3.2). An address without a name but
// with a comment, alice@acme.test (Alice), takes the comment as its name.
//
// The domain must be one that SMTP can use, and the limits of SMTP hold. Of the
// obsolete forms (RFC 5322 §4.4) routes are read and dropped; spaces and comments
// around the dots are refused. Every error is an [*AddressError].
func ParseAddress(s string) (Address, error) {
	p := addressParser{in: s}
	if err := p.begin(); err != nil {
		return Address{}, err
	}
	list, err := p.member(nil, false)
	if err != nil {
		return Address{}, err
	}
	if p.pos < len(p.in) {
		return Address{}, p.after()
	}
	if p.groups > 0 {
		return Address{}, p.fail(0, "it is a group, and one address is asked for")
	}
	return list[0], nil
}

// ParseAddressList reads mailboxes and groups with commas between, as To, Cc and
// Bcc have them (RFC 5322 §3.4). The members of a group are put into the list,
// its name is dropped; an empty group adds nothing. Empty places between commas
// are passed over (§4.4). Every error is an [*AddressError].
func ParseAddressList(s string) ([]Address, error) {
	p := addressParser{in: s}
	if err := p.begin(); err != nil {
		return nil, err
	}
	var list []Address
	for {
		for p.peek() == ',' {
			p.pos++
			if _, err := p.space(); err != nil {
				return nil, err
			}
		}
		if p.pos == len(p.in) {
			break
		}
		var err error
		if list, err = p.member(list, false); err != nil {
			return nil, err
		}
		if p.pos < len(p.in) && p.peek() != ',' {
			return nil, p.after()
		}
	}
	if len(list) == 0 && p.groups == 0 {
		return nil, p.fail(-1, "there is no address")
	}
	return list, nil
}

// SplitAddress cuts an address, without name and angle brackets, into its two
// parts: local, with quotes taken off, and domain, which is what a server goes
// by. It cuts at the @ that stands outside of quotes. Every error is an
// [*AddressError].
func SplitAddress(addr string) (local, domain string, err error) {
	p := addressParser{in: addr, bare: true}
	if err := p.begin(); err != nil {
		return "", "", err
	}
	a, err := p.addrSpec()
	if err != nil {
		return "", "", err
	}
	if p.pos < len(p.in) {
		return "", "", p.after()
	}
	return a.Local, a.Domain, nil
}

// addressParser reads from in at pos. A bare one takes neither spaces nor
// comments.
type addressParser struct {
	in     string
	pos    int
	bare   bool
	count  int
	groups int
}

func (p *addressParser) fail(offset int, format string, args ...any) error {
	return &AddressError{Input: p.in, Offset: offset, Reason: fmt.Sprintf(format, args...)}
}

// peek is the octet at pos, 0 at the end.
func (p *addressParser) peek() byte {
	if p.pos < len(p.in) {
		return p.in[p.pos]
	}
	return 0
}

// begin refuses what can stand nowhere, and skips leading space.
func (p *addressParser) begin() error {
	for i, r := range p.in {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(p.in[i:], "\uFFFD"):
			return p.fail(i, "this is not valid UTF-8")
		case r != '\t' && (r < ' ' || 0x7f <= r && r <= 0x9f):
			return p.fail(i, "a control character (%U) may not stand in an address", r)
		}
	}
	if _, err := p.space(); err != nil {
		return err
	}
	if p.pos == len(p.in) {
		return p.fail(-1, "there is no address")
	}
	return nil
}

// space skips spaces and comments (RFC 5322 §3.2.2) and returns the last
// comment.
func (p *addressParser) space() (comment string, err error) {
	if p.bare {
		return "", nil
	}
	for {
		switch p.peek() {
		case ' ', '\t':
			p.pos++
		case '(':
			if comment, err = p.comment(); err != nil {
				return "", err
			}
		default:
			return comment, nil
		}
	}
}

func (p *addressParser) comment() (string, error) {
	from := p.pos
	var text strings.Builder
	for depth := 0; p.pos < len(p.in); p.pos++ {
		c := p.in[p.pos]
		switch {
		case c == '\\' && p.pos+1 < len(p.in):
			p.pos++
			c = p.in[p.pos]
		case c == '(':
			if depth++; depth == 1 {
				continue
			}
		case c == ')':
			if depth--; depth == 0 {
				p.pos++
				return strings.TrimSpace(decodeWords(text.String())), nil
			}
		}
		text.WriteByte(c)
	}
	return "", p.fail(from, "a comment begins with ( and has no )")
}

// word is a piece of a phrase or of a local part.
type word struct {
	text   string
	quoted bool
	dot    bool
	gap    bool // spaces or comments stand before it
	from   int
}

// words reads atoms, quoted strings and dots, as far as they go, and the space
// behind them.
func (p *addressParser) words() (words []word, comment string, err error) {
	gap := false
	for {
		w := word{from: p.pos, gap: gap}
		switch c := p.peek(); {
		case c == '"':
			if w.text, err = p.quotedString(); err != nil {
				return nil, "", err
			}
			w.quoted = true
		case c == '.':
			w.text, w.dot = ".", true
			p.pos++
		case isAtext(c):
			for p.pos < len(p.in) && isAtext(p.in[p.pos]) {
				p.pos++
			}
			w.text = p.in[w.from:p.pos]
		default:
			return words, comment, nil
		}
		words = append(words, w)
		before := p.pos
		c, err := p.space()
		if err != nil {
			return nil, "", err
		}
		if gap = p.pos > before; c != "" {
			comment = c
		}
	}
}

// quotedString reads a quoted-string and takes its quotes off (RFC 5322 §3.2.4).
func (p *addressParser) quotedString() (string, error) {
	from := p.pos
	var text strings.Builder
	for p.pos++; p.pos < len(p.in); p.pos++ {
		c := p.in[p.pos]
		switch {
		case c == '"':
			p.pos++
			return text.String(), nil
		case c == '\\' && p.pos+1 < len(p.in):
			p.pos++
			c = p.in[p.pos]
		}
		text.WriteByte(c)
	}
	return "", p.fail(from, "a quotation mark is opened and not closed")
}

// member reads a mailbox or a group and appends what it finds.
func (p *addressParser) member(list []Address, inGroup bool) ([]Address, error) {
	if p.count++; p.count > MaxAddresses {
		return nil, p.fail(p.pos, "there are more than %d addresses", MaxAddresses)
	}
	from := p.pos
	words, comment, err := p.words()
	if err != nil {
		return nil, err
	}
	switch c := p.peek(); {
	case c == '<':
		a, err := p.angle()
		if err != nil {
			return nil, err
		}
		a.Name = phrase(words)
		return append(list, a), nil
	case c == '@':
		a, last, err := p.atDomain(from, words)
		if err != nil {
			return nil, err
		}
		if a.Name = last; last == "" {
			a.Name = comment
		}
		return append(list, a), nil
	case c == ':' && len(words) == 1 && strings.EqualFold(words[0].text, "mailto") && p.pos+1 < len(p.in) && !isWSP(p.in[p.pos+1]):
		return nil, p.fail(from, "mailto: belongs to links, not to addresses: leave it out")
	case c == ':' && len(words) > 0 && !inGroup:
		return p.group(list)
	case c == ':' && inGroup:
		return nil, p.fail(p.pos, "a group inside a group is not allowed")
	case len(words) == 0:
		return nil, p.after()
	default:
		return nil, p.noAt(from)
	}
}

// noAt is the error of an address that ends before its @.
func (p *addressParser) noAt(from int) error {
	if c := p.peek(); c != 0 && c != ',' && c != ';' {
		return p.after()
	}
	if from == 0 && p.pos == len(p.in) {
		return p.fail(-1, "there is no @: an address is local-part@domain")
	}
	return p.fail(from, "there is no @ in %q: an address is local-part@domain", clip(strings.TrimSpace(p.in[from:p.pos])))
}

// group reads what follows the colon of a group (RFC 5322 §3.4).
func (p *addressParser) group(list []Address) ([]Address, error) {
	from := p.pos
	p.groups++
	p.pos++
	for {
		if _, err := p.space(); err != nil {
			return nil, err
		}
		switch p.peek() {
		case ',':
			p.pos++
			continue
		case ';':
			p.pos++
			_, err := p.space()
			return list, err
		case 0:
			return nil, p.fail(from, "a group begins with this colon and has no semicolon at its end")
		}
		var err error
		if list, err = p.member(list, true); err != nil {
			return nil, err
		}
		if c := p.peek(); c != ',' && c != ';' && c != 0 {
			return nil, p.after()
		}
	}
}

// angle reads <addr-spec>, with spaces and comments after it.
func (p *addressParser) angle() (Address, error) {
	open := p.pos
	p.pos++
	if _, err := p.space(); err != nil {
		return Address{}, err
	}
	if p.peek() == '@' {
		if err := p.route(); err != nil {
			return Address{}, err
		}
	}
	a, err := p.addrSpec()
	if err != nil {
		return Address{}, err
	}
	if p.peek() != '>' {
		if p.pos == len(p.in) {
			return Address{}, p.fail(open, "an angle bracket is opened with < and not closed with >")
		}
		return Address{}, p.after()
	}
	p.pos++
	_, err = p.space()
	return a, err
}

// route reads @one,@two: and drops it: RFC 5322 §4.4 has it in mails of old, and
// RFC 5321 §4.1.2 (A-d-l) lets it be ignored.
func (p *addressParser) route() error {
	from := p.pos
	for p.peek() == '@' || p.peek() == ',' {
		p.pos++
		if p.peek() == '@' || p.peek() == ',' {
			continue
		}
		if _, err := p.domain(); err != nil {
			return err
		}
	}
	if p.peek() != ':' {
		return p.fail(from, "nothing stands before the @")
	}
	p.pos++
	return nil
}

// addrSpec reads local-part@domain (RFC 5322 §3.4.1).
func (p *addressParser) addrSpec() (Address, error) {
	from := p.pos
	words, _, err := p.words()
	if err != nil {
		return Address{}, err
	}
	if p.peek() != '@' {
		if c := p.peek(); c == 0 || c == '>' && len(words) > 0 {
			return Address{}, p.noAtIn(from)
		}
		return Address{}, p.after()
	}
	a, _, err := p.atDomain(from, words)
	return a, err
}

func (p *addressParser) noAtIn(from int) error {
	offset := from
	if from == 0 {
		offset = -1
	}
	return p.fail(offset, "there is no @: an address is local-part@domain")
}

// atDomain reads from the @ on, after the words of the local part.
func (p *addressParser) atDomain(from int, words []word) (a Address, comment string, err error) {
	if a.Local, err = p.local(from, words); err != nil {
		return Address{}, "", err
	}
	p.pos++
	if _, err := p.space(); err != nil {
		return Address{}, "", err
	}
	if a.Domain, err = p.domain(); err != nil {
		return Address{}, "", err
	}
	comment, err = p.space()
	return a, comment, err
}

func (p *addressParser) local(from int, words []word) (string, error) {
	if len(words) == 0 {
		return "", p.fail(p.pos, "nothing stands before the @")
	}
	var local strings.Builder
	for i, w := range words {
		wantDot := i%2 == 1
		switch {
		case i > 0 && w.gap && w.dot == wantDot:
			return "", p.fail(w.from, "a space or a comment stands beside a dot of the local part")
		case i > 0 && w.gap:
			return "", p.fail(w.from, "a space stands in the local part: leave it out, or put the local part into quotation marks")
		case w.dot && !wantDot && i == 0:
			return "", p.fail(w.from, "the local part begins with a dot")
		case w.dot && !wantDot:
			return "", p.fail(w.from, "two dots stand side by side in the local part")
		case !w.dot && wantDot:
			return "", p.fail(w.from, "a quoted piece of the local part must have a dot or the @ beside it")
		case w.quoted && strings.ContainsRune(w.text, '\t'):
			return "", p.fail(w.from, "a tab may not stand in the local part")
		}
		local.WriteString(w.text)
	}
	last := words[len(words)-1]
	switch {
	case last.dot:
		return "", p.fail(last.from, "the local part ends with a dot")
	case p.in[p.pos-1] != '"' && !isAtext(p.in[p.pos-1]):
		return "", p.fail(p.pos-1, "a space or a comment stands before the @")
	case local.Len() == 0:
		return "", p.fail(from, "nothing stands between the quotation marks before the @")
	case len(quoteUnlessDotAtom(local.String())) > MaxLocal:
		return "", p.fail(from, "the local part has more than %d octets, more than SMTP takes (RFC 5321 §4.5.3.1.1)", MaxLocal)
	}
	return local.String(), nil
}

// domain reads a domain name or an address literal.
func (p *addressParser) domain() (string, error) {
	from := p.pos
	if p.peek() == '[' {
		end := strings.IndexByte(p.in[p.pos:], ']')
		if end < 0 {
			return "", p.fail(from, "a bracket is opened with [ and not closed with ]")
		}
		p.pos += end + 1
		literal := p.in[from:p.pos]
		if reason := literalFault(literal); reason != "" {
			return "", p.fail(from, "%s", reason)
		}
		return literal, nil
	}
	for c := p.peek(); isAtext(c) || c == '.'; c = p.peek() {
		p.pos++
	}
	name := p.in[from:p.pos]
	if name == "" {
		return "", p.fail(p.pos, "nothing stands after the @: an address is local-part@domain")
	}
	if at, reason := domainFault(name); reason != "" {
		return "", p.fail(from+at, "%s", reason)
	}
	return name, nil
}

// domainFault says what keeps name from being a domain of RFC 5321 §4.1.2:
// letters, digits and hyphens, with dots between. RFC 6531 §3.3 adds letters
// beyond ASCII.
func domainFault(name string) (at int, reason string) {
	if len(name) > MaxDomain {
		return 0, fmt.Sprintf("the domain has more than %d octets (RFC 5321 §4.5.3.1.2)", MaxDomain)
	}
	for label := range strings.SplitSeq(name, ".") {
		switch {
		case label == "" && at == 0:
			return at, "the domain begins with a dot"
		case label == "" && at == len(name):
			return at - 1, "the domain ends with a dot, which DNS knows and mail does not"
		case label == "":
			return at, "two dots stand side by side in the domain"
		case len(label) > maxLabel:
			return at, fmt.Sprintf("a label of the domain has more than %d octets (RFC 1035 §2.3.4)", maxLabel)
		case label[0] == '-':
			return at, "a label of the domain begins with a hyphen"
		case label[len(label)-1] == '-':
			return at + len(label) - 1, "a label of the domain ends with a hyphen"
		}
		for i, r := range label {
			if !isDomainRune(r) {
				return at + i, fmt.Sprintf("%q may not stand in a domain: it has letters, digits and hyphens, with dots between", r)
			}
		}
		at += len(label) + 1
	}
	return 0, ""
}

func isDomainRune(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-'
	}
	return unicode.In(r, unicode.L, unicode.M, unicode.N)
}

// literalFault says what keeps s from being an address literal (RFC 5321 §4.1.3).
func literalFault(s string) string {
	inner := s[1 : len(s)-1]
	if rest, ok := cutPrefixFold(inner, "IPv6:"); ok {
		if a, err := netip.ParseAddr(rest); err != nil || !a.Is6() || a.Zone() != "" {
			return fmt.Sprintf("%q is no IPv6 address", clip(rest))
		}
		return ""
	}
	a, err := netip.ParseAddr(inner)
	switch {
	case err == nil && a.Is6():
		return fmt.Sprintf("an IPv6 address is written [IPv6:%s]", inner)
	case err != nil:
		return fmt.Sprintf("%q is no IP address: in brackets stands one, [192.0.2.1] or [IPv6:2001:db8::1]", clip(inner))
	}
	return ""
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// after is the error at an octet that cannot stand where it does.
func (p *addressParser) after() error {
	before := strings.TrimRight(p.in[:p.pos], " \t")
	r, _ := utf8.DecodeRuneInString(p.in[p.pos:])
	switch {
	case r == '@' && strings.ContainsRune(before, '@'):
		return p.fail(p.pos, "there is a second @: a local part that has one stands in quotation marks")
	case r == '@':
		return p.fail(p.pos, "nothing stands before the @")
	case r == ';':
		return p.fail(p.pos, "addresses have commas between them, not semicolons")
	case r == ',':
		return p.fail(p.pos, "there is more than one address, and one is asked for")
	case p.bare && (r == '<' || r == '>'):
		return p.fail(p.pos, "the address is asked for without angle brackets")
	case r == '>' && strings.HasSuffix(before, "<"):
		return p.fail(p.pos, "nothing stands between < and >")
	case r == '>':
		return p.fail(p.pos, "a > stands here without a < before it")
	case p.bare && (r == ' ' || r == '\t'):
		return p.fail(p.pos, "a space may not stand here")
	case r == '(' || r == ')':
		return p.fail(p.pos, "the parenthesis %q has no other half, or may not stand here", r)
	case isAtext(p.in[p.pos]) || r == '"' || r == '<':
		return p.fail(p.pos, "the address is over here: between two addresses stands a comma")
	}
	return p.fail(p.pos, "%q may not stand here; in a local part or a name it needs quotation marks around it", r)
}

// phrase makes the display name of words. Encoded-words are decoded, but not
// inside quotes (RFC 2047 §5).
func phrase(words []word) string {
	var name, run strings.Builder
	flush := func() {
		name.WriteString(decodeWords(run.String()))
		run.Reset()
	}
	for i, w := range words {
		if w.gap && i > 0 {
			run.WriteByte(' ')
		}
		if w.quoted {
			flush()
			name.WriteString(w.text)
		} else {
			run.WriteString(w.text)
		}
	}
	flush()
	return name.String()
}
