package smtp

import "strings"

// Limits of a path in octets, RFC 5321 §4.5.3.1.1 and §4.5.3.1.3.
const (
	maxLocal = 64
	maxPath  = 256
)

// Path is a reverse-path or a forward-path of the envelope: a mailbox, the null
// path <>, or <Postmaster> without a domain.
type Path struct {
	// Local is the local-part as it is meant: quotes and backslashes are taken
	// off, since all quoted forms are the same mailbox (RFC 5321 §4.1.2). Its
	// case is kept and only the host of the mailbox may ignore it (RFC 5321 §2.4).
	Local string
	// Domain is a domain name or an address literal with its brackets. It is
	// empty in the null path and in <Postmaster>.
	Domain string
}

// IsNull tells whether p is <>, the reverse-path of notifications that nobody
// may answer (RFC 5321 §4.5.5).
func (p Path) IsNull() bool { return p == Path{} }

// IsPostmaster tells whether p is <Postmaster> without a domain, which every
// server takes for itself (RFC 5321 §4.1.1.3).
func (p Path) IsPostmaster() bool {
	return p.Domain == "" && strings.EqualFold(p.Local, "postmaster")
}

// Mailbox returns local-part@domain with as little quoting as can be, "" for the
// null path.
func (p Path) Mailbox() string {
	if p.Domain == "" {
		return p.Local
	}
	return quoteLocal(p.Local) + "@" + p.Domain
}

// String returns the path in angle brackets, as it stands in MAIL and RCPT.
func (p Path) String() string { return "<" + p.Mailbox() + ">" }

// Equal tells whether p and q are one mailbox: the same local-part, in the same
// case, at the same domain in any case (RFC 5321 §2.4).
func (p Path) Equal(q Path) bool {
	if p.IsPostmaster() && q.IsPostmaster() {
		return true
	}
	return p.Local == q.Local && strings.EqualFold(p.Domain, q.Domain)
}

// Check tells whether p can be said on the wire at all, be it with SMTPUTF8 (see
// [Path.IsASCII]). The error is a *SyntaxError.
func (p Path) Check() error {
	if p.IsNull() || p.IsPostmaster() {
		return nil
	}
	if !isText(p.Local) {
		return syntaxError("local-part", "has a character that is not printable")
	}
	if err := checkMailboxDomain(p.Domain); err != nil {
		return err
	}
	if len(quoteLocal(p.Local)) > maxLocal {
		return syntaxError("local-part", "is longer than %d octets", maxLocal)
	}
	if len(p.String()) > maxPath {
		return syntaxError("path", "is longer than %d octets", maxPath)
	}
	return nil
}

// ParseMailbox parses local-part@domain, as a person writes an address in a
// configuration. The error is a *SyntaxError.
func ParseMailbox(s string) (Path, error) {
	p, rest, err := cutMailbox(s)
	if err == nil && rest != "" {
		err = syntaxError("mailbox", "has something after it")
	}
	if err == nil {
		err = p.Check()
	}
	if err != nil {
		return Path{}, err
	}
	return p, nil
}

// CutReversePath parses the reverse-path at the beginning of s, <> included,
// and returns what follows it. The error is a *SyntaxError.
//
//	Reverse-path = Path / "<>"                  RFC 5321 §4.1.2
func CutReversePath(s string) (p Path, rest string, err error) {
	if rest, ok := strings.CutPrefix(s, "<>"); ok {
		return Path{}, rest, nil
	}
	return cutPath(s)
}

// CutForwardPath parses the forward-path at the beginning of s, <Postmaster>
// included, and returns what follows it. The error is a *SyntaxError.
//
//	Forward-path = Path                         RFC 5321 §4.1.2
func CutForwardPath(s string) (p Path, rest string, err error) {
	const postmaster = "<postmaster>"
	if len(s) >= len(postmaster) && strings.EqualFold(s[:len(postmaster)], postmaster) {
		return Path{Local: s[1 : len(postmaster)-1]}, s[len(postmaster):], nil
	}
	if strings.HasPrefix(s, "<>") {
		return Path{}, "", syntaxError("forward-path", "may not be null")
	}
	return cutPath(s)
}

// cutPath parses
//
//	Path = "<" [ A-d-l ":" ] Mailbox ">"        RFC 5321 §4.1.2
func cutPath(s string) (p Path, rest string, err error) {
	rest, ok := strings.CutPrefix(s, "<")
	if !ok {
		return Path{}, "", syntaxError("path", "stands in angle brackets")
	}
	if rest, err = cutRoute(rest); err != nil {
		return Path{}, "", err
	}
	if p, rest, err = cutMailbox(rest); err != nil {
		return Path{}, "", err
	}
	if rest, ok = strings.CutPrefix(rest, ">"); !ok {
		return Path{}, "", syntaxError("path", "ends in an angle bracket")
	}
	if len(s)-len(rest) > maxPath {
		return Path{}, "", syntaxError("path", "is longer than %d octets", maxPath)
	}
	return p, rest, nil
}

// cutRoute takes off a source route. It must be accepted and should be ignored:
// once it told the hosts to pass through, and today only DNS does (RFC 5321
// §4.1.2, §C).
//
//	A-d-l = At-domain *( "," At-domain )
func cutRoute(s string) (rest string, err error) {
	if !strings.HasPrefix(s, "@") {
		return s, nil
	}
	for {
		host, ok := strings.CutPrefix(s, "@")
		if !ok {
			return "", syntaxError("source route", "each host begins with @")
		}
		end := strings.IndexAny(host, ",:")
		if end < 0 {
			return "", syntaxError("source route", "ends in a colon")
		}
		if err := CheckDomain(host[:end]); err != nil {
			return "", err
		}
		s = host[end+1:]
		if host[end] == ':' {
			return s, nil
		}
	}
}

// cutMailbox parses
//
//	Mailbox = Local-part "@" ( Domain / address-literal )   RFC 5321 §4.1.2
func cutMailbox(s string) (p Path, rest string, err error) {
	local, rest, err := cutLocal(s)
	if err != nil {
		return Path{}, "", err
	}
	if len(s)-len(rest) > maxLocal {
		return Path{}, "", syntaxError("local-part", "is longer than %d octets", maxLocal)
	}
	rest, ok := strings.CutPrefix(rest, "@")
	if !ok {
		return Path{}, "", syntaxError("mailbox", "has no @domain after the local-part")
	}
	end := domainEnd(rest)
	domain, rest := rest[:end], rest[end:]
	if err := checkMailboxDomain(domain); err != nil {
		return Path{}, "", err
	}
	return Path{Local: local, Domain: domain}, rest, nil
}

func checkMailboxDomain(s string) error {
	if strings.HasPrefix(s, "[") {
		return CheckAddressLiteral(s)
	}
	return checkUTF8Domain(s)
}

func domainEnd(s string) int {
	if strings.HasPrefix(s, "[") {
		if i := strings.IndexByte(s, ']'); i >= 0 {
			return i + 1
		}
		return len(s)
	}
	if i := strings.IndexAny(s, "> "); i >= 0 {
		return i
	}
	return len(s)
}

func cutLocal(s string) (local, rest string, err error) {
	if strings.HasPrefix(s, `"`) {
		return cutQuoted(s)
	}
	return cutDotString(s)
}

// cutDotString parses
//
//	Dot-string = Atom *("." Atom)               RFC 5321 §4.1.2
func cutDotString(s string) (local, rest string, err error) {
	i := 0
	for i < len(s) && (isAtext(s[i]) || s[i] == '.') {
		i++
	}
	local, rest = s[:i], s[i:]
	switch {
	case !isText(local):
		return "", "", syntaxError("local-part", "is not UTF-8, or has a control character")
	case local == "":
		return "", "", syntaxError("local-part", "is empty")
	case !isDotString(local):
		return "", "", syntaxError("local-part", "a dot stands between two atoms")
	}
	return local, rest, nil
}

func isDotString(s string) bool {
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" {
			return false
		}
		for i := range len(atom) {
			if !isAtext(atom[i]) {
				return false
			}
		}
	}
	return true
}

// cutQuoted parses
//
//	Quoted-string = DQUOTE *QcontentSMTP DQUOTE             RFC 5321 §4.1.2
func cutQuoted(s string) (local, rest string, err error) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		ch := s[i]
		switch {
		case ch == '"' && !isText(b.String()):
			return "", "", syntaxError("quoted local-part", "is not UTF-8, or has a control character")
		case ch == '"':
			return b.String(), s[i+1:], nil
		case ch == '\\':
			i++
			if i == len(s) || s[i] < ' ' || s[i] > '~' { // RFC 6531 §3.3 leaves quoted-pairSMTP as it was
				return "", "", syntaxError("quoted local-part", "a backslash stands before a printable character")
			}
			b.WriteByte(s[i])
		case isControl(ch):
			return "", "", syntaxError("quoted local-part", "has a control character")
		default:
			b.WriteByte(ch)
		}
	}
	return "", "", syntaxError("quoted local-part", "the closing quote is missing")
}

// quoteLocal writes a local-part with the minimum of quoting (RFC 5321 §4.1.2).
func quoteLocal(s string) string {
	if isDotString(s) {
		return s
	}
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	b.WriteByte('"')
	return b.String()
}

// isAtext tells whether ch may stand in an Atom (RFC 5322 §3.2.3), or be part of a
// character that may (RFC 6531 §3.3).
func isAtext(ch byte) bool {
	return isLetDig(ch) || ch >= 0x80 || strings.IndexByte("!#$%&'*+-/=?^_`{|}~", ch) >= 0
}
